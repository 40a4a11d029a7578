from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Measure, RecordKey
from signals.books import Books, frame
from signals.calendar import day_number
from signals.duplicates import Duplicates, suspects
from signals.policy import Policy

AS_OF = date(2026, 11, 22)
TODAY = day_number(AS_OF)


def document(external_id: str, **said: Any) -> dict[str, Any]:
    return {
        "connection_id": "crm",
        "external_id": external_id,
        "direct": True,
        "direction": "purchase",
        "kind": "invoice",
        "number": f"N-{external_id}",
        "party": "paper",
        "issued_day": TODAY - 100.0,
        "total_minor": 12000.0,
    } | said


def pair(first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    return [document("a", **first), document("b", **second)]


def rules(documents: list[dict[str, Any]]) -> list[str]:
    return [str(rule) for rule in suspects(frame("documents", documents))["rule"]]


def detect(documents: list[dict[str, Any]], as_of: date = AS_OF) -> Measure:
    books = Books("company", AS_OF, {"documents": frame("documents", documents)})
    return Duplicates().detect(books.at(as_of), Policy())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FA-0012", "fa 12"),
        ("FA/2026/0012", "FA2026/12"),
        ("FA20260012", "FA 2026 0012"),
        ("INV/2026/00001", "INV/2026/1"),
    ],
)
def test_r1_sees_one_number_through_its_spelling(one: str, other: str) -> None:
    assert rules(pair({"number": one, "total_minor": 1}, {"number": other, "issued_day": TODAY})) == ["R1"]


def test_r1_does_not_take_one_number_for_another() -> None:
    far = {"issued_day": TODAY - 0.0, "total_minor": 99.0}
    assert rules(pair({"number": "2026-1-12"}, {"number": "2026-11-2"} | far)) == ["R1"]  # alike once run together
    assert rules(pair({"number": "2026-1-12"}, {"number": "2026-1-13"} | far)) == []


def test_a_number_that_comes_back_in_another_year_with_another_amount_restarted() -> None:
    later = {"number": "12", "issued_day": TODAY - 0.0}
    early = {"number": "12", "issued_day": TODAY - 365.0}
    assert rules(pair(early, later | {"total_minor": 500.0})) == []
    assert rules(pair(early, later)) == ["R1"]


def test_r2_wants_the_same_amount_within_five_days() -> None:
    assert rules(pair({"number": "A"}, {"number": "ZZZ", "issued_day": TODAY - 95.0})) == ["R2"]
    assert rules(pair({"number": "A"}, {"number": "ZZZ", "issued_day": TODAY - 94.0})) == []
    assert rules(pair({"number": "A"}, {"number": "ZZZ", "total_minor": 12001.0})) == []


def test_r2_reads_documents_without_a_number() -> None:
    assert rules(pair({"number": ""}, {"number": ""})) == ["R2"]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("PG-1187", "PG-1187A", True),
        ("PG-1187", "PG-1181", True),
        ("PO-1I80", "P0-1180", True),
        ("PG-1187", "PG-1198", False),
        ("", "7", False),
    ],
)
def test_r3_sees_a_number_mistyped_on_a_purchase(one: str, other: str, found: bool) -> None:
    apart = {"number": other, "issued_day": TODAY - 40.0}
    assert rules(pair({"number": one}, apart)) == (["R3"] if found else [])


def test_r3_takes_two_turns_of_our_own_counter_for_what_they_are() -> None:
    sale, later = {"direction": "sale"}, {"direction": "sale", "issued_day": TODAY - 40.0}
    assert rules(pair(sale | {"number": "FA12"}, later | {"number": "FA13"})) == []
    assert rules(pair(sale | {"number": "FA12"}, later | {"number": "FA12A"})) == ["R3"]


def test_r4_sees_one_number_and_amount_under_two_contacts() -> None:
    apart = {"number": "PG-1187", "party": "paper ltd", "issued_day": TODAY - 40.0}
    assert rules(pair({"number": "PG-1187"}, apart)) == ["R4"]
    assert rules(pair({"number": "PG-1187"}, apart | {"total_minor": 5.0})) == []
    assert rules(pair({"number": "PG-1187"}, apart | {"party": ""})) == []
    assert rules(pair({"number": "12"}, apart | {"number": "12"})) == []


@pytest.mark.parametrize(
    "other", [{"connection_id": "ledger"}, {"direction": "sale"}, {"kind": "credit_note"}, {"cancelled_day": TODAY}]
)
def test_documents_are_compared_only_with_their_like(other: dict[str, Any]) -> None:
    assert rules(pair({"number": "PG-1"}, {"number": "PG-1"})) == ["R1"]
    assert rules(pair({"number": "PG-1"}, {"number": "PG-1"} | other)) == []


def test_a_pair_shows_once_with_its_strongest_rule_in_order_of_issue() -> None:
    found = suspects(frame("documents", pair({"number": "PG-1"}, {"number": "pg1", "issued_day": TODAY - 101.0})))
    assert found.to_dict("records") == [
        {
            "rule": "R1",
            "connection_id": "crm",
            "direction": "purchase",
            "first": "b",
            "second": "a",
            "party": "paper",
            "total_minor": 12000.0,
            "issued_day": TODAY - 100.0,
        }
    ]


def test_a_credit_note_takes_one_document_back() -> None:
    twice = pair({"number": "PG-1"}, {"number": "PG-1"})
    credit = document("c", kind="credit_note", number="AV-1", issued_day=TODAY - 90.0)
    assert rules([*twice, credit]) == []
    assert rules([*twice, document("d", number="PG-1"), credit]) == ["R1"]
    assert rules([*twice, credit | {"total_minor": 6000.0}]) == ["R1"]
    assert rules([*twice, credit | {"issued_day": TODAY - 110.0}]) == ["R1"]


def test_a_credit_note_takes_back_the_document_it_names() -> None:
    documents = [
        document("a", number="PG-1"),
        document("b", number="PG-1"),
        document("c", number="ZZZZ", issued_day=TODAY - 80.0),
        document("d", kind="credit_note", number="AV", corrects="a", issued_day=TODAY - 70.0),
    ]
    assert rules(documents) == []
    assert rules([*documents[:3], documents[3] | {"corrects": ""}]) == ["R1"]


@pytest.mark.parametrize("days", [7, 30, 91])
def test_a_subscription_is_no_duplicate(days: int) -> None:
    turns = [document(str(i), number="CONTRACT", issued_day=TODAY - 400.0 + days * i + i % 2) for i in range(4)]
    assert rules(turns) == []
    assert len(rules(turns[:2])) == 1


def test_a_subscription_billed_twice_in_one_turn_is_suspect() -> None:
    turns = [document(str(i), number=f"Q{i}{i}{i}", issued_day=TODAY - 400.0 + 30 * i) for i in range(5)]
    again = document("again", number="XYZ", issued_day=TODAY - 400.0 + 62)
    found = suspects(frame("documents", [*turns, again]))
    assert found[["rule", "first", "second"]].to_numpy().tolist() == [["R2", "2", "again"]]


def test_a_tariff_paid_every_few_days_is_not_suspected_for_its_dates() -> None:
    tickets = [document(str(i), number="", issued_day=TODAY - 100.0 + 2 * i) for i in range(8)]
    assert rules(tickets) == []


def test_a_reference_in_brackets_is_the_suppliers_number_and_not_ours() -> None:
    bought = pair({"number": "7 [NT/26/0214]"}, {"number": "9 [NT/26/0214]", "issued_day": TODAY - 40.0})
    assert rules(bought) == ["R1"]
    ours = {"direction": "sale", "issued_day": TODAY - 40.0}
    assert rules(pair({"direction": "sale", "number": "7 [PO-1]"}, ours | {"number": "19 [PO-1]"})) == []


def test_a_block_too_large_is_compared_with_neighbours_only() -> None:
    crowd = [document(str(i), number="CASH", total_minor=float(i + 1), issued_day=TODAY - 300.0 + i) for i in range(20)]
    assert len(suspects(frame("documents", crowd), block_cap=50)) == 190
    assert len(suspects(frame("documents", crowd), block_cap=10)) == 19 + 18 + 17


def test_the_rate_counts_documents_after_the_first_of_each_group() -> None:
    thrice = [document(str(i), number="PG-1", issued_day=TODAY - 50.0 + i) for i in range(3)]
    others = [document(f"o{i}", party=f"p{i}") for i in range(7)]
    measure = detect([*thrice, *others])
    assert (measure.value, measure.n, measure.limit) == (0.2, 10, None)
    assert measure.low is not None
    assert measure.high is not None
    assert 0 < measure.low < 0.2 < measure.high < 1
    assert measure.records == tuple(RecordKey("invoices", str(i), "crm") for i in (2, 1, 0))
    assert measure.records_total == 3
    assert {note.code for note in measure.notes} >= {"duplicates_suspected", "duplicates_by_rule"}


def test_the_rate_counts_the_last_twelve_months() -> None:
    old = pair({"number": "PG-1", "issued_day": TODAY - 500.0}, {"number": "PG-1", "issued_day": TODAY - 400.0})
    assert detect([*old, document("new", party="other")]).value == 0


def test_no_documents_is_no_value() -> None:
    for nothing in ([], [document("old", issued_day=TODAY - 800.0)]):
        measure = detect(nothing)
        assert measure.value is None
        assert measure.reason is not None
        assert measure.reason.code == "no_documents"


def test_later_documents_and_cancellations_do_not_matter() -> None:
    now = pair({"number": "PG-1"}, {"number": "PG-1"})
    cancelled = [now[0], now[1] | {"cancelled_day": TODAY - 1.0}]
    later = document("later", number="PG-1", issued_day=TODAY - 2.0)
    past = date(2026, 11, 1)
    assert detect([*cancelled, later], past) == detect(now, past)
    assert detect(cancelled) != detect(now)


@settings(max_examples=25)
@given(st.permutations(range(8)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    rows = [document(str(i), number=f"PG-{i // 2}", issued_day=TODAY - 50.0 + i % 3) for i in range(8)]
    assert suspects(frame("documents", [rows[i] for i in order])).equals(suspects(frame("documents", rows)))
