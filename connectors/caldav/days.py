"""Hours of a day: spans of work put together, so that no minute counts twice."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.records import Process

A_DAY = timedelta(days=1)


class Span(NamedTuple):
    """Work on one process, from an instant to another (UTC)."""

    start: datetime
    end: datetime
    process: Process


def minutes_by_day(spans: Iterable[Span], zone: ZoneInfo) -> Mapping[tuple[date, Process], int]:
    """Give the minutes of each process on each local day; where spans overlap, the one that began first has them.

    Which span has an instant depends only on those that cover it: what is read in portions comes out the same.
    """
    seconds: Counter[tuple[date, Process]] = Counter()
    covered: datetime | None = None
    for start, end, process in sorted(set(spans)):
        begin = start if covered is None else max(start, covered)
        if begin < end:
            covered = end
            for day, length in _by_day(begin, end, zone):
                seconds[day, process] += length
    rounded = {key: (length + 30) // 60 for key, length in seconds.items()}
    return {key: minutes for key, minutes in sorted(rounded.items()) if minutes}


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Give the instant at which a local day begins."""
    return datetime.combine(day, time(), zone)


def _by_day(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, int]]:
    """Cut a span (UTC) at local midnights; lengths are in seconds that really pass, whatever the clocks do."""
    while start < end:
        day = start.astimezone(zone).date()
        cut = min(end, midnight(day + A_DAY, zone).astimezone(start.tzinfo))
        yield day, int((cut - start).total_seconds())
        start = cut
