"""The map from logins to people and roles; every look at it is written down."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.assessment import assess_company
from app.db import read, write
from app.errors import BadInput
from app.pages.forms import FormHere, text_of
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.people import actors, erase_person, name_actor, pseudonym
from app.person_export import export_person
from app.roles import Ability
from app.room import Room, RoomHere
from app.site import render
from connectors.records import StaffRole

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])


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
    with read(room.engine) as conn:
        listed = actors(conn, company["id"])
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
        done=done,
    )


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
    erase: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
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
