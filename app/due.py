"""What is due, as pure functions of the time: days and weeks are those of a place, the clock is UTC.

No cron: a period has a name and an instant at which it opens, and is due from then until the next one opens. So a
machine that slept does the current period when it wakes, once, and no change of clocks can skip or repeat one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DIGEST_AT = time(8)
DAYS_IN_WEEK, WORKING_DAYS = 7, 5


def instant_of(day: date, at: time, zone: str) -> datetime:
    """Give the instant of a clock time in a place.

    A time the clocks jump over in spring is taken as if they had not yet jumped (02:30 becomes 03:30); of one that
    comes twice in autumn the first counts.
    """
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def week_name(day: date) -> str:
    """Name the ISO week of a day: 2026-W48. Names sort as weeks do."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def monday_of(week: str) -> date:
    """Give the Monday of a named ISO week."""
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def first_working_day(week: str, closed: Collection[date] = ()) -> date:
    """Give a week's first day from Monday on that is worked; its Monday where none is."""
    monday = monday_of(week)
    days = (monday + timedelta(days=n) for n in range(WORKING_DAYS))
    return next((day for day in days if day not in closed), monday)


def digest_opens(week: str, zone: str, closed: Collection[date] = ()) -> datetime:
    """Give the instant at which a week's letter is due: its first working day, 08:00 in the recipient's zone."""
    return instant_of(first_working_day(week, closed), DIGEST_AT, zone)


def digest_week(now: datetime, zone: str, closed: Collection[date] = ()) -> str:
    """Name the week whose letter is due now: this one from its first working day's 08:00, until then the one before."""
    today = now.astimezone(ZoneInfo(zone)).date()
    week = week_name(today)
    return week if now >= digest_opens(week, zone, closed) else week_name(today - timedelta(days=7))


def begins_month(week: str) -> bool:
    """Say whether a week's Monday is the first of its month: the week of a monthly letter."""
    return monday_of(week).day <= DAYS_IN_WEEK


@dataclass(frozen=True, slots=True)
class Quiet:
    """When somebody wants no mail at once: between two times of their day, and on days that are not worked."""

    zone: str
    starts: time
    ends: time
    days: bool = True

    def holds(self, now: datetime, closed: Collection[date] = ()) -> bool:
        """Say whether it is quiet at an instant; the same time twice is no quiet at all."""
        there = now.astimezone(ZoneInfo(self.zone))
        if self.days and (there.weekday() >= WORKING_DAYS or there.date() in closed):
            return True
        at = there.time()
        if self.starts <= self.ends:
            return self.starts <= at < self.ends
        return at >= self.starts or at < self.ends


def next_read(now: datetime, every: timedelta) -> datetime:
    """Give the time to read a source again, counted from now: what was missed is not made up for."""
    return now + every


def retry_at(now: datetime, failures: int, *, first: timedelta, longest: timedelta) -> datetime:
    """Give the time of the next try after some failures in a row: twice as long each time, up to a limit."""
    wait = first
    for _ in range(min(failures, 32) - 1):
        wait *= 2
    return now + min(wait, longest)
