"""Retention: how long a company keeps what, as it chose; without a choice, as long as it is kept in Seuil itself.

Terms are in whole months: the month under way and so many before it are kept. What is older is removed once a day
(`app.purge`), and what a source still tells of it is not taken in again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from app.clock import local_day
from app.db import hold
from app.errors import BadInput
from app.models.core import company
from app.models.retention import retention
from connectors.records import Activity, Record, Stream
from signals.calendar import month_number, month_start


class Kind(StrEnum):
    """What has a term of its own."""

    TRACES = "traces"  # who did what when, hours, absences, staff who left
    RECORDS = "records"  # documents and ledger entries, with their versions
    ANSWERS = "answers"  # answers and closed alerts
    LETTERS = "letters"  # letters and notices that were sent


LEAST, MOST = 3, 120
"""Months: with fewer no measure is left, and a letter could be written twice; beyond, nobody means it."""
CHOICES: tuple[int, ...] = (3, 6, 12, 18, 24, 27, 36, 60, 120)
SUGGESTED: Mapping[Kind, int | None] = {Kind.TRACES: 24, Kind.RECORDS: None, Kind.ANSWERS: 36, Kind.LETTERS: 12}

PERSONAL_STREAMS = frozenset((Stream.ACTIVITIES, Stream.TIME, Stream.ABSENCES, Stream.STAFF))
WHO: Mapping[Stream, tuple[str, ...]] = {
    Stream.INVOICES: ("author", "validator"),
    Stream.REMINDERS: ("actor",),
    Stream.DELIVERIES: ("actor",),
}
"""Who did it, on records that are not about persons."""
_DAY: Mapping[Stream, str] = {
    Stream.INVOICES: "issued_on",
    Stream.REMINDERS: "sent_on",
    Stream.TIME: "worked_on",
    Stream.ABSENCES: "end_on",
    Stream.STAFF: "left_on",
    Stream.COSTS: "incurred_on",
    Stream.DELIVERIES: "delivered_on",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen: of what, how many months (None: no end), when and by whom."""

    kind: Kind
    months: int | None
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class Horizons:
    """The first month that is kept of each kind, as a month number; None: all are."""

    traces: int | None = None
    records: int | None = None
    answers: int | None = None
    letters: int | None = None

    def of(self, stream: Stream) -> int | None:
        """Give the first month kept of a stream's records."""
        return self.traces if stream in PERSONAL_STREAMS else self.records

    @property
    def any(self) -> bool:
        """Whether anything has a term at all."""
        return any(getattr(self, field.name) is not None for field in fields(self))


def choices(conn: Connection, company_id: str) -> list[Choice]:
    """List what a company chose, newest first."""
    r = retention.c
    rows = conn.execute(
        select(r.kind, r.months, r.set_at, r.set_by).where(r.company_id == company_id).order_by(r.id.desc())
    )
    return [Choice(Kind(kind), months, at, by) for kind, months, at, by in rows]


def terms(conn: Connection, company_id: str) -> dict[Kind, int | None]:
    """Give the term of each kind in months; None: as long as the company is kept."""
    held: dict[Kind, int | None] = dict.fromkeys(Kind)
    for one in reversed(choices(conn, company_id)):
        held[one.kind] = one.months
    return held


def check_terms(given: Mapping[str, str]) -> dict[Kind, int | None]:
    """Read terms as a form gives them, an empty one for no end; raises BadInput that names the kind."""
    return {kind: _months(kind, given[kind.value]) for kind in Kind if kind.value in given}


def _months(kind: Kind, text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or not LEAST <= int(text) <= MOST:
        raise BadInput("retention_out_of_range", {"kept": kind.value, "value": text, "least": LEAST, "most": MOST})
    return int(text)


def set_terms(conn: Connection, company_id: str, wanted: Mapping[Kind, int | None], by: str, now: datetime) -> bool:
    """Keep the terms that differ from those in force; say whether any did."""
    hold(conn, company_id)
    held = terms(conn, company_id)
    new = {kind: months for kind, months in wanted.items() if held[kind] != months}
    for kind, months in new.items():
        row = {"company_id": company_id, "kind": kind.value, "months": months, "set_at": now, "set_by": by}
        conn.execute(insert(retention).values(row))
    return bool(new)


def horizons(held: Mapping[Kind, int | None], today: date) -> Horizons:
    """Give the first months kept by some terms on a day; what goes with the records goes no later than they do."""
    month = month_number(today)
    first = {kind.value: None if months is None else month - months for kind, months in held.items()}
    found = Horizons(**first)
    told = [one for one in (found.traces, found.records) if one is not None]
    return replace(found, traces=max(told, default=None))


def horizons_on(conn: Connection, company_id: str, now: datetime) -> Horizons:
    """Give the first months a company keeps at an instant."""
    held = terms(conn, company_id)
    if all(months is None for months in held.values()):
        return Horizons()
    zone = conn.execute(select(company.c.zone).where(company.c.id == company_id)).scalar_one()
    return horizons(held, local_day(now, str(zone)))


def not_past(kept: Horizons, stream: Stream, records: Sequence[Record], zone: ZoneInfo) -> Sequence[Record]:
    """Leave out the records that are past their term; one without a day is none of them."""
    month = kept.of(stream)
    if month is None or (stream not in _DAY and stream is not Stream.ACTIVITIES):
        return records
    first = month_start(month)
    return [record for record in records if (day := _day_of(stream, record, zone)) is None or day >= first]


def _day_of(stream: Stream, record: Record, zone: ZoneInfo) -> date | None:
    if isinstance(record, Activity):
        return record.done_at.astimezone(zone).date()
    day: date | None = getattr(record, _DAY[stream])
    return day


def without_who(kept: Horizons, stream: Stream, column: str, rows: Sequence[dict[str, Any]]) -> None:
    """Take who did it off the rows of months whose traces are past their term; their digest stays what it was."""
    if kept.traces is None or stream not in WHO:
        return
    for row in rows:
        if row[column] is not None and row[column] < kept.traces:
            row.update(dict.fromkeys(WHO[stream]))
