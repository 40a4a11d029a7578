"""Many rows in at the driver's own speed: executemany on SQLite, COPY on PostgreSQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Numeric, Table
from sqlalchemy.exc import DBAPIError

from app.models.types import Instant

FEW = 50  # rows for which a table aside is more work than they are

Row = Mapping[str, Any]


def bulk_insert(conn: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows given as values in the order of `columns`; days already as day numbers."""
    listed = list(rows)
    if not listed:
        return
    names = ", ".join(columns)
    if conn.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        # Names are our own tables' and columns', values are bound.
        conn.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", [tuple(r) for r in listed])  # noqa: S608
        return
    _copy(conn, table.name, names, listed)


def insert_rows(conn: Connection, table: Table, rows: Sequence[Row], same: Row | None = None) -> None:
    """Insert rows that have the same columns, each with what is the `same` in all of them.

    Days are day numbers, instants are as they are, JSON is text.
    """
    if rows:
        columns = (*rows[0], *(same or {}))
        values = _values(conn, table, columns, rows, same or {})
        bulk_insert(conn, table, columns, values)


def update_rows(
    conn: Connection, table: Table, keys: Sequence[str], rows: Sequence[Row], same: Row | None = None
) -> None:
    """Update rows that have the same columns; `keys` say which row of the table each is."""
    if not rows:
        return
    told = tuple(name for name in (*rows[0], *(same or {})) if name not in keys)
    columns = (*told, *keys)
    values = list(_values(conn, table, columns, rows, same or {}))
    if conn.dialect.name == "sqlite" or len(rows) < FEW:
        mark = "?" if conn.dialect.name == "sqlite" else "%s"
        sets, where = (glue.join(f"{name} = {mark}" for name in some) for glue, some in ((", ", told), (" AND ", keys)))
        conn.exec_driver_sql(f"UPDATE {table.name} SET {sets} WHERE {where}", values)  # noqa: S608 - names are ours
        return
    names, sets = ", ".join(columns), ", ".join(f"{name} = brought.{name}" for name in told)
    where = " AND ".join(f"{table.name}.{name} = brought.{name}" for name in keys)
    conn.exec_driver_sql(
        f"CREATE TEMPORARY TABLE brought ON COMMIT DROP AS SELECT {names} FROM {table.name} WITH NO DATA"  # noqa: S608
    )
    _copy(conn, "brought", names, values)
    conn.exec_driver_sql(f"UPDATE {table.name} SET {sets} FROM brought WHERE {where}")  # noqa: S608
    conn.exec_driver_sql("DROP TABLE brought")


def _values(
    conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row], same: Row
) -> Iterator[tuple[Any, ...]]:
    """Give each row's values in the order of the columns, as the driver takes them; `same` fills the rest."""
    turn = _plain if conn.dialect.name == "sqlite" else _as_it_is
    own = [name for name in columns if name not in same]
    turned = [name for name in own if isinstance(table.c[name].type, Instant | Numeric)] if turn is _plain else []
    fixed, take = {name: turn(value) for name, value in same.items()}, itemgetter(*columns)
    for row in rows:
        yield take({**row, **fixed, **{name: turn(row[name]) for name in turned}})


def _as_it_is(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    """Give a value as SQLite keeps it: an instant by its clock face in UTC, a decimal as the number next to it."""
    if isinstance(value, datetime):
        return _clock_face(value)
    return float(value) if isinstance(value, Decimal) else value


@lru_cache(maxsize=1000)
def _clock_face(at: datetime) -> str:
    """Give an instant as SQLite keeps it: the clock face in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _copy(conn: Connection, table: str, names: str, rows: Iterable[Sequence[Any]]) -> None:
    raw = conn.connection.driver_connection
    if raw is None:
        message = "the connection is closed"
        raise RuntimeError(message)
    with _as_ours(conn), raw.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def _as_ours(conn: Connection) -> Iterator[None]:
    """Have the driver's own errors come out as SQLAlchemy's, which is what callers know; rows belong in no log."""
    base = conn.dialect.loaded_dbapi.Error
    try:
        yield
    except base as error:
        raise DBAPIError.instance("COPY", None, error, base, hide_parameters=True, dialect=conn.dialect) from error
