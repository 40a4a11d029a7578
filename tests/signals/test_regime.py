from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Measure, Reason, Tier, Unit
from signals.books import Books, frame
from signals.calendar import month_number
from signals.growth import Volume, monthly_volume
from signals.loglinear import first_curve, harmonics_for, posterior
from signals.policy import Policy
from signals.regime import MOVING, NAMED, Cuts, Regime, RegimeName, regime

FIRST = month_number(date(2023, 7, 1))
SHARP = np.array([1, 1, 1, 1, 1, 1, 1, 0.3, 1, 1, 2.5, 3])  # August shut, the end of the year busy
WAVE = 1.6 ** np.cos(2 * np.pi * np.arange(12) / 12)
FLAT = np.ones(12)


def _volume(counts: Sequence[int], first_month: int = FIRST, *, direct: bool = True) -> Volume:
    return Volume(first_month, tuple(int(n) for n in counts), (0,) * len(counts), direct, ("erp",))


def _counts(
    months: int, level: float = 60, *, growth: float = 0, season: Any = FLAT, spread: float = 0, seed: int = 1
) -> list[int]:
    rng = np.random.default_rng(seed)
    t = np.arange(months)
    mean = level * (1 + growth) ** (t / 12) * np.resize(season, months) * np.exp(rng.normal(0, spread, months))
    return [int(n) for n in rng.poisson(mean)]


@cache
def _named(counts: tuple[int, ...]) -> Regime:
    return regime(_volume(counts))


def _regime(counts: Sequence[int]) -> Regime:
    return _named(tuple(counts))


def _axis(found: Regime, name: str) -> Measure:
    return next(axis for axis in found.axes if axis.name == name)


def _codes(found: Regime) -> list[str]:
    return [reason.code for reason in (*found.why, *found.notes)]


CLEAR: dict[RegimeName, dict[str, Any]] = {
    RegimeName.TOO_SMALL: {"level": 5},
    RegimeName.UNSTABLE: {"spread": 0.8},
    RegimeName.SEASONAL: {"season": WAVE},
    RegimeName.RAPID_GROWTH: {"growth": 1.0},
    RegimeName.DECLINING: {"growth": -0.45, "level": 150},
    RegimeName.HIGH_STEADY: {"level": 400},
    RegimeName.STEADY: {},
}


@pytest.mark.parametrize("months", [18, 24, 36])
@pytest.mark.parametrize("name", NAMED)
def test_a_clear_company_is_named(name: RegimeName, months: int) -> None:
    found = [_regime(_counts(months, seed=seed, **CLEAR[name])) for seed in range(6)]
    labels = [one.label for one in found]
    assert labels.count(name) >= 5
    assert set(labels) <= {name, RegimeName.UNDETERMINED}
    assert all(
        one.probability >= 0.8 and one.probabilities[name] == one.probability for one in found if one.label == name
    )
    assert found[0].why[0].code.startswith("regime_")


@pytest.mark.parametrize("months", [12, 15, 17])
@pytest.mark.parametrize("name", NAMED)
def test_under_eighteen_months_neither_growth_nor_season_is_said(name: RegimeName, months: int) -> None:
    for seed in range(4):
        found = _regime(_counts(months, seed=seed, **CLEAR[name]))
        assert found.label not in MOVING
        assert all(found.probabilities[moving] == 0 for moving in MOVING)
        for axis in ("trend_growth", "peak_to_trough"):
            measure = _axis(found, axis)
            assert (measure.value, measure.tier) == (None, Tier.NONE)
            assert measure.reason == Reason("few_months", {"n": months, "needed": 18})
        assert not {"growth_beside", "decline_beside", "season_beside"} & set(_codes(found))


def test_what_one_year_cannot_tell_is_undetermined_for_that_reason() -> None:
    found = _regime(_counts(12, growth=1.5))
    assert (found.label, found.why[0].code) == (RegimeName.UNDETERMINED, "regime_one_year")
    assert found.probabilities[RegimeName.UNDETERMINED] > 0.8
    assert found.why[0].params["chance_share"] == found.probabilities[RegimeName.UNDETERMINED]


def test_one_year_is_enough_to_be_too_small_or_steady() -> None:
    assert _regime(_counts(12, level=4)).label == RegimeName.TOO_SMALL
    assert _regime(_counts(12, level=400)).label == RegimeName.HIGH_STEADY
    assert [axis.reason for axis in _regime(_counts(12, level=4)).axes[2:]] == [None, None]


def test_without_documents_or_a_year_nothing_is_said() -> None:
    nothing, short = regime(None), _regime([50] * 11)
    assert (nothing.label, nothing.why) == (RegimeName.UNDETERMINED, (Reason("no_documents_source"),))
    assert (short.label, short.why) == (RegimeName.UNDETERMINED, (Reason("few_months", {"n": 11, "needed": 12}),))
    assert (nothing.axes, short.axes, short.months, short.unstable, short.stability) == ((), (), 11, None, "unknown")
    assert sum(nothing.probabilities.values()) == sum(short.probabilities.values()) == 1


def test_axes_are_measures_with_interval_window_and_n() -> None:
    found = regime(_volume(_counts(40, growth=1.0), direct=False))
    growth, swing, spread, level = found.axes
    assert [m.kpi for m in found.axes] == ["K61", "K62", "K63", "K60"]
    assert [m.unit for m in found.axes] == [Unit.SHARE_PER_YEAR, Unit.RATIO, Unit.RATIO, Unit.PER_MONTH]
    for measure in found.axes:
        assert measure.value is not None
        assert measure.low is not None
        assert measure.high is not None
        assert measure.low <= measure.value <= measure.high
        assert (measure.tier, measure.sources, measure.signal) == (Tier.PROXY, ("erp",), None)
    assert (growth.low or 0) < 1.0 < (growth.high or 0)
    assert (growth.n, found.months, level.n) == (36, 36, 12)
    assert growth.window == swing.window == spread.window == (date(2023, 11, 1), date(2026, 10, 31))
    assert level.window == (date(2025, 11, 1), date(2026, 10, 31))


@pytest.mark.parametrize("truth", [0.3, 0.5, 0.8])
def test_extra_spread_is_found_again(truth: float) -> None:
    found = [posterior(_counts(36, 200, spread=truth, seed=seed)).extra for seed in range(25)]
    assert np.median([np.median(drawn) for drawn in found]) == pytest.approx(truth, rel=0.15)
    inside = [np.quantile(drawn, 0.05) < truth < np.quantile(drawn, 0.95) for drawn in found]
    assert sum(inside) >= 18  # nine in ten, but for chance


@pytest.mark.parametrize("truth", [-0.3, 0.0, 0.6])
def test_growth_is_found_again_under_a_season_and_a_spread(truth: float) -> None:
    drawn = [posterior(_counts(24, 200, growth=truth, season=WAVE, spread=0.15, seed=s)).slope for s in range(25)]
    inside = [np.quantile(d, 0.05) < np.log1p(truth) < np.quantile(d, 0.95) for d in drawn]
    assert sum(inside) >= 18


@pytest.mark.parametrize("months", [24, 36])
def test_a_sharp_season_is_a_season_and_not_unstable(months: int) -> None:
    for turn in range(0, 12, 3):
        found = _regime(_counts(months, season=np.roll(SHARP, turn), seed=turn))
        assert (found.label, found.stability) == (RegimeName.SEASONAL, "passed")


def test_two_peaks_a_year_are_a_season() -> None:
    twice = 1.5 ** np.cos(4 * np.pi * np.arange(12) / 12)
    assert [_regime(_counts(24, season=twice, seed=seed)).label for seed in range(4)] == [RegimeName.SEASONAL] * 4


@pytest.mark.parametrize("months", [18, 24, 36])
@pytest.mark.parametrize("odd", [0, 6, 10, 20])
def test_one_odd_month_is_neither_unstable_nor_a_season_nor_growth(odd: int, months: int) -> None:
    for place in (1, months // 2, months - 2):
        counts = _counts(months)
        counts[place] *= odd
        found = _regime(counts)
        assert found.label not in MOVING
        assert found.stability == "passed"
        assert "odd_months" in _codes(found)


def test_an_empty_month_of_every_year_is_a_season() -> None:
    counts = _counts(36)
    counts[7] = counts[19] = counts[31] = 0
    assert _regime(counts).label == RegimeName.SEASONAL


def test_mostly_empty_months_are_too_small() -> None:
    for counts in ([0] * 17 + [1], [3, 0, 0, 0] * 6 + [1], [0] * 35 + [2]):
        assert _regime(counts).label == RegimeName.TOO_SMALL


def test_a_gap_in_the_books_is_empty_months_between() -> None:
    rows = [{"connection_id": "erp", "direct": True, "month": FIRST + i, "direction": "sale", "n": n}
            for i, n in enumerate(_counts(24)) if i not in {9, 10}]  # fmt: skip
    found = regime(monthly_volume(Books("c", date(2025, 6, 30), {"volume": frame("volume", rows)})))
    assert found.months == 24
    assert found.label not in MOVING - {RegimeName.UNSTABLE}
    assert ("odd_months", {"n": 2}) in [(note.code, note.params) for note in found.notes]


def test_a_jump_of_the_level_is_no_growth_and_is_said() -> None:
    counts = _counts(12, seed=3) + _counts(12, 120, seed=4)
    found = _regime(counts)
    assert found.label == RegimeName.STEADY
    jump = next(note for note in found.notes if note.code == "level_jump")
    assert jump.params["day"] == "2024-07-01"
    assert 0.7 < float(jump.params["change_share"]) < 1.4
    assert float(jump.params["low_share"]) < 1.0 < float(jump.params["high_share"])


def test_steady_growth_is_no_jump() -> None:
    assert "level_jump" not in _codes(_regime(_counts(36, growth=0.8)))


def test_a_season_shows_the_growth_it_hides() -> None:
    growing = _regime(_counts(36, 100, growth=1.0, season=WAVE))
    shrinking = _regime(_counts(36, 400, growth=-0.45, season=WAVE))
    assert [one.label for one in (growing, shrinking)] == [RegimeName.SEASONAL] * 2
    assert "growth_beside" in _codes(growing)
    assert "decline_beside" in _codes(shrinking)
    assert not {"growth_beside", "decline_beside"} & set(_codes(_regime(_counts(36, 100, season=WAVE))))
    assert "growth_beside" not in _codes(_regime(_counts(36, growth=1.0)))  # the label says it


def test_too_small_comes_first_and_shows_a_season() -> None:
    found = _regime(_counts(36, 6, season=WAVE**2))
    assert found.label == RegimeName.TOO_SMALL
    assert "season_beside" in _codes(found)


def test_between_two_regimes_it_is_undetermined_and_names_both() -> None:
    found = _regime([140, 160] * 18)
    assert (found.label, found.why[0].code) == (RegimeName.UNDETERMINED, "regime_unclear")
    assert {found.why[0].params["regime"], found.why[0].params["other_regime"]} == {"steady", "high_steady"}
    assert found.probability < 0.8


def test_the_probability_asked_for_is_a_cut() -> None:
    volume = _volume([140, 160] * 18)
    assert regime(volume, Cuts(probability=0.4)).label in {RegimeName.STEADY, RegimeName.HIGH_STEADY}


def test_five_times_the_documents_change_the_level_and_nothing_else() -> None:
    counts = _counts(24, 60)
    small, large = _regime(counts), _regime([5 * n for n in counts])
    assert (small.label, large.label) == (RegimeName.STEADY, RegimeName.HIGH_STEADY)
    for name in ("trend_growth", "peak_to_trough"):
        assert _axis(large, name).value == pytest.approx(_axis(small, name).value, abs=0.08)
    assert _axis(large, "typical_documents").value == pytest.approx(
        5 * (_axis(small, "typical_documents").value or 0), rel=0.02
    )


def test_huge_counts_are_high_and_steady() -> None:
    assert _regime([10_000_000] * 18).label == RegimeName.HIGH_STEADY


def test_the_level_agrees_with_the_volume_gate_or_nothing_is_said() -> None:
    counts = [5] * 22 + [300, 300]  # a mean of 54, but mostly 5
    found = _regime(counts)
    assert (found.label, found.why[0].code) == (RegimeName.UNDETERMINED, "regime_level_disputed")
    assert found.why[0].params["documents"] == pytest.approx(650 / 12)


def test_cuts_are_the_company_s_own() -> None:
    policy = replace(Policy(), volume_documents=80.0, instability_limit=0.9)
    assert Cuts.of(policy) == Cuts(small=80.0, extra=0.9)
    assert regime(_volume(_counts(24)), Cuts.of(policy)).label == RegimeName.TOO_SMALL
    unstable = _volume(_counts(36, 100, spread=0.7))
    assert regime(unstable).label == RegimeName.UNSTABLE
    assert regime(unstable, Cuts(extra=1.2)).label != RegimeName.UNSTABLE


def test_the_same_counts_give_the_same_answer() -> None:
    counts = _counts(24, spread=0.3)
    assert regime(_volume(counts)) == regime(_volume(counts))


def test_the_future_does_not_matter() -> None:
    rows = [{"connection_id": "erp", "direct": True, "month": FIRST + i, "direction": "sale", "n": n}
            for i, n in enumerate([*_counts(24), 900, 0, 4000])]  # fmt: skip
    as_of = date(2025, 6, 30)
    past = Books("c", as_of, {"volume": frame("volume", rows[:24])})
    whole = Books("c", date(2025, 9, 30), {"volume": frame("volume", rows)}).at(as_of)
    assert regime(monthly_volume(past)) == regime(monthly_volume(whole))
    assert regime(monthly_volume(past)) == regime(
        monthly_volume(replace(whole, tables={"volume": frame("volume", rows)}))
    )


def test_only_three_years_are_looked_at() -> None:
    newest = _counts(36)
    assert regime(_volume(newest)).label == regime(_volume([900] * 12 + newest, FIRST - 12)).label
    assert regime(_volume(newest)) == replace(regime(_volume([900] * 12 + newest, FIRST - 12)))


def test_sales_purchases_and_what_is_given_stand_beside() -> None:
    customers = Measure(name="customers", kpi="K60", signal=None, unit=Unit.COUNT, value=12.0)
    volume = Volume(FIRST, (40,) * 24, (20,) * 24, True, ("erp",))  # noqa: FBT003 - direct
    found = regime(volume, beside=(customers,))
    assert [(m.name, m.value) for m in found.beside] == [
        ("sales_per_month", 40), ("purchases_per_month", 20), ("customers", 12)
    ]  # fmt: skip
    assert regime(None, beside=(customers,)).beside == (customers,)


def test_gate_and_regime_never_contradict_each_other() -> None:
    for months in (12, 18, 24, 36):
        for spread in (0.0, 0.25, 0.35, 0.45, 0.6, 0.9):
            found = _regime(_counts(months, 80, spread=spread, seed=months))
            if found.label == RegimeName.UNSTABLE:
                assert found.stability == "failed"
            elif found.label not in {RegimeName.UNDETERMINED, RegimeName.TOO_SMALL}:
                assert found.stability == "passed"
            assert months >= 18 or found.stability != "failed"
            assert found.unstable is not None
            assert found.unstable >= found.probabilities[RegimeName.UNSTABLE]


def test_a_veto_needs_more_than_an_estimate_above_the_limit() -> None:
    found = Regime(label=RegimeName.UNDETERMINED, months=36)
    assert [replace(found, unstable=p).stability for p in (0.49, 0.5, 0.79, 0.8)] == [
        "passed",
        "unknown",
        "unknown",
        "failed",
    ]


def test_eleven_months_have_no_model() -> None:
    with pytest.raises(ValueError, match="twelve months"):
        posterior([7] * 11)


def test_harmonics_come_with_the_months() -> None:
    assert [harmonics_for(n) for n in (12, 17, 18, 23, 24, 36)] == [0, 0, 1, 1, 2, 2]


def test_the_first_curve_is_the_poisson_regression_where_nothing_is_odd() -> None:
    exact = 100 * np.exp(0.5 * np.arange(24) / 12)
    fit = first_curve(exact, 2)
    assert fit.expected == pytest.approx(exact, rel=0.01)
    assert fit.beta[1] == pytest.approx(0.5, abs=0.02)


def test_the_first_curve_hardly_follows_an_odd_month() -> None:
    counts = np.full(24, 100.0)
    counts[12] = 1000
    assert first_curve(counts, 2).expected == pytest.approx(np.full(24, 100), rel=0.1)


def test_the_level_is_the_mean_and_not_the_median_under_a_spread() -> None:
    noise = np.exp(np.random.default_rng(7).normal(0, 0.7, (25, 36)))
    means = 100 * noise / noise.mean(1, keepdims=True)
    levels = [float(np.median(posterior([round(n) for n in row]).level)) for row in means]
    assert np.mean(levels) == pytest.approx(100, rel=0.12)


def test_draws_are_the_same_in_every_process() -> None:
    drawn = posterior([40, 52, 47, 61, 38, 55, 49, 60, 44, 58, 51, 63] * 2)
    figures = [float(np.quantile(axis, 0.9)) for axis in (drawn.slope, drawn.swing, drawn.extra, drawn.level)]
    assert figures == pytest.approx([0.1351686, 1.5853518, 0.1331603, 56.2668856], rel=2e-4)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 100_000), min_size=12, max_size=40).map(lambda ns: [*ns[:-1], max(1, ns[-1])]))
def test_probabilities_sum_to_one_and_figures_are_finite(counts: list[int]) -> None:
    found = regime(_volume(counts))
    assert set(found.probabilities) == set(RegimeName)
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert all(0 <= p <= 1 for p in found.probabilities.values())
    assert (found.label == RegimeName.UNDETERMINED) or found.probability >= 0.8
    for axis in found.axes:
        if axis.known:
            assert all(v is not None and np.isfinite(v) for v in (axis.low, axis.value, axis.high))
