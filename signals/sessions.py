"""Sessions: how long people worked, from the instants at which something they did left a trace.

A gap of more than `gap` minutes closes a session, and the first event of one stands for `first` minutes of work
before it: the rule of git-hours (Buunk 2014), which takes two hours for both; for office work we take 30 and 10
minutes, an assumption of ours that is a parameter everywhere. Instants are company-local clock minutes since 1970-01-01
00:00 (the hour that a change of the clocks repeats or skips is so counted as the clock on the wall shows it).

*Events* are a frame with columns `actor`, `minute`, `process`. *Pieces* cut an actor's time up without overlap:
`actor`, `process`, `start`, `end` (minutes, the end not included), `assumed` (the piece rests on `first` alone) and
`n` (events it ends with). Time is always the *union* of an actor's pieces, whatever they come from: two tools used in
the same half hour make half an hour. Of overlapping pieces the one that starts first keeps the time, so that it counts
for one process.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import sqrt
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, last_complete_month
from signals.intervals import Z_ONE_SIDED_95
from signals.key_person import NOT_PEOPLE
from signals.policy import Policy
from signals.rates import in_window, recent_window, sources_of

GAP, FIRST = 30, 10
OPENS, CLOSES = 8 * 60, 19 * 60
"""Working hours, in minutes of the day."""
DAY = 24 * 60
FEWEST_WEEKS = 4
SUNDAY = 6

# What no single person does. Directive 2003/88/EC, article 3: eleven hours' rest in 24, so a day of 13 hours at most.
LONGEST_DAY = 16 * 60
FULLEST_HOURS = 12  # … and something done in so many clock hours of it: a look early and one late is no such day
DAWN = 4 * 60  # a day begins at four: who works past midnight is still in the evening before
LONG_DAYS, LONG_SHARE = 5, 0.2
BURST = 30  # events within one minute
BURST_SHARE = 0.5
NIGHT_SHARE = 0.8
STEADY_GAP, STEADY_SHARE, STEADY_GAPS = 5, 0.8, 20
STEADY_JITTER = 2  # minutes: either end of a gap is rounded
FEWEST_MOMENTS = 20
HABITS = ("n", "moments", "bursts", "nights", "days", "long_days", "gaps", "steady_gaps")

Minutes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
PIECE = ["actor", "process", "start", "end", "assumed", "n"]
DAILY = ["day", "week_day", "actor", "process"]
SUMS = ["minutes", "assumed_minutes", "out_of_hours_minutes", "n"]


def pieces(events: pd.DataFrame, *, gap: int = GAP, first: int = FIRST) -> pd.DataFrame:
    """Give each event the time since the one before it, or `first` minutes where it opens a session."""
    rows = events.sort_values(["actor", "minute", "process"], ignore_index=True)
    end = rows["minute"].to_numpy(dtype="int64")
    own = np.r_[False, rows["actor"].to_numpy()[1:] == rows["actor"].to_numpy()[:-1]][: len(rows)]
    before = np.where(own, np.r_[end[:1], end[:-1]], end - first)
    opens = ~own | (end - before > gap)
    start = np.where(opens, np.maximum(end - first, before), before)
    return rows[["actor", "process"]].assign(start=start, end=end, assumed=opens, n=1)[PIECE]


def union(*parts: pd.DataFrame) -> pd.DataFrame:
    """Join pieces from several sources and take away what overlaps; a piece without time left keeps its events."""
    rows = pd.concat(parts, ignore_index=True).sort_values(["actor", "start", "end", "process"], ignore_index=True)
    if rows.empty:
        return rows
    actor = pd.factorize(rows["actor"])[0].astype("int64")
    start, end = rows["start"].to_numpy(dtype="int64"), rows["end"].to_numpy(dtype="int64")
    reach = int(end.max() - start.min()) + 1  # moves actors apart, so that one running maximum serves all
    moved = np.maximum.accumulate(end + actor * reach) - actor * reach
    covered = np.r_[start[:1], moved[:-1]]
    covered = np.where(np.r_[True, actor[1:] != actor[:-1]], start, covered)
    begin = np.minimum(np.maximum(start, covered), end)
    return rows.assign(start=begin)[PIECE]


def sessions(events: pd.DataFrame, *, gap: int = GAP, first: int = FIRST) -> pd.DataFrame:
    """Give the sessions of each actor: `actor`, `start`, `end` (minutes) and `n` events."""
    cut = pieces(events, gap=gap, first=first)
    number = cut["assumed"].cumsum()
    grouped = cut.groupby([cut["actor"], number.rename("session")], as_index=False, sort=False)
    return grouped.agg(actor=("actor", "first"), start=("start", "min"), end=("end", "max"), n=("n", "sum"))


def by_day(cut: pd.DataFrame, *, opens: int = OPENS, closes: int = CLOSES, closed: Iterable[date] = ()) -> pd.DataFrame:
    """Sum disjoint pieces by day, actor and process, each split at midnight.

    Columns: `day`, `week_day`, `actor`, `process`, `minutes`, `assumed_minutes` (of them resting on the first-event
    allowance alone), `out_of_hours_minutes` and `n` (events, on the day they happened).
    """
    start, end = cut["start"].to_numpy(dtype="int64"), cut["end"].to_numpy(dtype="int64")
    days = end // DAY - start // DAY + 1
    at = np.repeat(np.arange(len(cut)), days)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(days) - days, days)
    day = start[at] // DAY + nth
    low, high = np.maximum(start[at], day * DAY), np.minimum(end[at], (day + 1) * DAY)
    minutes = high - low
    inside = np.maximum(0, np.minimum(high, day * DAY + closes) - np.maximum(low, day * DAY + opens))
    rows = (
        cut[["actor", "process"]]
        .iloc[at]
        .assign(
            day=day,
            week_day=day - (day + 3) % 7,  # day 0 was a Thursday
            minutes=minutes,
            assumed_minutes=np.where(cut["assumed"].to_numpy(dtype=bool)[at], minutes, 0),
            out_of_hours_minutes=np.where(_open(day, closed), minutes - inside, minutes),
            n=np.where(nth == days[at] - 1, cut["n"].to_numpy(dtype="int64")[at], 0),
        )
    )
    rows = rows[(rows["minutes"] > 0) | (rows["n"] > 0)]
    return rows.groupby(DAILY, as_index=False)[SUMS].sum()


def margin(gap: int = GAP, first: int = FIRST) -> int:
    """Give how many minutes of events before and after a period its days depend on.

    What `by_day` gives for a month is exact once the events so long before its first minute and after its last are
    among those it is made from.
    """
    return max(gap, first)


def out_of_hours(minute: Minutes, *, opens: int = OPENS, closes: int = CLOSES, closed: Iterable[date] = ()) -> Flags:
    """Say which instants lie outside working hours, on a week-end or on a closed day (K25, counted in events)."""
    hour = minute % DAY
    outside: Flags = ~_open(minute // DAY, closed) | (hour < opens) | (hour >= closes)
    return outside


def combine(entries: pd.DataFrame, *, cap: int = DAY) -> pd.DataFrame:
    """Combine sources of which only minutes are known.

    Takes `actor`, `day`, `source`, `minutes`; gives `actor`, `day`, `low`, `high`.
    Without start instants nobody can tell whether two sources saw the same hour: they did (`low`, the largest) or
    didn't (`high`, the sum, no more than `cap`, a day's minutes).
    """
    each = entries.groupby(["actor", "day", "source"], as_index=False)["minutes"].sum()
    each["minutes"] = each["minutes"].clip(upper=cap)
    grouped = each.groupby(["actor", "day"])["minutes"]
    return pd.DataFrame({"low": grouped.max(), "high": grouped.sum().clip(upper=cap)}).reset_index()


def habits(events: pd.DataFrame) -> pd.DataFrame:
    """Count by actor what tells people from machines.

    Counts of separate months may be added up: only the gap from one to the next is lost.
    `moments` are minutes with any event; `bursts` those with more than 30; `nights` those from midnight to five;
    `days` begin at four; `long_days` span more than 16 hours with events in 12 clock hours; of the `gaps` of five
    minutes and more, `steady_gaps` are those as long as the gap before, to two minutes.
    """
    at = events.groupby(["actor", "minute"], as_index=False).size().sort_values(["actor", "minute"], ignore_index=True)
    minute = at["minute"].to_numpy(dtype="int64")
    at = at.assign(day=(minute - DAWN) // DAY, hour=minute // 60)
    daily = at.groupby(["actor", "day"]).agg(low=("minute", "min"), high=("minute", "max"), hours=("hour", "nunique"))
    long = (daily["high"] - daily["low"] > LONGEST_DAY) & (daily["hours"] >= FULLEST_HOURS)
    gap = at.groupby("actor")["minute"].diff()
    counted = gap >= STEADY_GAP
    steady = counted & ((gap - gap.groupby(at["actor"]).shift()).abs() <= STEADY_JITTER)
    flags = at.assign(
        n=at["size"], moments=1, bursts=at["size"] > BURST, nights=minute % DAY < 5 * 60, gaps=counted,
        steady_gaps=steady,
    )  # fmt: skip
    found = flags.groupby("actor")[["n", "moments", "bursts", "nights", "gaps", "steady_gaps"]].sum()
    of_days = pd.DataFrame({"days": 1, "long_days": long}, index=daily.index).groupby("actor").sum()
    return found.join(of_days).astype("int64").reset_index()[["actor", *HABITS]]


def all_months(found: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Add up the months of habits that are over by a day."""
    return found[found["month"] <= last_complete_month(as_of)].groupby("actor", as_index=False)[[*HABITS]].sum()


def not_people(found: pd.DataFrame, roles: Mapping[str, str]) -> dict[str, str]:
    """Name the actors whose traces are nobody's hours, each with the role it has (said, or else as it behaves).

    Said: robots, shared logins, the outside accountant, whose batches are work we don't do. By its habits an actor is
    a shared login where five days and a fifth of all are longer than one person's can be; a robot where half of its
    moments are bursts, four fifths are at night, or its gaps repeat to the minute.
    """
    said = {str(a): roles.get(str(a), "") for a in found["actor"]}
    out = {actor: role for actor, role in said.items() if role in NOT_PEOPLE}
    enough = found["moments"] >= FEWEST_MOMENTS
    steady = (found["gaps"] >= STEADY_GAPS) & (found["steady_gaps"] >= STEADY_SHARE * found["gaps"])
    hasty = enough & (found["bursts"] >= BURST_SHARE * found["moments"])
    nightly = enough & (found["nights"] >= NIGHT_SHARE * found["moments"])
    shared = (found["long_days"] >= LONG_DAYS) & (found["long_days"] >= LONG_SHARE * found["days"])
    for flags, role in ((steady | hasty | nightly, "bot"), (shared, "shared_login")):
        for actor in found.loc[flags, "actor"]:
            out.setdefault(str(actor), role)
    return out


def weekly_hours(entries: pd.DataFrame, traces: pd.DataFrame) -> pd.DataFrame:
    """Give the directors' `hours`, `low` and `high` for each week (`week_day`) from the first to the last seen.

    `entries` are time entries (minutes, no start), `traces` what `by_day` gives; both with `role`. Whether an hour
    written down is one that left traces nobody can tell: at least the larger of the two was worked, at most their sum.
    Of traces alone, `low` leaves out the first-event allowance.
    """
    seen = [rows["week_day"] for rows in (entries, traces) if len(rows)]
    weeks = np.arange(min(s.min() for s in seen), max(s.max() for s in seen) + 1, 7) if seen else np.zeros(0, "int64")

    def minutes(rows: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
        own = rows[rows["role"] == "director"].groupby("week_day")[column].sum()
        return own.reindex(weeks, fill_value=0).to_numpy(dtype="float64")

    written, traced = minutes(entries, "minutes"), minutes(traces, "minutes")
    sure = traced - minutes(traces, "assumed_minutes")
    people = pd.concat([rows.loc[rows["role"] == "director", "actor"] for rows in (entries, traces)]).nunique()
    high = np.minimum(written + traced, 7 * DAY * max(1, people))
    found = {"hours": np.maximum(written, traced), "low": np.maximum(written, sure), "high": high}
    return pd.DataFrame({"week_day": weeks, **{name: value / 60 for name, value in found.items()}})


def people_only(rows: pd.DataFrame, found: pd.DataFrame | None) -> tuple[pd.DataFrame, tuple[Reason, ...]]:
    """Leave out what isn't one person of ours, by `role` and by habits (None: not looked at), and say how many."""
    each = rows[["actor", "role"]].drop_duplicates()
    known = dict(zip(each["actor"].astype(str), each["role"].astype(str), strict=True))
    out = {actor: role for actor, role in known.items() if role in NOT_PEOPLE}
    if found is not None and not found.empty:
        here = found[found["actor"].isin(list(known))]
        out |= not_people(here, known)
    notes = tuple(
        Reason(f"traces_of_{role}", {"n": count})
        for role in sorted(NOT_PEOPLE)
        if (count := sum(1 for other in out.values() if other == role))
    )
    return rows[~rows["actor"].isin(list(out))] if out else rows, notes


@dataclass(frozen=True, slots=True)
class OutOfHoursShare:
    """K25: the share of the time seen in traces that lies outside working hours."""

    name: ClassVar[str] = "out_of_hours_share"
    kpi: ClassVar[str] = "K25"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Sum minutes over the recent window; weeks are the sample, for the minutes of one week are no separate trials.

        Bounds are those of a ratio of means over weeks (Cochran 1977, *Sampling Techniques*, §2.11).
        """
        window = recent_window(policy, books.as_of)
        unit = Unit.SHARE
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.DIRECTOR_TIME, unit=unit, window=window)
        table = books["sessions"]
        if table.empty:
            return replace(answer, reason=Reason("no_traces"))
        rows, notes = people_only(table, all_months(books["habits"], books.as_of))
        answer = replace(answer, notes=notes)
        starts = rows["week_day"].to_numpy(dtype="float64")
        over = rows["week_day"].to_numpy() + SUNDAY <= day_number(books.as_of)
        rows = rows[in_window(starts, window) & over]
        shut = rows["day"].isin([day_number(day) for day in policy.closed_days])
        rows = rows.assign(out_of_hours_minutes=rows["out_of_hours_minutes"].mask(shut, rows["minutes"]))
        weeks = rows.groupby("week_day")[["minutes", "out_of_hours_minutes"]].sum()
        weeks = weeks[weeks["minutes"] > 0]
        if len(weeks) < FEWEST_WEEKS:
            reason = Reason("few_trace_weeks", {"n": len(weeks), "needed": FEWEST_WEEKS})
            return replace(answer, n=len(weeks), reason=reason)
        feeds = books["feeds"]
        value, low, high = _ratio(weeks["out_of_hours_minutes"].to_numpy(), weeks["minutes"].to_numpy())
        sources = sources_of(feeds[feeds["stream"] == "activities"])
        return replace(answer, value=value, low=low, high=high, n=len(weeks), tier=Tier.PROXY, sources=sources)


def _ratio(part: Minutes, whole: Minutes) -> tuple[float, float, float]:
    n, share = len(whole), float(part.sum() / whole.sum())
    spread = sqrt(float(((part - share * whole) ** 2).sum()) / (n - 1))
    half = Z_ONE_SIDED_95 * spread / (float(whole.mean()) * sqrt(n))
    return share, max(0.0, share - half), min(1.0, share + half)


def _open(day: Minutes, closed: Iterable[date]) -> Flags:
    return np.asarray(np.is_busday(day.astype("datetime64[D]"), holidays=sorted(closed)), dtype=np.bool_)
