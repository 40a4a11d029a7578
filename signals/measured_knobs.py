"""What could go better or worse in the work itself: knobs that turn measured evidence, by the levers on it.

A rate or hours are turned over the time that their level is judged by: the last three complete months and what has
passed since, for what was before stays as it was. So the answer reads "had it been so since", which is also how long
it would take to get there. An alarm may have rung before; it is no longer material once the recent value is near the
usual one (`signals.levels`).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from signals.again import Touched
from signals.base import Measure, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, day_of, month_end, month_start, week_start
from signals.gates import GateName
from signals.key_person import WINDOW_DAYS, knowers
from signals.knobs import DIRECTOR, PEOPLE, Knob, Turned
from signals.levels import MONTHS_LOOKED_AT
from signals.levers import LEVERS, Turn, sharing
from signals.policy import Policy

if TYPE_CHECKING:
    from signals.readiness import Readiness

STEPS = 16
WORST, MOST_HOURS = 0.5, 2.0
"""Share of what is in order that goes wrong at the last step; hours that come on top, in parts of those there are.

Beyond, a company is another one. Our choice.
"""
FARTHEST = 4.0  # times the documents, or a part of them, at the last step; as far as what is declared is turned

_LATE = SignalName.LATE_INVOICING.value
TOUCHED = {
    "late_issued_rate": Touched(frozenset({_LATE}), frozenset({"late_issued_rate"})),
    "unreminded_rate": Touched(frozenset({_LATE}), frozenset({"unreminded_rate"})),
    "error_rate": Touched(frozenset({SignalName.QUALITY.value}), frozenset({"error_rate"})),
    "director_hours_per_week": DIRECTOR,
}
VOLUME = Touched(frozenset({GateName.VOLUME.value, GateName.STABILITY.value}))


def measured_knobs(books: Books, policy: Policy, now: "Readiness") -> Iterator[Knob]:
    """Give the knobs of what was measured; what is only declared, or not known, has none."""
    for signal in now.signals:
        for measure in (signal.primary, signal.half):
            if measure is not None and measure.name in TOUCHED and measure.tier is Tier.DIRECT:
                yield from _rate(measure, books, policy)
    yield from _volume(books, policy, now)
    yield from _sharing(books, policy, now)


def judged_since(measure: Measure, as_of: date) -> date:
    """Give the Monday of the week in which the time begins that a level is judged by."""
    months = [point.month for point in measure.series[-MONTHS_LOOKED_AT:]]
    days = [month_start(month) for month in months[:1]] + [measure.window[0] if measure.window else as_of]
    return week_start(min(days))


def _rate(measure: Measure, books: Books, policy: Policy) -> Iterator[Knob]:
    since = judged_since(measure, books.as_of)
    lever, first = LEVERS[measure.name], day_number(since)
    most = WORST if measure.unit is Unit.SHARE else MOST_HOURS

    def better(steps: int) -> Turned:
        return lever(books, policy, Turn(first, right=steps / STEPS)), policy

    def worse(steps: int) -> Turned:
        return lever(books, policy, Turn(first, wrong=most * steps / STEPS)), policy

    for toward, turn in (("better", better), ("worse", worse)):
        yield Knob(
            kind="measured",
            name=measure.name,
            touches=TOUCHED[measure.name],
            most=STEPS,
            turn=turn,
            value=None,
            unit=measure.unit,
            toward=toward,
            since=since,
        )


def _volume(books: Books, policy: Policy, now: "Readiness") -> Iterator[Knob]:
    measures = {measure.name: measure for gate in now.gates for measure in gate.measures}
    counted = measures.get("documents_per_month")
    if counted is None or counted.tier is not Tier.DIRECT:
        return
    lever = LEVERS[counted.name]

    def more(steps: int) -> Turned:
        return lever(books, policy, Turn(0, wrong=FARTHEST ** (steps / STEPS) - 1)), policy

    def fewer(steps: int) -> Turned:
        return lever(books, policy, Turn(0, right=1 - FARTHEST ** (-steps / STEPS))), policy

    for toward, turn in (("worse", more), ("better", fewer)):
        yield Knob(
            kind="measured",
            name=counted.name,
            touches=VOLUME,
            most=STEPS,
            turn=turn,
            value=None,
            unit=counted.unit,
            toward=toward,
        )


def _sharing(books: Books, policy: Policy, now: "Readiness") -> Iterator[Knob]:
    """Give the knob that lets a second person work in the processes that one alone knows, one after the other."""
    sole = next(signal.primary for signal in now.signals if signal.name is SignalName.KEY_PERSON)
    if sole.tier is not Tier.DIRECT:
        return
    today = day_number(books.as_of)
    known = knowers(books["events"], today)
    order = tuple(sorted(process for process, who in known.items() if len(who) == 1))
    # A process is known by what was done in 180 days, and so it was at the end of each month looked at.
    first = month_end(sole.series[-MONTHS_LOOKED_AT:][0].month) if sole.series else books.as_of
    since = first - timedelta(days=WINDOW_DAYS)

    def turn(steps: int) -> Turned:
        return sharing(books, day_number(since), order[:steps]), policy

    if order:
        yield Knob(
            kind="measured",
            name="shared_processes",
            touches=PEOPLE,
            most=len(order),
            turn=turn,
            value=float,
            what=lambda steps: order[:steps],
            toward="better",
            since=day_of(day_number(since)),
        )
