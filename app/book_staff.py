"""Work, people and costs for the books; actors by pseudonym, with the role the map gives them."""

from collections.abc import Mapping

import pandas as pd
from sqlalchemy import Connection, Float, and_, select, type_coerce

from app.frames import day_column, query_frame, typed
from app.models import facts
from app.models.people import actor
from app.models.records import absence, cost
from app.models.records import staff as staff_table


def roles(conn: Connection, company_id: str) -> dict[str, str]:
    """Give the role of each actor the map knows."""
    rows = conn.execute(select(actor.c.id, actor.c.role).where(actor.c.company_id == company_id))
    return {str(r[0]): str(r[1] or "") for r in rows}


def with_roles(table: pd.DataFrame, roles: Mapping[str, str]) -> pd.DataFrame:
    """Add the role column."""
    table["role"] = table["actor"].map(roles).fillna("").astype("str")
    return table


def hours(conn: Connection, company_id: str) -> pd.DataFrame:
    """Read minutes of back-office work by week, actor and process."""
    f = facts.hours_fact.c
    query = select(day_column(f.week_on, "week_day"), f.actor, f.process, f.minutes).where(f.company_id == company_id)
    return query_frame(conn, "hours", query)


def events(conn: Connection, company_id: str) -> pd.DataFrame:
    """Read who did what; time entries stand in for a process only where nothing better says who works on it."""
    f = facts.event_fact.c
    query = select(day_column(f.day_on, "day"), f.actor, f.process, f.origin, f.n).where(f.company_id == company_id)
    result = conn.execute(query)
    found = pd.DataFrame.from_records(result.fetchall(), columns=list(result.keys()))
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


def staff(conn: Connection, company_id: str, roles: Mapping[str, str]) -> pd.DataFrame:
    """Read who works there, in which role."""
    s = staff_table.c
    query = select(
        s.actor,
        s.role,
        type_coerce(s.hours_per_week, Float).label("hours_per_week"),
        day_column(s.entered_on, "entered_day"),
        day_column(s.left_on, "left_day"),
    ).where(s.company_id == company_id, s.gone_at.is_(None))
    table = query_frame(conn, "staff", query)
    ours = table["actor"].map(roles).fillna("")
    table["role"] = ours.where(ours != "", table["role"]).astype("str")
    return table


def costs(conn: Connection, company_id: str) -> pd.DataFrame:
    """Read what the back office cost, by month and kind."""
    c = cost.c
    query = select(c.cost_month.label("month"), c.kind, c.amount_minor).where(
        c.company_id == company_id, c.gone_at.is_(None)
    )
    return query_frame(conn, "costs", query)
