"""What keeps Seuil from doing its work, found from outside: one check a question, each with what to do about it.

Nothing is made, migrated or changed: a database that is not there is reported, not created.
"""

import shutil
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from app.alive import is_failing, last_beat, stopped_since
from app.clock import local_day
from app.db import open_database, read, write
from app.errors import SeuilError
from app.jobs import beat
from app.metrics import connection_state, connections_seen
from app.migrate import is_current
from app.models.answers import assessment
from app.models.core import company, connection
from app.models.watch import job_run, letter, recipient
from app.outcomes import failed_counts
from app.settings import Settings
from app.silence import silences
from app.vault import Vault

LITTLE_ROOM_MB = 500
SMTP_TIMEOUT_S = 5.0
WAITED_LONG = timedelta(hours=1)
REFUSED_LATELY = timedelta(days=14)


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    LOOK = "look"  # it works, but somebody should know
    BAD = "bad"


Params = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it came out, and the sentence; `why` is a code of its own that fills `{why}`."""

    name: str
    state: State
    code: str
    params: Params = field(default_factory=dict)
    why: tuple[str, Mapping[str, Any]] | None = None


def examine(settings: Settings, now: datetime) -> Iterator[Check]:
    """Check everything; without a database that answers, only what needs none."""
    is_served = server_runs(settings)
    yield from _in_database(settings, now, is_served=is_served)
    yield check_mail_server(settings)
    yield from check_address(settings)
    yield check_room(settings)


def _in_database(settings: Settings, now: datetime, *, is_served: bool | None) -> Iterator[Check]:
    path = settings.sqlite_path
    if path is not None and not path.is_file():
        yield Check("database", State.BAD, "doctor_no_database", {"path": str(path)})
        return
    engine = open_database(settings.database_url)
    try:
        answers = check_database(engine)
        yield answers
        if answers.state is State.BAD:
            return
        yield check_writable(engine, now)
        if is_served is not None:
            yield check_process(is_served=is_served)
        with read(engine) as conn:
            yield check_ticks(conn, now)
            yield from check_connections(conn, now)
            yield from check_doors(conn, now)
            yield from check_answers(conn, now)
            yield from check_jobs(conn, now)
            yield check_secrets(conn, settings)
            yield from check_letters(conn, now)
    finally:
        engine.dispose()


def server_runs(settings: Settings) -> bool | None:
    """Say whether a server holds the embedded database; None on PostgreSQL, where any number may."""
    path = settings.sqlite_path
    if path is None:
        return None
    lock = path.with_suffix(path.suffix + ".lock")
    if not lock.exists():
        return False
    try:
        with FileLock(lock).acquire(timeout=0):
            return False
    except (Timeout, OSError):
        return True


def check_database(engine: Engine) -> Check:
    """Ask whether the database answers and is of our schema."""
    try:
        if not is_current(engine):
            return Check("database", State.BAD, "doctor_schema_old")
    except (SQLAlchemyError, OSError) as error:
        why = str(getattr(error, "orig", None) or error)
        return Check("database", State.BAD, "doctor_database_silent", {"detail": _one_line(why)})
    return Check("database", State.OK, "doctor_database_answers", {"kind": engine.dialect.name})


def check_writable(engine: Engine, now: datetime) -> Check:
    """Ask whether it can be written to: a row is written and taken back."""
    try:
        with write(engine) as conn:
            beat(conn, now, "doctor")
            conn.rollback()
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error)
        return Check("writing", State.BAD, "doctor_not_writable", {"detail": _one_line(why)})
    return Check("writing", State.OK, "doctor_writable")


def check_process(*, is_served: bool) -> Check:
    """Say whether a server runs on the embedded database."""
    return Check("server", State.OK, "doctor_served") if is_served else Check("server", State.LOOK, "doctor_not_served")


def check_ticks(conn: Connection, now: datetime) -> Check:
    """Ask whether the watch is awake."""
    seen = last_beat(conn)
    if seen is None:
        return Check("ticks", State.LOOK, "doctor_never_ticked")
    minutes = {"minutes": int((now - seen).total_seconds() // 60)}
    if stopped_since(conn, now) is not None:
        return Check("ticks", State.BAD, "doctor_ticks_stopped", minutes)
    return Check("ticks", State.OK, "doctor_ticks", minutes)


def check_connections(conn: Connection, now: datetime) -> Iterator[Check]:
    """List the sources in trouble or silent; one line says that all is well."""
    total = fine = 0
    for row in conn.execute(connections_seen()):
        total += 1
        state = connection_state(row.kind, row.trouble, row.due_at, row.seen_at, now)
        said = {"company": row.name, "provider": row.provider}
        if state in {"troubled", "stopped"}:
            yield Check("sources", State.BAD, "doctor_source_trouble", said, (row.trouble, row.trouble_params or {}))
        elif state == "late":
            yield Check("sources", State.LOOK, "doctor_source_late", {**said, "days": (now - row.seen_at).days})
        else:
            fine += 1
    if total == 0:
        yield Check("sources", State.LOOK, "doctor_no_sources")
    elif fine == total:
        yield Check("sources", State.OK, "doctor_sources_read", {"n": total})


def check_doors(conn: Connection, now: datetime) -> Iterator[Check]:
    """List the webhooks that failed, and the doors that fell silent."""
    failed = failed_counts(conn)
    silent = {key.partition("@")[0] for key in silences(conn, now)}
    c = connection.c
    asked = select(c.id, c.provider, c.zone, c.silent_from, company.c.name).join(company, company.c.id == c.company_id)
    for row in conn.execute(asked.where(c.id.in_([*failed, *silent])).order_by(company.c.name, c.id)):
        said = {"company": row.name, "provider": row.provider}
        if row.id in failed:
            yield Check("doors", State.BAD, "doctor_knocks_failed", {**said, "n": failed[row.id]})
        if row.id in silent:
            day = local_day(row.silent_from, row.zone).isoformat()
            yield Check("doors", State.LOOK, "doctor_door_silent", {**said, "day": day})
    if not failed and not silent:
        yield Check("doors", State.OK, "doctor_doors")


def check_answers(conn: Connection, now: datetime) -> Iterator[Check]:
    """List the companies without an answer of today; yesterday's is bad only once a day went by without any."""
    c, a = company.c, assessment.c
    mine = (a.company_id == c.id) & (a.process == "all")
    newest = func.max(a.as_of).label("as_of")
    rows = conn.execute(
        select(c.name, c.zone, newest).select_from(company.outerjoin(assessment, mine)).group_by(c.id, c.name, c.zone)
    ).all()
    behind = [(row, (local_day(now, row.zone) - row.as_of).days if row.as_of else None) for row in rows]
    for row, days in behind:
        if days is None:
            yield Check("answers", State.LOOK, "doctor_never_assessed", {"company": row.name})
        elif days > 0:
            state = State.LOOK if days == 1 else State.BAD
            yield Check("answers", state, "doctor_answer_old", {"company": row.name, "days": days})
    if not rows:
        yield Check("answers", State.LOOK, "doctor_no_company")
    elif all(days is not None and days <= 0 for _, days in behind):
        yield Check("answers", State.OK, "doctor_answers", {"n": len(rows)})


def check_jobs(conn: Connection, now: datetime) -> Iterator[Check]:
    """List the work that failed and is tried again."""
    j = job_run.c
    failing = select(j.task, j.trouble, func.count().label("n")).where(is_failing(now)).group_by(j.task, j.trouble)
    rows = conn.execute(failing.order_by(j.task, j.trouble)).all()
    for row in rows:
        yield Check("work", State.BAD, "doctor_work_fails", {"task": row.task, "n": row.n, "error": row.trouble})
    if not rows:
        yield Check("work", State.OK, "doctor_work")


def check_secrets(conn: Connection, settings: Settings) -> Check:
    """Ask whether the key can be read and opens every sealed secret."""
    c = connection.c
    rows = conn.execute(select(c.sealed_secret, c.sealed_credentials))
    sealed = [one for row in rows for one in row if one]
    path, given = settings.key_file, settings.secret_key
    if given is None and not path.exists():
        if sealed:
            return Check("key", State.BAD, "doctor_key_missing", {"path": str(path), "n": len(sealed)})
        return Check("key", State.OK, "doctor_no_key_yet", {"path": str(path)})
    try:
        vault = Vault(given.get_secret_value() if given else path.read_text(encoding="ascii"))
    except (SeuilError, OSError, UnicodeError):
        return Check("key", State.BAD, "doctor_key_unreadable", {"path": "SEUIL_SECRET_KEY" if given else str(path)})
    lost = sum(not _opens(vault, one) for one in sealed)
    if lost:
        return Check("key", State.BAD, "doctor_secrets_lost", {"n": lost, "total": len(sealed)})
    if given is None and path.stat().st_mode & 0o077:
        return Check("key", State.LOOK, "doctor_key_open", {"path": str(path)})
    return Check("key", State.OK, "doctor_key", {"n": len(sealed)})


def _opens(vault: Vault, sealed: str) -> bool:
    try:
        vault.open(sealed)
    except SeuilError:
        return False
    return True


def check_letters(conn: Connection, now: datetime) -> Iterator[Check]:
    """Ask whether letters wait for long or were refused lately."""
    x = letter.c
    waits = select(func.count(), func.min(x.created_at)).where(x.state.in_(("waiting", "sending")))
    waiting, oldest = conn.execute(waits).one()
    recent = select(func.count()).where(x.state == "refused", x.created_at > now - REFUSED_LATELY)
    refused = conn.execute(recent).scalar_one()
    bounced = conn.execute(select(func.count()).where(recipient.c.bounced_at.is_not(None))).scalar_one()
    if bounced:
        yield Check("letters", State.BAD, "doctor_addresses_bounced", {"n": bounced})
    if refused:
        yield Check("letters", State.BAD, "doctor_letters_refused", {"n": refused})
    if waiting and now - oldest > WAITED_LONG:
        hours = int((now - oldest).total_seconds() // 3600)
        yield Check("letters", State.LOOK, "doctor_letters_wait", {"n": waiting, "hours": hours})
    elif not refused and not bounced:
        yield Check("letters", State.OK, "doctor_letters", {"n": waiting})


def check_mail_server(settings: Settings) -> Check:
    """Ask the mail server, if there is one, whether it lets us in."""
    if not settings.smtp_host:
        return Check("mail", State.LOOK, "doctor_no_mail_server")
    place: dict[str, str | int] = {"host": settings.smtp_host, "port": settings.smtp_port}
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    try:
        _greet(settings, password)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        detail = _one_line(str(error) or type(error).__name__)
        detail = detail.replace(password, "…") if password else detail
        return Check("mail", State.BAD, "doctor_mail_fails", {**place, "detail": detail})
    return Check("mail", State.OK, "doctor_mail", place)


def _greet(settings: Settings, password: str) -> None:
    host, port, tls = settings.smtp_host or "", settings.smtp_port, ssl.create_default_context()
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SMTP_TIMEOUT_S, context=tls)
    else:
        server = smtplib.SMTP(host, port, timeout=SMTP_TIMEOUT_S)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=tls)
        if settings.smtp_user:
            server.login(settings.smtp_user, password)
        code, text = server.noop()
        if code >= 400:  # noqa: PLR2004 - SMTP's replies of refusal
            raise smtplib.SMTPResponseException(code, text)


def check_address(settings: Settings) -> Iterator[Check]:
    """Ask whether the links in letters lead somewhere."""
    if not settings.smtp_host and not settings.public_url:
        return
    if not settings.public_url:
        yield Check("address", State.BAD, "doctor_no_public_url", {"address": settings.base_url})
    elif not settings.public_url.startswith("https://"):
        yield Check("address", State.LOOK, "doctor_not_https", {"address": settings.base_url})
    else:
        yield Check("address", State.OK, "doctor_public_url", {"address": settings.base_url})


def check_room(settings: Settings) -> Check:
    """Ask how much room the disk of the data folder has."""
    folder = (settings.sqlite_path or settings.key_file).parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free_mb = shutil.disk_usage(folder).free // 2**20
    state, code = (State.OK, "doctor_room") if free_mb >= LITTLE_ROOM_MB else (State.LOOK, "doctor_little_room")
    return Check("room", state, code, {"mb": free_mb, "path": str(folder.absolute())})


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
