"""Days sales outstanding: how many days of sales customers still owe.

Two numbers under one name: the accounting one divides, and swings with the season; the count-back one doesn't.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import pandas as pd

from signals.base import Measure, Point, Reason, Tier, Unit
from signals.books import Books
from signals.calendar import last_complete_month, month_end, month_start
from signals.policy import Policy
from signals.rates import sources_of

RECEIVABLES = "411"
SERIES_MONTHS = 24


def dso(receivable: float, sales: float, days: float) -> float:
    """Give receivables over the sales of a period, in days of it (K05); both with tax.

    Raises ZeroDivisionError for a period without sales.
    """
    return receivable / sales * days


def dso_count_back(balance: float, months: Iterable[tuple[float, int]]) -> float | None:
    """Count how many days of the newest sales make up a balance (K06).

    `months` are sales with tax and number of days, newest first: each month's sales are taken off the balance until
    the last one is used in part. None if the balance is older than all of them.
    """
    if balance <= 0:
        return 0.0
    left, counted = balance, 0.0
    for sales, days in months:
        if sales >= left:
            return counted + left / sales * days
        left -= max(0.0, sales)
        counted += days
    return None


@dataclass(frozen=True, slots=True)
class CountBackDso:
    """K06: days of sales that customers owe, counted back month by month from the ledger."""

    name: ClassVar[str] = "dso_count_back"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Count the balance of 411 back over its monthly debits, up to where the ledger ends.

        Debits of 411 stand for sales with tax; they include the odd refund or bounced payment.
        """
        answer = Measure(name=self.name, kpi="K06", signal=None, unit=Unit.DAYS)
        ledger = books["ledger_months"]
        ledger = ledger[ledger["month"] <= last_complete_month(books.as_of)]
        if ledger.empty:
            return replace(answer, reason=Reason("no_ledger"))
        customers = ledger[ledger["account"].str.startswith(RECEIVABLES)]
        if customers.empty:
            return replace(answer, reason=Reason("no_receivables"))
        first, last = int(ledger["month"].min()), int(ledger["month"].max())
        opened = {int(year) for year in ledger.loc[ledger["opening"], "fiscal_year"]}
        begun = ledger.groupby("fiscal_year")["month"].min()
        sales = customers[~customers["opening"]].groupby("month")["debit_minor"].sum()

        def counted(month: int) -> float | None:
            year = int(begun[begun <= month].index.max())
            balance = _balance(customers, month, year, opened)
            if balance < 0 and not opened:  # payments of invoices that were there before the ledger begins
                return None
            back = ((float(sales.get(m, 0)), month_end(m).day) for m in range(month, first - 1, -1))
            return dso_count_back(balance, back)

        months = range(max(first, last - SERIES_MONTHS + 1), last + 1)
        series = tuple(Point(month, counted(month), n=month - first + 1) for month in months)
        answer = replace(
            answer,
            n=last - first + 1,
            window=(month_start(first), month_end(last)),
            sources=sources_of(customers),
            notes=(Reason("customers_not_us"), *(() if opened else (Reason("no_opening_balance"),))),
            series=series,
        )
        value = series[-1].value
        if value is None and not opened:
            return replace(answer, reason=Reason("no_opening_balance"))
        if value is None:
            return replace(answer, reason=Reason("balance_older_than_sales", {"months": answer.n}))
        return replace(answer, value=value, tier=Tier.DIRECT)


def _balance(customers: pd.DataFrame, month: int, year: int, opened: set[int]) -> float:
    """Give what customers owe at a month's end, in minor units.

    A year that was opened carries its past in its opening; one that isn't yet, takes the years before it along.
    """
    carried = max((y for y in opened if y <= year), default=0)
    rows = customers[(customers["month"] <= month) & customers["fiscal_year"].between(carried, year)]
    return float(rows["debit_minor"].sum() - rows["credit_minor"].sum())
