"""Made-up companies of a known regime: monthly counts and the label their parameters call for.

The label is what the cuts say of the parameters, not of the counts, so that chance is the only reason to be wrong.
A count is Poisson around a mean that trend, season, one jump of level and a lognormal spread of mean one make.
"""

from dataclasses import dataclass
from math import exp, expm1, log

import numpy as np

YEAR = 12
KINDS = ("too_small", "unstable", "seasonal", "rapid_growth", "declining", "high_steady", "steady")
CUTS = {"growth": 0.40, "decline": -0.20, "swing": 1.8, "extra": 0.40, "small": 15.0, "high": 150.0}

SEASONAL, TWO_PEAKS, JUMPS = 0.5, 1 / 3, 0.25  # shares of the hard companies


@dataclass(frozen=True, slots=True)
class Truth:
    """Parameters of a company: documents a month, log growth a year, peak over trough, spread, jump and its month."""

    level: float
    slope: float
    swing: float
    extra: float
    peaks: int = 1
    phase: float = 0.0
    jump: float = 0.0
    jump_at: float = 0.5


def label(level: float, growth: float, swing: float, extra: float) -> str:
    """Apply the cuts, first match wins."""
    if level < CUTS["small"]:
        return "too_small"
    if extra > CUTS["extra"]:
        return "unstable"
    if swing > CUTS["swing"]:
        return "seasonal"
    if growth > CUTS["growth"]:
        return "rapid_growth"
    if growth < CUTS["decline"]:
        return "declining"
    return "high_steady" if level >= CUTS["high"] else "steady"


def series(truth: Truth, months: int, rng: np.random.Generator) -> tuple[tuple[int, ...], str]:
    """Draw counts, and give the label of the parameters; the level is that of the last twelve months."""
    t = np.arange(months)
    angle = 2 * np.pi * t / YEAR + truth.phase
    wave = np.cos(angle) if truth.peaks == 1 else 0.45 * np.cos(angle) + np.cos(2 * angle + 1.0)
    year = 2 * np.pi * np.arange(YEAR) / YEAR + truth.phase
    whole = np.cos(year) if truth.peaks == 1 else 0.45 * np.cos(year) + np.cos(2 * year + 1.0)
    season = log(truth.swing) * (wave - whole.mean()) / np.ptp(whole)
    eta = truth.slope * t / YEAR + season + truth.jump * (t >= truth.jump_at * months)
    eta += log(truth.level) - np.log(np.exp(eta[-YEAR:]).mean())
    noise = rng.normal(0, truth.extra, months) - truth.extra**2 / 2
    counts = rng.poisson(np.exp(eta + noise))
    return tuple(int(n) for n in counts), label(truth.level, expm1(truth.slope), truth.swing, truth.extra)


def easy(rng: np.random.Generator) -> Truth:
    """Draw a company well inside one regime."""
    kind = KINDS[rng.integers(len(KINDS))]
    level = {"too_small": (3, 9), "high_steady": (250, 600)}.get(kind, (30, 110))
    growth = {"rapid_growth": (0.7, 1.5), "declining": (-0.6, -0.35)}.get(kind, (-0.05, 0.12))
    return Truth(
        level=_between(rng, level),
        slope=log(1 + _between(rng, growth)),
        swing=_between(rng, (2.5, 5.0) if kind == "seasonal" else (1.0, 1.2)),
        extra=_between(rng, (0.6, 0.9) if kind == "unstable" else (0.03, 0.15)),
        phase=_between(rng, (0, 2 * np.pi)),
    )


def hard(rng: np.random.Generator) -> Truth:
    """Draw a company across the cuts: half with a season, a third of those two-peaked; a quarter with a jump."""
    seasonal, jumps = rng.random() < SEASONAL, rng.random() < JUMPS
    return Truth(
        level=exp(_between(rng, (log(6), log(600)))),
        slope=float(rng.normal(0.05, 0.35)),
        swing=_between(rng, (1.2, 3.5) if seasonal else (1.0, 1.2)),
        extra=0.65 * float(rng.random()) ** 1.5,
        peaks=2 if rng.random() < TWO_PEAKS else 1,
        phase=_between(rng, (0, 2 * np.pi)),
        jump=float(rng.normal(0, 0.3)) if jumps else 0.0,
        jump_at=_between(rng, (0.2, 0.8)),
    )


def _between(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    return float(rng.uniform(*bounds))
