from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.base import Measure, Reason, Tier, Unit
from signals.books import Books, frame
from signals.calendar import month_number
from signals.dso import CountBackDso, dso, dso_count_back
from signals.policy import Policy
from signals.rules import payment_terms as terms

AS_OF = date(2026, 11, 30)
NOVEMBER = month_number(date(2026, 11, 1))
POLICY = Policy()

Row = dict[str, Any]


def _booked(month: int, debit: float = 0, credit: float = 0, **more: Any) -> Row:
    return {
        "connection_id": "fec",
        "fiscal_year": month // 12,
        "month": month,
        "account": "411000",
        "debit_minor": round(debit * 100),
        "credit_minor": round(credit * 100),
        "n": 1,
        **more,
    }


# September 700, October 800, November 1,200 invoiced; 2,500 owed, of which 1,000 from before.
OPENED = [
    _booked(NOVEMBER - 10, 1000, opening=True),
    _booked(NOVEMBER - 2, 700, 200),
    _booked(NOVEMBER - 1, 800, 1000),
    _booked(NOVEMBER, 1200),
    _booked(NOVEMBER, 0, 5000, account="706000"),
]


def _books(rows: list[Row], as_of: date = AS_OF) -> Books:
    return Books("c", as_of, {"ledger_months": frame("ledger_months", rows)})


def _detect(rows: list[Row], as_of: date = AS_OF) -> Measure:
    return CountBackDso().detect(_books(rows, as_of), POLICY)


def test_the_accounting_ratio_of_two_textbooks() -> None:
    assert round(dso(472, 2400 + 470.4, 365), 2) == 60.02
    assert dso(20_000, 45_000, 90) == pytest.approx(40)


def test_counting_back_the_textbooks_three_months() -> None:
    counted = dso_count_back(2500, [(1200, 30), (800, 31), (700, 30)])
    assert counted is not None
    assert counted == pytest.approx(30 + 31 + 500 / 700 * 30)
    assert round(counted, 1) == 82.4


def test_counting_back_at_its_edges() -> None:
    assert dso_count_back(0, []) == 0
    assert dso_count_back(-50, [(100, 30)]) == 0
    assert dso_count_back(100, [(100, 30)]) == 30
    assert dso_count_back(100, [(0, 31), (-20, 30), (200, 30)]) == 76  # months without sales pass whole
    assert dso_count_back(101, [(100, 30)]) is None
    assert dso_count_back(1, []) is None


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=12), st.floats(0, 1))
def test_days_counted_back_grow_with_the_balance(sales: list[float], part: float) -> None:
    months = [(amount, 30) for amount in sales]
    less, more = dso_count_back(part * sum(sales) * 0.99, months), dso_count_back(sum(sales) * 0.99, months)
    assert less is not None
    assert more is not None
    assert 0 <= less <= more + 1e-6 <= 30 * len(sales) + 1e-6


def test_empty_books_give_no_value() -> None:
    measure = CountBackDso().detect(Books("c", AS_OF, {}), POLICY)
    assert (measure.value, measure.tier, measure.reason) == (None, Tier.NONE, Reason("no_ledger"))
    assert _detect([_booked(NOVEMBER, 10, account="401000")]).reason == Reason("no_receivables")


def test_the_ledgers_answer_by_hand() -> None:
    measure = _detect(OPENED)
    assert measure.value == pytest.approx(82.43, abs=0.005)
    assert (measure.unit, measure.tier, measure.signal, measure.n) == (Unit.DAYS, Tier.DIRECT, None, 11)
    assert measure.window == (date(2026, 1, 1), AS_OF)
    assert (measure.sources, measure.notes) == (("fec",), (Reason("customers_not_us"),))
    # At the end of October 1,300 were owed: all of October, and 500 of September's 700.
    assert [p.value for p in measure.series[-2:]] == [pytest.approx(31 + 500 / 700 * 30), measure.value]
    assert measure.series[0].value is None  # January owes what was invoiced the year before


def test_an_opening_is_not_counted_on_top_of_the_year_before() -> None:
    before = [_booked(NOVEMBER - 12, 9000, 8000), *OPENED]
    measure = _detect(before)
    assert measure.value == pytest.approx(82.43, abs=0.005)
    november, _, january = measure.series[:3]
    assert november.value == pytest.approx(1000 / 9000 * 30)
    assert january.value == pytest.approx(31 + 31 + 1000 / 9000 * 30)


def test_a_year_not_yet_opened_takes_the_one_before_along() -> None:
    december, january = month_number(date(2026, 12, 1)), month_number(date(2027, 1, 1))
    rows = [*OPENED, _booked(december, 500), _booked(january, 1500)]
    measure = _detect(rows, date(2027, 1, 31))
    # 2,500 + 500 + 1,500 owed: January 1,500, December 500, November 1,200, October 800, and 500 of September's 700.
    assert measure.value == pytest.approx(31 + 31 + 30 + 31 + 500 / 700 * 30)


def test_the_count_ends_where_the_ledger_does() -> None:
    measure = _detect(OPENED, date(2027, 4, 30))
    assert measure.value == pytest.approx(82.43, abs=0.005)
    assert measure.window == (date(2026, 1, 1), date(2026, 11, 30))


def test_a_ledger_without_opening_says_so_and_gives_no_negative_balance() -> None:
    rows = [row for row in OPENED if not row.get("opening")]
    measure = _detect(rows)
    assert measure.value == pytest.approx(30 + 300 / 800 * 31)
    assert Reason("no_opening_balance") in measure.notes
    paid = _detect([*rows, _booked(NOVEMBER, 0, 4000)])
    assert (paid.value, paid.reason) == (None, Reason("no_opening_balance"))
    assert _detect([*OPENED, _booked(NOVEMBER, 0, 4000)]).value == 0  # customers in credit owe nothing


def test_a_balance_older_than_all_sales_has_no_days() -> None:
    rows = [_booked(NOVEMBER - 2, 9000, opening=True), _booked(NOVEMBER, 100)]
    assert _detect(rows).reason == Reason("balance_older_than_sales", {"months": 3})


def test_the_future_does_not_matter() -> None:
    more = _books([*OPENED, _booked(NOVEMBER + 1, 7000)])
    expected = _detect(OPENED)
    assert CountBackDso().detect(more, POLICY) == expected
    assert CountBackDso().detect(replace(more, as_of=date(2027, 2, 28)).at(AS_OF), POLICY) == expected


def test_the_law_on_an_invoice_of_15_january_2026() -> None:
    issued = date(2026, 1, 15)
    assert terms.due_from_end_of_month(issued) == date(2026, 3, 17)
    assert terms.due_at_end_of_month(issued) == date(2026, 3, 31)
    assert terms.due_net(issued) == date(2026, 3, 16)
    assert terms.due_periodic(issued) == date(2026, 3, 1)
    assert terms.due_by_default(issued) == date(2026, 2, 14)
    assert terms.latest_due(issued) == date(2026, 3, 31)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_no_reading_goes_beyond_the_latest_due_day(issued: date) -> None:
    readings = {terms.due_net(issued), terms.due_from_end_of_month(issued), terms.due_at_end_of_month(issued)}
    assert terms.latest_due(issued) in readings
    assert all(issued < due <= terms.latest_due(issued) for due in readings)
