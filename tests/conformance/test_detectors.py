"""What every detector promises, asked of every one in the registry: a new one is tested unasked."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from math import isclose

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signals.base import Detector, Level, Measure, Point, SignalName, Tier, Unit
from signals.books import COLUMNS, Books
from signals.calendar import day_number, month_number
from signals.levels import level_of
from signals.policy import Policy
from signals.registry import SIGNALS, SignalDetectors
from tests.conformance.detector_samples import DETECTORS, EARLIER, STILL_SILENT, UNTIL, WORSE, full_books

POLICY = Policy()
RANK = (Level.UNKNOWN, Level.CALM, Level.WATCH, Level.OVER)
CARRIERS = [(spec, one) for spec in SIGNALS for one in (*spec.primary, *([spec.half] if spec.half else []))]


def ids(detector: Detector) -> str:
    return detector.name


@pytest.fixture(scope="module")
def demo_books() -> Books:
    """Books on which every detector has something to say."""
    return full_books()


@pytest.fixture(scope="module")
def said(demo_books: Books) -> Mapping[str, Measure]:
    """What each detector says of them."""
    return {detector.name: detector.detect(demo_books, POLICY) for detector in DETECTORS}


def alike(one: object, other: object) -> bool:
    """Compare two answers field by field; sums in another order may differ in the last digits."""
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    if is_dataclass(one) and type(one) is type(other):
        return all(alike(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    return one == other


def with_another_future(books: Books, after: date) -> Books:
    """Change everything after a day: drop half of the later rows, and move the later dates of earlier rows."""
    number, month = day_number(after), month_number(after)
    tables: dict[str, pd.DataFrame] = {}
    for name, table in books.tables.items():
        later = np.zeros(len(table), dtype=bool)
        columns = [c for c, t in COLUMNS[name].items() if c.endswith("_day") or (c == "day" and t)]
        changed = table.copy()
        for column in columns:
            if name == "feeds":
                continue
            is_later = (table[column] > number).to_numpy()
            changed.loc[is_later, column] = table.loc[is_later, column] + 11
        if "month" in table:
            later = (table["month"] > month).to_numpy()
        first = {"documents": "issued_day", "issue_days": "issued_day", "corrections": "issued_day"}.get(name)
        if first:
            later = (table[first] > number).to_numpy()
        keep = ~later | (np.arange(len(table)) % 2 == 0)
        tables[name] = changed[keep]
    return Books(
        company_id=books.company_id, as_of=books.as_of, tables=tables, declarations=books.declarations,
        imported_on=books.imported_on, recent_from=books.recent_from,
    )  # fmt: skip


def plain(measure: Measure) -> str:
    return repr(measure)


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_empty_books_have_no_value_and_a_reason(detector: Detector) -> None:
    measure = detector.detect(Books(company_id="c", as_of=UNTIL, tables={}), POLICY)

    assert measure.value is None
    assert measure.reason is not None
    assert measure.tier == "none"


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_the_future_does_not_matter(detector: Detector, demo_books: Books) -> None:
    here = demo_books.at(EARLIER)
    there = with_another_future(demo_books, EARLIER).at(EARLIER)

    assert plain(detector.detect(here, POLICY)) == plain(detector.detect(there, POLICY))


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_asking_twice_gives_the_same_answer_and_leaves_the_books_alone(detector: Detector, demo_books: Books) -> None:
    before = {name: table.copy() for name, table in demo_books.tables.items()}

    assert plain(detector.detect(demo_books, POLICY)) == plain(detector.detect(demo_books, POLICY))
    for name, table in demo_books.tables.items():
        pd.testing.assert_frame_equal(before[name], table)


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_every_detector_has_something_to_say_of_the_samples(detector: Detector, said: Mapping[str, Measure]) -> None:
    assert said[detector.name].known is (detector.name not in STILL_SILENT), said[detector.name].reason


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_the_order_of_rows_does_not_matter(detector: Detector, demo_books: Books, said: Mapping[str, Measure]) -> None:
    shuffled = {name: table.sample(frac=1, random_state=7) for name, table in demo_books.tables.items()}

    assert alike(detector.detect(replace(demo_books, tables=shuffled), POLICY), said[detector.name])


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_books_read_whole_and_cut_on_a_day_give_the_same_answer(detector: Detector, demo_books: Books) -> None:
    # What is read later than the day, a detector has to leave out by itself where nobody cut it.
    whole = replace(demo_books, as_of=EARLIER)

    assert alike(detector.detect(whole, POLICY), detector.detect(demo_books.at(EARLIER), POLICY))


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_measure_has_its_unit_its_signal_its_process_and_its_key(
    detector: Detector, said: Mapping[str, Measure]
) -> None:
    measure = said[detector.name]

    assert isinstance(measure.unit, Unit)
    assert measure.signal is None or isinstance(measure.signal, SignalName)
    assert measure.process
    assert measure.kpi or measure.signal is None


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_an_interval_holds_the_value_and_every_point_its_own(detector: Detector, said: Mapping[str, Measure]) -> None:
    measure = said[detector.name]

    known: list[Measure | Point] = [measure, *measure.series]
    for one in known:
        if one.value is not None:
            assert one.low is None or one.low <= one.value
            assert one.high is None or one.value <= one.high
    assert measure.n > 0
    if measure.unit is Unit.SHARE:
        for bound in (measure.low, measure.value, measure.high):
            assert bound is None or 0 <= bound <= 1


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_the_records_behind_a_number_are_in_the_books(
    detector: Detector, demo_books: Books, said: Mapping[str, Measure]
) -> None:
    measure = said[detector.name]
    known = {
        (str(connection), str(external))
        for name in ("documents", "overdue", "entries", "open_lines", "payments")
        for connection, external in zip(demo_books[name]["connection_id"], demo_books[name]["external_id"], strict=True)
    }

    assert len(measure.records) == measure.records_total
    assert len(set(measure.records)) == len(measure.records)
    assert {(key.connection_id, key.external_id) for key in measure.records} <= known
    assert all(key.stream for key in measure.records)


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_what_is_usual_lies_within_its_bounds(detector: Detector, said: Mapping[str, Measure]) -> None:
    measure = said[detector.name]
    assert (measure.baseline_low is None) == (measure.baseline_high is None)
    if measure.baseline_low is not None and measure.baseline_high is not None:
        assert measure.baseline is not None
        assert measure.baseline_low <= measure.baseline <= measure.baseline_high


@pytest.mark.parametrize("spec", SIGNALS, ids=lambda spec: spec.name.value)
def test_the_measures_of_a_signal_say_whose_they_are(spec: SignalDetectors, said: Mapping[str, Measure]) -> None:
    for detector in (*spec.primary, *([spec.half] if spec.half else []), *spec.explains):
        assert said[detector.name].signal is spec.name, detector.name


def test_every_measure_that_carries_a_level_can_be_made_worse() -> None:
    assert {detector.name for _, detector in CARRIERS} == set(WORSE)


@pytest.mark.parametrize(("spec", "detector"), CARRIERS, ids=lambda one: getattr(one, "name", ""))
@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_more_of_what_is_counted_never_lowers_the_level(
    spec: SignalDetectors, detector: Detector, demo_books: Books, said: Mapping[str, Measure], seed: int
) -> None:
    worse = detector.detect(WORSE[detector.name](demo_books, np.random.default_rng(seed)), POLICY)
    before = said[detector.name]

    def rank(measure: Measure) -> int:
        floor = float(getattr(POLICY, spec.floor)) if spec.floor else None
        return RANK.index(level_of(measure, POLICY, last_month=month_number(UNTIL) - 1, floor=floor).level)

    assert before.value is not None
    assert worse.value is not None
    assert worse.value >= before.value
    assert rank(worse) >= rank(before)


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_value_comes_with_its_evidence(detector: Detector, demo_books: Books) -> None:
    measure = detector.detect(demo_books, POLICY)

    if measure.value is None:
        assert measure.reason is not None
        return
    assert measure.tier is not Tier.NONE
    assert measure.sources
    assert measure.window is not None
    assert measure.window[0] <= measure.window[1] <= UNTIL
    if measure.low is not None:
        assert measure.high is not None
        assert measure.low <= measure.value <= measure.high
    assert len(measure.records) <= measure.records_total


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_series_has_its_months_in_order_and_none_that_is_not_over(detector: Detector, demo_books: Books) -> None:
    months = [point.month for point in detector.detect(demo_books, POLICY).series]

    assert months == sorted(set(months))
    assert all(month < month_number(UNTIL) for month in months)


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_the_name_of_the_measure_is_the_detectors(detector: Detector, demo_books: Books) -> None:
    assert detector.detect(demo_books, POLICY).name == detector.name


@pytest.mark.parametrize("spec", SIGNALS, ids=lambda spec: spec.name.value)
def test_no_data_is_unknown_for_every_signal(spec: SignalDetectors) -> None:
    primary = spec.primary[0].detect(Books(company_id="c", as_of=UNTIL, tables={}), POLICY)

    assert level_of(primary, POLICY, last_month=month_number(UNTIL) - 1, floor=None).level is Level.UNKNOWN
