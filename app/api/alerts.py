"""A company's episodes, as JSON with codes, and what people do to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import Connection

from app.alert_actions import OWNER_KEPT, acknowledge, add_comment, assign, dismiss, snooze, wake
from app.alerts import NOTE_KEPT, Row, ending, episodes, find_episode, history
from app.api.operation import Operation
from app.api.paging import USUAL, Cursor, Limit, last_first, newest_first, page_of
from app.companies import find_company
from app.db import hold, read, write
from app.room import ReaderHere, Room, RoomHere
from app.rows import as_json

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}/alerts", tags=["alerts"])

_SHOWN = (
    "id", "subject", "process", "state", "opened_on", "opened_at", "fired_on", "calm_since", "closed_on", "seen_on",
    "resumes_as", "facts", "acknowledged_at", "acknowledged_by", "snoozed_until", "owner", "dismissed_at",
    "dismissed_by", "dismissed_because",
)  # fmt: skip
_EVENT = ("kind", "happened_on", "at", "who", "note", "facts")


class Which(StrEnum):
    """Which episodes to list."""

    OPEN = "open"
    CLOSED = "closed"
    DISMISSED = "dismissed"
    ALL = "all"


def without_nul(text: str) -> str:
    """Refuse what no database holds."""
    if "\0" in text:
        raise ValueError("a text holds no NUL")
    return text


def _only_text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a text is expected: 2026-03-31, or 2026-03-31T09:00:00+02:00")  # noqa: TRY004 - pydantic's way
    return value


Note = Annotated[str, Field(max_length=NOTE_KEPT), AfterValidator(without_nul)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Comment(_Asked):
    """What somebody makes of an episode."""

    comment: Note = ""


class Snooze(_Asked):
    """Until when an episode stays out of the letters: an instant, or a day, on which it is back; and why."""

    until: Annotated[AwareDatetime | date, BeforeValidator(_only_text)]
    reason: Note = ""


class Owner(_Asked):
    """Who has an episode in hand; empty: nobody."""

    owner: Annotated[str, Field(max_length=OWNER_KEPT), AfterValidator(without_nul)] = ""


class Dismissal(_Asked):
    """Why an episode is set aside for good."""

    because: Literal["wrong", "expected", "accepted", "other"]
    comment: Note = ""


@router.get("")
def alerts(
    company_id: str,
    room: RoomHere,
    _: ReaderHere,
    state: Which = Which.ALL,
    subject: str | None = None,
    limit: Limit = USUAL,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Give the company's episodes, open ones first, newest first."""
    with read(room.engine) as conn:
        find_company(conn, company_id)
        listed = episodes(conn, company_id, only_open=state in {Which.OPEN, Which.DISMISSED})
    if state is Which.DISMISSED:
        listed = [row for row in listed if row["dismissed_at"] is not None]
    if state is Which.CLOSED:
        listed = [row for row in listed if row["closed_on"] is not None]
    found = [row for row in listed if subject in (None, row["subject"])]
    page = page_of("alerts", found, _order, limit, cursor)
    return page | {"alerts": [_episode(row) for row in page["alerts"]]}


def _order(row: Row) -> str:
    return f"{row['closed_on'] is not None:d}{newest_first(row['opened_on'])}{last_first(row['id'])}"


@router.get("/{episode_id}")
def alert(company_id: str, episode_id: str, room: RoomHere, _: ReaderHere) -> dict[str, Any]:
    """Give an episode with what happened to it, oldest first, and where the records behind it are."""
    with read(room.engine) as conn:
        return _whole(conn, company_id, episode_id)


@router.post("/{episode_id}/acknowledge")
def acknowledge_alert(
    company_id: str, episode_id: str, room: RoomHere, reader: ReaderHere, asked: Comment | None = None
) -> dict[str, Any]:
    """Say that somebody has seen it, and what they make of it."""
    comment = asked.comment if asked else ""
    with _held(room, company_id) as conn:
        acknowledge(conn, company_id, episode_id, reader.name, comment, room.now())
        return _whole(conn, company_id, episode_id)


@router.post("/{episode_id}/comment")
def comment_alert(
    company_id: str, episode_id: str, room: RoomHere, reader: ReaderHere, asked: Comment
) -> dict[str, Any]:
    """Add a comment, also to an episode that is over."""
    with _held(room, company_id) as conn:
        add_comment(conn, company_id, episode_id, reader.name, asked.comment, room.now())
        return _whole(conn, company_id, episode_id)


@router.post("/{episode_id}/snooze")
def snooze_alert(company_id: str, episode_id: str, room: RoomHere, reader: ReaderHere, asked: Snooze) -> dict[str, Any]:
    """Keep it out of the letters for a time, or until it is worse than today."""
    with _held(room, company_id) as conn:
        until = _instant(asked.until, str(find_company(conn, company_id)["zone"]))
        snooze(conn, company_id, episode_id, reader.name, until, asked.reason, room.now())
        return _whole(conn, company_id, episode_id)


@router.post("/{episode_id}/wake")
def wake_alert(company_id: str, episode_id: str, room: RoomHere, reader: ReaderHere) -> dict[str, Any]:
    """End a snooze, or bring back what was dismissed."""
    with _held(room, company_id) as conn:
        wake(conn, company_id, episode_id, reader.name, room.now())
        return _whole(conn, company_id, episode_id)


@router.post("/{episode_id}/assign")
def assign_alert(company_id: str, episode_id: str, room: RoomHere, reader: ReaderHere, asked: Owner) -> dict[str, Any]:
    """Say who has it in hand."""
    with _held(room, company_id) as conn:
        assign(conn, company_id, episode_id, reader.name, asked.owner, room.now())
        return _whole(conn, company_id, episode_id)


@router.post("/{episode_id}/dismiss")
def dismiss_alert(
    company_id: str, episode_id: str, room: RoomHere, reader: ReaderHere, asked: Dismissal
) -> dict[str, Any]:
    """Set it aside for good; it is watched on, and comes back if it gets worse."""
    with _held(room, company_id) as conn:
        dismiss(conn, company_id, episode_id, reader.name, asked.because, asked.comment, room.now())
        return _whole(conn, company_id, episode_id)


@contextmanager
def _held(room: Room, company_id: str) -> Iterator[Connection]:
    """Open a write in which nothing else moves the company's episodes."""
    with write(room.engine) as conn:
        hold(conn, company_id)
        find_company(conn, company_id)
        yield conn


def _instant(until: datetime | date, zone: str) -> datetime:
    """Give the instant meant; a day begins at its midnight in the company's zone."""
    return until if isinstance(until, datetime) else datetime.combine(until, time(), ZoneInfo(zone))


def _episode(row: Row) -> dict[str, Any]:
    return as_json({name: row[name] for name in _SHOWN}) | {"ending": ending(row)}


def _whole(conn: Connection, company_id: str, episode_id: str) -> dict[str, Any]:
    row = find_episode(conn, company_id, episode_id)
    events = [as_json({name: event[name] for name in _EVENT}) for event in history(conn, episode_id)]
    measure = row["facts"].get("measure")
    records = None
    if measure is not None:
        asked = urlencode({"as_of": row["seen_on"].isoformat()})
        records = f"/v1/companies/{company_id}/measures/{measure}/evidence?{asked}"
    return _episode(row) | {"measure": measure, "records": records, "history": events}
