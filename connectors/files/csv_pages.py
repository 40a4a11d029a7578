"""Rows of a table into pages: of rows with the same identity the last one counts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connectors.base import Fault, Page
from connectors.records import Record

PAGE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Read:
    """A row as read: its last line in the file, its record or None, and its faults."""

    line: int
    record: Record | None
    faults: tuple[Fault, ...]


def pages_of(rows: Callable[[], Iterator[Read]], line: int, found: tuple[Fault, ...] = ()) -> Iterator[Page]:
    """Give pages of `PAGE_ROWS` rows; `line` is the header's, `found` the faults it has.

    The rows are gone through twice, to know the last of each identity, so that a file which breaks off in its midst
    is refused before its first page.
    """
    last = {row.record.external_id: row.line for row in rows() if row.record}
    records: list[Record] = []
    faults = list(found)
    for row in rows():
        line = row.line
        faults += row.faults
        if row.record and last[row.record.external_id] == line:
            records.append(row.record)
        elif row.record:
            said = {"identity": row.record.external_id, "line": str(last[row.record.external_id])}
            faults.append(Fault("csv_duplicate", str(line), params=said, kept=True))
        if max(len(records), len(faults)) >= PAGE_ROWS:
            yield Page(tuple(records), {"line": str(line)}, tuple(faults))
            records, faults = [], []
    if records or faults:
        yield Page(tuple(records), {"line": str(line)}, tuple(faults))
