"""The weekly letter: who is due one, and writing it: one state of the database, kept as the letter's content."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.body import Body
from app.clock import local_day
from app.db import read, write
from app.digest_company import company_content
from app.digest_news import last_event
from app.due import digest_opens, digest_week, week_name
from app.errors import NotFound
from app.faultpoints import reached
from app.ids import new_id
from app.jobs import Clock
from app.models.watch import letter, recipient, subscription
from app.recipients import Recipient, find_recipient

DIGEST = "digest"
DOMAIN = "seuil.invalid"
CHARTED = 20  # companies; of more, a letter draws none, and their months are left out

# What told its reader nothing: refused, or not sent yet, in which case the new letter takes its place.
_NEVER_READ = ("refused", "dropped", "replaced", "waiting")
_STATUS = ("error", "stale", "normal", "nothing")
_VERDICTS = ("outsource", "prepare", "cannot_say", "too_early", "not_needed")


class Overtaken(Exception):
    """A letter that was to be replaced went out meanwhile: what is new must be read again."""


def digests_due(conn: Connection, now: datetime) -> list[str]:
    """List who is due a letter, as `recipient@week`: from Monday 08:00 in their zone, if they read since before."""
    r, s = recipient.c, subscription.c
    newest = (
        select(letter.c.recipient_id, func.max(letter.c.period).label("period"))
        .where(letter.c.kind == DIGEST)
        .group_by(letter.c.recipient_id)
        .subquery()
    )
    readers = select(s.recipient_id, func.min(s.created_at).label("since")).group_by(s.recipient_id).subquery()
    rows = conn.execute(
        select(r.id, r.zone, readers.c.since, newest.c.period)
        .join(readers, readers.c.recipient_id == r.id)
        .outerjoin(newest, newest.c.recipient_id == r.id)
        .where(r.unsubscribed_at.is_(None))
        .order_by(r.id)
    )
    due = []
    for row in rows:
        week = digest_week(now, row.zone)
        if (row.period is None or row.period < week) and row.since <= digest_opens(week, row.zone):
            due.append(f"{row.id}@{week}")
    return due


def write_digest(engine: Engine, key: str, clock: Clock, *, domain: str = DOMAIN) -> bool:
    """Write the letter of a due key, once; say whether it was written now.

    Earlier letters that still wait are replaced: who sets a mail server after a month gets one letter, with all of it.
    Raises Overtaken if one of them went out meanwhile.
    """
    recipient_id, _, week = key.rpartition("@")
    now = clock()
    with read(engine) as conn:
        try:
            reader = find_recipient(conn, recipient_id)
        except NotFound:  # forgotten since
            return False
        waiting = _waiting(conn, recipient_id, week)
        content = digest_content(conn, reader, week, now)
    reached("digest.content_read")
    with write(engine) as conn:
        written = _post(conn, reader, content, now, f"<digest.{week}.{recipient_id}@{domain}>")
        if written:
            _replace(conn, waiting)
        reached("digest.letter_inserted")
    reached("digest.committed")
    return written


def _waiting(conn: Connection, recipient_id: str, week: str) -> list[str]:
    x = letter.c
    mine = (x.recipient_id == recipient_id, x.kind == DIGEST, x.period < week, x.state == "waiting")
    return [str(one) for one in conn.execute(select(x.id).where(*mine)).scalars()]


def _replace(conn: Connection, waiting: Sequence[str]) -> None:
    x = letter.c
    gone = update(letter).where(x.id.in_(waiting), x.state == "waiting").values(state="replaced")
    if conn.execute(gone).rowcount != len(waiting):
        raise Overtaken


def _post(conn: Connection, reader: Recipient, content: Body, now: datetime, message_id: str) -> bool:
    """Put a letter into the outbox, unless its reader has left or has it already."""
    r = recipient.c
    still_reads = select(r.id).where(r.id == reader.id, r.unsubscribed_at.is_(None)).with_for_update()
    if not conn.execute(still_reads).first():
        return False
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    row: Any = dialect.insert(letter).values(
        id=new_id(now),
        recipient_id=reader.id,
        kind=DIGEST,
        period=content["period"],
        message_id=message_id,
        content=content,
        told_until=max(content["told"].values(), default=0),
        state="kept" if reader.is_demo else "waiting",
        created_at=now,
        next_try_at=now,
    )
    return conn.execute(row.on_conflict_do_nothing().returning(letter.c.id)).first() is not None


def digest_content(conn: Connection, reader: Recipient, week: str, now: datetime) -> Body:
    """Read what a letter to somebody says: of every company they read about, since the last letter they got.

    One that was refused, dropped on the way, or still waits told them nothing.

    `told` remembers each company's last event. Within a company events are numbered in the order of their commits,
    over all companies they need not be.
    """
    s, c = subscription.c, letter.c
    mine = (c.recipient_id == reader.id, c.kind == DIGEST, c.state.not_in(_NEVER_READ))
    last = select(c.content).where(*mine).order_by(c.period.desc()).limit(1)
    before: Body | None = conn.execute(last).scalar()
    followed = select(s.company_id).where(s.recipient_id == reader.id).order_by(s.company_id)
    company_ids = [str(one) for one in conn.execute(followed).scalars()]
    return _content(conn, company_ids, week, reader.language, reader.zone, before, now)


def preview_content(conn: Connection, company_id: str, language: str, zone: str, now: datetime) -> Body:
    """Read what a letter about one company would say now to somebody who never got one."""
    return _content(conn, [company_id], week_name(local_day(now, zone)), language, zone, None, now)


def _content(
    conn: Connection,
    company_ids: Sequence[str],
    week: str,
    language: str,
    zone: str,
    before: Body | None,
    now: datetime,
) -> Body:
    parts = {one["id"]: one for one in before["companies"]} if before else {}
    told_before = before.get("told", {}) if before else {}
    told, companies = {}, []
    for company_id in company_ids:
        companies.append(company_content(conn, company_id, parts.get(company_id), told_before.get(company_id), now))
        told[company_id] = last_event(conn, company_id)
    companies.sort(key=_badness)
    for company in companies[CHARTED:]:
        for signal in company["signals"]:
            signal["measure"]["series"] = []
    return {
        "period": week,
        "written_at": now.isoformat(),
        "zone": zone,
        "language": language,
        "companies": companies,
        "told": told,
    }


def _badness(company: Body) -> tuple[bool, int, int, int, str]:
    verdict = company["verdict"]["now"]
    over = sum(signal["level"] == "over" for signal in company["signals"])
    place = _VERDICTS.index(verdict) if verdict in _VERDICTS else len(_VERDICTS)
    return company["is_demo"], _STATUS.index(company["status"]), place, -over, company["name"]
