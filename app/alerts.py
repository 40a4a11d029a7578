"""Episodes kept: what an assessment saw moves them on, what people do stands beside it, and nothing is rewritten."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app.body import Body, carrying_measure
from app.errors import NotFound
from app.ids import new_id
from app.models.answers import assessment
from app.models.watch import episode, episode_event
from signals.episodes import SIGNAL, Kind, Moved, Rules, Seen, State, Thread, is_worse, step, step_failure
from signals.hidden_cost import DIRECTOR_LINE, ERRORS, LATENESS
from signals.verdict import Verdict

Row = Mapping[str, Any]

VERDICT = "verdict:"
ASSESSMENT = "assessment"
ACTIONABLE = (Verdict.OUTSOURCE.value, Verdict.PREPARE.value)
# A verdict that calls for action stays open while it stands; any other is news. Each must have held for two weeks.
STANDING, NEWS = Rules(recovery_days=7), Rules(is_news=True)
ANNOUNCES = (Kind.FIRED.value, Kind.RELAPSED.value, Kind.BACK.value)
OPEN_STATES = tuple(state.value for state in State if state not in (State.RESOLVED, State.DROPPED))
NOTE_KEPT = 2000
COST_OF = {"late_invoicing": LATENESS, "director_time": DIRECTOR_LINE, "quality": ERRORS}
"""The line of the table of costs that is a signal's own."""
WHOLE_COST = "hidden_cost"
ESCALATED = "escalated"  # nobody has acknowledged it in time
NOT_DISMISSED: dict[str, Any] = {"dismissed_at": None, "dismissed_by": None, "dismissed_because": None}


def update_alerts(conn: Connection, company_id: str, body: Body, before: Body | None, now: datetime) -> None:
    """Move a company's episodes on by one answer; `before` is the one before it, None where there is none.

    Belongs in the transaction that keeps the answer. A reconstructed answer opens and moves nothing.
    """
    if body["reconstructed"]:
        return
    on = date.fromisoformat(body["as_of"])
    known = {s["name"] for s in before["signals"] if _can_say(s)} if before and not before["reconstructed"] else set()
    seen: list[tuple[str, Seen, Rules]] = [
        (
            signal["name"],
            _signal_seen(signal, on, _cost(body, signal["name"]), was_known=signal["name"] in known),
            SIGNAL,
        )
        for signal in body["signals"]
    ]
    seen += _verdicts_seen(conn, company_id, body, on)
    threads = _open_threads(conn, company_id)
    for subject, look, rules in seen:
        row = threads.get(subject)
        if row is not None and subject.startswith(VERDICT):  # what it was announced against, not itself
            look = replace(look, facts={**look.facts, "before": row["facts"].get("before")})  # noqa: PLW2901
        _save(conn, company_id, subject, row, step(_thread(row) if row else None, look, rules), now)
    _end_snoozes(conn, company_id, now)


def update_failure(
    conn: Connection, company_id: str, subject: str, on: date, now: datetime, *, failed: bool, facts: Mapping[str, Any]
) -> None:
    """Move on the episode of something that must work: an assessment, a source."""
    row = _open_threads(conn, company_id).get(subject)
    moved = step_failure(_thread(row) if row else None, on, facts, failed=failed)
    _save(conn, company_id, subject, row, moved, now)


def _can_say(signal: Body) -> bool:
    return signal["level"] != "unknown" and signal["frozen_on"] is None


def _cost(body: Body, name: str) -> dict[str, Any] | None:
    """Give what a signal costs a month, from the table of costs; None where no line is its own."""
    table = body.get("full_cost")
    if table is None:
        return None
    if name == WHOLE_COST:
        return {"low": table["low"], "high": table["high"]}
    line = next((line for line in table["lines"] if line["name"] == COST_OF.get(name)), None)
    return None if line is None else {"low": line["low"], "high": line["high"]}


def _signal_seen(signal: Body, on: date, cost: dict[str, Any] | None, *, was_known: bool) -> Seen:
    measure = carrying_measure(signal)
    facts = {name: measure[name] for name in ("value", "low", "high", "n", "limit", "baseline", "recent", "unit")}
    facts |= {"level": signal["level"], "measure": measure["name"], "why": signal["why"]}
    facts |= {"frozen_on": signal["frozen_on"], "tier": measure["tier"], "cost": cost}
    return Seen(
        on=on,
        is_on=signal["level"] == "over",
        is_off=signal["level"] == "calm",
        is_silent=not _can_say(signal),
        was_known=was_known,
        facts=facts,
    )


def _verdicts_seen(conn: Connection, company_id: str, body: Body, on: date) -> list[tuple[str, Seen, Rules]]:
    """Look at each verdict as a subject of its own: it is on while it stands and differs from the last announced."""
    announced, stands = announced_verdict(conn, company_id), body["verdict"]
    silent = stands == Verdict.CANNOT_SAY.value
    seen = []
    for verdict in Verdict:
        facts = {"verdict": verdict.value, "before": announced, "why": body["why"], "now": stands}
        look = Seen(
            on=on,
            is_on=stands == verdict.value and (announced != verdict.value or verdict.value in ACTIONABLE),
            is_off=stands != verdict.value,
            is_silent=silent and verdict is not Verdict.CANNOT_SAY,
            facts=facts,
        )
        seen.append((VERDICT + verdict.value, look, STANDING if verdict.value in ACTIONABLE else NEWS))
    return seen


def announced_verdict(conn: Connection, company_id: str) -> str | None:
    """Give the verdict last announced.

    Where none was, that is the first answer that is not reconstructed, unless it calls for action: that is news.
    """
    e, n = episode.c, episode_event.c
    moves = (
        select(e.subject, n.kind, n.facts)
        .join(episode_event, n.episode_id == e.id)
        .where(
            n.company_id == company_id, e.subject.startswith(VERDICT), n.kind.in_(ANNOUNCES), e.fired_on.is_not(None)
        )
        .order_by(n.no.desc())
        .limit(len(Verdict) * 2)
    )
    for subject, kind, facts in conn.execute(moves):
        # Back from silence announces what stands, and the others are back with it.
        if kind != Kind.BACK.value or facts.get("now") == facts.get("verdict"):
            return str(subject).removeprefix(VERDICT)
    a = assessment.c
    first = (
        select(a.verdict)
        .where(a.company_id == company_id, a.reconstructed.is_(False), a.process == "all")
        .order_by(a.as_of)
        .limit(1)
    )
    verdict = conn.execute(first).scalar()
    return None if verdict is None or verdict in ACTIONABLE else str(verdict)


def _open_threads(conn: Connection, company_id: str) -> dict[str, Row]:
    e = episode.c
    rows = conn.execute(select(episode).where(e.company_id == company_id, e.closed_on.is_(None), e.process == "all"))
    return {row["subject"]: dict(row) for row in rows.mappings()}


def _thread(row: Row) -> Thread:
    return Thread(
        state=State(row["state"]),
        opened_on=row["opened_on"],
        seen_on=row["seen_on"],
        facts=row["facts"],
        fired_on=row["fired_on"],
        calm_since=row["calm_since"],
        closed_on=row["closed_on"],
        resumes_as=State(row["resumes_as"]) if row["resumes_as"] else None,
    )


def _save(conn: Connection, company_id: str, subject: str, row: Row | None, moved: Moved, now: datetime) -> None:
    thread, happened = moved
    if thread is None or (row is not None and _thread(row) == thread):
        return
    values = {
        "state": thread.state.value,
        "resumes_as": thread.resumes_as.value if thread.resumes_as else None,
        "fired_on": thread.fired_on,
        "calm_since": thread.calm_since,
        "closed_on": thread.closed_on,
        "seen_on": thread.seen_on,
        "facts": dict(thread.facts),
    }
    episode_id = new_id(now) if row is None else str(row["id"])
    if row is None:
        known = {"id": episode_id, "company_id": company_id, "subject": subject, "opened_at": now}
        conn.execute(insert(episode).values(**known, opened_on=thread.opened_on, **values))
    else:
        conn.execute(update(episode).where(episode.c.id == episode_id).values(**values))
    for kind in happened:
        note_event(conn, {"company_id": company_id, "id": episode_id, **values}, kind.value, now)


def note_event(conn: Connection, row: Row, kind: str, now: datetime, *, who: str | None = None, note: str = "") -> None:
    """Add to an episode's history; `row` gives its company, id, last day seen, and the facts to remember."""
    conn.execute(
        insert(episode_event).values(
            company_id=row["company_id"],
            episode_id=row["id"],
            kind=kind,
            happened_on=row["seen_on"],
            at=now,
            who=who,
            note=note.strip()[:NOTE_KEPT],
            facts=dict(row["facts"]),
        )
    )


def _end_snoozes(conn: Connection, company_id: str, now: datetime) -> None:
    """Wake what was put off or dismissed and got worse, or whose time is over; what is closed needs no snooze."""
    e = episode.c
    set_aside = e.snoozed_until.is_not(None) | (e.dismissed_at.is_not(None) & e.closed_on.is_(None))
    rows = conn.execute(select(episode).where(e.company_id == company_id, set_aside)).mappings()
    for row in [dict(found) for found in rows]:
        worse = row["state"] == State.FIRING.value and _is_worse_than_then(conn, row)
        is_over = row["snoozed_until"] is not None and row["snoozed_until"] <= now
        if row["closed_on"] is None and not worse and not is_over:
            continue
        values: dict[str, Any] = {"snoozed_until": None, "snoozed_value": None}
        if worse:
            values |= NOT_DISMISSED
        conn.execute(update(episode).where(e.id == row["id"]).values(**values))
        if row["closed_on"] is None:
            note_event(conn, row, "woken" if worse else "snooze_over", now)


def _is_worse_than_then(conn: Connection, row: Row) -> bool:
    """Say whether an episode is worse than on the day it was put off or dismissed."""
    if not is_worse(row["facts"], row["snoozed_value"]):
        return False
    n = episode_event.c
    kinds = n.kind.in_(("snoozed", "dismissed"))
    then = select(n.facts).where(n.episode_id == row["id"], kinds).order_by(n.no.desc()).limit(1)
    facts = conn.execute(then).scalar() or {}
    return bool(facts.get("measure") == row["facts"].get("measure"))  # another measure's value says nothing


def is_set_aside(row: Row, now: datetime) -> bool:
    """Say whether somebody has put an episode off for now, or dismissed it."""
    return row["dismissed_at"] is not None or (row["snoozed_until"] is not None and row["snoozed_until"] > now)


def ending(row: Row) -> str | None:
    """Say how an episode ended: dismissed by a person before, or fixed at the source; None where neither is said."""
    if row["state"] != State.RESOLVED.value:
        return None
    if row["dismissed_at"] is not None:
        return "dismissed"
    subject = str(row["subject"])
    is_news = subject.startswith(VERDICT) and subject.removeprefix(VERDICT) not in ACTIONABLE
    return None if is_news or row["fired_on"] is None else "fixed"


def find_episode(conn: Connection, company_id: str, episode_id: str) -> Row:
    """Give one episode of a company, or raise NotFound."""
    e = episode.c
    row = conn.execute(select(episode).where(e.id == episode_id, e.company_id == company_id)).mappings().first()
    if row is None:
        raise NotFound("no_such_episode")
    return dict(row)


def episodes(conn: Connection, company_id: str, *, only_open: bool = False) -> list[Row]:
    """List a company's episodes: open ones first, newest first."""
    e = episode.c
    query = select(episode).where(e.company_id == company_id)
    if only_open:
        query = query.where(e.closed_on.is_(None))
    rows = conn.execute(query.order_by(e.closed_on.is_not(None), e.opened_on.desc(), e.id.desc())).mappings()
    return [dict(row) for row in rows]


def history(conn: Connection, episode_id: str) -> list[Row]:
    """Give what happened to an episode, oldest first."""
    n = episode_event.c
    rows = conn.execute(select(episode_event).where(n.episode_id == episode_id).order_by(n.no)).mappings()
    return [dict(row) for row in rows]
