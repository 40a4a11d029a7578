"""Accounts at a terminal: what can be read from where, connecting one, and a new key for what opens them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from app.companies import company_called
from app.connecting import Answers, Row, complete, provider_title, zone_named
from app.db import read, write
from app.errors import BadInput, NotFound, Refused
from app.imports_cli import company_for
from app.rotation import rotate_key
from app.settings import Settings
from app.sights import Sight, Standing, can_be_saved, common_trouble, shows_nothing, sight_text, streams_to_read
from app.trials import Trials
from app.wording import LABELS, label, say
from connectors.base import Ask, AskKind, Provider
from connectors.records import Stream

ENVIRONMENT = "SEUIL_CONNECT_"
SECRET = AskKind.SECRET
COLOURS = {Standing.GRANTED: "green", Standing.DENIED: "red", Standing.UNAVAILABLE: "yellow", Standing.ABSENT: ""}


# What can be read from where


def print_providers(known: Mapping[str, Provider], language: str, *, markdown: bool) -> None:
    """Print which provider tells of which stream, and with what evidence."""
    if markdown:
        typer.echo(matrix(known))
        return
    table = Table()
    table.add_column(label("column", "stream", language))
    for provider in known.values():
        table.add_column(provider_title(provider.name, language))
    for stream in _told(known):
        feeds = [provider.feeds.get(stream) for provider in known.values()]
        cells = [label("tier", one.value, language) if one else "–" for one in feeds]
        table.add_row(label("stream", stream.value, language), *cells)
    Console().print(table)
    for evidence in ("direct", "proxy"):
        short, said = label("tier", evidence, language), label("evidence", evidence, language)
        typer.echo(say("said_of", {"what": short, "said": said}, language))


def matrix(known: Mapping[str, Provider]) -> str:
    """Write the table of the documentation: streams, providers, evidence."""
    lines = [["Stream", *(f"`{name}`" for name in known)], ["---"] * (len(known) + 1)]
    for stream in _told(known):
        feeds = [provider.feeds.get(stream) for provider in known.values()]
        lines.append([f"`{stream.value}`", *(one.value if one else "–" for one in feeds)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _told(known: Mapping[str, Provider]) -> list[Stream]:
    return [stream for stream in Stream if any(stream in provider.feeds for provider in known.values())]


# Connecting an account


@dataclass(frozen=True, slots=True)
class Given:
    """What a command line and its environment answer: `name=value`, `name=path`, and `SEUIL_CONNECT_…`."""

    sets: Sequence[str] = ()
    secret_files: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def answers(self, provider: Provider) -> dict[str, str]:
        """Give the answers by name; Refused where a secret stands on the command line, for all to see."""
        kinds = {ask.name: ask.kind for ask in provider.asks}
        named = {ENVIRONMENT + name.upper().replace("-", "_"): name for name in kinds}
        found = {name: self.environment[each] for each, name in named.items() if each in self.environment}
        for name, path in map(_pair, self.secret_files):
            if not Path(path).is_file():
                raise BadInput("file_missing", {"path": path})
            try:
                found[name] = Path(path).read_text(encoding="utf-8-sig").strip()
            except (OSError, UnicodeError):
                raise BadInput("secret_file_unreadable", {"path": path}) from None
        for name, value in map(_pair, self.sets):
            if kinds.get(name) is SECRET:
                variable = ENVIRONMENT + name.upper().replace("-", "_")
                raise Refused("secret_on_command_line", {"name": name, "variable": variable})
            found[name] = value
        return found


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise BadInput("not_name_and_value", {"text": text})
    return name.strip(), value


def provider_named(known: Mapping[str, Provider], name: str) -> Provider:
    """Find a provider that an account can be connected to."""
    provider = known.get(name)
    if provider is None:
        raise NotFound("no_such_provider", {"provider": name})
    if not provider.asks:
        raise Refused("nothing_to_connect", {"provider": provider.title})
    return provider


def connect_account(trials: Trials, given: Given, zone: str | None, now: datetime, language: str, *, yes: bool) -> bool:
    """Ask, try, print what will be read, and save after a yes; say whether anything can be read."""
    before = trials.before("", now)
    answers = complete(trials.provider, _asked(trials.provider, given, before, language, ask=not yes), before)
    company, row = _company(trials), trials.stored()
    token, trial = trials.run(answers, zone_named(zone or "", str((row or company)["zone"])), now)
    print_sights(trial.sights, language)
    name = provider_title(trials.provider.name, language)
    if not can_be_saved(trial.sights):
        trials.drop(token)
        typer.secho(say("nothing_saved", {}, language), err=True, fg="red")
        return False
    if not yes and not typer.confirm(say("connect_it", {"provider": name, "company": company["name"]}, language)):
        trials.drop(token)
        typer.echo(say("nothing_saved", {}, language))
        return True
    with write(trials.engine) as conn:
        trials.save(conn, token, trials.settings.owner_email, now)
    typer.echo(say("account_connected", {"provider": name, "company": company["name"]}, language))
    return True


def _company(trials: Trials) -> Row:
    with read(trials.engine) as conn:
        return company_called(conn, trials.company_id)


def _asked(provider: Provider, given: Given, before: Answers | None, language: str, *, ask: bool) -> dict[str, str]:
    """Complete what was given by what was answered before and, where a person is there, by asking."""
    answers = given.answers(provider)
    earlier = dict(before.settings) if before else {}
    for one in provider.asks:
        if one.name in answers:
            continue
        if ask:
            answers[one.name] = _prompt(provider, one, before, language)
        elif one.name in earlier:
            answers[one.name] = earlier[one.name]
    return answers


def _prompt(provider: Provider, ask: Ask, before: Answers | None, language: str) -> str:
    help_name = f"ask_help:{provider.name}:{ask.name}"
    if help_name in LABELS:
        typer.secho(label("ask_help", f"{provider.name}:{ask.name}", language), dim=True)
    text = label("ask", ask.name, language)
    is_secret = ask.kind is SECRET
    has_one = before is not None and bool(before.secrets.get(ask.name))
    if is_secret and has_one:
        text = say("ask_kept", {"ask": text}, language)
    default = "" if is_secret or before is None else before.settings.get(ask.name, "")
    default = default or ("" if is_secret else ask.default or "")
    must = ask.required and not default and not has_one
    return str(typer.prompt(text, default=None if must else default, hide_input=is_secret, show_default=bool(default)))


def check_account(trials: Trials, now: datetime, language: str) -> bool:
    """Try the account that is connected, and say whether all that it is to read can be read."""
    row, sights = trials.check(now)
    print_sights(sights, language)
    wanted = row["streams"]
    more = [s for s in sights if s.standing is Standing.GRANTED and wanted is not None and s.stream.value not in wanted]
    if more:
        names = ", ".join(label("stream", sight.stream.value, language) for sight in more)
        typer.secho(say("more_can_be_read", {"names": names, "provider": row["provider"]}, language), fg="yellow")
    mine = [sight for sight in sights if wanted is None or sight.stream.value in wanted]
    return all(sight.standing in {Standing.GRANTED, Standing.ABSENT} for sight in mine)


def print_sights(sights: Sequence[Sight], language: str) -> None:
    """Print what a look at an account showed, and what will be read."""
    common = common_trouble(sights)
    if common is not None:
        typer.secho(sight_text(common, language), fg="red")
        return
    table = Table()
    for column in ("stream", "evidence", "standing", "first_look"):
        table.add_column(label("column", column, language), overflow="fold")  # the name of a right is needed whole
    for sight in sights:
        known = label("tier", sight.evidence.value, language)
        shown = label("standing", sight.standing.value, language), sight_text(sight, language)
        table.add_row(label("stream", sight.stream.value, language), known, *shown, style=COLOURS[sight.standing])
    Console().print(table)
    wanted = streams_to_read(sights)
    names = [s.stream for s in sights if s.standing is not Standing.ABSENT and (wanted is None or s.stream in wanted)]
    if names:
        listed = ", ".join(label("stream", name.value, language) for name in names)
        typer.echo(say("will_be_read", {"names": listed}, language))
    if shows_nothing(sights):
        typer.secho(say("account_shows_nothing", {}, language), fg="yellow")


# A new key


def print_rotation(engine: Engine, settings: Settings, language: str) -> None:
    """Change the key of the vault, and say what was done or is to be done."""
    rotated = rotate_key(engine, settings)
    typer.echo(say(rotated.code, {"n": rotated.secrets, "key": rotated.new_key}, language))


def trials_for(engine: Engine, settings: Settings, provider: Provider, asked: str | None) -> Trials:
    """Give the trials of a company's account."""
    with read(engine) as conn:
        return Trials(engine, settings, str(company_for(conn, asked)["id"]), provider)
