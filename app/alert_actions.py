"""What people do with an episode: see it, take it on, put it off, dismiss it; each is a row of its history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from app.alerts import NOT_DISMISSED, find_episode, note_event
from app.errors import BadInput, Refused
from app.models.watch import episode

LONGEST_SNOOZE_DAYS = 366
OWNER_KEPT = 254
DISMISSED_BECAUSE = ("wrong", "expected", "accepted", "other")
"""Why somebody dismisses an alert: the number is wrong, it was a one-off, one lives with it, something else."""

Row = Mapping[str, Any]


def _open_episode(conn: Connection, company_id: str, episode_id: str) -> Row:
    row = find_episode(conn, company_id, episode_id)
    if row["closed_on"] is not None:
        raise Refused("episode_closed")
    return row


def acknowledge(conn: Connection, company_id: str, episode_id: str, who: str, comment: str, now: datetime) -> None:
    """Say that somebody has seen it and what they make of it; once is enough, a second time adds the comment."""
    row = _open_episode(conn, company_id, episode_id)
    if row["acknowledged_at"] is None:
        taken = {"acknowledged_at": now, "acknowledged_by": who}
        conn.execute(update(episode).where(episode.c.id == episode_id).values(**taken))
        note_event(conn, row, "acknowledged", now, who=who, note=comment)
    elif comment.strip():
        note_event(conn, row, "comment", now, who=who, note=comment)


def add_comment(conn: Connection, company_id: str, episode_id: str, who: str, comment: str, now: datetime) -> None:
    """Add a comment, also to an episode that is over."""
    row = find_episode(conn, company_id, episode_id)
    if not comment.strip():
        raise BadInput("comment_empty")
    note_event(conn, row, "comment", now, who=who, note=comment)


def snooze(
    conn: Connection, company_id: str, episode_id: str, who: str, until: datetime, reason: str, now: datetime
) -> None:
    """Keep an episode out of the letters until an instant, or until it is worse than today."""
    row = _open_episode(conn, company_id, episode_id)
    days = (until - now).total_seconds() / 86_400
    if not 0 < days <= LONGEST_SNOOZE_DAYS:
        raise BadInput("bad_snooze", {"until": until.date().isoformat(), "days": LONGEST_SNOOZE_DAYS})
    put = NOT_DISMISSED | {"snoozed_until": until, "snoozed_value": row["facts"].get("value")}
    conn.execute(update(episode).where(episode.c.id == episode_id).values(**put))
    told = dict(row) | {"facts": dict(row["facts"]) | {"until": until.isoformat()}}
    note_event(conn, told, "snoozed", now, who=who, note=reason)


def wake(conn: Connection, company_id: str, episode_id: str, who: str, now: datetime) -> None:
    """Bring an episode back that was put off or dismissed."""
    row = _open_episode(conn, company_id, episode_id)
    if row["snoozed_until"] is None and row["dismissed_at"] is None:
        return
    back = NOT_DISMISSED | {"snoozed_until": None, "snoozed_value": None}
    conn.execute(update(episode).where(episode.c.id == episode_id).values(**back))
    note_event(conn, row, "woken_by_hand", now, who=who)


def assign(conn: Connection, company_id: str, episode_id: str, who: str, owner: str, now: datetime) -> None:
    """Say who has an episode in hand; nobody where `owner` is empty. They are not its subscribers: one acts."""
    row = _open_episode(conn, company_id, episode_id)
    wanted = " ".join(owner.split())
    if len(wanted) > OWNER_KEPT:
        raise BadInput("owner_too_long", {"longest": OWNER_KEPT})
    if wanted == (row["owner"] or ""):
        return
    conn.execute(update(episode).where(episode.c.id == episode_id).values(owner=wanted or None))
    told = dict(row) | {"facts": dict(row["facts"]) | {"owner": wanted}}
    note_event(conn, told, "assigned" if wanted else "unassigned", now, who=who)


def dismiss(
    conn: Connection, company_id: str, episode_id: str, who: str, because: str, comment: str, now: datetime
) -> None:
    """Set an episode aside for good, with why; it goes on being watched, and comes back if it is worse than today."""
    row = _open_episode(conn, company_id, episode_id)
    if because not in DISMISSED_BECAUSE:
        raise BadInput("bad_dismissal", {"because": because, "reasons": ", ".join(DISMISSED_BECAUSE)})
    if row["dismissed_at"] is not None:
        return
    put = {"dismissed_at": now, "dismissed_by": who, "dismissed_because": because}
    put |= {"snoozed_until": None, "snoozed_value": row["facts"].get("value")}
    conn.execute(update(episode).where(episode.c.id == episode_id).values(**put))
    told = dict(row) | {"facts": dict(row["facts"]) | {"because": because}}
    note_event(conn, told, "dismissed", now, who=who, note=comment)
