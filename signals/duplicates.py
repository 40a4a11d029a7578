"""Suspected duplicates: the same invoice twice, under the same number, a near one, or another party's name.

Every pair found is *suspected*; `signals.confirmed_duplicates` are those somebody took back or refused. Rules, each
inside one source and among documents of the same direction and kind, strongest first:

- R1: same party and same number (case, separators and leading zeros aside).
- R2: same party and amount, issued within a few days of each other.
- R3: same party and amount, numbers one edit apart, or apart only by O for 0 and I for 1.
- R4: same amount and number, different party: a contact kept twice.

Left out: numbers in their places on a supplier's counter (R3), counters that started again (R1), and what many share
by chance (R4); cancelled documents; documents credited in full; subscriptions (same party and amount at regular
intervals, unless two fall inside one interval); tariffs (same party and amount every few days), for R2.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from signals.base import Measure, Reason, RecordKeys, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number
from signals.policy import Policy
from signals.rates import Rate, in_window, sources_of
from signals.standing import Codes, Standing, codes_of, standing

YEAR_DAYS = 365
RULES = ("R1", "R2", "R3", "R4")
NEXT_IN_LARGE_BLOCKS = 3
RESTARTED_DAYS = 300
"""A number that comes back this much later with another amount is a counter that started again."""
SHORTEST_NUMBER = 3
"""R4 needs this many characters: two suppliers' invoices "1" are no evidence."""
CHANCE = 0.01
"""R4 passes over a number and amount that other parties are expected to share by chance more often than this."""

SUSPECT_COLUMNS = ("rule", "connection_id", "direction", "first", "second", "party", "total_minor", "issued_day")

Positions = npt.NDArray[np.int64]


def suspects(
    documents: pd.DataFrame, *, days: int = 5, block_cap: int = 50, recurrences: int = 3, slack: int = 3
) -> pd.DataFrame:
    """Pair suspected duplicates, each pair once with its strongest rule, newest first.

    Columns: rule, connection_id, direction, first, second (external ids, in order of issue), and of the second
    document party, total_minor and issued_day. `days` is R2's reach; `recurrences` regular intervals, each within
    `slack` days of a week, a month or a quarter, make a subscription. Documents are compared inside blocks (same
    party and number, party and amount, or amount and number); in a block of more than `block_cap`, each with its
    next three in time only, so that cost stays linear.
    """
    rows = standing(documents, days=days, recurrences=recurrences, slack=slack)
    return _described(rows, *pairs(rows, days, block_cap, slack))


@dataclass(frozen=True, slots=True)
class Duplicates:
    """K30: the share of the last twelve months' documents suspected to repeat another one."""

    name: ClassVar[str] = "duplicate_rate"
    kpi: ClassVar[str] = "K30"

    days: int = 5
    block_cap: int = 50
    recurrences: int = 3
    slack: int = 3

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Count, of each group of suspects, the documents after its first."""
        window = (books.as_of - timedelta(days=YEAR_DAYS - 1), books.as_of)
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.SHARE, window=window)
        documents = books["documents"]
        today = day_number(books.as_of)
        documents = documents[documents["issued_day"] <= today]
        gone = documents["cancelled_day"] <= today
        counted = documents[in_window(documents["issued_day"].to_numpy(), window) & ~gone]
        if counted.empty:
            return replace(answer, reason=Reason("no_documents", {"months": 12}))
        rows = standing(documents, days=self.days, recurrences=self.recurrences, slack=self.slack)
        first, second, rule = pairs(rows, self.days, self.block_cap, self.slack)
        groups = _groups(len(rows.frame), first, second)
        recent = in_window(rows.day, window)
        later = (groups != np.arange(len(groups))) & recent
        members = np.isin(groups, np.unique(groups[later]))
        rate = Rate(int(later.sum()), len(counted))
        low, high = rate.bounds
        found = rows.frame[members].sort_values(["issued_day", "external_id"], ascending=[False, True])
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            tier=Tier.DIRECT if bool(counted["direct"].all()) else Tier.PROXY,
            sources=sources_of(counted),
            notes=self._notes(rows, recent, rule[recent[second]]),
            records=stream_keys(found),
            records_total=len(found),
        )

    def _notes(self, rows: Standing, recent: npt.NDArray[np.bool_], rule: Positions) -> tuple[Reason, ...]:
        counts = [
            Reason("duplicates_by_rule", {"rule": r, "pairs": int((rule == i).sum())}) for i, r in enumerate(RULES)
        ]
        said = [
            Reason("duplicates_unnumbered", {"n": int(((rows.number < 0) & recent).sum())}),
            Reason("duplicates_without_party", {"n": int(((rows.party < 0) & recent).sum())}),
            Reason("duplicates_subscriptions", {"n": int(((rows.period > 0) & recent).sum())}),
            Reason("duplicates_credited", {"n": rows.credited}),
            Reason("duplicates_large_blocks", {"n": _in_large_blocks(rows, self.block_cap), "cap": self.block_cap}),
        ]
        spoken = (note for note in (*counts, *said) if note.params.get("pairs", note.params.get("n")))
        return (Reason("duplicates_suspected"), *spoken)


def pairs(rows: Standing, days: int, cap: int, slack: int) -> tuple[Positions, Positions, Positions]:
    """Give first and second position and number of the rule (a place in `RULES`) of each pair, in order of issue."""
    found = [
        *_same_number(rows, cap, slack),
        *_same_amount(rows, days, cap, slack),
        *_same_amount_and_number(rows, cap),
    ]
    if not found:
        none = np.empty(0, dtype="int64")
        return none, none, none
    first, second, rule = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((rule, second, first))
    first, second, rule = first[order], second[order], rule[order]
    repeated = np.zeros(len(first), dtype=bool)
    repeated[1:] = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
    return first[~repeated], second[~repeated], rule[~repeated]


Found = Iterator[tuple[Positions, Positions, Positions]]


def _same_number(rows: Standing, cap: int, slack: int) -> Found:
    for number in (rows.number, rows.parts):
        known = (rows.party >= 0) & (number >= 0)
        for a, b in _in_blocks((rows.base, rows.party, number), known, cap):
            late = rows.day[b] - rows.day[a] > RESTARTED_DAYS
            counted = rows.in_place[a] & rows.in_place[b] & (rows.parts[a] == rows.parts[b])
            started_again = (late | counted) & (rows.amount[a] != rows.amount[b])
            keep = ~started_again & ~_in_turn(rows, a, b, slack)
            yield a[keep], b[keep], np.zeros(int(keep.sum()), dtype="int64")


def _same_amount(rows: Standing, days: int, cap: int, slack: int) -> Found:
    known = (rows.party >= 0) & (rows.amount > 0)
    for a, b in _in_blocks((rows.base, rows.party, rows.amount), known, cap):
        turn = _in_turn(rows, a, b, slack)
        near = ~turn & ~rows.tariff[a] & (rows.day[b] - rows.day[a] <= days)
        yield a[near], b[near], np.full(int(near.sum()), 1, dtype="int64")
        numbered = ~turn & ~near & (rows.number[a] >= 0) & (rows.number[b] >= 0)
        # Our own numbers come off a counter, so that neighbours differ by a digit: on sales only letters may differ.
        numbered &= ~rows.sale[a] | (rows.digits[a] == rows.digits[b])
        # Suppliers count too: two numbers in their places on one counter are two orders of the same thing.
        numbered &= ~(rows.in_place[a] & rows.in_place[b] & (rows.shape[a] == rows.shape[b]))
        a, b = a[numbered], b[numbered]  # noqa: PLW2901 - narrowed
        alike = (rows.folded[a] == rows.folded[b]) | _one_edit_apart(rows.text[a], rows.text[b])
        yield a[alike], b[alike], np.full(int(alike.sum()), 2, dtype="int64")


def _same_amount_and_number(rows: Standing, cap: int) -> Found:
    known = (rows.party >= 0) & (rows.amount > 0) & (rows.number >= 0) & (rows.length >= SHORTEST_NUMBER)
    by_chance = _by_chance(rows)
    for a, b in _in_blocks((rows.base, rows.amount, rows.number), known, cap):
        other = (rows.party[a] != rows.party[b]) & ~by_chance[a]
        yield a[other], b[other], np.full(int(other.sum()), 3, dtype="int64")


def _by_chance(rows: Standing) -> npt.NDArray[np.bool_]:
    """Say of which documents another party's has number and amount by chance once in a hundred or more.

    Everybody's first invoice is "2026-001", and many are round: expected are the others with this number times the
    share of this amount among numbers of this shape. The pair itself is not counted among the others.
    """
    expected = np.maximum(_counts(rows.base, rows.number) - 2, 0) * (_counts(rows.shape, rows.amount) - 1)
    by_chance: npt.NDArray[np.bool_] = expected > CHANCE * _counts(rows.shape)
    return by_chance


def _counts(*keys: Codes) -> Codes:
    """Give each position the number of positions with the same keys."""
    codes = codes_of(*keys)
    return np.bincount(codes)[codes]


def _in_blocks(
    keys: tuple[Codes, ...], known: npt.NDArray[np.bool_], cap: int
) -> Iterator[tuple[Positions, Positions]]:
    """Give pairs of positions inside each block, nearest in time first; positions are in order of issue already."""
    positions = np.flatnonzero(known)
    order = np.lexsort(tuple(key[positions] for key in reversed(keys)))  # stable: time order stays inside a block
    positions = positions[order]
    new = np.zeros(len(positions), dtype=bool)
    for key in keys:
        here = key[positions]
        new[1:] |= here[1:] != here[:-1]
    block = np.cumsum(new)
    size = np.bincount(block, minlength=1)[block] if len(block) else block
    step = 1
    while True:
        keep = (size > step) & ((size <= cap) | (step <= NEXT_IN_LARGE_BLOCKS))
        positions, block, size = positions[keep], block[keep], size[keep]
        if not len(positions):
            return
        same = block[step:] == block[:-step]
        yield positions[:-step][same], positions[step:][same]
        step += 1


def _in_turn(rows: Standing, a: Positions, b: Positions, slack: int) -> npt.NDArray[np.bool_]:
    """Say which pairs are two turns of one subscription: a full interval apart."""
    regular = (rows.subscription[a] == rows.subscription[b]) & (rows.period[a] > 0)
    in_turn: npt.NDArray[np.bool_] = regular & (rows.day[b] - rows.day[a] >= rows.period[a] - slack)
    return in_turn


def _one_edit_apart(a: npt.NDArray[np.object_], b: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    if not len(a):
        return np.zeros(0, dtype=bool)
    distance = np.asarray(cpdist(a, b, scorer=Levenshtein.distance, score_cutoff=1), dtype=np.int64)
    near: npt.NDArray[np.bool_] = distance <= 1
    return near


def _in_large_blocks(rows: Standing, cap: int) -> int:
    known = (rows.party >= 0) & (rows.amount > 0)
    _, counts = np.unique(rows.subscription[known], return_counts=True)
    return int(counts[counts > cap].sum())


def _groups(n: int, first: Positions, second: Positions) -> Positions:
    """Give each position the earliest one it is linked to, itself if none."""
    root = list(range(n))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        low, high = sorted((find(a), find(b)))
        root[high] = low
    return np.array([find(i) if root[i] != i else i for i in range(n)], dtype="int64")


def _described(rows: Standing, first: Positions, second: Positions, rule: Positions) -> pd.DataFrame:
    one, two = rows.frame.iloc[first], rows.frame.iloc[second]
    pairs = pd.DataFrame(
        {
            "rule": np.array(RULES, dtype=object)[rule],
            "connection_id": two["connection_id"].to_numpy(),
            "direction": two["direction"].to_numpy(),
            "first": one["external_id"].to_numpy(),
            "second": two["external_id"].to_numpy(),
            "party": two["party"].to_numpy(),
            "total_minor": two["total_minor"].to_numpy(),
            "issued_day": two["issued_day"].to_numpy(),
        }
    )
    newest = ["issued_day", "connection_id", "first", "second"]
    return pairs.sort_values(newest, ascending=[False, True, True, True], ignore_index=True)


def stream_keys(rows: pd.DataFrame) -> RecordKeys:
    """Name documents by the stream they were read from."""
    streams = np.where(rows["direct"].to_numpy(dtype=bool), "invoices", "ledger").tolist()
    return RecordKeys(streams, rows["external_id"].tolist(), rows["connection_id"].tolist())
