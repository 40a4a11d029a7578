"""Assessing again where little changed: only the parts that the change touches, and every other part as it was.

The same detectors, change test, levels, gates, worth and table as in `signals.readiness`; what is left out can't
matter, and a test holds the answers equal to those of a whole assessment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from signals.base import Level, Measure, SignalName
from signals.books import Books
from signals.change import Change
from signals.freshness import frozen
from signals.gates import GateName, gates
from signals.judging import judged, primary_of, tested
from signals.policy import Policy
from signals.registry import SIGNALS, VOLUME_STREAMS, SignalDetectors
from signals.verdict import Verdict, decide
from signals.worth import Hours, Worth, worth

if TYPE_CHECKING:
    from signals.readiness import Readiness, Signal

WORTH = "worth"
GATES = frozenset(gate.value for gate in GateName)
Part = str
"""A signal, a gate, or the worth, by name. Worth stands for the gate of volume too, as far as that rests on it."""

LIMIT_OF: Mapping[str, str] = {
    "late_issued_rate": "late_issued_limit",
    "accrued_sales_months": "accrued_sales_limit",
    "unreminded_rate": "unreminded_limit",
    "director_hours_per_week": "director_hours_limit",
    "error_rate": "error_limit",
    "sole_operator_share": "sole_operator_limit",
    "hidden_ratio": "hidden_ratio_limit",
}
"""The setting that a measure's limit is."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change may change: parts of the answer, and the measures that must be taken again for them."""

    parts: frozenset[Part]
    measures: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict of a changed company, and the measures that were taken again, by name."""

    verdict: Verdict
    measures: Mapping[str, Measure]


def again(books: Books, policy: Policy, now: "Readiness", touched: Touched, measured: Hours | None = None) -> Outcome:
    """Assess changed books or settings, given the answer before the change.

    `measured`: the measured hours, where the change leaves the tables as they are.
    """
    levels: dict[SignalName, Level] = {signal.name: signal.level for signal in now.signals}
    taken: dict[str, Measure] = {}
    for spec, signal in zip(SIGNALS, now.signals, strict=True):
        if spec.name.value in touched.parts:
            levels[spec.name], found = _level(spec, signal, books, policy, touched.measures)
            taken |= found
    value, doors = now.worth, now.gates
    if touched.parts & {WORTH, *GATES}:
        seen, _ = frozen(books, policy, VOLUME_STREAMS)
        value = worth(seen, policy, measured) if WORTH in touched.parts else value
        if touched.parts & GATES or _is_loss(value) is not _is_loss(now.worth):
            doors = gates(seen, policy, value)
            taken |= {measure.name: measure for gate in doors for measure in gate.measures}
    return Outcome(decide(levels, {gate.name: gate.state for gate in doors}, value).verdict, taken)


def _is_loss(value: Worth | None) -> bool:
    """Say whether worth is wholly below zero, which is all of it that the gate of volume looks at."""
    return value is not None and value.high < 0


def _level(
    spec: SignalDetectors, signal: "Signal", books: Books, policy: Policy, names: frozenset[str]
) -> tuple[Level, dict[str, Measure]]:
    """Judge a signal, with the named measures taken again; the others keep their value, and get the limit in force."""
    primary, half, changes = signal.primary, signal.half, dict(signal.changes)
    explains = {measure.name: measure for measure in signal.measures}
    seen = books
    if names:
        primary, seen = _primary_again(spec, primary, books, policy, names)
        _retest(primary, spec, seen, policy, changes, names)
    if half is not None and spec.half is not None and half.name in names:
        by_half, _ = frozen(seen, policy, spec.half_streams)
        half = spec.half.detect(by_half, policy)
        _retest(half, spec, by_half, policy, changes, names)
    explains |= {d.name: d.detect(seen, policy) for d in spec.explains if d.name in names}
    measures = _limited(primary, policy), None if half is None else _limited(half, policy)
    level = judged(spec, measures, explains, changes, policy).level
    return level, explains | {m.name: m for m in measures if m is not None}


def _primary_again(
    spec: SignalDetectors, kept: Measure, books: Books, policy: Policy, names: frozenset[str]
) -> tuple[Measure, Books]:
    if names & {detector.name for detector in spec.primary}:
        primary, seen, _ = primary_of(spec, books, policy)
        return primary, seen
    return kept, frozen(books, policy, spec.told_by(books))[0]


def _retest(
    measure: Measure,
    spec: SignalDetectors,
    books: Books,
    policy: Policy,
    changes: dict[str, Change],
    names: frozenset[str],
) -> None:
    if measure.name not in names:
        return
    change = tested(measure, spec, books, policy, shaped=False)
    changes.pop(measure.name, None)
    if change is not None:
        changes[measure.name] = change


def _limited(measure: Measure, policy: Policy) -> Measure:
    setting = LIMIT_OF.get(measure.name)
    return measure if setting is None else replace(measure, limit=float(getattr(policy, setting)))
