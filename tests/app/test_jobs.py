"""Work done once a period, whoever asks and however often; cut off or failed, it is done again later."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select

from app.alive import last_beat
from app.db import open_database, read, write
from app.jobs import (
    FIRST_RETRY,
    KEPT,
    LEASE,
    LONGEST_RETRY,
    PATIENCE,
    Beat,
    Claim,
    Clock,
    Step,
    beat,
    claim,
    finish,
    forget_old,
    put_off,
    release_leases,
    renew,
    run_step,
)
from app.models.watch import job_run
from tests.conftest import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def take(engine: Engine, now: datetime = NOW, key: str = "2026-W47") -> Claim | None:
    with write(engine) as conn:
        return claim(conn, "letter", key, now)


def taken(engine: Engine, now: datetime = NOW, key: str = "2026-W47") -> Claim:
    mine = take(engine, now, key)
    assert mine is not None
    return mine


def done(engine: Engine, mine: Claim, now: datetime = NOW) -> bool:
    with write(engine) as conn:
        return finish(conn, mine, now)


def row(engine: Engine, key: str = "2026-W47") -> dict[str, Any]:
    with read(engine) as conn:
        return dict(conn.execute(select(job_run).where(job_run.c.period_key == key)).mappings().one())


@contextmanager
def another(engine: Engine) -> Iterator[Engine]:
    """Open the same database as another process would: with a lock and connections of its own."""
    opened = open_database(engine.url.render_as_string(hide_password=False))
    try:
        yield opened
    finally:
        opened.dispose()


# Claims


def test_a_piece_of_work_is_taken_once(engine: Engine) -> None:
    mine = taken(engine)

    assert mine.attempt == 1
    assert take(engine) is None
    assert take(engine, NOW + LEASE - SECOND) is None
    assert take(engine, key="2026-W48") is not None


def test_what_is_done_is_never_taken_again(engine: Engine) -> None:
    assert done(engine, taken(engine), NOW + MINUTE)

    assert take(engine, NOW + 1000 * LEASE) is None
    assert row(engine)["finished_at"] == NOW + MINUTE


def test_of_two_steps_the_same_period_is_two_pieces(engine: Engine) -> None:
    taken(engine)
    with write(engine) as conn:
        assert claim(conn, "sync", "2026-W47", NOW) is not None


def test_once_the_lease_is_over_it_is_anybodys(engine: Engine) -> None:
    taken(engine)
    second = taken(engine, NOW + LEASE)

    assert second.attempt == 2
    assert take(engine, NOW + LEASE + SECOND) is None
    assert row(engine)["begun_at"] == NOW


def test_after_a_takeover_the_first_owner_changes_nothing(engine: Engine) -> None:
    first = taken(engine)
    second = taken(engine, NOW + LEASE)
    held = row(engine)
    with write(engine) as conn:
        assert not renew(conn, first, NOW + LEASE + MINUTE)
        assert not finish(conn, first, NOW + LEASE + MINUTE)
        put_off(conn, first, NOW + LEASE + MINUTE, "TooSlow")

    assert row(engine) == held
    assert done(engine, second, NOW + LEASE + 2 * MINUTE)
    assert not done(engine, second, NOW + LEASE + 3 * MINUTE)


def test_who_says_it_is_still_at_it_keeps_it(engine: Engine) -> None:
    mine = taken(engine)
    with write(engine) as conn:
        assert renew(conn, mine, NOW + LEASE - MINUTE)

    assert take(engine, NOW + LEASE + MINUTE) is None
    assert take(engine, NOW + 2 * LEASE - MINUTE) is not None


@pytest.mark.parametrize("before", ["nothing", "a lease that is over"])
def test_of_many_that_ask_at_once_exactly_one_gets_it(engine: Engine, before: str) -> None:
    askers, rounds = 4, 12
    start, won = threading.Barrier(askers), list[tuple[int, Claim | None]]()

    def ask(mine: Engine) -> None:
        for number in range(rounds):
            start.wait()
            won.append((number, take(mine, NOW, f"period {number}")))

    if before != "nothing":
        for number in range(rounds):
            taken(engine, NOW - LEASE, f"period {number}")
    with another(engine) as second:
        threads = [threading.Thread(target=ask, args=(one,)) for one in (engine, second) * (askers // 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(won) == askers * rounds
    assert sorted(number for number, mine in won if mine is not None) == list(range(rounds))


def test_work_that_fails_waits_longer_each_time(engine: Engine) -> None:
    now, waits = NOW, []
    for _ in range(9):
        mine = taken(engine, now)
        with write(engine) as conn:
            put_off(conn, mine, now, "Broken" * 20)
        until = row(engine)["leased_until"]
        assert take(engine, until - SECOND) is None
        waits.append(until - now)
        now = until

    assert waits[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert waits[-1] == LONGEST_RETRY
    assert row(engine)["trouble"] == ("Broken" * 20)[:60]
    assert done(engine, taken(engine, now), now)
    assert row(engine)["trouble"] is None


def test_where_nobody_else_can_be_at_it_leases_end_at_once(engine: Engine) -> None:
    finished, cut_off = taken(engine), taken(engine, key="2026-W48")
    done(engine, finished)
    with write(engine) as conn:
        release_leases(conn, NOW + SECOND)

    assert take(engine, NOW + SECOND) is None
    assert taken(engine, NOW + SECOND, "2026-W48").attempt == cut_off.attempt + 1


def test_what_was_begun_long_ago_is_forgotten(engine: Engine) -> None:
    taken(engine, NOW - KEPT - SECOND, "old")
    taken(engine, NOW - KEPT, "young")
    with write(engine) as conn:
        forget_old(conn, NOW)
    with read(engine) as conn:
        assert list(conn.execute(select(job_run.c.period_key)).scalars()) == ["young"]


def test_a_beat_is_kept_by_its_name(engine: Engine) -> None:
    with read(engine) as conn:
        assert last_beat(conn) is None
    for now in (NOW, NOW + MINUTE):
        with write(engine) as conn:
            beat(conn, now)
            beat(conn, now + LEASE, "door")
    with read(engine) as conn:
        assert last_beat(conn) == NOW + MINUTE


# Steps


@dataclass
class Work:
    """A step whose periods are given, with what is to happen in some of them."""

    keys: Sequence[str]
    happens: dict[str, Callable[[Beat], None]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    @property
    def step(self) -> Step:
        return Step("work", self._due, self._do)

    def _due(self, _: Connection, __: datetime) -> Sequence[str]:
        return self.keys

    def _do(self, _: Engine, key: str, __: Clock, still_here: Beat) -> None:
        if key in self.happens:
            self.happens[key](still_here)
        self.done.append(key)


class Watch:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wait(self, time: timedelta) -> None:
        self.now += time


def fail(_: Beat) -> None:
    raise ZeroDivisionError


def test_each_due_period_is_done_once_in_its_order(engine: Engine) -> None:
    work, clock = Work(["b", "a", "c"]), Watch()

    assert run_step(engine, work.step, clock) == 3
    assert run_step(engine, work.step, clock) == 0
    assert work.done == ["b", "a", "c"]


def test_given_periods_are_done_instead_of_those_that_are_due(engine: Engine) -> None:
    work = Work(["a", "b"])

    assert run_step(engine, work.step, Watch(), ["b"]) == 1
    assert work.done == ["b"]


def test_a_piece_that_fails_keeps_no_other_from_being_done_and_is_tried_again_later(engine: Engine) -> None:
    work, clock = Work(["a", "b", "c"], {"b": fail}), Watch()
    first = run_step(engine, work.step, clock)
    failed = row(engine, "b")
    work.happens.clear()
    clock.wait(FIRST_RETRY - SECOND)
    early = run_step(engine, work.step, clock)
    clock.wait(SECOND)

    assert (first, early, run_step(engine, work.step, clock)) == (2, 0, 1)
    assert work.done == ["a", "c", "b"]
    assert (failed["finished_at"], failed["trouble"]) == (None, "ZeroDivisionError")
    assert (row(engine, "b")["finished_at"], row(engine, "b")["trouble"]) == (clock.now, None)


def test_what_is_not_begun_in_time_waits_for_the_next_tick(engine: Engine) -> None:
    clock = Watch()
    work = Work(["a", "b", "c"], {"a": lambda _: clock.wait(PATIENCE), "b": lambda _: clock.wait(SECOND)})

    assert run_step(engine, work.step, clock) == 2
    assert run_step(engine, work.step, clock) == 1
    assert work.done == ["a", "b", "c"]


def test_long_work_that_says_so_stays_its_owners_and_alive(engine: Engine) -> None:
    clock, other = Watch(), Work(["a"])

    def slowly(still_here: Beat) -> None:
        for _ in range(5):
            clock.wait(LEASE - MINUTE)
            still_here()
            run_step(engine, other.step, clock)
        with read(engine) as conn:
            assert last_beat(conn) == clock.now

    work = Work(["a"], {"a": slowly})

    assert run_step(engine, work.step, clock) == 1
    assert (work.done, other.done) == (["a"], [])


def test_work_that_outlived_its_lease_counts_for_who_took_it_over(engine: Engine) -> None:
    clock, second = Watch(), Work(["a"])

    def slowly(_: Beat) -> None:
        clock.wait(LEASE)
        assert run_step(engine, second.step, clock) == 1

    first = Work(["a"], {"a": slowly})

    assert run_step(engine, first.step, clock) == 0
    assert row(engine, "a")["attempts"] == 2


def test_two_processes_share_the_work_and_do_none_of_it_twice(engine: Engine) -> None:
    work = Work([f"period {n}" for n in range(40)])
    start = threading.Barrier(2)

    def tick(mine: Engine) -> None:
        start.wait()
        run_step(mine, work.step, Watch())

    with another(engine) as second:
        threads = [threading.Thread(target=tick, args=(one,)) for one in (engine, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(work.done) == sorted(work.keys)
    with read(engine) as conn:
        assert conn.execute(select(func.count(job_run.c.finished_at))).scalar() == 40
