"""From trials to weekly series: how far each source was read, and what its days and weeks told up to there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Reason
from signals.books import Books
from signals.calendar import Days, day_number
from signals.closures import DAYS_A_WEEK, closed_weeks, last_open_days, mondays_of
from signals.policy import Policy
from signals.weeks import ByDay, Weeks

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reach:
    """The last day a source was read to: `week`, for whether a week was read to its end, and `day`, for single days."""

    week: float = inf
    day: float = inf

    def and_(self, other: "Reach") -> "Reach":
        """Give how far both were read."""
        return Reach(min(self.week, other.week), min(self.day, other.day))


def reaches_of(books: Books, trials: pd.DataFrame, *streams: str) -> Mapping[str, Reach]:
    """Give how far each source of some trials was read, over all of the streams that it has."""
    sources = trials["connection_id"].unique()
    return {str(source): _least(_reach(books, stream, source) for stream in streams) for source in sources}


def _least(reaches: Iterable[Reach]) -> Reach:
    least = Reach()
    for reach in reaches:
        least = least.and_(reach)
    return least


def _reach(books: Books, stream: str, source: str) -> Reach:
    """Give how far a source's stream was read: a day is over on the next.

    An API reaches the day before it was read; a file its last record, whose day may not have been over when the file
    was written. A stream that isn't listed sets no bound.
    """
    feeds = books["feeds"]
    own = feeds[(feeds["stream"] == stream) & (feeds["connection_id"] == source)]
    if own.empty:
        return Reach()
    read, is_api = own["read_day"].fillna(inf) - 1, own["kind"] == "api"
    last = np.where(is_api, read, np.fmin(read, own["last_day"]))
    return Reach(float(last.max()), float((last - ~is_api).max()))


def any_reach(books: Books, stream: str) -> Reach:
    """Give how far any source's stream was read."""
    feeds = books["feeds"]
    sources = feeds.loc[feeds["stream"] == stream, "connection_id"].unique()
    each = [_reach(books, stream, source) for source in sources]
    return Reach(max(one.week for one in each), max(one.day for one in each)) if each else Reach()


def grid(day: Days, books: Books, policy: Policy) -> tuple[Days, Flags]:
    """Give the weeks from the first of some days to that of `as_of`, and which of them were not closed."""
    last = mondays_of(np.array([float(day_number(books.as_of))]))[0]
    starts = np.arange(mondays_of(day).min(), last + 1, DAYS_A_WEEK)
    return starts, ~closed_weeks(starts, policy.closed_days)


def over(starts: Days, books: Books) -> Flags:
    """Say which weeks have ended by `as_of`, that day included."""
    return starts + DAYS_A_WEEK - 1 <= day_number(books.as_of)


def weeks_of(trials: pd.DataFrame, reaches: Mapping[str, Reach], books: Books, policy: Policy) -> Weeks | Reason:
    """Sum trials by week and by day; a source counts where it reaches, and a week is seen if any source does."""
    if trials.empty:
        return Reason("no_week_over")
    starts, is_open = grid(trials["day"].to_numpy(), books, policy)
    ended = is_open & over(starts, books)
    if not ended.any():
        return Reason("no_week_over")
    today, last_open = day_number(books.as_of), last_open_days(starts, policy.closed_days)
    days = starts[:, np.newaxis] + np.arange(DAYS_A_WEEK)
    count, n = np.zeros(days.shape), np.zeros(days.shape)
    seen, told = np.zeros(len(starts), dtype=bool), np.zeros(days.shape, dtype=bool)
    for source, own in trials.groupby("connection_id"):
        reach = reaches[str(source)]
        whole = ended & (last_open <= reach.week)
        reached = whole[:, np.newaxis] | (is_open[:, np.newaxis] & (days <= min(reach.day, today)))
        count += reached * _by_day(own, "count", starts)
        n += reached * _by_day(own, "n", starts)
        seen |= whole
        told |= reached
    if not seen.any():
        return Reason("no_week_over")
    wrong, trials_of_week = (np.where(seen, daily.sum(axis=1), 0.0) for daily in (count, n))
    return Weeks(starts, wrong, trials_of_week, seen, ByDay(count, n, told))


def _by_day(trials: pd.DataFrame, column: str, starts: Days) -> npt.NDArray[np.float64]:
    """Sum a column by day, (weeks, 7)."""
    size = len(starts) * DAYS_A_WEEK
    day = (trials["day"].to_numpy() - starts[0]).astype("int64")
    kept = day < size
    summed = np.bincount(day[kept], trials[column].to_numpy(dtype="float64")[kept], size)
    return summed.astype("float64").reshape(-1, DAYS_A_WEEK)
