"""Excel workbooks as lines of cells: values only, a formula counts as what it last came to.

What a workbook unpacks to is looked at before it is opened: a small file may hold a mountain.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from connectors.errors import NotThisFormat
from connectors.files.csv_formats import Cell
from connectors.files.table_line import Line

MEGABYTE = 1024 * 1024
SHEETS_LIMIT = 400 * MEGABYTE
PARTS_LIMIT = 60 * MEGABYTE
_MOST_COLUMNS = 256
_MOST_ROWS = 1_048_576  # as many as Excel has
_MOST_BLANK = 50_000  # blank rows in a row: what comes after them is no part of the table
_MOST_KEPT = 2_000_000  # cells
_LOOKED_AT = 200
_HEAD = 4096
_MARKUP = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00<")
# A document's root comes first: no type declaration, whose entities could grow without end.
_PLAIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*(?:<!--.*?-->\s*)*<[A-Za-z]", re.DOTALL)
_HEART = "xl/workbook.xml"
_MINUTE = 60  # seconds, and of an hour
# What a library that reads XML out of a zip meets in a damaged one.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    ArithmeticError,
    RuntimeError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook of which one sheet is read."""

    lines: Callable[[], Iterator[Line]]
    epoch: datetime
    sheets: tuple[str, ...]
    sheet: str


def is_workbook(path: Path, head: bytes) -> bool:
    """Say whether a file is a workbook of Excel's, as it has been written since 2007."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return _HEART in archive.namelist()
    except zipfile.BadZipFile:
        return False


def read_workbook(path: Path, name: str, sheet: str = "") -> Book:
    """Read a workbook's sheet, the one that looks most like a table where none is named; raises NotThisFormat."""
    _refuse_mountain(path, name)
    try:
        _refuse_declarations(path, name)
    except _DAMAGED as error:
        raise NotThisFormat("workbook_unreadable", {"name": name}) from error
    with _opened(path, name) as book:
        sheets = tuple(one.title for one in book.worksheets if one.sheet_state == "visible")
        if sheet and sheet not in sheets:
            raise NotThisFormat("no_such_sheet", {"sheet": sheet, "sheets": ", ".join(sheets)})
        chosen = sheet or max(sheets, key=lambda title: _likeness(book, title), default="")
        if not chosen:
            raise NotThisFormat("empty_file", {"name": name})
        epoch = book.epoch
    return Book(_kept(lambda: _lines(path, name, chosen)), epoch, sheets, chosen)


def _kept(read: Callable[[], Iterator[Line]]) -> Callable[[], Iterator[Line]]:
    """Keep the lines of a sheet once it has been read to its end: unpacking it again costs more than they do."""
    whole: list[Line] = []

    def lines() -> Iterator[Line]:
        if whole:
            yield from whole
            return
        found, cells = list[Line](), 0
        for line in read():
            yield line
            cells += len(line.cells)
            if cells <= _MOST_KEPT:
                found.append(line)
        if cells <= _MOST_KEPT and not whole:
            whole.extend(found)

    return lines


def _refuse_mountain(path: Path, name: str) -> None:
    """Refuse what would fill the memory: the sizes a zip declares are never passed when it is unpacked."""
    with zipfile.ZipFile(path) as archive:
        sizes = [(part.filename.startswith("xl/worksheets/"), part.file_size) for part in archive.infolist()]
    sheets, parts = (sum(size for is_sheet, size in sizes if is_sheet is kind) for kind in (True, False))
    if sheets > SHEETS_LIMIT or parts > PARTS_LIMIT:
        limit = SHEETS_LIMIT if sheets > SHEETS_LIMIT else PARTS_LIMIT
        raise NotThisFormat("workbook_too_large", {"name": name, "limit": str(limit // MEGABYTE)})


def _refuse_declarations(path: Path, name: str) -> None:
    """Refuse XML that declares a type of its own; no spreadsheet program writes one."""
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            with archive.open(part) as opened:
                head = opened.read(_HEAD)
            if head.lstrip().startswith(_MARKUP) and not _PLAIN.match(head):
                raise NotThisFormat("workbook_unreadable", {"name": name})


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Workbook]:
    try:
        with path.open("rb") as stream:
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                yield book
            finally:
                book.close()
    except _DAMAGED as error:
        raise NotThisFormat("workbook_unreadable", {"name": name}) from error


def _likeness(book: Workbook, title: str) -> int:
    """Count the rows of a sheet's beginning that hold more than one cell."""
    rows = islice(_rows(book, title), _LOOKED_AT)
    return sum(sum(value is not None for value in row) > 1 for row in rows)


def _rows(book: Workbook, title: str) -> Iterator[tuple[Any, ...]]:
    sheet: Any = book[title]
    sheet.reset_dimensions()  # what a file says of its own size is often wrong
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS, values_only=True)
    return rows


def _lines(path: Path, name: str, title: str) -> Iterator[Line]:
    with _opened(path, name) as book:
        last = 0
        for number, values in enumerate(_rows(book, title), 1):
            if number - last > _MOST_BLANK:
                return
            if any(value is not None and value != "" for value in values):
                last = number
                yield Line(number, _trimmed(tuple(map(_cell, values))))


def _trimmed(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    last = max((place for place, cell in enumerate(cells) if cell != ""), default=-1)
    return cells[: last + 1]


def _cell(value: Any) -> Cell:
    """Give a cell's value exactly: a number as Excel shows it (15 digits), a length of time as hours and minutes."""
    if isinstance(value, bool | datetime):
        return value
    if isinstance(value, int | float):
        return Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)
    if isinstance(value, time):
        return f"{value.hour}:{value.minute:02}"
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / _MINUTE)
        return f"{minutes // _MINUTE}:{minutes % _MINUTE:02}"
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a civil day
    return "" if value is None else str(value)
