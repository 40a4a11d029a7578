"""What somebody is told at once of a company: the last thing that happened to each alert, if they asked for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from app.alerts import ACTIONABLE, ASSESSMENT, ESCALATED, VERDICT, is_set_aside
from app.digest_news import SILENCES, entry_of
from app.models.watch import episode, episode_event, letter, subscription
from app.source_letter import SOURCE_LETTER
from app.wording.subjects import SOURCE
from signals.episodes import Kind

NONE, ACTION, ALL = "none", "action", "all"
AT_ONCE_CHOICES = (NONE, ACTION, ALL)
"""Nothing at once; what calls for somebody to act; and every alert."""

ASSIGNED = "assigned"
TOLD = (
    *(Kind.FIRED.value, Kind.WORSE.value, Kind.RELAPSED.value, Kind.RESOLVED.value),
    *(Kind.FROZEN.value, Kind.FAILED.value, Kind.MENDED.value, "woken", ESCALATED, ASSIGNED),
)
EVEN_SET_ASIDE = (Kind.RESOLVED.value, Kind.MENDED.value, "woken")
JUST_BEFORE = timedelta(minutes=5)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reads:
    """What somebody asked to be told at once of a company; `signals` None is all of them."""

    email: str
    at_once: str
    signals: Sequence[str] | None = None
    escalations: bool = False


def news_of(
    conn: Connection, reader_id: str, company_id: str, told_until: int, asked: Reads, now: datetime
) -> list[dict[str, Any]]:
    """Give the entries to tell, one for each alert, each with the instant `at` of what happened."""
    n, e = episode_event.c, episode.c
    happened = select(episode_event).where(n.company_id == company_id, n.no > told_until).order_by(n.no)
    events = [dict(row) for row in conn.execute(happened).mappings()]
    ids = {str(event["episode_id"]) for event in events if event["kind"] in TOLD}
    rows = [dict(row) for row in conn.execute(select(episode).where(e.id.in_(ids)).order_by(e.id)).mappings()]
    hears = asked.escalations or (not _somebody_hears(conn, company_id) and _hears_by_default(conn, company_id, asked))
    entries = []
    for row in rows:
        mine = [event for event in events if event["episode_id"] == row["id"]]
        told = next((event for event in reversed(mine) if _is_told(row, event, asked, hears=hears, now=now)), None)
        if told is not None and not _is_asked_for_access(conn, reader_id, row, told):
            facts = {"at": told["at"], "signal": is_signal(str(row["subject"]))}
            entries.append(entry_of(row, str(told["kind"]), mine) | facts)
    return entries


def is_signal(subject: str) -> bool:
    """Say whether an alert is about a signal, and not about a verdict, a source or the assessment."""
    return not subject.startswith((VERDICT, SOURCE)) and subject != ASSESSMENT


def calls_for_action(subject: str) -> bool:
    """Say whether an alert is of those that somebody has to do something about: nothing goes on by itself."""
    if subject.startswith(VERDICT):
        return subject.removeprefix(VERDICT) in ACTIONABLE
    return not is_signal(subject)


def _is_told(row: Row, event: Row, asked: Reads, *, hears: bool, now: datetime) -> bool:
    kind, subject = str(event["kind"]), str(row["subject"])
    if kind == ASSIGNED:
        to = str(event["facts"].get("owner") or "").casefold()
        return row["owner"] is not None and to == str(row["owner"]).casefold() == asked.email.casefold()
    silent_verdict = subject.startswith(VERDICT) and kind in SILENCES  # its signals say so
    asleep = is_set_aside(row, now) and kind not in EVEN_SET_ASIDE
    if kind not in TOLD or event["who"] is not None or silent_verdict or asleep:
        return False
    if kind == ESCALATED:
        return hears and row["acknowledged_at"] is None and row["closed_on"] is None
    return _is_wanted(subject, asked)


def _is_wanted(subject: str, asked: Reads) -> bool:
    if is_signal(subject) and asked.signals is not None and subject not in asked.signals:
        return False
    return asked.at_once == ALL or (asked.at_once == ACTION and calls_for_action(subject))


def _somebody_hears(conn: Connection, company_id: str) -> bool:
    s = subscription.c
    return conn.execute(select(s.company_id).where(s.company_id == company_id, s.escalations)).first() is not None


def _hears_by_default(conn: Connection, company_id: str, asked: Reads) -> bool:
    """Say who is told of what nobody acknowledges where nobody was named: who is told at once, else everybody."""
    s = subscription.c
    at_once = select(s.company_id).where(s.company_id == company_id, s.at_once != NONE)
    return asked.at_once != NONE or conn.execute(at_once).first() is None


def _is_asked_for_access(conn: Connection, reader_id: str, row: Row, told: Row) -> bool:
    """Say whether a letter of its own asks this reader to grant a source access again: once is enough."""
    if not str(row["subject"]).startswith(SOURCE) or told["kind"] != Kind.FAILED.value:
        return False
    x = letter.c
    asked = (x.recipient_id == reader_id, x.kind == SOURCE_LETTER, x.created_at >= told["at"] - JUST_BEFORE)
    return conn.execute(select(x.id).where(*asked).limit(1)).first() is not None
