"""What a reader wants: of each company how often, what at once and about what; and their quiet hours."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import time
from typing import Any

from sqlalchemy import Connection, func, select, update

from app.at_once_news import AT_ONCE_CHOICES, NONE
from app.db import hold
from app.digest import FREQUENCIES
from app.errors import BadInput, NotFound
from app.holidays import places
from app.models.core import company
from app.models.watch import episode_event, recipient, subscription
from app.recipients import find_recipient
from signals.base import SignalName

SIGNALS = tuple(name.value for name in SignalName)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to be told of a company; `signals` None is all of them."""

    letters: str
    at_once: str
    signals: tuple[str, ...] | None = None
    escalations: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody's mails at once wait: between two times of their day, and on days nobody works at their place."""

    quiet_from: str
    quiet_until: str
    quiet_days: bool
    place: str


def preferences(conn: Connection, recipient_id: str) -> list[Row]:
    """List what a reader wants of each company they read about, by its name."""
    s, c = subscription.c, company.c
    columns = (s.company_id, c.name, s.letters, s.at_once, s.signals, s.escalations)
    rows = conn.execute(
        select(*columns)
        .select_from(subscription.join(company, c.id == s.company_id))
        .where(s.recipient_id == recipient_id)
        .order_by(c.name, c.id)
    ).mappings()
    return [dict(row) for row in rows]


def set_wanted(conn: Connection, recipient_id: str, company_ids: Sequence[str], wanted: Wanted) -> None:
    """Keep what a reader wants of some companies. BadInput for a choice there is not.

    Who is told at once from now on is told of what happens from now on.
    """
    _check(wanted)
    hold(conn, f"recipient:{find_recipient(conn, recipient_id).email.lower()}")
    s, n = subscription.c, episode_event.c
    newest = select(func.coalesce(func.max(n.no), 0)).where(n.company_id == s.company_id).scalar_subquery()
    mine = (s.recipient_id == recipient_id, s.company_id.in_(company_ids))
    signals = None if wanted.signals is None or set(wanted.signals) == set(SIGNALS) else sorted(wanted.signals)
    values = {"letters": wanted.letters, "signals": signals, "escalations": wanted.escalations}
    told = update(subscription).where(*mine, s.at_once == NONE).values(told_until=newest)
    if wanted.at_once != NONE:
        conn.execute(told)
    if not conn.execute(update(subscription).where(*mine).values(**values, at_once=wanted.at_once)).rowcount:
        raise NotFound("no_such_recipient")


def _check(wanted: Wanted) -> None:
    for value, known in ((wanted.letters, FREQUENCIES), (wanted.at_once, AT_ONCE_CHOICES)):
        if value not in known:
            raise BadInput("bad_choice", {"value": value[:40], "known": ", ".join(known)})
    for name in wanted.signals or ():
        if name not in SIGNALS:
            raise BadInput("bad_choice", {"value": name[:40], "known": ", ".join(SIGNALS)})


def set_hours(conn: Connection, recipient_id: str, hours: Hours) -> None:
    """Keep when a reader's mails at once wait. BadInput where a time is none, or a place's holidays are not known."""
    for value in (hours.quiet_from, hours.quiet_until):
        _check_time(value)
    if hours.place not in places():
        raise BadInput("holidays_unknown", {"value": hours.place[:40]})
    kept = update(recipient).where(recipient.c.id == recipient_id).values(**asdict(hours))
    if not conn.execute(kept).rowcount:
        raise NotFound("no_such_recipient")


def _check_time(text: str) -> None:
    try:
        at = time.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or f"{at:%H:%M}" != text:
        raise BadInput("bad_time", {"value": text[:20]})


def nothing_at_once(conn: Connection, recipient_id: str) -> None:
    """End all mails at once to a reader; the letters go on."""
    s = subscription.c
    conn.execute(update(subscription).where(s.recipient_id == recipient_id).values(at_once=NONE, escalations=False))
