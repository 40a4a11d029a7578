"""The register in words: a row of its list, and a process's whole sheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.language import Formats
from app.register import Version
from app.wording import label, measure_label, say
from app.written import BLANK, Written, parts_of
from connectors.records import Process
from signals.books import ITEMS

REVIEW_DAYS = 365
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A process with its sheet.

    `parts` tells of each part whether it is written, declared or missing; `old` that nobody looked through it for
    a year. `volumes` and `exceptions` are pairs of a name and its figure, as measured.
    """

    process: str
    name: str
    state: str
    version: Version | None
    written: Written
    parts: tuple[tuple[str, str], ...]
    old: bool
    verdict: str
    volumes: tuple[tuple[str, str], ...]
    exceptions: tuple[tuple[str, str], ...]


def entries(body: Body | None, sheets: Mapping[str, Version], day: date, language: str) -> list[Entry]:
    """Give an entry for each process, in their usual order."""
    return [entry(body, process.value, sheets.get(process.value), day, language) for process in Process]


def entry(body: Body | None, process: str, version: Version | None, day: date, language: str) -> Entry:
    """Put together what is written down of a process and what the stored answer measured of it."""
    listed = body["processes"] if body else []
    found: Body = next((one for one in listed if one["process"] == process), {})
    written = version.body if version else BLANK
    there = parts_of(written)
    declared = set(found.get("declared", ())) - there
    states = tuple(
        (item, "written" if item in there else "declared" if item in declared else "missing") for item in ITEMS
    )
    formats = Formats(language, body["company"]["currency"]) if body else Formats(language)
    return Entry(
        process=process,
        name=label("process", process, language),
        state=found.get("sheet", "none") if found else ("incomplete" if there else "none"),
        version=version,
        written=written,
        parts=states,
        old=version is not None and bool(there) and (day - version.reviewed_on).days >= REVIEW_DAYS,
        verdict=found.get("verdict", ""),
        volumes=tuple(_volumes(found, formats)),
        exceptions=tuple(_exceptions(found, formats)),
    )


def _volumes(found: Body, formats: Formats) -> list[tuple[str, str]]:
    language = formats.language
    said = []
    for one in found.get("volumes", ()):
        figures = {"value": formats.number(one["per_month"]), "n": formats.number(one["n"], 0)}
        figures |= {"low": formats.number(one["low"], 0), "high": formats.number(one["high"], 0)}
        said.append((label("volume", one["of"], language), say("register_volume", figures, language)))
    hours = found.get("hours_per_month")
    if hours:
        low, high = (formats.number(hours[end]) for end in ("low", "high"))
        text = say("process_hours" if low == high else "process_hours_range", {"low": low, "high": high}, language)
        said.append((label("volume", "hours", language), f"{text} ({label('tag', hours['tag'], language)})"))
    return said


def _exceptions(found: Body, formats: Formats) -> list[tuple[str, str]]:
    said = []
    for each in found.get("evidence", ()):
        measure = each["measure"]
        if each["signal"] in {"quality", "late_invoicing"} and measure["value"] is not None:
            value = formats.value(measure["value"], measure["unit"])
            low, high = measure["low"], measure["high"]
            if low is not None and high is not None and low != high:
                ends = {end: formats.value(measure[end], measure["unit"]) for end in ("low", "high")}
                value = say("register_interval", {"value": value, **ends}, formats.language)
            n = formats.number(measure["n"], 0)
            said.append((measure_label(measure["name"], formats.language), f"{value}, n = {n}"))
    return said
