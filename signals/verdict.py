"""The verdict table: need, gates and worth kept apart, never one weighted mean. First match wins.

(a) very low volume, or unstable: `too_early`. (b) fewer than two signals known and none over: `cannot_say`.
(c) no need: `not_needed` with at least three signals known, else `cannot_say`. (d) need, and another gate failed or
unknown: `prepare`. (e) need, and worth wholly below zero: `not_needed`, for its cost. (f) `outsource`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from signals.base import Level, Reason, SignalName
from signals.gates import GateName
from signals.worth import Worth

SIGNALS_FOR_NEED = 2
SIGNALS_TO_SAY_ANYTHING = 2
SIGNALS_TO_SAY_NO = 3

# One of these is need enough: operations held back, directors absorbed.
ALONE_ENOUGH = (SignalName.LATE_INVOICING, SignalName.DIRECTOR_TIME)
TOO_EARLY_GATES = (GateName.VOLUME, GateName.STABILITY)

GateState = str
"""passed, failed or unknown."""


class Verdict(StrEnum):
    """The answer."""

    OUTSOURCE = "outsource"
    PREPARE = "prepare"
    NOT_NEEDED = "not_needed"
    TOO_EARLY = "too_early"
    CANNOT_SAY = "cannot_say"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, the row of the table that gave it, and why."""

    verdict: Verdict
    row: str
    why: tuple[Reason, ...]


def has_need(levels: Mapping[SignalName, Level]) -> bool:
    """Say whether the signals make a need: two over, or one of late invoicing and director time."""
    over = [name for name, level in levels.items() if level is Level.OVER]
    return len(over) >= SIGNALS_FOR_NEED or any(name in over for name in ALONE_ENOUGH)


def decide(  # noqa: PLR0911 - first match wins: one return a row of the table
    levels: Mapping[SignalName, Level],
    gates: Mapping[GateName, GateState],
    worth: Worth | None,
    *,
    to_say_no: int = SIGNALS_TO_SAY_NO,
) -> Decision:
    """Find the first row that matches; `to_say_no` signals known are enough to say that there is no need."""
    early = [gate for gate in TOO_EARLY_GATES if gates[gate] == "failed"]
    if early:
        return Decision(Verdict.TOO_EARLY, "a", tuple(Reason(f"early_{gate.value}") for gate in early))
    known = [name for name, level in levels.items() if level is not Level.UNKNOWN]
    over = [name for name, level in levels.items() if level is Level.OVER]
    if len(known) < SIGNALS_TO_SAY_ANYTHING and not over:
        return Decision(Verdict.CANNOT_SAY, "b", (Reason("few_signals_known", {"known": len(known)}),))
    if not has_need(levels):
        if len(known) >= to_say_no:
            return Decision(Verdict.NOT_NEEDED, "c", (Reason("no_need", {"known": len(known), "over": len(over)}),))
        return Decision(Verdict.CANNOT_SAY, "c", (Reason("few_signals_for_no", {"known": len(known)}),))
    need = tuple(Reason("signal_over", {"signal": name.value}) for name in over)
    held = [gate for gate, state in gates.items() if state != "passed"]
    if held:
        said = tuple(Reason(f"gate_{gates[gate]}", {"gate": gate.value}) for gate in held)
        return Decision(Verdict.PREPARE, "d", need + said)
    if worth is not None and worth.high < 0:
        return Decision(Verdict.NOT_NEEDED, "e", (*need, Reason("worth_below_zero")))
    if worth is None:
        return Decision(Verdict.OUTSOURCE, "f", (*need, Reason("worth_unknown")))
    if worth.low < 0:
        return Decision(Verdict.OUTSOURCE, "f", (*need, Reason("worth_straddles_zero")))
    return Decision(Verdict.OUTSOURCE, "f", (*need, Reason("worth_above_zero")))
