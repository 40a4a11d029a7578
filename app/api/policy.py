"""A company's policy as JSON: every setting with its source, and the history of what was set."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from app.api.operation import Operation
from app.api.paging import USUAL, Cursor, Limit, page_of
from app.clock import local_day
from app.companies import find_company
from app.db import read
from app.policies import Entry, closures_of, history, settings_on
from app.policy_checks import CLOSURE
from app.policy_table import Line, policy_lines
from app.room import ReaderHere, RoomHere

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}/policy", tags=["policy"])

AsOf = Annotated[date | None, Query(description="a day, past or to come; without it, today")]
KnownAt = Annotated[AwareDatetime | None, Query(description="an instant: what had been set by then")]


@router.get("")
def policy(
    company_id: str, room: RoomHere, _: ReaderHere, as_of: AsOf = None, known_at: KnownAt = None
) -> dict[str, Any]:
    """Give every setting as it holds on a day: value, default, unit, source, and what changed it."""
    with read(room.engine) as conn:
        row = find_company(conn, company_id)
        day = as_of or local_day(room.now(), str(row["zone"]))
        entries = history(conn, company_id)
        closures = closures_of(settings_on(conn, company_id, day, known_at))
    lines = [line for line in policy_lines(entries, day, known_at) if not line.name.startswith(f"{CLOSURE}=")]
    return {
        "as_of": day.isoformat(),
        "known_at": known_at.isoformat() if known_at else None,
        "settings": [_line_body(line) for line in lines],
        "closures": [closure.text for closure in closures],
    }


@router.get("/history")
def policy_history(
    company_id: str, room: RoomHere, _: ReaderHere, limit: Limit = USUAL, cursor: Cursor = None
) -> dict[str, Any]:
    """List what was set, newest first; who is a pseudonym."""
    with read(room.engine) as conn:
        find_company(conn, company_id)
        entries = history(conn, company_id)
    numbered = list(zip(range(len(entries), 0, -1), entries, strict=True))
    page = page_of("history", numbered, lambda one: f"{10**9 - one[0]:010d}", limit, cursor)
    return page | {"history": [_entry_body(entry) | {"changes": _changes(entry)} for _, entry in page["history"]]}


def _changes(entry: Entry) -> list[dict[str, Any]]:
    return [{"name": name, "before": before, "after": after} for name, (before, after) in entry.changes.items()]


def _line_body(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "group": line.group,
        "value": line.value,
        "default": line.default,
        "unit": line.unit or None,
        "source": line.source or None,
        "changed": _entry_body(line.entry) if line.entry else None,
    }


def _entry_body(entry: Entry) -> dict[str, Any]:
    return {
        "valid_from": entry.valid_from.isoformat(),
        "set_at": _text(entry.set_at),
        "set_by": entry.set_by,
        "because": entry.note,
    }


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
