"""Key person: whether the back office rests on one head, and whether the work went on while that head was away.

Actors are logins. Robots, shared logins and the outside accountant know nothing in this sense: one login used by
three people would look like a single knower, and an accountant's batch entries like a concentration.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.absences import Positions, absent_on, compare, runs_of, working_days
from signals.base import Measure, Point, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, last_complete_month, month_end, month_number, months_of
from signals.policy import Policy
from signals.rates import sources_of

WINDOW_DAYS = 180
KNOWS_ONE_IN = 10  # an actor knows a process with a tenth of its events …
KNOWS_EVENTS = 3  # … and at least so many
FEWEST_PROCESSES = 3
SERIES_MONTHS = 36
ABSENCE_WINDOW_DAYS = 730
SHORTEST_ABSENCE = 3  # working days
FEWEST_ABSENCES = 2
FEWEST_ABSENT_DAYS = 10
STAND_IN = 2  # the operators a process needs for one to stand in
NOT_PEOPLE = frozenset({"bot", "shared_login", "outside_accountant"})


def knowers(events: pd.DataFrame, t: int) -> Mapping[str, tuple[str, ...]]:
    """Name who knows each process on day number `t`, most active first; a process nobody knows is left out.

    An actor knows a process after at least a tenth of its events, and three, in the 180 days up to `t`.
    """
    return next(iter(knowers_on(events, [t])))


def knowers_on(events: pd.DataFrame, days: Iterable[int]) -> list[Mapping[str, tuple[str, ...]]]:
    """Name who knows each process on several days, as `knowers` does on one; the events are gone through once."""
    people = _people(events)
    people = people.iloc[np.argsort(people["day"].to_numpy(), kind="stable")]
    process, processes = pd.factorize(people["process"], sort=True)
    actor, actors = pd.factorize(people["actor"], sort=True)
    day, n = people["day"].to_numpy(), people["n"].to_numpy(dtype="float64")
    cell, shape = process * len(actors) + actor, (len(processes), len(actors))
    found: list[Mapping[str, tuple[str, ...]]] = []
    for t in days:
        first, last = np.searchsorted(day, [t - WINDOW_DAYS, t], side="right")
        done = np.bincount(cell[first:last], n[first:last], minlength=shape[0] * shape[1]).reshape(shape)
        knows = (done >= KNOWS_EVENTS) & (done * KNOWS_ONE_IN >= done.sum(axis=1, keepdims=True))
        order = np.argsort(-done, axis=1, kind="stable")  # of equals, the first by name
        listed = ((str(processes[p]), tuple(str(actors[a]) for a in order[p] if knows[p, a])) for p in range(shape[0]))
        found.append({name: who for name, who in listed if who})
    return found


def hhi(amounts: Iterable[float]) -> float:
    """Give the Herfindahl-Hirschman index of some amounts: 10,000 for one alone, 10,000/k for k equal ones.

    Raises ZeroDivisionError if they sum to nothing.
    """
    listed = tuple(amounts)
    total = sum(listed)
    return 10_000 * sum((amount / total) ** 2 for amount in listed)


def lacks_backup(holiday: Measure, backup: Measure, sole: Measure, policy: Policy) -> bool:
    """Say whether nobody stands in, which a high sole-operator share needs before the signal may be over.

    The holiday test failed for sure, or absences had too few stand-ins. Where neither has a value, a declared sole
    operator has no stand-in by definition; an observed one may have.
    """
    if holiday.low is not None and holiday.low > policy.holiday_drop_limit:
        return True
    if backup.value is not None and backup.value < policy.backup_limit:
        return True
    return not holiday.known and not backup.known and sole.known and sole.tier is Tier.DECLARED


@dataclass(frozen=True, slots=True)
class SoleOperators:
    """K46: the share of processes that exactly one actor knows."""

    name: ClassVar[str] = "sole_operator_share"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Count who knows what from activity; without it, take who is declared to do it.

        A state and not a sample: both bounds are the value itself.
        """
        answer = replace(_blank(self.name, "K46", Unit.SHARE), limit=policy.sole_operator_limit)
        return _better(self._seen(answer, books), self._said(answer, books, policy))

    def _seen(self, answer: Measure, books: Books) -> Measure:
        events = _events(books)
        if reason := _no_actors(events, books):
            return replace(answer, reason=reason)
        first = int(months_of(np.array([float(events["day"].min())]))[0])
        last = last_complete_month(books.as_of)
        months = range(max(first, last - SERIES_MONTHS + 1), last + 1)
        then = knowers_on(events, [day_number(month_end(m)) for m in months])
        sole, n = _sole(knowers(events, day_number(books.as_of)))
        return _state(
            replace(
                _direct(answer, books, events, "activities"),
                series=tuple(_point(m, *_sole(known)) for m, known in zip(months, then, strict=True)),
            ),
            sole,
            n,
        )

    def _said(self, answer: Measure, books: Books, policy: Policy) -> Measure | None:
        sheets = _sheets(books, policy)
        if sheets is None:
            return None
        (operators, since) = sheets
        sole, n = sum(1 for count in operators if count == 1), len(operators)
        last = last_complete_month(books.as_of)
        months = range(max(since, last - SERIES_MONTHS + 1), last + 1)
        return _state(
            replace(answer, tier=Tier.DECLARED, series=tuple(_point(m, sole, n) for m in months)),
            sole,
            n,
        )


@dataclass(frozen=True, slots=True)
class HolidayTest:
    """K47: the share of activity lost while the most active actor is away."""

    name: ClassVar[str] = "holiday_drop"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Compare what everybody did during absences with the same weekdays of the weeks around them."""
        answer = replace(_blank(self.name, "K47", Unit.SHARE), limit=policy.holiday_drop_limit)
        away = _away(books, policy)
        if isinstance(away, Reason):
            return replace(answer, reason=away)
        # Everybody's events: the question is whether the work went on, whoever did it.
        by_day = _events(books).groupby("day")["n"].sum()
        done = by_day.reindex(away.days, fill_value=0).to_numpy(dtype="int64")
        found = compare(away.days, done, away.absent, away.runs)
        if reason := _few(found.absences, found.days):
            return replace(answer, reason=reason)
        if found.drop is None:
            return replace(answer, reason=Reason("no_reference_activity"))
        low, high = found.bounds
        return replace(
            _direct(answer, books, _events(books), "activities", "absences"),
            value=found.drop,
            low=low,
            high=high,
            n=found.days,
            window=_absence_window(books),
        )


@dataclass(frozen=True, slots=True)
class BackupPresence:
    """K48: the share of the most active actor's absent days on which somebody able to stand in was there."""

    name: ClassVar[str] = "backup_presence"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Look who, the day before each absence, knew one of the absent actor's processes, and was there.

        Without activity or absences: the share of declared processes with two operators or more.
        """
        answer = replace(_blank(self.name, "K48", Unit.SHARE), limit=policy.backup_limit)
        return _better(self._seen(answer, books, policy), self._said(answer, books, policy))

    def _seen(self, answer: Measure, books: Books, policy: Policy) -> Measure:
        away = _away(books, policy)
        if isinstance(away, Reason):
            return replace(answer, reason=away)
        events, covered, days, absences = _events(books), 0, 0, 0
        for run in away.runs:
            known = knowers(events, int(away.days[run[0]]) - 1)
            if not any(away.actor in who for who in known.values()):
                continue  # the history before this absence is too short to say who knew what
            stand_ins = {a for who in known.values() if away.actor in who for a in who} - {away.actor}
            absences, days = absences + 1, days + len(run)
            covered += int(_present(away.days[run], stand_ins, books).sum())
        if reason := _few(absences, days):
            return replace(answer, reason=reason)
        seen = _direct(answer, books, events, "activities", "absences", "staff")
        share = covered / days
        return replace(seen, value=share, low=share, high=share, n=days, window=_absence_window(books))

    def _said(self, answer: Measure, books: Books, policy: Policy) -> Measure | None:
        sheets = _sheets(books, policy)
        if sheets is None:
            return None
        backed = sum(1 for count in sheets[0] if count >= STAND_IN)
        return _state(replace(answer, tier=Tier.DECLARED), backed, len(sheets[0]))


@dataclass(frozen=True, slots=True)
class EffectiveActors:
    """K44: among how many equally active people the same concentration would be."""

    name: ClassVar[str] = "effective_actors"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - the contract of a detector
        """Divide 10,000 by the concentration of the last 180 days' events."""
        answer = _blank(self.name, "K44", Unit.COUNT)
        events = _events(books)
        if reason := _no_actors(events, books):
            return replace(answer, reason=reason)
        by_actor = _people(_recent(events, day_number(books.as_of))).groupby("actor")["n"].sum()
        if by_actor.empty:
            return replace(answer, reason=Reason("no_recent_activity", {"days": WINDOW_DAYS}))
        value = 10_000 / hhi(by_actor)
        return replace(_direct(answer, books, events, "activities"), value=value, n=int(by_actor.sum()))


@dataclass(frozen=True, slots=True)
class _Away:
    """When the most active actor was away: working days, which of them absent, and the longer absences."""

    actor: str
    days: npt.NDArray[np.int64]
    absent: npt.NDArray[np.bool_]
    runs: tuple[Positions, ...]


def _away(books: Books, policy: Policy) -> _Away | Reason:
    events, today = _events(books), day_number(books.as_of)
    if reason := _no_actors(events, books):
        return reason
    absences = books["absences"]
    absences = absences[absences["start_day"] <= today]
    if absences.empty:
        return Reason("no_absences_source")
    by_actor = _people(_recent(events, today)).groupby("actor")["n"].sum()
    if by_actor.empty:
        return Reason("no_recent_activity", {"days": WINDOW_DAYS})
    actor = str(min(by_actor.index, key=lambda name: (-by_actor[name], name)))
    # Before the first event nobody's work is known, so an absence then tells nothing.
    days = working_days(max(int(events["day"].min()), today - ABSENCE_WINDOW_DAYS + 1), today, policy.closed_days)
    absent = absent_on(days, absences, actor)
    runs = runs_of(absent, SHORTEST_ABSENCE)
    return _few(len(runs), sum(len(run) for run in runs)) or _Away(actor, days, absent, runs)


def _few(absences: int, days: int) -> Reason | None:
    if absences >= FEWEST_ABSENCES and days >= FEWEST_ABSENT_DAYS:
        return None
    needed = {"needed_absences": FEWEST_ABSENCES, "needed_days": FEWEST_ABSENT_DAYS}
    return Reason("few_absences", {"absences": absences, "days": days, **needed})


def _present(days: npt.NDArray[np.int64], actors: Iterable[str], books: Books) -> npt.NDArray[np.bool_]:
    """Say on which days at least one of the actors was there: not absent, and not gone for good."""
    absences, staff = books["absences"], books["staff"]
    there = np.zeros(len(days), dtype=bool)
    for actor in actors:
        left = staff.loc[staff["actor"] == actor, "left_day"].min()
        there |= ~absent_on(days, absences, actor) & ~(days >= left)
    return there


def _events(books: Books) -> pd.DataFrame:
    events = books["events"]
    return events[(events["day"] <= day_number(books.as_of)) & (events["n"] > 0)]


def _recent(events: pd.DataFrame, t: int) -> pd.DataFrame:
    return events[(events["day"] <= t) & (events["day"] > t - WINDOW_DAYS)]


def _people(events: pd.DataFrame) -> pd.DataFrame:
    return events[~events["role"].isin(NOT_PEOPLE) & (events["actor"] != "")]


def _no_actors(events: pd.DataFrame, books: Books) -> Reason | None:
    if events.empty:
        return Reason("no_activity_source")
    recent = _recent(events, day_number(books.as_of))
    shared = not recent.empty and _people(recent).empty
    return Reason("only_shared_logins") if shared else None


def _sole(known: Mapping[str, tuple[str, ...]]) -> tuple[int, int]:
    return sum(1 for who in known.values() if len(who) == 1), len(known)


def _sheets(books: Books, policy: Policy) -> tuple[list[int], int] | None:
    """Give how many operators each declared process has, those without any left out, and from which month on."""
    said = books.declaration(policy.declared_valid_days)
    if said is None or said.sheets is None:
        return None
    operators = [len(set(sheet.operators)) for sheet in said.sheets.values() if sheet.operators]
    return (operators, month_number(said.since)) if operators else None


def _blank(name: str, kpi: str, unit: Unit) -> Measure:
    return Measure(name=name, kpi=kpi, signal=SignalName.KEY_PERSON, unit=unit)


def _direct(answer: Measure, books: Books, events: pd.DataFrame, *streams: str) -> Measure:
    feeds = books["feeds"]
    recent = _recent(events, day_number(books.as_of))
    out = recent[recent["role"].isin(NOT_PEOPLE)]["actor"].nunique()
    return replace(
        answer,
        tier=Tier.DIRECT,
        window=(books.as_of - timedelta(days=WINDOW_DAYS - 1), books.as_of),
        sources=sources_of(feeds[feeds["stream"].isin(streams)]),
        notes=(Reason("actors_excluded", {"n": out}),) if out else (),
    )


def _absence_window(books: Books) -> tuple[date, date]:
    return books.as_of - timedelta(days=ABSENCE_WINDOW_DAYS - 1), books.as_of


def _state(answer: Measure, count: int, n: int) -> Measure:
    """Answer with a share of processes, unless they are too few to speak of one."""
    if n < FEWEST_PROCESSES:
        reason = Reason("few_processes", {"n": n, "needed": FEWEST_PROCESSES})
        return replace(answer, tier=Tier.NONE, n=n, reason=reason)
    return replace(answer, value=count / n, low=count / n, high=count / n, n=n)


def _point(month: int, count: int, n: int) -> Point:
    if n < FEWEST_PROCESSES:
        return Point(month, None, n=n)
    return Point(month, count / n, count / n, count / n, n)


def _better(seen: Measure, said: Measure | None) -> Measure:
    """Take what was seen, else what was declared; without either, say why nothing was seen."""
    if seen.known or said is None:
        return seen
    # A declaration too thin to speak explains more than that there is no activity at all.
    no_activity = seen.reason is not None and seen.reason.code == "no_activity_source"
    return said if said.known or no_activity else seen
