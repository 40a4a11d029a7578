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
from app.db import write
from app.delivery_reports import LARGEST_MAIL
from app.errors import BadInput
from app.wording import say

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
