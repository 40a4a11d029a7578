"""Pages as text: the templates with a language's words, formats and charts."""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import charts
from app.access import Reader
from app.alive import stopped_since
from app.chart_marks import NONE
from app.db import read
from app.language import LANGUAGES, Formats, translator
from app.room import language_of, room_of
from app.wording import label, measure_label, measure_sentence, say
from app.wording.marker import N_

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"

SHAPES: Mapping[str, str] = {
    "over": "▲",
    "watch": "◆",
    "calm": "●",
    "unknown": "○",
    "passed": "✓",
    "failed": "✕",
    "outsource": "▲",
    "prepare": "◆",
    "not_needed": "●",
    "too_early": "◔",
    "cannot_say": "○",
    "pending": "◇",
    "firing": "▲",
    "recovering": "▽",
    "no_data": "○",
    "error": "✕",
    "resolved": "✓",
    "dropped": "–",
    "replaced": "–",
    "done": "✓",
    "open": "○",
    "waiting": "○",
    "applied": "✓",
    "skipped": "–",
    "sending": "◔",
    "sent": "✓",
    "refused": "✕",
    "bounced": "✕",
    "held": "◇",
    "given_up": "✕",
    "trying": "◔",
    "noted": "◇",
    "kept": "◇",
}
"""A shape beside every colour, so that a page reads without colours."""

Body = Mapping[str, Any]

# French puts a space before these that must not break the line.
_WIDE = re.compile(r" (?=[:»%€])|(?<=«) ")
_NARROW = re.compile(r" (?=[;!?])")


def keep_together(text: str, language: str) -> str:
    """Make the spaces around French punctuation unbreakable."""
    return _NARROW.sub("\u202f", _WIDE.sub("\u00a0", text)) if language == "fr" else text


def unit_text(unit: str, language: str) -> str:
    """Give a unit's words, where the value does not carry its sign already."""
    return "" if unit in {"share", "eur"} else label("unit", unit, language)


def value_text(value: float | None, unit: str, language: str) -> str:
    """Write a value with its unit in words."""
    shown = Formats(language).value(value, unit)
    words = unit_text(unit, language)
    return f"{shown}\u00a0{words}" if words and value is not None else shown


def interval_text(measure: Body, language: str) -> str:
    """Write a measure's interval, or nothing where it has none."""
    low, high, formats = measure["low"], measure["high"], Formats(language)
    if low is None or high is None or low == high:
        return ""
    words = translator(language)(N_("{low} to {high}"))
    return words.format(low=formats.value(low, measure["unit"]), high=formats.value(high, measure["unit"]))


def amount_text(amount_minor: int, language: str) -> str:
    """Write an amount to the cent, without its currency: for tables whose head names it."""
    return Formats(language).minor(amount_minor).replace("€", "").strip()


def moment_text(instant: datetime, zone: str, language: str) -> str:
    """Write an instant as the clock of a place shows it."""
    there = instant.astimezone(ZoneInfo(zone))
    return f"{Formats(language).day(there.date())}\u00a0{there:%H:%M}"


@cache
def _version(name: str) -> str:
    return hashlib.blake2b((STATIC / name).read_bytes(), digest_size=5).hexdigest()


def static(name: str) -> str:
    """Give a static file's address, which changes with its content."""
    return f"/static/{name}?v={_version(name)}"


def _words(language: str) -> dict[str, Any]:
    tidy: Callable[[str], str] = partial(keep_together, language=language)
    texts = translator(language)

    def say_reason(reason: Body, unit: str = "") -> str:
        return tidy(say(reason["code"], reason["params"], language, unit))

    return {
        "_": lambda text: tidy(texts(text)),
        "f": Formats(language),
        "language": language,
        "languages": LANGUAGES,
        "say": say_reason,
        "say_code": lambda code, **params: tidy(say(code, params, language)),
        "label": lambda kind, name: tidy(label(kind, name, language)),
        "measure_label": lambda name: tidy(measure_label(name, language)),
        "measure_sentence": lambda name: tidy(measure_sentence(name, language)),
        "unit_text": partial(unit_text, language=language),
        "value_text": partial(value_text, language=language),
        "amount_text": partial(amount_text, language=language),
        "interval_text": partial(interval_text, language=language),
        "moment": partial(moment_text, language=language),
        "trend": partial(charts.trend, language=language),
        "NO_MARKS": NONE,
        "CARD": charts.CARD,
        "WIDE": charts.WIDE,
        "SHAPES": SHAPES,
        "static": static,
    }


@cache
def environment(language: str) -> Environment:
    """Build a language's templates; every value put into them is escaped."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    env.globals.update(_words(language))
    return env


def _stopped(request: Request, language: str) -> str:
    """Write since when the watch has stopped; empty while it goes on."""
    room = room_of(request)
    with read(room.engine) as conn:
        since = stopped_since(conn, room.now())
    return moment_text(since, room.settings.zone, language) if since else ""


def render(request: Request, template: str, reader: Reader | None, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Answer with a page in the reader's language."""
    language = language_of(request, reader)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    # A page that answers a form has no address of its own to come back to.
    here = here if request.method == "GET" else "/"
    stopped = _stopped(request, language) if reader else ""
    content = environment(language).get_template(template).render(reader=reader, here=here, stopped=stopped, **values)
    return HTMLResponse(content, status_code=status, headers={"Cache-Control": "private, no-cache"})
