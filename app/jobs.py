"""Work done once a period, whoever asks: `job_run` has a row for whatever was begun, and its key is unique.

A row is taken by inserting it, or, where its lease has run out unfinished, by a conditional update: of two processes
one gets it. A piece of work that was cut off is done again once its lease is over, so every piece must bear that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

import structlog
from sqlalchemy import Connection, Engine, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from app.db import read, write
from app.due import retry_at
from app.models.watch import heartbeat, job_run

LEASE = timedelta(minutes=10)
FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=6)
KEPT = timedelta(days=60)  # older rows are dropped: periods only go forward
PATIENCE = timedelta(minutes=2)
TICK, BY_HAND = "tick", "by hand"

Clock = Callable[[], datetime]
Beat = Callable[[], None]

log = structlog.get_logger()


class TakenOver(Exception):
    """Our lease ran out and somebody else is at it: stop."""


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of work: which periods are due now, and how one is done.

    `due` lists period keys, urgent ones first; `do` gets the engine, a key, the clock, and a function to call now and
    then in long work, which says that it is still alive.
    """

    name: str
    due: Callable[[Connection, datetime], Sequence[str]]
    do: Callable[[Engine, str, Clock, Beat], None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A piece of work that is ours until the lease runs out."""

    task: str
    period_key: str
    attempt: int


def _insert(conn: Connection) -> type[postgresql.Insert] | type[sqlite.Insert]:
    return postgresql.Insert if conn.dialect.name == "postgresql" else sqlite.Insert


def claim(conn: Connection, task: str, period_key: str, now: datetime) -> Claim | None:
    """Take a piece of work, or learn that it is done or somebody else's."""
    fresh = _insert(conn)(job_run).values(task=task, period_key=period_key, begun_at=now, leased_until=now + LEASE)
    taken = conn.execute(fresh.on_conflict_do_nothing().returning(job_run.c.attempts)).scalar()
    if taken is None:
        j = job_run.c
        again = (
            update(job_run)
            .where(j.task == task, j.period_key == period_key, j.finished_at.is_(None), j.leased_until <= now)
            .values(leased_until=now + LEASE, attempts=j.attempts + 1)
            .returning(j.attempts)
        )
        taken = conn.execute(again).scalar()
    return None if taken is None else Claim(task, period_key, int(taken))


def _mine(mine: Claim) -> list[object]:
    j = job_run.c
    return [j.task == mine.task, j.period_key == mine.period_key, j.attempts == mine.attempt, j.finished_at.is_(None)]


def finish(conn: Connection, mine: Claim, now: datetime) -> bool:
    """Mark a piece of work done; False if it was taken over meanwhile."""
    done = update(job_run).where(*_mine(mine)).values(finished_at=now, trouble=None)  # type: ignore[arg-type]
    return bool(conn.execute(done).rowcount)


def renew(conn: Connection, mine: Claim, now: datetime) -> bool:
    """Keep long work ours; False if it was taken over meanwhile."""
    longer = update(job_run).where(*_mine(mine)).values(leased_until=now + LEASE)  # type: ignore[arg-type]
    return bool(conn.execute(longer).rowcount)


def put_off(conn: Connection, mine: Claim, now: datetime, trouble: str) -> None:
    """Give work that failed back, to be tried again later."""
    until = retry_at(now, mine.attempt, first=FIRST_RETRY, longest=LONGEST_RETRY)
    later = update(job_run).where(*_mine(mine)).values(leased_until=until, trouble=trouble[:60])  # type: ignore[arg-type]
    conn.execute(later)


def release_leases(conn: Connection, now: datetime) -> None:
    """Make unfinished work anybody's: right only where no other process can be at it."""
    conn.execute(update(job_run).where(job_run.c.finished_at.is_(None)).values(leased_until=now))


def forget_old(conn: Connection, now: datetime) -> None:
    """Drop what was begun long ago."""
    conn.execute(delete(job_run).where(job_run.c.begun_at < now - KEPT))


def beat(conn: Connection, now: datetime, name: str = TICK) -> None:
    """Note that something is alive."""
    row = _insert(conn)(heartbeat).values(name=name, beat_at=now)
    conn.execute(row.on_conflict_do_update(index_elements=["name"], set_={"beat_at": now}))


def run_step(
    engine: Engine, step: Step, clock: Clock, keys: Sequence[str] | None = None, *, beat_as: str = TICK
) -> int:
    """Do what is due of one step (or given periods of it), each piece by itself; say how many were done.

    What is not begun within `PATIENCE` waits for the next tick, so that a long queue of one step starves no other.
    `beat_as` is whose sign of life this is: steps run by hand must not pass for the metronome.
    """
    begun = clock()
    if keys is None:
        with read(engine) as conn:
            keys = step.due(conn, clock())
    in_time = takewhile(lambda _: clock() - begun <= PATIENCE, keys)
    return sum(_run(engine, step, key, clock, beat_as) for key in in_time)


def _run(engine: Engine, step: Step, key: str, clock: Clock, beat_as: str) -> bool:
    with write(engine) as conn:
        beat(conn, clock(), beat_as)
        mine = claim(conn, step.name, key, clock())
    if mine is None:
        return False
    taken = mine

    def still_here() -> None:
        with write(engine) as conn:
            beat(conn, clock(), beat_as)
            if not renew(conn, taken, clock()):
                raise TakenOver

    try:
        step.do(engine, key, clock, still_here)
    except Exception as error:  # one piece of work must not keep the others from being done; it is logged whole
        log.exception("step_failed", task=step.name, period=key)
        with write(engine) as conn:
            put_off(conn, mine, clock(), type(error).__name__)
        return False
    with write(engine) as conn:
        return finish(conn, mine, clock())
