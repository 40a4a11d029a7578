"""One measure again, from the same books and settings: for all the records behind it, which an answer names in part."""

from signals.base import Measure
from signals.books import Books
from signals.freshness import frozen
from signals.judging import primary_of
from signals.policy import Policy
from signals.registry import SIGNALS, SignalDetectors


def measure_of(signal: str, name: str, books: Books, policy: Policy) -> Measure | None:
    """Measure one thing as `signals.readiness.assess` does, frozen sources cut off as there; None: there is no such."""
    spec = next((spec for spec in SIGNALS if spec.name.value == signal), None)
    return _of(spec, name, books, policy) if spec else None


def _of(spec: SignalDetectors, name: str, books: Books, policy: Policy) -> Measure | None:
    primary, seen, _ = primary_of(spec, books, policy)
    if primary.name == name:
        return primary
    if spec.half is not None and spec.half.name == name:
        return spec.half.detect(frozen(seen, policy, spec.half_streams)[0], policy)
    found = next((one for one in (*spec.explains, *spec.beside) if one.name == name), None)
    return found.detect(seen, policy) if found else None
