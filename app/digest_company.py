"""What a letter tells of one company: how far its data reach, the verdict, the signals, and what moved."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from app.alerts import ASSESSMENT, episodes
from app.assessment import Served, latest
from app.body import Body, carrying_measure
from app.book_feeds import feeds
from app.chart_marks import Marks, as_kept, marks_by_measure
from app.clock import local_day
from app.companies import find_company
from app.digest_news import tell
from app.models.answers import assessment
from app.policies import read_policy
from app.sources import QUIET_FOR, connections
from signals.calendar import day_of
from signals.policy import Policy

POINTS_KEPT = 24
ASSESSED_WITHIN = timedelta(days=2)

Row = Mapping[str, Any]


def company_content(
    conn: Connection, company_id: str, before: Body | None, since: int | datetime, now: datetime
) -> Body:
    """Give one company's part of a letter; `before` is its part of the last one to the same reader.

    `since` is the number of the last event told to them; None where nothing was ever told them of the company.
    """
    row = find_company(conn, company_id)
    today = local_day(now, str(row["zone"]))
    served = latest(conn, company_id)
    body = served.content if served else None
    told = tell(conn, company_id, since, now)
    sources = _sources(conn, company_id, today, now)
    marks = marks_by_measure(body, episodes(conn, company_id)) if body else {}
    content: Body = {
        "id": company_id,
        "name": row["name"],
        "is_demo": bool(row["is_demo"]),
        "currency": row["currency"],
        "as_of": served.as_of.isoformat() if served else None,
        "verdict": _verdict(conn, company_id, served, before),
        "why": body["why"] if body else [],
        "coverage": body["coverage"] if body else {"signals_known": 0, "signals": 5, "gates_known": 0, "gates": 4},
        "freshness": (body["freshness"] if body else {"reaches": None, "stale": False}) | {"sources": sources},
        "signals": [_signal(signal, before, marks) for signal in body["signals"]] if body else [],
        "worth": _worth(body),
        "missing": body["missing"] if body else [],
        **told,
    }
    return content | {"status": _status(content, served, today)}


def _status(content: Body, served: Served | None, today: date) -> str:
    if any(entry["subject"] == ASSESSMENT for entry in content["open"]):
        return "error"
    cover, fresh = content["coverage"], content["freshness"]
    if served is None or (fresh["reaches"] is None and not cover["signals_known"] and not cover["gates_known"]):
        return "nothing"
    stopped = fresh["stale"] or any(_has_stopped(source) for source in fresh["sources"])
    frozen = any(signal["frozen_on"] for signal in content["signals"])
    return "stale" if stopped or frozen or today - served.as_of > ASSESSED_WITHIN else "normal"


def _has_stopped(source: Body) -> bool:
    """Say whether a source that should bring something every day doesn't.

    A file that ends is no trouble by itself: what rests on it freezes, and says so. Nor is a source that never began.
    """
    return bool(source["trouble"] or (source["kind"] == "api" and source["stale"] and source["reaches"]))


def _verdict(conn: Connection, company_id: str, served: Served | None, before: Body | None) -> Body:
    if served is None:
        return {"now": None, "before": None, "since": None}
    said = before["verdict"]["now"] if before else None
    return {"now": served.verdict, "before": said, "since": _since(conn, company_id, served.verdict)}


def _since(conn: Connection, company_id: str, verdict: str) -> str | None:
    """Give the first day of the present run of a verdict, as answered at the time."""
    a = assessment.c
    mine = (a.company_id == company_id, a.process == "all", a.reconstructed.is_(False))
    other = select(a.as_of).where(*mine, a.verdict != verdict).order_by(a.as_of.desc()).limit(1)
    last_other = conn.execute(other).scalar()
    run = select(a.as_of).where(*mine, a.verdict == verdict).order_by(a.as_of).limit(1)
    if last_other is not None:
        run = run.where(a.as_of > last_other)
    first = conn.execute(run).scalar()
    return first.isoformat() if first else None


def _signal(signal: Body, before: Body | None, marks: Mapping[str, Marks]) -> Body:
    said = {one["name"]: one["level"] for one in before["signals"]} if before else {}
    measure = carrying_measure(signal)
    kept = {name: value for name, value in measure.items() if name != "records"}
    return {
        "name": signal["name"],
        "level": signal["level"],
        "level_before": said.get(signal["name"]),
        "frozen_on": signal["frozen_on"],
        "why": signal["why"],
        "measure": kept | {"series": measure["series"][-POINTS_KEPT:]},
        "marks": as_kept(marks[measure["name"]]),
    }


def _worth(body: Body | None) -> Body | None:
    if body is None or body["worth"] is None:
        return None
    return {name: value for name, value in body["worth"].items() if name != "lines"}


def _sources(conn: Connection, company_id: str, today: date, now: datetime) -> list[Body]:
    """Say of each source how far it reaches: an API to the day it was read, a file to its last record."""
    policy = read_policy(conn, company_id, today, frozenset())
    rows = connections(conn, company_id)
    table = feeds(conn, company_id, {str(row["id"]): (row["provider"], row["kind"]) for row in rows})
    return [_source(row, table[table["connection_id"] == row["id"]], policy, today, now) for row in rows]


def _source(row: Row, streams: Any, policy: Policy, today: date, now: datetime) -> Body:
    is_api = row["kind"] == "api"
    last = streams["read_day" if is_api else "last_day"].max()
    reaches = min(day_of(last), today) if last == last else None  # noqa: PLR0124 - NaN: nothing dated in it
    if is_api and row["read_at"] is not None:
        reaches = local_day(row["read_at"], str(row["zone"]))
    fresh_for = policy.api_fresh_days if is_api else policy.file_fresh_days
    since = row["troubled_since"]
    in_trouble = row["trouble"] is not None and (row["due_at"] is None or now - since >= QUIET_FOR)
    return {
        "provider": row["provider"],
        "kind": row["kind"],
        "reaches": reaches.isoformat() if reaches else None,
        "stale": reaches is None or (today - reaches).days > fresh_for,
        "trouble": row["trouble"] if in_trouble else None,
        "params": row["trouble_params"] or {},
        "since": since.isoformat() if since else None,
    }
