"""What a request needs: the database, the clock, and who is asking; handed over by FastAPI's dependencies."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy import Engine

from app.access import Reader, change_token, end_if_stolen, reader_of_token, token_is_old, token_was_changed
from app.api_keys import note_use, reader_of_key, use_is_unknown
from app.audit import Entry, is_written, what_of, write_entry
from app.budget import Budgets
from app.db import read, write
from app.errors import NotSignedIn, Refused, TooMany
from app.language import pick_language
from app.permits import admit
from app.settings import Settings

COOKIE = "seuil_sign_in"
LANGUAGE_COOKIE = "seuil_language"
ABOUT_KEPT = 80  # characters of what an address names


@dataclass(frozen=True, slots=True)
class Room:
    """The application's belongings."""

    engine: Engine
    settings: Settings
    now: Callable[[], datetime]
    budgets: Budgets


def room_of(request: Request) -> Room:
    """Give the application's belongings."""
    room: Room = request.app.state.room
    return room


RoomHere = Annotated[Room, Depends(room_of)]


def who_asks(request: Request, room: RoomHere) -> Reader:
    """Say who asks: by API key (Bearer) or by sign-in; nobody else passes."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    token, now = request.cookies.get(COOKIE), room.now()
    if scheme.lower() == "bearer" and key:
        reader = _by_key(room, key.strip(), now)
    else:
        reader = _by_token(request, room, token, now) if token else None
    if reader is None:
        raise NotSignedIn("not_signed_in")
    return reader


def _by_key(room: Room, key: str, now: datetime) -> Reader | None:
    with read(room.engine) as conn:
        reader = reader_of_key(conn, key, now)
        unknown = reader is not None and use_is_unknown(conn, key, now)
    if unknown:
        with write(room.engine) as conn:
            note_use(conn, key, now)
    return reader


def _by_token(request: Request, room: Room, token: str, now: datetime) -> Reader | None:
    with read(room.engine) as conn:
        reader = reader_of_token(conn, token, now)
        old = reader is not None and token_is_old(conn, token, now)
        stale = reader is None and token_was_changed(conn, token, now)
    if old:
        with write(room.engine) as conn:
            request.state.new_token = change_token(conn, token, now)
    if stale:
        with write(room.engine) as conn:
            end_if_stolen(conn, token, now)
    return reader


def same_origin(request: Request) -> None:
    """Refuse a form that another site sent: by Sec-Fetch-Site, else by Origin; one of them must be there."""
    if request.method in {"GET", "HEAD"}:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "")
    is_ours = site == "same-origin" if site else urlsplit(origin).netloc == request.headers.get("host", "-")
    if not is_ours:
        raise Refused("wrong_origin")


def within_budget(request: Request, room: Room, reader: Reader) -> None:
    """Count a program's request, or refuse it with TooMany."""
    left = room.budgets.take(reader.key_id or "", room.now())
    request.state.left = left
    if left.spent:
        raise TooMany("too_many_requests", {"seconds": left.seconds, "budget": left.budget})


def asking(request: Request, room: RoomHere) -> Reader:
    """Say who asks of the API, if they may; whoever is signed in by a cookie changes nothing from another site."""
    reader = who_asks(request, room)
    if reader.holder_id is not None:
        same_origin(request)
    else:
        within_budget(request, room, reader)
    return admitted(request, room, reader)


def admitted(request: Request, room: Room, reader: Reader) -> Reader:
    """Let somebody pass who may; a change, and a look at personal data, is written down before it happens."""
    path, company_id = request.scope["route"].path, request.path_params.get("company_id")
    admit(reader.held, request.method, path, company_id)
    if is_written(request.method, path):
        request.state.entry = _written_down(request, room, reader, path)
    return reader


def _written_down(request: Request, room: Room, reader: Reader, path: str) -> int:
    about = {name: str(value)[:ABOUT_KEPT] for name, value in request.path_params.items() if name != "company_id"}
    entry = Entry(
        who=reader.name,
        what=what_of(request.method, path),
        company_id=request.path_params.get("company_id"),
        about=about,
        request=getattr(request.state, "number", None),
    )
    with write(room.engine) as conn:
        return write_entry(conn, entry, room.now())


ReaderHere = Annotated[Reader, Depends(asking)]


def language_of(request: Request, reader: Reader | None = None) -> str:
    """Give the language to answer in: the reader's, the cookie's, else the browser's."""
    chosen = (reader.language if reader else None) or request.cookies.get(LANGUAGE_COOKIE)
    return pick_language(request.headers.get("accept-language", ""), chosen)
