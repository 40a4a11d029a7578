"""The limit rule, the plain change rule, and how far each may go."""

from dataclasses import replace
from datetime import date

from signals.base import Level, Measure, Point, SignalName, Tier, Unit
from signals.levels import level_of
from signals.policy import Policy

LAST = 24310
POLICY = Policy()
CONFIRMED = Policy(baseline_period=(date(2025, 1, 1), date(2025, 12, 31)))


def rate(*lows: float | None, value: float = 0.08, **said: float) -> Measure:
    first = LAST - len(lows) + 1
    series = tuple(Point(first + i, value, low, 1.0, 50) for i, low in enumerate(lows))
    measure = Measure(
        name="late_issued_rate",
        kpi="K02",
        signal=SignalName.LATE_INVOICING,
        unit=Unit.SHARE,
        value=value,
        tier=Tier.DIRECT,
        limit=0.10,
        series=series,
    )
    return replace(measure, **said)  # type: ignore[arg-type]


def level(measure: Measure, policy: Policy = POLICY, *, may_be_over: bool = True) -> Level:
    return level_of(measure, policy, last_month=LAST, floor=0.05, may_be_over=may_be_over).level


def test_a_lower_bound_above_the_limit_in_two_of_the_last_three_months_is_over() -> None:
    assert level(rate(0.11, 0.02, 0.12)) is Level.OVER


def test_a_lower_bound_above_the_limit_in_one_month_is_not_over() -> None:
    assert level(rate(0.02, 0.03, 0.30)) is Level.CALM


def test_months_before_the_last_three_do_not_count() -> None:
    assert level(rate(0.30, 0.30, 0.02, 0.02, 0.12)) is Level.CALM


def test_a_month_without_a_value_is_not_a_month_above() -> None:
    assert level(rate(None, 0.12, None)) is Level.CALM


def test_a_lower_bound_equal_to_the_limit_is_not_above_it() -> None:
    assert level(rate(0.10, 0.10, 0.10)) is Level.CALM


def test_an_estimate_above_the_limit_is_watch() -> None:
    assert level(rate(0.02, 0.02, 0.02, value=0.12)) is Level.WATCH


def test_a_state_whose_condition_is_not_met_goes_no_further_than_watch() -> None:
    assert level(rate(0.2, 0.2, 0.2), may_be_over=False) is Level.WATCH


def test_no_value_is_unknown_and_never_calm() -> None:
    assert level(replace(rate(0.2, 0.2, 0.2), value=None)) is Level.UNKNOWN


def test_a_change_beyond_one_and_a_half_baselines_is_only_watch_until_the_baseline_is_confirmed() -> None:
    changed = rate(0.01, 0.01, 0.01, recent=0.09, baseline=0.03, baseline_n=500)

    assert level(changed) is Level.WATCH
    assert level(changed, CONFIRMED) is Level.OVER


def test_a_change_over_fewer_than_two_hundred_trials_is_only_watch() -> None:
    assert level(rate(0.01, recent=0.09, baseline=0.03, baseline_n=199), CONFIRMED) is Level.WATCH


def test_a_change_below_the_materiality_floor_is_only_watch() -> None:
    assert level(rate(0.01, recent=0.05, baseline=0.01, baseline_n=500), CONFIRMED) is Level.WATCH


def test_one_and_a_half_baselines_exactly_is_no_change() -> None:
    assert level(rate(0.01, recent=0.09, baseline=0.06, baseline_n=500), CONFIRMED) is Level.CALM


def test_hours_need_half_a_year_of_weeks_rather_than_two_hundred_trials() -> None:
    hours = replace(rate(1.0, recent=7.0, baseline=3.0, baseline_n=26, value=7.0), unit=Unit.HOURS_PER_WEEK, limit=8.0)

    assert level(hours, CONFIRMED) is Level.OVER
    assert level(replace(hours, baseline_n=25), CONFIRMED) is Level.WATCH


def test_a_state_knows_no_change_rule() -> None:
    changed = rate(0.01, recent=0.09, baseline=0.03, baseline_n=500)

    assert level_of(changed, CONFIRMED, last_month=LAST, floor=None).level is Level.CALM
