"""Work, people and costs for the books; actors by pseudonym, with the role the map gives them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Float, Select, and_, select, type_coerce

from app.authority import choose, keep
from app.book_persons import by_person
from app.companies import rank
from app.frames import day_column, fetched, query_frame, typed
from app.models import facts
from app.models.core import connection
from app.models.people import actor
from app.models.records import absence, cost
from app.models.records import staff as staff_table
from app.people import one_person
from app.rates import Money
from connectors.base import Evidence
from connectors.providers import providers
from connectors.records import Stream
from signals.calendar import month_number


def roles(conn: Connection, company_id: str) -> dict[str, str]:
    """Give the role of each actor the map knows; who has several logins has one role."""
    rows = conn.execute(select(actor.c.id, actor.c.role).where(actor.c.company_id == company_id))
    said, same = {str(r[0]): str(r[1] or "") for r in rows}, one_person(conn, company_id)
    return {key: said[same.get(key, key)] for key in said}


def with_roles(table: pd.DataFrame, roles: Mapping[str, str]) -> pd.DataFrame:
    """Add the role column."""
    table["role"] = table["actor"].map(roles).fillna("").astype("str")
    return table


def hours(conn: Connection, company_id: str, same: Mapping[str, str]) -> pd.DataFrame:
    """Read minutes of back-office work by week, actor and process; of each actor's month one source counts.

    A time sheet before a calendar: what tells the hours before what stands for them.
    """
    f = facts.hours_fact.c
    told = (f.connection_id, f.month, day_column(f.week_on, "week_day"), f.actor, f.process, f.minutes)
    found = by_person("hours", _frame(conn, select(*told).where(f.company_id == company_id)), same)
    return typed("hours", _one_source(conn, company_id, found, "actor", Stream.TIME))


def _frame(conn: Connection, query: Select[Any]) -> pd.DataFrame:
    return fetched(conn, query)


def _one_source(conn: Connection, company_id: str, found: pd.DataFrame, by: str, stream: Stream) -> pd.DataFrame:
    """Keep, of each month and value of a column, the rows of one source: the best evidence first, then by rank."""
    c = connection.c
    sources = conn.execute(select(c.id, c.provider).where(c.company_id == company_id))
    named = {str(key): str(name) for key, name in sources}

    def ranked(provider: str) -> tuple[bool, int]:
        known = providers().get(provider)
        return known is not None and known.feeds.get(stream) is Evidence.PROXY, rank(provider)

    counts = choose(found.assign(direction=found[by]), named, ranked=ranked)
    return keep(found, counts, "month", by)


def events(conn: Connection, company_id: str, since: date) -> pd.DataFrame:
    """Read who did what from a day on; time entries stand in for a process nothing better tells of."""
    f = facts.event_fact.c
    query = select(day_column(f.day_on, "day"), f.actor, f.process, f.origin, f.n).where(
        f.company_id == company_id, f.month >= month_number(since), f.day_on >= since
    )
    found = _frame(conn, query)
    seen = set(found.loc[found["origin"] != "time", "process"])
    return typed("events", found[(found["origin"] != "time") | ~found["process"].isin(seen)])


def absences(conn: Connection, company_id: str) -> pd.DataFrame:
    """Read who was away when; never why."""
    a, s = absence.c, staff_table.c
    same = and_(s.connection_id == a.connection_id, s.external_id == a.employee_id)
    query = (
        select(s.actor, day_column(a.start_on, "start_day"), day_column(a.end_on, "end_day"))
        .select_from(absence.join(staff_table, same))
        .where(a.company_id == company_id, a.gone_at.is_(None), s.actor.is_not(None))
    )
    return query_frame(conn, "absences", query)


def staff(conn: Connection, company_id: str, roles: Mapping[str, str], same: Mapping[str, str]) -> pd.DataFrame:
    """Read who works there, in which role; a login that several sources list, or logins said to be, are one person."""
    s = staff_table.c
    query = select(
        s.connection_id,
        s.actor,
        s.role,
        type_coerce(s.hours_per_week, Float).label("hours_per_week"),
        day_column(s.entered_on, "entered_day"),
        day_column(s.left_on, "left_day"),
    ).where(s.company_id == company_id, s.gone_at.is_(None))
    found = by_person("staff", _frame(conn, query), same).assign(month=0)
    has_login = found["actor"].notna()
    listed = _one_source(conn, company_id, found[has_login], "actor", Stream.STAFF)
    table = typed("staff", pd.concat([listed, found[~has_login]]))
    ours = table["actor"].map(roles).fillna("")
    table["role"] = ours.where(ours != "", table["role"]).astype("str")
    return table


def costs(conn: Connection, company_id: str, money: Money) -> pd.DataFrame:
    """Read what the back office cost, by month and kind; of each kind's month one source counts.

    A cost in another currency for whose day there is no rate is left out.
    """
    c = cost.c
    columns = (c.connection_id, c.cost_month.label("month"), c.kind, c.amount_minor, c.currency)
    query = select(*columns, day_column(c.incurred_on, "day")).where(c.company_id == company_id, c.gone_at.is_(None))
    found = money.converted(_frame(conn, query), "amount_minor", "day")
    known = found[found["amount_minor"].notna()]
    return typed("costs", _one_source(conn, company_id, known, "kind", Stream.COSTS))
