"""Gates: four reasons *not yet* to outsource. A gate vetoes; it never just lowers a mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from signals.base import Measure, Reason, Tier, Unit
from signals.books import Books, Declaration, Sheet
from signals.calendar import day_number, month_end, month_start
from signals.growth import Volume, monthly_volume
from signals.key_person import NOT_PEOPLE
from signals.policy import Policy
from signals.rates import in_window, sources_of
from signals.regime import TOLD_APART, Cuts, Regime, regime
from signals.structure import structuring
from signals.worth import Worth

YEAR = 12  # months
FEWEST_MONTHS = 3
REVIEW_DAYS = 365

State = Literal["passed", "failed", "unknown"]


class GateName(StrEnum):
    """The four gates."""

    VOLUME = "volume"
    STABILITY = "stability"
    FORMALISED = "formalised"
    STRUCTURE = "structure"


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate's answer with its reasons and the numbers they rest on."""

    name: GateName
    state: State
    why: tuple[Reason, ...]
    measures: tuple[Measure, ...] = ()


def regime_of(books: Books, policy: Policy) -> Regime:
    """Name the regime of a company's volume, with its customers, staff and workload beside it."""
    volume = monthly_volume(books)
    beside = _volume_measures(volume, books, policy)[1:] if volume is not None and volume.total else ()
    return regime(volume, Cuts.of(policy), beside)


def gates(books: Books, policy: Policy, worth: Worth | None) -> tuple[Gate, ...]:
    """Answer the four gates, in the order of `GateName`; `worth` None: not known."""
    volume = monthly_volume(books)
    said = books.declaration(policy.declared_valid_days)
    return (
        _volume(volume, books, policy, worth),
        _stability(regime(volume, Cuts.of(policy))),
        _formalised(said, books.as_of, policy),
        _structure(said, books),
    )


def _volume(volume: Volume | None, books: Books, policy: Policy, worth: Worth | None) -> Gate:
    if volume is None:
        return Gate(GateName.VOLUME, "unknown", (Reason("no_documents_source"),))
    months = len(volume.total)
    if months < FEWEST_MONTHS:
        why = Reason("few_months", {"n": months, "needed": FEWEST_MONTHS})
        return Gate(GateName.VOLUME, "unknown", (why,))
    measures = _volume_measures(volume, books, policy)
    documents, workload = measures[0].value or 0.0, measures[1].value or 0.0
    figures: dict[str, str | int | float] = {"documents": documents, "workload": workload}
    why_not = [m.reason for m in measures if m.reason is not None]
    also = [Reason(_COUNTED[m.name], {"n": int(m.value)}) for m in measures[2:] if m.value is not None]
    state: State = "failed"
    if documents < policy.volume_documents:
        why = Reason("volume_low", {**figures, "limit": policy.volume_documents})
    elif workload < policy.volume_fte and worth is not None and worth.high < 0:
        why = Reason("workload_low_not_worth", {**figures, "limit": policy.volume_fte, "worth_high": worth.high})
    else:
        state, why = "passed", Reason("volume_enough", {**figures, "limit": policy.volume_documents})
    return Gate(GateName.VOLUME, state, (why, *also, *why_not), measures)


_COUNTED: Mapping[str, str] = {"customers": "customers_counted", "staff": "staff_counted"}


def _volume_measures(volume: Volume, books: Books, policy: Policy) -> tuple[Measure, ...]:
    """Give documents a month, their workload, customers and staff, in this order."""
    sales, purchases = volume.sales[-YEAR:], volume.purchases[-YEAR:]
    n = len(sales)
    first, last = volume.window(YEAR)
    window = (month_start(first), month_end(last))
    tier = Tier.DIRECT if volume.direct else Tier.PROXY
    minutes = (sum(sales) * policy.minutes_per_sale + sum(purchases) * policy.minutes_per_purchase) / n
    documents = Measure(
        name="documents_per_month",
        kpi="K60",
        signal=None,
        unit=Unit.PER_MONTH,
        value=(sum(sales) + sum(purchases)) / n,
        n=n,
        window=window,
        tier=tier,
        sources=volume.sources,
        limit=policy.volume_documents,
        series=volume.series,
    )
    workload = Measure(
        name="workload",
        kpi="K60",
        signal=None,
        unit=Unit.FTE,
        value=minutes / 60 / (policy.hours_per_year / YEAR),
        n=n,
        window=window,
        tier=Tier.PROXY,  # the minutes are assumed
        sources=volume.sources,
        limit=policy.volume_fte,
        notes=(Reason("standard_minutes", {"sale": policy.minutes_per_sale, "purchase": policy.minutes_per_purchase}),),
    )
    return documents, workload, _customers(books, window), _staff(books)


def _customers(books: Books, window: tuple[date, date]) -> Measure:
    documents = books["documents"]
    issued = documents[
        (documents["direction"] == "sale")
        & (documents["party"] != "")
        & in_window(documents["issued_day"].to_numpy(dtype="float64"), window)
    ]
    if issued["direct"].any():  # a ledger names the same customers otherwise
        issued = issued[issued["direct"]]
    n = int(issued["party"].nunique())
    if not n:
        return Measure(
            name="customers", kpi="K60", signal=None, unit=Unit.COUNT, reason=Reason("customers_unknown"), window=window
        )
    return Measure(
        name="customers",
        kpi="K60",
        signal=None,
        unit=Unit.COUNT,
        value=float(n),
        n=len(issued),
        window=window,
        tier=Tier.DIRECT if issued["direct"].all() else Tier.PROXY,
        sources=sources_of(issued),
    )


def _staff(books: Books) -> Measure:
    staff, today = books["staff"], day_number(books.as_of)
    people = staff[~staff["role"].isin(NOT_PEOPLE)]
    if people.empty:
        return Measure(name="staff", kpi="K60", signal=None, unit=Unit.COUNT, reason=Reason("staff_unknown"))
    here = people[~(people["entered_day"] > today) & ~(people["left_day"] <= today)]
    feeds = books["feeds"]
    return Measure(
        name="staff",
        kpi="K60",
        signal=None,
        unit=Unit.COUNT,
        value=float(len(here)),
        n=len(here),
        window=(books.as_of, books.as_of),
        tier=Tier.DIRECT,
        sources=sources_of(feeds[feeds["stream"] == "staff"]),
    )


def _stability(found: Regime) -> Gate:
    """Answer by the regime's spread: gate and regime are one computation, and can't contradict each other."""
    if found.unstable is None:
        return Gate(GateName.STABILITY, "unknown", found.why)
    measure = next(axis for axis in found.axes if axis.name == "instability")
    said = {"value": measure.value or 0.0, "limit": measure.limit or 0.0, "months": found.months}
    if found.stability == "passed":
        return Gate(GateName.STABILITY, "passed", (Reason("activity_stable", said),), (measure,))
    if found.stability == "failed":
        return Gate(GateName.STABILITY, "failed", (Reason("activity_unstable", said),), (measure,))
    code = "could_be_season" if found.months < TOLD_APART else "stability_uncertain"
    why = Reason(code, {**said, "chance_share": found.unstable})
    return Gate(GateName.STABILITY, "unknown", (why,), (measure,))


def _formalised(said: Declaration | None, as_of: date, policy: Policy) -> Gate:
    if said is None or not said.sheets:
        return Gate(GateName.FORMALISED, "unknown", (Reason("no_declaration"),))
    good = {name for name, sheet in said.sheets.items() if is_described(sheet, said.stated_on, as_of)}
    n, share = len(said.sheets), len(good) / len(said.sheets)
    measure = Measure(
        name="documented_share",
        kpi="K64",
        signal=None,
        unit=Unit.SHARE,
        value=share,
        low=share,
        high=share,
        n=n,
        window=(said.since, as_of),
        tier=Tier.DECLARED,
        limit=policy.documented_limit,
    )
    figures: dict[str, str | int | float] = {"documented": len(good), "n": n, "limit": policy.documented_limit}
    if share >= policy.documented_limit:
        return Gate(GateName.FORMALISED, "passed", (Reason("processes_documented", figures),), (measure,))
    why = Reason("processes_undocumented", {**figures, "processes": _names(set(said.sheets) - good)})
    return Gate(GateName.FORMALISED, "failed", (why,), (measure,))


def is_described(sheet: Sheet, stated_on: date, as_of: date) -> bool:
    """Say whether a process is documented, and was looked through within a year."""
    return sheet.documented and (as_of - (sheet.reviewed_on or stated_on)).days < REVIEW_DAYS


def _structure(said: Declaration | None, books: Books) -> Gate:
    """Join what is declared with what the books show: either may fail, and only a declaration can pass."""
    found = structuring(books, said)
    why = [finding.reason for finding in found if finding.vetoes]
    hints = tuple(finding.reason for finding in found if not finding.vetoes)
    if said is None or (said.restructuring is None and not said.sheets):
        return Gate(GateName.STRUCTURE, "failed" if why else "unknown", (*why, *hints, Reason("no_declaration")))
    if said.restructuring:
        why.append(Reason("restructuring_under_way"))
    sheets = said.sheets or {}
    lacking = {
        code: _names({name for name, sheet in sheets.items() if not getattr(sheet, field)})
        for code, field in _NEEDED.items()
    }
    why += [Reason(code, {"processes": processes}) for code, processes in lacking.items() if processes]
    if why or hints:
        return Gate(GateName.STRUCTURE, "failed" if why else "unknown", (*why, *hints))
    unsaid = [Reason("restructuring_unsaid")] if said.restructuring is None else []
    unsaid += [] if sheets else [Reason("processes_unsaid")]
    return Gate(GateName.STRUCTURE, "passed", (Reason("structure_settled"), *unsaid))


_NEEDED: Mapping[str, str] = {
    "processes_without_owner": "owner",
    "processes_without_approval_rule": "approval_rule",
    "processes_without_tools": "tools",
}


def _names(processes: set[str]) -> str:
    return ", ".join(sorted(processes))
