"""Times in which nobody is told anything of a company, as JSON."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.api.operation import Operation
from app.api.paging import USUAL, Cursor, Limit, page_of
from app.companies import find_company
from app.db import hold, read, write
from app.maintenance import REASON_KEPT, add_maintenance, end_maintenance, maintenances
from app.room import ReaderHere, RoomHere
from app.rows import as_json

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}/maintenance", tags=["alerts"])

_SHOWN = ("id", "from_at", "until_at", "reason", "who", "made_at")


class Asked(BaseModel):
    """From when and until when nobody is told anything, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    until_at: AwareDatetime
    from_at: AwareDatetime | None = None
    reason: Annotated[str, Field(max_length=REASON_KEPT, pattern=r"^[^\x00]*$")] = ""


@router.get("")
def maintenance_times(
    company_id: str, room: RoomHere, _: ReaderHere, limit: Limit = USUAL, cursor: Cursor = None
) -> dict[str, Any]:
    """Give those that are not over, the first to begin first."""
    with read(room.engine) as conn:
        find_company(conn, company_id)
        rows = maintenances(conn, company_id, room.now())
    page = page_of("maintenance", rows, lambda row: f"{row['from_at'].isoformat()} {row['id']}", limit, cursor)
    return page | {"maintenance": [as_json({name: row[name] for name in _SHOWN}) for row in page["maintenance"]]}


@router.post("", status_code=201)
def begin_maintenance(company_id: str, room: RoomHere, reader: ReaderHere, asked: Asked) -> dict[str, Any]:
    """Tell nobody anything between two instants; without a first, from now on."""
    now: datetime = room.now()
    with write(room.engine) as conn:
        hold(conn, company_id)
        find_company(conn, company_id)
        since = asked.from_at or now
        made = add_maintenance(conn, company_id, since, asked.until_at, asked.reason, reader.name, now)
        row = next(row for row in maintenances(conn, company_id, now) if row["id"] == made)
        return as_json({name: row[name] for name in _SHOWN})


@router.delete("/{maintenance_id}", status_code=204)
def stop_maintenance(company_id: str, maintenance_id: str, room: RoomHere, _: ReaderHere) -> Response:
    """End one now; one that has not begun is forgotten."""
    with write(room.engine) as conn:
        hold(conn, company_id)
        find_company(conn, company_id)
        end_maintenance(conn, company_id, maintenance_id, room.now())
    return Response(status_code=204)
