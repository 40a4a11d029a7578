"""How one company's own lists are read: which column is which field, how it is written, and what its words stand for.

A mapping is made by a person from a proposal (`csv_guess`), kept as JSON, and read with by `csv_mapped`.
`questions` says what it leaves open; nothing is read before it is answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.errors import BadPayload, NotThisFormat
from connectors.files.csv_cells import parse_currency
from connectors.files.csv_formats import DayFormat, NumberFormat
from connectors.files.csv_templates import TEMPLATES, Column, ColumnKind, plain_name
from connectors.files.csv_words import FLAGS, NO, YES, words_of
from connectors.records import Stream

VERSION = 1
SKIP = "-"
"""Stands for a word whose rows are left out, such as a quotation in a list of invoices."""

EMPTY = ""
"""Stands for a word that is read as an empty cell."""

DAYS = frozenset({ColumnKind.DAY, ColumnKind.INSTANT})
NUMBERS = frozenset({ColumnKind.AMOUNT, ColumnKind.HOURS})
WORDS = frozenset({ColumnKind.CHOICE, ColumnKind.FLAG})
CONSTANTS = WORDS | {ColumnKind.CURRENCY}
"""What may be the same for every row of a file."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a field is taken from: a column of the file, and how its days or amounts are written ("" is not said)."""

    column: str
    format: str = ""


@dataclass(frozen=True, slots=True)
class FileMapping:
    """How the lists of one stream are read; fields are those of its template.

    `constants` are fields that are the same in every row. `words` give, by field, what a word in plain letters stands
    for: a word of the template, `EMPTY` or `SKIP`.
    """

    stream: Stream
    fields: Mapping[str, Taken] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sheet: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file that are read."""
        return tuple(dict.fromkeys(taken.column for taken in self.fields.values()))

    def has(self, name: str) -> bool:
        """Say whether a field is told by a column or a constant."""
        return name in self.fields or name in self.constants

    def with_format(self, name: str, form: str) -> "FileMapping":
        """Say how a field's column is written."""
        return replace(self, fields={**self.fields, name: replace(self.fields[name], format=form)})


def column_of(stream: Stream, name: str) -> Column:
    """Give a field of a stream's template."""
    return next(column for column in TEMPLATES[stream].columns if column.name == name)


def allowed(stream: Stream, name: str) -> tuple[str, ...]:
    """Give the words of a template's choice, or yes and no."""
    if column_of(stream, name).kind is ColumnKind.FLAG:
        return (YES, NO)
    return tuple(dict.fromkeys(choice.value for choice in words_of(stream, name).values()))


def known_word(stream: Stream, name: str, text: str) -> str | None:
    """Give what a word of a file stands for by itself, None for a word nobody knows."""
    word = plain_name(text)
    if column_of(stream, name).kind is ColumnKind.FLAG:
        return FLAGS.get(word)
    found = words_of(stream, name).get(word)
    return None if found is None else found.value


def to_json(mapping: FileMapping) -> dict[str, Any]:
    """Write a mapping as JSON values."""
    return {
        "version": VERSION,
        "stream": mapping.stream.value,
        "fields": {
            name: {"column": taken.column} | ({"format": taken.format} if taken.format else {})
            for name, taken in mapping.fields.items()
        },
        "constants": dict(mapping.constants),
        "words": {name: dict(words) for name, words in mapping.words.items() if words},
    } | ({"sheet": mapping.sheet} if mapping.sheet else {})


def from_json(said: Any) -> FileMapping:
    """Read a mapping from JSON values; raises NotThisFormat naming what is wrong with it."""
    if not isinstance(said, dict) or said.get("version") != VERSION:
        found = said.get("version") if isinstance(said, dict) else said
        raise NotThisFormat("mapping_version", {"version": str(found)[:40], "known": str(VERSION)})
    try:
        stream = Stream(said["stream"])
        mapping = FileMapping(
            stream,
            {str(name): Taken(str(one["column"]), str(one.get("format", ""))) for name, one in said["fields"].items()},
            {str(name): str(value) for name, value in said.get("constants", {}).items()},
            {
                str(name): {plain_name(str(word)): str(value) for word, value in words.items()}
                for name, words in said.get("words", {}).items()
            },
            str(said.get("sheet", "")),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise NotThisFormat("mapping_unreadable", {"part": str(error)[:80]}) from error
    for part in _nonsense(mapping):
        raise NotThisFormat("mapping_unreadable", {"part": part})
    return mapping


def _nonsense(mapping: FileMapping) -> list[str]:
    """List what a mapping says that its template does not know, or could not be."""
    if mapping.stream not in TEMPLATES:
        return [mapping.stream.value]
    kinds = {column.name: column.kind for column in TEMPLATES[mapping.stream].columns}
    wrong = [name for name in {**mapping.fields, **mapping.constants, **mapping.words} if name not in kinds]
    if wrong:
        return wrong
    wrong = [name for name, taken in mapping.fields.items() if taken.format not in formats_of(kinds[name])]
    wrong += [name for name, text in mapping.constants.items() if not is_constant(mapping.stream, name, text)]
    for name, words in mapping.words.items():
        fits = {*allowed(mapping.stream, name), EMPTY, SKIP} if kinds[name] in WORDS else set()
        wrong += [f"{name}: {word}" for word, value in words.items() if value not in fits]
    return wrong


def formats_of(kind: ColumnKind) -> tuple[str, ...]:
    """Give the formats a kind of column may be written in; "" is none."""
    if kind in DAYS:
        return ("", *DayFormat)
    return ("", *NumberFormat) if kind in NUMBERS else ("",)


def is_constant(stream: Stream, name: str, text: str) -> bool:
    """Say whether a field can be this in every row."""
    kind = column_of(stream, name).kind
    if kind is ColumnKind.CURRENCY:
        try:
            return parse_currency(text) == text
        except BadPayload:
            return False
    return kind in WORDS and text in allowed(stream, name)
