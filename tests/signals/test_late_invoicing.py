from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import holidays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Point, Reason, RecordKey, Tier
from signals.books import Books, frame
from signals.calendar import day_number, day_of, month_number
from signals.intervals import wilson
from signals.late_invoicing import AccruedPurchases, AccruedSales, LateIssued, issue_deadlines
from signals.policy import Policy

AS_OF = date(2026, 6, 30)
FRENCH = Policy(closed_days=frozenset(holidays.country_holidays("FR", years=[2025, 2026])))
POLICY = Policy()


def _books(as_of: date = AS_OF, **tables: list[dict[str, Any]]) -> Books:
    return Books("c", as_of, {name: frame(name, rows) for name, rows in tables.items()})


def _deadline(service: date, policy: Policy, *, periodic: bool = False) -> date:
    return day_of(float(issue_deadlines(np.array([float(day_number(service))]), np.array([periodic]), policy)[0]))


def _day(day: date | None) -> int | None:
    return None if day is None else day_number(day)


# Deadlines


def test_the_deadline_is_five_working_days_after_the_service() -> None:
    assert _deadline(date(2026, 3, 2), FRENCH) == date(2026, 3, 9)


def test_public_holidays_put_the_deadline_off() -> None:
    assert _deadline(date(2026, 4, 30), POLICY) == date(2026, 5, 7)
    assert _deadline(date(2026, 4, 30), FRENCH) == date(2026, 5, 11)  # 1 and 8 May are Fridays


def test_christmas_and_new_year_put_the_deadline_off() -> None:
    assert _deadline(date(2025, 12, 24), FRENCH) == date(2026, 1, 2)


def test_work_done_on_a_saturday_counts_from_monday() -> None:
    assert _deadline(date(2026, 3, 7), FRENCH) == _deadline(date(2026, 3, 9), FRENCH) == date(2026, 3, 16)


@pytest.mark.parametrize("service", [date(2026, 1, 1), date(2026, 1, 15), date(2026, 1, 31)])
def test_a_periodic_invoice_counts_from_the_end_of_its_month(service: date) -> None:
    assert _deadline(service, FRENCH, periodic=True) == date(2026, 2, 9)  # 31 January is a Saturday


def test_a_periodic_invoice_of_february_in_a_leap_year_counts_from_the_29th() -> None:
    assert _deadline(date(2024, 2, 1), POLICY, periodic=True) == date(2024, 3, 7)


def test_an_unknown_service_day_has_no_deadline() -> None:
    assert np.isnan(issue_deadlines(np.array([np.nan]), np.array([True]), POLICY)).all()


@settings(deadline=None)
@given(service=st.dates(date(2025, 1, 1), date(2026, 11, 30)), periodic=st.booleans())
def test_a_deadline_is_an_open_day_and_never_stricter_for_periodic_invoices(service: date, periodic: bool) -> None:
    deadline = _deadline(service, FRENCH, periodic=periodic)
    assert deadline.weekday() < 5
    assert deadline not in FRENCH.closed_days
    assert deadline >= _deadline(service, FRENCH)


# Late-issued rate


def _issued(service: date | None, issued: date, n: int = 1, *, periodic: bool = False) -> dict[str, Any]:
    days = {"service_day": _day(service), "issued_day": day_number(issued)}
    return {"connection_id": "erp", **days, "periodic": periodic, "n": n}


def test_no_invoices_give_no_value_for_want_of_a_service_date() -> None:
    measure = LateIssued().detect(_books(), POLICY)
    assert (measure.value, measure.tier, measure.reason) == (None, Tier.NONE, Reason("no_service_date"))


def test_invoices_without_any_service_date_give_no_value() -> None:
    measure = LateIssued().detect(_books(issue_days=[_issued(None, date(2026, 6, 1), 50)]), POLICY)
    assert measure.reason == Reason("no_service_date")
    assert measure.series == ()


def test_the_rate_counts_invoices_issued_after_their_deadline_and_leaves_out_undated_ones() -> None:
    rows = [
        _issued(date(2026, 6, 1), date(2026, 6, 8), 7),  # on the deadline
        _issued(date(2026, 6, 1), date(2026, 6, 9), 2),  # a day late
        _issued(date(2026, 5, 2), date(2026, 6, 5), 1, periodic=True),  # deadline 8 June: 31 May is a Sunday
        _issued(None, date(2026, 6, 9), 5),
    ]
    measure = LateIssued().detect(_books(issue_days=rows), FRENCH)
    assert (measure.value, measure.n) == (0.2, 10)
    assert (measure.low, measure.high) == wilson(2, 10)
    assert (measure.tier, measure.sources, measure.limit) == (Tier.DIRECT, ("erp",), POLICY.late_issued_limit)
    assert measure.window == (date(2026, 4, 2), AS_OF)
    assert measure.notes == (Reason("unissued_not_seen"), Reason("without_service_date", {"n": 5, "of": 15}))


def test_a_source_that_fills_the_service_day_with_the_issue_day_says_nothing_about_lateness() -> None:
    copied = [_issued(date(2026, 6, day), date(2026, 6, day), 4) for day in range(1, 6)]
    measure = LateIssued().detect(_books(issue_days=copied), POLICY)
    assert measure.value is None
    assert measure.reason == Reason("field_equals", {"field": "service_on", "other": "issued_on", "n": 20})
    earnest = [{**_issued(date(2026, 5, 1), date(2026, 6, 5)), "connection_id": "orders"}]
    documents = [_document("1", date(2026, 5, 1), date(2026, 6, 5))]
    measure = LateIssued().detect(_books(issue_days=copied + earnest, documents=documents), POLICY)
    assert measure.records == ()
    assert (measure.value, measure.n, measure.sources) == (1.0, 1, ("orders",))
    assert Reason("without_service_date", {"n": 20, "of": 21}) in measure.notes


def test_an_invoice_counts_in_the_month_it_was_issued_in_not_that_of_the_service() -> None:
    measure = LateIssued().detect(_books(issue_days=[_issued(date(2026, 1, 5), date(2026, 5, 20), 4)]), POLICY)
    may = month_number(date(2026, 5, 1))
    assert measure.series == (Point(may, 1.0, *wilson(4, 4), 4), Point(may + 1, None))


def test_the_baseline_is_the_first_year_and_recent_the_last_quarter() -> None:
    months = [date(2024 + m // 12, m % 12 + 1, 10) for m in range(30)]  # January 2024 to June 2026
    rows = [_issued(day, day, 18) for day in months]
    rows += [_issued(day - timedelta(days=30), day, 2 if i < 12 else 18) for i, day in enumerate(months)]
    measure = LateIssued().detect(_books(issue_days=rows), POLICY)
    assert (measure.baseline, measure.baseline_n) == (0.1, 240)
    assert (measure.recent, measure.recent_low) == (0.5, wilson(54, 108)[0])


def test_nothing_issued_lately_gives_no_value_but_keeps_the_past() -> None:
    day = date(2025, 3, 3)
    measure = LateIssued().detect(_books(issue_days=[_issued(day, day, 4)]), POLICY)
    assert measure.reason == Reason("nothing_issued", {"days": 90})
    assert measure.value is None
    assert (measure.series[0].value, measure.baseline) == (0, 0)


def _document(external_id: str, service: date | None, issued: date, **more: Any) -> dict[str, Any]:
    sale = {"connection_id": "erp", "external_id": external_id, "direct": True, "direction": "sale", "kind": "invoice"}
    return {**sale, "service_day": _day(service), "issued_day": day_number(issued), **more}


def test_the_records_are_the_late_invoices_of_the_window_newest_first() -> None:
    late, older = date(2026, 6, 20), date(2026, 5, 20)
    service = date(2026, 4, 1)
    documents = [
        _document("older", service, older),
        _document("newer", service, late),
        _document("in time", late, late),
        _document("undated", None, late),
        _document("ledger", service, late, direct=False),
        _document("credit note", service, late, kind="credit_note"),
        _document("purchase", service, late, direction="purchase"),
        _document("long ago", date(2025, 1, 1), date(2026, 1, 1)),
    ]
    rows = [_issued(service, older), _issued(service, late), _issued(late, late)]
    measure = LateIssued().detect(_books(issue_days=rows, documents=documents), POLICY)
    assert measure.records == (RecordKey("invoices", "newer", "erp"), RecordKey("invoices", "older", "erp"))
    assert measure.records_total == 2


dates = st.dates(date(2024, 1, 1), AS_OF)
work = st.lists(st.tuples(dates, st.integers(0, 40), st.booleans()), max_size=25)


@settings(deadline=None, max_examples=40)
@given(done=work, day=dates)
def test_invoices_issued_later_change_nothing(done: list[tuple[date, int, bool]], day: date) -> None:
    rows = [_issued(d, d + timedelta(days=lag), 2, periodic=p) for d, lag, p in done]
    documents = [_document(str(i), d, d + timedelta(days=lag), periodic=p) for i, (d, lag, p) in enumerate(done)]
    books = _books(issue_days=rows, documents=documents)
    known = _books(
        day,
        issue_days=[r for r in rows if r["issued_day"] <= day_number(day)],
        documents=[r for r in documents if r["issued_day"] <= day_number(day)],
    )
    expected = LateIssued().detect(known, FRENCH)
    assert LateIssued().detect(books.at(day), FRENCH) == expected
    assert LateIssued().detect(replace(books, as_of=day), FRENCH) == expected


# Accruals


def _move(year: int, month: int, account: str, amount: int, **more: Any) -> dict[str, Any]:
    sides = {"debit_minor": max(amount, 0), "credit_minor": max(-amount, 0)}
    place = {"connection_id": "fec", "fiscal_year": year, "month": year * 12 + month - 1}
    return {**place, "account": account, **sides, "n": 1, **more}


def _ledger(years: range, closing: int) -> list[dict[str, Any]]:
    """Twelve sales of 100 a year; `closing` accrued each December and reversed the next January."""
    rows = [_move(y, m, "706000", -100_00) for y in years for m in range(1, 13)]
    rows += [_move(y, 12, "418100", closing) for y in years]
    rows += [_move(y, 1, "418100", closing, opening=True) for y in years[1:]]
    return rows + [_move(y, 1, "418100", -closing) for y in years[1:]]


def test_no_ledger_gives_no_value() -> None:
    for detector in (AccruedSales(), AccruedPurchases()):
        assert detector.detect(_books(), POLICY).reason == Reason("no_ledger")


def test_the_closing_balance_is_counted_in_months_of_sales() -> None:
    rows = _ledger(range(2023, 2026), 60_00)
    measure = AccruedSales().detect(_books(ledger_months=rows), POLICY)
    assert measure.value == pytest.approx(0.6)
    assert (measure.tier, measure.low, measure.limit) == (Tier.PROXY, None, POLICY.accrued_sales_limit)
    assert measure.window == (date(2025, 1, 1), date(2025, 12, 31))
    assert [p.month for p in measure.series] == [year * 12 + 11 for year in (2023, 2024, 2025)]
    assert [p.value for p in measure.series] == pytest.approx([0.6, 0.6, 0.6])
    assert measure.sources == ("fec",)


def test_a_running_fiscal_year_says_nothing_yet() -> None:
    rows = _ledger(range(2026, 2027), 60_00)
    assert AccruedSales().detect(_books(ledger_months=rows), POLICY).reason == Reason("no_closed_year")
    measure = AccruedSales().detect(_books(date(2026, 12, 31), ledger_months=rows), POLICY)
    assert measure.value == pytest.approx(0.6)


def test_a_short_fiscal_year_is_closed_once_the_next_one_begins() -> None:
    rows = [_move(2025, m, "706000", -100_00) for m in (10, 11, 12)] + [_move(2025, 12, "418100", 50_00)]
    assert AccruedSales().detect(_books(ledger_months=rows), POLICY).reason == Reason("no_closed_year")
    rows.append(_move(2026, 1, "418100", 50_00, opening=True))
    assert AccruedSales().detect(_books(ledger_months=rows), POLICY).value == pytest.approx(0.5)


def test_a_firm_that_never_accrues_says_nothing() -> None:
    rows = [r for r in _ledger(range(2024, 2026), 0) if r["account"] == "706000"]
    for detector, what in ((AccruedSales(), "sales"), (AccruedPurchases(), "purchases")):
        measure = detector.detect(_books(ledger_months=rows), POLICY)
        assert measure.reason == Reason(f"no_accrued_{what}_account")


def test_a_firm_that_once_accrued_and_closes_with_nothing_is_at_zero() -> None:
    rows = _ledger(range(2023, 2025), 60_00) + _ledger(range(2025, 2026), 0)
    rows += [_move(2025, 1, "418100", 60_00, opening=True), _move(2025, 1, "418100", -60_00)]
    assert AccruedSales().detect(_books(ledger_months=rows), POLICY).value == 0


def test_a_reversal_without_its_opening_is_no_closing_balance() -> None:
    rows = [*_ledger(range(2025, 2026), 10_00), _move(2025, 1, "418100", -60_00)]
    measure = AccruedSales().detect(_books(ledger_months=rows), POLICY)
    assert (measure.value, measure.reason) == (None, Reason("accrual_unreadable", {"year": 2025}))


def test_purchases_compare_408_with_60_61_and_62() -> None:
    rows = [_move(2025, m, account, 50_00) for m in range(1, 13) for account in ("607000", "613200", "622600")]
    rows += [_move(2025, m, "641100", 999_00) for m in range(1, 13)]  # wages are not purchases
    rows.append(_move(2025, 12, "408100", -300_00))
    measure = AccruedPurchases().detect(_books(ledger_months=rows), POLICY)
    assert measure.value == pytest.approx(2.0)
    assert measure.limit is None


@pytest.mark.parametrize("day", [date(2023, 12, 30), date(2023, 12, 31), date(2024, 2, 10), date(2025, 6, 30)])
def test_ledger_months_after_the_day_change_nothing(day: date) -> None:
    rows = _ledger(range(2023, 2026), 60_00)
    last = month_number(day + timedelta(days=1)) - 1
    expected = AccruedSales().detect(_books(day, ledger_months=[r for r in rows if r["month"] <= last]), POLICY)
    books = _books(ledger_months=rows)
    assert AccruedSales().detect(books.at(day), POLICY) == expected
    assert AccruedSales().detect(replace(books, as_of=day), POLICY) == expected
