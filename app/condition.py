"""What is going on around a company's answer: a new one under way, one that failed, or newer data that wait for one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from app.models.answers import assessment
from app.models.core import connection
from app.models.watch import job_run

ASSESS, FAILED = "assess", "assessment"
"""The step's name, and the subject of the episode that its failure opens."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What to say beside an answer; each None where there is nothing of the kind.

    `begun_at`: since when an assessment is under way. `failed_on`: since which day it fails, with `error`, the fault's
    name, and `again_at`, the next try. `newer_at`: when data came that the answer doesn't know yet.
    """

    begun_at: datetime | None = None
    failed_on: date | None = None
    error: str = ""
    again_at: datetime | None = None
    newer_at: datetime | None = None


def condition(conn: Connection, company_id: str, episodes: Iterable[Mapping[str, Any]], now: datetime) -> Condition:
    """Say what is going on now; `episodes` are the company's."""
    failure = next((row for row in episodes if row["subject"] == FAILED and row["closed_on"] is None), None)
    begun_at, again_at = _tries(conn, company_id, now)
    return Condition(
        begun_at=begun_at,
        failed_on=failure["opened_on"] if failure else None,
        error=str((failure["facts"] or {}).get("error", "")) if failure else "",
        again_at=again_at if failure else None,
        newer_at=_newer(conn, company_id),
    )


def _tries(conn: Connection, company_id: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Give since when an assessment is under way, and when one that failed is tried again."""
    j = job_run.c
    mine = (j.task == ASSESS, j.period_key.startswith(f"{company_id}@", autoescape=True), j.finished_at.is_(None))
    query = select(j.begun_at, j.leased_until, j.trouble).where(*mine, j.leased_until > now).order_by(j.begun_at)
    rows = conn.execute(query).fetchall()
    begun = [row.begun_at for row in rows if row.trouble is None]
    again = [row.leased_until for row in rows if row.trouble is not None]
    return (begun[-1] if begun else None), (min(again) if again else None)


def _newer(conn: Connection, company_id: str) -> datetime | None:
    """Give when data came that the newest answer doesn't know; without an answer there is none to be behind."""
    a, c = assessment.c, connection.c
    known = select(a.known_at).where(a.company_id == company_id, a.process == "all").order_by(a.as_of.desc()).limit(1)
    known_at = conn.execute(known).scalar()
    changed_at = conn.execute(select(func.max(c.changed_at)).where(c.company_id == company_id)).scalar()
    return changed_at if known_at and changed_at and changed_at > known_at else None
