import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.intervals import student, wilson


@pytest.mark.parametrize(("errors", "n"), [(2, 10), (3, 20), (4, 30), (6, 60), (9, 100), (22, 300)])
def test_fewer_errors_than_these_do_not_show_a_rate_above_5_percent(errors: int, n: int) -> None:
    assert wilson(errors, n)[0] > 0.05
    assert wilson(errors - 1, n)[0] <= 0.05


@pytest.mark.parametrize(("n", "bound"), [(10, 0.213), (30, 0.083), (60, 0.043), (100, 0.026), (300, 0.009)])
def test_no_error_at_all_bounds_the_rate_only_so_far(n: int, bound: float) -> None:
    low, high = wilson(0, n)
    assert low == 0
    assert round(high, 3) == bound


def test_without_trials_a_rate_may_be_anything() -> None:
    assert wilson(0, 0) == (0, 1)


@given(n=st.integers(1, 5000), part=st.floats(0, 1))
def test_the_bounds_hold_the_estimate_and_stay_within_0_and_1(n: int, part: float) -> None:
    count = round(n * part)
    low, high = wilson(count, n)
    assert 0 <= low <= count / n <= high <= 1


@given(n=st.integers(1, 500), part=st.floats(0, 1))
def test_errors_and_successes_mirror_each_other(n: int, part: float) -> None:
    count = round(n * part)
    low, high = wilson(count, n)
    assert wilson(n - count, n) == pytest.approx((1 - high, 1 - low))


def test_one_value_has_no_spread() -> None:
    assert student([8.0]) is None


def test_two_values_are_bounded_by_students_t_with_one_degree_of_freedom() -> None:
    low, high = student([7.0, 9.0]) or (0, 0)
    assert (low, high) == pytest.approx((8 - 6.314, 8 + 6.314), abs=0.001)
