"""The calendar of closed days: public holidays of a country or a part of it, and a company's own closures.

A place is a country's ISO code, with a part where it has holidays of its own: `FR` is mainland France, `FR-57` Moselle,
`FR-6AE` Alsace; `none` is nowhere. A closure is written as its first and last day, `2026-08-03..2026-08-21`, or as days
of every year, `12-24..01-01`; one day stands alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

import holidays as known_holidays

from signals.closures import closure_days

HOME = "FR"
NOWHERE = "none"
_SPAN = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)(?:\.\.(?:(\d{4})-)?(\d\d)-(\d\d))?")


@cache
def french_holidays(first_year: int, last_year: int) -> frozenset[date]:
    """Give the public holidays of mainland France, of the years from first to last."""
    return public_holidays(HOME, first_year, last_year)


@cache
def public_holidays(place: str, first_year: int, last_year: int) -> frozenset[date]:
    """Give the public holidays of a place, of the years from first to last; the place is one of `places`."""
    if place == NOWHERE:
        return frozenset()
    country, _, part = place.partition("-")
    years = range(first_year, last_year + 1)
    return frozenset(known_holidays.country_holidays(country, subdiv=part or None, years=years).keys())


def holidays_around(place: str, day: date) -> frozenset[date]:
    """Give a place's public holidays of the years before, of and after a day."""
    return public_holidays(place, day.year - 1, day.year + 1)


@cache
def places() -> frozenset[str]:
    """Name every place whose public holidays are known."""
    known = known_holidays.list_supported_countries(include_aliases=False)
    parts = (f"{country}-{part}" for country, listed in known.items() for part in listed)
    return frozenset((NOWHERE, *known, *parts))


@dataclass(frozen=True, slots=True)
class Closure:
    """Days a company is closed, from first to last: of one year, or (`year` is None) of every year."""

    year: int | None
    first: tuple[int, int]
    last: tuple[int, int]
    last_year: int | None = None

    @property
    def text(self) -> str:
        """Write it as it is read."""
        first = _day_text(self.year, self.first)
        last = _day_text(self.last_year, self.last)
        return first if first == last else f"{first}..{last}"

    def in_year(self, year: int) -> tuple[date, date]:
        """Give the days of a closure that begins in a year; one of every year may end in the next."""
        first = date(year, *self.first)
        ends = self.last_year if self.last_year is not None else year + (self.last < self.first)
        return first, date(ends, *self.last)

    def days(self, years: Iterable[int]) -> frozenset[date]:
        """Give every day of it: a dated one's own, a yearly one's of the years asked for."""
        begins = [self.year] if self.year is not None else years
        return closure_days(self.in_year(year) for year in begins)


def read_closure(text: str) -> Closure | None:
    """Read a closure; None where the text is none: no such day, or a year on one side only."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, last_year, last_month, last_day = (int(part) if part else None for part in found.groups())
    if last_month is None:
        last_year, last_month, last_day = year, month, day
    if (year is None) != (last_year is None):
        return None
    closure = Closure(year, (month or 0, day or 0), (last_month or 0, last_day or 0), last_year)
    try:
        closure.in_year(year or 2001)  # no leap year: the 29th of February comes in no other
    except ValueError:
        return None
    return closure


def _day_text(year: int | None, day: tuple[int, int]) -> str:
    return f"{day[0]:02}-{day[1]:02}" if year is None else f"{year}-{day[0]:02}-{day[1]:02}"
