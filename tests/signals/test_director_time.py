from dataclasses import replace
from datetime import date, timedelta
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Measure, Point, Reason, Tier
from signals.books import Books, Declaration, Range, frame
from signals.calendar import day_number, month_number
from signals.director_time import DirectorHours, last_month_of_weeks
from signals.intervals import student
from signals.policy import Policy
from signals.sessions import weekly_hours

AS_OF = date(2026, 6, 28)  # a Sunday
MONDAY = date(2026, 6, 22)
POLICY = Policy()
FEED = {"connection_id": "clock", "stream": "time"}


def _week(weeks_ago: int, hours: float, role: str = "director", **more: Any) -> dict[str, Any]:
    monday = day_number(MONDAY) - 7 * weeks_ago
    return {"week_day": monday, "actor": role, "role": role, "process": "invoicing", "minutes": int(hours * 60), **more}


def _books(hours: list[dict[str, Any]], *said: Declaration, as_of: date = AS_OF, **tables: Any) -> Books:
    rows = {"hours": hours, "feeds": [FEED], **tables}
    return Books("c", as_of, {name: frame(name, table) for name, table in rows.items()}, declarations=said)


def _said(low: float, high: float, since: date = date(2026, 3, 10), stated_on: date = date(2026, 3, 10)) -> Declaration:
    return Declaration(stated_on=stated_on, since=since, signed_by="p", director_hours=Range(low, high))


def _detect(hours: list[dict[str, Any]], *said: Declaration, policy: Policy = POLICY, **tables: Any) -> Measure:
    return DirectorHours().detect(_books(hours, *said, **tables), policy)


def test_books_without_time_or_declaration_give_no_value() -> None:
    measure = DirectorHours().detect(Books("c", AS_OF, {}), POLICY)
    assert (measure.value, measure.tier, measure.reason) == (None, Tier.NONE, Reason("no_time_source"))


def test_the_value_is_the_mean_of_the_recent_weeks_with_students_bounds() -> None:
    hours = [6.0, 8.0, 10.0, 12.0]
    measure = _detect([_week(i, h) for i, h in enumerate(hours)])
    assert measure.value == measure.recent == 9
    assert (measure.low, measure.high) == student(hours)
    assert measure.recent_low == measure.low
    assert (measure.n, measure.tier, measure.sources) == (4, Tier.DIRECT, ("clock",))
    assert measure.window == (date(2026, 6, 1), AS_OF)
    assert measure.limit == POLICY.director_hours_limit


def test_all_directors_and_processes_of_a_week_add_up() -> None:
    rows = [_week(0, 3), _week(0, 4, process="dunning"), _week(0, 2, actor="other director"), _week(0, 30, "admin")]
    assert _detect(rows).value == 9


def test_a_week_in_which_only_others_logged_time_counts_as_none_for_directors() -> None:
    rows = [_week(3, 1, "admin"), _week(2, 12), _week(0, 1, "admin")]  # nobody at all a week ago
    assert [*weekly_hours(frame("hours", rows), frame("sessions", []))["hours"]] == [0, 12, 0, 0]
    assert (_detect(rows).value, _detect(rows).n) == (3, 4)


def test_weeks_after_the_last_entry_are_not_counted_as_none() -> None:
    assert _detect([_week(6, 8), _week(5, 8)]).n == 2


def test_the_recent_weeks_lie_wholly_in_the_window() -> None:
    measure = _detect([_week(i, 5) for i in range(40)])
    assert measure.n == 12  # 84 of 90 days
    assert measure.window == (date(2026, 4, 6), AS_OF)


def test_a_running_week_does_not_count_before_its_sunday() -> None:
    rows = [_week(0, 50), _week(1, 5), _week(2, 5)]
    assert DirectorHours().detect(_books(rows, as_of=AS_OF - timedelta(days=1)), POLICY).value == 5


def test_one_week_has_a_value_and_no_bounds() -> None:
    measure = _detect([_week(1, 5)])
    assert (measure.value, measure.low, measure.high) == (5, None, None)


def test_bounds_are_never_below_zero() -> None:
    assert _detect([_week(0, 1), _week(1, 20)]).low == 0


def test_a_week_belongs_to_the_month_of_its_thursday() -> None:
    # The week of Monday 27 April 2026 has its Thursday on the 30th; that of 30 March has it on 2 April.
    april = [_week(weeks, weeks) for weeks in (8, 9, 10, 11, 12)]
    measure = _detect([*april, _week(13, 99)])
    point = next(p for p in measure.series if p.month == month_number(date(2026, 4, 1)))
    assert (point.n, point.value) == (5, 10)
    assert (point.low, point.high) == student([8, 9, 10, 11, 12])


@pytest.mark.parametrize(
    ("as_of", "month"),
    [
        (date(2026, 4, 30), date(2026, 3, 1)),  # a Thursday: its week runs on to 3 May
        (date(2026, 5, 2), date(2026, 3, 1)),
        (date(2026, 5, 3), date(2026, 4, 1)),
        (date(2026, 9, 27), date(2026, 8, 1)),  # no more Thursday in September, but days
        (date(2026, 9, 30), date(2026, 9, 1)),
    ],
)
def test_a_month_of_weeks_is_complete_when_its_days_and_its_weeks_are_over(as_of: date, month: date) -> None:
    assert last_month_of_weeks(as_of) == month_number(month)


def test_months_after_the_last_entry_have_points_without_value() -> None:
    measure = _detect([_week(10, 5)])  # the week of 13 April 2026
    april = month_number(date(2026, 4, 1))
    assert measure.series == (Point(april, 5.0, n=1), Point(april + 1, None))


def test_the_baseline_pools_the_weeks_of_the_oldest_twelve_months() -> None:
    measure = _detect([_week(i, 4 if i >= 30 else 9) for i in range(95)])
    first = [p for p in measure.series if p.value is not None][:12]
    assert measure.baseline == 4
    assert measure.baseline_n == sum(p.n for p in first)
    assert measure.recent == 9


def test_a_confirmed_period_is_the_baseline() -> None:
    policy = Policy(baseline_period=(date(2026, 4, 1), date(2026, 5, 31)))
    measure = _detect([_week(i, 4 if i >= 15 else 9) for i in range(95)], policy=policy)
    assert (measure.baseline, measure.baseline_n) == (9, 9)


def test_logged_time_without_a_known_director_gives_no_value() -> None:
    assert _detect([_week(0, 20, "admin")]).reason == Reason("no_director_mapped")


def test_a_director_who_never_logged_time_is_silent_not_idle() -> None:
    staff = [{"actor": "d", "role": "director"}]
    measure = _detect([_week(0, 20, "admin")], staff=staff)
    assert (measure.value, measure.reason) == (None, Reason("no_director_entries"))


def test_time_last_logged_long_ago_gives_no_value_but_keeps_the_past() -> None:
    measure = _detect([_week(30, 5), _week(31, 5)])
    assert measure.reason == Reason("no_recent_time", {"days": 90})
    assert measure.baseline == 5


# Declared


def test_without_time_entries_the_declaration_speaks() -> None:
    measure = _detect([], _said(6, 10))
    assert (measure.value, measure.low, measure.high) == (8, 6, 10)
    assert (measure.tier, measure.sources, measure.notes) == (Tier.DECLARED, ("declaration",), ())
    assert measure.limit == POLICY.director_hours_limit
    april = month_number(date(2026, 4, 1))
    assert measure.series == (Point(april, 8, 6, 10, 1), Point(april + 1, 8, 6, 10, 1))  # since 10 March; June runs


def test_a_declaration_true_from_the_first_of_a_month_has_that_month() -> None:
    measure = _detect([], _said(6, 10, since=date(2026, 5, 1), stated_on=date(2026, 6, 1)))
    assert [p.month for p in measure.series] == [month_number(date(2026, 5, 1))]


def test_an_expired_a_future_and_an_empty_declaration_say_nothing() -> None:
    expired = _said(6, 10, stated_on=AS_OF - timedelta(days=POLICY.declared_valid_days + 1))
    future = _said(6, 10, since=AS_OF + timedelta(days=1))
    empty = Declaration(stated_on=AS_OF, since=AS_OF, signed_by="p")
    for said in (expired, future, empty):
        assert _detect([], said).reason == Reason("no_time_source")


def test_a_declaration_stands_in_where_time_is_logged_but_no_director_is_known() -> None:
    measure = _detect([_week(0, 20, "admin")], _said(6, 10))
    assert (measure.value, measure.tier) == (8, Tier.DECLARED)
    assert measure.notes == (Reason("no_director_mapped"),)


@pytest.mark.parametrize(
    ("low", "high", "differs"), [(1, 3, True), (1, 7, False), (8.5, 20, False), (12, 14, True), (8, 8, False)]
)
def test_a_declaration_is_mentioned_only_where_it_contradicts_what_was_measured(
    low: float,
    high: float,
    differs: bool,
) -> None:
    rows = [_week(i, h) for i, h in enumerate([6, 8, 10, 8, 6, 10])]
    measure = _detect(rows, _said(low, high))
    assert (measure.value, measure.tier) == (8, Tier.DIRECT)
    assert (measure.low or 0) > 6
    assert [note.code for note in measure.notes] == (["declared_differs"] if differs else [])


logged = st.lists(
    st.tuples(st.integers(0, 70), st.integers(1, 3000), st.sampled_from(["director", "admin"])), max_size=30
)


@settings(deadline=None, max_examples=50)
@given(logged=logged, day=st.dates(date(2025, 2, 1), AS_OF))
def test_time_logged_and_things_said_later_change_nothing(logged: list[tuple[int, int, str]], day: date) -> None:
    rows = [_week(weeks, minutes / 60, role) for weeks, minutes, role in logged]
    said = _said(6, 10)
    books = _books(rows, said)
    known = [r for r in rows if r["week_day"] + 6 <= day_number(day)]
    expected = DirectorHours().detect(_books(known, *([said] if said.stated_on <= day else []), as_of=day), POLICY)
    assert DirectorHours().detect(books.at(day), POLICY) == expected
    assert DirectorHours().detect(replace(books, as_of=day), POLICY) == expected


@settings(deadline=None, max_examples=50)
@given(hours=st.lists(st.integers(0, 40), min_size=2, max_size=12))
def test_the_value_is_the_plain_mean_within_its_bounds(hours: list[int]) -> None:
    measure = _detect([row for i, h in enumerate(hours) for row in (_week(i, h), _week(i, 1, "admin"))])
    if measure.value is None:
        assert not any(hours)
        return
    assert measure.value == pytest.approx(fmean(hours))
    assert (measure.low or 0) <= measure.value <= (measure.high or 0)
