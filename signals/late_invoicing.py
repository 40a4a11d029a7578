"""Late invoicing and dunning: billing late and not reminding are ours; paying late is the customer's."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Point, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import (
    Days,
    add_working_days,
    day_number,
    day_of,
    last_complete_month,
    month_end,
    month_ends,
    month_number,
    month_start,
)
from signals.informative import profile_of
from signals.policy import Policy
from signals.rates import (
    RECENT_MONTHS,
    Rate,
    answer_with,
    baseline_months,
    in_window,
    rate_over,
    rate_points,
    rates_of,
    record_keys,
    sale_invoices,
    sources_of,
    spans_on,
    spans_on_any,
    trials_of,
)

REMINDED_WITHIN = 5
"""Working days after the grace in which an overdue invoice wants its first reminder.

Customers' slowness must not show here. In our simulation (eight invoices in ten reminded in a weekly batch) customers
twice as slow raise the odds of "not reminded" by 1.1 at 5 working days, 1.3 at 10, 1.8 at 20; reminding half of them
raises the odds fourfold at each. Nor must their promptness: of invoices mostly paid within days of the grace, those
that stand have only just begun to, and of a perfect office's half are then not reminded of yet.
"""

_EVER = -np.inf  # before any day
CENTS = 100


def issue_deadlines(service_day: Days, periodic: npt.NDArray[np.bool_], policy: Policy) -> Days:
    """Give the last day on which each invoice is in time; NaN where the service day is not known.

    An invoice is due when the work is done; a periodic one, for work of one calendar month, at that month's end.
    A few days' deferral is tolerated, and the law doesn't say whether also beyond the month's end: of the two
    readings we take the later, so that what is called late is late under both. The tolerance is in working days.
    """
    done = np.where(periodic, month_ends(service_day), service_day)
    return add_working_days(done, policy.issue_tolerance_working_days, policy.closed_days)


@dataclass(frozen=True, slots=True)
class LateIssued:
    """K02: the share of sale invoices issued after their deadline, over the recent window."""

    name: ClassVar[str] = "late_issued_rate"
    kpi: ClassVar[str] = "K02"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Count invoices by the day they were issued.

        Not by service day: of the work of the last weeks only what was billed quickly has an invoice yet, so the
        newest service months always look punctual (right truncation). Issue days are truncated less: they only
        miss what has never been billed, which a note says.
        """
        blank = Measure(
            name=self.name,
            kpi=self.kpi,
            signal=SignalName.LATE_INVOICING,
            unit=Unit.SHARE,
            limit=policy.late_issued_limit,
        )
        issued = books["issue_days"]
        issued = issued[(issued["issued_day"] <= day_number(books.as_of)) & (issued["n"] > 0)]
        dated, why_none = dated_issues(issued)
        if dated.empty:
            return replace(blank, reason=why_none)
        days = dated["issued_day"].to_numpy(dtype="float64")
        rates = rates_of(trials_of(days, issued_late(dated, policy), dated["n"].to_numpy()), policy, books.as_of)
        answer = answer_with(blank, rates, sources_of(dated))
        if not answer.known:
            return replace(answer, reason=Reason("nothing_issued", {"days": policy.change_days}))
        of = int(issued.loc[in_window(issued["issued_day"].to_numpy(), rates.window), "n"].sum())
        notes = [Reason("unissued_not_seen")]
        if of > answer.n:
            notes.append(Reason("without_service_date", {"n": of - answer.n, "of": of}))
        documents = sale_invoices(books, rates.window)
        late = documents[issued_late(documents, policy) & documents["connection_id"].isin(answer.sources)]
        return replace(answer, notes=tuple(notes), records=record_keys(late, "issued_day"), records_total=len(late))


def dated_issues(issued: pd.DataFrame) -> tuple[pd.DataFrame, Reason]:
    """Keep the invoices of sources that give a service day in earnest, with the reason for when none does.

    A source that fills it with the issue day would make every invoice punctual.
    """
    dated = issued[issued["service_day"].notna()]
    why, earnest = Reason("no_service_date"), []
    for source, rows in dated.groupby("connection_id"):
        told, reason = profile_of(rows["service_day"], {"issued_on": rows["issued_day"]}).judge("service_on")
        if told:
            earnest.append(source)
        else:
            why = Reason(reason.code, {**reason.params, "n": int(rows["n"].sum())})
    return dated[dated["connection_id"].isin(earnest)], why


def issued_late(rows: pd.DataFrame, policy: Policy) -> npt.NDArray[np.bool_]:
    """Say which of some issued invoices were issued after their deadline."""
    deadlines = issue_deadlines(rows["service_day"].to_numpy(dtype="float64"), rows["periodic"].to_numpy(), policy)
    late: npt.NDArray[np.bool_] = rows["issued_day"].to_numpy(dtype="float64") > deadlines  # never, for NaN
    return late


@dataclass(frozen=True, slots=True)
class Unreminded:
    """K16, turned round: the share of overdue invoices nobody has reminded the customer of lately."""

    name: ClassVar[str] = "unreminded_rate"
    kpi: ClassVar[str] = "K16"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Count what stands overdue at the end of `as_of`, and of each complete month before."""
        answer = Measure(
            name=self.name,
            kpi=self.kpi,
            signal=SignalName.LATE_INVOICING,
            unit=Unit.SHARE,
            limit=policy.unreminded_limit,
        )
        today = day_number(books.as_of)
        known_from = reminders_known_from(books)
        if known_from is None:
            return replace(answer, reason=Reason("no_reminder_source"))
        owed = _due_a_reminder(owed_invoices(books, policy), today, policy)
        sent = books["reminders"]
        sent = sent[sent["sent_day"] <= today]
        last_month = last_complete_month(books.as_of)
        monthly = _month_end_snapshots(owed, _reminded(owed, sent, policy), last_month, known_from)
        months = baseline_months(monthly.loc[monthly["n"] > 0, "month"], policy, last_month)
        answer = replace(
            answer,
            # The same invoice stands in several month ends: pooled they are no independent trials. So the recent
            # value has no bound, and the baseline's n counts invoices.
            recent=rate_over(monthly, range(last_month - RECENT_MONTHS + 1, last_month + 1)).value,
            baseline=rate_over(monthly, months).value,
            baseline_n=spans_on_any(owed, [day_number(month_end(m)) for m in months]),
            series=rate_points(monthly, last_month),
            sources=sources_of(owed, sent, _reminder_feeds(books)),
        )
        unpaid = owed[(owed["begin"] <= today) & (today < owed["end"])]
        if unpaid.empty:
            return replace(answer, reason=Reason("nothing_overdue", {"days": policy.reminder_grace_days}))
        lately = sent.loc[sent["sent_day"] > today - policy.reminder_window_days, "invoice_id"]
        missed = unpaid[~unpaid["external_id"].isin(lately)]
        now = Rate(len(missed), len(unpaid))
        low, high = now.bounds
        return replace(
            answer,
            value=now.value,
            low=low,
            high=high,
            n=now.n,
            window=(day_of(today - policy.reminder_window_days + 1), books.as_of),
            tier=Tier.DIRECT,
            records=record_keys(missed, "due_day"),
            records_total=len(missed),
        )


def reminders_known_from(books: Books) -> float | None:
    """Give the first day for which no reminder means none was sent; None if that can't be said of any day.

    An API gives all its tool holds. A file, or a tool that pushes from some day on, speaks of the days from its first
    row on, and before them is silent.
    """
    feeds = _reminder_feeds(books)
    if ((feeds["kind"] == "api") & (feeds["provider"] != "push")).any():
        return _EVER
    today = day_number(books.as_of)
    sent = books["reminders"]["sent_day"]
    starts = pd.concat([feeds["first_day"], sent[sent <= today]]).dropna()
    if starts.empty:
        return None if feeds.empty else _EVER
    start = float(starts.min())
    return start if start <= today else None


def _reminder_feeds(books: Books) -> pd.DataFrame:
    feeds = books["feeds"]
    return feeds[feeds["stream"] == "reminders"]


def to_be_asked_for(books: Books, policy: Policy) -> pd.DataFrame:
    """Give the overdue invoices somebody should ask for, due on the day the customer promised to pay, if that is later.

    Not asked for are disputed ones, direct debits, and those below `Policy.reminder_least_amount`.
    """
    rows = books["overdue"]
    small = rows["total_minor"] < CENTS * policy.reminder_least_amount  # never, where the amount is not said
    asked = rows[~rows["excluded"] & ~small]
    return asked.assign(due_day=asked[["due_day", "promised_day"]].max(axis=1))


def owed_invoices(books: Books, policy: Policy) -> pd.DataFrame:
    """Give the invoices to be asked for with the days [begin, end) on which they stand overdue beyond the grace."""
    rows = to_be_asked_for(books, policy)
    begin = rows["due_day"] + policy.reminder_grace_days + 1
    end = rows[["paid_day", "cancelled_day"]].min(axis=1).fillna(np.inf)
    stands = (begin < end) & (begin <= day_number(books.as_of))
    return rows.assign(begin=begin, end=end)[stands]


def _due_a_reminder(owed: pd.DataFrame, today: int, policy: Policy) -> pd.DataFrame:
    """Let owed invoices begin to stand once their first reminder is `REMINDED_WITHIN` working days due; `begin` moves.

    In working days, for over a closure nobody reminds anybody.
    """
    last_day = owed["begin"].to_numpy(dtype="float64") - 1
    begin = add_working_days(last_day, REMINDED_WITHIN, policy.closed_days) + 1
    return owed.assign(begin=begin)[(begin < owed["end"]) & (begin <= today)]


def _reminded(owed: pd.DataFrame, sent: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Give the days [begin, end) on which an owed invoice counts as reminded; pieces of one invoice don't overlap.

    A reminder finds its invoice by the id alone: it may come from another source, a list kept beside the books.
    """
    each = sent[["invoice_id", "sent_day"]].drop_duplicates().sort_values(["invoice_id", "sent_day"])
    following = each.groupby("invoice_id")["sent_day"].shift(-1).fillna(np.inf)
    faded = np.minimum(each["sent_day"] + policy.reminder_window_days, following)
    pieces = each.assign(faded=faded).merge(owed, left_on="invoice_id", right_on="external_id")
    return pd.DataFrame(
        {
            "begin": np.maximum(pieces["sent_day"], pieces["begin"]),
            "end": np.minimum(pieces["faded"], pieces["end"]),
        }
    )


def _month_end_snapshots(
    owed: pd.DataFrame, reminded: pd.DataFrame, last_month: int, known_from: float
) -> pd.DataFrame:
    """Count, at each month end, the invoices that stand overdue (`n`) and those of them not reminded (`count`)."""
    first_month = last_month + 1 if owed.empty else month_number(day_of(owed["begin"].min()))
    months = range(first_month, last_month + 1)
    ends = [float(day_number(month_end(m))) for m in months]
    n = spans_on(owed, ends)
    counts = pd.DataFrame({"month": list(months), "count": n - spans_on(reminded, ends), "n": n})
    return counts[np.array(ends) >= known_from]


@dataclass(frozen=True, slots=True)
class AccruedSales:
    """Sales not yet invoiced at the last closing, in months of that year's sales: billing late, seen in the ledger."""

    name: ClassVar[str] = "accrued_sales_months"
    kpi: ClassVar[str] = "K04"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Compare the balance of 418 at closing with a month's average of 70."""
        limit, unit = policy.accrued_sales_limit, Unit.RATIO
        blank = Measure(name=self.name, kpi=self.kpi, signal=SignalName.LATE_INVOICING, unit=unit, limit=limit)
        return _accrued(blank, books, "sales", "418", ("70",), 1)


@dataclass(frozen=True, slots=True)
class AccruedPurchases:
    """Purchases whose invoice was missing at the last closing, in months of that year's purchases."""

    name: ClassVar[str] = "accrued_purchases_months"
    kpi: ClassVar[str] = "K04"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Compare the balance of 408 at closing with a month's average of 60, 61 and 62."""
        blank = Measure(name=self.name, kpi=self.kpi, signal=SignalName.LATE_INVOICING, unit=Unit.RATIO)
        return _accrued(blank, books, "purchases", "408", ("60", "61", "62"), -1)


def _accrued(blank: Measure, books: Books, what: str, account: str, flow: tuple[str, ...], sign: int) -> Measure:
    """Compare a balance with a year's flow; `sign` is that of a normal balance, debit less credit (a flow's is not)."""
    ledger = books["ledger_months"]
    ledger = ledger[ledger["month"] <= last_complete_month(books.as_of)]
    if ledger.empty:
        return replace(blank, reason=Reason("no_ledger"))
    years = ledger[~ledger["opening"]].groupby("fiscal_year")["month"].agg(["min", "max", "nunique"])
    closed = years[(years.index < ledger["fiscal_year"].max()) | (years["nunique"] >= 12)]  # noqa: PLR2004 - a year
    if closed.empty:
        return replace(blank, reason=Reason("no_closed_year"))
    accruals = ledger[ledger["account"].str.startswith(account)]
    if accruals.empty:
        return replace(blank, reason=Reason(f"no_accrued_{what}_account"))
    flows = ledger[ledger["account"].str.startswith(flow)]
    balances = sign * _net_by_year(accruals)
    turnover = -sign * _net_by_year(flows[~flows["opening"]])
    lines = accruals.groupby("fiscal_year")["n"].sum()
    points: list[Point] = []
    for year, first, last in zip(closed.index, closed["min"], closed["max"], strict=True):
        total, balance = int(turnover.get(year, 0)), int(balances.get(year, 0))
        # A balance on the wrong side is a reversal whose opening we haven't read: no closing balance at all.
        value = balance / total * int(last - first + 1) if total > 0 and balance >= 0 else None
        points.append(Point(int(last), value, n=int(lines.get(year, 0))))
    newest = points[-1]
    window = (month_start(int(closed["min"].iloc[-1])), month_end(newest.month))
    answer = replace(blank, series=tuple(points), window=window, sources=sources_of(ledger), n=newest.n)
    if newest.value is None:
        return replace(answer, n=0, reason=Reason("accrual_unreadable", {"year": int(closed.index[-1])}))
    return replace(answer, value=newest.value, tier=Tier.PROXY)


def _net_by_year(rows: pd.DataFrame) -> "pd.Series[int]":
    net: pd.Series[int] = (rows["debit_minor"] - rows["credit_minor"]).groupby(rows["fiscal_year"]).sum()
    return net
