"""Episodes: one thread from the day something crossed to the day it came back, as a pure state machine.

Weeks are the beat. A crossing seen once is *pending*; if it still holds a week later it is *firing*. A firing episode
whose subject is calm is *recovering*, and *resolved* once it has been calm for `recovery_days` on end; in between,
below the line that opened it and above the one that closes it, nothing moves (a deadband, as ANSI/ISA-18.2 asks of
alarms). Where the source is silent, the thread is in *no data* and remembers the state it goes on from; a subject that
was known and falls silent opens such a thread of its own. What fails is in *error* until it works again.

Nothing here reads a clock or a database: what is seen comes in, the thread as it is now and what happened come out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

Facts = Mapping[str, Any]


class State(StrEnum):
    """Where an episode stands."""

    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no_data"
    ERROR = "error"
    RESOLVED = "resolved"
    DROPPED = "dropped"  # a crossing that did not hold


class Kind(StrEnum):
    """What can happen to an episode by itself; what people do to it is named by `app.alerts`."""

    NOTICED = "noticed"
    FIRED = "fired"
    WORSE = "worse"
    RECOVERING = "recovering"
    RELAPSED = "relapsed"
    RESOLVED = "resolved"
    DROPPED = "dropped"
    FROZEN = "frozen"
    BACK = "back"
    FAILED = "failed"
    MENDED = "mended"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a subject looks like on a day.

    `is_on` opens and confirms; `is_off` lets recover; neither keeps what is. `is_silent`: nobody can say;
    `was_known`: somebody could, the last time. `facts` is what to remember: level, value with interval and limit.
    """

    on: date
    is_on: bool = False
    is_off: bool = False
    is_silent: bool = False
    was_known: bool = False
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thread:
    """An episode: open until it has a `closed_on`."""

    state: State
    opened_on: date
    seen_on: date
    facts: Facts
    fired_on: date | None = None
    calm_since: date | None = None
    closed_on: date | None = None
    resumes_as: State | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """How long a crossing and a return must hold; `is_news`: firing is all there is to it, and closes the thread."""

    hold_days: int = 7  # two weekly looks, however often one looks in between
    recovery_days: int = 28  # a month's new evidence: the primary measures move by the month
    is_news: bool = False


SIGNAL = Rules()
Moved = tuple[Thread | None, tuple[Kind, ...]]


def step(thread: Thread | None, seen: Seen, rules: Rules = SIGNAL) -> Moved:
    """Go on by one look; give the thread as it is now (None: there is none) and what happened, in order.

    A second look on the same day that sees the same changes nothing; a look at an earlier day is ignored.
    """
    if thread is None:
        return _begin(seen)
    if seen.on < thread.seen_on:
        return thread, ()
    thread = replace(thread, seen_on=seen.on)
    if seen.is_silent:
        return _freeze(thread)
    if thread.state is not State.NO_DATA:
        return _move(thread, seen, rules)
    if thread.resumes_as is None:  # opened by the silence, ended with it
        return replace(thread, state=State.RESOLVED, closed_on=seen.on, facts=dict(seen.facts)), (Kind.BACK,)
    moved, happened = _move(replace(thread, state=thread.resumes_as, resumes_as=None), seen, rules)
    return moved, (Kind.BACK, *happened)


def step_failure(thread: Thread | None, on: date, facts: Facts, *, failed: bool) -> Moved:
    """Go on by one try of something that must work: the first failure opens, the first success closes."""
    if thread is None:
        if not failed:
            return None, ()
        return Thread(State.ERROR, opened_on=on, seen_on=on, facts=dict(facts), fired_on=on), (Kind.FAILED,)
    if failed:
        return replace(thread, seen_on=max(on, thread.seen_on), facts=dict(facts)), ()
    day = max(on, thread.seen_on)
    return replace(thread, state=State.RESOLVED, seen_on=day, closed_on=day), (Kind.MENDED,)


def _begin(seen: Seen) -> Moved:
    facts = dict(seen.facts)
    if seen.is_silent:
        if not seen.was_known:
            return None, ()
        return Thread(State.NO_DATA, opened_on=seen.on, seen_on=seen.on, facts=facts), (Kind.FROZEN,)
    if not seen.is_on:
        return None, ()
    return Thread(State.PENDING, opened_on=seen.on, seen_on=seen.on, facts=facts), (Kind.NOTICED,)


def _freeze(thread: Thread) -> Moved:
    if thread.state is State.NO_DATA:
        return thread, ()
    # Days of silence say nothing: a recovery is counted anew when data are back.
    return replace(thread, state=State.NO_DATA, resumes_as=thread.state, calm_since=None), (Kind.FROZEN,)


def _move(thread: Thread, seen: Seen, rules: Rules) -> Moved:
    if thread.state is State.PENDING:
        return _confirm(thread, seen, rules)
    # What carries a subject may change from one measure to another: a share of this is not worse than a share of that.
    same = seen.facts.get("measure") == thread.facts.get("measure")
    worst = thread.facts.get("worst") if same else None
    worse = seen.is_on and is_worse(seen.facts, worst)
    newest = seen.is_on and (worse or worst is None)
    thread = replace(thread, facts=dict(seen.facts) | {"worst": seen.facts.get("value") if newest else worst})
    if seen.is_off:
        return _recover(thread, seen, rules)
    if thread.state is State.RECOVERING and seen.is_on:
        return replace(thread, state=State.FIRING, calm_since=None), (Kind.RELAPSED,)
    if thread.state is State.RECOVERING:
        return replace(thread, calm_since=None), ()  # in between: not calm, and not back over the line
    return thread, (Kind.WORSE,) if worse else ()


def _confirm(thread: Thread, seen: Seen, rules: Rules) -> Moved:
    thread = replace(thread, facts=dict(seen.facts))
    if not seen.is_on:
        return replace(thread, state=State.DROPPED, closed_on=seen.on), (Kind.DROPPED,)
    if (seen.on - thread.opened_on).days < rules.hold_days:
        return thread, ()
    facts = dict(seen.facts) | {"worst": seen.facts.get("value")}
    fired = replace(thread, state=State.FIRING, fired_on=seen.on, facts=facts)
    if rules.is_news:
        fired = replace(fired, state=State.RESOLVED, closed_on=seen.on)
    return fired, (Kind.FIRED,)


def _recover(thread: Thread, seen: Seen, rules: Rules) -> Moved:
    if thread.calm_since is None:
        happened = () if thread.state is State.RECOVERING else (Kind.RECOVERING,)
        return replace(thread, state=State.RECOVERING, calm_since=seen.on), happened
    if (seen.on - thread.calm_since).days < rules.recovery_days:
        return thread, ()
    return replace(thread, state=State.RESOLVED, closed_on=seen.on), (Kind.RESOLVED,)


def is_worse(facts: Facts, than: float | None) -> bool:
    """Say whether a value is worse than a past one beyond doubt: its lower bound, where it has one, is above it."""
    value, low = facts.get("value"), facts.get("low")
    if value is None or than is None:
        return False
    return bool((low if low is not None else value) > than)
