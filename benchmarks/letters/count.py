"""What happened, counted: events a year, mails, days to the first mail that tells."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

AT_ONCE = frozenset({"fired", "worse", "relapsed", "resolved", "failed"})
VERDICT = "verdict:"
DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to an alert."""

    on: date
    subject: str
    kind: str


@dataclass(frozen=True, slots=True)
class Told:
    """Days from an onset to what tells of it; None where nothing did."""

    listed: int | None  # by a Monday's letter, under *seen once*
    at_once: int | None  # by a mail of the day on which it is confirmed
    letter: int | None  # by the Monday's letter that says it is confirmed


def mails_at_once(events: Iterable[Happened]) -> int:
    """Count the days with something to tell: what happens to a company on one day is one mail."""
    return len({event.on for event in events if event.kind in AT_ONCE})


def mondays(first: date, last: date) -> int:
    """Count the Mondays of a period, both days included: so many letters."""
    before = (first - timedelta(days=1)).toordinal() - 1  # ordinal 1 was a Monday
    return (last.toordinal() - 1) // 7 - before // 7


def next_monday(day: date) -> date:
    """Give the Monday whose letter tells of a day: the day itself, for it is assessed by eight."""
    return day + timedelta(days=-day.weekday() % 7)


def kinds(events: Iterable[Happened], *, verdicts: bool) -> Counter[str]:
    """Count what happened to signals, or to verdicts."""
    return Counter(event.kind for event in events if event.subject.startswith(VERDICT) is verdicts)


def told(events: Sequence[Happened], subject: str, onset: date) -> Told:
    """Count the days from an onset to what tells of it; what began before is no finding of it.

    An alert noticed on a Tuesday and dropped by Friday is in no letter: only one that still stands on Monday is listed.
    """
    mine = sorted((e for e in events if e.subject == subject and e.on >= onset), key=lambda event: event.on)
    fired = next((event.on for event in mine if event.kind == "fired"), None)
    listed = next(
        (
            monday
            for event in mine
            if event.kind == "noticed"
            for monday in [next_monday(event.on)]
            if not any(e.kind == "dropped" and event.on <= e.on <= monday for e in mine)
            and (fired is None or monday < fired)
        ),
        None,
    )
    letter = next_monday(fired) if fired else None
    listed = listed if listed is not None else letter
    days = [(day - onset).days if day else None for day in (listed, fired, letter)]
    return Told(*days)


def spread(days: Iterable[int | None]) -> str:
    """Write a median with its range; what was never told stands beside it, and counts as the longest."""
    listed = list(days)
    known = sorted(day for day in listed if day is not None)
    missed = len(listed) - len(known)
    if not known:
        return f"never ({missed})"
    middle = median([*known, *[10**6] * missed])
    said = f"{middle:.0f}" if middle < 10**5 else "never"
    return f"{said} ({known[0]} to {known[-1]})" + (f", {missed} never" if missed else "")
