"""The shape of a change: the posterior against plain sums, what may be named, and how often it is right."""

from datetime import date
from math import exp, lgamma, log
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.shape import COURSES, answer
from signals.calendar import Days, day_number
from signals.change_baseline import Baseline
from signals.shape import SIZES, ShapeName, by_month, log_gamma, shape, shape_of
from signals.shape_courses import CHANCES, PERIODS, drifts, one_offs, periodic, recurrences, steps
from signals.weeks import Weeks


def months(*counts: int, n: int = 100) -> tuple[np.ndarray, np.ndarray]:
    return np.array(counts, dtype="float64"), np.full(len(counts), float(n))


def test_the_gamma_function_is_right_to_nine_digits() -> None:
    x = np.array([1e-3, 0.5, 1.0, 2.5, 40.0, 1e4, 1e7])
    assert log_gamma(x) == pytest.approx([lgamma(v) for v in x], rel=1e-9, abs=1e-8)


def plainly(count: np.ndarray, n: np.ndarray, rate: float, trials: float, phi: float) -> dict[ShapeName, float]:
    """Give the posterior by loops, a fine grid of usual rates and the library's gamma function."""

    def month(x: float, of: float, p: float) -> float:
        s = max((of - phi) / (phi - 1), 1.0)
        a, b = s * p, s * (1 - p)
        return lgamma(x + a) - lgamma(a) + lgamma(of - x + b) - lgamma(b)

    bad, good = rate * trials / phi + 0.5, (1 - rate) * trials / phi + 0.5
    total = dict.fromkeys(ShapeName, 0.0)
    shift = sum(month(x, of, rate) for x, of in zip(count, n, strict=True))
    long = len(count)
    regular = {name: make(long) for name, make in _COURSES.items()}
    irregular = [[(m >> t) & 1 for t in range(long)] for m in range(2**long)]
    irregular = [row for row in irregular if sum(b > a for a, b in zip([0, *row], row, strict=False)) > 1]
    for p in np.linspace(0.01, 0.25, 25):
        prior = exp((bad - 1) * log(p) + (good - 1) * log(1 - p))

        def likelihood(course: np.ndarray, size: float, p: float = p) -> float:
            odds = p / (1 - p) * np.exp(log(size) * np.asarray(course))
            return exp(sum(month(x, of, o / (1 + o)) for x, of, o in zip(count, n, odds, strict=True)) - shift)

        total[ShapeName.NONE] += prior * likelihood(np.zeros(long), 1)
        for name, courses in regular.items():
            share = 0.5 if name is ShapeName.RECURRENT else 1.0
            total[name] += share * prior * float(np.mean([likelihood(c, s) for c in courses for s in SIZES]))
        each = [np.mean([likelihood(np.array(row), s) for s in SIZES]) for row in irregular]
        for chance in CHANCES:
            weight = np.array([chance ** sum(row) * (1 - chance) ** (long - sum(row)) for row in irregular])
            total[ShapeName.RECURRENT] += 0.5 / len(CHANCES) * prior * float(weight @ each / weight.sum())
    return {name: value / sum(total.values()) for name, value in total.items()}


_COURSES = {
    ShapeName.ONE_OFF: one_offs,
    ShapeName.RECURRENT: periodic,
    ShapeName.STEP: steps,
    ShapeName.DRIFT: drifts,
}


def test_the_posterior_is_that_of_plain_sums() -> None:
    count, n = np.array([2.0, 6, 1, 6, 2, 3]), np.array([20.0, 21, 15, 20, 30, 20])
    found = shape(count, n, rate=0.1, trials=150, phi=1.4).probabilities
    expected = plainly(count, n, 0.1, 150, 1.4)
    assert [found[name] for name in ShapeName] == pytest.approx([expected[name] for name in ShapeName], abs=2e-3)


def test_each_shape_has_its_courses() -> None:
    assert one_offs(4).tolist()[:4] == np.eye(4).tolist()
    assert len(one_offs(4)) == 4 + 3 + 2
    assert steps(3).tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 1]]
    assert (periodic(7).sum(1) >= 2).all()
    assert len(periodic(7)) == sum(7 - period for period in PERIODS if period < 7)
    assert (drifts(8)[:, -1] == 1).all()
    assert (np.diff(drifts(8)) >= 0).all()
    assert len(drifts(8)) == 3


def test_irregular_courses_that_gain_nothing_are_as_likely_as_any() -> None:
    assert recurrences(np.zeros((9, 2))) == pytest.approx(np.zeros((len(CHANCES), 2)), abs=1e-12)


CLEAR = {
    ShapeName.NONE: [10, 11, 9, 8, 12, 10, 9, 11, 10, 9, 8, 10, 11, 9, 10, 12, 9, 10],
    ShapeName.ONE_OFF: [10, 11, 9, 8, 12, 10, 9, 11, 35, 9, 8, 10, 11, 9, 10, 12, 9, 10],
    ShapeName.RECURRENT: [10, 11, 30, 8, 12, 28, 9, 11, 10, 31, 8, 10, 11, 9, 29, 12, 9, 10],
    ShapeName.STEP: [10, 11, 9, 8, 12, 10, 9, 11, 25, 24, 26, 23, 25, 27, 25, 24, 26, 25],
    ShapeName.DRIFT: [10, 11, 9, 10, 11, 12, 13, 13, 15, 16, 17, 19, 20, 22, 24, 26, 29, 31],
}


@pytest.mark.parametrize("name", ShapeName)
def test_a_clear_shape_is_named(name: ShapeName) -> None:
    scale = 5  # "as usual" is known at volume only: a small change is never far from none
    count, n = np.array(CLEAR[name], dtype="float64") * scale, np.full(18, 100.0 * scale)
    found = shape(count, n, rate=0.1, trials=6000, phi=1.5)
    assert found.label is name
    assert found.probabilities[name] >= 0.8
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert [reason.code for reason in found.reasons] == ["shape_named"]
    assert (found.months, found.n, found.per_month) == (18, 9000, 500)


def test_overdispersion_makes_a_shape_less_sure() -> None:
    count, n = months(*CLEAR[ShapeName.ONE_OFF])
    found = [shape(count, n, rate=0.1, trials=1200, phi=phi).probabilities for phi in (1.0, 2.0, 4.0, 8.0)]
    sure = [one[ShapeName.ONE_OFF] for one in found]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 0.99
    assert sure[-1] < 0.5


def test_a_drift_is_not_named_under_sixty_trials_a_month() -> None:
    count = np.array([2, 2, 2, 2, 3, 3, 4, 5, 6, 7, 9, 10, 12, 14, 17, 19, 21, 24, 27, 30], dtype="float64")
    few = shape(count, np.full(20, 59.0), rate=0.04, trials=5000)
    assert few.probabilities[ShapeName.DRIFT] >= 0.8
    assert few.label is None
    assert [reason.code for reason in few.reasons] == ["shape_worse", "shape_drift_few_trials"]
    assert shape(count, np.full(20, 60.0), rate=0.04, trials=5000).label is ShapeName.DRIFT


def test_under_twenty_trials_a_month_nothing_is_named_but_worse() -> None:
    count = np.array([1.0] * 8 + [11] * 10)
    few, enough = (shape(count, np.full(18, n), rate=0.05, trials=5000) for n in (19.0, 20.0))
    assert few.probabilities[ShapeName.STEP] >= 0.8
    assert few.label is None
    assert [reason.code for reason in few.reasons] == ["shape_worse", "shape_few_trials"]
    assert enough.label is ShapeName.STEP


def test_what_is_neither_clear_nor_worse_is_undetermined() -> None:
    found = shape(*months(3, 2, 1, 2, 4, 2, 1, 3, n=20), rate=0.1, trials=240)
    assert found.label is None
    assert [reason.code for reason in found.reasons] == ["shape_undetermined"]


def test_a_first_bad_month_at_the_end_can_not_be_told() -> None:
    found = shape(*months(10, 11, 9, 8, 12, 10, 9, 11, 10, 9, 8, 35), rate=0.1, trials=1200)
    assert found.label is None
    assert [reason.code for reason in found.reasons] == ["shape_worse"]
    assert min(found.probabilities[ShapeName.ONE_OFF], found.probabilities[ShapeName.STEP]) > 0.1


@pytest.mark.parametrize("n", [[], [20.0] * 5, [0.0] * 30, [20.0, 0, 0, 0, 0, 20, 20]])
def test_few_months_say_nothing(n: list[float]) -> None:
    found = shape(np.zeros(len(n)), np.array(n), rate=0.1, trials=240)
    assert (found.label, found.worse, dict(found.probabilities)) == (None, None, {})
    assert [reason.code for reason in found.reasons] == ["few_months"]


def test_a_month_without_trials_says_nothing() -> None:
    count, n = months(*CLEAR[ShapeName.STEP])
    n[3], count[3] = 0, 0
    found = shape(count, n, rate=0.1, trials=1200)
    assert (found.label, found.months) == (ShapeName.STEP, 17)


def test_only_the_newest_three_years_count() -> None:
    count, n = months(*CLEAR[ShapeName.STEP] * 2)
    longer = shape(np.r_[90.0, 90.0, count], np.r_[100.0, 100.0, n], rate=0.1, trials=1200)
    assert longer == shape(count, n, rate=0.1, trials=1200)


def test_more_bad_than_there_were_is_refused() -> None:
    with pytest.raises(ValueError, match="as many bad trials"):
        shape(*months(1, 101, 0, 0, 0, 0), rate=0.1, trials=240)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.floats(0, 1)), min_size=6, max_size=40),
    st.floats(0, 1),
    st.floats(0, 1e5),
    st.floats(0.5, 50),
)
def test_any_counts_give_probabilities(rows: list[tuple[int, float]], rate: float, trials: float, phi: float) -> None:
    n = np.array([float(of) for of, _ in rows])
    count = np.floor(n * np.array([share for _, share in rows]))
    found = shape(count, n, rate=rate, trials=trials, phi=phi)
    assert not found.probabilities or sum(found.probabilities.values()) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in found.probabilities.values())
    assert found.reasons


MONDAY = date(2025, 1, 6)


def test_weeks_after_the_baseline_are_summed_by_the_month_of_their_thursday() -> None:
    # Thursdays: 25 December, then 1, 8 … January
    monday: Days = day_number(date(2025, 12, 22)) + 7 * np.arange(6, dtype="float64")
    seen = np.array([True, True, True, False, True, True])
    weeks = Weeks(monday, np.arange(6.0), np.full(6, 10.0), seen)
    count, n = by_month(weeks, after=day_number(date(2025, 12, 15)))
    assert (count.tolist(), n.tolist()) == ([0, 1 + 2 + 4 + 5], [10, 40])
    assert by_month(weeks, after=monday[0])[1].tolist() == [40]


def test_the_shape_of_weeks_rests_on_those_after_the_baseline() -> None:
    monday: Days = day_number(MONDAY) + 7 * np.arange(104, dtype="float64")
    rng = np.random.default_rng(2)
    bad: Days = rng.binomial(50, np.r_[np.full(74, 0.1), np.full(30, 0.35)]) * np.ones(104)
    weeks = Weeks(monday, bad, np.full(104, 50.0), np.ones(104, dtype=bool))
    usual = {"rate": 0.1, "p0": 0.11, "n": 2600, "phi": 1.2, "weeks": 52, "first_week": MONDAY}
    found = shape_of(weeks, Baseline(**usual, last_week=date(2025, 12, 29)))  # type: ignore[arg-type]
    assert found.label is ShapeName.STEP
    assert found.n == 52 * 50


def test_a_change_beyond_every_size_still_has_its_shape() -> None:
    found = shape(*months(*[2] * 9, *[60] * 9, n=100), rate=0.02, trials=1200)
    assert found.label is ShapeName.STEP


def test_a_series_takes_less_than_twenty_milliseconds() -> None:
    count, n = months(*CLEAR[ShapeName.STEP] * 2)
    shape(count, n, rate=0.1, trials=1200)
    begun = process_time()
    for _ in range(20):
        shape(count, n, rate=0.1, trials=1200)
    assert (process_time() - begun) / 20 < 0.020


LEAST_RIGHT = {  # of 40 series at 60 trials a month; the table is in benchmarks/shape
    ShapeName.NONE: 0.65,
    ShapeName.ONE_OFF: 0.70,
    ShapeName.RECURRENT: 0.92,
    ShapeName.STEP: 0.70,
    ShapeName.DRIFT: 0.65,
}


@pytest.mark.parametrize("name", COURSES)
def test_the_likeliest_shape_is_mostly_right(name: ShapeName) -> None:
    rng = np.random.default_rng(7)
    found = [answer(name, 60, 1.0, rng).probabilities for _ in range(40)]
    right = np.mean([max(one, key=lambda shape: one[shape]) is name for one in found])
    assert right >= LEAST_RIGHT[name]
