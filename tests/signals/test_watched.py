"""What is watched, whole: from the books of a company to the level, by the change test."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import holidays
import pytest

from signals.base import Level, Reason
from signals.books import Books, frame
from signals.calendar import day_number
from signals.policy import Policy
from signals.readiness import Signal, assess
from signals.shape import ShapeName
from signals.watched import WATCHED, change_of, change_rule

FIRST, LAST = date(2023, 1, 2), date(2026, 6, 28)
WORSE_FROM = date(2026, 1, 5)
FRENCH = frozenset(holidays.country_holidays("FR", years=range(2023, 2028)))
# A limit far away: the change alone decides.
POLICY = Policy(closed_days=FRENCH, late_issued_limit=0.9, baseline_period=(date(2023, 1, 1), date(2023, 12, 31)))
FEED = {"connection_id": "a", "provider": "dolibarr", "kind": "api", "stream": "invoices", "read_day": day_number(LAST)}


def history(late: float, worse: float, a_week: int = 15, until: date = LAST, seed: int = 7) -> Books:
    """Invoices of each week, a share of them late: from `WORSE_FROM` on another."""
    dice, rows, monday = Random(seed), [], FIRST  # noqa: S311 - a simulation
    while monday <= until:
        share = worse if monday >= WORSE_FROM else late
        for _ in range(a_week):
            service = monday + timedelta(days=dice.randrange(5))
            lag = 20 if dice.random() < share else dice.randrange(4)
            rows.append(
                {
                    "connection_id": "a",
                    "service_day": day_number(service),
                    "issued_day": day_number(service) + lag,
                    "n": 1,
                }
            )
        monday += timedelta(days=7)
    tables: dict[str, list[dict[str, Any]]] = {"issue_days": rows, "feeds": [FEED | {"read_day": day_number(until)}]}
    return Books("c", until, {name: frame(name, each) for name, each in tables.items()}, imported_on=FIRST).at(until)


def late_invoicing(books: Books, policy: Policy = POLICY) -> Signal:
    return assess(books, policy).signals[0]


def test_a_rate_that_triples_is_over_and_dated_to_the_weeks_it_began() -> None:
    signal = late_invoicing(history(0.06, 0.20))
    change = dict(signal.changes)["late_issued_rate"]

    assert signal.level is Level.OVER
    assert signal.why[0].code == "change_alarm"
    assert change.onset is not None
    assert abs(change.onset.week - WORSE_FROM) < timedelta(days=60)
    assert change.onset.low <= change.onset.week <= change.onset.high
    assert change.years_by_chance > 20


def test_a_step_among_enough_invoices_is_named_among_few_it_is_not() -> None:
    many, few = (late_invoicing(history(0.06, worse, a_week)) for worse, a_week in ((0.20, 40), (0.6, 4)))
    shapes = [dict(signal.changes)["late_issued_rate"].shape for signal in (many, few)]

    assert [shape is not None and shape.label for shape in shapes] == [ShapeName.STEP, None]
    assert [why.code for why in many.why[:2]] == ["change_alarm", "shape_step"]
    assert abs(date.fromisoformat(str(many.why[1].params["since"])) - WORSE_FROM) < timedelta(days=30)
    assert few.level is Level.OVER
    assert "shape_few_trials" in [why.code for why in few.why]


def test_the_shape_of_errors_counts_invoices_and_not_looks_at_them() -> None:
    issued = [day_number(FIRST) + i for i in range((LAST - FIRST).days)]
    rows = [
        {"connection_id": "a", "issued_day": day, "n": 2} | ({"corrected_day": day + 9} if day % 20 == 0 else {})
        for day in issued
    ]
    tables: dict[str, list[dict[str, Any]]] = {"corrections": rows, "feeds": [FEED]}
    books = Books("c", LAST, {name: frame(name, each) for name, each in tables.items()}, imported_on=FIRST).at(LAST)
    measure = replace(late_invoicing(history(0.06, 0.06)).primary, name="error_rate", value=0.0)
    change = change_of(measure, books, POLICY)

    assert change is not None
    assert change.shape is not None
    assert 55 < change.shape.per_month < 64  # two a day
    assert change.shape.n == pytest.approx(change.shape.per_month * change.shape.months, abs=1)


def test_what_was_always_bad_has_not_changed_and_the_smallest_change_to_be_seen_is_said() -> None:
    signal = late_invoicing(history(0.20, 0.20))

    assert signal.level is Level.CALM
    sees = [note for note in signal.primary.notes if note.code == "change_sees"]
    assert 0.2 < float(sees[0].params["smallest"]) < 0.6


def test_until_a_person_has_confirmed_what_is_normal_a_change_is_watched() -> None:
    signal = late_invoicing(history(0.06, 0.20), replace(POLICY, baseline_period=None))

    assert signal.level is Level.WATCH
    assert signal.why[0].code == "change_baseline_unconfirmed"


def test_a_silent_source_freezes_the_test_on_the_last_day_it_reached() -> None:
    books = history(0.06, 0.20, until=date(2026, 1, 11))
    later = replace(books, as_of=LAST)
    then, now = late_invoicing(books), late_invoicing(later)

    assert now.frozen_on == date(2026, 1, 11)
    assert dict(now.changes)["late_issued_rate"].state == dict(then.changes)["late_issued_rate"].state


def test_a_company_younger_than_its_baseline_is_not_tested() -> None:
    books = history(0.06, 0.20, until=date(2023, 1, 22))
    signal = late_invoicing(books, replace(POLICY, baseline_period=None))

    assert Reason("change_untested") in signal.primary.notes
    assert signal.changes == ()


def test_the_budget_of_a_company_is_divided_among_its_series() -> None:
    rule = change_rule(POLICY)

    assert rule.budget_years == POLICY.alarm_years * len(WATCHED)
    assert sum(1 / rule.budget_years for _ in WATCHED) == 1 / POLICY.alarm_years
