"""From the books to weekly series: the trials in which a change for the worse is looked for.

An invoice, a delivery or an overdue invoice becomes a trial when it reaches an age in working days, done or not, and
counts in that day's week. By then it is known whether it went wrong, so no later day changes a week: counting what is
done at once and what is not done later would lean towards "in time" (right truncation: Kalbfleisch & Lawless 1989).
A week is not `seen`, and has no trials, that isn't over, that its source doesn't reach, or that was closed throughout.
Days are told the same way, as far as each source reaches: the week so far is a fair sample of what has come of age.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from math import inf

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.absences import absent_on, working_days
from signals.base import Reason
from signals.books import Books
from signals.calendar import Days, add_working_days, day_number, day_of, last_complete_month, month_end, month_start
from signals.closures import DAYS_A_WEEK, last_open_days, mondays_of
from signals.director_time import director_weeks
from signals.informative import profile_of
from signals.late_invoicing import (
    REMINDED_WITHIN,
    dated_issues,
    issue_deadlines,
    issued_late,
    owed_invoices,
    reminders_known_from,
)
from signals.policy import Policy
from signals.quality import telling
from signals.rates import baseline_months
from signals.trial_weeks import any_reach, grid, over, reaches_of, weeks_of
from signals.weeks import Weeks

Flags = npt.NDArray[np.bool_]

LOOKS = (0.25, 0.5, 1.0)
"""When an invoice is looked at for errors, as parts of `Policy.correction_days`.

In our simulation (.04 of invoices wrong, then .08 or .12; budget of 5 years; four shapes of how long an error takes to
show) three looks detect in 2.0 to 3.9 months at 60 invoices a month, one at the end in 3.1 to 4.7; at 200 a month 1.2
to 2.5 against 2.5 to 3.1. A fourth look gains nothing.
"""

OPEN_DAYS_A_WEEK = 3
"""With fewer working days a week says nothing of the hours usually worked. Our choice: most of a week."""

BILLED_AFTER, LEAST_BILLED = 90, 0.5
"""Of deliveries so many days old, so large a share must be billed, else nobody links them to invoices. Our choice."""


def late_weeks(books: Books, policy: Policy) -> Weeks | Reason:
    """Count what was to be billed by the week of its deadline, and what was not billed by then.

    That takes deliveries, which the books know before they are billed. Without them invoices count in the week they
    were issued in, as in `LateIssued`: by service or deadline the newest weeks would hold those alone that were billed
    quickly. Deliveries count alone, as they are the same work, once they reach back as far as a baseline and a recent
    window need, or as the invoices do.
    """
    delivered, issued = _deliveries(books, policy), _issues(books, policy)
    if isinstance(delivered, Reason):
        if isinstance(issued, Reason):
            return issued if books["deliveries"].empty else delivered
        return weeks_of(issued, reaches_of(books, issued, "invoices"), books, policy)
    if isinstance(issued, Reason) or _goes_back(delivered, issued, books, policy):
        return weeks_of(delivered, reaches_of(books, delivered, "deliveries"), books, policy)
    return weeks_of(issued, reaches_of(books, issued, "invoices"), books, policy)


def error_weeks(books: Books, policy: Policy, looks: tuple[float, ...] = LOOKS) -> Weeks | Reason:
    """Count looks at sale invoices old enough, and those that found an error that an earlier look had not.

    An invoice is looked at several times until an error is found, so `n` counts looks, and the rate is per look: near
    the error rate over the number of looks. `looks` ascend to 1; `(1.0,)` counts each invoice once, at the end. Ages
    are in working days, five for seven days of `Policy.correction_days`. The series begins with the first invoice's
    last look: with young invoices alone the rate would be another.
    """
    today = day_number(books.as_of)
    issued = books["corrections"]
    issued = issued[(issued["issued_day"] <= today) & (issued["n"] > 0)]
    if issued.empty:
        return Reason("no_correction_source")
    told = telling(issued, today)
    if told.empty:
        return Reason("no_correction_seen", {"n": int(issued["n"].sum())})
    day, shown = (told[name].to_numpy(dtype="float64") for name in ("issued_day", "corrected_day"))
    shown = np.where(np.isnan(shown), inf, shown)
    ages = [round(policy.correction_days * part * 5 / 7) for part in looks]
    decided = [add_working_days(day, age, policy.closed_days) for age in ages]
    before = [np.full(len(day), -inf), *decided]
    frames = [_trials(told, at, shown <= at, shown > last) for at, last in zip(decided, before, strict=False)]
    begin = pd.Series(mondays_of(decided[-1])).groupby(told["connection_id"].to_numpy()).min()
    trials = pd.concat(frames, ignore_index=True)
    trials = trials[trials["day"] >= trials["connection_id"].map(begin)]
    return weeks_of(trials, reaches_of(books, trials, "invoices"), books, policy)


def unreminded_weeks(books: Books, policy: Policy, within: int = REMINDED_WITHIN) -> Weeks | Reason:
    """Count overdue invoices by the week in which their first reminder was due, and those not reminded by then.

    `within` is in working days after the grace. An invoice reminded in time and paid since is a trial; one paid before
    its reminder was due, without any, is none: nobody needed to. Disputed ones and direct debits are left out.
    """
    known_from = reminders_known_from(books)
    if known_from is None:
        return Reason("no_reminder_source")
    owed = owed_invoices(books, policy)
    owed = owed[owed["due_day"] + 1 >= known_from]
    first = books["reminders"].groupby("invoice_id")["sent_day"].min()
    decided = add_working_days(owed["begin"].to_numpy(dtype="float64") - 1, within, policy.closed_days)
    end = owed["end"].to_numpy(dtype="float64")
    reminded = owed["external_id"].map(first).to_numpy(dtype="float64") <= np.minimum(decided, end)  # never, for NaN
    trials = _trials(owed.assign(n=1), decided, ~reminded, reminded | (end > decided))
    if trials.empty:
        return Reason("nothing_overdue", {"days": policy.reminder_grace_days})
    # Silent payments make customers look slow, silent reminders make us: both have to reach a week.
    sent, both = any_reach(books, "reminders"), reaches_of(books, trials, "invoices", "payments")
    return weeks_of(trials, {source: reach.and_(sent) for source, reach in both.items()}, books, policy)


def hours_weeks(books: Books, policy: Policy) -> Weeks | Reason:
    """Give the directors' back-office hours by week.

    Not seen are weeks with fewer than `OPEN_DAYS_A_WEEK` working days on which any director was there, and those after
    the last entry or trace: only those on both sides show that time was being kept.
    """
    told = director_weeks(books)
    if isinstance(told, Reason):
        return told
    by_week = told.weeks
    starts, seen = grid(by_week["week_day"].to_numpy(dtype="float64"), books, policy)
    seen &= over(starts, books)
    seen &= (starts <= by_week["week_day"].max()) & (
        last_open_days(starts, policy.closed_days) <= any_reach(books, told.streams[0]).week
    )
    seen &= _manned_days(starts, books["absences"], told.actors, policy) >= OPEN_DAYS_A_WEEK
    hours = by_week.set_index("week_day")["hours"].reindex(starts, fill_value=0.0).to_numpy()
    return Weeks(starts, hours, np.ones(len(hours)), seen) if seen.any() else Reason("no_week_over")


def baseline_span(weeks: Weeks, policy: Policy) -> tuple[date, date]:
    """Give the Monday of the first and the Sunday of the last week taken as normal.

    Those are the weeks with trials wholly in the confirmed period, else in the oldest `Policy.baseline_months` months
    that are over and have trials; a shorter history gives all it has. Without any, the span ends before it begins.
    """
    told = weeks.week_day[weeks.seen & (weeks.n > 0)]
    none = (date.max, date.min)
    if not len(told):
        return none
    period = policy.baseline_period
    if period is None:
        last = last_complete_month(day_of(told[-1]) + timedelta(days=DAYS_A_WEEK - 1))
        thursdays = {day.year * 12 + day.month - 1 for day in (day_of(number + 3) for number in told)}
        months = baseline_months(thursdays, policy, last)
        if not months:
            return none
        period = (month_start(months[0]), month_end(months[-1]))
    sundays = told + DAYS_A_WEEK - 1
    inside = told[(told >= day_number(period[0])) & (sundays <= day_number(period[1]))]
    return (day_of(inside[0]), day_of(inside[-1] + DAYS_A_WEEK - 1)) if len(inside) else none


def _issues(books: Books, policy: Policy) -> pd.DataFrame | Reason:
    issued = books["issue_days"]
    issued = issued[(issued["issued_day"] <= day_number(books.as_of)) & (issued["n"] > 0)]
    dated, why_none = dated_issues(issued)
    if dated.empty:
        return why_none
    return _trials(dated, dated["issued_day"].to_numpy(dtype="float64"), issued_late(dated, policy))


def _deliveries(books: Books, policy: Policy) -> pd.DataFrame | Reason:
    """Make a trial of each delivery at its deadline; one cancelled by then was not to be billed."""
    today = day_number(books.as_of)
    rows = books["deliveries"]
    rows, why_none = _linked(rows[(rows["delivered_day"] <= today) & (rows["n"] > 0)], today)
    if rows.empty:
        return why_none
    delivered, billed, cancelled = (
        rows[name].to_numpy(dtype="float64") for name in ("delivered_day", "invoiced_day", "cancelled_day")
    )
    deadline = issue_deadlines(delivered, rows["periodic"].to_numpy(), policy)
    in_time = billed <= deadline
    return _trials(rows, deadline, ~in_time, in_time | ~(cancelled <= deadline))


def _linked(rows: pd.DataFrame, today: int) -> tuple[pd.DataFrame, Reason]:
    """Keep the sources that say in earnest when a delivery was billed, with the reason for when none does."""
    why, earnest = Reason("no_deliveries"), []
    for source, own in rows.groupby("connection_id"):
        told, why_not = profile_of(own["invoiced_day"], {"delivered_on": own["delivered_day"]}).judge("invoiced_on")
        old = own[own["delivered_day"] <= today - BILLED_AFTER]
        settled = old.loc[old["invoiced_day"].notna() | old["cancelled_day"].notna(), "n"].sum()
        of = int(old["n"].sum())
        if not told:
            why = Reason(why_not.code, {**why_not.params, "n": int(own["n"].sum())})
        elif settled < LEAST_BILLED * of:
            why = Reason("deliveries_unlinked", {"n": of - int(settled), "of": of, "days": BILLED_AFTER})
        else:
            earnest.append(source)
    return rows[rows["connection_id"].isin(earnest)], why


def _goes_back(delivered: pd.DataFrame, issued: pd.DataFrame, books: Books, policy: Policy) -> bool:
    month = last_complete_month(books.as_of) - policy.baseline_months + 1
    needed = day_number(month_start(month)) - policy.change_days
    if policy.baseline_period is not None:
        needed = day_number(policy.baseline_period[0])
    days = np.array([delivered["day"].min(), issued["day"].min()])  # NaN, and not early enough, if all were cancelled
    first, first_issued = mondays_of(days)
    return bool(first <= max(needed, first_issued))


def _trials(rows: pd.DataFrame, day: Days, wrong: Flags, kept: Flags | None = None) -> pd.DataFrame:
    """Make trials, with their source, of rows that stand for `n` each, all or none of them wrong."""
    n = rows["n"].to_numpy(dtype="float64")
    made = pd.DataFrame({"connection_id": rows["connection_id"].to_numpy(), "day": day, "count": n * wrong, "n": n})
    return made if kept is None else made[kept]


def _manned_days(starts: Days, absences: pd.DataFrame, actors: Sequence[str], policy: Policy) -> npt.NDArray[np.int64]:
    """Count the working days of each week on which at least one of some actors was not absent."""
    days = working_days(int(starts[0]), int(starts[-1]) + DAYS_A_WEEK - 1, policy.closed_days)
    away = np.logical_and.reduce([absent_on(days, absences, actor) for actor in actors])
    week = ((mondays_of(days[~away].astype("float64")) - starts[0]) / DAYS_A_WEEK).astype("int64")
    return np.bincount(week, minlength=len(starts))
