"""Keeping knocks: one thread writes all that wait in one commit that reaches the disk, and only then are they answered.

A commit that reaches the disk takes a while, whatever is in it. So while one is under way the next knocks gather, and
go together (group commit): the more there are, the less each costs, and nobody waits for more than two commits.
"""

import asyncio
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import ClassVar, Protocol

import structlog
from sqlalchemy import Connection, Engine, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.db import durable
from app.errors import NotFound, SeuilError
from app.faultpoints import reached
from app.models.core import connection
from app.models.watch import knock
from connectors.providers import provider_of

BATCH = 500
MOST_WAITING = 5_000  # beyond, the disk does not keep up and senders had better come back later
MOST_OF_ONE = 1_000  # of one connection: one that floods keeps no other from being heard
COMMITTED_WITHIN = timedelta(seconds=5)  # some ring before they commit: the object asked for at once is the old one

log = structlog.get_logger()


class NotKept(SeuilError):
    """A knock is not on the disk; whoever sent it has to send it again."""

    status = 503
    retry_after_s: ClassVar[int] = 30


class TooMany(NotKept):
    """One connection's knocks come faster than the disk takes them; the others' are not turned away for it."""

    status = 429


@dataclass(frozen=True, slots=True)
class Knocked:
    """A knock as it is kept."""

    connection_id: str
    event_id: str
    sent_at: datetime
    received_at: datetime
    size: int
    digest: str
    hint_stream: str | None = None  # the object it is about, where its provider says so
    hint_id: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same event."""
        return self.connection_id, self.event_id


class Keeper(Protocol):
    """Whoever keeps knocks."""

    async def keep(self, knocked: Knocked) -> bool:
        """Return once the knock is kept: true if it is new, false if it was seen before."""
        ...

    def close(self) -> None:
        """Finish what waits."""
        ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    knocked: Knocked
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[bool]"


Outcome = bool | SeuilError
"""New or seen before, or why it is not kept."""


class KnockKeeper:
    """The thread that writes, started at the first knock."""

    def __init__(self, engine: Engine) -> None:
        """Take the database."""
        self._engine = engine
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._gate = threading.Lock()
        self._closed = False
        self._waiting: Counter[str] = Counter()

    async def keep(self, knocked: Knocked) -> bool:
        """Return once the knock is on the disk: true if it is new, false if it was seen before; else NotKept."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        with self._gate:
            if self._closed or self._queue.qsize() >= MOST_WAITING:
                raise NotKept("knock_not_kept")
            if self._waiting[knocked.connection_id] >= MOST_OF_ONE:
                raise TooMany("knocks_too_many")
            self._waiting[knocked.connection_id] += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="knocks", daemon=True)
                self._thread.start()
            self._queue.put(_Waiting(knocked, loop, answer))
        return await answer

    def close(self) -> None:
        """Take no more knocks, and return when those that wait are kept."""
        with self._gate:
            self._closed = True
            self._queue.put(None)
            thread = self._thread
        if thread is not None:
            thread.join()

    def _write(self) -> None:
        more = True
        while more:
            batch, more = self._gather()
            if batch:
                outcomes = self._outcomes([waiting.knocked for waiting in batch])
                self._let_go(batch)
                _tell(batch, outcomes)

    def _let_go(self, batch: Sequence[_Waiting]) -> None:
        with self._gate:
            for waiting in batch:
                self._waiting[waiting.knocked.connection_id] -= 1
            self._waiting = +self._waiting  # those at nought are forgotten

    def _gather(self) -> tuple[list[_Waiting], bool]:
        """Wait for a knock and take those behind it; false once we are told to end."""
        batch: list[_Waiting] = []
        one = self._queue.get()
        while one is not None:
            batch.append(one)
            if len(batch) == BATCH:
                return batch, True
            try:
                one = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _outcomes(self, knocks: Sequence[Knocked]) -> list[Outcome]:
        try:
            with durable(self._engine) as conn:
                outcomes = save_knocks(conn, knocks)
                reached("knocks.written")
            reached("knocks.committed")
        except Exception:  # whatever it was, none of them is kept; the thread has to outlive it
            log.exception("knocks_not_kept", knocks=len(knocks))
            return [NotKept("knock_not_kept") for _ in knocks]
        return outcomes


# Made once: at one knock a commit, making them would cost as much as running them.
_THERE = (
    select(connection.c.id, connection.c.provider)
    .where(connection.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(connection.c.id)
    .with_for_update(key_share=True, read=True)
)
_OF = connection.c.id == bindparam("of")
_DUE = update(connection).where(_OF).values(due_at=bindparam("at"))
_HINTED = update(connection).where(_OF, connection.c.hinted_at.is_(None)).values(hinted_at=bindparam("at"))
_COLUMNS = [field.name for field in fields(Knocked)]
_KEY = (knock.c.connection_id, knock.c.event_id)
_NEW = {
    "sqlite": sqlite.insert(knock).on_conflict_do_nothing(index_elements=_KEY).returning(*_KEY),
    "postgresql": postgresql.insert(knock).on_conflict_do_nothing(index_elements=_KEY).returning(*_KEY),
}


def save_knocks(conn: Connection, knocks: Sequence[Knocked]) -> list[Outcome]:
    """Save new knocks and make their connections due, if Seuil reads them by itself; say of each what it was.

    Everything goes in the order of ids, so that two processes never wait for each other.
    """
    ids = sorted({one.connection_id for one in knocks})
    providers = {row[0]: row[1] for row in conn.execute(_THERE, {"ids": ids})}
    fresh = _insert(conn, [one for one in knocks if one.connection_id in providers], providers)
    ringing = [one for one in knocks if _rings(one, fresh, providers)]
    _make_due(conn, *_divided(ringing, fresh))
    outcomes: list[Outcome] = []
    for one in knocks:
        if one.connection_id not in providers:  # removed since its secret was looked up
            outcomes.append(NotFound("no_such_door"))
            continue
        outcomes.append(one.key in fresh)
        fresh.discard(one.key)  # a second one in the same batch was seen before
    return outcomes


def _rings(one: Knocked, fresh: set[tuple[str, str]], providers: Mapping[str, str]) -> bool:
    """Say whether a knock makes its connection due; of several unsigned ones that count as one, each does."""
    provider = provider_of(providers[one.connection_id]) if one.connection_id in providers else None
    return provider is not None and (one.key in fresh or provider.scheme == "unsigned")


def _divided(knocks: Sequence[Knocked], fresh: set[tuple[str, str]]) -> tuple[list[Knocked], list[Knocked]]:
    """Tell those that have everything read from those that name one object; of several that count as one, all ring."""
    firsts: set[tuple[str, str]] = set()
    whole, hinted = list[Knocked](), list[Knocked]()
    for one in knocks:
        alone = one.hint_id is not None and one.key in fresh and one.key not in firsts
        (hinted if alone else whole).append(one)
        firsts.add(one.key)
    return whole, hinted


def _insert(conn: Connection, knocks: Sequence[Knocked], providers: Mapping[str, str]) -> set[tuple[str, str]]:
    """Insert those not seen before, and give their keys; what rings at a source that nobody reads is skipped."""
    firsts = {one.key: one for one in reversed(knocks)}
    if not firsts:
        return set()
    rows = [
        {name: getattr(one, name) for name in _COLUMNS} | _begins_as(providers[one.connection_id], one.received_at)
        for _, one in sorted(firsts.items())
    ]
    return {(row[0], row[1]) for row in conn.execute(_NEW[conn.dialect.name], rows)}


def _begins_as(provider: str, at: datetime) -> dict[str, str | datetime | None]:
    if provider_of(provider) is not None:
        return {"state": "waiting", "reason": None, "done_at": None}
    return {"state": "skipped", "reason": "knock_not_pulled", "done_at": at}


def _make_due(conn: Connection, whole: Sequence[Knocked], hinted: Sequence[Knocked]) -> None:
    for due, knocks, after in ((_DUE, whole, timedelta(0)), (_HINTED, hinted, COMMITTED_WITHIN)):
        latest: dict[str, datetime] = {}
        for one in knocks:
            latest[one.connection_id] = max(latest.get(one.connection_id, one.received_at), one.received_at)
        if latest:
            conn.execute(due, [{"of": of, "at": at + after} for of, at in sorted(latest.items())])


def _tell(batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
    """Wake those who wait: one call a loop, however many wait in it."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Outcome]]] = defaultdict(list)
    for waiting, outcome in zip(batch, outcomes, strict=True):
        loops[waiting.loop].append((waiting, outcome))
    for loop, told in loops.items():
        try:
            loop.call_soon_threadsafe(_wake, told)
        except RuntimeError:  # that loop is closed: nobody waits any more
            log.warning("knocks_unanswered", knocks=len(told))


def _wake(told: Sequence[tuple[_Waiting, Outcome]]) -> None:
    for waiting, outcome in told:
        if waiting.answer.done():  # the sender hung up meanwhile
            continue
        if isinstance(outcome, SeuilError):
            waiting.answer.set_exception(outcome)
        else:
            waiting.answer.set_result(outcome)
