"""How a request ends: its entry in the audit gets the answer's status, and a changed token its cookie."""

from typing import Any

from starlette.responses import Response

from app.access import SIGNED_IN_FOR
from app.audit import set_status
from app.db import write
from app.room import COOKIE, Room


def settle(room: Room, state: dict[str, Any], status: int) -> str | None:
    """Write down what was answered; give the cookie of a token that changed meanwhile."""
    if "entry" in state:
        with write(room.engine) as conn:
            set_status(conn, state["entry"], status)
    token = state.get("new_token")
    if not token:
        return None
    carrier = Response()
    set_sign_in(carrier, room, token)
    return carrier.headers["set-cookie"]


def set_sign_in(answer: Response, room: Room, token: str) -> None:
    """Give a browser its token; `__Host-`-like rules hold: no script reads it, and no other site sends it along."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(SIGNED_IN_FOR.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=room.settings.secure_cookies,
    )
