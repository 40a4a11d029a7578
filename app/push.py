"""Records that a program pushes, for tools with no API to pull from: a batch is read whole, and kept in one commit.

A pushed record goes the way of all others (`app.intake`): doing it twice does nothing more.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Literal

from sqlalchemy import Connection, Engine, delete, select, update

from app.companies import companies, connection_for
from app.db import hold, write
from app.errors import BadInput, NotFound, Refused, SeuilError
from app.intake import Outcome, Source, find_source, save_told
from app.jobs import Clock
from app.models.core import bookmark, connection
from app.models.records import quarantined
from app.people import LABEL_KEPT, LOGIN_KEPT, NAME_KEPT
from app.rows import ACTORS, LENGTHS
from app.versions import KEYS_A_SELECT
from connectors.base import Fault, Page
from connectors.objects import RECORDS, raw_text, read_object, shown
from connectors.records import Record, Stream

PUSH = "push"
RECORDS_A_BATCH = 1000
BATCH_LIMIT_MB = 8
BATCH_LIMIT = BATCH_LIMIT_MB * 1024 * 1024
KEYS = ("company", "records")

TEXT_LENGTHS: Mapping[str, int] = {
    **LENGTHS,
    **dict.fromkeys(ACTORS, LOGIN_KEPT),
    "party_label": LABEL_KEPT,
    "name": NAME_KEPT,
}

Result = Literal[Outcome, "superseded", "refused"]


class TooLarge(SeuilError):
    """More than one batch may hold."""

    status: ClassVar[int] = 413


@dataclass(frozen=True, slots=True)
class Batch:
    """What was sent: whose records, and the objects as they stood."""

    company: str | None
    objects: Sequence[object]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one object: its place in the batch, the record's id if it told one, and what is wrong with it."""

    index: int
    id: str | None
    result: Result
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a batch did, object by object."""

    stream: Stream
    company_id: str
    rows: tuple[Row, ...]

    def count(self, result: Result) -> int:
        """Count the objects with a result."""
        return sum(row.result == result for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Read:
    id: str | None
    record: Record | None
    faults: tuple[Fault, ...]


def pushable(name: str) -> Stream:
    """Give the stream of a name, or BadInput; a ledger is refused, for it is told by its export."""
    if name == Stream.LEDGER:
        raise Refused("push_ledger_is_a_file")
    try:
        return Stream(name)
    except ValueError as error:
        raise BadInput("no_such_stream", {"stream": shown(name), "streams": ", ".join(RECORDS)}) from error


def read_batch(body: bytes) -> Batch:
    """Read a batch's JSON; numbers stay exact. Raises BadInput for what is no batch."""
    try:
        given = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, InvalidOperation, RecursionError) as error:
        raise BadInput("push_not_json", {"why": shown(str(error) or type(error).__name__)}) from error
    if not isinstance(given, dict):
        raise BadInput("push_not_an_object", {"value": shown(given)})
    for key in given:
        if key not in KEYS:
            raise BadInput("push_key_unknown", {"key": shown(key), "keys": ", ".join(KEYS)})
    asked, objects = given.get("company"), given.get("records")
    if asked is not None and not isinstance(asked, str):
        raise BadInput("push_company_not_a_text", {"value": shown(asked)})
    if not isinstance(objects, list):
        raise BadInput("push_records_not_a_list")
    if len(objects) > RECORDS_A_BATCH:
        raise BadInput("push_too_many_records", {"n": len(objects), "limit": RECORDS_A_BATCH})
    return Batch(asked, objects)


def _refuse_constant(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity are no JSON, though Python's reader takes them


def push(engine: Engine, stream: Stream, batch: Batch, clock: Clock, within: frozenset[str] | None = None) -> Pushed:
    """Keep a batch: what can be read is saved, the rest set aside with its reasons; one commit.

    `within`: the companies that the sender may push to; None: all.
    """
    read = [_read(stream, given) for given in batch.objects]
    records = tuple(one.record for one in read if one.record is not None)
    faults = tuple(fault for one in read for fault in one.faults)
    with write(engine) as conn:
        company_id = _company(conn, batch.company, within)
        hold(conn, company_id)  # before the clock is read: no answer in between is taken for a newer one
        now = clock()
        source = find_source(conn, connection_for(conn, company_id, PUSH, now))
        reached_before = _read_at(conn, source, stream)
        _forget_refused(conn, source, stream, read)
        _, outcomes = save_told(conn, source, stream, Page(records, {"pushed_at": now.isoformat()}, faults), now)
        if faults and not records:  # nothing was understood: the stream reaches no further than before
            _set_read_at(conn, source, stream, reached_before)
        else:
            conn.execute(update(connection).where(connection.c.id == source.connection_id).values(read_at=now))
    return Pushed(stream, company_id, tuple(_rows(read, outcomes)))


def _read(stream: Stream, given: object) -> _Read:
    said = given.get("external_id") if isinstance(given, dict) else None
    key = shown(said) if isinstance(said, str) and said.strip() else None
    record, faults = read_object(stream, given, _place(key, given), TEXT_LENGTHS)
    return _Read(record.external_id if record else key, record, faults)


def _place(key: str | None, given: object) -> str:
    """Name an object set aside: by its id, else by its content, so that the same one comes to the same place."""
    if key is not None:
        return key
    return "?" + hashlib.blake2b(raw_text(given).encode(), digest_size=8).hexdigest()


def _rows(read: Sequence[_Read], outcomes: Mapping[str, Outcome]) -> Iterator[Row]:
    last = {one.record.external_id: index for index, one in enumerate(read) if one.record}
    for index, one in enumerate(read):
        if one.record is None:
            yield Row(index, one.id, "refused", one.faults)
        elif last[one.record.external_id] != index:
            yield Row(index, one.id, "superseded")
        else:
            yield Row(index, one.id, outcomes[one.record.external_id])


def _company(conn: Connection, asked: str | None, within: frozenset[str] | None) -> str:
    """Give the company meant: by id or SIREN, else the only one there is; never the demonstration."""
    listed = companies(conn, within)
    if asked is None:
        ours = [row for row in listed if not row["is_demo"]]
        if not ours:
            raise BadInput("push_no_company")
        if len(ours) > 1:
            raise BadInput("push_company_unclear", {"n": len(ours)})
        return str(ours[0]["id"])
    for row in listed:
        if asked in (row["id"], row["siren"]):
            if row["is_demo"]:
                raise Refused("demo_takes_no_records")
            return str(row["id"])
    raise NotFound("no_such_company", {"company": shown(asked)})


def _forget_refused(conn: Connection, source: Source, stream: Stream, read: Sequence[_Read]) -> None:
    """Drop what was set aside of these very objects before: they are told anew."""
    places = sorted({fault.place for one in read for fault in one.faults} | {shown(one.id) for one in read if one.id})
    q: Any = quarantined.c
    for start in range(0, len(places), KEYS_A_SELECT):
        some = q.place.in_(places[start : start + KEYS_A_SELECT])
        mine = (q.connection_id == source.connection_id, q.stream == stream.value, some)
        conn.execute(delete(quarantined).where(*mine))


def _read_at(conn: Connection, source: Source, stream: Stream) -> datetime | None:
    b = bookmark.c
    query = select(b.read_at).where(b.connection_id == source.connection_id, b.stream == stream.value)
    found: datetime | None = conn.execute(query).scalar()
    return found


def _set_read_at(conn: Connection, source: Source, stream: Stream, read_at: datetime | None) -> None:
    mine = (bookmark.c.connection_id == source.connection_id, bookmark.c.stream == stream.value)
    if read_at is None:
        conn.execute(delete(bookmark).where(*mine))
    else:
        conn.execute(update(bookmark).where(*mine).values(read_at=read_at))
