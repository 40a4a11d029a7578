"""What a request needs: the database, the clock, and who is asking; handed over by FastAPI's dependencies."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from app.access import Reader, reader_of_key, reader_of_token
from app.db import read
from app.errors import NotSignedIn
from app.language import pick_language
from app.settings import Settings

COOKIE = "seuil_sign_in"
LANGUAGE_COOKIE = "seuil_language"


@dataclass(frozen=True, slots=True)
class Room:
    """The application's belongings."""

    engine: Engine
    settings: Settings
    now: Callable[[], datetime]


def room_of(request: Request) -> Room:
    """Give the application's belongings."""
    room: Room = request.app.state.room
    return room


RoomHere = Annotated[Room, Depends(room_of)]


def asking(request: Request, room: RoomHere) -> Reader:
    """Say who asks: by API key (Bearer) or by sign-in; nobody else passes."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    with read(room.engine) as conn:
        if scheme.lower() == "bearer" and key:
            reader = reader_of_key(conn, key.strip())
        else:
            token = request.cookies.get(COOKIE)
            reader = reader_of_token(conn, token, room.now()) if token else None
    if reader is None:
        raise NotSignedIn("not_signed_in")
    return reader


ReaderHere = Annotated[Reader, Depends(asking)]


def language_of(request: Request, reader: Reader | None = None) -> str:
    """Give the language to answer in: the reader's, the cookie's, else the browser's."""
    chosen = (reader.language if reader else None) or request.cookies.get(LANGUAGE_COOKIE)
    return pick_language(request.headers.get("accept-language", ""), chosen)
