from dataclasses import replace
from datetime import date
from itertools import combinations
from math import exp, log
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.base import Measure, Reason, Tier, Unit
from signals.books import Books, frame
from signals.calendar import month_number
from signals.growth import Growth, monthly_volume, sen_slope
from signals.policy import Policy

AS_OF = date(2026, 6, 30)
JUNE = month_number(date(2026, 6, 1))
POLICY = Policy()

Row = dict[str, Any]


def _month(month: int, n: int, direction: str = "sale", **more: Any) -> Row:
    return {"connection_id": "erp", "direct": True, "month": month, "direction": direction, "n": n, **more}


def _books(rows: list[Row], as_of: date = AS_OF) -> Books:
    return Books("c", as_of, {"volume": frame("volume", rows)})


def _ending_in_june(counts: list[int]) -> list[Row]:
    return [_month(JUNE - len(counts) + 1 + i, n) for i, n in enumerate(counts)]


def _detect(counts: list[int]) -> Measure:
    return Growth().detect(_books(_ending_in_june(counts)), POLICY)


def test_empty_books_give_no_value() -> None:
    measure = Growth().detect(Books("c", AS_OF, {}), POLICY)
    assert (measure.value, measure.tier, measure.reason) == (None, Tier.NONE, Reason("no_documents_source"))


def test_eleven_months_are_too_few() -> None:
    assert _detect([50] * 11).reason == Reason("few_months", {"n": 11, "needed": 12})


def test_doubling_in_a_year_is_a_hundred_per_cent() -> None:
    measure = _detect([round(1e6 * 2 ** (i / 12)) for i in range(15)])
    assert (measure.value, measure.low, measure.high) == pytest.approx((1, 1, 1), abs=1e-4)
    assert (measure.n, measure.unit, measure.tier, measure.signal) == (12, Unit.SHARE_PER_YEAR, Tier.DIRECT, None)
    assert measure.window == (date(2025, 7, 1), AS_OF)
    assert measure.notes == ()


def test_one_freak_month_hardly_moves_it() -> None:
    steady = [round(100 * exp(0.02 * i)) for i in range(12)]
    freak = [*steady[:5], 900, *steady[6:]]
    calm, odd = _detect(steady).value, _detect(freak).value
    assert calm is not None
    assert odd == pytest.approx(calm, abs=0.04)


def test_growth_whose_interval_holds_zero_is_noted() -> None:
    counts = [100, 140, 90, 130, 95, 150, 100, 120, 80, 160, 110, 125]
    measure = _detect(counts)
    slopes = sorted((log(b) - log(a)) / (j - i) for (i, a), (j, b) in combinations(enumerate(counts), 2))
    # 66 slopes; Kendall's S has standard deviation sqrt(12 * 11 * 29 / 18) = 14.58; (66 - 1.645 * 14.58) / 2 = 21.0.
    low, high = slopes[20], slopes[45]
    assert measure.value == pytest.approx(exp(12 * median(slopes)) - 1)
    assert (measure.low, measure.high) == pytest.approx((exp(12 * low) - 1, exp(12 * high) - 1))
    assert measure.notes == (Reason("growth_uncertain", {"low": measure.low or 0, "high": measure.high or 0}),)


def test_sens_bounds_hold_the_true_slope_nine_times_in_ten() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        _, low, high = sen_slope(0.05 * np.arange(12) + rng.normal(0, 0.3, 12))
        held += low <= 0.05 <= high
    assert 0.86 <= held / 400 <= 0.95


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=40))
def test_a_slope_lies_within_its_bounds(values: list[float]) -> None:
    slope, low, high = sen_slope(values)
    assert low <= slope <= high


def test_one_value_has_no_slope() -> None:
    with pytest.raises(ValueError, match="two values"):
        sen_slope([1.0])


def test_the_future_does_not_matter() -> None:
    rows = _ending_in_june([40 + i for i in range(14)])
    expected = Growth().detect(_books(rows), POLICY)
    more = _books([*rows, _month(JUNE + 1, 900)])
    assert expected.value is not None
    assert Growth().detect(more, POLICY) == expected
    assert Growth().detect(replace(more, as_of=date(2026, 8, 31)).at(AS_OF), POLICY) == expected


def test_a_month_in_progress_is_left_out_and_a_month_without_documents_is_a_zero() -> None:
    rows = [_month(JUNE - 3, 5), _month(JUNE - 1, 7), _month(JUNE, 2), _month(JUNE - 1, 1, "purchase")]
    volume = monthly_volume(_books(rows, as_of=date(2026, 6, 29)))
    assert volume is not None
    assert (volume.first_month, volume.last_month) == (JUNE - 3, JUNE - 1)
    assert (volume.sales, volume.purchases, volume.total) == ((5, 0, 7), (0, 0, 1), (5, 0, 8))


def test_an_invoice_and_its_ledger_entry_are_one_document() -> None:
    ledger: Row = {"connection_id": "fec", "direct": False}
    rows = [
        _month(JUNE, 10),
        _month(JUNE, 10, **ledger),
        _month(JUNE, 4, "purchase", **ledger),
        _month(JUNE - 1, 6, **ledger),
    ]
    volume = monthly_volume(_books(rows))
    assert volume is not None
    assert (volume.sales, volume.purchases) == ((6, 10), (0, 4))
    assert (volume.direct, volume.sources) == (False, ("erp", "fec"))


def test_growth_read_off_a_ledger_is_a_proxy() -> None:
    rows = [{**row, "direct": False} for row in _ending_in_june([30] * 12)]
    assert Growth().detect(_books(rows), POLICY).tier is Tier.PROXY


def test_a_source_that_stopped_is_no_decline() -> None:
    rows = [*[_month(JUNE - 16 + i, 50) for i in range(12)], _month(JUNE, 0)]
    measure = Growth().detect(_books(rows), POLICY)
    assert measure.value == 0
    assert measure.window == (date(2025, 2, 1), date(2026, 1, 31))
