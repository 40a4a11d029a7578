"""The companies somebody may see: listed, one by one, and added."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.api.alerts import without_nul
from app.api.operation import Operation
from app.api.paging import USUAL, Cursor, Limit, page_of
from app.assessment import assess_company, latest
from app.companies import Row, add_company, companies, find_company
from app.db import read, write
from app.roles import Ability
from app.room import ReaderHere, RoomHere
from app.rows import as_json

router = APIRouter(route_class=Operation, prefix="/v1/companies", tags=["companies"])

_SHOWN = ("id", "name", "siren", "zone", "currency", "fiscal_year_end_month", "is_demo", "created_at")


class New(BaseModel):
    """A company to be added: its name, SIREN, time zone, the month its year ends in, and its currency (ISO 4217)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(without_nul)]
    siren: Annotated[str, Field(pattern=r"^[0-9]{9}$")] | None = None
    zone: Annotated[str, Field(max_length=64), AfterValidator(without_nul)] | None = None
    fiscal_year_end_month: Annotated[int, Field(ge=1, le=12)] = 12
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"


@router.get("")
def list_companies(room: RoomHere, reader: ReaderHere, limit: Limit = USUAL, cursor: Cursor = None) -> dict[str, Any]:
    """List the companies, by name, the demonstration last; with the newest verdict of each."""
    with read(room.engine) as conn:
        page = page_of("companies", companies(conn, reader.held.within(Ability.READ)), _order, limit, cursor)
        listed = []
        for row in page["companies"]:
            newest = latest(conn, row["id"])
            said = {"verdict": newest.verdict, "as_of": newest.as_of.isoformat()} if newest else _NO_ANSWER
            listed.append(_told(row) | said)
    return page | {"companies": listed}


_NO_ANSWER: dict[str, Any] = {"verdict": None, "as_of": None}


def _order(row: Row) -> str:
    return f"{row['is_demo']:d} {row['name_key']} {row['id']}"


@router.get("/{company_id}")
def company(company_id: str, room: RoomHere, _: ReaderHere) -> dict[str, Any]:
    """Give a company."""
    with read(room.engine) as conn:
        return _told(find_company(conn, company_id))


@router.post("", status_code=201)
def new_company(room: RoomHere, _: ReaderHere, asked: New) -> dict[str, Any]:
    """Add a company and assess it: its first answer says what is missing."""
    now, zone = room.now(), asked.zone or room.settings.zone
    with write(room.engine) as conn:
        month, currency = asked.fiscal_year_end_month, asked.currency
        made = add_company(
            conn, asked.name, now, siren=asked.siren, zone=zone, fiscal_year_end_month=month, currency=currency
        )
    assess_company(room.engine, made, now)
    with read(room.engine) as conn:
        return _told(find_company(conn, made))


def _told(row: Row) -> dict[str, Any]:
    return as_json({name: row[name] for name in _SHOWN})
