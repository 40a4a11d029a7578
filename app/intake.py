"""Intake: pages of records come in, changed rows keep their past, and what they touch is marked.

`sync` walks a connector's streams from the stored bookmarks; `save_page` is the one way in for records: rows, earlier
versions, faults, bookmark and touched months are one commit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Table, delete, insert, select, tuple_, update

from app.db import hold, write
from app.faultpoints import reached
from app.models.core import bookmark, connection, touched_month
from app.models.records import document, quarantined, record_version
from app.people import actor_ids, name_actor, save_parties
from app.rows import ACTORS, LENGTHS, MONTH_COLUMN, TABLES, Row, as_json, fit, to_row
from app.version import VERSION
from connectors.base import Connector, Cursor, Page
from connectors.errors import StartOver
from connectors.records import Employee, Invoice, Record, Stream

KEYS_A_SELECT = 500
RAW_KEPT = 2000

Outcome = Literal["new", "changed", "unchanged", "older"]


@dataclass(frozen=True, slots=True)
class Saved:
    """What a page did."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    def __add__(self, other: "Saved") -> "Saved":
        """Add up two pages."""
        return Saved(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.refused + other.refused,
        )


@dataclass(frozen=True, slots=True)
class Source:
    """The connection a page came through."""

    company_id: str
    connection_id: str
    zone: ZoneInfo


def find_source(conn: Connection, connection_id: str) -> Source:
    """Look a connection up."""
    row = conn.execute(select(connection).where(connection.c.id == connection_id)).mappings().one()
    return Source(row["company_id"], connection_id, ZoneInfo(row["zone"]))


def sync(
    engine: Engine,
    connection_id: str,
    connector: Connector,
    now: datetime,
    *,
    told: Callable[[Stream, Saved], None] | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Saved:
    """Read every stream of a connector from its bookmark to its end; a page and its bookmark are one commit.

    With a clock, each page is known from the instant it is saved at, so that an answer that was computed while others
    were still to come is seen to be older than they are; without one, all are known from `now`.
    """
    with write(engine) as conn:
        source = find_source(conn, connection_id)
        _try_refused_again(conn, connection_id)
        wanted = conn.execute(select(connection.c.streams).where(connection.c.id == connection_id)).scalar()
        rows = conn.execute(
            select(bookmark.c.stream, bookmark.c.cursor).where(bookmark.c.connection_id == connection_id)
        )
        cursors: dict[str, Cursor] = {str(stream): cursor for stream, cursor in rows if cursor}
    total = Saved()
    for stream, page in _read(engine, source, connector, wanted, cursors, now):
        with write(engine) as conn:
            hold(conn, source.company_id)  # before the clock is read: no answer in between is taken for a newer one
            saved = save_page(conn, source, stream, page, clock() if clock else now)
        reached("sync.page_committed")
        total += saved
        if told is not None:
            told(stream, saved)
    return total


def _read(
    engine: Engine,
    source: Source,
    connector: Connector,
    wanted: Sequence[str] | None,
    cursors: Mapping[str, Cursor],
    now: datetime,
) -> Iterator[tuple[Stream, Page]]:
    """Give the pages of the streams that may be read; one whose bookmark leads nowhere begins anew."""
    for stream, pages in connector.streams.items():
        if wanted is not None and stream not in wanted:
            continue
        cursor = cursors.get(stream)
        try:
            for page in pages(cursor):
                yield stream, page
        except StartOver:
            if cursor is None:
                raise
            with write(engine) as conn:
                _forget_bookmark(conn, source.connection_id, stream, now)
            for page in pages(None):
                yield stream, page


def _try_refused_again(conn: Connection, connection_id: str) -> None:
    """Begin those streams anew whose rows an older version of Seuil could not read."""
    q, b = quarantined.c, bookmark.c
    old = (q.connection_id == connection_id) & q.import_no.is_(None) & q.version.is_not(None) & (q.version != VERSION)
    streams = list(conn.execute(select(q.stream).where(old).distinct()).scalars())
    if streams:
        conn.execute(delete(quarantined).where(old))
        conn.execute(delete(bookmark).where(b.connection_id == connection_id, b.stream.in_(streams)))


def _forget_bookmark(conn: Connection, connection_id: str, stream: Stream, now: datetime) -> None:
    """Read a stream from its beginning, say since when, and have its ids compared at the end."""
    b = bookmark.c
    where = (b.connection_id == connection_id) & (b.stream == stream.value)
    conn.execute(update(bookmark).where(where).values(cursor={}, started_over_at=now, swept_at=None))


def save_page(conn: Connection, source: Source, stream: Stream, page: Page, now: datetime) -> Saved:
    """Keep a page: its rows, the versions they replace, its faults, its bookmark, and the months it touched."""
    saved, _ = save_told(conn, source, stream, page, now)
    return saved


def save_told(
    conn: Connection, source: Source, stream: Stream, page: Page, now: datetime
) -> tuple[Saved, Mapping[str, Outcome]]:
    """Keep a page, and tell of each record what became of it: new, changed, unchanged, or older than ours."""
    hold(conn, source.company_id)
    newest = {record.external_id: record for record in page.records}  # the last of a page wins
    outcomes = _save_records(conn, source, stream, list(newest.values()), now)
    reached("sync.rows_saved")
    _bury(conn, source, stream, page.gone, now)
    _quarantine(conn, source, stream, page, now)
    _turn_bookmark(conn, source, stream, page, now)
    reached("sync.bookmark_turned")
    told = Counter(outcomes.values())
    saved = Saved(
        new=told["new"],
        changed=told["changed"],
        unchanged=told["unchanged"] + told["older"],
        refused=len({fault.place for fault in page.faults if not fault.kept}),
    )
    if saved.new or saved.changed:
        conn.execute(update(connection).where(connection.c.id == source.connection_id).values(changed_at=now))
    return saved, outcomes


def _save_records(
    conn: Connection, source: Source, stream: Stream, records: Sequence[Record], now: datetime
) -> dict[str, Outcome]:
    if not records:
        return {}
    table = TABLES[stream]
    actors = _know_people(conn, source, records, now)
    rows = [to_row(record, actors, source.zone) for record in records]
    known = _known_rows(conn, table, source.connection_id, [row["external_id"] for row in rows])
    new = [row for row in rows if row["external_id"] not in known]
    changed = [row for row in rows if _is_news(row, known.get(row["external_id"]))]
    kept = {"connection_id": source.connection_id, "company_id": source.company_id, "known_at": now, "gone_at": None}
    if new:
        conn.execute(insert(table), [row | kept | {"first_known_at": now} for row in new])
    if changed:
        olds = [known[row["external_id"]] for row in changed]
        conn.execute(insert(record_version), [_version(stream, old, now) for old in olds])
        for row in changed:
            conn.execute(
                update(table)
                .where(table.c.connection_id == source.connection_id, table.c.external_id == row["external_id"])
                .values(**row, **kept)
            )
        new_and_old = new + changed + [dict(old) for old in olds]
    else:
        new_and_old = new
    _remember_versions(conn, table, source, [(row, old) for row in rows if (old := known.get(row["external_id"]))])
    _touch(conn, source, stream, new_and_old)
    return {row["external_id"]: _outcome(row, known.get(row["external_id"])) for row in rows}


def _know_people(conn: Connection, source: Source, records: Sequence[Record], now: datetime) -> dict[str, str]:
    """Put names and logins where they belong, and give the pseudonyms."""
    logins = {getattr(record, field, None) for record in records for field in ACTORS}
    actors = actor_ids(conn, source.company_id, (login for login in logins if login), now)
    for record in records:
        if isinstance(record, Employee) and record.actor and (record.name or record.role):
            role = record.role.value if record.role else None
            name_actor(conn, source.company_id, record.actor, now, name=record.name, role=role, ours=False)
    billed = [r for r in records if isinstance(r, Invoice)]
    labels = {fit(r.party, LENGTHS["party"]): r.party_label for r in billed if r.party and r.party_label}
    save_parties(conn, source.connection_id, labels)
    return actors


def _known_rows(conn: Connection, table: Table, connection_id: str, ids: list[str]) -> dict[str, Mapping[str, Any]]:
    known: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(ids), KEYS_A_SELECT):
        some = ids[start : start + KEYS_A_SELECT]
        rows = conn.execute(
            select(table).where(table.c.connection_id == connection_id, table.c.external_id.in_(some))
        ).mappings()
        known.update({row["external_id"]: row for row in rows})
    return known


def _is_news(row: Row, known: Mapping[str, Any] | None) -> bool:
    """Say whether a row replaces the one we have: other content, and not an older version of the source's."""
    if known is None or (row["row_hash"] == known["row_hash"] and known["gone_at"] is None):
        return False
    return _is_not_older(row["source_version"], known["source_version"])


def _outcome(row: Row, known: Mapping[str, Any] | None) -> Outcome:
    if known is None:
        return "new"
    if _is_news(row, known):
        return "changed"
    return "unchanged" if _is_not_older(row["source_version"], known["source_version"]) else "older"


def _is_not_older(theirs: str | None, ours: str | None) -> bool:
    if ours is None or theirs is None:
        return True
    instants = _instant(theirs), _instant(ours)
    if instants[0] is not None and instants[1] is not None:
        return instants[0] >= instants[1]
    return (len(theirs), theirs) >= (len(ours), ours)  # counters order so


def _instant(text: str) -> datetime | None:
    """Read a version that is an instant with its offset; a fraction of a second may be there or not."""
    try:
        found = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _remember_versions(
    conn: Connection, table: Table, source: Source, pairs: Sequence[tuple[Row, Mapping[str, Any]]]
) -> None:
    """Keep the source's newer version of rows whose content is the same: an older one may still come, late."""
    for row, old in pairs:
        theirs, ours = row["source_version"], old["source_version"]
        if row["row_hash"] == old["row_hash"] and theirs not in (None, ours) and _is_not_older(theirs, ours):
            conn.execute(
                update(table)
                .where(table.c.connection_id == source.connection_id, table.c.external_id == row["external_id"])
                .values(source_version=theirs)
            )


def _version(stream: Stream, old: Mapping[str, Any], now: datetime) -> Row:
    return {
        "company_id": old["company_id"],
        "connection_id": old["connection_id"],
        "stream": stream.value,
        "external_id": old["external_id"],
        "known_at": old["known_at"],
        "superseded_at": now,
        "gone": old["gone_at"] is not None,
        "row": as_json(old),
    }


def _touch(conn: Connection, source: Source, stream: Stream, rows: Iterable[Row]) -> None:
    column = MONTH_COLUMN.get(stream)
    if column is None:
        return
    rows = list(rows)
    months = {row[column] for row in rows if row[column] is not None}
    if stream is Stream.INVOICES:  # a credit note changes what is known of the invoice it corrects
        months |= _months_of(conn, source, {row["corrects"] for row in rows if row["corrects"]})
    touch(conn, source.company_id, months)


def _months_of(conn: Connection, source: Source, ids: set[str]) -> set[int]:
    months: set[int] = set()
    listed = sorted(ids)
    for start in range(0, len(listed), KEYS_A_SELECT):
        found = conn.execute(
            select(document.c.issue_month)
            .where(
                document.c.connection_id == source.connection_id,
                document.c.external_id.in_(listed[start : start + KEYS_A_SELECT]),
                document.c.issue_month.is_not(None),
            )
            .distinct()
        )
        months |= {int(month) for month in found.scalars()}
    return months


def touch(conn: Connection, company_id: str, months: Iterable[int]) -> None:
    """Mark months whose facts have to be made anew."""
    wanted = sorted(set(months))
    if not wanted:
        return
    pairs = [(company_id, month) for month in wanted]
    conn.execute(delete(touched_month).where(tuple_(touched_month.c.company_id, touched_month.c.month).in_(pairs)))
    conn.execute(insert(touched_month), [{"company_id": company_id, "month": month} for month in wanted])


def _bury(conn: Connection, source: Source, stream: Stream, ids: Sequence[str], now: datetime) -> int:
    """Mark records that the source no longer has, keeping what they were; say how many there were."""
    table = TABLES[stream]
    known = _known_rows(conn, table, source.connection_id, [fit(one, LENGTHS["external_id"]) for one in set(ids)])
    left = [dict(row) for row in known.values() if row["gone_at"] is None]
    for start in range(0, len(left), KEYS_A_SELECT):
        some = left[start : start + KEYS_A_SELECT]
        conn.execute(insert(record_version), [_version(stream, row, now) for row in some])
        conn.execute(
            update(table)
            .where(
                table.c.connection_id == source.connection_id,
                table.c.external_id.in_([row["external_id"] for row in some]),
            )
            .values(gone_at=now, known_at=now)
        )
    if left:
        _touch(conn, source, stream, left)
        conn.execute(update(connection).where(connection.c.id == source.connection_id).values(changed_at=now))
    return len(left)


def bury(engine: Engine, connection_id: str, stream: Stream, ids: Sequence[str], now: datetime) -> int:
    """Mark records that a source no longer has; say how many of them we had."""
    with write(engine) as conn:
        source = find_source(conn, connection_id)
        hold(conn, source.company_id)
        return _bury(conn, source, stream, ids, now)


def _quarantine(conn: Connection, source: Source, stream: Stream, page: Page, now: datetime) -> None:
    """Keep the rows of a page that made no sense; one that was set aside before and can be read now leaves."""
    q, faults = quarantined.c, page.faults
    here = (q.connection_id == source.connection_id) & (q.stream == stream.value) & q.import_no.is_(None)
    if conn.execute(select(q.id).where(here).limit(1)).first() is not None:
        places = sorted({fault.place for fault in faults} | {record.external_id for record in page.records})
        for start in range(0, len(places), KEYS_A_SELECT):
            conn.execute(delete(quarantined).where(here, q.place.in_(places[start : start + KEYS_A_SELECT])))
    rows = [
        {
            "company_id": source.company_id,
            "connection_id": source.connection_id,
            "stream": stream.value,
            "place": fault.place,
            "code": fault.code,
            "params": dict(fault.params),
            "raw": fault.raw[:RAW_KEPT],
            "found_at": now,
            "version": VERSION,
        }
        for fault in faults
        if not fault.kept
    ]
    if rows:
        conn.execute(insert(quarantined), rows)


def _turn_bookmark(conn: Connection, source: Source, stream: Stream, page: Page, now: datetime) -> None:
    b = bookmark.c
    where = (b.connection_id == source.connection_id) & (b.stream == stream.value)
    turned = {"cursor": dict(page.cursor), "read_at": now}
    moved = conn.execute(update(bookmark).where(where).values(**turned, rows=b.rows + len(page.records)))
    if moved.rowcount == 0:
        named = {"connection_id": source.connection_id, "stream": stream.value}
        conn.execute(insert(bookmark).values(**named, **turned, rows=len(page.records)))
