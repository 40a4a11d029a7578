"""Each gate failing alone, the way through it, and the regimes as the gates see them."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from signals.readiness import Readiness
from tests.signals.stories.courses import growing, swinging
from tests.signals.stories.telling import (
    KEPT,
    LATE,
    START,
    answer,
    billing_late,
    codes,
    not_calm,
    not_passed,
    said,
    signal,
    ways,
)


@pytest.mark.parametrize(
    ("gate", "why", "told"),
    [
        ("formalised", "processes_undocumented", {"documented": False}),
        ("structure", "processes_without_owner", {"owned": False}),
        ("structure", "restructuring_under_way", {"restructuring": True}),
    ],
)
def test_a_need_behind_a_gate_is_to_be_prepared_and_the_gate_is_the_way(
    gate: str, why: str, told: dict[str, Any]
) -> None:
    found = answer(replace(LATE, **told))

    assert said(found) == ("prepare", "d")
    assert not_calm(found) == {"late_invoicing": "over"}
    assert not_passed(found) == {gate: why}
    assert {r.params["gate"] for r in found.why if r.code == "gate_failed"} == {gate}
    assert ways(found, "gate")[f"{gate} passed"] == "outsource"


def test_through_the_gate_the_same_company_is_to_be_outsourced() -> None:
    found = billing_late()

    assert said(found) == ("outsource", "f")
    assert not_passed(found) == {}
    assert ways(found, "gate")["structure failed"] == "prepare"


def test_a_need_with_nothing_declared_is_to_be_prepared_for_what_is_not_known() -> None:
    found = answer(replace(LATE, declared=False))

    assert said(found) == ("prepare", "d")
    assert not_passed(found) == {"formalised": "no_declaration", "structure": "no_declaration"}
    assert {r.params["gate"] for r in found.why if r.code == "gate_unknown"} == {"formalised", "structure"}
    assert {missing.what for missing in found.missing} == {"missing_formalised", "missing_structure"}


def test_too_small_is_too_early_however_late_and_volume_is_the_way() -> None:
    found = answer(replace(KEPT, sales=6.0, purchases=3.0, late=0.6))

    assert said(found) == ("too_early", "a")
    assert not_passed(found) == {"volume": "volume_low"}
    assert found.regime.label == "too_small"
    assert codes(found.why) == {"early_volume"}
    if not_calm(found)["late_invoicing"] == "over":
        assert ways(found, "gate")["volume passed"] == "outsource"


def test_unstable_is_too_early_and_calm_months_are_the_way() -> None:
    found = answer(replace(LATE, bursts=0.9))

    assert said(found) == ("too_early", "a")
    assert not_passed(found) == {"stability": "activity_unstable"}
    assert found.regime.label == "unstable"
    assert ways(found, "gate")["stability passed"] == "outsource"


# --- Regimes --------------------------------------------------------------------------------------------------------


def growth(found: Readiness) -> tuple[float, float]:
    measure = next(m for m in found.measures if m.name == "document_growth")
    assert measure.low is not None
    assert measure.high is not None
    return measure.low, measure.high


def test_rapid_growth_with_everything_in_order_is_no_need_and_no_instability() -> None:
    found = answer(replace(KEPT, sales=growing(0.7, START, 70.0), purchases=growing(0.7, START, 35.0)))

    assert said(found) == ("not_needed", "c")
    assert not_passed(found) == {}
    assert not_calm(found) == {}
    assert (found.regime.label, found.regime.probability > 0.8) == ("rapid_growth", True)
    low, high = growth(found)
    assert low > 0.2
    assert low <= 0.7 <= high


def test_high_and_steady_is_stable_and_its_growth_may_be_none() -> None:
    found = answer(replace(KEPT, sales=400.0, purchases=200.0))

    assert said(found) == ("not_needed", "c")
    assert found.regime.label == "high_steady"
    low, high = growth(found)
    assert low <= 0 <= high
    gate = next(gate for gate in found.gates if gate.name == "volume")
    assert gate.measures[0].value == pytest.approx(600, rel=0.05)


def test_a_season_is_not_instability_once_two_years_show_it() -> None:
    found = answer(replace(LATE, sales=swinging(12, 4.0, 120.0), purchases=swinging(12, 4.0, 60.0)))

    assert said(found) == ("outsource", "f")
    assert not_passed(found) == {}
    assert found.regime.label == "seasonal"


def test_in_its_first_year_a_season_has_no_name_yet() -> None:
    year = replace(LATE, start=date(2024, 12, 2), sales=swinging(12, 9.0, 120.0), purchases=swinging(12, 9.0, 60.0))
    found = answer(year)

    assert found.regime.label == "undetermined"
    assert codes(found.regime.why) == {"regime_one_year"}
    growth_axis, season_axis, *_ = found.regime.axes
    assert (growth_axis.value, season_axis.value) == (None, None)


def test_a_declining_company_is_stable_and_shows_its_decline() -> None:
    found = answer(replace(KEPT, sales=growing(-0.4, START, 300.0), purchases=growing(-0.4, START, 150.0)))

    assert found.regime.label == "declining"
    assert said(found) == ("not_needed", "c")
    assert not_passed(found) == {}
    assert growth(found)[1] < 0


def test_lateness_that_grows_only_with_the_volume_is_no_change_for_the_worse() -> None:
    steady = replace(KEPT, late=0.06, sales=growing(0.8, START, 60.0), purchases=growing(0.8, START, 30.0))
    found = answer(steady)

    late = signal(found, "late_invoicing")
    assert said(found) == ("not_needed", "c")
    assert late.level == "calm"
    assert late.primary.limit is not None
    assert late.primary.high is not None
    assert late.primary.high < late.primary.limit
