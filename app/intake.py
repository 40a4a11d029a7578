"""Intake: pages of records come in, changed rows keep their past, and what they touch is marked.

`sync` walks a connector's streams from the stored bookmarks; `save_page` is the one way in for records: rows, earlier
versions, faults, bookmark and touched months are one commit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    delete,
    insert,
    select,
    tuple_,
    update,
)

from app.bulk import insert_rows, update_rows
from app.db import hold, write
from app.faultpoints import reached
from app.models.core import bookmark, connection, touched_month
from app.models.records import document, quarantined
from app.people import actor_ids, name_actor, save_parties
from app.retention import Horizons, horizons_on, not_past, without_who
from app.rows import ACTORS, LENGTHS, MONTH_COLUMN, TABLES, Row, fit, storable, to_rows
from app.version import VERSION
from app.versions import KEYS_A_SELECT, Kept, keep_versions, rows_with
from connectors.base import Connector, Cursor, Page, Pages
from connectors.errors import StartOver
from connectors.paging import ending
from connectors.records import Delivery, Employee, Invoice, Record, Stream

RAW_KEPT = 2000
IDENTITY = ("connection_id", "external_id")

Outcome = Literal["new", "changed", "unchanged", "older"]


@dataclass(frozen=True, slots=True)
class Saved:
    """What a page did."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    buried: int = 0  # gone at the source
    finished: bool = True  # read to the end, not only for as long as there was time

    def __add__(self, other: "Saved") -> "Saved":
        """Add up two pages."""
        return Saved(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.refused + other.refused,
            self.buried + other.buried,
            self.finished and other.finished,
        )


class _Known(NamedTuple):
    """What we have of a row, as far as it decides whether another is news."""

    row_hash: str
    version: str | None
    gone: bool


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
    enough: Callable[[], bool] | None = None,
) -> Saved:
    """Read every stream of a connector from its bookmark to its end; a page and its bookmark are one commit.

    With a clock, each page is known from the instant it is saved at, so that an answer that was computed while others
    were still to come is seen to be older than they are; without one, all are known from `now`.

    `enough` is asked after each page: where it says so the reading stops, unfinished, and goes on from there another
    time; streams that it read to their end are not read again before all have been.
    """
    with write(engine) as conn:
        source = find_source(conn, connection_id)
        _try_refused_again(conn, connection_id)
        left = _left_to_read(conn, connection_id, connector, now)
        account = account_of(conn, connection_id)
    total = Saved()
    for stream, cursor in left.items():
        for page in _read(engine, source, stream, connector.streams[stream], cursor, now):
            with write(engine) as conn:
                hold(conn, source.company_id)  # before the clock is read: no answer in between is taken for a newer one
                if account_of(conn, connection_id) != account:  # saved anew, or let go: this page is another's
                    return total + Saved(finished=False)
                saved = save_page(conn, source, stream, page, clock() if clock else now)
            reached("sync.page_committed")
            total += saved
            if told is not None:
                told(stream, saved)
            # What would begin again at the same place goes on now: it would never come to an end.
            if enough is not None and page.cursor != cursor and enough():
                return total + Saved(finished=False)
        with write(engine) as conn:
            _end_stream(conn, connection_id, stream, clock() if clock else now)
    with write(engine) as conn:
        conn.execute(update(connection).where(connection.c.id == connection_id).values(begun_at=None))
    return total


def account_of(conn: Connection, connection_id: str) -> tuple[object, ...]:
    """Give what a reading is of: another account, or zone, has bookmarks of its own."""
    c = connection.c
    asked = select(c.settings, c.zone, c.streams, c.connected_by).where(c.id == connection_id)
    return tuple(conn.execute(asked).one_or_none() or ())


def _left_to_read(
    conn: Connection, connection_id: str, connector: Connector, now: datetime
) -> dict[Stream, Cursor | None]:
    """Give the streams that may be read and are not yet in the reading under way, with where each resumes."""
    c, b = connection.c, bookmark.c
    row = conn.execute(select(c.streams, c.begun_at).where(c.id == connection_id)).one()
    marks = {str(m.stream): m for m in conn.execute(select(bookmark).where(b.connection_id == connection_id))}
    done = {key for key, m in marks.items() if row.begun_at and m.ended_at and m.ended_at >= row.begun_at}
    may = [stream for stream in connector.streams if row.streams is None or stream.value in row.streams]
    left = [stream for stream in may if stream.value not in done]
    if row.begun_at is None or not left:  # a reading that came to its end is followed by another
        conn.execute(update(connection).where(c.id == connection_id).values(begun_at=now))
    return {s: (marks[s.value].cursor or None) if s.value in marks else None for s in left or may}


def _end_stream(conn: Connection, connection_id: str, stream: Stream, now: datetime) -> None:
    b = bookmark.c
    here = (b.connection_id == connection_id) & (b.stream == stream.value)
    conn.execute(update(bookmark).where(here).values(ended_at=now))


def _read(
    engine: Engine, source: Source, stream: Stream, pages: Pages, cursor: Cursor | None, now: datetime
) -> Iterator[Page]:
    """Give the pages of a stream; one whose bookmark leads nowhere begins anew."""
    try:
        yield from ending(pages(cursor))
    except StartOver:
        if cursor is None:
            raise
        with write(engine) as conn:
            _forget_bookmark(conn, source.connection_id, stream, now)
        yield from ending(pages(None))


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
    conn: Connection, source: Source, stream: Stream, page: Page, now: datetime, *, turns: bool = True
) -> tuple[Saved, Mapping[str, Outcome]]:
    """Keep a page, and tell of each record what became of it: new, changed, unchanged, or older than ours.

    A page that `turns` the bookmark belongs to a reading; one that does not is of a single object.
    """
    hold(conn, source.company_id)
    newest = {record.external_id: record for record in page.records}  # the last of a page wins
    outcomes = _save_records(conn, source, stream, list(newest.values()), now)
    reached("sync.rows_saved")
    buried = _bury(conn, source, stream, page.gone, now)
    _quarantine(conn, source, stream, page, now)
    if turns:
        _turn_bookmark(conn, source, stream, page, now)
        reached("sync.bookmark_turned")
    told = Counter(outcomes.values())
    saved = Saved(
        new=told["new"],
        changed=told["changed"],
        unchanged=told["unchanged"] + told["older"],
        refused=len({fault.place for fault in page.faults if not fault.kept}),
        buried=buried,
    )
    if saved.new or saved.changed:
        conn.execute(update(connection).where(connection.c.id == source.connection_id).values(changed_at=now))
    return saved, outcomes


def _save_records(
    conn: Connection, source: Source, stream: Stream, records: Sequence[Record], now: datetime
) -> dict[str, Outcome]:
    table, terms = TABLES[stream], horizons_on(conn, source.company_id, now)
    asked, records = records, _within_term(conn, source, stream, records, terms)
    left_out: dict[str, Outcome] = {}
    if len(records) < len(asked):
        taken = {record.external_id for record in records}
        left_out = {one.external_id: "unchanged" for one in asked if one.external_id not in taken}
    if not records:
        return left_out
    actors = _know_people(conn, source, records, now)
    rows = to_rows(records, actors, source.zone)
    without_who(terms, stream, MONTH_COLUMN.get(stream, ""), rows)
    known = _known(conn, table, source.connection_id, [row["external_id"] for row in rows])
    outcomes = {row["external_id"]: _outcome(row, known.get(row["external_id"])) for row in rows}
    new = [row for row in rows if outcomes[row["external_id"]] == "new"]
    changed = [row for row in rows if outcomes[row["external_id"]] == "changed"]
    here, kept = {"connection_id": source.connection_id}, {"known_at": now, "gone_at": None}
    insert_rows(conn, table, new, {**here, "company_id": source.company_id, **kept, "first_known_at": now})
    were = _keep_versions(conn, source, stream, [row["external_id"] for row in changed], now)
    update_rows(conn, table, IDENTITY, _differing(changed, were), here | kept)
    _remember_versions(conn, table, source, rows, known)
    _touch(conn, source, stream, [*new, *changed], were)
    return left_out | outcomes


def _within_term(
    conn: Connection, source: Source, stream: Stream, records: Sequence[Record], terms: Horizons
) -> Sequence[Record]:
    """Leave out what is past the term it is kept for; of what we have, the source's word still counts."""
    within = not_past(terms, stream, records, source.zone)
    if len(within) == len(records):
        return records
    past = {record.external_id for record in records} - {record.external_id for record in within}
    ours = _known(conn, TABLES[stream], source.connection_id, [fit(one, LENGTHS["external_id"]) for one in past])
    return [record for record in records if record.external_id not in past or record.external_id in ours]


def _know_people(conn: Connection, source: Source, records: Sequence[Record], now: datetime) -> dict[str, str]:
    """Put names and logins where they belong, and give the pseudonyms."""
    logins = {getattr(record, field, None) for record in records for field in ACTORS}
    actors = actor_ids(conn, source.company_id, (login for login in logins if login), now)
    for record in records:
        if isinstance(record, Employee) and record.actor and (record.name or record.role):
            role = record.role.value if record.role else None
            name_actor(conn, source.company_id, record.actor, now, name=record.name, role=role, ours=False)
    billed = [r for r in records if isinstance(r, Invoice | Delivery)]
    labels = {fit(r.party, LENGTHS["party"]): r.party_label for r in billed if r.party and r.party_label}
    save_parties(conn, source.connection_id, labels)
    return actors


def _known(conn: Connection, table: Table, connection_id: str, ids: Sequence[str]) -> dict[str, _Known]:
    """Look up what decides whether a row is news; of an unchanged row nothing more is read."""
    c = table.c
    asked = select(c.external_id, c.row_hash, c.source_version, c.gone_at.is_not(None).label("gone"))
    found = map(tuple, rows_with(conn, asked, table, connection_id, ids))
    return {key: _Known(row_hash, version, bool(gone)) for key, row_hash, version, gone in found}


def _outcome(row: Row, known: _Known | None) -> Outcome:
    """Say what becomes of a row: it replaces ours where its content is another, and its version is no older."""
    if known is None:
        return "new"
    if not _is_not_older(row["source_version"], known.version):
        return "older"
    return "unchanged" if row["row_hash"] == known.row_hash and not known.gone else "changed"


def _is_not_older(theirs: str | None, ours: str | None) -> bool:
    if ours is None or theirs is None or ours == theirs:
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
    conn: Connection, table: Table, source: Source, rows: Sequence[Row], known: Mapping[str, _Known]
) -> None:
    """Keep the source's newer version of rows whose content is the same: an older one may still come, late."""
    newer = [
        {"external_id": row["external_id"], "source_version": theirs}
        for row in rows
        if (theirs := row["source_version"]) is not None
        and (old := known.get(row["external_id"])) is not None
        and theirs != old.version
        and row["row_hash"] == old.row_hash
        and _is_not_older(theirs, old.version)
    ]
    update_rows(conn, table, IDENTITY, newer, {"connection_id": source.connection_id})


def _keep_versions(conn: Connection, source: Source, stream: Stream, ids: Sequence[str], now: datetime) -> Kept:
    return keep_versions(conn, source.company_id, source.connection_id, stream, ids, now)


def _differing(changed: Sequence[Row], were: Kept) -> Sequence[Row]:
    """Leave out the columns in which no row differs from what it was: writing them costs, and moves indexes.

    Where the rows that were never left the database, it sees by itself which indexes stay.
    """
    if were.rows is None:
        return changed
    alike, differing, olds = list(changed[0] if changed else ()), set[str](), were.rows
    take = itemgetter(*alike) if alike else tuple
    for row in changed:
        old = olds[row["external_id"]]
        if take(row) != take(old):
            differing |= {name for name in alike if row[name] != old[name]}
            alike = [name for name in alike if name not in differing]  # the identity stays
            take = itemgetter(*alike)
    return [{name: row[name] for name in ("external_id", *sorted(differing))} for row in changed]


def _touch(conn: Connection, source: Source, stream: Stream, rows: Sequence[Row], were: Kept) -> None:
    column = MONTH_COLUMN.get(stream)
    if column is None:
        return
    months = {row[column] for row in rows if row[column] is not None} | were.months
    if stream is Stream.INVOICES:  # a credit note changes what is known of the invoice it corrects
        months |= _months_of(conn, source, {row["corrects"] for row in rows if row["corrects"]} | were.corrects)
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
    known = _known(conn, table, source.connection_id, [fit(one, LENGTHS["external_id"]) for one in set(ids)])
    left = sorted(key for key, each in known.items() if not each.gone)
    were = _keep_versions(conn, source, stream, left, now)
    gone = {"connection_id": source.connection_id, "gone_at": now, "known_at": now}
    update_rows(conn, table, IDENTITY, [{"external_id": key} for key in left], gone)
    if left:
        _touch(conn, source, stream, (), were)
        conn.execute(update(connection).where(connection.c.id == source.connection_id).values(changed_at=now))
    return len(left)


def bury(engine: Engine, connection_id: str, stream: Stream, ids: Sequence[str], now: datetime) -> int:
    """Mark records that a source no longer has; say how many of them we had."""
    with write(engine) as conn:
        source = find_source(conn, connection_id)
        hold(conn, source.company_id)
        return _bury(conn, source, stream, ids, now)


def _place(place: str) -> str:
    return fit(storable(place), LENGTHS["external_id"])


def _quarantine(conn: Connection, source: Source, stream: Stream, page: Page, now: datetime) -> None:
    """Keep the rows of a page that made no sense; one that was set aside before and can be read now leaves."""
    q, faults = quarantined.c, page.faults
    here = (q.connection_id == source.connection_id) & (q.stream == stream.value) & q.import_no.is_(None)
    if conn.execute(select(q.id).where(here).limit(1)).first() is not None:
        places = sorted(map(_place, {fault.place for fault in faults} | {r.external_id for r in page.records}))
        for start in range(0, len(places), KEYS_A_SELECT):
            conn.execute(delete(quarantined).where(here, q.place.in_(places[start : start + KEYS_A_SELECT])))
    rows = [
        {
            "company_id": source.company_id,
            "connection_id": source.connection_id,
            "stream": stream.value,
            "place": _place(fault.place),
            "code": fault.code,
            "params": {name: storable(value) for name, value in fault.params.items()},
            "raw": storable(fault.raw)[:RAW_KEPT],
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
        if conn.dialect.name == "postgresql":  # uncounted, a table is read whole for each id, until some minutes later
            conn.exec_driver_sql(f"ANALYZE {TABLES[stream].name}")
