"""Customer invoices as claims: what was owed on a day, from the days each was issued, credited, paid or cancelled.

Amounts are minor units with tax. A credit note counts from its day on the invoice it names; one that names none stands
apart. A part payment doesn't show: an invoice is owed whole until the day it is paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Reason, SignalName, Unit
from signals.books import Books
from signals.calendar import Days, day_number
from signals.informative import profile_of

CUSTOMERS_NOT_US = Reason("customers_not_us")

_DATES = ("sent_day", "paid_day", "cancelled_day")
_COMPARED: Mapping[str, tuple[str, ...]] = {
    "due_day": ("issued_day",),
    "paid_day": ("issued_day", "due_day"),
    "sent_day": ("issued_day",),
}
_KEPT = [
    "connection_id",
    "external_id",
    "issued_day",
    "due_day",
    *_DATES,
    "total_minor",
    "foreign",
    "value_minor",
    "excluded",
]


@dataclass(frozen=True, slots=True)
class Invoices:
    """Sale invoices issued by `as_of`, later dates taken off, and the credit notes on them.

    `rows` has the columns of a document and `gone_day` (cancelled or credited in full), `end_day` (paid or gone) and
    `excluded` (disputed or paid by direct debit, which is known of invoices once overdue); its index is 0, 1, 2…
    `credits` has `row` (a position in `rows`), `day` and `amount`. `apart` counts credit notes that name no invoice.
    """

    rows: pd.DataFrame
    credits: pd.DataFrame
    apart: int = 0

    @property
    def worth(self) -> "pd.Series[float]":
        """What each invoice is worth in the company's currency, in minor units; NaN: not said, or no rate for it."""
        return self.rows["value_minor"].where(self.rows["foreign"], self.rows["total_minor"])

    @property
    def spans(self) -> pd.DataFrame:
        """Amounts owed from `begin` on and no more from `end` on; a credit note takes off its invoice's amount.

        In the company's currency, a credit note at its invoice's rate. Cancelled invoices and those without an amount
        are left out. Columns: row, begin, end, due, amount.
        """
        worth = self.worth.to_numpy(dtype="float64")
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(self.rows["foreign"], worth / self.rows["total_minor"].to_numpy(dtype="float64"), 1.0)
        rows, at = self.rows, self.credits["row"].to_numpy(dtype="int64")
        end = rows["paid_day"].fillna(np.inf).to_numpy()
        due = rows["due_day"].to_numpy()
        row = np.concatenate([np.arange(len(rows)), at])
        both = pd.DataFrame(
            {
                "row": row,
                "begin": np.concatenate([rows["issued_day"].to_numpy(), self.credits["day"].to_numpy()]),
                "end": end[row],
                "due": due[row],
                "amount": np.concatenate([worth, -self.credits["amount"].to_numpy() * rate[at]]),
            }
        )
        real = (rows["cancelled_day"].isna() & ~np.isnan(worth)).to_numpy()
        spans: pd.DataFrame = both[real[row]].reset_index(drop=True)
        return spans


def amounts_on(spans: pd.DataFrame, days: Sequence[float], *, overdue: bool = False) -> npt.NDArray[np.float64]:
    """Sum what was owed at the end of each of some days; only what was past its due day, if `overdue`."""
    begin, end = spans["begin"].to_numpy(dtype="float64"), spans["end"].to_numpy(dtype="float64")
    if overdue:
        begin = np.maximum(begin, spans["due"].to_numpy(dtype="float64") + 1)  # NaN: never overdue
    amount = spans["amount"].to_numpy(dtype="float64")
    return np.array([amount[(begin <= day) & (day < end)].sum() for day in days])


def billed_between(spans: pd.DataFrame, first: float, last: float) -> float:
    """Sum what was invoiced, less what was credited, on some days, both included."""
    return float(spans.loc[(spans["begin"] >= first) & (spans["begin"] <= last), "amount"].sum())


def customer_invoices(books: Books, needs: Sequence[str]) -> Invoices | Reason:
    """Give the invoices of the sources that fill the needed columns in earnest; the reason, where none does.

    `needs` are of due_day, paid_day and sent_day. A paid day that is empty throughout means that payments are not
    read, not that nobody pays; one that always equals the due day was filled by form.
    """
    return books.once(("customer_invoices", tuple(needs)), lambda: _customer_invoices(books, needs))


def _customer_invoices(books: Books, needs: Sequence[str]) -> Invoices | Reason:
    documents, today = books["documents"], day_number(books.as_of)
    sales = documents[(documents["direction"] == "sale") & documents["direct"] & (documents["issued_day"] <= today)]
    invoices = sales[sales["kind"] == "invoice"]
    if invoices.empty:
        return Reason("no_sale_invoices")
    invoices = invoices.assign(**{name: invoices[name].where(invoices[name] <= today) for name in _DATES})
    told, why = _told(invoices, needs)
    if told.empty:
        return why
    told = _with_excluded(told.reset_index(drop=True), books)[_KEPT]
    notes = sales[(sales["kind"] == "credit_note") & sales["connection_id"].isin(told["connection_id"].unique())]
    taken, apart = _credits(told, notes[~(notes["cancelled_day"] <= today)])
    gone = np.fmin(told["cancelled_day"].to_numpy(), _credited_day(told, taken))
    rows = told.assign(gone_day=gone, end_day=np.fmin(told["paid_day"].to_numpy(), gone))
    return Invoices(rows, taken, apart)


def _told(invoices: pd.DataFrame, needs: Sequence[str]) -> tuple[pd.DataFrame, Reason]:
    why, earnest = Reason("no_sale_invoices"), []
    for source, rows in invoices.groupby("connection_id"):
        refused = next((reason for name in needs if (reason := _refused(rows, name)) is not None), None)
        if refused is None:
            earnest.append(source)
        else:
            why = refused
    return invoices[invoices["connection_id"].isin(earnest)], why


def _refused(rows: pd.DataFrame, name: str) -> Reason | None:
    """Say why a column can't be measured on; it is judged on the rows that fill it, for a blank has its meaning."""
    filled = rows[rows[name].notna()]
    seen = rows if filled.empty else filled
    others = {other.replace("_day", "_on"): seen[other] for other in _COMPARED[name]}
    informative, reason = profile_of(seen[name], others).judge(name.replace("_day", "_on"))
    return None if informative else reason


def _with_excluded(rows: pd.DataFrame, books: Books) -> pd.DataFrame:
    overdue = books["overdue"]
    known = overdue.loc[overdue["excluded"], ["connection_id", "external_id"]].drop_duplicates()
    maybe = rows.loc[rows["external_id"].isin(known["external_id"]), ["connection_id", "external_id"]]
    index = maybe.reset_index().merge(known, on=["connection_id", "external_id"])["index"]
    return rows.assign(excluded=rows.index.isin(index))


def _credits(rows: pd.DataFrame, notes: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Give what credit notes take off which invoice when, never more than its amount; and count those of no invoice."""
    keys = rows[["connection_id", "external_id", "total_minor"]].assign(row=np.arange(len(rows)))
    real = notes.loc[notes["total_minor"].notna(), ["connection_id", "external_id", "corrects", "issued_day"]]
    real = real.assign(amount=notes["total_minor"].abs())
    named = real.merge(
        keys, left_on=["connection_id", "corrects"], right_on=["connection_id", "external_id"], suffixes=("", "_of")
    ).sort_values(["row", "issued_day", "external_id"])
    before = named.groupby("row")["amount"].cumsum() - named["amount"]
    taken = np.minimum(named["amount"], named["total_minor"] - before)
    found = pd.DataFrame({"row": named["row"], "day": named["issued_day"], "amount": taken})
    return found[found["amount"] > 0].reset_index(drop=True), len(real) - len(named)


def _credited_day(rows: pd.DataFrame, taken: pd.DataFrame) -> Days:
    """Give the day on which credit notes made an invoice's amount whole; NaN where they haven't."""
    summed = taken.groupby("row").agg(amount=("amount", "sum"), day=("day", "max"))
    at = summed.index.to_numpy(dtype="int64")
    whole = (summed["amount"].to_numpy() >= rows["total_minor"].to_numpy()[at]).astype(bool)
    days = np.full(len(rows), np.nan)
    days[at[whole]] = summed["day"].to_numpy()[whole]
    return days


def year_until(as_of: date) -> tuple[date, date]:
    """Give the twelve months that end on a day, both days included."""
    leap = as_of.month == 2 and as_of.day == 29  # noqa: PLR2004 - the one day not every year has
    before = date(as_of.year - 1, 2, 28) if leap else as_of.replace(year=as_of.year - 1)
    return before + timedelta(days=1), as_of


def customers(name: str, kpi: str, unit: Unit) -> Measure:
    """Begin a measure of how customers pay: it belongs to no signal, for their lateness is not ours."""
    return Measure(name=name, kpi=kpi, signal=None, unit=unit, notes=(CUSTOMERS_NOT_US,))


def ours(name: str, kpi: str, unit: Unit) -> Measure:
    """Begin a measure of how late we bill or remind."""
    return Measure(name=name, kpi=kpi, signal=SignalName.LATE_INVOICING, unit=unit)
