"""What speaks of one process: which signal says what of it, by the one measure that carries it there.

A signal of the company is cut down to its part that a process can answer for. Late invoicing is two processes: billing
and reminding. Director time is the hours directors spend on this process. Quality is one rate per process, the first
that has a value. Key person is who knows this process. Hidden cost has no part by process that could be measured, and
so never speaks of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from signals.base import Level, Measure, Point, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, day_of, last_complete_month, month_end, month_number
from signals.director_time import SUNDAY
from signals.freshness import frozen
from signals.intervals import student
from signals.key_person import NOT_PEOPLE, knowers, knowers_on, lacks_backup
from signals.levels import MONTHS_LOOKED_AT, MONTHS_NEEDED, LevelAnswer, level_of, months_above
from signals.policy import Policy
from signals.rates import in_window, recent_window, sources_of
from signals.registry import SIGNALS

if TYPE_CHECKING:
    from signals.readiness import Signal

PROCESSES = ("setup", "invoicing", "dunning", "purchases", "bank", "payroll", "tax", "documents", "reporting")

QUALITY: Mapping[str, tuple[tuple[str, str], ...]] = {
    "setup": (("contact_twin_share", "twins_limit"),),
    "invoicing": (("error_rate", ""),),
    "purchases": (("late_booking", "late_booking_limit"), ("confirmed_duplicate_rate", "duplicates_limit")),
    "bank": (("unlettered_share", "unlettered_limit"),),
    "documents": (("missing_document_rate", "missing_documents_limit"),),
}
"""The rates that carry quality in a process, best first, with their limits; "": the measure has its own."""

NOT_BY_PROCESS = "hours_not_by_process"
_KEY_STREAMS = ("activities", "reminders", "time", "invoices")
_SPECS = {spec.name: spec for spec in SIGNALS}
_ORDER = (Level.UNKNOWN, Level.CALM, Level.WATCH, Level.OVER)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one signal says of one process."""

    signal: SignalName
    level: Level
    why: tuple[Reason, ...]
    measure: Measure


def evidence_of(signals: tuple["Signal", ...], books: Books, policy: Policy) -> Mapping[str, tuple[Evidence, ...]]:
    """Give what speaks of each process, by process; a signal that can't speak of it is left out."""
    by_name = {signal.name: signal for signal in signals}
    hours = director_hours(by_name[SignalName.DIRECTOR_TIME], books, policy)
    known = who_knows(by_name[SignalName.KEY_PERSON], books, policy)
    found: dict[str, tuple[Evidence, ...]] = {}
    for process in PROCESSES:
        late = _late(process, by_name[SignalName.LATE_INVOICING], policy)
        good = _quality(process, by_name[SignalName.QUALITY], policy)
        found[process] = tuple(e for e in (late, hours[process], good, known[process]) if e is not None)
    return found


def _late(process: str, signal: "Signal", policy: Policy) -> Evidence | None:
    measure = {"invoicing": signal.primary, "dunning": signal.half}.get(process)
    if measure is None:
        return None
    return _carried(replace(measure, process=process), signal, policy)


def _quality(process: str, signal: "Signal", policy: Policy) -> Evidence | None:
    """Judge the first of the process's rates that is known; without one, the first says why."""
    wanted = QUALITY.get(process)
    if wanted is None:
        return None
    by_name = {measure.name: measure for measure in (signal.primary, *signal.measures)}
    listed = [(by_name[name], limit) for name, limit in wanted]
    measure, limit = next(((m, limit) for m, limit in listed if m.known), listed[0])
    if not limit:
        return _carried(replace(measure, process=process), signal, policy)
    measure = replace(measure, process=process, limit=float(getattr(policy, limit)))
    answer = _beyond(measure)
    return Evidence(signal.name, answer.level, answer.why, measure)


def _carried(measure: Measure, signal: "Signal", policy: Policy) -> Evidence:
    """Judge a measure that carries its signal for the company by the company's own rule."""
    floor = _SPECS[signal.name].floor
    answer = level_of(
        measure,
        policy,
        last_month=measure.series[-1].month if measure.series else 0,
        floor=float(getattr(policy, floor)) if floor else None,
        change=dict(signal.changes).get(measure.name),
    )
    return Evidence(signal.name, answer.level, answer.why, measure)


def _beyond(measure: Measure) -> LevelAnswer:
    """Judge a rate over a year, which has no months: over by its lower bound, watch by its estimate."""
    if measure.value is None:
        return LevelAnswer(Level.UNKNOWN, (measure.reason,) if measure.reason else ())
    limit = measure.limit or 0.0
    if measure.low is not None and measure.low > limit:
        return LevelAnswer(Level.OVER, (Reason("bound_above_limit", {"limit": limit}),))
    if measure.value > limit:
        return LevelAnswer(Level.WATCH, (Reason("estimate_above_limit", {"limit": limit}),))
    return LevelAnswer(Level.CALM, (Reason("within_limits"),))


def director_hours(signal: "Signal", books: Books, policy: Policy) -> Mapping[str, Evidence]:
    """Say of each process what directors' hours on it mean: the company's level where they are material there.

    Material is at least `Policy.hours_floor` hours a week in the recent window: over by the lower bound, watch by the
    mean. A level of the company never grows by being looked at in parts. Hours that name no process tell nothing of
    any: above half of them, none is known.
    """
    seen, _ = frozen(books, policy, _SPECS[signal.name].told_by(books))
    weeks = _director_weeks(seen, policy)
    blank = Measure(
        name="process_director_hours",
        kpi="K23",
        signal=signal.name,
        unit=Unit.HOURS_PER_WEEK,
        limit=policy.hours_floor,
    )
    if signal.level is Level.UNKNOWN or isinstance(weeks, Reason):
        why = weeks if isinstance(weeks, Reason) else signal.primary.reason or Reason(NOT_BY_PROCESS)
        measures = {p: replace(blank, process=p, reason=why) for p in PROCESSES}
        return {p: Evidence(signal.name, Level.UNKNOWN, (why,), m) for p, m in measures.items()}
    feeds = seen["feeds"]
    blank = replace(blank, tier=Tier.DIRECT, sources=sources_of(feeds[feeds["stream"] == "time"]))
    return {p: _hours_on(replace(blank, process=p), weeks, signal.level) for p in PROCESSES}


def _director_weeks(books: Books, policy: Policy) -> pd.DataFrame | Reason:
    """Give the directors' hours of the recent whole weeks, a column per process; `week_day` is the index."""
    rows = books["hours"]
    rows = rows[in_window(rows["week_day"].to_numpy(dtype="float64"), recent_window(policy, books.as_of))]
    rows = rows[rows["week_day"] + SUNDAY <= day_number(books.as_of)]
    if rows.empty:
        return Reason(NOT_BY_PROCESS)
    weeks = np.arange(rows["week_day"].min(), rows["week_day"].max() + 1, 7)
    own = rows[rows["role"] == "director"]
    if own.empty or own.loc[own["process"].isin(PROCESSES), "minutes"].sum() * 2 < own["minutes"].sum():
        return Reason(NOT_BY_PROCESS)
    table = own.pivot_table(index="week_day", columns="process", values="minutes", aggfunc="sum", fill_value=0)
    return table.reindex(index=weeks, columns=list(PROCESSES), fill_value=0) / 60


def _hours_on(blank: Measure, weeks: pd.DataFrame, company: Level) -> Evidence:
    hours = weeks[blank.process].to_numpy(dtype="float64")
    mean = float(hours.mean())
    low, high = student(list(hours)) or (mean, mean)
    window = day_of(weeks.index.min()), day_of(weeks.index.max() + SUNDAY)
    measure = replace(blank, value=mean, low=max(0.0, low), high=high, n=len(hours), window=window)
    floor = blank.limit or 0.0
    part = Level.OVER if low >= floor else Level.WATCH if mean >= floor else Level.CALM
    level = min(company, part, key=_ORDER.index)
    said: dict[str, str | int | float] = {"limit": floor}
    why = Reason("directors_on_process" if part is not Level.CALM else "few_director_hours", said)
    return Evidence(SignalName.DIRECTOR_TIME, level, (why,), measure)


def who_knows(signal: "Signal", books: Books, policy: Policy) -> Mapping[str, Evidence]:
    """Say of each process how many people know it: by what was done, else as declared.

    Over is one alone at two of the last three month ends, and nobody who stands in for the company's most active one.
    """
    seen, _ = frozen(books, policy, _KEY_STREAMS)
    last = last_complete_month(seen.as_of)
    months = range(last - MONTHS_LOOKED_AT + 1, last + 1)
    events = seen["events"][seen["events"]["day"] <= day_number(seen.as_of)]
    now = knowers(events, day_number(seen.as_of))
    then = dict(zip(months, knowers_on(events, [day_number(month_end(month)) for month in months]), strict=True))
    beside = {measure.name: measure for measure in signal.measures}
    blank = Measure(name="process_knowers", kpi="K46", signal=signal.name, unit=Unit.COUNT, limit=1.0)
    feeds = seen["feeds"]
    sources = sources_of(feeds[feeds["stream"].isin(_KEY_STREAMS)])
    found = {}
    for process in PROCESSES:
        if process in now:
            points = tuple(_alone(month, len(then[month].get(process, ()))) for month in months)
            measure = replace(blank, process=process, tier=Tier.DIRECT, sources=sources, series=points)
            measure = replace(measure, value=float(len(now[process])), n=_events(events, process, seen))
        else:
            measure = _declared(replace(blank, process=process), books, policy, months)
        may = lacks_backup(beside["holiday_drop"], beside["backup_presence"], measure, policy)
        answer = _one_alone(measure, last, may_be_over=may)
        found[process] = Evidence(signal.name, answer.level, answer.why, measure)
    return found


def _events(events: pd.DataFrame, process: str, books: Books) -> int:
    recent = events[(events["process"] == process) & (events["day"] > day_number(books.as_of) - 180)]
    return int(recent["n"].sum())


def _alone(month: int, people: int) -> Point:
    """Give a month of one process: 1 where one alone knew it, else 0; nothing where nobody did it."""
    alone = float(people == 1)
    return Point(month, alone, alone, alone, people) if people else Point(month, None)


def _declared(blank: Measure, books: Books, policy: Policy, months: range) -> Measure:
    said = books.declaration(policy.declared_valid_days)
    sheet = (said.sheets or {}).get(blank.process) if said else None
    named = set(sheet.operators) if sheet else set()
    if said is None or not named:
        return replace(blank, reason=Reason("nobody_seen_or_declared"))
    events = books["events"]
    people = len(named - set(events.loc[events["role"].isin(NOT_PEOPLE), "actor"]))
    since = month_number(said.since)
    return replace(
        blank,
        value=float(people),
        n=people,
        tier=Tier.DECLARED,
        sources=("declaration",),
        series=tuple(_alone(month, people) for month in months if month >= since),
    )


def _one_alone(measure: Measure, last_month: int, *, may_be_over: bool) -> LevelAnswer:
    if measure.value is None:
        return LevelAnswer(Level.UNKNOWN, (measure.reason,) if measure.reason else ())
    if not measure.value:  # whoever does it isn't of the company
        return LevelAnswer(Level.CALM, (Reason("done_outside"),))
    if measure.value > 1:
        return LevelAnswer(Level.CALM, (Reason("several_know", {"n": int(measure.value)}),))
    alone = months_above(measure.series, 0.5, last_month)
    if alone >= MONTHS_NEEDED and may_be_over:
        return LevelAnswer(Level.OVER, (Reason("one_knows", {"months": alone, "of": MONTHS_LOOKED_AT}),))
    return LevelAnswer(Level.WATCH, (Reason("one_knows_now"),))
