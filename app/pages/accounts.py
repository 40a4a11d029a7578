"""Who may come in, and as what: roles, invitations, sign-ins of others."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import Reader, end_sign_ins, unlock
from app.companies import companies
from app.db import read, write
from app.errors import NotFound, SeuilError
from app.invitation_mail import send_invitation
from app.members import find_invitation, give_role, invitations, invite, members, role_called, take_role, withdraw
from app.outbox import trouble_text
from app.pages.frame import PageReader, go, same_origin
from app.roles import Ability, Role
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import say

router = APIRouter(prefix="/accounts", dependencies=[Depends(same_origin)])

EVERY = "*"  # in forms, the mark of all companies
DONE = ("given", "taken", "withdrawn", "ended")
Text = Annotated[str, Form()]


def _company(asked: str) -> str | None:
    return None if asked == EVERY else asked


def _page(request: Request, room: Room, reader: Reader, said: Mapping[str, Any]) -> HTMLResponse:
    within = reader.held.within(Ability.ADMINISTER)
    with read(room.engine) as conn:
        listed, waiting = members(conn, within), invitations(conn, room.now(), within)
        named = [one for one in companies(conn, within) if not one["is_demo"]]
    answer = render(
        request,
        "accounts.html",
        reader,
        status=int(said.get("status", 200)),
        members=listed,
        invitations=waiting,
        companies=named,
        all_companies=within is None,
        every=EVERY,
        roles=list(Role),
        zone=room.settings.zone,
        done=said.get("done", ""),
        link=said.get("link", ""),
        invited=said.get("invited", ""),
        not_sent=said.get("not_sent", ""),
        error=said.get("error", ""),
    )
    if said.get("link"):
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _refused(request: Request, room: Room, reader: Reader, error: SeuilError) -> HTMLResponse:
    told = say(error.code, error.params, language_of(request, reader))
    return _page(request, room, reader, {"error": told, "status": error.status})


@router.get("")
def accounts_page(request: Request, room: RoomHere, reader: PageReader, done: str = "") -> HTMLResponse:
    """List who holds which role, and who is invited."""
    return _page(request, room, reader, {"done": done if done in DONE else ""})


@router.post("", response_model=None)
def invite_form(
    request: Request, room: RoomHere, reader: PageReader, email: Text = "", company: Text = "", role: Text = ""
) -> HTMLResponse:
    """Invite somebody: mail them the link, and show it, this once."""
    language = language_of(request, reader)
    try:
        with write(room.engine) as conn:
            within = reader.held.within(Ability.ADMINISTER)
            token = invite(conn, email, _company(company), role_called(role), reader.name, room.now(), within)
            offered = find_invitation(conn, token, room.now())
    except SeuilError as error:
        return _refused(request, room, reader, error)
    link = f"{room.settings.base_url}/invitations/{token}"
    trouble = send_invitation(room.settings, offered, link, language)
    said = {"link": link, "invited": offered["email"]}
    return _page(request, room, reader, said | {"not_sent": trouble_text(trouble, language) if trouble else ""})


@router.post("/{holder_id}/role", response_model=None)
def role_form(
    request: Request, room: RoomHere, reader: PageReader, holder_id: str, company: Text = "", role: Text = ""
) -> HTMLResponse | RedirectResponse:
    """Give an account another role in a company, or take the one it has there."""
    within = reader.held.within(Ability.ADMINISTER)
    try:
        with write(room.engine) as conn:
            if role:
                give_role(conn, holder_id, _company(company), role_called(role), reader.name, room.now(), within)
            else:
                take_role(conn, holder_id, _company(company), within)
    except SeuilError as error:
        return _refused(request, room, reader, error)
    return go(f"/accounts?done={'given' if role else 'taken'}")


@router.post("/{holder_id}/sign-ins/end")
def end_form(room: RoomHere, reader: PageReader, holder_id: str) -> RedirectResponse:
    """End an account's sign-ins, as when a laptop is lost, and undo a lock."""
    with write(room.engine) as conn:
        mine = members(conn, reader.held.within(Ability.ADMINISTER))
        found = next((one for one in mine if one["holder_id"] == holder_id), None)
        if found is None:
            raise NotFound("no_such_account")
        end_sign_ins(conn, holder_id)
        unlock(conn, str(found["email"]))
    return go("/accounts?done=ended")


@router.post("/invitations/{invitation_id}/withdraw")
def withdraw_form(room: RoomHere, reader: PageReader, invitation_id: str) -> RedirectResponse:
    """Take an invitation back."""
    with write(room.engine) as conn:
        withdraw(conn, invitation_id, reader.held.within(Ability.ADMINISTER))
    return go("/accounts?done=withdrawn")
