"""The coverage ledger: of each signal how it is known, on how much, how fresh, what is missing, and the cheapest way.

A gap is something that would make a signal known, better known, or known in full. Gaps come cheapest first: what a
person can declare in minutes, then a list to hand over, then a source to connect. What that takes is our judgement.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from signals.base import Measure, Reason, SignalName, Tier
from signals.books import Books
from signals.freshness import freshness
from signals.policy import Policy
from signals.registry import SIGNALS, SignalDetectors

if TYPE_CHECKING:
    from signals.readiness import Signal


@dataclass(frozen=True, slots=True)
class Source:
    """A stream a signal rests on: the last day it reaches, and whether that is too long ago."""

    stream: str
    reaches: date | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing, and the way to it; both are worded by the app. `where`: declare, import or connect."""

    what: Reason
    way: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """How well one signal is covered.

    `n` counts the trials of the primary measure; `known` of `of` measures have a value. `declared_on` is the day of
    the declaration where the signal rests on one. `gaps` come cheapest first; none: nothing more is to be had.
    """

    signal: SignalName
    tier: Tier
    n: int
    known: int
    of: int
    sources: tuple[Source, ...]
    declared_on: date | None
    gaps: tuple[Gap, ...]


def coverage_of(signals: tuple["Signal", ...], books: Books, policy: Policy) -> tuple[Cover, ...]:
    """Give the ledger, signal by signal."""
    return tuple(_cover(spec, signal, books, policy) for spec, signal in zip(SIGNALS, signals, strict=True))


def _cover(spec: SignalDetectors, signal: "Signal", books: Books, policy: Policy) -> Cover:
    said = books.declaration(policy.declared_valid_days)
    measures = [m for m in (signal.primary, signal.half, *signal.measures) if m is not None]
    declared = said.stated_on if said is not None and signal.primary.tier is Tier.DECLARED else None
    sources = tuple(_sources(spec, books, policy))
    stale = [Gap(_stale(one), "way_newer_data", "connect") for one in sources if one.stale]
    return Cover(
        signal=signal.name,
        tier=signal.primary.tier,
        n=signal.primary.n if signal.primary.known else 0,
        known=sum(measure.known for measure in measures),
        of=len(measures),
        sources=sources,
        declared_on=declared,
        gaps=(*stale, *_GAPS[signal.name](signal, books, policy)),
    )


def _sources(spec: SignalDetectors, books: Books, policy: Policy) -> Iterator[Source]:
    for stream in dict.fromkeys((*spec.told_by(books), *spec.half_streams)):
        if (books["feeds"]["stream"] == stream).any():
            found = freshness(books, policy, (stream,))
            yield Source(stream, found.reaches, found.stale)


def _stale(source: Source) -> Reason:
    day = source.reaches.isoformat() if source.reaches else ""
    return Reason("gap_stale", {"stream": source.stream, "day": day})


def _late(signal: "Signal", books: Books, policy: Policy) -> Iterator[Gap]:
    yield from _baseline(signal, policy)
    if not signal.primary.known:
        yield Gap(_why(signal.primary), "way_invoices", "import")
    elif signal.primary.tier is Tier.PROXY:
        yield Gap(Reason("gap_proxy"), "way_invoices", "import")
    elif books["deliveries"].empty:
        yield Gap(Reason("gap_unbilled"), "way_deliveries", "import")
    if signal.half is not None and not signal.half.known and _code(signal.half) == "no_reminder_source":
        yield Gap(_why(signal.half), "way_reminders", "import")


def _director(signal: "Signal", books: Books, policy: Policy) -> Iterator[Gap]:  # noqa: ARG001 - one shape for all
    yield from _baseline(signal, policy)
    if not signal.primary.known:
        yield Gap(_why(signal.primary), "way_director_hours", "declare")
    elif signal.primary.tier is Tier.DECLARED:
        yield Gap(Reason("gap_declared"), "way_calendar", "connect")


def _quality(signal: "Signal", books: Books, policy: Policy) -> Iterator[Gap]:  # noqa: ARG001 - one shape for all
    yield from _baseline(signal, policy)
    if not signal.primary.known:
        yield Gap(_why(signal.primary), "way_corrections", "import")
    if any(_code(measure) == "no_ledger" for measure in signal.measures):
        yield Gap(Reason("gap_no_ledger"), "way_ledger", "import")


def _person(signal: "Signal", books: Books, policy: Policy) -> Iterator[Gap]:  # noqa: ARG001 - one shape for all
    if not signal.primary.known:
        yield Gap(_why(signal.primary), "way_operators", "declare")
    elif signal.primary.tier is Tier.DECLARED:
        yield Gap(Reason("gap_declared"), "way_activities", "connect")
    if any(_code(measure) in {"no_absences_source", "few_absences"} for measure in signal.measures):
        yield Gap(Reason("gap_absences"), "way_absences", "import")


def _cost(signal: "Signal", books: Books, policy: Policy) -> Iterator[Gap]:
    if not signal.primary.known:
        yield Gap(_why(signal.primary), "way_costs_declared", "declare")
        return
    notes = {note.code: note for note in signal.primary.notes}
    assumed = float(notes["share_from_defaults"].params["share"]) if "share_from_defaults" in notes else 0.0
    said = books.declaration(policy.declared_valid_days)
    if assumed > 0 and (said is None or said.admin_rate is None or said.director_rate is None):
        yield Gap(Reason("gap_defaults", {"share": assumed}), "way_rates", "declare")
    if "cost_lines_missing" in notes:
        yield Gap(notes["cost_lines_missing"], "way_costs", "import")
    if signal.primary.tier is Tier.DECLARED:
        yield Gap(Reason("gap_declared"), "way_time", "import")


_GAPS: Mapping[SignalName, Callable[["Signal", Books, Policy], Iterator[Gap]]] = {
    SignalName.LATE_INVOICING: _late,
    SignalName.DIRECTOR_TIME: _director,
    SignalName.QUALITY: _quality,
    SignalName.KEY_PERSON: _person,
    SignalName.HIDDEN_COST: _cost,
}


def _baseline(signal: "Signal", policy: Policy) -> Iterator[Gap]:
    if policy.baseline_period is None and signal.changes:
        yield Gap(Reason("gap_baseline"), "way_baseline", "declare")


def _why(measure: Measure) -> Reason:
    return measure.reason or Reason("gap_unknown")


def _code(measure: Measure) -> str:
    return measure.reason.code if measure.reason else ""
