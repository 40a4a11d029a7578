"""The answer that is asked for: the newest, a past day's, or one from what was known at an instant."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

from app.assessment import Served, answer_for, as_text, latest
from app.body import readiness_body
from app.clock import local_day
from app.companies import find_company
from app.db import read
from app.errors import BadInput, NotFound
from app.known import answer_known
from app.room import Room

FIRST_YEAR = 1990
AsOf = Annotated[date | None, Query(description="a past day; without it, the newest answer")]
KnownAt = Annotated[
    AwareDatetime | None,
    Query(description="an instant: answer from what was known then, rebuilt from earlier versions"),
]


def served_for(room: Room, company_id: str, as_of: date | None, known_at: datetime | None = None) -> Served:
    """Give the stored answer; for a day or an instant that has none, compute it and store nothing."""
    if as_of is not None and as_of.year < FIRST_YEAR:
        raise BadInput("bad_day", {"value": as_of.isoformat()})
    with read(room.engine) as conn:
        row = find_company(conn, company_id)
        if as_of is not None and as_of > local_day(room.now(), str(row["zone"])):
            raise BadInput("day_in_the_future", {"day": as_of.isoformat()})
        served = None if known_at else latest(conn, company_id, as_of)
    if known_at is not None:
        day = as_of or local_day(known_at, str(row["zone"]))
        known = answer_known(room.engine, company_id, day, known_at)
        return Served(day, known.verdict.value, known.reconstructed, *as_text(readiness_body(known, row)))
    if served is not None:
        return served
    if as_of is None:
        raise NotFound("nothing_assessed")
    answer, body = answer_for(room.engine, company_id, as_of)
    return Served(as_of, answer.verdict.value, answer.reconstructed, *as_text(body))
