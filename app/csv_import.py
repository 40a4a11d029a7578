"""Lists made from our templates: good rows kept, bad ones reported by line, through the one way in for records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

from sqlalchemy import Engine

from app.companies import connection_for, find_company
from app.db import read, write
from app.errors import Refused
from app.intake import Saved, find_source, save_page
from connectors.base import Fault
from connectors.errors import NotThisFormat
from connectors.files.csv import read_csv
from connectors.files.csv_templates import TEMPLATES
from connectors.files.text import HEAD_BYTES, lines_of, newline_of
from connectors.records import Stream

FAULTS_KEPT = 1000

CSV_STREAMS: tuple[Stream, ...] = tuple(TEMPLATES)


@dataclass(frozen=True, slots=True)
class CsvResult:
    """What became of a list's rows."""

    saved: Saved
    faults: tuple[Fault, ...]


def import_csv(
    engine: Engine,
    company_id: str,
    stream: Stream,
    path: Path,
    now: datetime,
    *,
    name: str = "",
    told: Callable[[Saved], None] | None = None,
) -> CsvResult:
    """Import a list for a company. Raises NotThisFormat when it lacks a column it can't do without."""
    with read(engine) as conn:
        if find_company(conn, company_id)["is_demo"]:
            raise Refused("demo_takes_no_files")
    with path.open("rb") as stream_of_bytes:
        newline = newline_of(stream_of_bytes.read(HEAD_BYTES))

    def lines() -> Iterator[bytes]:
        with path.open("rb") as opened:
            yield from lines_of(opened, newline)

    pages = read_csv(stream, lines, name or path.name)
    first = next(pages, None)  # refuses before anything is made
    if first is None:
        raise NotThisFormat("csv_empty", {"name": name or path.name})
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company_id, "csv", now))
    total, faults = Saved(), list[Fault]()
    for page in chain((first,), pages):
        with write(engine) as conn:
            total += save_page(conn, source, stream, page, now)
        faults += page.faults[: FAULTS_KEPT - len(faults)]
        if told is not None:
            told(total)
    return CsvResult(total, tuple(faults))
