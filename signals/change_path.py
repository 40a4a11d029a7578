"""The course of the evidence through alarms and all-clears, for rates and hours alike."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.calendar import Days

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Watched:
    """The weeks after the baseline that say something, and the questions put to them by position."""

    week_day: Days
    count: Array
    n: Array
    path: Callable[[int], Array]  # log evidence of the weeks from a position on, begun there
    calm: Callable[[int], bool]  # whether the newest weeks up to a position look as usual again
    profile: Callable[[int, int], Array]  # log likelihood of the excess beginning, over positions [first, end)


@dataclass(frozen=True, slots=True)
class Path:
    """Log evidence by position; alarms as positions raised and cleared, None while open; where it last began."""

    evidence: Array
    alarms: tuple[tuple[int, int | None], ...]
    begun: int

    @property
    def open_at(self) -> int | None:
        """The position that raised the alarm now open."""
        return self.alarms[-1][0] if self.alarms and self.alarms[-1][1] is None else None


def follow(watched: Watched, height: float, clear_run: int) -> Path:
    """Run the evidence; at `height` an alarm opens, until `clear_run` calm weeks, after which it begins anew."""
    evidence = np.full(len(watched.n), -np.inf)
    alarms: list[tuple[int, int | None]] = []
    begun = 0
    while begun < len(evidence):
        evidence[begun:] = watched.path(begun)
        hits = np.flatnonzero(evidence[begun:] >= height)
        if not len(hits):
            break
        up = begun + int(hits[0])
        down = _cleared(watched, up, clear_run)
        alarms.append((up, down))
        if down is None:
            break
        evidence[down] = -np.inf  # M is 0 again
        begun = down + 1
    return Path(evidence, tuple(alarms), begun)


def _cleared(watched: Watched, up: int, run: int) -> int | None:
    """Find the last of the first so many calm weeks in a row after the alarm; None while there are none."""
    calm = 0
    for i in range(up + 1, len(watched.n)):
        calm = calm + 1 if watched.calm(i) else 0
        if calm >= run:
            return i
    return None
