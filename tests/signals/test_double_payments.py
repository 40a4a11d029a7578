from datetime import date
from typing import Any

import pandas as pd
import pytest

from signals.base import Measure, Reason, RecordKey
from signals.books import Books
from signals.calendar import day_number
from signals.double_payments import DoublePayments, paid_twice
from signals.policy import Policy

AS_OF = date(2026, 11, 22)
TODAY = day_number(AS_OF)
Row = dict[str, Any]


def payment(external_id: str, days_ago: int, **said: Any) -> Row:
    row: Row = {"connection_id": "bank", "external_id": external_id, "direction": "out", "party": "paper"}
    row |= {"reference": "FA-2026-12", "paid_day": float(TODAY - days_ago), "amount_minor": 5000.0}
    return row | {"owed_minor": float("nan")} | said


def twice(*rows: Row) -> list[str]:
    return list(paid_twice(pd.DataFrame(rows))["external_id"])


def test_one_reference_paid_twice_is_seen_through_its_spelling() -> None:
    assert twice(payment("b", 10, reference="fa 2026 0012"), payment("a", 40, reference="FA2026/12")) == []
    assert twice(payment("b", 10, reference="fa 2026 12"), payment("a", 40)) == ["b"]


@pytest.mark.parametrize(
    "other",
    [
        {"amount_minor": 5001.0},
        {"party": "ink"},
        {"direction": "in"},
        {"connection_id": "other bank"},
        {"reference": "FA-2026-13"},
        {"paid_day": TODAY - 241.0},
    ],
)
def test_another_amount_party_direction_source_reference_or_season_is_another_payment(other: Row) -> None:
    assert twice(payment("a", 40), payment("b", 39)) == ["b"]
    assert twice(payment("a", 40), payment("b", 39) | other) == []


def test_one_transfer_that_settles_two_invoices_alike_is_no_double_payment() -> None:
    assert twice(payment("a", 40), payment("b", 40)) == []


@pytest.mark.parametrize("reference", ["LOYER", "", "12", "A-1"])
def test_a_purpose_is_no_reference(reference: str) -> None:
    assert twice(payment("a", 40, reference=reference), payment("b", 10, reference=reference)) == []


def test_standing_orders_and_instalments_are_owed() -> None:
    assert twice(*(payment(str(i), 100 - 30 * i) for i in range(3))) == []
    owed = [payment("a", 40, owed_minor=10_000.0), payment("b", 10, owed_minor=10_000.0)]
    assert twice(*owed) == []
    assert twice(*(row | {"owed_minor": 9_999.0} for row in owed)) == ["b"]


def test_a_payment_that_came_back_and_went_again_was_paid_once() -> None:
    back = payment("back", 40, amount_minor=-5000.0)
    assert twice(payment("a", 40), back, payment("b", 10)) == []
    assert twice(payment("a", 40), back, payment("b", 10), payment("c", 9)) == ["c"]
    assert twice(payment("z", 40), back, payment("b", 10)) == []  # whatever they are called


def test_what_came_back_is_the_payment_before_it() -> None:
    first, second, back = payment("a", 250), payment("b", 100), payment("back", 99, amount_minor=-5000.0)
    assert twice(first, second, back, payment("c", 10)) == []  # 240 days after the one that stands


def detect(*rows: Row, as_of: date = AS_OF) -> Measure:
    tables = {"payments": pd.DataFrame(rows)} if rows else {}
    return DoublePayments().detect(Books("c", as_of, tables), Policy())


def test_the_rate_is_over_payments_with_a_reference() -> None:
    rows = [payment("a", 40), payment("b", 10), payment("c", 5, reference="X-99"), payment("d", 5, reference="")]
    measure = detect(*rows)
    assert measure.value == pytest.approx(1 / 3)
    assert (measure.n, measure.records_total) == (3, 1)
    assert measure.records == (RecordKey("payments", "b", "bank"),)
    assert measure.notes == (Reason("duplicates_suspected"),)
    assert detect(*reversed(rows)) == measure
    assert detect(*rows, as_of=date(2026, 11, 1)).value == 0


def test_without_payments_or_references_there_is_no_value() -> None:
    assert detect().reason == Reason("no_payments")
    assert detect(payment("a", 4, reference="")).reason == Reason("no_payment_references")
