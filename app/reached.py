"""How far the reading of a connection has come: a stream's rows, the place of its bookmark, and what was set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from app.imports import applied_imports
from app.language import Formats
from app.models.core import bookmark
from app.models.ledger import ledger_entry
from app.models.records import quarantined
from app.wording import LABELS, label, say

REASONS_SHOWN = 4
LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Place:
    """What a bookmark tells a person: the day it holds, and the number; connectors have their own words."""

    day: date | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were set aside: a code, how many, and what fills the sentence of one of them."""

    code: str
    n: int
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StreamReached:
    """A stream of a connection: what it brought, and where its reading stands."""

    stream: str
    rows: int
    read_at: datetime
    place: Place = Place()
    refused: int = 0
    reasons: tuple[Reason, ...] = field(default_factory=tuple)
    started_over_at: datetime | None = None


def place_of(cursor: Mapping[str, str]) -> Place:
    """Find what a person understands in a bookmark: of several days the earliest, of several numbers the largest."""
    texts = [str(value) for name, value in cursor.items() if name != "begun"]  # when it began is no place
    days = [day for day in map(_day, texts) if day is not None]
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER]
    return Place(min(days, default=None), max(numbers, default=None))


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if "-" in text else None
    except ValueError:
        return None


def place_text(place: Place, language: str) -> str:
    """Write a place; a dash where the bookmark tells nothing."""
    formats = Formats(language)
    told = [formats.day(place.day)] if place.day is not None else []
    if place.number is not None:
        told.append(say("place_number", {"number": place.number}, language))
    return ", ".join(told) or "–"


def reason_text(reason: Reason, language: str) -> str:
    """Say why a row was set aside."""
    if f"fault:{reason.code}" in LABELS:
        return label("fault", reason.code, language)
    return say(reason.code, reason.params, language)


def streams_reached(conn: Connection, connection_id: str) -> list[StreamReached]:
    """List a connection's streams, and how far each has come."""
    reasons = _reasons(conn, connection_id)
    b = bookmark.c
    query = select(b.stream, b.rows, b.read_at, b.cursor, b.started_over_at).where(b.connection_id == connection_id)
    return [
        StreamReached(
            stream=row.stream,
            rows=row.rows,
            read_at=row.read_at,
            place=place_of(row.cursor or {}),
            refused=sum(reason.n for reason in reasons.get(row.stream, ())),
            reasons=tuple(reasons.get(row.stream, ())[:REASONS_SHOWN]),
            started_over_at=row.started_over_at,
        )
        for row in conn.execute(query.order_by(b.stream))
    ]


def _reasons(conn: Connection, connection_id: str) -> dict[str, Sequence[Reason]]:
    """Count what was set aside by stream and code, the most frequent first, each with one row's words."""
    q = quarantined.c
    counted = (
        select(q.stream, q.code, func.count().label("n"), func.min(q.id).label("one"))
        .where(q.connection_id == connection_id)
        .group_by(q.stream, q.code)
        .subquery()
    )
    query = select(counted, q.params).join(quarantined, q.id == counted.c.one).order_by(counted.c.n.desc())
    found: dict[str, list[Reason]] = {}
    for row in conn.execute(query):
        found.setdefault(str(row.stream), []).append(Reason(str(row.code), int(row.n), row.params or {}))
    return dict(found)


def ledger_reached(conn: Connection, company_id: str, connection_id: str) -> list[StreamReached]:
    """Tell of a ledger as of a stream: its files have no bookmark."""
    files = [one for one in applied_imports(conn, company_id) if one.connection_id == connection_id]
    if not files:
        return []
    e, q = ledger_entry.c, quarantined.c
    entries = select(func.count()).where(e.connection_id == connection_id, e.gone_at.is_(None))
    refused = select(func.count()).where(q.connection_id == connection_id)
    rows, aside = conn.execute(entries).scalar_one(), conn.execute(refused).scalar_one()
    return [StreamReached("ledger", rows, files[0].applied_at, refused=aside)]
