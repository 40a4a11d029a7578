"""Four series of a company watched one by one, and together: false alarms, and how soon a change is seen.

Each series has a fourth of the company's budget; together they have the whole (`signals.joint`). "Single" is the first
of them to alarm. The usual rate is known, weeks are binomial. A delay counts from the change, six years of it at most;
paths with an alarm before it don't count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np
import numpy.typing as npt

from benchmarks.detection.streams import DAYS_A_MONTH, P0, WEEK, WEEKS_A_YEAR
from signals.change_evidence import evidence
from signals.change_threshold import threshold

Floats = npt.NDArray[np.float64]

SERIES = 4
BUDGET_YEARS = 5.0
BEFORE, AFTER = 1, 6  # years
SINGLE, JOINT = "single", "joint"
QUANTILES = (0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Case:
    """What becomes of the four rates; `alike`: all four are one and the same series."""

    name: str
    rates: tuple[float, ...] = (P0,) * SERIES
    alike: bool = False


QUIET = (Case("four of their own"), Case("four times the same", alike=True))
WORSE = (
    Case("one of four, .10 to .20", (0.20, P0, P0, P0)),
    Case("two of four, .10 to .15", (0.15, 0.15, P0, P0)),
    Case("all four, .10 to .15", (0.15,) * SERIES),
    Case("all four, .10 to .13", (0.13,) * SERIES),
)


def crossings(case: Case, volume: float, paths: int, years: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Give the week in which each rule first alarms, inf for never; rates change after `BEFORE` years, if at all."""
    weeks, changed = years * WEEKS_A_YEAR, BEFORE * WEEKS_A_YEAR
    logs = []
    for rate in case.rates[: 1 if case.alike else SERIES]:
        n = rng.poisson(volume * WEEK / DAYS_A_MONTH, (paths, weeks))
        late = rng.binomial(n, np.where(np.arange(weeks) < changed, P0, rate))
        logs.append(evidence(late.astype("float64"), n.astype("float64"), np.full(paths, P0), np.ones(paths)))
    each = np.stack(logs * (SERIES if case.alike else 1))
    mean = np.logaddexp.reduce(each, axis=0) - log(SERIES)
    return {
        SINGLE: _first(each.max(axis=0), float(threshold(BUDGET_YEARS * SERIES))),
        JOINT: _first(mean, float(threshold(BUDGET_YEARS))),
    }


def _first(path: Floats, height: float) -> Floats:
    above = path >= height
    return np.where(above.any(axis=1), above.argmax(axis=1).astype("float64"), inf)


def joint_table(volumes: Sequence[int], paths: int, seed: int) -> str:
    """Write both tables."""
    lines = ["| Alarms a year, nothing changed | " + " | ".join(f"{v} a month: single | joint" for v in volumes) + " |"]
    lines.append("| --- |" + " --- | --- |" * len(volumes))
    for number, case in enumerate(QUIET):
        cells = []
        for volume in volumes:
            found = crossings(case, volume, paths, 10, np.random.default_rng([seed, 1, number, volume]))
            cells += [f"{alarms_a_year(found[rule], 10):.2f}" for rule in (SINGLE, JOINT)]
        lines.append(f"| {case.name} | " + " | ".join(cells) + " |")
    lines += ["", "| Months to the alarm, median (nine in ten) | " + lines[0].split(" | ", 1)[1], lines[1]]
    for number, case in enumerate(WORSE):
        cells = []
        for volume in volumes:
            rng = np.random.default_rng([seed, 2, number, volume])
            found = crossings(case, volume, paths, BEFORE + AFTER, rng)
            cells += [_months(found[rule]) for rule in (SINGLE, JOINT)]
        lines.append(f"| {case.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def alarms_a_year(weeks: Floats, years: int) -> float:
    """Give alarms over the years watched until the first."""
    watched = np.minimum(weeks + 1, years * WEEKS_A_YEAR)
    return float(np.isfinite(weeks).sum() / watched.sum() * WEEKS_A_YEAR)


def delays(weeks: Floats) -> Floats:
    """Give the months from the change to the alarm, of the paths without an alarm before it."""
    changed = BEFORE * WEEKS_A_YEAR
    later = weeks[weeks >= changed]
    months: Floats = (np.minimum(later, (BEFORE + AFTER) * WEEKS_A_YEAR) - changed + 1) * WEEK / DAYS_A_MONTH
    return months


def _months(weeks: Floats) -> str:
    middle, most = np.quantile(delays(weeks), QUANTILES)
    never = (BEFORE + AFTER) * WEEKS_A_YEAR
    said = f"{most:.1f}" if most < (never - BEFORE * WEEKS_A_YEAR) * WEEK / DAYS_A_MONTH else "never"
    return f"{middle:.1f} ({said})"
