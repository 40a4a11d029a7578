"""What the regime is compared with: the plain fit it grew out of, and a rule of thumb with the same cuts."""

from math import expm1, sqrt

import numpy as np

from benchmarks.regime.simulate import YEAR, label
from signals.growth import sen_slope
from signals.loglinear import DRAWS, SEED, Draws, Floats, first_curve, harmonics_for, season_basis

LEAST_SEASON = 24
ROUNDS = 2
MAD = 0.6745
FARTHEST = np.log(4)


def plain_draws(counts: tuple[int, ...]) -> Draws:
    """Draw around the Huber quasi-Poisson fit: coefficients normal, the spread by its chi-square, no jump."""
    y = np.asarray(counts, dtype="float64")
    harmonics = harmonics_for(len(y))
    fit = first_curve(y, harmonics)
    rng = np.random.default_rng(SEED)
    beta = rng.multivariate_normal(fit.beta, fit.covariance, DRAWS, method="cholesky")
    freedom = len(y) - len(fit.beta)
    rest = np.clip(np.log((y + 0.5) / (fit.expected + 0.5)), -FARTHEST, FARTHEST)
    chance = float(np.mean(1 / (fit.expected + 0.5)))
    total = float(np.sum(rest**2)) / rng.chisquare(freedom, DRAWS)
    season = beta[:, 2:] @ season_basis(harmonics).T if harmonics else np.zeros((DRAWS, 1))
    years = (np.arange(len(y)) - (len(y) - 1) / 2) / YEAR
    wave = season_basis(harmonics, len(y)) @ beta[:, 2:].T if harmonics else 0.0
    curve = beta[:, 0] + years[:, None] * beta[:, 1] + wave
    nothing = np.zeros(DRAWS)
    return Draws(
        slope=beta[:, 1],
        swing=np.exp(np.ptp(season, axis=1)),
        extra=np.sqrt(np.maximum(0, total - chance)),
        level=np.exp(np.clip(curve[-YEAR:], -20, 20)).mean(0),
        jump=nothing,
        jump_at=nothing.astype("int64") - 1,
        odd=nothing[:0].astype("int64"),
    )


def rule_of_thumb(counts: tuple[int, ...]) -> str:
    """Label by a decomposition like STL (Cleveland et al. 1990) and Sen's slope, untuned, with the same cuts."""
    logs = np.log(np.asarray(counts, dtype="float64") + 0.5)
    season = np.zeros(len(logs))
    trend = _moving_mean(logs)
    for _ in range(ROUNDS if len(logs) >= LEAST_SEASON else 0):
        rest = logs - trend
        months = np.array([np.median(rest[month::YEAR]) for month in range(YEAR)])
        season = (months - months.mean())[np.arange(len(logs)) % YEAR]
        trend = _moving_mean(logs - season)
    rest = logs - season - trend
    spread = float(np.median(np.abs(rest))) / MAD
    extra = sqrt(max(0.0, spread**2 - float(np.mean(np.exp(-trend - season)))))
    growth = expm1(sen_slope(logs - season)[0] * YEAR)
    return label(sum(counts[-YEAR:]) / YEAR, growth, float(np.exp(np.ptp(season))), extra)


def _moving_mean(values: Floats) -> Floats:
    """Give the centred mean of a year, the two ends of thirteen months half weighted; shorter at the edges."""
    kernel = np.r_[0.5, np.ones(YEAR - 1), 0.5]
    inside = slice(YEAR // 2, YEAR // 2 + len(values))
    mean: Floats = (np.convolve(values, kernel) / np.convolve(np.ones(len(values)), kernel))[inside]
    return mean
