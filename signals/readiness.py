"""From books to readiness: signals, gates, worth, verdict, and what all of it rests on."""

from dataclasses import dataclass, replace
from datetime import date

from signals.base import Level, Measure, Reason, SignalName
from signals.books import Books
from signals.break_even import BreakEven, break_even
from signals.change import Change
from signals.coverage import Cover, coverage_of
from signals.freshness import Freshness, freshness, frozen
from signals.gates import Gate, gates, regime_of
from signals.hidden_cost import CostTable, cost_table
from signals.joint import Joint, joint_of
from signals.judging import judged, primary_of, tested
from signals.policy import Policy
from signals.processes import Perimeter, ProcessVerdict, perimeter, verdicts
from signals.regime import Regime
from signals.registry import EXPLAINS, SIGNALS, VOLUME_STREAMS, SignalDetectors
from signals.verdict import Decision, Verdict, decide
from signals.watched import BY_MEASURE, reasons_of
from signals.whatif import Flip, WhatIf, flips, nearest_changes
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
    regime: Regime
    break_even: BreakEven | None = None
    """The price, hours and date from which handing over pays; None where worth isn't known."""
    costs: CostTable | None = None
    """The lines of the full cost; None where no hours are known."""
    covers: tuple[Cover, ...] = ()
    """The coverage ledger: how each signal is known, and what would make it better known."""
    joint: Joint | None = None
    """What the change test says of all series together; it moves no level and no verdict."""
    nearest: tuple[WhatIf, ...] = ()
    """The nearest single changes that a person could make for another verdict."""
    processes: tuple[ProcessVerdict, ...] = ()
    """The same question asked of each process."""
    perimeter: Perimeter | None = None
    """The processes to hand over, together."""


def assess(books: Books, policy: Policy, *, look_around: bool = True) -> Readiness:
    """Answer for the books' day; `look_around`: also what would change the answer."""
    signals = tuple(_signal(spec, books, policy) for spec in SIGNALS)
    seen, _ = frozen(books, policy, VOLUME_STREAMS)
    value = worth(seen, policy)
    doors = gates(seen, policy, value)
    levels = {signal.name: signal.level for signal in signals}
    states = {gate.name: gate.state for gate in doors}
    decision = decide(levels, states, value)
    answer = Readiness(
        company_id=books.company_id,
        as_of=books.as_of,
        verdict=decision.verdict,
        row=decision.row,
        why=decision.why,
        signals=signals,
        gates=doors,
        regime=regime_of(seen, policy),
        worth=value,
        measures=tuple(detector.detect(seen, policy) for detector in EXPLAINS),
        signals_known=sum(level is not Level.UNKNOWN for level in levels.values()),
        gates_known=sum(state != "unknown" for state in states.values()),
        missing=_missing(signals, doors, value, books),
        flips=flips(levels, states, value),
        against=_against(decision, signals, value),
        rests_on=_rests_on(signals, value),
        fresh=freshness(books, policy, tuple(set(books["feeds"]["stream"]))),
        reconstructed=books.imported_on is None or books.as_of < books.imported_on,
        break_even=break_even(seen, policy, value),
        costs=cost_table(_seen_for(SignalName.HIDDEN_COST, signals, books), policy),
        covers=coverage_of(signals, books, policy),
        joint=joint_of({name: change for signal in signals for name, change in signal.changes}, policy),
    )
    by_process = verdicts(answer, books, policy)
    answer = replace(answer, processes=by_process, perimeter=perimeter(by_process, value))
    return replace(answer, nearest=nearest_changes(books, policy, answer)) if look_around else answer


def _signal(spec: SignalDetectors, books: Books, policy: Policy) -> Signal:
    primary, seen, frozen_on = primary_of(spec, books, policy)
    seen_by_half, half_frozen_on = frozen(seen, policy, spec.half_streams)
    half = spec.half.detect(seen_by_half, policy) if spec.half else None
    explains = tuple(detector.detect(seen, policy) for detector in spec.explains)
    tests = {primary.name: tested(primary, spec, seen, policy, shaped=True)}
    if half is not None:
        tests[half.name] = tested(half, spec, seen_by_half, policy, shaped=True)
    changes = {name: change for name, change in tests.items() if change is not None}
    answer = judged(spec, (primary, half), {m.name: m for m in explains}, changes, policy)
    silent = sorted({day for day in (frozen_on, half_frozen_on) if day is not None})
    why = (*answer.why, *(Reason("frozen", {"day": day.isoformat()}) for day in silent))
    beside = tuple(detector.detect(seen, policy) for detector in spec.beside)
    shown = (*(m for m in explains if m.name != primary.name), *beside)
    return Signal(
        name=spec.name,
        level=answer.level,
        why=why,
        primary=_with_sight(primary, changes.get(primary.name)),
        half=_with_sight(half, changes.get(half.name)) if half is not None else None,
        measures=shown,
        frozen_on=frozen_on or half_frozen_on,
        changes=tuple(changes.items()),
    )


def _seen_for(name: SignalName, signals: tuple[Signal, ...], books: Books) -> Books:
    """Give the books a signal was judged by: cut where its source went silent."""
    signal = next(one for one in signals if one.name is name)
    if signal.frozen_on is None:
        return books
    return replace(books.at(signal.frozen_on), declarations=books.declarations, said_by=books.said_by or books.as_of)


def _with_sight(measure: Measure, change: Change | None) -> Measure:
    """Note on a measure what the change test could see at its volume."""
    if not measure.known or measure.name not in BY_MEASURE:
        return measure
    return replace(measure, notes=(*measure.notes, *reasons_of(change)))


def _missing(
    signals: tuple[Signal, ...], doors: tuple[Gate, ...], value: Worth | None, books: Books
) -> tuple[Missing, ...]:
    unknown = [signal.name.value for signal in signals if signal.level is Level.UNKNOWN]
    unknown += [gate.name.value for gate in doors if gate.state == "unknown"]
    if value is None:
        unknown.append("worth")
    if books.unconverted:
        unknown.append("rates")
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
