"""Director time: hours of back-office work a week that directors do themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import fmean
from typing import ClassVar

import numpy as np
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

THURSDAY = 3  # days after Monday: a week belongs to the month and year of its Thursday (ISO 8601)
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class DirectorHours:
    """K23: back-office hours a week of all directors together, from time entries, else as declared."""

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
            return replace(measured, notes=_compare(measured, declaration))
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


def hours_by_week(entries: pd.DataFrame) -> pd.DataFrame:
    """Give `week_day` and the directors' `hours` for each week from the first to the last with any entry.

    A week in which directors logged nothing counts as none: the entries around it show that time was being kept.
    """
    weeks = np.arange(entries["week_day"].min(), entries["week_day"].max() + 1, 7)
    minutes = entries[entries["role"] == "director"].groupby("week_day")["minutes"].sum()
    return pd.DataFrame({"week_day": weeks, "hours": minutes.reindex(weeks, fill_value=0).to_numpy() / 60})


def last_month_of_weeks(as_of: date) -> int:
    """Give the newest month that is over and whose weeks, by their Thursday, are over too."""
    running = week_start(as_of + timedelta(days=1))
    return min(last_complete_month(as_of), month_number(running + timedelta(days=THURSDAY)) - 1)


def _measured(blank: Measure, books: Books, policy: Policy) -> Measure:
    entries = usable_hours(books)
    if isinstance(entries, Reason):
        return replace(blank, reason=entries)
    weeks = hours_by_week(entries)
    last_month = last_month_of_weeks(books.as_of)
    months = months_of(weeks["week_day"].to_numpy(dtype="float64") + THURSDAY).astype("int64")
    by_month = {m: list(weeks.loc[months == m, "hours"]) for m in range(min(months), last_month + 1)}
    normal = [h for m in baseline_months([m for m in by_month if by_month[m]], policy, last_month) for h in by_month[m]]
    feeds = books["feeds"]
    answer = replace(
        blank,
        sources=sources_of(feeds[feeds["stream"] == "time"]),
        series=tuple(_point(month, hours) for month, hours in by_month.items()),
        baseline=fmean(normal) if normal else None,
        baseline_n=len(normal),
    )
    starts = weeks["week_day"].to_numpy(dtype="float64")
    recent = weeks[in_window(starts, recent_window(policy, books.as_of))]  # whole weeks: none runs beyond `as_of`
    if recent.empty:
        return replace(answer, reason=Reason("no_recent_time", {"days": policy.change_days}))
    now = _point(last_month, list(recent["hours"]))
    return replace(
        answer,
        value=now.value,
        low=now.low,
        high=now.high,
        n=now.n,
        window=(day_of(recent["week_day"].min()), day_of(recent["week_day"].max() + SUNDAY)),
        tier=Tier.DIRECT,
        recent=now.value,
        recent_low=now.low,
    )


def _point(month: int, hours: Sequence[float]) -> Point:
    """Average some weeks; `n` counts weeks."""
    if not hours:
        return Point(month, None)
    bounds = student(hours)
    if bounds is None:
        return Point(month, fmean(hours), n=1)
    return Point(month, fmean(hours), max(0.0, bounds[0]), bounds[1], len(hours))


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
