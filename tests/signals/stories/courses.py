"""Courses: what a number does over the years, as a function of day numbers."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from signals.calendar import Days, day_number, months_of

Course = float | Callable[[Days], Days]
Spans = tuple[tuple[date, date], ...]


def step(day: date, before: float, after: float) -> Course:
    """Go from one level to another from a day on."""
    return lambda days: np.where(days < day_number(day), before, after)


def ramp(first: date, last: date, before: float, after: float) -> Course:
    """Go evenly from one level to another between two days."""
    return lambda days: np.interp(days, [day_number(first), day_number(last)], [before, after])


def growing(a_year: float, first: date, level: float) -> Course:
    """Grow by so large a share a year, from a level on a day."""
    return lambda days: level * (1 + a_year) ** ((days - day_number(first)) / 365.25)


def swinging(peak_month: int, swing: float, level: float) -> Course:
    """Swing over the year; `swing` is peak over trough."""
    half = np.log(swing) / 2
    return lambda days: level * np.exp(half * np.cos(2 * np.pi * (months_of(days) % 12 + 1 - peak_month) / 12))


def but(first: date, last: date, instead: float, course: Course) -> Course:
    """Put another level in between two days, both included."""

    def put(days: Days) -> Days:
        inside = (days >= day_number(first)) & (days <= day_number(last))
        return np.where(inside, instead, at(course, days))

    return put


def at(course: Course, days: Days) -> Days:
    """Read a course on some days."""
    return course(days) if callable(course) else np.full(len(days), course)


def summers(first: int, last: int) -> Spans:
    """Give the closures of some years: two weeks of August, and the days between Christmas and New Year."""
    return tuple(
        span
        for year in range(first, last + 1)
        for span in ((date(year, 8, 7), date(year, 8, 20)), (date(year, 12, 25), date(year, 12, 31)))
    )


def holidays_of(first: int, last: int, *starts: tuple[int, int]) -> Spans:
    """Give twelve days off from each month and day of some years."""
    begins = [date(year, month, day) for year in range(first, last + 1) for month, day in starts]
    return tuple((begin, begin + timedelta(days=11)) for begin in begins)
