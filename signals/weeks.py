"""Weekly series: trials week by week, which is what a change is looked for in; and day by day within each week."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.calendar import Days

Counts = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class ByDay:
    """The same trials by day: `count` and `n` are (weeks, 7), Monday first; 0 on a day that was not `told`.

    A day is told once its source was read to its end, in a week under way too. Within a week the told days come first.
    """

    count: Counts
    n: Counts
    told: Flags


@dataclass(frozen=True, slots=True)
class Weeks:
    """One series of consecutive ISO weeks, oldest first; all four arrays have one value a week.

    `week_day` is the day number of the week's Monday. For rates, `n` counts trials and `count` those that went wrong;
    for hours, `count` holds the hours and `n` is one. A week that was not `seen` (its source was silent, or it is not
    over) says nothing: it neither adds to the evidence nor takes from it. What its days tell so far is in `by_day`,
    None where trials are known by the week alone.
    """

    week_day: Days
    count: Counts
    n: Counts
    seen: Flags
    by_day: ByDay | None = None

    def __len__(self) -> int:
        """Count the weeks."""
        return len(self.week_day)

    def so_far(self) -> tuple[Counts, Counts]:
        """Give what went wrong and all trials of each week: of the seen in full, of others what their days tell."""
        if self.by_day is None:
            return np.where(self.seen, self.count, 0.0), np.where(self.seen, self.n, 0.0)
        return self.by_day.count.sum(axis=1), self.by_day.n.sum(axis=1)
