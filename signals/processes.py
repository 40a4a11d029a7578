"""The verdict for each process, and the perimeter: the processes to hand over, together.

The company's table, row by row, with the process's own evidence in its place: the signals that can speak of it, its
own sheet, its own hours, and its share of the worth. Two things stay the company's: how steady the activity is, and
a reorganisation under way. A process never takes the company's place: both verdicts stand side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from signals.base import Level, Reason, Tier
from signals.books import ITEMS, Books, Sheet
from signals.costs import Known
from signals.freshness import frozen
from signals.gates import Gate, GateName, is_described
from signals.growth import monthly_volume
from signals.policy import Policy
from signals.process_evidence import PROCESSES, Evidence, evidence_of
from signals.process_volume import Handled, handled
from signals.process_worth import Saving, Shares, Take, saving, takes
from signals.registry import VOLUME_STREAMS
from signals.variants import Observed, cross_check, observed
from signals.verdict import SIGNALS_TO_SAY_NO, Verdict, decide
from signals.worth import Worth

if TYPE_CHECKING:
    from signals.readiness import Readiness

DESCRIBED = ("tasks", "frequency", "validation_rules", "tools")
SETTLED = ("owner", "approval_rule", "tools")
WAYS: Mapping[str, tuple[str, str]] = {
    "late_invoicing": ("way_invoices", "import"),
    "late_invoicing:dunning": ("way_reminders", "import"),
    "quality:setup": ("way_invoices", "import"),
    "quality:invoicing": ("way_corrections", "import"),
    "quality:documents": ("way_ledger", "import"),
    "quality": ("way_ledger", "import"),
    "director_time": ("way_time", "import"),
    "key_person": ("way_operators", "declare"),
    "sheet": ("way_sheet", "declare"),
    "hours": ("way_time", "import"),
}
"""What makes a part of a process known, and where that is given; `signal:process` before `signal`."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """Something not known of a process, and the cheapest way to it; both are worded by the app."""

    what: Reason
    way: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessVerdict:
    """The answer for one process.

    `sheet` is none, incomplete, old or complete. `speaking` signals can speak of the process, `known` of them do.
    """

    process: str
    verdict: Verdict
    row: str
    why: tuple[Reason, ...]
    evidence: tuple[Evidence, ...]
    gates: tuple[Gate, ...]
    sheet: str
    take: Take
    worth: Saving | None
    missing: tuple[Lacking, ...]
    declared: tuple[str, ...] = ()  # parts of its sheet that somebody said are there, and nobody wrote down
    volumes: tuple[Handled, ...] = ()
    course: Observed | None = None  # how its cases went; it explains, and no gate asks it
    checks: tuple[Reason, ...] = ()  # where that and its sheet don't agree, or do

    @property
    def speaking(self) -> int:
        """How many signals can speak of it."""
        return len(self.evidence)

    @property
    def known(self) -> int:
        """How many of them do."""
        return sum(one.level is not Level.UNKNOWN for one in self.evidence)


@dataclass(frozen=True, slots=True)
class Perimeter:
    """What to hand over: the processes whose verdict is outsource, their hours a month and what that would save.

    Both are None where they aren't known of every one of them.
    """

    processes: tuple[str, ...]
    hours: Known | None
    worth: Saving | None


def verdicts(answer: "Readiness", books: Books, policy: Policy) -> tuple[ProcessVerdict, ...]:
    """Answer for each process, in their usual order."""
    seen, _ = frozen(books, policy, VOLUME_STREAMS)
    evidence = evidence_of(answer.signals, books, policy)
    taken = takes(books, policy, monthly_volume(seen), answer.worth)
    company = {gate.name: gate for gate in answer.gates}
    found = tuple(_verdict(p, evidence[p], taken[p], company, answer.worth, books, policy) for p in PROCESSES)
    return _with_courses(found, books)


def _with_courses(found: tuple[ProcessVerdict, ...], books: Books) -> tuple[ProcessVerdict, ...]:
    seen = {one.process: one for one in observed(books)}
    documented = {one.process for one in found if one.sheet == "complete"}
    return tuple(
        replace(one, course=seen[one.process], checks=cross_check([seen[one.process]], documented))
        if one.process in seen
        else one
        for one in found
    )


def perimeter(found: tuple[ProcessVerdict, ...], value: Worth | None) -> Perimeter:
    """Put together the processes to hand over; none of them is no perimeter, and saves nothing."""
    chosen = [one for one in found if one.verdict is Verdict.OUTSOURCE]
    shares: list[Shares | None] = [one.take.shares for one in chosen]
    hours = [one.take.hours for one in chosen]
    known = [each for each in hours if each is not None]
    together = None
    if known and len(known) == len(hours):
        low, high = sum(each.low for each in known), sum(each.high for each in known)
        together = Known(low, high, max((each.tag for each in known), key=("measured", "declared", "default").index))
    return Perimeter(tuple(one.process for one in chosen), together, saving(shares, value))


def _verdict(
    process: str,
    evidence: tuple[Evidence, ...],
    take: Take,
    company: Mapping[GateName, Gate],
    value: Worth | None,
    books: Books,
    policy: Policy,
) -> ProcessVerdict:
    said = books.declaration(policy.declared_valid_days)
    sheet = (said.sheets or {}).get(process) if said else None
    state = _sheet_state(sheet, said.stated_on if said else books.as_of, books.as_of)
    gates = (
        _volume(take.hours, company[GateName.VOLUME], policy),
        company[GateName.STABILITY],
        _formalised(sheet, state),
        _structure(sheet, said.restructuring if said else None),
    )
    worth = saving([take.shares], value)
    priced = Worth(worth.low, worth.high, (), 0.0) if worth else None
    levels = {one.signal: one.level for one in evidence}
    states = {gate.name: gate.state for gate in gates}
    decision = decide(levels, states, priced, to_say_no=min(SIGNALS_TO_SAY_NO, len(levels)))
    return ProcessVerdict(
        process=process,
        verdict=decision.verdict,
        row=decision.row,
        why=decision.why,
        evidence=evidence,
        gates=gates,
        sheet=state,
        take=take,
        worth=worth,
        missing=_missing(process, evidence, take, state),
        declared=tuple(item for item in ITEMS if sheet and getattr(sheet, item) and item not in sheet.written),
        volumes=handled(process, books),
    )


def _volume(hours: Known | None, company: Gate, policy: Policy) -> Gate:
    """Ask whether the process alone is enough to hand over; a company too small has no process that is."""
    if company.state == "failed":
        return company
    limit = policy.process_hours
    if hours is None:
        return Gate(GateName.VOLUME, "unknown", (Reason("process_hours_unknown", {"limit": limit}),))
    said: dict[str, str | int | float] = {"hours": hours.high, "limit": limit}
    if hours.high < limit:
        return Gate(GateName.VOLUME, "failed", (Reason("process_too_small", said),))
    if hours.low < limit:
        return Gate(GateName.VOLUME, "unknown", (Reason("process_perhaps_too_small", said),))
    return Gate(GateName.VOLUME, "passed", (Reason("process_large_enough", said),))


def _sheet_state(sheet: Sheet | None, stated_on: date, as_of: date) -> str:
    if sheet is None:
        return "none"
    if not all(getattr(sheet, part) for part in {*DESCRIBED, *SETTLED}):
        return "incomplete"
    return "complete" if is_described(sheet, stated_on, as_of) else "old"


def _formalised(sheet: Sheet | None, state: str) -> Gate:
    if sheet is None:
        return Gate(GateName.FORMALISED, "unknown", (Reason("no_sheet"),))
    lacking = [part for part in DESCRIBED if not getattr(sheet, part)]
    if lacking:
        return Gate(GateName.FORMALISED, "failed", (Reason("sheet_lacks", {"parts": ", ".join(lacking)}),))
    if state == "old":
        return Gate(GateName.FORMALISED, "failed", (Reason("sheet_old"),))
    return Gate(GateName.FORMALISED, "passed", (Reason("sheet_complete"),))


def _structure(sheet: Sheet | None, restructuring: bool | None) -> Gate:  # noqa: FBT001 - yes, no, or unsaid
    why = [Reason("restructuring_under_way")] if restructuring else []
    if sheet is None:
        return Gate(GateName.STRUCTURE, "failed" if why else "unknown", (*why, Reason("no_sheet")))
    lacking = [part for part in SETTLED if not getattr(sheet, part)]
    why += [Reason("sheet_lacks", {"parts": ", ".join(lacking)})] if lacking else []
    if why:
        return Gate(GateName.STRUCTURE, "failed", tuple(why))
    return Gate(GateName.STRUCTURE, "passed", (Reason("structure_settled"),))


def _missing(process: str, evidence: tuple[Evidence, ...], take: Take, sheet: str) -> tuple[Lacking, ...]:
    found = [] if sheet == "complete" else [Lacking(Reason(f"lacking_sheet_{sheet}"), *WAYS["sheet"])]
    if take.hours is None or take.hours.tag == "default":
        found.append(Lacking(Reason("lacking_hours"), *WAYS["hours"]))
    for one in evidence:
        if one.level is Level.UNKNOWN:
            way = WAYS.get(f"{one.signal.value}:{process}") or WAYS[one.signal.value]
            found.append(Lacking(Reason("lacking_signal", {"signal": one.signal.value}), *way))
        elif one.measure.tier is Tier.DECLARED:
            found.append(Lacking(Reason("lacking_measured", {"signal": one.signal.value}), "way_activities", "connect"))
    return tuple(found)
