"""What was not delivered, as JSON with codes, and having it tried again."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from app.access import Reader
from app.api.operation import Operation
from app.api.paging import Cursor, Limit
from app.companies import find_company
from app.cursors import read_cursor, write_cursor
from app.db import read, write
from app.deliveries import (
    LISTED,
    Asked,
    Delivery,
    State,
    again,
    again_all,
    bounced_readers,
    deliveries,
    delivery_counts,
)
from app.errors import NotFound
from app.roles import Ability
from app.room import ReaderHere, RoomHere
from app.rows import as_json

router = APIRouter(route_class=Operation, prefix="/v1/deliveries", tags=["letters"])

_SHOWN = ("id", "kind", "state", "to", "attempts", "created_at", "tried_at", "next_try_at", "can_try")


class AllOf(BaseModel):
    """Which deliveries are tried again: of a state, of a company; all of them without either."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: State | None = None
    company: str | None = None


@router.get("")
def failed(
    room: RoomHere,
    reader: ReaderHere,
    state: State | None = None,
    company: str | None = None,
    limit: Limit = LISTED,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Give what was not delivered in 90 days, newest first.

    With the addresses that bounced, which get no letters until somebody says that they are good again.
    """
    now = room.now()
    before = read_cursor("deliveries", cursor, [str])[0] if cursor is not None else None
    with read(room.engine) as conn:
        asked = _asked(conn, reader, Ability.MAIL, state, company)
        found = deliveries(conn, asked, now, before=before, limit=limit + 1)
        rows = found[:limit]
        counts = delivery_counts(conn, asked, now)
        bounced = bounced_readers(conn, asked.companies)
    return {
        "counts": counts,
        "deliveries": [_told(one) for one in rows],
        "bounced": [
            as_json({"email": one["email"], "since": one["bounced_at"], "held": one["held"]})
            | _trouble(one["bounced_because"])
            for one in bounced
        ],
        "next": write_cursor("deliveries", [rows[-1].id]) if len(found) > limit else None,
    }


def _asked(conn: Connection, reader: Reader, ability: Ability, state: State | None, company: str | None) -> Asked:
    if company is not None:
        find_company(conn, company)
        if not reader.held.may(ability, company):
            raise NotFound("no_such_company", {"company": company})
    return Asked(state, company, reader.held.within(ability))


@router.post("/{delivery_id}/again")
def try_one(delivery_id: str, room: RoomHere, reader: ReaderHere) -> dict[str, int]:
    """Have one tried at the next tick."""
    with write(room.engine) as conn:
        again(conn, delivery_id, room.now(), reader.held.within(Ability.CHANGE))
    return {"again": 1}


@router.post("/again")
def try_all(room: RoomHere, reader: ReaderHere, asked: AllOf) -> dict[str, int]:
    """Have all of a kind tried at the next tick, and say how many."""
    with write(room.engine) as conn:
        wanted = _asked(conn, reader, Ability.CHANGE, asked.state, asked.company)
        return {"again": again_all(conn, wanted, room.now())}


def _told(one: Delivery) -> dict[str, Any]:
    shown = as_json({name: getattr(one, name) for name in _SHOWN})
    about = [{"id": company_id, "name": name} for company_id, name in one.companies]
    what = {"letter": one.what["kind"], "period": one.what["period"]} if one.kind == "letter" else {"event": one.what}
    return {**shown, **_trouble(one.trouble), "companies": about, "what": what}


def _trouble(trouble: str | None) -> dict[str, str | None]:
    code, _, detail = (trouble or "").partition(": ")
    return {"code": code or None, "detail": detail or None}
