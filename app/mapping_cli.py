"""Mapping a list at a terminal: what is proposed, what is left to say, the rows as read, and only then a yes.

`--mapping FILE` answers everything beforehand; `--dry-run` shows and writes nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table as Grid
from sqlalchemy import Engine

from app.clock import utc_now
from app.csv_import import CsvResult, import_mapped, zone_of
from app.db import read
from app.errors import BadInput
from app.file_mappings import saved_mapping
from app.mapping_view import field_name, question_text, readings, show
from app.wording import label, say
from connectors.files.csv_guess import Why, fill_formats, likely_streams, propose
from connectors.files.csv_mapped import gone, unread
from connectors.files.csv_questions import Question, questions
from connectors.files.csv_templates import TEMPLATES, plain_name
from connectors.files.mapping import (
    CONSTANTS,
    EMPTY,
    SKIP,
    FileMapping,
    Taken,
    allowed,
    column_of,
    from_json,
    is_constant,
    to_json,
)
from connectors.files.table import Sample, Table, open_table, sample_of
from connectors.records import Stream


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed: the stream if they named one, the sheet, a mapping kept in a file, and how far to go."""

    stream: Stream | None = None
    sheet: str = ""
    mapping: Path | None = None
    walk: bool = False
    dry_run: bool = False


def map_list(engine: Engine, company_id: str, file: Path, asked: Asked, language: str) -> CsvResult | None:
    """Map a list and import it; None where nothing was written."""
    if not file.is_file():
        raise BadInput("file_missing", {"path": str(file)})
    zone = zone_of(engine, company_id)
    table = open_table(file, sheet=asked.sheet)
    walk = _Walk(table, sample_of(table), language, zone)
    mapping = _beginning(engine, company_id, asked, walk)
    if asked.walk:
        mapping = walk.through(mapping)
    else:
        walk.tell(mapping)
    left = questions(mapping, walk.sample, table.epoch)
    for question in left:
        typer.echo("  " + question_text(mapping.stream, question, language))
    if left:
        raise BadInput("mapping_open", {"n": len(left)})
    walk.rows(mapping)
    if asked.walk and asked.mapping is not None:
        asked.mapping.write_text(json.dumps(to_json(mapping), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if asked.dry_run or (asked.walk and not typer.confirm(say("mapping_ask_write", {}, language), default=True)):
        return None
    return import_mapped(engine, company_id, table, mapping, utc_now(), save=True)


def _beginning(engine: Engine, company_id: str, asked: Asked, walk: "_Walk") -> FileMapping:
    """Give the mapping to begin with: that of a file, the saved one where it fits, else a proposal."""
    if asked.mapping is not None and not (asked.walk and not asked.mapping.exists()):
        mapping = from_json(_json(asked.mapping))
        if asked.stream not in {None, mapping.stream}:
            raise BadInput("mapping_unreadable", {"part": mapping.stream.value})
        return walk.seen(mapping)
    stream = asked.stream or walk.stream()
    with read(engine) as conn:
        kept = saved_mapping(conn, company_id, stream)
    if kept is not None and not gone(sample_of(walk.table, kept.columns), kept):
        typer.echo(say("mapping_by_saved", {}, walk.language))
        return walk.seen(kept)
    return walk.proposal(stream)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput("file_missing", {"path": str(path)}) from None
    except ValueError:
        raise BadInput("mapping_file_unreadable", {"path": str(path)}) from None


class _Walk:
    """A person's walk through one file."""

    def __init__(self, table: Table, sample: Sample, language: str, zone: ZoneInfo) -> None:
        self.table, self.sample, self.language, self.zone = table, sample, language, zone
        self._why: dict[str, Why] = {}

    def seen(self, mapping: FileMapping) -> FileMapping:
        """Find the header by the columns a mapping names, and give the mapping back."""
        self.sample = sample_of(self.table, mapping.columns)
        return mapping

    def stream(self) -> Stream:
        """Ask what the file lists, the likeliest stream proposed."""
        likely = likely_streams(self.sample, self.table.epoch)
        names = {stream.value: label("stream", stream.value, self.language) for stream in likely}
        return Stream(self._one_of(say("mapping_ask_stream", {}, self.language), names, likely[0].value))

    def proposal(self, stream: Stream) -> FileMapping:
        """Propose how the file is read; what several columns could be is said."""
        found = propose(stream, self.sample, self.table.epoch, sheet=self.table.sheet)
        self._why = dict(found.why)
        for field, columns in found.unsure.items():
            said = say("mapping_unsure", {"columns": ", ".join(columns)}, self.language)
            typer.echo(f"{field}: {said}")
        return found.mapping

    def through(self, mapping: FileMapping) -> FileMapping:
        """Answer what is open, one question after the other, then change what a person wants changed."""
        while True:
            self.tell(mapping)
            while left := questions(mapping, self.sample, self.table.epoch):
                mapping = self._answered(mapping, left[0])
            field = typer.prompt(say("mapping_ask_change", {}, self.language), default="", show_default=False).strip()
            if not field:
                return mapping
            if field not in {column.name for column in TEMPLATES[mapping.stream].columns}:
                typer.echo(say("mapping_no_answer", {"answer": field}, self.language))
                continue
            mapping = self._column(mapping, field)

    def tell(self, mapping: FileMapping) -> None:
        """Print each field with its column, how that is written, and why it was taken."""
        grid = Grid("", "", "", "", show_header=False, box=None)
        for column in TEMPLATES[mapping.stream].columns:
            taken, constant = mapping.fields.get(column.name), mapping.constants.get(column.name)
            if taken is None and constant is None:
                continue
            said = f"= {label('choice', constant or '', self.language)}" if taken is None else f"← {taken.column}"
            form = label("written", taken.format, self.language) if taken and taken.format else ""
            why = label("why", self._why[column.name], self.language) if taken and column.name in self._why else ""
            grid.add_row(column.name, said, form, why)
        Console().print(grid)
        if left := unread(self.sample, mapping):
            typer.echo(say("mapping_unread", {"columns": ", ".join(left)}, self.language))

    def rows(self, mapping: FileMapping) -> None:
        """Print the first rows as they will be read, how many there are, and what is set aside."""
        shown = show(self.table, mapping, self.zone, self.language)
        typer.echo(say("mapping_shown", {}, self.language))
        for row in shown.rows:
            cells = [f"{field}: {text}" for field, text in zip(shown.fields, row, strict=True) if text != "–"]
            typer.echo("  • " + " · ".join(cells))
        typer.echo(say("mapping_reads", {"good": shown.good, "bad": shown.bad}, self.language))
        for fault in shown.faults:
            place = say("file_line", {"place": fault.place}, self.language)
            typer.echo(f"  {place} {say(fault.code, fault.params, self.language)}")

    def _answered(self, mapping: FileMapping, question: Question) -> FileMapping:
        typer.secho(question_text(mapping.stream, question, self.language), bold=True)
        field = question.field
        if question.code.endswith(("ambiguous", "differ")):
            forms = readings(
                mapping.stream, field, self.sample, mapping.fields[field].column, self.language, self.table.epoch
            )
            said = say("mapping_ask_format", {"column": mapping.fields[field].column}, self.language)
            mapping = mapping.with_format(field, self._one_of(said, forms, ""))
            return fill_formats(mapping, self.sample, self.table.epoch)
        if question.code == "mapping_word_unknown":
            value = self._word(mapping.stream, field, question.params["value"])
            words = {**mapping.words.get(field, {}), plain_name(question.params["value"]): value}
            return replace(mapping, words={**mapping.words, field: words})
        if question.code == "mapping_direction_unsaid":
            said = say("mapping_ask_one", {"choices": ", ".join(allowed(mapping.stream, field))}, self.language)
            return self._constant(mapping, field, self._until(said, lambda text: text in ("sale", "purchase")))
        if question.code == "mapping_currency_unsaid":
            said = say("mapping_ask_currency", {}, self.language)
            fits = self._until(said, lambda text: is_constant(mapping.stream, field, text.upper())).upper()
            return self._constant(mapping, field, fits)
        return self._column(mapping, field, needed=question.code == "mapping_missing")

    def _word(self, stream: Stream, field: str, value: str) -> str:
        """Ask what a word stands for."""
        known = allowed(stream, field)
        typer.echo("  " + ", ".join(f"{one} ({label('choice', one, self.language)})" for one in known))
        said = say("mapping_ask_word", {"value": value}, self.language)
        return self._until(said, lambda text: text in {*known, SKIP, EMPTY})

    def _column(self, mapping: FileMapping, field: str, *, needed: bool = False) -> FileMapping:
        """Ask which column a field is, and take its format from the column."""
        names = [name for name in self.sample.columns if name]
        typer.echo("  " + "  ".join(f"{n}: {name}" for n, name in enumerate(names, 1)))
        name = f"{field} ({field_name(mapping.stream, field, self.language)})"
        said = say("mapping_ask_column", {"field": name}, self.language)
        constants = column_of(mapping.stream, field).kind in CONSTANTS

        def fits(text: str) -> bool:
            if text.startswith("="):
                return constants and is_constant(mapping.stream, field, text[1:])
            return text in names or (not text and not needed) or (text.isdigit() and 1 <= int(text) <= len(names))

        text = self._until(said, fits)
        if text.startswith("="):
            return self._constant(mapping, field, text[1:])
        bare = replace(mapping, fields={k: v for k, v in mapping.fields.items() if k != field})
        bare = replace(bare, constants={k: v for k, v in bare.constants.items() if k != field})
        if not text:
            return bare
        chosen = text if text in names else names[int(text) - 1]
        self._why.pop(field, None)
        taken = replace(bare, fields={**bare.fields, field: Taken(chosen)})
        return fill_formats(taken, self.sample, self.table.epoch)

    def _constant(self, mapping: FileMapping, field: str, value: str) -> FileMapping:
        fields = {name: taken for name, taken in mapping.fields.items() if name != field}
        return replace(mapping, fields=fields, constants={**mapping.constants, field: value})

    def _one_of(self, said: str, choices: Mapping[str, str], default: str) -> str:
        """Ask for one of some choices, by number or name."""
        names = list(choices)
        for n, name in enumerate(names, 1):
            typer.echo(f"  {n}: {name} – {choices[name]}")
        text = self._until(
            said, lambda one: one in names or (one.isdigit() and 1 <= int(one) <= len(names)), default=default
        )
        return text if text in names else names[int(text) - 1]

    def _until(self, said: str, fits: Callable[[str], bool], default: str = "") -> str:
        """Ask until the answer fits."""
        while True:
            answer: str = typer.prompt(said, default=default, show_default=bool(default)).strip()
            if fits(answer):
                return answer
            typer.echo(say("mapping_no_answer", {"answer": answer}, self.language))
