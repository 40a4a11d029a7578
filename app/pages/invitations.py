"""An invitation taken up: whoever has the link chooses a password, or gives the one of their account."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import holder_with, is_locked, let_in, note_failure
from app.audit import TAKEN_UP, Entry, write_entry
from app.db import read, write
from app.errors import NotSignedIn, SeuilError
from app.members import find_invitation, take_up
from app.pages.frame import SEE_OTHER, go, same_origin
from app.room import Room, RoomHere, language_of
from app.settle import set_sign_in
from app.site import render
from app.wording import say

router = APIRouter(prefix="/invitations", dependencies=[Depends(same_origin)])

Text = Annotated[str, Form()]


def _page(request: Request, offered: dict[str, Any], error: str = "", status: int = 200) -> HTMLResponse:
    answer = render(request, "invitation.html", None, status=status, offered=offered, error=error)
    answer.headers["Referrer-Policy"] = "no-referrer"  # the address is a secret
    return answer


@router.get("/{token}")
def invitation_page(request: Request, room: RoomHere, token: str) -> HTMLResponse:
    """Show what is offered: opening a link changes nothing."""
    with read(room.engine) as conn:
        offered = dict(find_invitation(conn, token, room.now()))
    return _page(request, offered)


@router.post("/{token}", response_model=None)
def take_up_form(
    request: Request, room: RoomHere, token: str, password: Text = "", again: Text = ""
) -> HTMLResponse | RedirectResponse:
    """Take it up, and come in."""
    now, language = room.now(), language_of(request)
    with read(room.engine) as conn:
        offered = dict(find_invitation(conn, token, now))
    email = str(offered["email"])
    if not offered["has_account"] and password != again:
        return _page(request, offered, say("passwords_differ", {}, language), 422)
    try:
        if offered["has_account"]:
            _check(room, email, password)
        with write(room.engine) as conn:
            holder_id = take_up(conn, token, password, now)
            write_entry(conn, Entry(who=email, what=TAKEN_UP, company_id=offered["company_id"], status=SEE_OTHER), now)
            signed_in = let_in(conn, holder_id, now, request.headers.get("user-agent", ""))
    except SeuilError as error:
        return _page(request, offered, say(error.code, error.params, language), error.status)
    answer = go(f"/companies/{offered['company_id']}" if offered["company_id"] else "/")
    set_sign_in(answer, room, signed_in)
    return answer


def _check(room: Room, email: str, password: str) -> None:
    """Check the password of the account there is, as at the door: failures count there too."""
    now = room.now()
    with read(room.engine) as conn:
        if is_locked(conn, email, now):
            raise NotSignedIn("sign_in_locked")
    try:
        with read(room.engine) as conn:
            holder_with(conn, email, password)
    except NotSignedIn:
        with write(room.engine) as conn:
            note_failure(conn, email, now)
        raise
