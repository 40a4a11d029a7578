"""Where a number should be some days from now if nothing changes: the range a letter holds it against later.

A rate or a mean over a window of W days drops its oldest h days in h days and takes in h new ones. If nothing changed,
those are draws from the same source, so that the number moves by the difference of two means of h days weighted
h / W: with the standard error s of the number itself, by a standard deviation of s sqrt(2 h / W), and of s sqrt 2 at
most, once the windows no longer overlap. The number's own 90 % interval gives s, so the range is a 90 % one; the
wider half is taken on both sides, for a rate near zero rises by whole invoices and falls by them, too. Where the months
of a rate scatter more than chance alone would have them, it is widened by the square root of their overdispersion.

Other numbers (states, stocks, costs) have no such interval. Theirs is distribution-free: of m differences between one
month and the next, another one is no larger than the k-th smallest in k of m + 1 cases (Vovk, Gammerman and Shafer
2005, split conformal prediction), if they are exchangeable; a week moves a number by no more than a month does.

Simulated in `tests/signals/test_expected.py`, a week ahead, fixed seeds, nothing changed: inside were 91 % to 98 % of
the values of a rate (20 to 400 invoices a month, 2 % to 30 %; the most where one invoice is a large step), 93 % of
directors' hours, 97 % to 99 % of a rate that sways by half from month to month, 92 % of a state with heavy tails. A
rate that leaps from 2 % to 30 % is outside within the week. So it is a range for what nothing is known to be changing:
no forecast of a trend, and none is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt
from statistics import fmean

from signals.base import Measure, Point, Tier, Unit

MOVING = frozenset({"late_issued_rate", "error_rate", "director_hours_per_week"})
"""Means over a window that moves with the day, whose interval is that of a sample; all else goes by its months."""
INSIDE = 0.9
"""The share of values that should be inside: that of the intervals (see `signals.intervals`)."""
LONGEST_AHEAD = 31
"""Days; what a month's difference can speak for."""
MONTHS_LOOKED_AT = 24
FEWEST_PAIRS = 6
"""Fewer pairs of months tell nothing of how they scatter; of chance alone six give an overdispersion of 1.0 ± 0.6."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A range in the measure's unit, both bounds included."""

    low: float
    high: float


def range_ahead(measure: Measure, days: int) -> Ahead | None:
    """Give the range of a number `days` (1 to 31) after its own day; None where nothing honest can be said."""
    if measure.value is None or not 0 < days <= LONGEST_AHEAD:
        return None
    half = _of_window(measure, days) if _is_moving(measure) else _of_months(measure.series)
    if half is None:
        return None
    most = 1.0 if measure.unit is Unit.SHARE else None
    high = measure.value + half
    return Ahead(max(0.0, measure.value - half), high if most is None else min(most, high))


def _is_moving(measure: Measure) -> bool:
    return measure.name in MOVING and measure.tier in (Tier.DIRECT, Tier.PROXY)


def _of_window(measure: Measure, days: int) -> float | None:
    if measure.value is None or measure.low is None or measure.high is None or measure.window is None:
        return None
    first, last = measure.window
    renewed = min(1.0, days / ((last - first).days + 1))
    scatter = overdispersion(measure.series) if measure.unit is Unit.SHARE else 1.0
    return max(measure.value - measure.low, measure.high - measure.value) * sqrt(2 * renewed * scatter)


def overdispersion(series: Sequence[Point]) -> float:
    """Say how much more neighbouring months of a rate differ than chance alone would have them; 1 at least.

    The mean of squared differences over their binomial variance (von Neumann 1941): a level that drifts over the years
    adds little to it, unlike to a variance about one mean.
    """
    found = []
    for before, after in _neighbours(series):
        n, m = before.n, after.n
        pooled = ((before.value or 0.0) * n + (after.value or 0.0) * m) / (n + m) if n and m else 0.0
        if 0.0 < pooled < 1.0:
            found.append(_difference(before, after) ** 2 / (pooled * (1 - pooled) * (1 / n + 1 / m)))
    return max(1.0, fmean(found)) if len(found) >= FEWEST_PAIRS else 1.0


def _of_months(series: Sequence[Point]) -> float | None:
    moves = sorted(_difference(before, after) for before, after in _neighbours(series))
    rank = ceil(INSIDE * (len(moves) + 1))
    return moves[rank - 1] if rank <= len(moves) else None  # nine differences at least


def _neighbours(series: Sequence[Point]) -> list[tuple[Point, Point]]:
    known = [point for point in series[-MONTHS_LOOKED_AT - 1 :] if point.value is not None]
    return [(a, b) for a, b in pairwise(known) if b.month - a.month == 1]


def _difference(before: Point, after: Point) -> float:
    return abs((after.value or 0.0) - (before.value or 0.0))
