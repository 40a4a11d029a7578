"""Has a series got worse than it used to be? The weekly sequential test, for rates and for hours.

Evidence gathers week by week (`change_evidence`) against a frozen baseline (`change_baseline`) until chance alone would
bring so much only once in the budget's years: an alarm. Of rates it is looked at each day, the week so far counting
for what it has told; an alarm stands though the rest of its week be good. It stays open until the rate of the last
`clear_items` trials, and of at least `clear_weeks` weeks, is below `clear_factor` times p0 with posterior probability
`clear_share`, `clear_run` weeks in a row; then evidence starts from nothing.

Simulated (`python -m benchmarks.detection.hysteresis`: p0 estimated on 52 weeks, phi 1 and 2, 20 to 500 trials a
month). After .20 fell back to .10, an alarm cleared in 10 to 26 weeks (median; 14 to 85 in nine cases of ten), and .04
to .14 a year came after it. While .20 went on, it cleared within a year in .19 of cases at 20 a month with phi 2, .10
with phi 1, .08 or less from 60 a month on. A false alarm cleared in 9 to 33 weeks, and was followed by another within a
year of clearing in .11 to .24 of cases. Sixty trials alone, however few weeks they fill, and .90 would not do: at 500 a
month half of the alarms were still open four years later.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import inf, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from signals.base import Reason
from signals.beta import beta_share
from signals.calendar import day_number, day_of
from signals.change_baseline import JEFFREYS, Baseline, ChangeRule, LevelBaseline, baseline_of, level_baseline_of
from signals.change_delay import doubling_delay, doubling_delay_of_level, smallest_level, smallest_rate
from signals.change_evidence import (
    WEEKS_A_YEAR,
    WINSOR,
    evidence,
    evidence_by_day,
    evidence_of_level,
)
from signals.change_path import Path, Watched, follow
from signals.change_threshold import LEVEL_OFFSET, VOLUME_WEEKS, offset, threshold, volume_before, years_by_chance
from signals.onset import Onset, level_profile, onset_of, rate_profile
from signals.shape import Shape
from signals.weeks import Weeks

__all__ = [
    "Alarm",
    "Baseline",
    "Change",
    "ChangeRule",
    "ChangeState",
    "LevelBaseline",
    "Onset",
    "baseline_of",
    "detect_change",
    "detect_level_change",
    "level_baseline_of",
]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MONTHS_A_YEAR = 12


class ChangeState(StrEnum):
    """Where a series stands at its last seen week; unknown: no week after the baseline said anything."""

    UNKNOWN = "unknown"
    OK = "ok"
    WATCH = "watch"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Mondays of the week that raised an alarm and of the one that cleared it, None while it is open.

    `day` is the one at whose end the evidence sufficed; a week looked at as a whole has its Sunday.
    """

    raised: date
    cleared: date | None
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The answer of the change test, for one series.

    `log_evidence` has one value a week of the series from the Monday `first_week` on, -inf before the test has begun;
    with `offset`, that of the newest week, it is on the scale of the thresholds. `alarm_week` is the Monday of the week
    that raised the alarm now open, `alarm_day` the day; they are given also where `held_back` says why the state is
    watch at most.
    `years_by_chance` is that of the most evidence since the open alarm, else of today's. `delay_months` is how long a
    doubling would take to alarm, None when longer than can be said; `smallest` the least rate, or hours a week, that
    would alarm within three months at the present volume of `per_month` trials (or weeks), None when none would.
    """

    state: ChangeState
    first_week: date
    log_evidence: tuple[float, ...]
    alarms: tuple[Alarm, ...]
    alarm_week: date | None
    alarm_day: date | None
    onset: Onset | None
    years_by_chance: float
    held_back: Reason | None
    phi: float
    too_irregular: bool
    per_month: float
    delay_months: float | None
    smallest: float | None
    offset: float = 0.0
    shape: Shape | None = None
    """What the change looks like; None of hours, which have no trials."""


@dataclass(frozen=True, slots=True)
class _Limits:
    """What bounds an answer, whatever the weeks say: see the fields of `Change`."""

    held_back: Reason | None
    phi: float
    per_month: float
    delay_months: float | None
    smallest: float | None


def detect_change(weeks: Weeks, baseline: Baseline, rule: ChangeRule) -> Change:
    """Look for a rate above its baseline in the seen weeks after it; weeks that were not seen change nothing."""
    count, n = weeks.so_far()
    said = (n > 0) & (weeks.week_day > day_number(baseline.last_week))
    count, n = count[said], n[said]
    usual = (baseline.rate * baseline.n + JEFFREYS) / (baseline.n + 2 * JEFFREYS)  # never 0: it has a logarithm

    watched = Watched(
        weeks.week_day[said],
        count,
        n,
        weeks.seen[said],
        offset(_volume(weeks, baseline)[said], baseline.p0, baseline.phi),
        _rate_path(weeks, said, baseline, rule),
        lambda i: _calm_rate(count[: i + 1], n[: i + 1], baseline, rule),
        lambda i, j: rate_profile(count[i:j], n[i:j], usual, baseline.phi),
    )
    per_month = _per_month(weeks.n[weeks.seen])
    limits = _Limits(
        held_back(baseline.confirmed, baseline.n, rule.baseline_trials),
        baseline.phi,
        per_month,
        doubling_delay(baseline, per_month, rule),
        smallest_rate(baseline, per_month, rule),
    )
    return _answer(weeks, said, watched, limits, rule)


def _rate_path(weeks: Weeks, said: Flags, baseline: Baseline, rule: ChangeRule) -> Callable[[int], Array]:
    """Look at each day's end where days are known, else at the week's."""
    p0, phi = np.array([baseline.p0]), np.array([baseline.phi])
    daily = weeks.by_day
    if daily is None:
        count, n = weeks.count[np.newaxis, said], weeks.n[np.newaxis, said]
        return lambda i: evidence(count[:, i:], n[:, i:], p0, phi, odds=rule.odds, cap=rule.cap)[0][:, np.newaxis]
    by_day, n_by_day, told = daily.count[np.newaxis, said], daily.n[np.newaxis, said], daily.told[said]
    so_far = np.array([baseline.so_far]) if baseline.so_far else None

    def path(first: int) -> Array:
        found = evidence_by_day(
            by_day[:, first:], n_by_day[:, first:], p0, phi, so_far=so_far, odds=rule.odds, cap=rule.cap
        )[0]
        newest = np.minimum(np.arange(found.shape[1]), told[first:].sum(axis=1, keepdims=True) - 1)
        return np.take_along_axis(found, newest, axis=1)  # a day that was not told yet says what the last one did

    return path


def detect_level_change(weeks: Weeks, baseline: LevelBaseline, rule: ChangeRule) -> Change:
    """Look for hours a week above their baseline in the seen weeks after it, by the same contract.

    Simulated false alarms a year at a budget of 0.20, baseline of 52 and 26 weeks: normal weeks .04 and .04, heavy
    tails (Student's t, 5 degrees) .05 and .05, persistent (first-order correlation .3) .13 and .16, both .16 and .19.
    Persistent and strongly skewed weeks (gamma of shape 2) break the budget: .24 and .29. A shift of one standard
    deviation alarms in 13 to 26 weeks. Back to normal, an alarm clears in 10 to 12 weeks (median; 32 to 40 in nine
    cases of ten); while the shift goes on, .01 to .12 clear within a year.
    """
    said = weeks.seen & np.isfinite(weeks.count) & (weeks.week_day > day_number(baseline.last_week))
    hours = weeks.count[said]
    mean, sd, phi = np.array([baseline.ceiling]), np.array([baseline.sd]), np.array([baseline.phi])
    z = np.clip((hours - baseline.mean) / baseline.sd, -WINSOR, WINSOR)

    watched = Watched(
        weeks.week_day[said],
        hours,
        np.ones(len(hours)),
        np.ones(len(hours), dtype=bool),
        np.full(len(hours), LEVEL_OFFSET),
        lambda i: evidence_of_level(hours[np.newaxis, i:], mean, sd, phi, shifts=rule.shifts, cap=rule.cap)[0][:, None],
        lambda i: _calm_level(hours[: i + 1], baseline, rule),
        lambda i, j: level_profile(z[i:j], baseline.phi),
    )
    per_month = WEEKS_A_YEAR / MONTHS_A_YEAR
    limits = _Limits(
        held_back(baseline.confirmed, baseline.n, rule.baseline_weeks),
        baseline.phi,
        per_month,
        doubling_delay_of_level(baseline, per_month, rule),
        smallest_level(baseline, per_month, rule),
    )
    return _answer(weeks, said, watched, limits, rule)


def _answer(weeks: Weeks, said: Flags, watched: Watched, limits: _Limits, rule: ChangeRule) -> Change:
    path = follow(watched, rule.budget_years, rule.clear_run)
    evidence_now = path.evidence
    open_at = path.open_at
    peak = path.highest[open_at:].max() if open_at is not None else evidence_now[-1] if len(evidence_now) else -inf
    state = state_of(evidence_now, open_at, limits.held_back, rule)
    worse = state in {ChangeState.WATCH, ChangeState.ALARM}
    mondays = [day_of(number) for number in watched.week_day]
    alarms = tuple(
        Alarm(mondays[up], None if down is None else mondays[down], mondays[up] + timedelta(days=day))
        for (up, down), day in zip(path.alarms, path.days, strict=True)
    )
    return Change(
        state=state,
        first_week=day_of(weeks.week_day[0]),
        log_evidence=_every_week(evidence_now - watched.offset, said),
        alarms=alarms,
        offset=float(watched.offset[-1]) if len(watched.offset) else 0.0,
        alarm_week=None if open_at is None else mondays[open_at],
        alarm_day=None if open_at is None else alarms[-1].day,
        onset=_onset(watched, path) if worse else None,
        years_by_chance=years_by_chance(float(peak)),
        held_back=limits.held_back,
        phi=limits.phi,
        too_irregular=limits.phi > rule.too_irregular,
        per_month=limits.per_month,
        delay_months=limits.delay_months,
        smallest=limits.smallest,
    )


def state_of(path: Array, open_at: int | None, held: Reason | None, rule: ChangeRule) -> ChangeState:
    """Read the state off the log evidence, offset included, of the weeks so far."""
    if not len(path):
        return ChangeState.UNKNOWN
    if open_at is not None:
        return ChangeState.WATCH if held else ChangeState.ALARM
    return ChangeState.WATCH if path[-1] >= threshold(rule.watch_years, 0.0) else ChangeState.OK


def _onset(watched: Watched, path: Path) -> Onset:
    """Date the excess by the weeks from where evidence began to where it was strongest."""
    begun, open_at = path.begun, path.open_at
    first = begun if open_at is None else open_at
    peak = first + int(path.highest[first:].argmax()) + 1
    span = slice(begun, peak)
    return onset_of(watched.profile(begun, peak), watched.week_day[span], watched.count[span], watched.n[span])


def _every_week(path: Array, said: Flags) -> tuple[float, ...]:
    """Give the evidence of every week of the series: that of the newest week up to it that said something."""
    known = np.concatenate([[-inf], path])
    return tuple(float(value) for value in known[np.cumsum(said)])


def _calm_rate(count: Array, n: Array, baseline: Baseline, rule: ChangeRule) -> bool:
    """Say whether the newest trials look as usual; too few don't."""
    trials = np.cumsum(n[::-1])
    weeks = max(int(np.searchsorted(trials, rule.clear_items)) + 1, rule.clear_weeks)
    if weeks > len(n):
        return False
    wrong, all_of = float(count[-weeks:].sum()) / baseline.phi, float(n[-weeks:].sum()) / baseline.phi
    usual = min(rule.clear_factor * baseline.p0, 1.0)
    return beta_share(usual, wrong + JEFFREYS, all_of - wrong + JEFFREYS) > rule.clear_share


def _calm_level(hours: Array, baseline: LevelBaseline, rule: ChangeRule) -> bool:
    if len(hours) < rule.clear_weeks:
        return False
    z = np.clip((hours[-rule.clear_weeks :] - baseline.ceiling) / baseline.sd, -WINSOR, WINSOR)
    error = sqrt(baseline.phi / rule.clear_weeks)
    return NormalDist().cdf((rule.clear_shift - float(z.mean())) / error) > rule.clear_share


def held_back(confirmed: bool, n: int, needed: int) -> Reason | None:  # noqa: FBT001 - plain at the call
    """Say why a baseline lets an alarm get no further than watch: unconfirmed, or fewer than `needed` trials."""
    if not confirmed:
        return Reason("change_baseline_unconfirmed")
    return Reason("change_few_trials", {"n": n, "needed": needed}) if n < needed else None


def _volume(weeks: Weeks, baseline: Baseline) -> Array:
    return volume_before(weeks.n, weeks.seen, baseline.n / max(baseline.weeks, 1))


def _per_month(trials: Array) -> float:
    newest = trials[-VOLUME_WEEKS:]
    return float(newest.mean()) * WEEKS_A_YEAR / MONTHS_A_YEAR if len(newest) else 0.0
