"""Mails that came back, and what was not delivered, at a terminal."""

import mailbox
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import typer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.bounces import Outcome, bounced_named, take_mail, vouch
from app.clock import local_day, utc_now
from app.companies import company_called
from app.db import read, write
from app.deliveries import Asked, Delivery, State, again, again_all, bounced_readers, deliveries, what_text, why_text
from app.delivery_reports import LARGEST_MAIL
from app.errors import BadInput
from app.outbox import trouble_text as letter_trouble
from app.settings import Settings
from app.site import moment_text
from app.wording import label, say

ALL = "all"
TRY_LATER = 75  # EX_TEMPFAIL: a mail server that pipes a mail to us keeps it and comes again
COLOURS = {Outcome.BOUNCED: "red", Outcome.RETURNED: "yellow", Outcome.NOTED: "yellow", Outcome.IGNORED: None}


def take_piped(opened: Callable[[], Engine], now: datetime, language: str) -> None:
    """Read one mail from a pipe; whatever it is, a mail server is told that it was taken, or to come again later."""
    raw = sys.stdin.buffer.read(LARGEST_MAIL + 1)
    try:
        _take(opened(), raw, now, language)
    except SQLAlchemyError as error:
        raise typer.Exit(TRY_LATER) from error


def take_files(engine: Engine, path: Path, now: datetime, language: str) -> None:
    """Read every mail of a file, an mbox or a Maildir, and say what each did; none is moved or changed."""
    counts: Counter[Outcome] = Counter()
    for raw in _mails(path):
        counts[_take(engine, raw, now, language)] += 1
    if not counts:
        raise BadInput("bounces_none", {"path": str(path)})
    if counts.total() > 1:
        figures = {outcome.value: counts[outcome] for outcome in Outcome}
        typer.echo(say("bounces_read", {"n": counts.total(), **figures}, language))


def _take(engine: Engine, raw: bytes, now: datetime, language: str) -> Outcome:
    with write(engine) as conn:
        taken = take_mail(conn, raw, now)
    typer.secho(say(taken.code, taken.params, language), fg=COLOURS[taken.outcome])
    return taken.outcome


def _mails(path: Path) -> Iterator[bytes]:
    if path.is_dir() and (path / "cur").is_dir():
        folder: mailbox.Mailbox[mailbox.MaildirMessage] | mailbox.mbox = mailbox.Maildir(path, create=False)
    elif path.is_file():
        with path.open("rb") as file:
            if file.read(5) != b"From ":
                file.seek(0)
                yield file.read(LARGEST_MAIL + 1)
                return
        folder = mailbox.mbox(path, create=False)
    else:
        raise BadInput("file_missing", {"path": str(path)})
    with closing(folder):
        for key in folder.keys():  # noqa: SIM118 - a mailbox is no mapping: it goes through its mails
            yield folder.get_bytes(key)


def vouch_for(engine: Engine, email: str, now: datetime, language: str) -> None:
    """Take somebody's word that an address is good again."""
    with write(engine) as conn:
        n = vouch(conn, bounced_named(conn, email), now)
    typer.echo(say("recipient_vouched", {"email": email.strip(), "n": n}, language))


def print_deliveries(engine: Engine, asked: str | None, state: str | None, settings: Settings, language: str) -> None:
    """List what was not delivered, newest first, and the addresses that bounced."""
    wanted, now = _state(state), utc_now()
    with read(engine) as conn:
        company_id = str(company_called(conn, asked)["id"]) if asked else None
        rows = deliveries(conn, Asked(wanted, company_id), now)
        bounced = bounced_readers(conn, Asked(None, company_id).companies)
    for reader in bounced:
        day = local_day(reader["bounced_at"], settings.zone).isoformat()
        params = {"day": day, "why": letter_trouble(reader["bounced_because"], language), "email": reader["email"]}
        typer.secho(f"{reader['email']}  {say('recipient_bounced_since', params, language)}", fg="red")
    for one in rows:
        for line in _lines(one, settings.zone, language):
            typer.echo(line)
    if not rows and not bounced:
        typer.echo(say("deliveries_none", {}, language))


def try_deliveries(
    engine: Engine, which: str, asked: str | None, state: str | None, now: datetime, language: str
) -> None:
    """Have one tried again, or `all`: of a state, of a company."""
    wanted, n = _state(state), 1
    with write(engine) as conn:
        company_id = str(company_called(conn, asked)["id"]) if asked else None
        if which == ALL:
            n = again_all(conn, Asked(wanted, company_id), now)
        else:
            again(conn, which, now)
    typer.echo(say("deliveries_again", {"n": n}, language))


def _state(text: str | None) -> State | None:
    try:
        return State(text) if text else None
    except ValueError as error:
        raise BadInput("no_such_delivery_state", {"value": str(text), "known": ", ".join(State)}) from error


def _lines(one: Delivery, zone: str, language: str) -> Iterator[str]:
    """Say one in two lines: which and to whom; why, and when it was tried."""
    state = label("delivery_state", one.state, language)
    yield f"{one.id}  {state}  {what_text(one, language)}  →  {one.to}"
    tried = f"  {moment_text(one.tried_at, zone, language)}" if one.tried_at else ""
    yield f"    {why_text(one, language)}{tried}"
