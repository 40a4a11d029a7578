"""The second cut of time: a company's books as we knew them at an instant, rebuilt from the versions kept.

Facts serve what is known now. An earlier `known_at` is asked for rarely, so it gets a database of its own, in memory
and of the same schema: each row as it stood then, and the facts made from those rows. Roles, who has several logins,
and the names of customers have no versions and stand as they are now; names of staff are left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Numeric,
    Select,
    StaticPool,
    Table,
    and_,
    create_engine,
    func,
    insert,
    not_,
    or_,
    select,
)

from app.assessment import answer_for
from app.db import read, write
from app.facts import refresh_all
from app.models import metadata
from app.models.core import authority_choice, bookmark, company, connection, policy
from app.models.ledger import fault_count, field_profile, ledger_entry, ledger_import, ledger_line
from app.models.people import actor, declaration, party, person
from app.models.rates import exchange_rate
from app.models.records import record_version
from app.models.register import process_sheet
from app.models.types import Day, Instant
from app.rows import TABLES
from connectors.records import Stream
from signals.readiness import Readiness

ROWS_A_STATEMENT = 5000

Row = Mapping[Any, Any]


def answer_known(engine: Engine, company_id: str, as_of: date, known_at: datetime) -> Readiness:
    """Compute a company's readiness on a day from what was known at an instant, without storing it."""
    then = as_known(engine, company_id, known_at)
    try:
        answer, _ = answer_for(then, company_id, as_of)
    finally:
        then.dispose()
    return answer


def as_known(engine: Engine, company_id: str, known_at: datetime) -> Engine:
    """Make a database in memory that holds one company as it was known at an instant; the caller disposes of it."""
    then = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    metadata.create_all(then)
    with read(engine) as source, write(then) as target:
        _copy_frame(source, target, company_id, known_at)
        for stream, table in TABLES.items():
            _add(target, table, _pages(source, _standing(table, company_id, known_at)))
            _add(
                target,
                table,
                ([_row(table, old) for old in page] for page in _versions(source, company_id, stream, known_at)),
            )
        _copy_ledger(source, target, company_id, known_at)
        _copy_bookmarks(source, target, company_id, known_at)
        refresh_all(target, company_id)
    return then


def _copy_frame(source: Connection, target: Connection, company_id: str, known_at: datetime) -> None:
    """Copy what rows hang on: company, connections, people's pseudonyms, statements, settings and applied files."""
    mine = select(connection.c.id).where(connection.c.company_id == company_id)
    files = select(ledger_import.c.no).where(
        ledger_import.c.company_id == company_id, ledger_import.c.applied_at <= known_at
    )
    kept: tuple[tuple[Table, ColumnElement[bool]], ...] = (
        (company, company.c.id == company_id),
        (connection, and_(connection.c.company_id == company_id, connection.c.created_at <= known_at)),
        (party, party.c.connection_id.in_(mine)),
        (exchange_rate, exchange_rate.c.currency.is_not(None)),  # what a day's rate was is no news later
        (declaration, and_(declaration.c.company_id == company_id, declaration.c.known_at <= known_at)),
        (process_sheet, and_(process_sheet.c.company_id == company_id, process_sheet.c.known_at <= known_at)),
        (policy, and_(policy.c.company_id == company_id, policy.c.set_at <= known_at)),
        (
            authority_choice,
            and_(authority_choice.c.company_id == company_id, authority_choice.c.chosen_at <= known_at),
        ),
        (ledger_import, ledger_import.c.no.in_(files)),
        (fault_count, fault_count.c.import_no.in_(files)),
        (field_profile, field_profile.c.import_no.in_(files)),
    )
    for table, condition in kept:
        _add(target, table, _pages(source, select(table).where(condition)))
    several = (
        select(actor.c.person_id)
        .where(actor.c.company_id == company_id, actor.c.person_id.is_not(None))
        .group_by(actor.c.person_id)
        .having(func.count() > 1)
    )
    people = set(source.execute(several).scalars())
    joined = _pages(source, select(person).where(person.c.id.in_(several)))
    _add(target, person, ([dict(row) | {"name": ""} for row in page] for page in joined))
    logins = _pages(source, select(actor).where(actor.c.company_id == company_id))
    _add(target, actor, ([_pseudonym(row, people) for row in page] for page in logins))


def _pseudonym(row: Row, people: set[str]) -> dict[str, Any]:
    """Leave a login out but for its id, and for whose it is where somebody has several."""
    return dict(row) | {"login": row["id"], "person_id": row["person_id"] if row["person_id"] in people else None}


def _copy_ledger(source: Connection, target: Connection, company_id: str, known_at: datetime) -> None:
    standing = _standing(ledger_entry, company_id, known_at)
    _add(target, ledger_entry, _pages(source, standing))
    entries = standing.with_only_columns(ledger_entry.c.id)
    _add(target, ledger_line, _pages(source, select(ledger_line).where(ledger_line.c.entry_id.in_(entries))))
    for page in _versions(source, company_id, Stream.LEDGER, known_at):
        _add(target, ledger_entry, [[_row(ledger_entry, old) for old in page]])
        lines = [_row(ledger_line, line | {"entry_id": old["id"]}) for old in page for line in old["lines"]]
        _add(target, ledger_line, [lines])


def _copy_bookmarks(source: Connection, target: Connection, company_id: str, known_at: datetime) -> None:
    """Say what had been read by then: of a source read since, up to when it last taught us something.

    An API is read in all its streams at once; a file says nothing of the streams it isn't about.
    """
    mine = select(connection.c.id, connection.c.kind).where(connection.c.company_id == company_id)
    kinds = {str(key): str(kind) for key, kind in source.execute(mine)}
    found = source.execute(select(bookmark).where(bookmark.c.connection_id.in_(list(kinds)))).mappings().fetchall()
    for mark in found:
        key = mark["connection_id"]
        if mark["read_at"] <= known_at:
            target.execute(insert(bookmark), [dict(mark)])
            continue
        known = _known(target, TABLES[Stream(mark["stream"])], key)
        taught = [at for table in TABLES.values() if (at := _known(target, table, key)[1]) is not None]
        if taught and (known[0] or kinds[key] == "api"):
            target.execute(insert(bookmark), [dict(mark) | {"rows": known[0], "read_at": max(taught)}])


def _known(target: Connection, table: Table, connection_id: str) -> tuple[int, datetime | None]:
    query = select(func.count(), func.max(table.c.known_at)).where(table.c.connection_id == connection_id)
    n, newest = target.execute(query).one()
    return int(n), newest


def _standing(table: Table, company_id: str, known_at: datetime) -> Select[Any]:
    """Select the rows that have not changed since."""
    c = table.c
    return select(table).where(
        c.company_id == company_id, c.known_at <= known_at, or_(c.gone_at.is_(None), c.gone_at > known_at)
    )


def _versions(source: Connection, company_id: str, stream: Stream, known_at: datetime) -> Iterator[Sequence[Row]]:
    """Give what was true then of rows that have changed since, in pages."""
    v = record_version.c
    query = select(v.row).where(
        v.company_id == company_id,
        v.stream == stream.value,
        v.known_at <= known_at,
        v.superseded_at > known_at,
        not_(v.gone),
    )
    for page in _pages(source, query):
        yield [version["row"] for version in page]


def _pages(source: Connection, query: Select[Any]) -> Iterator[Sequence[Row]]:
    result = source.execute(query.execution_options(yield_per=ROWS_A_STATEMENT))
    yield from result.mappings().partitions()


def _add(target: Connection, table: Table, pages: Iterable[Sequence[Row]]) -> None:
    for page in pages:
        for _, alike in groupby(page, key=tuple):  # a version may be older than a column
            target.execute(insert(table), [dict(row) for row in alike])


def _row(table: Table, old: Row) -> Row:
    """Turn a version's JSON values back into a row's; what is no column any more is left out."""
    return {c.name: _value(c.type, old[c.name]) for c in table.columns if c.name in old}


def _value(kind: object, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if isinstance(kind, Day):
        return date.fromisoformat(value)
    if isinstance(kind, Instant):
        return datetime.fromisoformat(value)
    return Decimal(value) if isinstance(kind, Numeric) else value
