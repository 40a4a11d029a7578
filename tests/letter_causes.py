"""Letters' causes, made up: answers kept as an assessment keeps them, readers, and what a letter then says."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select, update

from app.alerts import update_alerts, update_failure
from app.db import read, write
from app.digest import digests_due, preview_content, write_digest
from app.models.answers import assessment
from app.models.watch import letter
from app.recipients import add_recipient
from tests.letter_contents import measure

Body = dict[str, Any]

PARIS, DAY = "Europe/Paris", timedelta(days=1)
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)
NAMES = ("late_invoicing", "director_time", "quality", "key_person", "hidden_cost")


def monday(week: int, hour: int = 7) -> datetime:
    """Give an hour of the Monday of a winter week; 07:00 UTC is when its letter opens in Paris."""
    return datetime.combine(date.fromisocalendar(2026, week, 1), datetime.min.time(), UTC) + timedelta(hours=hour)


def body(on: date, verdict: str, levels: Mapping[str, str], value: float) -> Body:
    signals: list[Body] = []
    for name in NAMES:
        level = levels.get(name, "calm")
        known = None if level == "unknown" else value
        carried = measure(f"{name}_rate", "share", value=known, limit=0.1, records=[{"stream": "invoices", "id": "F1"}])
        carried["series"] = carried["series"][:1] + carried["series"]  # a month more than letters keep
        frozen = on.isoformat() if level == "frozen" else None
        level = "over" if frozen else level
        signals.append({"name": name, "level": level, "why": [], "frozen_on": frozen, "primary": carried, "half": None})
        signals[-1]["measures"] = []
    return {
        "as_of": on.isoformat(),
        "reconstructed": False,
        "verdict": verdict,
        "why": [],
        "coverage": {"signals_known": 5, "signals": 5, "gates_known": 4, "gates": 4},
        "freshness": {"reaches": on.isoformat(), "stale": False},
        "signals": signals,
        "worth": {"low": -100.0, "high": 900.0, "unit": "eur_per_month", "share_from_defaults": 0.2, "lines": [{}]},
        "missing": [{"what": "no_time", "remedy": "declare"}],
    }


def look(
    engine: Engine,
    company_id: str,
    at: datetime,
    verdict: str = "not_needed",
    *,
    value: float = 0.2,
    stale: bool = False,
    **levels: str,
) -> None:
    """Keep an answer, and move the episodes on by it."""
    said = body(at.date(), verdict, levels, value)
    said["freshness"]["stale"] = stale
    a = assessment.c
    with write(engine) as conn:
        newest = select(a.body).where(a.company_id == company_id).order_by(a.as_of.desc()).limit(1)
        before = conn.execute(newest).scalar()
        kept = {"company_id": company_id, "as_of": at.date(), "known_at": at, "verdict": verdict}
        conn.execute(insert(assessment).values(**kept, reconstructed=False, body=json.dumps(said), etag="e"))
        update_alerts(conn, company_id, said, json.loads(before) if before else None, at)


def fail(engine: Engine, company_id: str, at: datetime, subject: str = "assessment", *, failed: bool = True) -> None:
    with write(engine) as conn:
        update_failure(conn, company_id, subject, at.date(), at, failed=failed, facts={"error": "KeyError"})


def read_about(
    engine: Engine, *company_ids: str, email: str = "lea@aubrac.fr", zone: str = PARIS, since: datetime = LONG_AGO
) -> str:
    """Have somebody read about some companies, and give their id."""
    with write(engine) as conn:
        (reader,) = {add_recipient(conn, company_id, email, "fr", zone, since) for company_id in company_ids}
    return reader


def due(engine: Engine, now: datetime) -> list[str]:
    with read(engine) as conn:
        return digests_due(conn, now)


def post(engine: Engine, now: datetime) -> Body:
    """Write the one letter that is due, have it go out, and give its content."""
    (key,) = due(engine, now)
    assert write_digest(engine, key, lambda: now)
    with write(engine) as conn:
        conn.execute(update(letter).where(letter.c.state == "waiting").values(state="sent"))
    content: Body = letters(engine)[-1]["content"]
    return content


def letters(engine: Engine) -> list[Mapping[str, Any]]:
    with read(engine) as conn:
        rows = conn.execute(select(letter).order_by(letter.c.created_at, letter.c.id)).mappings()
        return [dict(row) for row in rows]


def now_told(engine: Engine, company_id: str, now: datetime) -> Body:
    """Give what a letter would say of a company to somebody new."""
    with read(engine) as conn:
        (one,) = preview_content(conn, company_id, "fr", PARIS, now)["companies"]
    told: Body = one
    return told


def subjects(part: Body) -> dict[str, list[str]]:
    """Name what a letter tells of a company, by section; empty ones are left out."""
    listed = {**part["news"], "open": part["open"], "pending": part["pending"]}
    return {name: sorted(entry["subject"] for entry in entries) for name, entries in listed.items() if entries}
