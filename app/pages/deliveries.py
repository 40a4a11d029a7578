"""What was not delivered, over all companies, and having it tried again."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.access import Reader
from app.bounces import vouch
from app.companies import companies, find_company
from app.db import read, write
from app.deliveries import (
    LISTED,
    LISTED_FOR,
    Asked,
    State,
    again,
    again_all,
    bounced_readers,
    deliveries,
    delivery_counts,
    what_text,
    why_text,
)
from app.errors import NotFound, SeuilError
from app.outbox import trouble_text
from app.pages.frame import PageReader, go, same_origin
from app.roles import Ability
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import say

router = APIRouter(prefix="/deliveries", dependencies=[Depends(same_origin)])

MOST_TOLD = 9  # digits
NAMED = 2  # companies of a letter that are named; of the others their number is
Text = Annotated[str, Form()]


def _asked(room: Room, reader: Reader, ability: Ability, state: str, company: str) -> Asked:
    if company:
        with read(room.engine) as conn:
            find_company(conn, company)
        if not reader.held.may(ability, company):
            raise NotFound("no_such_company", {"company": company})
    return Asked(State(state) if state in set(State) else None, company or None, reader.held.within(ability))


@router.get("")
def deliveries_page(  # noqa: PLR0913, PLR0917 - what the address says
    request: Request,
    room: RoomHere,
    reader: PageReader,
    state: str = "",
    company: str = "",
    before: str = "",
    tried: str = "",
    vouched: str = "",
) -> HTMLResponse:
    """Show what was not delivered, newest first."""
    number = tried if tried.isascii() and tried.isdigit() and len(tried) <= MOST_TOLD else ""
    said = {"tried": int(number) if number else None, "vouched": vouched == "1"}
    return _page(
        request,
        room,
        reader,
        _asked(room, reader, Ability.MAIL, state, company),
        {**said, "before": before if before.isprintable() else ""},
    )


def _page(request: Request, room: Room, reader: Any, asked: Asked, said: Mapping[str, Any]) -> HTMLResponse:
    language, now = language_of(request, reader), room.now()
    with read(room.engine) as conn:
        rows = deliveries(conn, asked, now, before=said.get("before") or None)
        counts = delivery_counts(conn, asked, now)
        bounced = bounced_readers(conn, asked.companies)
        listed = [one for one in companies(conn, reader.held.within(Ability.MAIL)) if not one["is_demo"]]
    told = [{"row": one, "what": what_text(one, language), "why": why_text(one, language)} for one in rows]
    return render(
        request,
        "deliveries.html",
        reader,
        status=int(said.get("status", 200)),
        deliveries=told,
        named=NAMED,
        counts=counts,
        total=sum(counts.values()),
        state=asked.state.value if asked.state else "",
        company_id=asked.company_id or "",
        companies=listed,
        bounced=[{**one, "why": trouble_text(one["bounced_because"], language)} for one in bounced],
        before=rows[-1].id if len(rows) == LISTED else None,
        zone=room.settings.zone,
        days=LISTED_FOR.days,
        has_server=room.settings.smtp_host is not None,
        tick_seconds=room.settings.tick_seconds,
        tried=said.get("tried"),
        vouched=said.get("vouched", False),
        error=said.get("error", ""),
    )


@router.post("/again", response_model=None)
def again_form(
    request: Request, room: RoomHere, reader: PageReader, number: Text = "", state: Text = "", company: Text = ""
) -> HTMLResponse | RedirectResponse:
    """Have one tried again, or all of a kind."""
    asked = _asked(room, reader, Ability.CHANGE, state, company)
    try:
        with write(room.engine) as conn:
            if number:
                again(conn, number, room.now(), asked.within)
            n = 1 if number else again_all(conn, asked, room.now())
    except SeuilError as error:
        said = say(error.code, error.params, language_of(request, reader))
        return _page(request, room, reader, asked, {"error": said, "status": error.status})
    return _back(state, company, tried=str(n))


@router.post("/recipients/{recipient_id}/good")
def good_form(room: RoomHere, reader: PageReader, recipient_id: str) -> RedirectResponse:
    """Send letters again to an address that bounced."""
    within = reader.held.within(Ability.CHANGE)
    with write(room.engine) as conn:
        if within is not None and recipient_id not in {one["id"] for one in bounced_readers(conn, within)}:
            raise NotFound("no_such_recipient")
        vouch(conn, recipient_id, room.now())
    return _back("", "", vouched="1")


def _back(state: str, company: str, **said: str) -> RedirectResponse:
    kept = {"state": state, "company": company} | said
    return go(f"/deliveries?{urlencode({name: value for name, value in kept.items() if value})}")
