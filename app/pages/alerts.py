"""A company's episodes: the list, one of them with its evidence and history, and what a person does about it."""

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection

from app.alert_actions import (
    DISMISSED_BECAUSE,
    LONGEST_SNOOZE_DAYS,
    acknowledge,
    add_comment,
    assign,
    dismiss,
    snooze,
    wake,
)
from app.alerts import NOTE_KEPT, episodes, find_episode, history
from app.assessment import Served, latest
from app.body import every_measure
from app.chart_marks import marks_by_measure
from app.clock import local_day
from app.db import hold, read, write
from app.due import instant_of
from app.errors import BadInput
from app.maintenance import add_maintenance, end_maintenance, maintenances
from app.pages.episode_text import SIGNAL, kind_of, shown, shown_events, told_text
from app.pages.evidence import tables
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.recipients import recipients
from app.records import records_behind
from app.room import Room, RoomHere, language_of
from app.site import render

router = APIRouter(prefix="/companies/{company_id}/alerts", dependencies=[Depends(same_origin)])

RECORDS_SHOWN = 20
CLOSED_SHOWN = 50
AWAKE_AT = time(8)  # letters are due at this hour: what wakes that day is in that day's letter

Row = Mapping[str, Any]
Body = dict[str, Any]
Company = dict[str, Any]
Text = Annotated[str, Form()]


@router.get("")
def alerts_page(request: Request, room: RoomHere, reader: PageReader, company: CompanyHere) -> HTMLResponse:
    """List the episodes, open ones first, with what was looked at and when."""
    now, language = room.now(), language_of(request, reader)
    with read(room.engine) as conn:
        served = latest(conn, company["id"])
        listed = [shown(row, language, now) for row in episodes(conn, company["id"])]
        maintenances_now = maintenances(conn, company["id"], now)
    closed = [row for row in listed if row["closed_on"] is not None]
    return render(
        request,
        "alerts.html",
        reader,
        company=company,
        body=served.content if served else None,
        opened=[row for row in listed if row["closed_on"] is None and row["dismissed_at"] is None],
        dismissed=[row for row in listed if row["closed_on"] is None and row["dismissed_at"] is not None],
        held=maintenances_now,
        today=local_day(now, company["zone"]),
        closed=closed[:CLOSED_SHOWN],
        closed_total=len(closed),
    )


def _answer(conn: Connection, company_id: str, closed_on: date | None) -> Served | None:
    """Give the answer an episode is read beside: the newest, or the one of the day it ended."""
    ended = latest(conn, company_id, closed_on) if closed_on is not None else None
    return ended or latest(conn, company_id)


def _measure(row: Row, served: Served | None) -> Body | None:
    if served is None or kind_of(str(row["subject"])) != SIGNAL:
        return None
    return every_measure(served.content).get(str(row["facts"].get("measure")))


@router.get("/{episode_id}")
def episode_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, episode_id: str
) -> HTMLResponse:
    """Show one episode: what happened, how sure that is, the months, the records, the history."""
    now, language = room.now(), language_of(request, reader)
    with read(room.engine) as conn:
        row = find_episode(conn, company["id"], episode_id)
        events = history(conn, episode_id)
        served = _answer(conn, company["id"], row["closed_on"])
        measure = _measure(row, served)
        records = records_behind(conn, company["id"], measure["records"][:RECORDS_SHOWN]) if measure else []
        readers = recipients(conn, company["id"])
    subject, today = str(row["subject"]), local_day(now, company["zone"])
    return render(
        request,
        "alert.html",
        reader,
        company=company,
        episode=shown(row, language, now),
        kind=kind_of(subject),
        told=told_text(subject, events, language),
        events=shown_events(subject, events, language),
        measure=measure,
        marks=marks_by_measure(served.content, [dict(row)]) if served else {},
        as_of=served.as_of if served else None,
        at=f"?as_of={served.as_of}" if served and row["closed_on"] else "",
        records=tables(records),
        records_shown=RECORDS_SHOWN,
        tomorrow=today + timedelta(days=1),
        in_a_month=today + timedelta(days=28),
        longest=today + timedelta(days=LONGEST_SNOOZE_DAYS - 1),
        note_kept=NOTE_KEPT,
        readers=[one.email for one in readers],
        dismissed_because=DISMISSED_BECAUSE,
    )


def _done(room: Room, company: Company, episode_id: str, act: Callable[[Connection], None]) -> RedirectResponse:
    """Do one thing to an episode while nothing else moves the company's, and go back to it."""
    with write(room.engine) as conn:
        hold(conn, company["id"])
        act(conn)
    return go(f"/companies/{company['id']}/alerts/{episode_id}")


@router.post("/{episode_id}/acknowledge")
def acknowledge_form(
    room: RoomHere, reader: PageReader, company: CompanyHere, episode_id: str, comment: Text = ""
) -> RedirectResponse:
    """Say that one has seen it."""
    now, mine = room.now(), company["id"]
    return _done(room, company, episode_id, lambda conn: acknowledge(conn, mine, episode_id, reader.name, comment, now))


@router.post("/{episode_id}/comment")
def comment_form(
    room: RoomHere, reader: PageReader, company: CompanyHere, episode_id: str, comment: Text = ""
) -> RedirectResponse:
    """Add a comment to its history."""
    now, mine = room.now(), company["id"]
    return _done(room, company, episode_id, lambda conn: add_comment(conn, mine, episode_id, reader.name, comment, now))


@router.post("/{episode_id}/snooze")
def snooze_form(
    room: RoomHere, reader: PageReader, company: CompanyHere, episode_id: str, until: Text = "", reason: Text = ""
) -> RedirectResponse:
    """Keep it out of the letters until a morning."""
    try:
        awake = instant_of(_day(until), AWAKE_AT, company["zone"])
    except OverflowError as error:
        raise BadInput("bad_day", {"value": until}) from error
    now, mine = room.now(), company["id"]
    return _done(
        room, company, episode_id, lambda conn: snooze(conn, mine, episode_id, reader.name, awake, reason, now)
    )


@router.post("/{episode_id}/wake")
def wake_form(room: RoomHere, reader: PageReader, company: CompanyHere, episode_id: str) -> RedirectResponse:
    """End its snooze."""
    now, mine = room.now(), company["id"]
    return _done(room, company, episode_id, lambda conn: wake(conn, mine, episode_id, reader.name, now))


@router.post("/{episode_id}/assign")
def assign_form(
    room: RoomHere, reader: PageReader, company: CompanyHere, episode_id: str, owner: Text = ""
) -> RedirectResponse:
    """Say who has it in hand."""
    now, mine = room.now(), company["id"]
    return _done(room, company, episode_id, lambda conn: assign(conn, mine, episode_id, reader.name, owner, now))


@router.post("/{episode_id}/dismiss")
def dismiss_form(
    room: RoomHere, reader: PageReader, company: CompanyHere, episode_id: str, because: Text = "", comment: Text = ""
) -> RedirectResponse:
    """Set it aside for good."""
    now, mine = room.now(), company["id"]
    return _done(
        room, company, episode_id, lambda conn: dismiss(conn, mine, episode_id, reader.name, because, comment, now)
    )


@router.post("/maintenance")
def maintenance_form(
    room: RoomHere, reader: PageReader, company: CompanyHere, first: Text = "", last: Text = "", reason: Text = ""
) -> RedirectResponse:
    """Tell nobody anything of the company from a day's beginning to another's end."""
    now, zone = room.now(), company["zone"]
    begins, ends = _day(first), _day(last) + timedelta(days=1)
    with write(room.engine) as conn:
        until = instant_of(ends, time(), zone)
        since = max(instant_of(begins, time(), zone), now) if until > now else instant_of(begins, time(), zone)
        add_maintenance(conn, company["id"], since, until, reason, reader.name, now)
    return go(f"/companies/{company['id']}/alerts#maintenance")


@router.post("/maintenance/{maintenance_id}/end")
def end_maintenance_form(room: RoomHere, _: PageReader, company: CompanyHere, maintenance_id: str) -> RedirectResponse:
    """Tell people again, from now on."""
    with write(room.engine) as conn:
        end_maintenance(conn, company["id"], maintenance_id, room.now())
    return go(f"/companies/{company['id']}/alerts#maintenance")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("bad_day", {"value": text}) from error
