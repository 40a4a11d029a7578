"""A company's connections: what each last brought, what is wrong with it, and its webhook's door."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection, func, select

from app.api.webhooks import forget_door
from app.companies import is_pulled
from app.db import hold, read, write
from app.doors import GRACE, close_door, knock_figures, new_door_secret, open_door
from app.errors import NotFound
from app.imports import applied_imports
from app.models.core import bookmark
from app.models.ledger import ledger_entry
from app.models.records import quarantined
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.room import Room, RoomHere
from app.rows import TABLES
from app.site import render
from app.sources import connections, find_connection, make_due
from app.vault import open_vault
from connectors.records import Stream

router = APIRouter(prefix="/companies/{company_id}/connections", dependencies=[Depends(same_origin)])

Body = dict[str, Any]
Company = dict[str, Any]
Row = Mapping[str, Any]

DONE = ("due", "closed", "opened")


def connection_here(connection_id: str, room: RoomHere, company: CompanyHere) -> str:
    """Give the connection of the address, or NotFound where it is another company's."""
    with read(room.engine) as conn:
        row = find_connection(conn, connection_id)
    if row["company_id"] != company["id"]:
        raise NotFound("no_such_connection", {"connection": connection_id})
    return connection_id


ConnectionHere = Annotated[str, Depends(connection_here)]


def _streams(conn: Connection, connection_id: str) -> list[Body]:
    """List a connection's streams: rows brought, rows set aside, and when the last page came."""
    b, q = bookmark.c, quarantined.c
    aside = select(q.stream, func.count().label("n")).where(q.connection_id == connection_id).group_by(q.stream)
    refused = {str(row.stream): int(row.n) for row in conn.execute(aside)}
    rows = conn.execute(
        select(b.stream, b.rows, b.read_at).where(b.connection_id == connection_id).order_by(b.stream)
    ).mappings()
    return [{**row, "refused": refused.get(row["stream"], 0)} for row in rows]


def _ledger(conn: Connection, row: Row) -> list[Body]:
    """Tell of the ledger as of a stream: its files have no bookmark."""
    files = [one for one in applied_imports(conn, str(row["company_id"])) if one.connection_id == row["id"]]
    if not files:
        return []
    e, q = ledger_entry.c, quarantined.c
    entries = select(func.count()).where(e.connection_id == row["id"], e.gone_at.is_(None))
    refused = select(func.count()).where(q.connection_id == row["id"])
    return [
        {
            "stream": "ledger",
            "rows": conn.execute(entries).scalar_one(),
            "read_at": files[0].applied_at,
            "refused": conn.execute(refused).scalar_one(),
        }
    ]


def _shown(conn: Connection, row: Row, now: datetime) -> Body:
    streams = _ledger(conn, row) if row["provider"] == "fec" else _streams(conn, str(row["id"]))
    pulled = is_pulled(str(row["provider"]))
    last = max((one["read_at"] for one in streams), default=None)
    return {
        **row,
        "streams": streams,
        "last_read_at": row["read_at"] or last,
        "is_pulled": pulled,
        "is_due": pulled and row["due_at"] is not None and row["due_at"] <= now,
        "knocks": knock_figures(conn, str(row["id"]), now) if pulled else None,
    }


def _page(request: Request, room: Room, reader: PageReader, company: Company, **said: str) -> HTMLResponse:
    now = room.now()
    with read(room.engine) as conn:
        listed = [_shown(conn, row, now) for row in connections(conn, company["id"])]
    return render(
        request,
        "connections.html",
        reader,
        company=company,
        connections=listed,
        base_url=room.settings.base_url,
        streams=[stream.value for stream in TABLES if stream is not Stream.INVOICES],
        tick_seconds=room.settings.tick_seconds,
        grace_hours=round(GRACE / timedelta(hours=1)),
        said={"done": "", "on": "", "secret": ""} | said,
    )


@router.get("")
def connections_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, done: str = "", on: str = ""
) -> HTMLResponse:
    """Show each connection."""
    return _page(request, room, reader, company, done=done if done in DONE else "", on=on)


def _back(company: Company, connection_id: str, done: str) -> RedirectResponse:
    return go(f"/companies/{company['id']}/connections?done={done}&on={connection_id}#c-{connection_id}")


@router.post("/{connection_id}/read")
def read_form(room: RoomHere, company: CompanyHere, connection_id: ConnectionHere) -> RedirectResponse:
    """Have it read at the next tick."""
    with write(room.engine) as conn:
        hold(conn, company["id"])
        make_due(conn, connection_id, room.now())
    return _back(company, connection_id, "due")


@router.post("/{connection_id}/secret")
def secret_form(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    connection_id: ConnectionHere,
    at_once: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Make its webhook's secret and show it, this once; `at_once` ends the one before now."""
    vault = open_vault(room.settings)
    grace = timedelta(0) if at_once else GRACE
    with write(room.engine) as conn:
        hold(conn, company["id"])
        secret = new_door_secret(conn, vault, connection_id, room.now(), grace=grace)
    forget_door(request.app, connection_id)
    answer = _page(request, room, reader, company, secret=secret, on=connection_id)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/{connection_id}/close")
def close_form(
    request: Request, room: RoomHere, company: CompanyHere, connection_id: ConnectionHere
) -> RedirectResponse:
    """Switch its webhook off."""
    with write(room.engine) as conn:
        hold(conn, company["id"])
        close_door(conn, connection_id, room.now())
    forget_door(request.app, connection_id)
    return _back(company, connection_id, "closed")


@router.post("/{connection_id}/open")
def open_form(
    request: Request, room: RoomHere, company: CompanyHere, connection_id: ConnectionHere
) -> RedirectResponse:
    """Switch its webhook on again."""
    with write(room.engine) as conn:
        hold(conn, company["id"])
        open_door(conn, connection_id)
    forget_door(request.app, connection_id)
    return _back(company, connection_id, "opened")
