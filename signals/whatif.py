"""What would change the verdict: every single change of a level, a gate or the worth that gives another one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from signals.base import Level, SignalName
from signals.gates import GateName
from signals.verdict import GateState, Verdict, decide
from signals.worth import Worth


@dataclass(frozen=True, slots=True)
class Flip:
    """One change and the verdict it would give. `kind`: signal, gate."""

    kind: str
    name: str
    before: str
    after: str
    verdict: Verdict


def flips(
    levels: Mapping[SignalName, Level], gates: Mapping[GateName, GateState], worth: Worth | None
) -> tuple[Flip, ...]:
    """Try each change alone."""
    now = decide(levels, gates, worth).verdict
    return tuple(flip for flip in _tries(levels, gates, worth) if flip.verdict is not now)


def _tries(
    levels: Mapping[SignalName, Level], gates: Mapping[GateName, GateState], worth: Worth | None
) -> Iterator[Flip]:
    for name, level in levels.items():
        for other in (Level.CALM, Level.OVER):
            if other is not level:
                verdict = decide({**levels, name: other}, gates, worth).verdict
                yield Flip("signal", name.value, level.value, other.value, verdict)
    for gate, state in gates.items():
        for after in ("passed", "failed"):
            if after != state:
                verdict = decide(levels, {**gates, gate: after}, worth).verdict
                yield Flip("gate", gate.value, state, after, verdict)
