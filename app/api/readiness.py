"""Readiness, signals, alerts and the records behind them, as JSON with codes; sentences are the page's."""

import json
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime
from starlette.concurrency import run_in_threadpool

from app.api.operation import Operation
from app.api.remembered import Materialised, let_in, memories_of, takes_gzip
from app.assessment import answer_for, as_text, latest
from app.body import every_measure, readiness_body
from app.clock import local_day
from app.companies import companies, find_company
from app.db import read
from app.errors import BadInput, NotFound
from app.known import answer_known
from app.records import PAGE, records_behind, records_page
from app.roles import Ability
from app.room import ReaderHere, Room, RoomHere

router = APIRouter(route_class=Operation, prefix="/v1", tags=["readiness"])

FIRST_YEAR = 1990
AsOf = Annotated[date | None, Query(description="a past day; without it, the newest answer")]


@router.get("/companies")
def list_companies(room: RoomHere, reader: ReaderHere) -> list[dict[str, Any]]:
    """List the companies with their newest verdict."""
    with read(room.engine) as conn:
        listed = []
        for row in companies(conn, reader.held.within(Ability.READ)):
            newest = latest(conn, row["id"])
            listed.append(
                {
                    "id": row["id"],
                    "name": row["name"],
                    "siren": row["siren"],
                    "is_demo": bool(row["is_demo"]),
                    "verdict": newest.verdict if newest else None,
                    "as_of": newest.as_of.isoformat() if newest else None,
                }
            )
    return listed


KnownAt = Annotated[
    AwareDatetime | None,
    Query(description="an instant: answer from what was known then, rebuilt from earlier versions"),
]


def _stored(room: Room, company_id: str, as_of: date | None, known_at: datetime | None = None) -> tuple[str, str]:
    """Give the stored body and its tag; for a day or an instant that has none, compute it and store nothing."""
    if as_of is not None and as_of.year < FIRST_YEAR:
        raise BadInput("bad_day", {"value": as_of.isoformat()})
    with read(room.engine) as conn:
        row = find_company(conn, company_id)
        if as_of is not None and as_of > local_day(room.now(), str(row["zone"])):
            raise BadInput("day_in_the_future", {"day": as_of.isoformat()})
        served = None if known_at else latest(conn, company_id, as_of)
    if known_at is not None:
        day = as_of or local_day(known_at, str(row["zone"]))
        return as_text(readiness_body(answer_known(room.engine, company_id, day, known_at), row))
    if served is not None:
        return served.body, served.etag
    if as_of is None:
        raise NotFound("nothing_assessed")
    return as_text(answer_for(room.engine, company_id, as_of)[1])


@router.get("/companies/{company_id}/readiness", responses={304: {"description": "not changed"}})
async def readiness(company_id: str, request: Request, as_of: AsOf = None, known_at: KnownAt = None) -> Response:
    """Give the verdict with all it rests on: signals, gates, worth, coverage, what is missing, what would change it.

    Made to be polled: the newest answer is served as it was written at its assessment, and remembered for seconds.
    """
    await let_in(request)
    room: Room = request.app.state.room

    async def stored() -> Materialised:
        body, etag = await run_in_threadpool(_stored, room, company_id, as_of, known_at)
        return Materialised(body.encode(), etag)

    newest = as_of is None and known_at is None
    found = await (memories_of(request).bodies.get(company_id, stored) if newest else stored())
    headers = {"ETag": f'"{found.etag}"', "Vary": "Accept-Encoding"}
    if "fields" in request.query_params or not takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(found.body, media_type="application/json", headers=headers)
    packed = found.packed or await run_in_threadpool(found.pack)
    headers |= {"Content-Encoding": "gzip", "ETag": f'"{found.etag}-gzip"'}
    return Response(packed, media_type="application/json", headers=headers)


@router.get("/companies/{company_id}/signals")
def signals(company_id: str, room: RoomHere, _: ReaderHere, as_of: AsOf = None) -> dict[str, Any]:
    """Give the five signals with every measure behind them."""
    body = json.loads(_stored(room, company_id, as_of)[0])
    return {"as_of": body["as_of"], "signals": body["signals"], "measures": body["measures"]}


@router.get("/companies/{company_id}/records")
def records(
    company_id: str,
    room: RoomHere,
    _: ReaderHere,
    stream: str | None = None,
    measure: str | None = None,
    as_of: AsOf = None,
    limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
    offset: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
) -> dict[str, Any]:
    """Give the records behind a measure, or a stream's records, newest first."""
    if measure is None:
        with read(room.engine) as conn:
            find_company(conn, company_id)
            rows, total = records_page(conn, company_id, stream or "invoices", limit=limit, offset=offset)
        return {"records": rows, "total": total, "limit": limit, "offset": offset}
    found = every_measure(json.loads(_stored(room, company_id, as_of)[0])).get(measure)
    if found is None:
        raise NotFound("no_such_measure", {"measure": measure})
    with read(room.engine) as conn:
        rows = records_behind(conn, company_id, found["records"][offset : offset + limit])
    return {"records": rows, "total": found["records_total"], "limit": limit, "offset": offset}
