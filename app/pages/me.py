"""One's own account: password, sign-ins, roles."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import (
    Reader,
    end_sign_in,
    end_sign_ins,
    fit_password,
    holder_with,
    let_in,
    note_failure,
    set_password,
    sign_ins,
)
from app.db import read, write
from app.errors import NotSignedIn, SeuilError
from app.members import members
from app.pages.frame import PageReader, go, same_origin
from app.room import Room, RoomHere, language_of
from app.settle import set_sign_in
from app.site import render
from app.wording import say

router = APIRouter(prefix="/me", dependencies=[Depends(same_origin)])

DONE = ("password", "ended")
Text = Annotated[str, Form()]


def _page(request: Request, room: Room, reader: Reader, said: Mapping[str, Any]) -> HTMLResponse:
    with read(room.engine) as conn:
        held = [one for one in members(conn) if one["holder_id"] == reader.holder_id]
        mine = sign_ins(conn, str(reader.holder_id), room.now())
    return render(
        request,
        "me.html",
        reader,
        status=int(said.get("status", 200)),
        held=held,
        sign_ins=mine,
        zone=room.settings.zone,
        done=said.get("done", ""),
        error=said.get("error", ""),
    )


@router.get("")
def my_page(request: Request, room: RoomHere, reader: PageReader, done: str = "") -> HTMLResponse:
    """Show one's own account."""
    return _page(request, room, reader, {"done": done if done in DONE else ""})


@router.post("/password", response_model=None)
def password_form(
    request: Request, room: RoomHere, reader: PageReader, old: Text = "", new: Text = "", again: Text = ""
) -> HTMLResponse | RedirectResponse:
    """Change the password: every sign-in ends, and this browser gets a new one."""
    now, language = room.now(), language_of(request, reader)
    if new != again:
        error = say("passwords_differ", {}, language)
        return _page(request, room, reader, {"error": error, "status": 422})
    try:
        with read(room.engine) as conn:
            holder_with(conn, reader.name, old)
        with write(room.engine) as conn:
            set_password(conn, reader.name, fit_password(new))
            token = let_in(conn, str(reader.holder_id), now, request.headers.get("user-agent", ""))
    except SeuilError as error:
        if isinstance(error, NotSignedIn):
            with write(room.engine) as conn:
                note_failure(conn, reader.name, now)
        told = say(error.code, error.params, language)
        return _page(request, room, reader, {"error": told, "status": 422})
    request.state.new_token = None  # the sign-in it was for has ended
    answer = go("/me?done=password")
    set_sign_in(answer, room, token)
    return answer


@router.post("/sign-ins/end")
def end_others_form(room: RoomHere, reader: PageReader) -> RedirectResponse:
    """End every other sign-in of this account."""
    with write(room.engine) as conn:
        end_sign_ins(conn, str(reader.holder_id), but=reader.sign_in_id)
    return go("/me?done=ended")


@router.post("/sign-ins/{sign_in_id}/end")
def end_one_form(room: RoomHere, reader: PageReader, sign_in_id: str) -> RedirectResponse:
    """End one of them."""
    with write(room.engine) as conn:
        end_sign_in(conn, str(reader.holder_id), sign_in_id)
    return go("/me?done=ended")
