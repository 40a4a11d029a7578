"""What was not delivered, over all companies: letters and notices that were refused, came back, wait in trouble.

A letter of the week that a later one has told again is not tried again with all the others: its reader has it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, select, union_all, update

from app.bounces import BOUNCED, HELD
from app.digest import DIGEST
from app.errors import NotFound
from app.models.channels import channel, notice
from app.models.core import company
from app.models.watch import letter, recipient, subscription
from app.notices import message
from app.notices import trouble_text as notice_trouble
from app.notices import try_again as try_notice
from app.outbox import REFUSED, SENDING, SENT, WAITING
from app.outbox import trouble_text as letter_trouble
from app.outbox import try_again as try_letter
from app.wording import label, say

Row = Mapping[str, Any]

LISTED = 100
LISTED_FOR = timedelta(days=90)
LETTER, NOTICE = "letter", "notice"
_OVER = ("channel_off", "channel_answered: 410")  # nobody will take one there again


class State(StrEnum):
    """How a delivery failed, or fails."""

    REFUSED = "refused"
    GIVEN_UP = "given_up"
    BOUNCED = "bounced"
    HELD = "held"
    TRYING = "trying"
    NOTED = "noted"  # sent, and somebody on the way said something of it


_AGAIN = (State.REFUSED, State.GIVEN_UP, State.BOUNCED, State.TRYING)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which deliveries somebody means: of a state, of a company; None: of any. `within`: what they may see at all."""

    state: State | None = None
    company_id: str | None = None
    within: frozenset[str] | None = None

    @property
    def companies(self) -> frozenset[str] | None:
        """The companies meant; None: all."""
        if self.company_id is None:
            return self.within
        mine = frozenset((self.company_id,))
        return mine if self.within is None else mine & self.within


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A letter or a notice that did not arrive, or not yet; `trouble` is a code and what was said."""

    id: str
    kind: str
    state: State
    to: str
    companies: tuple[tuple[str, str], ...]  # id and name of each it may be about
    what: Row
    trouble: str | None
    attempts: int
    created_at: datetime
    tried_at: datetime | None
    next_try_at: datetime | None
    can_try: bool


def deliveries(
    conn: Connection, asked: Asked, now: datetime, *, before: str | None = None, limit: int = LISTED
) -> list[Delivery]:
    """List what was not delivered in 90 days, newest first; `before` is the id where the page before ended."""
    both = _both(asked, now)
    query = select(both.c.id, both.c.state)
    if asked.state is not None:
        query = query.where(both.c.state == asked.state)
    if before is not None:
        query = query.where(both.c.id < before)
    found = {str(one): State(state) for one, state in conn.execute(query.order_by(both.c.id.desc()).limit(limit))}
    told = {**_letters(conn, found, asked.within), **_notices(conn, found)}
    return [told[one] for one in found]


def delivery_counts(conn: Connection, asked: Asked, now: datetime) -> dict[str, int]:
    """Count what was not delivered, by state, whatever state is asked for; a state without any counts zero."""
    both = _both(replace(asked, state=None), now)
    rows = conn.execute(select(both.c.state, func.count()).group_by(both.c.state))
    return {state.value: 0 for state in State} | {str(state): int(n) for state, n in rows}


def again(conn: Connection, delivery_id: str, now: datetime, within: frozenset[str] | None = None) -> None:
    """Have one tried at the next tick; NotFound where there is none, or none within what somebody may see."""
    if within is not None and not _is_within(conn, delivery_id, within):
        raise NotFound("no_such_delivery")
    if conn.execute(select(letter.c.id).where(letter.c.id == delivery_id)).first():
        try_letter(conn, delivery_id, now)
    elif conn.execute(select(notice.c.id).where(notice.c.id == delivery_id)).first():
        try_notice(conn, delivery_id, now)
    else:
        raise NotFound("no_such_delivery")


def _is_within(conn: Connection, delivery_id: str, within: frozenset[str]) -> bool:
    mine = select(letter.c.id).where(letter.c.id == delivery_id, letter.c.recipient_id.in_(_readers(within)))
    told = select(notice.c.id).join(channel, channel.c.id == notice.c.channel_id)
    told = told.where(notice.c.id == delivery_id, channel.c.company_id.in_(within))
    return conn.execute(union_all(mine, told)).first() is not None


def again_all(conn: Connection, asked: Asked, now: datetime) -> int:
    """Have all that may be tried again tried at the next tick; say how many."""
    both = _both(asked, now)
    which = both.c.state.in_(_AGAIN) if asked.state is None else both.c.state == asked.state
    ids = select(both.c.id).where(which, both.c.state.in_(_AGAIN), both.c.can_try)
    n = 0
    for table in (letter, notice):
        mine = update(table).where(table.c.id.in_(ids), table.c.state != SENDING)
        n += conn.execute(mine.values(state=WAITING, next_try_at=now)).rowcount
    return n


def bounced_readers(conn: Connection, within: frozenset[str] | None = None) -> list[Row]:
    """List the addresses that bounced, of readers of some companies or of all, with how many letters are held."""
    r, x = recipient.c, letter.c
    held = select(func.count()).where(x.recipient_id == r.id, x.state == HELD).scalar_subquery()
    query = select(r.id, r.email, r.zone, r.bounced_at, r.bounced_because, held.label("held"))
    query = query.where(r.bounced_at.is_not(None), r.is_demo.is_(False))
    if within is not None:
        query = query.where(r.id.in_(_readers(within)))
    return [dict(row) for row in conn.execute(query.order_by(func.lower(r.email))).mappings()]


def why_text(one: Delivery, language: str) -> str:
    """Say why it was not delivered."""
    if one.state is State.HELD:
        return say("delivery_held", {}, language)
    text = letter_trouble if one.kind == LETTER else notice_trouble
    return text(one.trouble, language)


def what_text(one: Delivery, language: str) -> str:
    """Say what it is: the letter of a week, an alert."""
    if one.kind == NOTICE:
        return message(one.what, language, "")[0].partition(" – ")[2]
    if one.what["kind"] == DIGEST:
        period = str(one.what["period"])
        return say("delivery_week", {"week": int(period[6:]), "year": int(period[:4])}, language)
    return label("letter_kind", str(one.what["kind"]), language)


def _readers(within: frozenset[str]) -> Select[Any]:
    return select(subscription.c.recipient_id).where(subscription.c.company_id.in_(within))


def _both(asked: Asked, now: datetime) -> Any:
    """Give both outboxes as one table: id, state, and whether trying again makes sense."""
    return union_all(_letters_in_trouble(asked, now), _notices_in_trouble(asked, now)).subquery("both")


def _letters_in_trouble(asked: Asked, now: datetime) -> Select[Any]:
    x, r = letter.c, recipient.c
    state = case(
        ((x.state == REFUSED) & x.trouble.like("mail_gave_up%"), State.GIVEN_UP.value),
        (x.state.in_((REFUSED, BOUNCED, HELD)), x.state),
        (x.state == SENT, State.NOTED.value),
        else_=State.TRYING.value,
    )
    tried = x.state.in_((WAITING, SENDING, SENT)) & x.trouble.is_not(None)
    return (
        select(x.id, state.label("state"), (r.bounced_at.is_(None) & ~_told_again()).label("can_try"))
        .join(recipient, r.id == x.recipient_id)
        .where(tried | x.state.in_((REFUSED, BOUNCED, HELD)), r.is_demo.is_(False), x.created_at > now - LISTED_FOR)
        .where(*([x.recipient_id.in_(_readers(asked.companies))] if asked.companies is not None else []))
    )


def _told_again() -> ColumnElement[bool]:
    x, later = letter.c, letter.alias("later")
    mine = (later.c.recipient_id == x.recipient_id, later.c.kind == DIGEST, later.c.period > x.period)
    return (x.kind == DIGEST) & select(later.c.id).where(*mine).exists()


def _notices_in_trouble(asked: Asked, now: datetime) -> Select[Any]:
    n, k = notice.c, channel.c
    state = case(
        ((n.state == REFUSED) & n.trouble.in_(_OVER), State.REFUSED.value),
        (n.state == REFUSED, State.GIVEN_UP.value),
        else_=State.TRYING.value,
    )
    tried = n.state.in_((WAITING, SENDING)) & n.trouble.is_not(None)
    return (
        select(n.id, state.label("state"), k.off_at.is_(None).label("can_try"))
        .join(channel, k.id == n.channel_id)
        .where(tried | (n.state == REFUSED), n.created_at > now - LISTED_FOR)
        .where(*([k.company_id.in_(asked.companies)] if asked.companies is not None else [literal(value=True)]))
    )


def _letters(conn: Connection, found: Mapping[str, State], within: frozenset[str] | None) -> dict[str, Delivery]:
    x, r = letter.c, recipient.c
    columns = (x.id, x.kind, x.period, x.trouble, x.attempts, x.created_at, x.tried_at, x.next_try_at)
    query = select(*columns, r.email, r.id.label("reader"), r.bounced_at).join(recipient, r.id == x.recipient_id)
    rows = list(conn.execute(query.where(x.id.in_(found))))
    about = _companies(conn, {str(row.reader) for row in rows}, within)
    return {
        str(row.id): Delivery(
            id=str(row.id),
            kind=LETTER,
            state=found[row.id],
            to=str(row.email),
            companies=about.get(str(row.reader), ()),
            what={"kind": row.kind, "period": row.period},
            trouble=row.trouble,
            attempts=row.attempts,
            created_at=row.created_at,
            tried_at=row.tried_at,
            next_try_at=row.next_try_at if found[row.id] is State.TRYING else None,
            can_try=found[row.id] in _AGAIN and row.bounced_at is None,
        )
        for row in rows
    }


def _companies(
    conn: Connection, readers: Iterable[str], within: frozenset[str] | None
) -> dict[str, tuple[tuple[str, str], ...]]:
    s, c = subscription.c, company.c
    query = select(s.recipient_id, c.id, c.name).join(company, c.id == s.company_id).order_by(c.name, c.id)
    if within is not None:  # what else somebody reads about is nobody else's business
        query = query.where(c.id.in_(within))
    about: dict[str, tuple[tuple[str, str], ...]] = {}
    for reader, company_id, name in conn.execute(query.where(s.recipient_id.in_(list(readers)))):
        about[str(reader)] = (*about.get(str(reader), ()), (str(company_id), str(name)))
    return about


def _notices(conn: Connection, found: Mapping[str, State]) -> dict[str, Delivery]:
    n, k = notice.c, channel.c
    columns = (n.id, n.content, n.trouble, n.attempts, n.created_at, n.tried_at, n.next_try_at)
    query = select(*columns, k.label, k.off_at, company.c.id.label("company_id"), company.c.name)
    query = query.join(channel, k.id == n.channel_id).join(company, company.c.id == k.company_id)
    return {
        str(row.id): Delivery(
            id=str(row.id),
            kind=NOTICE,
            state=found[row.id],
            to=str(row.label),
            companies=((str(row.company_id), str(row.name)),),
            what=row.content,
            trouble=row.trouble,
            attempts=row.attempts,
            created_at=row.created_at,
            tried_at=row.tried_at,
            next_try_at=row.next_try_at if found[row.id] is State.TRYING else None,
            can_try=row.off_at is None,
        )
        for row in conn.execute(query.where(n.id.in_(found)))
    }
