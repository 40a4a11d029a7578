"""Looking back: what a company's books said on past days, and which alerts other settings would have raised.

The books are read once and cut for each day; of each day only what decides is computed (`glance`): levels, gates, worth
and the verdict, as a whole assessment gives them. Episodes come of the same state machine that raises alerts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from signals.base import Level, SignalName
from signals.books import Books
from signals.calendar import day_number
from signals.episodes import SIGNAL, Seen, State, Thread, step
from signals.freshness import frozen
from signals.gates import gates
from signals.judging import judged, primary_of, tested
from signals.policy import Policy
from signals.registry import SIGNALS, VOLUME_STREAMS, SignalDetectors
from signals.verdict import Verdict, decide
from signals.worth import worth

DECIDING = frozenset({"holiday_drop", "backup_presence"})
"""Of the measures that explain, those a level rests on."""

_RECENT: Mapping[str, str] = {"documents": "issued_day", "entries": "entry_day", "open_lines": "day"}
SUSPENSE = "471"


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What one day's books decide. `silent` are the signals whose source had stopped."""

    as_of: date
    verdict: Verdict
    row: str
    levels: Mapping[SignalName, Level]
    silent: frozenset[SignalName] = frozenset()
    reconstructed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """An alert that the looks raise: when it was first seen, when it had held, and when it ended, if it did."""

    signal: SignalName
    opened_on: date
    fired_on: date
    closed_on: date | None = None

    @property
    def days(self) -> int | None:
        """How long it lasted, in days; None while it does."""
        return (self.closed_on - self.fired_on).days if self.closed_on else None


def cut(books: Books, day: date, recent_days: int) -> Books:
    """Cut books that reach farther back and on to one day, as reading them for that day would give.

    `recent_days` before the day is how far back records go; the rest of the books covers all history anyhow.
    """
    first, tables = day_number(day - timedelta(days=recent_days)), dict(books.tables)
    for name, column in _RECENT.items():
        table = tables.get(name)
        if table is not None:
            kept = table[column] >= first
            if name == "open_lines":  # older ones on the suspense account that were never lettered stay
                kept |= table["account"].str.startswith(SUSPENSE) & (table["lettering"] == "")
            tables[name] = table[kept]
    due = tables.get("overdue")
    if due is not None:
        tables["overdue"] = due[due["due_day"] < day_number(day)]
    return replace(books, tables=tables, recent_from=day - timedelta(days=recent_days)).at(day)


def glance(books: Books, policy: Policy) -> Glance:
    """Decide for the books' day: the verdict and levels of `signals.readiness.assess`, without what explains them."""
    levels: dict[SignalName, Level] = {}
    silent: set[SignalName] = set()
    for spec in SIGNALS:
        levels[spec.name], is_silent = _level(spec, books, policy)
        if is_silent:
            silent.add(spec.name)
    seen, _ = frozen(books, policy, VOLUME_STREAMS)
    value = worth(seen, policy)
    decision = decide(levels, {gate.name: gate.state for gate in gates(seen, policy, value)}, value)
    return Glance(
        as_of=books.as_of,
        verdict=decision.verdict,
        row=decision.row,
        levels=levels,
        silent=frozenset(silent),
        reconstructed=books.imported_on is None or books.as_of < books.imported_on,
    )


def _level(spec: SignalDetectors, books: Books, policy: Policy) -> tuple[Level, bool]:
    primary, seen, frozen_on = primary_of(spec, books, policy)
    by_half, half_frozen_on = frozen(seen, policy, spec.half_streams)
    half = spec.half.detect(by_half, policy) if spec.half else None
    changes = {primary.name: tested(primary, spec, seen, policy, shaped=False)}
    if half is not None:
        changes[half.name] = tested(half, spec, by_half, policy, shaped=False)
    explains = {d.name: d.detect(seen, policy) for d in spec.explains if d.name in DECIDING}
    known = {name: change for name, change in changes.items() if change is not None}
    level = judged(spec, (primary, half), explains, known, policy).level
    return level, (frozen_on or half_frozen_on) is not None


def fired(glances: Iterable[Glance]) -> tuple[Fired, ...]:
    """Tell the alerts that looks in order of their days raise: a crossing must hold a week, a return four.

    Looks before the first import raise alerts here, which in earnest they never do.
    """
    threads: dict[SignalName, Thread] = {}
    found: list[Fired] = []
    known: set[SignalName] = set()
    for look in glances:
        for name, level in look.levels.items():
            is_silent = level is Level.UNKNOWN or name in look.silent
            on = Seen(
                on=look.as_of,
                is_on=level is Level.OVER,
                is_off=level is Level.CALM,
                is_silent=is_silent,
                was_known=name in known,
            )
            thread, _ = step(threads.pop(name, None), on, SIGNAL)
            if thread is not None and thread.closed_on is None:
                threads[name] = thread
            elif thread is not None:
                found.append(_fired(name, thread))
            known = known - {name} if is_silent else known | {name}
    found += [_fired(name, thread) for name, thread in threads.items() if thread.fired_on]
    return tuple(sorted((one for one in found if one.fired_on != date.max), key=lambda one: (one.fired_on, one.signal)))


def _fired(name: SignalName, thread: Thread) -> Fired:
    closed_on = thread.closed_on if thread.state in {State.RESOLVED, State.DROPPED} else None
    return Fired(signal=name, opened_on=thread.opened_on, fired_on=thread.fired_on or date.max, closed_on=closed_on)


def verdict_changes(glances: Sequence[Glance]) -> tuple[tuple[date, Verdict, Verdict], ...]:
    """Tell on which day the verdict became another: the day, the one before, the one it became."""
    return tuple(
        (two.as_of, one.verdict, two.verdict) for one, two in pairwise(glances) if one.verdict is not two.verdict
    )
