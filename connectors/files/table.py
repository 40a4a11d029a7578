"""A table as it was handed over, a text file or an Excel workbook, as lines of cells; nothing is understood yet."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from connectors.errors import NotThisFormat
from connectors.files.csv_formats import EPOCH, Cell
from connectors.files.table_excel import is_workbook, read_workbook
from connectors.files.table_line import Line
from connectors.files.text import (
    HEAD_BYTES,
    decode,
    lines_in,
    newline_of,
    refuse_other_formats,
    single_lines,
    sniff_encoding,
)

SAMPLE_LINES = 5000
_HEADER_WITHIN = 20  # lines: titles and dates of an export stand above its header
_HEADER_WIDTH = 0.7
_SEPARATORS = (";", ",", "\t", "|")
_SNIFFED_LINES = 100


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be gone through again and again; blank lines are left out.

    `sheets` are a workbook's, `sheet` the one that is read; `epoch` is the day its day numbers count from.
    """

    name: str
    lines: Callable[[], Iterator[Line]]
    epoch: datetime = EPOCH
    sheets: tuple[str, ...] = ()
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a table: its header, and the rows below; `columns` are unique, "" for one without a name."""

    header_line: int
    columns: tuple[str, ...]
    rows: tuple[Line, ...]

    def cells(self, column: str) -> list[Cell]:
        """Give what stands in a column, empty cells left out."""
        if column not in self.columns:
            return []
        place = self.columns.index(column)
        return [line.cells[place] for line in self.rows if place < len(line.cells) and filled(line.cells[place])]


def filled(cell: Cell) -> bool:
    """Say whether something stands in a cell."""
    return not isinstance(cell, str) or bool(cell.strip())


def open_table(path: Path, name: str = "", sheet: str = "") -> Table:
    """Open a text table or a workbook; raises NotThisFormat for what is neither, naming what it is."""
    name = name or path.name
    with path.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    if is_workbook(path, head):
        book = read_workbook(path, name, sheet)
        return Table(name, book.lines, book.epoch, book.sheets, book.sheet)
    refuse_other_formats(head, name)
    encoding = sniff_encoding(head)
    encoding = "utf-8" if encoding == "ascii" else encoding
    newline = newline_of(head)

    def texts(wrong: Counter[int]) -> Iterator[str]:
        for number, line in enumerate(single_lines(lines_in(path, newline), newline)):
            text, differs = decode(line, encoding)
            wrong[0] += differs
            text = text.removeprefix("\ufeff") if number == 0 else text
            yield text if text.endswith("\n") else text + "\n"

    separator = _separator(list(islice(texts(Counter()), _SNIFFED_LINES)))
    return Table(name, lambda: _lines(texts, separator))


def _separator(texts: Sequence[str]) -> str:
    """Tell the separator: the one that cuts most lines into the same number of cells, and into most of them."""
    if texts and texts[0].casefold().startswith("sep=") and texts[0][4:5] in _SEPARATORS:
        return texts[0][4:5]
    return max(_SEPARATORS, key=lambda one: _regularity(texts, one))


def _regularity(texts: Sequence[str], separator: str) -> tuple[int, int]:
    try:
        widths = Counter(len(row) for row in csv.reader(texts, delimiter=separator) if len(row) > 1)
    except csv.Error:
        return (0, 0)
    if not widths:
        return (0, 0)
    width, lines = max(widths.items(), key=lambda one: (one[1], one[0]))
    return (lines, width)


def _lines(texts: Callable[[Counter[int]], Iterator[str]], separator: str) -> Iterator[Line]:
    wrong: Counter[int] = Counter()
    reader = csv.reader(texts(wrong), delimiter=separator)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a field beyond the size csv allows, most often a quote never closed
            yield Line(reader.line_num, (), "csv_row_unreadable")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) <= 2 and reader.line_num == 1 and cells[0].casefold().startswith("sep="):  # noqa: PLR2004
            continue
        yield Line(reader.line_num, tuple(cells), "wrong_encoding" if wrong.pop(0, 0) else "")


def sample_of(table: Table, wanted: Sequence[str] = ()) -> Sample:
    """Find the header and read the rows below it; raises NotThisFormat for an empty table.

    The header is the line that names all columns `wanted`, else the first that is as wide as the lines below it and
    holds nothing but words.
    """
    lines = list(islice(table.lines(), SAMPLE_LINES + _HEADER_WITHIN))
    if not lines:
        raise NotThisFormat("empty_file", {"name": table.name})
    place = _header(lines[:_HEADER_WITHIN], wanted)
    return Sample(lines[place].number, names_of(lines[place].cells), tuple(lines[place + 1 :]))


def _header(lines: Sequence[Line], wanted: Sequence[str]) -> int:
    if wanted:
        for place, line in enumerate(lines):
            if set(wanted) <= set(names_of(line.cells)):
                return place
    widths = [sum(map(filled, line.cells)) for line in lines]
    for place, line in enumerate(lines):
        if widths[place] >= max(widths) * _HEADER_WIDTH and all(map(_is_a_name, line.cells)):
            return place
    return widths.index(max(widths))


def _is_a_name(cell: Cell) -> bool:
    return isinstance(cell, str) and (not cell.strip() or any(map(str.isalpha, cell)))


def names_of(header: Sequence[Cell]) -> tuple[str, ...]:
    """Give the names of columns, spaces evened; one that comes again is numbered, so that each is unique."""
    seen: Counter[str] = Counter()
    names = []
    for cell in header:
        name = " ".join(str(cell).split()) if filled(cell) else ""
        seen[name] += bool(name)
        names.append(f"{name} ({seen[name]})" if seen[name] > 1 else name)
    return tuple(names)
