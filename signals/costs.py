"""What back-office work costs: hours, rates, and monthly means of what was spent or booked.

Each amount comes as a `Known`: bounds, and how we know them. Nothing here turns silence into a zero: what no source
says is None.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.books import Books, Declaration, Range
from signals.calendar import day_number, month_end, month_start
from signals.policy import Policy

Tag = Literal["measured", "declared", "default"]
"""How a line of cost is known, best first."""

_STRENGTH: dict[Tag, int] = {"measured": 0, "declared": 1, "default": 2}

YEAR = 12  # months
WEEKS_PER_MONTH = 52 / 12
WORKDAYS = 5  # Monday to Friday: where in its week a minute was worked is not known
LEAST_COVERED = 0.5  # of a month's working days, for its hours to speak for the month


class Group(StrEnum):
    """Whose hours: the directors', or everybody else's."""

    ADMIN = "admin"
    DIRECTOR = "director"


_ROLES = {Group.ADMIN: ("admin", "other"), Group.DIRECTOR: ("director",)}


@dataclass(frozen=True, slots=True)
class Known:
    """An amount within bounds, and how we know it."""

    low: float
    high: float
    tag: Tag

    def times(self, other: "Known") -> "Known":
        """Multiply; the product is known no better than its weaker factor."""
        return Known(self.low * other.low, self.high * other.high, weakest(self.tag, other.tag))


def weakest(*tags: Tag) -> Tag:
    """Give the tag that speaks for the whole: the weakest part's."""
    return max(tags, key=lambda tag: _STRENGTH[tag])


def measured_hours(books: Books, group: Group, month: int) -> Known | None:
    """Give a group's hours in one month: see `hours_by_month`."""
    return hours_by_month(books, group, range(month, month + 1))[month]


def hours_by_month(books: Books, group: Group, months: range) -> dict[int, Known | None]:
    """Give a group's back-office hours of some months as its timesheets say; None where they don't.

    A week's minutes are spread over Monday to Friday. A month only half covered by weeks that are over doesn't speak;
    a mostly covered one is scaled up. A group without a row in the month has no timesheet, which isn't zero hours.
    """
    rows = books["hours"]
    week, minutes = rows["week_day"].to_numpy(), rows["minutes"].to_numpy()
    over = week + 6 <= day_number(books.as_of)
    own = over & rows["role"].isin(_ROLES[group]).to_numpy()
    if not own.any():
        return dict.fromkeys(months)
    by_week = pd.Series(minutes[own]).groupby(week[own]).sum()
    starts, worked = by_week.index.to_numpy(dtype="int64"), by_week.to_numpy()
    return {month: _hours(starts, worked, int(week[over].min()), month, books.as_of) for month in months}


def _hours(
    starts: npt.NDArray[np.int64], minutes: npt.NDArray[np.int64], first_week: int, month: int, as_of: date
) -> Known | None:
    first, last = day_number(month_start(month)), day_number(month_end(month))
    own = (starts > first - WORKDAYS) & (starts <= last)
    if not own.any():
        return None
    mondays = np.arange(first - (first + 3) % 7, last + 1, 7, dtype="int64")  # day 0 was a Thursday
    known = (mondays >= first_week) & (mondays + 6 <= day_number(as_of))
    workdays = _overlap(mondays, first, last)
    if workdays[known].sum() < LEAST_COVERED * workdays.sum():
        return None
    total = float((minutes[own] * _overlap(starts[own], first, last)).sum()) / WORKDAYS
    hours = total / 60 * float(workdays.sum() / workdays[known].sum())
    return Known(hours, hours, "measured")


def declared_hours(said: Declaration | None, group: Group) -> Known | None:
    """Give a group's declared weekly hours as hours a month."""
    weekly = None if said is None else said.admin_hours if group is Group.ADMIN else said.director_hours
    return None if weekly is None else Known(weekly.low * WEEKS_PER_MONTH, weekly.high * WEEKS_PER_MONTH, "declared")


def hourly_rate(said: Declaration | None, policy: Policy, group: Group) -> Known:
    """Give what an hour of a group costs: declared, else the policy's default."""
    rate = None if said is None else said.admin_rate if group is Group.ADMIN else said.director_rate
    if rate is not None:
        return Known(rate.low, rate.high, "declared")
    if group is Group.ADMIN:
        return Known(policy.admin_rate_low, policy.admin_rate_high, "default")
    return Known(policy.director_rate_low, policy.director_rate_high, "default")


def declared(amount: Range | None) -> Known | None:
    """Tag a declared amount."""
    return None if amount is None else Known(amount.low, amount.high, "declared")


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent, by kind: the months and amounts of the rows; `first_month` is the first of any kind."""

    first_month: int
    by_kind: Mapping[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]

    def per_month(self, kind: str, month: int, *, lumpy: bool) -> Known | None:
        """Give the mean a month of what was spent on a kind in the twelve months up to one; None if nothing was.

        What comes in lumps (a recruitment) is spread over twelve months even if the costs are known for fewer; what
        comes monthly is divided by the months known. Either mistake would raise the hidden part.
        """
        rows, amounts = self.by_kind.get(kind, (None, None))
        if rows is None or amounts is None:
            return None
        own = (rows > month - YEAR) & (rows <= month)
        if not own.any():
            return None
        months = YEAR if lumpy else min(YEAR, month - self.first_month + 1)
        mean = float(amounts[own].sum()) / 100 / months
        return Known(mean, mean, "measured")


def spent(books: Books) -> Spent:
    """Sort the costs by kind."""
    costs = books["costs"]
    if costs.empty:
        return Spent(0, {})
    month, amount = costs["month"].to_numpy(), costs["amount_minor"].to_numpy(dtype="float64")
    kinds = {str(kind): (month[rows], amount[rows]) for kind, rows in costs.groupby("kind").indices.items()}
    return Spent(int(month.min()), kinds)


@dataclass(frozen=True, slots=True)
class Booked:
    """Movements of the twelve months of ledger up to a month; fewer where the ledger has fewer."""

    rows: pd.DataFrame
    first_month: int
    last_month: int

    @property
    def months(self) -> int:
        """How many months there are."""
        return self.last_month - self.first_month + 1

    def per_month(self, *accounts: str) -> float | None:
        """Give the mean charge a month, in EUR, of accounts that start so; None if nothing was booked there."""
        found = [a for a in self.rows["account"].unique() if _starts(a, accounts)]
        if not found:
            return None
        own = self.rows[self.rows["account"].isin(found)]
        return float(own["debit_minor"].sum() - own["credit_minor"].sum()) / 100 / self.months


def booked(books: Books, month: int) -> Booked | None:
    """Give the last twelve months of ledger up to a month; None if it ends a year before, or isn't there.

    They end where the ledger does: an export made at closing says nothing about the months since.
    """
    ledger = books["ledger_months"]
    ledger = ledger[(ledger["month"] <= month) & ~ledger["opening"]]
    if ledger.empty:
        return None
    last = int(ledger["month"].max())
    first = max(int(ledger["month"].min()), last - YEAR + 1)
    if last <= month - YEAR:
        return None
    return Booked(ledger[ledger["month"] >= first], first, last)


def booked_range(book: Booked | None, sure: Collection[str], possible: Collection[str]) -> Known | None:
    """Give what the ledger says of a line: at least the accounts that are surely it, at most those that may be."""
    if book is None:
        return None
    low, more = book.per_month(*sure), book.per_month(*possible)
    if low is None and more is None:
        return None
    least = max(0.0, low or 0.0)
    return Known(least, least + max(0.0, more or 0.0), "measured")


def _starts(account: str, prefixes: Collection[str]) -> bool:
    return account.startswith(tuple(prefixes)) if prefixes else False


def _overlap(mondays: npt.NDArray[np.int64], first: int, last: int) -> npt.NDArray[np.int64]:
    """Count the days, Monday to Friday, that each week has in common with a month."""
    common = np.minimum(mondays + WORKDAYS - 1, last) - np.maximum(mondays, first) + 1
    days: npt.NDArray[np.int64] = np.clip(common, 0, WORKDAYS)
    return days
