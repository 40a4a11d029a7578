"""Escalation: what nobody has acknowledged after some working days is said once more, to whoever asked to be told.

It is written into the alert's history like all that happens to it, once; channels and mails at once tell it from there.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from app.alerts import ACTIONABLE, ESCALATED, VERDICT, find_episode, is_set_aside, note_event
from app.clock import local_day
from app.companies import find_company
from app.db import hold, write
from app.jobs import Clock
from app.maintenance import under_maintenance
from app.models.core import company
from app.models.watch import episode, episode_event
from app.policies import read_policy
from signals.calendar import working_days_between
from signals.episodes import State

ESCALATES = (State.FIRING.value, State.ERROR.value)

Row = Mapping[str, Any]


def escalations_due(conn: Connection, now: datetime) -> list[str]:
    """List the episodes to say once more, as `episode@day it fired`."""
    e, n, c = episode.c, episode_event.c, company.c
    said = select(n.no).where(n.episode_id == e.id, n.kind == ESCALATED).exists()
    query = (
        select(episode, c.zone)
        .join(company, c.id == e.company_id)
        .where(e.closed_on.is_(None), e.acknowledged_at.is_(None), e.state.in_(ESCALATES), e.fired_on.is_not(None))
        .where(~said, ~c.is_demo, ~under_maintenance(e.company_id, now))
        .order_by(e.company_id, e.id)
    )
    rows = [dict(row) for row in conn.execute(query).mappings()]
    return [f"{row['id']}@{row['fired_on']}" for row in rows if _is_late(conn, row, str(row["zone"]), now)]


def _is_late(conn: Connection, row: Row, zone: str, now: datetime) -> bool:
    subject = str(row["subject"])
    if subject.startswith(VERDICT) and subject.removeprefix(VERDICT) not in ACTIONABLE:
        return False
    if is_set_aside(row, now):
        return False
    today, fired = local_day(now, zone), date.fromisoformat(str(row["fired_on"]))
    policy = read_policy(conn, str(row["company_id"]), today)
    # The day it fired is not waited for: nobody knew that morning.
    return working_days_between(fired, today, policy.closed_days) - 1 >= policy.escalation_days


def escalate(engine: Engine, key: str, clock: Clock) -> None:
    """Write into an alert's history that nobody has acknowledged it in time, unless somebody has meanwhile."""
    episode_id = key.partition("@")[0]
    with write(engine) as conn:
        company_id = conn.execute(select(episode.c.company_id).where(episode.c.id == episode_id)).scalar()
        if company_id is None:
            return
        hold(conn, str(company_id))
        row = find_episode(conn, str(company_id), episode_id)
        now = clock()
        zone = str(find_company(conn, str(company_id))["zone"])
        n = episode_event.c
        said = conn.execute(select(n.no).where(n.episode_id == episode_id, n.kind == ESCALATED)).first()
        is_open = row["closed_on"] is None and row["acknowledged_at"] is None and row["state"] in ESCALATES
        if said is None and is_open and _is_late(conn, row, zone, now):
            note_event(conn, row, ESCALATED, now)
