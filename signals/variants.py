"""How a process is really done: the courses its cases took, beside what is declared of it.

A case is one document's way through a process; a variant is a course that cases share, the same actions in the same
order (van der Aalst 2016, ch. 10). Three numbers say how far the work follows one way (K65): how many variants cover
80 % of the cases, how evenly the cases are spread over variants, and how many cases had to be gone back to. Variant
entropy as a measure of a process's complexity: Augusto, Mendling, Vidgof & Wurm (2022), who take it over the states of
a prefix automaton; here it is Shannon's (1948), over cases, so that an odd case weighs as one.

A source that tells one thing of each case, its making say, would make any process look as if it went one way: cases of
one action alone count as cases, but a process needs enough of two actions or more for anything to be said of it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import log

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Reason, Tier, Unit
from signals.books import Books
from signals.intervals import wilson
from signals.rates import in_window, sources_of

BETWEEN = ">"
"""What stands between two actions of a sequence."""
COVERED = 0.80
PATHS_KEPT = 3
"""Courses told one by one: what a reader takes in at a glance."""
REPEATED_ON_PURPOSE = frozenset({"dunning"})
"""Processes in which the same action comes again by design: a second reminder is no rework."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRule:
    """Which cases count, and what contradicts a documented process; 50 cases are K65's, the rest our own choice.

    The entropy carries no limit: of the same process it falls as cases are added, for its largest value grows.
    """

    window_days: int = 365
    settled_days: int = 30  # since its last action, for a case to be taken as ended
    fewest: int = 50  # cases
    variants_limit: int = 10  # that cover 80 %: more than a sheet describes
    rework_limit: float = 0.30  # share of cases, by its lower bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """How the cases of one process went: `cases` of them in `variants` courses, the commonest first in `shares`.

    `covering` variants make up 80 % of the cases. `entropy` is 0 when all went one way and 1 when each went its own.
    `reworked` cases came back to an action, None where repeating is part of the process.
    """

    process: str
    cases: int
    variants: int
    covering: int
    entropy: float
    reworked: int | None
    followed: int  # cases of two actions or more: the others tell nothing of how the work goes
    paths: tuple[tuple[tuple[str, ...], int], ...]  # the commonest courses, with their cases
    steps: tuple[tuple[str, int], ...]  # each action, with the cases it came up in, the commonest first
    window: tuple[date, date]
    sources: tuple[str, ...] = ()

    @property
    def usual(self) -> int:
        """How many cases took one of the commonest courses."""
        return sum(n for _, n in self.paths)


def observed(books: Books, rule: VariantRule | None = None) -> tuple[Observed, ...]:
    """Sum up the ended cases of each process, however few, in the order of processes' names."""
    rule = rule or VariantRule()
    window = books.as_of - timedelta(days=rule.window_days - 1), books.as_of - timedelta(days=rule.settled_days)
    traces = books["traces"]
    ended = traces[in_window(traces["last_day"].to_numpy(dtype="float64"), window) & (traces["n"] > 0)]
    ended = ended[ended["sequence"] != ""]
    return tuple(_observed(str(process), rows, window) for process, rows in ended.groupby("process", sort=True))


def _observed(process: str, rows: pd.DataFrame, window: tuple[date, date]) -> Observed:
    sizes = rows.groupby("sequence")["n"].sum().sort_index().sort_values(ascending=False, kind="stable")
    counts = sizes.to_numpy(dtype="int64")
    actions = [tuple(str(sequence).split(BETWEEN)) for sequence in sizes.index]
    again = np.array([comes_back(str(sequence)) for sequence in sizes.index], dtype=bool)
    return Observed(
        process=process,
        cases=int(counts.sum()),
        variants=len(counts),
        covering=covering(counts),
        entropy=normalised_entropy(counts),
        reworked=None if process in REPEATED_ON_PURPOSE else int(counts[again].sum()),
        followed=sum(int(n) for course, n in zip(actions, counts, strict=True) if len(course) > 1),
        paths=tuple((course, int(n)) for course, n in zip(actions[:PATHS_KEPT], counts[:PATHS_KEPT], strict=True)),
        steps=_steps(actions, counts),
        window=window,
        sources=sources_of(rows),
    )


def _steps(courses: list[tuple[str, ...]], counts: npt.NDArray[np.int64]) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for course, n in zip(courses, counts, strict=True):
        for action in set(course):
            found[action] = found.get(action, 0) + int(n)
    return tuple(sorted(found.items(), key=lambda step: (-step[1], step[0])))


def covering(counts: npt.NDArray[np.int64], share: float = COVERED) -> int:
    """Count the commonest variants that together make up a share of the cases; `counts` falling, not empty."""
    reached = np.cumsum(counts)
    return int(np.searchsorted(reached, share * reached[-1] - 1e-9)) + 1  # the least: .8 x 5 is not quite 4


def normalised_entropy(counts: npt.NDArray[np.int64]) -> float:
    """Give the entropy of the cases' spread over variants, over the most that many cases can have: 0 to 1."""
    total = int(counts.sum())
    if total < 2:  # noqa: PLR2004 - one case goes one way
        return 0.0
    shares = counts / total
    return max(0.0, -float(np.sum(shares * np.log(shares)))) / log(total)


def comes_back(sequence: str) -> bool:
    """Say whether an action comes up more than once in a course."""
    actions = sequence.split(BETWEEN)
    return len(set(actions)) < len(actions)


def cross_check(
    seen: Collection[Observed], documented: Collection[str], rule: VariantRule | None = None
) -> tuple[Reason, ...]:
    """Say where what is declared of processes and what their cases show don't agree.

    `documented` names the processes declared so. One declared documented that goes too many ways, or back too often,
    contradicts its sheet. One that isn't, and goes few ways, is quickly written down. Under `rule.fewest` cases, or of
    cases of one action, nothing is said of a process but that. It explains: no gate asks it.
    """
    rule = rule or VariantRule()
    return tuple(reason for one in seen for reason in _checked(one, one.process in documented, rule))


def _checked(one: Observed, documented: bool, rule: VariantRule) -> list[Reason]:  # noqa: FBT001 - private
    said: dict[str, str | int | float] = {"process": one.process, "n": one.cases}
    if one.followed < rule.fewest:
        return [_too_few(one, rule)] if documented else []
    ways: dict[str, str | int | float] = {**said, "variants": one.covering, "limit": rule.variants_limit}
    many = one.covering > rule.variants_limit
    low = wilson(one.reworked, one.cases)[0] if one.reworked is not None else 0.0
    often = low > rule.rework_limit
    if not documented:
        return [] if many or often else [Reason("undocumented_but_regular", ways)]
    share = (one.reworked or 0) / one.cases
    found = [Reason("documented_but_varied", ways)] if many else []
    found += (
        [Reason("documented_but_reworked", {**said, "share": share, "limit_share": rule.rework_limit})] if often else []
    )
    return found or [Reason("documented_as_done", ways)]


def _too_few(one: Observed, rule: VariantRule) -> Reason:
    if one.cases < rule.fewest:
        return Reason("variants_few_cases", {"process": one.process, "n": one.cases, "needed": rule.fewest})
    return Reason("traces_of_one_step", {"process": one.process, "n": one.cases, "followed": one.followed})


def variant_measures(seen: Collection[Observed], rule: VariantRule | None = None) -> tuple[Measure, ...]:
    """Give each process's numbers as measures (K65); without enough cases no value, and the reason."""
    rule = rule or VariantRule()
    return tuple(measure for one in seen for measure in _measures(one, rule))


def _measures(one: Observed, rule: VariantRule) -> tuple[Measure, ...]:
    blank = Measure(
        name="",
        kpi="K65",
        signal=None,
        unit=Unit.COUNT,
        process=one.process,
        n=one.cases,
        window=one.window,
        sources=one.sources,
    )
    covering_all = replace(blank, name="variants_covering", limit=float(rule.variants_limit))
    entropy = replace(blank, name="variant_entropy", unit=Unit.RATIO)
    rework = replace(blank, name="rework_share", unit=Unit.SHARE, limit=rule.rework_limit)
    usual = replace(blank, name="usual_path_share", unit=Unit.SHARE)
    if one.followed < rule.fewest:
        why = _too_few(one, rule)
        return tuple(replace(measure, reason=why) for measure in (usual, covering_all, entropy, rework))
    low, high = wilson(one.usual, one.cases)
    return (
        replace(usual, value=one.usual / one.cases, low=low, high=high, tier=Tier.DIRECT),
        replace(covering_all, value=float(one.covering), tier=Tier.DIRECT),
        replace(entropy, value=one.entropy, tier=Tier.DIRECT),
        _reworked(rework, one),
    )


def _reworked(blank: Measure, one: Observed) -> Measure:
    if one.reworked is None:
        return replace(blank, reason=Reason("repeated_on_purpose", {"process": one.process}))
    low, high = wilson(one.reworked, one.cases)
    return replace(blank, value=one.reworked / one.cases, low=low, high=high, tier=Tier.DIRECT)
