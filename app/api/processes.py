"""The register of processes: what is written down of each, as it stands or stood; people by role or pseudonym."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from app.api.operation import Operation
from app.assessment import assess_company
from app.clock import local_day
from app.companies import find_company
from app.db import read, write
from app.declarations import check_sheet
from app.errors import NotFound
from app.people import name_actor, pseudonym
from app.register import Version, save_sheets, sheets_on, versions_of
from app.room import ReaderHere, RoomHere
from app.written import LISTS, PEOPLE, parts_of
from connectors.records import Process

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}/processes", tags=["processes"])

AsOf = Annotated[date | None, Query(description="a past day; without it, today")]
_EXAMPLE = {
    "tasks": [{"what": "send the invoices", "frequency": "weekly", "by": "admin", "tool": "dolibarr"}],
    "validation_rules": [{"rule": "a director signs", "above_eur": 5000}],
    "tools": ["dolibarr"],
    "owner": "admin",
    "backup": "director",
}
Given = Annotated[dict[str, Any], Body(max_length=60, examples=[_EXAMPLE])]


@router.get("")
def processes(company_id: str, room: RoomHere, _: ReaderHere, as_of: AsOf = None) -> dict[str, Any]:
    """Give the sheet of each process as it stood on a day; `sheet` null: nothing is written down."""
    with read(room.engine) as conn:
        row = find_company(conn, company_id)
        sheets = sheets_on(conn, company_id, as_of or local_day(room.now(), str(row["zone"])))
    return {"processes": [{"process": one.value, "sheet": _told(sheets.get(one.value))} for one in Process]}


@router.get("/{process}")
def process(company_id: str, process: str, room: RoomHere, _: ReaderHere) -> dict[str, Any]:
    """Give every version of a process's sheet, newest first."""
    with read(room.engine) as conn:
        find_company(conn, company_id)
        versions = versions_of(conn, company_id, _known(process))
    return {"process": process, "versions": [_told(one) for one in reversed(versions)]}


@router.put("/{process}")
def save_process(company_id: str, process: str, room: RoomHere, reader: ReaderHere, given: Given) -> dict[str, Any]:
    """Keep a new version of a process's sheet, as a declaration would write it, and assess anew."""
    now = room.now()
    with write(room.engine) as conn:
        today = local_day(now, str(find_company(conn, company_id)["zone"]))
        written = check_sheet(given, _known(process), today)
        author = name_actor(conn, company_id, reader.name, now, name=None, role=None, ours=True)
        save_sheets(conn, company_id, {process: written}, author, today, now)
    assess_company(room.engine, company_id, now)
    with read(room.engine) as conn:
        return {"process": process, "sheet": _told(sheets_on(conn, company_id, today).get(process))}


def _known(name: str) -> str:
    if name not in set(Process):
        raise NotFound("no_such_process", {"name": name[:60]})
    return name


def _told(one: Version | None) -> dict[str, Any] | None:
    if one is None:
        return None
    people = {key: _person(one.body.get(key)) for key in PEOPLE}
    said = {key: one.body[key] for key in (*LISTS, "approval_rule")}
    return {
        "stated_on": one.stated_on.isoformat(),
        "reviewed_on": one.reviewed_on.isoformat(),
        "author": pseudonym(one.author),
        **said,
        **people,
        "written": sorted(parts_of(one.body)),
    }


def _person(said: dict[str, str] | None) -> str | None:
    if not said:
        return None
    return said.get("role") or pseudonym(said["actor"])
