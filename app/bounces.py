"""Addresses that letters come back from: noted with their reader, who gets no more until somebody vouches for them.

What a mail server refuses at once is noted by the outbox; what comes back later is read here. A report is believed only
of a letter whose Message-ID it knows, which is unguessable: who forges one can stop the letters to somebody who got
such a letter, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.db import hold
from app.delivery_reports import DELAYED, FAILED, LARGEST_MAIL, NoReport, Report, Said, read_report
from app.errors import NotFound
from app.models.bounces import delivery_report
from app.models.watch import letter, recipient
from app.reply_codes import is_about_address, read_reply

Row = Mapping[str, Any]

BOUNCED, HELD = "bounced", "held"  # states of letters: it came back; its address is one that bounced
_MAY_COME_BACK = ("sent", "sending", "waiting")  # also what the server took while the line broke


class Outcome(StrEnum):
    """What a report did."""

    BOUNCED = "bounced"  # the letter came back, and its address is noted
    RETURNED = "returned"  # the letter came back, for a reason that says nothing of its address
    NOTED = "noted"  # it is on its way still, or came back from where somebody had it sent on
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one mail that was read: a code that says it, and the letter it is about."""

    outcome: Outcome
    code: str
    params: Mapping[str, str | int]
    letter_id: str | None = None


def take_mail(conn: Connection, raw: bytes, now: datetime) -> Taken:
    """Read a mail that came back and note what it says; anything but a report of a letter of ours changes nothing."""
    if len(raw) > LARGEST_MAIL:
        return Taken(Outcome.IGNORED, "bounce_too_large", {"limit": LARGEST_MAIL // 2**20})
    try:
        report = read_report(raw)
    except NoReport as error:
        return Taken(Outcome.IGNORED, error.code, {})
    return take_report(conn, report, now)


def take_report(conn: Connection, report: Report, now: datetime) -> Taken:
    """Note what a report says; the same one read again changes nothing."""
    row = _letter_of(conn, report.message_id)
    if row is None:
        return Taken(Outcome.IGNORED, "bounce_unknown_letter", {"email": report.said[0].address or "?"})
    hold(conn, f"recipient:{str(row['email']).lower()}")
    said, is_theirs = _what_counts(report, str(row["email"]))
    if not _is_first(conn, report, said, row, now):
        return Taken(Outcome.IGNORED, "bounce_seen_before", {"email": str(row["email"])}, str(row["id"]))
    return _note(conn, row, said, now, is_theirs=is_theirs)


def _letter_of(conn: Connection, message_id: str | None) -> Row | None:
    if message_id is None:
        return None
    r, left = recipient.c, func.coalesce(letter.c.sent_at, letter.c.tried_at, letter.c.created_at)
    query = (
        select(letter.c.id, left.label("left_at"), r.id.label("recipient_id"), r.email, r.vouched_at)
        .join(recipient, r.id == letter.c.recipient_id)
        .where(letter.c.message_id.in_((message_id, f"<{message_id}>")), r.is_demo.is_(False))
    )
    row = conn.execute(query).mappings().first()
    return None if row is None else dict(row)


def _what_counts(report: Report, email: str) -> tuple[Said, bool]:
    """Choose the worst said of our reader's address, else the worst of all; say whether it is theirs.

    A reader may have letters sent on, or be a list of people: that one of those is gone is no fault of the address.
    """
    names_nobody = all(not said.address and not said.original for said in report.said)
    theirs = [said for said in report.said if email.casefold() in (said.address.casefold(), said.original.casefold())]
    every = theirs or list(report.said)
    ranked = sorted(every, key=lambda said: (said.action != FAILED, said.action != DELAYED))
    return ranked[0], bool(theirs) or names_nobody


def _is_first(conn: Connection, report: Report, said: Said, row: Row, now: datetime) -> bool:
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    kept: Any = dialect.insert(delivery_report).values(
        id=report.id, letter_id=row["id"], action=said.action, status=said.status, said=_words(said), came_at=now
    )
    return conn.execute(kept.on_conflict_do_nothing().returning(delivery_report.c.id)).first() is not None


def _words(said: Said) -> str:
    """Give the other server's words, with the status where they don't say it."""
    return said.text if said.text and said.status in said.text else f"{said.status} {said.text}".strip() or "?"


def _note(conn: Connection, row: Row, said: Said, now: datetime, *, is_theirs: bool) -> Taken:
    told: dict[str, str | int] = {"email": str(row["email"]), "detail": _words(said)}
    letter_id = str(row["id"])
    if said.action not in {FAILED, DELAYED}:
        return Taken(Outcome.IGNORED, "bounce_arrived", told, letter_id)
    mine = (letter.c.id == letter_id, letter.c.state.in_(_MAY_COME_BACK))
    if said.action == DELAYED or not is_theirs:
        code = "mail_delayed" if said.action == DELAYED else "mail_came_back_elsewhere"
        where = told["detail"] if is_theirs else f"{said.address}, {told['detail']}"
        conn.execute(update(letter).where(*mine).values(trouble=f"{code}: {where}"))
        return Taken(Outcome.NOTED, f"bounce{code.removeprefix('mail')}", told | {"other": said.address}, letter_id)
    trouble = f"mail_came_back: {told['detail']}"
    conn.execute(update(letter).where(*mine).values(state=BOUNCED, trouble=trouble, leased_until=None))
    if not _is_gone(said):
        return Taken(Outcome.RETURNED, "bounce_of_letter", told, letter_id)
    if row["vouched_at"] is not None and row["left_at"] < row["vouched_at"]:
        return Taken(Outcome.RETURNED, "bounce_before_vouched", told, letter_id)
    note_bounce(conn, str(row["recipient_id"]), trouble, now)
    return Taken(Outcome.BOUNCED, "bounce_of_address", told, letter_id)


def _is_gone(said: Said) -> bool:
    """Say whether it is the address that is refused for good; a server that gave up after days may be down."""
    code, status = read_reply(said.text)
    status = status or said.status or None
    return not (status or "").startswith("4.") and is_about_address(code, status, said.text)


def note_bounce(conn: Connection, recipient_id: str, trouble: str, now: datetime) -> None:
    """Note that an address is refused for good; the first reason stays."""
    r = recipient.c
    first = update(recipient).where(r.id == recipient_id, r.bounced_at.is_(None))
    conn.execute(first.values(bounced_at=now, bounced_because=trouble))


def vouch(conn: Connection, recipient_id: str, now: datetime) -> int:
    """Take somebody's word that an address is good again; what was held for it goes out. Give how many letters."""
    r, x = recipient.c, letter.c
    good = update(recipient).where(r.id == recipient_id)
    if conn.execute(good.values(bounced_at=None, bounced_because=None, vouched_at=now)).rowcount == 0:
        raise NotFound("no_such_recipient")
    held = update(letter).where(x.recipient_id == recipient_id, x.state == HELD)
    return conn.execute(held.values(state="waiting", next_try_at=now)).rowcount


def bounced_named(conn: Connection, email: str) -> str:
    """Give the id of the address that bounced, or raise NotFound."""
    r = recipient.c
    wanted = func.lower(r.email) == email.strip().lower()
    found = conn.execute(select(r.id).where(wanted, r.bounced_at.is_not(None))).scalar()
    if found is None:
        raise NotFound("not_bounced", {"email": email.strip()[:80]})
    return str(found)
