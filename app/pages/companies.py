"""The companies: what each is told, and adding one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection

from app.assessment import assess_company, latest
from app.companies import add_company, companies
from app.db import read, write
from app.errors import SeuilError
from app.pages.frame import PageReader, go, same_origin
from app.roles import Ability
from app.room import RoomHere, language_of
from app.site import render
from app.wording import say

router = APIRouter(dependencies=[Depends(same_origin)])


def _listed(conn: Connection, within: frozenset[str] | None) -> list[dict[str, Any]]:
    listed = []
    for row in companies(conn, within):
        served = latest(conn, row["id"])
        listed.append({"row": row, "served": served, "body": served.content if served else None})
    return listed


@router.get("/")
def companies_page(request: Request, room: RoomHere, reader: PageReader) -> HTMLResponse:
    """List the companies, the demonstration apart."""
    with read(room.engine) as conn:
        listed = _listed(conn, reader.held.within(Ability.READ))
    return render(
        request,
        "companies.html",
        reader,
        real=[one for one in listed if not one["row"]["is_demo"]],
        demo=[one for one in listed if one["row"]["is_demo"]],
    )


@router.get("/companies/new")
def new_company_page(request: Request, reader: PageReader) -> HTMLResponse:
    """Ask for a company's name and SIREN."""
    return render(request, "company_new.html", reader, name="", siren="", error="")


@router.post("/companies/new", response_model=None)
def new_company_form(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    name: Annotated[str, Form()] = "",
    siren: Annotated[str, Form()] = "",
) -> HTMLResponse | RedirectResponse:
    """Add a company; its first answer says what is missing."""
    now = room.now()
    digits = "".join(siren.split()) or None
    try:
        with write(room.engine) as conn:
            company_id = add_company(conn, name, now, siren=digits, zone=room.settings.zone)
    except SeuilError as error:
        sentence = say(error.code, error.params, language_of(request, reader))
        return render(request, "company_new.html", reader, status=error.status, name=name, siren=siren, error=sentence)
    assess_company(room.engine, company_id, now)
    return go(f"/companies/{company_id}/first-steps")
