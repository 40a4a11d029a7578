"""The French accounting file (FEC): lines in, whole ledger entries out, whatever the file's size.

An entry that can't be read whole is set aside whole: half an entry is a false balance. What can be read although it
strays from the norm is read, and counted.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise

from connectors.base import Fault
from connectors.files.fec_dialect import Dialect, FileIdentity, identity, sniff
from connectors.files.fec_fields import fiscal_year
from connectors.files.fec_kinds import classify, is_party, party, total_minor
from connectors.files.fec_lines import LineReader, Row
from connectors.files.fec_runs import Run, Spill, key_reader, mark_of, numbered, runs, scan
from connectors.files.fec_tally import RAW_LENGTH, FaultTally, FieldTally, Reading
from connectors.records import LedgerEntry

__all__ = [
    "Dialect",
    "FaultTally",
    "FieldTally",
    "FileIdentity",
    "QuarantinedEntry",
    "Reading",
    "classify",
    "fiscal_year",
    "identity",
    "party",
    "read_entries",
    "sniff",
    "total_minor",
]

OpenLines = Callable[[], Iterable[bytes]]
"""Opens the file from its start, once for each pass; each element is one line (see `text.lines_of`)."""

_RAW_LIMIT = 4000
_LONGEST_YEAR = 24  # months: what a first fiscal year may last


@dataclass(frozen=True, slots=True)
class QuarantinedEntry:
    """An entry that could not be read whole, as it stood: `raw_lines` are (line number, text).

    `fiscal_year` is None, and journal and number "", where nothing readable tells them.
    """

    fiscal_year: int | None
    journal: str
    number: str
    faults: tuple[Fault, ...]
    raw_lines: tuple[tuple[int, str], ...]


def read_entries(
    open_lines: OpenLines,
    dialect: Dialect,
    *,
    closing_on: date | None = None,
    year_end: tuple[int, int] = (12, 31),
    reading: Reading | None = None,
) -> Iterator[LedgerEntry | QuarantinedEntry]:
    """Read a file's entries, those set aside among them; scattered entries come last.

    With `closing_on` every entry is of the fiscal year that closes on it; without, each goes by its date, in years
    that close on `year_end` (month, day). `reading` is kept up to date while entries are taken.
    """
    progress = reading if reading is not None else Reading()
    for fault in dialect.faults:
        progress.faults.add_fault(fault)
    key_of = key_reader(dialect)
    found = scan(numbered(_scanned(open_lines(), progress), dialect.newline), key_of, dialect.encoding)
    lines = LineReader(dialect, found.encoding, closing_on, year_end, progress.faults)
    entries = _EntryReader(lines, closing_on, progress)
    with Spill() as spill:
        for run in runs(numbered(_read(open_lines(), progress), dialect.newline), key_of):
            if run.key is not None and found.scattered and mark_of(run.key) in found.scattered:
                spill.hold(run)
            else:
                yield from entries.read(run)
        for run in spill.gathered():
            yield from entries.read(run)


def _scanned(lines: Iterable[bytes], progress: Reading) -> Iterator[bytes]:
    for line in lines:
        progress.bytes_scanned += len(line)
        yield line


def _read(lines: Iterable[bytes], progress: Reading) -> Iterator[bytes]:
    for line in lines:
        progress.bytes_read += len(line)
        yield line


class _EntryReader:
    """Reads runs of lines into entries, and counts them."""

    def __init__(self, lines: LineReader, closing_on: date | None, reading: Reading) -> None:
        self._lines = lines
        self._closing_on = closing_on
        self._reading, self._tally, self._profile = reading, reading.faults, reading.profile

    def read(self, run: Run) -> Iterator[LedgerEntry | QuarantinedEntry]:
        """Read a run: one entry, or one for each fiscal year that uses the same journal and number."""
        self._reading.lines += len(run.lines)
        read, strays = self._lines.read, run.strays
        rows = [read(number, raw, stray=number in strays) for number, raw in run.lines]
        if len({row.year for row in rows}) == 1:
            yield self._entry(_halved(rows) if run.beside else rows)
            return
        for _, year_rows in groupby(_with_years(rows), key=lambda row: row.year):
            group = list(year_rows)
            yield self._entry(_halved(group) if run.beside else group)

    def _entry(self, rows: list[Row]) -> LedgerEntry | QuarantinedEntry:
        head = rows[0]
        lines = tuple([line for row in rows if (line := row.line) is not None])
        if len(lines) < len(rows) or head.entry_on is None or head.year is None:
            return self._quarantined(rows)
        at = self._lines.at
        journal, number = self._name(head)
        entry = LedgerEntry(
            fiscal_year=head.year,
            journal=journal,
            journal_label=head.fields[at.journal_label],
            number=number,
            entry_on=head.entry_on,
            piece_ref=head.fields[at.piece_ref],
            piece_on=head.piece_on or next((row.piece_on for row in rows if row.piece_on), None),
            valid_on=head.valid_on or next((row.valid_on for row in rows if row.valid_on), None),
            lines=lines,
        )
        self._count(entry, rows)
        return entry

    def _name(self, row: Row) -> tuple[str, str]:
        at, fields = self._lines.at, row.fields
        number = fields[at.number] if len(fields) > at.number else ""
        if not number and len(fields) > self._lines.width:
            day = f"{row.entry_on:%Y%m%d}" if row.entry_on else fields[at.entry_on]
            number = f"~{day}/{fields[at.piece_ref]}"
        return fields[at.journal] if len(fields) > at.journal else "", number

    def _quarantined(self, rows: list[Row]) -> QuarantinedEntry:
        faults = tuple(fault for row in rows for fault in row.faults)
        for fault in faults:
            self._tally.add_fault(fault)
        self._reading.quarantined += 1
        keyed = (row for row in rows if not any(fault.code == "line_without_entry" for fault in row.faults))
        head = next(keyed, None)
        journal, number = self._name(head) if head else ("", "")
        raw = tuple((row.number, row.text[:_RAW_LIMIT]) for row in rows)
        return QuarantinedEntry(rows[0].year, journal, number, faults, raw)

    def _count(self, entry: LedgerEntry, rows: list[Row]) -> None:
        reading, first_line = self._reading, rows[0].number
        debit = sum([line.debit_minor for line in entry.lines])
        credit = sum([line.credit_minor for line in entry.lines])
        reading.entries += 1
        reading.debit_minor += debit
        reading.credit_minor += credit
        if reading.first_on is None or entry.entry_on < reading.first_on:
            reading.first_on = entry.entry_on
        if reading.last_on is None or entry.entry_on > reading.last_on:
            reading.last_on = entry.entry_on
        identity_params = {"journal": entry.journal, "number": entry.number}
        if debit != credit:
            said = {**identity_params, "debit": _decimal(debit), "credit": _decimal(credit)}
            self._tally.add("unbalanced", first_line, "", {**said, "difference": _decimal(debit - credit)})
        if entry.number[:1] == "~":
            self._tally.add("entry_number_missing", first_line, "", identity_params)
        if len({row.entry_on for row in rows}) > 1:
            self._tally.add("entry_dates_differ", first_line, "", identity_params)
        if self._closing_on and not 0 <= _months(entry.entry_on, self._closing_on) < _LONGEST_YEAR:
            said = {"date": entry.entry_on.isoformat(), "closing": self._closing_on.isoformat()}
            self._tally.add("date_outside_year", first_line, "", {**identity_params, **said})
        self._fill(entry, rows)

    def _fill(self, entry: LedgerEntry, rows: list[Row]) -> None:
        profile, at = self._profile, self._lines.at
        profile.entry_number.add("" if entry.number[:1] == "~" else entry.number)
        profile.entry_on.add(entry.entry_on)
        profile.piece_ref.add(entry.piece_ref, entry.number)
        profile.piece_on.add(entry.piece_on, entry.entry_on)
        profile.valid_on.add(entry.valid_on, entry.entry_on)
        profile.foreign_amount.add_all([row.fields[at.foreign_amount] for row in rows])
        profile.foreign_currency.add_all([row.fields[at.foreign_currency] for row in rows])
        for line in entry.lines:
            if is_party(line.account):
                profile.party.add(line.party, line.account)
                profile.lettering.add(line.lettering)
                profile.lettered_on.add(line.lettered_on)
                profile.due_on.add(line.due_on, entry.entry_on)


def _halved(rows: list[Row]) -> list[Row]:
    """Fault the lines of an unbalanced entry that stand beside a broken line: the rest is probably in that one."""
    if sum(row.line.debit_minor - row.line.credit_minor for row in rows if row.line) == 0:
        return rows
    fault = Fault("entry_beside_broken_line", str(rows[0].number), rows[0].text[:RAW_LENGTH])
    return [rows[0]._replace(line=None, faults=(*rows[0].faults, fault)), *rows[1:]]


def _with_years(rows: list[Row]) -> list[Row]:
    """Give undated lines their neighbour's fiscal year, and sort by year, else in the file's order."""
    years = [row.year for row in rows]
    for before, here in pairwise(range(len(years))):
        years[here] = years[before] if years[here] is None else years[here]
    for here, after in reversed(list(pairwise(range(len(years))))):
        years[here] = years[after] if years[here] is None else years[here]
    return sorted((row._replace(year=year) for row, year in zip(rows, years, strict=True)), key=lambda r: r.year or 0)


def _decimal(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _months(day: date, closing_on: date) -> int:
    """Count the whole months from a day to the closing; negative after it."""
    if day > closing_on:
        return -1
    return (closing_on.year - day.year) * 12 + closing_on.month - day.month
