"""What was read from where, when, and how far it reaches."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import (
    Column,
    Connection,
    RowMapping,
    func,
    select,
)

from app.frames import typed
from app.imports import ImportRow, current_imports
from app.models.core import bookmark, connection
from app.models.ledger import ledger_entry
from app.models.people import declaration
from app.models.records import absence, activity, cost, delivery, document, payment, reminder, time_entry
from app.rows import MONTH_COLUMN
from connectors.records import Stream
from signals.calendar import day_number

ONE_DAY = timedelta(days=1)  # whatever the zone

# The day of a record, by stream: how far a source's content reaches.
_DAYS = {
    "invoices": document.c.issued_on,
    "payments": payment.c.paid_on,
    "reminders": reminder.c.sent_on,
    "activities": activity.c.done_on,
    "absences": absence.c.start_on,
    "time": time_entry.c.worked_on,
    "costs": cost.c.incurred_on,
    "deliveries": delivery.c.delivered_on,
}


def feeds(conn: Connection, company_id: str, providers: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Read what each source gave, when it was read, and the days its content spans."""
    rows = conn.execute(select(bookmark).where(bookmark.c.connection_id.in_(list(providers)))).mappings()
    listed = [feed(conn, row, *providers[row["connection_id"]]) for row in rows]
    listed += [
        {
            "connection_id": one.connection_id,
            "provider": "fec",
            "kind": "file",
            "stream": "ledger",
            "rows": one.entries,
            "read_day": day_number(one.applied_at.date()),
            "first_day": day_number(one.first_on) if one.first_on else None,
            "last_day": _reach(conn, one),
        }
        for one in current_imports(conn, company_id)
    ]
    return typed("feeds", pd.DataFrame(listed))


def _reach(conn: Connection, one: ImportRow) -> int | None:
    """Give the last day a ledger file reaches; an entry dated after the file was read is a slip of the hand."""
    if one.last_on is None:
        return None
    e, read_on = ledger_entry.c, one.applied_at.date() + ONE_DAY
    if one.last_on <= read_on:
        return day_number(one.last_on)
    mine = (e.connection_id == one.connection_id, e.gone_at.is_(None), e.entry_on <= read_on)
    last = conn.execute(select(func.max(e.entry_on)).where(*mine)).scalar()
    return day_number(last) if last else None


def feed(conn: Connection, row: RowMapping, provider: str, kind: str) -> dict[str, Any]:
    """Give one stream of one source."""
    column = _DAYS.get(row["stream"])
    first = last = None
    if column is not None:
        # A record dated after it was read says nothing of how far the source reaches.
        read_on = row["read_at"].date() + ONE_DAY
        first, last = _ends(conn, row, column, read_on)
    return {
        "connection_id": row["connection_id"],
        "provider": provider,
        "kind": kind,
        "stream": row["stream"],
        "rows": row["rows"],
        "read_day": day_number(row["read_at"].date()),
        "first_day": day_number(first) if first else None,
        "last_day": day_number(last) if last else None,
    }


def _ends(conn: Connection, row: RowMapping, column: Column[Any], read_on: date) -> tuple[date | None, date | None]:
    """Give the first and the last day of a stream's records up to a day: looked up at both ends, never read through."""
    return _end(conn, row, column, read_on, newest=False), _end(conn, row, column, read_on, newest=True)


def _end(conn: Connection, row: RowMapping, column: Column[Any], read_on: date, *, newest: bool) -> date | None:
    c = column.table.c
    mine = [c.connection_id == row["connection_id"], c.gone_at.is_(None), column <= read_on]
    in_order = column.desc() if newest else column
    if (name := MONTH_COLUMN.get(Stream(row["stream"]))) is not None:
        month, company_id = c[name], select(connection.c.company_id).where(connection.c.id == row["connection_id"])
        mine.append(c.company_id == company_id.scalar_subquery())
        months = select(month).where(*mine).order_by(month.desc() if newest else month).limit(1)
        mine.append(month == months.scalar_subquery())
    return conn.execute(select(column).where(*mine).order_by(in_order).limit(1)).scalar()


def imported_on(conn: Connection, company_id: str) -> date | None:
    """Give the day of the first import; without any, that of the first declaration: from then on answers are live."""
    first = conn.execute(
        select(func.min(connection.c.created_at)).where(connection.c.company_id == company_id)
    ).scalar()
    if first is None:
        first = conn.execute(
            select(func.min(declaration.c.known_at)).where(declaration.c.company_id == company_id)
        ).scalar()
    return first.date() if first else None
