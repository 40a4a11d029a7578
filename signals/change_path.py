"""The course of the evidence through alarms and all-clears, for rates and hours alike."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.calendar import Days
from signals.change_threshold import threshold
from signals.weeks import DAYS_A_WEEK

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Watched:
    """The weeks after the baseline that say something, and the questions put to them by position.

    A week that is not `whole` (under way, or not read to its end) may raise an alarm; it neither clears one nor keeps
    one from clearing.
    """

    week_day: Days
    count: Array
    n: Array
    whole: npt.NDArray[np.bool_]
    offset: Array  # what the threshold lies below ln(weeks), by position
    path: Callable[[int], Array]  # log evidence of the weeks from a position on, begun there: (weeks, looks a week)
    calm: Callable[[int], bool]  # whether the newest weeks up to a position look as usual again
    profile: Callable[[int, int], Array]  # log likelihood of the excess beginning, over positions [first, end)


@dataclass(frozen=True, slots=True)
class Path:
    """Log evidence by position, at the week's last look and at its highest, offset included; where it last began.

    `alarms` are positions raised and cleared, None while open; `days` says on which day of the week, 0 to 6, each was
    raised: a week looked at once is looked at on its Sunday.
    """

    evidence: Array
    highest: Array
    alarms: tuple[tuple[int, int | None], ...]
    days: tuple[int, ...]
    begun: int

    @property
    def open_at(self) -> int | None:
        """The position that raised the alarm now open."""
        return self.alarms[-1][0] if self.alarms and self.alarms[-1][1] is None else None


def follow(watched: Watched, budget_years: float, clear_run: int) -> Path:
    """Run the evidence; where chance needs `budget_years` for it an alarm opens, until `clear_run` calm weeks.

    After those it begins anew.
    """
    height = threshold(budget_years, 0.0)
    evidence, highest = np.full(len(watched.n), -np.inf), np.full(len(watched.n), -np.inf)
    alarms: list[tuple[int, int | None]] = []
    days: list[int] = []
    begun = 0
    while begun < len(evidence):
        path = watched.path(begun) + watched.offset[begun:, np.newaxis]
        evidence[begun:], highest[begun:] = path[:, -1], path.max(axis=1)
        hits = np.flatnonzero(highest[begun:] >= height)
        if not len(hits):
            break
        up = begun + int(hits[0])
        down = _cleared(watched, up, clear_run)
        alarms.append((up, down))
        days.append(DAYS_A_WEEK - path.shape[1] + int((path[hits[0]] >= height).argmax()))
        if down is None:
            break
        evidence[down] = highest[down] = -np.inf  # M is 0 again
        begun = down + 1
    return Path(evidence, highest, tuple(alarms), tuple(days), begun)


def _cleared(watched: Watched, up: int, run: int) -> int | None:
    """Find the last of the first so many calm weeks in a row after the alarm; None while there are none."""
    calm = 0
    for i in range(up + 1, len(watched.n)):
        if not watched.whole[i]:
            continue
        calm = calm + 1 if watched.calm(i) else 0
        if calm >= run:
            return i
    return None
