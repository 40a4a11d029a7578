"""Connections to the database: one engine, and two doors, `read` and `write`.

SQLite: write-ahead log, and every write transaction takes the write lock at once (`BEGIN IMMEDIATE`), behind a
first-in-first-out lock in this process, because SQLite's own waiting is unfair. PostgreSQL needs none of it.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url

WAIT_FOR_LOCK_MS = 60_000


class FairLock:
    """A lock that serves in the order of asking."""

    def __init__(self) -> None:
        """Start open."""
        self._gate = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._held = False

    def __enter__(self) -> None:
        """Wait for our turn."""
        with self._gate:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._queue.append(turn)
        turn.wait()

    def __exit__(self, *_: object) -> None:
        """Pass the lock to whoever has waited longest."""
        with self._gate:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._held = False


def open_database(url: str) -> Engine:
    """Make the engine for a database address; a SQLite file's folder is made if missing."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(parsed, pool_pre_ping=True, hide_parameters=True)  # rows belong in no log
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    _LOCKS[engine] = FairLock()
    return engine


_LOCKS: dict[Engine, FairLock] = {}


def _set_up_sqlite(raw: Any, _: object) -> None:
    raw.isolation_level = None  # we say BEGIN ourselves
    cursor = raw.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={WAIT_FOR_LOCK_MS}",
        "foreign_keys=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(conn: Connection) -> None:
    writes = conn.get_execution_options().get("seuil_writes", False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """Open a read transaction: one state of the database throughout, whatever is committed meanwhile."""
    with engine.connect() as conn:
        if conn.dialect.name == "postgresql":  # SQLite has no other way
            conn.execution_options(isolation_level="REPEATABLE READ")
        with conn.begin():
            yield conn


_COUNTER = count(1)
_WRITTEN: WeakKeyDictionary[Engine, int] = WeakKeyDictionary()


def written(engine: Engine) -> int:
    """Give a number that is another after each write of this process: what was looked up before it may have changed."""
    return _WRITTEN.get(engine, 0)


def _note_written(engine: Engine) -> None:
    _WRITTEN[engine] = next(_COUNTER)  # after the commit: whoever looks from now on sees it


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """Open a write transaction: committed whole at the end, or not at all. Nothing slow belongs inside."""
    lock = _LOCKS.get(engine)
    try:
        if lock is None:
            with engine.begin() as conn:
                yield conn
            return
        with lock, engine.connect().execution_options(seuil_writes=True) as conn, conn.begin():
            yield conn
    finally:
        _note_written(engine)


@contextmanager
def durable(engine: Engine) -> Iterator[Connection]:
    """Open a write transaction whose commit has reached the disk when it returns, also on SQLite.

    Elsewhere SQLite's log is synced now and then: a power cut may take the last commits back, and the sources are read
    again. What nobody would send again needs this.
    """
    lock = _LOCKS.get(engine)
    if lock is None:
        with engine.begin() as conn:
            yield conn
        return
    with lock, engine.connect().execution_options(seuil_writes=True) as conn:
        _synchronous(conn, "FULL")
        try:
            with conn.begin():
                yield conn
        finally:
            _synchronous(conn, "NORMAL")


def _synchronous(conn: Connection, how: str) -> None:
    raw: Any = conn.connection.driver_connection  # outside any transaction, where the setting may change
    raw.execute(f"PRAGMA synchronous={how}")


def hold(conn: Connection, name: str) -> None:
    """Keep other processes from what a name stands for until this transaction ends.

    SQLite has one writer anyway. On PostgreSQL this is an advisory lock: steps on one company come one after another.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
