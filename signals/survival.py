"""How long things take when some are not over yet: the product-limit estimator with its intervals.

An invoice still open has waited *at least* so long; a mean over the paid ones alone forgets the worst payers.
Intervals are two-sided 90 %.

Kaplan, E. L. and Meier, P. (1958), "Nonparametric estimation from incomplete observations", JASA 53.
Greenwood, M. (1926), "The natural duration of cancer", Reports on Public Health 33: the variance.
Kalbfleisch, J. D. and Prentice, R. L. (1980), "The Statistical Analysis of Failure Time Data": the log(-log) bounds,
which stay between 0 and 1.
Brookmeyer, R. and Crowley, J. (1982), "A confidence interval for the median survival time", Biometrics 38.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.intervals import Z_ONE_SIDED_95

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-9  # a product of fractions may miss a half by this much
ONE_SIDED = 0.05  # what each bound leaves out


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its bounds; None is "not reached": the wait is longer than anything observed."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Survival:
    """The share not yet over after each observed time, oldest first; all five arrays have one value a time.

    `at_risk` were still waiting just before `time`; `events` ended on it; the rest left unseen (censored).
    """

    time: Floats
    at_risk: Floats
    events: Floats
    share: Floats
    variance: Floats  # Greenwood's, of the share's logarithm

    @property
    def n(self) -> int:
        """How many were observed, those not over included."""
        return int(self.at_risk[0]) if len(self.time) else 0

    @property
    def ended(self) -> int:
        """How many were seen to end."""
        return int(self.events.sum())

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Bounds of the share after each time.

        Before the first event Greenwood's variance is zero, which would claim certainty: the lower bound is then the
        exact binomial one for none in those at risk. Once all are over it is infinite: the upper bound stays.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.log(self.share)
            spread = Z_ONE_SIDED_95 * np.sqrt(self.variance) / np.abs(log)
            low = np.exp(log * np.exp(spread))
            high = np.exp(log * np.exp(-spread))
        none_yet, all_over = self.share > 1 - ROUNDING, self.share < ROUNDING
        low = np.where(none_yet, ONE_SIDED ** (1 / np.maximum(self.at_risk, 1)), np.where(all_over, 0.0, low))
        high = np.where(none_yet, 1.0, high)
        if all_over.any():
            first = int(np.argmax(all_over))
            high[first:] = high[first - 1] if first else 1.0
        return low, high

    def after(self, time: float) -> Estimate:
        """Give the share not yet over after a time; nothing beyond the last one observed, unless all were over."""
        index = int(np.searchsorted(self.time, time, side="right")) - 1
        if not len(self.time) or (time > self.time[-1] and self.share[-1] > ROUNDING):
            return Estimate()
        if index < 0:
            return Estimate(1.0, float(ONE_SIDED ** (1 / self.at_risk[0])), 1.0)
        low, high = self.bounds
        return Estimate(float(self.share[index]), float(low[index]), float(high[index]))

    def quantile(self, share: float) -> Estimate:
        """Give the time by which a share (0 to 1) is over: the first after which at most the rest is left.

        The bounds are those times whose own bounds contain the rest (Brookmeyer and Crowley, with log(-log)).
        """
        low, high = self.bounds
        return Estimate(*(self._first_at_most(band, 1 - share) for band in (self.share, low, high)))

    @property
    def median(self) -> Estimate:
        """The time by which half is over."""
        return self.quantile(0.5)

    def _first_at_most(self, band: Floats, left: float) -> float | None:
        below = np.flatnonzero((band <= left + ROUNDING) & self._begun)
        return float(self.time[below[0]]) if len(below) else None

    @property
    def _begun(self) -> npt.NDArray[np.bool_]:
        """From the first event on: a lower bound that is low for want of cases says nothing about time before it."""
        begun: npt.NDArray[np.bool_] = np.cumsum(self.events) > 0
        return begun


def kaplan_meier(waited: npt.ArrayLike, over: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Survival:
    """Estimate the share not yet over by time, from how long each waited and whether it is over.

    `waited` are days from the start to the end, or to the last day looked at; `over` says which of the two. `weights`
    count how many each stands for. Those censored at a time are still at risk then: they waited it out. Times may be
    negative (billed before delivery). Raises ValueError for lengths that differ and for a time that is no number.
    """
    times = np.asarray(waited, dtype="float64")
    ended = np.asarray(over, dtype=bool)
    counts = np.ones(len(times)) if weights is None else np.asarray(weights, dtype="float64")
    if not len(times) == len(ended) == len(counts):
        raise ValueError("as many waits as ends and weights, please")
    if np.isnan(times).any():
        raise ValueError("a wait is a number")
    time, position = np.unique(times[counts > 0], return_inverse=True)
    ended, counts = ended[counts > 0], counts[counts > 0]
    left = np.bincount(position, weights=counts, minlength=len(time)).astype("float64")
    events = np.bincount(position, weights=counts * ended, minlength=len(time)).astype("float64")
    at_risk: Floats = np.cumsum(left[::-1])[::-1]
    share: Floats = np.cumprod(1 - events / at_risk).astype("float64")
    with np.errstate(divide="ignore"):
        variance = np.cumsum(np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0))
    return Survival(time, at_risk, events, share, variance)
