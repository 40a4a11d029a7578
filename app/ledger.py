"""The ledger: a staged file is compared with what we have, shown, and applied in one commit.

A file replaces the span it covers: in each of its fiscal years, from its first entry's day to its last. Entries it
changed keep their earlier version, entries it no longer has are marked gone, and those it could not be read are left
as they were.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    String,
    and_,
    cast,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    not_,
    null,
    or_,
    select,
    update,
)

from app.db import read, write
from app.facts import refresh_touched
from app.intake import touch
from app.models.ledger import ledger_entry, ledger_import, ledger_line, staged_entry, staged_line
from app.models.records import quarantined, record_version
from app.rows import as_json
from app.staging import ENTRY, LINE, Staged, clear, staged_span

CONFIRM_ABOVE = 0.01
KEYS_A_SELECT = 500

_e, _s = ledger_entry.c, staged_entry.c


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying a staged file would do, in entries."""

    new: int
    changed: int
    unchanged: int
    gone: int
    held: int  # entries we hold in the span it covers

    @property
    def needs_confirmation(self) -> bool:
        """Whether more than 1 % of the entries we hold would go."""
        return self.gone > CONFIRM_ABOVE * self.held


def _same_key(staged: Staged) -> ColumnElement[bool]:
    return and_(
        _e.connection_id == staged.connection_id,
        _e.fiscal_year == _s.fiscal_year,
        _e.journal == _s.journal,
        _e.number == _s.number,
    )


def _is_changed() -> ColumnElement[bool]:
    return or_(_e.row_hash != _s.row_hash, _e.gone_at.is_not(None))


def preview(engine: Engine, staged: Staged) -> Preview:
    """Compare a staged file with the ledger."""
    with read(engine) as conn:
        return _compare(conn, staged)


def _compare(conn: Connection, staged: Staged) -> Preview:
    total = conn.execute(select(func.count()).where(_s.import_no == staged.no)).scalar_one()
    pairs = select(func.count()).select_from(staged_entry.join(ledger_entry, _same_key(staged)))
    known = conn.execute(pairs.where(_s.import_no == staged.no)).scalar_one()
    changed = conn.execute(pairs.where(_s.import_no == staged.no, _is_changed())).scalar_one()
    span = _span(conn, staged)
    held = conn.execute(select(func.count()).select_from(ledger_entry).where(span)).scalar_one()
    gone = len(conn.execute(_gone_query(staged, span)).fetchall()) if held else 0
    return Preview(total - known, changed, known - changed, gone, held)


def _span(conn: Connection, staged: Staged) -> ColumnElement[bool]:
    years = [
        and_(_e.fiscal_year == year, _e.entry_on >= first, _e.entry_on <= last)
        for year, first, last in staged_span(conn, staged.no)
    ]
    return and_(_e.connection_id == staged.connection_id, _e.gone_at.is_(None), or_(false(), *years))


def _gone_query(staged: Staged, span: ColumnElement[bool]) -> Select[tuple[int]]:
    """Select the entries the file no longer has; those it has but that could not be read stay."""
    in_file = exists().where(_s.import_no == staged.no, _same_key(staged))
    q = quarantined.c
    # fiscal_year/journal/number, as `LedgerEntry.external_id` writes it
    refused = exists().where(
        q.import_no == staged.no, q.entry_key.in_((_entry_key(), literal("*/") + _e.journal + "/" + _e.number))
    )
    return select(_e.id).where(span, not_(in_file), not_(refused))


def _entry_key() -> ColumnElement[str]:
    return cast(_e.fiscal_year, String) + "/" + _e.journal + "/" + _e.number


def apply(engine: Engine, staged: Staged, now: datetime) -> Preview:
    """Apply a staged file in one commit, then empty its staging room."""
    with write(engine) as conn:
        done = _apply(conn, staged, now)
    with write(engine) as conn:
        clear(conn, staged.no)
    return done


def _apply(conn: Connection, staged: Staged, now: datetime) -> Preview:
    done = _compare(conn, staged)
    months = _ints(conn, _months_changed(staged))
    gone = _ints(conn, _gone_query(staged, _span(conn, staged)))
    pairs = select(_e.id).select_from(staged_entry.join(ledger_entry, _same_key(staged)))
    changed = _ints(conn, pairs.where(_s.import_no == staged.no, _is_changed()))
    for ids in _chunks(changed + gone):
        months += _ints(conn, select(_e.entry_month).where(_e.id.in_(ids)).distinct())
        _keep_versions(conn, ids, now)
    for ids in _chunks(gone):
        conn.execute(update(ledger_entry).where(_e.id.in_(ids)).values(gone_at=now, known_at=now))
    for ids in _chunks(changed):
        conn.execute(delete(ledger_line).where(ledger_line.c.entry_id.in_(ids)))
        _replace(conn, staged, ids, now)
    if done.new:
        _add_new(conn, staged, now)
    if done.new or done.changed:
        _add_lines(conn, staged)
    conn.execute(
        update(ledger_import)
        .where(ledger_import.c.no == staged.no)
        .values(state="applied", applied_at=now, summary=staged.summary | {"gone": done.gone})
    )
    touch(conn, staged.company_id, months)
    refresh_touched(conn, staged.company_id)
    return done


def _months_changed(staged: Staged) -> Select[tuple[int]]:
    """Select the months of staged entries that are new or other than what we have."""
    same = exists().where(_same_key(staged), _e.row_hash == _s.row_hash, _e.gone_at.is_(None))
    return select(_s.entry_month).where(_s.import_no == staged.no, not_(same)).distinct()


def _ints(conn: Connection, query: Select[Any]) -> list[int]:
    return [int(row[0]) for row in conn.execute(query)]


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), KEYS_A_SELECT):
        yield ids[start : start + KEYS_A_SELECT]


def _keep_versions(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """Keep entries, lines and all, as they were until now."""
    lines: dict[int, list[dict[str, Any]]] = {}
    for line in conn.execute(select(ledger_line).where(ledger_line.c.entry_id.in_(ids))).mappings():
        lines.setdefault(line["entry_id"], []).append(as_json({k: v for k, v in line.items() if k != "entry_id"}))
    versions = [
        {
            "company_id": entry["company_id"],
            "connection_id": entry["connection_id"],
            "stream": "ledger",
            "external_id": f"{entry['fiscal_year']}/{entry['journal']}/{entry['number']}",
            "known_at": entry["known_at"],
            "superseded_at": now,
            "gone": entry["gone_at"] is not None,
            "row": as_json(dict(entry)) | {"lines": lines.get(entry["id"], [])},
        }
        for entry in conn.execute(select(ledger_entry).where(_e.id.in_(ids))).mappings()
    ]
    conn.execute(insert(record_version), versions)


_CONTENT = [name for name in ENTRY if name not in {"import_no", "seq", "fiscal_year", "journal", "number"}]


def _replace(conn: Connection, staged: Staged, ids: Sequence[int], now: datetime) -> None:
    rows = conn.execute(
        select(_e.id, *(_s[name] for name in _CONTENT))
        .select_from(staged_entry.join(ledger_entry, _same_key(staged)))
        .where(_s.import_no == staged.no, _e.id.in_(ids))
    ).mappings()
    for row in rows.fetchall():
        values = {name: row[name] for name in _CONTENT}
        conn.execute(
            update(ledger_entry)
            .where(_e.id == row["id"])
            .values(**values, import_no=staged.no, known_at=now, gone_at=None)
        )


def _add_new(conn: Connection, staged: Staged, now: datetime) -> None:
    names = [name for name in ENTRY if name not in {"import_no", "seq"}]
    new = (
        select(
            literal(staged.company_id),
            literal(staged.connection_id),
            literal(staged.no),
            literal(now, type_=_e.known_at.type),
            literal(now, type_=_e.known_at.type),
            null(),
            *(_s[name] for name in names),
        )
        .where(_s.import_no == staged.no, not_(exists().where(_same_key(staged))))
        .order_by(_s.seq)
    )
    columns = ["company_id", "connection_id", "import_no", "first_known_at", "known_at", "gone_at", *names]
    conn.execute(insert(ledger_entry).from_select(columns, new))


def _add_lines(conn: Connection, staged: Staged) -> None:
    """Copy the lines of the entries that this import wrote: those new and those changed."""
    line = staged_line.c
    names = [name for name in LINE if name not in {"import_no", "seq"}]
    lines = (
        select(_e.id, *(line[name] for name in names))
        .select_from(
            staged_entry.join(ledger_entry, and_(_same_key(staged), _e.import_no == staged.no)).join(
                staged_line, and_(line.import_no == _s.import_no, line.seq == _s.seq)
            )
        )
        .where(_s.import_no == staged.no)
    )
    conn.execute(insert(ledger_line).from_select(["entry_id", *names], lines))
