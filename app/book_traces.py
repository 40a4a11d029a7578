"""Work seen in traces for the books: sessions, habits, cells, approvals, and who is known to leave."""

from collections.abc import Mapping
from datetime import date, tzinfo

import pandas as pd
from sqlalchemy import Connection, func, or_, select

from app.frames import day_column, query_frame
from app.models import facts
from app.models.records import staff
from signals.books import empty
from signals.calendar import day_number
from signals.sessions import HABITS

Roles = Mapping[str, str]


def sessions(conn: Connection, company_id: str, since: date, roles: Roles) -> pd.DataFrame:
    """Read minutes of work by day, actor and process; a session over the end of a month is in two facts.

    Directors' from the first, for their usual weeks are the oldest; everybody's from a day on.
    """
    f = facts.session_fact.c
    directors = [actor for actor, role in roles.items() if role == "director"]
    keys = (day_column(f.week_on, "week_day"), day_column(f.day_on, "day"), f.actor, f.process)
    sums = (f.minutes, f.assumed_minutes, f.out_of_hours_minutes, f.n)
    query = (
        select(*keys, *(func.sum(column).label(column.name) for column in sums))
        .where(f.company_id == company_id, or_(f.day_on >= since, f.actor.in_(directors)))
        .group_by(f.week_on, f.day_on, f.actor, f.process)
    )
    return query_frame(conn, "sessions", query)


def habits(conn: Connection, company_id: str) -> pd.DataFrame:
    """Read by month what tells people from machines."""
    f = facts.habit_fact.c
    return query_frame(
        conn, "habits", select(f.month, f.actor, *(f[name] for name in HABITS)).where(f.company_id == company_id)
    )


def cells(conn: Connection, company_id: str, since_month: int) -> pd.DataFrame:
    """Read who did what for whom, from a month on."""
    f = facts.cell_fact.c
    query = (
        select(f.month, f.process, f.portfolio, f.actor, func.sum(f.n).label("n"))
        .where(f.company_id == company_id, f.month >= since_month)
        .group_by(f.month, f.process, f.portfolio, f.actor)
    )
    return query_frame(conn, "cells", query)


def approvals(conn: Connection, company_id: str, roles: Roles) -> pd.DataFrame:
    """Read by whom documents were made and approved."""
    f = facts.approval_fact.c
    query = select(f.connection_id, f.month, f.author, f.validator, f.n).where(f.company_id == company_id)
    found = query_frame(conn, "approvals", query)
    for who in ("author", "validator"):
        found[f"{who}_role"] = found[who].map(roles).fillna("").astype("str")
    return found


def departures(conn: Connection, company_id: str, zone: tzinfo) -> pd.DataFrame:
    """Read whose last day is known, and since when."""
    s = staff.c
    rows = conn.execute(
        select(s.actor, day_column(s.left_on, "left_day"), s.known_at).where(
            s.company_id == company_id, s.gone_at.is_(None), s.left_on.is_not(None), s.actor.is_not(None)
        )
    ).fetchall()
    if not rows:
        return empty("departures")
    told = [day_number(at.astimezone(zone).date()) for _, _, at in rows]
    return pd.DataFrame(
        {
            "actor": [str(r[0]) for r in rows],
            "left_day": [float(r[1]) for r in rows],
            "told_day": [float(t) for t in told],
        }
    ).astype({"actor": "str"})
