"""The first steps: what a new company still needs before its verdict says something, in order, on one page."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.assessment import assess_company, latest
from app.clock import local_day
from app.db import read, write
from app.errors import BadInput
from app.first_steps import Step, first_steps
from app.language import Formats
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.policies import Signed, change_settings
from app.policy_checks import BASELINE, check_setting
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import say

router = APIRouter(prefix="/companies/{company_id}/first-steps", dependencies=[Depends(same_origin)])

Text = Annotated[str, Form()]


def _told(step: Step, language: str) -> dict[str, Any]:
    """Say where a step stands."""
    formats, code = Formats(language), f"first_{step.name}_{'done' if step.done else 'open'}"
    params = dict(step.params)
    if params.pop("declared", False) and not params["n"]:
        code = "first_declared"
    if step.name == "usual":
        code = code if step.done or params else "first_usual_none"
        params = {name: formats.day(date.fromisoformat(str(day))) for name, day in params.items()}
    return {"name": step.name, "done": step.done, "page": step.page, "text": say(code, params, language)}


def _page(
    request: Request, room: Room, reader: PageReader, company: CompanyHere, error: BadInput | None = None
) -> HTMLResponse:
    language, today = language_of(request, reader), local_day(room.now(), company["zone"])
    with read(room.engine) as conn:
        steps = first_steps(conn, company["id"], today)
        served = latest(conn, company["id"])
    usual = next(step for step in steps if step.name == "usual")
    return render(
        request,
        "first_steps.html",
        reader,
        status=error.status if error else 200,
        company=company,
        steps=[_told(step, language) for step in steps],
        left=sum(not step.done for step in steps),
        proposed=None if usual.done else usual.params,
        verdict=served.verdict if served else None,
        error=say(error.code, error.params, language) if error else "",
    )


@router.get("")
def first_steps_page(request: Request, room: RoomHere, reader: PageReader, company: CompanyHere) -> HTMLResponse:
    """Show each step, where it stands, and where it is taken."""
    return _page(request, room, reader, company)


@router.post("/usual", response_model=None)
def usual_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, first: Text = "", last: Text = ""
) -> HTMLResponse | RedirectResponse:
    """Keep the period that was usual, signed, and assess anew."""
    now = room.now()
    today = local_day(now, company["zone"])
    try:
        changes = dict([check_setting(BASELINE, f"{first}..{last}")])
        with write(room.engine) as conn:
            change_settings(conn, company["id"], changes, Signed(reader.name, now), today=today)
    except BadInput as error:
        return _page(request, room, reader, company, error)
    assess_company(room.engine, company["id"], now)
    return go(f"/companies/{company['id']}/first-steps")
