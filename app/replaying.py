"""The past again: verdicts as they were known then and as they are known today, why they differ, and a dry run.

Nothing is stored here. *As known then* is the answer kept from that day, if one was given; else it is computed from
the rows as they stood at the end of that day. *As known today* cuts today's books at the day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from app.assessment import latest
from app.books import RECENT_DAYS, read_books
from app.companies import find_company
from app.db import hold, read, write
from app.facts import refresh_touched
from app.known import as_known
from app.models.core import connection
from app.models.ledger import ledger_entry
from app.models.people import declaration
from app.models.register import process_sheet
from app.policies import read_policy, settings_on
from app.rows import TABLES
from connectors.records import Stream
from signals.base import Level, Reason, SignalName
from signals.books import Books
from signals.calendar import month_end, month_number
from signals.replay import Glance, cut, fired, glance, verdict_changes
from signals.verdict import Verdict

How = Literal["kept", "rebuilt", "nothing"]

DAY_COLUMN: Mapping[Stream, str] = {
    Stream.INVOICES: "issued_on",
    Stream.PAYMENTS: "paid_on",
    Stream.REMINDERS: "sent_on",
    Stream.ACTIVITIES: "done_on",
    Stream.ABSENCES: "start_on",
    Stream.TIME: "worked_on",
    Stream.COSTS: "incurred_on",
    Stream.DELIVERIES: "delivered_on",
}
"""The day of a record, by which it belongs to what a past day could know; staff have none."""


@dataclass(frozen=True, slots=True)
class Past:
    """A day as it was known then: the answer kept from it, one rebuilt, or nothing, for nothing was known yet."""

    how: How
    glance: Glance | None = None


def days_between(first: date, last: date, every: Literal["month", "week"]) -> list[date]:
    """List the month ends, or the Sundays, from one day to another; the last day closes the list."""
    if every == "month":
        ends = [month_end(month) for month in range(month_number(first), month_number(last) + 1)]
    else:
        sunday = first + timedelta(days=6 - first.weekday())
        ends = [sunday + timedelta(days=7 * n) for n in range((last - sunday).days // 7 + 1)]
    return [*(end for end in ends if first <= end < last), last]


def whole_books(engine: Engine, company_id: str, first: date, last: date) -> Books:
    """Read a company's books once for all days from `first` to `last`."""
    with write(engine) as conn:
        hold(conn, company_id)
        refresh_touched(conn, company_id)
    with read(engine) as conn:
        return read_books(conn, company_id, last, recent_from=first - timedelta(days=RECENT_DAYS))


def glances_now(
    engine: Engine, company_id: str, days: Sequence[date], settings: Sequence[Mapping[str, Any]] = ({},)
) -> Iterator[tuple[Glance, ...]]:
    """Decide for each day as known today, once for each of some changes of settings on top of those of the day."""
    books = whole_books(engine, company_id, min(days), max(days))
    for day in days:
        with read(engine) as conn:
            policy = read_policy(conn, company_id, day)
        then = cut(books, day, RECENT_DAYS)
        yield tuple(glance(then, replace(policy, **changed)) for changed in settings)


def dry_run(
    engine: Engine, company_id: str, days: Sequence[date], changes: Mapping[str, int | float]
) -> tuple[list[Glance], list[Glance]]:
    """Look at the past with the settings in force, and with some of them changed."""
    pairs = list(glances_now(engine, company_id, days, ({}, changes)))
    return [before for before, _ in pairs], [after for _, after in pairs]


def past(engine: Engine, company_id: str, day: date) -> Past:
    """Tell what was answered on a day, or would have been from what was known at its end."""
    with read(engine) as conn:
        row = find_company(conn, company_id)
        kept = latest(conn, company_id, day)
        known_at = end_of(day, str(row["zone"]))
        begun = (
            conn.execute(
                select(func.min(connection.c.created_at)).where(connection.c.company_id == company_id)
            ).scalar()
            or conn.execute(
                select(func.min(declaration.c.known_at)).where(declaration.c.company_id == company_id)
            ).scalar()
        )
    if kept is not None and not kept.reconstructed:
        return Past("kept", _of_body(kept.content))
    if begun is None or begun > known_at:
        return Past("nothing")
    then = as_known(engine, company_id, known_at)
    try:
        with read(then) as conn:
            policy = read_policy(conn, company_id, day)
            books = read_books(conn, company_id, day)
        return Past("rebuilt", glance(books, policy))
    finally:
        then.dispose()


def end_of(day: date, zone: str) -> datetime:
    """Give the instant at which a day ends in a zone."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))


def _of_body(body: Mapping[str, Any]) -> Glance:
    signals = body["signals"]
    return Glance(
        as_of=date.fromisoformat(body["as_of"]),
        verdict=Verdict(body["verdict"]),
        row=body["row"],
        levels={SignalName(s["name"]): Level(s["level"]) for s in signals},
        silent=frozenset(SignalName(s["name"]) for s in signals if s["frozen_on"]),
        reconstructed=body["reconstructed"],
    )


def differences(engine: Engine, company_id: str, day: date) -> tuple[Reason, ...]:
    """Say what we have learnt since the end of a day that bears on it: why its answer may be another today.

    Records that came later, changed or went; settings and statements made for that day afterwards. Roles and the
    program have no versions: where nothing else differs, it is they.
    """
    with read(engine) as conn:
        known_at = end_of(day, str(find_company(conn, company_id)["zone"]))
        said = [reason for stream in Stream for reason in _records_since(conn, company_id, stream, day, known_at)]
        return (*said, *_settings_since(conn, company_id, day, known_at), *_said_since(conn, company_id, day, known_at))


def _records_since(
    conn: Connection, company_id: str, stream: Stream, day: date, known_at: datetime
) -> Iterator[Reason]:
    table = ledger_entry if stream is Stream.LEDGER else TABLES[stream]
    c = table.c
    mine = [c.company_id == company_id]
    column = "entry_on" if stream is Stream.LEDGER else DAY_COLUMN.get(stream)
    if column is not None:
        mine.append(c[column] <= day)
    came = func.count().filter(c.first_known_at > known_at, c.gone_at.is_(None))
    changed = func.count().filter(c.first_known_at <= known_at, c.known_at > known_at, c.gone_at.is_(None))
    went = func.count().filter(c.first_known_at <= known_at, c.gone_at > known_at)
    counts = conn.execute(select(came, changed, went).where(*mine)).one()
    for code, n in zip(("learnt_later", "changed_since", "gone_since"), counts, strict=True):
        if n:
            yield Reason(code, {"stream": stream.value, "n": int(n)})


def _settings_since(conn: Connection, company_id: str, day: date, known_at: datetime) -> Iterator[Reason]:
    now = settings_on(conn, company_id, day)
    then = settings_on(conn, company_id, day, known_at)
    names = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
    if names:
        yield Reason("settings_since", {"names": ", ".join(names)})


def _said_since(conn: Connection, company_id: str, day: date, known_at: datetime) -> Iterator[Reason]:
    d = declaration.c
    since = (d.company_id == company_id, d.stated_on <= day, d.known_at > known_at)
    n = conn.execute(select(func.count()).select_from(declaration).where(*since)).scalar_one()
    if n:
        yield Reason("declared_since", {"n": int(n)})
    p = process_sheet.c
    since = (p.company_id == company_id, p.stated_on <= day, p.known_at > known_at)
    n = conn.execute(select(func.count()).select_from(process_sheet).where(*since)).scalar_one()
    if n:
        yield Reason("written_since", {"n": int(n)})


def run_body(glances: Sequence[Glance]) -> dict[str, Any]:
    """Give the alerts that looks at the past would have raised, and the changes of the verdict, as JSON."""
    alerts = [
        {
            "signal": one.signal.value,
            "fired_on": one.fired_on.isoformat(),
            "closed_on": one.closed_on.isoformat() if one.closed_on else None,
        }
        for one in fired(glances)
    ]
    verdicts = [
        {"on": day.isoformat(), "from": old.value, "to": new.value} for day, old, new in verdict_changes(glances)
    ]
    return {"fired": len(alerts), "alerts": alerts, "verdicts": verdicts}
