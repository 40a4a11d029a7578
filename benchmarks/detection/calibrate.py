"""Thresholds of equal false alarms, and what detectors then do: days to an alarm, false alarms a year.

Streams are drawn and worked off in chunks, so that memory stays small; a seed, a volume and a purpose fix each chunk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from benchmarks.detection.rivals import BUDGET_YEARS, Rival
from benchmarks.detection.streams import (
    DAYS_A_MONTH,
    DAYS_A_YEAR,
    P0,
    WEEK,
    WEEKS_A_YEAR,
    Floats,
    Plan,
    Stream,
    Whole,
    draw,
)
from signals.calendar import day_number
from signals.change_baseline import Baseline, ChangeRule, baseline_of
from signals.weeks import Weeks

Peaks = npt.NDArray[np.float32]

CHUNK_ITEMS = 2_000_000  # 16 MB an array; a detector holds about ten
HALVINGS = 40
ENOUGH_ALARMS = 3000  # a rate known to 2 % needs no more paths run to their end
MONDAY = day_number(date(2024, 1, 1))
RULE = ChangeRule()


@dataclass(frozen=True, slots=True)
class Delay:
    """Months from the change to the alarm; paths that alarmed before the change don't count."""

    mean: float
    median: float
    error: float
    paths: int


@dataclass(frozen=True, slots=True)
class Alarms:
    """False alarms over years run, and the standard error of their rate."""

    count: int
    years: float
    error: float

    @property
    def rate(self) -> float:
        """False alarms a year."""
        return self.count / self.years


def chunks(plan: Plan, paths: int, seed: Sequence[int]) -> Iterator[Stream]:
    """Draw so many streams, some at a time."""
    rows = max(4, int(CHUNK_ITEMS / (plan.weeks * WEEK * plan.volume / DAYS_A_MONTH)))
    for first in range(0, paths, rows):
        yield draw(plan, min(rows, paths - first), np.random.default_rng([*seed, int(plan.volume), first]))


def thresholds(rivals: Sequence[Rival], plan: Plan, paths: int, seed: Sequence[int]) -> dict[Rival, float]:
    """Calibrate each rival that needs it to one false alarm in `BUDGET_YEARS`, on streams without a change."""
    free = [rival for rival in rivals if rival.threshold is None]
    peaks: dict[Rival, list[Peaks]] = {rival: [] for rival in free}
    for stream in chunks(plan, paths, seed):
        p0, phi = known(stream, plan)
        for rival in free:  # a week's end is fine enough for a time of five years
            peaks[rival].append(rival.peak(stream, p0, phi)[:, WEEK - 1 :: WEEK].astype("float32"))
    fixed = {rival: rival.threshold for rival in rivals if rival.threshold is not None}
    return fixed | {rival: level_of(np.concatenate(found), BUDGET_YEARS) for rival, found in peaks.items()}


def level_of(peaks: Peaks, years: float) -> float:
    """Find the lowest threshold whose mean time to an alarm is at least so many years, by bisection."""
    finite = peaks[np.isfinite(peaks)]
    low, high = float(finite.min()), float(finite.max()) + 1
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if run_length(peaks, middle) >= years else (middle, high)
    below, above = finite[finite < high], finite[finite >= high]
    # Halfway between two values that occur, so that rounding decides nothing.
    return (float(below.max()) + float(above.min())) / 2 if len(below) and len(above) else high


def run_length(peaks: Peaks, level: float) -> float:
    """Give the mean time to an alarm in years: all time run until an alarm or the end, over the alarms."""
    weeks = (peaks < level).sum(axis=1)
    alarms = int((weeks < peaks.shape[1]).sum())
    run = float(np.minimum(weeks + 1, peaks.shape[1]).sum()) * WEEK / DAYS_A_YEAR
    return run / alarms if alarms else np.inf


def delays(levels: dict[Rival, float], plan: Plan, paths: int, seed: Sequence[int]) -> dict[Rival, Delay]:
    """Measure the time from the change to the alarm; one that never comes counts as the end of the stream."""
    found: dict[Rival, list[Floats]] = {rival: [] for rival in levels}
    for stream in chunks(plan, paths, seed):
        p0, phi = known(stream, plan)
        for rival, level in levels.items():
            first = first_alarm(rival, level, stream, p0, phi)
            held = first >= stream.changed
            found[rival].append((first - stream.changed + 1)[held] / DAYS_A_MONTH)
    return {rival: _delay(np.concatenate(months)) for rival, months in found.items()}


def first_alarm(rival: Rival, level: float, stream: Stream, p0: Floats, phi: Floats) -> Whole:
    """Give the day at whose end the alarm is, (paths,); the number of days where there is none."""
    first: Whole = (rival.peak(stream, p0, phi).astype("float32") < level).sum(axis=1)
    return first


def false_alarms(
    levels: dict[Rival, float], plan: Plan, paths: int, seed: Sequence[int], *, estimated: bool = False
) -> dict[Rival, Alarms]:
    """Count alarms on streams without a change, each detector starting afresh in the week after one.

    With `estimated`, usual rate and overdispersion are taken from the first twelve months, as the product does it;
    rivals then get the plain rate of these months.
    """
    found: dict[Rival, list[tuple[Whole, Floats]]] = {rival: [] for rival in levels}
    for drawn in chunks(plan, paths, seed):
        stream = drawn.later(np.full(len(drawn.late), WEEKS_A_YEAR)) if estimated else drawn
        weeks = plan.weeks - WEEKS_A_YEAR * estimated
        bases = baselines(drawn) if estimated else ()
        p0, phi = known(drawn, plan)
        for rival, level in levels.items():
            if bases:
                p0 = np.array([base.p0 if rival.name.startswith("ours") else max(base.rate, 0.01) for base in bases])
                phi = np.array([base.phi for base in bases])
            found[rival].append(alarms_with_restarts(rival, level, stream, weeks, (p0, phi)))
    return {rival: _alarms(parts) for rival, parts in found.items()}


def alarms_with_restarts(
    rival: Rival, level: float, stream: Stream, weeks: int, usual: tuple[Floats, Floats]
) -> tuple[Whole, Floats]:
    """Count each path's alarms and the years it ran for them; rounds end once there are `ENOUGH_ALARMS`."""
    count, run = np.zeros(len(stream.late), dtype="int64"), np.zeros(len(stream.late), dtype="int64")
    rows = np.arange(len(run))
    while len(rows) and count.sum() < ENOUGH_ALARMS:
        first = first_alarm(rival, level, stream, usual[0][rows], usual[1][rows]) // WEEK
        alarmed = run[rows] + first < weeks
        count[rows] += alarmed
        run[rows] = np.where(alarmed, run[rows] + first + 1, weeks)
        going = alarmed & (run[rows] < weeks)
        if not going.any():
            break
        stream, rows = stream.later(first + 1, going), rows[going]
    return count, run * WEEK / DAYS_A_YEAR


def baselines(stream: Stream) -> tuple[Baseline, ...]:
    """Take the product's baseline from the first twelve months of each path."""
    days = WEEKS_A_YEAR * WEEK
    late, n = (
        np.diff(total[:, WEEK - 1 : days : WEEK], axis=1, prepend=0.0)
        for total in (stream.wrong_by_day, stream.ends.astype("float64"))
    )
    mondays = MONDAY + WEEK * np.arange(WEEKS_A_YEAR, dtype="float64")
    first, last = date.fromordinal(_ordinal(0)), date.fromordinal(_ordinal(days - 1))
    taken = [
        baseline_of(Weeks(mondays, count, trials, seen), first, last, RULE)
        for count, trials, seen in zip(late, n, stream.seen[:, :WEEKS_A_YEAR], strict=True)
    ]
    return tuple(base for base in taken if base is not None)


def known(stream: Stream, plan: Plan) -> tuple[Floats, Floats]:
    """Give the true usual rate and overdispersion of each path."""
    paths = len(stream.late)
    return np.full(paths, P0), np.full(paths, plan.phi)


def _ordinal(day: int) -> int:
    return date(2024, 1, 1).toordinal() + day


def _delay(months: Floats) -> Delay:
    error = float(months.std(ddof=1) / np.sqrt(len(months)))
    return Delay(float(months.mean()), float(np.median(months)), error, len(months))


def _alarms(parts: list[tuple[Whole, Floats]]) -> Alarms:
    count, years = (np.concatenate(part) for part in zip(*parts, strict=True))
    rate = count.sum() / years.sum()
    # Of a ratio, so that paths unlike each other count as such; at least Poisson's for one alarm.
    spread = max(float(((count - rate * years) ** 2).sum()), 1.0)
    return Alarms(int(count.sum()), float(years.sum()), float(np.sqrt(spread) / years.sum()))
