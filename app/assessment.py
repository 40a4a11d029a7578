"""Assessment: books in, readings and the body they are served from out, in one commit.

The books are read, and the answer computed, outside any write: nothing slow holds the database.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select

from app.alerts import ASSESSMENT, update_alerts, update_failure
from app.body import Body, readiness_body
from app.books import read_books
from app.clock import local_day
from app.companies import find_company
from app.db import hold, read, write
from app.facts import refresh_touched
from app.faultpoints import reached
from app.models.answers import assessment, reading
from app.models.core import company, connection
from app.policies import read_policy
from app.standings import stand
from signals.base import Measure
from signals.calendar import month_end, month_number
from signals.readiness import Readiness, assess


@dataclass(frozen=True, slots=True)
class Served:
    """A stored answer."""

    as_of: date
    verdict: str
    reconstructed: bool
    body: str
    etag: str

    @property
    def content(self) -> Body:
        """The body as values."""
        loaded: Body = json.loads(self.body)
        return loaded


def answer_for(engine: Engine, company_id: str, as_of: date) -> tuple[Readiness, Body]:
    """Compute a company's readiness on a day, without storing it."""
    with write(engine) as conn:
        hold(conn, company_id)  # what is being saved just now is waited for: its clock may be older than ours
        refresh_touched(conn, company_id)
    with read(engine) as conn:
        row = find_company(conn, company_id)
        policy = read_policy(conn, company_id, as_of)
        books = read_books(conn, company_id, as_of)
    answer = assess(books, policy)
    return answer, readiness_body(answer, row)


def as_text(body: Body) -> tuple[str, str]:
    """Write a body as JSON, and give the tag of its content."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text, hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def assess_company(engine: Engine, company_id: str, now: datetime, as_of: date | None = None) -> Served:
    """Assess a company as of a day (default: today, in its zone) and keep the answer."""
    with read(engine) as conn:
        row = find_company(conn, company_id)
    today = local_day(now, str(row["zone"]))
    day = as_of or today
    answer, body = answer_for(engine, company_id, day)
    served = Served(day, answer.verdict.value, answer.reconstructed, *as_text(body))
    with write(engine) as conn:
        hold(conn, company_id)
        if day == today and not row["is_demo"]:
            _forget_future(conn, company_id, today)
        kept = _kept_after(conn, company_id, day, now)
        if kept is not None:  # somebody who began later was faster: theirs knows more
            return kept
        before = latest(conn, company_id)
        _keep(conn, company_id, answer, served, now)
        stand(conn, company_id)
        reached("assess.answer_kept")
        if day == today:  # a look back moves nothing
            update_alerts(conn, company_id, body, before.content if before else None, now)
            update_failure(conn, company_id, ASSESSMENT, day, now, failed=False, facts={})
        reached("assess.alerts_moved")
    reached("assess.committed")
    return served


def _kept_after(conn: Connection, company_id: str, day: date, now: datetime) -> Served | None:
    a = assessment.c
    later = (a.company_id == company_id, a.process == "all", a.as_of == day, a.known_at > now)
    return latest(conn, company_id, day) if conn.execute(select(a.id).where(*later)).first() else None


def _forget_future(conn: Connection, company_id: str, today: date) -> None:
    """Drop answers for days to come: a clock that was ahead once must not keep a company from being assessed."""
    conn.execute(delete(assessment).where(assessment.c.company_id == company_id, assessment.c.as_of > today))


def _keep(conn: Connection, company_id: str, answer: Readiness, served: Served, now: datetime) -> None:
    a = assessment.c
    conn.execute(delete(assessment).where(a.company_id == company_id, a.process == "all", a.as_of == served.as_of))
    assessment_id = conn.execute(
        insert(assessment)
        .values(
            company_id=company_id,
            process="all",
            as_of=served.as_of,
            known_at=now,
            verdict=served.verdict,
            reconstructed=served.reconstructed,
            body=served.body,
            etag=served.etag,
        )
        .returning(a.id)
    ).scalar_one()
    conn.execute(insert(reading), list(_readings(assessment_id, answer)))


def _readings(assessment_id: int, answer: Readiness) -> Iterator[dict[str, Any]]:
    for one in answer.processes:
        for each in one.evidence:
            yield _reading(assessment_id, each.measure, each.signal.value, each.level.value)
    for signal in answer.signals:
        measures = [signal.primary, *([signal.half] if signal.half else []), *signal.measures]
        for measure in measures:
            level = signal.level.value if measure is signal.primary else None
            yield _reading(assessment_id, measure, signal.name.value, level)


def _reading(assessment_id: int, measure: Measure, signal: str, level: str | None) -> dict[str, Any]:
    return {
        "assessment_id": assessment_id,
        "process": measure.process,
        "measure": measure.name,
        "signal": signal,
        "level": level,
        "tier": measure.tier.value,
        "value": measure.value,
        "low": measure.low,
        "high": measure.high,
        "n": measure.n,
        "reason": measure.reason.code if measure.reason else None,
    }


def latest(conn: Connection, company_id: str, as_of: date | None = None) -> Served | None:
    """Give the newest stored answer, or the one of a day."""
    a = assessment.c
    query = select(a.as_of, a.verdict, a.reconstructed, a.body, a.etag).where(a.company_id == company_id)
    if as_of is not None:
        query = query.where(a.as_of == as_of)
    row = conn.execute(query.order_by(a.as_of.desc()).limit(1)).first()
    return None if row is None else Served(*row)


def timeline(conn: Connection, company_id: str) -> list[tuple[date, str, bool]]:
    """List the stored verdicts, oldest first, with whether each is reconstructed."""
    a = assessment.c
    rows = conn.execute(select(a.as_of, a.verdict, a.reconstructed).where(a.company_id == company_id).order_by(a.as_of))
    return [(row[0], str(row[1]), bool(row[2])) for row in rows]


def replay(engine: Engine, company_id: str, now: datetime, first: date, last: date) -> int:
    """Assess as of each month end from one day to before another, as known today; say how many that was."""
    ends = [month_end(month) for month in range(month_number(first), month_number(last) + 1)]
    done = [end for end in ends if first <= end < last]
    for end in done:
        assess_company(engine, company_id, now, end)
    return len(done)


def assessments_due(conn: Connection, now: datetime) -> list[str]:
    """List the companies to assess, as `company@day`: no answer for today, or something new since; real ones first."""
    newest = (
        select(assessment.c.company_id, func.max(assessment.c.as_of).label("as_of"))
        .where(assessment.c.process == "all")
        .group_by(assessment.c.company_id)
        .subquery()
    )
    changed = (
        select(connection.c.company_id, func.max(connection.c.changed_at).label("changed_at"))
        .group_by(connection.c.company_id)
        .subquery()
    )
    c, a = company.c, assessment.c
    rows = conn.execute(
        select(c.id, c.zone, c.is_demo, newest.c.as_of, a.known_at, changed.c.changed_at)
        .outerjoin(newest, newest.c.company_id == c.id)
        .outerjoin(changed, changed.c.company_id == c.id)
        .outerjoin(assessment, (a.company_id == c.id) & (a.process == "all") & (a.as_of == newest.c.as_of))
        .order_by(c.is_demo, c.id)
    )
    due = []
    for row in rows:
        today = local_day(now, row.zone)
        is_ahead = row.as_of is not None and row.as_of > today and not row.is_demo
        if row.as_of is None or row.as_of < today or is_ahead:
            due.append(f"{row.id}@{today.isoformat()}")
        elif row.as_of == today and row.changed_at is not None and row.changed_at > row.known_at:
            due.append(f"{row.id}@{row.changed_at.isoformat()}")
    return due


def assess_period(engine: Engine, period_key: str, now: datetime) -> None:
    """Assess the company of a due period; a fault opens its own episode, so that it shows, and is raised."""
    company_id = period_key.partition("@")[0]
    try:
        assess_company(engine, company_id, now)
    except Exception as error:
        with write(engine) as conn:
            hold(conn, company_id)
            day = local_day(now, str(find_company(conn, company_id)["zone"]))
            facts = {"error": type(error).__name__}
            update_failure(conn, company_id, ASSESSMENT, day, now, failed=True, facts=facts)
        raise


def forget_answers(conn: Connection, company_id: str) -> None:
    """Drop the reconstructed answers of a company, whose past has been imported anew."""
    conn.execute(delete(assessment).where(assessment.c.company_id == company_id, assessment.c.reconstructed.is_(True)))
    stand(conn, company_id)
