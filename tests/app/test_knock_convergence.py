"""However webhooks come (twice, late, out of order, or never) among readings: what is kept comes to be the source's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from app.companies import add_company, connection_for
from app.db import read, write
from app.faultpoints import on_reaching
from app.jobs import Beat, Clock, Step, run_step
from app.knocks import Knocked, save_knocks
from app.models.records import document
from app.models.watch import knock
from app.sources import SYNC, sync_period, syncs_due
from connectors.base import Hint, Page
from connectors.errors import Unavailable
from connectors.records import Stream
from tests.changing_source import Changing, ChangingSource
from tests.conftest import NOW

EVERY, WEEK, MINUTE = timedelta(hours=6), timedelta(days=8), timedelta(minutes=1)
POINTS = ("sync.rows_saved", "sync.page_committed", "sync.connection_read", "hints.object_saved", "hints.fetched")
KEYS = [f"F{n}" for n in range(6)]


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Plug:
    """Pulled when a point is reached."""

    point: str = ""

    def __call__(self, point: str) -> None:
        if point == self.point:
            self.point = ""
            raise Killed


PLUG = Plug()
on_reaching(PLUG)


class Fetched(Changing):
    """A source that gives one object as well."""

    def fetch(self, hint: Hint) -> Iterator[tuple[Stream, Page]]:
        """Give an invoice as it is now, or say that it is gone."""
        self.before()
        if hint.external_id in self.source.rows:
            yield Stream.INVOICES, Page((self._invoice(hint.external_id),), {})
        else:
            yield Stream.INVOICES, Page((), {}, gone=(hint.external_id,))


@dataclass
class World:
    """A source, the webhooks it sent that have not arrived yet, and us."""

    engine: Engine
    connection_id: str
    source: ChangingSource
    now: datetime = NOW
    failing: int = 0  # requests from now on that fail
    sent: list[tuple[str, str | None]] = field(default_factory=list)
    events: int = 0

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=200)
        return self.now

    def before(self) -> None:
        if self.failing:
            self.failing -= 1
            raise Unavailable(code="timed_out", params={"host": "books.example"})

    def change(self, key: str, amount: int, *, names_it: bool) -> None:
        """Insert, edit, or (every third time) delete, and send a webhook."""
        if amount % 3 == 0:
            self.source.delete(key)
        else:
            self.source.put(key, amount)
        self.events += 1
        self.sent.append((f"evt_{self.events}", key if names_it else None))

    def arrive(self, which: int, times: int) -> None:
        """Let one webhook of those on their way arrive, once or more."""
        if not self.sent:
            return
        event_id, key = self.sent.pop(which % len(self.sent))
        hint = (Stream.INVOICES.value, key) if key else (None, None)
        at = self.clock()
        one = Knocked(self.connection_id, event_id, at, at, 10, "0" * 64, *hint)
        for _ in range(times):
            with write(self.engine) as conn:
                save_knocks(conn, [one] * times)

    def tick(self, point: str = "") -> None:
        """Do what is due, as the metronome does; the process may be killed meanwhile."""
        PLUG.point = point
        try:
            run_step(self.engine, Step(SYNC, syncs_due, self._sync), self.clock)
        except Killed:
            self.now += 11 * MINUTE  # until its lease is over
        finally:
            PLUG.point = ""

    def _sync(self, engine: Engine, key: str, clock: Clock, beat: Beat) -> None:
        sync_period(engine, key, clock, beat, every=EVERY, connect=lambda *_: Fetched(self.source, self.before))

    def kept(self) -> dict[str, int]:
        d = document.c
        mine = (d.connection_id == self.connection_id) & d.gone_at.is_(None)
        with read(self.engine) as conn:
            return {str(k): int(n) for k, n in conn.execute(select(d.external_id, d.total_minor).where(mine))}

    def standing(self) -> list[str]:
        with read(self.engine) as conn:
            rows = conn.execute(select(knock.c.state).where(knock.c.connection_id == self.connection_id))
            return [str(state) for state in rows.scalars()]


def begin(engine: Engine, number: int, *, tells_deletes: bool) -> World:
    with write(engine) as conn:
        company = add_company(conn, f"Menuiserie {number}", NOW, siren=None, zone="Europe/Paris")
        world = World(engine, connection_for(conn, company, "demo", NOW), ChangingSource(tells_deletes=tells_deletes))
    world.tick()
    return world


changes = st.tuples(st.just("change"), st.sampled_from(KEYS), st.integers(1, 99), st.booleans())
arrivals = st.tuples(st.just("arrive"), st.integers(0, 9), st.integers(1, 3))
ticks = st.tuples(st.just("tick"), st.sampled_from(["", "", "", *POINTS]), st.sampled_from([MINUTE, MINUTE, EVERY]))
losses = st.tuples(st.just("lose"), st.integers(0, 9))
failures = st.tuples(st.just("fail"), st.integers(1, 3))
stories = st.lists(st.one_of(changes, changes, arrivals, arrivals, ticks, losses, failures), max_size=25)


@pytest.fixture
def numbers() -> Iterator[int]:
    return iter(range(10**9))


def play(world: World, story: list[tuple[object, ...]], *, loses: bool) -> None:
    for what, *how in story:
        if what == "change":
            world.change(how[0], how[1], names_it=how[2])  # type: ignore[arg-type]
        elif what == "arrive":
            world.arrive(how[0], how[1])  # type: ignore[arg-type]
        elif what == "tick":
            world.now += how[1]  # type: ignore[operator]
            world.tick(how[0])  # type: ignore[arg-type]
        elif what == "fail":
            world.failing += how[0]  # type: ignore[operator]
        elif loses and world.sent:
            world.sent.pop(how[0] % len(world.sent))  # type: ignore[operator]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories, tells_deletes=st.booleans())
def test_any_mixture_of_webhooks_and_readings_comes_to_what_the_source_has(
    sqlite_engine: Engine, numbers: Iterator[int], story: list[tuple[object, ...]], *, tells_deletes: bool
) -> None:
    world = begin(sqlite_engine, next(numbers), tells_deletes=tells_deletes)
    play(world, story, loses=True)
    world.failing, world.sent = 0, []  # what has not arrived by now never does
    for _ in range(3):  # a piece of work cut off is done again; what was deleted without a word is missed by the sweep
        world.now += WEEK
        world.tick()

    assert world.kept() == world.source.totals()
    assert set(world.standing()) <= {"applied", "skipped"}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories)
def test_where_no_webhook_is_lost_nothing_waits_for_the_next_periodic_reading(
    sqlite_engine: Engine, numbers: Iterator[int], story: list[tuple[object, ...]]
) -> None:
    world = begin(sqlite_engine, next(numbers), tells_deletes=True)
    # What fails or is cut off is tried again in its own time, which the story before is about.
    calm = [step for step in story if step[0] != "fail"]
    play(world, [("tick", "", step[2]) if step[0] == "tick" else step for step in calm], loses=False)
    while world.sent:
        world.arrive(len(world.sent) - 1, 1)
    for _ in range(2):
        world.now += MINUTE
        world.tick()

    assert world.kept() == world.source.totals()
    assert set(world.standing()) <= {"applied", "skipped"}
    assert len(world.standing()) == world.events
