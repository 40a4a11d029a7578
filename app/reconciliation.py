"""Figures side by side: what a source says of itself, and what several sources say of the same month.

The first is asked after each reading, where the source can say it, and the newest comparison is stored. The second is
computed from what is kept: one source counts (`app.authority`), the others are held against it and never added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Engine, case, delete, func, insert, select

from app.authority import choices, choose
from app.db import hold, read, write
from app.models.core import connection, reconciliation
from app.models.ledger import ledger_entry
from app.models.records import document
from app.retention import horizons_on
from app.rows import MONTH_COLUMN, TABLES
from connectors.base import Tallied, Total
from connectors.records import Stream
from signals.calendar import month_number

Row = Mapping[str, Any]

_LEDGER_SALE = ("sale", "sale_credit")
_LEDGER_KINDS = (*_LEDGER_SALE, "purchase", "purchase_credit")


@dataclass(frozen=True, slots=True)
class MonthSide:
    """What one source says of a month's documents: how many, and their total with tax (credit notes taken off)."""

    direction: str
    month: int
    connection_id: str
    provider: str
    n: int
    total_minor: int
    counts: bool


def reconcile(engine: Engine, connection_id: str, connector: object, now: datetime) -> int:
    """Ask a source for its own figures and keep them beside ours; say how many differ."""
    if not isinstance(connector, Tallied):
        return 0
    with read(engine) as conn:
        wanted = conn.execute(select(connection.c.streams).where(connection.c.id == connection_id)).scalar()
    if wanted is not None and Stream.INVOICES.value not in wanted:
        return 0  # what sources say figures of, and this account may not read
    totals = list(connector.totals())  # outside a transaction: the network is asked
    with write(engine) as conn:
        company_id = str(conn.execute(select(connection.c.company_id).where(connection.c.id == connection_id)).scalar())
        hold(conn, company_id)
        totals = _within_term(totals, horizons_on(conn, company_id, now).records)
        ours = [_ours(conn, connection_id, total) for total in totals]
        conn.execute(delete(reconciliation).where(reconciliation.c.connection_id == connection_id))
        if totals:
            conn.execute(insert(reconciliation), [
                {
                    "connection_id": connection_id,
                    "stream": total.stream.value,
                    "measure": total.measure,
                    "month": total.month or "",
                    "direction": total.direction or "",
                    "currency": total.currency or "",
                    "theirs": total.value,
                    "ours": mine,
                    "checked_at": now,
                }
                for total, mine in zip(totals, ours, strict=True)
            ])  # fmt: skip
    return sum(total.value != mine for total, mine in zip(totals, ours, strict=True))


def _within_term(totals: Sequence[Total], first_month: int | None) -> list[Total]:
    """Leave out figures of months whose records are no longer kept, and of all there ever was."""
    if first_month is None:
        return list(totals)
    return [one for one in totals if one.month is not None and (month_from(one.month) or 0) >= first_month]


def _ours(conn: Connection, connection_id: str, total: Total) -> int:
    table = TABLES[total.stream]
    c = table.c
    where: list[ColumnElement[bool]] = [c.connection_id == connection_id, c.gone_at.is_(None)]
    if total.direction is not None:
        where.append(c.direction == total.direction)
    if total.currency is not None:
        where.append(c.currency == total.currency)
    if total.month is not None:
        year, month = total.month.split("-")
        where.append(c[MONTH_COLUMN[total.stream]] == int(year) * 12 + int(month) - 1)
    figure: ColumnElement[Any] = func.count()
    if total.measure != "rows":
        amount = c.total_minor if total.stream is Stream.INVOICES else c.amount_minor
        figure = func.sum(case((c.kind == "credit_note", -amount), else_=amount)) if "kind" in c else func.sum(amount)
    return int(conn.execute(select(figure).where(*where)).scalar() or 0)


def gaps(conn: Connection, connection_id: str) -> list[Row]:
    """List the newest comparison of a source's own figures with ours."""
    r = reconciliation.c
    query = select(reconciliation).where(r.connection_id == connection_id)
    return [dict(row) for row in conn.execute(query.order_by(r.stream, r.direction, r.month, r.measure)).mappings()]


def months_told_twice(conn: Connection, company_id: str, *, since: int) -> list[MonthSide]:
    """Give what each source says of the months from `since` on that more than one tells of, newest month first."""
    rows = [*_listed(conn, company_id, since), *_booked(conn, company_id, since)]
    providers = _providers(conn, company_id)
    seen = pd.DataFrame(rows, columns=["direction", "month", "connection_id", "n", "total_minor"])
    authority = choose(seen, providers, choices(conn, company_id))
    told: dict[tuple[str, int], int] = {}
    for direction, month, *_ in rows:
        told[direction, month] = told.get((direction, month), 0) + 1
    sides = [
        MonthSide(d, m, key, providers[key], int(n), int(total or 0), counts=authority[d, m] == key)
        for d, m, key, n, total in rows
        if told[d, m] > 1
    ]
    return sorted(sides, key=lambda side: (-side.month, side.direction, not side.counts, side.provider))


def _providers(conn: Connection, company_id: str) -> dict[str, str]:
    rows = conn.execute(select(connection.c.id, connection.c.provider).where(connection.c.company_id == company_id))
    return {str(key): str(provider) for key, provider in rows}


def _listed(conn: Connection, company_id: str, since: int) -> Sequence[tuple[str, int, str, int, int]]:
    d = document.c
    total = func.sum(case((d.status == "cancelled", 0), (d.kind == "credit_note", -d.total_minor), else_=d.total_minor))
    query = (
        select(d.direction, d.issue_month, d.connection_id, func.count(), total)
        .where(d.company_id == company_id, d.gone_at.is_(None), d.status != "draft", d.issue_month >= since)
        .group_by(d.direction, d.issue_month, d.connection_id)
    )
    return [tuple(row) for row in conn.execute(query)]


def _booked(conn: Connection, company_id: str, since: int) -> Sequence[tuple[str, int, str, int, int]]:
    e = ledger_entry.c
    direction = case((e.kind.in_(_LEDGER_SALE), "sale"), else_="purchase")
    total = func.sum(case((e.kind.in_(("sale_credit", "purchase_credit")), -e.total_minor), else_=e.total_minor))
    query = (
        select(direction, e.entry_month, e.connection_id, func.count(), total)
        .where(e.company_id == company_id, e.gone_at.is_(None), e.kind.in_(_LEDGER_KINDS), e.entry_month >= since)
        .group_by(direction, e.entry_month, e.connection_id)
    )
    return [tuple(row) for row in conn.execute(query)]


def month_from(text: str) -> int | None:
    """Read a month written as 2026-03."""
    try:
        return month_number(date.fromisoformat(f"{text.strip()}-01"))
    except ValueError:
        return None
