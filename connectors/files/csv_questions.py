"""What a mapping leaves open for a file: what is missing, and what could be read in two ways. Nothing is guessed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import BadPayload
from connectors.files.csv_detect import day_formats, number_formats
from connectors.files.csv_formats import EPOCH, Cell, DayFormat, NumberFormat, currency_of, day_of
from connectors.files.csv_mapped import minutes_of, plain_text
from connectors.files.csv_templates import TEMPLATES, Column, ColumnKind, plain_name
from connectors.files.mapping import DAYS, NUMBERS, WORDS, FileMapping, Taken, column_of, known_word
from connectors.files.table import Sample
from connectors.records import Stream

MOST_WORDS = 40
_DIRECTED = frozenset({Stream.INVOICES, Stream.PAYMENTS})
_STANDS_FOR_CUSTOMER = "customer_name"


@dataclass(frozen=True, slots=True)
class Question:
    """Something a person has to say before a file is read: its code, the field it is on, and what fills it."""

    code: str
    field: str
    params: Mapping[str, str]


def questions(mapping: FileMapping, sample: Sample, epoch: datetime = EPOCH) -> tuple[Question, ...]:
    """List what a mapping leaves open for a file."""
    found = list(_missing(mapping))
    for name, taken in mapping.fields.items():
        column = column_of(mapping.stream, name)
        if taken.column not in sample.columns:
            found.append(Question("mapping_column_gone", name, {"column": taken.column}))
        elif cells := sample.cells(taken.column):
            found += _of_cells(mapping, column, taken, cells, epoch)
    return tuple(found)


def _missing(mapping: FileMapping) -> Iterator[Question]:
    template = TEMPLATES[mapping.stream]
    for column in template.columns:
        stands = column.name == "customer" and mapping.has(_STANDS_FOR_CUSTOMER)
        if column.required and not mapping.has(column.name) and not stands:
            yield Question("mapping_missing", column.name, {"column": column.name})
    if template.one_of and not any(map(mapping.has, template.one_of)):
        yield Question("mapping_missing", template.one_of[0], {"column": " | ".join(template.one_of)})
    if mapping.stream in _DIRECTED and not mapping.has("direction"):
        yield Question("mapping_direction_unsaid", "direction", {})


def _of_cells(
    mapping: FileMapping, column: Column, taken: Taken, cells: Sequence[Cell], epoch: datetime
) -> Iterator[Question]:
    if column.kind in DAYS:
        yield from _of_days(column.name, taken, cells, epoch)
    elif column.kind in NUMBERS:
        yield from _of_numbers(mapping, column, taken, cells)
    elif column.kind in WORDS:
        yield from _of_words(mapping, column, taken, cells)


def _of_days(name: str, taken: Taken, cells: Sequence[Cell], epoch: datetime) -> Iterator[Question]:
    formats = day_formats(cells, epoch)
    if not formats and not (taken.format and _reads_a_day(cells, DayFormat(taken.format), epoch)):
        yield Question("mapping_days_unreadable", name, _shown(taken, cells))
    elif not taken.format:
        yield Question("mapping_days_ambiguous", name, _shown(taken, cells))
    elif formats and taken.format not in formats and formats != (DayFormat.ISO,):  # ISO is read by all
        yield Question("mapping_days_differ", name, _shown(taken, cells))


def _reads_a_day(cells: Sequence[Cell], form: DayFormat, epoch: datetime) -> bool:
    for cell in cells:
        try:
            day_of(cell, form, epoch=epoch)
        except BadPayload:
            continue
        return True
    return False


def _of_numbers(mapping: FileMapping, column: Column, taken: Taken, cells: Sequence[Cell]) -> Iterator[Question]:
    formats = formats_seen(column.kind, cells)
    if not formats:
        yield Question("mapping_numbers_unreadable", column.name, _shown(taken, cells))
    elif not taken.format and len(formats) > 1:
        yield Question("mapping_numbers_ambiguous", column.name, _shown(taken, cells))
    elif taken.format and not {taken.format, NumberFormat.EITHER} & set(formats):
        yield Question("mapping_numbers_differ", column.name, _shown(taken, cells))
    elif not mapping.has("currency") and any(currency_of(cell) == "$" for cell in cells):
        yield Question("mapping_currency_unsaid", "currency", _shown(taken, cells))


def formats_seen(kind: ColumnKind, cells: Sequence[Cell]) -> tuple[NumberFormat, ...]:
    """Tell how a column of amounts or hours may be written; hours as 1:30 say nothing of it."""
    numbers = [cell for cell in cells if kind is not ColumnKind.HOURS or not _is_clock(cell)]
    return number_formats(numbers) if numbers else (NumberFormat.EITHER,)


def hours_or_amounts(kind: ColumnKind, cells: Sequence[Cell]) -> bool:
    """Say whether a column holds amounts, or hours."""
    return bool(formats_seen(kind, cells))


def _is_clock(cell: Cell) -> bool:
    return isinstance(cell, str) and (":" in cell or "h" in cell.casefold()) and _reads_minutes(cell)


def _reads_minutes(cell: Cell) -> bool:
    try:
        minutes_of(cell, NumberFormat.EITHER)
    except BadPayload:
        return False
    return True


def _of_words(mapping: FileMapping, column: Column, taken: Taken, cells: Sequence[Cell]) -> Iterator[Question]:
    unknown = [text for text in words_in(cells) if word_of(mapping, column.name, text) is None]
    if len(unknown) > MOST_WORDS:
        yield Question("mapping_not_words", column.name, _shown(taken, cells) | {"n": str(len(unknown))})
        return
    for text in unknown:
        yield Question("mapping_word_unknown", column.name, {"column": taken.column, "value": text})


def words_in(cells: Sequence[Cell]) -> list[str]:
    """Give the words of a column, each once (by its plain letters), in the order they come."""
    return list({plain_name(text): text for text in reversed([plain_text(cell).strip() for cell in cells])}.values())[
        ::-1
    ]


def word_of(mapping: FileMapping, name: str, text: str) -> str | None:
    """Give what a word of a file stands for by a mapping, or by itself; None for one nobody knows."""
    said = mapping.words.get(name, {}).get(plain_name(text))
    return known_word(mapping.stream, name, text) if said is None else said


def _shown(taken: Taken, cells: Sequence[Cell]) -> dict[str, str]:
    return {"column": taken.column, "value": plain_text(cells[0])[:80]}
