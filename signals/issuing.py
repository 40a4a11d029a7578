"""How long we take: from the work to the invoice, and from the invoice to its sending. Both are ours."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from signals.base import Measure, Reason, Unit
from signals.books import Books
from signals.calendar import day_number, month_ends
from signals.customer_invoices import customer_invoices, ours, year_until
from signals.late_invoicing import dated_issues
from signals.policy import Policy
from signals.rates import in_window, record_keys, sources_of
from signals.survival import kaplan_meier
from signals.time_to_pay import ninth_decile, with_median


@dataclass(frozen=True, slots=True)
class BillingLag:
    """K01: the median days from the work to the invoice, over the invoices issued in the last twelve months.

    Calendar days, as in APQC's measure of days between delivery and transmission. For periodic invoices they count
    from the end of the work's month, before which none can be made; an invoice in advance counts negative.
    """

    name: ClassVar[str] = "billing_lag"
    kpi: ClassVar[str] = "K01"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Take the median and the ninth decile; without a service date there is no lag, and never zero."""
        answer = ours(self.name, self.kpi, Unit.DAYS)
        issued = books["issue_days"]
        issued = issued[(issued["issued_day"] <= day_number(books.as_of)) & (issued["n"] > 0)]
        dated, why_none = dated_issues(issued)
        if dated.empty:
            return replace(answer, reason=why_none)
        window = year_until(books.as_of)
        rows = dated[in_window(dated["issued_day"].to_numpy(), window)]
        answer = replace(answer, window=window, sources=sources_of(dated))
        if rows.empty:
            return replace(answer, reason=Reason("nothing_issued", {"days": (window[1] - window[0]).days + 1}))
        service = rows["service_day"].to_numpy(dtype="float64")
        done = np.where(rows["periodic"].to_numpy(), month_ends(service), service)
        lags = rows["issued_day"].to_numpy(dtype="float64") - done
        curve = kaplan_meier(lags, np.ones(len(rows), dtype=bool), rows["n"].to_numpy())
        notes = [Reason("unissued_not_seen"), ninth_decile(curve)]
        of = int(issued.loc[in_window(issued["issued_day"].to_numpy(), window), "n"].sum())
        if of > curve.n:
            notes.append(Reason("without_service_date", {"n": of - curve.n, "of": of}))
        return with_median(replace(answer, notes=tuple(notes)), curve)


@dataclass(frozen=True, slots=True)
class SendingLag:
    """K03: the median days from issue to sending, invoices not sent yet counted for as long as they have waited."""

    name: ClassVar[str] = "sending_lag"
    kpi: ClassVar[str] = "K03"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Follow the invoices issued in the last twelve months; a note gives those not sent."""
        answer = ours(self.name, self.kpi, Unit.DAYS)
        invoices = customer_invoices(books, ("sent_day",))
        if isinstance(invoices, Reason):
            return replace(answer, reason=invoices)
        window = year_until(books.as_of)
        rows = invoices.rows[in_window(invoices.rows["issued_day"].to_numpy(), window)]
        answer = replace(answer, window=window, sources=sources_of(invoices.rows))
        if rows.empty:
            return replace(answer, reason=Reason("nothing_issued", {"days": (window[1] - window[0]).days + 1}))
        sent = rows["sent_day"].notna()
        # Nobody waits any more for the sending of an invoice that is paid or cancelled.
        until = rows["sent_day"].where(sent, rows["end_day"].fillna(day_number(books.as_of)))
        curve = kaplan_meier(until - rows["issued_day"], sent)
        unsent = rows[~sent & rows["gone_day"].isna()]
        answer = replace(
            answer,
            notes=(ninth_decile(curve), Reason("unsent", {"n": len(unsent), "of": len(rows)})),
            records=record_keys(unsent, "issued_day"),
            records_total=len(unsent),
        )
        return with_median(answer, curve)
