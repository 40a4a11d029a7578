"""The way out of the letters, without signing in: who has the link in a letter may stop and start them, no more.

Opening the link changes nothing: mail scanners open every link. Mail programs post to it by themselves (RFC 8058), from
wherever they are, so a form from elsewhere is not refused here.
"""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from app.db import read, write
from app.recipients import recipient_of_token, subscribe_again, unsubscribe
from app.room import RoomHere, language_of
from app.site import render
from app.wording import say

router = APIRouter(prefix="/unsubscribe")


def _page(request: Request, token: str, who: Any, done: str = "") -> HTMLResponse:
    return render(
        request,
        "unsubscribe.html",
        None,
        token=token,
        email=who.email,
        is_out=who.unsubscribed_at is not None,
        done=done,
    )


@router.get("/{token}")
def unsubscribe_page(request: Request, room: RoomHere, token: str) -> HTMLResponse:
    """Show one button."""
    with read(room.engine) as conn:
        who = recipient_of_token(conn, token)
    return _page(request, token, who)


@router.post("/{token}")
def unsubscribe_form(request: Request, room: RoomHere, token: str) -> Response:
    """Stop the letters; twice is the same as once."""
    with write(room.engine) as conn:
        who = unsubscribe(conn, token, room.now())
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(say("unsubscribed", {"email": who.email}, language_of(request)))
    return _page(request, token, who, "unsubscribed")


@router.post("/{token}/again")
def again_form(request: Request, room: RoomHere, token: str) -> HTMLResponse:
    """Start the letters again."""
    with write(room.engine) as conn:
        who = subscribe_again(conn, token)
    return _page(request, token, who, "subscribed_again")
