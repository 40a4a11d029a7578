"""What an episode says in a reader's language: what it rests on in a line, and what happened in a sentence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.alerts import ending
from app.language import Formats
from app.site import interval_text, value_text
from app.wording import label, measure_label, say
from app.wording.subjects import next_step, subject_label

Row = Mapping[str, Any]

SIGNAL, VERDICT, SOURCE, ASSESSMENT = "signal", "verdict", "source", "assessment"


def kind_of(subject: str) -> str:
    """Say what sort of thing an episode is about."""
    head = subject.partition(":")[0]
    return head if head in {VERDICT, SOURCE, ASSESSMENT} else SIGNAL


def is_asleep(row: Row, now: datetime) -> bool:
    """Say whether an episode is snoozed at an instant."""
    return row["snoozed_until"] is not None and row["snoozed_until"] > now


def shown(row: Row, language: str, now: datetime) -> dict[str, Any]:
    """Put an episode beside its words."""
    subject = str(row["subject"])
    return {
        **row,
        "name": subject_label(subject, language),
        "carried": _last_known(row, carried_text(subject, row["facts"], language), language),
        "asleep": is_asleep(row, now),
        "ending": ending(row),
        "cost": _cost_text(row["facts"].get("cost"), language),
        "then": next_step(subject, language) if row["closed_on"] is None else "",
    }


def _cost_text(cost: Row | None, language: str) -> str:
    """Say what it costs a month, where that is known."""
    if not cost or cost.get("low") is None:
        return ""
    least, most = (Formats(language).money(round(cost[end])) for end in ("low", "high"))
    return say("month_cost" if least == most else "month_costs", {"least": least, "most": most}, language)


def _last_known(row: Row, carried: str, language: str) -> str:
    return say("last_known", {"carried": carried}, language) if carried and row["state"] == "no_data" else carried


def shown_events(subject: str, events: Sequence[Row], language: str) -> list[dict[str, Any]]:
    """Put an episode's events beside their words; figures that did not move are said once."""
    listed: list[dict[str, Any]] = []
    last = ""
    for event in events:
        carried = "" if event["who"] else carried_text(subject, event["facts"], language)
        until = event["facts"].get("until") if event["kind"] == "snoozed" else None
        said = {
            "because": event["facts"].get("because") if event["kind"] == "dismissed" else None,
            "owner": event["facts"].get("owner") if event["kind"] == "assigned" else None,
            "carried": "" if carried == last else carried,
            "until": datetime.fromisoformat(until) if until else None,
        }
        listed.append({**event, **said})
        last = carried or last
    return listed


def carried_text(subject: str, facts: Row, language: str) -> str:
    """Write in one line what an episode rests on; empty where its facts say nothing."""
    kind = kind_of(subject)
    if kind == SIGNAL:
        return _measured(facts, language)
    if kind == VERDICT:
        return _verdicts(facts, language)
    if kind == SOURCE:
        return say(str(facts["code"]), facts.get("params") or {}, language) if facts.get("code") else ""
    return say("assessment_fault", {"error": facts["error"]}, language) if facts.get("error") else ""


def told_text(subject: str, events: Sequence[Row], language: str) -> str:
    """Say in a sentence what happened on the day an episode opened."""
    if not events:
        return ""
    first, kind = events[0], kind_of(subject)
    params = {"day": first["happened_on"].isoformat(), "carried": carried_text(subject, first["facts"], language)}
    if first["kind"] == "frozen":
        return say("told_silent", params, language)
    told = f"told_{kind}" if params["carried"] else "told_first_verdict" if kind == VERDICT else "told_opened"
    return say(told, params, language)


def _measured(facts: Row, language: str) -> str:
    unit = str(facts.get("unit", ""))
    if facts.get("value") is None:
        return ""
    measure = {"value": facts["value"], "low": facts.get("low"), "high": facts.get("high"), "unit": unit}
    value, between = value_text(facts["value"], unit, language), interval_text(measure, language)
    params = {
        "measure": measure_label(str(facts.get("measure", "")), language),
        "figures": f"{value} ({between})" if between else value,
    }
    against = _line(facts)
    if against is None:
        return say("carried", params, language)
    return say(f"carried_{against}", params | {against: value_text(facts[against], unit, language)}, language)


def _line(facts: Row) -> str | None:
    """Choose what the value is held against: what is usual where the rise alone carries it, else the limit."""
    why = {reason["code"] for reason in facts.get("why", [])}
    known = [name for name in ("limit", "baseline") if facts.get(name) is not None]
    if "change_alarm" in why and "limit_passed" not in why:
        known.reverse()
    return known[0] if known else None


def _verdicts(facts: Row, language: str) -> str:
    verdict, before = facts.get("verdict"), facts.get("before")
    if verdict is None or before is None or before == verdict:
        return ""  # the subject names the verdict already
    names = {"verdict": label("verdict", str(verdict), language), "before": label("verdict", str(before), language)}
    return say("verdict_moved", names, language)
