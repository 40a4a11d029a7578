"""How customers pay: how long they take, how late those are who paid, and how many pay on time.

Theirs, not ours: it shows beside the signal and never moves it. The days-versus-due mean is over paid invoices, so it
looks best while the worst payers owe; it never stands without the share that is still unpaid.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from signals.base import Measure, Reason, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, last_complete_month
from signals.customer_invoices import customer_invoices, customers, year_until
from signals.intervals import student
from signals.policy import Policy
from signals.rates import Rate, by_month, in_window, rate_points, record_keys, sources_of, trials_of
from signals.receivables import AtRisk
from signals.survival import Survival, kaplan_meier

LEAST_EVENTS = 20
"""Paid invoices below which a median wait is not given: our choice, about where its interval becomes usable."""

MILESTONES = (30, 60, 90)  # days after issue, for the share still unpaid


def with_median(answer: Measure, curve: Survival) -> Measure:
    """Fill a measure with a median wait; an interval open at its far end is said in a note, not in half a pair."""
    median = curve.median
    answer = replace(answer, n=curve.n)
    if median.value is None:
        waiting = float(curve.share[-1]) if curve.n else 1.0
        return replace(answer, reason=Reason("median_not_reached", {"n": curve.n, "share": waiting}))
    answer = replace(answer, value=median.value, tier=Tier.DIRECT)
    if median.low is not None and median.high is not None:
        return replace(answer, low=median.low, high=median.high)
    said = Reason("interval_open", {"low": median.value if median.low is None else median.low})
    return replace(answer, notes=(*answer.notes, said))


def ninth_decile(curve: Survival) -> Reason:
    """Word the time by which nine in ten are over."""
    found = curve.quantile(0.9)
    if found.value is None:
        return Reason("p90_not_reached", {"share": float(curve.share[-1])})
    return Reason("p90_days", {"days": found.value})


@dataclass(frozen=True, slots=True)
class TimeToPay:
    """K11: the median days from issue to full payment, invoices still open counted for as long as they have waited."""

    name: ClassVar[str] = "time_to_pay"
    kpi: ClassVar[str] = "K11"
    least_events: int = LEAST_EVENTS

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Follow the invoices issued in the last twelve months up to `as_of`.

        One that was cancelled or credited in full stops being followed on that day.
        """
        answer = customers(self.name, self.kpi, Unit.DAYS)
        invoices = customer_invoices(books, ("paid_day",))
        if isinstance(invoices, Reason):
            return replace(answer, reason=invoices)
        window = year_until(books.as_of)
        rows = invoices.rows[in_window(invoices.rows["issued_day"].to_numpy(), window)]
        until = rows["end_day"].fillna(day_number(books.as_of))
        curve = kaplan_meier(until - rows["issued_day"], rows["paid_day"] <= until)
        answer = replace(answer, window=window, sources=sources_of(invoices.rows), n=curve.n)
        if curve.ended < self.least_events:
            said = Reason("few_payments", {"n": curve.ended, "needed": self.least_events})
            return replace(answer, reason=said)
        unpaid = [(days, found) for days in MILESTONES if (found := curve.after(days).value) is not None]
        fell_due = rows[rows["due_day"] <= day_number(books.as_of)]
        terms = float((fell_due["due_day"] - fell_due["issued_day"]).median())
        notes = [ninth_decile(curve)]
        notes += [Reason("median_terms", {"days": terms})] if not np.isnan(terms) else []
        notes += [Reason("unpaid_after", {"days": days, "share": share}) for days, share in unpaid]
        waiting = rows[rows["end_day"].isna()]
        answer = replace(
            answer,
            notes=(*answer.notes, *notes),
            records=record_keys(waiting, "issued_day"),
            records_total=len(waiting),
        )
        return with_median(answer, curve)


@dataclass(frozen=True, slots=True)
class DaysVersusDue:
    """K10: the mean days from due to paid of invoices due, and paid in the last twelve months; negative is early."""

    name: ClassVar[str] = "days_versus_due"
    kpi: ClassVar[str] = "K10"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Average the paid; a note always gives the share of older sales still unpaid 90 days past due (K13)."""
        answer = customers(self.name, self.kpi, Unit.DAYS)
        invoices = customer_invoices(books, ("due_day", "paid_day"))
        if isinstance(invoices, Reason):
            return replace(answer, reason=invoices)
        window, rows = year_until(books.as_of), invoices.rows
        fell_due = (rows["due_day"] <= day_number(books.as_of)).to_numpy()  # else only the early ones would show
        paid = rows[in_window(rows["paid_day"].to_numpy(), window) & fell_due]
        answer = replace(answer, window=window, sources=sources_of(rows))
        if paid.empty:
            return replace(answer, reason=Reason("nothing_paid"))
        late = (paid["paid_day"] - paid["due_day"]).to_numpy(dtype="float64")
        low, high = student(late.tolist()) or (None, None)
        risk = AtRisk().detect(books, policy)
        unpaid = Reason("unpaid_share_unknown")
        if risk.value is not None:
            unpaid = Reason("unpaid_share", {"share": risk.value, "n": risk.n})
        return replace(
            answer,
            value=float(late.mean()),
            low=low,
            high=high,
            n=len(paid),
            tier=Tier.DIRECT,
            notes=(*answer.notes, unpaid),
        )


@dataclass(frozen=True, slots=True)
class PaidOnTime:
    """K14: the share of invoices due in the last twelve months that were paid by their due day, by count."""

    name: ClassVar[str] = "paid_on_time"
    kpi: ClassVar[str] = "K14"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Count what fell due by `as_of`; cancelled and fully credited invoices are neither. A note gives amounts."""
        answer = customers(self.name, self.kpi, Unit.SHARE)
        invoices = customer_invoices(books, ("due_day", "paid_day"))
        if isinstance(invoices, Reason):
            return replace(answer, reason=invoices)
        rows, window = invoices.rows, year_until(books.as_of)
        fell_due = rows[(rows["due_day"] <= day_number(books.as_of)) & rows["gone_day"].isna()]
        on_time = (fell_due["paid_day"] <= fell_due["due_day"]).to_numpy()
        days = fell_due["due_day"].to_numpy(dtype="float64")
        here = in_window(days, window)
        rate = Rate(int((on_time & here).sum()), int(here.sum()))
        trials = trials_of(days, on_time, np.ones(len(days), dtype="int64"))
        answer = replace(
            answer,
            window=window,
            sources=sources_of(rows),
            series=rate_points(by_month(trials), last_complete_month(books.as_of)),
        )
        if rate.value is None:
            return replace(answer, reason=Reason("nothing_due"))
        low, high = rate.bounds
        amounts = invoices.worth[fell_due.index].fillna(0).to_numpy()
        total = float(amounts[here].sum())
        share = [Reason("by_amount", {"share": float(amounts[here & on_time].sum()) / total})] if total > 0 else []
        late = fell_due[here & ~on_time]
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            tier=Tier.DIRECT,
            notes=(*answer.notes, *share),
            records=record_keys(late, "due_day"),
            records_total=len(late),
        )
