"""Weekly series: trials week by week, which is what a change is looked for in."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.calendar import Days

Counts = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Weeks:
    """One series of consecutive ISO weeks, oldest first; all four arrays have one value a week.

    `week_day` is the day number of the week's Monday. For rates, `n` counts trials and `count` those that went wrong;
    for hours, `count` holds the hours and `n` is one. A week that was not `seen` (its source was silent, or it is not
    over) says nothing: it neither adds to the evidence nor takes from it.
    """

    week_day: Days
    count: Counts
    n: Counts
    seen: Flags

    def __len__(self) -> int:
        """Count the weeks."""
        return len(self.week_day)
