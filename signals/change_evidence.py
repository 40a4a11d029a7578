"""Evidence of a change for the worse, week by week: the mixture Shiryaev-Roberts e-detector.

Shin, J., Ramdas, A. & Rinaldo, A. (2024), "E-detectors", New England Journal of Statistics in Data Science; after
Shiryaev (1963), Roberts (1966) and Pollak (1985). M = (M + 1) e with an e-value e each week has M no larger, on
average, than the weeks run, whatever hangs together with what: so the mean time to a false alarm at M >= A is at
least A weeks. Averages of such M are such M again; that is what mixes several sizes of change, and several signals.

Here e = exp(llr / phi), llr the log likelihood ratio of a rate p1 against p0 and phi >= 1 the overdispersion: a power
of a likelihood ratio below one, hence an e-value still. Evidence is discounted, not the threshold raised.
"""

from math import log

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ODDS = (1.3, 1.6, 2.0, 2.7, 4.0)
"""Odds ratios mixed: how much worse, from a third more to fourfold."""

SHIFTS = (0.5, 0.75, 1.0, 1.5, 2.0)
"""Shifts mixed for hours, in standard deviations of a week."""

CAP = 2.0
"""Most log evidence one week can bring: a single bad week is no change."""

WINSOR = 2.5
"""Standard deviations beyond which a week of hours counts no more (Huber 1964's idea, at a usual cut)."""

WEEKS_A_YEAR = 52


def evidence(
    count: Array,
    n: Array,
    p0: Array,
    phi: Array,
    *,
    seen: Flags | None = None,
    odds: tuple[float, ...] = ODDS,
    cap: float = CAP,
) -> Array:
    """Give the log of M, one row a series and one column a week: that its rate is above p0 by now.

    `count` of `n` trials went wrong, both (series, weeks); `p0` (between 0 and 1) and `phi` (1 or more) are (series,).
    What is capped is the weekly increment of log evidence, llr / phi of each odds ratio, at `cap`; increments for
    "all is well" are not. M is -inf (log 0) before the first week that says something. A week that was not `seen`, or
    has no trials, freezes M: it brings no evidence, and must not bring the "+ 1" either, which alone would reach any
    threshold in a series that never has a trial. Row i depends on row i alone, week t on the weeks up to t alone.
    Raises ValueError when p0 or phi is out of range.
    """
    p0, phi = _column(p0), _column(phi)
    _refuse_impossible(p0, phi)
    said = (n > 0) if seen is None else (n > 0) & seen
    paths = [_shiryaev_roberts(_gain(count, n, p0, phi, ratio, cap, said), said) for ratio in odds]
    return _average(paths)


def evidence_by_day(
    count: Array,
    n: Array,
    p0: Array,
    phi: Array,
    *,
    so_far: Array | None = None,
    odds: tuple[float, ...] = ODDS,
    cap: float = CAP,
) -> Array:
    """Give the log of M at each day's end, (series, weeks, 7): that of whole weeks, and of the week so far.

    `count` of `n` trials of each day went wrong, (series, weeks, 7), Monday first. A week's evidence is that of its
    trials so far, capped as the whole week's; so M = (M + 1) e still goes by the week, its last day says what
    `evidence` says of the week, and what holds of M per week holds of it at any day one stops on. `so_far` (series, 7)
    is what is normal of Monday up to each day where that is not p0, as weekdays differ; the last is not used: a whole
    week goes by p0. On days before a week's first trial M is that of the week before. Raises as `evidence`.
    """
    p0, phi = _column(p0), _column(phi)
    _refuse_impossible(p0, phi)
    wrong, trials = np.cumsum(count, axis=2), np.cumsum(n, axis=2)
    said = trials > 0
    usual = np.repeat(p0, n.shape[2], axis=1)
    if so_far is not None:
        usual[:, :-1] = so_far[:, :-1]
    usual, phi3 = usual[:, np.newaxis, :], phi[:, :, np.newaxis]
    paths = []
    for ratio in odds:
        gain = _gain(wrong, trials, usual, phi3, ratio, cap, said)
        whole = _shiryaev_roberts(gain[:, :, -1], said[:, :, -1])
        before = np.concatenate([np.full((len(whole), 1), -np.inf), whole[:, :-1]], axis=1)[:, :, np.newaxis]
        day = np.where(said, np.logaddexp(before, 0.0) + gain, before)
        day[:, :, -1] = whole  # the same, to the digit
        paths.append(day)
    return _average(paths)


def evidence_of_level(
    values: Array,
    mean: Array,
    sd: Array,
    phi: Array,
    *,
    seen: Flags | None = None,
    shifts: tuple[float, ...] = SHIFTS,
    cap: float = CAP,
) -> Array:
    """Give the log of M for a level, such as hours a week: that its mean is above `mean` by now.

    As `evidence`, with the Gaussian log likelihood ratio of a shift of so many standard deviations; a week counts as
    at most `WINSOR` standard deviations away, either way. `values` is (series, weeks); `mean`, `sd` (above 0) and
    `phi` (1 or more: long-run variance over variance, for weeks that resemble their neighbours) are (series,). A NaN
    counts as not seen. Raises ValueError when sd or phi is out of range.
    """
    mean, sd, phi = _column(mean), _column(sd), _column(phi)
    if not (np.all(sd > 0) and np.all(phi >= 1)):
        raise ValueError("sd is above 0, phi is 1 or more")
    said = np.isfinite(values) if seen is None else np.isfinite(values) & seen
    z = np.clip((np.where(said, values, mean) - mean) / sd, -WINSOR, WINSOR)
    paths = []
    for shift in shifts:
        llr = np.where(said, shift * z - shift**2 / 2, 0.0)
        paths.append(_shiryaev_roberts(np.minimum(llr / phi, cap), said))
    return _average(paths)


def worse(p0: Array, ratio: float) -> Array:
    """Give the rate whose odds are `ratio` times those of p0."""
    return ratio * p0 / (1 + (ratio - 1) * p0)


def _refuse_impossible(p0: Array, phi: Array) -> None:
    if not (np.all((p0 > 0) & (p0 < 1)) and np.all(phi >= 1)):
        raise ValueError("p0 lies between 0 and 1, phi is 1 or more")


def _gain(count: Array, n: Array, p0: Array, phi: Array, ratio: float, cap: float, said: Flags) -> Array:
    """Give ln e of trials for one odds ratio, 0 where nothing was said."""
    p1 = worse(p0, ratio)
    wrong, right = np.where(said, count, 0.0), np.where(said, n - count, 0.0)
    llr = wrong * np.log(p1 / p0) + right * np.log((1 - p1) / (1 - p0))
    gain: Array = np.minimum(llr / phi, cap)
    return gain


def _shiryaev_roberts(gain: Array, said: Flags) -> Array:
    """Run M = (M + 1) e over the weeks, as the sum over all starts it is; `gain` is ln e, 0 where nothing was said."""
    total = np.cumsum(gain, axis=1)
    starts = np.where(said, gain - total, -np.inf)
    path: Array = total + np.logaddexp.accumulate(starts, axis=1)
    return path


def _average(paths: list[Array]) -> Array:
    mixed: Array = np.logaddexp.reduce(np.stack(paths), axis=0) - log(len(paths))
    return mixed


def _column(values: Array) -> Array:
    return np.asarray(values, dtype="float64")[:, np.newaxis]
