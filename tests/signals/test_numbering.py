from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from signals.base import Measure, RecordKey, Tier
from signals.books import Books, frame
from signals.calendar import day_number
from signals.numbering import NumberingGaps, Series, column_choices, number_column, series_of
from signals.policy import Policy

AS_OF = date(2026, 11, 22)


def sale(number: str, issued_on: date = date(2026, 3, 1), **said: Any) -> dict[str, Any]:
    return {
        "connection_id": "erp",
        "external_id": f"id-{number}",
        "direct": True,
        "direction": "sale",
        "kind": "invoice",
        "number": number,
        "issued_day": day_number(issued_on),
    } | said


def monthly(template: str, counts: list[int], start: date = date(2025, 1, 10), days: int = 15) -> list[dict[str, Any]]:
    """Write invoices two a month; `template` may use {c}, {y} and {m}."""
    rows = []
    for i, count in enumerate(counts):
        on = start + timedelta(days=days * i)
        rows.append(sale(template.format(c=count, y=on.year, m=on.month, yy=on.year % 100), on))
    return rows


def found(rows: list[dict[str, Any]]) -> tuple[Series, ...]:
    return series_of(frame("documents", rows))


def missing(rows: list[dict[str, Any]]) -> list[str]:
    return [number for one in found(rows) for number in one.missing]


def entry(number: str, piece_ref: str, kind: str = "sale", journal: str = "VT", **said: Any) -> dict[str, Any]:
    return {
        "connection_id": "fec",
        "external_id": f"2026/{journal}/{number}",
        "fiscal_year": 2026,
        "journal": journal,
        "number": number,
        "piece_ref": piece_ref,
        "kind": kind,
        "entry_day": day_number(date(2026, 1, 5)) + len(number),
    } | said


def detect(rows: list[dict[str, Any]], as_of: date = AS_OF, entries: list[dict[str, Any]] | None = None) -> Measure:
    tables = {"documents": frame("documents", rows), "entries": frame("entries", entries or [])}
    return NumberingGaps().detect(Books("company", AS_OF, tables).at(as_of), Policy())


def test_a_counter_that_runs_across_the_months_is_one_series() -> None:
    rows = monthly("FA{yy:02}{m:02}-{c:04}", [*range(8, 20), 22, 23])
    (one,) = found(rows)
    assert (one.reset, one.n, one.first) == ("never", 14, "FA2501-0008")
    assert one.missing == ("FA2506-0020", "FA2506-0021")


def test_a_series_that_starts_at_nine_has_no_gap() -> None:
    assert missing(monthly("F{c:06}", list(range(9, 30)))) == []


def test_a_counter_that_starts_again_each_year_has_no_gap_at_the_turn() -> None:
    rows = monthly("INV/{y}/{c:05}", [*range(1, 25), *range(1, 10)])
    (one,) = found(rows)
    assert (one.reset, one.missing) == ("period", ())


def test_a_counter_that_starts_again_each_year_misses_what_it_misses() -> None:
    rows = monthly("{y}-{c:04}", [*range(1, 25), *range(1, 10)])
    del rows[28], rows[5]
    assert missing(rows) == ["2025-0006", "2026-0005"]


def test_a_counter_that_starts_again_each_year_though_its_number_says_the_month() -> None:
    counts = [*range(40, 64), *range(1, 24)]
    (one,) = found(monthly("FA{yy:02}{m:02}-{c:04}", counts))
    assert (one.reset, one.missing) == ("year", ())


def test_a_counter_that_starts_again_each_month() -> None:
    rows = monthly("{y}/{m:02}/{c:03}", [c for _ in range(8) for c in (1, 2, 3, 4)], start=date(2025, 1, 1), days=7)
    months: dict[str, int] = {}
    for row in rows:
        period = row["number"][:7]
        months[period] = months.get(period, 0) + 1
        row["number"] = f"{period}/{months[period]:03}"
    (one,) = found(rows)
    assert (one.reset, one.missing) == ("period", ())
    rows.pop(1)
    assert missing(rows) == ["2025/01/002"]


@pytest.mark.parametrize("template", ["{y}{c:04}", "F{yy:02}{c:04}", "{c:04}/{y}", "{c:03}-{yy:02}", "{y}{m:02}{c:03}"])
def test_the_year_is_read_wherever_it_stands(template: str) -> None:
    rows = monthly(template, [*range(1, 25), *range(1, 20)])
    assert missing(rows) == []
    gone = rows.pop(29)["number"]
    assert missing(rows) == [gone]


def test_a_year_without_figures_in_the_number_starts_again_by_falling_back() -> None:
    (one,) = found(monthly("{c}", [*range(1, 25), *range(1, 20)]))
    assert (one.reset, one.missing) == ("restart", ())


def test_one_number_given_late_is_no_new_start() -> None:
    rows = monthly("{c}", [*range(1, 12), *range(13, 30), 12, *range(30, 34)])
    (one,) = found(rows)
    assert (one.reset, one.missing) == ("never", ())


def test_a_fiscal_year_in_the_number_is_read_by_its_going_up() -> None:
    rows = monthly("F24-25/{c:03}", list(range(1, 13))) + monthly("F25-26/{c:03}", list(range(1, 13)), date(2025, 7, 9))
    (one,) = found(rows)
    assert (one.reset, one.missing) == ("period", ())


def test_two_shops_that_count_side_by_side_are_two_series() -> None:
    rows = [row for i in range(1, 9) for row in monthly(f"S1-{i:03}", [i]) + monthly(f"S2-{i + 40:03}", [i])]
    assert sorted((one.label, one.n, one.missing_total) for one in found(rows)) == [("S1-#", 8, 0), ("S2-#", 8, 0)]


def test_credit_notes_count_for_themselves_or_along() -> None:
    own = [sale(f"F{i:03}") for i in range(1, 6)] + [sale(f"F{i:03}", kind="credit_note") for i in (1, 2, 3)]
    assert sorted(one.n for one in found(own)) == [3, 5]
    along = [sale(f"F{i:03}", kind="credit_note" if i == 3 else "invoice") for i in range(1, 6)]
    assert [(one.n, one.missing) for one in found(along)] == [(5, ())]


def test_numbers_that_do_not_count_are_no_series() -> None:
    assert found([sale(number) for number in ("A", "B", "C", "")]) == ()
    assert found([sale(str(number)) for number in (1204, 1377, 1502, 1688)]) == ()
    assert found([sale(str(number)) for number in range(1, 40, 4)]) == ()
    assert found([sale("9" * 20 + str(i)) for i in range(9)]) == ()
    assert found([sale("F1"), sale("F2")]) == ()


def test_a_leap_is_not_counted_as_missing_numbers() -> None:
    (one,) = found([sale(f"F{i}") for i in [*range(1, 6), *range(1001, 1006)]])
    assert (one.missing, one.jumps) == ((), 1)


def test_a_gap_smaller_than_the_series_is_missing_however_long() -> None:
    (one,) = found([sale(f"F{i:04}") for i in range(1, 421) if not 200 <= i < 320])
    assert (one.missing_total, one.jumps) == (120, 0)


def test_numbers_against_the_order_of_dates_are_shown() -> None:
    rows = [sale("F1", date(2026, 1, 1)), sale("F2", date(2026, 1, 9)), sale("F3", date(2026, 1, 5))]
    assert found(rows)[0].disorder == (("F2", "F3"),)


def test_a_number_that_a_purchase_of_the_same_ledger_bears_is_not_missing() -> None:
    rows = [sale(f"{i} [BC-{2000 + i}]", direct=False) for i in (1, 2, 3, 5, 6, 8)] + [sale("9", direct=False)]
    bought = sale("7 [NT/26/0214]", direction="purchase", direct=False)
    assert missing(rows) == ["4", "7"]
    assert missing([*rows, bought]) == ["4"]
    assert missing([*rows, bought | {"direct": True}]) == ["4"]  # the supplier's number stands in brackets: 7 is ours
    assert missing([*rows, bought | {"direct": True, "number": "7"}]) == ["4", "7"]  # the supplier's own


def test_the_list_of_missing_numbers_is_cut_and_the_count_is_not() -> None:
    (one,) = found([sale(f"F{i}") for i in range(1200) if i % 2 == 0 or i < 60 or i > 1170])
    assert (len(one.missing), one.missing_total) == (500, 555)


@settings(max_examples=40, deadline=None)
@given(
    template=st.sampled_from(["F{c:06}", "{y}-{c:04}", "FA{yy:02}{m:02}-{c:04}", "{c}", "INV/{y}/{m:02}/{c}"]),
    first=st.integers(1, 500),
    n=st.integers(5, 60),
    days=st.integers(0, 9),
    gone=st.sets(st.integers(1, 58), max_size=20),
)
def test_a_complete_counter_has_no_gap_and_one_with_k_numbers_gone_misses_k(
    template: str, first: int, n: int, days: int, gone: set[int]
) -> None:
    inside = {i for i in gone if i < n - 1}
    assume(len(inside) <= n / 3)
    rows = monthly(template, list(range(first, first + n)), days=days)
    assert missing(rows) == []
    left = [row for i, row in enumerate(rows) if i not in inside]
    assert sum(one.missing_total for one in found(left)) == len(inside)
    if "{m" not in template:  # where a month's digits stand, a missing number's own month isn't known
        assert set(missing(left)) == {rows[i]["number"] for i in inside}


def test_the_measure_counts_the_last_24_months_and_shows_each_series() -> None:
    recent = [sale(f"FA{i:03}", date(2026, 1, 1) + timedelta(i)) for i in range(1, 9) if i != 4]
    old = [sale(f"OLD{i:03}", date(2023, 1, 1) + timedelta(i)) for i in range(1, 9) if i != 4]
    measure = detect(recent + old)
    assert (measure.value, measure.n, measure.tier, measure.limit) == (1.0, 14, Tier.DIRECT, None)
    assert measure.records == (RecordKey("invoices", "id-FA005", "erp"),)
    shown = {note.params["series"]: note.params["missing"] for note in measure.notes if "missing" in note.params}
    assert shown == {"FA#": 1, "OLD#": 1}


def test_without_numbers_or_without_series_there_is_no_value() -> None:
    for rows, code in (([], "no_numbers"), ([sale("")], "no_numbers"), ([sale("A")], "no_series")):
        measure = detect(rows)
        assert measure.value is None
        assert measure.reason is not None
        assert measure.reason.code == code


def test_later_documents_do_not_matter() -> None:
    rows = [sale(f"F{i}", date(2026, 1, i)) for i in (1, 2, 3, 4)]
    later = sale("F9", date(2026, 5, 1))
    assert detect([*rows, later], date(2026, 2, 1)) == detect(rows, date(2026, 2, 1))
    assert detect([*rows, later]).value == 4


def test_purchases_have_no_series_of_ours() -> None:
    assert found([sale(f"F{i}", direction="purchase") for i in range(9)]) == ()


def odoo() -> list[dict[str, Any]]:
    sales = [entry(f"INV/2026/{i:05}", f"BC-{2000 + i}", journal="INV") for i in range(1, 9)]
    bank = [entry(f"PBNK1/2026/{i:05}", f"INV/2026/{i:05}", "bank", "BNK1") for i in range(1, 9)]
    bills = [
        entry(f"BILL/2026/{i:05}", ref, "purchase", "BILL") for i, ref in enumerate(("PG-1187", "EM-77", "NT/26/2"))
    ]
    return [*sales, *bank, *bills]


def dolibarr() -> list[dict[str, Any]]:
    sales = [entry(str(i), f"FA26{i:02}-{i:04}") for i in range(1, 9)]
    bills = [entry(str(8 + i), f"SI26{i:02}-{i:04}", "purchase", "AC") for i in range(1, 5)]
    bank = [entry(str(12 + i), f"BankId {i} - Facture FA26{i:02}-{i:04}", "bank", "BQ") for i in range(1, 9)]
    return [*sales, *bills, *bank]


def tryton() -> list[dict[str, Any]]:
    rows = [entry("0", "-", "opening", "OUV")]
    for i in range(1, 13):
        journal, kind = ("EXP", "purchase") if i % 4 == 0 else ("REV", "sale")
        rows += [
            entry(str(2 * i), f"{i} [R/{17 * i % 29}]", kind, journal),
            entry(str(2 * i + 1), f"{i} [R]", "bank", "CASH"),
        ]
    return rows


def test_each_dialect_has_its_number_column() -> None:
    assert number_column(frame("entries", odoo())) == {("fec", "INV"): "number", ("fec", "BILL"): "piece_ref"}
    assert number_column(frame("entries", dolibarr())) == {("fec", "VT"): "piece_ref", ("fec", "AC"): None}
    assert number_column(frame("entries", tryton())) == {("fec", "REV"): "piece_ref", ("fec", "EXP"): "piece_ref"}


@pytest.mark.parametrize(
    ("rows", "column", "code"),
    [
        ([entry(str(i), str(i)) for i in (1, 2)], "number", "number_both_equal"),
        ([entry(f"I{i}", "-") for i in range(1, 6)], "number", "number_in_entry_number"),
        (
            [entry(str(i), "-") for i in range(1, 6)] + [entry(str(i), "-", "bank", "BQ") for i in range(1, 6)],
            "number",
            "number_in_entry_number",
        ),
        (
            [entry(str(i), "order", *(("bank", "BQ") if i % 3 == 0 else ())) for i in range(1, 13)],
            None,
            "number_is_entry_counter",
        ),
        (
            [entry(str(3 * i), "order") for i in range(1, 9)]
            + [entry(str(3 * i + 1), "", "bank", "BQ") for i in range(9)],
            None,
            "number_is_entry_counter",
        ),
        (
            [entry(f"VE{i}", f"F-{i}") for i in range(1, 6)] + [entry("BQ1", "F-1", "bank", "BQ")],
            "piece_ref",
            "number_in_piece_ref",
        ),
        ([entry(word, "") for word in ("x", "y", "z")], None, "number_in_neither"),
    ],
)
def test_the_number_column_is_chosen_with_a_reason(rows: list[dict[str, Any]], column: str | None, code: str) -> None:
    (choice,) = column_choices(frame("entries", rows))
    assert (choice.column, choice.reason.code) == (column, code)


def test_a_number_that_restarts_each_fiscal_year_is_unique_inside_it() -> None:
    rows = [
        entry(f"F{i}", "-", fiscal_year=year, entry_day=day_number(date(year, 2, i)))
        for year in (2025, 2026)
        for i in range(1, 20)
    ]
    assert number_column(frame("entries", rows)) == {("fec", "VT"): "number"}


def test_the_choice_of_columns_is_noted() -> None:
    notes = detect([sale(f"F{i}") for i in range(5)], entries=odoo()).notes
    assert [note.params["journal"] for note in notes if note.code == "number_in_entry_number"] == ["INV"]
