"""Webhooks at a terminal: what became of them, and having them tried again."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from sqlalchemy import Connection, Engine, select

from app.companies import company_called
from app.connecting import provider_title
from app.db import hold, read, write
from app.errors import BadInput, NotFound
from app.models.core import company, connection
from app.models.watch import knock
from app.outcomes import Asked, Row, State, knocks_of, replay, why_text
from app.progress import console
from app.site import moment_text
from app.wording import label, say


def list_knocks(
    engine: Engine, asked: str | None, state: str | None, span: tuple[str | None, str | None], language: str
) -> None:
    """Print the newest webhooks of each connection, of one company or of all."""
    wanted, shown = _state(state), False
    with read(engine) as conn:
        for row in _connections(conn, asked):
            rows = knocks_of(conn, str(row["id"]), _spanned(row, span, wanted))
            if rows:
                shown = True
                typer.echo(f"{row['name']} – {provider_title(str(row['provider']), language)}")
                console.print(_table(rows, str(row["zone"]), language))
    if not shown:
        typer.echo(say("no_knocks", {}, language))


def replay_knocks(
    engine: Engine,
    asked: str | None,
    number: int | None,
    span: tuple[str | None, str | None],
    now: datetime,
    language: str,
    *,
    everything: bool,
) -> None:
    """Have one webhook tried again, those that failed in a time, or all that failed."""
    if (number is not None) + any(span) + everything != 1:
        raise BadInput("which_knocks")
    with write(engine) as conn:
        rows = _connections(conn, asked)
        if number is not None:
            owner = conn.execute(select(knock.c.connection_id).where(knock.c.no == number)).scalar()
            rows = [row for row in rows if row["id"] == owner]
            if not rows:
                raise NotFound("no_such_knock", {"number": number})
        n = 0
        for row in rows:
            hold(conn, str(row["company_id"]))
            which = Asked(number) if number is not None else _spanned(row, span, State.FAILED)
            n += replay(conn, str(row["id"]), which, now)
    typer.echo(say("knocks_again" if n else "no_knocks", {"n": n}, language))


def about(row: Row, language: str) -> str:
    """Say what a webhook is about: an object, or anything."""
    if row["hint_id"] is None:
        return label("knock_about", "all", language)
    return f"{label('stream', str(row['hint_stream']), language)} {row['hint_id']}"


def _connections(conn: Connection, asked: str | None) -> list[dict[str, Any]]:
    c = connection.c
    query = select(connection, company.c.name).join(company, company.c.id == c.company_id)
    if asked:
        query = query.where(c.company_id == company_called(conn, asked)["id"])
    return [dict(row) for row in conn.execute(query.order_by(company.c.name, c.id)).mappings()]


def _state(text: str | None) -> State | None:
    try:
        return State(text) if text else None
    except ValueError as error:
        raise BadInput("no_such_knock_state", {"value": str(text), "known": ", ".join(State)}) from error


def _spanned(row: Row, span: tuple[str | None, str | None], state: State | None) -> Asked:
    """Read a time in the connection's zone; the last day belongs to it."""
    first, last = (_day(text) for text in span)
    zone = ZoneInfo(str(row["zone"]))
    begin = datetime.combine(first, time(), zone) if first else None
    end = datetime.combine(last + timedelta(days=1), time(), zone) if last else None
    return Asked(None, begin, end, state)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput("bad_day", {"value": str(text)}) from error


def _table(rows: list[Row], zone: str, language: str) -> Table:
    table = Table()
    for column in ("number", "received", "about", "state", "outcome"):
        table.add_column(label("knock_column", column, language), overflow="fold")
    for row in rows:
        state = label("knock_state", row["state"], language)
        at = moment_text(row["received_at"], zone, language)
        table.add_row(
            str(row["no"]),
            at,
            about(row, language),
            state,
            why_text(row, language),
        )
    return table
