"""Every row of the verdict table, the order of the rows, and what would change a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.base import Level, SignalName
from signals.gates import GateName
from signals.verdict import Verdict, decide, has_need
from signals.whatif import flips
from signals.worth import Worth

LATE, DIRECTOR, QUALITY, PERSON, COST = SignalName
CALM, OVER, WATCH, UNKNOWN = Level.CALM, Level.OVER, Level.WATCH, Level.UNKNOWN
ALL_PASSED = dict.fromkeys(GateName, "passed")


def levels(**said: Level) -> dict[SignalName, Level]:
    return {name: said.get(name.value, UNKNOWN) for name in SignalName}


def worth(low: float, high: float) -> Worth:
    return Worth(low=low, high=high, lines=(), share_from_defaults=0.0)


EVERYTHING_OVER = dict.fromkeys(SignalName, OVER)
EVERYTHING_CALM = dict.fromkeys(SignalName, CALM)


@pytest.mark.parametrize("gate", [GateName.VOLUME, GateName.STABILITY])
def test_row_a_a_tiny_or_unstable_company_is_too_early_whatever_its_signals(gate: GateName) -> None:
    decision = decide(EVERYTHING_OVER, {**ALL_PASSED, gate: "failed"}, worth(100, 200))

    assert (decision.verdict, decision.row) == (Verdict.TOO_EARLY, "a")
    assert [reason.code for reason in decision.why] == [f"early_{gate.value}"]


def test_row_b_one_known_signal_that_is_not_over_is_not_enough_to_say_anything() -> None:
    decision = decide(levels(quality=WATCH), ALL_PASSED, None)

    assert (decision.verdict, decision.row) == (Verdict.CANNOT_SAY, "b")


def test_row_b_nothing_known_is_never_good_news() -> None:
    assert decide(levels(), ALL_PASSED, worth(100, 200)).verdict is Verdict.CANNOT_SAY


def test_row_c_no_need_with_three_signals_known_is_not_needed() -> None:
    decision = decide(levels(late_invoicing=CALM, quality=CALM, hidden_cost=CALM), ALL_PASSED, None)

    assert (decision.verdict, decision.row) == (Verdict.NOT_NEEDED, "c")


def test_row_c_no_need_with_two_signals_known_cannot_be_said() -> None:
    decision = decide(levels(late_invoicing=CALM, quality=WATCH), ALL_PASSED, None)

    assert (decision.verdict, decision.row) == (Verdict.CANNOT_SAY, "c")


def test_row_c_one_weak_signal_over_makes_no_need() -> None:
    decision = decide({**EVERYTHING_CALM, QUALITY: OVER}, ALL_PASSED, None)

    assert (decision.verdict, decision.row) == (Verdict.NOT_NEEDED, "c")


@pytest.mark.parametrize("state", ["failed", "unknown"])
@pytest.mark.parametrize("gate", [GateName.FORMALISED, GateName.STRUCTURE])
def test_row_d_need_with_a_gate_failed_or_unknown_is_prepare_and_names_it(gate: GateName, state: str) -> None:
    decision = decide(EVERYTHING_OVER, {**ALL_PASSED, gate: state}, worth(100, 200))

    assert (decision.verdict, decision.row) == (Verdict.PREPARE, "d")
    assert [r.params["gate"] for r in decision.why if r.code == f"gate_{state}"] == [gate.value]


@pytest.mark.parametrize("gate", [GateName.VOLUME, GateName.STABILITY])
def test_row_d_need_with_volume_or_stability_unknown_is_prepare(gate: GateName) -> None:
    assert decide(EVERYTHING_OVER, {**ALL_PASSED, gate: "unknown"}, None).row == "d"


def test_row_e_need_that_would_only_cost_money_is_not_needed_for_its_cost() -> None:
    decision = decide(EVERYTHING_OVER, ALL_PASSED, worth(-200, -1))

    assert (decision.verdict, decision.row) == (Verdict.NOT_NEEDED, "e")
    assert decision.why[-1].code == "worth_below_zero"


@pytest.mark.parametrize(
    ("value", "code"),
    [(None, "worth_unknown"), (worth(-5, 5), "worth_straddles_zero"), (worth(1, 5), "worth_above_zero")],
)
def test_row_f_need_with_every_gate_passed_is_outsource_and_says_what_is_known_of_worth(
    value: Worth | None, code: str
) -> None:
    decision = decide(EVERYTHING_OVER, ALL_PASSED, value)

    assert (decision.verdict, decision.row) == (Verdict.OUTSOURCE, "f")
    assert decision.why[-1].code == code


@pytest.mark.parametrize("name", [LATE, DIRECTOR])
def test_late_invoicing_or_director_time_alone_is_need(name: SignalName) -> None:
    assert has_need(levels(**{name.value: OVER}))


@pytest.mark.parametrize("name", [QUALITY, PERSON, COST])
def test_any_other_signal_alone_is_no_need_but_two_are(name: SignalName) -> None:
    other = COST if name is not COST else PERSON

    assert not has_need(levels(**{name.value: OVER}))
    assert has_need(levels(**{name.value: OVER, other.value: OVER}))


def test_one_signal_over_among_unknown_ones_is_said_even_if_only_one_is_known() -> None:
    assert decide(levels(director_time=OVER), ALL_PASSED, None).verdict is Verdict.OUTSOURCE


any_levels = st.fixed_dictionaries({name: st.sampled_from(Level) for name in SignalName})
any_gates = st.fixed_dictionaries({name: st.sampled_from(["passed", "failed", "unknown"]) for name in GateName})
any_worth = st.one_of(
    st.none(), st.tuples(st.floats(-99, 99), st.floats(0, 99)).map(lambda p: worth(p[0], p[0] + p[1]))
)


@given(any_levels, any_gates, any_worth)
def test_outsource_is_never_said_past_a_gate_that_did_not_pass(
    said: dict[SignalName, Level], gates: dict[GateName, str], value: Worth | None
) -> None:
    if decide(said, gates, value).verdict is Verdict.OUTSOURCE:
        assert set(gates.values()) == {"passed"}
        assert has_need(said)


@given(any_levels, any_gates, any_worth)
def test_every_change_listed_does_change_the_verdict_and_none_that_does_is_left_out(
    said: dict[SignalName, Level], gates: dict[GateName, str], value: Worth | None
) -> None:
    now = decide(said, gates, value).verdict
    listed = {(flip.name, flip.after): flip.verdict for flip in flips(said, gates, value)}

    for name in SignalName:
        for level in (CALM, OVER):
            verdict = decide({**said, name: level}, gates, value).verdict
            assert listed.get((name.value, level.value), now) is verdict
    for gate in GateName:
        for state in ("passed", "failed"):
            assert listed.get((gate.value, state), now) is decide(said, {**gates, gate: state}, value).verdict
