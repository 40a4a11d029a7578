from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books, frame
from signals.calendar import day_number, month_number
from signals.policy import Policy
from signals.unbilled import Unbilled, ageing

AS_OF = date(2026, 6, 30)
TODAY = day_number(AS_OF)

Row = dict[str, Any]


def _delivered(days_ago: int, euros: float, billed: int | None = None, n: int = 1, **more: Any) -> Row:
    """A delivery; `billed` counts days from `AS_OF`, so that -1 is yesterday."""
    return {
        "connection_id": "erp",
        "delivered_day": TODAY - days_ago,
        "invoiced_day": None if billed is None else TODAY + billed,
        "amount_minor": round(euros * 100),
        "n": n,
        **more,
    }


def _detect(rows: list[Row]) -> Measure:
    return Unbilled().detect(Books("c", AS_OF, {"deliveries": frame("deliveries", rows)}), Policy())


def _note(measure: Measure, code: str) -> dict[str, Any]:
    return dict(next(note.params for note in measure.notes if note.code == code))


BILLED = _delivered(100, 900, -80, 3)


def test_what_is_on_no_invoice_is_summed_by_age() -> None:
    ages = [(0, 1), (30, 2), (31, 4), (60, 8), (61, 16), (90, 32), (91, 64), (400, 128)]
    measure = _detect([BILLED, *(_delivered(age, euros) for age, euros in ages)])
    assert (measure.value, measure.unit, measure.n, measure.tier) == (255, Unit.EUR, 11, Tier.DIRECT)
    said = {"to_30": 3, "to_60": 12, "to_90": 48, "over_90": 192, "n": 8, "oldest": 400}
    assert _note(measure, "unbilled_ages") == said
    assert (measure.signal, measure.sources) == (SignalName.LATE_INVOICING, ("erp",))


def test_billed_or_cancelled_by_today_no_longer_stands() -> None:
    rows = [
        BILLED,
        _delivered(40, 10, 0),
        _delivered(40, 20, 1),  # will be billed tomorrow, which we can't know
        _delivered(40, 40, None, cancelled_day=TODAY),
        _delivered(40, 80, None, cancelled_day=TODAY + 1),
        _delivered(-1, 160),  # not delivered yet
    ]
    assert _detect(rows).value == 100


def test_all_billed_is_zero_and_says_of_how_many() -> None:
    measure = _detect([BILLED, _delivered(10, 50, -2)])
    assert (measure.value, measure.n, measure.notes) == (0, 4, ())


def test_the_end_of_each_month_is_remembered() -> None:
    measure = _detect([_delivered(100, 900, -80), _delivered(45, 70)])
    june = month_number(AS_OF)
    assert {p.month: p.value for p in measure.series} == {june - 3: 900, june - 2: 0, june - 1: 70, june: 70}


def test_a_source_that_never_says_what_was_billed_is_not_taken_for_unbilled() -> None:
    silent = {**_delivered(50, 500, n=7), "connection_id": "tool"}
    assert _detect([silent]).reason == Reason("field_empty", {"field": "invoiced_on", "n": 7})
    assert _detect([{**silent, "invoiced_day": TODAY + 9}]).reason == Reason(
        "field_empty", {"field": "invoiced_on", "n": 7}
    )
    beside = _detect([silent, BILLED, _delivered(50, 20)])
    assert (beside.value, beside.sources) == (20, ("erp",))


def test_deliveries_without_amounts_are_not_worth_zero() -> None:
    assert _detect([_delivered(50, 0), _delivered(60, 0, -5)]).reason == Reason("deliveries_without_amount", {"n": 2})
    measure = _detect([BILLED, _delivered(50, 0, n=5), _delivered(50, 30)])
    assert measure.value == 30
    assert _note(measure, "unbilled_without_amount") == {"n": 5, "of": 6}


def test_no_deliveries_are_no_good_news() -> None:
    assert _detect([]).reason == Reason("no_deliveries")


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 10**9)), max_size=30))
def test_the_ages_add_up_to_the_whole(rows: list[tuple[int, int]]) -> None:
    ages, amounts = (np.array([row[i] for row in rows], dtype="float64") for i in (0, 1))
    buckets = ageing(ages, amounts)
    assert len(buckets) == 4
    assert sum(buckets) == pytest.approx(amounts.sum())
