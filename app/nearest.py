"""The nearest single changes that would give another verdict, in words."""

from dataclasses import dataclass
from typing import Any

from app.language import Formats
from app.wording import label, say


@dataclass(frozen=True, slots=True)
class Told:
    """A change: what it is of, from what to what, since when, by what kind, and the verdict it would give."""

    what: str
    how: str
    since: str
    kind: str
    verdict: str


def told(body: dict[str, Any], language: str) -> list[Told]:
    """Say the nearest changes of an answer; none for an answer stored before they were computed."""
    formats = Formats(language, body["company"]["currency"])
    return [_told(one, formats) for one in body.get("nearest_changes", [])]


def _told(change: dict[str, Any], formats: Formats) -> Told:
    language = formats.language
    since = say("change_since", {"day": change["since"]}, language) if change["since"] else ""
    return Told(
        what=label("change", change["name"], language),
        how=_how(change, formats),
        since=since,
        kind=label("change_kind", change["kind"], language),
        verdict=change["verdict"],
    )


def _how(change: dict[str, Any], formats: Formats) -> str:
    if change["processes"]:
        return ", ".join(label("process", name, formats.language) for name in change["processes"])
    if change["name"].startswith("restructuring"):
        return ""
    before, after = (_value(change[name], change["unit"], formats) for name in ("before", "after"))
    words = "" if change["unit"].startswith("share") else label("unit", change["unit"], formats.language)
    return f"{before} → {after} {words}".rstrip()


def _value(value: float, unit: str, formats: Formats) -> str:
    """Write a figure; money without cents, for what is sought in steps isn't known to the cent."""
    if unit == "ratio":
        return formats.number(value, 2)
    return formats.money(round(value)) if unit.startswith("eur") else formats.value(value, unit)
