"""The logins a company's records name, under their pseudonyms, and what each is to the company."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from app.api.operation import Operation
from app.api.paging import USUAL, Cursor, Limit, page_of
from app.assessment import assess_company
from app.companies import find_company
from app.db import read, write
from app.errors import NotFound
from app.people import ActorRow, actors, name_actor, pseudonym
from app.room import ReaderHere, RoomHere
from connectors.records import StaffRole

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}/people", tags=["people"])


class Role(BaseModel):
    """What somebody is to the company."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: StaffRole


@router.get("")
def people(
    company_id: str, room: RoomHere, _: ReaderHere, limit: Limit = USUAL, cursor: Cursor = None
) -> dict[str, Any]:
    """List people by pseudonym with their roles; names and logins are shown on a page, to owners who ask."""
    with read(room.engine) as conn:
        find_company(conn, company_id)
        listed = sorted(actors(conn, company_id), key=_order)  # in the order of logins, they would tell whose they are
    page = page_of("people", listed, _order, limit, cursor)
    return page | {"people": [_told(row) for row in page["people"]]}


def _order(row: ActorRow) -> str:
    return f"{pseudonym(row.id)} {row.id}"


@router.put("/{actor_id}/role")
def set_role(company_id: str, actor_id: str, room: RoomHere, _: ReaderHere, asked: Role) -> dict[str, Any]:
    """Say what somebody is to the company, and assess anew; no source overrules it."""
    now = room.now()
    with write(room.engine) as conn:
        find_company(conn, company_id)
        row = next((one for one in actors(conn, company_id) if one.id == actor_id), None)
        if row is None:
            raise NotFound("no_such_person")
        name_actor(conn, company_id, row.login, now, name=None, role=asked.role.value, ours=True)
    assess_company(room.engine, company_id, now)
    with read(room.engine) as conn:
        return _told(next(one for one in actors(conn, company_id) if one.id == actor_id))


def _told(row: ActorRow) -> dict[str, Any]:
    return {"id": row.id, "pseudonym": pseudonym(row.id), "role": row.role, "erased": row.login.startswith("erased-")}
