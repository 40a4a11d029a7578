"""The demonstration company: loaded through the same intake as any provider, badged, and removable."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, select

from app.assessment import assess_company, timeline
from app.clock import local_day
from app.companies import add_company, connection_for, find_company, remove_company
from app.db import write
from app.declarations import check, read_declarations, save_declaration
from app.intake import Saved
from app.language import LANGUAGES
from app.models.core import company, connection
from app.models.watch import recipient
from app.people import name_actor
from app.recipients import add_recipient, recipients
from app.sources import sync_connection
from connectors.demo import actors, declarations
from connectors.records import Stream
from signals.calendar import month_end, month_number

NAME = "Atelier Démonstration"
READER = "finance@atelier-demonstration.example"
MONTHS = 36
MONTHLY = 18
EVERY = timedelta(hours=6)


def demo_company(conn: Connection) -> str | None:
    """Give the demonstration company's id, if it is there."""
    found = conn.execute(select(company.c.id).where(company.c.is_demo)).scalar()
    return None if found is None else str(found)


def add_demo(conn: Connection, now: datetime, zone: str) -> str:
    """Add the demonstration company, still empty, if it is not there."""
    return demo_company(conn) or add_company(conn, NAME, now, zone=zone, is_demo=True)


def add_reader(conn: Connection, company_id: str, language: str, zone: str, now: datetime) -> None:
    """Have somebody made up read the demonstration's letters, if nobody does: they are written and kept, never sent."""
    if not recipients(conn, company_id):
        add_recipient(conn, company_id, READER, language, zone, now)


def fill_demo(
    engine: Engine,
    now: datetime,
    *,
    language: str = LANGUAGES[0],
    told: Callable[[Stream, Saved], None] | None = None,
    looked_back: Callable[[date], None] | None = None,
) -> bool:
    """Tell the demonstration company's 36 months up to the day it was begun on; say whether there was anything to do.

    Cut off half way, the next call goes on. Once told, the company lives on like any other: the schedule reads it, and
    its made-up reader gets letters in `language`.
    """
    with write(engine) as conn:
        company_id = demo_company(conn)
        if company_id is None:
            return False
        connection_id = connection_for(conn, company_id, "demo", now)
        begun_at = conn.execute(select(connection.c.created_at).where(connection.c.id == connection_id)).scalar_one()
        zone = str(find_company(conn, company_id)["zone"])
        done = {day for day, _, _ in timeline(conn, company_id)}
        begun = local_day(begun_at, zone)
        to_do = [day for day in past_days(begun) if day not in done]
        if not to_do and any(day >= begun for day in done):
            return False
        add_reader(conn, company_id, language, zone, now)
    sync_connection(engine, connection_id, lambda: now, every=EVERY, told=told)
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
    """Remove the demonstration company and all that belongs to it, its readers too; say whether there was one."""
    with write(engine) as conn:
        known = demo_company(conn)
        if known is None:
            return False
        conn.execute(delete(recipient).where(recipient.c.is_demo))  # and with them their letters
        remove_company(conn, known)
    return True
