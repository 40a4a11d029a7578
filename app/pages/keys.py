"""API keys: made, shown once, revoked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import keys, make_key, revoke_key
from app.db import read, write
from app.errors import BadInput
from app.pages.frame import PageReader, go, same_origin
from app.room import Room, RoomHere
from app.site import render

router = APIRouter(dependencies=[Depends(same_origin)])

NAME_KEPT = 100


def _page(request: Request, room: Room, reader: PageReader, new_key: str = "") -> HTMLResponse:
    with read(room.engine) as conn:
        listed = keys(conn)
    answer = render(request, "keys.html", reader, keys=listed, new_key=new_key)
    if new_key:
        answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get("/keys")
def keys_page(request: Request, room: RoomHere, reader: PageReader) -> HTMLResponse:
    """List the keys, without the keys."""
    return _page(request, room, reader)


@router.post("/keys")
def new_key_form(
    request: Request, room: RoomHere, reader: PageReader, name: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """Make a key and show it, this once."""
    if not name.strip():
        raise BadInput("key_needs_a_name")
    with write(room.engine) as conn:
        key = make_key(conn, name.strip()[:NAME_KEPT], room.now())
    return _page(request, room, reader, key)


@router.post("/keys/{key_id}/revoke")
def revoke_form(room: RoomHere, _: PageReader, key_id: str) -> RedirectResponse:
    """Make a key useless."""
    with write(room.engine) as conn:
        revoke_key(conn, key_id, room.now())
    return go("/keys")
