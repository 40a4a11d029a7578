"""How much of a process there is: documents and reminders a month, as the sources show them."""

from dataclasses import dataclass

import numpy as np

from signals.books import Books
from signals.calendar import day_number, last_complete_month, month_end
from signals.growth import monthly_volume

YEAR = 12  # months
FEWEST_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Handled:
    """A kind of thing handled: its mean a month over `n` complete months, and the least and the most of them."""

    of: str
    per_month: float
    low: int
    high: int
    n: int


def handled(process: str, books: Books) -> tuple[Handled, ...]:
    """Give what is handled in a process; of fewer than three months, or none at all, nothing.

    `of` is documents (sales for invoicing, purchases for purchases), or reminders.
    """
    found = (("documents", _documents(process, books)), ("reminders", _reminders(process, books)))
    return tuple(_handled(of, counts) for of, counts in found if len(counts) >= FEWEST_MONTHS and any(counts))


def _handled(of: str, counts: list[int]) -> Handled:
    return Handled(of, sum(counts) / len(counts), min(counts), max(counts), len(counts))


def _documents(process: str, books: Books) -> list[int]:
    volume = monthly_volume(books)
    if volume is None or process not in {"invoicing", "purchases"}:
        return []
    counts = volume.sales if process == "invoicing" else volume.purchases
    return [int(count) for count in counts[-YEAR:]]


def _reminders(process: str, books: Books) -> list[int]:
    """Count reminders by month, from the first month of the year that has any: before it no source may have told."""
    days = books["reminders"]["sent_day"].to_numpy(dtype="float64")
    if process != "dunning" or not len(days):
        return []
    last = last_complete_month(books.as_of)
    ends = [day_number(month_end(month)) for month in range(last - YEAR, last + 1)]
    counts = [int(count) for count in np.diff([np.sum(days <= end) for end in ends])]
    return counts[next((k for k, count in enumerate(counts) if count), YEAR) :]
