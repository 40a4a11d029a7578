from datetime import date
from typing import Any

import pytest

from signals.base import Measure, Reason, RecordKey
from signals.books import Books, frame
from signals.calendar import day_number
from signals.confirmed_duplicates import ConfirmedDuplicates
from signals.duplicates import suspects
from signals.policy import Policy

AS_OF = date(2026, 11, 22)
TODAY = day_number(AS_OF)
Row = dict[str, Any]


def document(external_id: str, number: str, days_ago: int, **said: Any) -> Row:
    row = {"connection_id": "crm", "external_id": external_id, "direct": True, "direction": "purchase"}
    row |= {"kind": "invoice", "number": number, "party": "paper", "total_minor": 12000.0}
    return row | {"issued_day": float(TODAY - days_ago)} | said


def found(*documents: Row) -> list[tuple[str, str, str]]:
    pairs = suspects(frame("documents", list(documents)))[["rule", "first", "second"]]
    return sorted(tuple(row) for row in pairs.to_numpy().tolist())


def counter(*numbers: int, prefix: str = "F", every: int = 17, **said: Any) -> list[Row]:
    """Give invoices of odd amounts under these numbers, at regular distance, the last one today."""
    return [
        document(f"{prefix}{i}", f"{prefix}{n:04d}", every * (len(numbers) - 1 - i), total_minor=100.0 * i + 7, **said)
        for i, n in enumerate(numbers)
    ]


def test_re_orders_on_a_suppliers_counter_are_no_slips() -> None:
    rows = counter(101, 104, 105, 106, 109, 110)
    alike = [row | {"total_minor": 5000.0} for row in rows]
    assert found(*alike) == []


@pytest.mark.parametrize("slip", ["F0105", "F1104", "F0144", "F104A"])
def test_a_number_out_of_its_place_is_a_slip(slip: str) -> None:
    rows = counter(101, 104, 131, 160, 190, 201)
    again = document("again", slip, 20, total_minor=rows[1]["total_minor"])
    assert found(*rows, again) == [("R3", "F1", "again")]


def test_a_slip_between_neighbours_without_any_other_number_is_judged_by_its_order() -> None:
    assert found(document("a", "F1187", 90), document("b", "F1181", 40)) == [("R3", "a", "b")]
    assert found(document("a", "F1181", 90), document("b", "F1187", 40)) == []


def test_a_counter_that_starts_again_within_the_year_repeats_nothing() -> None:
    rows = counter(1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5)
    assert found(*rows) == []


def test_a_number_typed_again_with_a_cent_more_is_not_taken_for_a_counter_that_started_again() -> None:
    rows = counter(1, 2, 3, 4, 5, 6, 7)
    again = document("again", "F0003", 20, total_minor=rows[2]["total_minor"] + 1)
    assert found(*rows, again) == [("R1", "F2", "again")]
    last = document("again", "F0003", 0, total_minor=rows[2]["total_minor"] + 1)
    assert found(*rows[:-1], last) == [("R1", "F2", "again")]


def test_two_numbers_typed_again_in_a_row_start_no_counter_again() -> None:
    rows = counter(1, 30, 31, 58, 60, 30, 31, 62)
    assert found(*rows) == [("R1", "F1", "F5")]  # 31 has its place after the 30 before it; with its amount it shows
    rows[6] |= {"total_minor": rows[2]["total_minor"]}
    assert found(*rows) == [("R1", "F1", "F5"), ("R1", "F2", "F6")]


def test_two_small_suppliers_with_the_same_first_number_and_round_price_share_them_by_chance() -> None:
    firsts = [
        document(f"{s}-{i}", f"2026-{i:03d}", 300 - 9 * i, party=f"s{s}", total_minor=10_000.0 * (1 + (s * 7 + i) % 9))
        for s in range(12)
        for i in range(1, 8)
    ]
    assert [rule for rule, *_ in found(*firsts) if rule == "R4"] == []
    odd = [row | {"number": f"P{row['party']}-{row['external_id']}X"} for row in firsts]
    twice = [document("a", "PG-1187", 50, party="x"), document("b", "PG-1187", 20, party="y")]
    assert found(*odd, *twice) == [("R4", "a", "b")]


def confirmed(*documents: Row, as_of: date = AS_OF, **refusals: str) -> Measure:
    table = frame("documents", list(documents))
    if refusals:
        table["refusal"] = table["external_id"].map(refusals).fillna("")
        table["refused_day"] = table["external_id"].map(dict.fromkeys(refusals, TODAY - 1.0))
    return ConfirmedDuplicates().detect(Books("c", AS_OF, {"documents": table}).at(as_of), Policy())


CREDIT = {"kind": "credit_note"}


def test_a_twin_credited_or_cancelled_while_both_stood_is_confirmed() -> None:
    twins = [document("a", "F-1", 60), document("b", "f1", 50), document("c", "X", 40, party="other", total_minor=5.0)]
    note = document("n", "AV", 30, **CREDIT)
    for rows in ([*twins, note], [twins[0], twins[1] | {"cancelled_day": TODAY - 30.0}, twins[2]]):
        measure = confirmed(*rows)
        assert measure.value == pytest.approx(1 / 3)
        assert measure.records == (RecordKey("invoices", "b", "crm"),)
        assert measure.notes == (Reason("duplicates_taken_back", {"n": 1}),)
    assert confirmed(*twins, note | {"corrects": "a"}).records == (RecordKey("invoices", "a", "crm"),)


def test_an_invoice_taken_back_before_its_successor_was_corrected_and_not_doubled() -> None:
    rows = [document("a", "F-1", 60, cancelled_day=TODAY - 55.0), document("b", "F-2", 55)]
    assert confirmed(*rows).value == 0
    assert confirmed(rows[0] | {"cancelled_day": TODAY - 54.0}, rows[1]).value == 0.5


def test_a_twin_that_stands_is_suspected_and_not_confirmed() -> None:
    rows = [document("a", "F-1", 60), document("b", "F-1", 50)]
    assert confirmed(*rows).reason == Reason("nothing_taken_back")
    alone = document("c", "Z-99", 90, party="other", cancelled_day=TODAY - 80.0)
    assert confirmed(*rows, alone).value == 0


def test_what_the_other_side_refused_as_a_duplicate_is_one() -> None:
    rows = [document("a", "F-1", 60), document("b", "F-9", 20, total_minor=1.0)]
    measure = confirmed(*rows, b="duplicate")
    assert (measure.value, measure.notes) == (0.5, (Reason("duplicates_refused", {"n": 1}),))
    assert confirmed(*rows, b="entry_error").reason == Reason("nothing_taken_back")
    assert confirmed(*rows, as_of=date(2026, 11, 20), b="duplicate").reason == Reason("nothing_taken_back")


def test_of_two_twins_taken_back_one_was_the_duplicate() -> None:
    rows = [document("a", "F-1", 60, cancelled_day=TODAY - 30.0), document("b", "F-1", 50, cancelled_day=TODAY - 20.0)]
    assert confirmed(*rows).records == (RecordKey("invoices", "b", "crm"),)


def test_a_twin_both_cancelled_and_refused_counts_once() -> None:
    rows = [document("a", "F-1", 60), document("b", "F-1", 50, cancelled_day=TODAY - 1.0)]
    assert confirmed(*rows, b="duplicate").value == 0.5


def test_what_is_taken_back_later_is_not_known_yet_and_no_documents_are_no_value() -> None:
    rows = [document("a", "F-1", 60), document("b", "F-1", 50, cancelled_day=TODAY - 10.0)]
    assert confirmed(*rows).value == 0.5
    assert confirmed(*rows, as_of=date(2026, 11, 1)).reason == Reason("nothing_taken_back")
    assert confirmed().reason == Reason("no_documents", {"months": 12})
