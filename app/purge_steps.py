"""What a purge does, batch by batch: each function removes some rows of one kind and says how many.

Each works inside one transaction that holds the company. Rows go with their versions, and the months they were of are
marked, so that facts are made anew from what is left: a purged month is a month of which nothing is known.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    cast,
    delete,
    false,
    func,
    insert,
    null,
    or_,
    select,
    tuple_,
    update,
)

from app.models.answers import assessment
from app.models.channels import channel, notice
from app.models.core import touched_month
from app.models.ledger import ledger_entry
from app.models.records import absence, document, payment, record_version, staff
from app.models.watch import episode, letter
from app.retention import WHO
from app.rows import MONTH_COLUMN, TABLES
from connectors.records import Stream
from signals.calendar import month_start

BATCH = 2_000
IDS_A_STATEMENT = 500
FEW = 200  # letters and answers: each is a page of text
WAITS = ("waiting", "sending", "held")

Ids = Sequence[str]


def forget_records(conn: Connection, company_id: str, stream: Stream, month: int) -> int:
    """Remove records of months before one, with their versions."""
    table = TABLES[stream]
    c, column = table.c, MONTH_COLUMN.get(stream)
    told = c[column] if column else null()
    rows = conn.execute(
        select(c.connection_id, c.external_id, told)
        .where(c.company_id == company_id, _is_past(stream, month))
        .limit(BATCH)
    ).all()
    for connection_id, ids in _by_connection(rows):
        _forget_versions(conn, connection_id, stream.value, ids)
        conn.execute(delete(table).where(c.connection_id == connection_id, c.external_id.in_(ids)))
    _touch(conn, company_id, (row[2] for row in rows))
    return len(rows)


def _is_past(stream: Stream, month: int) -> ColumnElement[bool]:
    first = month_start(month)
    if stream is Stream.ABSENCES:
        return absence.c.end_on < first
    if stream is Stream.STAFF:
        return staff.c.left_on < first
    if stream is Stream.PAYMENTS:  # one made before the invoice that is kept is part of what is known of it
        d, p = document.c, payment.c
        kept = select(d.external_id).where(d.connection_id == p.connection_id, d.external_id == p.invoice_id).exists()
        return (p.paid_on < first) & ~kept
    return TABLES[stream].c[MONTH_COLUMN[stream]] < month


def _by_connection(rows: Iterable[Any]) -> Iterator[tuple[str, Ids]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(str(row[0]), []).append(str(row[1]))
    for connection_id, ids in found.items():
        for start in range(0, len(ids), IDS_A_STATEMENT):
            yield connection_id, ids[start : start + IDS_A_STATEMENT]


def _versions(connection_id: str, stream: str, ids: Ids) -> ColumnElement[bool]:
    v = record_version.c
    return (v.connection_id == connection_id) & (v.stream == stream) & v.external_id.in_(ids)


def _forget_versions(conn: Connection, connection_id: str, stream: str, ids: Ids) -> None:
    conn.execute(delete(record_version).where(_versions(connection_id, stream, ids)))


def _touch(conn: Connection, company_id: str, months: Iterable[Any]) -> None:
    wanted = {int(month) for month in months if month is not None}
    t = touched_month.c
    marked = set(conn.execute(select(t.month).where(t.company_id == company_id, t.month.in_(wanted))).scalars())
    new = [{"company_id": company_id, "month": month} for month in sorted(wanted - marked)]
    if new:
        conn.execute(insert(touched_month), new)


def forget_who(conn: Connection, company_id: str, stream: Stream, month: int) -> int:
    """Take who did it off documents, reminders and deliveries of months before one, and off their versions.

    A row's digest stays: the same content, read again, is no news.
    """
    table, names = TABLES[stream], WHO[stream]
    c, column = table.c, MONTH_COLUMN[stream]
    named = or_(*(c[name].is_not(None) for name in names))
    rows = conn.execute(
        select(c.connection_id, c.external_id, c[column])
        .where(c.company_id == company_id, c[column] < month, named)
        .limit(BATCH)
    ).all()
    nobody: dict[str, Any] = dict.fromkeys(names)
    for connection_id, ids in _by_connection(rows):
        here = (c.connection_id == connection_id, c.external_id.in_(ids))
        conn.execute(update(table).where(*here).values(**nobody))
        v = record_version.c
        olds = conn.execute(select(v.id, v.row).where(_versions(connection_id, stream.value, ids))).all()
        for number, row in olds:
            conn.execute(update(record_version).where(v.id == number).values(row=row | nobody))
    _touch(conn, company_id, (row[2] for row in rows))
    return len(rows)


def forget_entries(conn: Connection, company_id: str, month: int) -> int:
    """Remove ledger entries of fiscal years that ended before a month: a year is whole or not there."""
    e = ledger_entry.c
    over = (
        select(e.connection_id, e.fiscal_year)
        .where(e.company_id == company_id)
        .group_by(e.connection_id, e.fiscal_year)
        .having(func.max(e.entry_month) < month)
    )
    rows = conn.execute(
        select(e.id, e.connection_id, e.fiscal_year, e.journal, e.number, e.entry_month)
        .where(e.company_id == company_id, tuple_(e.connection_id, e.fiscal_year).in_(over))
        .limit(BATCH)
    ).all()
    keys = [(row.connection_id, f"{row.fiscal_year}/{row.journal}/{row.number}") for row in rows]
    for connection_id, ids in _by_connection(keys):
        _forget_versions(conn, connection_id, Stream.LEDGER.value, ids)
    numbers = [row.id for row in rows]
    for start in range(0, len(numbers), IDS_A_STATEMENT):
        conn.execute(delete(ledger_entry).where(e.id.in_(numbers[start : start + IDS_A_STATEMENT])))
    _touch(conn, company_id, (row.entry_month for row in rows))
    return len(rows)


def forget_answers(conn: Connection, company_id: str, month: int) -> int:
    """Remove answers of days before a month; the newest, and the first that was no look back, say what is news."""
    a = assessment.c
    mine = (a.company_id == company_id, a.process == "all")
    newest = select(func.max(a.as_of)).where(*mine).scalar_subquery()
    first = select(func.min(a.as_of)).where(*mine, a.reconstructed.is_(False)).scalar_subquery()
    old = a.as_of < month_start(month)
    is_first = func.coalesce(a.as_of == first, false())
    found = select(a.id).where(*mine, old, a.as_of != newest, ~is_first).limit(FEW)
    return _delete(conn, assessment, a.id, found)


def forget_alerts(conn: Connection, company_id: str, month: int) -> int:
    """Remove alerts that closed before a month, with their history; those of verdicts say what was announced."""
    e = episode.c
    old = (e.closed_on < month_start(month), ~e.subject.startswith("verdict:"))
    return _delete(conn, episode, e.id, select(e.id).where(e.company_id == company_id, *old).limit(FEW))


def forget_notices(conn: Connection, company_id: str, before: datetime) -> int:
    """Remove notices written before an instant that wait for nothing more."""
    n = notice.c
    ours = select(channel.c.id).where(channel.c.company_id == company_id)
    old = (n.created_at < before, n.state.not_in(WAITS))
    return _delete(conn, notice, n.id, select(n.id).where(n.channel_id.in_(ours), *old).limit(FEW))


def _delete(conn: Connection, table: Any, key: Any, found: Any) -> int:
    ids = list(conn.execute(found).scalars())
    conn.execute(delete(table).where(key.in_(ids)))
    return len(ids)


def forget_letters(conn: Connection, company_id: str, before: datetime) -> int:
    """Take a company out of letters written before an instant that wait for nothing; one of it alone goes."""
    x = letter.c
    tells = cast(x.content, String).contains(company_id)
    rows = conn.execute(
        select(x.id, x.content).where(x.created_at < before, x.state.not_in(WAITS), tells).limit(FEW)
    ).all()
    for letter_id, content in rows:
        others = [one for one in content.get("companies", ()) if one["id"] != company_id]
        told = {one: no for one, no in content.get("told", {}).items() if one != company_id}
        left = content | {"companies": others, "told": told}
        if others and company_id not in str(left):
            conn.execute(update(letter).where(x.id == letter_id).values(content=left))
        else:
            conn.execute(delete(letter).where(x.id == letter_id))
    return len(rows)
