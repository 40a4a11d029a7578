"""How much evidence is enough: the threshold at which a series in good order alarms once in so many years.

M of `change_evidence` starts at 0 and is no larger, on average, than the weeks run; so ln(52 years) keeps to the budget
by theorem. It keeps to it too well: at the alarm M has gone past the threshold, by as much as a week's evidence comes
in leaps (Pollak 1987 on the overshoot of Shiryaev-Roberts). What may be taken off is that overshoot, `offset`.
"""

from math import exp, log

import numpy as np
import numpy.typing as npt

from signals.change_evidence import WEEKS_A_YEAR

Array = npt.NDArray[np.float64]

AT_REST, BY_SPREAD = 0.10, 0.35
"""What comes off ln(weeks): the first whatever the volume, the second times the spread of a week (see `offset`).

Calibrated by our simulation, looked at daily under the cap: rates of .02 to .40, one to 5,000 trials a week, phi 1, 2
and 4. At budgets of 5 and 20 years a series the formula is .0 to .9 below what was found, that is on the quiet side;
above it by up to .2 at a rate of .40 with under 10 trials a week, and at a budget of one year with hundreds a week.
"""

WIDEST = 8.0
"""Spreads above count as this, which is as far as was simulated: some 700 trials a week at a rate of .10."""

LEVEL_OFFSET = 0.55
"""The same for hours, which have one value a week: see `detect_level_change` for the false alarms it gives."""

VOLUME_WEEKS = 26
"""Seen weeks that say what the volume is: half a year, so that August alone does not."""

LARGEST_EXPONENT = 700.0  # of what a float can hold


def offset(weekly: Array | float, p0: Array | float, phi: Array | float) -> Array:
    """Give what the threshold lies below ln(weeks), at so many trials a week.

    By the standard deviation of a week's wrong trials, discounted as the evidence is: sqrt(weekly p0 (1 - p0) / phi).
    """
    spread = np.sqrt(np.asarray(weekly * (p0 * (1 - p0) / phi), dtype="float64"))
    taken_off: Array = AT_REST + BY_SPREAD * np.minimum(spread, WIDEST)
    return taken_off


def threshold(years: float, taken_off: Array | float = LEVEL_OFFSET) -> Array:
    """Give the log M at which a series in good order alarms once in so many years; `taken_off` is its offset."""
    return np.asarray(log(WEEKS_A_YEAR * years) - taken_off, dtype="float64")


def years_by_chance(log_m: float) -> float:
    """Give the years in which chance alone brings so much once: `threshold` turned round, `log_m` with its offset."""
    return exp(min(log_m, LARGEST_EXPONENT)) / WEEKS_A_YEAR


def volume_before(n: Array, seen: npt.NDArray[np.bool_], usual: float) -> Array:
    """Give the trials a week that came before each week: the mean of the newest `VOLUME_WEEKS` seen ones.

    Of weeks gone by alone, so that no later day changes a threshold. A history too short is filled up with `usual`.
    """
    known = np.cumsum(np.concatenate([np.full(VOLUME_WEEKS, usual), n[seen]]))
    known = np.concatenate([[0.0], known])
    gone = np.concatenate([[0], np.cumsum(seen)[:-1]]).astype("int64")
    volume: Array = (known[gone + VOLUME_WEEKS] - known[gone]) / VOLUME_WEEKS
    return volume
