"""Absences in working days, and whether the work went on meanwhile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.intervals import Z_ONE_SIDED_95

Positions = npt.NDArray[np.int64]
"""Places in an array of working days."""

REFERENCE_DAYS = 28
"""Four weeks before an absence and four after it are what it is compared with."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Activity on absent days beside what the weeks around them let expect.

    `seen` and `expected` are events on the `days` absent working days of `absences` absences; `reference` is how many
    events the expectation rests on.
    """

    absences: int
    days: int
    seen: int
    expected: float
    reference: int

    @property
    def drop(self) -> float | None:
        """The share of activity lost, from 0 to 1; None where nothing was to be expected."""
        return _share(1 - self.seen / self.expected) if self.expected else None

    @property
    def bounds(self) -> tuple[float, float] | tuple[None, None]:
        """The drop's 90 % bounds: both counts taken as Poisson, the log of their ratio as normal.

        Half an event is added to each count, so that none at all still has a width; the drop stays inside.
        """
        drop = self.drop
        if drop is None:
            return None, None
        seen, reference = self.seen + 0.5, self.reference + 0.5
        ratio = seen / (self.expected * reference / self.reference)
        width = exp(Z_ONE_SIDED_95 * sqrt(1 / seen + 1 / reference))
        return min(drop, _share(1 - ratio * width)), max(drop, _share(1 - ratio / width))


def working_days(first: int, last: int, closed: Iterable[date]) -> npt.NDArray[np.int64]:
    """Give the day numbers of the working days from `first` to `last`, both included."""
    days = np.arange(first, last + 1, dtype="int64")
    open_days: npt.NDArray[np.bool_] = np.is_busday(days.astype("datetime64[D]"), holidays=sorted(closed))
    return days[open_days]


def absent_on(days: npt.NDArray[np.int64], absences: pd.DataFrame, actor: str) -> npt.NDArray[np.bool_]:
    """Say on which of some days an actor was absent."""
    own = absences[absences["actor"] == actor]
    absent = np.zeros(len(days), dtype=bool)
    for start, end in zip(own["start_day"], own["end_day"], strict=True):
        absent |= (days >= start) & (days <= end)
    return absent


def runs_of(absent: npt.NDArray[np.bool_], shortest: int) -> tuple[Positions, ...]:
    """Give the runs of at least `shortest` absent working days on end, as positions.

    A week-end or a closed day inside doesn't end a run: only working days are looked at.
    """
    positions = np.flatnonzero(absent)
    runs = np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)
    return tuple(run for run in runs if len(run) >= shortest)


def compare(
    days: npt.NDArray[np.int64], events: npt.NDArray[np.int64], absent: npt.NDArray[np.bool_], runs: Sequence[Positions]
) -> Comparison:
    """Compare the events of each run with the same weekdays of the four weeks before and after it.

    `days` are working days, `events` and `absent` theirs. Days absent for whatever reason are no reference. A run
    without a reference for one of its weekdays takes the mean of all; one without any reference is left out.
    """
    weekdays = (days + 3) % 7  # day 0 was a Thursday
    around = np.zeros(len(days), dtype=bool)
    kept: list[Positions] = []
    expected = 0.0
    for run in runs:
        first, last = days[run[0]], days[run[-1]]
        near = (days >= first - REFERENCE_DAYS) & (days <= last + REFERENCE_DAYS) & ~absent
        if not near.any():
            continue
        kept.append(run)
        around |= near
        for weekday in weekdays[run]:
            same = near & (weekdays == weekday)
            expected += float(events[same if same.any() else near].mean())
    return Comparison(
        absences=len(kept),
        days=sum(len(run) for run in kept),
        seen=sum(int(events[run].sum()) for run in kept),
        expected=expected,
        reference=int(events[around].sum()),
    )


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
