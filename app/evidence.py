"""All the records behind a number, not only those an answer names: found again by the rule that counted them.

An answer names the newest fifty and says how many there are. Where there are more, the books of its day are read anew
and the one measure taken again. Rows may have changed since, so what is found is held against what the answer says.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from threading import Lock
from typing import Any

from sqlalchemy import Engine

from app.assessment import Served
from app.body import Body, every_measure, measures_of
from app.books import read_books
from app.db import read
from app.policies import read_policy
from app.records import records_behind
from signals.base import RecordKey
from signals.evidence import measure_of

CHUNK = 500
MOST_SORTED = 20_000
"""Beyond it sorting and filtering would read too much for a page."""
KEPT = 32
"""So many measures' records are remembered: turning a page must not read the books again."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a measure's records: the column to sort by ("": newest first), which way, a text, a page."""

    sort: str = ""
    down: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The records behind a measure: how many there are by the rows of today, and how many the answer counted."""

    keys: Sequence[RecordKey]
    counted: int

    @property
    def has_changed(self) -> bool:
        """Whether rows have come, changed or gone since the answer."""
        return len(self.keys) != self.counted

    @property
    def is_sortable(self) -> bool:
        """Whether a page may sort and filter them."""
        return len(self.keys) <= MOST_SORTED


_found: OrderedDict[tuple[str, str], Sequence[RecordKey]] = OrderedDict()
_lock = Lock()


def evidence(engine: Engine, company_id: str, served: Served, measure: Body) -> Evidence:
    """Find all records behind a measure of an answer; from the answer itself where it names them all."""
    counted = int(measure["records_total"])
    named = tuple(RecordKey(key["stream"], key["id"], key["connection"]) for key in measure["records"])
    signal = _signal_of(served, measure) if counted > len(named) else None
    if signal is None:
        return Evidence(named, counted)
    known = (served.etag, str(measure["name"]))
    with _lock:
        keys = _found.get(known)
    if keys is None:
        keys = _measured(engine, company_id, served.as_of, signal, measure["name"])
        with _lock:
            _found[known] = keys
            while len(_found) > KEPT:
                _found.popitem(last=False)
    return Evidence(keys or named, counted)


def _signal_of(served: Served, measure: Body) -> str | None:
    """Name the signal a measure is shown with; one that explains how customers pay belongs to none itself."""
    shown = {one["name"]: signal["name"] for signal in served.content["signals"] for one in measures_of(signal)}
    return shown.get(measure["name"])


def _measured(engine: Engine, company_id: str, as_of: date, signal: str, name: str) -> Sequence[RecordKey]:
    with read(engine) as conn:
        policy = read_policy(conn, company_id, as_of)
        books = read_books(conn, company_id, as_of)
    found = measure_of(signal, name, books, policy)
    return found.records if found else ()


def rows_of(engine: Engine, company_id: str, keys: Sequence[RecordKey]) -> Iterator[Row]:
    """Read the rows of some records, in their order, some at a time; one that is gone is left out."""
    rest = iter(keys)
    while some := list(islice(rest, CHUNK)):
        with read(engine) as conn:
            yield from records_behind(conn, company_id, [as_asked(key) for key in some])


def as_asked(key: RecordKey) -> dict[str, str]:
    """Write a record's key as an answer does."""
    return {"stream": key.stream, "id": key.external_id, "connection": key.connection_id}


def chosen(rows: Sequence[Row], asked: Asked, columns: Mapping[str, Sequence[str]]) -> list[Row]:
    """Filter rows by a text in what is shown of them, and sort them: those without the value come last."""
    wanted = asked.text.strip().casefold()
    listed = [row for row in rows if wanted in _shown(row, columns)] if wanted else list(rows)
    if not asked.sort:
        return listed
    known = [row for row in listed if row.get(asked.sort) not in (None, "")]
    known.sort(key=lambda row: _order(row[asked.sort]), reverse=asked.down)
    return known + [row for row in listed if row.get(asked.sort) in (None, "")]


def _shown(row: Row, columns: Mapping[str, Sequence[str]]) -> str:
    named = columns.get(row["stream"], ())
    return " ".join(str(row[name]) for name in named if row.get(name) is not None).casefold()


def _order(value: Any) -> tuple[int, float, str]:
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value).casefold())


def measure_in(served: Served, name: str) -> Body | None:
    """Give a measure of an answer by its name."""
    return every_measure(served.content).get(name)
