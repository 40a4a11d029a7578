"""Episodes as a state machine: each transition by example, and what always holds, over whatever is seen."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.episodes import SIGNAL, Kind, Rules, Seen, State, Thread, is_worse, step, step_failure

MONDAY = date(2026, 11, 16)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
NEWS, STANDING = Rules(is_news=True), Rules(recovery_days=7)
CLOSED = (State.RESOLVED, State.DROPPED)


def over(on: date, value: float | None = 0.2, low: float | None = None, measure: str = "late") -> Seen:
    return Seen(on=on, is_on=True, facts={"value": value, "low": low, "measure": measure})


def calm(on: date, value: float = 0.0) -> Seen:
    return Seen(on=on, is_off=True, facts={"value": value, "measure": "late"})


def between(on: date, value: float = 0.1) -> Seen:
    return Seen(on=on, facts={"value": value, "measure": "late"})


def silent(on: date, *, was_known: bool = False) -> Seen:
    return Seen(on=on, is_silent=True, was_known=was_known, facts={"value": None})


def run(*looks: Seen, rules: Rules = SIGNAL, start: Thread | None = None) -> tuple[Thread, list[Kind]]:
    """Look time and again at an open thread; fails if it is looked at once more after its end."""
    thread, told = start, list[Kind]()
    for look in looks:
        assert thread is None or thread.closed_on is None
        thread, happened = step(thread, look, rules)
        told += happened
    assert thread is not None
    return thread, told


def firing(value: float = 0.2) -> Thread:
    """A thread opened on a Monday that fired the Monday after, its last look."""
    return run(over(MONDAY, value), over(MONDAY + WEEK, value))[0]


FIRED_ON = MONDAY + WEEK


# What opens


@pytest.mark.parametrize("look", [calm(MONDAY), between(MONDAY), silent(MONDAY)])
def test_what_is_not_over_opens_nothing(look: Seen) -> None:
    assert step(None, look) == (None, ())


def test_a_crossing_seen_once_is_pending() -> None:
    thread, told = run(over(MONDAY, 0.2))

    assert (thread.state, thread.opened_on, thread.fired_on) == (State.PENDING, MONDAY, None)
    assert thread.facts["value"] == 0.2
    assert told == [Kind.NOTICED]


def test_less_than_a_week_confirms_nothing_however_often_it_is_seen() -> None:
    thread, told = run(*(over(MONDAY + n * DAY, 0.2 + n) for n in range(7)))

    assert thread.state is State.PENDING
    assert thread.facts["value"] == 6.2
    assert told == [Kind.NOTICED]


def test_the_first_look_a_week_later_that_still_sees_it_fires() -> None:
    thread, told = run(over(MONDAY), over(MONDAY + 6 * DAY), over(FIRED_ON))

    assert (thread.state, thread.opened_on, thread.fired_on) == (State.FIRING, MONDAY, FIRED_ON)
    assert told == [Kind.NOTICED, Kind.FIRED]


def test_a_sunday_and_the_monday_after_it_are_not_two_weekly_looks() -> None:
    sunday = date(2026, 11, 22)

    assert run(over(sunday), over(sunday + DAY))[0].state is State.PENDING
    assert run(over(sunday), over(sunday + 7 * DAY))[0].state is State.FIRING


@pytest.mark.parametrize("look", [calm, between])
def test_a_crossing_that_does_not_hold_is_dropped(look: Any) -> None:
    thread, told = run(over(MONDAY), look(MONDAY + DAY))

    assert (thread.state, thread.closed_on, thread.fired_on) == (State.DROPPED, MONDAY + DAY, None)
    assert told == [Kind.NOTICED, Kind.DROPPED]


def test_news_is_over_as_it_fires() -> None:
    thread, told = run(over(MONDAY), over(FIRED_ON), rules=NEWS)

    assert (thread.state, thread.fired_on, thread.closed_on) == (State.RESOLVED, FIRED_ON, FIRED_ON)
    assert told == [Kind.NOTICED, Kind.FIRED]


# What keeps it, and what ends it


def test_in_between_nothing_moves() -> None:
    thread, told = run(*(between(FIRED_ON + n * WEEK) for n in range(1, 20)), start=firing())

    assert thread.state is State.FIRING
    assert told == []


def test_calm_lets_it_recover_and_four_weeks_of_it_end_it() -> None:
    first = FIRED_ON + WEEK
    almost, told = run(*(calm(first + n * DAY) for n in range(28)), start=firing())
    thread, last = run(calm(first + 28 * DAY), start=almost)

    assert (almost.state, almost.calm_since, told) == (State.RECOVERING, first, [Kind.RECOVERING])
    assert (thread.state, thread.closed_on, last) == (State.RESOLVED, first + 28 * DAY, [Kind.RESOLVED])


def test_a_standing_verdict_recovers_in_a_week() -> None:
    thread, _ = run(calm(FIRED_ON + WEEK), calm(FIRED_ON + 2 * WEEK), rules=STANDING, start=firing())

    assert thread.state is State.RESOLVED


def test_a_look_in_between_starts_the_count_of_calm_days_again() -> None:
    first, again = FIRED_ON + WEEK, FIRED_ON + 4 * WEEK
    looks = [calm(first), between(again - DAY), calm(again), calm(first + 28 * DAY), calm(again + 27 * DAY)]
    almost, told = run(*looks, start=firing())
    thread, _ = run(calm(again + 28 * DAY), start=almost)

    assert (almost.state, almost.calm_since) == (State.RECOVERING, again)
    assert told == [Kind.RECOVERING]
    assert thread.state is State.RESOLVED


def test_over_again_it_relapses_and_keeps_the_day_it_first_fired() -> None:
    thread, told = run(calm(FIRED_ON + WEEK), over(FIRED_ON + 2 * WEEK), start=firing())

    assert (thread.state, thread.fired_on, thread.calm_since) == (State.FIRING, FIRED_ON, None)
    assert told == [Kind.RECOVERING, Kind.RELAPSED]


def test_after_its_end_a_crossing_is_a_new_thread() -> None:
    ended, _ = run(*(calm(FIRED_ON + n * WEEK) for n in range(1, 6)), start=firing())
    thread, told = step(None, over(FIRED_ON + 6 * WEEK))

    assert ended.state is State.RESOLVED
    assert thread is not None
    assert (thread.state, told) == (State.PENDING, (Kind.NOTICED,))


# Worse


def test_it_is_worse_beyond_doubt_only() -> None:
    assert is_worse({"value": 0.3, "low": 0.21}, 0.2)
    assert not is_worse({"value": 0.3, "low": 0.2}, 0.2)
    assert is_worse({"value": 0.3}, 0.2)
    assert not is_worse({"value": 0.3}, None)
    assert not is_worse({"value": None, "low": 0.5}, 0.2)


def test_worse_is_told_against_the_worst_so_far_and_once() -> None:
    looks = [over(FIRED_ON + n * DAY, value, value - 0.05) for n, value in enumerate([0.3, 0.3, 0.33, 0.1, 0.31, 0.4])]
    thread, told = run(*looks, start=firing(0.2))

    assert told == [Kind.WORSE, Kind.WORSE]  # 0.3 and 0.4
    assert thread.facts["worst"] == 0.4
    assert thread.facts["value"] == 0.4


def test_what_grew_while_it_was_below_the_line_is_not_worse() -> None:
    assert run(between(FIRED_ON + DAY, 0.9), start=firing(0.2))[1] == []


def test_another_measure_is_not_worse_than_the_one_before() -> None:
    other, told = run(over(FIRED_ON + DAY, 0.6, 0.55, measure="unreminded"), start=firing(0.2))
    thread, later = run(over(FIRED_ON + 2 * DAY, 0.7, 0.65, measure="unreminded"), start=other)

    assert told == []
    assert other.facts["worst"] == 0.6
    assert later == [Kind.WORSE]
    assert thread.facts["worst"] == 0.7


# Silence


def recovering() -> Thread:
    return run(calm(FIRED_ON + WEEK), start=firing())[0]


@pytest.mark.parametrize("before", [run(over(MONDAY))[0], firing(), recovering()])
def test_silence_freezes_whatever_was_and_tells_so_once(before: Thread) -> None:
    later = before.seen_on + 300 * DAY
    thread, told = run(silent(before.seen_on + DAY), silent(later), start=before)

    assert (thread.state, thread.resumes_as, thread.seen_on) == (State.NO_DATA, before.state, later)
    assert (thread.calm_since, thread.closed_on, thread.facts) == (None, None, before.facts)
    assert told == [Kind.FROZEN]


@pytest.mark.parametrize(
    ("before", "look", "state", "told"),
    [
        (run(over(MONDAY))[0], over, State.FIRING, [Kind.BACK, Kind.FIRED]),
        (run(over(MONDAY))[0], calm, State.DROPPED, [Kind.BACK, Kind.DROPPED]),
        (firing(), over, State.FIRING, [Kind.BACK]),
        (firing(), between, State.FIRING, [Kind.BACK]),
        (firing(), calm, State.RECOVERING, [Kind.BACK, Kind.RECOVERING]),
        (recovering(), over, State.FIRING, [Kind.BACK, Kind.RELAPSED]),
        (recovering(), between, State.RECOVERING, [Kind.BACK]),
        (recovering(), calm, State.RECOVERING, [Kind.BACK]),
    ],
)
def test_with_the_data_it_goes_on_from_where_it_was(before: Thread, look: Any, state: State, told: list[Kind]) -> None:
    back = before.seen_on + 60 * DAY
    frozen, _ = run(silent(before.seen_on + DAY), start=before)
    thread, happened = run(look(back), start=frozen)

    assert (thread.state, thread.resumes_as) == (state, None)
    assert happened == told


def test_back_in_the_week_it_was_noticed_it_still_waits_for_the_next() -> None:
    thread, told = run(over(MONDAY), silent(MONDAY + DAY), over(MONDAY + 2 * DAY))

    assert thread.state is State.PENDING
    assert told == [Kind.NOTICED, Kind.FROZEN, Kind.BACK]


def test_a_recovery_is_counted_anew_after_a_silence() -> None:
    back = FIRED_ON + 9 * WEEK
    almost, _ = run(silent(FIRED_ON + 2 * WEEK), calm(back), calm(back + 27 * DAY), start=recovering())

    assert (almost.state, almost.calm_since) == (State.RECOVERING, back)
    assert run(calm(back + 28 * DAY), start=almost)[0].state is State.RESOLVED


@pytest.mark.parametrize("look", [calm, between, over])
def test_what_was_known_and_falls_silent_has_a_thread_that_ends_with_the_silence(look: Any) -> None:
    frozen, opened = run(silent(MONDAY, was_known=True))
    thread, ended = run(silent(MONDAY + DAY), look(MONDAY + WEEK), start=frozen)

    assert (frozen.state, frozen.resumes_as, opened) == (State.NO_DATA, None, [Kind.FROZEN])
    assert (thread.state, thread.closed_on, ended) == (State.RESOLVED, MONDAY + WEEK, [Kind.BACK])
    assert thread.fired_on is None


# Failures


def test_a_failure_opens_at_once_and_the_first_success_ends_it() -> None:
    opened, first = step_failure(None, MONDAY, {"error": "A"}, failed=True)
    again, second = step_failure(opened, MONDAY + DAY, {"error": "B"}, failed=True)
    ended, third = step_failure(again, MONDAY + 2 * DAY, {}, failed=False)

    assert opened is not None
    assert again is not None
    assert ended is not None
    assert (opened.state, first) == (State.ERROR, (Kind.FAILED,))
    assert (again.facts, again.seen_on, second) == ({"error": "B"}, MONDAY + DAY, ())
    assert (ended.state, ended.closed_on, ended.facts, third) == (
        State.RESOLVED,
        MONDAY + 2 * DAY,
        {"error": "B"},
        (Kind.MENDED,),
    )


def test_what_works_has_no_thread() -> None:
    assert step_failure(None, MONDAY, {}, failed=False) == (None, ())


def test_nothing_ends_before_it_began() -> None:
    opened, _ = step_failure(None, MONDAY, {}, failed=True)
    ended, _ = step_failure(opened, MONDAY - DAY, {}, failed=False)  # a zone further west

    assert ended is not None
    assert ended.closed_on == MONDAY


# Whatever is seen


@dataclass
class Life:
    """The threads of one subject, the last of them perhaps open, with what happened to each."""

    threads: list[tuple[Thread, list[Kind]]] = field(default_factory=list)

    @property
    def open(self) -> Thread | None:
        return self.threads[-1][0] if self.threads and self.threads[-1][0].closed_on is None else None

    def see(self, look: Seen, rules: Rules) -> tuple[Kind, ...]:
        before = self.open
        thread, happened = step(before, look, rules)
        if thread is None:
            assert before is None
            assert happened == ()
        elif before is None:
            self.threads.append((thread, list(happened)))
        else:
            self.threads[-1] = (thread, self.threads[-1][1] + list(happened))
        return happened


@st.composite
def looks_over_time(draw: st.DrawFn) -> list[Seen]:
    day, known, looks = MONDAY, False, []
    for _ in range(draw(st.integers(1, 60))):
        day += timedelta(days=draw(st.sampled_from([0, 1, 1, 2, 3, 7, 7, 7, 14, 29])))
        look = draw(st.sampled_from([over, over, calm, calm, between, None]))
        if look is None:
            looks.append(silent(day, was_known=known))
        else:
            value = draw(st.sampled_from([0.1, 0.2, 0.3, 0.4]))
            made: Seen = look(day, value)
            facts = dict(made.facts) | {"measure": draw(st.sampled_from(["late", "late", "unreminded"]))}
            looks.append(replace(made, facts=facts))
        known = look is not None
    return looks


ANY_RULES = st.sampled_from([SIGNAL, STANDING, NEWS])
OPENING = {State.PENDING: (Kind.NOTICED,), State.NO_DATA: (Kind.FROZEN,)}
MOVES: dict[tuple[State, State], set[tuple[Kind, ...]]] = {
    (State.PENDING, State.FIRING): {(Kind.FIRED,)},
    (State.PENDING, State.RESOLVED): {(Kind.FIRED,)},  # news
    (State.PENDING, State.DROPPED): {(Kind.DROPPED,)},
    (State.PENDING, State.NO_DATA): {(Kind.FROZEN,)},
    (State.PENDING, State.PENDING): {()},
    (State.FIRING, State.FIRING): {(), (Kind.WORSE,)},
    (State.FIRING, State.RECOVERING): {(Kind.RECOVERING,)},
    (State.FIRING, State.NO_DATA): {(Kind.FROZEN,)},
    (State.RECOVERING, State.RECOVERING): {()},
    (State.RECOVERING, State.FIRING): {(Kind.RELAPSED,)},
    (State.RECOVERING, State.RESOLVED): {(Kind.RESOLVED,)},
    (State.RECOVERING, State.NO_DATA): {(Kind.FROZEN,)},
    (State.NO_DATA, State.NO_DATA): {()},
}


def is_allowed(before: Thread, after: Thread, happened: tuple[Kind, ...]) -> bool:
    """Look a move up; out of a silence it is the move from where the thread was, after "back"."""
    if before.state is State.NO_DATA and after.state is not State.NO_DATA:
        if before.resumes_as is None:
            return after.state is State.RESOLVED and happened == (Kind.BACK,)
        was = before.resumes_as
        return happened[:1] == (Kind.BACK,) and happened[1:] in MOVES.get((was, after.state), set())
    return happened in MOVES.get((before.state, after.state), set())


@given(looks_over_time(), ANY_RULES)
def test_only_the_moves_of_the_drawing_happen(looks: list[Seen], rules: Rules) -> None:
    life = Life()
    for look in looks:
        before = life.open
        happened = life.see(look, rules)
        after = life.threads[-1][0] if life.threads else None
        if before is None:
            assert happened in {(), *OPENING.values()}
            assert not happened or (after is not None and OPENING[after.state] == happened)
        else:
            assert after is not None
            assert is_allowed(before, after, happened)


@given(looks_over_time(), ANY_RULES)
def test_states_days_and_history_say_the_same(looks: list[Seen], rules: Rules) -> None:
    life = Life()
    for look in looks:
        life.see(look, rules)
        for thread, told in life.threads:
            assert (thread.closed_on is not None) == (thread.state in CLOSED)
            assert (thread.fired_on is not None) == (Kind.FIRED in told)
            assert told.count(Kind.FIRED) <= 1
            assert thread.calm_since is None or thread.state in (State.RECOVERING, State.RESOLVED)
            assert thread.resumes_as is None or thread.state is State.NO_DATA
            assert told.count(Kind.FROZEN) - told.count(Kind.BACK) == (thread.state is State.NO_DATA)
            endings = [kind for kind in told if kind in (Kind.RESOLVED, Kind.DROPPED)]
            assert len(endings) <= 1
            assert not endings or (endings == told[-1:] and thread.state in CLOSED)
            assert thread.opened_on <= (thread.fired_on or thread.seen_on) <= thread.seen_on
            assert thread.closed_on in (None, thread.seen_on)
    assert sum(thread.closed_on is None for thread, _ in life.threads) <= 1


@given(looks_over_time(), ANY_RULES)
def test_a_second_look_at_the_same_does_nothing(looks: list[Seen], rules: Rules) -> None:
    life = Life()
    for look in looks:
        life.see(look, rules)
        if life.open is not None:
            assert step(life.open, look, rules) == (life.open, ())


@given(looks_over_time(), ANY_RULES, st.integers(1, 400))
def test_a_look_at_an_earlier_day_is_ignored(looks: list[Seen], rules: Rules, days: int) -> None:
    life = Life()
    for look in looks:
        life.see(look, rules)
        if life.open is not None:
            assert step(life.open, replace(looks[0], on=life.open.seen_on - days * DAY), rules) == (life.open, ())


@given(looks_over_time(), ANY_RULES)
def test_nothing_fires_within_a_week_of_being_noticed_nor_on_a_single_look(looks: list[Seen], rules: Rules) -> None:
    life = Life()
    for look in looks:
        life.see(look, rules)
    for thread, _ in life.threads:
        if thread.fired_on is not None:
            assert (thread.fired_on - thread.opened_on).days >= rules.hold_days
            on = {look.on for look in looks if look.is_on}
            assert {thread.fired_on, thread.opened_on} <= on


@given(looks_over_time(), st.sampled_from([SIGNAL, STANDING]))
def test_what_resolved_was_calm_to_the_end_for_as_long_as_asked(looks: list[Seen], rules: Rules) -> None:
    life = Life()
    for n, look in enumerate(looks):
        happened = life.see(look, rules)
        if Kind.RESOLVED in happened:
            first = look.on - timedelta(days=rules.recovery_days)
            during = [one for one in looks[: n + 1] if one.on > first]
            assert all(one.is_off and not one.is_silent for one in during)
            assert any(one.is_off for one in looks[: n + 1] if one.on <= first)


@given(looks_over_time(), ANY_RULES)
def test_a_thread_remembers_the_last_look_that_said_anything(looks: list[Seen], rules: Rules) -> None:
    life = Life()
    for look in looks:
        life.see(look, rules)
        if life.open is not None and not look.is_silent:
            assert {name: life.open.facts[name] for name in look.facts} == look.facts
            assert life.open.seen_on == look.on


@given(looks_over_time(), ANY_RULES, st.lists(st.integers(0, 90), min_size=1))
def test_no_silence_however_long_ends_a_thread_or_loses_where_it_was(
    looks: list[Seen], rules: Rules, gaps: list[int]
) -> None:
    life = Life()
    for look in looks:
        life.see(look, rules)
    before = life.open
    if before is None:
        return
    day, thread = before.seen_on, before
    for gap in gaps:
        day += timedelta(days=gap)
        moved, happened = step(thread, silent(day, was_known=True), rules)
        assert moved is not None
        assert happened in {(), (Kind.FROZEN,)}
        thread = moved
    assert thread.state is State.NO_DATA
    assert thread.resumes_as == (before.resumes_as if before.state is State.NO_DATA else before.state)
    assert thread.closed_on is None
    assert thread.facts == before.facts


FAILURES = st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40)


@given(FAILURES)
def test_failures_and_successes_pair_up(tries: list[tuple[int, bool]]) -> None:
    thread: Thread | None = None
    told, day = list[Kind](), MONDAY
    for gap, failed in tries:
        day += timedelta(days=gap)
        thread, happened = step_failure(thread, day, {}, failed=failed)
        told += happened
        if thread is not None and thread.closed_on is not None:
            assert not failed
            thread = None
        assert (thread is not None) == failed
    assert told == [Kind.FAILED, Kind.MENDED] * (len(told) // 2) + [Kind.FAILED] * (len(told) % 2)
