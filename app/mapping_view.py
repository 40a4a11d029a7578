"""A list that is being mapped, as a person sees it before anything is written: its rows as read, in full words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from app.language import Formats
from app.rows import minor
from app.wording import LABELS, label, say
from connectors.base import Fault
from connectors.errors import BadPayload
from connectors.files.csv_formats import Cell, DayFormat, NumberFormat, amount_of, day_of
from connectors.files.csv_mapped import plain_text, read_mapped
from connectors.files.csv_questions import Question
from connectors.files.csv_templates import TEMPLATES, ColumnKind
from connectors.files.mapping import DAYS, FileMapping, column_of
from connectors.files.table import Sample, Table
from connectors.records import Record, Stream

ROWS_SHOWN = 5
FAULTS_SHOWN = 20
# Fields of a template whose record calls them otherwise.
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "customer": ("party",),
    "customer_name": ("party_label",),
    "attachment": ("has_attachment",),
    "login": ("actor",),
    "person": ("actor",),
    "employee": ("employee_id",),
    "date": ("worked_on", "incurred_on"),
    "hours": ("minutes",),
    "invoice": ("invoice_id", "object_id"),
    "number": ("external_id",),
    "reference": ("external_id",),
}
_OWN_LABELS = {"process", "role"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a file would bring: how many rows are good and bad, the first of each, and the columns they have."""

    fields: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    good: int
    bad: int
    faults: tuple[Fault, ...]


def show(table: Table, mapping: FileMapping, zone: ZoneInfo, language: str) -> Shown:
    """Read a file to its end by a mapping, and tell what it would bring; nothing is written."""
    fields = tuple(column.name for column in TEMPLATES[mapping.stream].columns if mapping.has(column.name))
    rows: list[tuple[str, ...]] = []
    faults: list[Fault] = []
    good, bad = 0, set[str]()
    for page in read_mapped(table, mapping, zone):
        good += len(page.records)
        bad |= {fault.place for fault in page.faults if not fault.kept}
        faults += [fault for fault in page.faults if fault.code != "csv_column_unknown"][: FAULTS_SHOWN - len(faults)]
        some = page.records[: ROWS_SHOWN - len(rows)]
        rows += [tuple(_text(record, field, zone, language) for field in fields) for record in some]
    titles = tuple(field_name(mapping.stream, field, language) for field in fields)
    return Shown(fields, titles, tuple(rows), good, len(bad), tuple(faults))


def _text(record: Record, field: str, zone: ZoneInfo, language: str) -> str:
    names = (field, *_ATTRIBUTES.get(field, ()))
    value: Any = next((getattr(record, name) for name in names if hasattr(record, name)), None)
    formats = Formats(language, getattr(record, "currency", "EUR"))
    if isinstance(value, datetime):
        return instant_text(value.astimezone(zone), formats)
    if isinstance(value, date):
        return formats.long_day(value)
    if isinstance(value, Decimal):
        return formats.number(float(value), 2) if field == "hours_per_week" else formats.minor(minor(value))
    return _word(value, field, language)


def _word(value: Any, field: str, language: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return label("choice", "yes" if value else "no", language)
    if isinstance(value, StrEnum):
        return label(field if field in _OWN_LABELS else "choice", value.value, language)
    text = f"{value} min" if field in {"hours", "minutes"} else str(value)
    return text.removeprefix("sale/").removeprefix("purchase/") if field in {"invoice", "corrects"} else text


def instant_text(at: datetime, formats: Formats) -> str:
    """Write a day out, with its hour."""
    return f"{formats.long_day(at.date())}, {at:%H:%M}"


def field_name(stream: Stream, field: str, language: str) -> str:
    """Give what a field is called, with a capital: a name of its own, else what its template says goes into it."""
    own = next((name for name in (f"{stream}.{field}", field) if f"column:{name}" in LABELS), None)
    text = label("column", own, language) if own else say(f"csv_column_{field}", {}, language)
    return text[:1].upper() + text[1:]


def question_text(stream: Stream, question: Question, language: str) -> str:
    """Say what a mapping leaves open, by what its field is called."""
    params = dict(question.params)
    if question.code == "mapping_missing":
        names = params["column"].split(" | ")
        params["column"] = " / ".join(field_name(stream, name, language) for name in names)
    return say(question.code, params, language)


def readings(stream: Stream, field: str, sample: Sample, column: str, language: str, epoch: datetime) -> dict[str, str]:
    """Give each format that reads something of a column, with how the first cell it reads comes out."""
    kind, formats = column_of(stream, field).kind, Formats(language)
    cells = sample.cells(column)
    found: dict[str, str] = {}
    for form in DayFormat if kind in DAYS else NumberFormat:
        read = {plain_text(cell): _reading(cell, form, kind, formats, epoch) for cell in cells[:200]}
        example = next(((text, said) for text, said in read.items() if said), None)
        if example:
            found[form.value] = f"{example[0]} → {example[1]} ({label('written', form.value, language)})"
    return found


def _reading(cell: Cell, form: DayFormat | NumberFormat, kind: ColumnKind, formats: Formats, epoch: datetime) -> str:
    try:
        if isinstance(form, DayFormat):
            return formats.long_day(day_of(cell, form, epoch=epoch))
        amount = amount_of(cell, form)
    except BadPayload:
        return ""
    return formats.number(float(amount), 2) if kind is ColumnKind.HOURS else formats.number(float(amount), 3)
