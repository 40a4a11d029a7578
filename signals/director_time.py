"""Director time: hours of back-office work a week that directors do themselves."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import fmean
from typing import ClassVar

import pandas as pd

from signals.base import Measure, Point, Reason, SignalName, Tier, Unit
from signals.books import Books, Declaration
from signals.calendar import (
    day_number,
    day_of,
    last_complete_month,
    month_number,
    months_of,
    week_start,
)
from signals.intervals import student
from signals.policy import Policy
from signals.rates import baseline_months, in_window, recent_window, sources_of
from signals.sessions import all_months, people_only, weekly_hours

THURSDAY = 3  # days after Monday: a week belongs to the month and year of its Thursday (ISO 8601)
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class DirectorHours:
    """K23: back-office hours a week of all directors together, from time entries and traces, else as declared."""

    name: ClassVar[str] = "director_hours_per_week"
    kpi: ClassVar[str] = "K23"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Average the weeks of the recent window; a declaration stands in, or is compared, where there is one."""
        blank = Measure(
            name=self.name,
            kpi=self.kpi,
            signal=SignalName.DIRECTOR_TIME,
            unit=Unit.HOURS_PER_WEEK,
            limit=policy.director_hours_limit,
        )
        measured = _measured(blank, books, policy)
        declaration = books.declaration(policy.declared_valid_days)
        if declaration is None or declaration.director_hours is None or declaration.since > books.as_of:
            return measured
        if measured.known:
            return replace(measured, notes=(*measured.notes, *_compare(measured, declaration)))
        return _declared(blank, declaration, books.as_of, measured.reason)


def usable_hours(books: Books) -> pd.DataFrame | Reason:
    """Give the time entries of weeks that are over, where a director is known to log any."""
    today = day_number(books.as_of)
    entries = books["hours"]
    entries = entries[(entries["week_day"] + SUNDAY <= today) & (entries["minutes"] > 0)]
    if entries.empty:
        return Reason("no_time_source")
    if (entries["role"] == "director").any():
        return entries
    # A director known to exist who has never logged an hour keeps no time: that is silence, not zero hours.
    staff = books["staff"]
    mapped = ((staff["role"] == "director") & ~(staff["entered_day"] > today)).any()
    return Reason("no_director_entries" if mapped else "no_director_mapped")


def last_month_of_weeks(as_of: date) -> int:
    """Give the newest month that is over and whose weeks, by their Thursday, are over too."""
    running = week_start(as_of + timedelta(days=1))
    return min(last_complete_month(as_of), month_number(running + timedelta(days=THURSDAY)) - 1)


def usable_traces(books: Books) -> tuple[pd.DataFrame, tuple[Reason, ...]]:
    """Give the days of work seen in traces, of weeks that are over, and who was left out; none without a director's."""
    table = books["sessions"]
    over = table["week_day"] + SUNDAY <= day_number(books.as_of)
    rows, notes = people_only(table[over], all_months(books["habits"], books.as_of))
    return (rows if (rows["role"] == "director").any() else rows.head(0)), notes


@dataclass(frozen=True, slots=True)
class DirectorWeeks:
    """The directors' weeks: `hours`, `low` and `high` by `week_day`, who worked them, and what tells of them."""

    weeks: pd.DataFrame
    actors: tuple[str, ...]
    tier: Tier
    streams: tuple[str, ...]
    """What they are read from, the surest first."""
    notes: tuple[Reason, ...]


def director_weeks(books: Books) -> DirectorWeeks | Reason:
    """Join what directors wrote down and what they left traces of; why there is neither."""
    return books.once("director_weeks", lambda: _director_weeks(books))


def _director_weeks(books: Books) -> DirectorWeeks | Reason:
    entries = usable_hours(books)
    traces, notes = usable_traces(books)
    if isinstance(entries, Reason):
        if traces.empty:
            return entries
        notes = (*notes, Reason("hours_from_traces"))
        return _joined(books["hours"].head(0), traces, Tier.PROXY, ("activities",), notes)
    # After the last hour written down nobody knows whether time was still being kept.
    traces = traces[traces["week_day"] <= entries["week_day"].max()]
    if traces.empty:
        return _joined(entries, traces, Tier.DIRECT, ("time",), notes)
    return _joined(entries, traces, Tier.DIRECT, ("time", "activities"), (*notes, Reason("hours_of_two_sources")))


def _joined(
    written: pd.DataFrame, traces: pd.DataFrame, tier: Tier, streams: tuple[str, ...], notes: tuple[Reason, ...]
) -> DirectorWeeks:
    both = [rows.loc[rows["role"] == "director", "actor"] for rows in (written, traces)]
    actors = tuple(sorted({str(one) for rows in both for one in rows}))
    return DirectorWeeks(weekly_hours(written, traces), actors, tier, streams, notes)


def _measured(blank: Measure, books: Books, policy: Policy) -> Measure:
    told = director_weeks(books)
    if isinstance(told, Reason):
        return replace(blank, reason=told, notes=usable_traces(books)[1])
    weeks = told.weeks
    last_month = last_month_of_weeks(books.as_of)
    months = months_of(weeks["week_day"].to_numpy(dtype="float64") + THURSDAY).astype("int64")
    by_month = {m: weeks[months == m] for m in range(min(months), last_month + 1)}
    known = baseline_months([m for m, some in by_month.items() if len(some)], policy, last_month)
    normal = [float(h) for m in known for h in by_month[m]["hours"]]
    usual = student(normal)
    feeds = books["feeds"]
    answer = replace(
        blank,
        sources=sources_of(feeds[feeds["stream"].isin(told.streams)]),
        series=tuple(_point(month, some) for month, some in by_month.items()),
        baseline=fmean(normal) if normal else None,
        baseline_n=len(normal),
        baseline_low=max(usual[0], 0.0) if usual else None,
        baseline_high=usual[1] if usual else None,
        notes=told.notes,
    )
    starts = weeks["week_day"].to_numpy(dtype="float64")
    recent = weeks[in_window(starts, recent_window(policy, books.as_of))]  # whole weeks: none runs beyond `as_of`
    if recent.empty:
        return replace(answer, reason=Reason("no_recent_time", {"days": policy.change_days}))
    now = _point(last_month, recent)
    return replace(
        answer,
        value=now.value,
        low=now.low,
        high=now.high,
        n=now.n,
        window=(day_of(recent["week_day"].min()), day_of(recent["week_day"].max() + SUNDAY)),
        tier=told.tier,
        recent=now.value,
        recent_low=now.low,
    )


def _point(month: int, weeks: pd.DataFrame) -> Point:
    """Average some weeks; `n` counts weeks. The bounds are those of the low hours and of the high ones."""
    if weeks.empty:
        return Point(month, None)
    value = fmean(weeks["hours"])
    low, high = student(list(weeks["low"])), student(list(weeks["high"]))
    if low is None or high is None:
        return Point(month, value, n=1)
    return Point(month, value, max(0.0, min(low[0], value)), max(high[1], value), len(weeks))


def _declared(blank: Measure, declaration: Declaration, as_of: date, why: Reason | None) -> Measure:
    said = declaration.director_hours
    if said is None:
        return blank
    since = declaration.since
    first_month = month_number(since) + (since.day > 1)
    months = range(first_month, last_complete_month(as_of) + 1)
    return replace(
        blank,
        value=said.middle,
        low=said.low,
        high=said.high,
        n=1,
        window=(since, as_of),
        tier=Tier.DECLARED,
        sources=("declaration",),
        # That time entries exist and can't be used is worth saying; that there are none is what "declared" means.
        notes=(why,) if why is not None and why.code != "no_time_source" else (),
        series=tuple(Point(month, said.middle, said.low, said.high, 1) for month in months),
    )


def _compare(measured: Measure, declaration: Declaration) -> tuple[Reason, ...]:
    said, low, high = declaration.director_hours, measured.low, measured.high
    if said is None or low is None or high is None or (said.low <= high and low <= said.high):
        return ()
    bounds = {"declared_low": said.low, "declared_high": said.high, "low": low, "high": high}
    return (Reason("declared_differs", bounds),)
