"""The limit rule, the change test with the plain rule beside it, and how far each may go."""

from dataclasses import replace
from datetime import date

from signals.base import Level, Measure, Point, Reason, SignalName, Tier, Unit
from signals.change import Change, ChangeState, Onset
from signals.levels import LevelAnswer, level_of
from signals.policy import Policy
from signals.shape import Shape, ShapeName

LAST = 24310
POLICY = Policy()


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


def seen(state: ChangeState, held_back: Reason | None = None) -> Change:
    monday = date(2026, 7, 6)
    return Change(
        state=state,
        first_week=monday,
        log_evidence=(),
        alarms=(),
        alarm_week=None,
        alarm_day=None,
        onset=Onset(monday, date(2026, 6, 22), date(2026, 7, 20), 18, 200) if state is not ChangeState.OK else None,
        years_by_chance=31.4,
        held_back=held_back,
        phi=1.3,
        too_irregular=False,
        per_month=60.0,
        delay_months=2.0,
        smallest=0.08,
    )


def changed(measure: Measure, change: Change | None) -> LevelAnswer:
    return level_of(measure, POLICY, last_month=LAST, floor=0.05, change=change)


RISEN = rate(0.01, 0.01, 0.01, recent=0.09, baseline=0.03, baseline_n=500)
STEADY = rate(0.01, 0.01, 0.01, recent=0.04, baseline=0.03, baseline_n=500)


def test_an_alarm_with_a_material_excess_is_over_and_says_since_when() -> None:
    answer = changed(RISEN, seen(ChangeState.ALARM))

    assert answer.level is Level.OVER
    assert [reason.code for reason in answer.why] == ["change_alarm"]
    assert answer.why[0].params == {
        "value": 0.09, "baseline": 0.03, "recent": 0.09, "years": 31.0,
        "since": "2026-07-06", "earliest": "2026-06-22", "latest": "2026-07-20",
    }  # fmt: skip


def test_an_alarm_whose_excess_is_not_material_any_more_is_only_watch() -> None:
    answer = changed(STEADY, seen(ChangeState.ALARM))

    assert answer.level is Level.WATCH
    assert [reason.code for reason in answer.why] == ["change_not_material", "change_test_only"]


def test_an_alarm_held_back_is_only_watch_and_says_why() -> None:
    answer = changed(RISEN, seen(ChangeState.WATCH, Reason("change_few_trials", {"n": 90, "needed": 200})))

    assert answer.level is Level.WATCH
    assert [(reason.code, reason.params["needed"]) for reason in answer.why] == [("change_few_trials", 200)]


def test_evidence_at_the_smaller_budget_is_watch() -> None:
    answer = changed(RISEN, seen(ChangeState.WATCH))

    assert (answer.level, answer.why[0].code) == (Level.WATCH, "change_watched")


def test_where_the_test_sees_chance_the_plain_rule_is_said_and_moves_nothing() -> None:
    answer = changed(RISEN, seen(ChangeState.OK))

    assert (answer.level, [reason.code for reason in answer.why]) == (Level.CALM, ["change_plain_only"])
    assert changed(STEADY, seen(ChangeState.OK)).why == (Reason("within_limits"),)


def test_without_an_answer_of_the_test_the_plain_rule_says_watch() -> None:
    for unanswered in (None, seen(ChangeState.UNKNOWN)):
        assert changed(RISEN, unanswered).level is Level.WATCH
        assert changed(STEADY, unanswered).level is Level.CALM


def test_one_and_a_half_baselines_exactly_is_no_change_by_the_plain_rule() -> None:
    assert level(rate(0.01, recent=0.09, baseline=0.06, baseline_n=500)) is Level.CALM


def test_a_state_knows_no_change_rule() -> None:
    answer = level_of(RISEN, POLICY, last_month=LAST, floor=None, change=seen(ChangeState.ALARM))

    assert answer.level is Level.CALM


def shaped(probability: float, label: ShapeName | None, *reasons: Reason) -> Shape:
    rest = dict.fromkeys(ShapeName, (1 - probability) / 4)
    return Shape(probabilities=rest | {label or ShapeName.STEP: probability}, label=label, reasons=reasons)


def looks_like(shape: Shape, state: ChangeState = ChangeState.ALARM) -> list[Reason]:
    answer = changed(RISEN, replace(seen(state), shape=shape))
    return [reason for reason in answer.why if reason.code.startswith("shape_")]


def test_a_step_is_named_with_its_day_and_its_probability_and_moves_no_level() -> None:
    step = shaped(0.93, ShapeName.STEP, Reason("shape_named"))
    assert looks_like(step) == [Reason("shape_step", {"baseline": 0.03, "chance_share": 0.93, "since": "2026-07-06"})]
    for state in ChangeState:
        assert changed(RISEN, replace(seen(state), shape=step)).level is changed(RISEN, seen(state)).level


def test_what_keeps_a_change_without_a_name_is_said_with_the_volume_rounded_down() -> None:
    worse, few = Reason("shape_worse", {"probability": 0.97}), {"per_month": 19.8, "needed": 20.0}
    assert [why.code for why in looks_like(shaped(0.6, None, worse))] == ["shape_worse"]
    (said,) = looks_like(shaped(0.9, None, worse, Reason("shape_few_trials", few)))
    assert said == Reason("shape_few_trials", {"per_month": 19, "needed": 20, "baseline": 0.03})


def test_a_shape_that_says_as_usual_or_nothing_adds_no_sentence() -> None:
    assert looks_like(shaped(0.9, ShapeName.NONE)) == []
    assert looks_like(shaped(0.5, None, Reason("shape_undetermined", {"probability": 0.7}))) == []
    assert looks_like(shaped(0.9, ShapeName.STEP), ChangeState.OK) == []
