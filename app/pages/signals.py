"""A signal's measures with their evidence, the records behind each, and what could not be seen."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, select

from app.alerts import episodes
from app.body import halves, measures_of
from app.chart_marks import marks_by_measure
from app.charts import span_of
from app.covered import covered
from app.db import read
from app.errors import NotFound
from app.models.core import connection
from app.pages.company import WAY_PAGES
from app.pages.evidence import WishHere, shown, stored
from app.pages.frame import CompanyHere, PageReader, same_origin
from app.room import RoomHere, language_of
from app.site import render
from app.unseen import unseen
from app.wording import label

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

Body = dict[str, Any]


def source_names(conn: Connection, company_id: str, language: str) -> dict[str, str]:
    """Give what each connection of a company is called."""
    c = connection.c
    rows = conn.execute(select(c.id, c.provider).where(c.company_id == company_id))
    return {str(row.id): label("provider", str(row.provider), language) for row in rows}


@router.get("/signals/{signal}")
def signal_page(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    signal: str,
    wish: WishHere,
    as_of: str | None = None,
) -> HTMLResponse:
    """Show everything a signal rests on, and what it could not rest on."""
    served, language = stored(room, company["id"], as_of), language_of(request, reader)
    body = served.content
    found = next((one for one in body["signals"] if one["name"] == signal), None)
    if found is None:
        raise NotFound("no_such_signal", {"name": signal})
    with read(room.engine) as conn:
        sources = source_names(conn, company["id"], language)
        listed = episodes(conn, company["id"])
    measures = measures_of(found)
    return render(
        request,
        "signal.html",
        reader,
        company=company,
        body=body,
        signal=found,
        measures=measures,
        why={measure["name"]: why for measure, why in halves(found)},
        records={m["name"]: shown(room.engine, company["id"], served, m, wish, as_of or "") for m in measures},
        sources=sources,
        wish=wish,
        span=span_of(measures, body["as_of"]),
        marks=marks_by_measure(body, listed),
        line=next((line for line in covered(body, language) if line.signal == signal), None),
        unseen=unseen(found, language),
        way_pages=WAY_PAGES,
        past=as_of is not None,
    )
