"""Who did what, as a page and as a table."""

import csv
import io
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from app.access import Reader
from app.audit import LISTED, Sought, entries
from app.companies import companies
from app.db import read
from app.errors import NotFound
from app.pages.evidence import plain
from app.pages.frame import PageReader
from app.roles import Ability
from app.room import Room, RoomHere, language_of
from app.site import moment_text, render
from app.wording import label

router = APIRouter()

IN_A_TABLE = 10_000


def _sought(reader: Reader, company: str, who: str, before: int | None) -> Sought:
    within = reader.held.within(Ability.AUDIT)
    if company and within is not None and company not in within:
        raise NotFound("no_such_company", {"company": company})
    return Sought(within, company or None, who.strip(), before)


def _told(row: dict[str, Any], language: str) -> dict[str, Any]:
    return row | {"text": label("audit", str(row["what"]), language)}


@router.get("/audit")
def audit_page(
    request: Request, room: RoomHere, reader: PageReader, company: str = "", who: str = "", before: int | None = None
) -> HTMLResponse:
    """List entries, newest first, a hundred at a time."""
    language = language_of(request, reader)
    with read(room.engine) as conn:
        rows = entries(conn, _sought(reader, company, who, before))
        named = companies(conn, reader.held.within(Ability.AUDIT))
    return render(
        request,
        "audit.html",
        reader,
        entries=[_told(row, language) for row in rows],
        companies=named,
        company_id=company,
        who=who,
        zone=room.settings.zone,
        before=rows[-1]["no"] if len(rows) == LISTED else None,
    )


@router.get("/audit.csv")
def audit_table(request: Request, room: RoomHere, reader: PageReader, company: str = "", who: str = "") -> Response:
    """Give the newest entries as a table that Excel opens."""
    language = language_of(request, reader)
    with read(room.engine) as conn:
        rows = entries(conn, _sought(reader, company, who, None), IN_A_TABLE)
    return Response(
        _table(rows, room, language),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="seuil-audit.csv"'},
    )


def _table(rows: list[dict[str, Any]], room: Room, language: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    names = ("at", "who", "company", "done", "about", "answer", "note")
    writer.writerow([label("column", name, language) for name in names])
    for row in rows:
        told = _told(row, language)
        about = ", ".join(f"{name}={value}" for name, value in row["about"].items())
        moment = moment_text(row["at"], room.settings.zone, language).replace("\u00a0", " ")
        cells = (moment, row["who"], row["company"] or "", told["text"], about, row["status"] or "", row["note"])
        writer.writerow([plain(str(cell)) for cell in cells])
    return "\ufeff" + out.getvalue()
