"""Rates of dated trials: how many out of how many, by month, over a recent window and over the baseline.

*Trials* are a frame with columns `day` (day number), `count` (trials that went wrong) and `n` (trials).
*Monthly* is a frame with columns `month`, `count` and `n`, one row a month.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Point, RecordKeys, Tier
from signals.books import Books
from signals.calendar import Days, day_number, last_complete_month, month_end, month_start, months_of
from signals.intervals import wilson
from signals.policy import Policy

RECENT_MONTHS = 3
"""What stands for the recent window where only whole months are known."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many out of so many trials; without trials there is no value and no bound."""

    count: int = 0
    n: int = 0

    @property
    def value(self) -> float | None:
        """The share, from 0 to 1."""
        return self.count / self.n if self.n else None

    @property
    def bounds(self) -> tuple[float, float] | tuple[None, None]:
        """Wilson's bounds, each one-sided 95 %."""
        return wilson(self.count, self.n) if self.n else (None, None)


@dataclass(frozen=True, slots=True)
class Rates:
    """A rate seen three ways: recent (over `window`, both days included), as a baseline, and by month."""

    window: tuple[date, date]
    recent: Rate
    baseline: Rate
    series: tuple[Point, ...]


def rates_of(trials: pd.DataFrame, policy: Policy, end: date) -> Rates:
    """Sum trials up the three ways; nothing after `end`, the evaluation end, counts."""
    monthly = by_month(trials)
    last_month = last_complete_month(end)  # so that no month read below has a day after the end
    window = recent_window(policy, end)
    return Rates(
        window=window,
        recent=_pooled(trials[in_window(trials["day"].to_numpy(), window)]),
        baseline=rate_over(monthly, baseline_months(monthly["month"], policy, last_month)),
        series=rate_points(monthly, last_month),
    )


def answer_with(blank: Measure, rates: Rates, sources: tuple[str, ...]) -> Measure:
    """Fill a measure with rates; without recent trials it has its past and no value, and wants a reason."""
    low, high = rates.recent.bounds
    answer = replace(
        blank,
        window=rates.window,
        sources=sources,
        baseline=rates.baseline.value,
        baseline_n=rates.baseline.n,
        baseline_low=rates.baseline.bounds[0],
        baseline_high=rates.baseline.bounds[1],
        series=rates.series,
    )
    if not rates.recent.n:
        return answer
    value = rates.recent.value
    return replace(
        answer, value=value, low=low, high=high, n=rates.recent.n, tier=Tier.DIRECT, recent=value, recent_low=low
    )


def trials_of(days: Days, wrong: npt.NDArray[np.bool_], n: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Make a frame of trials from rows that stand for `n` trials each, all or none of them wrong."""
    return pd.DataFrame({"day": days, "count": np.where(wrong, n, 0), "n": n})


def by_month(trials: pd.DataFrame) -> pd.DataFrame:
    """Sum trials by month; months without any are left out."""
    rows = trials[(trials["n"] > 0) & trials["day"].notna()]
    months = months_of(rows["day"].to_numpy(dtype="float64")).astype("int64")
    return rows[["count", "n"]].assign(month=months).groupby("month", as_index=False).sum()


def rate_points(monthly: pd.DataFrame, last_month: int) -> tuple[Point, ...]:
    """Give a point with Wilson's bounds for every month from the first one with trials to `last_month`."""
    seen = {
        int(m): Rate(int(c), int(n)) for m, c, n in zip(monthly["month"], monthly["count"], monthly["n"], strict=True)
    }
    first = min((month for month, rate in seen.items() if rate.n), default=last_month + 1)
    return tuple(_point(month, seen.get(month, Rate())) for month in range(first, last_month + 1))


def baseline_months(months: Iterable[int], policy: Policy, last_month: int) -> tuple[int, ...]:
    """Choose the baseline among months with data: those of the confirmed period, else the oldest complete ones.

    A month belongs to the period when all its days do. A history shorter than `policy.baseline_months` gives all it
    has: recent and baseline then overlap, which can only hide a change, never make one up.
    """
    known = sorted({int(m) for m in months if m <= last_month})
    if policy.baseline_period is None:
        return tuple(known[: policy.baseline_months])
    first, last = policy.baseline_period
    return tuple(m for m in known if first <= month_start(m) and month_end(m) <= last)


def rate_over(monthly: pd.DataFrame, months: Collection[int]) -> Rate:
    """Pool some months into one rate."""
    return _pooled(monthly[monthly["month"].isin(list(months))])


def recent_window(policy: Policy, end: date) -> tuple[date, date]:
    """Give first and last of the `policy.change_days` days that end at `end`."""
    return end - timedelta(days=policy.change_days - 1), end


def in_window(days: Days, window: tuple[date, date]) -> npt.NDArray[np.bool_]:
    """Say which day numbers lie in a window; NaN never does."""
    first, last = window
    return (days >= day_number(first)) & (days <= day_number(last))


def spans_on(spans: pd.DataFrame, days: Sequence[float]) -> npt.NDArray[np.int64]:
    """Count, for each of some days, the spans [`begin`, `end`) it lies in."""
    alive = spans[spans["begin"] < spans["end"]]
    begun = np.searchsorted(np.sort(alive["begin"].to_numpy()), days, side="right")
    return begun - np.searchsorted(np.sort(alive["end"].to_numpy()), days, side="right")


def spans_on_any(spans: pd.DataFrame, days: Sequence[float]) -> int:
    """Count the spans [`begin`, `end`) that any of some ascending days lies in."""
    marks = np.array([*days, np.inf])
    following = marks[np.searchsorted(marks, spans["begin"].to_numpy())]
    return int((following < spans["end"].to_numpy()).sum())


def sale_invoices(books: Books, window: tuple[date, date]) -> pd.DataFrame:
    """Give the sale invoices issued in a window, as their own source has them: none read off a ledger."""
    documents = books["documents"]
    wanted = (documents["direction"] == "sale") & (documents["kind"] == "invoice") & documents["direct"]
    return documents[wanted & in_window(documents["issued_day"].to_numpy(), window)]


def record_keys(rows: pd.DataFrame, newest_by: str, stream: str = "invoices") -> RecordKeys:
    """Name the records of some rows, newest first."""
    order = rows.sort_values([newest_by, "connection_id", "external_id"], ascending=[False, True, True])
    return RecordKeys(stream, order["external_id"].tolist(), order["connection_id"].tolist())


def sources_of(*tables: pd.DataFrame) -> tuple[str, ...]:
    """Name the connections that rows are from, sorted."""
    return tuple(sorted({str(source) for table in tables for source in table["connection_id"].unique()} - {""}))


def _pooled(rows: pd.DataFrame) -> Rate:
    return Rate(int(rows["count"].sum()), int(rows["n"].sum()))


def _point(month: int, rate: Rate) -> Point:
    low, high = rate.bounds
    return Point(month, rate.value, low, high, rate.n)
