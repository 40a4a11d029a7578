"""Whether the process lives, and whether it can serve."""

from fastapi import APIRouter, Response
from sqlalchemy import select

from app.db import read
from app.migrate import is_current
from app.models.core import company
from app.room import RoomHere

router = APIRouter(tags=["health"])


@router.get("/livez")
def livez() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@router.get("/readyz")
def readyz(room: RoomHere, response: Response) -> dict[str, str]:
    """Say whether the database answers and is of our schema."""
    try:
        with read(room.engine) as conn:
            conn.execute(select(company.c.id).limit(1))
        current = is_current(room.engine)
    except Exception:  # noqa: BLE001 - whatever keeps the database from answering, we are not ready
        response.status_code = 503
        return {"status": "database_unavailable"}
    if not current:
        response.status_code = 503
        return {"status": "schema_not_current"}
    return {"status": "ready"}
