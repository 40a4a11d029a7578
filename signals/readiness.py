"""From books to readiness: signals, gates, worth, verdict, and what all of it rests on."""

from dataclasses import dataclass, replace
from datetime import date

from signals.base import Level, Measure, Reason, SignalName, Tier
from signals.books import Books
from signals.calendar import last_complete_month
from signals.change import Change
from signals.freshness import Freshness, freshness, frozen
from signals.gates import Gate, gates
from signals.key_person import lacks_backup
from signals.levels import LevelAnswer, level_of
from signals.policy import Policy
from signals.registry import EXPLAINS, SIGNALS, VOLUME_STREAMS, SignalDetectors
from signals.verdict import Decision, Verdict, decide
from signals.watched import BY_MEASURE, change_of, reasons_of
from signals.whatif import Flip, flips
from signals.worth import Worth, worth

MOSTLY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A signal's answer. `frozen_on`: the day its source stopped reaching us, if that is too long ago."""

    name: SignalName
    level: Level
    why: tuple[Reason, ...]
    primary: Measure
    half: Measure | None
    measures: tuple[Measure, ...]
    frozen_on: date | None
    changes: tuple[tuple[str, Change], ...] = ()
    """What the change test says of the primary measure and its other half, by the measure's name."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something we could not see, and the cheapest way to it; both are worded by the app."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The answer for one company on one day."""

    company_id: str
    as_of: date
    verdict: Verdict
    row: str
    why: tuple[Reason, ...]
    signals: tuple[Signal, ...]
    gates: tuple[Gate, ...]
    worth: Worth | None
    measures: tuple[Measure, ...]
    signals_known: int
    gates_known: int
    missing: tuple[Missing, ...]
    flips: tuple[Flip, ...]
    against: tuple[Reason, ...]
    rests_on: tuple[Reason, ...]
    fresh: Freshness
    reconstructed: bool


def assess(books: Books, policy: Policy) -> Readiness:
    """Answer for the books' day."""
    signals = tuple(_signal(spec, books, policy) for spec in SIGNALS)
    seen, _ = frozen(books, policy, VOLUME_STREAMS)
    value = worth(seen, policy)
    doors = gates(seen, policy, value)
    levels = {signal.name: signal.level for signal in signals}
    states = {gate.name: gate.state for gate in doors}
    decision = decide(levels, states, value)
    return Readiness(
        company_id=books.company_id,
        as_of=books.as_of,
        verdict=decision.verdict,
        row=decision.row,
        why=decision.why,
        signals=signals,
        gates=doors,
        worth=value,
        measures=tuple(detector.detect(seen, policy) for detector in EXPLAINS),
        signals_known=sum(level is not Level.UNKNOWN for level in levels.values()),
        gates_known=sum(state != "unknown" for state in states.values()),
        missing=_missing(signals, doors, value),
        flips=flips(levels, states, value),
        against=_against(decision, signals, value),
        rests_on=_rests_on(signals, value),
        fresh=freshness(books, policy, tuple(set(books["feeds"]["stream"]))),
        reconstructed=books.imported_on is None or books.as_of < books.imported_on,
    )


def _signal(spec: SignalDetectors, books: Books, policy: Policy) -> Signal:
    primary = _primary(spec, books, policy)
    seen, frozen_on = books, None
    if primary.tier is not Tier.DECLARED:  # a declaration has its own expiry
        seen, frozen_on = frozen(books, policy, spec.streams)
        if frozen_on is not None:
            primary = _primary(spec, seen, policy)
    seen_by_half, half_frozen_on = frozen(seen, policy, spec.half_streams)
    half = spec.half.detect(seen_by_half, policy) if spec.half else None
    explains = tuple(detector.detect(seen, policy) for detector in spec.explains)
    change = _tested(primary, spec, seen, policy)
    answer = _level(spec, primary, explains, seen, policy, change)
    half_change = _tested(half, spec, seen_by_half, policy) if half is not None else None
    if half is not None:
        answer = _with_half(answer, _judge(half, spec, seen_by_half, policy, change=half_change))
    silent = sorted({day for day in (frozen_on, half_frozen_on) if day is not None})
    why = (*answer.why, *(Reason("frozen", {"day": day.isoformat()}) for day in silent))
    beside = tuple(detector.detect(seen, policy) for detector in spec.beside)
    shown = (*(m for m in explains if m.name != primary.name), *beside)
    return Signal(
        name=spec.name,
        level=answer.level,
        why=why,
        primary=_with_sight(primary, change),
        half=_with_sight(half, half_change) if half is not None else None,
        measures=shown,
        frozen_on=frozen_on or half_frozen_on,
        changes=tuple(
            (m.name, c) for m, c in ((primary, change), (half, half_change)) if m is not None and c is not None
        ),
    )


def _tested(measure: Measure, spec: SignalDetectors, books: Books, policy: Policy) -> Change | None:
    """Test a measured rate or level for a change; what was only declared has no weeks."""
    return change_of(measure, books, policy) if spec.floor and measure.tier is Tier.DIRECT else None


def _with_sight(measure: Measure, change: Change | None) -> Measure:
    """Note on a measure what the change test could see at its volume."""
    if not measure.known or measure.name not in BY_MEASURE:
        return measure
    return replace(measure, notes=(*measure.notes, *reasons_of(change)))


def _primary(spec: SignalDetectors, books: Books, policy: Policy) -> Measure:
    tried = [detector.detect(books, policy) for detector in spec.primary]
    return next((measure for measure in tried if measure.known), tried[0])


def _judge(
    measure: Measure,
    spec: SignalDetectors,
    books: Books,
    policy: Policy,
    *,
    change: Change | None = None,
    may: bool = True,
) -> LevelAnswer:
    last = measure.series[-1].month if measure.series else last_complete_month(books.as_of)
    floor = float(getattr(policy, spec.floor)) if spec.floor else None
    return level_of(measure, policy, last_month=last, floor=floor, change=change, may_be_over=may)


def _level(
    spec: SignalDetectors,
    primary: Measure,
    explains: tuple[Measure, ...],
    books: Books,
    policy: Policy,
    change: Change | None,
) -> LevelAnswer:
    if spec.name is not SignalName.KEY_PERSON:
        return _judge(primary, spec, books, policy, change=change)
    by_name = {measure.name: measure for measure in explains}
    alone = lacks_backup(by_name["holiday_drop"], by_name["backup_presence"], primary, policy)
    return _judge(primary, spec, books, policy, may=alone)


_ORDER = (Level.UNKNOWN, Level.CALM, Level.WATCH, Level.OVER)


def _with_half(first: LevelAnswer, second: LevelAnswer) -> LevelAnswer:
    """Join two halves: the worse one counts, but calm needs the first to be known."""
    worse = max(first.level, second.level, key=_ORDER.index)
    if first.level is Level.UNKNOWN and worse is Level.CALM:
        return LevelAnswer(Level.UNKNOWN, (*first.why, Reason("half_calm")))
    if Level.UNKNOWN in (first.level, second.level) and worse is not Level.UNKNOWN:
        return LevelAnswer(worse, first.why + second.why)
    if first.level is second.level:
        return LevelAnswer(worse, first.why if first.why == second.why else first.why + second.why)
    return first if first.level is worse else second


def _missing(signals: tuple[Signal, ...], doors: tuple[Gate, ...], value: Worth | None) -> tuple[Missing, ...]:
    unknown = [signal.name.value for signal in signals if signal.level is Level.UNKNOWN]
    unknown += [gate.name.value for gate in doors if gate.state == "unknown"]
    if value is None:
        unknown.append("worth")
    return tuple(Missing(f"missing_{name}", f"remedy_{name}") for name in unknown)


def _against(decision: Decision, signals: tuple[Signal, ...], value: Worth | None) -> tuple[Reason, ...]:
    """Say what speaks against the verdict."""
    acts = decision.verdict in (Verdict.OUTSOURCE, Verdict.PREPARE)
    speaking = (Level.CALM,) if acts else (Level.WATCH, Level.OVER)
    said = [Reason(f"signal_{s.level.value}", {"signal": s.name.value}) for s in signals if s.level in speaking]
    said += [
        Reason("signal_frozen", {"signal": s.name.value, "day": s.frozen_on.isoformat()})
        for s in signals
        if s.frozen_on
    ]
    if acts and value is not None and value.low < 0:
        said.append(Reason("worth_may_be_negative"))
    return tuple(said)


def _rests_on(signals: tuple[Signal, ...], value: Worth | None) -> tuple[Reason, ...]:
    """Say by which tier each signal is known, and how much of the worth is default figures."""
    said = [Reason(f"rests_{s.primary.tier.value}", {"signal": s.name.value}) for s in signals if s.primary.known]
    if value is not None and value.share_from_defaults > 0:
        said.append(Reason("worth_defaults", {"share": value.share_from_defaults}))
    return tuple(said)
