"""What customers owe, and how old it is: best-possible DSO, days delinquent, CEI, overdue ratio, at-risk cohorts.

All are sums over every invoice known, so they have no sampling interval; they show how customers pay, not how we work.
Names conflict between sources: "best DSO" is also used for the industry's average less one's terms, "at risk" for what
is *open* over 90 days, and CEI has three formulas. Each docstring says which one is meant.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Point, Reason, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, day_of, last_complete_month, month_end, month_number, month_start, months_of
from signals.customer_invoices import Invoices, amounts_on, billed_between, customer_invoices, customers, year_until
from signals.dso import dso
from signals.policy import Policy
from signals.rates import in_window, record_keys, sources_of

MINOR = 100  # minor units in a major one
LEAST_DAYS = 90  # of sales, for days of them to mean something; also how long balances take to fill after a start
AT_RISK_DAYS = 90  # past due: the convention of receivables tools
MONTHS = 12
YEARS_SHOWN = 2 * MONTHS


def collection_effectiveness(beginning: float, sales: float, ending: float, ending_current: float) -> float | None:
    """Give the share collected of what could have been collected (K09).

    (beginning receivables + credit sales - ending receivables) / (beginning receivables + credit sales - ending
    receivables not yet due), over one period: the formula of AccountingTools, "Collection effectiveness index". Other
    variants divide the sales by the number of months or of days. None where nothing could have been collected.
    """
    collectable = beginning + sales - ending_current
    return (beginning + sales - ending) / collectable if collectable > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Balance:
    """Receivables and sales over a window, in minor units; `sales` are net of credit notes on them."""

    window: tuple[date, date]
    beginning: float
    ending: float
    overdue: float
    sales: float

    @property
    def current(self) -> float:
        return self.ending - self.overdue

    @property
    def days(self) -> int:
        return (self.window[1] - self.window[0]).days + 1


def _balance(spans: pd.DataFrame, window: tuple[date, date]) -> _Balance:
    first, last = day_number(window[0]), day_number(window[1])
    beginning, ending = amounts_on(spans, [first - 1, last])
    overdue = amounts_on(spans, [last], overdue=True)[0]
    sales = billed_between(spans, first, last)
    return _Balance(
        window=window, beginning=float(beginning), ending=float(ending), overdue=float(overdue), sales=sales
    )


def _with_due(invoices: Invoices) -> tuple[pd.DataFrame, tuple[Reason, ...]]:
    """Give the spans of invoices that say when they are due, and what is left out."""
    spans, notes = invoices.spans, []
    missing = int(invoices.rows["due_day"].isna().sum())
    if missing:
        notes.append(Reason("without_due_date", {"n": missing, "of": len(invoices.rows)}))
    if invoices.apart:
        notes.append(Reason("credit_notes_apart", {"n": invoices.apart}))
    return spans[spans["due"].notna()], tuple(notes)


def _over_window(blank: Measure, books: Books, lead: int = 0) -> tuple[Measure, _Balance | None]:
    """Read the twelve months' balance; the measure comes back with its evidence, or with the reason for having none.

    `lead` days of history have to lie before the window: a balance takes so long to fill after a source's start.
    """
    invoices = customer_invoices(books, ("due_day", "paid_day"))
    if isinstance(invoices, Reason):
        return replace(blank, reason=invoices), None
    spans, notes = _with_due(invoices)
    if spans.empty:
        return replace(blank, reason=Reason("no_amounts")), None
    known_from = max(day_of(spans["begin"].min()), books.recent_from)
    year, last = year_until(books.as_of)
    window = (max(year, known_from + timedelta(days=lead)), last)
    days = (last - window[0]).days + 1
    if days < LEAST_DAYS:
        return replace(blank, reason=Reason("few_days", {"n": max(0, days), "needed": LEAST_DAYS})), None
    balance = _balance(spans, window)
    answer = replace(blank, window=window, sources=sources_of(invoices.rows), notes=(*blank.notes, *notes))
    if balance.sales <= 0:
        return replace(answer, reason=Reason("nothing_issued", {"days": days})), None
    issued = in_window(invoices.rows["issued_day"].to_numpy(), window) & invoices.rows["due_day"].notna().to_numpy()
    return replace(answer, n=int(issued.sum()), tier=Tier.DIRECT), balance


@dataclass(frozen=True, slots=True)
class BestPossibleDso:
    """K07: the days of sales customers would owe if all paid on their due day; what our terms alone cost."""

    name: ClassVar[str] = "dso_best_possible"
    kpi: ClassVar[str] = "K07"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Divide the receivables not yet due by the sales of twelve months, in days of them."""
        answer, balance = _over_window(customers(self.name, self.kpi, Unit.DAYS), books)
        if balance is None:
            return answer
        return replace(answer, value=dso(balance.current, balance.sales, balance.days))


@dataclass(frozen=True, slots=True)
class DaysDelinquent:
    """K08, average days delinquent: DSO less best-possible DSO, both by division over the same sales and days."""

    name: ClassVar[str] = "days_delinquent"
    kpi: ClassVar[str] = "K08"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Take one from the other; a note gives both."""
        answer, balance = _over_window(customers(self.name, self.kpi, Unit.DAYS), books)
        if balance is None:
            return answer
        whole = dso(balance.ending, balance.sales, balance.days)
        best = dso(balance.current, balance.sales, balance.days)
        said = Reason("dso_and_best", {"dso": whole, "best": best})
        return replace(answer, value=whole - best, notes=(*answer.notes, said))


@dataclass(frozen=True, slots=True)
class CollectionEffectiveness:
    """K09, collection effectiveness index (the AccountingTools variant): see `collection_effectiveness`."""

    name: ClassVar[str] = "collection_effectiveness"
    kpi: ClassVar[str] = "K09"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Compare what was collected in twelve months with what fell due or was due before."""
        answer, balance = _over_window(customers(self.name, self.kpi, Unit.SHARE), books, lead=LEAST_DAYS)
        if balance is None:
            return answer
        value = collection_effectiveness(balance.beginning, balance.sales, balance.ending, balance.current)
        if value is None:
            return replace(answer, n=0, tier=Tier.NONE, reason=Reason("nothing_collectable"))
        return replace(answer, value=value, notes=(*answer.notes, Reason("cei_variant")))


@dataclass(frozen=True, slots=True)
class OverdueRatio:
    """K12: the part of what customers owe that is past its due day, disputed invoices apart."""

    name: ClassVar[str] = "overdue_ratio"
    kpi: ClassVar[str] = "K12"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Divide overdue by all, by amount, at the end of `as_of` and of each of twelve complete months.

        Disputed invoices and direct debits leave both sides; a note says how much that is.
        """
        answer = customers(self.name, self.kpi, Unit.SHARE)
        invoices = customer_invoices(books, ("due_day", "paid_day"))
        if isinstance(invoices, Reason):
            return replace(answer, reason=invoices)
        spans, notes = _with_due(invoices)
        aside = invoices.rows["excluded"].to_numpy()[spans["row"].to_numpy()]
        today = day_number(books.as_of)
        owed = (spans["begin"] <= today) & (spans["end"] > today)
        if (aside & owed).any():
            disputed = spans[aside & owed]
            said = {"n": int(disputed["row"].nunique()), "amount": float(disputed["amount"].sum()) / MINOR}
            notes = (*notes, Reason("disputed_apart", said))
        answer = replace(
            answer,
            sources=sources_of(invoices.rows),
            notes=(*answer.notes, *notes),
            series=_ratios(spans[~aside], books),
        )
        standing = spans[owed & ~aside]
        total = float(standing["amount"].sum())
        if total <= 0:
            return replace(answer, reason=Reason("nothing_owed"))
        late = standing[standing["due"] < today]
        rows = invoices.rows.loc[sorted(late["row"].unique())]
        return replace(
            answer,
            value=float(late["amount"].sum()) / total,
            n=int(standing["row"].nunique()),
            window=(day_of(standing["begin"].min()), books.as_of),
            tier=Tier.DIRECT,
            records=record_keys(rows, "due_day"),
            records_total=len(rows),
        )


def _ratios(spans: pd.DataFrame, books: Books) -> tuple[Point, ...]:
    """Give the overdue part at each of the newest twelve month ends; none for a month that begins before we know."""
    if spans.empty:
        return ()
    last = last_complete_month(books.as_of)
    first = month_number(max(books.recent_from, day_of(spans["begin"].min())))
    months = range(max(last - MONTHS + 1, first), last + 1)
    ends = [float(day_number(month_end(m))) for m in months]
    total, late = amounts_on(spans, ends), amounts_on(spans, ends, overdue=True)
    return tuple(Point(m, float(o / t) if t > 0 else None) for m, t, o in zip(months, total, late, strict=True))


@dataclass(frozen=True, slots=True)
class AtRisk:
    """K13: of what was invoiced in a month, the part still unpaid 90 days past due.

    *Past due*, by month of issue; "at risk" elsewhere is what has been open for 90 days, whatever its terms.
    """

    name: ClassVar[str] = "at_risk_share"
    kpi: ClassVar[str] = "K13"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Sum the newest twelve months of issue that are old enough: 90 days past due for their every invoice."""
        answer = customers(self.name, self.kpi, Unit.SHARE)
        invoices = customer_invoices(books, ("due_day", "paid_day"))
        if isinstance(invoices, Reason):
            return replace(answer, reason=invoices)
        spans, notes = _with_due(invoices)
        answer = replace(answer, sources=sources_of(invoices.rows), notes=(*answer.notes, *notes))
        cohorts, rows = _cohorts(invoices, spans, books)
        recent = cohorts.tail(MONTHS)
        if recent.empty:
            return replace(answer, reason=Reason("no_month_old_enough", {"days": AT_RISK_DAYS}))
        n, unpaid = int(recent["n"].sum()), int(recent["count"].sum())
        first, last = int(recent.index[0]), int(recent.index[-1])
        at_risk = rows[rows["at_risk"] & rows["month"].isin(recent.index)]
        return replace(
            answer,
            value=float(recent["unpaid"].sum() / recent["billed"].sum()),
            n=n,
            window=(month_start(first), month_end(last)),
            tier=Tier.DIRECT,
            notes=(*answer.notes, Reason("at_risk_by_count", {"count": unpaid, "n": n})),
            series=_cohort_points(cohorts.tail(YEARS_SHOWN)),
            records=record_keys(at_risk, "issued_day"),
            records_total=len(at_risk),
        )


def _cohort_points(cohorts: pd.DataFrame) -> tuple[Point, ...]:
    shares = (cohorts["unpaid"] / cohorts["billed"]).tolist()
    return tuple(Point(int(m), s, n=int(n)) for m, s, n in zip(cohorts.index, shares, cohorts["n"], strict=True))


def _cohorts(invoices: Invoices, spans: pd.DataFrame, books: Books) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sum by month of issue what was billed, and unpaid on the mark, for months old enough; and give the invoices."""
    mark = spans["due"] + AT_RISK_DAYS
    before = (spans["begin"] <= mark).to_numpy()  # a credit note that comes later changes neither side
    left = before & (mark < spans["end"]).to_numpy()
    issued = invoices.rows["issued_day"].to_numpy(dtype="float64")
    rows = invoices.rows.assign(
        month=months_of(issued),
        mark=invoices.rows["due_day"] + AT_RISK_DAYS,
        billed=_by_row(spans[before], len(issued)),
        unpaid=_by_row(spans[left], len(issued)),
    )
    known = month_number(books.recent_from + timedelta(days=30))  # whole months only
    rows = rows[(rows["billed"] > 0) & (rows["month"] >= known)]
    rows = rows.assign(at_risk=rows["unpaid"] > 0)
    cohorts = rows.groupby("month").agg(
        billed=("billed", "sum"),
        unpaid=("unpaid", "sum"),
        n=("billed", "size"),
        count=("at_risk", "sum"),
        mark=("mark", "max"),
    )
    return cohorts[cohorts["mark"] <= day_number(books.as_of)], rows


def _by_row(spans: pd.DataFrame, size: int) -> npt.NDArray[np.float64]:
    amounts = spans["amount"].to_numpy(dtype="float64")
    return np.bincount(spans["row"].to_numpy(), weights=amounts, minlength=size).astype("float64")
