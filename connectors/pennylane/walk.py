"""Reading both kinds of documents whole once, and from then on what changed.

Where a reading stands is told for each kind by `since`, the instant from which changes are still to be asked for, and
while the first listing lasts by `after`, the id up to which it came. `since` is taken before the listing begins, so
what changes meanwhile comes again afterwards.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connectors.base import Cursor, Page
from connectors.errors import StartOver
from connectors.pennylane.fields import Row, instant, number, text
from connectors.pennylane.source import A_PAGE, WEEKS_KEPT, Source
from connectors.records import Direction

OVERLAP = timedelta(hours=1)
"""Changes reach the vendor's list of changes late, and clocks differ: so much is asked for twice."""

OLDEST = timedelta(weeks=WEEKS_KEPT, days=-1)
"""A position older than this is not tried: what the vendor forgets meanwhile would be missed."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far the reading of a kind of document has come; `after` is None when its listing is over."""

    since: datetime
    after: int | None


@dataclass(frozen=True, slots=True)
class Portion:
    """Some documents as they are now, and the ids of those that are gone."""

    direction: Direction
    rows: tuple[Row, ...]
    gone: tuple[int, ...] = ()


def walk(
    source: Source, now: datetime, cursor: Cursor | None, read: Callable[[Portion, Cursor], Page]
) -> Iterator[Page]:
    """Give the pages that `read` makes of the portions from a cursor on; StartOver where changes are forgotten."""
    places = _places(cursor or {})
    if not cursor:  # a right that is missing shows before the first page, whichever it is
        for direction in Direction:
            source.check(direction)
    for direction in Direction:
        for portion, place in _portions(source, direction, places.get(direction), now):
            places[direction] = place
            yield read(portion, _cursor(places))


def _portions(
    source: Source, direction: Direction, place: Place | None, now: datetime
) -> Iterator[tuple[Portion, Place]]:
    if place is not None and place.since < now - OLDEST:
        raise StartOver(code="changelog_too_old", params={"weeks": str(WEEKS_KEPT)})
    if place is None or place.after is not None:
        after = place.after or 0 if place is not None else 0
        for rows in source.listed(direction, after):
            after = max([after, *(found for row in rows if (found := number(row)) is not None)])
            place = Place(place.since if place is not None else source.began - OVERLAP, after)
            yield Portion(direction, tuple(rows)), place
    since = place.since if place is not None else source.began - OVERLAP
    yield from _changed(source, direction, Place(since, None))


def _changed(source: Source, direction: Direction, place: Place) -> Iterator[tuple[Portion, Place]]:
    """Give the documents of each page of changes as they are now; its place counts when all of them are given."""
    last = place.since
    for events in source.changes(direction, place.since):
        last = max([last, *(at for row in events if (at := instant(row, "processed_at")) is not None)])
        deleted = {found: text(row, "operation") == "delete" for row in events if (found := number(row)) is not None}
        ids = list(deleted)
        for start in range(0, len(ids), A_PAGE):
            some = ids[start : start + A_PAGE]
            yield _now(source, direction, {one: deleted[one] for one in some}), place
        place = replace(place, since=max(place.since, last - OVERLAP))
        yield Portion(direction, ()), place
    yield Portion(direction, ()), replace(place, since=max(place.since, max(last, source.began) - OVERLAP))


def _now(source: Source, direction: Direction, deleted: Mapping[int, bool]) -> Portion:
    """Read documents that changed; one that did not come with the others is asked for by itself."""
    rows = source.by_ids(direction, list(deleted))
    missing = deleted.keys() - {number(row) for row in rows}
    gone = []
    for one in sorted(missing):
        found = None if deleted[one] else source.document(direction, one)
        if found is None:
            gone.append(one)
        else:
            rows.append(found)
    return Portion(direction, tuple(rows), tuple(gone))


def _places(cursor: Cursor) -> dict[Direction, Place]:
    return {
        direction: Place(
            datetime.fromisoformat(cursor[f"{direction.value}_since"]),
            int(cursor[f"{direction.value}_after"]) if f"{direction.value}_after" in cursor else None,
        )
        for direction in Direction
        if f"{direction.value}_since" in cursor
    }


def _cursor(places: Mapping[Direction, Place]) -> Cursor:
    told = {}
    for direction, place in places.items():
        told[f"{direction.value}_since"] = place.since.astimezone(UTC).isoformat()
        if place.after is not None:
            told[f"{direction.value}_after"] = str(place.after)
    return told
