"""Where each company stands: a row of figures from its newest answer, so that thousands are listed without reading any.

The row is written with the answer, in one commit, and goes with it.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from app.body import Body
from app.models.answers import assessment, standing
from signals.verdict import Verdict

RANKS: Mapping[str, int] = {
    Verdict.OUTSOURCE.value: 0,
    Verdict.PREPARE.value: 1,
    Verdict.CANNOT_SAY.value: 2,
    Verdict.TOO_EARLY.value: 3,
    Verdict.NOT_NEEDED.value: 4,
}
"""The worst first: what calls for action, then what is not known, then what can wait."""

NOT_ASSESSED = RANKS[Verdict.CANNOT_SAY.value]
MOST_SIGNALS = 9


def stand(conn: Connection, company_id: str) -> None:
    """Write a company's row from its newest answer; without any there is none."""
    a = assessment.c
    newest = (
        select(a.as_of, a.known_at, a.verdict, a.body)
        .where(a.company_id == company_id, a.process == "all")
        .order_by(a.as_of.desc())
        .limit(1)
    )
    row = conn.execute(newest).first()
    conn.execute(delete(standing).where(standing.c.company_id == company_id))
    if row is None:
        return
    figures = standing_of(json.loads(row.body))
    held = {"as_of": row.as_of, "known_at": row.known_at, "since": _since(conn, company_id, row.verdict)}
    conn.execute(insert(standing).values(company_id=company_id, **held, **figures))


def _since(conn: Connection, company_id: str, verdict: str) -> date:
    """Give the first day from which on every answer kept says the same."""
    a = assessment.c
    mine = (a.company_id == company_id, a.process == "all")
    other = conn.execute(select(func.max(a.as_of)).where(*mine, a.verdict != verdict)).scalar()
    after = select(func.min(a.as_of)).where(*mine, *([a.as_of > other] if other is not None else []))
    since: date = conn.execute(after).scalar_one()
    return since


def standing_of(body: Body) -> dict[str, Any]:
    """Take the figures of a company's row out of an answer."""
    over = [signal["name"] for signal in body["signals"] if signal["level"] == "over"]
    watch = sum(signal["level"] == "watch" for signal in body["signals"])
    cover, fresh = body["coverage"], body["freshness"]
    return {
        "verdict": body["verdict"],
        "rank": RANKS[body["verdict"]] * (MOST_SIGNALS + 1) + MOST_SIGNALS - min(len(over), MOST_SIGNALS),
        "over": " ".join(("", *over, "")) if over else "",
        "signals_over": len(over),
        "signals_watch": watch,
        "signals_known": cover["signals_known"],
        "signals": cover["signals"],
        "gates_known": cover["gates_known"],
        "gates": cover["gates"],
        "reaches": date.fromisoformat(fresh["reaches"]) if fresh["reaches"] else None,
        "stale": bool(fresh["stale"]) or not fresh["reaches"],
    }
