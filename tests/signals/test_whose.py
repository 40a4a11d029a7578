"""Ours and the customers' lateness told apart, on a made-up company that bills and reminds as it is told to."""

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from signals.base import Detector, Measure, Reason, SignalName
from signals.books import COLUMNS, Books, frame
from signals.calendar import day_number
from signals.policy import Policy
from signals.whose import CUSTOMERS, OURS

AS_OF = date(2026, 6, 30)
TODAY = day_number(AS_OF)
POLICY = Policy()
ALL = (*OURS, *CUSTOMERS)

Row = dict[str, Any]


@cache
def _company(pay: int = 28, bill: int = 2, remind: int = 6) -> Books:
    """Tell two years: customers pay about `pay` days after issue, we bill and remind after so many days.

    One in fifty never pays. Reminders go out every `remind` days from the due day on.
    """
    rng = np.random.default_rng(7)
    documents: list[Row] = []
    deliveries: list[Row] = []
    overdue: list[Row] = []
    reminders: list[Row] = []
    for number, day in enumerate(np.sort(rng.integers(TODAY - 730, TODAY, 450)).tolist()):
        issued = day + bill + int(rng.integers(0, 3))
        due = issued + 30
        lag = pay + int(rng.integers(-14, 15))
        paid = issued + max(1, lag) if rng.random() > 0.02 else None
        key = {"connection_id": "erp", "external_id": str(number)}
        amount = int(rng.integers(10_000, 200_000))
        deliveries.append(
            {"connection_id": "erp", "delivered_day": day, "invoiced_day": issued, "amount_minor": amount, "n": 1}
        )
        documents.append(
            {
                **key, "direct": True, "direction": "sale", "kind": "invoice", "service_day": day, "issued_day": issued,
                "sent_day": issued + int(rng.integers(0, 2)), "due_day": due, "paid_day": paid, "total_minor": amount,
            }
        )  # fmt: skip
        if paid is None or paid > due:
            overdue.append({**key, "due_day": due, "paid_day": paid})
            until = min(paid or TODAY, TODAY)
            reminders += [
                {"connection_id": "erp", "invoice_id": str(number), "sent_day": when}
                for when in range(due + remind, until + 1, remind)
            ]
    issue_days = [{**{k: row[k] for k in ("connection_id", "service_day", "issued_day")}, "n": 1} for row in documents]
    booked = {"connection_id": "erp", "fiscal_year": 2026, "account": "411000", "n": 1}
    ledger = [{**booked, "month": 2026 * 12 + m, "debit_minor": 100_000 * m} for m in range(1, 6)]
    tables = {
        "documents": documents,
        "deliveries": deliveries,
        "overdue": overdue,
        "reminders": reminders,
        "issue_days": issue_days,
        "ledger_months": ledger,
        "feeds": [{"connection_id": "erp", "kind": "api", "stream": "reminders"}],
    }
    return Books("c", AS_OF, {name: frame(name, rows) for name, rows in tables.items()})


def _values(books: Books) -> dict[str, float]:
    found = {detector.name: detector.detect(books, POLICY).value for detector in ALL}
    return {name: value for name, value in found.items() if value is not None}


def ids(detector: Detector) -> str:
    return detector.name


def test_slow_customers_of_a_prompt_office_move_their_measures_and_not_ours() -> None:
    usual, slow = _values(_company()), _values(_company(pay=75))
    for detector in OURS:
        assert slow[detector.name] <= usual[detector.name], detector.name
    assert slow["time_to_pay"] > usual["time_to_pay"] + 40
    assert slow["days_versus_due"] > usual["days_versus_due"] + 40
    assert slow["overdue_ratio"] > usual["overdue_ratio"] + 0.2
    assert slow["days_delinquent"] > usual["days_delinquent"] + 20
    assert slow["paid_on_time"] < 0.05
    assert usual["paid_on_time"] > 0.5
    assert slow["collection_effectiveness"] < usual["collection_effectiveness"] - 0.05


def test_a_slow_office_of_punctual_customers_moves_our_measures_and_not_theirs() -> None:
    usual, slow = _values(_company()), _values(_company(bill=25, remind=30))
    assert slow["billing_lag"] >= usual["billing_lag"] + 20
    assert slow["unbilled_amount"] > 3 * usual["unbilled_amount"]
    assert slow["reminder_gap_longest"] > usual["reminder_gap_longest"]
    assert slow["first_reminder_delay"] > usual["first_reminder_delay"]
    assert slow["time_to_pay"] == pytest.approx(usual["time_to_pay"], abs=2)
    assert slow["paid_on_time"] == pytest.approx(usual["paid_on_time"], abs=0.05)
    assert slow["overdue_ratio"] < usual["overdue_ratio"] + 0.1
    assert slow["at_risk_share"] == pytest.approx(usual["at_risk_share"], abs=0.01)


def test_no_name_is_on_both_sides() -> None:
    names = [detector.name for detector in ALL]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("detector", ALL, ids=ids)
def test_each_measure_says_whose_it_is(detector: Detector) -> None:
    measure = detector.detect(_company(), POLICY)
    theirs = detector in CUSTOMERS
    assert measure.known
    assert (measure.signal is None) == theirs
    assert (Reason("customers_not_us") in measure.notes) == theirs
    assert theirs or measure.signal is SignalName.LATE_INVOICING
    assert measure.limit is None  # none carries a level


def _shuffled(books: Books, seed: int) -> Books:
    tables = {name: table.sample(frac=1, random_state=seed) for name, table in books.tables.items()}
    return replace(books, tables=tables)


@pytest.mark.parametrize("detector", ALL, ids=ids)
def test_the_order_of_the_rows_does_not_matter(detector: Detector) -> None:
    expected = detector.detect(_company(), POLICY)
    assert detector.detect(_shuffled(_company(), seed=1), POLICY) == expected


def _with_another_future(books: Books, after: int) -> Books:
    """Move every later date out by a month, and drop what begins later."""
    tables: dict[str, pd.DataFrame] = {}
    begins = {
        "documents": "issued_day",
        "issue_days": "issued_day",
        "deliveries": "delivered_day",
        "reminders": "sent_day",
    }
    for name, table in books.tables.items():
        changed = table.copy()
        for column in (c for c in COLUMNS[name] if c.endswith("_day") and c != "due_day" and name != "feeds"):
            changed.loc[table[column] > after, column] += 31
        keep = table[begins[name]] <= after if name in begins else pd.Series(data=True, index=table.index)
        tables[name] = changed[keep]
    return replace(books, tables=tables)


@pytest.mark.parametrize("detector", ALL, ids=ids)
def test_the_future_does_not_matter(detector: Detector) -> None:
    earlier = date(2026, 3, 31)
    expected: Measure = detector.detect(_company().at(earlier), POLICY)
    other = _with_another_future(_company(), day_number(earlier))
    assert detector.detect(other.at(earlier), POLICY) == expected
    # Books that were not cut say the same: a detector reads no further than its day.
    uncut = replace(_company(), as_of=earlier)
    assert detector.detect(uncut, POLICY) == expected


@pytest.mark.parametrize("detector", ALL, ids=ids)
def test_empty_books_give_no_value_and_a_reason(detector: Detector) -> None:
    measure = detector.detect(Books("c", AS_OF, {}), POLICY)
    assert (measure.value, measure.tier, measure.n) == (None, "none", 0)
    assert measure.reason is not None
    assert measure.name == detector.name


@pytest.mark.parametrize("detector", ALL, ids=ids)
def test_a_value_comes_with_its_evidence(detector: Detector) -> None:
    measure = detector.detect(_company(), POLICY)
    assert measure.n > 0
    assert measure.sources == ("erp",)
    assert measure.window is not None
    assert measure.window[0] <= measure.window[1] <= AS_OF
    assert (measure.low is None) == (measure.high is None)
    months = [point.month for point in measure.series]
    assert months == sorted(set(months))
