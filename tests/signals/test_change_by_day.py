"""A change is looked for each day: the week under way counts for what it has told."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.calendar import day_number
from signals.change import Baseline, ChangeRule, baseline_of, detect_change
from signals.change_evidence import CAP, evidence, evidence_by_day
from signals.weeks import ByDay, Weeks

Array = npt.NDArray[Any]
MONDAY = date(2022, 1, 3)
FIRST, LAST = date(2022, 1, 3), date(2023, 1, 1)
RULE = ChangeRule()
ONE, PHI = np.array([0.1]), np.array([1.5])


def weeks_of(count: Array, n: Array, last: int | None = None) -> Weeks:
    """Give the weeks of trials by day, (weeks, 7), known up to a day by its position."""
    told = np.arange(n.size).reshape(n.shape) <= (n.size if last is None else last)
    seen = np.asarray(told.all(axis=1))
    count, n = np.where(told, count, 0.0), np.where(told, n, 0.0)
    mondays = (day_number(MONDAY) + 7.0 * np.arange(len(n))).astype("float64")
    by_week = [np.where(seen, daily.sum(axis=1), 0.0) for daily in (count, n)]
    return Weeks(mondays, by_week[0], by_week[1], seen, ByDay(count, n, told))


def drawn(rate: Array, seed: int = 1, a_day: float = 8) -> tuple[Array, Array]:
    """Draw five working days a week; `rate` is by week, or (weeks, 7)."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(a_day, (len(rate), 7))
    n[:, 5:] = 0
    return rng.binomial(n, rate.reshape(len(rate), -1)).astype(float), n.astype(float)


def base(weeks: Weeks) -> Baseline:
    found = baseline_of(weeks, FIRST, LAST, RULE, confirmed=True)
    assert found is not None
    return found


some_days = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=21, max_size=70)


@given(some_days, st.data())
@settings(max_examples=60, deadline=None)
def test_a_day_says_what_its_week_cut_short_would_say(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    whole = len(rows) // 7 * 7
    pairs = np.array(rows[:whole], dtype=float).reshape(1, -1, 7, 2)
    n, count = pairs.max(axis=3), pairs.min(axis=3)
    daily = evidence_by_day(count, n, ONE, PHI)
    assert np.array_equal(daily[:, :, -1], evidence(count.sum(axis=2), n.sum(axis=2), ONE, PHI))
    day = data.draw(st.integers(0, whole - 1))
    past = (np.arange(whole) <= day).reshape(1, -1, 7)
    cut = evidence((count * past).sum(axis=2), (n * past).sum(axis=2), ONE, PHI)
    assert daily.reshape(-1)[day] == pytest.approx(cut[0, day // 7], abs=1e-9)
    assert np.array_equal(
        daily.reshape(-1)[: day + 1], evidence_by_day(count * past, n * past, ONE, PHI).reshape(-1)[: day + 1]
    )


def test_no_more_counts_of_a_week_so_far_than_of_a_whole_one() -> None:
    n = np.full((1, 30, 7), 10.0)
    count = np.full((1, 30, 7), 1.0)
    count[0, 20] = 10.0
    daily = evidence_by_day(count, n, ONE, PHI)[0]
    assert daily[20].max() - daily[19, -1] <= CAP + np.log1p(np.exp(-daily[19, -1]))


def test_an_alarm_has_the_same_day_on_every_later_day_and_none_before() -> None:
    count, n = drawn(np.concatenate([np.full(78, 0.1), np.full(30, 0.25)]))
    found = base(weeks_of(count, n))
    days = {}
    for last in range(77 * 7, 100 * 7):
        alarms = detect_change(weeks_of(count, n, last), found, RULE).alarms
        days[last] = alarms[-1].day if alarms else None
    raised = {day for day in days.values() if day is not None}
    assert len(raised) == 1
    (day,) = raised
    assert day.weekday() < 5
    assert {last for last, known in days.items() if known} == {
        last for last in days if MONDAY + timedelta(days=last) >= day
    }


def test_an_alarm_stands_though_the_rest_of_its_week_be_good() -> None:
    count, n = drawn(np.concatenate([np.full(78, 0.1), np.full(30, 0.25)]))
    found = base(weeks_of(count, n))
    alarm = detect_change(weeks_of(count, n), found, RULE).alarms[-1]
    at = (alarm.day - MONDAY).days
    count.reshape(-1)[at + 1 :] = 0
    n.reshape(-1)[at + 1 : at + 5] = 300
    after = detect_change(weeks_of(count, n, at // 7 * 7 + 6), found, RULE)
    assert after.alarm_day == alarm.day
    assert after.alarm_week == alarm.raised <= alarm.day
    assert after.years_by_chance >= 5
    assert after.onset is not None


def test_a_week_not_read_to_its_end_counts_with_the_days_it_told() -> None:
    count, n = drawn(np.concatenate([np.full(78, 0.1), np.full(30, 0.25)]))
    found = base(weeks_of(count, n))
    day = detect_change(weeks_of(count, n), found, RULE).alarms[-1].day
    stuck = weeks_of(count, n, (day - MONDAY).days)
    dark = Weeks(stuck.week_day, stuck.count, stuck.n, stuck.seen, stuck.by_day)
    assert not dark.seen[(day - MONDAY).days // 7 :].any()
    assert detect_change(dark, found, RULE).alarm_day == day


def test_no_week_under_way_clears_an_alarm_or_keeps_it() -> None:
    rate = np.concatenate([np.full(78, 0.1), np.full(12, 0.3), np.full(40, 0.1)])
    count, n = drawn(rate)
    found = base(weeks_of(count, n))
    (alarm, *_) = detect_change(weeks_of(count, n), found, RULE).alarms
    assert alarm.cleared is not None
    sunday = (alarm.cleared - MONDAY).days + 6
    assert [detect_change(weeks_of(count, n, sunday - i), found, RULE).alarms[0].cleared for i in (0, 1, 6)] == [
        alarm.cleared,
        None,
        None,
    ]


def test_bad_mondays_of_weeks_that_are_as_usual_are_no_change() -> None:
    by_day = np.array([0.34, 0.05, 0.05, 0.03, 0.03, 0, 0])
    alarms = {"known": 0, "not known": 0}
    for seed in range(30):
        count, n = drawn(np.tile(by_day, (312, 1)), seed, a_day=20)
        weeks = weeks_of(count, n)
        found = base(weeks)
        assert found.so_far[0] > 0.25 > found.so_far[1] > found.p0 == found.so_far[6]
        alarms["known"] += len(detect_change(weeks, found, RULE).alarms)
        alarms["not known"] += len(detect_change(weeks, replace(found, so_far=()), RULE).alarms)
    assert alarms["known"] <= 12  # of 30 series in five years, at one in five years each
    assert alarms["not known"] > 2 * alarms["known"]


def test_weeks_alone_are_looked_at_on_their_sunday() -> None:
    count, n = drawn(np.concatenate([np.full(78, 0.1), np.full(30, 0.25)]))
    weeks = replace(weeks_of(count, n), by_day=None)
    found = base(weeks)
    assert found.so_far == ()
    alarm = detect_change(weeks, found, RULE).alarms[-1]
    assert alarm.day == alarm.raised + timedelta(days=6)
    daily = detect_change(weeks_of(count, n), base(weeks_of(count, n)), RULE).alarms[-1]
    assert daily.day <= alarm.day
