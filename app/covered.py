"""The coverage ledger in words: a line a signal."""

from dataclasses import dataclass
from typing import Any

from app.language import Formats
from app.wording import label, say

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """How one signal is known. `missing` pairs what is missing with the way to it and where that is: cheapest first."""

    signal: str
    name: str
    tier: str
    n: int
    measures: str
    sources: tuple[str, ...]
    missing: tuple[tuple[str, str, str], ...]


def covered(body: Body, language: str) -> list[Line]:
    """Say the coverage ledger of an answer; none for an answer stored before it was kept."""
    formats = Formats(language, body["company"]["currency"])
    return [_line(cover, formats) for cover in body.get("coverage_ledger", [])]


def _line(cover: Body, formats: Formats) -> Line:
    language = formats.language
    said = [say("cover_declared", {"day": cover["declared_on"]}, language)] if cover["declared_on"] else []
    return Line(
        signal=cover["signal"],
        name=label("signal", cover["signal"], language),
        tier=cover["tier"],
        n=cover["n"],
        measures=say("cover_measures", {"known": str(cover["measures_known"]), "of": str(cover["measures"])}, language),
        sources=(*said, *_sources(cover["sources"], language)),
        missing=tuple(
            (say(one["what"]["code"], one["what"]["params"], language), say(one["way"], {}, language), one["where"])
            for one in cover["missing"]
        ),
    )


def _sources(sources: list[Body], language: str) -> list[str]:
    """Say how far the streams reach, those that reach the same day together."""
    by_day: dict[tuple[str, bool], list[str]] = {}
    for one in sources:
        if one["reaches"]:
            by_day.setdefault((one["reaches"], one["stale"]), []).append(label("stream", one["stream"], language))
    return [
        say("cover_stale" if stale else "cover_reaches", {"streams": ", ".join(streams), "day": day}, language)
        for (day, stale), streams in by_day.items()
    ]
