"""The form in which a list is mapped: a row for each field, and the mapping that its answers make."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.mapping_view import field_name, question_text, readings
from app.wording import label, say
from connectors.files.csv_guess import Proposal, fill_formats
from connectors.files.csv_mapped import plain_text
from connectors.files.csv_questions import MOST_WORDS, Question, word_of, words_in
from connectors.files.csv_templates import TEMPLATES, Column, ColumnKind, plain_name
from connectors.files.mapping import (
    CONSTANTS,
    DAYS,
    EMPTY,
    NUMBERS,
    SKIP,
    WORDS,
    FileMapping,
    Taken,
    allowed,
    formats_of,
    is_constant,
    known_word,
    to_json,
)
from connectors.files.table import Sample, Table, sample_of
from connectors.records import Stream

UNSAID = "?"
_EXAMPLES = 3
_EXAMPLE_LENGTH = 40

Answers = dict[str, str]
"""What a form holds, by name: `column:`, `was:`, `format:` and `always:` with a field, `word:` with field and word."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the file, and what it stands for; `UNSAID` as long as nobody said so."""

    key: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of the form: where it is taken from, how that is written, and what is asked of it."""

    name: str
    title: str
    required: bool
    column: str
    columns: tuple[str, ...]
    always: str
    choices: Mapping[str, str]
    format: str
    formats: Mapping[str, str]
    words: tuple[Word, ...]
    why: str
    examples: tuple[str, ...]
    asked: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether the field is to be seen at once: it is read, or it has to be."""
        return bool(self.required or self.column or self.always or self.asked)


def fields_of(
    proposal: Proposal, sample: Sample, left: Sequence[Question], language: str, epoch: datetime
) -> list[FieldRow]:
    """Give the form's rows, in the template's order."""
    columns = TEMPLATES[proposal.mapping.stream].columns
    return [_row(column, proposal, sample, left, language, epoch) for column in columns]


def _row(
    column: Column, proposal: Proposal, sample: Sample, left: Sequence[Question], language: str, epoch: datetime
) -> FieldRow:
    mapping, name = proposal.mapping, column.name
    taken = mapping.fields.get(name, Taken(""))
    cells = sample.cells(taken.column)
    asked = [question_text(mapping.stream, one, language) for one in left if one.field == name]
    if name in proposal.unsure:
        asked.append(say("mapping_unsure", {"columns": ", ".join(proposal.unsure[name])}, language))
    stands = name == "customer" and not mapping.has(name) and mapping.has("customer_name")
    why = "stands" if stands else proposal.why.get(name, "")
    written = column.kind in DAYS | NUMBERS and bool(cells)
    formats = readings(mapping.stream, name, sample, taken.column, language, epoch) if written else {}
    if taken.format and formats:
        formats.setdefault(taken.format, label("written", taken.format, language))
    return FieldRow(
        name=name,
        title=field_name(mapping.stream, name, language),
        required=column.required,
        column=taken.column,
        columns=tuple(filter(None, sample.columns)),
        always=mapping.constants.get(name, ""),
        choices=_choices(mapping.stream, column, language),
        format=taken.format,
        formats=formats,
        words=_words(mapping, name, sample) if column.kind in WORDS else (),
        why=label("why", why, language) if why else "",
        examples=tuple(dict.fromkeys(plain_text(cell)[:_EXAMPLE_LENGTH] for cell in cells))[:_EXAMPLES],
        asked=tuple(asked),
    )


def _choices(stream: Stream, column: Column, language: str) -> dict[str, str]:
    if column.kind is ColumnKind.CURRENCY:
        return {code: code for code in ("EUR", "CHF", "GBP", "USD", "CAD", "MAD", "XOF", "XPF")}
    if column.kind not in CONSTANTS:
        return {}
    return {value: label("choice", value, language) for value in allowed(stream, column.name)}


def _words(mapping: FileMapping, name: str, sample: Sample) -> tuple[Word, ...]:
    texts = words_in(sample.cells(mapping.fields[name].column)) if name in mapping.fields else []
    if len(texts) > MOST_WORDS:
        return ()
    found = ((text, word_of(mapping, name, text)) for text in texts)
    return tuple(Word(plain_name(text), text, UNSAID if value is None else value) for text, value in found)


def mapping_of(stream: Stream, table: Table, answers: Answers) -> FileMapping:
    """Give the mapping that a form's answers make; a column newly chosen is looked at for how it is written."""
    wanted = [answers.get(f"was:{column.name}", "") for column in TEMPLATES[stream].columns]
    sample = sample_of(table, [name for name in wanted if name])
    fields: dict[str, Taken] = {}
    constants: dict[str, str] = {}
    for column in TEMPLATES[stream].columns:
        chosen, always = answers.get(f"column:{column.name}", ""), answers.get(f"always:{column.name}", "")
        form = answers.get(f"format:{column.name}", "")
        same = chosen == answers.get(f"was:{column.name}") and form in formats_of(column.kind)
        if chosen in sample.columns and chosen:
            fields[column.name] = Taken(chosen, form if same else "")
        elif always and is_constant(stream, column.name, always):
            constants[column.name] = always
    words = {name: _said(stream, name, answers) for name in fields}
    mapping = FileMapping(stream, fields, constants, {name: said for name, said in words.items() if said}, table.sheet)
    return fill_formats(mapping, sample, table.epoch)


def _said(stream: Stream, name: str, answers: Answers) -> dict[str, str]:
    """Give what a form says of a field's words, those left out that are known by themselves."""
    start = f"word:{name}:"
    said = {key.removeprefix(start): value for key, value in answers.items() if key.startswith(start)}
    kinds = {column.name: column.kind for column in TEMPLATES[stream].columns}
    if kinds[name] not in WORDS:
        return {}
    fits = {*allowed(stream, name), EMPTY, SKIP}
    return {word: value for word, value in said.items() if value in fits and known_word(stream, name, word) != value}


def print_of(mapping: FileMapping) -> str:
    """Give a mapping's fingerprint: what is imported is what was looked at."""
    text = json.dumps(to_json(mapping), sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
