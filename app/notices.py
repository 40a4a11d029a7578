"""The outbox of channels: what happens to an alert is written down for each channel once, and handed over until taken.

Taken by a conditional update with a lease, handed over outside any transaction, and marked. Killed in between it goes
out once more under the same id: at least once, not never.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, Engine, and_, func, insert, or_, select, update

from app.alerts import ESCALATED, is_set_aside
from app.channels import WEBHOOK, switch_off
from app.companies import find_company
from app.db import hold, write
from app.due import retry_at
from app.errors import NotFound, Refused
from app.faultpoints import reached
from app.ids import new_id
from app.jobs import Clock
from app.letter_alerts import carried_text
from app.letter_view import Words
from app.maintenance import under_maintenance
from app.models.channels import channel, notice
from app.models.core import company
from app.models.watch import episode, episode_event
from app.rows import as_json
from app.senders import Chat, NotTold, Webhook
from app.vault import Vault
from app.wording import say
from app.wording.subjects import subject_label
from signals.episodes import Kind

TOLD = frozenset(
    {
        *(Kind.FIRED, Kind.WORSE, Kind.RELAPSED, Kind.RESOLVED, Kind.DROPPED, Kind.FROZEN, Kind.FAILED, Kind.MENDED),
        ESCALATED,
    }
)
"""What is told. An alert that is only noticed waits to be confirmed, as it does for the letters."""
EVEN_ASLEEP = frozenset({Kind.WORSE, Kind.RESOLVED, Kind.DROPPED, Kind.MENDED})
"""What is told of a snoozed alert, too: that it is worse, and that it is over."""

WAITING, SENDING, SENT, REFUSED = "waiting", "sending", "sent", "refused"
LEASE = timedelta(minutes=10)
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=6)
TRIED_FOR = timedelta(days=3)
KEPT = timedelta(days=90)
SHOWN = 50
TRIAL = "trial"

Row = Mapping[str, Any]
log = structlog.get_logger()


class Sender(Protocol):
    """Hands one notice over; raises NotTold."""

    def __call__(self, mine: Row, now: datetime) -> None:
        """Hand it over."""


def channels_due(conn: Connection, now: datetime) -> list[str]:
    """List the channels that something has happened for, as `channel@last event`."""
    c, e = channel.c, episode_event.c
    newest = select(func.max(e.no)).where(e.company_id == c.company_id).scalar_subquery()
    news = (c.off_at.is_(None), newest > c.told_until, c.created_at <= now)
    rows = conn.execute(select(c.id, newest).where(*news, ~under_maintenance(c.company_id, now)))
    return [f"{channel_id}@{no}" for channel_id, no in rows]


def write_notices(engine: Engine, key: str, clock: Clock) -> None:
    """Write down for a channel what has happened since it was last told, each event once."""
    channel_id, _, last = key.rpartition("@")
    with write(engine) as conn:
        hold(conn, f"channel:{channel_id}")
        found = conn.execute(select(channel).where(channel.c.id == channel_id)).mappings().first()
        if found is None or found["told_until"] >= int(last):
            return
        row: Row = dict(found)
        now = clock()
        for event in _news(conn, row, int(last)):
            if _is_told(event, now):
                conn.execute(
                    insert(notice).values(
                        id=new_id(now), channel_id=channel_id, event_no=event["no"], content=_content(conn, row, event),
                        state=WAITING, created_at=now, next_try_at=now,
                    )
                )  # fmt: skip
        conn.execute(update(channel).where(channel.c.id == channel_id).values(told_until=int(last)))
        reached("notice.written")


def _news(conn: Connection, row: Row, last: int) -> list[Row]:
    n, e = episode_event.c, episode.c
    query = (
        select(
            n.no, n.kind, n.happened_on, n.at, n.facts, e.id, e.subject, e.process, e.state, e.opened_on, e.fired_on,
            e.closed_on, e.acknowledged_by, e.snoozed_until, e.dismissed_at, e.owner,
        )
        .select_from(episode_event.join(episode, e.id == n.episode_id))
        .where(n.company_id == row["company_id"], n.no > row["told_until"], n.no <= last, n.who.is_(None))
        .order_by(n.no)
    )  # fmt: skip
    return [dict(one) for one in conn.execute(query).mappings()]


def _is_told(event: Row, now: datetime) -> bool:
    return event["kind"] in TOLD and (not is_set_aside(event, now) or event["kind"] in EVEN_ASLEEP)


def _content(conn: Connection, row: Row, event: Row) -> dict[str, Any]:
    owner = find_company(conn, str(row["company_id"]))
    told = as_json({name: value for name, value in event.items() if name not in {"no", "kind", "at", "happened_on"}})
    happened = as_json({"no": event["no"], "kind": event["kind"], "on": event["happened_on"], "at": event["at"]})
    return {
        "company": {"id": str(owner["id"]), "name": str(owner["name"]), "siren": owner["siren"]},
        "alert": told,
        "event": happened,
    }


def notices_due(conn: Connection, now: datetime) -> list[str]:
    """List the notices to hand over now, as `notice@attempts so far`; the oldest comes first."""
    c = notice.c
    rows = conn.execute(select(c.id, c.attempts).where(_is_due(now)).order_by(c.created_at, c.event_no))
    return [f"{row.id}@{row.attempts}" for row in rows]


def _is_due(now: datetime) -> Any:
    c = notice.c
    return or_(and_(c.state == WAITING, c.next_try_at <= now), and_(c.state == SENDING, c.leased_until <= now))


def hand_over(engine: Engine, key: str, clock: Clock, send: Sender) -> None:
    """Hand the notice of a due key over, unless it is somebody else's by now; trouble is kept with it."""
    notice_id, _, attempts = key.rpartition("@")
    with write(engine) as conn:
        mine = _claim(conn, notice_id, int(attempts), clock())
    if mine is None:
        return
    reached("notice.claimed")
    try:
        send(mine, clock())
    except NotTold as error:
        _keep_trouble(engine, mine, error, clock())
        return
    except Exception as error:
        _keep_trouble(engine, mine, NotTold("channel_fault", type(error).__name__), clock())
        raise
    reached("notice.taken")
    with write(engine) as conn:
        now = clock()
        _mark(conn, mine, state=SENT, sent_at=now, tried_at=now, leased_until=None, trouble=None)


def _claim(conn: Connection, notice_id: str, attempts: int, now: datetime) -> Row | None:
    c = notice.c
    taken = conn.execute(
        update(notice)
        .where(c.id == notice_id, c.attempts == attempts, _is_due(now))
        .values(state=SENDING, leased_until=now + LEASE, attempts=attempts + 1)
        .returning(c.id)
    ).scalar()
    if taken is None:
        return None
    k = channel.c
    columns = (k.kind, k.language, k.sealed_address, k.sealed_secret, k.off_at, k.company_id)
    joined = notice.join(channel, k.id == c.channel_id)
    row = dict(conn.execute(select(notice, *columns).select_from(joined).where(c.id == notice_id)).mappings().one())
    if row["off_at"] is not None:
        _mark(conn, row, state=REFUSED, leased_until=None, trouble="channel_off")
        return None
    return row


def _mark(conn: Connection, mine: Row, **values: Any) -> None:
    c = notice.c
    still_mine = (c.id == mine["id"], c.state == SENDING, c.attempts == mine["attempts"])
    conn.execute(update(notice).where(*still_mine).values(**values))


def _keep_trouble(engine: Engine, mine: Row, error: NotTold, now: datetime) -> None:
    tries = int(mine["attempts"])
    values: dict[str, Any] = {"state": WAITING, "leased_until": None, "trouble": str(error), "tried_at": now}
    if error.is_over or (now - mine["created_at"] >= TRIED_FOR and tries > 1):
        values["state"] = REFUSED
    else:
        values["next_try_at"] = retry_at(now, tries, first=FIRST_RETRY, longest=LONGEST_RETRY)
    with write(engine) as conn:
        _mark(conn, mine, **values)
        if error.is_over:
            switch_off(conn, str(mine["channel_id"]), now, "channel_gone")
    log.warning("notice_not_taken", notice=mine["id"], state=values["state"], trouble=values["trouble"])


def sender(vault: Callable[[], Vault], *, base_url: str, private_hosts: frozenset[str]) -> Sender:
    """Make what hands notices over: opens the sealed address, and writes for a program or for people."""

    def send(mine: Row, now: datetime) -> None:
        opened = vault()
        address = opened.open(str(mine["sealed_address"]))
        if mine["kind"] == WEBHOOK:
            body = event_body(mine["content"], base_url)
            Webhook(address, opened.open(str(mine["sealed_secret"])), private_hosts).send(str(mine["id"]), body, now)
        else:
            Chat(address).send(*message(mine["content"], str(mine["language"]), base_url))

    return send


def event_body(content: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """Write a notice for a program: Standard Webhooks' type, timestamp and data."""
    event = content["event"]
    return {
        "type": f"alert.{event['kind']}",
        "timestamp": event["at"],
        "data": {**content, "url": _address(content, base_url)},
    }


def message(content: Mapping[str, Any], language: str, base_url: str) -> tuple[str, str]:
    """Write a notice for people: a title, and what it rests on with where to look."""
    words, told = Words(language), content["alert"]
    if content["event"]["kind"] == TRIAL:
        return "Seuil", words.say("channel_test", who=str(content["event"]["who"]))
    happened = words.label("episode_kind", str(content["event"]["kind"]))
    title = f"{content['company']['name']} – {subject_label(told['subject'], language)}"
    carried = carried_text({**told, "kind": content["event"]["kind"]}, words)
    first = " ".join(part for part in (f"{happened}.", carried) if part)
    return title, f"{first}\n{_address(content, base_url)}"


def _address(content: Mapping[str, Any], base_url: str) -> str:
    return f"{base_url}/companies/{content['company']['id']}/alerts/{content['alert']['id']}"


def trouble_text(trouble: str | None, language: str) -> str:
    """Say in a reader's language why a notice was not taken."""
    code, _, detail = (trouble or "").partition(": ")
    return say(code, {"detail": detail}, language) if code else ""


def try_again(conn: Connection, notice_id: str, now: datetime) -> None:
    """Have a notice that waits or was not taken tried at the next tick, unless its channel is switched off."""
    c, k = notice.c, channel.c
    joined = notice.join(channel, k.id == c.channel_id)
    found = conn.execute(select(c.id, k.off_at, k.label).select_from(joined).where(c.id == notice_id)).first()
    if found is None:
        raise NotFound("no_such_delivery")
    if found.off_at is not None:
        raise Refused("channel_is_off", {"label": found.label})
    again = update(notice).where(c.id == notice_id, c.state.in_((WAITING, REFUSED)))
    if conn.execute(again.values(state=WAITING, next_try_at=now)).rowcount == 0:
        raise Refused("letter_not_waiting")


def try_channel(row: Row, send: Sender, who: str, now: datetime) -> None:
    """Tell a channel that alerts will be told there; raises NotTold."""
    told = {"id": "", "subject": "assessment", "process": "all", "state": "resolved", "facts": {}}
    content = {
        "company": {"id": str(row["company_id"]), "name": "Seuil", "siren": None},
        "alert": told,
        "event": {"no": 0, "kind": TRIAL, "on": now.date().isoformat(), "at": now.isoformat(), "who": who},
    }
    send({**row, "id": new_id(now), "content": content}, now)


def notices_of(conn: Connection, company_id: str) -> list[Row]:
    """List what was told of a company, newest first."""
    c, k = notice.c, channel.c
    columns = (c.id, c.content, c.state, c.created_at, c.next_try_at, c.attempts, c.trouble, c.sent_at, k.label, k.kind)
    joined = notice.join(channel, k.id == c.channel_id).join(company, company.c.id == k.company_id)
    rows = conn.execute(
        select(*columns).select_from(joined).where(k.company_id == company_id).order_by(c.event_no.desc()).limit(SHOWN)
    ).mappings()
    return [dict(row) for row in rows]
