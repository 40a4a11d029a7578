"""The verdict of each process in words: a row of the table, and the perimeter below it."""

from dataclasses import dataclass
from typing import Any

from app.language import Formats
from app.wording import label, measure_label, say

Body = dict[str, Any]

_OF_PROCESS = frozenset({"no_need", "few_signals_known", "few_signals_for_no"})
"""Reasons that count the signals known, of which fewer can speak of a process."""


@dataclass(frozen=True, slots=True)
class Row:
    """A process: its verdict and why, its hours and worth, its sheet, and what is missing with the way to it."""

    process: str
    name: str
    verdict: str
    why: tuple[str, ...]
    hours: str
    worth: str
    sheet: str
    missing: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """The table, and what is said of the processes to hand over."""

    rows: tuple[Row, ...]
    perimeter: tuple[str, ...]


def by_process(body: Body, language: str) -> Rows | None:
    """Say the processes of an answer; None for one stored before they were asked, or where nothing is known of any."""
    found = body.get("processes") or []
    if not any(one["signals_known"] or one["sheet"] != "none" for one in found):
        return None
    formats = Formats(language, body["company"]["currency"])
    return Rows(tuple(_row(one, formats) for one in found), _perimeter(body["perimeter"], formats))


def _row(one: Body, formats: Formats) -> Row:
    language = formats.language
    worth = one["worth"]
    return Row(
        process=one["process"],
        name=label("process", one["process"], language),
        verdict=one["verdict"],
        why=tuple(_why(one, formats)),
        hours=_hours(one["hours_per_month"], formats),
        worth=say("process_worth", _money(worth, formats), language) if worth else "–",
        sheet=label("sheet", one["sheet"], language),
        missing=tuple(
            (say(each["what"]["code"], each["what"]["params"], language), say(each["way"], {}, language), each["where"])
            for each in one["missing"]
        ),
    )


def _why(one: Body, formats: Formats) -> list[str]:
    """Say what the verdict rests on: the reasons of its row; of a signal over, and of a gate, their own."""
    language, said = formats.language, []
    evidence = {each["signal"]: each for each in one["evidence"]}
    gates = {gate["name"]: gate for gate in one["gates"]}
    for why in one["why"]:
        if one["worth"] and why["code"].startswith("worth_") and one["row"] == "f":
            continue  # the range stands beside it
        signal, gate = why["params"].get("signal"), why["params"].get("gate")
        code = why["code"].removeprefix("early_")
        if signal in evidence:
            said.append(_figure(evidence[signal], formats))
        elif gate in gates or code in gates:
            own = gates[gate or code]
            said += [say(reason["code"], reason["params"], language) for reason in own["why"]]
        elif why["code"] in _OF_PROCESS:
            counted = {"known": str(one["signals_known"]), "of": str(one["signals"])}
            said.append(say(f"process_{why['code']}", counted, language))
        else:
            said.append(say(why["code"], why["params"], language))
    return said


def _figure(each: Body, formats: Formats) -> str:
    """Say a signal over by its measure's name and value, as short as a table needs it."""
    measure, language = each["measure"], formats.language
    unit = measure["unit"]
    words = "" if unit.startswith("share") or unit == "count" else f" {label('unit', unit, language)}"
    name, value = measure_label(measure["name"], language), f"{formats.value(measure['value'], unit)}{words}"
    return say("process_figure", {"name": name, "value": value}, language)


def _perimeter(found: Body | None, formats: Formats) -> tuple[str, ...]:
    language = formats.language
    if not found or not found["processes"]:
        return (say("perimeter_none", {}, language),)
    hours, worth = found["hours_per_month"], found["worth"]
    said = [say("perimeter", {"processes": ", ".join(found["processes"])}, language)]
    said.append(
        say("perimeter_hours", {"hours": _hours(hours, formats)}, language)
        if hours
        else say("perimeter_hours_unknown", {}, language)
    )
    said.append(
        say("perimeter_worth", _money(worth, formats), language)
        if worth
        else say("perimeter_worth_unknown", {}, language)
    )
    return (*said, say("perimeter_steering", {}, language)) if worth else tuple(said)


def _hours(hours: Body | None, formats: Formats) -> str:
    if hours is None:
        return "–"
    low, high = (formats.number(round(hours[end]), 0) for end in ("low", "high"))
    code = "process_hours" if low == high else "process_hours_range"
    return say(code, {"low": low, "high": high}, formats.language)


def _money(worth: Body, formats: Formats) -> dict[str, str]:
    return {end: formats.money(round(worth[end])) for end in ("low", "high")}
