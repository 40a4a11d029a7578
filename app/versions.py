"""What rows were: each is kept whole before it changes or goes, true from when it was known until it was superseded."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    Numeric,
    Select,
    String,
    Subquery,
    Table,
    cast,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    true,
    type_coerce,
)
from sqlalchemy import Row as SqlRow
from sqlalchemy.types import TypeEngine

from app.bulk import insert_rows
from app.models.records import record_version
from app.models.types import Day, Instant
from app.rows import MONTH_COLUMN, TABLES, Row
from connectors.records import Stream
from signals.calendar import day_of

KEYS_A_SELECT = 500

_TOLD_AS_TEXT = (Day, Instant, Numeric)
_PLAIN: Mapping[type, TypeEngine[Any]] = {Day: Integer(), Instant: DateTime(timezone=True)}
_VERSION = ("company_id", "connection_id", "stream", "external_id", "known_at", "superseded_at", "gone", "row")


class Kept(NamedTuple):
    """What was kept.

    `rows` are the rows as they were, by external id, days as day numbers; None where they never left the database.
    `months` and `corrects` say which months and which other documents they were part of.
    """

    rows: Mapping[str, Row] | None = None
    months: frozenset[int] = frozenset()
    corrects: frozenset[str] = frozenset()


def rows_with(
    conn: Connection, asked: Select[Any], table: Table, connection_id: str, ids: Sequence[str]
) -> Iterator[SqlRow[Any]]:
    """Give the rows with these ids, each looked up by its key."""
    c = table.c
    if not ids:
        return
    if conn.dialect.name == "postgresql":
        yield from conn.execute(select(_each(asked, table, connection_id, ids))).all()
        return
    for start in range(0, len(ids), KEYS_A_SELECT):
        some = ids[start : start + KEYS_A_SELECT]
        yield from conn.execute(asked.where(c.connection_id == connection_id, c.external_id.in_(some))).all()


def _each(asked: Select[Any], table: Table, connection_id: str, ids: Sequence[str]) -> Subquery:
    """Look each id up by the primary key, whatever PostgreSQL believes of the table's size."""
    c = table.c
    wanted = func.unnest(literal(list(ids), ARRAY(String))).table_valued("id").render_derived()
    found = asked.where(c.connection_id == connection_id, c.external_id == wanted.c.id).offset(0).lateral()
    return select(found).select_from(wanted.join(found, true())).subquery("old")


def keep_versions(
    conn: Connection, company_id: str, connection_id: str, stream: Stream, ids: Sequence[str], now: datetime
) -> Kept:
    """Keep what rows were before they change or go."""
    if not ids:
        return Kept({})
    if conn.dialect.name == "postgresql":
        return _keep_there(conn, company_id, connection_id, stream, ids, now)
    olds = _olds(conn, TABLES[stream], connection_id, ids)
    versions = [
        {
            "external_id": key,
            "known_at": _in_utc(old["known_at"]),
            "gone": old["gone_at"] is not None,
            "row": json.dumps(old | _as_texts(TABLES[stream], old)),
        }
        for key, old in olds.items()
    ]
    named = {"company_id": company_id, "connection_id": connection_id, "stream": stream.value}
    insert_rows(conn, record_version, versions, named | {"superseded_at": now})
    column = MONTH_COLUMN.get(stream, "")
    return Kept(
        olds,
        frozenset(old[column] for old in olds.values() if old.get(column) is not None),
        frozenset(old["corrects"] for old in olds.values() if old.get("corrects")),
    )


def _olds(conn: Connection, table: Table, connection_id: str, ids: Sequence[str]) -> dict[str, Row]:
    names, plain = _plainly(table)
    found = rows_with(conn, plain, table, connection_id, ids)
    return {old["external_id"]: old for row in found for old in [dict(zip(names, row, strict=True))]}


@lru_cache
def _plainly(table: Table) -> tuple[list[str], Select[Any]]:
    """Read a table's rows without our own types, which cost more than all the rest."""
    plain = (type_coerce(c, _PLAIN[type(c.type)]).label(c.name) if type(c.type) in _PLAIN else c for c in table.columns)
    return [c.name for c in table.columns], select(*plain)


@lru_cache
def _told_as_text(table: Table) -> list[list[str]]:
    return [[c.name for c in table.columns if isinstance(c.type, kind)] for kind in _TOLD_AS_TEXT]


def _as_texts(table: Table, old: Row) -> Row:
    days, instants, numbers = _told_as_text(table)
    return (
        {name: _day_text(old[name]) for name in days}
        | {name: _instant_text(old[name]) for name in instants}
        | {name: str(old[name]) for name in numbers if old[name] is not None}
    )


@lru_cache(maxsize=10_000)
def _day_text(number: int | None) -> str | None:
    return None if number is None else day_of(number).isoformat()


@lru_cache(maxsize=10_000)
def _instant_text(at: datetime | None) -> str | None:
    return None if at is None else _in_utc(at).isoformat()


def _in_utc(at: datetime) -> datetime:
    """Give an instant as it is stored: SQLite keeps the clock face in UTC, without saying so."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _keep_there(
    conn: Connection, company_id: str, connection_id: str, stream: Stream, ids: Sequence[str], now: datetime
) -> Kept:
    """Do so inside PostgreSQL: what rows were need not travel here and back."""
    table, v = TABLES[stream], record_version.c
    texts = select(*(_text(c).label(c.name) for c in table.columns))
    old = select(_each(texts, table, connection_id, ids)).cte("old")
    kept = select(
        literal(company_id), literal(connection_id), literal(stream.value), old.c.external_id,
        cast(old.c.known_at, v.known_at.type), literal(now, v.superseded_at.type), old.c.gone_at.is_not(None),
        func.row_to_json(literal_column("old")),
    ).select_from(old)  # fmt: skip
    told = (old.c[name] if name in old.c else null() for name in (MONTH_COLUMN.get(stream, ""), "corrects"))
    keep = insert(record_version).from_select(_VERSION, kept).cte("kept")
    found = conn.execute(select(*told).distinct().add_cte(keep)).all()
    return Kept(
        None,
        frozenset(month for month, _ in found if month is not None),
        frozenset(corrects for _, corrects in found if corrects),
    )


def _text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Write a value as it stands in a version: days and instants in ISO 8601, decimals as they are spelled."""
    if isinstance(column.type, Day):
        return func.to_char(literal_column("date '1970-01-01'") + type_coerce(column, Integer), "YYYY-MM-DD")
    if isinstance(column.type, Instant):
        return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
    return cast(column, String) if isinstance(column.type, Numeric) else column
