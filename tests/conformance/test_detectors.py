"""What every detector promises, asked of every one in the registry: a new one is tested unasked."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from app.books import read_books
from app.companies import add_company, connection_for
from app.facts import refresh_all
from app.intake import sync
from app.models import metadata
from connectors.demo import Demo
from signals.base import Detector, Level, Measure
from signals.books import COLUMNS, Books
from signals.calendar import day_number, month_number
from signals.levels import level_of
from signals.policy import Policy
from signals.registry import EXPLAINS, SIGNALS, SignalDetectors
from tests.conftest import NOW

POLICY = Policy()
UNTIL = date(2026, 11, 22)
EARLIER = date(2026, 5, 17)

DETECTORS: list[Detector] = list(
    {
        detector.name: detector
        for spec in SIGNALS
        for detector in (*spec.primary, *([spec.half] if spec.half else []), *spec.explains, *spec.beside)
    }.values()
) + list(EXPLAINS)


def ids(detector: Detector) -> str:
    return detector.name


@pytest.fixture(scope="module")
def demo_books() -> Books:
    """The demonstration company's books, whole."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.begin() as conn:
        company_id = add_company(conn, "Démonstration", NOW, zone="Europe/Paris", is_demo=True)
        connection_id = connection_for(conn, company_id, "demo", NOW)
    sync(engine, connection_id, Demo(until=UNTIL), NOW)
    with engine.begin() as conn:
        refresh_all(conn, company_id)
        found = read_books(conn, company_id, UNTIL)
    engine.dispose()
    return found


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
def test_a_value_comes_with_its_evidence(detector: Detector, demo_books: Books) -> None:
    measure = detector.detect(demo_books, POLICY)

    if measure.value is None:
        assert measure.reason is not None
        return
    assert measure.tier != "none"
    assert measure.sources
    assert measure.window is not None
    assert measure.window[0] <= measure.window[1] <= UNTIL + timedelta(days=1)
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
