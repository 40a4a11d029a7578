"""Starting: the database made current, the first account, what a crash left behind, and one process at a time."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from filelock import FileLock, Timeout
from sqlalchemy import Engine

from app.access import make_owner
from app.db import open_database, write
from app.demo import add_demo
from app.errors import Refused
from app.jobs import release_leases
from app.migrate import migrate
from app.settings import Settings
from app.staging import STALE_AFTER, sweep


@dataclass(frozen=True, slots=True)
class Started:
    """An open, current database; `password` is the owner's, if one was made up just now."""

    engine: Engine
    password: str | None
    is_first: bool


def only_process(settings: Settings) -> AbstractContextManager[object]:
    """Hold the right to serve an embedded database; a second process is refused. PostgreSQL needs none."""
    path = settings.sqlite_path
    if path is None:
        return nullcontext()
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(path.suffix + ".lock"))
    try:
        return lock.acquire(timeout=0)
    except Timeout as error:
        raise Refused("another_process", {"path": str(path)}) from error


def open_seuil(settings: Settings, now: datetime, *, with_demo: bool = False) -> Started:
    """Open the database, bring it to the newest schema, and make the owner's account at first start.

    The demonstration company is added at first start only: whoever removed it does not get it back.
    """
    engine = open_database(settings.database_url)
    migrate(engine)
    given = settings.owner_password.get_secret_value() if settings.owner_password else None
    with write(engine) as conn:
        made_up = make_owner(conn, settings.owner_email, given, now)
        is_first = made_up is not None
        if with_demo and is_first:
            add_demo(conn, now, settings.zone)
        sweep(conn, now, older_than=STALE_AFTER)
    return Started(engine, made_up or None, is_first)


def take_over(engine: Engine, settings: Settings, now: datetime) -> None:
    """Make work that a killed process had begun due at once; belongs under the lock of `only_process`.

    On PostgreSQL another process may well be at it: there its lease has to run out.
    """
    if settings.sqlite_path is not None:
        with write(engine) as conn:
            release_leases(conn, now)
