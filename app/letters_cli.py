"""Letters by hand: write and send what is due, look at one before anybody gets it, and say who reads."""

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Connection, Engine, select

from app.clock import local_day
from app.companies import companies, company_called
from app.db import read, write
from app.digest import preview_content
from app.errors import BadInput, NotFound, Refused
from app.jobs import BY_HAND, Clock, run_step
from app.language import LANGUAGES
from app.models.watch import letter, recipient
from app.outbox import trouble_text
from app.preferences import Hours, Wanted, preferences, set_hours, set_wanted
from app.preview import write_preview
from app.recipients import Recipient, add_recipient, find_recipient, recipients, remove_recipient
from app.settings import Settings
from app.watch_cli import step_named
from app.wording import label, say

Row = Mapping[str, Any]

DIGEST, SEND = "digest", "send"


def company_meant(conn: Connection, asked: str | None) -> Row:
    """Give the company asked for, else the only real one, else the only one."""
    if asked:
        return company_called(conn, asked)
    every = companies(conn)
    for some in ([row for row in every if not row["is_demo"]], every):
        if len(some) == 1:
            return some[0]
    raise Refused("which_company")


def send_letters(engine: Engine, settings: Settings, clock: Clock, language: str) -> bool:
    """Write the letters that are due and send those that wait; say whether the mail server took all it was given."""
    before = _letters(engine)
    for name in (DIGEST, SEND):
        step = step_named(settings, name)
        with read(engine) as conn:
            keys = step.due(conn, clock())
        for key in keys:
            run_step(engine, step, clock, [key], beat_as=BY_HAND)
    after = _letters(engine)
    moved = [row for row in after.values() if before.get(row["id"], {}).get("state") != row["state"]]
    waiting = [row for row in after.values() if row["state"] in {"waiting", "sending"}]
    refused = [row for row in moved if row["state"] == "refused"]
    counts = {
        "written": len(after.keys() - before.keys()),
        "sent": sum(row["state"] == "sent" for row in moved),
        "waiting": len(waiting),
        "refused": len(refused),
    }
    typer.echo(say("letters_done", counts, language))
    if waiting and not settings.smtp_host:
        typer.echo("  " + say("letters_need_server", {}, language))
    for row in moved:
        if row["state"] == "held":
            typer.secho("  " + say("letter_held", {"email": row["email"]}, language), fg="yellow")
    in_trouble = [row for row in waiting if row["trouble"] and settings.smtp_host]
    for row in refused + in_trouble:
        typer.secho("  " + _letter_line(row, language), fg="red" if row["state"] == "refused" else "yellow")
    return not refused and not in_trouble


def _letters(engine: Engine) -> dict[str, Row]:
    """Give the letters that are not done for good, and the state of the others."""
    x = letter.c
    query = select(x.id, x.state, x.trouble, x.next_try_at, recipient.c.email).join(
        recipient, recipient.c.id == x.recipient_id
    )
    with read(engine) as conn:
        return {row["id"]: dict(row) for row in conn.execute(query.order_by(x.created_at, x.id)).mappings()}


def _letter_line(row: Row, language: str) -> str:
    why = trouble_text(row["trouble"], language)
    if row["state"] == "refused":
        return say("said_of", {"what": row["email"], "said": why}, language)
    again = {"email": row["email"], "why": why, "at": f"{row['next_try_at']:%Y-%m-%d %H:%M} UTC"}
    return say("letter_tried_again", again, language)


def preview_letter(
    engine: Engine, settings: Settings, file: Path, asked: str | None, now: datetime, *, spoken: str, language: str
) -> None:
    """Write to a file what a company's letter would say now, in a language; `spoken` is that of the terminal."""
    if language not in LANGUAGES:
        raise BadInput("bad_language", {"language": language, "languages": ", ".join(LANGUAGES)})
    with read(engine) as conn:
        row = company_meant(conn, asked)
        content = preview_content(conn, str(row["id"]), language, str(row["zone"]), now)
    write_preview(
        content,
        file,
        to=settings.owner_email,
        sender=settings.mail_from,
        message_id="<preview@seuil.invalid>",
        base_url=settings.base_url,
        unsubscribe_url=f"{settings.base_url}/unsubscribe/preview",
        sent_on=now,
    )
    typer.echo(say("preview_written", {"company": row["name"], "path": str(file)}, spoken))


def add_reader(
    engine: Engine, email: str, asked: str | None, now: datetime, *, spoken: str, language: str, zone: str | None
) -> None:
    """Have somebody read about a company."""
    with write(engine) as conn:
        row = company_meant(conn, asked)
        add_recipient(conn, str(row["id"]), email, language, zone or str(row["zone"]), now)
    typer.echo(say("recipient_added", {"email": email.strip(), "company": row["name"]}, spoken))


def print_readers(engine: Engine, asked: str | None, spoken: str) -> None:
    """List who reads about a company, or about each."""
    with read(engine) as conn:
        rows = [company_called(conn, asked)] if asked else companies(conn)
        listed = [(row, one) for row in rows for one in recipients(conn, str(row["id"]))]
    for row, one in listed:
        left = f"  [{say('recipient_left', {}, spoken)}]" if one.unsubscribed_at else ""
        typer.echo(f"{row['name']}  {one.email}  {one.language}  {one.zone}{left}")
        if one.bounced_at:
            typer.secho("    " + bounced_text(one, spoken), fg="red")
    if not listed:
        typer.echo(say("no_recipients", {}, spoken))


def bounced_text(one: Recipient, language: str) -> str:
    """Say since when an address gets no letters, why, and what to do."""
    assert one.bounced_at is not None  # noqa: S101 - only those are asked about
    day = local_day(one.bounced_at, one.zone).isoformat()
    params = {"day": day, "why": trouble_text(one.bounced_because, language), "email": one.email}
    return say("recipient_bounced_since", params, language)


def remove_reader(engine: Engine, email: str, asked: str | None, spoken: str) -> None:
    """End somebody's reading about a company, or about all."""
    wanted, ended = email.strip().casefold(), []
    with write(engine) as conn:
        for row in [company_called(conn, asked)] if asked else companies(conn):
            for one in recipients(conn, str(row["id"])):
                if one.email.casefold() == wanted:
                    remove_recipient(conn, str(row["id"]), one.id)
                    ended.append(str(row["name"]))
    if not ended:
        raise NotFound("not_a_recipient", {"email": email})
    for name in ended:
        typer.echo(say("recipient_removed", {"email": email.strip(), "company": name}, spoken))


def set_reader(
    engine: Engine, email: str, asked: str | None, spoken: str, wanted: Mapping[str, Any], hours: Mapping[str, Any]
) -> None:
    """Keep what somebody wants to be told, of a company or of all they read about; what is not given stays."""
    named = email.strip().casefold()
    with write(engine) as conn:
        rows = [company_called(conn, asked)] if asked else companies(conn)
        found = {
            one.id: one for row in rows for one in recipients(conn, str(row["id"])) if one.email.casefold() == named
        }
        if not found:
            raise NotFound("not_a_recipient", {"email": email})
        (one,) = found.values()
        meant = {str(row["id"]) for row in rows}
        for row in preferences(conn, one.id):
            if row["company_id"] in meant:
                set_wanted(conn, one.id, [row["company_id"]], _merged(row, wanted))
        given = {name: value for name, value in hours.items() if value is not None}
        kept = {name: getattr(one, name) for name in ("quiet_from", "quiet_until", "quiet_days", "place")}
        set_hours(conn, one.id, Hours(**kept | given))
    print_wants(engine, one.id, meant, spoken)


def _merged(row: Row, wanted: Mapping[str, Any]) -> Wanted:
    given = {name: value for name, value in wanted.items() if value is not None}
    kept = {name: row[name] for name in ("letters", "at_once", "signals", "escalations")}
    return Wanted(**kept | given)


def print_wants(engine: Engine, recipient_id: str, company_ids: Collection[str], spoken: str) -> None:
    """Say what somebody is told of some companies."""
    with read(engine) as conn:
        one = find_recipient(conn, recipient_id)
        rows = [row for row in preferences(conn, recipient_id) if row["company_id"] in company_ids]
    for row in rows:
        said = {
            "email": one.email,
            "letters": label("letters_wanted", row["letters"], spoken),
            "at_once": label("at_once_wanted", row["at_once"], spoken),
            "quiet_from": one.quiet_from,
            "quiet_until": one.quiet_until,
        }
        typer.echo(f"{row['name']}  " + say("recipient_wants", said, spoken))
