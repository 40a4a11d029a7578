from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.calendar import day_number
from signals.onset import Onset, level_profile, onset_of, rate_profile

MONDAY = date(2024, 1, 1)
Array = npt.NDArray[np.float64]


def mondays(length: int) -> Array:
    return np.asarray(day_number(MONDAY) + 7.0 * np.arange(length), dtype="float64")


def onset(count: Array, n: Array, rate: float = 0.1, phi: float = 1.0) -> Onset:
    return onset_of(rate_profile(count, n, rate, phi), mondays(len(count)), count, n)


def test_the_profile_is_the_likelihood_ratio_of_all_weeks_from_each_on() -> None:
    count, n = np.array([1.0, 2.0, 6.0, 5.0]), np.array([20.0, 20.0, 20.0, 20.0])
    profile = rate_profile(count, n, 0.1, 2.0)
    for k in range(4):
        x, m = count[k:].sum(), n[k:].sum()
        p = x / m
        expected = (x * np.log(p / 0.1) + (m - x) * np.log((1 - p) / 0.9)) / 2
        assert profile[k] == pytest.approx(expected)


def test_a_clear_step_is_dated_to_its_week() -> None:
    n = np.full(30, 100.0)
    count = np.where(np.arange(30) < 18, 10.0, 30.0)
    found = onset(count, n)
    assert found.week == found.low == found.high == MONDAY + timedelta(weeks=18)
    assert (found.count, found.n) == (360.0, 1200.0)


def test_a_faint_step_has_a_wide_interval_round_its_week() -> None:
    rng = np.random.default_rng(2)
    rate = np.where(np.arange(60) < 30, 0.1, 0.2)
    n = np.full(60, 5.0)
    few = onset(rng.binomial(5, rate).astype(float), n)
    many = onset(rng.binomial(100, rate).astype(float), n * 20)
    assert few.high - few.low > 4 * (many.high - many.low)
    assert many.low <= MONDAY + timedelta(weeks=30) <= many.high


def test_burstiness_widens_the_interval() -> None:
    rng = np.random.default_rng(3)
    count = rng.binomial(20, np.where(np.arange(60) < 30, 0.1, 0.25)).astype(float)
    n = np.full(60, 20.0)
    plain, bursty = onset(count, n), onset(count, n, phi=3.0)
    assert bursty.high - bursty.low > plain.high - plain.low


def test_a_rate_that_is_not_higher_gives_no_week_more_weight_than_another() -> None:
    assert np.allclose(rate_profile(np.zeros(10), np.full(10, 5.0), 0.1, 1.0), 0.0)
    assert np.allclose(level_profile(np.full(10, -1.0), 1.0), 0.0)


def test_all_wrong_is_as_far_as_a_rate_goes() -> None:
    n = np.full(12, 5.0)
    count = np.where(np.arange(12) < 6, 0.0, 5.0)
    assert onset(count, n).week == MONDAY + timedelta(weeks=6)


def test_a_level_is_dated_likewise() -> None:
    z = np.where(np.arange(30) < 20, 0.0, 2.0)
    found = onset_of(level_profile(z, 1.0), mondays(30), z, np.ones(30))
    assert found.week == MONDAY + timedelta(weeks=20)
    assert level_profile(z, 1.0)[20] == pytest.approx(10 * 2.0**2 / 2)
    assert np.allclose(level_profile(z, 4.0), level_profile(z, 1.0) / 4)


def test_the_interval_holds_the_true_week_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    n = np.full(60, 25.0)
    rate = np.where(np.arange(60) < 40, 0.1, 0.2)
    held = 0
    for _ in range(400):
        found = onset(rng.binomial(25, rate).astype(float), n)
        held += found.low <= MONDAY + timedelta(weeks=40) <= found.high
    assert 0.78 < held / 400 < 0.97


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=40), st.floats(0.01, 0.9))
@settings(max_examples=80, deadline=None)
def test_the_likeliest_week_lies_within_its_interval(rows: list[tuple[int, int]], rate: float) -> None:
    n = np.array([float(b) for _, b in rows])
    count = np.minimum(np.array([float(a) for a, _ in rows]), n)
    found = onset(count, n, rate)
    assert MONDAY <= found.low <= found.week <= found.high <= MONDAY + timedelta(weeks=len(rows) - 1)
    assert found.count <= found.n
