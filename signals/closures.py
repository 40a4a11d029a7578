"""Weeks and the days a company is open: public holidays, Christmas, August.

Ages in working days don't grow while nobody is there; a week in which nobody is there says nothing of the work.
`closed` is `Policy.closed_days` throughout, week-ends are closed anyway, and a week goes by its Monday's day number.
"""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from signals.calendar import Days

DAYS_A_WEEK = 7
MONDAY = -3  # a Monday: 1970-01-01, day 0, was a Thursday


def closure_days(spans: Iterable[tuple[date, date]]) -> frozenset[date]:
    """Give every day of some closures, each from its first to its last day."""
    return frozenset(
        first + timedelta(days=number) for first, last in spans for number in range((last - first).days + 1)
    )


def mondays_of(days: Days) -> Days:
    """Give the Monday of each day's week, NaN for NaN."""
    mondays: Days = np.floor((days - MONDAY) / DAYS_A_WEEK) * DAYS_A_WEEK + MONDAY
    return mondays


def open_days(week_day: Days, closed: Iterable[date]) -> npt.NDArray[np.int64]:
    """Count the working days of each week, 0 to 5."""
    counted: npt.NDArray[np.int64] = np.busday_count(
        _stamps(week_day), _stamps(week_day + DAYS_A_WEEK), holidays=_holidays(closed)
    )
    return counted


def closed_weeks(week_day: Days, closed: Iterable[date]) -> npt.NDArray[np.bool_]:
    """Say which weeks have no working day at all."""
    none: npt.NDArray[np.bool_] = open_days(week_day, closed) == 0
    return none


def last_open_days(week_day: Days, closed: Iterable[date]) -> Days:
    """Give the last working day up to each week's Sunday; of a closed week, one before it."""
    sundays = _stamps(week_day + DAYS_A_WEEK - 1)
    return np.busday_offset(sundays, 0, roll="backward", holidays=_holidays(closed)).astype("int64").astype("float64")


def _stamps(days: Days) -> "npt.NDArray[np.datetime64]":
    return days.astype("int64").astype("datetime64[D]")


def _holidays(closed: Iterable[date]) -> "npt.NDArray[np.datetime64]":
    return np.array(sorted(closed), dtype="datetime64[D]")
