from dataclasses import replace
from datetime import date, timedelta
from math import exp, inf, log
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.beta import beta_quantile, beta_share
from signals.calendar import day_number
from signals.change import (
    Baseline,
    ChangeRule,
    ChangeState,
    baseline_of,
    detect_change,
    detect_level_change,
    level_baseline_of,
)
from signals.change_baseline import dispersion
from signals.change_evidence import CAP, ODDS, evidence, evidence_by_day, evidence_of_level
from signals.change_path import Watched, follow
from signals.change_threshold import LEVEL_OFFSET, offset, threshold, volume_before, years_by_chance
from signals.weeks import Weeks

Array = npt.NDArray[Any]
MONDAY = date(2022, 1, 3)
FIRST, LAST = date(2022, 1, 3), date(2023, 1, 1)  # 52 whole weeks
RULE = ChangeRule()


def weeks_of(count: Array, n: Array | None = None, seen: npt.NDArray[np.bool_] | None = None) -> Weeks:
    trials = np.ones(len(count)) if n is None else n
    known = np.ones(len(count), dtype=bool) if seen is None else seen
    mondays = (day_number(MONDAY) + 7.0 * np.arange(len(count))).astype("float64")
    return Weeks(mondays, count.astype("float64"), trials.astype("float64"), known)


def stepped(*, weekly: int = 20, steps: tuple[tuple[int, float], ...], seed: int = 1) -> Weeks:
    rng = np.random.default_rng(seed)
    rate = np.concatenate([np.full(length, p) for length, p in steps])
    n = rng.poisson(weekly, len(rate))
    return weeks_of(rng.binomial(n, rate), n)


def base(weeks: Weeks, rule: ChangeRule = RULE) -> Baseline:
    found = baseline_of(weeks, FIRST, LAST, rule, confirmed=True)
    assert found is not None
    return found


def upto(weeks: Weeks, end: int) -> Weeks:
    return Weeks(weeks.week_day[:end], weeks.count[:end], weeks.n[:end], weeks.seen[:end])


def monday(index: int) -> date:
    return MONDAY + timedelta(weeks=index)


# The beta distribution, against scipy 1.x


@pytest.mark.parametrize(
    ("x", "a", "b", "share"),
    [
        (0.3, 0.5, 0.5, 0.36901011956554536),
        (0.4, 2, 3, 0.5248),
        (0.12, 20.5, 180.5, 0.8062331582502049),
        (0.01, 1, 60, 0.45284335760923855),
        (0.101, 3000.5, 27000.5, 0.7167102342274658),
    ],
)
def test_shares_of_the_beta_distribution_are_those_of_scipy(x: float, a: float, b: float, share: float) -> None:
    assert beta_share(x, a, b) == pytest.approx(share, rel=1e-9)
    assert beta_share(1 - x, b, a) == pytest.approx(1 - share, rel=1e-9)


@pytest.mark.parametrize(
    ("share", "a", "b", "x"),
    [
        (0.7, 20.5, 180.5, 0.11216651541919219),
        (0.7, 0.5, 200.5, 0.0026785362257738324),
        (0.7, 26.5, 233.5, 0.11098127425764209),
        (0.05, 5, 5, 0.25136762740817725),
        (0.7, 200.5, 0.5, 0.9996293527506082),
    ],
)
def test_quantiles_of_the_beta_distribution_are_those_of_scipy(share: float, a: float, b: float, x: float) -> None:
    assert beta_quantile(share, a, b) == pytest.approx(x, rel=1e-8)


def test_a_beta_distribution_lies_between_zero_and_one_and_wants_positive_parameters() -> None:
    assert (beta_share(-1, 2, 3), beta_share(2, 2, 3)) == (0.0, 1.0)
    with pytest.raises(ValueError, match="above 0"):
        beta_share(0.5, 0, 1)
    with pytest.raises(ValueError, match="share"):
        beta_quantile(1.5, 1, 1)


# The evidence


def by_hand(count: Array, n: Array, p0: float, phi: float) -> list[float]:
    """M = (M + 1) e, week by week and odds by odds, as the paper writes it."""
    m = dict.fromkeys(ODDS, 0.0)
    out = []
    for x, trials in zip(count, n, strict=True):
        for ratio in ODDS:
            p1 = ratio * p0 / (1 + (ratio - 1) * p0)
            llr = x * log(p1 / p0) + (trials - x) * log((1 - p1) / (1 - p0))
            m[ratio] = (m[ratio] + 1) * exp(min(llr / phi, CAP))
        out.append(log(sum(m.values()) / len(m)))
    return out


def test_the_evidence_is_the_recursion_averaged_over_the_odds() -> None:
    rng = np.random.default_rng(3)
    n = rng.integers(1, 40, (3, 60)).astype(float)
    count = rng.binomial(n.astype(int), 0.2).astype(float)
    p0, phi = np.array([0.1, 0.15, 0.2]), np.array([1.0, 1.7, 3.0])
    found = evidence(count, n, p0, phi)
    for i in range(3):
        assert found[i] == pytest.approx(by_hand(count[i], n[i], p0[i], phi[i]), rel=1e-9)


def test_one_terrible_week_brings_no_more_than_the_cap() -> None:
    n = np.full((1, 30), 50.0)
    count = np.full((1, 30), 5.0)
    count[0, 20] = 50.0
    path = evidence(count, n, np.array([0.1]), np.array([1.0]))[0]
    assert path[20] - path[19] <= CAP + log(1 + exp(-path[19]))
    assert path[20] < threshold(5)


def test_the_threshold_and_the_years_by_chance_are_each_other_turned_round() -> None:
    assert threshold(5) == pytest.approx(log(260) - LEVEL_OFFSET)
    assert years_by_chance(float(threshold(5, 1.3)) + 1.3) == pytest.approx(5)
    assert years_by_chance(-inf) == 0
    assert years_by_chance(5_000) > 1e100


def test_the_threshold_falls_as_weeks_bring_more_and_never_below_what_a_quiet_one_has() -> None:
    weekly = np.array([0.0, 1, 5, 50, 500])
    taken_off = offset(weekly, 0.1, 1.0)
    assert taken_off[0] == pytest.approx(0.10)
    assert (np.diff(taken_off) > 0).all()
    assert (offset(weekly[1:], 0.1, 3.0) < taken_off[1:]).all()
    assert taken_off[2] == pytest.approx(0.10 + 0.35 * 0.45**0.5)


def test_the_volume_a_threshold_goes_by_is_that_of_the_half_year_before_of_weeks_seen() -> None:
    n = np.concatenate([np.full(30, 10.0), np.full(30, 40.0)])
    seen = np.ones(60, dtype=bool)
    volume = volume_before(n, seen, 4.0)
    assert volume[0] == 4
    assert volume[13] == 7
    assert volume[26:31].tolist() == [10] * 5
    assert volume[43] == 25
    assert volume[56] == 40
    changed = n.copy()
    changed[40:] = 0
    assert np.array_equal(volume_before(changed, seen, 4.0)[:41], volume[:41])
    seen[31:50] = False
    assert volume_before(n, seen, 4.0)[31:51].tolist() == [pytest.approx((25 * 10 + 40) / 26)] * 20


@pytest.mark.parametrize(("p0", "phi"), [(0.0, 1.0), (1.0, 1.0), (0.1, 0.5)])
def test_evidence_against_an_impossible_baseline_is_refused(p0: float, phi: float) -> None:
    with pytest.raises(ValueError, match="p0"):
        evidence(np.ones((1, 2)), np.ones((1, 2)), np.array([p0]), np.array([phi]))


def test_a_spread_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="sd"):
        evidence_of_level(np.ones((1, 2)), np.ones(1), np.zeros(1), np.ones(1))


some_weeks = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans()), min_size=2, max_size=40)


def tables(rows: list[tuple[int, int, bool]]) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
    n = np.array([[max(a, b) for a, b, _ in rows]], dtype=float)
    return np.array([[min(a, b) for a, b, _ in rows]], dtype=float), n, np.array([[seen for *_, seen in rows]])


ONE, PHI = np.array([0.1]), np.array([1.5])


@given(some_weeks, st.data())
@settings(max_examples=60, deadline=None)
def test_the_future_does_not_matter(rows: list[tuple[int, int, bool]], data: st.DataObject) -> None:
    count, n, seen = tables(rows)
    cut = data.draw(st.integers(1, len(rows)))
    whole = evidence(count, n, ONE, PHI, seen=seen)
    assert np.array_equal(whole[:, :cut], evidence(count[:, :cut], n[:, :cut], ONE, PHI, seen=seen[:, :cut]))


@given(some_weeks)
@settings(max_examples=60, deadline=None)
def test_weeks_unseen_or_without_trials_freeze_the_evidence(rows: list[tuple[int, int, bool]]) -> None:
    count, n, seen = tables(rows)
    path = evidence(count, n, ONE, PHI, seen=seen)[0]
    said = seen[0] & (n[0] > 0)
    kept = evidence(count[:, said], n[:, said], ONE, PHI)[0]
    assert path[said] == pytest.approx(kept, abs=1e-9)
    before = np.concatenate([[-inf], path[:-1]])
    assert np.array_equal(path[~said], before[~said])


@given(some_weeks, st.data())
@settings(max_examples=60, deadline=None)
def test_more_late_items_never_lower_the_evidence(rows: list[tuple[int, int, bool]], data: st.DataObject) -> None:
    count, n, seen = tables(rows)
    at = data.draw(st.integers(0, len(rows) - 1))
    more = count.copy()
    more[0, at] = n[0, at]
    assert np.all(
        evidence(more, n, ONE, PHI, seen=seen) >= evidence(count, n, ONE, PHI, seen=seen) - 1e-9,
        where=np.isfinite(evidence(count, n, ONE, PHI, seen=seen)),
    )


def test_a_closed_week_without_trials_is_no_week_of_the_test() -> None:
    n = np.array([[20.0, 0.0, 0.0, 20.0]])
    path = evidence(n * 0.2, n, ONE, PHI)[0]
    assert path[0] == path[1] == path[2] < path[3]


def test_series_do_not_know_each_other() -> None:
    rng = np.random.default_rng(5)
    n = rng.integers(0, 40, (6, 50)).astype(float)
    count = rng.binomial(n.astype(int), 0.15).astype(float)
    p0, phi = rng.uniform(0.05, 0.2, 6), rng.uniform(1, 3, 6)
    order = rng.permutation(6)
    assert np.array_equal(evidence(count, n, p0, phi)[order], evidence(count[order], n[order], p0[order], phi[order]))


def test_a_level_counts_outliers_no_further_than_the_cut_and_freezes_on_what_is_missing() -> None:
    values = np.array([[6.0, 8.0, np.nan, 1_000.0, 7.0]])
    frame = (np.array([6.0]), np.array([2.0]), np.array([1.0]))
    path = evidence_of_level(values, *frame)[0]
    assert path[2] == path[1]
    pulled = values.copy()
    pulled[0, 3] = 6.0 + 2.5 * 2.0
    assert np.array_equal(path, evidence_of_level(pulled, *frame)[0])
    assert path[0] == pytest.approx(log(np.mean([exp(-(d**2) / 2) for d in (0.5, 0.75, 1, 1.5, 2)])))


def alarms_a_year(path: Array, taken_off: Array | float = LEVEL_OFFSET) -> float:
    """Count series that alarmed at a five-year budget over the years run until then."""
    hit = path >= threshold(5, taken_off)
    ran = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, path.shape[1])
    return float(hit.any(axis=1).sum() / (ran.sum() / 52))


@pytest.mark.parametrize(("weekly", "p0"), [(5, 0.1), (50, 0.1), (200, 0.05), (500, 0.2)])
def test_chance_alarms_as_often_as_the_budget_allows_when_the_rate_is_known(weekly: int, p0: float) -> None:
    rng = np.random.default_rng(8)
    n = rng.poisson(weekly / 5, (300, 520, 5)).astype(float)
    count = rng.binomial(n.astype(int), p0).astype(float)
    path = evidence_by_day(count, n, np.full(300, p0), np.ones(300)).max(axis=2)
    assert 0.11 < alarms_a_year(path, offset(weekly, p0, 1.0)) < 0.20


def test_chance_keeps_to_the_budget_when_baseline_and_burstiness_are_estimated() -> None:
    rng = np.random.default_rng(9)
    weekly, phi = 14.0, 2.0
    n = rng.poisson(weekly, (250, 312)).astype(float)
    k = weekly / (phi - 1) - 1  # beta-binomial weeks with that dispersion
    count = rng.binomial(n.astype(int), rng.beta(0.1 * k, 0.9 * k, n.shape)).astype(float)
    p0, phis = [], []
    for x, trials in zip(count[:, :52], n[:, :52], strict=True):
        found = base(weeks_of(x, trials))
        p0.append(found.p0)
        phis.append(found.phi)
    taken_off = offset(weekly, np.array(p0), np.array(phis))[:, np.newaxis]
    assert 0.05 < alarms_a_year(evidence(count[:, 52:], n[:, 52:], np.array(p0), np.array(phis)), taken_off) < 0.20
    assert 1.8 < np.mean(phis) < 2.6


def test_hours_with_heavy_tails_and_memory_keep_to_the_budget() -> None:
    rng = np.random.default_rng(10)
    noise = rng.standard_t(5, (250, 342)) / (5 / 3) ** 0.5
    hours = noise.copy()
    for t in range(1, 342):
        hours[:, t] = 0.3 * hours[:, t - 1] + 0.91**0.5 * noise[:, t]
    hours = 8 + 2 * hours[:, 30:]
    found = [level_baseline_of(weeks_of(row), FIRST, LAST, RULE) for row in hours]
    ceiling, sd, phi = (np.array([getattr(b, name) for b in found]) for name in ("ceiling", "sd", "phi"))
    assert alarms_a_year(evidence_of_level(hours[:, 52:], ceiling, sd, phi)) < 0.20


# The baseline


def test_the_baseline_is_an_upper_quantile_of_counts_discounted_by_burstiness() -> None:
    weeks = stepped(steps=((52, 0.1),))
    found = base(weeks)
    assert found.n == int(weeks.n.sum())
    assert found.rate == pytest.approx(weeks.count.sum() / weeks.n.sum())
    wrong, right = weeks.count.sum() / found.phi, (weeks.n - weeks.count).sum() / found.phi
    assert found.p0 == pytest.approx(beta_quantile(0.70, wrong + 0.5, right + 0.5))
    assert found.p0 > found.rate
    assert (found.first_week, found.last_week, found.weeks) == (MONDAY, monday(51), 52)


def test_only_seen_weeks_wholly_within_the_period_make_the_baseline() -> None:
    weeks = stepped(steps=((60, 0.1),))
    seen = np.ones(60, dtype=bool)
    seen[5] = False
    cut = Weeks(weeks.week_day, weeks.count, weeks.n, seen)
    found = baseline_of(cut, monday(2) + timedelta(days=1), monday(10) + timedelta(days=5), RULE)
    assert found is not None
    assert (found.first_week, found.last_week, found.weeks) == (monday(3), monday(9), 6)
    assert not found.confirmed


def test_no_trials_make_no_baseline_and_one_value_no_level() -> None:
    assert baseline_of(weeks_of(np.zeros(52), np.zeros(52)), FIRST, LAST, RULE) is None
    assert level_baseline_of(weeks_of(np.full(52, 4.0)), FIRST, LAST, RULE) is None
    assert level_baseline_of(weeks_of(np.zeros(0)), FIRST, LAST, RULE) is None


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_baseline_without_a_fault_or_without_a_good_one_still_leaves_room(rate: float) -> None:
    n = np.full(80, 20.0)
    found = base(weeks_of(n * rate, n))
    assert 0 < found.p0 < 1
    answer = detect_change(weeks_of(n * rate, n), found, RULE)
    assert answer.state is ChangeState.OK


def test_bursts_that_last_a_month_show_in_the_dispersion_of_months() -> None:
    rng = np.random.default_rng(4)
    n = np.full(52, 20.0)
    burst = np.repeat(rng.choice([0.02, 0.2], 13), 4)
    count = rng.binomial(20, burst).astype(float)
    even = rng.binomial(20, 0.1, 52).astype(float)
    assert dispersion(count, n, RULE) > 3
    assert 1 < dispersion(even, n, RULE) < 2


def test_a_frantic_week_does_not_set_what_is_normal() -> None:
    rng = np.random.default_rng(6)
    hours = 6 + rng.standard_normal(52)
    plain = level_baseline_of(weeks_of(hours), FIRST, LAST, RULE)
    hours[30] = 60
    frantic = level_baseline_of(weeks_of(hours), FIRST, LAST, RULE)
    assert plain is not None
    assert frantic is not None
    assert frantic.mean == pytest.approx(plain.mean, abs=0.1)
    assert frantic.sd == pytest.approx(plain.sd, abs=0.2)


# The answer


def test_a_rate_as_usual_is_ok_and_says_what_it_could_not_see() -> None:
    weeks = stepped(steps=((104, 0.1),))
    answer = detect_change(weeks, base(weeks), RULE)
    assert answer.state is ChangeState.OK
    assert (answer.alarms, answer.alarm_week, answer.onset) == ((), None, None)
    assert len(answer.log_evidence) == 104
    assert all(value == -inf for value in answer.log_evidence[:52])
    assert answer.per_month == pytest.approx(20 * 52 / 12, rel=0.1)
    assert answer.smallest is not None
    assert base(weeks).p0 < answer.smallest < 0.2
    assert answer.delay_months is not None
    assert 0.5 < answer.delay_months < 3


def test_a_doubled_rate_alarms_and_the_alarm_says_since_when() -> None:
    weeks = stepped(steps=((78, 0.1), (40, 0.25)))
    answer = detect_change(weeks, base(weeks), RULE)
    assert answer.state is ChangeState.ALARM
    assert answer.alarm_week is not None
    assert monday(78) <= answer.alarm_week <= monday(90)
    assert answer.onset is not None
    assert answer.onset.low <= monday(78) <= answer.onset.high
    assert answer.onset.count / answer.onset.n == pytest.approx(0.25, abs=0.04)
    assert answer.onset.n > 35 * 20
    assert answer.years_by_chance > 5
    assert answer.held_back is None
    assert not answer.too_irregular


def test_the_answer_of_a_past_day_is_not_changed_by_what_came_after() -> None:
    weeks = stepped(steps=((70, 0.1), (30, 0.25), (40, 0.1)))
    found = base(weeks)
    whole = detect_change(weeks, found, RULE)
    for end in (60, 72, 80, 100, 120):
        then = detect_change(upto(weeks, end), found, RULE)
        assert then.log_evidence == pytest.approx(whole.log_evidence[:end])
        assert then.alarms == tuple(
            replace(a, cleared=a.cleared if a.cleared and a.cleared < monday(end) else None)
            for a in whole.alarms
            if a.raised < monday(end)
        )


def test_watch_comes_before_alarm() -> None:
    weeks = stepped(steps=((78, 0.1), (40, 0.2)), seed=2)
    found = base(weeks)
    states = [detect_change(upto(weeks, end), found, RULE).state for end in range(60, 118)]
    assert ChangeState.WATCH in states
    assert states.index(ChangeState.WATCH) < states.index(ChangeState.ALARM)
    assert states[-1] is ChangeState.ALARM


def test_an_alarm_clears_after_the_rate_is_back_and_not_before() -> None:
    weeks = stepped(steps=((78, 0.1), (40, 0.25), (60, 0.1)))
    found = base(weeks)
    assert detect_change(upto(weeks, 118), found, RULE).state is ChangeState.ALARM
    answer = detect_change(weeks, found, RULE)
    (alarm,) = answer.alarms
    assert alarm.cleared is not None
    assert monday(118 + 3) < alarm.cleared < monday(118 + 40)
    assert answer.state is ChangeState.OK
    assert answer.alarm_week is None
    at = [monday(i) for i in range(len(weeks))].index(alarm.cleared)
    assert answer.log_evidence[at] == -inf


def test_the_onset_does_not_wander_while_an_alarm_waits_to_be_cleared() -> None:
    weeks = stepped(steps=((78, 0.1), (40, 0.25), (60, 0.1)))
    found = base(weeks)
    at_its_height = detect_change(upto(weeks, 118), found, RULE)
    onset = at_its_height.onset
    later = detect_change(upto(weeks, 122), found, RULE)
    assert later.state is ChangeState.ALARM
    assert onset is not None
    assert later.onset is not None
    assert later.onset.week == onset.week
    assert later.onset.count / later.onset.n > 0.22
    assert later.years_by_chance >= at_its_height.years_by_chance > 1_000


def test_however_many_trials_a_week_brings_all_clear_takes_eight_weeks() -> None:
    weeks = stepped(weekly=200, steps=((78, 0.1), (10, 0.3), (40, 0.1)))
    found = base(weeks)
    cleared = [
        detect_change(weeks, found, replace(RULE, clear_weeks=length)).alarms[0].cleared for length in (1, 8, 16)
    ]
    first, usual, last = (day for day in cleared if day is not None)
    assert first < usual < last


def calm_and_not(calm: tuple[bool, ...]) -> Watched:
    """Give a path that is high at once and then says calm as it is told."""
    zeros = np.zeros(len(calm))
    high = np.full(len(calm), 9.0)
    return Watched(
        week_day=zeros,
        count=zeros,
        n=zeros,
        whole=np.ones(len(calm), dtype=bool),
        offset=zeros,
        path=lambda i: high[i:, np.newaxis],
        calm=lambda i: calm[i],
        profile=lambda i, j: zeros[i:j],
    )


def test_calm_weeks_must_follow_each_other_and_follow_the_alarm() -> None:
    t, f = True, False
    assert follow(calm_and_not((t, t, f, t, t, f, t, f)), 5.0, 3).alarms == ((0, None),)
    assert follow(calm_and_not((f, t, t, f, t, t, t, f)), 5.0, 3).alarms == ((0, 6), (7, None))
    assert follow(calm_and_not((t, t, t, f)), 5.0, 3).open_at == 0


def test_too_few_items_since_the_baseline_clear_nothing() -> None:
    n = np.concatenate([np.full(52, 20.0), np.full(9, 6.0)])
    count = np.concatenate([np.full(52, 2.0), np.full(4, 6.0), np.zeros(5)])
    weeks = weeks_of(count, n)
    answer = detect_change(weeks, base(weeks), replace(RULE, clear_items=55, clear_weeks=1, clear_factor=9.9))
    assert answer.state is ChangeState.ALARM


def test_a_second_change_alarms_again() -> None:
    weeks = stepped(steps=((70, 0.1), (30, 0.25), (60, 0.1), (30, 0.25)))
    answer = detect_change(weeks, base(weeks), RULE)
    assert [alarm.cleared is None for alarm in answer.alarms] == [False, True]
    assert answer.onset is not None
    assert answer.onset.low > answer.alarms[0].raised


def test_an_unconfirmed_or_thin_baseline_goes_no_further_than_watch() -> None:
    weeks = stepped(steps=((78, 0.1), (40, 0.3)))
    unconfirmed = detect_change(weeks, replace(base(weeks), confirmed=False), RULE)
    assert unconfirmed.state is ChangeState.WATCH
    assert unconfirmed.alarm_week is not None
    assert unconfirmed.held_back is not None
    assert unconfirmed.held_back.code == "change_baseline_unconfirmed"
    thin = detect_change(weeks, replace(base(weeks), n=199), RULE)
    assert thin.state is ChangeState.WATCH
    assert thin.held_back is not None
    assert thin.held_back.params == {"n": 199, "needed": 200}


def test_an_outage_freezes_the_answer() -> None:
    weeks = stepped(steps=((78, 0.1), (40, 0.25)))
    found = base(weeks)
    before = detect_change(upto(weeks, 82), found, RULE)
    seen = weeks.seen.copy()
    seen[82:] = False
    dark = detect_change(Weeks(weeks.week_day, weeks.count, weeks.n, seen), found, RULE)
    assert dark.log_evidence[:82] == before.log_evidence
    assert set(dark.log_evidence[82:]) == {before.log_evidence[-1]}
    assert replace(dark, log_evidence=()) == replace(before, log_evidence=())


def test_no_week_after_the_baseline_is_unknown() -> None:
    weeks = stepped(steps=((52, 0.1),))
    answer = detect_change(weeks, base(weeks), RULE)
    assert answer.state is ChangeState.UNKNOWN
    assert answer.years_by_chance == 0


def test_a_series_too_irregular_says_so_with_its_delay() -> None:
    rng = np.random.default_rng(12)
    n = np.full(104, 60.0)
    count = rng.binomial(60, rng.choice([0.01, 0.4], 104)).astype(float)
    weeks = weeks_of(count, n)
    answer = detect_change(weeks, base(weeks), RULE)
    assert answer.too_irregular
    assert answer.phi > 5
    even = stepped(weekly=60, steps=((104, float(base(weeks).rate)),))
    plain = detect_change(even, base(even), RULE).delay_months
    assert plain is not None
    assert answer.delay_months is None or answer.delay_months > 3 * plain


@pytest.mark.parametrize(("weekly", "paths"), [(5.0, 500), (50.0, 200), (200.0, 200)])
def test_the_delay_foretold_is_the_delay_seen(weekly: float, paths: int) -> None:
    found = replace(base(stepped(steps=((52, 0.1),))), p0=0.1, rate=0.1, phi=1.0)
    rng = np.random.default_rng(13)
    n = rng.poisson(weekly / 5, (paths, 800)).astype(float)
    changed = 200 + rng.integers(0, 5, paths)
    count = rng.binomial(n.astype(int), np.where(np.arange(800) < changed[:, np.newaxis], 0.1, 0.2)).astype(float)
    count, n = count.reshape(paths, 160, 5), n.reshape(paths, 160, 5)
    path = evidence_by_day(count, n, np.full(paths, 0.1), np.ones(paths)).reshape(paths, -1)
    hit = path >= threshold(5, offset(weekly, 0.1, 1.0))
    clean = ~hit[:, :200].any(axis=1)
    seen = (hit[clean].argmax(axis=1) - changed[clean] + 1).mean() / 5 * 12 / 52
    told = detect_change(weeks_of(np.full(60, 0.5), np.full(60, weekly)), found, RULE).delay_months
    assert told == pytest.approx(seen, rel=0.2)


def test_more_trials_show_smaller_changes_and_hardly_any_show_none() -> None:
    smallest = []
    for weekly in (5, 20, 80, 320):
        weeks = stepped(weekly=weekly, steps=((104, 0.1),))
        found = replace(base(weeks), p0=0.11, rate=0.1, phi=1.5)
        smallest.append(detect_change(weeks, found, RULE).smallest)
    known = [value for value in smallest if value is not None]
    assert len(known) == 4
    assert known == sorted(known, reverse=True)
    sparse = weeks_of(np.zeros(104), (np.arange(104) % 20 == 0).astype(float))
    answer = detect_change(sparse, replace(found, p0=0.3), RULE)
    assert answer.smallest is None
    assert answer.delay_months is None


def test_a_longer_budget_alarms_no_earlier() -> None:
    weeks = stepped(steps=((78, 0.1), (40, 0.2)), seed=5)
    found = base(weeks)
    raised = [
        detect_change(weeks, found, ChangeRule(budget_years=years)).alarms[-1].raised for years in (1.0, 5.0, 30.0)
    ]
    assert raised == sorted(raised)
    assert raised[0] < raised[-1]


# Hours


def hours_of(*, shift: float, seed: int = 1) -> Weeks:
    rng = np.random.default_rng(seed)
    hours = 6 + 2 * rng.standard_normal(170)
    hours[78:118] += shift
    return weeks_of(hours)


def test_hours_that_rise_alarm_and_hours_that_fall_back_clear_it() -> None:
    weeks = hours_of(shift=3.0)
    found = level_baseline_of(weeks, FIRST, LAST, RULE, confirmed=True)
    assert found is not None
    during = detect_level_change(upto(weeks, 118), found, RULE)
    assert during.state is ChangeState.ALARM
    assert during.onset is not None
    assert during.onset.low <= monday(78) <= during.onset.high
    assert during.onset.count / during.onset.n == pytest.approx(9.0, abs=1.0)
    after = detect_level_change(weeks, found, RULE)
    assert after.state is not ChangeState.ALARM
    assert after.alarms[0].cleared is not None
    assert after.alarms[0].cleared > monday(118)


def test_hours_say_the_smallest_rise_that_would_show() -> None:
    weeks = hours_of(shift=0.0)
    found = level_baseline_of(weeks, FIRST, LAST, RULE, confirmed=True)
    assert found is not None
    answer = detect_level_change(weeks, found, RULE)
    assert answer.state is ChangeState.OK
    assert answer.smallest is not None
    assert found.ceiling < answer.smallest < found.ceiling + 2 * found.sd
    assert answer.delay_months is not None


def test_hours_with_few_weeks_behind_them_go_no_further_than_watch() -> None:
    weeks = hours_of(shift=4.0)
    found = level_baseline_of(weeks, FIRST, monday(24) + timedelta(days=6), RULE, confirmed=True)
    assert found is not None
    assert found.n == 25
    answer = detect_level_change(upto(weeks, 110), found, RULE)
    assert answer.state is ChangeState.WATCH
    assert answer.held_back is not None
    assert answer.held_back.code == "change_few_trials"


def test_hours_not_seen_change_nothing() -> None:
    weeks = hours_of(shift=3.0)
    found = level_baseline_of(weeks, FIRST, LAST, RULE, confirmed=True)
    assert found is not None
    hours = weeks.count.copy()
    hours[82:100] = np.nan
    gone = detect_level_change(Weeks(weeks.week_day, hours, weeks.n, weeks.seen), found, RULE)
    assert len(set(gone.log_evidence[81:100])) == 1
