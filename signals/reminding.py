"""How soon and how regularly we remind customers who are late: ours, whether they then pay or not.

Working days, without public holidays and closures. No reminder on record means none was sent only from the day on
which a source of reminders speaks.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Reason, Tier, Unit
from signals.books import Books
from signals.calendar import Days, day_number, day_of
from signals.customer_invoices import ours, year_until
from signals.late_invoicing import owed_invoices, reminders_known_from, to_be_asked_for
from signals.policy import Policy
from signals.rates import record_keys, sources_of, spans_on
from signals.survival import kaplan_meier
from signals.time_to_pay import ninth_decile, with_median

WORKING_DAYS = Unit.WORKING_DAYS
SOON = 10  # working days by which a customer should have been reminded: a criterion of receivables tools


@dataclass(frozen=True, slots=True)
class FirstReminder:
    """K15: the median working days from due to first reminder; who was never reminded counts for as long as overdue."""

    name: ClassVar[str] = "first_reminder_delay"
    kpi: ClassVar[str] = "K15"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Follow the invoices due in the last twelve months that went unpaid, up to payment or `as_of`.

        Reminders up to the due day are a courtesy and don't count. What need not be asked for (`to_be_asked_for`) is
        left out, and so is what fell due before reminders were recorded.
        """
        answer = ours(self.name, self.kpi, WORKING_DAYS)
        known_from = reminders_known_from(books)
        if known_from is None:
            return replace(answer, reason=Reason("no_reminder_source"))
        rows = _overdue(books, policy, known_from)
        answer = replace(answer, window=year_until(books.as_of), sources=_sources(books, rows))
        if rows.empty:
            return replace(answer, reason=Reason("nothing_overdue_in_window"))
        first = _first_reminder(rows, books)
        reminded = ~np.isnan(first)
        due = rows["due_day"].to_numpy(dtype="float64")
        curve = kaplan_meier(_working_days(due, np.where(reminded, first, rows["until"]), policy), reminded)
        notes = [ninth_decile(curve), Reason("never_reminded", {"n": int((~reminded).sum()), "of": len(rows)})]
        soon = curve.after(SOON).value
        if soon is not None:
            notes.append(Reason("reminded_within", {"days": SOON, "share": 1 - soon}))
        waiting = rows[~reminded & rows["end"].isna().to_numpy()]
        answer = replace(
            answer, notes=tuple(notes), records=record_keys(waiting, "due_day"), records_total=len(waiting)
        )
        return with_median(answer, curve)


def _overdue(books: Books, policy: Policy, known_from: float) -> pd.DataFrame:
    """Give the invoices that fell due in the window and were not paid then, with the last day each was followed."""
    rows, today = to_be_asked_for(books, policy), day_number(books.as_of)
    first = max(day_number(year_until(books.as_of)[0]), known_from)
    end = rows[["paid_day", "cancelled_day"]].min(axis=1)
    end = end.where(end <= today)
    stood = (rows["due_day"] >= first) & (rows["due_day"] < today) & ~(end <= rows["due_day"])
    return rows.assign(end=end, until=end.fillna(today))[stood].reset_index(drop=True)


def _first_reminder(rows: pd.DataFrame, books: Books) -> Days:
    """Give each invoice's first reminder after its due day and while it was owed; NaN for none.

    A reminder finds its invoice by the id alone: it may come from another source, a list kept beside the books.
    """
    keyed = rows[["external_id", "due_day", "until"]].assign(row=np.arange(len(rows)))
    pairs = keyed.merge(books["reminders"][["invoice_id", "sent_day"]], left_on="external_id", right_on="invoice_id")
    pairs = pairs[(pairs["sent_day"] > pairs["due_day"]) & (pairs["sent_day"] <= pairs["until"])]
    first = np.full(len(rows), np.nan)
    earliest = pairs.groupby("row")["sent_day"].min()
    first[earliest.index.to_numpy(dtype="int64")] = earliest.to_numpy()
    return first


def _working_days(start: Days, end: Days, policy: Policy) -> npt.NDArray[np.float64]:
    """Count working days from each start (included) to its end (not): from Friday to Monday is one."""
    first, last = (np.asarray(days).astype("int64").astype("datetime64[D]") for days in (start, end))
    return np.busday_count(first, last, holidays=sorted(policy.closed_days)).astype("float64")


@dataclass(frozen=True, slots=True)
class ReminderGaps:
    """K17: the longest run of working days without any reminder, while something stood overdue."""

    name: ClassVar[str] = "reminder_gap_longest"
    kpi: ClassVar[str] = "K17"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Count over the last twelve months; a note gives the median between two days with a reminder.

        Days on which nothing was overdue (beyond `Policy.reminder_grace_days`) don't count: there was nothing to do.
        The runs before the first reminder and after the last one count as far as seen.
        """
        answer = ours(self.name, self.kpi, WORKING_DAYS)
        known_from = reminders_known_from(books)
        if known_from is None:
            return replace(answer, reason=Reason("no_reminder_source"))
        year, last = year_until(books.as_of)
        first, today = int(max(day_number(year), known_from)), day_number(books.as_of)
        owed = owed_invoices(books, policy)
        answer = replace(answer, window=(day_of(first), last), sources=_sources(books, owed))
        clock = _overdue_clock(owed, np.arange(first, today + 1, dtype="float64"), policy)
        if not clock[-1]:
            return replace(answer, reason=Reason("nothing_overdue_in_window"))
        sent = books["reminders"]["sent_day"].to_numpy(dtype="float64")
        days = np.unique(sent[(sent >= first) & (sent <= today)]).astype("int64")
        at = np.unique(clock[days - first])
        runs = np.diff(np.concatenate([[0.0], at, [clock[-1]]]))
        notes = []
        if len(at) > 1:
            gaps = np.diff(at)
            notes.append(Reason("reminder_gap_median", {"days": float(np.median(gaps)), "n": len(gaps)}))
        if runs[-1]:
            notes.append(Reason("reminder_gap_now", {"days": float(runs[-1])}))
        return replace(answer, value=float(runs.max()), n=len(days), tier=Tier.DIRECT, notes=tuple(notes))


def _overdue_clock(owed: pd.DataFrame, days: Days, policy: Policy) -> npt.NDArray[np.float64]:
    """Count, by day, the working days so far on which something stood overdue."""
    dates = days.astype("int64").astype("datetime64[D]")
    is_open = np.is_busday(dates, holidays=sorted(policy.closed_days))
    standing = spans_on(owed, days.tolist()) > 0
    return np.cumsum(is_open & standing).astype("float64")


def _sources(books: Books, rows: pd.DataFrame) -> tuple[str, ...]:
    feeds = books["feeds"]
    sent = books["reminders"]
    return sources_of(rows, sent[sent["sent_day"] <= day_number(books.as_of)], feeds[feeds["stream"] == "reminders"])
