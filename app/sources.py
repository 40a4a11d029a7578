"""Sources that Seuil reads by itself: which are due, how one is read, and what is kept of its trouble."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, case, func, select, update

from app.accounts import Connect, connect_bare
from app.alerts import update_failure
from app.clock import local_day
from app.db import hold, read, write
from app.due import next_read, retry_at
from app.errors import NotFound
from app.faultpoints import reached
from app.hints import fetch_hinted
from app.intake import Saved, sync
from app.jobs import Beat, Clock, TakenOver
from app.models.core import company, connection
from app.outcomes import Reach, count_failure, reach_of, settle
from app.reconciliation import reconcile
from app.source_letter import ask_for_access
from app.sweep import sweep_due
from app.wording import SENTENCES
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.providers import providers
from connectors.records import Stream

Row = Mapping[str, Any]
Told = Callable[[Stream, Saved], None]

SYNC = "sync"

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=6)
LONGEST_ASKED = timedelta(days=1)  # a source may ask for this much patience
READ_FOR = timedelta(minutes=2)  # at a tick; what is left goes on at the next, so that one source starves nobody
QUIET_FOR = timedelta(days=1)  # a source that is away for less is nobody's business


def find_connection(conn: Connection, connection_id: str) -> Row:
    """Give a connection with its company's name, or raise NotFound."""
    query = (
        select(connection, company.c.name.label("company_name"), company.c.is_demo)
        .join(company, company.c.id == connection.c.company_id)
        .where(connection.c.id == connection_id)
    )
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFound("no_such_connection", {"connection": connection_id})
    return dict(row)


def connections(conn: Connection, company_id: str) -> list[Row]:
    """List a company's connections, oldest first."""
    query = select(connection).where(connection.c.company_id == company_id).order_by(connection.c.created_at)
    return [dict(row) for row in conn.execute(query).mappings()]


def syncs_due(conn: Connection, now: datetime) -> list[str]:
    """List the connections to read now, as `connection@last try`; the one that has waited longest comes first.

    The key changes with each try and not with a knock: a connection that is being read is nobody else's.
    A time far ahead is a slip of a clock, except in a demonstration, whose weeks are stepped through.
    """
    c, ahead = connection.c, now + LONGEST_ASKED + timedelta(days=1)
    is_due = (c.due_at <= now) | ((c.due_at > ahead) & company.c.is_demo.is_(False)) | (c.hinted_at <= now)
    waiting_since = func.coalesce(case((c.hinted_at < c.due_at, c.hinted_at), else_=c.due_at), c.hinted_at)
    rows = conn.execute(
        select(c.id, c.read_at, c.failures, c.parts, c.fetches)
        .join(company, company.c.id == c.company_id)
        .where(is_due, c.provider.in_(list(providers())))
        .order_by(waiting_since, c.id)
    )
    return [_period(row) for row in rows]


def _period(row: Any) -> str:
    read_at = row.read_at.isoformat() if row.read_at else ""
    return f"{row.id}@{read_at}#{row.failures}.{row.parts}" + (f".{row.fetches}" if row.fetches else "")


def make_due(conn: Connection, connection_id: str, now: datetime) -> None:
    """Have a connection read at the next tick, if one reads it at all; once more if it is being read just now."""
    c = connection.c
    conn.execute(update(connection).where(c.id == connection_id, c.provider.in_(list(providers()))).values(due_at=now))


def sync_period(
    engine: Engine, period_key: str, clock: Clock, beat: Beat, *, every: timedelta, connect: Connect = connect_bare
) -> None:
    """Read the connection of a due period, or fetch what webhooks named, unless it was read meanwhile."""
    connection_id, c = period_key.partition("@")[0], connection.c
    with read(engine) as conn:
        row = conn.execute(select(connection).where(c.id == connection_id)).mappings().first()
    if row is None:
        return
    due_at, hinted_at = row["due_at"], row["hinted_at"]
    if due_at is not None and (due_at <= clock() or due_at > clock() + LONGEST_ASKED):
        begun = clock()
        sync_connection(
            engine,
            connection_id,
            clock,
            every=every,
            told=lambda *_: beat(),
            connect=connect,
            enough=lambda: clock() - begun > READ_FOR,
            beat=beat,
        )
    elif hinted_at is not None and hinted_at <= clock():
        fetch_hinted(engine, dict(row), clock, connect, beat)


def sync_connection(  # noqa: PLR0913 - what is read, when, and how it is told
    engine: Engine,
    connection_id: str,
    clock: Clock,
    *,
    every: timedelta,
    told: Told | None = None,
    connect: Connect = connect_bare,
    believe: bool = False,
    enough: Callable[[], bool] | None = None,
    beat: Beat = lambda: None,
) -> Saved | None:
    """Read a connection to its end and set when it is due again; None where the source was in trouble.

    `believe` takes for true that much is gone, where the source says so.
    A source's own error is kept, shown and tried again by the schedule; AccessDenied waits for a person. Any other
    error is a fault of ours: it is kept as well, and raised.
    """
    now = clock()
    with read(engine) as conn:
        row = find_connection(conn, connection_id)
        reach = reach_of(conn, row)
    try:
        connector = connect(row, now)
        saved = sync(engine, connection_id, connector, now, told=told, clock=clock, enough=enough)
        if not saved.finished:
            _go_on_later(engine, row, clock())
            return saved
        sweep_due(engine, connection_id, connector, clock(), believe=believe, beat=beat)
        reconcile(engine, connection_id, connector, clock())
    except SourceError as error:
        _keep_trouble(engine, row, reach, error, clock())
        return None
    except TakenOver:  # the trouble is ours alone: somebody else is reading it
        raise
    except Exception as error:
        _keep_trouble(engine, row, reach, error, clock())
        raise
    with write(engine) as conn:
        hold(conn, str(row["company_id"]))
        done = {
            "read_at": now,
            "begun_at": None,
            "parts": 0,
            "trouble": None,
            "trouble_params": None,
            "troubled_since": None,
            "failures": 0,
        }
        conn.execute(update(connection).where(connection.c.id == connection_id).values(**done))
        waits = settle(conn, connection_id, reach, clock(), brought=_brought(conn, row))
        _set_due(conn, row, clock() if waits else next_read(now, every))
        _move_episode(conn, row, now, failed=False, facts={})
        reached("sync.connection_read")
    reached("sync.committed")
    return saved


def _brought(conn: Connection, row: Row) -> bool:
    """Say whether a reading, with those parts of it that came before, brought something new."""
    changed_at = conn.execute(select(connection.c.changed_at).where(connection.c.id == row["id"])).scalar()
    begun_at = row["begun_at"]
    return changed_at is not None and (changed_at != row["changed_at"] or (begun_at and changed_at >= begun_at))


def _go_on_later(engine: Engine, row: Row, now: datetime) -> None:
    """Have a reading that took its time go on at the next tick, after whoever waits already.

    A knock that came meanwhile may be about a stream that was read: then none counts as read.
    """
    c = connection.c
    knocked = case((_unmoved(row), c.begun_at), else_=None)
    fine = {"trouble": None, "trouble_params": None, "troubled_since": None, "failures": 0}
    again = case((_unmoved(row) | c.due_at.is_not(None), now), else_=None)  # unless it was let go meanwhile
    with write(engine) as conn:
        hold(conn, str(row["company_id"]))
        conn.execute(
            update(connection)
            .where(c.id == row["id"])
            .values(parts=c.parts + 1, begun_at=knocked, due_at=again, **fine)
        )


def _set_due(conn: Connection, row: Row, due_at: datetime | None) -> None:
    """Set the next time, unless a knock or a person set another one while we were reading."""
    conn.execute(update(connection).where(connection.c.id == row["id"], _unmoved(row)).values(due_at=due_at))


def _unmoved(row: Row) -> ColumnElement[bool]:
    """Say that the due time is the one that was read."""
    c = connection.c
    return c.due_at == row["due_at"] if row["due_at"] is not None else c.due_at.is_(None)


def _keep_trouble(engine: Engine, row: Row, reach: Reach, error: Exception, now: datetime) -> None:
    failures = int(row["failures"]) + 1
    due_at: datetime | None = retry_at(now, failures, first=FIRST_RETRY, longest=LONGEST_RETRY)
    code, params = "source_failed", {"error": type(error).__name__}
    if isinstance(error, SourceError):
        code = "source_denied" if isinstance(error, AccessDenied) else "source_unavailable"
        params = {"why": str(error)}
        if error.code in SENTENCES:
            code, params = error.code, dict(error.params)
    if isinstance(error, AccessDenied):
        due_at = None
    elif isinstance(error, Unavailable) and error.retry_after_s is not None:
        due_at = now + timedelta(seconds=min(max(error.retry_after_s, 0), LONGEST_ASKED.total_seconds()))
    since = row["troubled_since"] or now
    with write(engine) as conn:
        hold(conn, str(row["company_id"]))
        kept = {"trouble": code, "trouble_params": params, "troubled_since": since, "failures": failures}
        kept["begun_at"] = None
        conn.execute(update(connection).where(connection.c.id == row["id"]).values(**kept))
        _set_due(conn, row, due_at)
        count_failure(conn, str(row["id"]), reach, (code, params), final=isinstance(error, AccessDenied))
        if isinstance(error, AccessDenied) and (row["trouble"], row["trouble_params"]) != (code, params):
            ask_for_access(conn, row, code, params, now)
        if due_at is None or now - since >= QUIET_FOR:
            facts = {"provider": row["provider"], "code": code, "params": params}
            _move_episode(conn, row, now, failed=True, facts=facts)


def _move_episode(conn: Connection, row: Row, now: datetime, *, failed: bool, facts: Mapping[str, Any]) -> None:
    subject, on = f"source:{row['provider']}", local_day(now, str(row["zone"]))
    update_failure(conn, str(row["company_id"]), subject, on, now, failed=failed, facts=facts)
