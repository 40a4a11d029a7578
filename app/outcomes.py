"""What became of each webhook: applied, skipped (and why), or failed (and why) until somebody has it tried again.

A webhook only says that something changed; it is done once the source was read after it came. So its outcome is
written by that reading: *applied* where it brought something, *skipped* where there was nothing new. While readings
fail it waits; after `MOST_TRIES` of them, or where a person has to act first, it has *failed* and stands in a list.
A later reading to the end covers it all the same, and says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from app.errors import NotFound
from app.models.core import connection
from app.models.watch import knock
from app.silence import note_rings
from app.wording import say

MOST_TRIES = 8  # after 5 minutes, then twice as long each time: half a day
LISTED = 100

Row = Mapping[str, Any]


class State(StrEnum):
    """Where a webhook stands."""

    WAITING = "waiting"
    APPLIED = "applied"
    SKIPPED = "skipped"
    FAILED = "failed"


NOTHING_NEW = "knock_nothing_new"
NOT_READABLE = "knock_object_unreadable"  # no reading helps: the row itself was set aside


@dataclass(frozen=True, slots=True)
class Reach:
    """The webhooks that a reading covers: those that had come when it began.

    `up_to` is the newest number then. A reading in several parts began with the first of them: `begun_at`, or None.
    """

    up_to: int
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which webhooks a person means: one by its number, or those of a time; None: without end on that side."""

    number: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    state: State | None = State.FAILED


def reach_of(conn: Connection, row: Row) -> Reach:
    """Say what a reading of a connection that begins, or goes on, now will cover."""
    newest = select(func.max(knock.c.no)).where(_open(str(row["id"])))
    return Reach(int(conn.execute(newest).scalar() or 0), row["begun_at"])


def settle(conn: Connection, connection_id: str, reach: Reach, now: datetime, *, brought: bool) -> bool:
    """Write the outcome of a reading that came to its end; say whether some that came since wait for another.

    Those that failed because the source could not be read are covered as well.
    """
    covered = _covered(connection_id, reach)
    readable = knock.c.reason.is_(None) | (knock.c.reason != NOT_READABLE) | (knock.c.state == State.WAITING)
    done = {"state": State.APPLIED, "reason": None} if brought else {"state": State.SKIPPED, "reason": NOTHING_NEW}
    if reach.up_to:
        _note(conn, connection_id, covered)
        conn.execute(update(knock).where(covered, readable).values(**done, reason_params=None, done_at=now))
    # Those that name an object have it fetched.
    waiting = (knock.c.state == State.WAITING) & knock.c.hint_id.is_(None)
    left = select(knock.c.no).where(_open(connection_id), waiting).limit(1)
    return conn.execute(left).first() is not None


def settle_some(
    conn: Connection,
    connection_id: str,
    numbers: Collection[int],
    state: State,
    now: datetime,
    reason: tuple[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write what became of some webhooks."""
    code, params = reason or (None, None)
    mine = (knock.c.connection_id == connection_id) & knock.c.no.in_(list(numbers))
    _note(conn, connection_id, mine)
    done_at = None if state in {State.WAITING, State.FAILED} else now
    conn.execute(update(knock).where(mine).values(state=state, reason=code, reason_params=params, done_at=done_at))


def count_failure(
    conn: Connection, connection_id: str, reach: Reach, reason: tuple[str, Mapping[str, Any]], *, final: bool
) -> None:
    """Count a reading that failed; webhooks have failed after many of them, or at once where a person has to act."""
    if not reach.up_to:
        return
    k, (code, params) = knock.c, reason
    waiting = _open(connection_id) & (k.no <= reach.up_to) & (k.state == State.WAITING)
    values = {"attempts": k.attempts + 1, "reason": code, "reason_params": dict(params)}
    conn.execute(update(knock).where(waiting).values(**values))
    over = waiting if final else waiting & (k.attempts >= MOST_TRIES)
    _note(conn, connection_id, over)
    conn.execute(update(knock).where(over).values(state=State.FAILED))


def forget_waiting(conn: Connection, connection_id: str, now: datetime) -> None:
    """Skip what waits or failed: its account is not read any more."""
    skipped = {"state": State.SKIPPED, "reason": "knock_account_forgotten", "reason_params": None, "done_at": now}
    conn.execute(update(knock).where(_open(connection_id)).values(**skipped))


def replay(conn: Connection, connection_id: str, asked: Asked, now: datetime) -> int:
    """Have webhooks tried again at the next tick; say how many. One that is named may have any outcome."""
    asked = Asked(asked.number, state=None) if asked.number is not None else asked
    rows = conn.execute(select(knock.c.no, knock.c.hint_id).where(*_asked(connection_id, asked))).all()
    if not rows and asked.number is not None:
        raise NotFound("no_such_knock", {"number": asked.number})
    if not rows:
        return 0
    again = {"state": State.WAITING, "reason": None, "reason_params": None, "attempts": 0, "done_at": None}
    conn.execute(update(knock).where(*_asked(connection_id, asked)).values(**again))
    hinted = all(row.hint_id is not None for row in rows)
    column = connection.c.hinted_at if hinted else connection.c.due_at
    conn.execute(update(connection).where(connection.c.id == connection_id).values({column: now}))
    return len(rows)


def knocks_of(
    conn: Connection, connection_id: str, asked: Asked, *, before: int | None = None, limit: int = LISTED
) -> list[Row]:
    """List a connection's webhooks, newest first; `before` is the number where the page before ended."""
    where = _asked(connection_id, asked)
    if before is not None:
        where.append(knock.c.no < before)
    rows = conn.execute(select(knock).where(*where).order_by(knock.c.no.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


def why_text(row: Row, language: str) -> str:
    """Say why a webhook was skipped or failed, or what the last try met with; empty where there is nothing to say."""
    if row["reason"] is None:
        return ""
    params = dict(row["reason_params"] or {})
    if row["reason"] == NOT_READABLE:
        params = {"why": say(str(params["code"]), params.get("params") or {}, language)}
    return say(str(row["reason"]), params, language)


def outcome_counts(conn: Connection, connection_id: str) -> dict[str, int]:
    """Count a connection's webhooks by where they stand."""
    k = knock.c
    rows = conn.execute(select(k.state, func.count()).where(k.connection_id == connection_id).group_by(k.state))
    found = {str(state): int(n) for state, n in rows}
    return {state.value: found.get(state.value, 0) for state in State}


def failed_counts(conn: Connection) -> dict[str, int]:
    """Count the webhooks that failed, by connection; connections without any are left out."""
    k = knock.c
    failed = (k.done_at.is_(None)) & (k.state == State.FAILED)
    rows: Sequence[Any] = conn.execute(
        select(k.connection_id, func.count()).where(failed).group_by(k.connection_id)
    ).all()
    return {str(one): int(n) for one, n in rows}


def _open(connection_id: str) -> ColumnElement[bool]:
    return (knock.c.connection_id == connection_id) & knock.c.done_at.is_(None)


def _covered(connection_id: str, reach: Reach) -> ColumnElement[bool]:
    covered = _open(connection_id) & (knock.c.no <= reach.up_to)
    return covered if reach.begun_at is None else covered & (knock.c.received_at <= reach.begun_at)


def _asked(connection_id: str, asked: Asked) -> list[ColumnElement[bool]]:
    k = knock.c
    where = [k.connection_id == connection_id]
    if asked.state is State.FAILED:
        where.append(k.done_at.is_(None))  # few: there is an index of them
    if asked.state is not None:
        where.append(k.state == asked.state)
    if asked.number is not None:
        where.append(k.no == asked.number)
    if asked.first is not None:
        where.append(k.received_at >= asked.first)
    if asked.last is not None:
        where.append(k.received_at < asked.last)
    return where


def _note(conn: Connection, connection_id: str, which: ColumnElement[bool]) -> None:
    """Note when webhooks came that are about to be done with."""
    came = conn.execute(select(knock.c.received_at).where(which, knock.c.state == State.WAITING)).scalars()
    note_rings(conn, connection_id, came)
