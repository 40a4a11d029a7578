"""The watch by hand: read the sources, assess, look after it all, through the very steps the schedule runs.

Each piece is claimed as the schedule claims it, so that a server on the same database never does it a second time.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Connection, Engine, select

from app.accounts import connecting
from app.answers import print_answer
from app.assessment import latest
from app.companies import companies, company_called
from app.connecting import is_connected, provider_title
from app.db import read, write
from app.doctor import Check, State, examine
from app.follow_cli import Follower, follow_others, print_streams
from app.intake import Saved
from app.jobs import BY_HAND, Beat, Clock, Step, run_step
from app.models.core import company, connection
from app.models.watch import job_run
from app.progress import console
from app.schedule import steps
from app.settings import Settings
from app.sources import SYNC, Told, make_due, sync_connection
from app.wording import label, say
from connectors.providers import provider_of, providers
from connectors.records import Stream

Row = Mapping[str, Any]

ASSESS = "assess"
DOUBTED = "much_is_gone"  # the trouble of a source that a person has to believe
MARKS = {State.OK: ("✓", "green"), State.LOOK: ("!", "yellow"), State.BAD: ("✕", "red")}


def step_named(settings: Settings, name: str) -> Step:
    """Give a step of the schedule."""
    return next(step for step in steps(settings) if step.name == name)


# Reading sources


@dataclass(slots=True)
class Reading:
    """What became of the connections that were read: rows, or None where the source was in trouble."""

    saved: dict[str, Saved | None] = field(default_factory=dict)


def sync_sources(  # noqa: PLR0913 - what was asked for
    engine: Engine,
    settings: Settings,
    clock: Clock,
    asked: str | None,
    *,
    everything: bool,
    language: str,
    follow: bool = False,
    believe: bool = False,
) -> bool:
    """Read what is due, or everything; print what each brought, and say whether no source is in trouble.

    `follow` shows how far each stream comes, also where another process reads it. `believe` reads those again whose
    source says that much is gone, and takes it for true.
    """
    with read(engine) as conn:
        wanted = {row["id"]: row for row in _pulled(conn, asked)}
    doubted = {row["id"] for row in wanted.values() if believe and row["trouble"] == DOUBTED}
    if believe and not doubted:
        typer.echo(say("nothing_to_believe", {}, language))
    made_due = [one for one, row in wanted.items() if everything and _has_account(row)]
    with write(engine) as conn:
        for connection_id in {*made_due, *doubted}:
            make_due(conn, connection_id, clock())
    due = step_named(settings, SYNC).due
    with read(engine) as conn:
        keys = [key for key in due(conn, clock()) if key.partition("@")[0] in wanted]
    for key in keys:
        row = wanted[key.partition("@")[0]]
        reading, name = Reading(), _named(row, language)
        follower = Follower(engine, row, name, language)
        with follower.shown() if follow else _shown(f"{name} – ", language) as told:
            step = _sync_step(settings, reading, told, believe=row["id"] in doubted)
            run_step(engine, step, clock, [key], beat_as=BY_HAND)
        if follow and row["id"] not in reading.saved:
            follow_others(follower, key, clock)
        _print_read(row, reading, language)
        if follow:
            print_streams(engine, row, name, language)
    with read(engine) as conn:
        troubled = [row for row in _pulled(conn, asked) if row["trouble"]]
    for row in troubled:
        why = say(row["trouble"], row["trouble_params"] or {}, language)
        typer.secho(_of(_named(row, language), why, language), fg="red")
    if not keys:
        typer.echo(say("nothing_due_to_read" if wanted else "no_source_to_read", {}, language))
    return not troubled


def _pulled(conn: Connection, asked: str | None) -> list[Row]:
    """List the connections that Seuil reads by itself, of one company or of all."""
    c = connection.c
    query = (
        select(connection, company.c.name).join(company, company.c.id == c.company_id).order_by(company.c.name, c.id)
    )
    query = query.where(c.provider.in_(list(providers())))
    if asked:
        query = query.where(c.company_id == company_called(conn, asked)["id"])
    return [dict(row) for row in conn.execute(query).mappings()]


def _has_account(row: Row) -> bool:
    provider = provider_of(str(row["provider"]))
    return provider is not None and is_connected(provider, row)


def _named(row: Row, language: str) -> str:
    return f"{row['name']} – {provider_title(str(row['provider']), language)}"


def _of(what: str, said: str, language: str) -> str:
    return say("said_of", {"what": what, "said": said}, language)


class _Streams:
    """Counts rows a stream, a line each on the terminal."""

    def __init__(self, progress: Progress, prefix: str, language: str) -> None:
        self._progress, self._prefix, self._language = progress, prefix, language
        self._rows: dict[Stream, int] = {}
        self._tasks: dict[Stream, Any] = {}

    def __call__(self, stream: Stream, saved: Saved) -> None:
        """Show a page coming in."""
        self._rows[stream] = self._rows.get(stream, 0) + saved.new + saved.changed + saved.unchanged
        if stream not in self._tasks:
            self._tasks[stream] = self._progress.add_task("")
        text = say("stream_rows", {"stream": stream.value, "rows": self._rows[stream]}, self._language)
        self._progress.update(self._tasks[stream], description=self._prefix + text)


@contextmanager
def _shown(prefix: str, language: str) -> Iterator[_Streams]:
    columns = (TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _Streams(progress, prefix, language)


def _sync_step(settings: Settings, reading: Reading, told: Told, *, believe: bool = False) -> Step:
    """Give the schedule's step, telling what comes in."""
    every = timedelta(hours=settings.read_hours)

    def do(engine: Engine, key: str, clock: Clock, still_here: Beat) -> None:
        def page(stream: Stream, saved: Saved) -> None:
            still_here()
            told(stream, saved)

        connection_id = key.partition("@")[0]
        reading.saved[connection_id] = None
        connect = connecting(engine, settings)
        reading.saved[connection_id] = sync_connection(
            engine, connection_id, clock, every=every, told=page, connect=connect, believe=believe
        )

    return replace(step_named(settings, SYNC), do=do)


def _print_read(row: Row, reading: Reading, language: str) -> None:
    if row["id"] not in reading.saved:
        typer.echo(_of(_named(row, language), say("read_elsewhere", {}, language), language))
        return
    saved = reading.saved[row["id"]]
    if saved is not None:
        counts = {"new": saved.new, "changed": saved.changed, "unchanged": saved.unchanged, "refused": saved.refused}
        typer.echo(_of(_named(row, language), say("rows_done", counts, language), language))


# Assessing


def assess_due(
    engine: Engine, settings: Settings, clock: Clock, asked: str | None, *, as_json: bool, language: str
) -> bool:
    """Assess the companies whose answer is due and print each; say whether none failed."""
    step = step_named(settings, ASSESS)
    with read(engine) as conn:
        only = company_called(conn, asked)["id"] if asked else None
        keys = [key for key in step.due(conn, clock()) if only in {None, key.partition("@")[0]}]
        names = {row["id"]: str(row["name"]) for row in companies(conn)}
    fine = True
    for key in keys:
        company_id = key.partition("@")[0]
        done = run_step(engine, step, clock, [key], beat_as=BY_HAND)
        with read(engine) as conn:
            served, trouble = latest(conn, company_id), _trouble(conn, step.name, key)
        if done and served is not None:
            _print_served(served.body, served.content, as_json=as_json, language=language)
        elif trouble:
            fine = False
            params = {"company": names[company_id], "error": trouble}
            typer.secho(say("assess_failed", params, language), err=True, fg="red")
    if not keys and not as_json:
        typer.echo(say("nothing_due_to_assess", {}, language))
    return fine


def _trouble(conn: Connection, task: str, key: str) -> str | None:
    j = job_run.c
    return conn.execute(select(j.trouble).where(j.task == task, j.period_key == key)).scalar()


def _print_served(body: str, content: dict[str, Any], *, as_json: bool, language: str) -> None:
    if as_json:
        typer.echo(body)
    else:
        print_answer(content, language)


# Looking after it


def print_checks(settings: Settings, now: datetime, language: str) -> bool:
    """Print a line a check, and say whether none is bad."""
    fine = True
    for check in examine(settings, now):
        mark, colour = MARKS[check.state]
        typer.secho(f"{mark} {say_check(check, language)}", fg=colour)
        fine = fine and check.state is not State.BAD
    return fine


def say_check(check: Check, language: str) -> str:
    """Say how a check came out, in a line."""
    params: dict[str, Any] = dict(check.params)
    if "provider" in params:
        params["provider"] = label("provider", str(params["provider"]), language)
    if "task" in params:
        params["task"] = label("task", str(params["task"]), language)
    if check.why is not None:
        params["why"] = say(*check.why, language)
    return _of(label("check", check.name, language), say(check.code, params, language), language)
