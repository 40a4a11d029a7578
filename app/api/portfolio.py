"""Where many companies stand, worst first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.operation import Operation
from app.api.paging import USUAL, Cursor, Limit
from app.db import read
from app.portfolio import OLD_AFTER, SOUGHT_KEPT, Asked, check_asked, portfolio, verdict_counts
from app.roles import Ability
from app.room import ReaderHere, RoomHere
from app.rows import as_json

router = APIRouter(route_class=Operation, prefix="/v1/portfolio", tags=["companies"])


@router.get("")
def portfolio_page(  # noqa: PLR0913, PLR0917 - each is a part of the address
    room: RoomHere,
    reader: ReaderHere,
    verdict: Annotated[str, Query(max_length=20, description="a verdict, or `not_assessed`")] = "",
    signal: Annotated[str, Query(max_length=20, description="a signal that is over")] = "",
    q: Annotated[str, Query(max_length=SOUGHT_KEPT, description="words of the name, or the beginning of a SIREN")] = "",
    stale: Annotated[bool, Query(description="only those whose data or answer are out of date, or missing")] = False,  # noqa: FBT002
    alerts: Annotated[bool, Query(description="only those with an open alert")] = False,  # noqa: FBT002
    limit: Limit = USUAL,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """List the companies, the worst first, with where each stands; `counts` counts all of them by verdict.

    The demonstration is no part of it.
    """
    within = reader.held.within(Ability.READ)
    asked = check_asked(Asked(within, verdict, signal, q, stale, alerts, room.now().date() - OLD_AFTER))
    with read(room.engine) as conn:
        page = portfolio(conn, asked, limit=limit, cursor=cursor)
        counts = verdict_counts(conn, within)
    return {"counts": counts, "companies": [as_json(row) for row in page.rows], "next": page.next}
