from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.absences import Comparison, runs_of, working_days
from signals.base import Detector, Measure, Reason, SignalName, Tier, Unit
from signals.books import Books, Declaration, Sheet, frame
from signals.calendar import day_number, month_number
from signals.key_person import (
    BackupPresence,
    EffectiveActors,
    HolidayTest,
    SoleOperators,
    hhi,
    knowers,
    knowers_on,
    lacks_backup,
)
from signals.policy import Policy

AS_OF = date(2026, 6, 30)
POLICY = Policy()
DETECTORS: tuple[Detector, ...] = (SoleOperators(), HolidayTest(), BackupPresence(), EffectiveActors())
AWAY = ((date(2026, 2, 2), date(2026, 2, 13)), (date(2026, 4, 20), date(2026, 4, 24)))  # Mon-Fri: ten days and five

Row = dict[str, Any]


def _event(day: date, actor: str = "anne", process: str = "invoicing", n: int = 1, role: str = "admin") -> Row:
    return {"day": day_number(day), "actor": actor, "process": process, "n": n, "role": role}


def _days(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]


def _away(actor: str = "anne", spans: tuple[tuple[date, date], ...] = AWAY) -> list[Row]:
    return [{"actor": actor, "start_day": day_number(a), "end_day": day_number(b)} for a, b in spans]


def _books(events: list[Row], *said: Declaration, as_of: date = AS_OF, **tables: list[Row]) -> Books:
    rows = {"events": events, **tables}
    return Books("c", as_of, {name: frame(name, table) for name, table in rows.items()}, declarations=said)


def _said(**operators: tuple[str, ...]) -> Declaration:
    sheets = {process: Sheet(operators=who) for process, who in operators.items()}
    return Declaration(stated_on=date(2026, 5, 10), since=date(2026, 4, 15), signed_by="p", sheets=sheets)


def _work(present: int = 4, absent: int = 0, other: int = 1) -> list[Row]:
    """Anne does so many things on a day she is there; on days she isn't, Bob does `absent` beside his `other`."""
    rows = []
    for day in _days(date(2025, 12, 1), AS_OF):
        gone = any(a <= day <= b for a, b in AWAY)
        rows.append(_event(day, n=0 if gone else present))
        rows.append(_event(day, "bob", n=other + (absent if gone else 0)))
    return rows


def _three(**who: tuple[str, ...]) -> list[Row]:
    """Ten events in June for each named actor of each process."""
    return [_event(date(2026, 6, 3), actor, process, 10) for process, actors in who.items() for actor in actors]


def test_empty_books_give_no_value() -> None:
    for detector in DETECTORS:
        measure = detector.detect(Books("c", AS_OF, {}), POLICY)
        assert (measure.name, measure.value, measure.tier) == (detector.name, None, Tier.NONE)
        assert measure.reason == Reason("no_activity_source")
        assert measure.signal is SignalName.KEY_PERSON


def test_the_future_does_not_matter() -> None:
    later = [_event(AS_OF + timedelta(days=9), "zoe", p, 900) for p in ("invoicing", "dunning", "bank")]
    rows = _work(absent=2) + _three(dunning=("anne",), bank=("bob",), tax=("anne", "bob"))
    away = [*_away(), *_away("bob", ((date(2026, 2, 2), date(2026, 2, 4)),))]
    holidays = _away("anne", ((date(2026, 6, 25), date(2026, 8, 20)),))
    known = _books(rows, absences=[*away, *holidays])
    # At the end of the day nothing of the rest of that holiday is known.
    cut = _books(rows, absences=[*away, *_away("anne", ((date(2026, 6, 25), AS_OF),))])
    for detector in DETECTORS:
        full = replace(_books(rows + later, absences=[*away, *holidays]), as_of=AS_OF)
        assert detector.detect(full, POLICY) == detector.detect(known, POLICY) == detector.detect(cut, POLICY)
        assert detector.detect(full.at(AS_OF), POLICY) == detector.detect(cut, POLICY)
        assert detector.detect(cut, POLICY).value is not None


def test_a_knower_has_a_tenth_of_the_events_and_three() -> None:
    day = date(2026, 6, 1)
    rows = [
        *[_event(day, who, "invoicing", n) for who, n in (("anne", 17), ("bob", 10), ("carl", 3), ("dora", 2))],
        *[_event(day, who, "bank", n) for who, n in (("anne", 28), ("carl", 3))],  # 3 of 31: less than a tenth
        *[_event(day, who, "tax", n) for who, n in (("anne", 2), ("bob", 1))],
    ]
    known = knowers(frame("events", rows), day_number(AS_OF))
    assert known == {"invoicing": ("anne", "bob"), "bank": ("anne",)}  # carl has 3 of 32


def test_exactly_a_tenth_is_enough() -> None:
    rows = [_event(AS_OF, "anne", n=27), _event(AS_OF, "bob", n=3)]
    assert knowers(frame("events", rows), day_number(AS_OF)) == {"invoicing": ("anne", "bob")}


def test_knowing_lasts_180_days() -> None:
    events = frame("events", [_event(AS_OF, n=3)])
    assert knowers(events, day_number(AS_OF) + 179) == {"invoicing": ("anne",)}
    assert knowers(events, day_number(AS_OF) + 180) == {}
    assert knowers(events, day_number(AS_OF) - 1) == {}


@pytest.mark.parametrize("role", ["bot", "shared_login", "outside_accountant"])
def test_those_who_are_not_people_of_ours_know_nothing_and_are_counted(role: str) -> None:
    people = _three(invoicing=("anne",), bank=("anne", "bob"), tax=("bob",))
    measure = SoleOperators().detect(_books([*people, _event(AS_OF, "compta@", n=5000, role=role)]), POLICY)
    assert measure.value == pytest.approx(2 / 3)
    assert measure.n == 3
    assert measure.notes == (Reason("actors_excluded", {"n": 1}),)
    alone = _books([_event(AS_OF, "compta@", n=50, role=role)], absences=_away("compta@"))
    for detector in DETECTORS:
        assert detector.detect(alone, POLICY).reason == Reason("only_shared_logins")


def test_the_share_of_sole_operators_is_a_state_with_its_months() -> None:
    rows = [
        *[_event(date(2026, 1, 5), "anne", p, 5) for p in ("invoicing", "bank", "tax", "dunning")],
        *[_event(date(2026, 5, 4), "bob", p, 5) for p in ("invoicing", "bank", "tax")],
    ]
    measure = SoleOperators().detect(_books(rows, feeds=[{"connection_id": "erp", "stream": "activities"}]), POLICY)
    assert measure.value == measure.low == measure.high == 0.25
    assert (measure.n, measure.unit, measure.tier, measure.limit) == (4, Unit.SHARE, Tier.DIRECT, 0.5)
    assert measure.window == (date(2026, 1, 2), AS_OF)
    assert measure.sources == ("erp",)
    assert [(p.month - month_number(date(2026, 1, 1)), p.value, p.low, p.n) for p in measure.series] == [
        (0, 1.0, 1.0, 4),
        (1, 1.0, 1.0, 4),
        (2, 1.0, 1.0, 4),
        (3, 1.0, 1.0, 4),
        (4, 0.25, 0.25, 4),
        (5, 0.25, 0.25, 4),
    ]


def test_the_month_in_progress_is_no_point_and_36_months_are_kept() -> None:
    rows = [_event(date(2022, 1, 3), "anne", p, 5) for p in ("invoicing", "bank", "tax")]
    measure = SoleOperators().detect(_books(rows, as_of=date(2026, 6, 29)), POLICY)
    months = [p.month for p in measure.series]
    assert months == list(range(month_number(date(2023, 6, 1)), month_number(date(2026, 5, 1)) + 1))
    assert {p.value for p in measure.series} == {None}  # known once, forgotten since
    assert measure.reason == Reason("few_processes", {"n": 0, "needed": 3})


def test_two_processes_are_too_few_to_speak_of_a_share() -> None:
    measure = SoleOperators().detect(_books(_three(invoicing=("anne",), bank=("anne",))), POLICY)
    assert (measure.value, measure.tier) == (None, Tier.NONE)
    assert measure.reason == Reason("few_processes", {"n": 2, "needed": 3})


def test_without_activity_the_declared_operators_count() -> None:
    said = _said(invoicing=("anne",), bank=("anne", "bob"), tax=("bob",), payroll=("anne",), dunning=())
    books = Books("c", AS_OF, {}, declarations=(said,))
    sole, backup = SoleOperators().detect(books, POLICY), BackupPresence().detect(books, POLICY)
    assert (sole.value, sole.low, sole.high, sole.n, sole.tier) == (0.75, 0.75, 0.75, 4, Tier.DECLARED)
    assert [p.month for p in sole.series] == [month_number(date(2026, m, 1)) for m in (4, 5, 6)]
    assert {p.low for p in sole.series} == {0.75}
    assert (backup.value, backup.n, backup.tier) == (0.25, 4, Tier.DECLARED)
    assert HolidayTest().detect(books, POLICY).value is None


def test_what_was_seen_goes_before_what_was_declared() -> None:
    said = _said(invoicing=("anne",), bank=("anne",), tax=("anne",))
    seen = _three(invoicing=("anne", "bob"), bank=("anne", "bob"), tax=("anne", "bob"))
    assert SoleOperators().detect(_books(seen, said), POLICY).value == 0
    shared = _books([_event(AS_OF, "compta@", n=50, role="shared_login")], said)
    assert SoleOperators().detect(shared, POLICY).tier is Tier.DECLARED


def test_an_old_declaration_and_one_of_too_few_processes_say_nothing() -> None:
    said = _said(invoicing=("anne",), bank=("anne",))
    old = replace(_said(invoicing=("a",), bank=("a",), tax=("a",)), stated_on=date(2025, 6, 1))
    measure = SoleOperators().detect(Books("c", AS_OF, {}, declarations=(said,)), POLICY)
    assert measure.reason == Reason("few_processes", {"n": 2, "needed": 3})
    assert SoleOperators().detect(Books("c", AS_OF, {}, declarations=(old,)), POLICY).value is None


def test_what_was_seen_explains_more_than_a_declaration_too_thin_to_speak() -> None:
    seen = _three(invoicing=("anne",))
    measure = SoleOperators().detect(_books(seen, _said(invoicing=("anne",), bank=("anne",))), POLICY)
    assert measure.reason == Reason("few_processes", {"n": 1, "needed": 3})


def test_what_is_still_to_come_is_no_source() -> None:
    tomorrow = _books([_event(AS_OF + timedelta(days=1))])
    assert SoleOperators().detect(tomorrow, POLICY).reason == Reason("no_activity_source")
    planned = _books(_work(), absences=_away(spans=((date(2026, 7, 6), date(2026, 7, 31)),)))
    assert HolidayTest().detect(planned, POLICY).reason == Reason("no_absences_source")


def test_the_holiday_test_by_hand() -> None:
    # Present days have 5 events, absent ones 2: of five expected a day three are lost.
    measure = HolidayTest().detect(_books(_work(present=4, absent=1), absences=_away()), POLICY)
    assert measure.value == pytest.approx(0.6)
    assert (measure.n, measure.tier, measure.limit) == (15, Tier.DIRECT, POLICY.holiday_drop_limit)
    # Around February: 20 days before and 20 after; around April: 20 each; 13 March is in both, 16-22 March too.
    around = {*_days(date(2026, 1, 5), date(2026, 3, 13)), *_days(date(2026, 3, 23), date(2026, 5, 22))}
    around -= {d for d in around if any(a <= d <= b for a, b in AWAY)}
    seen, reference = 30.5, 5 * len(around) + 0.5
    assert len(around) == 80
    ratio = seen / (75 * reference / (5 * len(around)))
    width = np.exp(1.6448536 * np.sqrt(1 / seen + 1 / reference))
    assert measure.low == pytest.approx(1 - ratio * width)
    assert measure.high == pytest.approx(1 - ratio / width)


def test_a_holiday_on_a_quiet_weekday_is_compared_with_that_weekday() -> None:
    mondays = [_event(d, n=9) for d in _days(date(2025, 12, 1), AS_OF) if d.weekday() == 0]
    others = [_event(d, n=1) for d in _days(date(2025, 12, 1), AS_OF) if d.weekday() != 0]
    spans = tuple((d, d + timedelta(days=3)) for d in (date(2026, 2, 3), date(2026, 3, 31), date(2026, 5, 26)))
    measure = HolidayTest().detect(_books(mondays + others, absences=_away(spans=spans)), POLICY)
    assert (measure.value, measure.n) == (0, 12)  # Tuesday to Friday: one event a day, as always


def test_work_of_shared_logins_and_robots_goes_on_too() -> None:
    rows = [row for row in _work(present=4, absent=0, other=0) if row["n"]]
    cover = [_event(d, "compta@", n=4, role="shared_login") for a, b in AWAY for d in _days(a, b)]
    assert HolidayTest().detect(_books(rows, absences=_away()), POLICY).value == 1
    assert HolidayTest().detect(_books(rows + cover, absences=_away()), POLICY).value == 0


def test_closed_days_and_week_ends_inside_an_absence_do_not_count() -> None:
    closed = Policy(closed_days=frozenset({date(2026, 2, 4), date(2026, 4, 22)}))
    measure = HolidayTest().detect(_books(_work(absent=1), absences=_away()), closed)
    assert measure.n == 13


def test_too_few_absences_and_none_at_all_are_told_apart() -> None:
    one = _books(_work(), absences=_away(spans=AWAY[:1]))
    short = _away(spans=tuple((date(2026, m, 2), date(2026, m, 3)) for m in (2, 3, 4, 6)))
    others = _books(_work(), absences=_away("bob"))
    old = ((date(2024, 6, 3), date(2024, 6, 14)), AWAY[1])
    for detector in (HolidayTest(), BackupPresence()):
        assert detector.detect(_books(_work()), POLICY).reason == Reason("no_absences_source")
        for books, absences, days in ((one, 1, 10), (_books(_work(), absences=short), 0, 0), (others, 0, 0)):
            reason = detector.detect(books, POLICY).reason
            assert reason is not None
            assert (reason.code, reason.params["absences"], reason.params["days"]) == ("few_absences", absences, days)
        long_ago = _books([_event(date(2024, 1, 1)), *_work()], absences=_away(spans=old))
        reason = detector.detect(long_ago, POLICY).reason
        assert reason is not None
        assert reason.params["absences"] == 1  # the other one is more than 24 months ago


def test_an_absence_before_any_activity_is_known_tells_nothing() -> None:
    spans = ((date(2025, 10, 6), date(2025, 10, 17)), AWAY[0])
    reason = HolidayTest().detect(_books(_work(), absences=_away(spans=spans)), POLICY).reason
    assert reason is not None
    assert (reason.code, reason.params["absences"]) == ("few_absences", 1)


def test_backup_presence_counts_days_with_somebody_who_can() -> None:
    # Bob knows invoicing as well; he is away on three of the fifteen days.
    gone = _away("bob", ((date(2026, 2, 11), date(2026, 2, 16)),))
    measure = BackupPresence().detect(_books(_work(), absences=[*_away(), *gone]), POLICY)
    assert measure.value == measure.low == measure.high == pytest.approx(12 / 15)
    assert (measure.n, measure.limit) == (15, POLICY.backup_limit)


def test_somebody_who_left_or_knows_something_else_is_no_backup() -> None:
    left = [{"actor": "bob", "role": "admin", "left_day": day_number(date(2026, 4, 20))}]
    assert BackupPresence().detect(_books(_work(), absences=_away(), staff=left), POLICY).value == pytest.approx(
        10 / 15
    )
    elsewhere = [{**row, "process": "payroll"} if row["actor"] == "bob" else row for row in _work()]
    assert BackupPresence().detect(_books(elsewhere, absences=_away()), POLICY).value == 0


def test_a_backup_trained_after_the_absences_was_none_then() -> None:
    rows = [r for r in _work(other=4) if r["actor"] != "bob" or r["day"] > day_number(date(2026, 5, 1))]
    assert knowers(frame("events", rows), day_number(AS_OF)) == {"invoicing": ("anne", "bob")}
    assert BackupPresence().detect(_books(rows, absences=_away()), POLICY).value == 0


def test_the_index_of_the_textbook() -> None:
    assert hhi((30, 30, 20, 20)) == pytest.approx(2600)
    assert hhi((0.3, 0.3, 0.2, 0.2)) == pytest.approx(2600)


@given(st.integers(1, 50), st.floats(0.1, 1e6))
def test_equal_shares_have_as_many_effective_actors_as_actors(k: int, amount: float) -> None:
    assert 10_000 / hhi([amount] * k) == pytest.approx(k)


def test_effective_actors_of_a_small_office() -> None:
    shares = (("anne", 30), ("bob", 30), ("carl", 20), ("dora", 20))
    rows = [_event(AS_OF, who, n=n) for who, n in shares]
    robot = _event(AS_OF, "robot", n=1000, role="bot")
    measure = EffectiveActors().detect(_books([*rows, robot]), POLICY)
    assert measure.value == pytest.approx(10_000 / 2600)
    assert (measure.n, measure.unit) == (100, Unit.COUNT)
    late = EffectiveActors().detect(_books(rows, as_of=AS_OF + timedelta(days=200)), POLICY)
    assert late.reason == Reason("no_recent_activity", {"days": 180})


def _measure(value: float | None, low: float | None = None, tier: Tier = Tier.DIRECT) -> Measure:
    return Measure(name="m", kpi="K", signal=None, unit=Unit.SHARE, value=value, low=low, tier=tier)


@pytest.mark.parametrize(
    ("holiday", "backup", "sole", "lacks"),
    [
        (_measure(0.8, 0.51), _measure(1.0), _measure(1.0), True),
        (_measure(0.8, 0.50), _measure(1.0), _measure(1.0), False),  # the estimate alone doesn't do
        (_measure(0.1, 0.0), _measure(0.49), _measure(1.0), True),
        (_measure(0.1, 0.0), _measure(0.50), _measure(1.0), False),
        (_measure(None), _measure(None), _measure(1.0), False),
        (_measure(None), _measure(None), _measure(1.0, tier=Tier.DECLARED), True),
        (_measure(None), _measure(None), _measure(None, tier=Tier.DECLARED), False),
        (_measure(None), _measure(0.9), _measure(1.0, tier=Tier.DECLARED), False),
    ],
)
def test_what_lacks_backup(holiday: Measure, backup: Measure, sole: Measure, *, lacks: bool) -> None:
    assert lacks_backup(holiday, backup, sole, POLICY) is lacks


def test_runs_do_not_end_at_week_ends() -> None:
    days = working_days(day_number(date(2026, 2, 2)), day_number(date(2026, 2, 13)), frozenset())
    absent = np.array([False, False, False, True, True, True, False, True, True, False])
    assert [list(run) for run in runs_of(absent, 3)] == [[3, 4, 5]]
    assert days[5] - days[4] == 3
    assert runs_of(np.zeros(10, dtype=bool), 1) == ()


@given(st.integers(0, 500), st.floats(0.5, 500), st.integers(1, 2000))
def test_a_drop_lies_within_its_bounds_and_between_0_and_1(seen: int, expected: float, reference: int) -> None:
    found = Comparison(2, 10, seen, expected, reference)
    low, high = found.bounds
    assert found.drop is not None
    assert low is not None
    assert high is not None
    assert 0 <= low <= found.drop <= high <= 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 400), st.sampled_from("abc"), st.sampled_from(["lea", "paul", "", "cron"]), st.integers(1, 9)
        ),
        max_size=40,
    )
)
def test_who_knows_what_on_many_days_is_what_counting_each_day_says(rows: list[tuple[int, str, str, int]]) -> None:
    role = {"cron": "bot"}
    listed = [{"day": d, "process": p, "actor": a, "role": role.get(a, "admin"), "n": n} for d, p, a, n in rows]
    days = [0, 90, 180, 250, 400, 700]
    found = knowers_on(frame("events", listed), days)
    for t, known in zip(days, found, strict=True):
        done: dict[str, dict[str, int]] = {}
        for d, p, a, n in rows:
            if t - 180 < d <= t and a in {"lea", "paul"}:
                done.setdefault(p, {}).setdefault(a, 0)
                done[p][a] += n
        expected = {
            p: tuple(
                sorted((a for a, n in by.items() if n >= 3 and n * 10 >= sum(by.values())), key=lambda a: (-by[a], a))
            )
            for p, by in done.items()
        }
        assert known == {p: who for p, who in expected.items() if who}
