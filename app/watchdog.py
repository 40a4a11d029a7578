"""The mail that Seuil itself stood still: written when no tick came for too long, or when one comes again after that.

The metronome cannot tell of its own end, so somebody else in the process looks after it, and hands the letter over
himself. Where the whole process is gone nobody is left: then it is told at the next start, and meanwhile by whatever
watches the heartbeat's address.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from app.alive import last_beat, stopped_since
from app.at_once_news import NONE
from app.db import read, write
from app.ids import new_id
from app.jobs import Clock
from app.letter_view import STOPPED
from app.models.watch import letter, recipient, subscription
from app.outbox import Send, deliver, letters_due

TOLD_AFTER = timedelta(hours=1)
"""A restart, or a machine that updates itself, is no standstill worth a mail."""

log = structlog.get_logger()


def look_after(
    engine: Engine, clock: Clock, send: Send | None, *, sender: str, base_url: str, begins: bool = False
) -> int:
    """Tell the readers if the metronome has stood still for too long; say to how many a letter was written.

    `begins`: the process has just begun and will tick at once, so that what stood still runs again. A second look at
    the same standstill writes to nobody. Without a mail server the letters wait, as others do.
    """
    now = clock()
    with read(engine) as conn:
        beat = last_beat(conn)
        since = stopped_since(conn, now)
    if beat is None or since is None or now - since < TOLD_AFTER:
        return 0
    with write(engine) as conn:
        written = _write(conn, since, now, runs_again=begins)
    log.error("stood_still", since=since.isoformat(), told=written)
    if written and send is not None:
        with read(engine) as conn:
            due = [key for key in letters_due(conn, now) if _is_ours(conn, key)]
        for key in due:
            deliver(engine, key, clock, send, sender=sender, base_url=base_url)
    return written


def _is_ours(conn: Connection, key: str) -> bool:
    x = letter.c
    return conn.execute(select(x.kind).where(x.id == key.rpartition("@")[0])).scalar() == STOPPED


def _write(conn: Connection, since: datetime, now: datetime, *, runs_again: bool) -> int:
    r, s = recipient.c, subscription.c
    wanted = select(s.recipient_id).where((s.at_once != NONE) | s.escalations)
    readers = select(r.id, r.language, r.zone).where(
        r.id.in_(wanted), r.unsubscribed_at.is_(None), r.bounced_at.is_(None), ~r.is_demo
    )
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    written = 0
    for row in conn.execute(readers.order_by(r.id)).all():
        letter_id = new_id(now)
        content = {"kind": STOPPED, "language": row.language, "zone": row.zone, "written_at": now.isoformat()}
        content |= {"since": since.isoformat(), "until": now.isoformat() if runs_again else None}
        post: Any = dialect.insert(letter).values(
            id=letter_id,
            recipient_id=row.id,
            kind=STOPPED,
            period=f"{since:%Y%m%dT%H%M%S}{'R' if runs_again else ''}",  # one of each kind a standstill
            message_id=f"{letter_id}@seuil.invalid",
            content=content | {"period": "", "companies": [], "told": {}},
            told_until=0,
            state="waiting",
            created_at=now,
            next_try_at=now,
        )
        written += len(conn.execute(post.on_conflict_do_nothing().returning(letter.c.id)).all())
    return written
