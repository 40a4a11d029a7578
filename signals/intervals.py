"""Intervals: two-sided 90 %, so that each bound is a one-sided 95 % one.

Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean, stdev

Z_ONE_SIDED_95 = NormalDist().inv_cdf(0.95)

# Student's t, 95th percentile, by degrees of freedom; beyond the table the normal one is within 4 %.
_T_95 = (
    6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753, 1.746,
    1.740, 1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697,
)  # fmt: skip


def wilson(count: int, n: int, z: float = Z_ONE_SIDED_95) -> tuple[float, float]:
    """Bound a proportion of `count` in `n`; (0, 1) without trials."""
    if n == 0:
        return 0.0, 1.0
    share = count / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == n else min(1.0, centre + half)
    return low, high


def student(values: Sequence[float]) -> tuple[float, float] | None:
    """Bound the mean of some values by Student's t; None for fewer than two."""
    n = len(values)
    if n < 2:  # noqa: PLR2004 - one value has no spread
        return None
    t = _T_95[n - 2] if n - 2 < len(_T_95) else Z_ONE_SIDED_95
    half = t * stdev(values) / sqrt(n)
    middle = fmean(values)
    return middle - half, middle + half
