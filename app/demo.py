"""The demonstration company: loaded through the same intake as any provider, badged, and removable."""

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import Connection, Engine, select

from app.assessment import assess_company, timeline
from app.clock import local_day
from app.companies import add_company, connection_for, find_company, remove_company
from app.db import write
from app.declarations import check, read_declarations, save_declaration
from app.intake import Saved, sync
from app.models.core import company, connection
from app.people import name_actor
from connectors.demo import Demo, actors, declarations
from connectors.records import Stream
from signals.calendar import month_end, month_number

NAME = "Atelier Démonstration"
MONTHS = 36
MONTHLY = 18


def demo_company(conn: Connection) -> str | None:
    """Give the demonstration company's id, if it is there."""
    found = conn.execute(select(company.c.id).where(company.c.is_demo)).scalar()
    return None if found is None else str(found)


def add_demo(conn: Connection, now: datetime, zone: str) -> str:
    """Add the demonstration company, still empty, if it is not there."""
    return demo_company(conn) or add_company(conn, NAME, now, zone=zone, is_demo=True)


def fill_demo(
    engine: Engine,
    now: datetime,
    *,
    told: Callable[[Stream, Saved], None] | None = None,
    looked_back: Callable[[date], None] | None = None,
) -> bool:
    """Bring the demonstration company up to today and assess it; say whether there was anything to do.

    The first time that is its 36 months up to the day it was begun on; cut off half way, the next call goes on.
    """
    with write(engine) as conn:
        company_id = demo_company(conn)
        if company_id is None:
            return False
        connection_id = connection_for(conn, company_id, "demo", now)
        begun_at = conn.execute(select(connection.c.created_at).where(connection.c.id == connection_id)).scalar_one()
        zone = str(find_company(conn, company_id)["zone"])
        done = {day for day, _, _ in timeline(conn, company_id)}
    begun, today = local_day(begun_at, zone), local_day(now, zone)
    to_do = [day for day in past_days(begun) if day not in done]
    if not to_do and today in done:
        return False
    sync(engine, connection_id, Demo(until=today), now, told=told)
    _declare(engine, company_id, begun, now)
    for day in to_do:
        assess_company(engine, company_id, now, day)
        if looked_back is not None:
            looked_back(day)
    assess_company(engine, company_id, now)
    return True


def past_days(until: date) -> list[date]:
    """List the month ends to look back on: each of the last 18 months, each quarter before."""
    last = month_number(until)
    months = [m for m in range(last - MONTHS + 1, last) if m >= last - MONTHLY or m % 3 == 2]  # noqa: PLR2004 - quarter ends
    return [month_end(month) for month in months]


def _declare(engine: Engine, company_id: str, until: date, now: datetime) -> None:
    with write(engine) as conn:
        if read_declarations(conn, company_id):
            return
        for login, role in actors().items():
            name_actor(conn, company_id, login, now, name=None, role=role.value, ours=True)
        for given in declarations(until):
            save_declaration(conn, company_id, check(given, until), now)


def remove_demo(engine: Engine) -> bool:
    """Remove the demonstration company and everything that belongs to it; say whether there was one."""
    with write(engine) as conn:
        known = demo_company(conn)
        if known is None:
            return False
        remove_company(conn, known)
    return True
