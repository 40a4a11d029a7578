"""Made-up streams of items, each on time or late, with a change at a known time or none.

A day has Poisson many items; an item is late with the day's rate. A stream is kept item by item, so that a rival may
look after every item, while ours looks once a week.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

P0 = 0.10
"""Usual share of late items."""

DAYS_A_MONTH, DAYS_A_YEAR, WEEK, WEEKS_A_YEAR = 30.44, 365.25, 7, 52
CHANGE_SPREAD = 28  # days over which the first changed day is drawn: no detector's week or month is favoured
HOLIDAYS = (31, 32, 33, 51, 0)  # weeks of the year with few items: August, Christmas
HOLIDAY_VOLUME = 0.3
ONE_OFFS = (33, 0)  # the week of coming back
ONE_OFF_RATE = 0.30
OUTAGES_A_YEAR, OUTAGE_WEEKS = 2, 3
OUTAGE_RATE = 0.50  # half of what was done in time is not read, and looks late


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A rate that goes from `P0` to `rate`, at once or in a straight line over so many months."""

    name: str
    rate: float
    months: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to draw: `volume` items a month for so many weeks; the change comes after `before` weeks.

    `phi` is the variance of weekly late counts over the binomial one (beta-binomial: each week has a rate of its own).
    In an `outage` the source is either `silent` (no items) or looks `late` (items, but not that they were done).
    """

    volume: float
    weeks: int
    change: Change | None = None
    before: int = WEEKS_A_YEAR
    phi: float = 1.0
    outage: str = ""
    holidays: bool = False
    one_off: bool = False


@dataclass(frozen=True)
class Stream:
    """Items in order, padded at the end: `late` is (paths, items), 1 for a late one.

    `ends` (paths, days) counts the items up to each day's end; `seen` is (paths, weeks); `changed` (paths,) is the
    first changed day, the number of days where none is; `weekly` is how many items a week there usually are.
    """

    late: npt.NDArray[np.uint8]
    ends: Whole
    seen: Flags
    changed: Whole
    weekly: float

    @cached_property
    def wrong(self) -> Floats:
        """Late items up to and with each item."""
        return np.cumsum(self.late, axis=1, dtype="float64")

    @cached_property
    def wrong_by_day(self) -> Floats:
        """Late items up to each day's end, (paths, days)."""
        padded = np.concatenate([np.zeros((len(self.late), 1)), self.wrong], axis=1)
        return np.take_along_axis(padded, self.ends, axis=1)

    @property
    def days(self) -> int:
        """How many days the streams run."""
        return int(self.ends.shape[1])

    def later(self, weeks: Whole, rows: Flags | None = None) -> "Stream":
        """Give some rows (all by default) from so many weeks on (one figure a row); their ends stay empty."""
        kept = np.flatnonzero(np.ones(len(weeks), dtype=bool) if rows is None else rows)
        skipped = weeks[kept] * WEEK
        ends = np.concatenate([np.zeros((len(kept), 1), dtype="int64"), self.ends[kept]], axis=1)
        gone = np.take_along_axis(ends, skipped[:, np.newaxis], axis=1)
        days = np.minimum(skipped[:, np.newaxis] + np.arange(1, self.days + 1), self.days)
        ends = np.take_along_axis(ends, days, axis=1) - gone
        items = np.minimum(gone + np.arange(max(int(ends.max()), 1)), self.late.shape[1] - 1)
        slots = np.minimum(weeks[kept, np.newaxis] + np.arange(self.seen.shape[1]), self.seen.shape[1] - 1)
        return Stream(
            late=np.take_along_axis(self.late[kept], items, axis=1),
            ends=ends,
            seen=np.take_along_axis(self.seen[kept], slots, axis=1),
            changed=self.changed[kept] - skipped,
            weekly=self.weekly,
        )


def draw(plan: Plan, paths: int, rng: np.random.Generator) -> Stream:
    """Draw so many independent streams."""
    days = plan.weeks * WEEK
    changed = np.full(paths, days, dtype="int64")
    if plan.change:
        changed = plan.before * WEEK + rng.integers(0, CHANGE_SPREAD, paths)
    seen = _seen(plan, paths, rng)
    volume = np.broadcast_to(_volume(plan), (paths, days))
    if plan.outage == "silent":
        volume = np.where(np.repeat(seen, WEEK, axis=1), volume, 0.0)
    n = rng.poisson(volume)
    rate = _rate(plan, changed, seen, rng)
    ends = np.cumsum(n, axis=1)
    late = np.zeros((paths, max(int(ends[:, -1].max()), 1)), dtype="uint8")
    filled = np.arange(late.shape[1]) < ends[:, -1:]
    late[filled] = rng.random(int(n.sum()), dtype="float32") < np.repeat(rate.ravel(), n.ravel())
    return Stream(late, ends, seen, changed, plan.volume * WEEK / DAYS_A_MONTH)


def odds_ratio(rate: float) -> float:
    """Give the odds of a rate over those of `P0`."""
    return rate / (1 - rate) * (1 - P0) / P0


def _volume(plan: Plan) -> Floats:
    week = np.arange(plan.weeks) % WEEKS_A_YEAR
    share = np.where(np.isin(week, HOLIDAYS), HOLIDAY_VOLUME, 1.0) if plan.holidays else np.ones(plan.weeks)
    return np.repeat(share, WEEK) * plan.volume / DAYS_A_MONTH


def _seen(plan: Plan, paths: int, rng: np.random.Generator) -> Flags:
    seen = np.ones((paths, plan.weeks), dtype=bool)
    if plan.outage:
        begun = rng.random((paths, plan.weeks)) < OUTAGES_A_YEAR / WEEKS_A_YEAR
        for lag in range(OUTAGE_WEEKS):
            seen[:, lag:] &= ~begun[:, : plan.weeks - lag]
    return seen


def _rate(plan: Plan, changed: Whole, seen: Flags, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Give the rate of each day, (paths, days)."""
    paths, days = len(changed), plan.weeks * WEEK
    rate = _by_week(np.full((paths, plan.weeks), P0), plan, rng)
    if plan.one_off:
        slipped = np.isin(np.arange(plan.weeks) % WEEKS_A_YEAR, ONE_OFFS)
        rate[:, np.repeat(slipped, WEEK)] = ONE_OFF_RATE
    if plan.outage == "late":
        rate[~np.repeat(seen, WEEK, axis=1)] = OUTAGE_RATE
    if plan.change:
        since = np.arange(days) - changed[:, np.newaxis]
        ramp = plan.change.months * DAYS_A_MONTH
        done = np.clip((since + 0.5) / ramp, 0, 1) if ramp else (since >= 0).astype("float64")
        worse = P0 + (plan.change.rate - P0) * done[:, WEEK - 1 :: WEEK]  # what the week's last day is at
        fresh = _by_week(worse, plan, rng) if plan.phi > 1 else P0 + (plan.change.rate - P0) * done
        rate = np.where(since >= 0, fresh, rate)
    return rate.astype("float32")


def _by_week(mean: Floats, plan: Plan, rng: np.random.Generator) -> Floats:
    """Give each week a rate of its own round `mean` (paths, weeks), and spread it over the week's days.

    With n Poisson of mean m, weekly counts vary phi = 1 + rho m times as much as binomial ones.
    """
    if plan.phi > 1:
        rho = (plan.phi - 1) / (plan.volume * WEEK / DAYS_A_MONTH)
        size = (1 - rho) / rho
        mean = rng.beta(mean * size, (1 - mean) * size)
    return np.repeat(mean, WEEK, axis=1)
