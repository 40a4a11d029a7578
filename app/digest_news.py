"""What a letter tells of alerts: since the last letter to the same reader, each once, the last thing that happened."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from app.alerts import ACTIONABLE, VERDICT, episodes, is_set_aside
from app.models.watch import episode_event
from signals.base import SignalName
from signals.episodes import Kind, State
from signals.verdict import Verdict

Row = Mapping[str, Any]
Entry = dict[str, Any]

SECTIONS: Mapping[str, str] = {
    Kind.FIRED.value: "new",
    Kind.FAILED.value: "new",
    Kind.FROZEN.value: "new",
    Kind.WORSE.value: "worse",
    Kind.RELAPSED.value: "worse",
    "woken": "worse",
    "snooze_over": "worse",
    Kind.RECOVERING.value: "better",
    Kind.BACK.value: "better",
    Kind.RESOLVED.value: "solved",
    Kind.MENDED.value: "solved",
}
"""Where in a letter what happened is told; what is not here is not news."""

FIRST_LETTER_LOOKS_BACK = timedelta(days=7)
SILENCES = (Kind.FROZEN.value, Kind.BACK.value)
TOLD_ALL_THE_SAME = ("solved", "woken")  # also of what is snoozed


def last_event(conn: Connection, company_id: str) -> int:
    """Give the number of a company's last event, 0 if there is none."""
    n = episode_event.c
    newest = conn.execute(select(func.max(n.no)).where(n.company_id == company_id)).scalar()
    return int(newest or 0)


def tell(conn: Connection, company_id: str, since: int | datetime, now: datetime) -> dict[str, Any]:
    """Give the news after an event number or an instant, and what is open or pending."""
    rows = sorted(episodes(conn, company_id), key=_place)
    events = _events(conn, company_id, since)
    news: dict[str, list[Entry]] = {"new": [], "worse": [], "better": [], "solved": []}
    for row in rows:
        mine = [event for event in events if event["episode_id"] == row["id"]]
        told = next((event for event in reversed(mine) if _is_told(row["subject"], event["kind"])), None)
        if told is not None and _is_news(row, told, now):
            news[section_of(row["subject"], told["kind"])].append(entry_of(row, told["kind"], mine))
    listed = [
        (row, entry_of(row, "", [event for event in events if event["episode_id"] == row["id"]]))
        for row in rows
        if row["closed_on"] is None
    ]
    return {
        "news": news,
        "open": [entry for row, entry in listed if row["state"] != State.PENDING.value],
        "pending": [entry for row, entry in listed if row["state"] == State.PENDING.value],
    }


def only_signals(company: Entry, wanted: Sequence[str] | None) -> Entry:
    """Leave out of a company's part the alerts of signals its reader does not want; None: they want all."""
    if wanted is None:
        return company
    unwanted = {signal["name"] for signal in company["signals"]} - set(wanted)

    def kept(entries: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in entries if entry["subject"] not in unwanted]

    news = {name: kept(entries) for name, entries in company["news"].items()}
    signals = [signal for signal in company["signals"] if signal["name"] not in unwanted]
    return {
        **company,
        "news": news,
        "signals": signals,
        "open": kept(company["open"]),
        "pending": kept(company["pending"]),
        **{name: _of_wanted(company.get(name, []), unwanted) for name in ("expected", "came")},
    }


def _of_wanted(expected: Sequence[Entry], unwanted: set[str]) -> list[Entry]:
    return [one for one in expected if not unwanted & {one.get("signal"), one.get("subject")}]


def _place(row: Row) -> tuple[bool, int, int]:
    """Put what is open first, then what opened last; of one day verdicts come before signals, in their own order."""
    subject, names = row["subject"], [name.value for name in SignalName]
    rank = -1 if subject.startswith(VERDICT) else names.index(subject) if subject in names else len(names)
    return row["closed_on"] is not None, -row["opened_on"].toordinal(), rank


def section_of(subject: str, kind: str) -> str:
    """Give where an event is told: that nothing is needed is good news; too early or unable to say is none."""
    if subject.startswith(VERDICT) and subject.removeprefix(VERDICT) not in ACTIONABLE:
        return "better" if subject.removeprefix(VERDICT) == Verdict.NOT_NEEDED.value else "worse"
    return SECTIONS[kind]


def _events(conn: Connection, company_id: str, since: int | datetime) -> list[Row]:
    n = episode_event.c
    query = select(episode_event).where(n.company_id == company_id)
    query = query.where(n.at > since if isinstance(since, datetime) else n.no > since)
    return [dict(row) for row in conn.execute(query.order_by(n.no)).mappings()]


def _is_told(subject: str, kind: str) -> bool:
    # A verdict's data stop with those of its signals, which say so; what was decided before is told all the same.
    return kind in SECTIONS and not (subject.startswith(VERDICT) and kind in SILENCES)


def _is_news(row: Row, told: Row, now: datetime) -> bool:
    if row["subject"].startswith(VERDICT) and told["kind"] != Kind.FIRED.value:
        return False  # the verdict line says it
    return (
        not is_set_aside(row, now) or SECTIONS[told["kind"]] in TOLD_ALL_THE_SAME or told["kind"] in TOLD_ALL_THE_SAME
    )


def entry_of(row: Row, kind: str, events: Iterable[Row]) -> Entry:
    """Give what a letter tells of an episode: where it stands, what happened last, and what people wrote."""
    days = ("opened_on", "fired_on", "calm_since", "closed_on")
    notes = [
        {"who": event["who"], "note": event["note"], "kind": event["kind"], "at": event["at"].isoformat()}
        for event in events
        if event["note"]
    ]
    return {
        **{name: row[name] for name in ("id", "subject", "state", "facts", "acknowledged_by", "owner", "dismissed_by")},
        **{name: row[name].isoformat() if row[name] else None for name in days},
        "kind": kind,
        "snoozed_until": row["snoozed_until"].isoformat() if row["snoozed_until"] else None,
        "notes": notes,
    }
