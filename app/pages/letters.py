"""A company's mail: who gets the weekly letter, what became of each letter, and what one would say now."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.bounces import vouch
from app.clock import local_day
from app.db import hold, read, write
from app.digest import digests_due, preview_content
from app.due import digest_opens, digest_week, monday_of, week_name
from app.errors import NotFound, SeuilError
from app.holidays import holidays_around
from app.letters import html_of
from app.outbox import find_letter, letters_of, trouble_text, try_again
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.recipients import add_recipient, recipients, remove_recipient
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import say

router = APIRouter(prefix="/companies/{company_id}/mail", dependencies=[Depends(same_origin)])

LETTERS_SHOWN = 100
LANGUAGE_NAMES: Mapping[str, str] = {"fr": "Français", "en": "English"}
DONE = ("added", "removed", "again", "vouched")
REGIONS = ("Europe", "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Indian", "Pacific")

# A letter brings its own styles and pictures and nothing else: it is shown in a room of its own, without our rights.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-popups"
)

Row = Mapping[str, Any]
Company = dict[str, Any]
Text = Annotated[str, Form()]


def zones() -> list[tuple[str, list[str]]]:
    """List the time zones by region."""
    known = sorted(available_timezones())
    listed = [(region, [name for name in known if name.startswith(f"{region}/")]) for region in REGIONS]
    return [*((region, names) for region, names in listed if names), ("UTC", ["UTC"])]


def next_letter_at(zone: str, place: str, now: datetime) -> datetime:
    """Give when the letter after the one that is due now opens: 08:00 of the next week's first working day."""
    closed = holidays_around(place, local_day(now, zone))
    return digest_opens(week_name(monday_of(digest_week(now, zone, closed)) + timedelta(days=7)), zone, closed)


def _shown_letter(row: Row, language: str) -> dict[str, Any]:
    return {
        **row,
        "trouble_text": trouble_text(row["trouble"], language),
        "can_try": row["state"] in {"waiting", "refused", "bounced"} and row["attempts"] > 0 and not row["bounced_at"],
    }


def _page(  # noqa: PLR0913 - the page with what a form said
    request: Request,
    room: Room,
    reader: PageReader,
    company: Company,
    *,
    done: str = "",
    error: str = "",
    given: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    now, language = room.now(), language_of(request, reader)
    with read(room.engine) as conn:
        people = recipients(conn, company["id"])
        letters = letters_of(conn, company["id"], LETTERS_SHOWN)
        due = {key.partition("@")[0] for key in digests_due(conn, now)}
    listed = [
        {**asdict(one), "next_at": None if one.id in due else next_letter_at(one.zone, one.place, now)}
        for one in people
    ]
    return render(
        request,
        "letters.html",
        reader,
        status=status,
        company=company,
        recipients=listed,
        bounced=[{**one, "why": trouble_text(one["bounced_because"], language)} for one in listed if one["bounced_at"]],
        letters=[_shown_letter(one, language) for one in letters],
        has_server=room.settings.smtp_host is not None,
        tick_seconds=room.settings.tick_seconds,
        language_names=LANGUAGE_NAMES,
        zones=zones(),
        given=given or {"email": "", "language": language, "zone": company["zone"]},
        done=done,
        error=error,
    )


@router.get("")
def mail_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, done: str = ""
) -> HTMLResponse:
    """Show who gets letters, and the letters."""
    return _page(request, room, reader, company, done=done if done in DONE else "")


def _back(company: Company, done: str) -> RedirectResponse:
    return go(f"/companies/{company['id']}/mail?done={done}")


@router.post("/recipients", response_model=None)
def add_form(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    email: Text = "",
    language: Text = "",
    zone: Text = "",
) -> HTMLResponse | RedirectResponse:
    """Have somebody get the letters about this company."""
    try:
        with write(room.engine) as conn:
            hold(conn, company["id"])
            add_recipient(conn, company["id"], email, language, zone, room.now())
    except SeuilError as error:
        said = say(error.code, error.params, language_of(request, reader))
        given = {"email": email, "language": language, "zone": zone}
        return _page(request, room, reader, company, error=said, given=given, status=error.status)
    return _back(company, "added")


@router.post("/recipients/{recipient_id}/remove")
def remove_form(room: RoomHere, company: CompanyHere, recipient_id: str) -> RedirectResponse:
    """End somebody's letters about this company."""
    with write(room.engine) as conn:
        hold(conn, company["id"])
        remove_recipient(conn, company["id"], recipient_id)
    return _back(company, "removed")


@router.post("/recipients/{recipient_id}/good")
def good_form(room: RoomHere, company: CompanyHere, recipient_id: str) -> RedirectResponse:
    """Send letters again to an address that bounced."""
    with write(room.engine) as conn:
        if recipient_id not in {one.id for one in recipients(conn, company["id"])}:
            raise NotFound("no_such_recipient")
        vouch(conn, recipient_id, room.now())
    return _back(company, "vouched")


def _letter_page(room: Room, company: Company, content: Mapping[str, Any], to: str) -> HTMLResponse:
    base = room.settings.base_url
    here = f"{base}/companies/{company['id']}/mail"  # nobody leaves by looking at somebody's letter
    page = html_of(dict(content), to=to, base_url=base, unsubscribe_url=here)
    headers = {"Content-Security-Policy": LETTER_POLICY, "Cache-Control": "private, no-store"}
    return HTMLResponse(page, headers=headers)


@router.get("/preview")
def preview_page(request: Request, room: RoomHere, reader: PageReader, company: CompanyHere) -> HTMLResponse:
    """Show the letter that would be written now."""
    language = language_of(request, reader)
    with read(room.engine) as conn:
        content = preview_content(conn, company["id"], language, company["zone"], room.now())
    return _letter_page(room, company, content, reader.name)


@router.get("/{letter_id}")
def letter_page(room: RoomHere, _: PageReader, company: CompanyHere, letter_id: str) -> HTMLResponse:
    """Show a letter as its reader gets it."""
    row = _letter(room, company, letter_id)
    return _letter_page(room, company, row["content"], str(row["email"]))


def _letter(room: Room, company: Company, letter_id: str) -> Row:
    """Give a letter that speaks of the company of the address or is to somebody who reads about it, or NotFound."""
    with read(room.engine) as conn:
        row = find_letter(conn, letter_id)
        readers = {one.id for one in recipients(conn, company["id"])}
    if row["recipient_id"] in readers or company["id"] in {one["id"] for one in row["content"]["companies"]}:
        return row
    raise NotFound("no_such_letter")


@router.post("/{letter_id}/again")
def again_form(room: RoomHere, company: CompanyHere, letter_id: str) -> RedirectResponse:
    """Have a letter tried at the next tick."""
    _letter(room, company, letter_id)
    with write(room.engine) as conn:
        try_again(conn, letter_id, room.now())
    return _back(company, "again")
