"""Declaring: what a named person states of the company, by form or by YAML."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from app.assessment import assess_company
from app.clock import local_day
from app.db import write
from app.declarations import check, parse_yaml, save_declaration
from app.errors import BadInput, NotFound
from app.example import EXAMPLE
from app.pages.declaration_form import as_yaml, field_at_fault, field_name, fields_of, given_of, newest_body, tool_lines
from app.pages.forms import FormHere, text_of
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.people import log_access
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import say
from connectors.records import Process
from signals.books import ITEMS

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

VALID_DAYS = 365


def _newest(room: Room, company_id: str, who: str, now: datetime) -> dict[str, Any] | None:
    with write(room.engine) as conn:
        log_access(conn, company_id, who, "declaration", now)
        return newest_body(conn, company_id)


@dataclass(frozen=True, slots=True)
class _Try:
    """What the page shows beside the last declaration: the fields as given, and what was wrong with them."""

    fields: dict[str, str]
    refusal: BadInput | None = None
    yaml_text: str = ""
    done: bool = False


def _page(
    request: Request, reader: PageReader, company: CompanyHere, today: date, last: dict[str, Any] | None, tried: _Try
) -> HTMLResponse:
    language, refusal = language_of(request, reader), tried.refusal
    stated = date.fromisoformat(last["stated_on"]) if last else None
    key = _key_at_fault(refusal) if refusal else ""
    error = ""
    if refusal:
        named = refusal.params if tried.yaml_text or not key else refusal.params | {"key": field_name(key, language)}
        error = say(refusal.code, named, language)
    return render(
        request,
        "declarations.html",
        reader,
        status=refusal.status if refusal else 200,
        company=company,
        v=tried.fields,
        last=last,
        expired=stated is not None and (today - stated).days > VALID_DAYS,
        today=today.isoformat(),
        processes=[process.value for process in Process],
        items=ITEMS,
        tool_lines=tool_lines(tried.fields),
        error=error,
        error_field="" if tried.yaml_text else field_at_fault(key, tried.fields),
        yaml_text=tried.yaml_text,
        done=tried.done,
    )


def _key_at_fault(refusal: BadInput) -> str:
    at = {"declaration_unsigned": "signed_by", "declaration_from_the_future": "stated_on"}
    return at.get(refusal.code, str(refusal.params.get("key", "")))


@router.get("/declarations")
def declarations_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, done: str = ""
) -> HTMLResponse:
    """Show the form, filled in from the last declaration."""
    now = room.now()
    last = _newest(room, company["id"], reader.name, now)
    fields = fields_of(last) if last else {}
    today = local_day(now, company["zone"])
    return _page(request, reader, company, today, last, _Try(fields, done=done == "saved"))


@router.post("/declarations", response_model=None)
def declarations_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, form: FormHere
) -> HTMLResponse | RedirectResponse:
    """Keep a declaration, from the form's fields or from YAML, and assess anew."""
    now = room.now()
    today = local_day(now, company["zone"])
    fields = {name: text_of(form, name) for name in form}
    given_yaml = fields.pop("yaml", "")
    upload = form.get("yaml_file")
    if isinstance(upload, UploadFile) and upload.filename:
        given_yaml = upload.file.read().decode("utf-8", errors="replace")
    try:
        body = parse_yaml(given_yaml, today) if given_yaml else check(given_of(fields), today)
    except BadInput as refusal:
        last = _newest(room, company["id"], reader.name, now)
        if given_yaml:
            fields = fields_of(last) if last else {}
        return _page(request, reader, company, today, last, _Try(fields, refusal, given_yaml))
    with write(room.engine) as conn:
        save_declaration(conn, company["id"], body, now)
    assess_company(room.engine, company["id"], now)
    return go(f"/companies/{company['id']}/declarations?done=saved")


@router.get("/declarations.yaml")
def declaration_yaml(room: RoomHere, reader: PageReader, company: CompanyHere) -> Response:
    """Give the current declaration as YAML."""
    last = _newest(room, company["id"], reader.name, room.now())
    if last is None:
        raise NotFound("nothing_declared")
    return _yaml(as_yaml(last), "declaration.yaml")


@router.get("/declarations/example.yaml")
def example_yaml(_: CompanyHere) -> Response:
    """Give an example to copy and change."""
    return _yaml(EXAMPLE, "example.yaml")


def _yaml(text: str, name: str) -> Response:
    return Response(
        text,
        media_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
