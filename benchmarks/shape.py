"""How often the shape of a change is told right: `python -m benchmarks.shape --quick` (or `--full`).

Made-up companies with a usual late rate of .10: twelve months of baseline, from which the usual rate is estimated, and
24 months after it, whose volume is Poisson. A one-off is one month at four times the usual odds; a recurrent change the
same in a month out of three, on average, at least twice apart; a step goes to .20 in the first 18 months; a drift rises
straight from .10 in one of the first twelve months to .25 in the last. *Right* is how often the likeliest shape is the
true one; *named* how many reach a probability of 0.8 whatever the volume, and *right* how many of those are right;
*said* is the share that the product names. The reference has the two figures to compare with; its paths are not on
record, so that ours, chosen before they were run, are like its own at most.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from signals.shape import Shape, ShapeName, shape

Rates = npt.NDArray[np.float64]

USUAL, MONTHS, BASELINE = 0.10, 24, 12
ODDS = 4.0
BAD_MONTHS = 1 / 3
STEP, LAST_START = 0.20, 18
RAMP, RAMP_LAST_START = 0.25, 12
VOLUMES = (20, 60, 200)
QUICK, FULL = 100, 1000
NAMED = 0.8
REFERENCE: Mapping[ShapeName, tuple[float, float, float]] = {
    ShapeName.NONE: (0.92, 0.91, 0.94),
    ShapeName.ONE_OFF: (0.34, 0.84, 0.96),
    ShapeName.RECURRENT: (0.95, 1.0, 1.0),
    ShapeName.STEP: (0.76, 0.92, 0.93),
    ShapeName.DRIFT: (0.62, 0.72, 0.87),
}


def none(rng: np.random.Generator) -> Rates:  # noqa: ARG001 - one of five alike
    """Stay as usual."""
    return np.full(MONTHS, USUAL)


def one_off(rng: np.random.Generator) -> Rates:
    """Have one bad month."""
    return _bad(np.arange(MONTHS) == rng.integers(MONTHS - 1))


def recurrent(rng: np.random.Generator) -> Rates:
    """Have bad months at random, at least two of them apart."""
    while True:
        bad = rng.random(MONTHS) < BAD_MONTHS
        if (np.diff(bad.astype("int64"), prepend=0) == 1).sum() > 1:
            return _bad(bad)


def step(rng: np.random.Generator) -> Rates:
    """Get worse at once and for good."""
    return np.where(np.arange(MONTHS) >= rng.integers(LAST_START), STEP, USUAL)


def drift(rng: np.random.Generator) -> Rates:
    """Get worse and worse until the last month."""
    start = rng.integers(RAMP_LAST_START)
    return USUAL + (RAMP - USUAL) * np.clip((np.arange(MONTHS) - start + 1) / (MONTHS - start), 0, None)


def _bad(months: npt.NDArray[np.bool_]) -> Rates:
    odds = USUAL / (1 - USUAL) * np.where(months, ODDS, 1.0)
    rates: Rates = odds / (1 + odds)
    return rates


COURSES: Mapping[ShapeName, Callable[[np.random.Generator], Rates]] = {
    ShapeName.NONE: none,
    ShapeName.ONE_OFF: one_off,
    ShapeName.RECURRENT: recurrent,
    ShapeName.STEP: step,
    ShapeName.DRIFT: drift,
}


def counts(rates: Rates, volume: float, phi: float, rng: np.random.Generator) -> tuple[Rates, Rates]:
    """Draw a month's trials, Poisson, and its bad ones: binomial, or beta-binomial with `phi` times the variance."""
    n = rng.poisson(volume, len(rates))
    if phi > 1:
        precision = np.maximum((n - phi) / (phi - 1), 1.0)
        rates = rng.beta(precision * rates, precision * (1 - rates))
    return rng.binomial(n, rates).astype("float64"), n.astype("float64")


def answer(name: ShapeName, volume: float, phi: float, rng: np.random.Generator) -> Shape:
    """Make up a company and give its shape."""
    usual, trials = counts(np.full(BASELINE, USUAL), volume, phi, rng)
    bad, n = counts(COURSES[name](rng), volume, phi, rng)
    return shape(bad, n, rate=float(usual.sum() / trials.sum()), trials=float(trials.sum()), phi=phi)


def row(name: ShapeName, volume: int, phi: float, paths: int) -> str:
    """Give one line of the table."""
    rng = np.random.default_rng([list(ShapeName).index(name), volume, round(10 * phi)])
    found = [answer(name, volume, phi, rng) for _ in range(paths)]
    likeliest = [max(ShapeName, key=lambda one: shape.probabilities[one]) for shape in found]
    highest = np.array([max(shape.probabilities.values()) for shape in found])
    right = np.array([one is name for one in likeliest])
    share = float(right.mean())
    error = (share * (1 - share) / paths) ** 0.5
    named = highest >= NAMED
    of_named = f"{right[named].mean():5.2f}" if named.any() else "    -"
    said = np.mean([shape.label is not None for shape in found])
    reference = REFERENCE[name][VOLUMES.index(volume)]
    others = " ".join(f"{np.mean([one is other for one in likeliest]):5.2f}" for other in ShapeName)
    figures = f"{reference:9.2f} {share:6.2f} ±{2 * error:.2f} | {others} | {named.mean():5.2f} {of_named} {said:5.2f}"
    return f"{name.value:9} {volume:6} {phi:4.1f} | {figures}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shape", description=(__doc__ or "").split("\n")[0])
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--quick", action="store_true", help=f"{QUICK} series each")
    size.add_argument("--full", action="store_true", help=f"{FULL} series each")
    parser.add_argument("--phi", type=float, default=1.0, help="overdispersion of the counts, and given to the method")
    given = parser.parse_args()
    paths = FULL if given.full else QUICK
    print(f"{paths} series each; machine: {Path('/proc/loadavg').read_text(encoding='ascii').split()[0]} load")
    print(
        f"{'':21} | {'reference':>9} {'right':>6} {'':5} | {' '.join(f'{s.value[:5]:>5}' for s in ShapeName)} |", end=""
    )
    print(" named right  said")
    begun = time.perf_counter()
    for name in ShapeName:
        for volume in VOLUMES:
            print(row(name, volume, given.phi, paths), flush=True)
    spent = (time.perf_counter() - begun) / (paths * len(ShapeName) * len(VOLUMES)) * 1000
    print(f"{spent:.1f} ms a series of {MONTHS} months")


if __name__ == "__main__":
    main()
