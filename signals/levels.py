"""From a primary measure to a level: the limit rule and, until the sequential detector comes, the plain change rule.

*Over* is the lower bound above the limit in two of the last three complete months, or a change alarm with an excess
above the materiality floor. *Watch* is change evidence, or an estimate above the limit. The change alarm goes no
further than watch until a person has confirmed the baseline, or under `Policy.baseline_trials` trials.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from signals.base import Level, Measure, Point, Reason, Unit
from signals.policy import Policy

MONTHS_LOOKED_AT = 3
MONTHS_NEEDED = 2


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
    measure: Measure, policy: Policy, *, last_month: int, floor: float | None, may_be_over: bool = True
) -> LevelAnswer:
    """Judge one primary measure; `floor` None switches the change rule off (states know the limit rule only)."""
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
    if floor is not None and has_changed(measure, policy):
        over_by_change, reason = _change(measure, policy, floor)
        over, watch = over or over_by_change, True
        why.append(reason)
    if over and not may_be_over:
        over, watch = False, True
        why.append(Reason("watch_at_most"))
    level = Level.OVER if over else Level.WATCH if watch else Level.CALM
    return LevelAnswer(level, tuple(why) or (Reason("within_limits"),))


def _change(measure: Measure, policy: Policy, floor: float) -> tuple[bool, Reason]:
    recent, baseline = measure.recent or 0.0, measure.baseline or 0.0
    said: dict[str, str | int | float] = {"recent": recent, "baseline": baseline, "factor": policy.change_factor}
    if recent - baseline <= floor:
        return False, Reason("change_not_material", said)
    if policy.baseline_period is None:
        return False, Reason("change_baseline_unconfirmed", said)
    needed = policy.baseline_weeks if measure.unit is Unit.HOURS_PER_WEEK else policy.baseline_trials
    if measure.baseline_n < needed:
        return False, Reason("change_few_trials", {**said, "n": measure.baseline_n, "needed": needed})
    return True, Reason("change_alarm", said)
