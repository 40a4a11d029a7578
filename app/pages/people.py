"""The map from logins to people and roles; every look at it is written down."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.assessment import assess_company
from app.clock import local_day
from app.db import read, write
from app.errors import BadInput
from app.joining import join_logins, part_login
from app.language import Formats
from app.logins import Seen, seen, several
from app.pages.forms import FormHere, text_of
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.people import ActorRow, actors, erase_person, name_actor, pseudonym
from app.person_export import export_person
from app.roles import Ability
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import say
from connectors.records import StaffRole
from signals.key_person import NOT_PEOPLE

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

Text = Annotated[str, Form()]


@router.get("/people")
def people_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, done: str = ""
) -> HTMLResponse:
    """Show which logins have which role, under their numbers."""
    return _page(request, room, reader, company, done, named=False)


@router.get("/people/names")
def names_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, done: str = ""
) -> HTMLResponse:
    """Show who is who; that somebody looked is written down, as of every address in `app.audit.PERSONAL`."""
    return _page(request, room, reader, company, done, named=True)


def _page(
    request: Request, room: Room, reader: PageReader, company: CompanyHere, done: str, *, named: bool
) -> HTMLResponse:
    language = language_of(request, reader)
    with read(room.engine) as conn:
        listed = actors(conn, company["id"])
        told = seen(conn, company["id"], listed, local_day(room.now(), company["zone"]))
    shown = [row for row in listed if not row.login.startswith("erased-")]
    if not named:  # in the order of their logins, numbers would tell whose they are
        shown.sort(key=lambda row: pseudonym(row.id))
    return render(
        request,
        "people.html",
        reader,
        company=company,
        people=shown,
        erased=len(listed) - len(shown),
        roles=[role.value for role in StaffRole],
        named=named,
        pseudonym=pseudonym,
        told={row.id: _told(row, told[row.id], language) for row in shown},
        several=several(shown),
        joinable=[row for row in shown if row.role not in NOT_PEOPLE],
        done=done,
    )


def _told(row: ActorRow, one: Seen, language: str) -> dict[str, Any]:
    """Say what is seen of a login: months only."""
    formats = Formats(language)
    first, last = (formats.month(f"{day:%Y-%m}") if day else "" for day in (one.first, one.last))
    source = "" if row.role is None else say("role_by_person" if row.role_is_ours else "role_by_source", {}, language)
    return {
        "first": first,
        "last": last,
        "source": source,
        "marks": [say(f"login_{mark}", {}, language) for mark in one.marks],
    }


@router.post("/people/same")
def same_form(
    room: RoomHere, company: CompanyHere, one: Text = "", other: Text = "", named: Text = ""
) -> RedirectResponse:
    """Have two logins be one person's, and assess anew: who knows what is counted by person."""
    now = room.now()
    with write(room.engine) as conn:
        joined = join_logins(conn, company["id"], one, other, now)
    return _assessed(room, company["id"], changed=joined, named=named)


@router.post("/people/apart")
def apart_form(room: RoomHere, company: CompanyHere, login: Text = "", named: Text = "") -> RedirectResponse:
    """Have a login be its own person's again, and assess anew."""
    with write(room.engine) as conn:
        parted = part_login(conn, company["id"], login)
    return _assessed(room, company["id"], changed=parted, named=named)


def _assessed(room: Room, company_id: str, *, changed: bool, named: str) -> RedirectResponse:
    if changed:
        assess_company(room.engine, company_id, room.now())
    return go(f"/companies/{company_id}/people{'/names' if named else ''}?done={'saved' if changed else ''}")


@router.post("/people")
def people_form(room: RoomHere, reader: PageReader, company: CompanyHere, form: FormHere) -> RedirectResponse:
    """Keep the names and roles that changed, and assess anew: roles are part of several measures."""
    now, changed = room.now(), False
    names = reader.held.may(Ability.NAMES, company["id"])
    with write(room.engine) as conn:
        known = {row.id: row for row in actors(conn, company["id"])}
        for actor_id, row in known.items():
            name = text_of(form, f"name-{actor_id}") if names else ""
            role = text_of(form, f"role-{actor_id}")
            if not (name and name != row.name) and not (role and role != row.role):
                continue
            name_actor(conn, company["id"], row.login, now, name=name or None, role=role or None, ours=True)
            changed = True
    if changed:
        assess_company(room.engine, company["id"], now)
    page = "people/names" if form.get("named") and names else "people"
    return go(f"/companies/{company['id']}/{page}?done=saved")


@router.get("/people/{actor_id}/export")
def export_page(room: RoomHere, company: CompanyHere, actor_id: str) -> Response:
    """Give all that is kept of one person, as they may ask for it."""
    with read(room.engine) as conn:
        body = export_person(conn, company["id"], actor_id)
    return Response(
        json.dumps(body, ensure_ascii=False, indent=1),
        media_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="person-{pseudonym(actor_id)}.json"'},
    )


@router.post("/people/erase", response_model=None)
def erase_form(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    erase: Text = "",
    sure: Text = "",
) -> HTMLResponse | RedirectResponse:
    """Ask once more, then forget a person."""
    now = room.now()
    with write(room.engine) as conn:
        found = next((row for row in actors(conn, company["id"]) if row.id == erase), None)
        if found is None:
            raise BadInput("unknown_login", {"login": erase})
        if sure == "yes":
            erase_person(conn, company["id"], found.login, now)
            return go(f"/companies/{company['id']}/people/names?done=erased")
    return render(request, "people_erase.html", reader, company=company, person=found)
