"""Transactions: whole or not at all, in turn, on the disk where they must be; and one at a time where asked."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, Insert, event, func, insert, select
from sqlalchemy.exc import IntegrityError

from app.db import FairLock, durable, hold, open_database, read, write
from app.models.watch import heartbeat
from tests.conftest import NOW


def put(name: str) -> Insert:
    return insert(heartbeat).values(name=name, beat_at=NOW)


def names(engine: Engine) -> set[str]:
    with read(engine) as conn:
        return set(conn.execute(select(heartbeat.c.name)).scalars())


@contextmanager
def another(engine: Engine) -> Iterator[Engine]:
    """Open the same database as another process would: with a lock and connections of its own."""
    opened = open_database(engine.url.render_as_string(hide_password=False))
    try:
        yield opened
    finally:
        opened.dispose()


@pytest.mark.parametrize("door", [write, durable])
def test_a_transaction_is_kept_whole_or_not_at_all(engine: Engine, door: type) -> None:
    with door(engine) as conn:
        conn.execute(put("kept"))
    with pytest.raises(IntegrityError), door(engine) as conn:
        conn.execute(insert(heartbeat), [{"name": name, "beat_at": NOW} for name in ("lost", "kept")])

    assert names(engine) == {"kept"}
    with door(engine) as conn:  # and the door is open again
        conn.execute(put("after"))
    assert names(engine) == {"kept", "after"}


def test_a_reader_sees_one_state_whatever_is_committed_meanwhile(engine: Engine) -> None:
    with read(engine) as conn:
        before = conn.execute(select(func.count()).select_from(heartbeat)).scalar()
        with write(engine) as other:
            other.execute(put("new"))
        assert conn.execute(select(func.count()).select_from(heartbeat)).scalar() == before == 0

    assert names(engine) == {"new"}


def synchronous(engine: Engine) -> list[int]:
    """Note how each commit of SQLite's is to be synced, as it comes."""
    said: list[int] = []

    def look(conn: object) -> None:
        said.append(conn.connection.driver_connection.execute("PRAGMA synchronous").fetchone()[0])  # type: ignore[attr-defined]

    event.listen(engine, "commit", look)
    return said


FULL, NORMAL = 2, 1


def test_on_sqlite_a_durable_commit_is_synced_and_the_next_one_is_as_always(sqlite_engine: Engine) -> None:
    said = synchronous(sqlite_engine)
    with write(sqlite_engine) as conn:
        conn.execute(put("a"))
    with durable(sqlite_engine) as conn:
        conn.execute(put("b"))
    with pytest.raises(IntegrityError), durable(sqlite_engine) as conn:
        conn.execute(put("a"))
    with write(sqlite_engine) as conn:
        conn.execute(put("c"))

    assert said == [NORMAL, FULL, NORMAL]


@pytest.mark.parametrize("door", [write, durable])
def test_many_writers_of_two_processes_lose_nothing(engine: Engine, door: type) -> None:
    with write(engine) as conn:
        conn.execute(put("count"))

    def add(mine: Engine) -> None:
        for _ in range(10):
            with door(mine) as conn:
                hold(conn, "count")
                known = conn.execute(select(func.count()).select_from(heartbeat)).scalar_one()
                conn.execute(put(f"{known}"))

    with another(engine) as second, ThreadPoolExecutor(6) as pool:
        for one in [pool.submit(add, mine) for mine in (engine, second) * 3]:
            one.result()  # a name given twice would be refused

    assert names(engine) == {"count", *map(str, range(1, 61))}


@pytest.mark.postgres
def test_who_holds_a_name_keeps_others_waiting_and_only_for_that_name(postgres_engine: Engine) -> None:
    order: list[str] = []
    held, asked = threading.Event(), threading.Event()

    def second() -> None:
        held.wait()
        with write(postgres_engine) as conn:
            asked.set()
            hold(conn, "company")
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with write(postgres_engine) as conn:
        hold(conn, "company")
        hold(conn, "company")  # once more is no matter
        held.set()
        asked.wait()
        with write(postgres_engine) as other:
            hold(other, "another company")
            order.append("another")
        thread.join(timeout=timedelta(milliseconds=200).total_seconds())
        order.append("first")
    thread.join()

    assert order == ["another", "first", "second"]


def test_a_lock_serves_in_the_order_of_asking() -> None:
    lock, served, waiting = FairLock(), list[int](), list[threading.Thread]()

    def ask(number: int) -> None:
        with lock:
            served.append(number)

    with lock:
        for number in range(8):
            thread = threading.Thread(target=ask, args=(number,))
            thread.start()
            waiting.append(thread)
            while len(lock._queue) <= number:  # noqa: SLF001 - until it stands in the queue
                pass
    for thread in waiting:
        thread.join()

    assert served == list(range(8))
