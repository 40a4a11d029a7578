"""Lists, made from our templates or read by a company's own mapping: good rows kept, bad ones reported by line.

All goes through the one way in for records. A file is read to its end before the first row is kept, so that one which
breaks off leaves nothing behind.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from app.companies import connection_for, find_company
from app.db import read, write
from app.errors import Refused
from app.file_mappings import save_mapping, saved_mapping
from app.intake import Saved, find_source, save_page
from connectors.base import Fault, Page
from connectors.errors import NotThisFormat
from connectors.files.csv import read_csv
from connectors.files.csv_guess import by_template
from connectors.files.csv_mapped import gone, read_mapped, refuse_gone
from connectors.files.csv_questions import questions
from connectors.files.csv_templates import TEMPLATES
from connectors.files.mapping import FileMapping
from connectors.files.table import Table, open_table, sample_of
from connectors.files.text import HEAD_BYTES, lines_of, newline_of
from connectors.records import Stream

FAULTS_KEPT = 1000
FOUND_LENGTH = 200

CSV_STREAMS: tuple[Stream, ...] = tuple(TEMPLATES)


@dataclass(frozen=True, slots=True)
class CsvResult:
    """What became of a list's rows; `by_mapping` says that the company's saved mapping read them."""

    stream: Stream
    saved: Saved
    faults: tuple[Fault, ...]
    by_mapping: bool = False


Told = Callable[[Saved], None]


def import_csv(
    engine: Engine,
    company_id: str,
    stream: Stream,
    path: Path,
    now: datetime,
    *,
    name: str = "",
    told: Told | None = None,
) -> CsvResult:
    """Import a list for a company: by its saved mapping where the file has all its columns, else as our template.

    Raises NotThisFormat when it is neither, or when something in it could be read in two ways.
    """
    list_ = open_list(engine, company_id, stream, path, name)
    if list_.mapping is not None:
        done = import_mapped(engine, company_id, list_.table, list_.mapping, now, told=told)
        return replace(done, by_mapping=list_.saved)
    zone = zone_of(engine, company_id)
    pages = read_csv(stream, lambda: _lines(path), list_.table.name, zone)
    return _keep(_Into(engine, company_id, stream, list_.table.name, now), pages, told)


@dataclass(frozen=True, slots=True)
class OpenedList:
    """A list with what it is read by: a mapping, or None for a text made from our template."""

    table: Table
    mapping: FileMapping | None
    saved: bool = False


def open_list(engine: Engine, company_id: str, stream: Stream, path: Path, name: str = "") -> OpenedList:
    """Find what a list is read by: the saved mapping if all its columns are there, else our template.

    Raises NotThisFormat with what is missing, or with the first thing that could be read in two ways.
    """
    zone_of(engine, company_id)
    with read(engine) as conn:
        kept = saved_mapping(conn, company_id, stream)
    table = table_for(path, name, kept)
    if kept is not None and not gone(sample_of(table, kept.columns), kept):
        return OpenedList(table, _closed(table, kept), saved=True)
    if kept is None and not table.sheet:
        return OpenedList(table, None)
    sample = sample_of(table)
    mapping = by_template(stream, sample, table.epoch, table.sheet)
    missing = [one.params["column"] for one in questions(mapping, sample) if one.code == "mapping_missing"]
    if missing and kept is not None:
        refuse_gone(sample_of(table, kept.columns), kept)
    if missing:
        found = "; ".join(filter(None, sample.columns))[:FOUND_LENGTH]
        raise NotThisFormat("csv_missing_columns", {"missing": ", ".join(missing), "found": found})
    return OpenedList(table, _closed(table, mapping) if table.sheet else None)


def table_for(path: Path, name: str, mapping: FileMapping | None) -> Table:
    """Open a file; of a workbook the sheet that a mapping names, if the workbook has it."""
    table = open_table(path, name)
    wanted = mapping.sheet if mapping is not None else ""
    return open_table(path, name, wanted) if wanted in table.sheets and wanted != table.sheet else table


def _closed(table: Table, mapping: FileMapping) -> FileMapping:
    """Give a mapping that leaves nothing open for a file; else raise NotThisFormat with the first question."""
    for question in questions(mapping, sample_of(table, mapping.columns), table.epoch):
        raise NotThisFormat(question.code, question.params)
    return mapping


def zone_of(engine: Engine, company_id: str) -> ZoneInfo:
    """Give a company's zone; the demonstration takes no files, and is refused."""
    with read(engine) as conn:
        company = find_company(conn, company_id)
    if company["is_demo"]:
        raise Refused("demo_takes_no_files")
    return ZoneInfo(str(company["zone"]))


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        newline = newline_of(opened.read(HEAD_BYTES))
        opened.seek(0)
        yield from lines_of(opened, newline)


def import_mapped(
    engine: Engine,
    company_id: str,
    table: Table,
    mapping: FileMapping,
    now: datetime,
    *,
    told: Told | None = None,
    save: bool = False,
) -> CsvResult:
    """Import a list by a mapping that leaves nothing open, and keep the mapping for the next one if `save`."""
    zone = zone_of(engine, company_id)
    pages = read_mapped(table, _closed(table, mapping), zone)
    into = _Into(engine, company_id, mapping.stream, table.name, now)
    return _keep(into, pages, told, mapping=mapping, save=save)


@dataclass(frozen=True, slots=True)
class _Into:
    """Where a list goes."""

    engine: Engine
    company_id: str
    stream: Stream
    name: str
    now: datetime


def _keep(
    into: _Into,
    pages: Iterator[Page],
    told: Told | None,
    *,
    mapping: FileMapping | None = None,
    save: bool = False,
) -> CsvResult:
    first = next(pages, None)  # the file has been read to its end once: it refuses before anything is made
    if first is None:
        raise NotThisFormat("csv_empty", {"name": into.name})
    with write(into.engine) as conn:
        source = find_source(conn, connection_for(conn, into.company_id, "csv", into.now))
        if mapping is not None and save:
            save_mapping(conn, into.company_id, mapping, into.now)
    total, faults = Saved(), list[Fault]()
    for page in chain((first,), pages):
        with write(into.engine) as conn:
            total += save_page(conn, source, into.stream, page, into.now)
        faults += page.faults[: FAULTS_KEPT - len(faults)]
        if told is not None:
            told(total)
    return CsvResult(into.stream, total, tuple(faults))
