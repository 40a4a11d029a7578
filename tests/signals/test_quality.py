from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Measure, Reason, RecordKey, Tier, Unit
from signals.books import Books, frame
from signals.calendar import day_number, month_number
from signals.intervals import wilson
from signals.policy import Policy
from signals.quality import CreditNoteRate, ErrorRate

AS_OF = date(2026, 6, 30)
END = AS_OF - timedelta(days=60)  # 1 May 2026
POLICY = Policy()


def _books(as_of: date = AS_OF, **tables: list[dict[str, Any]]) -> Books:
    return Books("c", as_of, {name: frame(name, rows) for name, rows in tables.items()})


def _row(issued: date, shown_after: int | None, n: int = 1) -> dict[str, Any]:
    corrected = None if shown_after is None else day_number(issued) + shown_after
    return {"connection_id": "erp", "issued_day": day_number(issued), "corrected_day": corrected, "n": n}


def _errors(*rows: dict[str, Any], as_of: date = AS_OF, documents: list[dict[str, Any]] | None = None) -> Measure:
    return ErrorRate().detect(_books(as_of, corrections=list(rows), documents=documents or []), POLICY)


def test_books_without_corrections_give_no_value() -> None:
    measure = ErrorRate().detect(_books(), POLICY)
    assert (measure.value, measure.tier, measure.reason) == (None, Tier.NONE, Reason("no_correction_source"))


def test_an_error_is_one_that_showed_within_sixty_days() -> None:
    day = date(2026, 4, 10)
    measure = _errors(_row(day, None, 6), _row(day, 60, 2), _row(day, 61, 2))
    assert (measure.value, measure.n) == (0.2, 10)
    assert (measure.low, measure.high) == wilson(2, 10)
    assert (measure.tier, measure.sources, measure.limit) == (Tier.DIRECT, ("erp",), POLICY.error_limit)
    assert (measure.recent, measure.recent_low) == (measure.value, measure.low)


def test_a_source_on_which_no_error_ever_showed_gives_no_value() -> None:
    measure = _errors(_row(date(2026, 4, 10), None, 50))
    assert (measure.value, measure.reason) == (None, Reason("no_correction_seen", {"n": 50}))
    later = _errors(_row(date(2026, 4, 10), 10, 50), as_of=date(2026, 4, 19))
    assert later.reason == Reason("no_correction_seen", {"n": 50})
    silent = {**_row(date(2026, 4, 10), None, 50), "connection_id": "till"}
    measure = _errors(silent, _row(date(2026, 4, 10), 1), _row(date(2026, 4, 10), None))
    assert (measure.value, measure.n, measure.sources) == (0.5, 2, ("erp",))


def test_only_invoices_sixty_days_old_are_judged() -> None:
    measure = _errors(_row(END, None), _row(END + timedelta(days=1), 1, 100))
    assert (measure.value, measure.n) == (0, 1)


def test_the_window_ends_sixty_days_ago() -> None:
    first = END - timedelta(days=89)
    measure = _errors(_row(first - timedelta(days=1), 1, 100), _row(first, 1), _row(END, None))
    assert measure.window == (first, END)
    assert (measure.value, measure.n) == (0.5, 2)


@pytest.mark.parametrize(("as_of", "month"), [(date(2026, 6, 28), 3), (date(2026, 6, 29), 4)])
def test_the_series_ends_with_the_newest_month_old_enough_to_judge(as_of: date, month: int) -> None:
    rows = [_row(date(2026, m, 5), 3) for m in range(1, 7)]
    measure = _errors(*rows, as_of=as_of)
    assert [p.month for p in measure.series] == [month_number(date(2026, m, 1)) for m in range(1, month + 1)]


def test_an_invoice_counts_in_the_month_it_was_issued_in() -> None:
    point = _errors(_row(date(2026, 1, 31), 20, 4)).series[0]
    assert (point.month, point.value, point.n) == (month_number(date(2026, 1, 1)), 1, 4)


def test_the_baseline_is_the_first_year() -> None:
    months = [date(2024 + m // 12, m % 12 + 1, 10) for m in range(28)]  # January 2024 to April 2026
    rows = [_row(day, None, 10 if i >= 12 else 40) for i, day in enumerate(months)]
    measure = _errors(*rows, *(_row(day, 3, 10) for day in months))
    assert (measure.baseline, measure.baseline_n) == (0.2, 600)
    assert measure.recent == 0.5


def test_invoices_all_too_young_give_no_value() -> None:
    measure = _errors(_row(AS_OF, 0))
    assert measure.reason == Reason("nothing_old_enough", {"age": 60, "days": 90})
    assert (measure.value, measure.series) == (None, ())


def _document(external_id: str, issued: date, shown_after: int | None, **more: Any) -> dict[str, Any]:
    sale = {"external_id": external_id, "direct": True, "direction": "sale", "kind": "invoice"}
    days = {key: value for key, value in _row(issued, shown_after).items() if key != "n"}
    return {**sale, **days, **more}


def test_the_records_are_the_wrong_invoices_of_the_window_newest_first() -> None:
    documents = [
        _document("older", date(2026, 3, 1), 3),
        _document("newer", date(2026, 4, 1), 60),
        _document("right", date(2026, 4, 1), None),
        _document("much later", date(2026, 4, 1), 61),
        _document("too young", date(2026, 6, 1), 3),
        _document("purchase", date(2026, 4, 1), 3, direction="purchase"),
        _document("other source", date(2026, 4, 1), 3, connection_id="till"),
    ]
    measure = _errors(_row(date(2026, 4, 1), 60), documents=documents)
    assert measure.records == (RecordKey("invoices", "newer", "erp"), RecordKey("invoices", "older", "erp"))
    assert measure.records_total == 2


def test_a_cancelled_invoice_and_one_credited_for_error_are_among_the_records() -> None:
    day, note = date(2026, 4, 1), {"kind": "credit_note", "credit_reason": "error"}
    documents = [
        _document("cancelled", day, None, cancelled_day=day_number(day) + 5),
        _document("credited", day, None),
        _document("credited late", day, None),
        _document("rebated", day, None),
        _document("n1", day + timedelta(days=9), None, corrects="credited", **note),
        _document("n2", day + timedelta(days=61), None, corrects="credited late", **note),
        _document("n3", day, None, corrects="rebated", kind="credit_note", credit_reason="commercial"),
    ]
    measure = _errors(_row(day, 5, 2), documents=documents)
    assert [key.external_id for key in measure.records] == ["cancelled", "credited"]


invoices = st.lists(
    st.tuples(st.dates(date(2024, 6, 1), AS_OF), st.none() | st.integers(0, 120), st.integers(1, 9)), max_size=25
)


def _history(invoices: list[tuple[date, int | None, int]], day: date) -> Books:
    known = [(d, a, n) for d, a, n in invoices if d <= day]
    seen = [(d, a if a is None or d + timedelta(days=a) <= day else None, n) for d, a, n in known]
    documents = [_document(str(i), d, a) for i, (d, a, _) in enumerate(seen)]
    return _books(day, corrections=[_row(*each) for each in seen], documents=documents)


@settings(deadline=None, max_examples=50)
@given(invoices=invoices, day=st.dates(date(2024, 6, 1), AS_OF))
def test_invoices_and_corrections_of_later_days_change_nothing(
    invoices: list[tuple[date, int | None, int]], day: date
) -> None:
    invoices.sort(key=lambda each: each[0])
    books = _history(invoices, date(2027, 6, 30))
    expected = ErrorRate().detect(_history(invoices, day), POLICY)
    assert ErrorRate().detect(books.at(day), POLICY) == expected
    assert ErrorRate().detect(replace(books, as_of=day), POLICY) == expected


# Credit notes


def _count(day: date, kind: str, n: int, **more: Any) -> dict[str, Any]:
    sale = {"connection_id": "erp", "direct": True, "direction": "sale"}
    return {**sale, "month": month_number(day), "kind": kind, "n": n, **more}


def _credits(*rows: dict[str, Any], documents: list[dict[str, Any]] | None = None) -> Measure:
    return CreditNoteRate().detect(_books(volume=list(rows), documents=documents or []), POLICY)


JUNE = date(2026, 6, 1)


def test_books_without_documents_give_no_value() -> None:
    assert _credits().reason == Reason("no_sale_documents")
    assert _credits(_count(JUNE, "invoice", 5, direction="purchase")).reason == Reason("no_sale_documents")


def test_the_rate_compares_credit_notes_with_invoices_of_the_last_three_months() -> None:
    rows = [_count(date(2026, m, 1), "invoice", 30) for m in range(1, 7)]
    rows += [_count(date(2026, 3, 1), "credit_note", 30), _count(date(2026, 5, 1), "credit_note", 9)]
    measure = _credits(*rows, _count(JUNE, "deposit", 50), _count(JUNE, "credit_note", 7, direction="purchase"))
    assert (measure.value, measure.n, measure.unit) == (0.1, 90, Unit.RATIO)
    assert measure.window == (date(2026, 4, 1), AS_OF)
    assert [p.value for p in measure.series] == [0, 0, 1, 0, 0.3, 0]
    assert measure.baseline == pytest.approx(39 / 180)
    assert measure.baseline_n == 180


def test_it_carries_no_limit() -> None:
    assert _credits(_count(JUNE, "invoice", 5)).limit is None


def test_more_credit_notes_than_invoices_is_a_ratio_above_one_within_its_bounds() -> None:
    measure = _credits(_count(JUNE, "invoice", 2), _count(JUNE, "credit_note", 4))
    assert measure.value == 2
    assert (measure.low or 0) < 2 < (measure.high or 0)


def test_counts_read_off_a_ledger_are_a_proxy() -> None:
    ledger = _count(JUNE, "invoice", 5, direct=False)
    assert _credits(ledger).tier is Tier.PROXY
    assert _credits(ledger, _count(JUNE, "invoice", 5)).tier is Tier.DIRECT
    assert _credits(ledger, _count(date(2025, 1, 1), "invoice", 5)).tier is Tier.PROXY


def test_credit_notes_of_unknown_reason_are_said_to_be_so() -> None:
    rows = [_count(JUNE, "invoice", 5), _count(JUNE, "credit_note", 1)]
    silent = _document("1", JUNE, None, kind="credit_note")
    assert _credits(*rows, documents=[silent]).notes == (Reason("credit_reason_unknown"),)
    assert _credits(*rows, documents=[{**silent, "credit_reason": "error"}]).notes == ()
    assert _credits(rows[0]).notes == ()


def test_no_recent_invoice_gives_no_value() -> None:
    measure = _credits(_count(date(2025, 6, 1), "invoice", 5), _count(JUNE, "credit_note", 1))
    assert (measure.value, measure.reason) == (None, Reason("no_recent_invoices", {"months": 3}))
    assert measure.baseline == 0


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2026, 1, 30), date(2026, 1, 31), date(2026, 5, 15)])
def test_months_after_the_day_change_nothing(day: date) -> None:
    rows = [
        _count(date(2025 + m // 12, m % 12 + 1, 1), k, m + 5) for m in range(18) for k in ("invoice", "credit_note")
    ]
    books = _books(volume=rows)
    last = month_number(day + timedelta(days=1)) - 1
    expected = CreditNoteRate().detect(_books(day, volume=[r for r in rows if r["month"] <= last]), POLICY)
    assert CreditNoteRate().detect(books.at(day), POLICY) == expected
    assert CreditNoteRate().detect(replace(books, as_of=day), POLICY) == expected
