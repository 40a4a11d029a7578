"""The courses a change may take over some months: each shape's own, every one of them as likely as the others.

A course is a row of zeros and ones (for a drift, of shares of the final log odds ratio), one value a month.
"""

from functools import lru_cache
from math import log

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LONGEST_SPELL = 3
"""Months a one-off lasts at most; what lasts longer is a step that may have ended."""
PERIODS = (2, 3, 4, 6, 12)
"""Months from one bad month to the next: every other one, quarters, years and what lies between."""
CHANCES = (0.15, 0.30, 0.45)
"""Share of bad months where they come back irregularly."""
SHORTEST_DRIFT = 6
"""Months; a faster rise can't be told from a step."""
CACHED = 64  # lengths of history


@lru_cache(CACHED)
def one_offs(months: int) -> Array:
    """Give one bad spell of one to three months, wherever it begins."""
    t = np.arange(months)
    begun = [(start, start + long) for long in range(1, LONGEST_SPELL + 1) for start in range(months - long + 1)]
    return np.array([(t >= start) & (t < end) for start, end in begun], dtype="float64")


@lru_cache(CACHED)
def steps(months: int) -> Array:
    """Give a level that is bad from some month on until the last, from the first month at the earliest."""
    t = np.arange(months)
    return np.array([t >= start for start in range(months)], dtype="float64")


@lru_cache(CACHED)
def periodic(months: int) -> Array:
    """Give one bad month a period, from some month on, twice at least."""
    t = np.arange(months)
    begun = [(start, period) for period in PERIODS for start in range(months - period)]
    return np.array([(t >= start) & ((t - start) % period == 0) for start, period in begun], dtype="float64")


@lru_cache(CACHED)
def drifts(months: int) -> Array:
    """Give a straight rise of the log odds from some month to the last, over six months at least."""
    t = np.arange(months)
    begun = range(months - SHORTEST_DRIFT + 1)
    return np.array([np.clip((t - start + 1) / (months - start), 0, None) for start in begun])


def recurrences(gain: Array) -> Array:
    """Average over all irregular courses with two bad spells or more, one row a chance of `CHANCES`.

    `gain` (months x anything) is what a bad month adds to the log likelihood. Months are bad independently; courses
    are summed by a forward recursion (Baum et al. 1970) over what has been so far: no spell, in the first, after it,
    in a later one, after that.
    """
    rows = []
    for chance in CHANCES:
        found = _two_spells(gain, chance)
        alone = _two_spells(np.zeros((len(gain), 1)), chance)  # how likely such a course is at all
        rows.append(found - alone)
    return np.stack(rows)


def _two_spells(gain: Array, chance: float) -> Array:
    good, bad = log(1 - chance), log(chance)
    none = np.zeros(gain.shape[1])
    never = np.full(gain.shape[1], -np.inf)
    first, after, later, rest = never, never, never, never
    for month in gain:
        worse = month + bad
        none, first, after, later, rest = (
            none + good,
            np.logaddexp(none, first) + worse,
            np.logaddexp(first, after) + good,
            np.logaddexp(np.logaddexp(after, later), rest) + worse,
            np.logaddexp(later, rest) + good,
        )
    return np.asarray(np.logaddexp(later, rest))
