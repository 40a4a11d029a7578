"""What could not be seen of a signal, in sentences: silence, months without data, measures without a value, doubts."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.body import measures_of
from app.language import Formats
from app.wording import measure_label, say

Body = dict[str, Any]

MONTHS_NAMED = 6
HELD: Mapping[str, str] = {"change_few_trials": "unseen_few_trials"}
"""Why the change test goes no further than watch, by the code of its doubt."""


def unseen(signal: Body, language: str) -> list[str]:
    """Say what an answer could not see of one of its signals; what would show it is the coverage ledger's to say."""
    return [
        *_silence(signal, language),
        *_held(signal, language),
        *_gaps(signal, language),
        *_no_value(signal, language),
    ]


def _silence(signal: Body, language: str) -> Iterator[str]:
    if signal["frozen_on"]:
        yield say("unseen_after", {"day": signal["frozen_on"]}, language)


def _held(signal: Body, language: str) -> Iterator[str]:
    for name, change in signal.get("changes", {}).items():
        measure = measure_label(name, language)
        why = change["held_back_because"] or {"code": ""}
        if why["code"] in HELD:  # that nobody has confirmed a normal period, the ledger of what is missing says
            yield say(HELD[why["code"]], why["params"] | {"measure": measure}, language)
        if change["months_to_see_a_doubling"] is not None:
            months = max(1.0, round(change["months_to_see_a_doubling"]))
            yield say("unseen_doubling", {"measure": measure, "months": months}, language)


def _gaps(signal: Body, language: str) -> Iterator[str]:
    formats = Formats(language)
    for measure in measures_of(signal)[:2]:
        empty = [point["month"] for point in measure["series"] if point["value"] is None]
        if empty:
            named = ", ".join(formats.month(month) for month in empty[-MONTHS_NAMED:])
            said = {"measure": measure_label(measure["name"], language), "n": len(empty), "named": named}
            yield say("unseen_months" if len(empty) <= MONTHS_NAMED else "unseen_months_more", said, language)


def _no_value(signal: Body, language: str) -> Iterator[str]:
    for measure in measures_of(signal):
        why = measure["no_value_because"]
        if measure["value"] is None and why:
            said = {"measure": measure_label(measure["name"], language)}
            yield say(
                "unseen_measure", said | {"why": say(why["code"], why["params"], language, measure["unit"])}, language
            )
