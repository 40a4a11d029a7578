"""Who did what, for auditors."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.operation import Operation
from app.api.paging import USUAL, Cursor, Limit
from app.audit import WHO_KEPT, Sought, entries
from app.cursors import read_cursor, write_cursor
from app.db import read
from app.roles import Ability
from app.room import ReaderHere, RoomHere
from app.rows import as_json

router = APIRouter(route_class=Operation, prefix="/v1/audit", tags=["audit"])


@router.get("")
def audit(
    room: RoomHere,
    reader: ReaderHere,
    company: Annotated[str | None, Query(max_length=36)] = None,
    who: Annotated[str, Query(max_length=WHO_KEPT)] = "",
    limit: Limit = USUAL,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """List every change and every look at personal data, newest first: who, what, when, and how it ended."""
    before = read_cursor("audit", cursor, [int])[0] if cursor is not None else None
    sought = Sought(reader.held.within(Ability.AUDIT), company, who, before)
    with read(room.engine) as conn:
        rows = entries(conn, sought, limit + 1)
    more = write_cursor("audit", [rows[limit - 1]["no"]]) if len(rows) > limit else None
    return {"audit": [as_json(row) for row in rows[:limit]], "next": more}
