"""When a webhook that used to ring has stopped: silence is no news, good or bad, and the source is read at once.

A door is silent once it has not rung for twice its longest gap of the last `LOOKED_BACK`. Where calls come at random (a
Poisson process, n gaps seen) that happens by chance at one call in (n + 1)(n + 2) / 2: the longest of n exponential
gaps M has E[exp(-2M)] = 2 / ((n + 1)(n + 2)). Nights, weekends and closures are in the longest gap already, which is
why nothing is said before `SHORTEST` of history. Hours in which it rang are kept, not calls: a busy door costs no more.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.models.core import connection
from app.models.watch import knock, knock_hour

LOOKED_BACK = timedelta(days=90)
SHORTEST = timedelta(days=28)
FEWEST_GAPS = 20  # chance then rings falsely at one call in 231
TIMES_LONGEST = 2

_HOUR = timedelta(hours=1)
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def silent_from(hours: Sequence[int]) -> datetime | None:
    """Give the instant silence counts from, out of ascending hours since 1970; None: too little is known."""
    gaps = [later - earlier for earlier, later in pairwise(hours)]
    if len(gaps) < FEWEST_GAPS or (hours[-1] - hours[0]) * _HOUR < SHORTEST:
        return None
    return _BEGIN + (hours[-1] + 1 + TIMES_LONGEST * max(gaps)) * _HOUR


def note_rings(conn: Connection, connection_id: str, came: Iterable[datetime]) -> None:
    """Keep in which hours a door rang, and set from when on its silence counts."""
    hours = sorted({(at - _BEGIN) // _HOUR for at in came})
    if not hours:
        return
    insert = postgresql.Insert if conn.dialect.name == "postgresql" else sqlite.Insert
    rows = [{"connection_id": connection_id, "hour": hour} for hour in hours]
    conn.execute(insert(knock_hour).on_conflict_do_nothing(), rows)
    h = knock_hour.c
    known = select(h.hour).where(h.connection_id == connection_id).order_by(h.hour)
    found = [int(hour) for hour in conn.execute(known).scalars()]
    recent = [hour for hour in found if (found[-1] - hour) * _HOUR <= LOOKED_BACK]
    if len(recent) < len(found):
        conn.execute(delete(knock_hour).where(h.connection_id == connection_id, h.hour < recent[0]))
    conn.execute(update(connection).where(connection.c.id == connection_id).values(silent_from=silent_from(recent)))


def silences(conn: Connection, now: datetime, connection_id: str | None = None) -> list[str]:
    """List the connections whose door is silent, as `connection@since`: each silence is one piece of work."""
    c = connection.c
    k = knock.c
    waiting = select(k.no).where(k.connection_id == c.id, k.done_at.is_(None), k.state == "waiting").exists()
    query = select(c.id, c.silent_from).where(
        c.silent_from <= now, c.sealed_secret.is_not(None), c.door_closed_at.is_(None), ~waiting
    )
    if connection_id is not None:
        query = query.where(c.id == connection_id)
    return [f"{row.id}@{row.silent_from.isoformat()}" for row in conn.execute(query.order_by(c.silent_from, c.id))]


def is_silent(conn: Connection, row: Mapping[str, Any], now: datetime) -> bool:
    """Say whether a connection's door is silent."""
    return str(row["id"]) in {key.partition("@")[0] for key in silences(conn, now, str(row["id"]))}
