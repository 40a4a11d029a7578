"""Which source counts in which month, where several tell of the same documents; and how far they agree."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection

from app.assessment import assess_company
from app.authority import choices, choose_source
from app.clock import local_day
from app.db import hold, read, write
from app.errors import BadInput
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.reconciliation import MonthSide, gaps, month_from, months_told_twice
from app.room import RoomHere
from app.site import render
from app.sources import connections
from connectors.records import Direction
from signals.calendar import month_number, month_start

router = APIRouter(prefix="/companies/{company_id}/sources", dependencies=[Depends(same_origin)])

MONTHS = 24
Row = Mapping[str, Any]


def _months(sides: Sequence[MonthSide]) -> list[dict[str, Any]]:
    """Put what sources say of one month together, each with its distance to the one that counts."""
    shown = []
    for (month, direction), grouped in groupby(sides, key=lambda side: (side.month, side.direction)):
        several = list(grouped)
        counting = next(side for side in several if side.counts)
        rows = [{"side": s, "n": s.n - counting.n, "gap_minor": s.total_minor - counting.total_minor} for s in several]
        shown.append({"month": f"{month_start(month):%Y-%m}", "direction": direction, "sides": rows})
    return shown


def _compared(conn: Connection, listed: Sequence[Row]) -> list[dict[str, Any]]:
    """Tell of each connection whose source says figures of its own."""
    return [{"connection": row, "gaps": found} for row in listed if (found := gaps(conn, str(row["id"])))]


@router.get("")
def sources_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, done: str = ""
) -> HTMLResponse:
    """Show what counts, and what the others say."""
    today = local_day(room.now(), company["zone"])
    with read(room.engine) as conn:
        listed = connections(conn, company["id"])
        sides = months_told_twice(conn, company["id"], since=month_number(today) - MONTHS)
        chosen = choices(conn, company["id"])
        compared = _compared(conn, listed)
    names = {str(row["id"]): str(row["provider"]) for row in listed}
    return render(
        request,
        "sources.html",
        reader,
        company=company,
        connections=listed,
        months=_months(sides),
        choices=[
            {
                "choice": one,
                "month": f"{month_start(one.from_month):%Y-%m}",
                "provider": names.get(one.connection_id or ""),
            }
            for one in chosen
        ],
        compared=compared,
        directions=[direction.value for direction in Direction],
        this_month=f"{date(today.year, 1, 1):%Y-%m}",
        done=done,
    )


@router.post("")
def sources_form(
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    direction: Annotated[str, Form()],
    from_month: Annotated[str, Form()],
    connection_id: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Keep a choice and assess anew: what counts is what is judged."""
    now, month = room.now(), month_from(from_month)
    if month is None:
        raise BadInput("bad_month", {"month": from_month[:20]})
    with write(room.engine) as conn:
        hold(conn, company["id"])
        choose_source(conn, company["id"], direction, month, connection_id or None, now, reader.name)
    assess_company(room.engine, company["id"], now)
    return go(f"/companies/{company['id']}/sources?done=chosen")
