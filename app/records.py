"""The records behind a number, looked up for drill-down: paged, in plain values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, and_, func, literal, or_, select, tuple_, type_coerce

from app.cursors import read_cursor, write_cursor
from app.errors import BadInput
from app.models.ledger import ledger_entry, ledger_line
from app.models.people import party
from app.models.records import document
from app.models.types import Day
from app.rows import TABLES, as_json
from connectors.records import Stream
from signals.calendar import day_number

HIDDEN = {"id", "import_no", "company_id", "row_hash", "source_version", "gone_at", "first_known_at"}
PAGE = 50
NO_DAY = -1_000_000  # sorts what has no day last: no record is 2,700 years old

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, how many there are in all, and where the next page begins; None: this is the last."""

    rows: list[Row]
    total: int
    next: str | None


def records_page(
    conn: Connection, company_id: str, stream: str, *, limit: int = PAGE, cursor: str | None = None
) -> Page:
    """Give a page of a stream's records: those issued last first, those without a day at the end."""
    if stream == "ledger":
        return _entries_page(conn, company_id, limit, cursor)
    table = TABLES[_stream(stream)]
    mine = and_(table.c.company_id == company_id, table.c.gone_at.is_(None))
    total = conn.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
    days = [column for column in table.c if isinstance(column.type, Day)]
    day = table.c.issued_on if "issued_on" in table.c else days[0] if days else None
    newest = literal(NO_DAY) if day is None else func.coalesce(type_coerce(day, Integer), NO_DAY)
    c, name = table.c, f"records {stream}"
    query = select(table, newest.label("newest")).where(mine)
    if cursor is not None:
        last_day, source, last_id = read_cursor(name, cursor, [int, str, str])
        beyond = tuple_(c.connection_id, c.external_id) > tuple_(source, last_id)
        query = query.where((newest < last_day) | ((newest == last_day) & beyond))
    order = (newest.desc(), c.connection_id, c.external_id)
    rows = conn.execute(query.order_by(*order).limit(limit + 1)).mappings().all()
    last = rows[limit - 1] if len(rows) > limit else None
    more = write_cursor(name, [last["newest"], last["connection_id"], last["external_id"]]) if last else None
    return Page([_plain({k: v for k, v in row.items() if k != "newest"}) for row in rows[:limit]], int(total), more)


def _stream(text: str) -> Stream:
    try:
        return Stream(text)
    except ValueError as error:
        raise BadInput("no_such_stream", {"stream": text, "streams": ", ".join(Stream)}) from error


def _plain(row: Mapping[str, Any]) -> Row:
    return as_json({key: value for key, value in row.items() if key not in HIDDEN})


def _entries_page(conn: Connection, company_id: str, limit: int, cursor: str | None) -> Page:
    e, name = ledger_entry.c, "records ledger"
    mine = and_(e.company_id == company_id, e.gone_at.is_(None))
    total = conn.execute(select(func.count()).select_from(ledger_entry).where(mine)).scalar_one()
    query = select(ledger_entry).where(mine)
    if cursor is not None:
        last_day, last_id = read_cursor(name, cursor, [int, int])
        query = query.where(tuple_(type_coerce(e.entry_on, Integer), e.id) < tuple_(last_day, last_id))
    rows = conn.execute(query.order_by(e.entry_on.desc(), e.id.desc()).limit(limit + 1)).mappings().all()
    last = rows[limit - 1] if len(rows) > limit else None
    more = write_cursor(name, [day_number(last["entry_on"]), last["id"]]) if last else None
    return Page(_with_lines(conn, [dict(row) for row in rows[:limit]]), int(total), more)


def _with_lines(conn: Connection, entries: Sequence[Row]) -> list[Row]:
    by_entry: dict[int, list[Row]] = {entry["id"]: [] for entry in entries}
    lines = conn.execute(
        select(ledger_line).where(ledger_line.c.entry_id.in_(list(by_entry))).order_by(ledger_line.c.position)
    ).mappings()
    for line in lines:
        by_entry[line["entry_id"]].append(as_json({k: v for k, v in line.items() if k != "entry_id"}))
    return [_plain(e) | {"lines": by_entry[e["id"]]} for e in entries]


def records_behind(conn: Connection, company_id: str, keys: Sequence[Mapping[str, str]]) -> list[Row]:
    """Give the records a measure names, in its order; a document with its customer's name."""
    found: dict[tuple[str, str, str], Row] = {}
    for stream in {key["stream"] for key in keys}:
        wanted = [key for key in keys if key["stream"] == stream]
        rows = (
            _entries_called(conn, company_id, [key["id"].split("#")[0] for key in wanted])
            if stream == "ledger"
            else _called(conn, company_id, _stream(stream), wanted)
        )
        found.update({(stream, row["connection_id"], row["external_id"]): row for row in rows})
    listed = []
    for key in keys:
        row = found.get((key["stream"], key["connection"], key["id"].split("#")[0]))
        if row is not None:
            listed.append({"stream": key["stream"], **row})
    return listed


def _called(conn: Connection, company_id: str, stream: Stream, keys: Sequence[Mapping[str, str]]) -> list[Row]:
    table = TABLES[stream]
    c, by_source = table.c, dict[str, list[str]]()
    for key in keys:
        by_source.setdefault(key["connection"], []).append(key["id"])
    plain = []
    for source, ids in by_source.items():  # by the primary key alone: a company may have a million rows
        rows = conn.execute(select(table).where(c.connection_id == source, c.external_id.in_(ids))).mappings()
        plain += [_plain(dict(row)) for row in rows if row["company_id"] == company_id]
    return _named(conn, plain) if table is document else plain


def _named(conn: Connection, rows: list[Row]) -> list[Row]:
    pairs = [(row["connection_id"], row["party"]) for row in rows if row["party"]]
    if not pairs:
        return rows
    p = party.c
    labels = {
        (r.connection_id, r.code): r.label
        for r in conn.execute(select(party).where(tuple_(p.connection_id, p.code).in_(pairs)))
    }
    return [row | {"party_label": labels.get((row["connection_id"], row["party"]), "")} for row in rows]


def _readings(external_id: str) -> Iterator[tuple[int, str, str]]:
    """Give each way to read year/journal/number: a journal or a number may hold a slash itself."""
    year, _, rest = external_id.partition("/")
    parts = rest.split("/")
    if year.isdigit():
        for cut in range(1, len(parts)):
            yield int(year), "/".join(parts[:cut]), "/".join(parts[cut:])


def _entries_called(conn: Connection, company_id: str, ids: Sequence[str]) -> list[Row]:
    e = ledger_entry.c
    keys = [
        and_(e.fiscal_year == year, e.journal == journal, e.number == number)
        for one in ids
        for year, journal, number in _readings(one)
    ]
    rows: list[Row] = []
    for start in range(0, len(keys), 100):
        found = conn.execute(
            select(ledger_entry).where(e.company_id == company_id, or_(*keys[start : start + 100]))
        ).mappings()
        rows += [dict(row) for row in found]
    return [
        row | {"external_id": f"{row['fiscal_year']}/{row['journal']}/{row['number']}"}
        for row in _with_lines(conn, rows)
    ]
