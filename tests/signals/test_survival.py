"""Golden numbers are from lifelines 0.30.3, `KaplanMeierFitter(alpha=0.1)`, computed apart from this project."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.survival import Estimate, Survival, kaplan_meier

# Freireich et al. (1963): weeks of remission under 6-mercaptopurine.
REMISSION = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
RELAPSED = [True] * 9 + [False] * 12

# Made-up invoices, each standing for several.
WAITED = [3, 0, 7, 7, 12, 12, 12, 20, 25, 31, 31, 40, 58, 58, 90]
PAID = [bool(x) for x in (1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0)]
COUNT = [2, 1, 4, 3, 5, 1, 2, 6, 3, 2, 2, 4, 1, 1, 3]


def _about(estimate: Estimate) -> object:
    return pytest.approx((estimate.value, estimate.low, estimate.high), abs=1e-12)


@pytest.mark.parametrize(
    ("week", "golden"),
    [
        (10, (0.7529411764705878, 0.5511233819278842, 0.8735812432744228)),
        (20, (0.6274509803921566, 0.4126127680057049, 0.7823912244425656)),
        (30, (0.44817927170868327, 0.2264620882450107, 0.6481135841402932)),
    ],
)
def test_the_shares_of_lifelines_on_a_textbooks_remissions(week: int, golden: tuple[float, float, float]) -> None:
    assert golden == _about(kaplan_meier(REMISSION, RELAPSED).after(week))


def test_the_median_of_lifelines_and_an_upper_bound_never_reached() -> None:
    curve = kaplan_meier(REMISSION, RELAPSED)
    assert curve.median == Estimate(23, 13, None)
    assert curve.quantile(0.9) == Estimate()
    assert (curve.n, curve.ended) == (21, 9)


@pytest.mark.parametrize(
    ("day", "golden"),
    [
        (0, (0.9749999999999999, 0.8770788541185364, 0.9951247670867784)),
        (7, (0.8250000000000001, 0.6986842751264074, 0.901936672992236)),
        (12, (0.66, 0.5170071456567327, 0.7697302845436604)),
        (30, (0.38999999999999996, 0.2554938109798101, 0.5221741342889239)),
        (58, (0.14666666666666664, 0.06017199990429932, 0.26953041893104207)),
    ],
)
def test_the_shares_of_lifelines_with_weights(day: int, golden: tuple[float, float, float]) -> None:
    assert golden == _about(kaplan_meier(WAITED, PAID, COUNT).after(day))


def test_the_quantiles_of_lifelines_with_weights() -> None:
    curve = kaplan_meier(WAITED, PAID, COUNT)
    assert curve.median == Estimate(20, 20, 31)
    assert curve.quantile(0.25) == Estimate(12, 7, 20)
    assert curve.quantile(0.9) == Estimate(None, 40, None)
    assert curve.n == 40


def test_weights_are_as_many_rows() -> None:
    each = [np.repeat(values, COUNT) for values in (WAITED, PAID)]
    whole, weighted = kaplan_meier(*each), kaplan_meier(WAITED, PAID, COUNT)
    assert np.array_equal(whole.share, weighted.share)
    assert np.array_equal(whole.variance, weighted.variance)


def test_without_censoring_the_share_is_that_of_those_left() -> None:
    curve = kaplan_meier([1, 2, 2, 4], [True] * 4)
    assert [curve.after(day).value for day in (0, 1, 2, 3, 4, 9)] == pytest.approx([1, 0.75, 0.25, 0.25, 0, 0])
    assert curve.median.value == 2


def test_half_left_exactly_is_the_median_in_spite_of_rounding() -> None:
    assert kaplan_meier(range(1, 7), [True] * 6).median.value == 3


def test_nothing_is_said_beyond_what_was_followed() -> None:
    curve = kaplan_meier([5, 10], [True, False])
    assert curve.after(10).value == 0.5
    assert curve.after(11) == Estimate()


def test_before_the_first_event_the_share_is_not_certain() -> None:
    curve = kaplan_meier([30] * 20, [False] * 20)
    assert curve.after(30) == Estimate(1.0, 0.05 ** (1 / 20), 1.0)  # none of twenty: as few as 86 % may be left
    assert curve.after(0) == curve.after(30)
    assert curve.median == Estimate()


def test_once_all_are_over_the_upper_bound_is_that_of_the_last_who_waited() -> None:
    curve = kaplan_meier([1, 2, 3], [True] * 3)
    two, three = curve.after(2), curve.after(3)
    assert (three.value, three.low, three.high) == (0, 0, two.high)
    assert kaplan_meier([4], [True]).after(4) == Estimate(0.0, 0.0, 1.0)


def test_nobody_to_follow_gives_nothing() -> None:
    for curve in (kaplan_meier([], []), kaplan_meier([3], [True], [0])):
        assert (curve.n, curve.ended, curve.median, curve.after(1)) == (0, 0, Estimate(), Estimate())


def test_what_was_billed_before_delivery_counts_negative() -> None:
    assert kaplan_meier([-3, 0, 5], [True] * 3).median.value == 0


def test_waits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="as many"):
        kaplan_meier([1, 2], [True])
    with pytest.raises(ValueError, match="as many"):
        kaplan_meier([1], [True], [1, 2])
    with pytest.raises(ValueError, match="a number"):
        kaplan_meier([float("nan")], [True])


CASES = st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=40)


def _curve(cases: list[tuple[int, bool]]) -> Survival:
    return kaplan_meier([t for t, _ in cases], [over for _, over in cases])


@given(CASES)
def test_the_share_falls_and_lies_within_its_bounds(cases: list[tuple[int, bool]]) -> None:
    curve = _curve(cases)
    low, high = curve.bounds
    assert (np.diff(curve.share) <= 0).all()
    assert (low >= 0).all()
    assert (high <= 1).all()
    assert (low <= curve.share + 1e-12).all()
    assert (curve.share <= high + 1e-12).all()
    median = curve.median
    assert median.value is None or median.low is None or median.low <= median.value
    assert median.value is None or median.high is None or median.value <= median.high


@given(CASES, st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter(cases: list[tuple[int, bool]], random: Random) -> None:
    shuffled = list(cases)
    random.shuffle(shuffled)
    assert np.array_equal(_curve(cases).share, _curve(shuffled).share)


@given(CASES, st.integers(1, 30))
def test_waiting_longer_never_lowers_what_is_left(cases: list[tuple[int, bool]], more: int) -> None:
    later = [(time + more, over) for time, over in cases]
    median, moved = _curve(cases).median, _curve(later).median
    assert (median.value is None) == (moved.value is None)
    assert median.value is None or moved.value == median.value + more


def test_nine_intervals_in_ten_hold_the_true_median() -> None:
    rng = np.random.default_rng(20261123)
    held, paths, n = 0, 400, 80
    for _ in range(paths):
        wait, seen = rng.exponential(30, n), rng.uniform(20, 120, n)
        median = kaplan_meier(np.minimum(wait, seen), wait <= seen).median
        truth = 30 * np.log(2)
        held += median.low is not None and median.low <= truth and (median.high is None or truth <= median.high)
    assert 0.86 <= held / paths <= 0.96
