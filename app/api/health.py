"""Whether the process lives, and whether it can serve and watch."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from app.alive import STOPPED_AFTER, last_beat
from app.db import read
from app.migrate import is_current
from app.models.core import company
from app.room import RoomHere

router = APIRouter(tags=["health"])


@router.get("/livez")
def livez() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@router.get("/readyz", responses={503: {"description": "not ready, and why"}})
def readyz(request: Request, room: RoomHere, response: Response) -> dict[str, str | None]:
    """Say whether the database answers, is of our schema, and is watched over: ticks come."""
    try:
        with read(room.engine) as conn:
            conn.execute(select(company.c.id).limit(1))
        current = is_current(room.engine)
        if current:
            with read(room.engine) as conn:
                beat = last_beat(conn)
    except Exception:  # noqa: BLE001 - whatever keeps the database from answering, we are not ready
        response.status_code = 503
        return {"status": "database_unavailable"}
    if not current:
        response.status_code = 503
        return {"status": "schema_not_current"}
    if is_stopped(beat, getattr(request.app.state, "ticks_since", None), room.now()):
        response.status_code = 503
        return {"status": "ticks_stopped", "last_tick": beat.isoformat() if beat else None}
    return {"status": "ready"}


def is_stopped(beat: datetime | None, ticks_since: datetime | None, now: datetime) -> bool:
    """Say whether ticks should come and don't.

    Where this process ticks, its start counts as a sign of life: it gets the same time for its first tick. Where
    another one does, there is only the last beat; where nobody ever did, nothing has stopped.
    """
    seen = [instant for instant in (beat, ticks_since) if instant is not None]
    return bool(seen) and abs(now - max(seen)) > STOPPED_AFTER  # a beat of tomorrow is a slip of the clock
