"""What stands beside a measure's months in its chart: when it got worse, and while what was told.

Drawn so that shape and place say it without colour: the onset as a dashed upright under a bracket, its interval; alarms
of the change test as hollow bars and alerts as full ones, each in a lane of its own under the months.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import Any

from app.chart_scale import Scale, Size, path, text
from app.language import Formats, translator
from app.wording.marker import N_

Body = Mapping[str, Any]

ONSET, ALERT = "#1c2229", "#a3231b"
HEAD, LANE, BAR = 16, 11, 6  # px: room above for the onset; a lane; the bar in it
THINNEST = 3.0  # px: a day's alert is still seen


@dataclass(frozen=True, slots=True)
class Span:
    """From a day to a day; open without the second."""

    first: date
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Onset:
    """The likeliest day on which it got worse, and the first and last of its interval."""

    on: date
    earliest: date
    latest: date


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked on a chart."""

    onset: Onset | None = None
    alarms: tuple[Span, ...] = ()
    alerts: tuple[Span, ...] = ()


NONE = Marks()


def marks_by_measure(body: Body, episodes: Iterable[Body]) -> dict[str, Marks]:
    """Give the marks of the measures that move an answer's signals: each its own change, and the signal's alerts."""
    by_subject = episodes_by_subject(episodes, date.fromisoformat(body["as_of"]))
    return {
        measure["name"]: marks_of(signal.get("changes", {}).get(measure["name"]), by_subject.get(signal["name"], ()))
        for signal in body["signals"]
        for measure in (signal["primary"], signal["half"])
        if measure
    }


def as_kept(marks: Marks) -> dict[str, Any]:
    """Write marks as JSON, as a letter keeps them."""
    onset = marks.onset
    return {
        "onset": [day.isoformat() for day in (onset.on, onset.earliest, onset.latest)] if onset else None,
        **{
            name: [[s.first.isoformat(), s.last.isoformat() if s.last else None] for s in spans]
            for name, spans in (("alarms", marks.alarms), ("alerts", marks.alerts))
        },
    }


def from_kept(kept: Body | None) -> Marks:
    """Read marks from JSON; a letter written before they were kept has none."""
    if not kept:
        return NONE
    onset = Onset(*map(date.fromisoformat, kept["onset"])) if kept["onset"] else None
    alarms, alerts = (
        tuple(Span(date.fromisoformat(a), date.fromisoformat(b) if b else None) for a, b in kept[name])
        for name in ("alarms", "alerts")
    )
    return Marks(onset, alarms, alerts)


def marks_of(change: Body | None, episodes: Iterable[Body] = ()) -> Marks:
    """Read the marks off what the change test says of a measure, as a body has it, and off the signal's episodes.

    An episode counts from its opening; one that did not hold was never told, and is left out.
    """
    said = change or {}
    onset = None
    if said.get("since"):
        onset = Onset(*(date.fromisoformat(said[name]) for name in ("since", "since_earliest", "since_latest")))
    alarms = tuple(
        Span(date.fromisoformat(first), date.fromisoformat(last) if last else None)
        for first, last in said.get("alarms", ())
    )
    told = sorted(
        (Span(row["opened_on"], row["closed_on"]) for row in episodes if row["fired_on"]), key=lambda one: one.first
    )
    return Marks(onset, alarms, tuple(told))


def episodes_by_subject(rows: Iterable[Body], until: date) -> dict[str, list[dict[str, Any]]]:
    """Sort episodes by what they are about, as they stood at the end of a day."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["opened_on"] <= until:
            days = {name: row[name] if row[name] and row[name] <= until else None for name in ("fired_on", "closed_on")}
            found.setdefault(str(row["subject"]), []).append({**row, **days})
    return found


def room_for(size: Size, marks: Marks) -> Size:
    """Make a chart as much higher as its marks need, so that its months keep their height."""
    head, lanes = HEAD if marks.onset else 0, LANE * (bool(marks.alarms) + bool(marks.alerts))
    return replace(size, height=size.height + head + lanes, top=size.top + head, bottom=size.bottom + lanes)


def drawn(scale: Scale, marks: Marks, formats: Formats) -> Iterator[str]:
    """Draw the marks."""
    say = translator(formats.language)
    if marks.onset:
        yield from _onset(scale, marks.onset, formats)
    lanes = [(marks.alarms, "c-alarm", say(N_("test alarm"))), (marks.alerts, "c-alert", say(N_("alert")))]
    top = scale.size.height - scale.size.bottom + 3.0
    for spans, name, words in lanes:
        if spans:
            yield from _lane(scale, spans, top, name, words, formats)
            top += LANE


def _onset(scale: Scale, onset: Onset, formats: Formats) -> Iterator[str]:
    x, early, late = (scale.day(day) for day in (onset.on, onset.earliest, onset.latest))
    bottom, top = scale.size.height - scale.size.bottom, scale.size.top - 5.0
    yield path(f"M{x:.1f} {top:.1f}V{bottom}", "c-onset", ONSET, dashes="4 2")
    yield path(
        f"M{early:.1f} {top - 3:.1f}v6M{early:.1f} {top:.1f}H{late:.1f}M{late:.1f} {top - 3:.1f}v6", "c-onset", ONSET
    )
    yield f'<path class="c-onset-head" d="M{x - 4:.1f} {top - 4:.1f}h8l-4 7z" fill="{ONSET}"/>'
    words = translator(formats.language)(N_("since {month}")).format(month=formats.month(onset.on.isoformat()[:7]))
    before = x > scale.size.left + 90  # there is room on the left, where the line is still low
    beside = min(early, x - 4) - 5 if before else max(late, x + 4) + 5
    yield text(beside, top + 4, words, "end" if before else "start", ONSET, "c-onset-text")


def _lane(scale: Scale, spans: Sequence[Span], top: float, name: str, words: str, formats: Formats) -> Iterator[str]:
    right = scale.size.width - scale.size.right
    for span in spans:
        first = min(scale.day(span.first), right - THINNEST)
        last = scale.day(span.last) if span.last else float(right)
        width = max(last - first, THINNEST)
        fill = f'fill="{ALERT}"' if name == "c-alert" else f'fill="none" stroke="{ALERT}" stroke-width="1.2"'
        yield (
            f'<rect class="{name}" x="{first:.1f}" y="{top:.1f}" width="{width:.1f}" height="{BAR}" {fill}>'
            f"<title>{escape(f'{words} : {span_text(span, formats)}')}</title></rect>"
        )
    yield text(right + 8, top + BAR + 1, words, "start", ALERT, "c-alert-text")


def span_text(span: Span, formats: Formats) -> str:
    """Write a span's days."""
    say = translator(formats.language)
    if span.last is None:
        return say(N_("since {day}")).format(day=formats.day(span.first))
    return f"{formats.day(span.first)} – {formats.day(span.last)}"


def told(marks: Marks, formats: Formats) -> Iterator[str]:
    """Say the marks in sentences, for who does not see them."""
    say = translator(formats.language)
    if marks.onset:
        days = {name: formats.day(getattr(marks.onset, name)) for name in ("on", "earliest", "latest")}
        yield say(N_("Worse since about {on} (between {earliest} and {latest}).")).format(**days)
    for spans, words in (
        (marks.alarms, say(N_("Alarms of the change test: {spans}."))),
        (marks.alerts, say(N_("Alerts: {spans}."))),
    ):
        if spans:
            yield words.format(spans=" ; ".join(span_text(span, formats) for span in spans))
