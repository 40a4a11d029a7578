"""Words for codes: what a reason, a measure, a level is called in the reader's language.

Signals, connectors and steps speak in codes with parameters; only here do they become sentences.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from app.language import Formats, translator
from app.wording import (
    access,
    alerts,
    api,
    at_once,
    changes,
    channels,
    connect,
    coverage,
    deliveries,
    demo_steps,
    door,
    evidence,
    expected,
    face,
    first_steps,
    gates,
    health,
    knocks,
    letters,
    mail,
    mapping,
    memo,
    people,
    policy,
    privacy,
    processes,
    providers_caldav,
    providers_dolibarr,
    providers_pennylane,
    providers_personio,
    providers_tryton,
    push,
    quality,
    rates,
    regime,
    register,
    replay,
    retention,
    rules,
    shape,
    sources,
    timeline,
    traces,
    worth,
)
from app.wording.labels import LABELS as NAMES
from app.wording.labels import MEASURES as MEASURED
from app.wording.sentences import SENTENCES as SAID

_ROOMS: tuple[ModuleType, ...] = (
    privacy,
    first_steps,
    access,
    alerts,
    api,
    at_once,
    changes,
    channels,
    connect,
    coverage,
    deliveries,
    demo_steps,
    door,
    evidence,
    expected,
    face,
    gates,
    health,
    knocks,
    letters,
    mail,
    mapping,
    memo,
    people,
    policy,
    processes,
    providers_caldav,
    providers_dolibarr,
    providers_pennylane,
    providers_personio,
    providers_tryton,
    push,
    quality,
    rates,
    regime,
    register,
    replay,
    retention,
    rules,
    shape,
    sources,
    timeline,
    traces,
    worth,
)
SENTENCES: dict[str, str] = {code: text for room in _ROOMS for code, text in room.SENTENCES.items()} | SAID
LABELS: dict[str, str] = {name: text for room in _ROOMS for name, text in room.LABELS.items()} | NAMES
MEASURES: dict[str, tuple[str, str]] = MEASURED | {
    name: texts for room in _ROOMS for name, texts in getattr(room, "MEASURES", {}).items()
}

__all__ = ["LABELS", "MEASURES", "SENTENCES", "label", "measure_label", "measure_sentence", "say"]

# Parameters that name something, and those that are figures in the unit of the measure they belong to.
_NAMES = {
    "signal": "signal",
    "gate": "gate",
    "process": "process",
    "regime": "regime",
    "shape": "shape",
    "other_regime": "regime",
    "unit": "unit",
    "field": "field",
    "other": "field",
    "rule": "rule",
    "code": "fault",
    "stream": "stream",
    "old_tool": "provider",
    "new_tool": "provider",
}
_IN_UNIT = {"limit", "recent", "baseline", "low", "high", "value", "smallest"}
_SHARES = {"share", "drop", "probability"}
_LISTS = {"processes": "process", "lines": "cost", "line": "cost", "parts": "sheet_part"}
_DAYS = {"day", "date", "closing", "since", "earliest", "latest", "first", "last"}
_CHANCES, SUREST = {"chance_share", "probability"}, 0.99
_LITERAL = {"year", "fiscal_year"}


def label(kind: str, name: str, language: str) -> str:
    """Give what a thing of a kind (signal, gate, level, verdict, tier, unit, process…) is called."""
    text = LABELS.get(f"{kind}:{name}")
    return name if text is None else translator(language)(text)


def measure_label(name: str, language: str) -> str:
    """Give a measure's short name."""
    return translator(language)(MEASURES[name][0]) if name in MEASURES else name


def measure_sentence(name: str, language: str) -> str:
    """Say in a sentence what a measure is and how it is computed."""
    return translator(language)(MEASURES[name][1]) if name in MEASURES else ""


def say(code: str, params: Mapping[str, Any], language: str, unit: str = "") -> str:
    """Say a code's sentence; a code without one is shown with its parameters, never swallowed."""
    text = SENTENCES.get(code)
    if text is None:
        return f"{code} {dict(params)}" if params else code
    formats = Formats(language)
    filled = {name: _write(name, value, formats, unit) for name, value in params.items()}
    try:
        return translator(language)(text).format(**filled)
    except (KeyError, IndexError):
        return f"{code} {dict(params)}"


def _write(name: str, value: Any, formats: Formats, unit: str) -> str:
    if name in _NAMES:
        return label(_NAMES[name], str(value), formats.language)
    if name in _LISTS:
        return ", ".join(label(_LISTS[name], part.strip(), formats.language) for part in str(value).split(","))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _day_or_text(str(value), formats) if name in _DAYS else str(value)
    return str(value) if name in _LITERAL else _figure(name, float(value), formats, unit)


def _figure(name: str, value: float, formats: Formats, unit: str) -> str:
    if name in _IN_UNIT and unit:
        return formats.value(value, unit)
    if name in _CHANCES and value > SUREST:  # no chance is certain, and none is said to be
        return f"> {formats.percent(SUREST)}"
    if name in _SHARES or name.endswith("_share"):
        return formats.percent(value)
    return formats.number(value, 2)


def _day_or_text(text: str, formats: Formats) -> str:
    is_day = len(text) == 10 and text[4:5] == "-" and text[7:8] == "-" and text[:4].isdigit()  # noqa: PLR2004 - ISO
    return formats.day(text) if is_day else text
