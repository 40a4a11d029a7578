from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Measure, Reason, SignalName, Tier
from signals.books import Books, frame
from signals.calendar import day_number
from signals.issuing import BillingLag, SendingLag
from signals.policy import Policy
from signals.reminding import FirstReminder, ReminderGaps

AS_OF = date(2026, 6, 30)  # a Tuesday
POLICY = Policy()
API = {"connection_id": "erp", "kind": "api", "stream": "reminders"}
FILE = {"connection_id": "list", "kind": "file", "stream": "reminders"}

Row = dict[str, Any]


def _day(day: date | None) -> int | None:
    return None if day is None else day_number(day)


def _owed(number: str, due: date, paid: date | None = None, **more: Any) -> Row:
    return {"connection_id": "erp", "external_id": number, "due_day": _day(due), "paid_day": _day(paid), **more}


def _sent(number: str, day: date) -> Row:
    return {"connection_id": "mail", "invoice_id": number, "sent_day": day_number(day)}


def _books(**tables: list[Row]) -> Books:
    return Books("c", AS_OF, {name: frame(name, rows) for name, rows in tables.items()})


def _first(overdue: list[Row], reminders: list[Row], feed: Row = API, policy: Policy = POLICY) -> Measure:
    return FirstReminder().detect(_books(overdue=overdue, reminders=reminders, feeds=[feed]), policy)


def _gaps(overdue: list[Row], reminders: list[Row], feed: Row = API, policy: Policy = POLICY) -> Measure:
    return ReminderGaps().detect(_books(overdue=overdue, reminders=reminders, feeds=[feed]), policy)


def _note(measure: Measure, code: str) -> dict[str, Any]:
    return dict(next(note.params for note in measure.notes if note.code == code))


@pytest.mark.parametrize(
    ("due", "sent", "days"),
    [
        (date(2026, 6, 1), date(2026, 6, 2), 1),
        (date(2026, 6, 5), date(2026, 6, 8), 1),  # Friday to Monday
        (date(2026, 6, 6), date(2026, 6, 8), 0),  # due on a Saturday
        (date(2026, 5, 1), date(2026, 6, 1), 21),
    ],
)
def test_the_delay_is_counted_in_working_days(due: date, sent: date, days: int) -> None:
    measure = _first([_owed("1", due)], [_sent("1", sent)])
    assert (measure.value, measure.n, measure.tier) == (days, 1, Tier.DIRECT)
    assert measure.signal is SignalName.LATE_INVOICING
    holiday = replace(POLICY, closed_days=frozenset({due}))
    assert _first([_owed("1", due)], [_sent("1", sent)], policy=holiday).value == days - (days > 0)


def test_the_first_reminder_counts_and_only_one_sent_while_the_invoice_was_overdue() -> None:
    due, paid = date(2026, 6, 1), date(2026, 6, 20)
    sent = [_sent("1", date(2026, 5, 28)), _sent("1", due), _sent("1", date(2026, 6, 25))]
    never = _first([_owed("1", due, paid)], sent)
    assert never.reason == Reason("median_not_reached", {"n": 1, "share": 1.0})
    assert _note(never, "never_reminded") == {"n": 1, "of": 1}
    again = [*sent, _sent("1", date(2026, 6, 15)), _sent("1", date(2026, 6, 9))]
    assert _first([_owed("1", due, paid)], again).value == 6


def test_who_was_never_reminded_counts_for_as_long_as_overdue() -> None:
    due = date(2026, 6, 1)
    owed = [_owed(str(i), due, paid=date(2026, 6, 3)) for i in range(10)]  # paid before anyone could
    owed += [_owed(f"r{i}", due) for i in range(2)] + [_owed("n", due)]
    measure = _first(owed, [_sent("r0", date(2026, 6, 9)), _sent("r1", date(2026, 6, 11))])
    assert measure.value == 8  # two of the three who waited that long were reminded
    assert (measure.n, measure.records_total) == (13, 1)
    assert _note(measure, "reminded_within") == {"days": 10, "share": pytest.approx(2 / 3)}


def test_disputed_invoices_and_those_paid_in_time_are_not_followed() -> None:
    due = date(2026, 6, 1)
    owed = [_owed("d", due, excluded=True), _owed("p", due, paid=due), _owed("t", AS_OF), _owed("o", date(2025, 6, 1))]
    assert _first(owed, []).reason == Reason("nothing_overdue_in_window")


def test_without_a_source_of_reminders_nothing_is_said() -> None:
    other = {**API, "stream": "invoices"}
    for detect in (_first, _gaps):
        assert detect([_owed("1", date(2026, 5, 1))], [], other).reason == Reason("no_reminder_source")


def test_what_fell_due_before_a_list_begins_is_not_held_against_it() -> None:
    owed = [_owed("before", date(2026, 2, 1)), _owed("after", date(2026, 5, 4))]
    sent = [_sent("other", date(2026, 4, 1)), _sent("after", date(2026, 5, 11))]
    measure = _first(owed, sent, FILE)
    assert (measure.value, measure.n) == (5, 1)
    assert _gaps(owed, sent, FILE).window == (date(2026, 4, 1), AS_OF)


# Overdue beyond the grace of 7 days from Monday 4 May to the end: 42 working days.
STANDING = [_owed("1", date(2026, 4, 26))]


def test_the_longest_gap_is_between_days_with_any_reminder() -> None:
    mondays = [date(2026, 5, 4) + timedelta(weeks=w) for w in range(9)]
    weekly = _gaps(STANDING, [_sent("any", day) for day in [*mondays, *mondays]])
    assert (weekly.value, weekly.n, weekly.tier) == (5, 9, Tier.DIRECT)
    assert _note(weekly, "reminder_gap_median") == {"days": 5, "n": 8}
    assert _note(weekly, "reminder_gap_now") == {"days": 1}  # today's Tuesday
    missed = _gaps(STANDING, [_sent("any", day) for day in mondays if day.month != 6])
    assert missed.value == 26  # since the last Monday of May


def test_no_reminder_at_all_is_one_gap_as_long_as_the_stock_stood() -> None:
    measure = _gaps(STANDING, [])
    assert (measure.value, measure.n) == (42, 0)
    assert _note(measure, "reminder_gap_now") == {"days": 42}
    closed = replace(POLICY, closed_days=frozenset({date(2026, 5, 8), date(2026, 5, 14)}))
    assert _gaps(STANDING, [], policy=closed).value == 40


def test_time_in_which_nothing_was_overdue_is_no_gap() -> None:
    owed = [_owed("1", date(2025, 9, 1), date(2025, 9, 15)), _owed("2", date(2026, 6, 14))]
    sent = [_sent("1", date(2025, 9, 12)), _sent("2", date(2026, 6, 24))]
    # Standing 9 to 12 September (Tuesday to Friday; the 14th is a Sunday), and from Monday 22 June.
    measure = _gaps(owed, sent)
    assert measure.value == 4
    assert _note(measure, "reminder_gap_median") == {"days": 3, "n": 1}
    assert _gaps([_owed("1", date(2026, 6, 25))], []).reason == Reason("nothing_overdue_in_window")


def test_week_end_reminders_make_no_gap_of_their_own() -> None:
    days = [date(2026, 5, 4), date(2026, 5, 8), date(2026, 5, 9), date(2026, 5, 10), AS_OF]
    assert _note(_gaps(STANDING, [_sent("1", day) for day in days]), "reminder_gap_median") == {"days": 20.5, "n": 2}


DATES = st.dates(date(2025, 7, 1), AS_OF)


@settings(max_examples=40, deadline=None)
@given(st.lists(DATES, max_size=8), DATES)
def test_one_reminder_more_never_makes_the_longest_gap_longer(days: list[date], extra: date) -> None:
    fewer, more = (_gaps(STANDING, [_sent("1", day) for day in each]) for each in (days, [*days, extra]))
    assert fewer.value is not None
    assert more.value is not None
    assert more.value <= fewer.value


def _issued(service: date | None, issued: date, n: int = 1, *, periodic: bool = False) -> Row:
    days = {"service_day": _day(service), "issued_day": day_number(issued)}
    return {"connection_id": "erp", **days, "periodic": periodic, "n": n}


def test_the_billing_lag_counts_every_invoice_and_both_tails() -> None:
    done = date(2026, 5, 1)
    rows = [_issued(done, done + timedelta(days=lag), n) for lag, n in ((-2, 1), (3, 8), (10, 8), (40, 3))]
    measure = BillingLag().detect(_books(issue_days=[*rows, _issued(None, AS_OF, 4)]), POLICY)
    assert (measure.value, measure.n, measure.signal) == (10, 20, SignalName.LATE_INVOICING)
    assert (measure.low, measure.high) == (3, 10)
    assert _note(measure, "p90_days") == {"days": 40}
    assert _note(measure, "without_service_date") == {"n": 4, "of": 24}
    assert Reason("unissued_not_seen") in measure.notes


def test_a_periodic_invoice_lags_from_its_months_end() -> None:
    rows = [_issued(date(2026, 5, day), date(2026, 6, 2), periodic=True) for day in (3, 12, 28)]
    assert BillingLag().detect(_books(issue_days=rows), POLICY).value == 2


def test_no_service_date_is_no_lag_and_not_zero() -> None:
    none = BillingLag().detect(_books(issue_days=[_issued(None, AS_OF, 9)]), POLICY)
    assert (none.value, none.reason) == (None, Reason("no_service_date"))
    copied = [_issued(AS_OF - timedelta(days=i), AS_OF - timedelta(days=i)) for i in range(9)]
    reason = BillingLag().detect(_books(issue_days=copied), POLICY).reason
    assert reason == Reason("field_equals", {"field": "service_on", "other": "issued_on", "n": 9})
    old = BillingLag().detect(_books(issue_days=[_issued(date(2024, 1, 1), date(2024, 1, 9))]), POLICY)
    assert old.reason == Reason("nothing_issued", {"days": 365})


def _bill(number: str, issued: int, sent: int | None, **more: Any) -> Row:
    today = day_number(AS_OF)
    row = {"connection_id": "erp", "external_id": number, "direct": True, "direction": "sale", "kind": "invoice"}
    return {**row, "issued_day": today + issued, "sent_day": None if sent is None else today + sent, **more}


def test_the_sending_lag_counts_the_unsent_and_says_how_many() -> None:
    sent = [_bill(str(i), -60 + i, -60 + i + lag) for i, lag in enumerate((0, 0, 1, 1, 2, 5))]
    measure = SendingLag().detect(_books(documents=sent), POLICY)
    assert (measure.value, measure.n) == (1, 6)
    unsent = [_bill(f"u{i}", -60, None) for i in range(4)]
    held = SendingLag().detect(_books(documents=[*sent, *unsent]), POLICY)
    assert (held.value, held.n) == (2, 10)
    assert _note(held, "unsent") == {"n": 4, "of": 10}
    assert _note(held, "p90_not_reached") == {"share": pytest.approx(0.4)}
    assert [key.external_id for key in held.records] == ["u0", "u1", "u2", "u3"]


def test_a_source_that_says_no_sending_day_gives_no_lag() -> None:
    documents = [_bill(str(i), -60 + i, None) for i in range(6)]
    reason = SendingLag().detect(_books(documents=documents), POLICY).reason
    assert reason == Reason("field_empty", {"field": "sent_on", "n": 6})
    later = [*documents, _bill("later", -5, 3)]
    assert SendingLag().detect(_books(documents=later), POLICY).reason == Reason(
        "field_empty", {"field": "sent_on", "n": 7}
    )
