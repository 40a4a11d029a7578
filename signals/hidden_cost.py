"""Hidden cost: what the back office costs in full, beside the part that shows on a payslip or an invoice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from signals.base import Measure, Point, Reason, SignalName, Tier, Unit
from signals.books import Books, Declaration, Range
from signals.calendar import last_complete_month, month_end, month_start
from signals.costs import (
    YEAR,
    Booked,
    Group,
    Known,
    Spent,
    Tag,
    booked,
    booked_range,
    declared,
    declared_hours,
    hourly_rate,
    hours_by_month,
    measured_hours,
    spent,
)
from signals.fault_costs import errors_by_month, lateness_by_month
from signals.policy import Policy
from signals.rates import sources_of

ADMIN_LINE = "admin_time"
DIRECTOR_LINE = "director_time"


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of the back office's cost, in EUR a month; `visible` if it shows on a payslip or an invoice."""

    name: str
    low: float
    high: float
    tag: Tag
    visible: bool
    within: bool = False
    """Whether it is a part of the time that is counted already, told and never added."""


@dataclass(frozen=True, slots=True)
class _Bought:
    """A line that is spent and not worked: where to look for it, in this order."""

    name: str
    kind: str  # of the costs
    visible: bool
    lumpy: bool = False
    declared_first: bool = False
    # Account prefixes of the PCG (ANC 2014-03; 658 takes over from 671 with ANC 2022-06, from 2025). The ledger is the
    # whole firm's: accounts whose part for the back office it doesn't tell count from nothing to all.
    sure: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()


_BOUGHT = (
    _Bought(
        "tools",
        "software",
        visible=True,
        declared_first=True,
        sure=("651",),  # royalties and licences, software among them
        possible=("6135",),  # hire of movables: software, but vehicles too
    ),
    _Bought("temporary_staff", "temporary_staff", visible=True, possible=("621",)),
    _Bought("fees", "fees", visible=True, sure=("6226",)),
    _Bought("training", "training", visible=False, lumpy=True, possible=("6333", "6228")),
    _Bought("turnover", "recruiting", visible=False, lumpy=True),
    _Bought(
        "penalties", "penalties", visible=False, lumpy=True, sure=("6712", "6582"), possible=("6710", "6711", "6581")
    ),
)
LATENESS, ERRORS = "lateness", "errors"
LINES = (ADMIN_LINE, DIRECTOR_LINE, *(line.name for line in _BOUGHT), LATENESS)
"""The names of all lines; those no source speaks of are left out of `cost_lines`."""


@dataclass(frozen=True, slots=True)
class CostTable:
    """The lines of a month, with their sum and the part of it that rests on default figures."""

    month: int
    lines: tuple[CostLine, ...]
    low: float
    high: float
    share_from_defaults: float


def cost_table(books: Books, policy: Policy) -> CostTable | None:
    """Lay out the last complete month's lines; None where no hours are known, without which the sum says little."""
    month = last_complete_month(books.as_of)
    lines = cost_lines(books, policy, month)
    if not {ADMIN_LINE, DIRECTOR_LINE} & {line.name for line in lines}:
        return None
    total = _sum(lines)
    return CostTable(month, lines, total.low, total.high or total.low, _assumed(lines))


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the lines of some months are looked up in, prepared once."""

    books: Books
    policy: Policy
    said: Declaration | None
    spent: Spent
    hours: Mapping[Group, Mapping[int, Known | None]]
    lateness: Mapping[int, Known]
    errors: Mapping[int, Known]


def cost_lines(books: Books, policy: Policy, month: int) -> tuple[CostLine, ...]:
    """Give the lines of the back office's cost in a month; a line no source speaks of is missing, not zero.

    The declaration in force at `books.as_of` speaks for any month: whether it may, is the caller's to judge.
    Wages count where they are given as a cost of the back office. Account 641 never does: it pays the whole firm.
    """
    return _lines(_sources(books, policy, range(month, month + 1)), month)


def _sources(books: Books, policy: Policy, months: range) -> _Sources:
    said = books.declaration(policy.declared_valid_days)
    hours = {group: hours_by_month(books, group, months) for group in Group}
    late, wrong = lateness_by_month(books, policy), errors_by_month(books, policy)
    return _Sources(books, policy, said, spent(books), hours, late, wrong)


def _lines(sources: _Sources, month: int) -> tuple[CostLine, ...]:
    wages = sources.spent.per_month("wages", month, lumpy=False)
    admin = wages or _time_cost(sources, Group.ADMIN, month)
    director = _time_cost(sources, Group.DIRECTOR, month)
    book = booked(sources.books, month)
    found: list[tuple[str, Known | None, bool]] = [(ADMIN_LINE, admin, True), (DIRECTOR_LINE, director, False)]
    found += [(line.name, _bought(line, sources, book, month), line.visible) for line in _BOUGHT]
    found.append((LATENESS, sources.lateness.get(month), False))
    lines = [CostLine(name, k.low, k.high, k.tag, visible) for name, k, visible in found if k is not None]
    wrong = sources.errors.get(month)
    if wrong is not None and admin is not None:
        lines.append(CostLine(ERRORS, wrong.low, wrong.high, wrong.tag, visible=False, within=True))
    return tuple(lines)


def _time_cost(sources: _Sources, group: Group, month: int) -> Known | None:
    """Give the cost of a group's hours in a month; None where neither timesheets nor a declaration tell them."""
    hours = sources.hours[group][month] or declared_hours(sources.said, group)
    return None if hours is None else hours.times(hourly_rate(sources.said, sources.policy, group))


def _bought(line: _Bought, sources: _Sources, book: Booked | None, month: int) -> Known | None:
    stated = declared(_stated(sources.said, line.name))
    paid = sources.spent.per_month(line.kind, month, lumpy=line.lumpy)
    first, second = (stated, paid) if line.declared_first else (paid, stated)
    return first or second or booked_range(book, line.sure, line.possible)


def _stated(said: Declaration | None, name: str) -> Range | None:
    if said is None:
        return None
    if name == "tools" and said.tools is not None:
        paid = sum(tool.eur_per_month for tool in said.tools)
        return Range(paid, paid)
    return {"training": said.training, "turnover": said.turnover}.get(name)


@dataclass(frozen=True, slots=True)
class FullCost:
    """K51: what the back office costs a month, all lines together."""

    name: ClassVar[str] = "full_admin_cost"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Add up the last complete month's lines; the value is the middle of the bounds."""
        answer = Measure(name=self.name, kpi="K51", signal=SignalName.HIDDEN_COST, unit=Unit.EUR_PER_MONTH)
        months = _months(books, policy)
        lines = months[last_complete_month(books.as_of)]
        if not {ADMIN_LINE, DIRECTOR_LINE} & {line.name for line in lines}:
            return replace(answer, reason=Reason("no_cost_source"))
        series = tuple(_point(month, _sum(lines)) for month, lines in _spoken(months, books, policy).items())
        return _told(replace(answer, series=series), _sum(lines), lines, books)


@dataclass(frozen=True, slots=True)
class HiddenRatio:
    """K53: hidden cost over visible cost; what shows on a payslip or an invoice is visible."""

    name: ClassVar[str] = "hidden_ratio"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Divide the last complete month's hidden lines by its visible ones, each bound at its worst.

        Needs both admin and director time: without the first the ratio would be too high, without the second too low.
        """
        answer = Measure(
            name=self.name,
            kpi="K53",
            signal=SignalName.HIDDEN_COST,
            unit=Unit.RATIO,
            limit=policy.hidden_ratio_limit,
        )
        months = _months(books, policy)
        lines = months[last_complete_month(books.as_of)]
        if reason := _unknown(lines):
            return replace(answer, reason=reason)
        ratio = _ratio(lines)
        if ratio is None:
            return replace(answer, reason=Reason("no_visible_cost"))
        spoken = {month: _ratio(then) for month, then in _spoken(months, books, policy).items() if not _unknown(then)}
        series = tuple(_point(month, then) for month, then in spoken.items())
        return _told(replace(answer, series=series), ratio, lines, books)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """A value within bounds; `high` is None where nothing bounds it above."""

    value: float
    low: float
    high: float | None


def _months(books: Books, policy: Policy) -> dict[int, tuple[CostLine, ...]]:
    last = last_complete_month(books.as_of)
    months = range(last - YEAR + 1, last + 1)
    sources = _sources(books, policy, months)
    return {month: _lines(sources, month) for month in months}


def _spoken(
    months: Mapping[int, tuple[CostLine, ...]], books: Books, policy: Policy
) -> dict[int, tuple[CostLine, ...]]:
    """Keep the months with hours that were measured, or had been declared true by the month's end."""
    said = books.declaration(policy.declared_valid_days)
    return {
        month: lines
        for month, lines in months.items()
        if {ADMIN_LINE, DIRECTOR_LINE} & {line.name for line in lines}
        and ((said is not None and month_end(month) >= said.since) or not _rests_on_word(lines, books, month))
    }


def _rests_on_word(lines: Sequence[CostLine], books: Books, month: int) -> bool:
    """Say whether some hours of a month are only declared; wages measure the admin part as well as timesheets."""
    names = {line.name for line in lines}
    admin = spent(books).per_month("wages", month, lumpy=False) or measured_hours(books, Group.ADMIN, month)
    director = measured_hours(books, Group.DIRECTOR, month)
    return (ADMIN_LINE in names and admin is None) or (DIRECTOR_LINE in names and director is None)


def _sum(lines: Sequence[CostLine]) -> _Bounds:
    lines = [line for line in lines if not line.within]
    low, high = sum(line.low for line in lines), sum(line.high for line in lines)
    return _Bounds((low + high) / 2, low, high)


def _assumed(lines: Sequence[CostLine]) -> float:
    """Give the part of the sum that rests on default figures."""
    counted = [line for line in lines if not line.within]
    total = sum(line.low + line.high for line in counted)
    return sum(line.low + line.high for line in counted if line.tag == "default") / total if total else 0.0


def _ratio(lines: Sequence[CostLine]) -> _Bounds | None:
    hidden = _sum([line for line in lines if not line.visible])
    visible = _sum([line for line in lines if line.visible])
    if not visible.high or hidden.high is None:
        return None
    return _Bounds(
        hidden.value / visible.value,
        hidden.low / visible.high,
        hidden.high / visible.low if visible.low else None,
    )


def _unknown(lines: Sequence[CostLine]) -> Reason | None:
    names = {line.name for line in lines}
    if not names & {ADMIN_LINE, DIRECTOR_LINE}:
        return Reason("no_cost_source")
    if ADMIN_LINE not in names:
        return Reason("admin_hours_unknown")
    return Reason("director_hours_unknown") if DIRECTOR_LINE not in names else None


def _told(answer: Measure, bounds: _Bounds, lines: Sequence[CostLine], books: Books) -> Measure:
    """Fill in a value and what it rests on."""
    month = last_complete_month(books.as_of)
    feeds = books["feeds"]
    notes = []
    if any(line.low + line.high for line in lines):
        notes.append(Reason("share_from_defaults", {"share": _assumed(lines)}))
    missing = [name for name in LINES if name not in {line.name for line in lines}]
    if missing:
        notes.append(Reason("cost_lines_missing", {"n": len(missing), "lines": ", ".join(missing)}))
    return replace(
        answer,
        value=bounds.value,
        low=bounds.low,
        high=bounds.high,
        n=max(1, sum(1 for point in answer.series if point.value is not None)),  # the month itself is one
        window=(month_start(month), month_end(month)),
        tier=Tier.DECLARED if _rests_on_word(lines, books, month) else Tier.DIRECT,
        sources=sources_of(feeds[feeds["stream"].isin(["time", "costs", "ledger"])]),
        notes=tuple(notes),
    )


def _point(month: int, bounds: _Bounds | None) -> Point:
    return Point(month, None) if bounds is None else Point(month, bounds.value, bounds.low, bounds.high, n=1)
