"""The register in words: a row of its list, and a process's whole sheet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.language import Formats
from app.register import Version
from app.wording import label, measure_label, say
from app.written import BLANK, Written, parts_of
from connectors.records import Process
from signals.books import ITEMS
from signals.steps import unconnected, unnamed

REVIEW_DAYS = 365
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """How a process's cases went: its figures by name, the commonest ways, what they say of the sheet.

    `unnamed` are steps seen that the sheet doesn't name. `short` is empty where nothing can be said.
    """

    figures: tuple[tuple[str, str], ...]
    short: str
    paths: tuple[str, ...]
    checks: tuple[str, ...]
    unnamed: tuple[str, ...]


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
    course: Course | None
    unconnected: tuple[str, ...]


def entries(
    body: Body | None, sheets: Mapping[str, Version], day: date, language: str, providers: Collection[str] = ()
) -> list[Entry]:
    """Give an entry for each process, in their usual order."""
    return [entry(body, process.value, sheets.get(process.value), day, language, providers) for process in Process]


def entry(
    body: Body | None,
    process: str,
    version: Version | None,
    day: date,
    language: str,
    providers: Collection[str] = (),
) -> Entry:
    """Put together what is written down of a process and what the stored answer measured of it.

    `providers` are those of the company's connections.
    """
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
        course=_course(found.get("course"), written, formats),
        unconnected=unconnected(_tools(written), providers),
    )


def _tools(written: Written) -> list[str]:
    named = [*written["tools"], *(task["tool"] for task in written["tasks"] if "tool" in task)]
    return list(dict.fromkeys(named))


def _course(course: Body | None, written: Written, formats: Formats) -> Course | None:
    """Say how the cases went, and which of their steps the sheet does not name, if it names any."""
    if course is None:
        return None
    language = formats.language
    texts = [*(task["what"] for task in written["tasks"]), *(rule["rule"] for rule in written["validation_rules"])]
    measures = {one["name"]: one for one in course["measures"]}
    known = measures["usual_path_share"]["value"] is not None
    steps = {step["action"]: step["n"] for step in course["steps"]}
    unsaid = unnamed(steps, [*texts, written["approval_rule"] or ""]) if written["tasks"] else ()
    cases = measures["usual_path_share"]["n"]
    return Course(
        figures=tuple((measure_label(name, language), _figure(one, formats)) for name, one in measures.items()),
        short=_figure(measures["usual_path_share"], formats) if known else "",
        paths=tuple(_path(path, cases, formats) for path in course["paths"]) if known else (),
        checks=tuple(say(check["code"], check["params"], language, "") for check in course["checks"]),
        unnamed=tuple(f"{label('step', step, language)} ({formats.number(steps[step], 0)})" for step in unsaid),
    )


def _path(path: Body, cases: int, formats: Formats) -> str:
    steps = " → ".join(label("step", step, formats.language) for step in path["steps"])
    share, n = formats.percent(path["n"] / cases), formats.number(path["n"], 0)
    return say("register_path", {"share": share, "n": n, "steps": steps}, formats.language)


def _figure(measure: Body, formats: Formats) -> str:
    """Write a measure's value with its interval and n; without one, why there is none."""
    if measure["value"] is None:
        reason = measure["no_value_because"]
        return say(reason["code"], reason["params"], formats.language) if reason else "–"
    value = formats.value(measure["value"], measure["unit"])
    low, high = measure["low"], measure["high"]
    if low is not None and high is not None and low != high:
        ends = {end: formats.value(measure[end], measure["unit"]) for end in ("low", "high")}
        value = say("register_interval", {"value": value, **ends}, formats.language)
    return f"{value}, n = {formats.number(measure['n'], 0)}"


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
    """Give the rates that say what goes wrong in a process, those that are known."""
    told = [e["measure"] for e in found.get("evidence", ()) if e["signal"] in {"quality", "late_invoicing"}]
    known = [measure for measure in told if measure["value"] is not None]
    return [(measure_label(one["name"], formats.language), _figure(one, formats)) for one in known]
