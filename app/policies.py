"""A company's policy: what it has set, from which day on, when, by whom and why. Nothing set is ever overwritten.

Each row keeps what was changed at once. What holds on a day is the rows whose first day has come, in the order of
those days and, of one day, in the order in which they were set; a name set to nothing is back at its default.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, insert, select

from app.db import hold
from app.errors import BadInput
from app.holidays import HOME, Closure, public_holidays, read_closure
from app.models.core import policy as policy_table
from app.models.core import touched_month
from app.models.records import activity
from app.people import actor_ids
from app.policy_checks import BASELINE, CLOSURE, FIRST_YEAR, HOLIDAYS, LAST_YEAR, check_together
from signals.policy import Policy, describe

YEARS_BACK = 12
"""Years of closed days that an assessment looks at, before the day it is of."""
NOTE_KEPT = 500
TRACE_SETTINGS = ("session_gap_minutes", "first_event_minutes", "opens_minute", "closes_minute")
"""The settings that facts of work seen in traces are made with."""

Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """What was set at once: each name with its value before and after; None is the default."""

    valid_from: date
    set_at: datetime
    set_by: str | None
    """A pseudonym; None for what was set before it was kept who did."""
    note: str
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who sets something, when, and why; without a name nobody is kept."""

    by: str
    at: datetime
    note: str = ""


def settings_on(conn: Connection, company_id: str, day: date, known_at: datetime | None = None) -> Settings:
    """Give the settings a company has changed, as they were valid on a day: history keeps its own limits.

    With `known_at`, those alone that had been set by that instant.
    """
    p = policy_table.c
    set_by = () if known_at is None else (p.set_at <= known_at,)
    rows = conn.execute(
        select(p.settings).where(p.company_id == company_id, p.valid_from <= day, *set_by).order_by(p.valid_from, p.id)
    )
    return _merged(rows.scalars())


def _merged(changes: Iterable[Settings]) -> Settings:
    merged: Settings = {}
    for one in changes:
        merged |= one
    return {name: value for name, value in merged.items() if value is not None}


def read_policy(conn: Connection, company_id: str, day: date, closed_days: frozenset[date] | None = None) -> Policy:
    """Give a company's policy on a day: the defaults, what it had changed by then, and its calendar, if not given."""
    settings = settings_on(conn, company_id, day)
    closed = calendar_of(settings, day) if closed_days is None else closed_days
    period = settings.get(BASELINE)
    baseline = (date.fromisoformat(period[0]), date.fromisoformat(period[1])) if period else None
    numbers: dict[str, Any] = {name: _typed(name, settings[name]) for name in describe() if name in settings}
    return Policy(**numbers, baseline_period=baseline, closed_days=closed)


def _typed(name: str, value: float) -> int | float:
    return int(value) if isinstance(getattr(Policy(), name), int) else float(value)


def closures_of(settings: Mapping[str, Any]) -> list[Closure]:
    """List a company's own closures among its settings, those of every year first."""
    texts = sorted(key.partition("=")[2] for key in settings if key.startswith(f"{CLOSURE}="))
    read = [closure for closure in map(read_closure, texts) if closure is not None]
    return sorted(read, key=lambda one: (one.year or 0, one.first))


def calendar_of(settings: Mapping[str, Any], day: date) -> frozenset[date]:
    """Give the closed days an assessment as of a day looks at: public holidays and the company's own closures."""
    first, last = day.year - YEARS_BACK, day.year + 1
    closed = public_holidays(settings.get(HOLIDAYS, HOME), first, last)
    return closed.union(*(closure.days(range(first - 1, last + 1)) for closure in closures_of(settings)))


def change_settings(
    conn: Connection,
    company_id: str,
    changes: Mapping[str, Any],
    signed: Signed,
    *,
    today: date,
    valid_from: date | None = None,
) -> list[Entry]:
    """Keep checked settings from a day on, and give what has changed by it; None puts a name back to its default.

    Without a day they hold from today on, and closures from their own first day where that has passed. What is set
    already is left out. BadInput where the settings would contradict each other on any day from then on.
    """
    hold(conn, company_id)
    if valid_from is not None and not FIRST_YEAR <= valid_from.year <= LAST_YEAR:
        raise BadInput("bad_day", {"value": valid_from.isoformat()})
    days = {name: valid_from or _first_day(name, today) for name in changes}
    kept = []
    for day, listed in groupby(sorted(changes, key=lambda name: days[name]), key=lambda name: days[name]):
        wanted = {name: changes[name] for name in listed}
        before = settings_on(conn, company_id, day)
        new = {name: value for name, value in wanted.items() if before.get(name) != value}
        if new:
            kept.append(_keep(conn, company_id, day, new, before, signed))
    _check_from(conn, company_id, [entry.valid_from for entry in kept])
    if any(name in entry.changes for entry in kept for name in TRACE_SETTINGS):
        read_traces_anew(conn, company_id)
    return kept


def read_traces_anew(conn: Connection, company_id: str) -> None:
    """Mark the months in which work left traces: hours are made of them by the settings, and by person."""
    a, t = activity.c, touched_month.c
    marked = select(t.month).where(t.company_id == company_id)
    months = (
        select(a.company_id, a.done_month).where(a.company_id == company_id, a.done_month.not_in(marked)).distinct()
    )
    conn.execute(insert(touched_month).from_select(["company_id", "month"], months))


def _keep(conn: Connection, company_id: str, day: date, new: Settings, before: Settings, signed: Signed) -> Entry:
    set_by = actor_ids(conn, company_id, [signed.by], signed.at).get(signed.by)
    note = signed.note.strip()[:NOTE_KEPT]
    row = {"company_id": company_id, "valid_from": day, "settings": new, "set_at": signed.at}
    conn.execute(insert(policy_table).values(row | {"set_by": set_by, "note": note}))
    return Entry(day, signed.at, set_by, note, {name: (before.get(name), value) for name, value in new.items()})


def _first_day(name: str, today: date) -> date:
    closure = read_closure(name.partition("=")[2]) if name.startswith(f"{CLOSURE}=") else None
    if closure is None or closure.year is None:
        return today
    return min(today, closure.in_year(closure.year)[0])


def _check_from(conn: Connection, company_id: str, days: Sequence[date]) -> None:
    if not days:
        return
    p = policy_table.c
    later = select(p.valid_from).where(p.company_id == company_id, p.valid_from >= min(days)).distinct()
    for day in conn.execute(later).scalars():
        settings = settings_on(conn, company_id, day)
        check_together({name: value for name, value in settings.items() if name in describe()})


def history(conn: Connection, company_id: str) -> list[Entry]:
    """List what was set, newest first, with what each name held before on that day."""
    rows = conn.execute(select(policy_table).where(policy_table.c.company_id == company_id).order_by("id")).all()
    entries = []
    for place, row in enumerate(rows):
        earlier = sorted(
            (one for one in rows[:place] if one.valid_from <= row.valid_from), key=lambda one: (one.valid_from, one.id)
        )
        before = _merged(one.settings for one in earlier)
        told = {name: (before.get(name), value) for name, value in row.settings.items()}
        entries.append(Entry(row.valid_from, row.set_at, row.set_by, row.note, told))
    return entries[::-1]


def set_on(entries: Sequence[Entry], day: date, known_at: datetime | None = None) -> dict[str, Entry]:
    """Give, of `history`, what made each name hold what it holds on a day; names at their default are left out."""
    held: dict[str, Entry] = {}
    oldest_first = list(reversed(entries))
    oldest_first.sort(key=lambda one: one.valid_from)  # of one day, the last set wins
    for entry in oldest_first:
        if entry.valid_from <= day and (known_at is None or entry.set_at <= known_at):
            for name, (_, after) in entry.changes.items():
                held.pop(name, None)
                if after is not None:
                    held[name] = entry
    return held
