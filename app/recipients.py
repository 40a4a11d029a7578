"""Who gets the weekly letter: an address, a language, a zone, and the companies somebody reads about."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import Connection, delete, func, insert, select, update

from app.companies import find_company, forget_recipients, take_out_of_letters
from app.db import hold
from app.errors import BadInput, NotFound, Refused
from app.holidays import HOME, NOWHERE
from app.ids import new_id
from app.language import LANGUAGES
from app.models.watch import episode_event, recipient, subscription

HOME_ZONE = "Europe/Paris"  # of other zones nobody knows whose holidays count
AT_FIRST = "action"  # a new reader is told at once of what somebody has to act on
LONGEST = 254  # RFC 5321, with the path's brackets
_NAME = re.compile(r"(?=.{1,64}@)[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@", re.ASCII)
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_ENCODED_WORD = "=?"  # a mail program would read another address out of it (RFC 2047)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets letters; `token` opens nothing but the way out of them."""

    id: str
    email: str
    language: str
    zone: str
    token: str
    is_demo: bool
    created_at: datetime
    unsubscribed_at: datetime | None
    place: str
    quiet_from: str
    quiet_until: str
    quiet_days: bool
    bounced_at: datetime | None
    bounced_because: str | None


_COLUMNS = [recipient.c[name] for name in Recipient.__dataclass_fields__]


def tidy_address(email: str) -> str:
    """Trim an address and write its domain the one way; what is before the @ is its owner's business."""
    name, at, domain = email.strip().rpartition("@")
    try:
        host = domain.lower().encode("idna").decode()
        shown = host.encode().decode("idna")
    except UnicodeError:
        host = shown = ""
    address = name + at + shown
    is_one = _NAME.fullmatch(name + at) and _ENCODED_WORD not in name and _HOST.fullmatch(host)
    if not is_one or len(name + at + host) > LONGEST:
        raise BadInput("bad_email", {"email": email.strip()[:80]})
    return address


def add_recipient(conn: Connection, company_id: str, email: str, language: str, zone: str, now: datetime) -> str:
    """Have somebody read about a company; give their id. Somebody known takes the language and zone given now.

    Who left by the link in a letter comes back by that link only. A demonstration writes to `.example` addresses, which
    lead nowhere, and real companies to nobody there.
    """
    if language not in LANGUAGES:
        raise BadInput("bad_language", {"language": language, "languages": ", ".join(LANGUAGES)})
    if zone not in available_timezones():
        raise BadInput("bad_zone", {"zone": zone})
    address = tidy_address(email)
    is_demo = bool(find_company(conn, company_id)["is_demo"])
    if is_demo is not address.endswith(".example"):
        raise Refused("demo_recipient" if is_demo else "example_recipient", {"email": address})
    hold(conn, f"recipient:{address.lower()}")
    r = recipient.c
    known = conn.execute(select(r.id, r.unsubscribed_at).where(func.lower(r.email) == address.lower())).first()
    if known is not None and known.unsubscribed_at is not None:
        raise Refused("recipient_unsubscribed", {"email": address})
    if known is None:
        recipient_id = new_id(now)
        kept = {"email": address, "token": secrets.token_urlsafe(32), "is_demo": is_demo, "created_at": now}
        place = HOME if zone == HOME_ZONE else NOWHERE
        conn.execute(insert(recipient).values(id=recipient_id, language=language, zone=zone, place=place, **kept))
    else:
        recipient_id = str(known.id)
        conn.execute(update(recipient).where(r.id == recipient_id).values(language=language, zone=zone))
    s = subscription.c
    if not conn.execute(select(s.company_id).where(s.recipient_id == recipient_id, s.company_id == company_id)).first():
        n = episode_event.c
        newest = select(func.coalesce(func.max(n.no), 0)).where(n.company_id == company_id)
        begun = {"recipient_id": recipient_id, "company_id": company_id, "created_at": now, "at_once": AT_FIRST}
        conn.execute(insert(subscription).values(**begun, told_until=newest.scalar_subquery()))
    return recipient_id


def recipients(conn: Connection, company_id: str) -> list[Recipient]:
    """List who reads about a company, by address."""
    of_company = recipient.join(subscription, subscription.c.recipient_id == recipient.c.id)
    rows = conn.execute(
        select(*_COLUMNS)
        .select_from(of_company)
        .where(subscription.c.company_id == company_id)
        .order_by(func.lower(recipient.c.email))
    )
    return [Recipient(*row) for row in rows]


def find_recipient(conn: Connection, recipient_id: str) -> Recipient:
    """Give one recipient, or raise NotFound."""
    row = conn.execute(select(*_COLUMNS).where(recipient.c.id == recipient_id)).first()
    if row is None:
        raise NotFound("no_such_recipient")
    return Recipient(*row)


def remove_recipient(conn: Connection, company_id: str, recipient_id: str) -> None:
    """End somebody's reading about a company; who reads about none any more is forgotten, letters and all.

    What was not sent yet speaks of the company no more. Of who asked for no more letters that wish is kept.
    """
    hold(conn, f"recipient:{find_recipient(conn, recipient_id).email.lower()}")
    s = subscription.c
    ended = delete(subscription).where(s.recipient_id == recipient_id, s.company_id == company_id)
    if conn.execute(ended).rowcount == 0:
        raise NotFound("no_such_recipient")
    take_out_of_letters(conn, company_id, [recipient_id])
    forget_recipients(conn)


def recipient_of_token(conn: Connection, token: str) -> Recipient:
    """Give whose link this is, or raise NotFound."""
    row = conn.execute(select(*_COLUMNS).where(recipient.c.token == token)).first()
    if row is None:
        raise NotFound("no_such_link")
    return Recipient(*row)


def unsubscribe(conn: Connection, token: str, now: datetime) -> Recipient:
    """End all letters to whoever has this link; a second time changes nothing."""
    found = recipient_of_token(conn, token)
    r = recipient.c
    conn.execute(update(recipient).where(r.id == found.id, r.unsubscribed_at.is_(None)).values(unsubscribed_at=now))
    return recipient_of_token(conn, token)


def subscribe_again(conn: Connection, token: str) -> Recipient:
    """Begin letters again to whoever has this link."""
    found = recipient_of_token(conn, token)
    conn.execute(update(recipient).where(recipient.c.id == found.id).values(unsubscribed_at=None))
    return recipient_of_token(conn, token)
