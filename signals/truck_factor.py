"""How many people have to go before most of the work is left with nobody, and whether one is about to.

The *truck factor* comes from software (Avelino, Passos, Hora and Valente 2016, "A novel approach for estimating truck
factors"): who knows most is taken away, one after the other, until more than half of the files have no author left.
Here a file is a *cell*: a process with one customer or supplier, or with one recurring task where there is neither. An
actor knows a cell as `signals.key_person` has it: a tenth of its events and three, here in the last six complete
months. Cells nobody knows (too little happened) are not counted, neither before nor after.

One alone in a back office has a truck factor of 1 by nature: it explains and carries no level. No measure here names
or ranks people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import pandas as pd

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, last_complete_month, month_end, month_start
from signals.key_person import KNOWS_EVENTS, KNOWS_ONE_IN, NOT_PEOPLE, WINDOW_DAYS, knowers
from signals.policy import Policy
from signals.rates import rate_over, rate_points, sources_of

ORPHAN_SHARE = 0.5
FEWEST_CELLS = 10
DEPARTURE_DAYS = 90
MONTHS = 12
CELL_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Removal:
    """What taking people away does: the share of known cells without a knower after each."""

    cells: int
    orphaned: tuple[float, ...]

    @property
    def truck_factor(self) -> int:
        """How many removals it takes until more than half of the cells have no knower."""
        return len(self.orphaned)


def removal(cells: pd.DataFrame) -> Removal:
    """Take away whoever knows most of the cells that are left, until more than half have nobody.

    `cells`: `process`, `portfolio`, `actor`, `n`. Of actors who know equally many cells goes first who alone knows
    most of them, then who did most in them, then the first by name: the answer never hangs on the order of rows.
    Greedy, hence at least the smallest number that would do.
    """
    known = _known(cells)
    if known.empty:
        return Removal(0, ())
    cell = pd.factorize(pd.MultiIndex.from_frame(known[["process", "portfolio"]]))[0]
    actors, actor = np.unique(known["actor"].to_numpy(dtype=object), return_inverse=True)
    total = int(cell.max()) + 1
    knows = np.zeros((len(actors), total), dtype=bool)
    knows[actor, cell] = True
    done = np.zeros((len(actors), total), dtype="int64")
    done[actor, cell] = known["n"].to_numpy()
    orphaned: list[float] = []
    while not orphaned or orphaned[-1] <= ORPHAN_SHARE:
        sole = knows & (knows.sum(axis=0) == 1)
        count, alone, events = knows.sum(axis=1), sole.sum(axis=1), (done * knows).sum(axis=1)
        first = np.lexsort((np.arange(len(actors)), -events, -alone, -count))[0]
        knows[first] = False
        orphaned.append(float((~knows.any(axis=0)).mean()))
    return Removal(total, tuple(orphaned))


@dataclass(frozen=True, slots=True)
class TruckFactor:
    """K45: how many people have to go until more than half of the cells have nobody who knows them."""

    name: ClassVar[str] = "truck_factor"
    kpi: ClassVar[str] = "K45"

    process: str = "all"
    fewest_cells: int = FEWEST_CELLS

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Remove people from the cells of six complete months; a state, no sample: the bounds are the value."""
        last = last_complete_month(books.as_of)
        window = (month_start(last - CELL_MONTHS + 1), month_end(last))
        answer = replace(_blank(self.name, self.kpi, Unit.COUNT), process=self.process, window=window)
        table = books["cells"]
        if table.empty:
            return replace(answer, reason=Reason("no_cells_source"))
        recent = table[table["month"].between(last - CELL_MONTHS + 1, last) & (table["n"] > 0)]
        if self.process != "all":
            recent = recent[recent["process"] == self.process]
        people = recent[~recent["role"].isin(NOT_PEOPLE) & (recent["actor"] != "")]
        if people.empty:
            code = "no_recent_activity" if recent.empty else "only_shared_logins"
            return replace(answer, reason=Reason(code, {"days": _days(window)} if recent.empty else {}))
        found = removal(people)
        if found.cells < self.fewest_cells:
            reason = Reason("few_cells", {"n": found.cells, "needed": self.fewest_cells})
            return replace(answer, n=found.cells, reason=reason)
        feeds = books["feeds"]
        value = float(found.truck_factor)
        return replace(
            answer,
            value=value,
            low=value,
            high=value,
            n=found.cells,
            tier=Tier.DIRECT,
            sources=sources_of(feeds[feeds["stream"].isin(["activities", "reminders", "invoices"])]),
            notes=_notes(recent, people, found),
        )


@dataclass(frozen=True, slots=True)
class SameHands:
    """K49: the share of approved documents that their own author approved."""

    name: ClassVar[str] = "same_hands_share"
    kpi: ClassVar[str] = "K49"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Count documents by author and approver over the last twelve complete months; reported, never alarmed.

        Segregation of duties is beyond the smallest firms. A source that writes the author down as approver of every
        document says nothing about approval (rule: a field equal to another one isn't informative).
        """
        last = last_complete_month(books.as_of)
        window = (month_start(last - MONTHS + 1), month_end(last))
        answer = replace(_blank(self.name, self.kpi, Unit.SHARE), window=window)
        table = books["approvals"]
        if table.empty:
            return replace(answer, reason=Reason("no_approvals"))
        rows = table[(table["month"] <= last) & (table["author"] != "") & (table["validator"] != "")]
        people = rows[~rows["author_role"].isin(NOT_PEOPLE) & ~rows["validator_role"].isin(NOT_PEOPLE)]
        if people.empty:
            return replace(answer, reason=Reason("no_approvals" if rows.empty else "only_shared_logins"))
        same = people["author"] == people["validator"]
        if bool(same.all()):
            return replace(answer, n=int(people["n"].sum()), reason=Reason("approver_is_author"))
        trials = people[["month", "n"]].assign(count=np.where(same, people["n"], 0))
        monthly = trials.groupby("month", as_index=False)[["count", "n"]].sum()
        rate = rate_over(monthly, range(last - MONTHS + 1, last + 1))
        if not rate.n:
            return replace(answer, reason=Reason("no_recent_approvals", {"months": MONTHS}))
        low, high = rate.bounds
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            tier=Tier.DIRECT,
            sources=sources_of(people),
            series=rate_points(monthly, last),
        )


@dataclass(frozen=True, slots=True)
class DepartureAhead:
    """K50: how many of those who know a process are known to leave within 90 days."""

    name: ClassVar[str] = "departures_ahead"
    kpi: ClassVar[str] = "K50"

    days: int = DEPARTURE_DAYS

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Count knowers whose last day lies ahead and had been told by the day of the books; a state.

        Neither who nor when is said: how many, and how many processes would be left with nobody.
        """
        window = (books.as_of - timedelta(days=WINDOW_DAYS - 1), books.as_of)
        answer = replace(_blank(self.name, self.kpi, Unit.COUNT), window=window)
        table = books["departures"]
        if books["staff"].empty and table.empty:
            return replace(answer, reason=Reason("no_staff_source"))
        today = day_number(books.as_of)
        events = books["events"]
        events = events[(events["day"] <= today) & (events["n"] > 0)]
        if events.empty:
            return replace(answer, reason=Reason("no_activity_source"))
        known = knowers(events, today)
        who = {actor for actors in known.values() for actor in actors}
        if not who:
            return replace(answer, reason=Reason("nobody_known"))
        told = table[(table["told_day"] <= today) & table["left_day"].between(today + 1, today + self.days)]
        leaving = who & set(told["actor"])
        feeds = books["feeds"]
        value = float(len(leaving))
        return replace(
            answer,
            value=value,
            low=value,
            high=value,
            n=len(who),
            tier=Tier.DIRECT,
            sources=sources_of(feeds[feeds["stream"].isin(["staff", "activities"])]),
            notes=_left_behind(known, leaving),
        )


def _known(cells: pd.DataFrame) -> pd.DataFrame:
    """Give who knows which cell, by `key_person`'s measure."""
    done = cells.groupby(["process", "portfolio", "actor"], as_index=False)["n"].sum()
    total = done.groupby(["process", "portfolio"])["n"].transform("sum")
    known: pd.DataFrame = done[(done["n"] >= KNOWS_EVENTS) & (done["n"] * KNOWS_ONE_IN >= total)]
    return known


def _notes(recent: pd.DataFrame, people: pd.DataFrame, found: Removal) -> tuple[Reason, ...]:
    seen = len(people[["process", "portfolio"]].drop_duplicates())
    out = int(recent.loc[recent["role"].isin(NOT_PEOPLE), "actor"].nunique())
    notes = (
        Reason("cells_orphaned_by_first", {"share": found.orphaned[0]}),
        Reason("cells_unknown", {"n": seen - found.cells, "of": seen}),
        Reason("actors_excluded", {"n": out}),
    )
    return tuple(note for note in notes if note.params.get("n") != 0)


def _left_behind(known: Mapping[str, tuple[str, ...]], leaving: set[str]) -> tuple[Reason, ...]:
    alone = sum(1 for actors in known.values() if set(actors) <= leaving)
    return (Reason("departure_leaves_nobody", {"n": alone, "of": len(known)}),) if alone else ()


def _days(window: tuple[date, date]) -> int:
    return (window[1] - window[0]).days + 1


def _blank(name: str, kpi: str, unit: Unit) -> Measure:
    return Measure(name=name, kpi=kpi, signal=SignalName.KEY_PERSON, unit=unit)
