"""The one place that reads the clock; everything else is told what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def local_day(now: datetime, zone: str) -> date:
    """Give the civil date of an instant in a company's zone."""
    return now.astimezone(ZoneInfo(zone)).date()
