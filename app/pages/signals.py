"""A signal's measures with their evidence, and the records behind each, as a page and as a table to download."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, select

from app.alerts import episodes
from app.assessment import Served, latest
from app.body import RECORDS_SHOWN, every_measure, halves, measures_of
from app.chart_marks import marks_by_measure
from app.charts import span_of
from app.db import read
from app.errors import NotFound
from app.language import Formats
from app.models.core import connection
from app.pages.company import asked_day
from app.pages.frame import CompanyHere, PageReader, same_origin
from app.records import records_behind
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import label

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

Body = dict[str, Any]

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


def source_names(conn: Connection, company_id: str, language: str) -> dict[str, str]:
    """Give what each connection of a company is called."""
    c = connection.c
    rows = conn.execute(select(c.id, c.provider).where(c.company_id == company_id))
    return {str(row.id): label("provider", str(row.provider), language) for row in rows}


def _stored(room: Room, company_id: str, as_of: str | None) -> Served:
    day = asked_day(as_of)
    with read(room.engine) as conn:
        served = latest(conn, company_id, day)
    if served is None:
        raise NotFound("no_answer_for_day", {"day": day.isoformat()}) if day else NotFound("nothing_assessed")
    return served


def tables(rows: Sequence[Body]) -> list[tuple[str, tuple[str, ...], list[Body]]]:
    """Sort records into one table a stream, each with its columns."""
    streams = list(dict.fromkeys(row["stream"] for row in rows))
    return [(s, COLUMNS.get(s, GENERAL), [row for row in rows if row["stream"] == s]) for s in streams]


@router.get("/signals/{signal}")
def signal_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, signal: str, as_of: str | None = None
) -> HTMLResponse:
    """Show everything a signal rests on."""
    body = _stored(room, company["id"], as_of).content
    found = next((one for one in body["signals"] if one["name"] == signal), None)
    if found is None:
        raise NotFound("no_such_signal", {"name": signal})
    with read(room.engine) as conn:
        listed = episodes(conn, company["id"])
        sources = source_names(conn, company["id"], language_of(request, reader))
        records = {
            measure["name"]: tables(records_behind(conn, company["id"], measure["records"][:RECORDS_SHOWN]))
            for measure in measures_of(found)
        }
    return render(
        request,
        "signal.html",
        reader,
        company=company,
        body=body,
        signal=found,
        measures=measures_of(found),
        why={measure["name"]: why for measure, why in halves(found)},
        records=records,
        sources=sources,
        span=span_of(measures_of(found), body["as_of"]),
        marks=marks_by_measure(body, listed),
        past=as_of is not None,
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
) -> Response:
    """Give the records behind a measure, or its months, as a table that Excel opens."""
    body = _stored(room, company["id"], as_of).content
    found = every_measure(body).get(measure)
    if found is None:
        raise NotFound("no_such_measure", {"measure": measure})
    formats = Formats(language_of(request, reader))
    if months:
        lines = _month_lines(found, formats)
    else:
        with read(room.engine) as conn:
            rows = records_behind(conn, company["id"], found["records"][:RECORDS_SHOWN])
        lines = _record_lines(rows, formats)
    name = f"{measure}-{'months' if months else 'records'}-{body['as_of']}.csv"
    return Response(
        _written(lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _month_lines(measure: Body, formats: Formats) -> Iterator[list[str]]:
    yield [label("column", name, formats.language) for name in ("month", "value", "low", "high", "n")]
    for point in measure["series"]:
        numbers = [_decimal(point[name], formats) for name in ("value", "low", "high")]
        yield [point["month"], *numbers, str(point["n"])]


def _record_lines(rows: Sequence[Body], formats: Formats) -> Iterator[list[str]]:
    for stream, columns, listed in tables(rows):
        yield [label("column", name, formats.language) for name in ("stream", *columns)]
        for row in listed:
            yield [label("stream", stream, formats.language), *(_cell(row.get(c), c, formats) for c in columns)]


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


def _written(lines: Iterator[list[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerows([plain(cell) for cell in line] for line in lines)
    return "\ufeff" + out.getvalue()
