"""Counters hidden in document numbers: which digits count, which are a date, and when counting starts again.

A number is letters, signs and digit runs. One run counts, usually the last; runs that follow the date of issue
(year, month) are a *period*. Whether a new period starts the counter again is learnt from the numbers themselves.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from signals.calendar import Days, months_of

RUN = re.compile(r"\d+")

FOLLOWS = 0.8
"""Share of the numbers whose digits must agree with their issue date to be read as a date."""
FOLLOWS_INSIDE = 0.95
"""The same for digits glued to the counter, where chance agrees more easily."""
BACKWARDS = 0.05
"""Share of steps in time on which a period may go back (a number of January given in February)."""
DROPS = 0.5
"""Share of the changes of period at which counting must start lower to be read as starting again."""
RESTART = 0.5
"""Without a period in the number: a fall below this part of the highest number so far may start again."""
RESTART_SEEN = 3
"""... and does if so do most of as many numbers,"""
RESTART_FALL = 10
"""... and it falls by as much: a lone number given late is no new start."""
LONGEST_COUNT = 15
"""Digits; what is longer is an identifier."""

# How a date of issue is written in a number: how many digits, and how.
_FORMATS: tuple[tuple[int, Callable[[int, int], str]], ...] = (
    (4, lambda year, _: f"{year:04d}"),
    (2, lambda year, _: f"{year % 100:02d}"),
    (6, lambda year, month: f"{year:04d}{month:02d}"),
    (4, lambda year, month: f"{year % 100:02d}{month:02d}"),
    (2, lambda _, month: f"{month:02d}"),
    (1, lambda _, month: f"{month}"),
)
_YEARS = 2  # the first formats are years alone
_INSIDE = ((6, 2), (4, 2), (2, 3))  # digits of the date, least digits of the counter; longest first

Texts = npt.NDArray[np.str_]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counter:
    """Numbers of one shape read as a counter, by position.

    `literal` and `partition` split the numbers: those of one literal are a series, those of one partition count on.
    `start` is where the counter's digits begin, `width` how many there are; `reset` says at what: never,
    period (each change of the date in the number), year, or restart (a fall without a date to explain it).
    """

    count: Numbers
    start: Numbers
    width: Numbers
    literal: tuple[str, ...]
    partition: Numbers
    reset: str


def read_counter(texts: Sequence[str], days: Days) -> Counter | None:
    """Read numbers of one shape (the same but for the digits), all of which hold digits; `days` are issue days.

    None where the digits are too long to be a count.
    """
    runs = [list(RUN.finditer(text)) for text in texts]
    columns = [np.array([run[i].group() for run in runs]) for i in range(len(runs[0]))]
    written = _written(days)
    at = _counting(columns, written)
    others = [i for i in range(len(columns)) if i != at]
    dates = [i for i in others if any(_follows(columns[i], form) >= FOLLOWS for form in written)]
    inside = 0 if dates else _inside(columns[at], written)
    if max(len(run) for run in columns[at].tolist()) - inside > LONGEST_COUNT:
        return None
    literals = [i for i in others if i not in dates]
    if literals and _goes_on(_rows(columns, literals), days):
        dates, literals = others, []
    count = np.array([int(run[inside:]) for run in columns[at]], dtype="int64")
    period = [(*date, run[:inside]) for date, run in zip(_rows(columns, dates), columns[at], strict=True)]
    partition, reset = _partition(count, period, days)
    return Counter(
        count=count,
        start=np.array([run[at].start() + inside for run in runs], dtype="int64"),
        width=np.array([len(run) - inside for run in columns[at]], dtype="int64"),
        literal=tuple("|".join(part) for part in _rows(columns, literals)),
        partition=partition,
        reset=reset,
    )


def shape_of(text: str) -> str:
    """Write a number with each digit run as "#"."""
    return RUN.sub("#", text)


def _written(days: Days) -> list[Texts]:
    """Write the issue dates in each format; "" where there is no date."""
    months, code = np.unique(np.nan_to_num(months_of(days), nan=0).astype("int64"), return_inverse=True)
    return [np.array([write(m // 12, m % 12 + 1) if m else "" for m in months.tolist()])[code] for _, write in _FORMATS]


def _follows(column: Texts, written: Texts) -> float:
    """Give the share of dated numbers whose digits are their issue date."""
    dated = int((written != "").sum())
    return int((column == written).sum()) / dated if dated else 0.0


def _counting(columns: list[Texts], written: list[Texts]) -> int:
    """Say which run counts: the last one, or the one before where the last is the year ("0012/2026")."""
    last = len(columns) - 1
    if last and any(_follows(columns[last], form) >= FOLLOWS for form in written[:_YEARS]):
        return last - 1
    return last


def _inside(column: Texts, written: list[Texts]) -> int:
    """Say how many digits before the counter, glued to it, are a date: 4 in "20260012"."""
    shortest = min(len(run) for run in column.tolist())
    for digits, least in _INSIDE:
        if shortest < digits + least:
            continue
        heads = np.array([run[:digits] for run in column])
        forms = [form for form, (length, _) in zip(written, _FORMATS, strict=True) if length == digits]
        if any(_follows(heads, form) >= FOLLOWS_INSIDE for form in forms):
            return digits
    return 0


def _rows(columns: list[Texts], chosen: list[int]) -> list[tuple[str, ...]]:
    return [tuple(str(columns[i][row]) for i in chosen) for row in range(len(columns[0]))]


def _goes_on(values: Sequence[tuple[str, ...]], days: Days) -> bool:
    """Say whether values only go up with time, as a fiscal year does and a shop's number doesn't."""
    order = np.lexsort((np.arange(len(days)), days))
    in_time = [tuple(int(v) for v in values[i]) for i in order.tolist() if not np.isnan(days[i])]
    back = sum(after < before for before, after in pairwise(in_time))
    return back <= BACKWARDS * max(1, len(in_time) - 1)


def _partition(count: Numbers, period: list[tuple[str, ...]], days: Days) -> tuple[Numbers, str]:
    """Part numbers where counting starts again, and say at what."""
    names = sorted(set(period))
    if len(names) == 1:
        partition = _restarts(count, days)
        return partition, "restart" if partition.max() else "never"
    codes = {name: i for i, name in enumerate(names)}
    by_period = np.array([codes[p] for p in period], dtype="int64")
    if _drops(count, by_period, days) >= DROPS:
        return by_period, "period"
    years = np.nan_to_num(months_of(days) // 12, nan=0).astype("int64")
    # The year of a period is that of most of its numbers: a number of December may be dated in January.
    year_of = np.array([np.bincount(years[by_period == code]).argmax() for code in range(len(names))])
    by_year = year_of[by_period]
    if len(set(by_year.tolist())) > 1 and _drops(count, by_year, days) >= DROPS:
        return by_year, "year"
    return np.zeros(len(count), dtype="int64"), "never"


def _drops(count: Numbers, period: Numbers, days: Days) -> float:
    """Give the share of changes of period, in time, at which counting starts no higher than the one before did."""
    names, code = np.unique(period, return_inverse=True)
    begin, low = np.full(len(names), np.inf), np.full(len(names), np.inf)
    np.minimum.at(begin, code, np.nan_to_num(days, nan=np.inf))
    np.minimum.at(low, code, count)
    lows = low[np.lexsort((low, begin))].tolist()
    falls = [after <= before for before, after in pairwise(lows)]
    return sum(falls) / len(falls) if falls else 0.0


def _restarts(count: Numbers, days: Days) -> Numbers:
    """Part numbers without a period where, in order of issue, counting falls back and stays low."""
    partition = np.zeros(len(count), dtype="int64")
    order = np.lexsort((count, days))
    in_time = count[order].tolist()
    part = top = 0
    for i, number in enumerate(in_time):
        low = number < RESTART * top and top - number >= RESTART_FALL
        if low and median(in_time[i : i + RESTART_SEEN]) < RESTART * top:
            part, top = part + 1, number
        top = max(top, number)
        partition[order[i]] = part
    return partition
