"""What is due, as pure functions of the time: days and weeks are those of a place, the clock is UTC.

No cron: a period has a name and an instant at which it opens, and is due from then until the next one opens. So a
machine that slept does the current period when it wakes, once, and no change of clocks can skip or repeat one.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DIGEST_AT = time(8)


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


def digest_opens(week: str, zone: str) -> datetime:
    """Give the instant at which a week's letter is due: its Monday, 08:00 in the recipient's zone."""
    return instant_of(monday_of(week), DIGEST_AT, zone)


def digest_week(now: datetime, zone: str) -> str:
    """Name the week whose letter is due now: this one from Monday 08:00 on, until then the one before."""
    today = now.astimezone(ZoneInfo(zone)).date()
    week = week_name(today)
    return week if now >= digest_opens(week, zone) else week_name(today - timedelta(days=7))


def next_read(now: datetime, every: timedelta) -> datetime:
    """Give the time to read a source again, counted from now: what was missed is not made up for."""
    return now + every


def retry_at(now: datetime, failures: int, *, first: timedelta, longest: timedelta) -> datetime:
    """Give the time of the next try after some failures in a row: twice as long each time, up to a limit."""
    wait = first
    for _ in range(min(failures, 32) - 1):
        wait *= 2
    return now + min(wait, longest)
