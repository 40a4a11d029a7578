"""The range a number should be in a week later: how often it is, when nothing changed, and when it can't be given."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from signals.base import Measure, Point, Tier, Unit
from signals.expected import Ahead, overdispersion, range_ahead
from signals.intervals import student, wilson

TODAY = date(2026, 11, 23)
WORKING_DAYS, WEEK = 62, 5  # of a window of 90 days, and of one of 7
LAST_MONTH = 2026 * 12 + 9


def rate(late: int, n: int, series: tuple[Point, ...] = ()) -> Measure:
    low, high = wilson(late, n)
    return Measure(
        name="late_issued_rate", kpi="K02", signal=None, unit=Unit.SHARE, value=late / n, low=low, high=high, n=n,
        window=(TODAY - timedelta(days=89), TODAY), tier=Tier.DIRECT, series=series,
    )  # fmt: skip


def state(values: list[float], value: float) -> Measure:
    first = LAST_MONTH - len(values) + 1
    series = tuple(Point(first + i, one, one, one, 9) for i, one in enumerate(values))
    return Measure(
        name="sole_operator_share", kpi="K46", signal=None, unit=Unit.SHARE, value=value, low=value, high=value, n=9,
        tier=Tier.DIRECT, series=series,
    )  # fmt: skip


def within(found: Ahead | None, value: float) -> bool:
    return found is not None and found.low <= value <= found.high


# How often it is inside.


@pytest.mark.parametrize("a_month", [20, 60, 150, 400])
@pytest.mark.parametrize("share", [0.02, 0.05, 0.15, 0.30])
def test_a_rate_that_did_not_change_is_inside_in_nine_weeks_of_ten(a_month: int, share: float) -> None:
    rng = np.random.default_rng([1, a_month, int(share * 100)])
    n = rng.poisson(a_month / 21, (500, WORKING_DAYS + WEEK))
    late = rng.binomial(n, share)
    inside = [
        within(range_ahead(rate(k[:-WEEK].sum(), m[:-WEEK].sum()), 7), k[WEEK:].sum() / m[WEEK:].sum())
        for k, m in zip(late, n, strict=True)
    ]

    assert 0.87 <= np.mean(inside) <= 1.0


def test_directors_hours_that_did_not_change_are_inside_in_nine_weeks_of_ten() -> None:
    weeks = np.maximum(0, np.random.default_rng(1).normal(6, 2, (1000, 14)))
    inside = []
    for hours in weeks:
        low, high = student(list(hours[:13])) or (0.0, 0.0)
        now = Measure(
            name="director_hours_per_week", kpi="K23", signal=None, unit=Unit.HOURS_PER_WEEK, n=13, tier=Tier.DIRECT,
            value=float(hours[:13].mean()), low=low, high=high, window=(TODAY - timedelta(days=90), TODAY),
        )  # fmt: skip
        inside.append(within(range_ahead(now, 7), float(hours[1:].mean())))

    assert 0.88 <= np.mean(inside) <= 0.95


@pytest.mark.parametrize("a_month", [60, 400])
def test_a_rate_that_sways_from_month_to_month_is_inside_as_often(a_month: int) -> None:
    rng = np.random.default_rng([2, a_month])
    inside = []
    for _ in range(300):
        shares = np.repeat(0.1 * np.exp(rng.normal(-0.125, 0.5, 15)), 21)
        n = rng.poisson(a_month / 21, len(shares))
        late = rng.binomial(n, shares)
        months = zip(late.reshape(15, 21).sum(1), n.reshape(15, 21).sum(1), strict=True)
        points = tuple(Point(LAST_MONTH - 14 + i, k / m, 0.0, 1.0, int(m)) for i, (k, m) in enumerate(months))
        start = len(shares) - WORKING_DAYS - WEEK
        before, after = slice(start, start + WORKING_DAYS), slice(start + WEEK, None)
        now = rate(late[before].sum(), n[before].sum(), points)
        inside.append(within(range_ahead(now, 7), late[after].sum() / n[after].sum()))

    assert np.mean(inside) >= 0.88


def test_a_state_goes_by_what_its_months_did() -> None:
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(1000):
        values = np.cumsum(rng.standard_t(3, 26)) + 100  # heavy tails: no normal range would hold
        now = replace(state(list(values[:25]), float(values[24])), unit=Unit.COUNT)
        inside.append(within(range_ahead(now, 7), float(values[25])))

    assert 0.88 <= np.mean(inside) <= 0.96


def test_a_change_leaves_the_range() -> None:
    """From 2 % to 30 % in the last week, of 400 invoices a month."""
    rng = np.random.default_rng(4)
    late = rng.binomial(19, [0.02] * WORKING_DAYS + [0.30] * WEEK, (200, WORKING_DAYS + WEEK))
    seen = [
        within(range_ahead(rate(k[:-WEEK].sum(), 19 * WORKING_DAYS), 7), k[WEEK:].sum() / (19 * WORKING_DAYS))
        for k in late
    ]

    assert np.mean(seen) < 0.05


# What it is.


def test_it_widens_with_the_days_until_nothing_of_the_window_is_left() -> None:
    now = replace(rate(30, 300), window=(TODAY - timedelta(days=13), TODAY))
    halves = []
    for days in (1, 7, 14, 31):
        found = range_ahead(now, days)
        assert found is not None
        halves.append(found.high - 0.1)

    assert halves[0] < halves[1] < halves[2] == halves[3]
    assert halves[2] == pytest.approx((now.high or 0.0) * 2**0.5 - 0.1 * 2**0.5)


def test_a_share_stays_between_none_and_all() -> None:
    none = range_ahead(rate(0, 20), 7)
    assert none is not None
    assert none.low == 0.0
    assert none.high == pytest.approx(0.047, abs=0.001)
    whole = range_ahead(rate(20, 20), 7)
    assert whole is not None
    assert whole.high == 1.0


def test_a_state_that_never_moved_should_stay() -> None:
    assert range_ahead(state([0.5] * 10, 0.5), 7) == Ahead(0.5, 0.5)


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (replace(rate(3, 30), value=None), 7),
        (rate(3, 30), 0),
        (rate(3, 30), 32),
        (replace(rate(3, 30), low=None), 7),
        (replace(rate(3, 30), window=None), 7),
        (state([0.5] * 9, 0.5), 7),  # eight differences
        (replace(rate(3, 30), tier=Tier.DECLARED), 7),  # said, not sampled, and without months
    ],
)
def test_where_nothing_honest_can_be_said_there_is_no_range(now: Measure, days: int) -> None:
    assert range_ahead(now, days) is None


def test_months_apart_are_no_neighbours() -> None:
    points = state([0.1, 0.9] * 12, 0.5).series

    assert range_ahead(replace(state([], 0.5), series=points[::2]), 7) is None


def test_chance_alone_is_no_overdispersion_and_fewer_than_six_pairs_say_none() -> None:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(200):
        points = tuple(Point(LAST_MONTH - 24 + i, k / 200, n=200) for i, k in enumerate(rng.binomial(200, 0.1, 25)))
        found.append(overdispersion(points))
    swaying = tuple(Point(LAST_MONTH - 24 + i, 0.05 + 0.1 * (i % 2), n=200) for i in range(25))

    assert 1.0 <= np.mean(found) < 1.25
    assert overdispersion(swaying) > 10
    assert overdispersion(swaying[:6]) == 1.0
