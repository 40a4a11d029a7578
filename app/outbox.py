"""The outbox: letters that wait are sent, each by one process, and what the mail server said is kept.

A letter is taken by a conditional update with a lease, written and sent outside any transaction, and marked. Killed
between the server's acceptance and our mark, it goes out once more with the same Message-ID: at least once, not never.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, Select, and_, func, or_, select, update

from app.bounces import BOUNCED, HELD, note_bounce
from app.db import write
from app.due import retry_at
from app.errors import NotFound, Refused
from app.faultpoints import reached
from app.jobs import Clock
from app.letter_view import AT_ONCE, STOPPED
from app.letters import compose
from app.mail import AddressRefused, MailError, PermanentMailError, TemporaryMailError
from app.models.watch import letter, recipient, subscription
from app.wording import SENTENCES, say

Row = Mapping[str, Any]
Send = Callable[[EmailMessage], None]

SEND = "send"

LEASE = timedelta(minutes=10)
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=6)
TRIED_FOR = timedelta(days=3)
WAITING, SENDING, SENT, REFUSED, KEPT, DROPPED = "waiting", "sending", "sent", "refused", "kept", "dropped"
REPLACED = "replaced"  # by the next one, before it could be sent
STATES = (WAITING, SENDING, SENT, REFUSED, BOUNCED, HELD, KEPT, DROPPED, REPLACED)

log = structlog.get_logger()


def letters_due(conn: Connection, now: datetime) -> list[str]:
    """List the letters to send now, as `letter@attempts so far`; the oldest comes first."""
    c = letter.c
    rows = conn.execute(select(c.id, c.attempts).where(_is_due(now)).order_by(c.created_at, c.id))
    return [f"{row.id}@{row.attempts}" for row in rows]


def _is_due(now: datetime) -> Any:
    c = letter.c
    waits = and_(c.state == WAITING, c.next_try_at <= now)
    return or_(waits, and_(c.state == SENDING, c.leased_until <= now))


def deliver(engine: Engine, key: str, clock: Clock, send: Send | None, *, sender: str, base_url: str) -> None:
    """Send the letter of a due key, unless it is somebody else's by now; without a mail server it stays where it is.

    Trouble at the mail server is kept with the letter. A fault of ours is kept as well, and raised.
    """
    if send is None:
        return
    letter_id, _, attempts = key.rpartition("@")
    with write(engine) as conn:
        mine = _claim(conn, letter_id, int(attempts), clock())
    if mine is None:
        return
    reached("send.claimed")
    try:
        message = compose(
            mine["content"],
            to=str(mine["email"]),
            sender=sender,
            message_id=str(mine["message_id"]),
            base_url=base_url,
            unsubscribe_url=way_out(mine, base_url),
            sent_on=clock(),
        )
        reached("send.composed")
        send(message)
    except MailError as error:
        _keep_trouble(engine, mine, error, clock())
        return
    except Exception as error:
        _keep_trouble(engine, mine, TemporaryMailError("mail_fault", type(error).__name__), clock())
        raise
    reached("send.accepted")
    with write(engine) as conn:
        now = clock()
        _mark(conn, mine, state=SENT, sent_at=now, tried_at=now, leased_until=None, trouble=None)
    reached("send.marked")
    log.info("letter_sent", letter=mine["id"], attempts=mine["attempts"])


def way_out(mine: Row, base_url: str) -> str:
    """Give the address that ends what a letter is one of: the mails at once, or all letters."""
    address = f"{base_url}/unsubscribe/{mine['token']}"
    return f"{address}/at-once" if mine["kind"] in {AT_ONCE, STOPPED} else address


def _claim(conn: Connection, letter_id: str, attempts: int, now: datetime) -> Row | None:
    """Take a letter, or learn that it is somebody else's, done, or not to be sent at all."""
    c = letter.c
    taken = conn.execute(
        update(letter)
        .where(c.id == letter_id, c.attempts == attempts, _is_due(now))
        .values(state=SENDING, leased_until=now + LEASE, attempts=attempts + 1)
        .returning(c.id)
    ).scalar()
    if taken is None:
        return None
    row = find_letter(conn, letter_id)
    stays = _stays(row)
    if stays is not None:
        _mark(conn, row, state=stays, leased_until=None)
        return None
    return row


def _stays(row: Row) -> str | None:
    """Say as what a letter stays here, if it does."""
    if row["is_demo"]:
        return KEPT
    if row["unsubscribed_at"] is not None:
        return DROPPED
    return HELD if row["bounced_at"] is not None else None


def _mark(conn: Connection, mine: Row, **values: Any) -> None:
    """Note how it went, unless the lease ran out and somebody else has it now."""
    c = letter.c
    still_mine = (c.id == mine["id"], c.state == SENDING, c.attempts == mine["attempts"])
    conn.execute(update(letter).where(*still_mine).values(**values))


def _keep_trouble(engine: Engine, mine: Row, error: MailError, now: datetime) -> None:
    tries = int(mine["attempts"])
    values: dict[str, Any] = {"state": WAITING, "leased_until": None, "trouble": str(error), "tried_at": now}
    if isinstance(error, PermanentMailError):
        values["state"] = REFUSED
    elif now - mine["created_at"] >= TRIED_FOR and tries > 1:  # a first try, however late, is not the last
        values |= {"state": REFUSED, "trouble": f"mail_gave_up: {error}"}
    else:
        values["next_try_at"] = retry_at(now, tries, first=FIRST_RETRY, longest=LONGEST_RETRY)
    with write(engine) as conn:
        _mark(conn, mine, **values)
        if isinstance(error, AddressRefused):
            note_bounce(conn, str(mine["recipient_id"]), str(error), now)
    log.warning("letter_not_sent", letter=mine["id"], state=values["state"], trouble=values["trouble"])


def trouble_text(trouble: str | None, language: str) -> str:
    """Say in a reader's language what a letter's delivery met with."""
    code, _, detail = (trouble or "").partition(": ")
    if code not in SENTENCES:
        return trouble or ""
    if code == "mail_gave_up":
        detail = trouble_text(detail, language)
    return say(code, {"detail": detail}, language)


def _query() -> Select[Any]:
    r = recipient.c
    columns = [column for column in letter.c if column.name != "content"]
    joined = letter.join(recipient, r.id == letter.c.recipient_id)
    return select(*columns, r.email, r.is_demo, r.token, r.unsubscribed_at, r.bounced_at).select_from(joined)


def find_letter(conn: Connection, letter_id: str) -> Row:
    """Give a letter with its content and its recipient, or raise NotFound."""
    found = conn.execute(_query().add_columns(letter.c.content).where(letter.c.id == letter_id)).mappings().first()
    if found is None:
        raise NotFound("no_such_letter")
    return dict(found)


def letters_of(conn: Connection, company_id: str | None, limit: int) -> list[Row]:
    """List letters, newest first, without their content: all, or those to whoever reads about a company."""
    query = _query()
    if company_id is not None:
        readers = select(subscription.c.recipient_id).where(subscription.c.company_id == company_id)
        query = query.where(letter.c.recipient_id.in_(readers))
    rows = conn.execute(query.order_by(letter.c.created_at.desc(), letter.c.id.desc()).limit(limit)).mappings()
    return [dict(row) for row in rows]


def letter_counts(conn: Connection) -> dict[str, int]:
    """Count the letters of each state; a state without any counts zero."""
    rows = conn.execute(select(letter.c.state, func.count()).group_by(letter.c.state))
    return dict.fromkeys(STATES, 0) | {str(state): int(n) for state, n in rows}


def try_again(conn: Connection, letter_id: str, now: datetime) -> None:
    """Have a letter that waits, was refused or came back tried at the next tick, unless its address bounced."""
    c = letter.c
    row = find_letter(conn, letter_id)
    if row["bounced_at"] is not None:
        raise Refused("recipient_bounced", {"email": str(row["email"])})
    again = update(letter).where(c.id == letter_id, c.state.in_((WAITING, REFUSED, BOUNCED)))
    if conn.execute(again.values(state=WAITING, next_try_at=now).returning(c.id)).scalar() is None:
        raise Refused("letter_not_waiting")
