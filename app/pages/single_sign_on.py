"""The door with somebody else's key: to the sign-in service, and back."""

import json
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import holder_called, let_in
from app.audit import SIGNED_IN, Entry, write_entry
from app.db import read, write
from app.errors import NotFound, NotSignedIn, Refused, SeuilError
from app.oidc import Begun, Service, begin, finish, service_of
from app.pages.door import door_page
from app.pages.frame import SEE_OTHER, go, local_address
from app.room import Room, RoomHere, language_of
from app.settle import set_sign_in
from app.vault import open_vault
from app.wording import say

router = APIRouter(prefix="/sign-in")

COOKIE = "seuil_way"
KEPT_FOR = timedelta(minutes=10)
SERVICE = "sign-in service"


def _service(room: Room) -> Service:
    service = service_of(room.settings)
    if service is None:
        raise NotFound("no_such_page")
    return service


@router.get("/with", response_model=None)
def there(request: Request, room: RoomHere, next: str = "/") -> HTMLResponse | RedirectResponse:  # noqa: A002 - the parameter's name in the address
    """Send somebody to the service."""
    try:
        address, begun = begin(_service(room), local_address(next))
    except Refused as error:
        return _refused(request, room, error)
    answer = go(address)
    answer.set_cookie(
        COOKIE,
        open_vault(room.settings).seal(json.dumps(begun.kept())),
        max_age=int(KEPT_FOR.total_seconds()),
        path="/sign-in",
        httponly=True,
        samesite="lax",
        secure=room.settings.secure_cookies,
    )
    return answer


@router.get("/back", response_model=None)
def back(request: Request, room: RoomHere, code: str = "", state: str = "") -> HTMLResponse | RedirectResponse:
    """Let somebody in whom the service knows, and who has an account here."""
    now, service = room.now(), _service(room)
    try:
        begun = _begun(request, room)
        email = finish(service, begun, code, state, now)
        holder_id = _holder(room, email)
    except (NotSignedIn, Refused) as error:
        return _refused(request, room, error)
    with write(room.engine) as conn:
        token = let_in(conn, holder_id, now, request.headers.get("user-agent", ""))
        write_entry(conn, Entry(who=email, what=SIGNED_IN, note=SERVICE, status=SEE_OTHER), now)
    answer = go(local_address(begun.next))
    set_sign_in(answer, room, token)
    answer.delete_cookie(COOKIE, path="/sign-in")
    return answer


def _holder(room: Room, email: str) -> str:
    with read(room.engine) as conn:
        found = holder_called(conn, email)
    if found is None:
        raise NotSignedIn("oidc_no_account", {"email": email})
    return found


def _begun(request: Request, room: Room) -> Begun:
    try:
        return Begun(**json.loads(open_vault(room.settings).open(request.cookies.get(COOKIE, ""))))
    except (Refused, ValueError, TypeError) as error:  # gone, too old, or another's
        raise NotSignedIn("oidc_failed") from error


def _refused(request: Request, room: Room, error: SeuilError) -> HTMLResponse:
    told = say(error.code, error.params, language_of(request))
    return door_page(request, room, status=error.status, error=told)
