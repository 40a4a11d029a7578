from datetime import date
from typing import Any

import pytest

from signals.base import Detector, Measure, Reason, Tier, Unit
from signals.books import Books, frame
from signals.calendar import day_number, month_number
from signals.policy import Policy
from signals.receivables import (
    AtRisk,
    BestPossibleDso,
    CollectionEffectiveness,
    DaysDelinquent,
    OverdueRatio,
    collection_effectiveness,
)

AS_OF = date(2026, 6, 30)
TODAY = day_number(AS_OF)
POLICY = Policy()
YEAR = 365

Row = dict[str, Any]


def _sold(number: str, issued: int, due: int, paid: int | None = None, total: float = 100, **more: Any) -> Row:
    """An invoice; its days count from `AS_OF`, so that -30 is thirty days ago."""
    return {
        "connection_id": "erp",
        "external_id": number,
        "direct": True,
        "direction": "sale",
        "kind": "invoice",
        "issued_day": TODAY + issued,
        "due_day": TODAY + due,
        "paid_day": None if paid is None else TODAY + paid,
        "total_minor": round(total * 100),
        **more,
    }


def _credit(number: str, corrects: str, issued: int, total: float) -> Row:
    return {**_sold(number, issued, issued, None, total), "kind": "credit_note", "corrects": corrects}


def _books(rows: list[Row], as_of: date = AS_OF, **tables: list[Row]) -> Books:
    named = {name: frame(name, found) for name, found in tables.items()}
    return Books("c", as_of, {"documents": frame("documents", rows), **named})


def _detect(detector: Detector, rows: list[Row], **tables: list[Row]) -> Measure:
    return detector.detect(_books(rows, AS_OF, **tables), POLICY)


# A year's sales of 3,650, ten a day: 500 owed and not yet due, 300 past due; 700 owed when the year began.
YEARS_SALES = [
    _sold("old", -500, -370, -350, 700),
    _sold("paid", -300, -270, -260, 1850),
    _sold("paid on time", -200, -170, -175, 1000),
    _sold("late", -60, -30, None, 300),
    _sold("current", -10, 20, None, 500),
]


def test_delinquent_days_are_dso_less_its_best_by_the_same_method() -> None:
    best, late = _detect(BestPossibleDso(), YEARS_SALES), _detect(DaysDelinquent(), YEARS_SALES)
    assert best.value == pytest.approx(500 / 3650 * YEAR)
    assert late.value == pytest.approx(300 / 3650 * YEAR)
    said = {note.code: note.params for note in late.notes}["dso_and_best"]
    assert said == pytest.approx({"dso": 80.0, "best": 50.0})
    assert (late.unit, late.tier, late.n, late.signal, late.sources) == (Unit.DAYS, Tier.DIRECT, 4, None, ("erp",))
    assert late.window == (date(2025, 7, 1), AS_OF)
    assert Reason("customers_not_us") in late.notes


def test_effectiveness_is_what_was_collected_of_what_could_be() -> None:
    measure = _detect(CollectionEffectiveness(), YEARS_SALES)
    # 700 owed at first and 3,650 sold; 800 owed at last, of which 500 not yet due.
    assert measure.value == pytest.approx((700 + 3650 - 800) / (700 + 3650 - 500))
    assert Reason("cei_variant") in measure.notes


def test_nothing_collectable_gives_no_effectiveness() -> None:
    assert collection_effectiveness(0, 100, 100, 100) is None


def test_an_invoice_is_owed_until_the_day_it_is_paid_and_overdue_from_the_day_after_it_is_due() -> None:
    def ratio(due: int, paid: int | None) -> float | None:
        return _detect(OverdueRatio(), [*YEARS_SALES, _sold("x", -40, due, paid, 200)]).value

    assert ratio(-1, None) == pytest.approx(500 / 1000)
    assert ratio(0, None) == pytest.approx(300 / 1000)  # due today is not late yet
    assert ratio(-1, 0) == pytest.approx(300 / 800)  # paid today
    assert ratio(-1, 1) == pytest.approx(500 / 1000)  # paid tomorrow, which we can't know


def test_the_overdue_ratio_keeps_the_disputed_apart() -> None:
    rows = [*YEARS_SALES, _sold("disputed", -50, -20, None, 1000)]
    mark = {"connection_id": "erp", "external_id": "disputed", "due_day": TODAY - 20, "excluded": True}
    other = {**mark, "connection_id": "other", "external_id": "late"}
    measure = _detect(OverdueRatio(), rows, overdue=[mark, mark, other])
    assert measure.value == pytest.approx(300 / 800)
    assert Reason("disputed_apart", {"n": 1, "amount": 1000.0}) in measure.notes
    assert [key.external_id for key in measure.records] == ["late"]
    assert (measure.n, measure.records_total) == (2, 1)


def test_the_overdue_ratio_of_a_past_month_is_that_of_its_last_day() -> None:
    series = {p.month: p.value for p in _detect(OverdueRatio(), YEARS_SALES).series}
    june = month_number(AS_OF)
    assert series[june] == pytest.approx(300 / 800)
    assert series[june - 1] == 0  # 31 May: "late" was due that day
    assert series[june - 2] is None  # nothing was owed


def test_a_credit_note_counts_from_its_day_on_the_invoice_it_names() -> None:
    rows = [*YEARS_SALES, _credit("n1", "late", -5, 120), _credit("n2", "nobody", -5, 999)]
    measure = _detect(OverdueRatio(), rows)
    assert measure.value == pytest.approx(180 / 680)
    assert Reason("credit_notes_apart", {"n": 1}) in measure.notes
    assert _detect(OverdueRatio(), [*YEARS_SALES, _credit("n1", "late", 5, 120)]).value == pytest.approx(300 / 800)


def test_credit_notes_take_off_no_more_than_the_invoice() -> None:
    rows = [*YEARS_SALES, _credit("n1", "late", -5, 200), _credit("n2", "late", -4, 200)]
    assert _detect(OverdueRatio(), rows).value == 0
    assert _detect(BestPossibleDso(), rows).value == pytest.approx(500 / 3350 * YEAR)


def test_a_cancelled_invoice_was_never_owed() -> None:
    rows = [*YEARS_SALES, _sold("x", -40, -20, None, 9999, cancelled_day=TODAY - 3)]
    assert _detect(OverdueRatio(), rows).value == pytest.approx(300 / 800)
    assert _detect(DaysDelinquent(), rows).value == pytest.approx(30)


def test_invoices_without_a_due_day_are_left_out_and_counted() -> None:
    rows = [*YEARS_SALES, {**_sold("x", -40, 0, None, 9999), "due_day": None}]
    measure = _detect(OverdueRatio(), rows)
    assert measure.value == pytest.approx(300 / 800)
    assert Reason("without_due_date", {"n": 1, "of": 6}) in measure.notes


def test_at_risk_is_unpaid_ninety_days_past_due_by_month_of_issue() -> None:
    january = day_number(date(2026, 1, 15)) - TODAY
    rows = [
        _sold("in time", january, january + 30, january + 20, 600),
        _sold("on the mark", january, january + 30, january + 120, 100),
        _sold("a day late", january, january + 30, january + 121, 200),
        _sold("never", january, january + 30, None, 100),
    ]
    measure = _detect(AtRisk(), rows)
    assert measure.value == pytest.approx(300 / 1000)
    assert Reason("at_risk_by_count", {"count": 2, "n": 4}) in measure.notes
    assert measure.window == (date(2026, 1, 1), date(2026, 1, 31))
    assert {key.external_id for key in measure.records} == {"a day late", "never"}


def test_a_month_is_looked_at_once_ninety_days_have_passed_for_its_every_invoice() -> None:
    old = [_sold(str(i), -200, -170, -150 - i % 3) for i in range(6)]
    edge = _sold("edge", -120, -90, None, 100)
    assert {p.month for p in _detect(AtRisk(), [*old, edge]).series} == {
        month_number(date(2025, 12, 1)),
        month_number(date(2026, 3, 1)),
    }
    young = _sold("young", -120, -89, None, 100)
    assert len(_detect(AtRisk(), [*old, edge, young]).series) == 1
    assert _detect(AtRisk(), [young, _sold("p", -100, -70, -65)]).reason == Reason("no_month_old_enough", {"days": 90})


def test_a_credit_note_after_the_mark_does_not_make_an_unpaid_invoice_paid() -> None:
    rows = [_sold("paid", -300, -270, -265, 100), _sold("unpaid", -300, -270, None, 100)]
    assert _detect(AtRisk(), [*rows, _credit("n", "unpaid", -100, 100)]).value == pytest.approx(0.5)
    assert _detect(AtRisk(), [*rows, _credit("n", "unpaid", -200, 100)]).value == 0


def test_a_source_that_gives_no_paid_days_does_not_make_everyone_a_debtor() -> None:
    unread = [_sold(str(i), -100 - i, -70 - i) for i in range(8)]
    for detector in (OverdueRatio(), BestPossibleDso(), DaysDelinquent(), CollectionEffectiveness(), AtRisk()):
        reason = detector.detect(_books(unread), POLICY).reason
        assert reason == Reason("field_empty", {"field": "paid_on", "n": 8})


def test_days_filled_by_form_are_not_measured_on() -> None:
    due_is_issue = [_sold(str(i), -100 - i, -100 - i, -50 - i) for i in range(8)]
    assert _detect(OverdueRatio(), due_is_issue).reason == Reason(
        "field_equals", {"field": "due_on", "other": "issued_on", "n": 8}
    )
    paid_is_due = [_sold(str(i), -100 - i, -70 - i, -70 - i) for i in range(8)]
    assert _detect(OverdueRatio(), paid_is_due).reason == Reason(
        "field_equals", {"field": "paid_on", "other": "due_on", "n": 8}
    )


def test_a_source_that_tells_is_heard_beside_one_that_does_not() -> None:
    silent = [{**_sold(f"s{i}", -100 - i, -70 - i), "connection_id": "silent"} for i in range(8)]
    measure = _detect(OverdueRatio(), [*silent, *YEARS_SALES])
    assert measure.value == pytest.approx(300 / 800)
    assert measure.sources == ("erp",)


def test_too_short_a_history_gives_no_days() -> None:
    rows = [_sold("a", -60, -30, -20), _sold("b", -50, -20)]
    assert _detect(BestPossibleDso(), rows).reason == Reason("few_days", {"n": 61, "needed": 90})
    longer = [_sold("z", -120, -100, -90), *rows]
    assert _detect(BestPossibleDso(), longer).window == (date(2026, 3, 2), AS_OF)
    assert _detect(CollectionEffectiveness(), longer).reason == Reason("few_days", {"n": 31, "needed": 90})


def test_nothing_owed_has_no_overdue_part() -> None:
    rows = [_sold("a", -60, -30, -20), _sold("b", -50, -20, -25)]
    assert _detect(OverdueRatio(), rows).reason == Reason("nothing_owed")


def test_purchases_credit_notes_and_ledger_readings_are_not_our_sales() -> None:
    others = [
        _sold("p", -40, -10, None, 5000, direction="purchase"),
        _sold("l", -40, -10, None, 5000, direct=False),
        _sold("c", -40, -10, None, 5000, kind="credit_note"),
    ]
    assert _detect(OverdueRatio(), [*YEARS_SALES, *others]).value == pytest.approx(300 / 800)
