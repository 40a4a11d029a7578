"""Fetching the one object that a webhook names, rather than reading its whole source.

It belongs to the reading of its connection: the same piece of work, so that no two ask one source at once and an older
answer never comes in after a newer one. What goes wrong here is left to the next whole reading, which has the patience,
the words and the letters for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, or_, select, update

from app.accounts import Connect
from app.db import hold, read, write
from app.faultpoints import reached
from app.intake import Outcome, account_of, find_source, save_told
from app.jobs import Beat, Clock
from app.knocks import COMMITTED_WITHIN
from app.models.core import connection
from app.models.watch import knock
from app.outcomes import NOT_READABLE, NOTHING_NEW, State, settle_some
from connectors.base import Fault, Fetching, Hint, Page
from connectors.errors import SourceError
from connectors.records import Stream

MOST_OBJECTS = 50  # beyond, a reading of what changed costs a source less than asking for each

Row = Mapping[str, Any]
Reason = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object, and the webhooks that name it."""

    hint: Hint
    numbers: tuple[int, ...]


def fetch_hinted(engine: Engine, row: Row, clock: Clock, connect: Connect, beat: Beat) -> None:
    """Fetch the objects that webhooks named; where that is not to be had, have the source read."""
    connection_id, now = str(row["id"]), clock()
    with read(engine) as conn:
        wanted = _wanted(conn, connection_id, now)
    whole = _is_for_reading(row, wanted)
    if wanted and not whole:
        whole = not _fetch_all(engine, row, wanted, clock, connect, beat)
    with write(engine) as conn:
        c = connection.c
        mine = c.id == connection_id
        # A webhook that is being kept meanwhile finds a time set, and leaves it: it must not be taken away unseen.
        conn.execute(select(c.id).where(mine).with_for_update())
        later = now + COMMITTED_WITHIN if not whole and _some_wait(conn, connection_id) else None
        conn.execute(update(connection).where(mine).values(fetches=c.fetches + 1, hinted_at=later))
        if whole:  # a source that is to be left in peace for a while has its time already
            at_peace = row["trouble"] is not None and row["due_at"] is not None
            untouched = mine & or_(c.due_at.is_(None), c.due_at > now)
            if not at_peace:
                conn.execute(update(connection).where(untouched).values(due_at=now))
        reached("hints.fetched")


def _wanted(conn: Connection, connection_id: str, now: datetime) -> list[Wanted]:
    """List the objects that webhooks name, oldest first; not those whose sender may not have committed yet."""
    k = knock.c
    mine = (k.connection_id == connection_id) & k.done_at.is_(None) & (k.state == State.WAITING)
    asked = select(k.no, k.hint_stream, k.hint_id).where(
        mine, k.hint_id.is_not(None), k.received_at <= now - COMMITTED_WITHIN
    )
    found: dict[Hint, list[int]] = {}
    for number, stream, external_id in conn.execute(asked.order_by(k.no)):
        found.setdefault(Hint(Stream(stream), external_id), []).append(int(number))
    return [Wanted(hint, tuple(numbers)) for hint, numbers in found.items()]


def _some_wait(conn: Connection, connection_id: str) -> bool:
    k = knock.c
    mine = (k.connection_id == connection_id) & k.done_at.is_(None) & (k.state == State.WAITING)
    return conn.execute(select(k.no).where(mine, k.hint_id.is_not(None)).limit(1)).first() is not None


def _is_for_reading(row: Row, wanted: Sequence[Wanted]) -> bool:
    """Say whether the source is better read: it was never, is in trouble, or so much changed."""
    return bool(wanted) and (row["read_at"] is None or row["trouble"] is not None or len(wanted) > MOST_OBJECTS)


def _fetch_all(engine: Engine, row: Row, wanted: Sequence[Wanted], clock: Clock, connect: Connect, beat: Beat) -> bool:
    """Fetch object by object; false where the source could not give one."""
    with read(engine) as conn:
        account = account_of(conn, str(row["id"]))
    try:
        connector = connect(row, clock())
        if not isinstance(connector, Fetching):
            return False
        for one in wanted:
            beat()
            if _is_read(row, one.hint.stream):
                pages = tuple(connector.fetch(one.hint))
                may = [(stream, page) for stream, page in pages if _is_read(row, stream)]
            else:
                may = []
            if not _keep(engine, row, one, may, account, clock):
                return False
    except SourceError:
        return False
    return True


def _is_read(row: Row, stream: Stream) -> bool:
    return row["streams"] is None or stream.value in row["streams"]


def _keep(
    engine: Engine,
    row: Row,
    one: Wanted,
    pages: Sequence[tuple[Stream, Page]],
    account: tuple[object, ...],
    clock: Clock,
) -> bool:
    """Keep an object and what became of its webhooks: one commit; false where the account was changed meanwhile."""
    connection_id = str(row["id"])
    with write(engine) as conn:
        hold(conn, str(row["company_id"]))
        if account_of(conn, connection_id) != account:
            return False
        source, now = find_source(conn, connection_id), clock()
        outcomes: list[Outcome] = []
        buried = 0
        for stream, page in pages:
            saved, told = save_told(conn, source, stream, page, now, turns=False)
            outcomes += told.values()
            buried += saved.buried
        faults = [fault for _, page in pages for fault in page.faults if not fault.kept]
        state, reason = _became(outcomes, faults, buried=buried, read=bool(pages))
        settle_some(conn, connection_id, one.numbers, state, now, reason)
        reached("hints.object_saved")
    reached("hints.object_committed")
    return True


def _became(
    outcomes: Sequence[Outcome], faults: Sequence[Fault], *, buried: int, read: bool
) -> tuple[State, Reason | None]:
    """Say what became of a webhook from what its object brought."""
    if faults:
        return State.FAILED, (NOT_READABLE, {"code": faults[0].code, "params": dict(faults[0].params)})
    if buried or any(each in {"new", "changed"} for each in outcomes):
        return State.APPLIED, None
    if not read:
        return State.SKIPPED, ("knock_not_read_here", {})
    if outcomes and all(each == "older" for each in outcomes):
        return State.SKIPPED, ("knock_older", {})
    return State.SKIPPED, (NOTHING_NEW if outcomes else "knock_object_unknown", {})
