"""A company's connections and their readings (syncs), as JSON with codes; accounts are connected on pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection

from app.api.operation import Operation
from app.api.paging import USUAL, Cursor, Limit, last_first, page_of
from app.companies import find_company, is_pulled
from app.db import hold, read, write
from app.errors import NotFound, Refused
from app.reached import StreamReached, ledger_reached, streams_reached
from app.room import ReaderHere, RoomHere
from app.rows import as_json
from app.silence import is_silent
from app.sources import connections, find_connection, make_due

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}/connections", tags=["connections"])

Row = Mapping[str, Any]

_SHOWN = ("id", "provider", "kind", "zone", "created_at", "read_at", "changed_at", "due_at")


@router.get("")
def list_connections(
    company_id: str, room: RoomHere, _: ReaderHere, limit: Limit = USUAL, cursor: Cursor = None
) -> dict[str, Any]:
    """List a company's connections, the newest first, with what is wrong with each."""
    with read(room.engine) as conn:
        find_company(conn, company_id)
        page = page_of("connections", connections(conn, company_id)[::-1], _order, limit, cursor)
        return page | {"connections": [_told(conn, row, room.now()) for row in page["connections"]]}


def _order(row: Row) -> str:
    return last_first(str(row["id"]))


@router.get("/{connection_id}")
def connection(company_id: str, connection_id: str, room: RoomHere, _: ReaderHere) -> dict[str, Any]:
    """Give a connection with how far each of its streams has been read."""
    with read(room.engine) as conn:
        row = _mine(conn, company_id, connection_id)
        streams = (
            ledger_reached(conn, company_id, connection_id)
            if row["provider"] == "fec"
            else streams_reached(conn, connection_id)
        )
        return _told(conn, row, room.now()) | {"streams": [_stream(one) for one in streams]}


@router.get("/{connection_id}/syncs")
def sync_state(company_id: str, connection_id: str, room: RoomHere, _: ReaderHere) -> dict[str, Any]:
    """Say whether a connection is being read, waits for it, or when it is read next, and how the last reading ended."""
    with read(room.engine) as conn:
        return _sync(_mine(conn, company_id, connection_id), room.now())


@router.post("/{connection_id}/syncs", status_code=202)
def begin_sync(company_id: str, connection_id: str, room: RoomHere, _: ReaderHere) -> dict[str, Any]:
    """Have a connection read at the next tick; files and pushed records are not read by Seuil itself (409)."""
    with write(room.engine) as conn:
        hold(conn, company_id)
        row = _mine(conn, company_id, connection_id)
        if not is_pulled(str(row["provider"])):
            raise Refused("source_is_handed_over", {"provider": str(row["provider"])})
        make_due(conn, connection_id, room.now())
        return _sync(_mine(conn, company_id, connection_id), room.now())


def _mine(conn: Connection, company_id: str, connection_id: str) -> Row:
    row = find_connection(conn, connection_id)
    if row["company_id"] != company_id:
        raise NotFound("no_such_connection", {"connection": connection_id})
    return row


def _told(conn: Connection, row: Row, now: datetime) -> dict[str, Any]:
    trouble = None
    if row["trouble"]:
        trouble = {"code": row["trouble"], "params": row["trouble_params"] or {}, "since": row["troubled_since"]}
    return as_json({name: row[name] for name in _SHOWN}) | {
        "trouble": as_json(trouble) if trouble else None,
        "webhook_silent": is_silent(conn, row, now),
    }


def _stream(one: StreamReached) -> dict[str, Any]:
    return {
        "stream": one.stream,
        "rows": one.rows,
        "read_at": one.read_at.isoformat(),
        "refused": one.refused,
        "reasons": [{"code": each.code, "rows": each.n, "params": dict(each.params)} for each in one.reasons],
    }


def _sync(row: Row, now: datetime) -> dict[str, Any]:
    waits = row["due_at"] is not None and row["due_at"] <= now
    state = "running" if row["begun_at"] else "due" if waits else "idle"
    told = {name: row[name] for name in ("begun_at", "read_at", "changed_at", "due_at", "trouble", "failures")}
    return {"connection": row["id"], "state": state} | as_json(told)
