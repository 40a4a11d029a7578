"""The alerts of a letter: what happened to each, how sure that is, who has it in hand."""

from collections.abc import Sequence

from app.language import Formats
from app.letter_view import Body, Line, Section, Words
from app.site import interval_text, value_text
from app.wording import measure_label
from app.wording.subjects import SOURCE, VERDICT, next_step, subject_label

NEWS = ("new", "worse", "better", "solved")
STANDING = ("open", "pending")
SECTION_SHAPES = {
    "yours": "➤",
    "unseen": "▲",
    "new": "▲",
    "worse": "▲",
    "better": "▽",
    "solved": "✓",
    "open": "◆",
    "pending": "◇",
    "dismissed": "◇",
}


def sections_of(company: Body, address: str, words: Words, *, brief: bool = False) -> tuple[Section, ...]:
    """Sort a company's alerts: what is new first, then what stands as it stood; `brief`: without what to do next."""
    told = {entry["id"] for name in NEWS for entry in company["news"][name]}
    listed = {name: list(company["news"][name]) for name in NEWS}
    for name in STANDING:
        listed[name] = [entry for entry in company[name] if entry["id"] not in told and not entry.get("dismissed_by")]
    return tuple(
        section(name, entries, address, words, brief=brief or name in STANDING)
        for name, entries in listed.items()
        if entries
    )


def news_counts(companies: Sequence[Body]) -> dict[str, int]:
    """Count what is new, worse, better and solved."""
    return {name: sum(len(company["news"][name]) for company in companies) for name in NEWS}


def news_text(companies: Sequence[Body], words: Words) -> str:
    """Say in a few words what is new."""
    counts = [words.count(f"letter_{name}", n) for name, n in news_counts(companies).items() if n]
    return ", ".join(counts) or words.say("letter_no_news")


def section(name: str, entries: Sequence[Body], address: str, words: Words, *, brief: bool = False) -> Section:
    """Write out the alerts to which the same happened."""
    lines = tuple(_line(name, entry, address, words, brief=brief) for entry in entries)
    return Section(name, words.label("letter_section", name), SECTION_SHAPES[name], lines)


def _line(section: str, entry: Body, address: str, words: Words, *, brief: bool) -> Line:
    said = [_happened(entry, words), carried_text(entry, words)]
    return Line(
        title=subject_label(entry["subject"], words.language),
        address=f"{address}/alerts/{entry['id']}",
        said=" ".join(part for part in said if part),
        when=_when(section, entry, words),
        marks=_marks(entry, words),
        notes=tuple(words.say("letter_note", who=note["who"], note=note["note"]) for note in entry["notes"]),
        costs="" if brief else cost_text(entry["facts"], words),
        then="" if brief or section in {"solved", "better"} else next_step(entry["subject"], words.language),
    )


def cost_text(facts: Body, words: Words) -> str:
    """Say what it costs a month, where the table of costs has a line of its own for it."""
    cost = facts.get("cost")
    if not cost or cost.get("low") is None:
        return ""
    least, most = (Formats(words.language).money(round(cost[end])) for end in ("low", "high"))
    return (
        words.say("letter_costs_one", value=least)
        if least == most
        else words.say("letter_costs", least=least, most=most)
    )


def _marks(entry: Body, words: Words) -> tuple[str, ...]:
    marks = []
    if entry.get("owner"):
        marks.append(words.say("letter_owned_by", who=entry["owner"]))
    if entry["acknowledged_by"]:
        marks.append(words.say("letter_seen_by", who=entry["acknowledged_by"]))
    if entry["snoozed_until"]:
        marks.append(words.say("letter_asleep", on=words.day(entry["snoozed_until"])))
    return tuple(marks)


def _is_silent(entry: Body) -> bool:
    return bool(entry["kind"] == "frozen" or entry["state"] == "no_data")


def _happened(entry: Body, words: Words) -> str:
    if _is_silent(entry):
        on = entry["facts"].get("frozen_on")
        return words.say("letter_silent_since", on=words.day(on)) if on else words.say("letter_silent")
    if entry["kind"] == "mended":
        return words.say("letter_works_again")
    return words.say("letter_data_back") if entry["kind"] == "back" else ""


def _when(section: str, entry: Body, words: Words) -> str:
    opened, fired = words.day(entry["opened_on"]), entry["fired_on"]
    closed = entry["closed_on"]
    if section == "solved" or (closed and entry["kind"] == "back"):
        return words.say("letter_solved_after", closed=words.day(closed), opened=opened) if closed else ""
    if section == "pending":
        return words.say("letter_seen_once", opened=opened)
    if entry["calm_since"] and entry["state"] == "recovering":
        on = words.day(entry["calm_since"])
        # A verdict is not calm, it no longer stands; and it is over after a week, not after four.
        if entry["subject"].startswith(VERDICT):
            return words.say("letter_verdict_fell", on=on)
        return words.say("letter_calm_since", calm=on)
    if fired and fired != entry["opened_on"]:
        return words.say("letter_seen_confirmed", opened=opened, fired=words.day(fired))
    return words.say("letter_open_since", opened=opened)


def carried_text(entry: Body, words: Words) -> str:
    """Say what an alert rests on."""
    subject, facts = entry["subject"], entry["facts"]
    if entry["kind"] == "mended":
        return ""  # what was wrong is over
    if subject.startswith(VERDICT):
        return _verdicts(facts, words)
    if subject.startswith(SOURCE):
        return words.reason({"code": facts["code"], "params": facts.get("params") or {}}) if facts.get("code") else ""
    if subject == "assessment":
        return words.say("assessment_fault", error=str(facts["error"])) if facts.get("error") else ""
    return _measured(facts, words)


def _verdicts(facts: Body, words: Words) -> str:
    verdict, before = facts.get("verdict"), facts.get("before")
    if verdict is None or before in (None, verdict):
        return ""
    params = {"before": words.label("verdict", str(before)), "verdict": words.label("verdict", str(verdict))}
    return words.say("verdict_moved", **params)


def _measured(facts: Body, words: Words) -> str:
    unit, language = str(facts.get("unit", "")), words.language
    if facts.get("value") is None or not facts.get("measure"):
        return ""
    measure = {"value": facts["value"], "low": facts.get("low"), "high": facts.get("high"), "unit": unit}
    value, between = value_text(facts["value"], unit, language), interval_text(measure, language)
    params = {
        "measure": measure_label(str(facts["measure"]), language),
        "figures": f"{value} ({between})" if between else value,
    }
    against = _held_against(facts)
    if against:
        params[against] = value_text(facts[against], unit, language)
    return words.say(f"carried_{against}" if against else "carried", **params) + "."


def _held_against(facts: Body) -> str:
    """Choose what a value is held against: what is usual where its rise alone carries it, else the limit."""
    why = {reason["code"] for reason in facts.get("why") or []}
    known = [name for name in ("limit", "baseline") if facts.get(name) is not None]
    if "change_alarm" in why and "limit_passed" not in why:
        known.reverse()
    return known[0] if known else ""
