"""Past verdicts: month by month, and of a chosen day what was known then beside what is known today."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, func, select

from app.assessment import timeline
from app.clock import local_day
from app.db import read
from app.errors import BadInput
from app.models.records import document
from app.pages.company import asked_day, months_of, turns_of
from app.pages.frame import CompanyHere, PageReader, same_origin
from app.replaying import Past, differences, glances_now, past
from app.room import Room, RoomHere
from app.site import render
from signals.replay import Glance

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

MOST_RECORDS = 100_000
"""Of a company with more documents, a past day is rebuilt on the command line: a page must not take minutes."""


@dataclass(frozen=True, slots=True)
class Line:
    """The verdict or a signal's level of a day: as known then ("": nothing was), and as known today."""

    kind: str
    name: str
    then: str
    now: str

    @property
    def differs(self) -> bool:
        """Whether something was known then, and it is another today."""
        return bool(self.then) and self.then != self.now


def compared(then: Glance | None, now: Glance) -> list[Line]:
    """Set the two views of a day side by side."""
    verdict = Line("verdict", "verdict", then.verdict.value if then else "", now.verdict.value)
    levels = [
        Line("level", name.value, then.levels[name].value if then else "", level.value)
        for name, level in now.levels.items()
    ]
    return [verdict, *levels]


@router.get("/timeline")
def timeline_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, day: str | None = None
) -> HTMLResponse:
    """Show past verdicts; with a day, why its answer is another today than it was then."""
    chosen = asked_day(day)
    with read(room.engine) as conn:
        days = timeline(conn, company["id"])
        many = chosen is not None and _documents(conn, company["id"]) > MOST_RECORDS
    if chosen is not None and chosen > local_day(room.now(), company["zone"]) and chosen not in {d for d, _, _ in days}:
        raise BadInput("day_in_the_future", {"day": chosen.isoformat()})
    told = _compared(room, company["id"], chosen) if chosen is not None and not many else {}
    return render(
        request,
        "timeline.html",
        reader,
        company=company,
        day=chosen,
        days=days,
        years=months_of(days),
        changes=turns_of(days),
        too_many=many,
        has_answer=any(on == chosen for on, _, _ in days),
        **(told or {"lines": [], "why": [], "how": "nothing", "differs": False}),
    )


def _compared(room: Room, company_id: str, day: date) -> dict[str, Any]:
    then: Past = past(room.engine, company_id, day)
    ((now,),) = glances_now(room.engine, company_id, [day])
    lines = compared(then.glance, now)
    why = [] if then.how == "nothing" else differences(room.engine, company_id, day)
    return {
        "lines": lines,
        "why": [{"code": reason.code, "params": dict(reason.params)} for reason in why],
        "how": then.how,
        "differs": any(line.differs for line in lines),
    }


def _documents(conn: Connection, company_id: str) -> int:
    n = conn.execute(select(func.count()).select_from(document).where(document.c.company_id == company_id))
    return int(n.scalar_one())
