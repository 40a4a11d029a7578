"""A policy to be read: each setting with its value, its unit, where it comes from, and who changed it, when and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from app.holidays import HOME
from app.language import Formats, translator
from app.people import actors, log_access
from app.policies import Entry, set_on
from app.policy_checks import BASELINE, CLOSURE, HOLIDAYS
from app.wording import label, say
from signals.policy import Policy, describe

GROUPS: Mapping[str, str] = {
    "issue_tolerance_working_days": "clock",
    "late_issued_limit": "limits",
    "session_gap_minutes": "traces",
    "alarm_years": "change",
    "volume_documents": "gates",
    "admin_rate_low": "money",
}
"""The settings with which a group begins, in the order of the policy."""
CALENDAR = "calendar"
_ERASED = "erased-"


@dataclass(frozen=True, slots=True)
class Line:
    """One setting on a day: what it holds, its default, and the entry that set it, if one did."""

    name: str
    group: str
    value: Any
    default: Any
    unit: str = ""
    source: str = ""
    since: str = ""
    entry: Entry | None = None


def policy_lines(entries: Sequence[Entry], day: date, known_at: datetime | None = None) -> list[Line]:
    """Lay out every setting as it holds on a day, `entries` being all that was ever set."""
    held = set_on(entries, day, known_at)
    group, lines = "", []
    for name, said in describe().items():
        group, default = GROUPS.get(name, group), getattr(Policy(), name)
        lines.append(_line(name, group, default, held, **said))
        if name == "baseline_weeks":
            lines.append(_line(BASELINE, group, None, held))
    lines.append(_line(HOLIDAYS, CALENDAR, HOME, held))
    closures = sorted(name for name in held if name.startswith(f"{CLOSURE}="))
    return lines + [_line(name, CALENDAR, None, held) for name in closures]


def _line(name: str, group: str, default: Any, held: Mapping[str, Entry], **said: str) -> Line:
    entry = held.get(name)
    value = default if entry is None else entry.changes[name][1]
    return Line(name, group, value, default, entry=entry, **said)


def signers(conn: Connection, company_id: str, who: str, now: datetime) -> dict[str, str]:
    """Give the logins behind the pseudonyms of a history, and write down who looked; one erased has none."""
    log_access(conn, company_id, who, "policy", now)
    return {one.id: one.login for one in actors(conn, company_id) if not one.login.startswith(_ERASED)}


def plain_value(name: str, value: Any) -> str:
    """Write a value as it is typed; empty for none."""
    if value is None:
        return ""
    if name == BASELINE:
        return "..".join(value)
    if name.startswith(f"{CLOSURE}="):
        return name.partition("=")[2]
    return value if isinstance(value, str) else f"{value:g}" if value < 1e6 else f"{value:.0f}"  # noqa: PLR2004 - above, :g turns to powers of ten


def shown_value(name: str, value: Any, formats: Formats) -> str:
    """Write a value in the reader's way: shares in per cent, days as days; a dash for none."""
    if value is None:
        return "–"
    if name == BASELINE:
        return " – ".join(formats.day(day) for day in value)
    if name.startswith(f"{CLOSURE}="):
        return closure_text(name, formats)
    if isinstance(value, str):
        known = label("place", value, formats.language)
        return value if known == value else f"{known} ({value})"
    if is_share(name):
        return formats.percent(value)
    return formats.number(value, 4)


def closure_text(name: str, formats: Formats) -> str:
    """Say a closure's days."""
    first, _, last = name.partition("=")[2].partition("..")
    last = last or first
    if len(first) == 5:  # noqa: PLR2004 - month and day: of every year
        ends = {"first": _of_year(first), "last": _of_year(last)}
        return say("closure_yearly" if first != last else "closure_yearly_day", ends, formats.language)
    return formats.day(first) if first == last else f"{formats.day(first)} – {formats.day(last)}"


def _of_year(text: str) -> str:
    month, _, day = text.partition("-")
    return f"{day}/{month}"


def is_share(name: str) -> bool:
    """Say whether a setting is a share, written in per cent."""
    return name in describe() and describe()[name]["unit"].startswith("share")


def unit_words(name: str, language: str) -> str:
    """Give a setting's unit in words."""
    return translator(language)(describe()[name]["unit"]) if name in describe() else ""


def setting_name(name: str, language: str) -> str:
    """Give what a setting is called."""
    return label("setting", name.partition("=")[0], language)


def default_source(name: str, language: str) -> str:
    """Say where a default comes from."""
    told = {HOLIDAYS: "holidays_source", BASELINE: "baseline_source"}
    if name in told:
        return say(told[name], {}, language)
    return translator(language)(describe()[name]["source"]) if name in describe() else ""
