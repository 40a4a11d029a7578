"""A mail at once, worded: of each company what has happened, since when, how sure, what it costs and what to do."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.alerts import ESCALATED
from app.at_once_news import ASSIGNED
from app.digest_news import section_of
from app.letter_alerts import section
from app.letter_view import AlertsPart, Body, LetterView, Section, Words
from app.wording.subjects import subject_label

ORDER = ("yours", "unseen", "new", "worse", "better", "solved")
OWN = {ASSIGNED: "yours", ESCALATED: "unseen"}


def at_once_view(content: Body, words: Words, *, email: str, base_url: str, unsubscribe_url: str) -> LetterView:
    """Word a mail at once."""
    there = datetime.fromisoformat(content["written_at"]).astimezone(ZoneInfo(content["zone"]))
    parts = tuple(_part(company, base_url, words) for company in content["companies"])
    subject = at_once_subject(content, words)
    return LetterView(
        language=words.language,
        subject=subject,
        headline=subject if len(parts) != 1 else "",  # one company speaks for itself
        preheader=_preheader(parts),
        written=f"{words.day(there.date())}, {there:%H:%M}",
        companies=(),
        why_you=words.say("letter_why_at_once", email=email),
        base_url=base_url,
        unsubscribe_url=unsubscribe_url,
        pictures=(),
        alerts=parts,
        stop=words.say("letter_stop_at_once"),
    )


def at_once_subject(content: Body, words: Words) -> str:
    """Give the line a mail at once is found by: the alert itself where it is one, else how many of whom."""
    companies = content["companies"]
    entries = [entry for company in companies for entry in company["entries"]]
    if not entries:  # taken out since it was written
        return words.say("letter_subject_none")
    if len(entries) == 1:
        kind = words.label("episode_kind", str(entries[0]["kind"]))
        return words.say(
            "letter_at_once_one",
            company=companies[0]["name"],
            subject=subject_label(str(entries[0]["subject"]), words.language),
            happened=kind,
        )
    if len(companies) == 1:
        return words.say("letter_at_once_many", company=companies[0]["name"], n=len(entries))
    return words.say("letter_at_once_companies", n=len(entries), companies=len(companies))


def _part(company: Body, base_url: str, words: Words) -> AlertsPart:
    address = f"{base_url}/companies/{company['id']}"
    return AlertsPart(company["name"], address, _sections(company["entries"], address, words))


def _sections(entries: Sequence[Body], address: str, words: Words) -> tuple[Section, ...]:
    sorted_out: dict[str, list[Body]] = {name: [] for name in ORDER}
    for entry in entries:
        kind = str(entry["kind"])
        sorted_out[OWN.get(kind) or section_of(str(entry["subject"]), kind)].append(entry)
    return tuple(section(name, listed, address, words) for name, listed in sorted_out.items() if listed)


def _preheader(parts: Sequence[AlertsPart]) -> str:
    lines = [line for part in parts for one in part.sections for line in one.lines]
    return lines[0].said if len(lines) == 1 else " · ".join(dict.fromkeys(line.title for line in lines))
