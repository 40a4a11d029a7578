"""A log-linear model of monthly counts: trend, season, one jump, and the spread that chance doesn't explain.

    log mu_t = a + b t/12 + season(t) + d [t >= j]          log y_t ~ N(log mu_t, 1/mu_t + extra^2)

Two steps. A quasi-Poisson regression by iteratively reweighted least squares (McCullagh and Nelder 1989), months far
off the curve weighted down (Huber 1981; for counts, Cantoni and Ronchetti 2001) and harmonics held by a light ridge
(Hoerl and Kennard 1970), gives a first curve; a month farther off it than its fellows is pulled in (winsorised).
Then the posterior of the whole model, coefficients by conjugacy, the spread, the size of the season and the jump's
month on a grid (Gelman et al. 2013, §14 and §5), from which joint draws are taken. The seed is fixed: the same counts
give the same answer. Against draws around the first curve alone, which don't know how uncertain the spread and the
need for a season are, `benchmarks/regime` finds fewer wrong labels at every length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

YEAR = 12  # months
HALF = 0.5  # what is added to a count, so that an empty month has a logarithm
DRAWS = 1000
SEED = 20260101

ONE_HARMONIC, TWO_HARMONICS = 18, 24
"""Months from which the first curve has one, and two harmonics."""
HUBER = 1.345
"""Standard deviations beyond which a month is weighted down: 95 % efficient under normal errors (Huber 1981)."""
RIDGE = 1.0
"""Prior precision of slope and harmonics in the first curve: a log standard deviation of one."""
LOGS = (-5.0, 20.0)  # of an expected count
ROUNDS, CLOSE, STRIDE = 15, 1e-4, 1.0
MAD = 0.6745  # median absolute deviation of a standard normal
LEAST_SCALE = 0.05
FARTHEST = 3.0
"""Robust standard deviations beyond which a month is pulled in (simulated: `benchmarks/regime`)."""

# Priors, wide on purpose: they keep what cannot be known apart, and are not learnt from any company.
LEVEL_SD, SLOPE_SD = 2.0, 0.5  # log; log a year
SPREAD_SD = 0.5  # half-normal, of the extra log standard deviation
SPREADS = np.geomspace(0.02, 1.6, 16)  # edges of the grid
SEASONS = np.array([0.01, 0.1, 0.18, 0.3, 0.5, 0.8])  # log standard deviation of the first harmonic
SEASON_PRIOR = np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1])  # the first stands for no season
ROUGHNESS = np.array([1.0, 0.7, 0.25, 0.15, 0.1, 0.1])  # variance by harmonic: two peaks are common, six aren't
JUMP_PRIOR, JUMP_SD = 0.25, 0.35  # whether the level jumps once in the window; how far, in logs
JUMP_EDGE = 3  # months before the first and after the last jump looked for


@dataclass(frozen=True, slots=True)
class Fit:
    """A first curve: coefficients (level, log slope a year, cosines, sines), their covariance, expected counts."""

    beta: Floats
    covariance: Floats
    expected: Floats


@dataclass(frozen=True, slots=True)
class Draws:
    """Joint draws of the model, each of shape (DRAWS,).

    `slope` is in logs a year, `swing` the season's peak over its trough, `extra` a log standard deviation, `level` the
    mean expected count of the last twelve months; `jump` is in logs, at month `jump_at` of the counts, -1 for none.
    `odd`, of any length, are the months pulled in.
    """

    slope: Floats
    swing: Floats
    extra: Floats
    level: Floats
    jump: Floats
    jump_at: Ints
    odd: Ints


def harmonics_for(months: int) -> int:
    """Give how many harmonics the first curve can bear: none under 18 months, one under 24, else two."""
    return int(months >= ONE_HARMONIC) + int(months >= TWO_HARMONICS)


def season_basis(harmonics: int, months: int = YEAR) -> Floats:
    """Give cosine and sine by harmonic for months from 0 on; the sixth has no sine. Shape (months, 11 at most)."""
    angle = 2 * np.pi * np.outer(np.arange(months), np.arange(1, harmonics + 1)) / YEAR
    both = np.stack([np.cos(angle), np.sin(angle)], axis=2).reshape(months, -1)
    return both[:, : YEAR - 1]


def design(months: int, harmonics: int) -> Floats:
    """Give the design matrix: ones, years from the middle month, harmonics."""
    years = (np.arange(months) - (months - 1) / 2) / YEAR
    return np.column_stack([np.ones(months), years, season_basis(harmonics, months)])


def first_curve(counts: Sequence[int] | Floats, harmonics: int) -> Fit:
    """Fit the quasi-Poisson curve, months far off weighted down; the covariance is scaled by their dispersion."""
    y = np.asarray(counts, dtype="float64")
    x = design(len(y), harmonics)
    ridge = np.diag(np.r_[1e-6, np.full(x.shape[1] - 1, RIDGE)])
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(np.median(y) + HALF)
    for _ in range(ROUNDS):
        mu = np.exp(np.clip(x @ beta, *LOGS))
        far = np.abs(y - mu) / np.sqrt(mu)
        phi = max(1.0, float(np.median(far)) / MAD) ** 2
        weight = mu * np.minimum(1, HUBER * np.sqrt(phi) / np.maximum(far, 1e-9))
        information = x.T @ (weight[:, None] * x) / phi + ridge
        score = x.T @ (weight * (y - mu) / mu) / phi - ridge @ beta
        step = np.linalg.solve(information, score)
        step = np.clip(step, -STRIDE, STRIDE)
        beta = beta + step
        if np.abs(step).max() < CLOSE:
            break
    return Fit(beta, np.linalg.inv(information), np.exp(np.clip(x @ beta, *LOGS)))


def pulled_in(counts: Floats, expected: Floats) -> Floats:
    """Give log counts, those far off the curve pulled in; what recurs in the same month of other years stays."""
    curve = np.log(expected + HALF)
    rest = np.log(counts + HALF) - curve
    scale = np.maximum(max(float(np.median(np.abs(rest))) / MAD, LEAST_SCALE), np.sqrt(1 / (expected + HALF)))
    recurs = _recurring(rest)
    recurs = np.where(np.abs(recurs) > FARTHEST * scale, recurs, 0.0)
    return curve + recurs + np.clip(rest - recurs, -FARTHEST * scale, FARTHEST * scale)


def _recurring(rest: Floats) -> Floats:
    """Give the median of each month of the year; of an even number, with a zero among them: what they agree on."""
    years = -(-len(rest) // YEAR)
    padded = np.full((years + 1) * YEAR, np.nan)
    padded[: len(rest)] = rest
    table = padded.reshape(years + 1, YEAR)
    seen = (~np.isnan(table)).sum(0)
    table[years, seen % 2 == 0] = 0.0
    middle = np.sort(table, axis=0)[seen // 2, np.arange(YEAR)]  # NaN sorts last
    return np.tile(np.where(seen > 1, middle, 0.0), years)[: len(rest)]


@dataclass(frozen=True, slots=True)
class _Grid:
    """The posterior on the grid of spread by season: each row a Gaussian of the coefficients, and its log weight."""

    inverse: Floats  # (rows, k, k)
    mean: Floats  # (rows, k)
    weight: Floats  # (rows,) log


@dataclass(frozen=True, slots=True)
class _Jumps:
    """The jump's Gaussian for each grid row and month: precision, score, and how the coefficients give way to it."""

    at: Ints  # (months,)
    precision: Floats  # (rows, months)
    score: Floats  # (rows, months)
    lean: Floats  # (rows, months, k)


def posterior(counts: Sequence[int]) -> Draws:
    """Draw from the posterior of the model given twelve monthly counts or more. Raises ValueError for fewer."""
    y = np.asarray(counts, dtype="float64")
    if len(y) < YEAR:
        raise ValueError("the model takes twelve months")
    expected = first_curve(y, harmonics_for(len(y))).expected
    logs = pulled_in(y, expected)
    centre = float(logs.mean())
    x = design(len(y), YEAR // 2)
    spreads = (SPREADS[1:] + SPREADS[:-1]) / 2
    weights = 1 / (1 / (expected + HALF) + spreads[:, None] ** 2)
    grid = _solve(x, logs - centre, weights)
    jumps = _jumps(x, logs - centre, weights, grid)
    odd = np.flatnonzero(np.abs(logs - np.log(y + HALF)) > CLOSE)
    return _draw(x, centre, grid, jumps, odd)


def _solve(x: Floats, z: Floats, weights: Floats) -> _Grid:
    """Solve the regression for each spread and season; log weights are marginal likelihood times prior."""
    products = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    gram = (weights @ products).reshape(len(weights), 1, x.shape[1], x.shape[1])
    prior = np.empty((len(SEASONS), x.shape[1]))
    prior[:, :2] = LEVEL_SD**-2, SLOPE_SD**-2
    prior[:, 2:] = 1 / (SEASONS[:, None] ** 2 * np.repeat(ROUGHNESS, 2)[: YEAR - 1])
    precision = (gram + np.eye(x.shape[1]) * prior[:, None, :]).reshape(-1, x.shape[1], x.shape[1])
    inverse = np.asarray(np.linalg.inv(precision), dtype="float64")
    score = np.repeat((weights * z) @ x, len(SEASONS), axis=0)
    mean = (inverse @ score[:, :, None])[:, :, 0]
    spreads, cells = (SPREADS[1:] + SPREADS[:-1]) / 2, np.diff(SPREADS)
    by_spread = (np.log(weights).sum(1) - weights @ z**2) / 2 + np.log(cells) - (spreads / SPREAD_SD) ** 2 / 2
    by_season = np.log(prior).sum(1) / 2 + np.log(SEASON_PRIOR)
    given = ((mean * score).sum(1) - np.linalg.slogdet(precision)[1]) / 2
    return _Grid(inverse, mean, (by_spread[:, None] + by_season).ravel() + given)


def _jumps(x: Floats, z: Floats, weights: Floats, grid: _Grid) -> _Jumps:
    """Add a jump at each month to each row of the grid, by the block inverse: no new regression."""
    at = np.arange(JUMP_EDGE, len(x) - JUMP_EDGE + 1)

    def since(values: Floats) -> Floats:
        total = np.flip(np.cumsum(np.flip(values, 1), 1), 1)[:, at]
        return np.repeat(total, len(SEASONS), axis=0)

    shared = since(weights[:, :, None] * x)
    lean = shared @ grid.inverse
    precision = since(weights) + JUMP_SD**-2 - (lean * shared).sum(2)
    score = since(weights * z) - (shared @ grid.mean[:, :, None])[:, :, 0]
    return _Jumps(at, precision, score, lean)


def _draw(x: Floats, centre: float, grid: _Grid, jumps: _Jumps, odd: Ints) -> Draws:
    normal, uniform, even = _randoms(x.shape[1] + 1)
    row, place = _pick(grid, jumps, even)
    beta = _coefficients(grid, row, normal[:, 1:])
    some, place = place > 0, np.maximum(place - 1, 0)
    precision = jumps.precision[row, place]
    jump = np.where(some, jumps.score[row, place] / precision + normal[:, 0] / np.sqrt(precision), 0.0)
    beta -= jump[:, None] * jumps.lean[row, place]
    cell = row // len(SEASONS)
    extra = SPREADS[cell] + uniform * np.diff(SPREADS)[cell]
    season = beta[:, 2:] @ season_basis(YEAR // 2).T
    months = np.arange(len(x) - YEAR, len(x))
    last = x[-YEAR:] @ beta.T + jump * (months[:, None] >= jumps.at[place])
    return Draws(
        slope=beta[:, 1],
        swing=np.exp(np.ptp(season, axis=1)),
        extra=extra,
        level=np.exp(np.clip(last + centre, -20, 20)).mean(0) * np.exp(extra**2 / 2),
        jump=jump,
        jump_at=np.where(some, jumps.at[place], -1),
        odd=odd,
    )


def _pick(grid: _Grid, jumps: _Jumps, even: Floats) -> tuple[Ints, Ints]:
    """Draw a row of the grid and a place of the jump (0 for none) by their odds, at evenly spaced shares."""
    places = len(jumps.at)
    gain = (jumps.score**2 / jumps.precision - np.log(jumps.precision * JUMP_SD**2)) / 2
    jumped = grid.weight[:, None] + gain + np.log(JUMP_PRIOR / places)
    odds = np.column_stack([grid.weight + np.log(1 - JUMP_PRIOR), jumped])
    mass = np.cumsum(np.exp(odds - odds.max()).ravel())
    row, place = np.divmod(np.searchsorted(mass, even * mass[-1]), places + 1)
    return row, place


def _coefficients(grid: _Grid, row: Ints, normal: Floats) -> Floats:
    """Draw coefficients from the Gaussian of each draw's row."""
    rows, back = np.unique(row, return_inverse=True)
    beta = grid.mean[row]
    for which, root in enumerate(np.linalg.cholesky(grid.inverse[rows])):
        mine = back == which
        beta[mine] += normal[mine] @ root.T
    return beta


@lru_cache(maxsize=1)
def _randoms(width: int) -> tuple[Floats, Floats, Floats]:
    """Give the fixed random numbers: normals (DRAWS, width), uniforms, and evenly spaced shares (DRAWS,)."""
    rng = np.random.default_rng(SEED)
    return rng.standard_normal((DRAWS, width)), rng.random(DRAWS), (np.arange(DRAWS) + HALF) / DRAWS
