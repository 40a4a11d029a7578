"""What became of a connection's webhooks, as JSON with codes, and having them tried again."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection

from app.api.operation import Operation
from app.api.paging import Cursor, Limit
from app.cursors import read_cursor, write_cursor
from app.db import hold, read, write
from app.errors import NotFound
from app.outcomes import LISTED, Asked, State, knocks_of, outcome_counts, replay
from app.room import ReaderHere, RoomHere
from app.rows import as_json
from app.silence import is_silent
from app.sources import find_connection

router = APIRouter(
    route_class=Operation, prefix="/v1/companies/{company_id}/connections/{connection_id}/knocks", tags=["webhooks"]
)

_SHOWN = (
    "no", "event_id", "sent_at", "received_at", "hint_stream", "hint_id", "state", "reason", "reason_params",
    "attempts", "done_at",
)  # fmt: skip


class Again(BaseModel):
    """Which webhooks are tried again: one by its number, those that failed in a time, or all that failed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    number: Annotated[int | None, Field(ge=1, le=2**62)] = None
    first: Annotated[AwareDatetime | None, Field(alias="from")] = None
    last: Annotated[AwareDatetime | None, Field(alias="to")] = None
    all: Literal[True] | None = None

    @model_validator(mode="after")
    def says_which(self) -> Self:
        """Refuse what names none, or names them in two ways."""
        ways = (self.number is not None, self.first is not None or self.last is not None, self.all is not None)
        if sum(ways) != 1:
            raise ValueError("say which: a number, a time (from, to), or all")
        return self


@router.get("")
def knocks(  # noqa: PLR0913, PLR0917 - each is a part of the address
    company_id: str,
    connection_id: str,
    room: RoomHere,
    _: ReaderHere,
    state: State | None = None,
    first: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    last: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    limit: Limit = LISTED,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Give webhooks, newest first, with how many stand where."""
    before = read_cursor("knocks", cursor, [int])[0] if cursor is not None else None
    with read(room.engine) as conn:
        row = _connection(conn, company_id, connection_id)
        rows = knocks_of(conn, connection_id, Asked(None, first, last, state), before=before, limit=limit + 1)
        counts = outcome_counts(conn, connection_id)
        silent = is_silent(conn, row, room.now())
    return {
        "counts": counts,
        "silent_since": _instant(row["silent_from"]) if silent else None,
        "knocks": [as_json({name: row[name] for name in _SHOWN}) for row in rows[:limit]],
        "next": write_cursor("knocks", [rows[limit - 1]["no"]]) if len(rows) > limit else None,
    }


@router.post("/replay")
def replay_knocks(company_id: str, connection_id: str, room: RoomHere, _: ReaderHere, asked: Again) -> dict[str, int]:
    """Have webhooks tried again at the next tick, and say how many."""
    with write(room.engine) as conn:
        hold(conn, company_id)
        _connection(conn, company_id, connection_id)
        return {"again": replay(conn, connection_id, Asked(asked.number, asked.first, asked.last), room.now())}


def _connection(conn: Connection, company_id: str, connection_id: str) -> dict[str, Any]:
    row = find_connection(conn, connection_id)
    if row["company_id"] != company_id:
        raise NotFound("no_such_connection", {"connection": connection_id})
    return dict(row)


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
