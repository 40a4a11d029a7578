"""The register of processes: the list, one process's sheet to read or print, and the form that writes it."""

from datetime import date, datetime
from typing import Any

import yaml
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from app.assessment import assess_company, latest
from app.clock import local_day
from app.db import read, write
from app.declarations import check_sheet
from app.errors import BadInput, Forbidden, NotFound
from app.pages.company import asked_day
from app.pages.forms import FormHere, text_of
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.pages.register_form import field_at_fault, fields_of, given_of, line_numbers
from app.people import actors, log_access, name_actor
from app.register import logins_of, provider_names_of, save_sheets, sheets_on, versions_of
from app.register_view import entries, entry
from app.roles import Ability
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import say
from app.written import FREQUENCIES, as_given
from connectors.records import Process, StaffRole

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

Body = dict[str, Any]


def _known(process: str) -> str:
    if process not in set(Process):
        raise NotFound("no_such_process", {"name": process})
    return process


def _stored(room: Room, company_id: str, day: date | None) -> Body | None:
    """Give the stored answer of a day asked for, else the newest."""
    with read(room.engine) as conn:
        served = latest(conn, company_id, day)
    return served.content if served else None


@router.get("/processes")
def processes_page(request: Request, room: RoomHere, reader: PageReader, company: CompanyHere) -> HTMLResponse:
    """List the processes with what is written down of each."""
    today = local_day(room.now(), company["zone"])
    with read(room.engine) as conn:
        sheets = sheets_on(conn, company["id"], today)
        providers = provider_names_of(conn, company["id"])
    body, language = _stored(room, company["id"], None), language_of(request, reader)
    listed = entries(body, sheets, today, language, providers)
    return render(request, "processes.html", reader, company=company, listed=listed)


@router.get("/processes.yaml")
def processes_yaml(room: RoomHere, reader: PageReader, company: CompanyHere) -> Response:
    """Give the register as YAML that `seuil declare` reads back."""
    now = room.now()
    today = local_day(now, company["zone"])
    with write(room.engine) as conn:
        log_access(conn, company["id"], reader.name, "register", now)
        sheets = sheets_on(conn, company["id"], today)
        logins = logins_of(conn, company["id"])
    if not sheets:
        raise NotFound("register_empty")
    said = {name: as_given(sheets[name].body, logins) for name in Process if name in sheets}
    body = {
        "signed_by": reader.name,
        "stated_on": today.isoformat(),
        "processes": {k.value: v for k, v in said.items()},
    }
    text = yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=120)
    headers = {"Content-Disposition": 'attachment; filename="processes.yaml"'}
    return Response(text, media_type="application/yaml; charset=utf-8", headers=headers)


@router.get("/processes/{process}")
def sheet_page(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    process: str,
    as_of: str | None = None,
    names: str = "",
) -> HTMLResponse:
    """Show a process's sheet as it stands, or stood on a past day; people by role, by login if asked for."""
    now, day = room.now(), asked_day(as_of)
    today = local_day(now, company["zone"])
    with write(room.engine) as conn:
        if names and not reader.held.may(Ability.NAMES, company["id"]):
            raise Forbidden("role_forbids")
        if names:
            log_access(conn, company["id"], reader.name, "register", now, _known(process))
        versions = versions_of(conn, company["id"], _known(process))
        logins, roles = logins_of(conn, company["id"]), _roles(conn, company["id"])
        providers = provider_names_of(conn, company["id"])
    standing = [one for one in versions if one.stated_on <= (day or today)]
    body = _stored(room, company["id"], day)
    language, newest = language_of(request, reader), standing[-1] if standing else None
    shown = entry(body, process, newest, day or today, language, providers)
    return render(
        request,
        "process.html",
        reader,
        company=company,
        sheet=shown,
        versions=list(reversed(versions)),
        day=day,
        logins=logins if names else {},
        roles=roles,
    )


def _roles(conn: Connection, company_id: str) -> dict[str, str]:
    return {one.id: one.role or "" for one in actors(conn, company_id)}


def _form(
    request: Request,
    reader: PageReader,
    company: CompanyHere,
    process: str,
    fields: dict[str, str],
    refusal: BadInput | None = None,
    today: str = "",
) -> HTMLResponse:
    key = str(refusal.params.get("key", "")) if refusal else ""
    error = say(refusal.code, refusal.params, language_of(request, reader)) if refusal else ""
    return render(
        request,
        "process_form.html",
        reader,
        status=refusal.status if refusal else 200,
        company=company,
        process=process,
        v=fields,
        error=error,
        error_field=field_at_fault(key, fields) if key else "",
        tasks=line_numbers(fields, "task"),
        rules=line_numbers(fields, "rule"),
        frequencies=FREQUENCIES,
        staff_roles=[role.value for role in StaffRole],
        today=today,
    )


@router.get("/processes/{process}/edit")
def sheet_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, process: str
) -> HTMLResponse:
    """Show the form, filled in from the sheet as it stands."""
    now = room.now()
    today = local_day(now, company["zone"])
    with write(room.engine) as conn:
        log_access(conn, company["id"], reader.name, "register", now, _known(process))
        found = sheets_on(conn, company["id"], today).get(process)
        logins = logins_of(conn, company["id"])
    fields = fields_of(as_given(found.body, logins)) if found else {}
    return _form(request, reader, company, process, fields, today=today.isoformat())


@router.post("/processes/{process}/edit", response_model=None)
def save_sheet_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, process: str, form: FormHere
) -> HTMLResponse | RedirectResponse:
    """Keep a new version of a process's sheet, and assess anew."""
    now: datetime = room.now()
    today = local_day(now, company["zone"])
    fields = {name: text_of(form, name) for name in form}
    if fields.pop("reviewed", ""):
        fields["reviewed_on"] = today.isoformat()
    try:
        written = check_sheet(given_of(fields), _known(process), today)
    except BadInput as refusal:
        return _form(request, reader, company, process, fields, refusal, today.isoformat())
    with write(room.engine) as conn:
        author = name_actor(conn, company["id"], reader.name, now, name=None, role=None, ours=True)
        save_sheets(conn, company["id"], {process: written}, author, today, now)
    assess_company(room.engine, company["id"], now)
    return go(f"/companies/{company['id']}/processes/{process}")
