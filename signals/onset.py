"""When a change began: the most likely first week of the excess, with an 80 % interval.

The profile likelihood of a step's first week (Hinkley 1970), the rate after it taken at its most likely; weighted and
summed over the weeks, so that its 10 % and 90 % points bound the interval. In our simulation (baseline of 52 weeks,
steps from .10, asked on the day of the alarm) it held the true week in .80 to .98 of cases for a doubling or more, at
20, 60, 200 and 500 trials a month, phi 1 and 2; for a step to .15 in .80 to .92 from 60 a month on, and in .85 and .60
at 20 a month, where it tends to name too late a week: an alarm stops the count when luck runs high.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from signals.calendar import Days, day_of

Array = npt.NDArray[np.float64]

TAIL = 0.10  # on either side of the interval


@dataclass(frozen=True, slots=True)
class Onset:
    """Mondays of the likeliest first week and of the first and last of an 80 % interval; what was seen since.

    `count` and `n` are wrong trials and trials, or hours and weeks, from the likeliest week to the one of the answer.
    """

    week: date
    low: date
    high: date
    count: float
    n: float


def onset_of(log_likelihood: Array, week_day: Days, count: Array, n: Array) -> Onset:
    """Read the onset off the log likelihood of each week being the first of the excess; all four by week."""
    weights = np.exp(log_likelihood - log_likelihood.max())
    share = np.cumsum(weights) / weights.sum()
    likeliest = int(log_likelihood.argmax())
    first = min(int(np.searchsorted(share, TAIL)), likeliest)
    last = max(int(np.searchsorted(share, 1 - TAIL)), likeliest)
    return Onset(
        day_of(week_day[likeliest]),
        day_of(week_day[first]),
        day_of(week_day[last]),
        float(count[likeliest:].sum()),
        float(n[likeliest:].sum()),
    )


def rate_profile(count: Array, n: Array, rate: float, phi: float) -> Array:
    """Give, for each week, the log likelihood ratio of a higher rate from then on against `rate` (above 0, below 1)."""
    wrong, trials = _to_the_end(count), _to_the_end(n)
    after = np.clip(wrong / trials, rate, 1 - 1e-12)
    gain = wrong * np.log(after / rate) + (trials - wrong) * np.log((1 - after) / (1 - rate))
    return np.asarray(gain / phi)


def level_profile(z: Array, phi: float) -> Array:
    """Give the same for a mean above 0 of standardised weeks."""
    excess = np.maximum(_to_the_end(z), 0.0)
    return np.asarray(excess**2 / (2 * phi * np.arange(len(z), 0, -1)))


def _to_the_end(values: Array) -> Array:
    return np.cumsum(values[::-1])[::-1]
