"""Mails at once: what has happened to alerts, to each reader who wants it now, gathered into one mail.

A subscription remembers the last event that was weighed for it. What happened since waits while its reader's hours are
quiet, while the company is closed or under maintenance, a few minutes for what belongs together, and some hours after
the mail before; then one mail tells the last thing that happened to each alert, and the memory moves on with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from app.at_once_news import Reads, news_of
from app.clock import local_day
from app.companies import find_company
from app.db import hold, read, write
from app.due import Quiet
from app.errors import NotFound
from app.faultpoints import reached
from app.holidays import holidays_around
from app.ids import new_id
from app.jobs import Clock
from app.maintenance import under_maintenance
from app.models.watch import episode_event, letter, recipient, subscription
from app.policies import calendar_of, settings_on
from app.recipients import Recipient, find_recipient

AT_ONCE = "at_once"  # a letter's kind
GATHER = timedelta(minutes=10)
"""How long the first thing that happened waits for others: a round of assessments finds several at a time."""
APART = timedelta(hours=4)
"""The least time between two mails to one reader."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one reader: of each company, the news and the number of its last event."""

    reader_id: str
    quiet: Quiet
    place: str
    news: dict[str, Sequence[Row]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)

    @property
    def since(self) -> datetime | None:
        """The instant of the first thing there is to tell; None where nothing is."""
        return min((entry["at"] for entries in self.news.values() for entry in entries), default=None)


def mails_due(conn: Connection, now: datetime) -> list[str]:
    """List the readers whose turn it is, as `recipient@last event`: a mail is due, or there is nothing to tell."""
    closed: dict[str, bool] = {}
    return [
        f"{one.reader_id}@{max(one.newest.values())}"
        for one in _waiting(conn, now, closed)
        if one.since is None or _may_go(conn, one, one.since, now)
    ]


def _may_go(conn: Connection, one: Waiting, since: datetime, now: datetime) -> bool:
    there = local_day(now, one.quiet.zone)
    if since > now - GATHER or one.quiet.holds(now, holidays_around(one.place, there)):
        return False
    x = letter.c
    last = select(func.max(x.created_at)).where(x.recipient_id == one.reader_id, x.kind == AT_ONCE)
    before = conn.execute(last).scalar()
    return before is None or before <= now - APART


def _waiting(
    conn: Connection, now: datetime, closed: dict[str, bool], reader_id: str | None = None
) -> Iterable[Waiting]:
    """Read what waits, reader by reader; `closed` remembers which companies have a closed day."""
    r, s, n = recipient.c, subscription.c, episode_event.c
    newest = select(func.max(n.no)).where(n.company_id == s.company_id).scalar_subquery()
    columns = (
        *(r.id, r.email, r.zone, r.place, r.quiet_from, r.quiet_until, r.quiet_days),
        *(s.company_id, s.told_until, s.at_once, s.signals, s.escalations, newest.label("newest")),
    )
    query = (
        select(*columns)
        .join(recipient, r.id == s.recipient_id)
        .where(newest > s.told_until, r.unsubscribed_at.is_(None), r.bounced_at.is_(None), ~r.is_demo)
        .where(~under_maintenance(s.company_id, now))
        .order_by(r.id, s.company_id)
    )
    if reader_id is not None:
        query = query.where(r.id == reader_id)
    rows = [dict(row) for row in conn.execute(query).mappings()]
    for found, mine in groupby(rows, key=lambda row: str(row["id"])):
        listed = [row for row in mine if not _is_closed(conn, str(row["company_id"]), now, closed)]
        if listed:
            yield _of_reader(conn, found, listed, now)


def _is_closed(conn: Connection, company_id: str, now: datetime, known: dict[str, bool]) -> bool:
    if company_id not in known:
        today = local_day(now, str(find_company(conn, company_id)["zone"]))
        known[company_id] = today in calendar_of(settings_on(conn, company_id, today), today)
    return known[company_id]


def _of_reader(conn: Connection, reader_id: str, rows: Sequence[Row], now: datetime) -> Waiting:
    one = rows[0]
    starts, ends = time.fromisoformat(one["quiet_from"]), time.fromisoformat(one["quiet_until"])
    waits = Waiting(reader_id, Quiet(one["zone"], starts, ends, days=one["quiet_days"]), one["place"])
    for row in rows:
        company_id = str(row["company_id"])
        waits.newest[company_id] = int(row["newest"])
        asked = Reads(str(row["email"]), row["at_once"], row["signals"], escalations=row["escalations"])
        news = news_of(conn, reader_id, company_id, int(row["told_until"]), asked, now)
        if news:
            waits.news[company_id] = news
    return waits


def write_mail(engine: Engine, key: str, clock: Clock) -> bool:
    """Put the mail of a due key into the outbox, if there is anything to tell, and remember how far it tells.

    Both in one transaction: killed at any point, nothing is told twice and nothing is forgotten.
    """
    reader_id = key.partition("@")[0]
    now = clock()
    with read(engine) as conn:
        try:
            reader = find_recipient(conn, reader_id)
        except NotFound:  # forgotten since
            return False
    with write(engine) as conn:
        hold(conn, f"recipient:{reader.email.lower()}")
        mine = next(iter(_waiting(conn, now, {}, reader_id)), None)
        if mine is None:
            return False
        if mine.news:
            conn.execute(insert(letter).values(**_letter(conn, reader, mine, now)))
        reached("at_once.written")
        s = subscription.c
        for company_id, newest in mine.newest.items():
            told = update(subscription).where(s.recipient_id == reader_id, s.company_id == company_id)
            conn.execute(told.values(told_until=newest))
    reached("at_once.committed")
    return bool(mine.news)


def _letter(conn: Connection, reader: Recipient, mine: Waiting, now: datetime) -> dict[str, Any]:
    letter_id = new_id(now)
    return {
        "id": letter_id,
        "recipient_id": reader.id,
        "kind": AT_ONCE,
        "period": letter_id[-12:],
        "message_id": f"{letter_id}@seuil.invalid",
        "content": at_once_content(conn, mine.news, reader.language, reader.zone, now),
        "told_until": max(mine.newest.values()),
        "state": "waiting",
        "created_at": now,
        "next_try_at": now,
    }


def at_once_content(
    conn: Connection, news: Mapping[str, Iterable[Row]], language: str, zone: str, now: datetime
) -> dict[str, Any]:
    """Write down what a mail at once says: of each company, its alerts."""
    companies = []
    for company_id, entries in news.items():
        row = find_company(conn, company_id)
        shown = [{name: value for name, value in entry.items() if name != "at"} for entry in entries]
        known = {"id": company_id, "name": row["name"], "is_demo": bool(row["is_demo"]), "currency": row["currency"]}
        companies.append({**known, "entries": shown})
    return {
        "kind": AT_ONCE,
        "language": language,
        "zone": zone,
        "written_at": now.isoformat(),
        "period": "",
        "companies": sorted(companies, key=lambda one: str(one["name"])),
        "told": {},
    }
