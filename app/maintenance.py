"""Times in which nobody is told anything of a company: a migration, a closing, an office that moves.

What happens meanwhile is kept and shown; what still holds when the time is over is told then. A company's closed days,
from its policy, do the same for mails at once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from app.errors import BadInput, NotFound
from app.ids import new_id
from app.models.watch import maintenance

LONGEST = timedelta(days=92)
REASON_KEPT = 500

Row = Mapping[str, Any]


def add_maintenance(
    conn: Connection, company_id: str, from_at: datetime, until_at: datetime, reason: str, who: str, now: datetime
) -> str:
    """Tell nobody anything of a company between two instants; give its id. BadInput where that is no time to come."""
    if not (until_at > now and from_at < until_at <= from_at + LONGEST):
        raise BadInput("bad_maintenance", {"days": LONGEST.days})
    maintenance_id = new_id(now)
    row = {"id": maintenance_id, "company_id": company_id, "from_at": from_at, "until_at": until_at}
    conn.execute(insert(maintenance).values(**row, reason=reason.strip()[:REASON_KEPT], who=who, made_at=now))
    return maintenance_id


def end_maintenance(conn: Connection, company_id: str, maintenance_id: str, now: datetime) -> None:
    """End one now; one that has not begun is forgotten."""
    m = maintenance.c
    mine = (m.id == maintenance_id, m.company_id == company_id, m.until_at > now)
    if conn.execute(delete(maintenance).where(*mine, m.from_at >= now)).rowcount:
        return
    if not conn.execute(update(maintenance).where(*mine).values(until_at=now)).rowcount:
        raise NotFound("no_such_maintenance")


def maintenances(conn: Connection, company_id: str, now: datetime) -> list[Row]:
    """List those that are not over, the first to begin first."""
    m = maintenance.c
    rows = conn.execute(
        select(maintenance).where(m.company_id == company_id, m.until_at > now).order_by(m.from_at, m.id)
    )
    return [dict(row) for row in rows.mappings()]


def under_maintenance(company_id: ColumnElement[str], now: datetime) -> ColumnElement[bool]:
    """Pick the companies of which nobody is told anything now."""
    m = maintenance.c
    return select(m.id).where(m.company_id == company_id, m.from_at <= now, m.until_at > now).exists()


def maintenance_now(conn: Connection, company_id: str, now: datetime) -> Row | None:
    """Give the one that holds now, if one does: of several the one that ends last."""
    m = maintenance.c
    held = (m.company_id == company_id, m.from_at <= now, m.until_at > now)
    row = conn.execute(select(maintenance).where(*held).order_by(m.until_at.desc()).limit(1)).mappings().first()
    return dict(row) if row else None
