"""Quality: invoices that were wrong the first time, and credit notes."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Point, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, last_complete_month, month_end, month_start
from signals.intervals import wilson
from signals.policy import Policy
from signals.rates import (
    RECENT_MONTHS,
    Rate,
    answer_with,
    baseline_months,
    in_window,
    rate_over,
    rates_of,
    record_keys,
    sale_invoices,
    sources_of,
    trials_of,
)


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """K27, turned round: the share of sale invoices on which an error showed soon after they were issued."""

    name: ClassVar[str] = "error_rate"
    kpi: ClassVar[str] = "K27"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Judge only invoices that have had `policy.correction_days` for an error to show.

        So the evaluation ends that many days before `as_of`, and the series with the newest month that was over by
        then: a younger month would look better than it is.
        """
        blank = Measure(
            name=self.name,
            kpi=self.kpi,
            signal=SignalName.QUALITY,
            unit=Unit.SHARE,
            limit=policy.error_limit,
        )
        today = day_number(books.as_of)
        issued = books["corrections"]
        issued = issued[(issued["issued_day"] <= today) & (issued["n"] > 0)]
        if issued.empty:
            return replace(blank, reason=Reason("no_correction_source"))
        told = telling(issued, today)
        if told.empty:
            return replace(blank, reason=Reason("no_correction_seen", {"n": int(issued["n"].sum())}))
        end = books.as_of - timedelta(days=policy.correction_days)
        days, wrong = told["issued_day"].to_numpy(), wrong_in_time(told["issued_day"], told["corrected_day"], policy)
        rates = rates_of(trials_of(days, wrong, told["n"].to_numpy()), policy, end)
        answer = answer_with(blank, rates, sources_of(told))
        if not answer.known:
            why = {"age": policy.correction_days, "days": policy.change_days}
            return replace(answer, reason=Reason("nothing_old_enough", why))
        documents = sale_invoices(books, rates.window)
        documents = documents[documents["connection_id"].isin(answer.sources)]
        found = documents[wrong_in_time(documents["issued_day"], _shown_day(documents, books), policy)]
        return replace(answer, records=record_keys(found, "issued_day"), records_total=len(found))


def telling(issued: pd.DataFrame, today: int) -> pd.DataFrame:
    """Keep the sources on which an error ever showed: one without can't be told from one that doesn't say."""
    return issued[issued["connection_id"].isin(issued.loc[issued["corrected_day"] <= today, "connection_id"])]


def wrong_in_time(issued_day: pd.Series, shown_day: pd.Series, policy: Policy) -> npt.NDArray[np.bool_]:
    """Say on which invoices an error showed within `policy.correction_days`."""
    shown_after = shown_day.to_numpy(dtype="float64") - issued_day.to_numpy(dtype="float64")
    wrong: npt.NDArray[np.bool_] = shown_after <= policy.correction_days  # never, for NaN
    return wrong


def _shown_day(documents: pd.DataFrame, books: Books) -> "pd.Series[float]":
    """Give the first day an error showed on each document: corrected, cancelled or credited for error."""
    notes = books["documents"]
    notes = notes[(notes["kind"] == "credit_note") & (notes["credit_reason"] == "error") & (notes["corrects"] != "")]
    names = {"connection_id": "connection_id", "corrects": "external_id", "issued_day": "credited_day"}
    document = ["connection_id", "external_id"]
    credited = notes[list(names)].rename(columns=names).groupby(document, as_index=False).min()
    with_credits = documents.merge(credited, on=document, how="left")
    return with_credits[["corrected_day", "cancelled_day", "credited_day"]].min(axis=1)


@dataclass(frozen=True, slots=True)
class CreditNoteRate:
    """K28 without the reason: sale credit notes for each sale invoice. It explains, and has no limit."""

    name: ClassVar[str] = "credit_note_rate"
    kpi: ClassVar[str] = "K28"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Compare counts of the last complete months; those read off a ledger make it a proxy."""
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.RATIO)
        last_month = last_complete_month(books.as_of)
        volume = books["volume"]
        volume = volume[
            (volume["month"] <= last_month)
            & (volume["direction"] == "sale")
            & volume["kind"].isin(["invoice", "credit_note"])
            & (volume["n"] > 0)
        ]
        if volume.empty:
            return replace(answer, reason=Reason("no_sale_documents"))
        monthly = _monthly(volume)
        recent_months = range(last_month - RECENT_MONTHS + 1, last_month + 1)
        recent = rate_over(monthly, recent_months)
        invoiced = monthly.loc[monthly["n"] > 0, "month"]
        baseline = rate_over(monthly, baseline_months(invoiced, policy, last_month))
        window, usual = (month_start(recent_months[0]), month_end(last_month)), _point(last_month, baseline)
        answer = replace(
            answer,
            window=window,
            sources=sources_of(volume),
            baseline=baseline.value,
            baseline_n=baseline.n,
            baseline_low=usual.low,
            baseline_high=usual.high,
            series=_points(monthly, last_month),
        )
        if not recent.n:
            return replace(answer, reason=Reason("no_recent_invoices", {"months": RECENT_MONTHS}))
        now = _point(last_month, recent)
        direct = volume.loc[volume["month"].isin(list(recent_months)), "direct"].any()
        return replace(
            answer,
            value=now.value,
            low=now.low,
            high=now.high,
            n=now.n,
            tier=Tier.DIRECT if direct else Tier.PROXY,
            notes=() if not recent.count or _reason_said(books, window) else (Reason("credit_reason_unknown"),),
            recent=now.value,
            recent_low=now.low,
        )


def _monthly(volume: pd.DataFrame) -> pd.DataFrame:
    """Put credit notes (`count`) beside invoices (`n`) of the same month."""
    credited = np.where(volume["kind"] == "credit_note", volume["n"], 0)
    sides = pd.DataFrame({"month": volume["month"], "count": credited, "n": volume["n"] - credited})
    return sides.groupby("month", as_index=False).sum()


def _points(monthly: pd.DataFrame, last_month: int) -> tuple[Point, ...]:
    months = range(int(monthly["month"].min()), last_month + 1)
    return tuple(_point(month, rate_over(monthly, [month])) for month in months)


def _point(month: int, rate: Rate) -> Point:
    """Bound credit notes per invoice.

    A credit note is no trial of its month's invoices: it may be for an older one, and there can be more of them than
    invoices. Both are counts of their own, so the bounds are those of the credit notes' share of all documents,
    turned into a ratio (the conditional interval for a ratio of two Poisson rates).
    """
    if not rate.n:
        return Point(month, None)
    low, high = wilson(rate.count, rate.count + rate.n)
    return Point(month, rate.value, low / (1 - low), high / (1 - high), rate.n)


def _reason_said(books: Books, window: tuple[date, date]) -> bool:
    documents = books["documents"]
    credited = documents[(documents["direction"] == "sale") & (documents["kind"] == "credit_note")]
    recent = credited[in_window(credited["issued_day"].to_numpy(), window)]
    return bool((recent["credit_reason"] != "").any())
