"""One tick: what is due is done, doing it twice does nothing more."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, insert, select

from app.alerts import episodes
from app.alive import last_beat
from app.assessment import latest
from app.clock import utc_now
from app.companies import add_company, connection_for
from app.db import open_database, read, write
from app.intake import find_source, save_page
from app.jobs import Step
from app.models.answers import assessment
from app.models.core import policy
from app.models.watch import job_run
from app.schedule import start_metronome, steps, tick
from app.settings import Settings
from connectors.base import Page
from connectors.records import Stream
from tests.conftest import NOW
from tests.small_source import invoice


def tick_at(engine: Engine, now: datetime) -> dict[str, int]:
    return tick(engine, lambda: now, steps(Settings()))


def test_a_tick_assesses_each_company_once_a_day(engine: Engine, company: str) -> None:
    tick_at(engine, NOW)
    tick_at(engine, NOW + timedelta(hours=5))
    tick_at(engine, NOW + timedelta(days=1))

    with read(engine) as conn:
        assert conn.execute(select(func.count()).select_from(assessment)).scalar_one() == 2
        newest = latest(conn, company)
    assert newest is not None
    assert newest.verdict == "cannot_say"


def test_the_day_is_the_companys_and_not_that_of_greenwich(engine: Engine, company: str) -> None:
    late_evening = NOW.replace(hour=23, minute=30)  # half past midnight in Paris

    tick_at(engine, late_evening)

    with read(engine) as conn:
        newest = latest(conn, company)
    assert newest is not None
    assert newest.as_of == late_evening.date() + timedelta(days=1)


# Steps that are made up


def due_always(key: str) -> Callable[[Connection, datetime], Sequence[str]]:
    return lambda _, __: (key,)


def note(done: list[str], name: str) -> Step:
    return Step(name, due_always("now"), lambda *_: done.append(name))


def beaten(engine: Engine) -> datetime | None:
    with read(engine) as conn:
        return last_beat(conn)


def test_steps_come_in_the_order_in_which_they_feed_one_another() -> None:
    names = [step.name for step in steps(Settings())]

    assert names.index("sync") < names.index("assess") < names.index("digest") < names.index("send")


def test_a_tick_says_how_much_was_done_and_that_it_was_there(engine: Engine) -> None:
    done: list[str] = []
    registry = [note(done, "first"), note(done, "second")]

    assert tick(engine, lambda: NOW, registry) == {"first": 1, "second": 1}
    assert tick(engine, lambda: NOW + timedelta(minutes=1), registry) == {"first": 0, "second": 0}
    assert done == ["first", "second"]
    assert beaten(engine) == NOW + timedelta(minutes=1)


def test_a_step_that_cannot_say_what_is_due_keeps_no_other_from_being_done(engine: Engine) -> None:
    done: list[str] = []

    def broken(_: Connection, __: datetime) -> Sequence[str]:
        raise LookupError

    registry = [note(done, "first"), Step("broken", broken, lambda *_: None), note(done, "last")]

    assert tick(engine, lambda: NOW, registry) == {"first": 1, "broken": 0, "last": 1}
    assert done == ["first", "last"]


def test_a_tick_in_which_a_step_is_broken_is_no_beat(engine: Engine) -> None:
    def broken(_: Connection, __: datetime) -> Sequence[str]:
        raise LookupError

    tick(engine, lambda: NOW, [Step("broken", broken, lambda *_: None)])

    assert beaten(engine) is None


def test_a_company_that_fails_keeps_no_other_from_being_assessed(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Garage Roux", NOW, zone="Europe/Paris")
        setting = {"valid_from": NOW.date(), "settings": {"error_limit": "lots"}, "set_at": NOW}
        conn.execute(insert(policy).values(company_id=company, **setting))
    tick_at(engine, NOW)
    with read(engine) as conn:
        assert latest(conn, company) is None
        assert latest(conn, other) is not None
        assert [row["subject"] for row in episodes(conn, company)] == ["assessment"]
    with write(engine) as conn:
        conn.execute(delete(policy))
    tick_at(engine, NOW + timedelta(minutes=6))
    with read(engine) as conn:
        assert latest(conn, company) is not None
        assert [row["state"] for row in episodes(conn, company)] == ["resolved"]


def test_something_new_is_assessed_again_the_same_day_and_only_once(engine: Engine, company: str) -> None:
    tick_at(engine, NOW)
    later = NOW + timedelta(hours=2)
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        save_page(conn, source, Stream.INVOICES, Page((invoice(1),), {}), later)
    for minutes in (1, 2, 3):
        tick_at(engine, later + timedelta(minutes=minutes))

    with read(engine) as conn:
        assert conn.execute(select(assessment.c.known_at)).scalars().all() == [later + timedelta(minutes=1)]


def test_two_processes_that_tick_at_once_assess_each_company_once(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        companies = [company, *(add_company(conn, f"Client {n}", NOW, zone="Europe/Paris") for n in range(3))]
    second = open_database(engine.url.render_as_string(hide_password=False))
    try:
        with ThreadPoolExecutor(2) as pool:
            counts = [one.result() for one in [pool.submit(tick_at, each, NOW) for each in (engine, second)]]
    finally:
        second.dispose()

    assert sum(count["assess"] for count in counts) == len(companies)
    with read(engine) as conn:
        assert conn.execute(select(func.max(job_run.c.attempts))).scalar() == 1


def test_the_metronome_ticks_at_once_and_again(sqlite_engine: Engine) -> None:
    beats = set[datetime | None]()
    metronome = start_metronome(sqlite_engine, Settings(tick_seconds=1), utc_now)
    try:
        deadline = time.monotonic() + 30
        while len(beats - {None}) < 2 and time.monotonic() < deadline:
            beats.add(beaten(sqlite_engine))
            time.sleep(0.05)
    finally:
        metronome.shutdown()

    assert len(beats - {None}) >= 2
