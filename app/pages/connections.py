"""A company's connections: what each last brought, what is wrong with it, and its webhook's door."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection

from app.api.webhooks import forget_door
from app.assessment import assess_company
from app.companies import is_pulled
from app.connecting import disconnect, is_connected, provider_title, title_of
from app.db import hold, read, write
from app.doors import GRACE, close_door, keep_door_secret, knock_figures, new_door_secret, open_door, scheme_of
from app.errors import NotFound
from app.outcomes import outcome_counts
from app.pages.connect import ProvidersHere
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.reached import StreamReached, ledger_reached, place_text, reason_text, streams_reached
from app.room import Room, RoomHere, language_of
from app.rows import TABLES
from app.silence import is_silent
from app.site import keep_together, render
from app.sources import connections, find_connection, make_due
from app.vault import open_vault
from app.wording import label
from connectors.base import Provider
from connectors.doorbell import SCHEMES
from connectors.records import Stream

router = APIRouter(prefix="/companies/{company_id}/connections", dependencies=[Depends(same_origin)])

Body = dict[str, Any]
Company = dict[str, Any]
Row = Mapping[str, Any]

DONE = ("due", "closed", "opened", "connected", "kept", "disconnected", "removed")
SEALED = frozenset({"sealed_secret", "sealed_credentials"})  # for no template
UNSIGNED = "unsigned"


def connection_here(connection_id: str, room: RoomHere, company: CompanyHere) -> str:
    """Give the connection of the address, or NotFound where it is another company's."""
    with read(room.engine) as conn:
        row = find_connection(conn, connection_id)
    if row["company_id"] != company["id"]:
        raise NotFound("no_such_connection", {"connection": connection_id})
    return connection_id


ConnectionHere = Annotated[str, Depends(connection_here)]


def account_here(connection_id: ConnectionHere, room: RoomHere, known: ProvidersHere) -> Row:
    """Give the connection of the address, or NotFound where it is not an account's."""
    with read(room.engine) as conn:
        row = find_connection(conn, connection_id)
    provider = known.get(str(row["provider"]))
    if provider is None or not provider.asks:
        raise NotFound("no_such_connection", {"connection": connection_id})
    return row


AccountHere = Annotated[Row, Depends(account_here)]


def _stream(one: StreamReached, language: str) -> Body:
    """Put how far a stream has come into words."""
    return {
        "stream": one.stream,
        "rows": one.rows,
        "read_at": one.read_at,
        "place": place_text(one.place, language),
        "refused": one.refused,
        "reasons": [(keep_together(reason_text(each, language), language), each.n) for each in one.reasons],
        "started_over_at": one.started_over_at,
    }


def _shown(conn: Connection, row: Row, known: Mapping[str, Provider], now: datetime, language: str) -> Body:
    name, mine = str(row["provider"]), str(row["id"])
    streams = ledger_reached(conn, str(row["company_id"]), mine) if name == "fec" else streams_reached(conn, mine)
    pulled, provider = is_pulled(name), known.get(name)
    last = max((one.read_at for one in streams), default=None)
    scheme = scheme_of(name)
    return {
        **{column: value for column, value in row.items() if column not in SEALED},
        "has_secret": row["sealed_secret"] is not None,
        "title": title_of(provider, language) if provider else label("provider", name, language),
        "streams": [_stream(one, language) for one in streams],
        "last_read_at": row["read_at"] or last,
        "is_pulled": pulled,
        "is_due": pulled and row["due_at"] is not None and row["due_at"] <= now,
        "has_account": provider is not None and bool(provider.asks),
        "is_connected": provider is None or is_connected(provider, row),
        "is_unsigned": scheme == UNSIGNED,
        "secret_is_theirs": SCHEMES[scheme].new_secret() is None,
        "knocks": knock_figures(conn, mine, now) if pulled else None,
        "failed_knocks": outcome_counts(conn, mine)["failed"] if pulled else 0,
        "is_silent": pulled and is_silent(conn, row, now),
    }


def _page(
    request: Request,
    room: Room,
    reader: PageReader,
    company: Company,
    known: Mapping[str, Provider],
    **said: str,
) -> HTMLResponse:
    now, language = room.now(), language_of(request, reader)
    with read(room.engine) as conn:
        listed = [_shown(conn, row, known, now, language) for row in connections(conn, company["id"])]
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
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    known: ProvidersHere,
    done: str = "",
    on: str = "",
) -> HTMLResponse:
    """Show each connection."""
    return _page(request, room, reader, company, known, done=done if done in DONE else "", on=on)


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
    known: ProvidersHere,
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
    answer = _page(request, room, reader, company, known, secret=secret, on=connection_id)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/{connection_id}/their-secret")
def their_secret_form(
    request: Request,
    room: RoomHere,
    company: CompanyHere,
    connection_id: ConnectionHere,
    secret: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Keep the secret that the source made up."""
    vault = open_vault(room.settings)
    with write(room.engine) as conn:
        hold(conn, company["id"])
        keep_door_secret(conn, vault, connection_id, secret, room.now())
    forget_door(request.app, connection_id)
    return _back(company, connection_id, "kept")


@router.get("/{connection_id}/disconnect")  # noqa: FAST003 - for `account_here`
def disconnect_page(request: Request, reader: PageReader, company: CompanyHere, account: AccountHere) -> HTMLResponse:
    """Ask what becomes of its records."""
    title = provider_title(str(account["provider"]), language_of(request, reader))
    return render(request, "connect_end.html", reader, company=company, connection_id=account["id"], title=title)


@router.post("/{connection_id}/disconnect")  # noqa: FAST003 - likewise
def disconnect_form(
    request: Request,
    room: RoomHere,
    company: CompanyHere,
    account: AccountHere,
    records: Annotated[str, Form()] = "keep",
) -> RedirectResponse:
    """Forget its account; without its records the company is assessed anew."""
    now, mine, keep_records = room.now(), str(account["id"]), records != "remove"
    with write(room.engine) as conn:
        disconnect(conn, account, now, keep_records=keep_records)
    forget_door(request.app, mine)
    if keep_records:
        return _back(company, mine, "disconnected")
    assess_company(room.engine, company["id"], now)
    return go(f"/companies/{company['id']}/connections?done=removed")


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
