from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from time import perf_counter
from typing import Any

import holidays
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Reason
from signals.books import COLUMNS, Books, frame
from signals.calendar import add_working_days, day_number, day_of
from signals.change import ChangeRule, ChangeState, baseline_of, detect_change
from signals.closures import closed_weeks, closure_days, last_open_days, mondays_of, open_days
from signals.policy import Policy
from signals.trials import baseline_span, error_weeks, hours_weeks, late_weeks, unreminded_weeks
from signals.weeks import Weeks

SUNDAY = date(2026, 6, 28)
POLICY = Policy()
HOLIDAYS = frozenset(holidays.country_holidays("FR", years=[2024, 2025, 2026]))
CLOSED = closure_days([(date(2025, 8, 4), date(2025, 8, 22)), (date(2025, 12, 22), date(2026, 1, 2))])
Series = Callable[[Books, Policy], Weeks | Reason]
ALL: tuple[Series, ...] = (late_weeks, error_weeks, unreminded_weeks, hours_weeks)


def _books(as_of: date = SUNDAY, **tables: list[dict[str, Any]]) -> Books:
    return Books("c", as_of, {name: frame(name, rows) for name, rows in tables.items()})


def _seen(answer: Weeks | Reason) -> dict[date, tuple[float, float]]:
    """Give (wrong, trials) of each week seen with any trial, by its Monday."""
    assert isinstance(answer, Weeks)
    each = zip(answer.week_day, answer.count, answer.n, answer.seen, strict=True)
    return {day_of(day): (count, n) for day, count, n, seen in each if seen and n}


def _not_seen(answer: Weeks | Reason) -> list[date]:
    assert isinstance(answer, Weeks)
    return [day_of(day) for day in answer.week_day[~answer.seen]]


def _day(day: date | None) -> int | None:
    return None if day is None else day_number(day)


def _issued(service: date, issued: date, n: int = 1) -> dict[str, Any]:
    return {"connection_id": "erp", "service_day": day_number(service), "issued_day": day_number(issued), "n": n}


def _delivered(day: date, billed: date | None = None, n: int = 1, **more: Any) -> dict[str, Any]:
    return {"connection_id": "erp", "delivered_day": day_number(day), "invoiced_day": _day(billed), "n": n, **more}


def _feed(stream: str, read: date, kind: str = "api", last: date | None = None) -> dict[str, Any]:
    days = {"read_day": day_number(read), "last_day": _day(last)}
    return {"connection_id": "erp", "kind": kind, "stream": stream, **days}


# Closures


def test_a_week_of_christmas_is_closed_and_one_with_a_holiday_is_not() -> None:
    weeks = np.array([float(day_number(d)) for d in (date(2025, 12, 15), date(2025, 12, 22), date(2026, 4, 6))])
    assert list(open_days(weeks, CLOSED | HOLIDAYS)) == [5, 0, 4]
    assert list(closed_weeks(weeks, CLOSED | HOLIDAYS)) == [False, True, False]
    assert [day_of(d) for d in last_open_days(weeks, CLOSED)] == [
        date(2025, 12, 19), date(2025, 12, 19), date(2026, 4, 10)
    ]  # fmt: skip


@given(st.dates(date(1960, 1, 1), date(2040, 1, 1)))
def test_every_day_is_in_the_week_of_its_monday(day: date) -> None:
    monday = day_of(mondays_of(np.array([float(day_number(day))]))[0])
    assert monday.weekday() == 0
    assert 0 <= (day - monday).days <= 6


# A punctual company that closes


def _punctual(first: date, last: date, closed: frozenset[date]) -> list[tuple[date, date]]:
    """Bill every open day's service three working days later."""
    open_on = [
        first + timedelta(days=i) for i in range((last - first).days) if (first + timedelta(days=i)) not in closed
    ]
    done = np.array([float(day_number(d)) for d in open_on if d.weekday() < 5])
    return [(day_of(s), day_of(i)) for s, i in zip(done, add_working_days(done, 3, closed), strict=True)]


@pytest.mark.parametrize("known_by", ["issue_days", "deliveries"])
def test_three_closed_weeks_in_august_and_two_at_christmas_make_nothing_late(known_by: str) -> None:
    pairs = _punctual(date(2025, 1, 6), date(2026, 6, 1), HOLIDAYS | CLOSED)
    make = _issued if known_by == "issue_days" else _delivered
    rows = {known_by: [make(service, billed) for service, billed in pairs]}
    books = _books(SUNDAY, **rows)
    given_closures = late_weeks(books, Policy(closed_days=HOLIDAYS | CLOSED))
    assert sum(wrong for wrong, _ in _seen(given_closures).values()) == 0
    assert sum(n for _, n in _seen(given_closures).values()) == len(pairs)
    closed = [date(2025, 8, 4), date(2025, 8, 11), date(2025, 8, 18), date(2025, 12, 22), date(2025, 12, 29)]
    assert _not_seen(given_closures) == closed
    # In calendar days, seven for five, the days before each closure would be late, and without the closures too.
    late = [service for service, billed in pairs if (billed - service).days > 7]
    assert {(d.year, d.month) for d in late} >= {(2025, 7), (2025, 8), (2025, 12)}
    ignorant = late_weeks(books, Policy(closed_days=HOLIDAYS))
    assert sum(wrong for wrong, _ in _seen(ignorant).values()) >= 6


# Late: by issue


def test_an_invoice_counts_in_the_week_it_was_issued_in() -> None:
    books = _books(
        issue_days=[_issued(date(2026, 6, 1), date(2026, 6, 8), 3), _issued(date(2026, 6, 1), date(2026, 6, 9))]
    )
    assert _seen(late_weeks(books, POLICY)) == {date(2026, 6, 8): (1, 4)}


def test_the_week_under_way_is_not_seen_and_has_no_trials() -> None:
    rows = [_issued(date(2026, 6, 1), date(2026, 6, 19)), _issued(date(2026, 6, 1), date(2026, 6, 23))]
    weeks = late_weeks(_books(date(2026, 6, 27), issue_days=rows), POLICY)
    assert _seen(weeks) == {date(2026, 6, 15): (1, 1)}
    assert _not_seen(weeks) == [date(2026, 6, 22)]
    assert isinstance(weeks, Weeks)
    assert list(weeks.n) == [1, 0]


def _told(answer: Weeks | Reason) -> dict[date, tuple[float, float]]:
    """Give (wrong, trials) of each day told, by its date."""
    assert isinstance(answer, Weeks)
    assert answer.by_day is not None
    daily = answer.by_day
    days = answer.week_day[:, np.newaxis] + np.arange(7)
    assert not daily.n[~daily.told].any()
    return {
        day_of(day): (count, n)
        for day, count, n in zip(days[daily.told], daily.count[daily.told], daily.n[daily.told], strict=True)
    }


@pytest.mark.parametrize(
    ("feed", "last"),
    [
        (_feed("invoices", date(2026, 6, 25)), date(2026, 6, 24)),  # on Thursday the Thursday is not over
        (_feed("invoices", date(2026, 7, 9)), date(2026, 6, 26)),  # nobody knows the future
        (_feed("invoices", date(2026, 6, 26), "file", date(2026, 6, 25)), date(2026, 6, 24)),
        (
            _feed("invoices", date(2026, 6, 28), "file", date(2026, 6, 19)),
            date(2026, 6, 21),
        ),  # that Friday ended a week
    ],
)
def test_the_days_of_the_week_under_way_are_told_as_far_as_they_were_read(feed: dict[str, Any], last: date) -> None:
    rows = [_issued(date(2026, 5, day), date(2026, 6, day)) for day in (2, 19, 22, 24, 25, 26)]
    weeks = late_weeks(_books(date(2026, 6, 26), issue_days=rows, feeds=[feed]), POLICY)
    told = _told(weeks)
    assert max(told) == last
    assert min(told) == date(2026, 6, 1)
    assert {day.day: n for day, (_, n) in told.items() if n} == {
        day: 1 for day in (2, 19, 22, 24, 25, 26) if day <= last.day
    }
    assert isinstance(weeks, Weeks)
    assert weeks.n[-1] == 0


def test_weeks_after_the_last_one_an_api_was_read_to_the_end_of_are_not_seen() -> None:
    rows = [_issued(date(2026, 6, 1), date(2026, 6, day)) for day in (5, 12, 19)]
    for read, unseen in (
        (date(2026, 6, 19), [date(2026, 6, 15), date(2026, 6, 22)]),  # on Friday the Friday is not over
        (date(2026, 6, 20), [date(2026, 6, 22)]),
    ):
        weeks = late_weeks(_books(issue_days=rows, feeds=[_feed("invoices", read)]), POLICY)
        assert _not_seen(weeks) == unseen


def test_a_file_reaches_its_last_record() -> None:
    rows = [_issued(date(2026, 6, 1), date(2026, 6, day)) for day in (5, 12, 17)]
    feed = _feed("invoices", SUNDAY, "file", date(2026, 6, 17))
    assert _not_seen(late_weeks(_books(issue_days=rows, feeds=[feed]), POLICY)) == [
        date(2026, 6, 15),
        date(2026, 6, 22),
    ]


def test_a_silent_source_takes_nothing_from_another() -> None:
    alive = {**_issued(date(2026, 6, 1), date(2026, 6, 17)), "connection_id": "shop"}
    feeds = [_feed("invoices", date(2026, 6, 10)), {**_feed("invoices", SUNDAY), "connection_id": "shop"}]
    silent = [_issued(date(2026, 5, 1), date(2026, 6, 3)), _issued(date(2026, 6, 1), date(2026, 6, 9))]
    weeks = late_weeks(_books(issue_days=[*silent, alive], feeds=feeds), POLICY)
    assert _seen(weeks) == {date(2026, 6, 1): (1, 1), date(2026, 6, 8): (1, 1), date(2026, 6, 15): (1, 1)}


# Late: by deadline, where deliveries are known


def test_what_nobody_has_billed_is_late_from_its_deadline_on() -> None:
    rows = [
        _delivered(date(2026, 6, 1), date(2026, 6, 8), 5),  # on the deadline
        _delivered(date(2026, 6, 1), date(2026, 6, 9), 2),  # a day late
        _delivered(date(2026, 6, 1), None, 1),
        _delivered(date(2026, 6, 22), None, 9),  # deadline in the week to come
    ]
    assert _seen(late_weeks(_books(deliveries=rows), POLICY)) == {date(2026, 6, 8): (3, 8)}


def test_what_was_cancelled_by_its_deadline_was_not_to_be_billed() -> None:
    rows = [
        _delivered(date(2026, 6, 1), date(2026, 6, 2)),
        _delivered(date(2026, 6, 1), None, cancelled_day=day_number(date(2026, 6, 8))),
        _delivered(date(2026, 6, 1), None, cancelled_day=day_number(date(2026, 6, 9))),
        _delivered(date(2026, 6, 1), date(2026, 6, 2), cancelled_day=day_number(date(2026, 6, 3))),
    ]
    assert _seen(late_weeks(_books(deliveries=rows), POLICY)) == {date(2026, 6, 8): (1, 3)}


def test_what_is_billed_monthly_is_due_after_the_end_of_its_month() -> None:
    rows = [
        _delivered(date(2026, 5, 4), date(2026, 6, 8), 3, periodic=True),  # five working days after Monday 1 June
        _delivered(date(2026, 5, 4), date(2026, 6, 9), periodic=True),
        _delivered(date(2026, 5, 4), date(2026, 6, 5), 2),
    ]
    seen = _seen(late_weeks(_books(deliveries=rows), POLICY))
    assert {week: counts for week, counts in seen.items() if counts[1]} == {
        date(2026, 5, 11): (2, 2), date(2026, 6, 8): (1, 4),
    }  # fmt: skip


def test_deliveries_and_the_invoices_for_them_are_not_counted_twice() -> None:
    days = [date(2025, 1, 6) + timedelta(days=7 * i) for i in range(70)]
    delivered = [_delivered(day, day + timedelta(days=2)) for day in days]
    issued = [_issued(day, day + timedelta(days=2)) for day in days]
    assert sum(n for _, n in _seen(late_weeks(_books(deliveries=delivered, issue_days=issued), POLICY)).values()) == 70


def test_deliveries_known_for_less_than_a_baseline_wait_while_invoices_go_back_further() -> None:
    days = [date(2023, 1, 2) + timedelta(days=7 * i) for i in range(180)]
    issued = [_issued(day, day + timedelta(days=2)) for day in days]
    for since, first in ((150, date(2023, 1, 2)), (60, days[60] + timedelta(days=7))):
        delivered = [_delivered(day, day + timedelta(days=2)) for day in days[since:]]
        assert min(_seen(late_weeks(_books(deliveries=delivered, issue_days=issued), POLICY))) == first


def test_deliveries_that_are_hardly_ever_linked_to_an_invoice_say_nothing_of_billing() -> None:
    day = date(2026, 1, 5)
    rows = [_delivered(day, None, 6), _delivered(day, date(2026, 1, 7), 2), _delivered(day, date(2026, 1, 8), 2)]
    assert late_weeks(_books(deliveries=rows), POLICY) == Reason("deliveries_unlinked", {"n": 6, "of": 10, "days": 90})
    unlinked = late_weeks(_books(deliveries=[_delivered(day, None, 6)]), POLICY)
    assert unlinked == Reason("field_empty", {"field": "invoiced_on", "n": 6})
    issued = [_issued(day, date(2026, 1, 30))]
    assert _seen(late_weeks(_books(deliveries=rows, issue_days=issued), POLICY)) == {date(2026, 1, 26): (1, 1)}


def test_a_silent_list_of_deliveries_makes_nothing_late() -> None:
    rows = [_delivered(date(2026, 6, day), date(2026, 6, day + 1)) for day in (1, 2)] + [_delivered(date(2026, 6, 5))]
    weeks = late_weeks(_books(deliveries=rows, feeds=[_feed("deliveries", date(2026, 6, 11))]), POLICY)
    assert isinstance(weeks, Reason)  # the week of the deadlines was not read to its end
    weeks = late_weeks(_books(deliveries=rows, feeds=[_feed("deliveries", date(2026, 6, 13))]), POLICY)
    assert _seen(weeks) == {date(2026, 6, 8): (1, 3)}


def test_by_deadline_the_newest_weeks_look_no_better_than_they_are() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for service in (date(2025, 1, 6) + timedelta(days=7 * i) for i in range(76)):
        for late in rng.random(25) < 0.2:
            billed = service + timedelta(days=int(rng.integers(15, 60) if late else 3))
            rows.append(_delivered(service, billed if billed <= SUNDAY else None))
    newest = list(_seen(late_weeks(_books(deliveries=rows), POLICY)).values())[-6:]
    wrong, n = (sum(values) for values in zip(*newest, strict=True))
    assert n == 150
    assert wrong / n == pytest.approx(0.2, abs=0.07)


# Errors


def _correction(issued: date, shown: date | None = None, n: int = 1) -> dict[str, Any]:
    return {"connection_id": "erp", "issued_day": day_number(issued), "corrected_day": _day(shown), "n": n}


def test_an_invoice_is_looked_at_three_times_until_an_error_has_shown() -> None:
    # Working days 11, 21 and 43 after Monday 1 December: 16 and 30 December, 29 January.
    old = [_correction(date(2025, 9, 1), None, 1)]
    rows = [
        _correction(date(2025, 12, 1), None, 10),
        _correction(date(2025, 12, 1), date(2025, 12, 16), 4),
        _correction(date(2025, 12, 1), date(2025, 12, 17), 2),
        _correction(date(2025, 12, 1), date(2026, 1, 29), 1),
        _correction(date(2025, 12, 1), date(2026, 1, 30), 1),  # too late to be counted
    ]
    assert {day: c for day, c in _seen(error_weeks(_books(corrections=old + rows), POLICY)).items() if c[1] > 1} == {
        date(2025, 12, 15): (4, 18),
        date(2025, 12, 29): (2, 14),
        date(2026, 1, 26): (1, 12),
    }
    assert _seen(error_weeks(_books(corrections=rows), POLICY, (1.0,))) == {date(2026, 1, 26): (7, 18)}


def test_the_series_of_errors_begins_when_invoices_of_all_ages_are_looked_at() -> None:
    rows = [_correction(date(2025, 1, 6) + timedelta(days=7 * i), None, 5) for i in range(60)]
    rows.append(_correction(date(2025, 6, 2), date(2025, 6, 5)))
    weeks = _seen(error_weeks(_books(corrections=rows), POLICY))
    assert min(weeks) == date(2025, 3, 3)
    assert weeks[date(2025, 3, 3)] == (0, 15)


def test_a_source_that_never_showed_an_error_says_nothing() -> None:
    assert error_weeks(_books(), POLICY) == Reason("no_correction_source")
    assert error_weeks(_books(corrections=[_correction(date(2025, 1, 6), None, 7)]), POLICY) == Reason(
        "no_correction_seen", {"n": 7}
    )
    young = [_correction(date(2026, 6, 8), date(2026, 6, 9), 7)]
    assert error_weeks(_books(corrections=young), POLICY) == Reason("no_week_over")


# Reminders

API = {"connection_id": "erp", "kind": "api", "stream": "reminders", "read_day": day_number(SUNDAY)}


def _owed(name: str, due: date, paid: date | None = None, **more: Any) -> dict[str, Any]:
    days = {"due_day": day_number(due), "paid_day": _day(paid)}
    return {"connection_id": "erp", "external_id": name, **days, **more}


def _reminder(name: str, sent: date) -> dict[str, Any]:
    return {"connection_id": "mail", "invoice_id": name, "sent_day": day_number(sent)}


def test_an_overdue_invoice_counts_in_the_week_its_first_reminder_was_due() -> None:
    due = date(2026, 5, 4)  # the grace ends on 11 May, five working days later it is 18 May
    overdue = [
        _owed("never", due),
        _owed("in time", due),
        _owed("too late", due),
        _owed("reminded and paid", due, date(2026, 5, 14)),
        _owed("paid unprompted", due, date(2026, 5, 18)),
        _owed("paid in the grace", due, date(2026, 5, 8)),
        _owed("disputed", due, excluded=True),
    ]
    sent = [
        _reminder("in time", date(2026, 5, 18)),
        _reminder("in time", date(2026, 6, 18)),
        _reminder("too late", date(2026, 5, 19)),
        _reminder("reminded and paid", date(2026, 5, 12)),
        _reminder("paid unprompted", date(2026, 5, 20)),
    ]
    books = _books(overdue=overdue, reminders=sent, feeds=[API])
    assert _seen(unreminded_weeks(books, POLICY)) == {date(2026, 5, 18): (2, 4)}
    whit = Policy(closed_days=frozenset({date(2026, 5, 14), date(2026, 5, 15)}))
    assert _seen(unreminded_weeks(books, whit))[date(2026, 5, 18)] == (1, 4)


def test_deliveries_that_were_all_cancelled_leave_the_invoices() -> None:
    gone = _delivered(date(2026, 6, 1), date(2026, 6, 20), cancelled_day=day_number(date(2026, 6, 2)))
    books = _books(deliveries=[gone], issue_days=[_issued(date(2026, 6, 1), date(2026, 6, 2))])
    assert _seen(late_weeks(books, POLICY)) == {date(2026, 6, 1): (0, 1)}


def test_without_a_source_of_reminders_or_anything_overdue_there_is_a_reason() -> None:
    assert unreminded_weeks(_books(overdue=[_owed("1", date(2026, 1, 5))]), POLICY) == Reason("no_reminder_source")
    assert unreminded_weeks(_books(feeds=[API]), POLICY) == Reason("nothing_overdue", {"days": 7})


def test_invoices_due_before_reminders_were_listed_are_no_trials() -> None:
    feed = {"connection_id": "mail", "kind": "file", "stream": "reminders", "first_day": day_number(date(2026, 3, 2))}
    feed |= {"read_day": day_number(SUNDAY), "last_day": day_number(SUNDAY)}
    overdue = [_owed("before", date(2026, 2, 20)), _owed("after", date(2026, 3, 2))]
    books = _books(overdue=overdue, reminders=[_reminder("x", date(2026, 3, 2))], feeds=[feed])
    assert sum(n for _, n in _seen(unreminded_weeks(books, POLICY)).values()) == 1


def test_silent_payments_or_reminders_end_the_series() -> None:
    overdue = [_owed(str(i), date(2026, 3, 2) + timedelta(days=7 * i)) for i in range(12)]
    for stream in ("payments", "reminders", "invoices"):
        feeds = [API] if stream != "reminders" else []
        feeds.append(_feed(stream, date(2026, 4, 25)))
        weeks = unreminded_weeks(_books(overdue=overdue, feeds=feeds), POLICY)
        assert max(_seen(weeks)) == date(2026, 4, 20)


def _dunning(slower: float, reminded: float, seed: int = 4) -> Books:
    """Four years of 60 overdue invoices a month; after two, customers pay slower, or fewer are reminded of."""
    rng = np.random.default_rng(seed)
    overdue, sent = [], []
    for week in range(190):
        due = date(2022, 10, 3) + timedelta(days=7 * week)
        changed = week > 110
        for i in range(rng.poisson(14)):
            name, owed = f"{week}/{i}", rng.exponential(20 * (slower if changed else 1))
            after = rng.integers(0, 7) if rng.random() < (reminded if changed else 0.8) else 10**4
            if after < owed:
                sent.append(_reminder(name, due + timedelta(days=8 + int(after))))
                owed = after + (owed - after) / 2
            overdue.append(_owed(name, due, due + timedelta(days=8 + int(owed))))
    return _books(overdue=overdue, reminders=[r for r in sent if r["sent_day"] < day_number(SUNDAY)], feeds=[API])


@pytest.mark.parametrize(
    ("slower", "reminded", "state"),
    [(1, 0.8, ChangeState.OK), (2, 0.8, ChangeState.OK), (1, 0.5, ChangeState.ALARM)],
)
def test_slow_customers_raise_no_alarm_and_fewer_reminders_do(
    slower: float, reminded: float, state: ChangeState
) -> None:
    weeks = unreminded_weeks(_dunning(slower, reminded), POLICY)
    assert isinstance(weeks, Weeks)
    rule = ChangeRule()
    baseline = baseline_of(weeks, *baseline_span(weeks, POLICY), rule, confirmed=True)
    assert baseline is not None
    assert detect_change(weeks, baseline, rule).state is state


# Hours


def _hours(week: date, minutes: int = 300, actor: str = "d1", role: str = "director") -> dict[str, Any]:
    return {"week_day": day_number(week), "actor": actor, "role": role, "process": "invoicing", "minutes": minutes}


MONDAYS = [date(2026, 5, 4) + timedelta(days=7 * i) for i in range(6)]  # to 8 June


def test_hours_of_all_directors_add_up_by_week_and_a_week_between_without_any_is_none() -> None:
    rows = [_hours(MONDAYS[0]), _hours(MONDAYS[0], 90, "d2"), _hours(MONDAYS[0], 900, "a", "admin"), _hours(MONDAYS[2])]
    weeks = hours_weeks(_books(hours=rows), POLICY)
    assert list(_seen(weeks).items()) == [(MONDAYS[0], (6.5, 1)), (MONDAYS[1], (0, 1)), (MONDAYS[2], (5, 1))]


def test_weeks_after_the_last_entry_are_not_seen() -> None:
    weeks = hours_weeks(_books(hours=[_hours(day) for day in MONDAYS]), POLICY)
    assert _not_seen(weeks) == [date(2026, 6, 15), date(2026, 6, 22)]


def test_a_week_with_fewer_than_three_days_on_which_a_director_is_there_is_not_seen() -> None:
    rows = [_hours(day) for day in MONDAYS]
    two_open = Policy(closed_days=frozenset({date(2026, 5, 13), date(2026, 5, 14), date(2026, 5, 15)}))
    assert _not_seen(hours_weeks(_books(MONDAYS[-1] + timedelta(days=6), hours=rows), two_open)) == [date(2026, 5, 11)]
    away = {"actor": "d1", "start_day": day_number(date(2026, 5, 20)), "end_day": day_number(date(2026, 5, 29))}
    books = _books(MONDAYS[-1] + timedelta(days=6), hours=rows, absences=[away])
    assert _not_seen(hours_weeks(books, POLICY)) == [date(2026, 5, 18), date(2026, 5, 25)]
    with_another = replace(
        books, tables={**books.tables, "hours": frame("hours", [*rows, _hours(MONDAYS[0], 60, "d2")])}
    )
    assert _not_seen(hours_weeks(with_another, POLICY)) == []


def test_a_week_of_which_a_list_tells_half_is_not_seen() -> None:
    feed = _feed("time", SUNDAY, "file", date(2026, 6, 10))
    books = _books(date(2026, 6, 14), hours=[_hours(day) for day in MONDAYS], feeds=[feed])
    assert _not_seen(hours_weeks(books, POLICY)) == [MONDAYS[-1]]


def test_hours_nobody_logs_or_no_director_logs_are_not_zero() -> None:
    assert hours_weeks(_books(), POLICY) == Reason("no_time_source")
    assert hours_weeks(_books(hours=[_hours(MONDAYS[0], role="admin")]), POLICY) == Reason("no_director_mapped")


# The baseline


def _weekly(first: date, n: int) -> Weeks:
    return Weeks(np.arange(n, dtype="float64") * 7 + day_number(first), np.zeros(n), np.ones(n), np.ones(n, dtype=bool))


def test_the_baseline_is_the_whole_weeks_of_the_oldest_twelve_months() -> None:
    assert baseline_span(_weekly(date(2024, 1, 1), 120), POLICY) == (date(2024, 1, 1), date(2024, 12, 29))
    assert baseline_span(_weekly(date(2026, 1, 5), 8), POLICY) == (date(2026, 1, 5), date(2026, 2, 22))


def test_a_confirmed_period_counts_with_its_whole_weeks_alone() -> None:
    confirmed = Policy(baseline_period=(date(2024, 3, 1), date(2024, 8, 31)))
    assert baseline_span(_weekly(date(2024, 1, 1), 120), confirmed) == (date(2024, 3, 4), date(2024, 8, 25))


def test_without_a_complete_month_no_week_is_in_the_baseline() -> None:
    for weeks in (_weekly(date(2026, 1, 5), 2), replace(_weekly(date(2024, 1, 1), 60), n=np.zeros(60))):
        assert baseline_of(weeks, *baseline_span(weeks, POLICY), ChangeRule()) is None


# What holds for all of them

START = day_number(date(2026, 1, 5))
offset = st.integers(0, 200)
gap = st.one_of(st.none(), st.integers(0, 120))
row = st.tuples(offset, gap, gap, st.sampled_from(["erp", "shop"]), st.integers(1, 4))


def _plus(start: int, more: int | None) -> int | None:
    return None if more is None else start + more


READS: dict[Series, tuple[str, ...]] = {
    late_weeks: ("issue_days", "deliveries"),
    error_weeks: ("corrections",),
    unreminded_weeks: ("overdue", "reminders", "feeds"),
    hours_weeks: ("hours", "absences"),
}


def _made(series: Series, rows: list[tuple[int, int | None, int | None, str, int]], as_of: int) -> Books:
    """Make the tables a series reads, the days after `as_of` too."""
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in ("issue_days", "deliveries", "corrections")}
    tables |= {"overdue": [], "reminders": [], "hours": [], "absences": [], "feeds": [API]}
    for i, (day, first, second, source, n) in enumerate(rows):
        start, from_source = START + day, {"connection_id": source, "n": n}
        tables["issue_days"].append({**from_source, "service_day": start - (first or 0), "issued_day": start})
        if n > 1:  # so that either basis is met with
            billed = {"invoiced_day": _plus(start, first), "cancelled_day": _plus(start, second)}
            tables["deliveries"].append({**from_source, "delivered_day": start, **billed})
        tables["corrections"].append({**from_source, "issued_day": start, "corrected_day": _plus(start, first)})
        owed = {"connection_id": source, "external_id": str(i), "due_day": start}
        tables["overdue"].append({**owed, "paid_day": _plus(start, second)})
        if first is not None:
            tables["reminders"].append({"connection_id": source, "invoice_id": str(i), "sent_day": start + first})
        tables["hours"].append(_hours(day_of(START + 7 * (day // 7)), n * 60))
        if second is not None:
            tables["absences"].append({"actor": "d1", "start_day": start, "end_day": start + second})
    return _books(day_of(START + as_of), **{name: tables[name] for name in READS[series]})


def _same(one: Weeks | Reason, other: Weeks | Reason) -> bool:
    if isinstance(one, Reason) or isinstance(other, Reason):
        return one == other
    pairs = [(one.week_day, other.week_day), (one.count, other.count), (one.n, other.n), (one.seen, other.seen)]
    if one.by_day is not None and other.by_day is not None:
        pairs += [(getattr(one.by_day, name), getattr(other.by_day, name)) for name in ("count", "n", "told")]
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("series", ALL)
@settings(deadline=None, max_examples=12)
@given(rows=st.lists(row, max_size=25), as_of=st.integers(20, 260), seed=st.integers(0, 99))
def test_the_order_of_rows_and_the_future_change_nothing(
    series: Series, rows: list[tuple[int, int | None, int | None, str, int]], as_of: int, seed: int
) -> None:
    books = _made(series, rows, as_of)
    answer = series(books.at(books.as_of), POLICY)
    shuffled = {name: table.sample(frac=1, random_state=seed) for name, table in books.tables.items()}
    assert _same(series(replace(books, tables=shuffled).at(books.as_of), POLICY), answer)
    # Uncut books hold the future; only how a field is filled may then be judged on more rows.
    uncut = series(books, POLICY)
    if isinstance(answer, Weeks) and isinstance(uncut, Weeks) and series is not late_weeks:
        assert _same(uncut, answer)
    if isinstance(answer, Weeks):
        assert (answer.count <= answer.n).all() or series is hours_weeks
        assert np.diff(answer.week_day).tolist() == [7] * (len(answer) - 1)


@pytest.mark.parametrize("series", [late_weeks, error_weeks, unreminded_weeks])
@settings(deadline=None, max_examples=12)
@given(rows=st.lists(row, min_size=8, max_size=30), as_of=st.integers(60, 200), later=st.integers(1, 60))
def test_no_later_day_changes_a_week_once_seen(
    series: Series, rows: list[tuple[int, int | None, int | None, str, int]], as_of: int, later: int
) -> None:
    rows = (
        [(0, 3, None, source, 2) for source in ("erp", "shop")] + [(1, 5, None, s, 2) for s in ("erp", "shop")] + rows
    )
    rows = [(day, 3 if first is None else first, second, source, 2) for day, first, second, source, _ in rows]
    books = _made(series, rows, as_of + later)
    before, after = series(books.at(day_of(START + as_of)), POLICY), series(books.at(books.as_of), POLICY)
    if isinstance(before, Weeks) and isinstance(after, Weeks):
        seen = _seen(before)
        assert {day: counts for day, counts in _seen(after).items() if day <= max(seen, default=date.min)} == seen
        told, later_on = _told(before), _told(after)  # not even the days of a week under way
        assert {day: counts for day, counts in later_on.items() if min(told) <= day <= max(told)} == told
        assert max(told) >= max(seen, default=date.min)


@pytest.mark.parametrize("series", ALL)
def test_empty_books_give_a_reason(series: Series) -> None:
    assert isinstance(series(_books(), POLICY), Reason)


def _many(table: str, rows: int, **columns: Any) -> Books:
    made = {name: columns.get(name, np.zeros(rows)) for name in COLUMNS[table]}
    frames = pd.DataFrame(made | {"connection_id": "erp", "n": 1}).astype(dict(COLUMNS[table]))
    return Books("c", SUNDAY, {table: frames})


@pytest.mark.parametrize(
    ("series", "table", "first", "second"),
    [
        (late_weeks, "issue_days", "service_day", "issued_day"),
        (late_weeks, "deliveries", "delivered_day", "invoiced_day"),
        (error_weeks, "corrections", "issued_day", "corrected_day"),
    ],
)
def test_two_hundred_thousand_rows_take_less_than_a_second(series: Series, table: str, first: str, second: str) -> None:
    rng = np.random.default_rng(2)
    day = day_number(SUNDAY) - rng.integers(30, 2000, 200_000).astype("float64")
    columns = {first: day, second: day + rng.integers(0, 25, len(day)), "cancelled_day": np.full(len(day), np.nan)}
    books, policy = _many(table, len(day), **columns), Policy(closed_days=HOLIDAYS | CLOSED)
    began = perf_counter()
    weeks = series(books, policy)
    assert perf_counter() - began < 1
    assert sum(n for _, n in _seen(weeks).values()) > 150_000
