"""The demonstration company: loaded through the same intake as any provider, badged, and removable."""

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import Connection, Engine, delete, select

from app.assessment import assess_company, replay
from app.clock import local_day
from app.companies import add_company, connection_for
from app.db import read, write
from app.declarations import check, save_declaration
from app.intake import Saved, sync
from app.models.core import company
from app.people import name_actor
from connectors.demo import Demo, actors, declarations
from connectors.records import Stream
from signals.calendar import month_number, month_start

NAME = "Atelier Démonstration"
MONTHS = 36


def demo_company(conn: Connection) -> str | None:
    """Give the demonstration company's id, if it is loaded."""
    found = conn.execute(select(company.c.id).where(company.c.is_demo)).scalar()
    return None if found is None else str(found)


def load_demo(
    engine: Engine,
    now: datetime,
    zone: str,
    *,
    told: Callable[[Stream, Saved], None] | None = None,
    looked_back: Callable[[date], None] | None = None,
) -> str:
    """Load the demonstration company with its 36 months, assess it, and give its id; doing it twice does nothing."""
    until = local_day(now, zone)
    with write(engine) as conn:
        known = demo_company(conn)
        if known is not None:
            return known
        company_id = add_company(conn, NAME, now, zone=zone, is_demo=True)
        connection_id = connection_for(conn, company_id, "demo", now)
    sync(engine, connection_id, Demo(until=until), now, told=told)
    with write(engine) as conn:
        for login, role in actors(until).items():
            name_actor(conn, company_id, login, now, name=None, role=role.value, ours=True)
        for given in declarations(until):
            save_declaration(conn, company_id, check(given, until), now)
    first = month_start(month_number(until) - MONTHS + 1)
    replay(engine, company_id, now, first, until, told=looked_back)
    assess_company(engine, company_id, now)
    return company_id


def remove_demo(engine: Engine) -> bool:
    """Remove the demonstration company and everything that belongs to it; say whether there was one."""
    with write(engine) as conn:
        known = demo_company(conn)
        if known is None:
            return False
        conn.execute(delete(company).where(company.c.id == known))
    return True


def is_loaded(engine: Engine) -> bool:
    """Say whether the demonstration company is there."""
    with read(engine) as conn:
        return demo_company(conn) is not None
