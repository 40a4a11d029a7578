"""API keys: made, shown once, revoked."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import Reader
from app.api_keys import LIFETIMES, keys, make_key, revoke_key
from app.companies import companies
from app.db import read, write
from app.errors import BadInput, NotFound
from app.pages.frame import PageReader, go, same_origin
from app.roles import Ability, Scope
from app.room import Room, RoomHere
from app.site import render

router = APIRouter(dependencies=[Depends(same_origin)])

EVERY = "*"
Text = Annotated[str, Form()]


def _page(request: Request, room: Room, reader: Reader, new_key: str = "") -> HTMLResponse:
    within = reader.held.within(Ability.ADMINISTER)
    with read(room.engine) as conn:
        listed = keys(conn, within)
        named = [one for one in companies(conn, within) if not one["is_demo"]]
    answer = render(
        request,
        "keys.html",
        reader,
        keys=listed,
        new_key=new_key,
        companies=named,
        all_companies=within is None,
        every=EVERY,
        scopes=list(Scope),
        lifetimes=LIFETIMES,
        now=room.now(),
    )
    if new_key:
        answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get("/keys")
def keys_page(request: Request, room: RoomHere, reader: PageReader) -> HTMLResponse:
    """List the keys, without the keys."""
    return _page(request, room, reader)


@router.post("/keys")
def new_key_form(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    name: Text = "",
    scope: Text = Scope.READ.value,
    company: Text = EVERY,
    days: Text = "0",
) -> HTMLResponse:
    """Make a key and show it, this once."""
    made = _asked(reader, scope, company, days)
    with write(room.engine) as conn:
        key = make_key(conn, name, room.now(), made_by=reader.name, **made)
    return _page(request, room, reader, key)


def _asked(reader: Reader, scope: str, company: str, days: str) -> Mapping[str, Any]:
    within, company_id = reader.held.within(Ability.ADMINISTER), None if company == EVERY else company
    if within is not None and company_id not in within:
        raise NotFound("no_such_company", {"company": company})
    if scope not in set(Scope):
        raise BadInput("no_such_scope", {"scope": scope, "scopes": ", ".join(Scope)})
    if days not in {"0", *map(str, LIFETIMES)}:
        raise BadInput("no_such_lifetime", {"days": days})
    return {"scope": Scope(scope), "company_id": company_id, "days": int(days)}


@router.post("/keys/{key_id}/revoke")
def revoke_form(room: RoomHere, reader: PageReader, key_id: str) -> RedirectResponse:
    """Make a key useless."""
    with write(room.engine) as conn:
        revoke_key(conn, key_id, room.now(), reader.held.within(Ability.ADMINISTER))
    return go("/keys")
