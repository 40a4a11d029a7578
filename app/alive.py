"""The dead-man's switch: when the metronome was last seen alive, and since when it is not; which work keeps failing."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, select

from app.jobs import TICK
from app.models.watch import heartbeat, job_run

STOPPED_AFTER = timedelta(minutes=15)
GIVEN_UP_AFTER = timedelta(hours=1)


def last_beat(conn: Connection) -> datetime | None:
    """Give when a tick, or a piece of its work, was last seen; None where none ever was."""
    return conn.execute(select(heartbeat.c.beat_at).where(heartbeat.c.name == TICK)).scalar()


def stopped_since(conn: Connection, now: datetime) -> datetime | None:
    """Give the last beat where none came for too long; None where all is well, or nothing was ever seen.

    Nothing ever seen is no alarm: a database that is filled by hand has no metronome.
    """
    beat = last_beat(conn)
    return beat if beat is not None and abs(now - beat) > STOPPED_AFTER else None


def is_failing(now: datetime) -> ColumnElement[bool]:
    """Pick the work that failed and will be tried again.

    What was not tried again for long after its time belongs to a period that is over: another took its place.
    """
    j = job_run.c
    return and_(j.finished_at.is_(None), j.trouble.is_not(None), j.leased_until > now - GIVEN_UP_AFTER)
