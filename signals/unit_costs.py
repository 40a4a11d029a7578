"""What one document costs: the hours of its processes, and their tools, over the documents of the same months.

Firms compare themselves by these figures (APQC, 2016: 0.71, 3.17 and 11.50 USD a customer invoice, 2.07, 5.83 and
10.00 a supplier invoice in the best quarter, the middle and the worst); other populations than a small French firm.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, last_complete_month, month_end, month_start
from signals.costs import YEAR, Group, Known, hourly_rate
from signals.growth import monthly_volume
from signals.policy import Policy
from signals.rates import sources_of

FEWEST_MONTHS = 3
FEWEST_DOCUMENTS = 30  # below, one long afternoon sets the figure. Our choice
WEEK = 7


def _cost(books: Books, policy: Policy, answer: Measure, direction: str, processes: tuple[str, ...]) -> Measure:
    """Divide the cost of some processes by the documents of a direction, over twelve complete months at most."""
    volume = monthly_volume(books)
    if volume is None:
        return replace(answer, reason=Reason("no_documents_source"))
    hours = books["hours"]
    over = hours[hours["week_day"] + WEEK - 1 <= day_number(month_end(last_complete_month(books.as_of)))]
    own = over[over["process"].isin(processes) & (over["minutes"] > 0)]
    if own.empty:
        return replace(answer, reason=Reason("no_time_source" if over.empty else "hours_without_process"))
    months = _months(books, int(own["week_day"].min()), volume.first_month, volume.last_month)
    if len(months) < FEWEST_MONTHS:
        return replace(answer, n=len(months), reason=Reason("few_months", {"n": len(months), "needed": FEWEST_MONTHS}))
    counts = volume.sales if direction == "sale" else volume.purchases
    n = sum(counts[months.start - volume.first_month : months.stop - volume.first_month])
    if n < FEWEST_DOCUMENTS:
        return replace(answer, n=n, reason=Reason("few_documents", {"n": n, "needed": FEWEST_DOCUMENTS}))
    first, last = month_start(months.start), month_end(months.stop - 1)
    inside = (own["week_day"] >= day_number(first)) & (own["week_day"] <= day_number(last))
    costs = [*_time(books, policy, own[inside]), *_tools(books, policy, processes, len(months))]
    low, high = sum(one.low for one in costs), sum(one.high for one in costs)
    assumed = sum(one.low + one.high for one in costs if one.tag == "default")
    share = assumed / (low + high) if low + high else 0.0
    return replace(
        answer,
        value=(low + high) / 2 / n,
        low=low / n,
        high=high / n,
        n=n,
        window=(first, last),
        tier=Tier.DIRECT,
        sources=sources_of(books["feeds"][books["feeds"]["stream"].isin(["time", "invoices"])]),
        notes=(Reason("share_from_defaults", {"share": share}),),
    )


def _months(books: Books, first_week: int, first_month: int, last_month: int) -> range:
    """Give the complete months that both hours and documents cover, the newest twelve at most."""
    last = min(last_month, last_complete_month(books.as_of))
    first = max(first_month, last - YEAR + 1)
    while first <= last and day_number(month_start(first)) + WEEK - 1 < first_week:
        first += 1
    return range(first, last + 1)


def _time(books: Books, policy: Policy, rows: pd.DataFrame) -> list[Known]:
    """Cost the minutes of each group; whoever is no director costs what administration costs."""
    said = books.declaration(policy.declared_valid_days)
    is_director = rows["role"].to_numpy() == "director"
    minutes = rows["minutes"].to_numpy(dtype="float64")
    found = []
    for group, who in ((Group.DIRECTOR, is_director), (Group.ADMIN, ~is_director)):
        hours = float(np.sum(minutes[who])) / 60
        found.append(Known(hours, hours, "measured").times(hourly_rate(said, policy, group)))
    return found


def _tools(books: Books, policy: Policy, processes: tuple[str, ...], months: int) -> list[Known]:
    """Cost the tools declared for these processes."""
    said = books.declaration(policy.declared_valid_days)
    paid = sum(tool.eur_per_month for tool in (said.tools if said and said.tools else ()) if tool.process in processes)
    return [Known(paid * months, paid * months, "declared")] if paid else []


def _blank(name: str, kpi: str) -> Measure:
    return Measure(name=name, kpi=kpi, signal=SignalName.HIDDEN_COST, unit=Unit.EUR)


@dataclass(frozen=True, slots=True)
class InvoiceCost:
    """K54: what a customer document costs: the hours of invoicing and dunning, and their tools."""

    name: ClassVar[str] = "cost_per_invoice"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Divide by invoices and credit notes to customers."""
        return _cost(books, policy, _blank(self.name, "K54"), "sale", ("invoicing", "dunning"))


@dataclass(frozen=True, slots=True)
class SupplierInvoiceCost:
    """K55: what a supplier's document costs: the hours of purchases, and their tools."""

    name: ClassVar[str] = "cost_per_supplier_invoice"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Divide by suppliers' invoices and credit notes."""
        return _cost(books, policy, _blank(self.name, "K55"), "purchase", ("purchases",))
