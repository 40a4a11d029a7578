from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Measure, Reason, Tier
from signals.books import Books
from signals.calendar import day_number
from signals.policy import Policy
from signals.sessions import (
    DAY,
    OutOfHoursShare,
    by_day,
    combine,
    habits,
    margin,
    not_people,
    out_of_hours,
    people_only,
    pieces,
    sessions,
    union,
    weekly_hours,
)

MONDAY = day_number(date(2026, 6, 1))
AS_OF = date(2026, 6, 28)  # a Sunday
POLICY = Policy()


def at(clock: str, day: int = 0) -> int:
    hour, minute = clock.split(":")
    return (MONDAY + day) * DAY + int(hour) * 60 + int(minute)


def events(*minutes: int, actor: str = "anne", process: str = "invoicing") -> pd.DataFrame:
    return pd.DataFrame({"actor": actor, "minute": np.array(minutes, dtype="int64"), "process": process})


def spans(*times: tuple[int, int], actor: str = "anne", process: str = "payroll") -> pd.DataFrame:
    starts, ends = ([t[i] for t in times] for i in (0, 1))
    return pd.DataFrame(
        {"actor": actor, "process": process, "start": starts, "end": ends, "assumed": False, "n": 0}
    ).astype({"start": "int64", "end": "int64"})


def total(cut: pd.DataFrame) -> int:
    return int((cut["end"] - cut["start"]).sum())


def test_a_gap_above_thirty_minutes_closes_a_session_and_the_first_event_counts_ten() -> None:
    done = events(at("9:00"), at("9:10"), at("9:40"), at("10:11"))
    found = sessions(done)
    assert found[["start", "end", "n"]].to_numpy().tolist() == [
        [at("8:50"), at("9:40"), 3],
        [at("10:01"), at("10:11"), 1],
    ]
    assert total(pieces(done)) == 60


def test_gap_and_first_event_are_parameters() -> None:
    done = events(at("9:00"), at("9:10"), at("9:40"), at("10:11"))
    assert total(pieces(done, gap=31)) == 81
    assert total(pieces(done, gap=5, first=0)) == 0
    assert total(pieces(done, gap=5, first=120)) == 191  # never more than the time since the event before


def test_the_time_before_an_event_is_its_process_s() -> None:
    done = pd.concat([events(at("9:00")), events(at("9:20"), process="dunning")])
    daily = by_day(pieces(done)).set_index("process")["minutes"]
    assert daily.to_dict() == {"invoicing": 10, "dunning": 20}


def test_two_actors_never_share_a_session() -> None:
    done = pd.concat([events(at("9:00")), events(at("9:05"), actor="bob"), events(at("9:10"))])
    assert sessions(done)[["actor", "n"]].to_numpy().tolist() == [["anne", 2], ["bob", 1]]


def test_time_seen_by_two_sources_counts_once() -> None:
    traces = pieces(events(at("9:00"), at("9:20")))  # 8:50 to 9:20
    calendar = spans((at("9:10"), at("10:00")), (at("9:15"), at("9:30")))
    joined = union(traces, calendar)
    assert total(joined) == 70
    assert int(joined["n"].sum()) == 2
    apart = union(traces, spans((at("9:10"), at("10:00")), actor="bob"))
    assert total(apart) == 30 + 50


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 300), st.integers(0, 90), st.sampled_from("xyz")), max_size=25
    ),
    st.randoms(use_true_random=False),
)
def test_the_union_is_every_minute_covered_once(rows: list[tuple[str, int, int, str]], random: Any) -> None:
    covered = {(actor, minute) for actor, start, long, _ in rows for minute in range(start, start + long)}
    parts = [spans((start, start + long), actor=actor, process=process) for actor, start, long, process in rows]
    if not parts:
        return
    joined = union(*parts)
    assert total(joined) == len(covered)
    minutes = [(a, m) for a, s, e in joined[["actor", "start", "end"]].itertuples(index=False) for m in range(s, e)]
    assert len(minutes) == len(set(minutes))
    assert set(minutes) == covered
    random.shuffle(parts)
    assert by_day(union(*parts)).equals(by_day(joined))


def test_a_session_over_midnight_is_shared_between_its_days() -> None:
    daily = by_day(pieces(events(at("23:50"), at("0:00", 1), at("0:20", 1))))
    assert daily[["day", "minutes", "assumed_minutes", "n"]].to_numpy().tolist() == [
        [MONDAY, 20, 10, 1],
        [MONDAY + 1, 20, 0, 2],
    ]
    assert set(daily["week_day"]) == {MONDAY}


def test_a_long_entry_is_split_at_every_midnight() -> None:
    daily = by_day(spans((at("22:00"), at("6:00", 2))))
    assert daily["minutes"].tolist() == [120, DAY, 360]


def test_days_of_one_month_need_only_the_events_a_margin_around_it() -> None:
    rng = np.random.default_rng(5)
    first, last = date(2026, 5, 1), date(2026, 6, 30)
    low, high = day_number(first) * DAY, (day_number(last) + 1) * DAY
    edge = day_number(date(2026, 6, 1)) * DAY
    near = {"ax": (-35, -29, -12, -1, 0, 4, 18, 29, 61), "by": (-28, 2), "cx": (-2, 28), "ay": (-31, 0)}
    made = [
        events(*rng.integers(low, high, 300), *(edge + at for at in near[key]), actor=key[0], process=key[1])
        for key in near
    ]
    every = pd.concat(made)
    whole = by_day(pieces(every))
    whole = whole[whole["day"] * DAY >= low].reset_index(drop=True)  # an early first event reaches back into April
    parts = []
    for start, end in ((low, edge), (edge, high)):
        some = every[every["minute"].between(start - margin(), end + margin())]
        daily = by_day(pieces(some))
        parts.append(daily[daily["day"].between(start // DAY, end // DAY - 1)])
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)


@pytest.mark.parametrize(
    ("start", "end", "outside"),
    [
        (("8:00", 0), ("19:00", 0), 0),
        (("7:30", 0), ("8:30", 0), 30),
        (("18:50", 0), ("19:10", 0), 10),
        (("22:00", 0), ("23:00", 0), 60),
        (("10:00", 5), ("11:00", 5), 60),  # a Saturday
        (("10:00", 1), ("11:00", 1), 60),  # closed
        (("7:00", 0), ("20:00", 0), 120),
    ],
)
def test_evenings_week_ends_and_closed_days_are_out_of_hours(start: Any, end: Any, outside: int) -> None:
    closed = {date(2026, 6, 2)}
    daily = by_day(spans((at(*start), at(*end))), closed=closed)
    assert daily["out_of_hours_minutes"].sum() == outside
    inside = by_day(spans((at(*start), at(*end))), opens=0, closes=DAY)
    assert inside["out_of_hours_minutes"].sum() == (60 if start[1] == 5 else 0)


def test_events_out_of_hours_are_those_before_opening_from_closing_on_and_on_closed_days() -> None:
    minutes = np.array([at("7:59"), at("8:00"), at("18:59"), at("19:00"), at("10:00", 6), at("10:00", 1)])
    assert out_of_hours(minutes, closed=[date(2026, 6, 2)]).tolist() == [True, False, False, True, True, True]


def test_minutes_without_start_combine_as_a_range() -> None:
    rows = [
        ("anne", 1, "a", 60),
        ("anne", 1, "a", 30),
        ("anne", 1, "b", 120),
        ("anne", 2, "a", 900),
        ("bob", 1, "b", 5),
    ]
    rows += [("anne", 2, "b", 1000)]
    found = combine(pd.DataFrame(rows, columns=["actor", "day", "source", "minutes"]))
    assert found.to_numpy().tolist() == [["anne", 1, 120, 210], ["anne", 2, 1000, DAY], ["bob", 1, 5, 5]]


def events_of(minutes: Any) -> pd.DataFrame:
    return events(*(int(m) for m in np.ravel(minutes)))


def role_of(done: pd.DataFrame, said: str = "") -> str:
    return not_people(habits(done), {"anne": said}).get("anne", "")


def person(**more: Any) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    hours = {"days": 40, "first": 9 * 60, "last": 18 * 60, "a_day": 25} | more
    days = [
        rng.integers(hours["first"], hours["last"], hours["a_day"]) + (MONDAY + d) * DAY for d in range(hours["days"])
    ]
    return events_of(days)


def test_a_person_is_a_person() -> None:
    assert role_of(person()) == ""
    assert role_of(person(first=7 * 60, last=21 * 60)) == ""
    assert role_of(events(*range(at("9:00"), at("9:10")))) == ""  # too few to say
    early_and_late = [[at("6:30", d), at("11:00", d), at("23:10", d)] for d in range(60)]
    assert role_of(events_of(early_and_late)) == ""
    once_a_month = [[at("9:00", 30 * m)] * 400 for m in range(3)]
    assert role_of(pd.concat([person(), events_of(once_a_month)])) == ""


def test_one_login_at_work_around_the_clock_is_shared() -> None:
    shifts = person(first=5 * 60, last=23 * 60 + 30, a_day=60)
    assert role_of(shifts) == "shared_login"
    assert role_of(shifts.head(60 * 4)) == ""  # four such days may be a closing of accounts


@pytest.mark.parametrize("every", [5, 15, 60, 1440])
def test_what_comes_to_the_minute_is_a_robot(every: int) -> None:
    jitter = np.arange(60) % 2
    assert role_of(events_of(at("9:00") + every * np.arange(60) + jitter)) == "bot"


def test_what_comes_in_bursts_or_at_night_is_a_robot() -> None:
    rng = np.random.default_rng(1)
    moments = at("9:00") + np.cumsum(rng.integers(7, 200, 30))
    assert role_of(events_of(np.repeat(moments, 31))) == "bot"
    assert role_of(events_of(np.repeat(moments, 30))) == ""
    assert role_of(person(first=0, last=5 * 60, a_day=3)) == "bot"


@pytest.mark.parametrize("said", ["bot", "shared_login", "outside_accountant"])
def test_a_declared_role_is_believed(said: str) -> None:
    assert role_of(person(), said) == said
    assert role_of(person(), "director") == ""


def test_exclusions_are_said_by_kind() -> None:
    rows = pd.DataFrame(
        {"actor": ["anne", "cron", "cab", "cab2"], "role": ["director", "", "outside_accountant", "outside_accountant"]}
    )
    found = habits(events(*range(at("9:00"), at("9:00", 5), 15), actor="cron"))
    kept, notes = people_only(rows, found)
    assert kept["actor"].tolist() == ["anne"]
    assert notes == (Reason("traces_of_bot", {"n": 1}), Reason("traces_of_outside_accountant", {"n": 2}))
    assert people_only(rows, None)[0]["actor"].tolist() == ["anne", "cron"]


def _table(minutes: list[tuple[int, int]], role: str = "director", actor: str = "anne") -> pd.DataFrame:
    """Give one day a week, the newest first, with so many minutes, of them so many out of hours."""
    last = MONDAY + 21
    rows = [
        {"day": last - 7 * i, "week_day": last - 7 * i, "minutes": m, "out_of_hours_minutes": out, "n": 3}
        for i, (m, out) in enumerate(minutes)
    ]
    return pd.DataFrame(rows).assign(actor=actor, role=role, process="invoicing", assumed_minutes=0)


def _detect(*tables: pd.DataFrame, as_of: date = AS_OF) -> Measure:
    books = Books("c", as_of, {"sessions": pd.concat(tables)} if tables else {})
    return OutOfHoursShare().detect(books, POLICY)


def test_the_share_out_of_hours_is_over_all_minutes_with_weeks_as_the_sample() -> None:
    measure = _detect(_table([(100, 20), (300, 90), (200, 40), (200, 50)]))
    assert (measure.value, measure.n, measure.tier) == (0.25, 4, Tier.PROXY)
    assert measure.low is not None
    assert measure.high is not None
    assert 0 < measure.low < 0.25 < measure.high < 1
    even = _detect(_table([(100, 25), (300, 75), (200, 50), (200, 50)]))
    assert (even.low, even.value, even.high) == (0.25, 0.25, 0.25)


def test_robots_and_the_accountant_do_not_work_out_of_hours() -> None:
    people = _table([(100, 25)] * 4)
    measure = _detect(people, _table([(900, 900)] * 4, "outside_accountant", "cab"))
    assert measure.value == 0.25
    assert measure.notes == (Reason("traces_of_outside_accountant", {"n": 1}),)


def test_few_weeks_or_no_traces_give_no_value() -> None:
    assert _detect().reason == Reason("no_traces")
    assert _detect(_table([(100, 25)] * 3)).reason == Reason("few_trace_weeks", {"n": 3, "needed": 4})
    running = _detect(_table([(100, 25)] * 4), as_of=date(2026, 6, 27))  # its week isn't over
    assert running.reason == Reason("few_trace_weeks", {"n": 3, "needed": 4})


def test_no_events_are_no_sessions() -> None:
    nothing = events()
    for empty in (pieces(nothing), sessions(nothing), by_day(pieces(nothing)), habits(nothing), union(pieces(nothing))):
        assert empty.empty
    assert not_people(habits(nothing), {}) == {}


def _entries(*minutes: int, role: str = "director") -> pd.DataFrame:
    weeks = [MONDAY + 7 * i for i in range(len(minutes))]
    return pd.DataFrame({"week_day": weeks, "actor": "anne", "role": role, "process": "bank", "minutes": minutes})


def test_hours_written_down_and_hours_traced_make_a_range() -> None:
    traces = _entries(120, 0, 300).assign(assumed_minutes=[60, 0, 30])
    both = weekly_hours(_entries(60, 180), traces)
    assert both[["low", "hours", "high"]].to_numpy().tolist() == [[1, 2, 3], [3, 3, 3], [4.5, 5, 5]]
    alone = weekly_hours(_entries(), traces)
    assert alone[["low", "hours", "high"]].to_numpy().tolist() == [[1, 2, 2], [0, 0, 0], [4.5, 5, 5]]
    written = weekly_hours(_entries(60, 180), traces.head(0))
    assert written[["low", "hours", "high"]].to_numpy().tolist() == [[1, 1, 1], [3, 3, 3]]
    assert weekly_hours(_entries(), traces.head(0)).empty


def test_no_week_has_more_hours_than_there_are_and_only_directors_count() -> None:
    full = _entries(7 * DAY).assign(assumed_minutes=0)
    assert weekly_hours(_entries(600), full)["high"].tolist() == [168]
    assert weekly_hours(_entries(600), full.assign(actor="bob"))["high"].tolist() == [178]
    assert weekly_hours(_entries(600, role="admin"), full.head(0))["hours"].tolist() == [0]
