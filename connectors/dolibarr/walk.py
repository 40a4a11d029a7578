"""Reading lists whole once, and from then on the rows that changed, each list in the order of ids.

A reading is told by the instant it `begun` at, the `part` it is in, and the id `after` which it goes on; the next one
asks for what changed since then. A row that changes while it lasts, or is committed late, changed since it began.
Days are compared in the database's own time, which nobody tells: the overlap is as wide as zones are apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.base import Cursor
from connectors.dolibarr.fields import Row
from connectors.dolibarr.source import Listing, Source

OVERLAP = timedelta(hours=26)
"""Zones are up to 14 hours from UTC; the rest is for clocks that differ and transactions that last."""


@dataclass(frozen=True, slots=True)
class Part:
    """A list that is walked; `later` is one that only matters from the second reading on."""

    name: str
    listing: Listing
    filters: tuple[str, ...] = ()
    later: bool = False


@dataclass(frozen=True, slots=True)
class Portion:
    """Some rows of a part, and where to resume once they are safe; `whole` says that all there is is being read."""

    part: str
    rows: Sequence[Row]
    cursor: Cursor
    whole: bool


def walk(source: Source, parts: Sequence[Part], cursor: Cursor | None, now: datetime) -> Iterator[Portion]:
    """Give the portions of all parts from a cursor on; the last of them says that the reading is over."""
    place = dict(cursor or {})
    since = place.get("since", "")
    begun = place.get("begun", now.astimezone(UTC).isoformat())
    names = [part.name for part in parts]
    first = names.index(place["part"]) if place.get("part") in names else 0
    if not cursor:  # a right that is missing shows before the first page, whichever part it is of
        for part in parts[1:]:
            next(source.listed(part.listing, *part.filters, params={"limit": 1}), None)
    for part in parts[first:]:
        if part.later and not since:
            continue
        after = int(place.get("after", "0")) if place.get("part") == part.name else 0
        changed = (f"(t.tms:>=:'{_day_before(since)}')",) if since else ()
        told = {"begun": begun, "part": part.name} | ({"since": since} if since else {})
        for rows, last in source.listed(part.listing, *part.filters, *changed, after=after):
            yield Portion(part.name, rows, told | {"after": str(last)}, not since)
    yield Portion("", (), {"since": begun}, not since)


def _day_before(since: str) -> str:
    """Give a day that every clock had passed into when a reading began, less what is committed late."""
    return f"{datetime.fromisoformat(since) - OVERLAP:%Y-%m-%d}"
