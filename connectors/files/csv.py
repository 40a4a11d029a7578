"""Tables people fill in: any of three separators, several encodings, French or English columns; rows into pages.

Good rows are read; bad ones come beside them, each with its line and what is wrong. Cells are text: one that starts
with an equals sign is no formula here.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from itertools import islice

from connectors.base import Fault, Page
from connectors.errors import NotThisFormat
from connectors.files.csv_cells import Cells
from connectors.files.csv_identity import Occurrences
from connectors.files.csv_pages import PAGE_ROWS, Read, pages_of
from connectors.files.csv_records import BUILDERS
from connectors.files.csv_templates import TEMPLATES, Template, plain_name, template_text
from connectors.files.text import (
    HEAD_BYTES,
    decode,
    newline_of,
    refuse_other_formats,
    single_lines,
    sniff_encoding,
)
from connectors.records import Stream

__all__ = ["PAGE_ROWS", "TEMPLATES", "read_csv", "template_text"]

OpenLines = Callable[[], Iterable[bytes]]
"""Opens the file from its start, once for each pass; each element is one line (see `text.lines_of`)."""

_SEPARATORS = (";", ",", "\t")
_FOUND_LENGTH = 200


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a table is written: `columns` are the template's names by place, "" for one it does not know."""

    separator: str
    encoding: str
    newline: str
    header_line: int
    columns: tuple[str, ...]
    faults: tuple[Fault, ...]


def read_csv(stream: Stream, open_lines: OpenLines, name: str = "", zone: tzinfo = UTC) -> Iterator[Page]:
    """Read a table in pages of `PAGE_ROWS` rows; of rows with the same identity the last one wins.

    The file is gone through twice, to know the last. Raises NotThisFormat, before the first page, for what is no
    table or lacks a column that is required; `name` is the file's, to say so, `zone` that of
    instants without an offset.
    """
    template = TEMPLATES[stream]
    layout = _layout(template, open_lines, name)
    yield from pages_of(lambda: _rows(template, layout, open_lines(), zone), layout.header_line, layout.faults)


def _layout(template: Template, open_lines: OpenLines, name: str) -> _Layout:
    head = b""
    for line in open_lines():
        head += line if line.endswith((b"\n", b"\r")) else line + b"\n"
        if len(head) >= HEAD_BYTES:
            break
    refuse_other_formats(head, name)
    encoding, newline = sniff_encoding(head), newline_of(head)
    encoding = "utf-8" if encoding == "ascii" else encoding
    number, header = _header(head, encoding, name)
    names = template.names
    splits = {separator: _split(header, separator) for separator in _SEPARATORS}
    separator = max(_SEPARATORS, key=lambda s: sum(plain_name(cell) in names for cell in splits[s]))
    columns: list[str] = []
    unknown: list[str] = []
    for cell in splits[separator]:
        name = names.get(plain_name(cell), "")
        if cell.strip() and (not name or name in columns):
            unknown.append(cell.strip())
        columns.append("" if name in columns else name)
    _refuse_missing(template, columns, header)
    faults = tuple(Fault("csv_column_unknown", str(number), params={"column": u}, kept=True) for u in unknown)
    return _Layout(separator, encoding, newline, number, tuple(columns), faults)


def _split(header: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=separator), [])
    except csv.Error:
        return []


def _header(head: bytes, encoding: str, name: str) -> tuple[int, str]:
    """Give the number and text of the header: the first line that is neither blank nor Excel's own `sep=;`."""
    for number, line in enumerate(head.splitlines(), 1):
        text, _ = decode(line, encoding)
        if text.strip("\ufeff \t;,") and not text.casefold().startswith("sep="):
            return number, text
    raise NotThisFormat("empty_file", {"name": name})


def _refuse_missing(template: Template, columns: list[str], header: str) -> None:
    missing = [column.name for column in template.columns if column.required and column.name not in columns]
    if template.one_of and not set(template.one_of) & set(columns):
        missing.append(" | ".join(template.one_of))
    if missing:
        params = {"missing": ", ".join(missing), "found": header.strip()[:_FOUND_LENGTH]}
        raise NotThisFormat("csv_missing_columns", params)


def _rows(template: Template, layout: _Layout, lines: Iterable[bytes], zone: tzinfo) -> Iterator[Read]:
    build, occurrences = BUILDERS[template.stream], Occurrences()
    wrong: Counter[int] = Counter()
    reader = csv.reader(_texts(layout, lines, wrong), delimiter=layout.separator)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a field beyond the size csv allows, most often a quote never closed
            line = layout.header_line + reader.line_num
            yield Read(line, None, (Fault("csv_row_unreadable", str(line)),))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        line = layout.header_line + reader.line_num
        raw = layout.separator.join(cells)
        row = Cells(line, {name: cell for name, cell in zip(layout.columns, cells, strict=False) if name}, raw, zone)
        if wrong.pop(0, 0):
            row.note("wrong_encoding", kept=True)
        if any(cell.strip() for cell in cells[len(layout.columns) :]):
            row.note("csv_row_length", {"expected": str(len(layout.columns)), "found": str(len(cells))})
        record = build(row, occurrences)
        yield Read(line, None if row.bad else record, tuple(row.faults))


def _texts(layout: _Layout, lines: Iterable[bytes], wrong: Counter[int]) -> Iterator[str]:
    """Decode the lines after the header; `wrong[0]` counts those not in the file's encoding since last asked."""
    for line in islice(single_lines(lines, layout.newline), layout.header_line, None):
        text, differs = decode(line, layout.encoding)
        wrong[0] += differs
        yield text if text.endswith("\n") else text + "\n"
