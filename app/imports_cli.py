"""Importing files at a terminal: progress, what was found, what would go, and the tie-out."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, Engine

from app.clock import utc_now
from app.companies import add_company, companies, company_called, find_company
from app.csv_import import CSV_STREAMS, import_csv
from app.db import read, write
from app.errors import BadInput, Refused
from app.imports import TieOut, tie_out
from app.language import Formats
from app.ledger import Preview
from app.ledger_files import apply_file, check_siren, company_of_file, faults_of, refused_lines, stage_file
from app.progress import FileProgress
from app.settings import read_settings
from app.staging import LedgerFile, Staged, clear
from app.wording import say
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
    with FileProgress(file.path.name, file.size) as progress:
        staged, would = stage_file(engine, company_id, file, now, told=progress.read)
    print_findings(engine, staged, would, language)
    if would.needs_confirmation and not yes:
        sentence = say("import_gone", {"gone": would.gone, "held": would.held}, language)
        if not sys.stdin.isatty() or not typer.confirm(sentence):
            with write(engine) as conn:
                clear(conn, staged.no)
            raise Refused("import_gone", {"gone": would.gone, "held": would.held})
    with Console(stderr=True).status("…"):
        apply_file(engine, staged, now)


def print_findings(engine: Engine, staged: Staged, would: Preview, language: str) -> None:
    """Print what a file holds, what it would change, and its faults."""
    found = staged.summary
    typer.echo(
        f"  {found['lines']:,} lines, {found['entries']:,} entries, {found['quarantined']:,} refused; "
        f"{found['separator']}, {found['encoding']}; {found['first_on']} … {found['last_on']}"
    )
    typer.echo(f"  {would.new:,} new, {would.changed:,} changed, {would.unchanged:,} unchanged, {would.gone:,} gone")
    with read(engine) as conn:
        faults, refused = faults_of(conn, staged.no), refused_lines(conn, staged.no, SHOWN)
    for fault in faults:
        params = fault.examples[0]["params"] if fault.examples else {"field": fault.field}
        mark = "read" if fault.kept else "refused"
        typer.echo(f"  {fault.n:>7,} × {say(fault.code, params, language)} [{mark}]")
    for line in refused:
        typer.echo(f"  line {line['place']}: {say(line['code'], line['params'], language)}\n    {line['raw'][:160]}")


def print_tie_out(years: list[TieOut], name: str, language: str) -> None:
    """Print the figures to tick against the trial balance."""
    formats = Formats(language)
    table = Table(title=f"{name}: tie-out (debit less credit; sales credit less debit)")
    for column in (
        "Year",
        "Entries",
        "Lines",
        "Debit",
        "Credit",
        "",
        "Sales 70",
        "401",
        "411",
        "471",
        "512",
        "Refused",
    ):
        table.add_column(column, justify="left" if column in {"Year", ""} else "right")
    for year in years:
        table.add_row(
            str(year.fiscal_year),
            f"{year.entries:,}",
            f"{year.lines:,}",
            formats.minor(year.debit_minor),
            formats.minor(year.credit_minor),
            "=" if year.balanced else "≠",
            formats.minor(year.sales_minor),
            *(formats.minor(amount) for amount in year.balances.values()),
            str(year.refused),
        )
    Console().print(table)


def csv_stream(text: str) -> Stream:
    """Give the stream of a template by its name."""
    if text not in {stream.value for stream in CSV_STREAMS}:
        raise BadInput("no_such_stream", {"stream": text, "streams": ", ".join(CSV_STREAMS)})
    return Stream(text)


def import_csv_file(engine: Engine, stream: str, file: Path, asked: str | None, *, language: str) -> None:
    """Import a list and print what became of its rows."""
    wanted = csv_stream(stream)
    if not file.is_file():
        raise BadInput("file_missing", {"path": str(file)})
    with read(engine) as conn:
        row = company_for(conn, asked)
    with Console(stderr=True).status(file.name) as status:
        result = import_csv(
            engine,
            str(row["id"]),
            wanted,
            file,
            utc_now(),
            told=lambda saved: status.update(f"{file.name}: {saved.new + saved.changed + saved.unchanged:,} rows"),
        )
    saved = result.saved
    typer.echo(
        f"{row['name']}, {stream}: {saved.new:,} new, {saved.changed:,} changed, "
        f"{saved.unchanged:,} unchanged, {saved.refused:,} refused"
    )
    for fault in result.faults[:SHOWN]:
        typer.echo(f"  line {fault.place}: {say(fault.code, fault.params, language)}")
    if len(result.faults) > SHOWN:
        typer.echo(f"  … {len(result.faults) - SHOWN:,} more")
