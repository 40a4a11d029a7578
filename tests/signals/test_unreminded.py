from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Measure, Reason, Tier
from signals.books import Books, frame
from signals.calendar import day_number
from signals.intervals import wilson
from signals.late_invoicing import Unreminded
from signals.policy import Policy

AS_OF = date(2026, 6, 30)
POLICY = Policy()


def _books(as_of: date = AS_OF, **tables: list[dict[str, Any]]) -> Books:
    return Books("c", as_of, {name: frame(name, rows) for name, rows in tables.items()})


def _day(day: date | None) -> int | None:
    return None if day is None else day_number(day)


def _owed(external_id: str, due: date, paid: date | None = None, **more: Any) -> dict[str, Any]:
    days = {"due_day": day_number(due), "paid_day": _day(paid)}
    return {"connection_id": "erp", "external_id": external_id, **days, **more}


def _stamp(day: float) -> np.datetime64:
    return np.datetime64(int(day), "D")


def _reminder(invoice_id: str, sent: date) -> dict[str, Any]:
    return {"connection_id": "mail", "invoice_id": invoice_id, "sent_day": day_number(sent)}


API = {"connection_id": "erp", "kind": "api", "stream": "reminders"}
FILE = {"connection_id": "mail", "kind": "file", "stream": "reminders"}


def _unreminded(as_of: date = AS_OF, policy: Policy = POLICY, **tables: list[dict[str, Any]]) -> Measure:
    return Unreminded().detect(_books(as_of, **tables), policy)


def test_books_without_a_source_of_reminders_never_say_that_none_was_sent() -> None:
    other = {"connection_id": "erp", "kind": "api", "stream": "invoices"}
    owed = [_owed("1", date(2026, 1, 1))]
    for measure in (_unreminded(), _unreminded(overdue=owed, feeds=[other])):
        assert (measure.value, measure.reason) == (None, Reason("no_reminder_source"))


def test_a_source_that_holds_no_reminder_says_that_none_was_sent() -> None:
    measure = _unreminded(overdue=[_owed("1", date(2026, 1, 1))], feeds=[API])
    assert (measure.value, measure.n, measure.tier) == (1.0, 1, Tier.DIRECT)
    assert measure.sources == ("erp",)


def test_a_list_that_holds_no_reminder_says_that_none_was_sent_from_its_first_day_on() -> None:
    overdue = [_owed("1", date(2026, 1, 1))]
    assert _unreminded(overdue=overdue, feeds=[FILE]).value == 1.0
    later = {**FILE, "first_day": day_number(AS_OF) + 1}
    assert _unreminded(overdue=overdue, feeds=[later]).reason == Reason("no_reminder_source")


def test_an_invoice_reminded_of_twice_counts_once() -> None:
    overdue = [_owed("1", date(2026, 5, 1)), _owed("2", date(2026, 5, 1))]
    measure = _unreminded(overdue=overdue, reminders=[_reminder("1", date(2026, 6, day)) for day in (10, 20, 20)])
    assert (measure.value, measure.series[-1].value) == (0.5, 0.5)


def test_nothing_overdue_gives_no_value() -> None:
    assert _unreminded(feeds=[API]).reason == Reason("nothing_overdue", {"days": 7})


def test_the_rate_is_the_share_of_overdue_invoices_nobody_was_reminded_of_lately() -> None:
    overdue = [
        _owed("never", date(2026, 3, 1)),
        _owed("lately", date(2026, 3, 1)),
        _owed("today", date(2026, 3, 2)),
        _owed("long ago", date(2026, 4, 1)),
        _owed("paid", date(2026, 3, 1), date(2026, 6, 30)),
        _owed("within grace", date(2026, 6, 23)),
        _owed("cancelled", date(2026, 3, 1), cancelled_day=day_number(date(2026, 6, 30))),
        _owed("disputed", date(2026, 3, 1), excluded=True),
    ]
    reminders = [_reminder("lately", date(2026, 6, 1)), _reminder("today", AS_OF)]
    reminders.append(_reminder("long ago", date(2026, 5, 31)))
    measure = _unreminded(overdue=overdue, reminders=reminders)
    assert (measure.value, measure.n) == (0.5, 4)
    assert (measure.low, measure.high) == wilson(2, 4)
    assert measure.window == (date(2026, 6, 1), AS_OF)
    assert [key.external_id for key in measure.records] == ["long ago", "never"]
    assert measure.records_total == 2
    assert (measure.sources, measure.limit) == (("erp", "mail"), POLICY.unreminded_limit)


def test_an_invoice_wants_a_reminder_from_five_working_days_after_the_grace_on() -> None:
    overdue = [_owed("1", date(2026, 6, 12))]  # the grace ends on Friday the 19th
    assert _unreminded(date(2026, 6, 26), overdue=overdue, feeds=[API]).n == 0
    assert _unreminded(date(2026, 6, 27), overdue=overdue, feeds=[API]).n == 1


def test_over_a_closure_nobody_is_expected_to_remind() -> None:
    overdue = [_owed("1", date(2026, 6, 12))]
    closed = replace(POLICY, closed_days=frozenset(date(2026, 6, day) for day in range(22, 27)))
    assert _unreminded(date(2026, 6, 30), closed, overdue=overdue, feeds=[API]).n == 0


def test_a_weekly_batch_reminds_in_time_though_customers_pay_soon_after_it() -> None:
    # Each Friday's due invoices are reminded of on a Monday ten days later, and paid that Wednesday.
    fridays = [date(2026, 1, 2) + timedelta(weeks=i) for i in range(25)]
    overdue = [_owed(str(i), day, day + timedelta(days=12)) for i, day in enumerate(fridays)]
    reminders = [_reminder(str(i), day + timedelta(days=10)) for i, day in enumerate(fridays)]
    for day in range(18, 25):
        measure = _unreminded(date(2026, 5, day), overdue=overdue, reminders=reminders, feeds=[API])
        assert measure.value in (None, 0.0)


def test_each_month_end_is_judged_by_what_stood_and_was_sent_then() -> None:
    overdue = [_owed("a", date(2026, 2, 1), date(2026, 5, 31)), _owed("b", date(2026, 3, 1))]
    reminders = [_reminder("a", date(2026, 3, 15)), _reminder("b", date(2026, 3, 20)), _reminder("b", date(2026, 6, 2))]
    measure = _unreminded(overdue=overdue, reminders=reminders, feeds=[API])
    assert [(p.month % 12 + 1, p.value, p.n) for p in measure.series] == [
        (2, 1.0, 1),
        (3, 0.0, 2),
        (4, 1.0, 2),  # both reminders are older than 30 days
        (5, 1.0, 1),  # a is paid on the day
        (6, 0.0, 1),
    ]
    assert measure.recent == 0.75  # 3 of the 4 that stood at the ends of April, May and June
    assert measure.baseline == pytest.approx(4 / 7)
    assert measure.baseline_n == 2  # invoices, which stood at seven month ends between them


def test_months_before_a_list_of_reminders_begins_are_not_judged() -> None:
    overdue = [_owed("a", date(2025, 1, 1))]
    reminders = [_reminder("a", date(2026, 5, 20))]
    listed = _unreminded(overdue=overdue, reminders=reminders, feeds=[FILE])
    assert [p.value for p in listed.series] == [0.0, 1.0]  # May, June
    held = _unreminded(overdue=overdue, reminders=reminders, feeds=[API])
    assert len(held.series) == 18
    assert _unreminded(date(2026, 5, 19), overdue=overdue, reminders=reminders).reason == Reason("no_reminder_source")


pieces = st.lists(st.tuples(st.integers(0, 300), st.none() | st.integers(0, 400), st.booleans()), max_size=12)
mails = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 400)), max_size=25)


def _history(pieces: list[tuple[int, int | None, bool]], mails: list[tuple[int, int]], last: date = AS_OF) -> Books:
    start, end = date(2025, 4, 1), day_number(last)
    overdue = []
    for i, (due, late, excluded) in enumerate(pieces):
        due_on = start + timedelta(days=due)
        paid = None if late is None else due_on + timedelta(days=late)
        if due_on <= last:
            overdue.append(_owed(str(i), due_on, paid if paid is None or paid <= last else None, excluded=excluded))
    reminders = [_reminder(str(i), start + timedelta(days=d)) for i, d in mails]
    reminders = [r for r in reminders if r["sent_day"] <= end]
    return _books(last, overdue=overdue, reminders=reminders, feeds=[API])


@settings(deadline=None, max_examples=40)
@given(pieces=pieces, mails=mails)
def test_every_month_end_agrees_with_a_plain_count(
    pieces: list[tuple[int, int | None, bool]], mails: list[tuple[int, int]]
) -> None:
    books = _history(pieces, mails)
    owed, sent = books["overdue"].to_dict("records"), books["reminders"].to_dict("records")
    for point in Unreminded().detect(books, POLICY).series:
        year, month = divmod(point.month + 1, 12)
        t = day_number(date(year, month + 1, 1)) - 1
        stood = [
            r["external_id"]
            for r in owed
            if not r["excluded"] and np.busday_offset(_stamp(r["due_day"] + 7), 5, "forward") < _stamp(t)
            and not r["paid_day"] <= t
        ]  # fmt: skip
        reminded = {r["invoice_id"] for r in sent if t - 30 < r["sent_day"] <= t}
        missed = [i for i in stood if i not in reminded]
        assert (point.n, point.value) == (len(stood), len(missed) / len(stood) if stood else None)


@settings(deadline=None, max_examples=40)
@given(pieces=pieces, mails=mails, day=st.dates(date(2025, 4, 1), AS_OF))
def test_payments_and_reminders_of_later_days_change_nothing(
    pieces: list[tuple[int, int | None, bool]], mails: list[tuple[int, int]], day: date
) -> None:
    books = _history(pieces, mails)
    expected = Unreminded().detect(_history(pieces, mails, day), POLICY)
    assert Unreminded().detect(books.at(day), POLICY) == expected
    assert Unreminded().detect(replace(books, as_of=day), POLICY) == expected


def test_who_promised_to_pay_by_a_day_need_not_be_asked_before_it() -> None:
    promised: dict[str, Any] = {"promised_day": day_number(date(2026, 6, 25))}
    overdue = [_owed("1", date(2026, 4, 1), **promised), _owed("2", date(2026, 4, 1))]

    before, after = (
        _unreminded(day, overdue=overdue, feeds=[API]).n for day in (date(2026, 6, 26), date(2026, 7, 20))
    )  # fmt: skip

    assert (before, after) == (1, 2)


def test_small_amounts_are_left_alone_where_the_policy_says_so_and_unknown_ones_are_asked_for() -> None:
    overdue = [
        _owed("1", date(2026, 4, 1), total_minor=1499), _owed("2", date(2026, 4, 1), total_minor=1500),
        _owed("3", date(2026, 4, 1)),
    ]  # fmt: skip
    policy = replace(POLICY, reminder_least_amount=15.0)

    measure = _unreminded(policy=policy, overdue=overdue, feeds=[API])

    assert {key.external_id for key in measure.records} == {"2", "3"}
    assert _unreminded(overdue=overdue, feeds=[API]).n == 3
