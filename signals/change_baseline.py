"""What is normal for a series: its usual rate or level, how bursty it is, and the rate above which it has changed.

The null of the change test is not the estimate but an upper quantile of it, so that an estimate that happened to come
out low does not raise alarms for years (Gandy & Kvaloy 2013 guard against the same by the bootstrap). Overdispersion:
McCullagh & Nelder (1989), §4.5.

Simulated false alarms a year at a budget of 0.20 (p0 = .10, estimated with phi on 52 weeks, by the product's own path),
at 20, 60, 200 and 500 trials a month: true phi 1 .08, .07, .07, .06; phi 2 .12, .11, .11, .09; phi 3 .12, .14, .13,
.12; phi 4 .14, .14, .11, .13. Bursts that last three weeks each (weekly phi 2, long-run 4) break the budget by a
little: .21, .25, .24, .27; a year has too few of them to know.
"""

from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from signals.beta import beta_quantile
from signals.calendar import day_number, day_of
from signals.change_evidence import CAP, ODDS, SHIFTS, WINSOR
from signals.weeks import Weeks

Array = npt.NDArray[np.float64]

BLOCKS = (1, 2, 4)
"""Weeks pooled before dispersion is taken: bursts last longer than a week."""

DAYS_A_WEEK = 7
JEFFREYS = 0.5
MAD_TO_SD = 1.4826  # of a normal distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRule:
    """How a change is looked for; one rule serves rates and hours.

    `budget_years` is the mean time between false alarms of ONE series: a company's budget times its signals.
    """

    budget_years: float = 5.0
    watch_years: float = 1.0
    odds: tuple[float, ...] = ODDS
    shifts: tuple[float, ...] = SHIFTS
    cap: float = CAP
    baseline_quantile: float = 0.70
    baseline_trials: int = 200  # below, a rate gets no further than watch
    baseline_weeks: int = 26  # likewise for hours
    phi_usual: tuple[float, float, float] = (1.3, 1.5, 1.8)  # what dispersion over 1, 2, 4 weeks is shrunk to
    level_quantile: float = 0.80  # hours have skewed, persistent weeks: more guard
    phi_weight: float = 4.0  # degrees of freedom those count for: more, and phi 3 breaks the budget (simulated)
    phi_weight_level: float = 12.0  # likewise for hours
    phi_margin: float = 1.1
    too_irregular: float = 5.0
    clear_items: int = 60
    clear_weeks: int = 8
    clear_factor: float = 1.25  # times p0
    clear_shift: float = 0.25  # of a standard deviation above the ceiling, for hours
    clear_share: float = 0.80
    clear_run: int = 4  # weeks in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The usual rate of a series; frozen once taken. `first_week` and `last_week` are the Mondays of those used."""

    p0: float  # what the test takes for normal: an upper quantile of the rate
    rate: float
    n: int
    phi: float
    weeks: int  # seen, with or without trials
    first_week: date
    last_week: date
    confirmed: bool = False  # a person said that this period was normal
    so_far: tuple[float, ...] = ()  # p0 of Monday up to each day, 7 of them; none where trials are known by week alone


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelBaseline:
    """The usual level of a series of hours, in its own unit a week; `n` counts weeks."""

    ceiling: float  # what the test takes for normal: an upper quantile of the mean
    mean: float
    sd: float
    n: int
    phi: float
    first_week: date
    last_week: date
    confirmed: bool = False


def baseline_of(
    weeks: Weeks, first_day: date, last_day: date, rule: ChangeRule, *, confirmed: bool = False
) -> Baseline | None:
    """Take the rate of the seen weeks that lie wholly within two days; None without any trial."""
    used = within(weeks, first_day, last_day) & (weeks.n > 0)
    if not used.any():
        return None
    count, n = weeks.count[used], weeks.n[used]
    phi = dispersion(count, n, rule)
    p0 = _upper_rate(float(count.sum()), float(n.sum()), phi, rule)
    return Baseline(
        p0=p0,
        rate=float(count.sum() / n.sum()),
        n=int(n.sum()),
        phi=phi,
        weeks=int(within(weeks, first_day, last_day).sum()),
        first_week=day_of(weeks.week_day[used][0]),
        last_week=day_of(weeks.week_day[used][-1]),
        confirmed=confirmed,
        so_far=_so_far(weeks, used, p0, phi, rule),
    )


def level_baseline_of(
    weeks: Weeks, first_day: date, last_day: date, rule: ChangeRule, *, confirmed: bool = False
) -> LevelBaseline | None:
    """Take the level of the seen weeks that lie wholly within two days; None where they don't vary at all.

    Mean and standard deviation are of values pulled in to `WINSOR` robust standard deviations round the median, so
    that a holiday or one frantic week doesn't set what is normal.
    """
    used = within(weeks, first_day, last_day) & np.isfinite(weeks.count)
    if used.sum() < 2:  # noqa: PLR2004 - one value has no spread
        return None
    values = pulled_in(weeks.count[used])
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    if sd <= 0:
        return None
    phi = persistence((values - mean) / sd, rule)
    return LevelBaseline(
        ceiling=mean + NormalDist().inv_cdf(rule.level_quantile) * sd * sqrt(phi / len(values)),
        mean=mean,
        sd=sd,
        n=len(values),
        phi=phi,
        first_week=day_of(weeks.week_day[used][0]),
        last_week=day_of(weeks.week_day[used][-1]),
        confirmed=confirmed,
    )


def within(weeks: Weeks, first_day: date, last_day: date) -> npt.NDArray[np.bool_]:
    """Say which weeks were seen and lie wholly between two days, both included."""
    last = weeks.week_day + DAYS_A_WEEK - 1
    return weeks.seen & (weeks.week_day >= day_number(first_day)) & (last <= day_number(last_day))


def dispersion(count: Array, n: Array, rule: ChangeRule) -> float:
    """Estimate phi, variance over binomial variance, of weekly counts; 1 or more.

    Pearson's chi-square over its degrees of freedom, for trials pooled over one, two and four weeks; each is averaged
    with a usual value of administrative streams, weighted by degrees of freedom; the largest, and a margin, counts.
    """
    rate = float(count.sum() / n.sum())
    spread = rate * (1 - rate)

    def chi_square(size: int) -> tuple[float, int]:
        wrong, trials = _blocks(count, size), _blocks(n, size)
        kept = trials > 0
        if not spread or kept.sum() < 2:  # noqa: PLR2004 - one block has no dispersion
            return 0.0, 0
        wrong, trials = wrong[kept], trials[kept]
        return float(((wrong - trials * rate) ** 2 / (trials * spread)).sum()), len(trials) - 1

    return _shrunk(tuple(chi_square(size) for size in BLOCKS), rule, rule.phi_weight)


def persistence(z: Array, rule: ChangeRule) -> float:
    """Estimate phi, long-run variance over variance, of standardised weekly values; 1 or more.

    The variance of sums over one, two and four weeks against that of as many independent weeks, shrunk likewise.
    """
    sizes = [len(z) // size for size in BLOCKS]
    sums = [z[: m * size].reshape(m, size).sum(axis=1) for m, size in zip(sizes, BLOCKS, strict=True)]
    squares = [
        (float(((total - total.mean()) ** 2).sum() / size) if m > 1 else 0.0, max(m - 1, 0))
        for total, m, size in zip(sums, sizes, BLOCKS, strict=True)
    ]
    return _shrunk(tuple(squares), rule, rule.phi_weight_level)


def pulled_in(values: Array) -> Array:
    """Pull values in to `WINSOR` robust standard deviations (1.4826 median absolute deviations) round the median."""
    middle = float(np.median(values))
    spread = MAD_TO_SD * float(np.median(np.abs(values - middle)))
    if not spread:  # half the weeks are alike: nothing to call an outlier by
        return values
    return np.clip(values, middle - WINSOR * spread, middle + WINSOR * spread)


def _upper_rate(count: float, n: float, phi: float, rule: ChangeRule) -> float:
    return beta_quantile(rule.baseline_quantile, count / phi + JEFFREYS, (n - count) / phi + JEFFREYS)


def _so_far(weeks: Weeks, used: npt.NDArray[np.bool_], p0: float, phi: float, rule: ChangeRule) -> tuple[float, ...]:
    """Take the same quantile for Monday up to each day, never below p0.

    A company that bills on Fridays has bad Mondays and no bad week; and few trials have a wide quantile.
    """
    if weeks.by_day is None:
        return ()
    wrong, trials = (np.cumsum(daily[used].sum(axis=0)) for daily in (weeks.by_day.count, weeks.by_day.n))
    some = (trials > 0) & (trials < trials[-1])
    each = zip(wrong, trials, some, strict=True)
    return tuple(max(p0, _upper_rate(float(x), float(n), phi, rule)) if partly else p0 for x, n, partly in each)


def _shrunk(squares: tuple[tuple[float, int], ...], rule: ChangeRule, weight: float) -> float:
    shrunk = [(s + weight * u) / (df + weight) for (s, df), u in zip(squares, rule.phi_usual, strict=True)]
    return max(1.0, rule.phi_margin * max(shrunk))


def _blocks(values: Array, size: int) -> Array:
    """Sum so many weeks at a time; the last block takes what is left."""
    return np.add.reduceat(values, np.arange(0, len(values), size))
