"""Whatever happens at a source and on the way, what is kept comes to be what the source has: no row lost or doubled."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from app.companies import add_company, connection_for
from app.db import read, write
from app.faultpoints import on_reaching
from app.models.core import connection, touched_month
from app.models.records import document, record_version
from app.sources import sync_connection
from connectors.errors import Unavailable
from tests.changing_source import OVERLAP, Changing, ChangingSource
from tests.conftest import NOW

EVERY, WEEK = timedelta(hours=6), timedelta(days=8)
POINTS = ("sync.rows_saved", "sync.bookmark_turned", "sync.page_committed", "sync.connection_read", "sync.committed")


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Plug:
    """Pulled at the n-th time that a point is reached."""

    point: str = ""
    left: int = 0

    def __call__(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                self.point = ""
                raise Killed


PLUG = Plug()
on_reaching(PLUG)


@dataclass
class World:
    """A source and our connection to it."""

    engine: Engine
    company_id: str
    connection_id: str
    source: ChangingSource
    now: datetime = NOW
    failing: list[int] = field(default_factory=list)  # requests from now on that fail
    meanwhile: list["Step"] = field(default_factory=list)  # what happens between our requests

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def before_request(self) -> None:
        if self.meanwhile:
            self.happen(self.meanwhile.pop(0))
        self.failing = [n - 1 for n in self.failing if n > 0]
        if 0 in self.failing:
            raise Unavailable(code="timed_out", params={"host": "books.example"})

    def happen(self, step: "Step") -> None:
        """Have the source change."""
        kind, key, amount = step
        if kind == "put":
            self.source.put(key, amount)
        elif kind == "late":
            self.source.put(key, amount, late=amount % OVERLAP)
        elif kind == "delete":
            self.source.delete(key)
        else:
            self.source.forget()

    def read(self) -> None:
        """Read, as the schedule does; the process may be killed meanwhile."""
        try:
            sync_connection(
                self.engine,
                self.connection_id,
                self.clock,
                every=EVERY,
                connect=lambda *_: Changing(self.source, self.before_request),
            )
        except Killed:
            pass
        finally:
            PLUG.point = ""

    def kept(self) -> dict[str, int]:
        """What we have of it, in cents."""
        d = document.c
        with read(self.engine) as conn:
            rows = conn.execute(
                select(d.external_id, d.total_minor).where(d.connection_id == self.connection_id, d.gone_at.is_(None))
            ).all()
        return {str(key): int(total) for key, total in rows}

    def muddled(self) -> list[str]:
        """List rows whose past is none: two versions true at once, or one true after the row that replaced it."""
        v, d = record_version.c, document.c
        past = select(v.external_id, v.known_at, v.superseded_at).where(v.connection_id == self.connection_id)
        with read(self.engine) as conn:
            spans = [tuple(row) for row in conn.execute(past)]
            now = select(d.external_id, d.known_at).where(d.connection_id == self.connection_id)
            spans += [(key, at, self.now + WEEK) for key, at in conn.execute(now)]
        return [key for (key, _, until), (other, since, _) in pairwise(sorted(spans)) if key == other and until > since]


Step = tuple[str, str, int]
Reading = tuple[list[int], str, int, list[Step], timedelta]
History = list[tuple[list[Step], Reading]]
KEYS = [f"F{n}" for n in range(8)]
changes = st.tuples(
    st.sampled_from(["put", "put", "late", "late", "delete", "forget"]), st.sampled_from(KEYS), st.integers(1, 99)
)
readings = st.tuples(
    st.lists(st.integers(1, 9), max_size=2),  # requests that fail
    st.sampled_from(["", "", *POINTS]),  # where the plug is pulled
    st.integers(1, 3),  # at which time there
    st.lists(changes, max_size=4),  # what happens meanwhile
    st.sampled_from([EVERY, EVERY, WEEK]),  # after which time
)
histories = st.lists(st.tuples(st.lists(changes, max_size=8), readings), min_size=1, max_size=6)


@pytest.fixture
def numbers() -> Iterator[int]:
    return iter(range(10**9))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, tells_deletes=st.booleans())
def test_what_is_kept_comes_to_be_what_the_source_has(
    sqlite_engine: Engine, numbers: Iterator[int], history: History, *, tells_deletes: bool
) -> None:
    world = begin(sqlite_engine, next(numbers), ChangingSource(tells_deletes=tells_deletes))
    for before, (failing, point, time, meanwhile, later) in history:
        for step in before:
            world.happen(step)
        world.failing, world.meanwhile = list(failing), list(meanwhile)
        PLUG.point, PLUG.left = point, time
        world.read()
        world.now += later
    world.failing, world.meanwhile = [], []
    for _ in range(2):  # what was begun comes to its end; what was deleted without a word is missed by the sweep
        world.now += WEEK
        world.read()

    assert world.kept() == world.source.totals()
    assert world.muddled() == []
    assert trouble(world) is None


def begin(engine: Engine, number: int, source: ChangingSource) -> World:
    with write(engine) as conn:
        company = add_company(conn, f"Menuiserie {number}", NOW, siren=None, zone="Europe/Paris")
        return World(engine, company, connection_for(conn, company, "demo", NOW), source)


def trouble(world: World) -> str | None:
    with read(world.engine) as conn:
        found: str | None = conn.execute(
            select(connection.c.trouble).where(connection.c.id == world.connection_id)
        ).scalar()
        return found


def test_a_row_committed_late_with_an_earlier_stamp_is_not_missed(sqlite_engine: Engine) -> None:
    world = begin(sqlite_engine, 1, ChangingSource())
    for n in range(10):
        world.source.put(f"F{n}", 10)
    world.read()
    world.source.put("late", 10, late=OVERLAP - 1)
    world.read()

    assert world.kept() == world.source.totals()


def test_an_id_that_is_used_again_has_the_new_content_and_the_old_one_as_its_past(sqlite_engine: Engine) -> None:
    world = begin(sqlite_engine, 1, ChangingSource(tells_deletes=True))
    world.source.put("F1", 10)
    world.read()
    world.source.delete("F1")
    world.read()
    gone = world.kept()
    world.source.put("F1", 99)
    world.read()

    with read(sqlite_engine) as conn:
        past = conn.execute(select(record_version.c.gone).order_by(record_version.c.id)).scalars().all()
    assert (gone, world.kept()) == ({}, {"F1": 9900})
    assert past == [False, True]


def test_the_months_of_what_went_are_made_anew(sqlite_engine: Engine) -> None:
    world = begin(sqlite_engine, 1, ChangingSource())
    world.source.put("F1", 10)
    world.read()
    with write(sqlite_engine) as conn:
        conn.execute(touched_month.delete())
    world.source.delete("F1")
    world.now += WEEK
    world.read()

    with read(sqlite_engine) as conn:
        assert conn.execute(select(func.count()).select_from(touched_month)).scalar_one() == 1
