"""The weekly letter: who is due one, and writing it: one state of the database, kept as the letter's content."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.body import Body
from app.clock import local_day
from app.db import read, write
from app.digest_company import company_content
from app.digest_expected import came_of, expected_of
from app.digest_news import FIRST_LETTER_LOOKS_BACK, last_event, only_signals
from app.due import begins_month, digest_opens, digest_week, week_name
from app.errors import NotFound
from app.faultpoints import reached
from app.holidays import holidays_around
from app.ids import new_id
from app.jobs import Clock
from app.models.watch import letter, recipient, subscription
from app.recipients import Recipient, find_recipient

DIGEST = "digest"
DOMAIN = "seuil.invalid"
WEEKLY, MONTHLY, NO_LETTERS = "weekly", "monthly", "none"
FREQUENCIES = (WEEKLY, MONTHLY, NO_LETTERS)
LETTERS_A_MONTH = 6
CHARTED = 20  # companies; of more, a letter draws none, and their months are left out

_ON_ITS_WAY = ("waiting", "sending", "held")  # held: its address bounced; the next one tells it all
_READ = ("sent", "kept")  # any other letter told its reader nothing, or not yet
_STATUS = ("error", "stale", "normal", "nothing")
_VERDICTS = ("outsource", "prepare", "cannot_say", "too_early", "not_needed")


class Overtaken(Exception):
    """An earlier letter is on its way just now, or went out meanwhile: what is new must be read again, later."""


def digests_due(conn: Connection, now: datetime) -> list[str]:
    """List who is due a letter, as `recipient@week`: from 08:00 of their week's first working day, where they are.

    Only if they read since before; who wants a letter a month gets that of the month's first Monday.
    """
    r, s = recipient.c, subscription.c
    # The newest there is by now: a letter of a week to come is a slip of a clock, except in a demonstration.
    this_week = week_name(local_day(now, "Etc/GMT-14"))
    newest = (
        select(letter.c.recipient_id, func.max(letter.c.period).label("period"))
        .join(recipient, r.id == letter.c.recipient_id)
        .where(letter.c.kind == DIGEST, (letter.c.period <= this_week) | r.is_demo)
        .group_by(letter.c.recipient_id)
        .subquery()
    )
    often = [func.min(case((s.letters == name, s.created_at))).label(name) for name in (WEEKLY, MONTHLY)]
    readers = select(s.recipient_id, *often).group_by(s.recipient_id).subquery()
    rows = conn.execute(
        select(r.id, r.zone, r.place, readers.c.weekly, readers.c.monthly, newest.c.period)
        .join(readers, readers.c.recipient_id == r.id)
        .outerjoin(newest, newest.c.recipient_id == r.id)
        .where(r.unsubscribed_at.is_(None))
        .order_by(r.id)
    )
    due = []
    for row in rows:
        closed = holidays_around(row.place, local_day(now, row.zone))
        week = digest_week(now, row.zone, closed)
        begun = [row.weekly, row.monthly if begins_month(week) else None]
        since = min((at for at in begun if at is not None), default=None)
        opens = digest_opens(week, row.zone, closed)
        if (row.period is None or row.period < week) and since is not None and since <= opens:
            due.append(f"{row.id}@{week}")
    return due


def write_digest(engine: Engine, key: str, clock: Clock, *, domain: str = DOMAIN) -> bool:
    """Write the letter of a due key, once; say whether it was written now.

    Earlier letters that still wait are replaced: who sets a mail server after a month gets one letter, with all of it.
    Raises Overtaken if one of them is on its way.
    """
    recipient_id, _, week = key.rpartition("@")
    now = clock()
    with read(engine) as conn:
        try:
            reader = find_recipient(conn, recipient_id)
        except NotFound:  # forgotten since
            return False
        unsent = _unsent(conn, recipient_id, week, now)
        content = digest_content(conn, reader, week, now)
    reached("digest.content_read")
    with write(engine) as conn:
        written = _post(conn, reader, content, now, f"<digest.{week}.{recipient_id}@{domain}>")
        if written:
            _replace(conn, unsent, now)
        reached("digest.letter_inserted")
    reached("digest.committed")
    return written


def _unsent(conn: Connection, recipient_id: str, week: str, now: datetime) -> list[str]:
    """List the earlier letters that are not out; Overtaken while one is being sent."""
    x = letter.c
    mine = (x.recipient_id == recipient_id, x.kind == DIGEST, x.period < week, x.state.in_(_ON_ITS_WAY))
    rows = conn.execute(select(x.id, x.state, x.leased_until).where(*mine)).all()
    if any(row.state == "sending" and row.leased_until is not None and row.leased_until > now for row in rows):
        raise Overtaken
    return [str(row.id) for row in rows]


def _replace(conn: Connection, unsent: Sequence[str], now: datetime) -> None:
    x = letter.c
    still = x.state.in_(("waiting", "held")) | ((x.state == "sending") & (x.leased_until <= now))
    gone = update(letter).where(x.id.in_(unsent), still).values(state="replaced", leased_until=None)
    if conn.execute(gone).rowcount != len(unsent):
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

    One that was refused, dropped on the way, or still waits told them nothing; before the first they know nothing
    since they began to read about a company, or for a week.

    `told` remembers each company's last event. Within a company events are numbered in the order of their commits,
    over all companies they need not be.
    """
    s, c = subscription.c, letter.c
    mine = (c.recipient_id == reader.id, c.kind == DIGEST, c.state.in_(_READ), c.period < week)
    wanted = (WEEKLY, MONTHLY) if begins_month(week) else (WEEKLY,)
    query = select(s.company_id, s.created_at, s.letters, s.signals).where(s.recipient_id == reader.id)
    every = conn.execute(query.order_by(s.company_id)).all()
    # A letter of some weeks ago may be the last that spoke of a company which is told of once a month.
    looked_at = LETTERS_A_MONTH if len({row.letters for row in every}) > 1 else 1
    last = select(c.content).where(*mine).order_by(c.period.desc()).limit(looked_at)
    before = _last_told(conn.execute(last).scalars().all())
    a_week_ago = now - FIRST_LETTER_LOOKS_BACK
    followed = {str(row.company_id): min(row.created_at, a_week_ago) for row in every if row.letters in wanted}
    content = _content(conn, followed, week, reader.language, reader.zone, before, now)
    only = {str(row.company_id): row.signals for row in every if row.signals is not None}
    companies = [only_signals(one, only.get(one["id"])) for one in content["companies"]]
    read_about = {str(row.company_id) for row in every}
    told = {name: no for name, no in (before or {}).get("told", {}).items() if name in read_about}
    return content | {"companies": companies, "told": told | content["told"]}


def _last_told(letters: Sequence[Body]) -> Body | None:
    """Put some letters together, newest first: of each company what was told of it last."""
    if not letters:
        return None
    companies: dict[str, Body] = {}
    told: dict[str, int] = {}
    for one in reversed(letters):
        companies |= {company["id"]: company for company in one["companies"]}
        told |= one.get("told", {})
    return {**letters[0], "companies": list(companies.values()), "told": told}


def preview_content(conn: Connection, company_id: str, language: str, zone: str, now: datetime) -> Body:
    """Read what a letter about one company would say now to somebody who never got one."""
    followed = {company_id: now - FIRST_LETTER_LOOKS_BACK}
    return _content(conn, followed, week_name(local_day(now, zone)), language, zone, None, now)


def _content(
    conn: Connection,
    followed: Mapping[str, datetime],
    week: str,
    language: str,
    zone: str,
    before: Body | None,
    now: datetime,
) -> Body:
    parts = {one["id"]: one for one in before["companies"]} if before else {}
    told_before = before.get("told", {}) if before else {}
    told, companies = {}, []
    for company_id, reads_since in followed.items():
        since: int | datetime = told_before.get(company_id, reads_since)
        before_part = parts.get(company_id)
        one = company_content(conn, company_id, before_part, since, now)
        came = came_of(conn, company_id, before_part, one["as_of"])
        companies.append(one | {"came": came, "expected": expected_of(one, week)})
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
