"""Facts of work seen in traces: who was at it when, what they know, and who approves whose documents.

Sessions are made in Python by the code that detectors are tested with (`signals.sessions`). What an event stands for
hangs on the one before it, a few minutes back at most: a month needs its own events and so many minutes before it, and
a touched month touches the one after it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    union_all,
)

from app.frames import fetched
from app.models import facts
from app.models.records import activity, document, reminder
from app.people import one_person
from app.policies import TRACE_SETTINGS, settings_on
from signals.calendar import day_number, month_end, month_start
from signals.policy import Policy
from signals.sessions import DAY, HABITS, by_day, habits, margin, pieces

MONTHS_BEFORE, MONTHS_AFTER = 3, 1
"""How far from a thing done its document's issue may lie for the document's customer to count: it bounds what a change
of a document touches, so that facts made month by month equal those made at once."""
MONTHS_A_STATEMENT = 200
ROWS_A_STATEMENT = 5_000

_CELLS = ("company_id", "connection_id", "month", "process", "portfolio", "actor", "n")
_APPROVALS = ("company_id", "connection_id", "month", "process", "direction", "author", "validator", "n")


def refresh_traces(conn: Connection, company_id: str, months: Iterable[int]) -> None:
    """Make anew the facts of work that touched months bear on."""
    touched = set(months)
    near = sorted({month + turn for month in touched for turn in range(-MONTHS_AFTER, MONTHS_BEFORE + 1)})
    for start in range(0, len(near), MONTHS_A_STATEMENT):
        some = near[start : start + MONTHS_A_STATEMENT]
        conn.execute(delete(facts.cell_fact).where(*_of(facts.cell_fact.c, company_id, some)))
        conn.execute(insert(facts.cell_fact).from_select(list(_CELLS), _cells(company_id, some)))
    documents = sorted(touched)
    for start in range(0, len(documents), MONTHS_A_STATEMENT):
        some = documents[start : start + MONTHS_A_STATEMENT]
        conn.execute(delete(facts.approval_fact).where(*_of(facts.approval_fact.c, company_id, some)))
        conn.execute(insert(facts.approval_fact).from_select(list(_APPROVALS), _approvals(company_id, some)))
    rule = settings_on(conn, company_id, date.max)
    told = {name: int(rule.get(name, getattr(Policy(), name))) for name in TRACE_SETTINGS}
    for month in sorted(touched | {month + 1 for month in touched}):
        _refresh_sessions(conn, company_id, month, told)


def _of(columns: Any, company_id: str, months: list[int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return columns.company_id == company_id, columns.month.in_(months)


def _counted(query: Select[Any]) -> Select[Any]:
    keys = query.subquery()
    return select(*keys.c, func.count()).group_by(*keys.c)


def _cells(company_id: str, months: list[int]) -> Any:
    """Count what each actor did a month in each cell: a process with a customer or supplier, else with a task."""
    a, r, d = activity.c, reminder.c, document.c
    near = d.issue_month.between
    of_activity = and_(
        d.connection_id == a.connection_id,
        d.external_id == a.object_id,
        near(a.done_month - MONTHS_BEFORE, a.done_month + MONTHS_AFTER),
        d.gone_at.is_(None),
    )
    of_reminder = and_(
        d.connection_id == r.connection_id,
        d.external_id == r.invoice_id,
        near(r.sent_month - MONTHS_BEFORE, r.sent_month + MONTHS_AFTER),
        d.gone_at.is_(None),
    )
    task = func.coalesce(literal("p:") + d.party, literal("t:") + a.action)
    whom = func.coalesce(literal("p:") + d.party, "t:reminder")
    done = (
        select(a.company_id, a.connection_id, a.done_month, a.process, task.label("portfolio"), a.actor)
        .select_from(activity.outerjoin(document, of_activity))
        .where(a.company_id == company_id, a.done_month.in_(months), a.gone_at.is_(None))
    )
    reminded = (
        select(r.company_id, r.connection_id, r.sent_month, r.process, whom.label("portfolio"), r.actor)
        .select_from(reminder.outerjoin(document, of_reminder))
        .where(r.company_id == company_id, r.sent_month.in_(months), r.gone_at.is_(None), r.actor.is_not(None))
    )
    party = (literal("p:") + d.party).label("portfolio")
    wrote = select(d.company_id, d.connection_id, d.issue_month, process_of_document(), party, d.author).where(
        *issued(company_id, months), d.author.is_not(None), d.party.is_not(None)
    )
    return union_all(*(_counted(one) for one in (done, reminded, wrote)))


def _approvals(company_id: str, months: list[int]) -> Select[Any]:
    """Count a month's documents by who made and who approved them."""
    d = document.c
    return _counted(
        select(
            d.company_id, d.connection_id, d.issue_month, process_of_document(), d.direction, d.author, d.validator
        ).where(*issued(company_id, months), d.author.is_not(None), d.validator.is_not(None))
    )


def process_of_document() -> ColumnElement[Any]:
    """Give the process that a document is work of."""
    return case((document.c.direction == "sale", "invoicing"), else_="purchases").label("process")


def issued(company_id: str, months: list[int]) -> tuple[ColumnElement[bool], ...]:
    """Choose the documents of some months; drafts are none."""
    d = document.c
    return d.company_id == company_id, d.issue_month.in_(months), d.gone_at.is_(None), d.status != "draft"


def _refresh_sessions(conn: Connection, company_id: str, month: int, rule: dict[str, int]) -> None:
    for table in (facts.session_fact, facts.habit_fact):
        conn.execute(delete(table).where(table.c.company_id == company_id, table.c.month == month))
    low, high = day_number(month_start(month)) * DAY, (day_number(month_end(month)) + 1) * DAY
    gap, first = rule["session_gap_minutes"], rule["first_event_minutes"]
    events = _events(conn, company_id, month, low - margin(gap, first))
    own = events[events["minute"].between(low, high - 1)]
    if own.empty:
        return
    # Pieces of time end with an event: those that end in the month are the month's, though one may begin before it.
    cut = pieces(events, gap=gap, first=first)
    mine = cut[cut["end"].between(low, high - 1)]
    daily = by_day(mine, opens=rule["opens_minute"], closes=rule["closes_minute"])
    source = own.groupby("actor")["connection_id"].min()
    base = {"company_id": company_id, "month": month}
    _insert(
        conn, facts.session_fact, _sourced(daily.rename(columns={"day": "day_on", "week_day": "week_on"}), source), base
    )
    _insert(conn, facts.habit_fact, _sourced(habits(own)[["actor", *HABITS]], source), base)


def _events(conn: Connection, company_id: str, month: int, since: int) -> pd.DataFrame:
    a = activity.c
    query = select(a.connection_id, a.actor, a.process, a.done_minute.label("minute")).where(
        a.company_id == company_id, a.done_month.in_((month - 1, month)), a.gone_at.is_(None), a.done_minute >= since
    )
    found, same = fetched(conn, query), one_person(conn, company_id)
    return found.assign(actor=found["actor"].replace(same)) if same else found


def _sourced(rows: pd.DataFrame, source: "pd.Series[str]") -> pd.DataFrame:
    return rows.assign(connection_id=rows["actor"].map(source))


def _insert(conn: Connection, table: Any, rows: pd.DataFrame, base: dict[str, Any]) -> None:
    listed = rows.to_dict("records")
    for start in range(0, len(listed), ROWS_A_STATEMENT):
        page = listed[start : start + ROWS_A_STATEMENT]
        conn.execute(insert(table), [base | {str(name): value for name, value in row.items()} for row in page])
