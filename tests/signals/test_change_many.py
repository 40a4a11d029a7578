"""The change test for many companies at once is the one for each, and a portfolio's alarms are mostly true."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.calendar import day_number
from signals.change import Baseline, ChangeRule, ChangeState, baseline_of, detect_change
from signals.change_many import ManyWeeks, detect_many, discoveries

Array = npt.NDArray[Any]
FIRST, LAST = date(2022, 1, 3), date(2023, 1, 1)
RULE = ChangeRule()


def drawn(companies: int, weeks: int, seed: int = 1, worse: int = 0, a_day: float = 4) -> ManyWeeks:
    """Draw companies with outages, a week under way and gaps; the first `worse` of them change for a while."""
    rng = np.random.default_rng(seed)
    shape = (companies, weeks, 7)
    told = np.repeat(rng.random((companies, weeks)) > 0.03, 7).reshape(shape)
    told[:, -1] = np.arange(7) <= rng.integers(-1, 7, companies)[:, np.newaxis]
    n = np.where(told, rng.poisson(a_day * rng.uniform(0.1, 3, companies)[:, np.newaxis, np.newaxis], shape), 0)
    rate = np.full(shape, 0.1)
    rate[:worse, 70:95] = 0.3
    mondays = (day_number(FIRST) + 7.0 * np.arange(weeks)).astype("float64")
    return ManyWeeks(mondays, rng.binomial(n, rate).astype(float), n.astype(float), told, np.asarray(told.all(axis=2)))


def bases(many: ManyWeeks) -> tuple[Baseline, ...]:
    found = [baseline_of(many.of(i), FIRST, LAST, RULE, confirmed=True) for i in range(len(many.count))]
    return tuple(base for base in found if base is not None)


@pytest.mark.parametrize("rule", [RULE, ChangeRule(budget_years=0.5, watch_years=0.1)])
def test_many_companies_get_the_answers_of_each_to_the_digit(rule: ChangeRule) -> None:
    many = drawn(60, 150, worse=12)
    baselines = bases(many)
    answers = detect_many(many, baselines, rule)
    singly = [detect_change(many.of(i), base, rule) for i, base in enumerate(baselines)]
    assert [(a.state, a.alarms, a.years_by_chance) for a in answers] == [
        (c.state, c.alarms, c.years_by_chance) for c in singly
    ]
    assert {a.state for a in answers} == {ChangeState.OK, ChangeState.WATCH, ChangeState.ALARM}
    assert {len(a.alarms) for a in answers} >= {0, 1}
    assert any(alarm.cleared for a in answers for alarm in a.alarms)


@given(st.integers(0, 1000), st.permutations(range(8)))
@settings(max_examples=15, deadline=None)
def test_a_company_s_answer_depends_on_its_own_weeks_alone(seed: int, order: list[int]) -> None:
    many = drawn(8, 110, seed, worse=3)
    baselines = bases(many)
    answers = detect_many(many, baselines, RULE)
    mixed = ManyWeeks(many.week_day, many.count[order], many.n[order], many.told[order], many.seen[order])
    assert detect_many(mixed, [baselines[i] for i in order], RULE) == tuple(answers[i] for i in order)


def test_companies_without_a_week_after_their_baseline_are_unknown() -> None:
    many = drawn(3, 52)
    late = ManyWeeks(many.week_day, many.count, many.n, many.told, np.ones_like(many.seen))
    assert {a.state for a in detect_many(late, bases(late), RULE)} == {ChangeState.UNKNOWN}
    assert detect_many(drawn(0, 60), (), RULE) == ()


def test_chance_brings_a_company_a_large_e_value_as_seldom_as_it_is_large() -> None:
    many = drawn(250, 90)
    e = np.exp([answer.log_e for answer in detect_many(many, bases(many), RULE)])
    for large in (2, 5, 20):
        assert (e >= large).mean() <= 1 / large  # Markov's inequality, as for anything of mean 1
    assert 0.02 < np.median(e) < 1


def test_the_largest_e_values_are_chosen_as_far_as_their_rank_allows() -> None:
    e = np.array([90.0, 1.0, 35.0, 0.0, 26.0])
    with np.errstate(divide="ignore"):
        log_e = np.log(e)
    assert discoveries(log_e, 0.1).tolist() == [True, False, True, False, True]  # 26 is over 5 / (3 x .1)
    assert discoveries(log_e, 0.06).tolist() == [True, False, False, False, False]  # 90 is over 83, 35 not over 42
    assert discoveries(np.log(np.array([9.0, 9, 9, 9, 9])), 0.1).tolist() == [False] * 5
    assert discoveries(np.log(np.array([10.0, 10, 10, 10, 10])), 0.1).tolist() == [True] * 5
    assert discoveries(np.zeros(0), 0.1).tolist() == []


def test_of_a_portfolio_s_choice_few_have_not_changed_and_most_that_have_are_chosen() -> None:
    many = drawn(300, 96, worse=60)
    chosen = discoveries(np.array([a.log_e for a in detect_many(many, bases(many), RULE)]), 0.1)
    assert chosen[:60].sum() > 40
    assert chosen[60:].sum() <= 0.1 * chosen.sum()


def test_days_of_a_portfolio_are_those_of_each_company() -> None:
    many = drawn(20, 110, worse=20, a_day=10)
    (first, *_) = [a.alarms[0] for a in detect_many(many, bases(many), RULE) if a.alarms]
    assert first.raised <= first.day <= first.raised + timedelta(days=6)
