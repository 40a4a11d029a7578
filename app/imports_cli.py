"""Importing files at a terminal: progress, what was found, what would go, and the tie-out."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, Engine, update

from app.answers import say_verdict
from app.assessment import assess_company
from app.clock import utc_now
from app.companies import add_company, companies, company_called, find_company
from app.csv_import import CSV_STREAMS, CsvResult, import_csv
from app.db import read, write
from app.errors import BadInput, Refused
from app.imports import TICKED, TieOut, tie_out
from app.language import Formats
from app.ledger import Preview
from app.ledger_files import apply_file, check_siren, company_of_file, faults_of, refused_lines, stage_file
from app.mapping_cli import Asked, map_list
from app.models.ledger import ledger_import
from app.progress import FileProgress
from app.settings import read_settings
from app.staging import LedgerFile, Staged, clear
from app.wording import label, say
from connectors.errors import NotThisFormat
from connectors.files import fec
from connectors.records import Stream

SHOWN = 20

Row = Mapping[str, Any]


def company_for(conn: Connection, asked: str | None) -> Row:
    """Give the company asked for, else the only real one."""
    if asked:
        return company_called(conn, asked)
    real = [row for row in companies(conn) if not row["is_demo"]]
    if len(real) == 1:
        return real[0]
    raise Refused("which_company")


def import_fec_files(engine: Engine, files: list[Path], asked: str | None, *, language: str, yes: bool) -> None:
    """Import ledger files one after the other, then print each company's tie-out."""
    for file in files:
        if not file.is_file():
            raise BadInput("file_missing", {"path": str(file)})
    touched: dict[str, str] = {}
    for path in files:
        with read(engine) as conn:
            row = company_called(conn, asked) if asked else company_of_file(conn, path.name)
        if row is None:
            row = _ask(engine, path)
        with read(engine) as conn:
            check_siren(conn, row, path.name)
        typer.secho(f"{path.name} → {row['name']}", bold=True)
        _import_one(engine, str(row["id"]), LedgerFile(path, path.name), language=language, yes=yes)
        touched[str(row["id"])] = str(row["name"])
    for company_id, name in touched.items():
        with read(engine) as conn:
            print_tie_out(tie_out(conn, company_id), name, language)
        print_verdict(engine, company_id, language)


def print_verdict(engine: Engine, company_id: str, language: str) -> None:
    """Assess a company anew, and print the verdict in a sentence; `seuil assess` prints the rest."""
    with Console(stderr=True).status("…"):
        served = assess_company(engine, company_id, utc_now())
    typer.secho(say_verdict(served.content, language), bold=True)


def _ask(engine: Engine, path: Path) -> Row:
    """Ask for the name of a company to add; without a person to ask, refuse."""
    with read(engine) as conn:
        real = [row for row in companies(conn) if not row["is_demo"]]
    if real or not sys.stdin.isatty():
        raise Refused("which_company")
    name = typer.prompt(f"{path.name}: name of the company to add")
    now = utc_now()
    with write(engine) as conn:
        company_id = add_company(conn, name, now, siren=fec.identity(path.name).siren, zone=read_settings().zone)
        return find_company(conn, company_id)


def _import_one(engine: Engine, company_id: str, file: LedgerFile, *, language: str, yes: bool) -> None:
    now = utc_now()
    with FileProgress(file.path.name, file.size, language) as progress:
        staged, would = stage_file(engine, company_id, file, now, told=progress.read)
    print_findings(engine, staged, would, language)
    if would.needs_confirmation and not yes:
        sentence = say("import_gone", {"gone": would.gone, "held": would.held}, language)
        if not sys.stdin.isatty() or not typer.confirm(sentence):
            with write(engine) as conn:
                clear(conn, staged.no)
                conn.execute(update(ledger_import).where(ledger_import.c.no == staged.no).values(state="cancelled"))
            raise Refused("import_gone", {"gone": would.gone, "held": would.held})
    with Console(stderr=True).status("…"):
        apply_file(engine, staged, now)


def print_findings(engine: Engine, staged: Staged, would: Preview, language: str) -> None:
    """Print what a file holds, what it would change, and its faults."""
    found = staged.summary
    names = ("lines", "entries", "quarantined", "separator", "encoding")
    span = {"first": found["first_on"] or "–", "last": found["last_on"] or "–"}
    typer.echo("  " + say("file_holds", {name: found[name] for name in names} | span, language))
    counts = {"new": would.new, "changed": would.changed, "unchanged": would.unchanged, "gone": would.gone}
    typer.echo("  " + say("file_would", counts, language))
    with read(engine) as conn:
        faults, refused = faults_of(conn, staged.no), refused_lines(conn, staged.no, SHOWN)
    for fault in faults:
        params = fault.examples[0]["params"] if fault.examples else {"field": fault.field}
        mark = label("fate", "read" if fault.kept else "refused", language)
        typer.echo(f"  {fault.n:>7} × {say(fault.code, params, language)} [{mark}]")
    for line in refused:
        place = say("file_line", {"place": line["place"]}, language)
        typer.echo(f"  {place} {say(line['code'], line['params'], language)}\n    {line['raw'][:160]}")


def print_tie_out(years: list[TieOut], name: str, language: str) -> None:
    """Print the figures to tick against the trial balance: a column a fiscal year."""
    formats = Formats(language)
    table = Table(title=say("tie_out_title", {"company": name}, language), title_justify="left")
    table.add_column("")
    for year in years:
        table.add_column(str(year.fiscal_year), justify="right")
    rows: list[tuple[str, list[str]]] = [
        ("entries", [formats.number(year.entries, 0) for year in years]),
        ("lines", [formats.number(year.lines, 0) for year in years]),
        ("debit", [formats.minor(year.debit_minor) for year in years]),
        ("credit", [formats.minor(year.credit_minor) for year in years]),
        ("difference", [formats.minor(year.debit_minor - year.credit_minor) for year in years]),
        ("sales", [formats.minor(year.sales_minor) for year in years]),
        *((account, [formats.minor(year.balances[account]) for year in years]) for account in TICKED),
        ("refused", [formats.number(year.refused, 0) for year in years]),
    ]
    for row, cells in rows:
        table.add_row(label("tie", row, language), *cells)
    Console().print(table)


def csv_stream(text: str) -> Stream:
    """Give the stream of a template by its name."""
    if text not in {stream.value for stream in CSV_STREAMS}:
        raise BadInput("no_such_stream", {"stream": text, "streams": ", ".join(CSV_STREAMS)})
    return Stream(text)


def import_csv_file(
    engine: Engine, stream: str, file: Path, asked: str | None, *, language: str, options: Asked | None = None
) -> None:
    """Import a list and print what became of its rows; with options, or without a stream, it is mapped first."""
    wanted = csv_stream(stream) if stream else None
    if not file.is_file():
        raise BadInput("file_missing", {"path": str(file)})
    with read(engine) as conn:
        row = company_for(conn, asked)
    if options is not None or wanted is None:
        done = map_list(engine, str(row["id"]), file, replace(options or Asked(), stream=wanted), language)
        if done is not None:
            _print_list(row, done, language)
            print_verdict(engine, str(row["id"]), language)
        return
    try:
        done = _import_list(engine, str(row["id"]), wanted, file)
    except NotThisFormat as refusal:
        if refusal.code.startswith(("csv_missing", "mapping_")):
            typer.echo(say("mapping_try_map", {"name": file.name}, language), err=True)
        raise
    _print_list(row, done, language)
    print_verdict(engine, str(row["id"]), language)


def _import_list(engine: Engine, company_id: str, stream: Stream, file: Path) -> CsvResult:
    with Console(stderr=True).status(file.name) as status:
        return import_csv(
            engine,
            company_id,
            stream,
            file,
            utc_now(),
            told=lambda saved: status.update(f"{file.name}: {saved.new + saved.changed + saved.unchanged:,} rows"),
        )


def _print_list(row: Row, result: CsvResult, language: str) -> None:
    saved = result.saved
    counts = {"new": saved.new, "changed": saved.changed, "unchanged": saved.unchanged, "refused": saved.refused}
    if result.by_mapping:
        typer.echo(say("mapping_by_saved", {}, language))
    typer.echo(
        f"{row['name']} – {label('stream', result.stream.value, language)}: {say('rows_done', counts, language)}"
    )
    for fault in result.faults[:SHOWN]:
        place = say("file_line", {"place": fault.place}, language)
        typer.echo(f"  {place} {say(fault.code, fault.params, language)}")
    if len(result.faults) > SHOWN:
        typer.echo("  " + say("and_more", {"n": len(result.faults) - SHOWN}, language))
