from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Point, RecordKey
from signals.books import Books, frame
from signals.calendar import day_number, month_number
from signals.intervals import wilson
from signals.policy import Policy
from signals.rates import (
    Rate,
    baseline_months,
    by_month,
    rate_over,
    rate_points,
    rates_of,
    record_keys,
    sale_invoices,
    sources_of,
    spans_on,
    spans_on_any,
)

POLICY = Policy()


def _trials(rows: Sequence[tuple[date, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": pd.Series([day_number(d) for d, _, _ in rows], dtype="float64"),
            "count": pd.Series([c for _, c, _ in rows], dtype="int64"),
            "n": pd.Series([n for _, _, n in rows], dtype="int64"),
        }
    )


def _spans(*spans: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(spans, columns=["begin", "end"], dtype="float64")


def test_every_complete_month_has_a_point_and_one_without_trials_has_no_value() -> None:
    trials = _trials([(date(2025, 1, 10), 1, 6), (date(2025, 1, 31), 1, 4), (date(2025, 3, 1), 0, 5)])
    first = month_number(date(2025, 1, 1))
    assert rate_points(by_month(trials), first + 3) == (
        Point(first, 0.2, *wilson(2, 10), 10),
        Point(first + 1, None),
        Point(first + 2, 0.0, *wilson(0, 5), 5),
        Point(first + 3, None),
    )


def test_a_running_month_has_no_point() -> None:
    rates = rates_of(_trials([(date(2025, 1, 10), 1, 2), (date(2025, 2, 10), 1, 2)]), POLICY, date(2025, 2, 27))
    assert [p.month for p in rates.series] == [month_number(date(2025, 1, 1))]


def test_a_month_is_complete_on_its_last_day() -> None:
    rates = rates_of(_trials([(date(2025, 2, 10), 1, 2)]), POLICY, date(2025, 2, 28))
    assert [p.month for p in rates.series] == [month_number(date(2025, 2, 1))]


def test_the_recent_window_holds_exactly_its_days() -> None:
    end = date(2025, 6, 30)
    first = end - timedelta(days=POLICY.change_days - 1)
    trials = _trials([(first - timedelta(days=1), 50, 50), (first, 1, 2), (end, 0, 3), (end + timedelta(days=1), 9, 9)])
    rates = rates_of(trials, POLICY, end)
    assert rates.window == (date(2025, 4, 2), end)
    assert rates.recent == Rate(1, 5)


def test_the_baseline_is_the_oldest_twelve_complete_months_with_trials() -> None:
    months = [*range(100, 105), *range(110, 130)]
    assert baseline_months(reversed(months), POLICY, 129) == (*range(100, 105), *range(110, 117))


def test_a_short_history_is_its_own_baseline_up_to_the_last_complete_month() -> None:
    assert baseline_months([100, 101, 102], POLICY, 101) == (100, 101)


def test_a_confirmed_period_replaces_the_oldest_months_and_takes_whole_months_only() -> None:
    policy = Policy(baseline_period=(date(2025, 2, 2), date(2025, 5, 31)))
    january = month_number(date(2025, 1, 1))
    assert baseline_months(range(january, january + 12), policy, january + 11) == tuple(range(january + 2, january + 5))


def test_a_confirmed_period_without_trials_gives_no_baseline() -> None:
    policy = Policy(baseline_period=(date(2020, 1, 1), date(2020, 12, 31)))
    rates = rates_of(_trials([(date(2025, 1, 10), 1, 2)]), policy, date(2025, 3, 31))
    assert (rates.baseline.value, rates.baseline.n) == (None, 0)


def test_months_are_pooled_by_their_trials_not_averaged() -> None:
    monthly = by_month(_trials([(date(2025, 1, 10), 9, 10), (date(2025, 2, 10), 1, 90)]))
    assert rate_over(monthly, list(monthly["month"])) == Rate(10, 100)


def test_no_trials_give_no_rate() -> None:
    rates = rates_of(_trials([]), POLICY, date(2025, 3, 31))
    assert (rates.recent.value, rates.recent.bounds) == (None, (None, None))
    assert (rates.baseline.value, rates.series) == (None, ())


day_lists = st.lists(
    st.tuples(st.dates(date(2024, 1, 1), date(2025, 12, 31)), st.integers(0, 3), st.integers(3, 9)), max_size=30
)


@settings(deadline=None, max_examples=50)
@given(rows=day_lists, end=st.dates(date(2024, 1, 1), date(2025, 12, 31)))
def test_trials_after_the_end_change_nothing(rows: list[tuple[date, int, int]], end: date) -> None:
    known = [row for row in rows if row[0] <= end]
    assert rates_of(_trials(rows), POLICY, end) == rates_of(_trials(known), POLICY, end)


span_lists = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=12)


@settings(deadline=None)
@given(spans=span_lists, days=st.lists(st.integers(0, 20), max_size=8).map(sorted))
def test_spans_count_as_a_plain_loop_would(spans: list[tuple[int, int]], days: list[int]) -> None:
    alive = [(a, b) for a, b in spans if a < b]
    assert list(spans_on(_spans(*spans), days)) == [sum(a <= d < b for a, b in alive) for d in days]
    assert spans_on_any(_spans(*alive), days) == sum(any(a <= d < b for d in days) for a, b in alive)


def test_all_records_are_named_newest_first() -> None:
    rows = [{"connection_id": "c", "external_id": f"{i:04}", "issued_day": i} for i in range(1005)]
    keys = record_keys(frame("documents", rows), "issued_day")
    assert len(keys) == 1005
    assert keys[0] == RecordKey("invoices", "1004", "c")
    assert keys[:2] == (RecordKey("invoices", "1004", "c"), RecordKey("invoices", "1003", "c"))


def test_only_sale_invoices_with_a_source_of_their_own_are_named() -> None:
    day = date(2025, 3, 1)
    kept: dict[str, Any] = {"direction": "sale", "kind": "invoice", "direct": True, "issued_day": day_number(day)}
    others: list[dict[str, Any]] = [
        {"direct": False},
        {"kind": "credit_note"},
        {"direction": "purchase"},
        {"issued_day": np.nan},
    ]
    rows = [{**kept, "external_id": "1"}, *({**kept, **other, "external_id": "2"} for other in others)]
    books = Books("c", day, {"documents": frame("documents", rows)})
    assert list(sale_invoices(books, (day, day))["external_id"]) == ["1"]


def test_sources_are_sorted_and_named_once() -> None:
    rows = frame("reminders", [{"connection_id": c} for c in ("b", "a", "b", "")])
    assert sources_of(rows, rows) == ("a", "b")


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2025, 12, 31)])
def test_a_trial_belongs_to_the_month_of_its_day(day: date) -> None:
    assert list(by_month(_trials([(day, 0, 1)]))["month"]) == [month_number(day)]
