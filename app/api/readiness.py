"""Readiness now, then and over time, with the signals and measures it rests on, as JSON with codes."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.answers import AsOf, KnownAt, served_for
from app.api.operation import Operation
from app.api.paging import USUAL, Cursor, Limit, newest_first, page_of
from app.api.remembered import Materialised, let_in, memories_of, takes_gzip
from app.assessment import timeline
from app.body import every_measure
from app.companies import find_company
from app.db import read
from app.errors import NotFound
from app.readings import Row, series_of
from app.room import ReaderHere, Room, RoomHere
from app.rows import as_json

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}", tags=["readiness"])


@router.get("/readiness")
async def readiness(company_id: str, request: Request, as_of: AsOf = None, known_at: KnownAt = None) -> Response:
    """Give the verdict with all it rests on: signals, gates, worth, coverage, what is missing, what would change it.

    Made to be polled: the newest answer is served as it was written at its assessment, and remembered for seconds.
    """
    await let_in(request)
    room: Room = request.app.state.room

    async def stored() -> Materialised:
        served = await run_in_threadpool(served_for, room, company_id, as_of, known_at)
        return Materialised(served.body.encode(), served.etag)

    newest = as_of is None and known_at is None
    found = await (memories_of(request).bodies.get(company_id, stored) if newest else stored())
    headers = {"ETag": f'"{found.etag}"', "Vary": "Accept-Encoding", "Cache-Control": "private, no-cache"}
    if b"fields" in request.scope["query_string"] or not takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(found.body, media_type="application/json", headers=headers)
    packed = found.packed or await run_in_threadpool(found.pack)
    headers |= {"Content-Encoding": "gzip", "ETag": f'"{found.etag}-gzip"'}
    return Response(packed, media_type="application/json", headers=headers)


@router.get("/readiness/history")
def readiness_history(
    company_id: str, room: RoomHere, _: ReaderHere, limit: Limit = USUAL, cursor: Cursor = None
) -> dict[str, Any]:
    """List the verdicts of the past, newest first; a reconstructed one was told before there was anybody to tell."""
    with read(room.engine) as conn:
        find_company(conn, company_id)
        told = timeline(conn, company_id)[::-1]
    page = page_of("history", told, lambda one: newest_first(one[0]), limit, cursor)
    listed = [{"as_of": day.isoformat(), "verdict": verdict, "reconstructed": r} for day, verdict, r in page["history"]]
    return page | {"history": listed}


@router.get("/signals")
def signals(company_id: str, room: RoomHere, _: ReaderHere, as_of: AsOf = None) -> dict[str, Any]:
    """Give the five signals with every measure behind them."""
    body = served_for(room, company_id, as_of).content
    return {"as_of": body["as_of"], "signals": body["signals"], "measures": body["measures"]}


@router.get("/measures")
def measures(company_id: str, room: RoomHere, _: ReaderHere, as_of: AsOf = None) -> dict[str, Any]:
    """Give every measure of an answer: value, interval, window, tier, or why it has no value."""
    body = served_for(room, company_id, as_of).content
    return {"as_of": body["as_of"], "measures": list(every_measure(body).values())}


@router.get("/measures/{measure}")
def measure_history(
    company_id: str,
    measure: str,
    room: RoomHere,
    _: ReaderHere,
    process: Annotated[str, Query(max_length=20, description="a process, or `all`")] = "all",
    limit: Limit = USUAL,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Give a measure of a process as each answer had it, newest first."""
    with read(room.engine) as conn:
        find_company(conn, company_id)
        rows = series_of(conn, company_id, measure, process)
    if not rows:
        raise NotFound("no_such_measure", {"measure": measure[:60]})
    page = page_of("readings", rows, _order, limit, cursor)
    return {"measure": measure} | page | {"readings": [as_json(row) for row in page["readings"]]}


def _order(row: Row) -> str:
    return f"{newest_first(row['as_of'])} {row['signal'] or ''}"
