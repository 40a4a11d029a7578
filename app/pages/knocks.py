"""A connection's webhooks: what became of each and why, and having those that failed tried again."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.connecting import provider_title
from app.db import hold, read, write
from app.errors import BadInput
from app.outcomes import LISTED, Asked, State, knocks_of, outcome_counts, replay, why_text
from app.pages.connections import ConnectionHere
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.room import RoomHere, language_of
from app.silence import is_silent
from app.site import render
from app.sources import find_connection

router = APIRouter(
    prefix="/companies/{company_id}/connections/{connection_id}/webhooks", dependencies=[Depends(same_origin)]
)

LARGEST = 2**62
MOST_TOLD = 10**9


def _state(text: str) -> State | None:
    return State(text) if text in set(State) else None


def _number(text: str, most: int) -> int | None:
    """Read a number out of an address; whatever else stands there is passed over."""
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most else None
    )


@router.get("")
def knocks_page(  # noqa: PLR0913, PLR0917 - what the address says
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    connection_id: ConnectionHere,
    state: str = "",
    before: str = "",
    again: str = "",
) -> HTMLResponse:
    """Show webhooks, newest first."""
    wanted, now, language = _state(state), room.now(), language_of(request, reader)
    with read(room.engine) as conn:
        row = find_connection(conn, connection_id)
        rows = knocks_of(conn, connection_id, Asked(state=wanted), before=_number(before, LARGEST))
        counts = outcome_counts(conn, connection_id)
        silent = is_silent(conn, row, now)
    return render(
        request,
        "knocks.html",
        reader,
        company=company,
        connection_id=connection_id,
        title=provider_title(str(row["provider"]), language),
        zone=str(row["zone"]),
        knocks=[{**one, "why": why_text(one, language)} for one in rows],
        counts=counts,
        total=sum(counts.values()),
        state=wanted.value if wanted else "",
        silent_from=row["silent_from"] if silent else None,
        before=rows[-1]["no"] if len(rows) == LISTED else None,
        again=_number(again, MOST_TOLD),
        tick_seconds=room.settings.tick_seconds,
    )


@router.post("/again")
def again_form(
    room: RoomHere,
    company: CompanyHere,
    connection_id: ConnectionHere,
    number: Annotated[str, Form()] = "",
    first: Annotated[str, Form()] = "",
    last: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Have one webhook tried again, or those that failed: in a time, or all."""
    named = _number(number, LARGEST)
    with write(room.engine) as conn:
        hold(conn, company["id"])
        zone = ZoneInfo(str(find_connection(conn, connection_id)["zone"]))
        asked = Asked(named) if named is not None else Asked(None, _instant(first, zone), _instant(last, zone, days=1))
        n = replay(conn, connection_id, asked, room.now())
    return go(f"/companies/{company['id']}/connections/{connection_id}/webhooks?again={n}")


def _instant(text: str, zone: ZoneInfo, days: int = 0) -> datetime | None:
    """Give the midnight of a day, or of one some days after it."""
    try:
        day: Any = date.fromisoformat(text.strip()) if text.strip() else None
        return datetime.combine(day + timedelta(days=days), time(), zone) if day else None
    except (ValueError, OverflowError) as error:
        raise BadInput("bad_day", {"value": text[:20]}) from error
