"""A table read by a mapping: its rows as pages of records, bad ones set aside beside the good."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from connectors.base import Fault, Page
from connectors.errors import NotThisFormat
from connectors.files.csv_cells import Cells, Value, parse_clock
from connectors.files.csv_formats import UNREADABLE, Cell, DayFormat, NumberFormat, amount_of, currency_of, day_of
from connectors.files.csv_formats import instant_of as read_instant
from connectors.files.csv_identity import Occurrences, digest
from connectors.files.csv_pages import Read, pages_of
from connectors.files.csv_records import BUILDERS
from connectors.files.csv_templates import ColumnKind, plain_name
from connectors.files.mapping import EMPTY, SKIP, FileMapping, column_of
from connectors.files.table import Sample, Table, filled, sample_of
from connectors.files.table_line import Line

_NAMES = frozenset({"customer_name", "name", "label"})  # what may name a person stays out of what is set aside
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})
_DOLLAR = "$"
_MINUTES = 60


class MappedCells(Cells):
    """The cells of one row by field, each read as its mapping says; faults name the file's own column.

    `skipped` says that one of its words stands for a row to leave out.
    """

    def __init__(self, line: Line, places: Mapping[str, int], mapping: FileMapping, table: Table, zone: tzinfo) -> None:
        self._mapping, self._epoch = mapping, table.epoch
        self.typed: dict[str, Cell] = dict(mapping.constants)
        for name, place in places.items():
            if place < len(line.cells) and filled(line.cells[place]):
                self.typed[name] = line.cells[place]
        self.skipped = False
        self._signs: set[str] = set()
        self._stand_in()
        shown = {place for name, place in places.items() if name not in _NAMES}
        hidden = {place for name, place in places.items() if name in _NAMES}
        raw = " | ".join(plain_text(cell) for place, cell in enumerate(line.cells) if place in shown - hidden)
        super().__init__(line.number, {name: plain_text(cell) for name, cell in self.typed.items()}, raw, zone)

    def _stand_in(self) -> None:
        """Put what a person said in the place of words, and the digest of a name where there is no code."""
        for name, words in self._mapping.words.items():
            said = words.get(plain_name(plain_text(self.typed.get(name, ""))))
            self.skipped |= said == SKIP
            if said is not None and name in self.typed:
                self.typed[name] = EMPTY if said == SKIP else said
        label = plain_text(self.typed.get("customer_name", ""))
        if label.strip() and not self._mapping.has("customer"):
            self.typed["customer"] = f"n-{digest(label.strip())}"

    def note(self, code: str, params: Mapping[str, str] | None = None, *, kept: bool = False) -> None:
        """Note a fault of the row, by the file's own name of the column."""
        said = dict(params or {})
        taken = self._mapping.fields.get(said.get("column", ""))
        super().note(code, said | ({"column": taken.column} if taken else {}), kept=kept)

    def _form(self, column: str) -> str:
        taken = self._mapping.fields.get(column)
        return taken.format if taken else ""

    def _typed(self, column: str, parse: Callable[[Cell], Value]) -> Value | None:
        if column not in self.typed:
            return None
        return self._read(column, lambda _: parse(self.typed[column]))

    def text(self, column: str) -> str | None:
        """Read a text; an error that a spreadsheet left in the cell is none."""
        if column not in self.typed:
            return None
        text = super().text(column)
        is_error = text in _ERRORS and column_of(self._mapping.stream, column).kind is ColumnKind.TEXT
        if is_error and not any(fault.params.get("value") == text for fault in self.faults):
            self.note(UNREADABLE, {"column": column, "value": str(text)})
        return text

    def day(self, column: str) -> date | None:
        """Read a day as the column is written."""
        form = DayFormat(self._form(column) or DayFormat.ISO)
        return self._typed(column, lambda cell: day_of(cell, form, self.zone, self._epoch))

    def instant(self, column: str) -> datetime | None:
        """Read a day with its hour as the column is written."""
        form = DayFormat(self._form(column) or DayFormat.ISO)
        return self._typed(column, lambda cell: read_instant(cell, form, self.zone, self._epoch))

    def amount(self, column: str) -> Decimal | None:
        """Read an amount as the column is written, and keep the currency that stands beside it."""
        found = self._typed(column, lambda cell: amount_of(cell, self._number_form(column)))
        self._signs |= {currency_of(self.typed.get(column, ""))} - {""}
        return found

    def _number_form(self, column: str) -> NumberFormat:
        return NumberFormat(self._form(column) or NumberFormat.EITHER)

    def minutes(self, column: str) -> int | None:
        """Read hours into minutes."""
        return self._typed(column, lambda cell: minutes_of(cell, self._number_form(column)))

    def currency(self, column: str) -> str:
        """Read the currency: what is said for the row, which what stands beside its amounts must not contradict."""
        said = super().currency(column) if self.text(column) else ""
        found = {_as_said(sign, said) for sign in self._signs}
        if _DOLLAR in found or len(found | ({said} - {""})) > 1:
            params = {"found": ", ".join(sorted(self._signs)), "said": said or "–"}
            self.note("csv_currency_differs", params)
        return said or next(iter(found), "EUR")


def _as_said(sign: str, said: str) -> str:
    """Give the currency a sign stands for: a dollar is the one that is said, if it is one."""
    return said if sign == _DOLLAR and said.endswith("D") else sign


def minutes_of(cell: Cell, form: NumberFormat) -> int:
    """Read hours, written as a number or as 1:30, into whole minutes (half up)."""
    clock = parse_clock(cell) if isinstance(cell, str) else None
    if clock is not None:
        return clock
    return int((amount_of(cell, form) * _MINUTES).quantize(Decimal(1), ROUND_HALF_UP))


def plain_text(cell: Cell) -> str:
    """Write a cell as text: a number without what says nothing, a day without an hour of midnight."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ")
    return cell


def read_mapped(table: Table, mapping: FileMapping, zone: tzinfo = UTC) -> Iterator[Page]:
    """Read a table in pages by a mapping; raises NotThisFormat, before the first page, where columns are missing."""
    sample = sample_of(table, mapping.columns)
    refuse_gone(sample, mapping)
    places = {name: sample.columns.index(taken.column) for name, taken in mapping.fields.items()}
    faults = tuple(
        Fault("csv_column_unknown", str(sample.header_line), params={"column": name}, kept=True)
        for name in unread(sample, mapping)
    )
    return pages_of(lambda: _rows(table, mapping, sample, places, zone), sample.header_line, faults)


def unread(sample: Sample, mapping: FileMapping) -> list[str]:
    """Name the columns of a file that a mapping does not read."""
    return [name for name in sample.columns if name and name not in mapping.columns]


def gone(sample: Sample, mapping: FileMapping) -> list[str]:
    """Name the columns a mapping reads that a file does not have."""
    return [column for column in mapping.columns if column not in sample.columns]


def refuse_gone(sample: Sample, mapping: FileMapping) -> None:
    """Raise NotThisFormat naming the columns that a file does not have, if there are any."""
    if missing := gone(sample, mapping):
        found = "; ".join(name for name in sample.columns if name)[:200]
        raise NotThisFormat("mapping_columns_gone", {"missing": ", ".join(missing), "found": found})


def _rows(
    table: Table, mapping: FileMapping, sample: Sample, places: Mapping[str, int], zone: tzinfo
) -> Iterator[Read]:
    build, occurrences = BUILDERS[mapping.stream], Occurrences()
    for line in table.lines():
        if line.number <= sample.header_line:
            continue
        if line.fault == "csv_row_unreadable":
            yield Read(line.number, None, (Fault(line.fault, str(line.number)),))
            continue
        row = MappedCells(line, places, mapping, table, zone)
        if row.skipped:
            continue
        if line.fault:
            row.note(line.fault, kept=True)
        if not table.sheet and any(map(filled, line.cells[len(sample.columns) :])):
            row.note("csv_row_length", {"expected": str(len(sample.columns)), "found": str(len(line.cells))})
        record = build(row, occurrences)
        yield Read(line.number, None if row.bad else record, tuple(row.faults))
