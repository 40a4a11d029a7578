"""Days as integers: day numbers since 1970-01-01, months since year 0, weeks by their Monday.

Integers make lags a subtraction in any database and in numpy; nothing here knows what day it is.
"""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

EPOCH = date(1970, 1, 1)

Days = npt.NDArray[np.float64]
"""Day numbers; NaN where there is none."""


def day_number(day: date) -> int:
    """Count days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: float) -> date:
    """Give the civil date of a day number."""
    return EPOCH + timedelta(days=int(number))


def month_number(day: date) -> int:
    """Count months since year 0: `year * 12 + month - 1`."""
    return day.year * 12 + day.month - 1


def month_start(month: int) -> date:
    """Give the first day of a month."""
    return date(month // 12, month % 12 + 1, 1)


def month_end(month: int) -> date:
    """Give the last day of a month."""
    return month_start(month + 1) - timedelta(days=1)


def week_start(day: date) -> date:
    """Give the Monday of the ISO week a day is in."""
    return day - timedelta(days=day.weekday())


def last_complete_month(as_of: date) -> int:
    """Give the newest month whose last day is not after `as_of`."""
    month = month_number(as_of)
    return month if month_end(month) == as_of else month - 1


def months_of(days: Days) -> Days:
    """Give the month of each day number, NaN for NaN."""
    out = np.full(len(days), np.nan)
    known = ~np.isnan(days)
    stamps = days[known].astype("int64").astype("datetime64[D]").astype("datetime64[M]").astype("int64")
    out[known] = stamps + 1970 * 12
    return out


def month_ends(days: Days) -> Days:
    """Give the last day number of each day's month, NaN for NaN."""
    months = months_of(days)
    out = np.full(len(days), np.nan)
    known = ~np.isnan(months)
    starts = (months[known].astype("int64") - 1970 * 12 + 1).astype("datetime64[M]").astype("datetime64[D]")
    out[known] = starts.astype("int64") - 1
    return out


def add_working_days(days: Days, count: int, closed: Iterable[date]) -> Days:
    """Move each day forward by working days; a start on a closed day counts from the next open one."""
    out = np.full(len(days), np.nan)
    known = ~np.isnan(days)
    stamps = days[known].astype("int64").astype("datetime64[D]")
    moved = np.busday_offset(stamps, count, roll="forward", holidays=sorted(closed))
    out[known] = moved.astype("int64")
    return out


def working_days_between(start: date, end: date, closed: Iterable[date]) -> int:
    """Count working days from `start` to `end`, both included."""
    return int(np.busday_count(start, end + timedelta(days=1), holidays=sorted(closed)))
