"""How cases went, for the books: the order of what was done to each document, counted by course in the database."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection, Integer, func, select, type_coerce

from app.frames import query_frame
from app.models import facts
from app.models.records import activity
from signals.calendar import month_number
from signals.variants import BETWEEN

ENOUGH = 20_000
"""Things done, of which the courses are told: of more, the newest. Below, all of the recent months."""
LONGEST = 1000  # characters of a course: beyond, two are taken for one


def traces(conn: Connection, company_id: str, first: date, as_of: date) -> pd.DataFrame:
    """Read how many cases took which course, by the day of their last action, as it was at the end of `as_of`.

    A case is a process and a document of a source. What was done before `first` is not looked at: a case that
    began then lacks its head.
    """
    first = _first_day(conn, company_id, first)
    a = activity.c
    case = (a.connection_id, a.process, a.object_id)
    in_order = (a.done_at, a.external_id)
    course = func.aggregate_strings(a.action, BETWEEN).over(partition_by=case, order_by=in_order, rows=(None, None))
    each = (
        select(
            a.connection_id,
            a.process,
            course.label("sequence"),
            func.max(type_coerce(a.done_on, Integer)).over(partition_by=case).label("last_day"),
            func.row_number().over(partition_by=case, order_by=in_order).label("place"),
        )
        .where(
            a.company_id == company_id,
            a.gone_at.is_(None),
            a.object_id.is_not(None),
            a.done_month >= month_number(first),
            a.done_on >= first,
            a.done_on <= as_of,
        )
        .subquery()
    )
    cut = func.substr(each.c.sequence, 1, LONGEST)
    keys = (each.c.connection_id, each.c.process, cut.label("sequence"), each.c.last_day)
    counted = select(*keys, func.count().label("n")).where(each.c.place == 1)
    return query_frame(conn, "traces", counted.group_by(each.c.connection_id, each.c.process, cut, each.c.last_day))


def _first_day(conn: Connection, company_id: str, first: date) -> date:
    """Give the day from which on enough was done for courses to be told, `first` at the earliest."""
    f = facts.event_fact.c
    days = conn.execute(
        select(f.day_on, func.sum(f.n))
        .where(f.company_id == company_id, f.origin == "activity", f.day_on >= first)
        .group_by(f.day_on)
        .order_by(f.day_on.desc())
    )
    done = 0
    for day, n in days:
        done += int(n)
        if done >= ENOUGH:
            return day if day is not None else first
    return first
