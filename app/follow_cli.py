"""Watching sources being read at a terminal: by this process page by page, or by another from its bookmarks."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from sqlalchemy import Connection, Engine, select

from app.db import read
from app.intake import Saved
from app.jobs import Clock
from app.language import Formats
from app.models.watch import job_run
from app.progress import console
from app.reached import StreamReached, place_text, streams_reached
from app.site import moment_text
from app.sources import SYNC, find_connection
from app.wording import label, say
from connectors.records import Stream

Row = Mapping[str, Any]
LOOKED_EVERY_S = 2.0
LINE_EVERY_S = 10.0


@dataclass(slots=True)
class Follower:
    """Tells of each page that is saved; without a terminal, of a stream's beginning, and then now and then."""

    engine: Engine
    row: Row
    name: str
    language: str
    seconds: Callable[[], float] = time.monotonic
    _last: dict[Stream, float] = field(default_factory=dict)
    _live: Live | None = None

    def __call__(self, stream: Stream, saved: Saved) -> None:
        """Show a page coming in."""
        del saved  # the bookmark counts all that ever came
        now = self.seconds()
        if self._live is not None:
            self._live.update(streams_table(self.engine, self.row, self.name, self.language))
        elif now - self._last.get(stream, now - LINE_EVERY_S) >= LINE_EVERY_S:
            self._last[stream] = now
            with read(self.engine) as conn:
                reached = {one.stream: one for one in streams_reached(conn, str(self.row["id"]))}
            if stream in reached:
                typer.echo(f"{self.name} – {_line(reached[stream], self.language)}")

    @contextmanager
    def shown(self) -> Iterator["Follower"]:
        """Keep a table on the terminal, and leave it there at the end."""
        if not console.is_terminal:
            yield self
            return
        with Live(console=console, transient=True, auto_refresh=False) as live:
            self._live = live
            yield self
        self._live = None


def follow_others(follower: Follower, key: str, clock: Clock, *, wait: Callable[[float], None] = time.sleep) -> None:
    """Watch a reading that another process does, until it ends."""
    seen: list[StreamReached] = []
    with follower.shown():
        while True:
            with read(follower.engine) as conn:
                goes_on = _goes_on(conn, key, clock)
                now = streams_reached(conn, str(follower.row["id"]))
            for one in now:
                if one not in seen:
                    follower(Stream(one.stream), Saved())
            seen = now
            if not goes_on:
                return
            wait(LOOKED_EVERY_S)


def _goes_on(conn: Connection, key: str, clock: Clock) -> bool:
    j = job_run.c
    row = conn.execute(select(job_run).where(j.task == SYNC, j.period_key == key)).mappings().first()
    return row is not None and row["finished_at"] is None and not row["trouble"] and row["leased_until"] > clock()


def _line(one: StreamReached, language: str) -> str:
    stream, place = label("stream", one.stream, language), place_text(one.place, language)
    return say("stream_reached", {"what": stream, "rows": one.rows, "place": place}, language)


def print_streams(engine: Engine, row: Row, name: str, language: str) -> None:
    """Print how far each stream of a connection has come."""
    Console().print(streams_table(engine, row, name, language))


def streams_table(engine: Engine, row: Row, name: str, language: str) -> Table:
    """Make the table of a connection: its streams, when it is read next, and what is wrong with it."""
    with read(engine) as conn:
        now = find_connection(conn, str(row["id"]))
        streams = streams_reached(conn, str(row["id"]))
    formats, zone = Formats(language), str(now["zone"])
    table = Table(title=name, title_justify="left", caption=_caption(now, language), caption_justify="left")
    for column in ("stream", "rows", "read_up_to", "last_page", "set_aside"):
        table.add_column(label("column", column, language), justify="right" if column in _RIGHT else "left")
    for one in streams:
        place, came = place_text(one.place, language), moment_text(one.read_at, zone, language)
        counts = formats.number(one.rows, 0), formats.number(one.refused, 0)
        table.add_row(label("stream", one.stream, language), counts[0], place, came, counts[1])
    return table


_RIGHT = frozenset({"rows", "set_aside"})


def _caption(row: Row, language: str) -> str:
    due = row["due_at"]
    when = moment_text(due, str(row["zone"]), language) if due else label("when", "never", language)
    said = [say("next_reading", {"when": when}, language)]
    if row["trouble"]:
        said.append(say(str(row["trouble"]), row["trouble_params"] or {}, language))
    return "\n".join(said)
