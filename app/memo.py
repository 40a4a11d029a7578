"""A decision memo in words: the evidence in lines, the next steps that follow from it, and what is not known."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.body import halves
from app.covered import covered
from app.language import Formats
from app.wording import label, say

Body = dict[str, Any]

UNKNOWNS_SAID = 8
TO_HAND_OVER = "outsource"


@dataclass(frozen=True, slots=True)
class Proof:
    """One number that a signal rests on. `since`: the month in which it got worse; "" where the test says none."""

    signal: str
    level: str
    first: bool
    measure: Body
    since: str


def proofs(body: Body, language: str) -> list[Proof]:
    """List the numbers that carry the signals, in order; a signal's second half follows its first."""
    formats = Formats(language)
    listed = []
    for signal in body["signals"]:
        for n, (measure, _) in enumerate(halves(signal)):
            since = (signal.get("changes", {}).get(measure["name"]) or {}).get("since")
            month = formats.month(since[:7]) if since else ""
            listed.append(Proof(signal["name"], signal["level"], n == 0, measure, month))
    return listed


def next_steps(body: Body, language: str) -> list[str]:
    """Say what to do, in order: what the verdict asks for, what stands in the way, what would make it surer."""
    return [*_verdict_steps(body, language), *_gate_steps(body, language), *_surer(body, language)]


def _verdict_steps(body: Body, language: str) -> Iterator[str]:
    verdict = body["verdict"]
    if verdict == TO_HAND_OVER:
        yield from _tender(body, language)
    elif verdict == "cannot_say":
        for one in body["missing"][:3]:
            yield f"{say(one['what'], {}, language)} {say(one['remedy'], {}, language)}"
    else:
        yield say(f"step_{verdict}", {}, language)


def _tender(body: Body, language: str) -> Iterator[str]:
    perimeter = body.get("perimeter") or {}
    if perimeter.get("processes"):
        yield say("step_offers", {"processes": ",".join(perimeter["processes"])}, language)
    else:
        yield say("step_offers_all", {}, language)
    price = (body.get("break_even") or {}).get("price_per_month")
    if price and price[1]:
        formats = Formats(language, body["company"]["currency"])
        yield say("step_price", {"price": formats.money(round(price[0] or price[1]))}, language)
    yield say("step_governance", {}, language)


def _gate_steps(body: Body, language: str) -> Iterator[str]:
    for gate in body["gates"]:
        if gate["state"] != "passed":
            code = f"way_{gate['name']}" if gate["state"] == "failed" else f"remedy_{gate['name']}"
            said = {"gate": gate["name"], "way": say(code, {}, language)}
            yield say("step_gate", said, language)


def _surer(body: Body, language: str) -> Iterator[str]:
    changes = [change for signal in body["signals"] for change in signal.get("changes", {}).values()]
    held = {(change["held_back_because"] or {}).get("code") for change in changes}
    if "change_baseline_unconfirmed" in held:
        yield say("step_baseline", {}, language)
    worth = body["worth"]
    if worth and worth["share_from_defaults"]:
        yield say("step_defaults", {"share": worth["share_from_defaults"]}, language)


def not_known(body: Body, language: str) -> list[str]:
    """Say what the answer could not rest on: what is unknown first, then what is known only in part."""
    said = [say(one["what"], {}, language) for one in body["missing"]]
    if body["freshness"]["stale"]:
        said.append(say("memo_stale", {"day": body["freshness"]["reaches"]}, language))
    said += _gaps(body, language)
    for one in body.get("processes") or []:
        if one["verdict"] == "cannot_say":
            said.append(say("memo_process", {"process": one["process"]}, language))
    return list(dict.fromkeys(said))


def _gaps(body: Body, language: str) -> Iterator[str]:
    """Say what is missing of several signals once, with their names."""
    lacking: dict[str, list[str]] = {}
    for line in covered(body, language):
        for what, _, _ in line.missing:
            lacking.setdefault(what, []).append(line.name)
    for what, names in lacking.items():
        yield say("memo_gap", {"signals": ", ".join(names), "what": what}, language)


def perimeter_names(body: Body, language: str) -> list[str]:
    """Name the processes to hand over."""
    found = body.get("perimeter") or {}
    return [label("process", name, language) for name in found.get("processes", [])]
