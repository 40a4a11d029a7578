"""A company's readiness: the verdict, the five signals, the gates, the worth, and what all of it rests on."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.alerts import episodes
from app.assessment import assess_company, forget_answers, latest, replay, timeline
from app.body import halves
from app.chart_marks import marks_by_measure
from app.charts import span_of
from app.clock import local_day
from app.condition import condition
from app.covered import covered
from app.db import read, write
from app.errors import BadInput, NotFound
from app.even import even
from app.nearest import told
from app.pages.episode_text import shown
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.processes import by_process
from app.room import RoomHere, language_of
from app.site import render
from app.together import said_together
from app.wording import label
from signals.calendar import month_number, month_start

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

FLIPS_SHOWN = 6
MONTHS_BACK = 24
Body = dict[str, Any]

# What one can do about it comes first; a change for the worse explains, and comes last.
_USEFUL: Mapping[tuple[str, str], int] = {
    ("failed", "passed"): 0,
    ("unknown", "passed"): 1,
    ("unknown", "over"): 2,
    ("unknown", "calm"): 2,
    ("over", "calm"): 3,
    ("watch", "over"): 4,
    ("calm", "over"): 5,
    ("passed", "failed"): 6,
}

REMEDY_PAGES: Mapping[str, str] = {
    "late_invoicing": "import",
    "quality": "import",
    "volume": "import",
    "stability": "import",
}
"""Where what is missing can be given; all else is declared."""


WAY_PAGES: Mapping[str, str] = {"declare": "declarations", "import": "import", "connect": "connections"}
"""Where the way to what is missing for a signal leads."""


def left_missing(body: Body) -> list[Body]:
    """Give what is missing that the coverage ledger, which speaks of signals, doesn't say."""
    told = {f"missing_{cover['signal']}" for cover in body.get("coverage_ledger", [])}
    return [one for one in body["missing"] if is_empty(body) or one["what"] not in told]


def useful_flips(flips: Sequence[Body]) -> list[Body]:
    """Choose the changes worth reading, those one can act on first; changes with one outcome are told together."""
    known = [flip for flip in flips if (flip["before"], flip["after"]) in _USEFUL]
    known.sort(key=lambda flip: _USEFUL[flip["before"], flip["after"]])
    told: dict[tuple[str, str, str], Body] = {}
    for flip in known:
        key = (flip["kind"], flip["name"], flip["verdict"])
        told.setdefault(key, {**flip, "after": []})["after"].append(flip["after"])
    return list(told.values())[:FLIPS_SHOWN]


def months_of(days: Sequence[tuple[date, str, bool]]) -> dict[int, dict[int, tuple[date, str, bool]]]:
    """Lay stored verdicts out by year and month; the last day of a month stands for it."""
    years: dict[int, dict[int, tuple[date, str, bool]]] = {}
    for day, verdict, reconstructed in days:
        years.setdefault(day.year, {})[day.month] = (day, verdict, reconstructed)
    return years


def turns_of(days: Sequence[tuple[date, str, bool]]) -> list[tuple[date, str, str]]:
    """List the days on which the verdict became another: the day, the one before, the one it became."""
    return [(two[0], one[1], two[1]) for one, two in pairwise(days) if one[1] != two[1]]


def context_of(body: Body) -> list[Body]:
    """List the measures that explain without belonging to a signal, and are not shown with the regime."""
    regime = body.get("regime") or {"axes": [], "beside": []}  # an older answer has none
    shown = {measure["name"] for measure in regime["axes"] + regime["beside"]}
    listed = [measure for gate in body["gates"] for measure in gate["measures"]] + body["measures"]
    return [measure for measure in listed if measure["value"] is not None and measure["name"] not in shown]


def asked_day(as_of: str | None) -> date | None:
    """Read the day of an address."""
    if not as_of:
        return None
    try:
        return date.fromisoformat(as_of)
    except ValueError as error:
        raise BadInput("bad_day", {"value": as_of}) from error


def is_empty(body: Body) -> bool:
    """Say whether nothing at all is known: no record, no declaration."""
    cover = body["coverage"]
    return body["freshness"]["reaches"] is None and not cover["signals_known"] and not cover["gates_known"]


def _is_open(row: Mapping[str, Any]) -> bool:
    """Say whether an episode is open and nobody has dismissed it."""
    return row["closed_on"] is None and row["dismissed_at"] is None


@router.get("")
def company_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, as_of: str | None = None
) -> HTMLResponse:
    """Show the stored answer, the newest or that of a day; nothing is computed here."""
    day, language = asked_day(as_of), language_of(request, reader)
    with read(room.engine) as conn:
        served = latest(conn, company["id"], day)
        days = timeline(conn, company["id"])
        listed = episodes(conn, company["id"])
        state = condition(conn, company["id"], listed, room.now())
    if served is None and day is not None:
        raise NotFound("no_answer_for_day", {"day": day.isoformat()})
    body = served.content if served else None
    verdict = label("say", body["verdict"], language).format(company=company["name"]) if body else ""
    charted = [m for s in body["signals"] for m in (s["primary"], s["half"]) if m] if body else []
    return render(
        request,
        "company.html",
        reader,
        company=company,
        body=body,
        verdict=verdict,
        empty=body is None or is_empty(body),
        state=state,
        past=day is not None and days[-1][0] != day,
        alerts=[shown(row, language, room.now()) for row in listed if _is_open(row)],
        flips=useful_flips(body["what_would_change_it"]) if body else [],
        nearest=told(body, language) if body else [],
        together=said_together(body, language) if body else [],
        by_process=by_process(body, language) if body else None,
        covered=covered(body, language) if body else [],
        missing=left_missing(body) if body else [],
        even=even(body, language) if body else None,
        halves=halves,
        context=context_of(body) if body else [],
        span=span_of(charted, body["as_of"] if body else ""),
        marks=marks_by_measure(body, listed) if body else {},
        years=months_of(days),
        changes=turns_of(days),
        remedy_pages=REMEDY_PAGES,
        way_pages=WAY_PAGES,
        looking_back="looking_back" in request.query_params,
    )


@router.post("/assess")
def assess_form(room: RoomHere, company: CompanyHere) -> RedirectResponse:
    """Assess the company today."""
    assess_company(room.engine, company["id"], room.now())
    return go(f"/companies/{company['id']}")


@router.post("/look-back")
def look_back_form(room: RoomHere, company: CompanyHere, later: BackgroundTasks) -> RedirectResponse:
    """Assess the company as of past month ends, as known today, after the reader has been sent on."""
    now = room.now()
    today = local_day(now, company["zone"])
    with write(room.engine) as conn:
        forget_answers(conn, company["id"])
    assess_company(room.engine, company["id"], now)
    first = month_start(month_number(today) - MONTHS_BACK)
    later.add_task(replay, room.engine, company["id"], now, first, today)
    return go(f"/companies/{company['id']}?looking_back=1")
