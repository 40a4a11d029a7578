"""The outlook of a letter, worded: what the last one expected and what came of it, what this one expects."""

from collections.abc import Mapping
from typing import Any

from app.letter_view import Body, Outcome, Outlook, Words
from app.site import interval_text, value_text
from app.wording import measure_label
from app.wording.subjects import subject_label

Entry = Mapping[str, Any]

MARKS = {True: ("✓", "solved"), False: ("✕", "open"), None: ("○", "none")}
"""By whether it came as expected; what came otherwise may be for the better."""
LASTING = ("stays",)


def outlook_of(company: Body, words: Words) -> Outlook:
    """Word a company's outlook; a letter written before there was any has none."""
    came, expected = company.get("came", []), company.get("expected", [])
    lines = _expected(expected, words)
    told = _came(came, words)
    return Outlook(
        counted=_counted(came, words),
        came=told,
        expected=lines,
        note=words.say("expected_note") if any(one["what"] == "range" for one in expected) else "",
        short=_short([one.said for one in told], lines, words),
    )


def _expected(expected: list[Entry], words: Words) -> tuple[str, ...]:
    """Give each number a line, and what is expected of alerts one for each day."""
    lines = [words.say("expected_range", **_params(one, words)) for one in expected if one["what"] == "range"]
    for what in ("confirmed", "closed", "stays"):
        alerts = [one for one in expected if one["what"] == what]
        for on in sorted({one["on"] for one in alerts}):
            names = _names([one for one in alerts if one["on"] == on], words)
            lines.append(words.say(f"expected_{what}", what=names, on=words.day(on)))
    return tuple(lines)


def _short(came: list[str], expected: tuple[str, ...], words: Words) -> tuple[str, ...]:
    said = [words.say("came_short", came="; ".join(came))] if came else []
    said += [words.say("expected_short", expected="; ".join(expected))] if expected else []
    return tuple(said)


def _came(came: list[Entry], words: Words) -> tuple[Outcome, ...]:
    """Give each number a line, and each thing that came of alerts: with those it came of alike."""
    alike: dict[tuple[str, ...], list[Entry]] = {}
    for one in came:
        if one["what"] != "range":
            alike.setdefault(_kind(one), []).append(one)
    told = [_outcome([one], words) for one in came if one["what"] == "range"]
    told += [_outcome(several, words) for kind, several in alike.items() if kind != LASTING]
    if LASTING in alike:
        told.append(Outcome(*MARKS[None], words.say("came_stays", what=_names(alike[LASTING], words))))
    return tuple(told)


def _kind(one: Entry) -> tuple[str, ...]:
    lasts = one["what"] == "stays" and one["came"] != "cannot_say"
    return LASTING if lasts else (one["what"], one["on"], one["came"])


def _outcome(alike: list[Entry], words: Words) -> Outcome:
    one = alike[0]
    params = _params(one, words) | {"what": _names(alike, words)}
    came = words.say(f"came_{one['came']}", **params)
    return Outcome(*MARKS[one["hit"]], words.say(f"came_of_{one['what']}", **params, came=came))


def _counted(came: list[Entry], words: Words) -> str:
    hits = [one["hit"] for one in came if one["hit"] is not None]
    silent = sum(one["came"] == "cannot_say" for one in came)
    said = [words.say("came_counted", hits=sum(hits), n=len(hits))] if hits else []
    said += [words.count("came_silent", silent)] if silent else []
    return " ".join(said)


def _params(one: Entry, words: Words) -> dict[str, str]:
    params = {"what": _name(one, words), "on": words.day(one["on"])}
    if one["what"] != "range":
        return params
    language, unit = words.language, one["unit"]
    params["range"] = interval_text(dict(one), language) or value_text(one["low"], unit, language)
    params["now"] = value_text(one["now"], unit, language)
    params["figure"] = value_text(one.get("value"), unit, language)
    return params


def _names(several: list[Entry], words: Words) -> str:
    return ", ".join(_name(one, words) for one in several)


def _name(one: Entry, words: Words) -> str:
    if one["what"] == "range":
        return measure_label(one["measure"], words.language)
    return subject_label(one["subject"], words.language)
