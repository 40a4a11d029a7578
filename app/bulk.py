"""Many rows in at the driver's own speed: executemany on SQLite, COPY on PostgreSQL."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table


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
    raw = conn.connection.driver_connection
    if raw is None:
        message = "the connection is closed"
        raise RuntimeError(message)
    with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in listed:
            copy.write_row(row)
