"""All series of a company together: worse on the whole, though none alone is clearly so.

The average of e-detectors is an e-detector, whatever hangs together with what (Shin, Ramdas and Rinaldo 2024, §4; see
`signals.change_evidence`). So the mean of the series' evidence M, a series that has none counting as 0, reaches
exp(threshold) by chance no oftener than the company's budget says. A single series alarms at the number of series
times that, so every single alarm is a joint one as well: the joint alarm spends no budget beyond that of the singles.

It opens at `Policy.alarm_years` and lasts until the evidence is below that of `Policy.watch_years`. It is said, as
something to watch, and moves no level and no verdict: what to do about it is known once a series alarms. Simulated in
`benchmarks.detection --joint`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import exp, inf, log

import numpy as np
import numpy.typing as npt

from signals.base import Reason
from signals.calendar import Days, day_number, day_of
from signals.change import Change, ChangeState
from signals.change_threshold import threshold, years_by_chance
from signals.closures import DAYS_A_WEEK
from signals.policy import Policy
from signals.watched import WATCHED

Array = npt.NDArray[np.float64]

LEAST_SHARE = 0.10
"""Of the joint evidence, for a series to be named among those that drive it. Our choice."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A series that drives the joint evidence, by its measure, and its share of it, 0 to 1."""

    measure: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Where the series stand together in their newest week.

    `since` is the Monday of the week that opened the alarm now open; `series` how many were tested, `of` how many there
    could be. `alone`: the joint alarm is open and no series has one. `held_back` says why a driver may not be taken
    at its word: the state is watch at most.
    """

    state: ChangeState
    since: date | None
    years_by_chance: float
    drivers: tuple[Driver, ...]
    series: int
    of: int
    alone: bool
    held_back: Reason | None


def joint_of(changes: Mapping[str, Change], policy: Policy) -> Joint | None:
    """Join the answers of the change test, by measure; None with fewer than two, which is no jointly."""
    if len(changes) < 2:  # noqa: PLR2004 - one is not several
        return None
    of = max(len(WATCHED), len(changes))
    paths = _aligned(list(changes.values()))
    mean = np.logaddexp.reduce(paths, axis=0) - log(of)
    opened = _opened(mean, _height(policy.alarm_years), _height(policy.watch_years))
    drivers = _drivers(tuple(changes), paths[:, -1])
    held = [c.held_back for name, c in changes.items() if c.held_back and name in {one.measure for one in drivers}]
    state = ChangeState.OK
    if opened is not None:
        state = ChangeState.WATCH if held else ChangeState.ALARM
    elif mean[-1] >= _height(policy.watch_years):
        state = ChangeState.WATCH
    return Joint(
        state=state,
        since=None if opened is None else day_of(_first(changes) + DAYS_A_WEEK * opened),
        years_by_chance=years_by_chance(float(mean[-1])),
        drivers=drivers if state is not ChangeState.OK else (),
        series=len(changes),
        of=of,
        alone=opened is not None and all(change.alarm_week is None for change in changes.values()),
        held_back=held[0] if held and opened is not None else None,
    )


def _height(years: float) -> float:
    """Give the threshold for evidence whose offsets are in it."""
    return float(threshold(years, 0.0))


def _first(changes: Mapping[str, Change]) -> int:
    return min(day_number(change.first_week) for change in changes.values())


def _aligned(changes: list[Change]) -> Array:
    """Lay the evidence out by common weeks: nothing before a series begins, its last value after it ends."""
    first = np.array([day_number(change.first_week) for change in changes]) // DAYS_A_WEEK
    length = np.array([len(change.log_evidence) for change in changes])
    paths = np.full((len(changes), int((first + length).max() - first.min())), -inf)
    for path, change, begin in zip(paths, changes, first - first.min(), strict=True):
        end = begin + len(change.log_evidence)
        path[begin:end] = np.array(change.log_evidence) + change.offset
        path[end:] = change.log_evidence[-1] + change.offset
    return paths


def _opened(mean: Array, height: float, low: float) -> int | None:
    """Give the position that raised the alarm now open: the first at `height` since the evidence was below `low`."""
    below = np.flatnonzero(mean < low)
    begin = int(below[-1]) + 1 if len(below) else 0
    above = np.flatnonzero(mean[begin:] >= height)
    return begin + int(above[0]) if len(above) else None


def _drivers(names: tuple[str, ...], now: Days) -> tuple[Driver, ...]:
    top = float(now.max())
    if top == -inf:
        return ()
    weights = [exp(value - top) for value in now]
    shares = [weight / sum(weights) for weight in weights]
    listed = [Driver(name, share) for name, share in zip(names, shares, strict=True) if share >= LEAST_SHARE]
    return tuple(sorted(listed, key=lambda one: (-one.share, one.measure)))
