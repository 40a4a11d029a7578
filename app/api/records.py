"""A company's records, and those behind a measure of an answer."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.answers import AsOf, served_for
from app.api.operation import Operation
from app.api.paging import MOST, Cursor
from app.companies import find_company
from app.cursors import read_cursor, write_cursor
from app.db import read
from app.errors import NotFound, Refused
from app.evidence import as_asked, evidence, measure_in
from app.records import PAGE, records_behind, records_page
from app.room import ReaderHere, RoomHere

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}", tags=["evidence"])

Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]


@router.get("/records")
def records(
    company_id: str,
    room: RoomHere,
    _: ReaderHere,
    stream: str = "invoices",
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Give a stream's records as they are known now, newest first."""
    with read(room.engine) as conn:
        find_company(conn, company_id)
        page = records_page(conn, company_id, stream, limit=limit, cursor=cursor)
    return {"records": page.rows, "total": page.total, "next": page.next}


@router.get("/measures/{measure}/evidence")
def measure_evidence(
    company_id: str,
    measure: str,
    room: RoomHere,
    _: ReaderHere,
    as_of: AsOf = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Give the records behind a measure of an answer: all of them, in the order the measure counted them.

    `counted` is how many the answer counted, `total` how many are found by the rows of today. A cursor holds for one
    answer: after the next one, begin anew (409 `answer_changed`).
    """
    served = served_for(room, company_id, as_of)
    found = measure_in(served, measure)
    if found is None:
        raise NotFound("no_such_measure", {"measure": measure[:60]})
    tag, begin = read_cursor("evidence", cursor, [str, int]) if cursor is not None else (served.etag, 0)
    if tag != served.etag:
        raise Refused("answer_changed")
    behind = evidence(room.engine, company_id, served, found)
    end = max(begin, 0) + limit
    with read(room.engine) as conn:
        rows = records_behind(conn, company_id, [as_asked(key) for key in behind.keys[max(begin, 0) : end]])
    more = write_cursor("evidence", [served.etag, end]) if len(behind.keys) > end else None
    return {
        "measure": measure,
        "as_of": served.as_of.isoformat(),
        "counted": behind.counted,
        "total": len(behind.keys),
        "records": rows,
        "next": more,
    }
