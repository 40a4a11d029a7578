"""Published worked examples, to the digit.

Kept elsewhere: count-back 82.4 days, DSO 60.02 and 40 days, terms end of month (`test_dso`), HHI 2600
(`test_key_person`), Wilson's bounds (`test_intervals`), Kaplan-Meier (`test_survival`).
"""

from datetime import date

import pytest

from signals.books import Books, frame
from signals.calendar import day_number
from signals.dso import dso
from signals.policy import Policy
from signals.receivables import BestPossibleDso, DaysDelinquent, collection_effectiveness

AS_OF = date(2026, 12, 31)


def test_collection_effectiveness_of_an_exercise_on_a_quarters_ageing() -> None:
    # Receivables 6,200 at first, sales 3,390 + 3,610 + 3,890, receivables 6,340 at last, of which 3,590 current.
    found = collection_effectiveness(6200, 3390 + 3610 + 3890, 6340, 3590)
    assert found == 10_750 / 13_500
    assert round(100 * found, 2) == 79.63


def test_collection_effectiveness_of_a_tool_makers_year() -> None:
    assert collection_effectiveness(100_000, 1_000_000, 120_000, 100_000) == pytest.approx(0.98)


def test_collection_effectiveness_is_whole_when_nothing_is_past_due() -> None:
    assert collection_effectiveness(6200, 10_890, 3590, 3590) == 1


def test_best_possible_dso_of_a_glossary() -> None:
    assert round(dso(10_000 - 2000, 30_000, 28), 2) == 7.47


def test_dso_of_a_year_from_the_invoices_themselves() -> None:
    # 472 owed on sales of 2,870.40 in 365 days are 60.02 days; here 172 of them are past due.
    today = day_number(AS_OF)
    amounts = [(239_840, -364, -330, -320), (30_000, -20, 10, None), (17_200, -90, -60, None)]
    documents = [
        {
            "connection_id": "erp",
            "external_id": str(total),
            "direct": True,
            "direction": "sale",
            "kind": "invoice",
            "issued_day": today + issued,
            "due_day": today + due,
            "paid_day": None if paid is None else today + paid,
            "total_minor": total,
        }
        for total, issued, due, paid in amounts
    ]
    books = Books("c", AS_OF, {"documents": frame("documents", documents)})
    best, late = (detector.detect(books, Policy()).value for detector in (BestPossibleDso(), DaysDelinquent()))
    assert best is not None
    assert late is not None
    assert round(best + late, 2) == 60.02
    assert late == pytest.approx(172 / 2870.4 * 365)
