"""The company of the demonstration, made up: its time, its dice, and the plan of its story.

"Atelier Démonstration" sells services and grows by some 40 % a year. Its back office keeps up for two years; then one
of two assistants leaves and is not replaced, and what was healthy visibly slips. Told on, it hands the work over: an
outside provider shares it from month 38 on, and within two months it is as healthy as before. Every number of the story
stands in this module as a curve over months, so that it can be read, and checked, in one place.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from connectors.records import StaffRole

COMPANY = "Atelier Démonstration"
MONTHS_TOLD = 36
"""Complete months before the month of the last day told."""

DIRECTOR, FIRST, SECOND, BOT, ACCOUNTANT = "dir", "adm1", "adm2", "sync", "cabinet"
PROVIDER = "prestataire"

SECOND_ENTERS = 3
SECOND_LEAVES = 27
"""Months of the story in which the second assistant comes and goes."""
HANDED_OVER = MONTHS_TOLD + 2
"""Month of the story in which an outside provider takes its share of the work: after all that is told of the past."""

Curve = Sequence[tuple[float, float]]
"""Points (month of the story, value): straight lines between them, level before the first and after the last."""

LATE_SHARE: Curve = ((0, 0.045), (10, 0.033), (25, 0.033), (30, 0.22), (37, 0.22), (38, 0.06), (39, 0.03))
ERROR_SHARE: Curve = ((0, 0.03), (10, 0.02), (24, 0.02), (28, 0.13), (37, 0.13), (38, 0.04), (39, 0.02))
COMMERCIAL_CREDIT_SHARE = 0.015
LATE_PAYER_SHARE = 0.25
"""Customers pay as slowly in the end as at the start: their lateness is not the back office's."""
REMINDED_SHARE: Curve = ((0, 0.75), (8, 1.0), (27, 1.0), (30, 0.2), (37, 0.2), (38, 0.9), (39, 1.0))
DIRECTOR_HOURS: Curve = ((26, 3.5), (31, 12.0), (37, 12.0), (38, 7.0), (39, 4.5), (40, 3.5))
NUMBER_GAPS = (27, 30, 33)
"""Months in which a sale number is lost."""

# Mild: the best month is a quarter above the worst, August.
_SEASON = (0.97, 1.0, 1.04, 1.02, 1.0, 1.04, 0.98, 0.88, 1.03, 1.05, 1.0, 1.01)
_FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
_CENT = Decimal("0.01")
VAT = Decimal("0.20")


def actors() -> Mapping[str, StaffRole]:
    """Say what each login is to the company."""
    return {
        DIRECTOR: StaffRole.DIRECTOR,
        FIRST: StaffRole.ADMIN,
        SECOND: StaffRole.ADMIN,
        BOT: StaffRole.BOT,
        ACCOUNTANT: StaffRole.OUTSIDE_ACCOUNTANT,
    }


def newcomers() -> Mapping[str, StaffRole]:
    """Say what the logins are that come with the handover."""
    return {PROVIDER: StaffRole.OTHER}


def along(curve: Curve, index: float) -> float:
    """Read a curve at a month of the story."""
    after = bisect_right(curve, index, key=lambda point: point[0])
    if after == 0:
        return curve[0][1]
    if after == len(curve):
        return curve[-1][1]
    (x0, y0), (x1, y1) = curve[after - 1], curve[after]
    return y0 + (y1 - y0) * (index - x0) / (x1 - x0)


def month_of(day: date) -> int:
    """Count months since year 0."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """Give the first day of a month counted so."""
    return date(month // 12, month % 12 + 1, 1)


def open_from(day: date) -> date:
    """Give the day itself if the office is open, else the next day it is."""
    while day.weekday() > 4 or (day.month, day.day) in _FIXED_HOLIDAYS:  # noqa: PLR2004 - Saturday and Sunday
        day += timedelta(days=1)
    return day


def after_weekdays(day: date, count: int) -> date:
    """Go on by a number of days from Monday to Friday, then to the next open day.

    Public holidays are not counted but avoided: a reader without their calendar must come to the same lateness.
    """
    while day.weekday() > 4:  # noqa: PLR2004 - Saturday and Sunday
        day += timedelta(days=1)
    weeks, left = divmod(day.weekday() + count, 5)
    return open_from(day - timedelta(days=day.weekday()) + timedelta(weeks=weeks, days=left))


def money(amount: float | Decimal) -> Decimal:
    """Round to whole cents."""
    return Decimal(amount).quantize(_CENT)


@dataclass(frozen=True, slots=True)
class Story:
    """The company's time: months 0, 1, … `last` from the first day of `since` on.

    A month's records rest on the seed and on months up to it only: a story told further keeps what was told.
    """

    since: date
    last: int
    seed: int

    def dice(self, kind: str, index: int) -> Random:
        """Give fresh dice for one kind of thing in one month, whatever was thrown before."""
        return Random(f"{self.seed}/{kind}/{index}")  # noqa: S311 - a made-up company needs no secrets

    def index_of(self, day: date) -> int:
        """Say in which month of the story a day is."""
        return month_of(day) - month_of(self.since)

    def start(self, index: int) -> date:
        """Give the first day of a month of the story."""
        return first_day(month_of(self.since) + index)

    def end(self, index: int) -> date:
        """Give the last day of a month of the story."""
        return self.start(index + 1) - timedelta(days=1)

    def open_days(self, index: int) -> list[date]:
        """List the days of a month on which the office is open."""
        start = self.start(index)
        days = (start + timedelta(days=n) for n in range((self.start(index + 1) - start).days))
        return [day for day in days if open_from(day) == day]

    def volume(self, index: int, at_start: float, growth: float) -> int:
        """Size a month's work: `growth` is the factor over a year, the season the calendar month's."""
        season = _SEASON[self.start(index).month - 1]
        by_now: float = growth ** (index / 12)
        return round(at_start * by_now * season * self.dice("volume", index).uniform(0.97, 1.03))


def story_until(until: date, seed: int, since: date | None = None) -> Story:
    """Set the story so that `MONTHS_TOLD` complete months come before the month of `until`, or from `since` on."""
    begin = since or first_day(month_of(until) - MONTHS_TOLD)
    return Story(begin, month_of(until) - month_of(begin), seed)
