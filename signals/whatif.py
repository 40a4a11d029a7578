"""What would change the verdict: each single change that gives another one, the nearest of its kind.

Two questions. `flips` asks which level or gate, were it another, would change the verdict: the table alone answers.
`nearest_changes` asks what a person could do, declare or set for that: it turns one thing at a time (`signals.knobs`,
`signals.measured_knobs`) and assesses again, so that every answer is one that the assessment gave. Counterfactuals of
this kind, the nearest change that alters a decision: Wachter, Mittelstadt and Russell (2018).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

from signals.again import GATES, WORTH, Outcome, Part, Touched, again
from signals.base import Level, SignalName, Unit
from signals.books import Books
from signals.freshness import frozen
from signals.gates import GateName
from signals.knobs import Knob, said_knobs
from signals.measured_knobs import measured_knobs
from signals.policy import Policy
from signals.registry import VOLUME_STREAMS
from signals.verdict import GateState, Verdict, decide
from signals.worth import Hours, Worth, mean_hours

if TYPE_CHECKING:  # the answer is made of flips
    from signals.readiness import Readiness

STATES: tuple[GateState, ...] = ("passed", "failed", "unknown")
WORTHS = (-1, 0, 1)
"""One below zero, one across it, one above: all that the table tells apart."""
_ORDER = (Level.CALM, Level.WATCH, Level.OVER)
_KINDS = ("measured", "declared", "policy")


@dataclass(frozen=True, slots=True)
class Flip:
    """One change and the verdict it would give. `kind`: signal, gate."""

    kind: str
    name: str
    before: str
    after: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A change that a person could make, and the verdict that assessing again gave.

    `kind`: measured, declared or policy. `before` and `after` are the figure or limit in `unit`, for processes 0 and
    how many; `processes` names these. `since` is the day from which measured work would have had to be so, None where
    no day matters. `steps` is how far it is turned.
    """

    kind: str
    name: str
    before: float
    after: float
    unit: Unit
    processes: tuple[str, ...]
    since: date | None
    steps: int
    verdict: Verdict


def flips(
    levels: Mapping[SignalName, Level], gates: Mapping[GateName, GateState], worth: Worth | None
) -> tuple[Flip, ...]:
    """Try each change of a level or a gate alone."""
    now = decide(levels, gates, worth).verdict
    return tuple(flip for flip in _tries(levels, gates, worth) if flip.verdict is not now)


def _tries(
    levels: Mapping[SignalName, Level], gates: Mapping[GateName, GateState], worth: Worth | None
) -> Iterator[Flip]:
    for name, level in levels.items():
        for other in (Level.CALM, Level.OVER):
            if other is not level:
                verdict = decide({**levels, name: other}, gates, worth).verdict
                yield Flip("signal", name.value, level.value, other.value, verdict)
    for gate, state in gates.items():
        for after in ("passed", "failed"):
            if after != state:
                verdict = decide(levels, {**gates, gate: after}, worth).verdict
                yield Flip("gate", gate.value, state, after, verdict)


def nearest_changes(books: Books, policy: Policy, now: "Readiness") -> tuple[WhatIf, ...]:
    """Give each knob's nearest turn that changes the verdict of `now`: of the work, what is declared, what is set.

    A verdict is taken to stay changed once a knob is turned far enough: where it would change back, the answer still
    holds, but a nearer turn may have been missed. Completing sheets is only offered where neither documenting nor
    structuring them does as much.
    """
    knobs = (*measured_knobs(books, policy, now), *said_knobs(books, policy))
    seen, _ = frozen(books, policy, VOLUME_STREAMS)
    hours = mean_hours(seen)
    found = [_nearest(knob, that_matter(now, knob), now, hours) for knob in knobs]
    known = [one for one in found if one is not None]
    sheets = {one.verdict for one in known if one.name in {"documented", "structured"}}
    known = [one for one in known if one.name != "completed" or one.verdict not in sheets]
    return tuple(sorted(known, key=lambda one: (_KINDS.index(one.kind), one.steps, one.name)))


def that_matter(now: "Readiness", knob: Knob) -> Touched:
    """Keep of the parts a knob touches those on which the verdict depends, however the others stand.

    The table alone says so; parts that can't matter need not be assessed. None kept: the verdict can't change.
    """
    parts = sorted(knob.touches.parts | ({GateName.VOLUME.value} if WORTH in knob.touches.parts else set()))
    tried = list(product(*(_choices(part, now, knob.toward) for part in parts)))
    verdicts = {those: _decided(now, dict(zip(parts, those, strict=True))) for those in tried}
    kept = {
        part
        for i, part in enumerate(parts)
        if any(verdict is not verdicts[_without(those, i, tried)] for those, verdict in verdicts.items())
    }
    if WORTH in knob.touches.parts and GateName.VOLUME.value in kept:
        kept.add(WORTH)
    return Touched(knob.touches.parts & kept, knob.touches.measures)


def _without(those: tuple[object, ...], i: int, tried: list[tuple[object, ...]]) -> tuple[object, ...]:
    """Give the same combination with the first choice of one part."""
    return (*those[:i], tried[0][i], *those[i + 1 :])


def _choices(part: Part, now: "Readiness", toward: str) -> tuple[object, ...]:
    if part == WORTH:
        return (None, *(Worth(sign, sign + 0.5 * (sign == 0), (), 0.0) for sign in WORTHS))
    if part in GATES:
        return STATES
    level = next(signal.level for signal in now.signals if signal.name == part)
    if not toward or level is Level.UNKNOWN:
        return tuple(Level)
    at = _ORDER.index(level)
    return _ORDER[: at + 1] if toward == "better" else _ORDER[at:]


def _decided(now: "Readiness", instead: Mapping[Part, object]) -> Verdict:
    levels = {s.name: Level(str(instead.get(s.name.value, s.level))) for s in now.signals}
    states = {gate.name: str(instead.get(gate.name.value, gate.state)) for gate in now.gates}
    worth = instead.get(WORTH, now.worth)
    return decide(levels, states, worth if isinstance(worth, Worth) else None).verdict


def _nearest(knob: Knob, touched: Touched, now: "Readiness", hours: Hours) -> WhatIf | None:
    """Find the fewest steps that change the verdict, by halving; None if all of them don't."""
    if not touched.parts or _stays_aside(knob, now):
        return None
    measured = None if knob.kind == "measured" else hours  # a word or a limit changes no table

    def outcome(steps: int) -> Outcome:
        return again(*knob.turn(steps), now, touched, measured)

    same, other = 0, knob.most
    found = outcome(other)
    if found.verdict is now.verdict:
        return None
    while other - same > 1:
        middle = (same + other) // 2
        tried = outcome(middle)
        if tried.verdict is now.verdict:
            same = middle
        else:
            other, found = middle, tried
    return _told(knob, other, found, now)


def _stays_aside(knob: Knob, now: "Readiness") -> bool:
    """Say whether a gate's limit stays on one side of the figure held against it, turned as far as it goes."""
    if knob.kind != "policy" or knob.value is None or not knob.touches.parts <= GATES:
        return False
    held = {measure.limit: measure for gate in now.gates for measure in gate.measures if measure.limit is not None}
    against = held.get(knob.value(0))
    if against is None or against.value is None:
        return False
    first, last = sorted((knob.value(0), knob.value(knob.most)))
    return against.value < first or against.value > last


def _told(knob: Knob, steps: int, found: Outcome, now: "Readiness") -> WhatIf | None:
    if knob.value is None and knob.name not in found.measures:  # the verdict changed by another part it touches
        found = again(*knob.turn(steps), now, knob.touches)
    before: float | None
    after: float | None
    if knob.value is None:
        before, after = _measured(now)[knob.name], found.measures[knob.name].value
    else:
        before, after = knob.value(0), knob.value(steps)
    if before is None or after is None:  # the source would say nothing any more: no change that anybody could make
        return None
    return WhatIf(
        kind=knob.kind,
        name=knob.name,
        before=before,
        after=after,
        unit=knob.unit,
        processes=knob.what(steps),
        since=knob.since,
        steps=steps,
        verdict=found.verdict,
    )


def _measured(now: "Readiness") -> dict[str, float | None]:
    listed = [measure for signal in now.signals for measure in (signal.primary, signal.half) if measure is not None]
    listed += [measure for gate in now.gates for measure in gate.measures]
    return {measure.name: measure.value for measure in listed}
