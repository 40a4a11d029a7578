"""Each signal alone, together, and what must raise none."""

from dataclasses import replace
from typing import Any

import pytest

from signals.base import Level, Reason, SignalName, Tier
from signals.books import Range
from signals.key_person import SoleOperators
from signals.late_invoicing import Unreminded
from signals.time_to_pay import DaysVersusDue
from tests.signals.stories.company import ANN, BOB, Company, Login
from tests.signals.stories.courses import ramp, step
from tests.signals.stories.mill import books_of
from tests.signals.stories.telling import (
    KEPT,
    ON,
    START,
    UNTIL,
    answer,
    billing_late,
    codes,
    not_calm,
    said,
    signal,
    well_kept,
)

WORSE: dict[str, dict[str, Any]] = {
    "late_invoicing": {"late": step(ON, 0.02, 0.35)},
    "director_time": {"director_hours": step(ON, 4.0, 16.0)},
    "quality": {"errors": step(ON, 0.015, 0.15)},
    "key_person": {"staff": (ANN,)},
    "hidden_cost": {"wages": 1200.0},
}


def worse(*names: str) -> Company:
    return replace(KEPT, **{field: course for name in names for field, course in WORSE[name].items()})


def test_a_back_office_in_order_need_not_be_outsourced_and_every_signal_says_so() -> None:
    found = well_kept()

    assert said(found) == ("not_needed", "c")
    assert not_calm(found) == {}
    assert (found.signals_known, found.gates_known, found.missing) == (5, 4, ())
    assert {s.primary.tier for s in found.signals} == {Tier.DIRECT}
    assert found.why[0].params == {"known": 5, "over": 0}


@pytest.mark.parametrize("name", ["late_invoicing", "director_time"])
def test_operations_held_back_or_directors_absorbed_are_need_enough_alone(name: str) -> None:
    found = billing_late() if name == "late_invoicing" else answer(worse(name))

    assert said(found) == ("outsource", "f")
    assert not_calm(found).pop(name) == "over"
    assert [dict(reason.params) for reason in found.why if reason.code == "signal_over"] == [{"signal": name}]
    assert "limit_passed" in codes(signal(found, name).why)


@pytest.mark.parametrize("name", ["quality", "key_person", "hidden_cost"])
def test_one_of_the_other_signals_alone_is_no_need(name: str) -> None:
    found = answer(worse(name))

    assert said(found) == ("not_needed", "c")
    assert not_calm(found) == {name: "over"}
    assert found.why[0].params == {"known": 5, "over": 1}
    assert "signal_over" in codes(found.against)


@pytest.mark.parametrize(
    "pair", [("quality", "key_person"), ("quality", "hidden_cost"), ("key_person", "hidden_cost")], ids="+".join
)
def test_two_of_the_others_together_are_a_need(pair: tuple[str, str]) -> None:
    found = answer(worse(*pair))

    assert said(found) == ("outsource", "f")
    assert not_calm(found) == dict.fromkeys(pair, "over")
    assert {r.params["signal"] for r in found.why if r.code == "signal_over"} == set(pair)


def test_all_five_over_say_outsource_with_nothing_calm_against_it() -> None:
    found = answer(replace(worse(*WORSE), price=None))

    assert said(found) == ("outsource", "f")
    assert set(not_calm(found).values()) == {"over"}
    assert len(not_calm(found)) == 5
    assert not {r.code for r in found.against} & {"signal_calm"}


def test_a_need_that_costs_more_to_serve_than_it_saves_is_none_and_says_so() -> None:
    found = answer(replace(worse("late_invoicing"), price=Range(30_000, 40_000)))

    assert said(found) == ("not_needed", "e")
    assert codes(found.why) == {"signal_over", "worth_below_zero"}


def test_customers_who_pay_ever_slower_are_not_our_lateness() -> None:
    usual = replace(KEPT, documents=True)
    slower = replace(usual, pays_late=ramp(START, UNTIL, 0.3, 0.9), days_late=ramp(START, UNTIL, 15.0, 60.0))

    found = answer(slower)

    assert said(found) == ("not_needed", "c")
    assert not_calm(found) == {}
    first, last = (DaysVersusDue().detect(books_of(company), company.policy).value for company in (usual, slower))
    assert first is not None
    assert last is not None
    assert last > first + 20  # seen, told apart, and no need


@pytest.mark.parametrize("days_late", [3.0, 6.0])
def test_customers_who_pay_soon_after_a_weekly_reminder_do_not_make_its_sender_look_idle(days_late: float) -> None:
    company = replace(KEPT, sales=800.0, days_late=days_late, reminded_within=5, unreminded=0.0)

    measure = Unreminded().detect(books_of(company), company.policy)

    assert measure.value in (None, 0.0)
    assert measure.series
    assert all(point.value in (None, 0.0) for point in measure.series)


def test_reminders_that_stop_are_ours_whoever_pays_late() -> None:
    found = answer(replace(KEPT, unreminded=step(ON, 0.03, 0.95)))

    late = signal(found, "late_invoicing")
    assert said(found) == ("outsource", "f")
    assert not_calm(found) == {"late_invoicing": "over"}
    assert late.half is not None
    assert late.half.low is not None
    assert late.half.low > 0.5
    assert late.primary.value is not None
    assert late.primary.value < 0.05


def test_a_shared_login_is_no_single_knower() -> None:
    office = Login("office", "shared_login", hours_per_week=60.0)
    found = answer(replace(KEPT, staff=(office,), operators=("ann", "bob")))

    key = signal(found, "key_person")
    assert key.level is Level.CALM
    assert key.primary.tier is Tier.DECLARED  # activity says nothing of people: who is declared to do it, counts
    unsaid = SoleOperators().detect(books_of(replace(KEPT, staff=(office,), declared=False)), KEPT.policy)
    assert (unsaid.value, unsaid.reason) == (None, Reason("only_shared_logins"))


def test_robots_and_the_accountants_batches_neither_know_nor_concentrate_anything() -> None:
    robot = Login("sync", "bot", events_a_day=60.0, hours_per_week=0.0)
    accountant = Login("firm", "outside_accountant", events_a_day=9.0, batch_every=21, hours_per_week=0.0)
    with_them = answer(replace(KEPT, staff=(ANN, BOB, robot, accountant)))

    assert said(with_them) == ("not_needed", "c")
    assert not_calm(with_them) == {}
    measures = [{m.name: m for m in signal(f, "key_person").measures} for f in (with_them, well_kept())]
    assert measures[0]["effective_actors"].value == pytest.approx(measures[1]["effective_actors"].value, rel=0.05)
    assert "actors_excluded" in codes(measures[0]["effective_actors"].notes)


def test_the_names_of_the_stories_are_those_of_the_signals() -> None:
    assert set(WORSE) == {name.value for name in SignalName}
