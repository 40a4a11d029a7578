"""Channels at a terminal."""

from collections.abc import Mapping
from typing import Any

import typer
from sqlalchemy import Connection, Engine

from app.channels import Asked, add_channel, channels, find_channel, remove_channel
from app.clock import utc_now
from app.db import read, write
from app.errors import NotFound, Refused
from app.imports_cli import company_for
from app.notices import notices_of, sender, trouble_text, try_channel
from app.senders import NotTold
from app.settings import Settings
from app.vault import open_vault
from app.wording import label, say

Row = Mapping[str, Any]


def add(engine: Engine, settings: Settings, asked: str | None, wanted: Asked, language: str) -> None:
    """Keep a channel, and show a webhook's secret this once."""
    with write(engine) as conn:
        company = company_for(conn, asked)
        channel_id, secret = add_channel(
            conn,
            str(company["id"]),
            wanted,
            utc_now(),
            vault=lambda: open_vault(settings),
            private_hosts=settings.private_host_names,
        )
        row = find_channel(conn, str(company["id"]), channel_id)
    typer.echo(say("channel_added", {"company": company["name"], "label": row["label"]}, language))
    if secret:
        typer.echo(say("channel_secret", {"secret": secret}, language))


def print_channels(engine: Engine, asked: str | None, language: str) -> None:
    """List a company's channels, and what was told last."""
    with read(engine) as conn:
        company = company_for(conn, asked)
        listed, told = channels(conn, str(company["id"])), notices_of(conn, str(company["id"]))
    if not listed:
        typer.echo(say("no_channels", {}, language))
    for row in listed:
        off = f" ({say('channel_off', {}, language)})" if row["off_at"] else ""
        typer.echo(f"{row['id']}  {row['label']}  {label('channel', row['kind'], language)}{off}")
    for one in told:
        state = label("notice_state", one["state"], language)
        typer.echo(f"  {one['created_at']:%Y-%m-%d %H:%M} UTC  {one['label']}  {state}  {_why(one, language)}".rstrip())


def _why(one: Row, language: str) -> str:
    return trouble_text(one["trouble"], language) if one["state"] != "sent" else ""


def test(engine: Engine, settings: Settings, asked: str | None, name: str, language: str) -> None:
    """Try a channel now."""
    with read(engine) as conn:
        row = _named(conn, asked, name)
    send = sender(lambda: open_vault(settings), base_url=settings.base_url, private_hosts=settings.private_host_names)
    try:
        try_channel(row, send, settings.owner_email, utc_now())
    except NotTold as error:
        raise Refused(error.code, {"detail": error.detail}) from error
    typer.echo(say("channel_tried", {"label": row["label"]}, language))


def remove(engine: Engine, asked: str | None, name: str, language: str) -> None:
    """Forget a channel."""
    with write(engine) as conn:
        row = _named(conn, asked, name)
        remove_channel(conn, str(row["company_id"]), str(row["id"]))
    typer.echo(say("channel_removed", {"label": row["label"]}, language))


def _named(conn: Connection, asked: str | None, name: str) -> Row:
    company = company_for(conn, asked)
    for row in channels(conn, str(company["id"])):
        if name in (row["id"], row["label"]):
            return find_channel(conn, str(company["id"]), str(row["id"]))
    raise NotFound("no_such_channel")
