"""Work delivered and not on any invoice, by how long it has waited: the money we are late with."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Point, Reason, Tier, Unit
from signals.books import Books
from signals.calendar import Days, day_number, day_of, last_complete_month, month_end, month_number
from signals.customer_invoices import amounts_on, ours
from signals.policy import Policy
from signals.rates import sources_of

MINOR = 100  # minor units in a major one
MONTHS = 12
BUCKETS = (0, 31, 61, 91)
"""Days since delivery at which each bucket begins: 0-30, 31-60, 61-90, 91 and more, as for work in progress."""


def ageing(ages: Days, amounts: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Sum amounts by bucket of age in days: 0-30, 31-60, 61-90, 91 and more."""
    bucket = np.searchsorted(BUCKETS, ages, side="right") - 1
    sums: list[float] = np.bincount(bucket, weights=amounts, minlength=len(BUCKETS)).tolist()
    return tuple(sums)


@dataclass(frozen=True, slots=True)
class Unbilled:
    """K04: the value of deliveries and billable work that is on no invoice, in major units, by age."""

    name: ClassVar[str] = "unbilled_amount"
    kpi: ClassVar[str] = "K04"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Sum what stands unbilled at the end of `as_of`, and of each of twelve complete months; notes give the ages.

        `n` counts the deliveries looked at. A source that never says what was billed is left out: with it,
        everything would stand unbilled.
        """
        answer = ours(self.name, self.kpi, Unit.EUR)
        today = day_number(books.as_of)
        rows = books["deliveries"]
        rows = rows[(rows["delivered_day"] <= today) & (rows["n"] > 0)]
        if rows.empty:
            return replace(answer, reason=Reason("no_deliveries"))
        n = int(rows["n"].sum())
        rows = rows[_says_what_was_billed(rows, today)]
        if rows.empty:
            return replace(answer, reason=Reason("field_empty", {"field": "invoiced_on", "n": n}))
        n = int(rows["n"].sum())
        if not rows["amount_minor"].any():
            return replace(answer, reason=Reason("deliveries_without_amount", {"n": n}))
        spans = _spans(rows)
        standing = spans[spans["end"] > today]
        return replace(
            answer,
            value=float(standing["amount"].sum()) / MINOR,
            n=n,
            window=(day_of(rows["delivered_day"].min()), books.as_of),
            tier=Tier.DIRECT,
            sources=sources_of(rows),
            notes=_notes(standing, today),
            series=_series(spans, last_complete_month(books.as_of)),
        )


def _says_what_was_billed(rows: pd.DataFrame, today: int) -> "pd.Series[bool]":
    """Say which rows are of a source that gives a billing day to some of its deliveries."""
    billed = rows["invoiced_day"] <= today
    return billed.groupby(rows["connection_id"]).transform("any")


def _spans(rows: pd.DataFrame) -> pd.DataFrame:
    """Give amounts as standing from delivery until they are billed or cancelled."""
    end = rows[["invoiced_day", "cancelled_day"]].min(axis=1).fillna(np.inf)
    return pd.DataFrame({"begin": rows["delivered_day"], "end": end, "amount": rows["amount_minor"], "n": rows["n"]})


def _notes(standing: pd.DataFrame, today: int) -> tuple[Reason, ...]:
    if standing.empty:
        return ()
    ages = today - standing["begin"].to_numpy(dtype="float64")
    sums = ageing(ages, standing["amount"].to_numpy(dtype="float64") / MINOR)
    said = dict(zip(("to_30", "to_60", "to_90", "over_90"), sums, strict=True))
    n = int(standing["n"].sum())
    notes = [Reason("unbilled_ages", {**said, "n": n, "oldest": float(ages.max())})]
    unpriced = int(standing.loc[standing["amount"] == 0, "n"].sum())
    if unpriced:
        notes.append(Reason("unbilled_without_amount", {"n": unpriced, "of": n}))
    return tuple(notes)


def _series(spans: pd.DataFrame, last: int) -> tuple[Point, ...]:
    first = month_number(day_of(spans["begin"].min()))
    months = range(max(last - MONTHS + 1, first), last + 1)
    amounts = amounts_on(spans, [float(day_number(month_end(m))) for m in months])
    return tuple(Point(m, float(a) / MINOR) for m, a in zip(months, amounts, strict=True))
