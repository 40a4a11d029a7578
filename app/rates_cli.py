"""Exchange rates at a terminal."""

from pathlib import Path

import typer
from sqlalchemy import Engine

from app.clock import utc_now
from app.errors import BadInput
from app.language import Formats
from app.rates import import_rates
from app.wording import say
from connectors.errors import NotThisFormat

FAULTS_SHOWN = 10


def import_rate_files(engine: Engine, files: list[Path], language: str) -> bool:
    """Import files of rates and say what each brought; give whether every line could be read."""
    formats, fine = Formats(language), True
    for path in files:
        if not path.is_file():
            raise BadInput("rates_no_file", {"path": str(path)})
        try:
            done = import_rates(engine, path, utc_now())
        except NotThisFormat as error:
            typer.secho(f"{path.name}: {say(error.code, error.params, language)}", fg="red")
            fine = False
            continue
        figures = {name: formats.number(getattr(done, name), 0) for name in ("new", "changed", "unchanged")}
        typer.echo(f"{path.name}: {say('rates_imported', figures, language)}")
        for fault in done.faults[:FAULTS_SHOWN]:
            line = say("rates_line", {"line": fault.place}, language)
            typer.secho(f"  {line} {say(fault.code, fault.params, language)}", fg="yellow")
        if len(done.faults) > FAULTS_SHOWN:
            typer.echo(say("and_more", {"n": len(done.faults) - FAULTS_SHOWN}, language))
        fine = fine and not done.faults
    return fine
