"""The records behind a measure: pages of a table that can be sorted and filtered, and all of them to download."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Engine

from app.assessment import Served, latest
from app.db import read
from app.errors import NotFound
from app.evidence import CHUNK, Asked, Evidence, chosen, evidence, measure_in, rows_of
from app.language import Formats
from app.pages.company import asked_day
from app.pages.frame import CompanyHere, PageReader, same_origin
from app.records import PAGE, records_behind
from app.room import Room, RoomHere, language_of
from app.wording import label, say

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

Body = dict[str, Any]
Table = tuple[str, tuple[str, ...], list[Body]]

GENERAL = ("external_id", "known_at")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "invoices": ("number", "party_label", "service_on", "issued_on", "due_on", "paid_on", "total_minor"),
    "ledger": ("entry_on", "external_id", "piece_ref", "party", "total_minor"),
    "payments": ("external_id", "invoice_id", "paid_on", "amount_minor"),
    "reminders": ("external_id", "invoice_id", "sent_on"),
    "activities": ("done_on", "process", "external_id"),
    "absences": ("external_id", "start_on", "end_on"),
    "time": ("worked_on", "process", "minutes"),
    "costs": ("incurred_on", "kind", "amount_minor"),
}
"""What a table shows of each stream's records; logins and names of staff are in none."""
SORTABLE = frozenset(name for columns in (*COLUMNS.values(), GENERAL) for name in columns)
LONGEST_TEXT = 80
PREVIEW = 10
"""So many records of a measure are shown until somebody asks for all."""


AS_STORED = Asked()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks: of which measure the records, how sorted and filtered, which page. One at a time."""

    of: str = ""
    asked: Asked = AS_STORED
    page: int = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of a measure's records. `found` counts what the filter lets through, `total` all of them."""

    name: str
    tables: list[Table]
    asked: Asked
    page: int
    pages: int
    total: int
    found: int
    counted: int
    is_sortable: bool
    is_open: bool
    as_of: str  # of a past day, else ""

    @property
    def more(self) -> int:
        """How many there are beside the few shown of a measure that nobody asks after."""
        return 0 if self.is_open else max(0, self.total - PREVIEW)

    def link(self, **changed: Any) -> str:
        """Give the address of this table with something else asked of it."""
        now = {"sort": self.asked.sort, "down": "1" if self.asked.down else "", "q": self.asked.text, "page": 1}
        asked = {name: value for name, value in (now | changed).items() if value not in {"", 1}}
        of_day = {"as_of": self.as_of} if self.as_of else {}
        return "?" + urlencode({"of": self.name, **asked, **of_day}) + f"#r-{self.name}"

    def sorted_by(self, column: str) -> str:
        """Give the address of this table sorted by a column, the other way where it is so already."""
        again = self.asked.sort == column and not self.asked.down
        return self.link(sort=column, down="1" if again else "")


def wish_here(
    of: Annotated[str, Query(max_length=60)] = "",
    sort: Annotated[str, Query(max_length=40)] = "",
    down: Annotated[str, Query(max_length=1)] = "",
    q: Annotated[str, Query(max_length=LONGEST_TEXT)] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Wish:
    """Read the wish off the address; a column that no table has sorts nothing."""
    return Wish(of, Asked(sort if sort in SORTABLE else "", bool(down), q.strip()), page)


WishHere = Annotated[Wish, Depends(wish_here)]


def stored(room: Room, company_id: str, as_of: str | None) -> Served:
    """Give the newest stored answer, or that of a day; NotFound where there is none."""
    day = asked_day(as_of)
    with read(room.engine) as conn:
        served = latest(conn, company_id, day)
    if served is None:
        raise NotFound("no_answer_for_day", {"day": day.isoformat()}) if day else NotFound("nothing_assessed")
    return served


def tables(rows: Sequence[Body]) -> list[Table]:
    """Sort records into one table a stream, each with its columns."""
    streams = list(dict.fromkeys(row["stream"] for row in rows))
    return [(s, COLUMNS.get(s, GENERAL), [row for row in rows if row["stream"] == s]) for s in streams]


def shown(engine: Engine, company_id: str, served: Served, measure: Body, wish: Wish, as_of: str = "") -> Shown:
    """Give the page that is asked of a measure's records; of a measure nobody asks after, its newest few."""
    asks = wish.of == measure["name"]
    if not asks:
        with read(engine) as conn:
            rows = records_behind(conn, company_id, measure["records"][:PREVIEW])
        total = int(measure["records_total"])
        return _page(measure, Evidence((), total), rows, Wish(), (total, total), as_of)
    found = evidence(engine, company_id, served, measure)
    if found.is_sortable and (wish.asked.sort or wish.asked.text):
        every = chosen(list(rows_of(engine, company_id, found.keys)), wish.asked, COLUMNS)
        rows, n = every[(wish.page - 1) * PAGE : wish.page * PAGE], len(every)
    else:
        rows = list(rows_of(engine, company_id, found.keys[(wish.page - 1) * PAGE : wish.page * PAGE]))
        n = len(found.keys)
    return _page(measure, found, rows, wish, (n, len(found.keys)), as_of)


def _page(
    measure: Body, found: Evidence, rows: Sequence[Body], wish: Wish, counts: tuple[int, int], as_of: str
) -> Shown:
    n, total = counts
    return Shown(
        name=measure["name"],
        tables=tables(rows),
        asked=wish.asked,
        page=wish.page,
        pages=max(1, -(-n // PAGE)),
        total=total,
        found=n,
        counted=found.counted,
        is_sortable=found.is_sortable,
        is_open=wish.of == measure["name"],
        as_of=as_of,
    )


@router.get("/measures/{measure}.csv")
def measure_csv(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    measure: str,
    as_of: str | None = None,
    months: bool = False,  # noqa: FBT001, FBT002 - FastAPI reads it off the address
) -> StreamingResponse:
    """Give all the records behind a measure, or its months, as a table that Excel opens; sent as they are read."""
    served = stored(room, company["id"], as_of)
    found = measure_in(served, measure)
    if found is None:
        raise NotFound("no_such_measure", {"measure": measure})
    formats = Formats(language_of(request, reader))
    if months:
        lines = _month_lines(found, formats)
    else:
        behind = evidence(room.engine, company["id"], served, found)
        lines = _record_lines(rows_of(room.engine, company["id"], behind.keys), behind, formats)
    name = f"{measure}-{'months' if months else 'records'}-{served.as_of}.csv"
    return StreamingResponse(
        _written(lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _month_lines(measure: Body, formats: Formats) -> Iterator[list[str]]:
    yield [label("column", name, formats.language) for name in ("month", "value", "low", "high", "n")]
    for point in measure["series"]:
        numbers = [_decimal(point[name], formats) for name in ("value", "low", "high")]
        yield [point["month"], *numbers, str(point["n"])]


def _record_lines(rows: Iterable[Body], behind: Evidence, formats: Formats) -> Iterator[list[str]]:
    """Write rows as they come, with a head wherever another stream begins; at the end, whether any are missing."""
    stream, n = "", 0
    for row in rows:
        columns = COLUMNS.get(row["stream"], GENERAL)
        if row["stream"] != stream:
            stream = row["stream"]
            yield [label("column", name, formats.language) for name in ("stream", *columns)]
        n += 1
        yield [label("stream", stream, formats.language), *(_cell(row.get(c), c, formats) for c in columns)]
    if n != behind.counted:
        yield [say("evidence_changed", {"n": n, "counted": behind.counted}, formats.language)]


def _cell(value: Any, column: str, formats: Formats) -> str:
    if value is None:
        return ""
    if column.endswith("_minor"):
        return _decimal(value / 100, formats)
    return formats.day(str(value)[:10]) if column.endswith(("_on", "_at")) else str(value)


def _decimal(value: float | None, formats: Formats) -> str:
    if value is None:
        return ""
    text = f"{value:.6f}".rstrip("0").rstrip(".") or "0"
    return text.replace(".", ",") if formats.language == "fr" else text


def plain(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula; a negative number is none."""
    number = text.lstrip("-").replace(",", "").replace(".", "")
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} and not number.isdigit() else text


def _written(lines: Iterable[list[str]]) -> Iterator[str]:
    """Write lines as text, some at a time: to send them one by one would take longer than to read them."""
    yield "\ufeff"
    rest = iter(lines)
    while some := list(islice(rest, CHUNK)):
        out = io.StringIO()
        csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([plain(c) for c in line] for line in some)
        yield out.getvalue()
