from datetime import date
from typing import Any

import pytest

from signals.base import Measure, Reason, Tier
from signals.books import Books, frame
from signals.calendar import day_number
from signals.customer_invoices import year_until
from signals.intervals import wilson
from signals.policy import Policy
from signals.time_to_pay import DaysVersusDue, PaidOnTime, TimeToPay

AS_OF = date(2026, 6, 30)
TODAY = day_number(AS_OF)

Row = dict[str, Any]


def _sold(number: int, issued: int, due: int, paid: int | None = None, total: float = 100, **more: Any) -> Row:
    return {
        "connection_id": "erp",
        "external_id": str(number),
        "direct": True,
        "direction": "sale",
        "kind": "invoice",
        "issued_day": TODAY + issued,
        "due_day": TODAY + due,
        "paid_day": None if paid is None else TODAY + paid,
        "total_minor": round(total * 100),
        **more,
    }


def _detect(detector: TimeToPay | DaysVersusDue | PaidOnTime, rows: list[Row]) -> Measure:
    return detector.detect(Books("c", AS_OF, {"documents": frame("documents", rows)}), Policy())


def _note(measure: Measure, code: str) -> dict[str, Any]:
    return dict(next(note.params for note in measure.notes if note.code == code))


# Thirty paid after 21 to 50 days, and thirty that nobody has paid in 100: a mean over the paid says 35.
HALF_PAID = [_sold(i, -100, -70, -100 + 21 + i) for i in range(30)]
HALF_UNPAID = [_sold(100 + i, -100, -70) for i in range(30)]


def test_open_invoices_count_for_as_long_as_they_have_waited() -> None:
    paid = _detect(TimeToPay(), HALF_PAID)
    assert (paid.value, paid.n, paid.tier, paid.signal) == (35, 30, Tier.DIRECT, None)
    with_open = _detect(TimeToPay(), [*HALF_PAID, *HALF_UNPAID])
    assert (with_open.value, with_open.n) == (50, 60)
    assert (with_open.low, with_open.high) == (None, None)
    assert _note(with_open, "interval_open") == {"low": 44}  # as lifelines 0.30.3 has it
    assert _note(with_open, "p90_not_reached") == {"share": pytest.approx(0.5)}
    assert (with_open.records_total, with_open.window) == (30, (date(2025, 7, 1), AS_OF))


def test_more_unpaid_than_paid_has_no_median_and_says_so() -> None:
    measure = _detect(TimeToPay(), [*HALF_PAID, *HALF_UNPAID, _sold(999, -100, -70)])
    assert measure.value is None
    assert measure.reason is not None
    assert measure.reason.code == "median_not_reached"
    assert measure.reason.params == pytest.approx({"n": 61, "share": 31 / 61})


def test_fewer_than_twenty_payments_give_no_median() -> None:
    assert _detect(TimeToPay(), HALF_PAID[:19]).reason == Reason("few_payments", {"n": 19, "needed": 20})
    assert _detect(TimeToPay(), [*HALF_PAID[:19], *HALF_UNPAID[:9]]).reason == Reason(
        "few_payments", {"n": 19, "needed": 20}
    )
    assert _detect(TimeToPay(), HALF_PAID[:20]).known


def test_a_cancelled_invoice_is_followed_until_that_day() -> None:
    gone = [{**row, "cancelled_day": TODAY - 95} for row in HALF_UNPAID]
    assert _detect(TimeToPay(), [*HALF_PAID, *gone]).value == 35


def test_a_payment_after_today_is_not_known_yet() -> None:
    later = [{**row, "paid_day": TODAY + 1} for row in HALF_UNPAID]
    assert _detect(TimeToPay(), [*HALF_PAID, *later]) == _detect(TimeToPay(), [*HALF_PAID, *HALF_UNPAID])


def test_the_share_unpaid_and_the_terms_stand_beside_the_median() -> None:
    measure = _detect(TimeToPay(), HALF_PAID)
    unpaid = {note.params["days"]: note.params["share"] for note in measure.notes if note.code == "unpaid_after"}
    assert unpaid == pytest.approx({30: 20 / 30, 60: 0, 90: 0})
    assert _note(measure, "median_terms") == {"days": 30}
    assert _note(measure, "p90_days") == {"days": 47}


def test_days_versus_due_never_stand_without_the_share_unpaid() -> None:
    rows = [_sold(i, -200 + i, -170 + i, -165 + i + 2 * (i % 2)) for i in range(10)]
    unpaid = [_sold(100 + i, -200 + i, -170 + i, None, 300) for i in range(10)]
    for extra, share in (([], 0.0), (unpaid, 0.75)):
        measure = _detect(DaysVersusDue(), [*rows, *extra])
        assert (measure.value, measure.n) == (6, 10)  # the unpaid don't show in it
        assert _note(measure, "unpaid_share")["share"] == pytest.approx(share)
    assert measure.low is not None
    assert measure.high is not None
    assert measure.low < 6 < measure.high
    early = _sold(3, -20, 10, -15)  # not due yet: of these only the early are paid
    young = _detect(DaysVersusDue(), [_sold(1, -60, -30, -40), _sold(2, -60, -30, -28), early])
    assert young.value == pytest.approx(-4)
    assert Reason("unpaid_share_unknown") in young.notes


def test_paid_on_time_counts_what_fell_due_paid_or_not() -> None:
    rows = [
        _sold(1, -90, -60, -70),
        _sold(2, -90, -60, -60),  # on the day itself is in time
        _sold(3, -90, -60, -59, 500),
        _sold(4, -90, -60),
        _sold(5, -20, 10),  # not due yet
        _sold(6, -90, -60, cancelled_day=TODAY - 50),
        _sold(7, -500, -400, -300),  # due before the window
        {**_sold(8, -10, -10), "kind": "credit_note", "corrects": "9"},
        _sold(9, -90, -60),  # credited in full
    ]
    measure = _detect(PaidOnTime(), rows)
    assert (measure.value, measure.n) == (0.5, 4)
    assert (measure.low, measure.high) == wilson(2, 4)
    assert _note(measure, "by_amount") == {"share": pytest.approx(200 / 800)}
    assert [key.external_id for key in measure.records] == ["3", "4"]
    assert [(p.value, p.n) for p in measure.series if p.n] == [(0, 1), (0.5, 4)]


def test_nothing_due_or_paid_gives_no_value() -> None:
    assert _detect(PaidOnTime(), [_sold(1, -20, 10, -5)]).reason == Reason("nothing_due")
    assert _detect(DaysVersusDue(), [_sold(1, -900, -800, -700), _sold(2, -9, 10)]).reason == Reason("nothing_paid")


@pytest.mark.parametrize(
    ("as_of", "first"),
    [
        (date(2026, 6, 30), date(2025, 7, 1)),
        (date(2024, 2, 29), date(2023, 3, 1)),
        (date(2025, 2, 28), date(2024, 2, 29)),
        (date(2026, 12, 31), date(2026, 1, 1)),
    ],
)
def test_twelve_months_begin_the_day_after_the_same_day_a_year_ago(as_of: date, first: date) -> None:
    assert year_until(as_of) == (first, as_of)
