"""What a change for the worse looks like: none, a one-off, a recurrent one, a step or a drift, as a posterior.

The monthly counts after the baseline are beta-binomial (Skellam 1948) around an odds ratio to the usual rate, which
the shape makes a course of (`shape_courses`). A shape's marginal likelihood is the mean over its courses and over
`SIZES`, with the usual rate integrated over what the baseline leaves uncertain; all five shapes are equally likely
beforehand. Marginal likelihoods pay for freedom by themselves (Kass & Raftery 1995): a shape that could start anywhere
has to fit that much better.

Simulated (`benchmarks/shape`): how often the likeliest shape is the right one, and the named one, by volume.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt

import numpy as np
import numpy.typing as npt

from signals.base import Reason
from signals.calendar import Days, months_of
from signals.change_baseline import JEFFREYS, Baseline
from signals.shape_courses import drifts, one_offs, periodic, recurrences, steps
from signals.weeks import Weeks

Array = npt.NDArray[np.float64]

SIZES = (1.3, 1.6, 2.0, 2.7, 4.0, 6.0, 10.0)
"""Odds ratios a change may have: those of the change test (`change_evidence.ODDS`) and two larger ones.

To the test a larger change is evidence all the same. Here no course would fit it, and the misfit would pick the shape.
"""
MONTHS = 36
"""Months looked at, the newest."""
FEWEST_MONTHS = 6
USUAL_RATES = 21
"""Points over which the usual rate is integrated, evenly over `USUAL_WIDTH` standard deviations of its logit."""
USUAL_WIDTH = 7.0
FINEST = 0.02
"""Widest step of the table of likelihoods, in logits; between its points the logarithm is interpolated."""
LEAST_PHI = 1.01
"""Under it beta-binomial counts are binomial for all that matters, and the gamma functions keep their digits."""
LEAST_PRECISION = 1.0
"""Of a month's beta distribution: a month with fewer trials than phi would have none."""


class ShapeName(StrEnum):
    """The shapes: as usual; one bad spell that ended; bad spells that come back; worse since; worse and worse."""

    NONE = "none"
    ONE_OFF = "one_off"
    RECURRENT = "recurrent"
    STEP = "step"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeRule:
    """When a shape is named: its probability, and trials a month.

    Under 60 trials a month a drift looks too much like a step: simulated, it is the likeliest shape in six of ten
    cases at 20. Under 20 a one-off has hardly more bad trials than chance brings.
    """

    probability: float = 0.80
    drift_trials: float = 60.0
    trials: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The shape of a series, with its evidence.

    `probabilities` has one value a shape and sums to one; it is empty where nothing can be said. `label` is None where
    no shape may be named; `reasons` then say why, and whether it has got worse at all. `per_month` is the mean number
    of trials of the `months` that have any; `n` is all of them.
    """

    probabilities: Mapping[ShapeName, float]
    label: ShapeName | None
    reasons: tuple[Reason, ...]
    months: int = 0
    n: int = 0
    per_month: float = 0.0

    @property
    def worse(self) -> float | None:
        """The probability that it has got worse, whatever the shape."""
        return 1 - self.probabilities[ShapeName.NONE] if self.probabilities else None


def shape_of(weeks: Weeks, baseline: Baseline, rule: ShapeRule | None = None) -> Shape:
    """Give the shape of the seen weeks after a baseline; a week counts in the month of its Thursday."""
    count, n = by_month(weeks, after=baseline.last_week.toordinal() - EPOCH_ORDINAL)
    return shape(count, n, rate=baseline.rate, trials=baseline.n, phi=baseline.phi, rule=rule)


EPOCH_ORDINAL = 719163
"""Of 1970-01-01, which day numbers count from."""
THURSDAY = 3  # days after Monday


def by_month(weeks: Weeks, after: float) -> tuple[Array, Array]:
    """Sum the seen weeks after a Monday's day number by month: counts and trials, months without any included."""
    told = weeks.seen & (weeks.n > 0) & (weeks.week_day > after)
    if not told.any():
        return np.zeros(0), np.zeros(0)
    month: Days = months_of(weeks.week_day[told] + THURSDAY)
    place = (month - month.min()).astype("int64")
    count: Array = np.bincount(place, weights=weeks.count[told]).astype("float64")
    n: Array = np.bincount(place, weights=weeks.n[told]).astype("float64")
    return count, n


def shape(
    count: Array, n: Array, *, rate: float, trials: float, phi: float = 1.0, rule: ShapeRule | None = None
) -> Shape:
    """Give the shape of consecutive months, oldest first: `count` bad ones of `n` trials; a month may have none.

    `rate` and `trials` are those of the confirmed baseline, before these months; `phi` is how many times the variance
    of a month's count is that of independent trials. Raises ValueError for counts below 0 or above their trials.
    """
    rule = rule or ShapeRule()
    count, n = np.asarray(count, dtype="float64")[-MONTHS:], np.asarray(n, dtype="float64")[-MONTHS:]
    if len(count) != len(n) or (count < 0).any() or (count > n).any():
        raise ValueError("a month has as many bad trials as it has trials, at most")
    seen = int((n > 0).sum())
    if seen < FEWEST_MONTHS:
        why = Reason("few_months", {"n": seen, "needed": FEWEST_MONTHS})
        return Shape(probabilities={}, label=None, reasons=(why,), months=seen, n=int(n.sum()))
    probabilities = _posterior(count, n, rate, trials, max(phi, LEAST_PHI))
    per_month = float(n.sum()) / seen
    label, reasons = _named(probabilities, per_month, rule)
    return Shape(
        probabilities=probabilities, label=label, reasons=reasons, months=seen, n=int(n.sum()), per_month=per_month
    )


def _named(
    probabilities: Mapping[ShapeName, float], per_month: float, rule: ShapeRule
) -> tuple[ShapeName | None, tuple[Reason, ...]]:
    """Name a shape where that may be done, and say what holds the name back where it may not."""
    likeliest = max(ShapeName, key=lambda name: probabilities[name])
    worse = 1 - probabilities[ShapeName.NONE]
    said: dict[str, str | int | float] = {"shape": likeliest.value, "probability": probabilities[likeliest]}
    held: tuple[Reason, ...] = ()
    if per_month < rule.trials:
        held = (Reason("shape_few_trials", {"per_month": per_month, "needed": rule.trials}),)
    elif likeliest is ShapeName.DRIFT and per_month < rule.drift_trials:
        held = (Reason("shape_drift_few_trials", {"per_month": per_month, "needed": rule.drift_trials}),)
    if probabilities[likeliest] >= rule.probability and not held:
        return likeliest, (Reason("shape_named", said),)
    if worse >= rule.probability:
        return None, (Reason("shape_worse", {"probability": worse}), *held)
    return None, (Reason("shape_undetermined", {"probability": worse}), *held)


def _posterior(count: Array, n: Array, rate: float, trials: float, phi: float) -> dict[ShapeName, float]:
    """Integrate the usual rate out of each shape's marginal likelihood, and weigh the shapes equally."""
    centre, step, weight = _usual(rate, trials, phi)
    fine = step / max(1, int(np.ceil(step / FINEST)))
    stride = round(step / fine)
    reach = int(np.ceil(log(max(SIZES)) / fine)) + 1
    span = stride * (USUAL_RATES // 2)
    logit: Array = centre + fine * np.arange(-span, span + reach + 1, dtype="float64")
    table = log_likelihood(count, n, logit, phi)  # months x logits
    usual = stride * np.arange(USUAL_RATES)
    calm = table[:, usual]
    base = weight + calm.sum(0)
    gain = np.stack([_at(table, usual, log(size) / fine) - calm for size in SIZES], axis=-1)  # months x rates x sizes
    months = len(count)
    flat = gain.reshape(months, -1)
    marginal = {
        ShapeName.NONE: np.zeros(USUAL_RATES),
        ShapeName.ONE_OFF: _mean(one_offs(months) @ flat),
        ShapeName.RECURRENT: np.logaddexp(_mean(periodic(months) @ flat), _mean(recurrences(flat))) - log(2),
        ShapeName.STEP: _mean(steps(months) @ flat),
        ShapeName.DRIFT: _drift(table, usual, calm, fine),
    }
    total = np.array([_log_sum(base + marginal[name]) for name in ShapeName])
    share = np.exp(total - total.max())
    return dict(zip(ShapeName, (share / share.sum()).tolist(), strict=True))


def _usual(rate: float, trials: float, phi: float) -> tuple[float, float, Array]:
    """Give the usual rate's posterior over evenly spaced logits: their centre, their step, log weights.

    Beta (Jeffreys 1946) on the baseline's counts discounted by phi, times the slope of the logit.
    """
    bad = rate * trials / phi + JEFFREYS
    good = (1 - rate) * trials / phi + JEFFREYS
    centre, deviation = log(bad / good), sqrt(1 / bad + 1 / good)
    step = USUAL_WIDTH * deviation / (USUAL_RATES - 1)
    logit = centre + step * np.arange(-(USUAL_RATES // 2), USUAL_RATES // 2 + 1)
    weight = bad * logit - (bad + good) * np.logaddexp(0, logit)
    return centre, step, weight - _log_sum(weight)


def _drift(table: Array, usual: npt.NDArray[np.int64], calm: Array, fine: float) -> Array:
    """Give the log mean likelihood ratio of the drifts, by usual rate."""
    months = len(table)
    course = drifts(months)  # courses x months, of the size's logarithm
    found = []
    for size in SIZES:
        offset = course * (log(size) / fine)
        below = offset.astype("int64")
        part = (offset - below)[..., None]
        place = below[..., None] + usual
        rows = np.arange(months)[None, :, None]
        value = table[rows, place] * (1 - part) + table[rows, place + 1] * part
        found.append((value - calm).sum(1))
    return _mean(np.stack(found, axis=-1).reshape(len(course), -1))


def _at(table: Array, usual: npt.NDArray[np.int64], offset: float) -> Array:
    """Read the table at an offset from each usual rate, in steps of the table."""
    below = int(offset)
    part = offset - below
    value: Array = table[:, usual + below] * (1 - part) + table[:, usual + below + 1] * part
    return value


def _mean(ratio: Array) -> Array:
    """Average likelihood ratios over courses and sizes, given and returned as logarithms: one value a usual rate."""
    by_rate = ratio.reshape(len(ratio), USUAL_RATES, -1)
    top = by_rate.max((0, 2))
    value: Array = top + np.log(np.exp(by_rate - top[:, None]).mean((0, 2)))
    return value


def _log_sum(value: Array) -> float:
    top = float(value.max())
    return top + float(np.log(np.exp(value - top).sum()))


def log_likelihood(count: Array, n: Array, logit: Array, phi: float) -> Array:
    """Give the beta-binomial log likelihood of each month at each logit, but for what doesn't depend on the logit.

    A month's precision makes the variance of its count `phi` times the binomial one, phi above 1.
    """
    precision = np.maximum((n - phi) / (phi - 1), LEAST_PRECISION)[:, None]
    bad = precision / (1 + np.exp(-logit))
    good = precision / (1 + np.exp(logit))
    x, rest = count[:, None], (n - count)[:, None]
    value: Array = log_gamma(x + bad) - log_gamma(bad) + log_gamma(rest + good) - log_gamma(good)
    return value


def log_gamma(x: Array) -> Array:
    """Give the logarithm of the gamma function for x above 0, to nine digits (Stirling's series, from 6 on)."""
    shifted = x + 6
    falling = np.log(x * (x + 1) * (x + 2) * (x + 3) * (x + 4) * (x + 5))
    inverse = 1 / shifted
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    value: Array = (shifted - 0.5) * np.log(shifted) - shifted + 0.5 * log(2 * np.pi) + series - falling
    return value
