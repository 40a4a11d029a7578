"""The companies: what each is told, and adding one."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection

from app.assessment import assess_company, latest
from app.companies import add_company, demo_companies
from app.db import read, write
from app.errors import SeuilError
from app.pages.frame import PageReader, go, same_origin
from app.portfolio import OLD_AFTER, SIGNALS, SOUGHT_KEPT, Asked, check_asked, portfolio, verdict_counts
from app.roles import Ability
from app.room import RoomHere, language_of
from app.site import render
from app.wording import say

FILTERED_FROM = 10
"""With fewer companies a page is taken in at one look."""

router = APIRouter(dependencies=[Depends(same_origin)])


def _demo(conn: Connection, within: frozenset[str] | None) -> list[dict[str, Any]]:
    listed = []
    for row in demo_companies(conn, within):
        served = latest(conn, row["id"])
        listed.append({"row": row, "served": served, "body": served.content if served else None})
    return listed


@router.get("/")
def companies_page(  # noqa: PLR0913, PLR0917 - each is a part of the address
    request: Request,
    room: RoomHere,
    reader: PageReader,
    verdict: str = "",
    signal: str = "",
    q: str = "",
    stale: str = "",
    alerts: str = "",
    cursor: str | None = None,
    before: str | None = None,
) -> HTMLResponse:
    """List the companies, the worst first, filtered and sought; the demonstration apart."""
    within = reader.held.within(Ability.READ)
    oldest = room.now().date() - OLD_AFTER
    asked = check_asked(Asked(within, verdict, signal, q[:SOUGHT_KEPT], bool(stale), bool(alerts), oldest))
    with read(room.engine) as conn:
        page = portfolio(conn, asked, cursor=before or cursor, back=bool(before))
        counts = verdict_counts(conn, within)
        demo = _demo(conn, within)
    return render(
        request,
        "companies.html",
        reader,
        rows=page.rows,
        asked=asked,
        narrowed=narrowed(asked),
        narrow=narrowed,
        counts=counts,
        total=sum(counts.values()),
        has_filters=sum(counts.values()) >= FILTERED_FROM or asked.narrows,
        signals=SIGNALS,
        after=page.next,
        ahead=page.previous,
        turned=page.previous is not None or cursor is not None,
        demo=demo,
    )


def narrowed(asked: Asked, **other: str) -> str:
    """Write what is asked for as an address, with some of it changed."""
    said = {"verdict": asked.verdict, "signal": asked.signal, "q": asked.text.strip()}
    said |= {"stale": "1" if asked.stale else "", "alerts": "1" if asked.alerts else ""}
    kept = {name: value for name, value in (said | other).items() if value}
    return f"/?{urlencode(kept)}" if kept else "/"


@router.get("/companies/new")
def new_company_page(request: Request, reader: PageReader) -> HTMLResponse:
    """Ask for a company's name and SIREN."""
    return render(request, "company_new.html", reader, name="", siren="", currency="EUR", error="")


@router.post("/companies/new", response_model=None)
def new_company_form(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    name: Annotated[str, Form()] = "",
    siren: Annotated[str, Form()] = "",
    currency: Annotated[str, Form()] = "EUR",
) -> HTMLResponse | RedirectResponse:
    """Add a company; its first answer says what is missing."""
    now = room.now()
    digits, code = "".join(siren.split()) or None, currency.strip().upper()
    try:
        with write(room.engine) as conn:
            company_id = add_company(conn, name, now, siren=digits, zone=room.settings.zone, currency=code)
    except SeuilError as error:
        sentence = say(error.code, error.params, language_of(request, reader))
        given = {"name": name, "siren": siren, "currency": currency}
        return render(request, "company_new.html", reader, status=error.status, error=sentence, **given)
    assess_company(room.engine, company_id, now)
    return go(f"/companies/{company_id}/first-steps")
