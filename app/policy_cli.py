"""`seuil policy`: the settings of a company, what was changed, by whom and why."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from app.clock import local_day
from app.db import read, write
from app.errors import BadInput
from app.imports_cli import company_for, print_verdict
from app.language import Formats
from app.policies import Entry, Settings, Signed, change_settings, history, settings_on
from app.policy_checks import numbers_only, parse_settings, reset_key
from app.policy_table import Line, default_source, plain_value, policy_lines, signers, unit_words
from app.replay_cli import dry_run, span
from app.wording import label, say

Row = Mapping[str, Any]
Logins = Mapping[str, str]


def day_asked(text: str | None) -> date | None:
    """Read a day of the command line; past or to come."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput("bad_day", {"value": str(text)}) from error


def show_policy(
    engine: Engine, asked: str | None, as_of: str | None, signed: Signed, language: str, *, markdown: bool
) -> None:
    """Print every setting of a company as it holds on a day."""
    row, entries, logins = _read(engine, asked, signed)
    day = day_asked(as_of) or local_day(signed.at, str(row["zone"]))
    lines = policy_lines(entries, day)
    if markdown:
        typer.echo(markdown_table(lines, logins, language))
        return
    formats = Formats(language)
    typer.secho(f"{row['name']}, {formats.day(day)}", bold=True)
    _print_lines(lines, logins, formats)


def _read(engine: Engine, asked: str | None, signed: Signed) -> tuple[Row, list[Entry], Logins]:
    with read(engine) as conn:
        row = company_for(conn, asked)
        entries = history(conn, str(row["id"]))
    if not any(entry.set_by for entry in entries):
        return row, entries, {}
    with write(engine) as conn:
        return row, entries, signers(conn, str(row["id"]), signed.by, signed.at)


def _print_lines(lines: Sequence[Line], logins: Logins, formats: Formats) -> None:
    language, group = formats.language, ""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(2):
        table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column()
    for line in lines:
        if line.group != group:
            group = line.group
            table.add_row(f"[bold]{label('setting_group', group, language)}[/bold]")
        origin = default_source(line.name, language) if line.entry is None else _origin(line.entry, logins, formats)
        style = "bold" if line.entry else "dim"
        value = plain_value(line.name, line.value) or "–"
        name = line.name.partition("=")[0]
        table.add_row(f"  {name}", f"[{style}]{value}[/]", unit_words(line.name, language), origin)
    Console(highlight=False).print(table)


def _origin(entry: Entry, logins: Logins, formats: Formats) -> str:
    said = {"day": entry.valid_from.isoformat(), "who": _who(entry, logins, formats.language)}
    text = say("set_since", said, formats.language)
    return f"{text}: {entry.note}" if entry.note else text


def _who(entry: Entry, logins: Logins, language: str) -> str:
    return logins.get(entry.set_by or "") or say("nobody_known", {}, language)


def markdown_table(lines: Sequence[Line], logins: Logins, language: str) -> str:
    """Write the settings as a table of Markdown."""
    formats = Formats(language)
    columns = ("setting", "value", "unit", "default", "origin")
    rows = [[label("column", one, language) for one in columns], ["---"] * len(columns)]
    for line in lines:
        origin = default_source(line.name, language) if line.entry is None else _origin(line.entry, logins, formats)
        value, default = plain_value(line.name, line.value), plain_value(line.name, line.default)
        name = line.name.partition("=")[0]
        rows.append([f"`{name}`", value or "–", unit_words(line.name, language), default or "–", origin])
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)


def show_history(engine: Engine, asked: str | None, signed: Signed, language: str) -> None:
    """Print what was set, newest first."""
    _, entries, logins = _read(engine, asked, signed)
    if not entries:
        typer.echo(say("policy_all_default", {}, language))
        return
    formats = Formats(language)
    for entry in entries:
        typer.secho(f"{formats.day(entry.set_at.date())}  {_origin(entry, logins, formats)}", bold=True)
        for line in change_lines(entry, language):
            typer.echo(f"  {line}")


def change_lines(entry: Entry, language: str) -> list[str]:
    """Say what an entry changed, a line each."""
    default = say("at_default", {}, language)
    lines = []
    for name, (before, after) in entry.changes.items():
        old, new = (plain_value(name, value) or default for value in (before, after))
        if "=" in name:
            code = "closure_added" if after is not None else "closure_removed"
            lines.append(say(code, {"what": plain_value(name, True)}, language))  # noqa: FBT003 - any value will do
        else:
            lines.append(f"{name}: {old} → {new}")
    return lines


def set_policy(
    engine: Engine, asked: str | None, texts: Sequence[str], first: str | None, signed: Signed, language: str
) -> None:
    """Change settings of a company from a day on, assess it anew, and say what has changed."""
    wanted = parse_settings(texts)
    _change(engine, asked, lambda _: wanted, first, signed, language)


def try_policy(engine: Engine, asked: str | None, texts: Sequence[str], signed: Signed, language: str) -> None:
    """Tell what settings would have raised over the past year, beside those in force; nothing is kept."""
    changes = numbers_only(parse_settings(texts))
    with read(engine) as conn:
        row = company_for(conn, asked)
    days = span(local_day(signed.at, str(row["zone"])), None, None, "week")
    dry_run(engine, row, days, changes, language=language)


def reset_policy(
    engine: Engine, asked: str | None, texts: Sequence[str], first: str | None, signed: Signed, language: str
) -> None:
    """Put settings of a company back to their defaults, assess it anew, and say what has changed."""
    _change(
        engine,
        asked,
        lambda known: dict.fromkeys(key for text in texts for key in reset_key(text, known)),
        first,
        signed,
        language,
    )


def _change(
    engine: Engine,
    asked: str | None,
    wanted: Callable[[Settings], Settings],
    first: str | None,
    signed: Signed,
    language: str,
) -> None:
    valid_from = day_asked(first)
    with write(engine) as conn:
        row = company_for(conn, asked)
        company_id, today = str(row["id"]), local_day(signed.at, str(row["zone"]))
        changes = wanted(settings_on(conn, company_id, valid_from or today))
        entries = change_settings(conn, company_id, changes, signed, today=today, valid_from=valid_from)
    if not entries:
        typer.echo(say("policy_unchanged", {}, language))
        return
    for entry in entries:
        typer.echo(say("policy_from", {"day": entry.valid_from.isoformat()}, language))
        for line in change_lines(entry, language):
            typer.echo(f"  {line}")
    print_verdict(engine, company_id, language)
