"""The door: sign in, sign out, and the language to read in."""

import threading
from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import holder_with, is_locked, let_in, note_failure, set_language, sign_out, unlock
from app.audit import SIGNED_IN, Entry, write_entry
from app.db import read, write
from app.errors import NotSignedIn
from app.language import LANGUAGES
from app.oidc import service_of
from app.pages.frame import SEE_OTHER, go, local_address, same_origin
from app.room import COOKIE, LANGUAGE_COOKIE, Room, RoomHere, language_of, who_asks
from app.settle import set_sign_in
from app.site import render
from app.wording import say

router = APIRouter(dependencies=[Depends(same_origin)])

TRIES_A_MINUTE = 10
MINUTE = timedelta(minutes=1)
LANGUAGE_KEPT_FOR = timedelta(days=365)


class Tries:
    """Failed sign-ins of the last minute, by address."""

    def __init__(self) -> None:
        """Start with none."""
        self._failed: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._lock = threading.Lock()

    def too_many(self, address: str, now: datetime) -> bool:
        """Say whether an address has failed too often."""
        with self._lock:
            failed = self._failed[address]
            while failed and failed[0] <= now - MINUTE:
                failed.popleft()
            if not failed:
                del self._failed[address]
            return len(failed) >= TRIES_A_MINUTE

    def failed(self, address: str, now: datetime) -> None:
        """Count a failure."""
        with self._lock:
            self._failed[address].append(now)


def tries_of(request: Request) -> Tries:
    """Give the application's count of failed sign-ins."""
    state = request.app.state
    if not hasattr(state, "tries"):
        state.tries = Tries()
    tries: Tries = state.tries
    return tries


def door_page(
    request: Request, room: Room, *, status: int = 200, next_page: str = "/", email: str = "", error: str = ""
) -> HTMLResponse:
    """Show the door, with a sign-in service beside the password where there is one."""
    said = {"next": next_page, "email": email, "error": error}
    return render(
        request, "sign_in.html", None, status=status, has_service=service_of(room.settings) is not None, **said
    )


@router.get("/sign-in")
def sign_in_page(request: Request, room: RoomHere, next: str = "/") -> HTMLResponse:  # noqa: A002 - the parameter's name in the address
    """Show the door."""
    return door_page(request, room, next_page=local_address(next))


@router.post("/sign-in", response_model=None)
def sign_in_form(
    request: Request,
    room: RoomHere,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - as above
) -> HTMLResponse | RedirectResponse:
    """Let a person in, or say why not."""
    now, tries = room.now(), tries_of(request)
    address = request.client.host if request.client else ""
    code = "too_many_tries" if tries.too_many(address, now) else "sign_in_locked" if _locked(room, email, now) else ""
    if not code:
        try:
            with read(room.engine) as conn:
                holder_id = holder_with(conn, email, password)
        except NotSignedIn as error:
            tries.failed(address, now)
            with write(room.engine) as conn:
                note_failure(conn, email, now)
            code = error.code
        else:
            with write(room.engine) as conn:
                token = let_in(conn, holder_id, now, request.headers.get("user-agent", ""))
                unlock(conn, email)
                write_entry(conn, Entry(who=email.strip(), what=SIGNED_IN, status=SEE_OTHER), now)
            answer = go(local_address(next))
            set_sign_in(answer, room, token)
            return answer
    error_text = say(code, {}, language_of(request))
    status = NotSignedIn.status if code == "wrong_password" else 429
    return door_page(request, room, status=status, next_page=local_address(next), email=email, error=error_text)


def _locked(room: Room, email: str, now: datetime) -> bool:
    with read(room.engine) as conn:
        return is_locked(conn, email, now)


@router.post("/sign-out")
def sign_out_form(request: Request, room: RoomHere) -> RedirectResponse:
    """Let a person out."""
    token = request.cookies.get(COOKIE)
    if token:
        with write(room.engine) as conn:
            sign_out(conn, token)
    answer = go("/sign-in")
    answer.delete_cookie(COOKIE)
    return answer


@router.post("/language")
def language_form(
    request: Request,
    room: RoomHere,
    language: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - as above
) -> RedirectResponse:
    """Change the language, for this browser and for the account."""
    answer = go(local_address(next))
    if language not in LANGUAGES:
        return answer
    answer.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=int(LANGUAGE_KEPT_FOR.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=room.settings.secure_cookies,
    )
    try:
        holder_id = who_asks(request, room).holder_id
    except NotSignedIn:
        return answer
    if holder_id:
        with write(room.engine) as conn:
            set_language(conn, holder_id, language)
    return answer
