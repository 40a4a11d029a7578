"""From a primary measure to a level: the limit rule, and the change test with the plain rule beside it.

*Over* is the lower bound above the limit in two of the last three complete months, or a change alarm with an excess
above the materiality floor. *Watch* is change evidence at the smaller budget, or an estimate above the limit. A change
goes no further than watch until a person has confirmed the baseline, or under `Policy.baseline_trials` trials.

The plain rule (the recent value above `change_factor` times the baseline) is the second opinion anyone can check: it
moves no level where the test has an answer, and where the two disagree both are said. Without an answer of the test it
says watch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from signals.base import Level, Measure, Point, Reason
from signals.change import Change, ChangeState
from signals.policy import Policy
from signals.shape import ShapeName
from signals.watched import said_of

MONTHS_LOOKED_AT = 3
MONTHS_NEEDED = 2
UNNAMED = frozenset({"shape_worse", "shape_few_trials", "shape_drift_few_trials"})
"""What is said of a change without a named shape; that it may be none at all is for the change test to say."""


@dataclass(frozen=True, slots=True)
class LevelAnswer:
    """A level with the reasons for it."""

    level: Level
    why: tuple[Reason, ...] = ()


def months_above(series: Sequence[Point], limit: float, last_month: int) -> int:
    """Count the months among the last three complete ones whose lower bound is above the limit."""
    recent = range(last_month - MONTHS_LOOKED_AT + 1, last_month + 1)
    return sum(1 for p in series if p.month in recent and p.low is not None and p.low > limit)


def has_changed(measure: Measure, policy: Policy) -> bool:
    """Say whether the recent value is above `change_factor` times the baseline."""
    if measure.recent is None or measure.baseline is None:
        return False
    return measure.recent > policy.change_factor * measure.baseline


def level_of(
    measure: Measure,
    policy: Policy,
    *,
    last_month: int,
    floor: float | None,
    change: Change | None = None,
    may_be_over: bool = True,
) -> LevelAnswer:
    """Judge one primary measure; `floor` None leaves change out (states know the limit rule only).

    `change` is the test's answer about the measure's weeks, None where it has none.
    """
    if measure.value is None:
        return LevelAnswer(Level.UNKNOWN, (measure.reason,) if measure.reason else ())
    limit = measure.limit
    why: list[Reason] = []
    over = watch = False
    if limit is not None:
        above = months_above(measure.series, limit, last_month)
        if above >= MONTHS_NEEDED:
            over = True
            why.append(Reason("limit_passed", {"months": above, "of": MONTHS_LOOKED_AT, "limit": limit}))
        elif measure.value > limit:
            watch = True
            why.append(Reason("estimate_above_limit", {"limit": limit}))
    if floor is not None:
        changed, said = _change(measure, policy, floor, change)
        over, watch = over or changed is Level.OVER, watch or changed is Level.WATCH
        why += said
    if over and not may_be_over:
        over, watch = False, True
        why.append(Reason("watch_at_most"))
    level = Level.OVER if over else Level.WATCH if watch else Level.CALM
    return LevelAnswer(level, tuple(why) or (Reason("within_limits"),))


def _change(measure: Measure, policy: Policy, floor: float, change: Change | None) -> tuple[Level, tuple[Reason, ...]]:
    """Judge a change: what the test says, and the plain rule where it says otherwise."""
    plain = has_changed(measure, policy)
    if change is None or change.state is ChangeState.UNKNOWN:
        return (Level.WATCH, (Reason("change_plain", _plainly(measure, policy)),)) if plain else (Level.CALM, ())
    if change.state is ChangeState.OK:
        return Level.CALM, (Reason("change_plain_only", _plainly(measure, policy)),) if plain else ()
    beside = () if plain else (Reason("change_test_only", {"factor": policy.change_factor}),)
    level, reason = _tested(measure, floor, change)
    return level, (reason, *_looks_like(measure, change), *beside)


def _looks_like(measure: Measure, change: Change) -> tuple[Reason, ...]:
    """Name the shape of a change, or say what keeps it without a name; the baseline says of which measure."""
    shape = change.shape
    if shape is None or change.onset is None:
        return ()
    of: dict[str, str | int | float] = {"baseline": measure.baseline or 0.0}
    if shape.label is None:
        return tuple(replace(why, params=_told(why.params) | of) for why in shape.reasons if why.code in UNNAMED)[-1:]
    if shape.label is ShapeName.NONE:
        return ()
    said = of | {"chance_share": shape.probabilities[shape.label]}
    if shape.label is ShapeName.STEP:
        said["since"] = change.onset.week.isoformat()
    return (Reason(f"shape_{shape.label.value}", said),)


def _told(params: Mapping[str, str | int | float]) -> dict[str, str | int | float]:
    """Round volumes down, so that one too small never reads as what is needed."""
    return dict(params) | {name: int(float(params[name])) for name in ("per_month", "needed") if name in params}


def _tested(measure: Measure, floor: float, change: Change) -> tuple[Level, Reason]:
    said = said_of(change, measure)
    if change.held_back is not None:
        return Level.WATCH, Reason(change.held_back.code, said | dict(change.held_back.params))
    if change.state is ChangeState.WATCH:
        return Level.WATCH, Reason("change_watched", said)
    if (measure.recent or 0.0) - (measure.baseline or 0.0) <= floor:
        return Level.WATCH, Reason("change_not_material", said)
    return Level.OVER, Reason("change_alarm", said)


def _plainly(measure: Measure, policy: Policy) -> dict[str, str | int | float]:
    recent, baseline = measure.recent or 0.0, measure.baseline or 0.0
    return {"recent": recent, "baseline": baseline, "factor": policy.change_factor}
