"""The records behind a number, looked up for drill-down: paged, in plain values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, tuple_

from app.errors import BadInput
from app.models.ledger import ledger_entry, ledger_line
from app.models.people import party
from app.models.records import document
from app.rows import TABLES, as_json
from connectors.records import Stream

HIDDEN = {"id", "import_no", "company_id", "row_hash", "source_version", "gone_at", "first_known_at"}
PAGE = 50

Row = dict[str, Any]


def records_page(
    conn: Connection, company_id: str, stream: str, *, limit: int = PAGE, offset: int = 0
) -> tuple[list[Row], int]:
    """Give a page of a stream's records, newest first, and how many there are."""
    if stream == "ledger":
        return _entries_page(conn, company_id, limit, offset)
    table = TABLES[_stream(stream)]
    mine = and_(table.c.company_id == company_id, table.c.gone_at.is_(None))
    total = conn.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
    newest = table.c.issued_on.desc() if "issued_on" in table.c else table.c.known_at.desc()
    rows = conn.execute(
        select(table).where(mine).order_by(newest, table.c.external_id).limit(limit).offset(offset)
    ).mappings()
    return [_plain(dict(row)) for row in rows], int(total)


def _stream(text: str) -> Stream:
    try:
        return Stream(text)
    except ValueError as error:
        raise BadInput("no_such_stream", {"stream": text, "streams": ", ".join(Stream)}) from error


def _plain(row: Mapping[str, Any]) -> Row:
    return as_json({key: value for key, value in row.items() if key not in HIDDEN})


def _entries_page(conn: Connection, company_id: str, limit: int, offset: int) -> tuple[list[Row], int]:
    e = ledger_entry.c
    mine = and_(e.company_id == company_id, e.gone_at.is_(None))
    total = conn.execute(select(func.count()).select_from(ledger_entry).where(mine)).scalar_one()
    rows = conn.execute(
        select(ledger_entry).where(mine).order_by(e.entry_on.desc(), e.id.desc()).limit(limit).offset(offset)
    ).mappings()
    return _with_lines(conn, [dict(row) for row in rows]), int(total)


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
            else _called(conn, company_id, _stream(stream), [key["id"] for key in wanted])
        )
        found.update({(stream, row["connection_id"], row["external_id"]): row for row in rows})
    listed = []
    for key in keys:
        row = found.get((key["stream"], key["connection"], key["id"].split("#")[0]))
        if row is not None:
            listed.append({"stream": key["stream"], **row})
    return listed


def _called(conn: Connection, company_id: str, stream: Stream, ids: Sequence[str]) -> list[Row]:
    table = TABLES[stream]
    rows = conn.execute(
        select(table).where(table.c.company_id == company_id, table.c.external_id.in_(list(ids)))
    ).mappings()
    plain = [_plain(dict(row)) for row in rows]
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
