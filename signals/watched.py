"""What is watched for a change: the weekly series behind a signal's question, and the test's answer about it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from signals.base import Measure, Reason
from signals.books import Books
from signals.change import (
    Change,
    ChangeRule,
    baseline_of,
    detect_change,
    detect_level_change,
    level_baseline_of,
)
from signals.change_baseline import Baseline
from signals.policy import Policy
from signals.shape import Shape, ShapeRule, shape_of
from signals.trials import LOOKS, baseline_span, error_weeks, hours_weeks, late_weeks, unreminded_weeks
from signals.weeks import Weeks

LONGEST_SAID = 1000  # years: beyond, chance is no explanation anyone weighs


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A weekly series by its measure's name; `is_level`: hours, not a rate; `looks`: trials an invoice makes."""

    measure: str
    weeks: Callable[[Books, Policy], Weeks | Reason]
    is_level: bool = False
    looks: int = 1


WATCHED: tuple[Watched, ...] = (
    Watched(measure="late_issued_rate", weeks=late_weeks),
    Watched(measure="unreminded_rate", weeks=unreminded_weeks),
    Watched(measure="director_hours_per_week", weeks=hours_weeks, is_level=True),
    Watched(measure="error_rate", weeks=error_weeks, looks=len(LOOKS)),
)

BY_MEASURE = {one.measure: one for one in WATCHED}


def change_rule(policy: Policy) -> ChangeRule:
    """Give each series its part of the company's budget of false alarms: their rates add up."""
    series = len(WATCHED)
    return ChangeRule(
        budget_years=policy.alarm_years * series,
        watch_years=policy.watch_years * series,
        baseline_trials=policy.baseline_trials,
        baseline_weeks=policy.baseline_weeks,
    )


def change_of(measure: Measure, books: Books, policy: Policy, *, shaped: bool = True) -> Change | None:
    """Test the series behind a measure; None where it has none, or nothing to compare with.

    `shaped`: also say what the change looks like, which no level rests on.
    """
    watched = BY_MEASURE.get(measure.name)
    if watched is None or not measure.known:
        return None
    weeks = watched.weeks(books, policy)
    if isinstance(weeks, Reason):
        return None
    first, last = baseline_span(weeks, policy)
    confirmed, rule = policy.baseline_period is not None, change_rule(policy)
    if watched.is_level:
        level = level_baseline_of(weeks, first, last, rule, confirmed=confirmed)
        return None if level is None else detect_level_change(weeks, level, rule)
    looks = watched.looks
    rule = replace(rule, baseline_trials=rule.baseline_trials * looks, clear_items=rule.clear_items * looks)
    rate = baseline_of(weeks, first, last, rule, confirmed=confirmed)
    if rate is None:
        return None
    change = _by_invoice(detect_change(weeks, rate, rule), looks)
    return replace(change, shape=_shape(weeks, rate, looks)) if shaped else change


def _shape(weeks: Weeks, rate: Baseline, looks: int) -> Shape:
    """Give the shape of the months; what volume it takes is counted in invoices, not in looks at them."""
    plain = ShapeRule()
    shape = shape_of(weeks, rate, replace(plain, trials=plain.trials * looks, drift_trials=plain.drift_trials * looks))
    reasons = tuple(_counted(reason, looks) for reason in shape.reasons)
    return replace(shape, n=shape.n // looks, per_month=shape.per_month / looks, reasons=reasons)


def _counted(reason: Reason, looks: int) -> Reason:
    if "per_month" not in reason.params:
        return reason
    return replace(reason, params={name: float(value) / looks for name, value in reason.params.items()})


def _by_invoice(change: Change, looks: int) -> Change:
    """Turn rates per look into rates per invoice: an error is found at one of its looks."""
    onset, smallest, held_back = change.onset, change.smallest, change.held_back
    if held_back is not None and held_back.code == "change_few_trials":
        held_back = Reason(held_back.code, {name: int(value) // looks for name, value in held_back.params.items()})
    return replace(
        change,
        onset=None if onset is None else replace(onset, n=onset.n / looks),
        smallest=None if smallest is None else min(1.0, smallest * looks),
        per_month=change.per_month / looks,
        held_back=held_back,
    )


def reasons_of(change: Change | None) -> tuple[Reason, ...]:
    """Say what the test can see at this volume, whatever it has seen."""
    if change is None:
        return (Reason("change_untested"),)
    if change.too_irregular and change.delay_months is not None:
        return (Reason("change_irregular", {"months": round(change.delay_months, 1)}),)
    if change.smallest is None:
        return (Reason("change_sees_nothing"),)
    return (Reason("change_sees", {"smallest": change.smallest}),)


def said_of(change: Change, measure: Measure) -> dict[str, str | int | float]:
    """Give the figures of a change for people: since when, how much, against what, and how often by chance alone."""
    said: dict[str, str | int | float] = {"baseline": measure.baseline or 0.0, "recent": measure.recent or 0.0}
    years = min(change.years_by_chance, LONGEST_SAID)
    said["years"] = float(f"{years:.2g}")
    if change.onset is not None:
        since = change.onset
        said |= {
            "since": since.week.isoformat(), "earliest": since.low.isoformat(), "latest": since.high.isoformat(),
            "value": since.count / since.n if since.n else 0.0,
        }  # fmt: skip
    return said
