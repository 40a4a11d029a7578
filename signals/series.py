"""Series of document numbers, and the numbers missing in them.

A series is what counts on together: one source, one shape of number. Invoices, deposits and credit notes share it
unless they bear the same numbers, which shows that each counts for itself. Nothing is missing before the first
number seen or after the last: where a series begins isn't ours to know.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from signals.counters import Counter, Numbers, read_counter, shape_of

LEAST_NUMBERS = 3
"""Fewer numbers make no series."""
LEAST_DENSE = 0.5
"""A series holds at least this part of the numbers between its first and last; else it is no counter."""
JUMP = 100
"""A larger gap, larger also than the series itself, is a new start on purpose, or one number mistyped."""
LISTED = 500

_REFERENCE = re.compile(r"\s*\[[^\]]*\]\s*$")


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers missing in a row: how many, and the document that shows it, the first one after them."""

    count: int
    day: float
    external_id: str
    direct: bool


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its first and last number in order of issue, how many, and what is missing.

    `missing` writes the missing numbers out, the first 500 of them; `disorder` lists neighbours of which the higher
    number bears the earlier date. `reset` says when counting starts again: never, period, year or restart.
    """

    label: str
    connection_id: str
    first: str
    last: str
    n: int
    missing: tuple[str, ...]
    missing_total: int
    gaps: tuple[Gap, ...]
    disorder: tuple[tuple[str, str], ...]
    jumps: int
    reset: str


def series_of(documents: pd.DataFrame) -> tuple[Series, ...]:
    """Find the series among sale documents, and what is missing in each.

    A number of our own that a purchase of the same source bears isn't missing: some tools count both together.
    """
    rows = documents[documents["number"] != ""]
    plain = rows["number"].map(plain_reference)
    sale = rows["direction"] == "sale"
    # Our own number on a purchase: read off a ledger, or written with the supplier's in brackets after it.
    booked = ~sale & (~rows["direct"] | rows["number"].str.contains(_REFERENCE))
    taken = {
        str(connection): frozenset(numbers)
        for connection, numbers in plain[booked].groupby(rows.loc[booked, "connection_id"])
    }
    sales = rows[sale].assign(text=plain[sale], shape=plain[sale].map(shape_of))
    sales = sales[sales["shape"].str.contains("#", regex=False)]
    shape = ["connection_id", "shape"]
    sales = sales[sales.groupby(shape)["text"].transform("size") >= LEAST_NUMBERS]
    found = [
        one
        for (connection, _), group in sales.groupby(shape)
        for one in _in_shape(group, taken.get(str(connection), frozenset()))
    ]
    return tuple(sorted(found, key=lambda one: (one.connection_id, -one.n, one.label)))


def plain_reference(number: str) -> str:
    """Drop a customer's reference in brackets after the number, which is no part of it."""
    return _REFERENCE.sub("", number).strip()


def _in_shape(group: pd.DataFrame, taken: frozenset[str]) -> Iterator[Series]:
    borne_twice = group.groupby("text")["kind"].nunique().max() > 1
    for _, rows in group.groupby("kind") if borne_twice else [("", group)]:
        days = rows["issued_day"].to_numpy(dtype="float64")
        counter = read_counter(rows["text"].tolist(), days)
        if counter is None:
            continue
        for positions in pd.Series(range(len(rows))).groupby(list(counter.literal)).indices.values():
            chosen = np.asarray(positions, dtype="int64")
            one = _series(rows, counter, chosen, taken) if len(chosen) >= LEAST_NUMBERS else None
            if one is not None:
                yield one


def _series(rows: pd.DataFrame, counter: Counter, chosen: Numbers, taken: frozenset[str]) -> Series | None:
    days = rows["issued_day"].to_numpy(dtype="float64")
    order = chosen[np.lexsort((days[chosen], counter.count[chosen], counter.partition[chosen]))]
    texts = rows["text"].to_numpy()
    gaps: list[Gap] = []
    missing: list[str] = []
    disorder: list[tuple[str, str]] = []
    jumps = 0
    size = dict(zip(*np.unique(counter.partition[chosen], return_counts=True), strict=True))
    steps = np.diff(counter.count[order])
    same = np.diff(counter.partition[order]) == 0
    later = np.diff(days[order])
    for i in np.flatnonzero(same & ((steps > 1) | (later < 0))).tolist():
        before, after = int(order[i]), int(order[i + 1])
        if later[i] < 0:
            disorder.append((str(texts[before]), str(texts[after])))
        between = int(steps[i]) - 1
        if between > max(JUMP, size[counter.partition[before]]):
            jumps += 1
        elif between > 0:
            written = [text for text in _between(str(texts[before]), counter, before, between) if text not in taken]
            missing += written
            row = rows.iloc[after]
            if written:
                gaps.append(Gap(len(written), float(days[after]), str(row["external_id"]), bool(row["direct"])))
    present = len(np.unique(np.stack([counter.partition[chosen], counter.count[chosen]]), axis=1).T)
    if present < LEAST_DENSE * (present + len(missing)) or present < LEAST_NUMBERS * (jumps + 1):
        return None
    in_time = chosen[np.lexsort((counter.count[chosen], days[chosen]))]
    return Series(
        label=_label(texts[in_time[-1]], counter, int(in_time[-1])),
        connection_id=str(rows["connection_id"].iloc[0]),
        first=str(texts[in_time[0]]),
        last=str(texts[in_time[-1]]),
        n=len(chosen),
        missing=tuple(missing[:LISTED]),
        missing_total=len(missing),
        gaps=tuple(gaps),
        disorder=tuple(disorder[:LISTED]),
        jumps=jumps,
        reset=counter.reset,
    )


def _between(text: str, counter: Counter, at: int, count: int) -> Iterator[str]:
    """Write the numbers that follow one, as it is written."""
    start, width, number = int(counter.start[at]), int(counter.width[at]), int(counter.count[at])
    for missing in range(number + 1, number + 1 + count):
        yield f"{text[:start]}{missing:0{width}d}{text[start + width :]}"


def _label(text: str, counter: Counter, at: int) -> str:
    """Write the newest number with its counter as "#": "FA2611-#"."""
    start, width = int(counter.start[at]), int(counter.width[at])
    return f"{text[:start]}#{text[start + width :]}"


def missing_since(series: tuple[Series, ...], day: float) -> int:
    """Count the missing numbers whose gap shows on a document issued on `day` or later."""
    return sum(gap.count for one in series for gap in one.gaps if gap.day >= day)
