"""Rows that a source forgot without a word: now and then the ids it still has are compared with ours.

What we keep and it lacks is marked as gone, with what it was. A comparison that would take away much is not believed:
a right that was withdrawn looks the same (some servers answer an empty list instead of an error).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update

from app.db import read, write
from app.intake import bury
from app.models.core import bookmark, connection
from app.rows import LENGTHS, TABLES, fit, storable
from connectors.base import Keys, Swept
from connectors.errors import Unavailable
from connectors.records import Stream

SWEEP_EVERY = timedelta(days=7)
FEW = 20  # so many may go at once whatever their share
MUCH = 0.5


def sweep_due(
    engine: Engine,
    connection_id: str,
    connector: object,
    now: datetime,
    *,
    believe: bool = False,
    beat: Callable[[], None] = lambda: None,
) -> int:
    """Compare the streams whose turn it is; say how many records are gone. Unavailable where much would be."""
    if not isinstance(connector, Swept):
        return 0
    with read(engine) as conn:
        b = bookmark.c
        rows = conn.execute(select(b.stream, b.swept_at).where(b.connection_id == connection_id))
        swept_at = {str(row.stream): row.swept_at for row in rows}
        wanted = conn.execute(select(connection.c.streams).where(connection.c.id == connection_id)).scalar()
    gone = 0
    for stream, keys in connector.keys.items():
        if stream not in swept_at:
            continue  # never read
        if wanted is not None and stream.value not in wanted:
            continue  # the account may not, and a person knows
        last = swept_at[stream]
        if believe or last is None or last <= now - SWEEP_EVERY:
            gone += _sweep(engine, connection_id, stream, keys, now, believe=believe, beat=beat)
    return gone


def _sweep(
    engine: Engine, connection_id: str, stream: Stream, keys: Keys, now: datetime, *, believe: bool,
    beat: Callable[[], None],
) -> int:  # fmt: skip
    kept = _kept(engine, connection_id, stream)  # before the source is asked: what comes meanwhile is not missed
    theirs: set[str] = set()
    for some in keys():
        theirs.update(fit(storable(one), LENGTHS["external_id"]) for one in some)
        beat()
    missing = sorted(kept - theirs)
    is_much = len(missing) > FEW and len(missing) > MUCH * len(kept)
    is_all = not theirs and len(missing) > 1  # a right that was withdrawn looks so
    if (is_much or is_all) and not believe:
        params = {"stream": stream.value, "gone": str(len(missing)), "of": str(len(kept))}
        raise Unavailable(code="much_is_gone", params=params)
    gone = bury(engine, connection_id, stream, missing, now)
    with write(engine) as conn:
        b = bookmark.c
        here = (b.connection_id == connection_id) & (b.stream == stream.value)
        conn.execute(update(bookmark).where(here).values(swept_at=now))
    return gone


def _kept(engine: Engine, connection_id: str, stream: Stream) -> set[str]:
    table = TABLES[stream]
    with read(engine) as conn:
        query = select(table.c.external_id).where(table.c.connection_id == connection_id, table.c.gone_at.is_(None))
        return set(conn.execute(query).scalars())
