"""A ledger file on its way in: read, grouped and staged in short commits, so that it can be applied in one.

Nothing staged is seen by an assessment. What a crash leaves behind is removed by `sweep`; the ledger is untouched.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from app.bulk import bulk_insert
from app.db import write
from app.ids import new_id
from app.models.core import connection
from app.models.ledger import account, fault_count, field_profile, ledger_import, staged_entry, staged_line
from app.models.records import quarantined
from app.people import save_parties
from connectors.files import fec
from connectors.files.text import HEAD_BYTES, lines_of
from connectors.records import LedgerEntry, LedgerLine
from signals.calendar import day_number, month_number

ENTRIES_A_COMMIT = 2000
QUARANTINE_DAYS = 30
STALE_AFTER = timedelta(days=1)  # a staged file nobody confirmed
RAW_KEPT = 2000
LABEL_KEPT = 500

ENTRY = (
    "import_no",
    "seq",
    "fiscal_year",
    "journal",
    "number",
    "row_hash",
    "kind",
    "entry_on",
    "entry_month",
    "piece_ref",
    "piece_on",
    "valid_on",
    "party",
    "total_minor",
    "debit_minor",
    "credit_minor",
    "both_sides",
)
LINE = (
    "import_no",
    "seq",
    "position",
    "account",
    "party",
    "label",
    "debit_minor",
    "credit_minor",
    "lettering",
    "lettered_on",
    "due_on",
)


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """A file to read: its content, and the name it was given."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.path.stat().st_size

    def head(self) -> bytes:
        """Its first bytes."""
        with self.path.open("rb") as stream:
            return stream.read(HEAD_BYTES)


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that waits to be applied."""

    no: int
    id: str
    company_id: str
    connection_id: str
    summary: dict[str, Any]


@dataclass(slots=True)
class _Batch:
    """What goes into the next commit, and what was met so far."""

    import_no: int
    seq: int = 0
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    lines: list[tuple[Any, ...]] = field(default_factory=list)
    refused_rows: list[dict[str, Any]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    accounts: dict[str, str] = field(default_factory=dict)
    parties: dict[str, str] = field(default_factory=dict)
    years: Counter[str] = field(default_factory=Counter)

    def take(self, entry: LedgerEntry) -> None:
        """Add an entry."""
        self.seq += 1
        lines = [_line(line) for line in entry.lines]
        self.entries.append((self.import_no, self.seq, *_entry(entry, lines)))
        self.lines.extend((self.import_no, self.seq, at, *line) for at, line in enumerate(lines))
        self.years[str(entry.fiscal_year)] += 1
        for line in entry.lines:
            if line.account not in self.accounts:
                self.accounts[line.account] = line.account_label[:255]
            if line.party and line.party not in self.parties:
                self.parties[line.party] = line.party_label[:255]

    def empty(self) -> None:
        """Start the next commit."""
        self.entries, self.lines, self.refused_rows = [], [], []


def _line(line: LedgerLine) -> tuple[Any, ...]:
    return (
        line.account[:40],
        line.party[:255],
        line.label[:LABEL_KEPT],
        line.debit_minor,
        line.credit_minor,
        line.lettering[:40],
        None if line.lettered_on is None else day_number(line.lettered_on),
        None if line.due_on is None else day_number(line.due_on),
    )


def _entry(entry: LedgerEntry, lines: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    piece = None if entry.piece_on is None else day_number(entry.piece_on)
    valid = None if entry.valid_on is None else day_number(entry.valid_on)
    entry_day = day_number(entry.entry_on)
    # Lines compare as a multiset: their order in the file is not content.
    content = repr((entry_day, entry.piece_ref, piece, valid, sorted(map(repr, lines))))
    return (
        entry.fiscal_year,
        entry.journal[:50],
        entry.number[:255],
        hashlib.blake2b(content.encode(), digest_size=16).hexdigest(),
        fec.classify(entry),
        entry_day,
        month_number(entry.entry_on),
        entry.piece_ref[:255],
        piece,
        valid,
        fec.party(entry)[:255],
        fec.total_minor(entry),
        sum([line.debit_minor for line in entry.lines]),
        sum([line.credit_minor for line in entry.lines]),
        sum(1 for line in entry.lines if line.debit_minor and line.credit_minor),
    )


def stage(
    engine: Engine,
    connection_id: str,
    file: LedgerFile,
    now: datetime,
    *,
    year_end_month: int = 12,
    told: Callable[[fec.Reading], None] | None = None,
) -> Staged:
    """Read a file into the staging room. Raises NotThisFormat for what is no FEC."""
    dialect = fec.sniff(file.head(), file.name)
    reading = fec.Reading()
    with write(engine) as conn:
        staged = _begin(conn, connection_id, file, now)
    batch = _Batch(staged.no)

    def commit() -> None:
        with write(engine) as conn:
            bulk_insert(conn, staged_entry, ENTRY, batch.entries)
            bulk_insert(conn, staged_line, LINE, batch.lines)
            if batch.refused_rows:
                conn.execute(insert(quarantined), batch.refused_rows)
        batch.empty()
        if told is not None:
            told(reading)

    for item in fec.read_entries(
        _opener(file, dialect.newline),
        dialect,
        closing_on=fec.identity(file.name).closing_on,
        year_end=(year_end_month, 31 if year_end_month in {1, 3, 5, 7, 8, 10, 12} else 30),
        reading=reading,
    ):
        if isinstance(item, LedgerEntry):
            batch.take(item)
        else:
            _set_aside(batch, staged, item, now)
        if len(batch.entries) >= ENTRIES_A_COMMIT:
            commit()
    commit()
    with write(engine) as conn:
        return _finish(conn, staged, dialect, reading, batch)


def _opener(file: LedgerFile, newline: str) -> Callable[[], Iterator[bytes]]:
    def lines() -> Iterator[bytes]:
        with file.path.open("rb") as stream:
            yield from lines_of(stream, newline)

    return lines


def _begin(conn: Connection, connection_id: str, file: LedgerFile, now: datetime) -> Staged:
    company_id = conn.execute(select(connection.c.company_id).where(connection.c.id == connection_id)).scalar_one()
    with file.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    import_id = new_id(now)
    no = conn.execute(
        insert(ledger_import)
        .values(
            id=import_id,
            company_id=company_id,
            connection_id=connection_id,
            file_name=Path(file.name).name[:255],
            digest=digest,
            state="staging",
            started_at=now,
            summary={},
        )
        .returning(ledger_import.c.no)
    ).scalar_one()
    return Staged(no, import_id, company_id, connection_id, {})


def _set_aside(batch: _Batch, staged: Staged, item: fec.QuarantinedEntry, now: datetime) -> None:
    # Where the year can't be read, the entry it may have been is not told apart from others of its name: `*` is any.
    key = f"{item.fiscal_year or '*'}/{item.journal}/{item.number}"[:255] if item.number else None
    batch.refused[str(item.fiscal_year or 0)] += 1
    raw = dict(item.raw_lines)
    batch.refused_rows.extend(
        {
            "company_id": staged.company_id,
            "connection_id": staged.connection_id,
            "stream": "ledger",
            "import_no": staged.no,
            "entry_key": key,
            "place": fault.place,
            "code": fault.code,
            "params": dict(fault.params),
            "raw": (fault.raw or raw.get(_place(fault.place), ""))[:RAW_KEPT],
            "found_at": now,
        }
        for fault in item.faults
    )


def _place(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _finish(conn: Connection, staged: Staged, dialect: fec.Dialect, reading: fec.Reading, batch: _Batch) -> Staged:
    summary: dict[str, Any] = {
        "lines": reading.lines,
        "entries": reading.entries,
        "quarantined": reading.quarantined,
        "refused": dict(batch.refused),
        "years": dict(batch.years),
        "first_on": reading.first_on.isoformat() if reading.first_on else None,
        "last_on": reading.last_on.isoformat() if reading.last_on else None,
        "debit_minor": reading.debit_minor,
        "credit_minor": reading.credit_minor,
        "separator": "tab" if dialect.separator == "\t" else dialect.separator,
        "encoding": dialect.encoding,
        "missing": list(dialect.missing),
        "surplus": list(dialect.surplus),
    }
    _save_labels(conn, staged.connection_id, batch)
    examples: dict[tuple[str, str], list[dict[str, Any]]] = {}
    kept: dict[tuple[str, str], bool] = {}
    for fault in reading.faults.examples:
        key = (fault.code, fault.params.get("field", ""))
        kept[key] = fault.kept
        examples.setdefault(key, []).append({"place": fault.place, "params": dict(fault.params)})
    counts = [
        {
            "import_no": staged.no,
            "code": code,
            "field": column,
            "kept": kept.get((code, column), True),
            "n": n,
            "examples": examples.get((code, column), [])[:10],
        }
        for (code, column), n in reading.faults.counts.items()
    ]
    if counts:
        conn.execute(insert(fault_count), counts)
    profiles = [row | {"import_no": staged.no} for row in reading.profile.rows()]
    conn.execute(insert(field_profile), profiles)
    conn.execute(update(ledger_import).where(ledger_import.c.no == staged.no).values(state="staged", summary=summary))
    return Staged(staged.no, staged.id, staged.company_id, staged.connection_id, summary)


def _save_labels(conn: Connection, connection_id: str, batch: _Batch) -> None:
    save_parties(conn, connection_id, {code: label for code, label in batch.parties.items() if label})
    known = set(conn.execute(select(account.c.number).where(account.c.connection_id == connection_id)).scalars())
    new = [
        {"connection_id": connection_id, "number": number, "label": label}
        for number, label in batch.accounts.items()
        if number not in known
    ]
    if new:
        conn.execute(insert(account), new)


def sweep(conn: Connection, now: datetime, *, older_than: timedelta = timedelta(0)) -> int:
    """Remove what is no longer needed: staging rooms left behind, and quarantined rows past their time."""
    i = ledger_import.c
    dead = list(
        conn.execute(select(i.no).where(i.state.in_(("staging", "staged")), i.started_at <= now - older_than)).scalars()
    )
    for no in dead:
        conn.execute(update(ledger_import).where(i.no == no).values(state="cancelled"))
    over = select(i.no).where(i.state.in_(("applied", "cancelled")))
    left = select(staged_entry.c.import_no).where(staged_entry.c.import_no.in_(over)).distinct()
    for no in list(conn.execute(left).scalars()):  # among them a file applied right before a crash
        clear(conn, no)
    conn.execute(delete(quarantined).where(quarantined.c.found_at < now - timedelta(days=QUARANTINE_DAYS)))
    return len(dead)


def clear(conn: Connection, import_no: int) -> None:
    """Empty a staging room."""
    conn.execute(delete(staged_line).where(staged_line.c.import_no == import_no))
    conn.execute(delete(staged_entry).where(staged_entry.c.import_no == import_no))


def staged_span(conn: Connection, import_no: int) -> list[tuple[int, date, date]]:
    """Give each fiscal year a staged file covers, with the days of its first and last entry."""
    s = staged_entry.c
    rows = conn.execute(
        select(s.fiscal_year, func.min(s.entry_on), func.max(s.entry_on))
        .where(s.import_no == import_no)
        .group_by(s.fiscal_year)
        .order_by(s.fiscal_year)
    )
    return [(int(r[0]), r[1], r[2]) for r in rows]
