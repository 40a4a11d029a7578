"""Volume and growth: how many documents a month, and how fast that changes.

Sen, P. K. (1968), "Estimates of the regression coefficient based on Kendall's tau", JASA 63.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import expm1, floor, sqrt
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from signals.base import Measure, Point, Reason, Tier, Unit
from signals.books import Books
from signals.calendar import last_complete_month, month_end, month_start
from signals.intervals import Z_ONE_SIDED_95
from signals.policy import Policy
from signals.rates import sources_of

YEAR = 12  # months
HALF_A_DOCUMENT = 0.5  # what an empty month counts as, so that it has a logarithm


@dataclass(frozen=True, slots=True)
class Volume:
    """Documents of each month from the first known one on; a month without any is a zero."""

    first_month: int
    sales: tuple[int, ...]
    purchases: tuple[int, ...]
    direct: bool  # whether no month is read off a ledger
    sources: tuple[str, ...]

    @property
    def total(self) -> tuple[int, ...]:
        """Sales and purchases together, by month."""
        return tuple(s + p for s, p in zip(self.sales, self.purchases, strict=True))

    @property
    def last_month(self) -> int:
        """The newest month."""
        return self.first_month + len(self.sales) - 1

    def window(self, months: int) -> tuple[int, int]:
        """Give first and last of the newest months, at most so many."""
        return max(self.first_month, self.last_month - months + 1), self.last_month

    @property
    def series(self) -> tuple[Point, ...]:
        """A point for each month."""
        return tuple(Point(self.first_month + i, float(n), n=n) for i, n in enumerate(self.total))


def monthly_volume(books: Books) -> Volume | None:
    """Count documents of the complete months; None without any.

    Months end with the last one that has a document: a source that stops is no proof of an idle company. Where a
    month and direction has documents of its own, those read off a ledger are the same ones again, and don't count.
    """
    rows = books["volume"]
    rows = rows[(rows["month"] <= last_complete_month(books.as_of)) & (rows["n"] > 0)]
    if rows.empty:
        return None
    rows = rows[rows["direct"] | ~rows.groupby(["month", "direction"])["direct"].transform("any")]
    first, last = int(rows["month"].min()), int(rows["month"].max())

    def by_month(direction: str) -> tuple[int, ...]:
        counts = rows[rows["direction"] == direction].groupby("month")["n"].sum()
        return tuple(int(counts.get(month, 0)) for month in range(first, last + 1))

    return Volume(first, by_month("sale"), by_month("purchase"), bool(rows["direct"].all()), sources_of(rows))


def sen_slope(values: Sequence[float] | npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Give the median of all pairs' slopes a step, with 90 % bounds: slope, low, high.

    The bounds are order statistics of the slopes; how far out, Kendall's S says, taken as normal. Raises ValueError
    for fewer than two values.
    """
    n = len(values)
    if n < 2:  # noqa: PLR2004 - one value has no slope
        raise ValueError("a slope takes two values")
    y = np.asarray(values, dtype="float64")
    i, j = np.triu_indices(n, k=1)
    slopes = np.sort((y[j] - y[i]) / (j - i))
    spread = Z_ONE_SIDED_95 * sqrt(n * (n - 1) * (2 * n + 5) / 18)
    below = max(0, floor((len(slopes) - spread) / 2))
    low, high = slopes[max(0, below - 1)], slopes[min(len(slopes) - 1, len(slopes) - below)]
    return float(np.median(slopes)), float(low), float(high)


@dataclass(frozen=True, slots=True)
class Growth:
    """K61: how fast the number of documents grows, as a share a year."""

    name: ClassVar[str] = "document_growth"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Take the robust slope of the logarithm of twelve months' documents, times twelve.

        Twelve months can't tell growth from a season; a second year is needed for that.
        """
        answer = Measure(name=self.name, kpi="K61", signal=None, unit=Unit.SHARE_PER_YEAR)
        volume = monthly_volume(books)
        if volume is None:
            return replace(answer, reason=Reason("no_documents_source"))
        counts = volume.total[-YEAR:]
        if len(counts) < YEAR:
            return replace(answer, n=len(counts), reason=Reason("few_months", {"n": len(counts), "needed": YEAR}))
        logs = np.log(np.maximum(counts, HALF_A_DOCUMENT))
        value, low, high = (expm1(slope * YEAR) for slope in sen_slope(logs))
        first, last = volume.window(YEAR)
        return replace(
            answer,
            value=value,
            low=low,
            high=high,
            n=YEAR,
            window=(month_start(first), month_end(last)),
            tier=Tier.DIRECT if volume.direct else Tier.PROXY,
            sources=volume.sources,
            notes=(Reason("growth_uncertain", {"low": low, "high": high}),) if low <= 0 <= high else (),
        )
