"""The simulator and the rivals of benchmarks/detection do what they say; a small run of it."""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from benchmarks.detection.__main__ import report
from benchmarks.detection.calibrate import (
    alarms_with_restarts,
    baselines,
    chunks,
    delays,
    false_alarms,
    known,
    level_of,
    run_length,
    thresholds,
)
from benchmarks.detection.hysteresis import BACK, WORSE, Run, again, clearing, let_go, run, soon_again
from benchmarks.detection.hysteresis import false_alarms as alarms_while_none_is_open
from benchmarks.detection.rivals import (
    COMMON,
    ITEM,
    NO_DISCOUNT,
    OPTIMUM,
    OURS_DAILY,
    PRODUCT,
    SEVEN,
    Rival,
    cusum,
    ewma,
    glr,
    knowing,
    ours,
    ours_so_far,
    shiryaev_roberts,
    window_rate,
)
from benchmarks.detection.streams import P0, WEEK, Change, Floats, Plan, Stream, draw, odds_ratio
from benchmarks.detection.tables import CHANGES, SCENARIOS, Sizes, alarms_of
from signals.change_evidence import CAP, worse

BY_NAME = {rival.name: rival for rival in (*COMMON, *knowing(0.20))}
STEP = CHANGES[1]


def drawn(plan: Plan, paths: int, seed: int = 7) -> tuple[Stream, Floats, Floats]:
    stream = draw(plan, paths, np.random.default_rng(seed))
    return stream, *known(stream, plan)


@pytest.mark.parametrize("odds", [1.5, odds_ratio(0.30)])
def test_sums_over_whole_streams_equal_the_step_by_step_definitions(odds: float) -> None:
    stream, p0, phi = drawn(Plan(volume=60, weeks=30), 3)
    stream.late[0, :2] = 1  # so that one path starts with evidence
    p1 = float(worse(p0, odds)[0])
    got = [method(stream, p0, phi) for method in (cusum(odds, ITEM), shiryaev_roberts(odds), ewma(0.02))]
    for row, items in enumerate(stream.ends[:, -1]):
        s, r, z = 0.0, 0.0, P0
        for item, late in enumerate(stream.late[row, :items]):
            gain = log(p1 / P0) if late else log((1 - p1) / (1 - P0))
            s, r, z = max(0.0, s + gain), (r + 1) * exp(gain), 0.98 * z + 0.02 * late
            assert [found[row, item] for found in got] == pytest.approx([s, log(r), z / P0])


def test_the_generalised_ratio_is_never_below_a_ratio_on_its_grid() -> None:
    stream, p0, phi = drawn(Plan(volume=60, weeks=20), 5)
    assert (glr(stream, p0, phi) >= cusum(2.4, ITEM)(stream, p0, phi)).all()


def test_a_window_rate_counts_its_last_days_and_nothing_before_it_is_full() -> None:
    stream, p0, phi = drawn(Plan(volume=200, weeks=20), 4)
    got = window_rate(30)(stream, p0, phi)
    assert np.isneginf(got[:, :29]).all()
    first, last = stream.ends[2, 69], stream.ends[2, 99]
    assert got[2, 99] == pytest.approx(stream.late[2, first:last].mean() / P0)


@pytest.mark.parametrize("name", BY_NAME)
def test_no_detector_looks_ahead(name: str) -> None:
    stream, p0, phi = drawn(Plan(volume=60, weeks=40), 4)
    cut = 150
    tampered = replace(stream, late=stream.late.copy())
    for row in range(4):
        tampered.late[row, stream.ends[row, cut] :] = 1
    before, after = (BY_NAME[name].peak(each, p0, phi) for each in (stream, tampered))
    np.testing.assert_allclose(before[:, : cut + 1], after[:, : cut + 1])
    assert (after[:, -1] > before[:, -1]).all()


def test_a_weekly_detector_says_something_only_at_the_end_of_a_week() -> None:
    stream, p0, phi = drawn(Plan(volume=60, weeks=10), 4)
    peak = Rival("weekly", SEVEN, cusum(2.0, SEVEN)).peak(stream, p0, phi)
    assert np.isneginf(peak[:, : WEEK - 1]).all()
    assert (peak[:, 6:69].reshape(4, -1, WEEK) == peak[:, 6:69:WEEK, np.newaxis]).all()


@pytest.mark.parametrize("cap", [np.inf, CAP])
def test_the_week_so_far_is_what_evidence_would_say_of_a_week_cut_short(cap: float) -> None:
    stream, p0, phi = drawn(Plan(volume=60, weeks=12, phi=2, outage="late"), 8)
    daily = ours_so_far(stream, p0, phi, cap=cap)
    for day in (3, 6, 40, 41, 52, 76):
        cut = replace(stream, ends=np.minimum(stream.ends, stream.ends[:, day : day + 1]))
        want = ours(cut, p0, phi, cap=cap)[:, day // WEEK]
        said = stream.seen[:, day // WEEK] & (cut.ends[:, day] > (cut.ends[:, day - day % WEEK - 1] if day > 6 else 0))
        assert said.any()
        np.testing.assert_allclose(daily[said, day], want[said])
        before = daily[:, day - day % WEEK - 1] if day >= WEEK else np.full(8, -np.inf)
        assert np.array_equal(daily[~said, day], before[~said])


@pytest.mark.parametrize("phi", [1.0, 2.0, 4.0])
def test_weekly_counts_vary_phi_times_as_much_as_binomial_ones(phi: float) -> None:
    stream, _, _ = drawn(Plan(volume=60, weeks=100, phi=phi), 200)
    late, n = (np.diff(total[:, 6::7], axis=1) for total in (stream.wrong_by_day, stream.ends))
    assert late.sum() / n.sum() == pytest.approx(P0, rel=0.05)
    assert ((late - P0 * n) ** 2).sum() / (n.sum() * P0 * (1 - P0)) == pytest.approx(phi, rel=0.08)


@pytest.mark.parametrize("phi", [1.0, 2.0])
@pytest.mark.parametrize(("months", "first"), [(0.0, 0.30), (12.0, 0.10 + 0.20 / 24)])
def test_the_rate_changes_on_the_changed_day_and_not_before(months: float, first: float, phi: float) -> None:
    change = Change(name="worse", rate=0.30, months=months)
    stream, _, _ = drawn(Plan(volume=500, weeks=120, change=change, phi=phi), 150)
    assert len(set(stream.changed % WEEK)) == WEEK
    shares = {"before": (-200, 0), "month": (0, 30), "end": (400, 440)}
    found = {}
    for name, (begin, end) in shares.items():
        rows = np.arange(150)
        span = [(stream.changed + day - 1) for day in (begin, end)]
        late, n = (total[rows, span[1]] - total[rows, span[0]] for total in (stream.wrong_by_day, stream.ends))
        found[name] = late.sum() / n.sum()
    assert found["before"] == pytest.approx(P0, abs=0.006)
    assert found["month"] == pytest.approx(first, abs=0.012)
    assert found["end"] == pytest.approx(0.30, abs=0.015)


def test_a_silent_outage_has_no_items_and_a_late_one_has_many_late() -> None:
    for outage, rate in (("silent", None), ("late", 0.50)):
        stream, _, _ = drawn(Plan(volume=200, weeks=104, outage=outage), 40)
        late, n = (np.diff(t[:, 6::7], axis=1, prepend=0) for t in (stream.wrong_by_day, stream.ends))
        assert 0.05 < (~stream.seen).mean() < 0.17
        if rate is None:
            assert n[~stream.seen].sum() == 0
        else:
            assert late[~stream.seen].sum() / n[~stream.seen].sum() == pytest.approx(rate, abs=0.03)


def test_a_stream_cut_at_some_weeks_goes_on_as_it_would_have() -> None:
    stream, _, _ = drawn(Plan(volume=60, weeks=20, outage="late"), 5)
    weeks = np.array([0, 3, 7, 19, 12])
    cut = stream.later(weeks, np.array([True, True, False, True, True]))
    for row, (old, skipped) in enumerate([(0, 0), (1, 3), (3, 19), (4, 12)]):
        left = (20 - skipped) * WEEK
        whole = np.diff(stream.wrong_by_day[old], prepend=0.0)
        np.testing.assert_array_equal(np.diff(cut.wrong_by_day[row], prepend=0.0)[:left], whole[skipped * WEEK :])
        np.testing.assert_array_equal(cut.seen[row, : 20 - skipped], stream.seen[old, skipped:])
        assert (cut.ends[row, left:] == cut.ends[row, left - 1]).all()


def test_a_calibrated_level_is_the_lowest_that_keeps_the_budget() -> None:
    plan = Plan(volume=20, weeks=520)
    stream, p0, phi = drawn(plan, 100)
    peaks = BY_NAME["p-chart"].peak(stream, p0, phi)[:, 6::7].astype("float32")
    level = level_of(peaks, 5.0)
    lower = float(peaks[peaks < level].max())
    assert run_length(peaks, level) >= 5.0 > run_length(peaks, lower)


def test_a_detector_starts_afresh_in_the_week_after_its_alarm() -> None:
    stream, p0, phi = drawn(Plan(volume=200, weeks=30), 3)
    always = Rival("always", SEVEN, cusum(2.0, SEVEN))
    count, years = alarms_with_restarts(always, 0.0, stream, 30, (p0, phi))
    assert count.tolist() == [30, 30, 30]
    assert years == pytest.approx(np.full(3, 30 * 7 / 365.25))
    count, _ = alarms_with_restarts(always, 1e9, stream, 30, (p0, phi))
    assert count.tolist() == [0, 0, 0]


def test_chunks_add_up_and_depend_on_the_seed_alone() -> None:
    plan = Plan(volume=500, weeks=300)
    first, again, other = (list(chunks(plan, 70, seed)) for seed in ((1, 2), (1, 2), (1, 3)))
    assert len(first) > 1
    assert sum(len(stream.late) for stream in first) == 70
    assert all((a.ends == b.ends).all() for a, b in zip(first, again, strict=True))
    assert (first[0].ends != other[0].ends).any()
    assert (first[0].ends[:10] != first[1].ends[:10]).any()


def test_baselines_are_the_product_s_and_of_the_first_year_only() -> None:
    stream, _, _ = drawn(Plan(volume=200, weeks=60), 6)
    tampered = replace(stream, late=stream.late.copy())
    for row in range(6):
        tampered.late[row, stream.ends[row, 52 * WEEK - 1] :] = 1
    assert baselines(stream) == baselines(tampered)
    for row, base in enumerate(baselines(stream)):
        assert base.n == stream.ends[row, 52 * WEEK - 1]
        assert base.rate == pytest.approx(stream.wrong_by_day[row, 52 * WEEK - 1] / base.n)


def test_ours_is_close_to_the_optimum_and_to_what_theory_says() -> None:
    rivals = (BY_NAME[OPTIMUM], BY_NAME[OURS_DAILY])
    levels = thresholds(rivals, Plan(volume=60, weeks=520), 250, (3, 1))
    found = delays(levels, Plan(volume=60, weeks=104, change=STEP), 500, (3, 2))
    optimum, ours = (found[rival].mean for rival in rivals)
    nearness = 0.20 * log(0.20 / P0) + 0.80 * log(0.80 / 0.90)
    items = (log(60 * 60.88 * nearness) - 1.6) / nearness  # 60 a month for 60.88 months: items in five years
    assert optimum == pytest.approx(items / 60, rel=0.2)
    assert ours == pytest.approx(optimum, rel=0.15)


LATTICE = log(0.90 / 0.80) / 17  # a late item is 100 steps up, one in time 17 down: nearly exactly


def exact_delay(items_between_alarms: float, p1: float, step: float = LATTICE) -> tuple[float, float]:
    """Give threshold and mean delay in items of the CUSUM, by Markov chain (Brook & Evans 1972), once settled."""

    def chain(height: float, rate: float) -> Floats:
        size = int(np.ceil(height / step))
        up, down = round(log(p1 / P0) / step), round(log((1 - p1) / (1 - P0)) / step)
        moves = np.zeros((size, size))
        for state in range(size):
            for gain, share in ((up, rate), (down, 1 - rate)):
                if state + gain < size:
                    moves[state, max(0, state + gain)] += share
        return moves

    def times(moves: Floats) -> Floats:
        return np.linalg.solve(np.eye(len(moves)) - moves, np.ones(len(moves))).astype("float64")

    low, high = 2.0, 5.0
    for _ in range(9):
        middle = (low + high) / 2
        low, high = (low, middle) if times(chain(middle, P0))[0] >= items_between_alarms else (middle, high)
    settled, moves = np.eye(1, len(chain(high, P0)))[0], chain(high, P0)
    for _ in range(250):
        settled = settled @ moves
    return high, float(settled @ times(chain(high, p1)) / settled.sum())


def test_the_optimum_has_the_threshold_and_delay_of_an_exact_calculation() -> None:
    height, items = exact_delay(20 * 5 * 12, 0.20)
    rival = BY_NAME[OPTIMUM]
    levels = thresholds((rival,), Plan(volume=20, weeks=1040), 400, (6, 1))
    found = delays(levels, Plan(volume=20, weeks=208, change=STEP), 800, (6, 2))[rival]
    assert levels[rival] == pytest.approx(height, abs=0.15)
    assert found.mean == pytest.approx(items / 20, rel=0.1)


def test_discounted_evidence_keeps_false_alarms_down_where_items_come_in_bursts() -> None:
    plain = BY_NAME[PRODUCT]
    assert plain.threshold is not None
    assert NO_DISCOUNT.threshold is not None
    levels = {plain: plain.threshold, NO_DISCOUNT: NO_DISCOUNT.threshold}
    found = false_alarms(levels, Plan(volume=200, weeks=260, phi=4), 60, (4, 3))
    assert found[plain].rate < 0.3
    assert found[NO_DISCOUNT].rate > 2 * found[plain].rate


def test_learning_what_is_usual_takes_a_year_that_false_alarms_are_not_counted_over() -> None:
    sizes = Sizes(paths=0, years=0, changed=0, unkind=5, unkind_years=2)
    levels = dict.fromkeys((*COMMON, knowing(0.20)[0]), 1e9)
    for scenario in SCENARIOS:
        found = alarms_of(scenario, 20, levels, sizes, 1)
        assert found[OPTIMUM, 20].count == 0
        assert found[OPTIMUM, 20].years == pytest.approx(5 * 2 * 52 * 7 / 365.25)


def test_a_small_run_prints_every_table_and_bar_and_is_repeatable() -> None:
    sizes = Sizes(paths=12, years=8, changed=20, unkind=4, unkind_years=2)
    text = report(sizes, 5, (20,))
    assert text == report(sizes, 5, (20,))
    for change in CHANGES:
        assert f"### {change.name}" in text
    assert text.count("| GLR-CUSUM, change unknown | item |") == 1 + len(CHANGES) + 11 + 2
    assert text.count("\n- PASS: ") + text.count("\n- FAIL: ") == 10


def test_how_alarms_end_is_counted_from_the_return_on() -> None:
    weeks = BACK + 2 * 52
    found = Run(weeks, (((WORSE + 5, BACK + 20), (BACK + 40, None)), ((WORSE, WORSE + 30),), ()))
    assert again(found) == pytest.approx(52 / (weeks - BACK - 20))
    assert let_go(found) == pytest.approx(0.5)
    assert soon_again(found) == pytest.approx(0.5)
    open_weeks = (BACK + 20 - WORSE - 5) + (weeks - BACK - 40) + 30
    assert alarms_while_none_is_open(found) == pytest.approx(3 * 52 / (3 * (weeks - 52) - open_weeks))


def test_an_alarm_of_the_product_ends_some_weeks_after_the_return() -> None:
    rate = np.concatenate([np.full(WORSE, P0), np.full(BACK - WORSE, 0.2), np.full(104, P0)])
    found = run(rate, 200, 1.0, 20, (1,))
    ends = [down for alarms in found.alarms for up, down in alarms if WORSE <= up < BACK and down is not None]
    assert len(ends) > 15
    assert all(BACK < down < BACK + 60 for down in ends)
    names = [name for name, _ in clearing(2, 1)]
    assert len(names) == len(set(names)) == 6
