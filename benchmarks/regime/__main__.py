"""How often the regime is right, by length of history: `python -m benchmarks.regime --quick` (or `--full`).

Two sets of made-up companies (`simulate`), well inside the regimes and across the cuts. *Accuracy* is of the likeliest
regime; *decided* the share of companies whose regime reaches a probability of 0.8, *right* how many of those are
right, *claimed* their mean probability: an honest one is near *right*. *Equal* is how many are right among as many
companies as the plain fit decides on, the likeliest first. *Named* is what the product says: on twelve months neither
growth nor season. The plain fit and the rule of thumb (`peers`) run on the same companies.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.regime.peers import plain_draws, rule_of_thumb
from benchmarks.regime.simulate import CUTS, KINDS, Truth, easy, hard, series
from signals.growth import Volume
from signals.loglinear import Draws, posterior
from signals.regime import NAMED, RegimeName, regime

MONTHS = (12, 18, 24, 36)
SETS: dict[str, Callable[[np.random.Generator], Truth]] = {"easy": easy, "hard": hard}
QUICK, FULL = 100, 700
DECIDED = 0.8
HEAD = """
             |          plain fit             |                      ours                      |    named    |  thumb
set   months | accuracy decided right claimed | accuracy decided right claimed equal   ms each | share right | accuracy
"""

Shares = npt.NDArray[np.float64]
Kinds = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Score:
    """Accuracy, share decided, share right of those, their claimed probability, milliseconds each."""

    accuracy: float
    decided: float
    right: float
    claimed: float
    milliseconds: float


def shares(draws: Draws) -> Shares:
    """Give the share of draws in each regime of `KINDS`."""
    growth = np.expm1(draws.slope)
    tests = (
        draws.level < CUTS["small"],
        draws.extra > CUTS["extra"],
        draws.swing > CUTS["swing"],
        growth > CUTS["growth"],
        growth < CUTS["decline"],
        draws.level >= CUTS["high"],
        np.ones(len(growth), dtype=bool),
    )
    return np.bincount(np.argmax(np.stack(tests), axis=0), minlength=len(KINDS)) / len(growth)


def score(
    method: Callable[[tuple[int, ...]], Draws], rows: list[tuple[int, ...]], truth: Kinds
) -> tuple[Score, Shares]:
    """Run a method over series, and count."""
    begun = time.perf_counter()
    found = np.array([shares(method(counts)) for counts in rows])
    spent = (time.perf_counter() - begun) / len(rows) * 1000
    right, probability = found.argmax(1) == truth, found.max(1)
    decided = probability >= DECIDED
    return (
        Score(right.mean(), decided.mean(), right[decided].mean(), probability[decided].mean(), spent),
        found,
    )


def equal_share(found: Shares, truth: Kinds, share: float) -> float:
    """Give how many are right among the likeliest `share` of the companies."""
    chosen = np.argsort(-found.max(1), kind="stable")[: round(share * len(found))]
    return float((found.argmax(1) == truth)[chosen].mean())


def named(rows: list[tuple[int, ...]], truth: Kinds) -> tuple[float, float]:
    """Give the share of companies whose regime is named, and how many names are right."""
    labels = [regime(Volume(24000, row, (0,) * len(row), True, ())).label for row in rows]  # noqa: FBT003 - direct
    said = [(label, NAMED[kind]) for label, kind in zip(labels, truth, strict=True) if label != RegimeName.UNDETERMINED]
    return len(said) / len(rows), float(np.mean([label == kind for label, kind in said]))


def _figures(score: Score) -> str:
    return f"{score.accuracy:8.2f} {score.decided:7.2f} {score.right:5.2f} {score.claimed:7.2f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regime", description=(__doc__ or "").split("\n")[0])
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--quick", action="store_true", help=f"{QUICK} series each")
    size.add_argument("--full", action="store_true", help=f"{FULL} series each")
    count = FULL if parser.parse_args().full else QUICK
    print(f"{count} series each; machine: {Path('/proc/loadavg').read_text(encoding='ascii').split()[0]} load")
    print(HEAD)
    for which, (name, draw) in enumerate(SETS.items()):
        for months in MONTHS:
            rng = np.random.default_rng([which, months])
            drawn = [series(draw(rng), months, rng) for _ in range(count)]
            rows, truth = [row for row, _ in drawn], np.array([KINDS.index(kind) for _, kind in drawn])
            plain, _ = score(plain_draws, rows, truth)
            ours, found = score(posterior, rows, truth)
            thumb = np.mean([KINDS.index(rule_of_thumb(row)) == kind for row, kind in zip(rows, truth, strict=True)])
            share, right = named(rows, truth)
            print(
                f"{name:5} {months:6} | {_figures(plain)} | {_figures(ours)}"
                f" {equal_share(found, truth, plain.decided):5.2f} {ours.milliseconds:9.1f}"
                f" | {share:5.2f} {right:5.2f} | {thumb:8.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
