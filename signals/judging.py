"""What level a signal has, by what its measures and the change test say; kept evidence is judged again the same way."""

from collections.abc import Mapping
from datetime import date

from signals.base import Level, Measure, Reason, SignalName, Tier
from signals.books import Books
from signals.change import Change
from signals.freshness import frozen
from signals.key_person import lacks_backup
from signals.levels import LevelAnswer, level_of
from signals.policy import Policy
from signals.registry import SignalDetectors
from signals.watched import change_of

_ORDER = (Level.UNKNOWN, Level.CALM, Level.WATCH, Level.OVER)


def primary_of(spec: SignalDetectors, books: Books, policy: Policy) -> tuple[Measure, Books, date | None]:
    """Give a signal's primary measure, the books it was seen in, and the day they are frozen on."""
    primary = _primary(spec, books, policy)
    if primary.tier is Tier.DECLARED:  # a declaration has its own expiry
        return primary, books, None
    seen, frozen_on = frozen(books, policy, spec.told_by(books))
    return (primary if frozen_on is None else _primary(spec, seen, policy)), seen, frozen_on


def _primary(spec: SignalDetectors, books: Books, policy: Policy) -> Measure:
    tried = [detector.detect(books, policy) for detector in spec.primary]
    return next((measure for measure in tried if measure.known), tried[0])


def tested(measure: Measure, spec: SignalDetectors, books: Books, policy: Policy, *, shaped: bool) -> Change | None:
    """Test a measured rate or level for a change; what was only declared has no weeks."""
    return change_of(measure, books, policy, shaped=shaped) if spec.floor and measure.tier is Tier.DIRECT else None


def judged(
    spec: SignalDetectors,
    measures: tuple[Measure, Measure | None],
    explains: Mapping[str, Measure],
    changes: Mapping[str, Change],
    policy: Policy,
) -> LevelAnswer:
    """Judge a signal by its primary measure and the other half; `explains` and `changes` by measure name."""
    primary, half = measures
    may = True
    if spec.name is SignalName.KEY_PERSON:
        may = lacks_backup(explains["holiday_drop"], explains["backup_presence"], primary, policy)
    answer = _judge(primary, spec, policy, changes.get(primary.name), may=may)
    return answer if half is None else _with_half(answer, _judge(half, spec, policy, changes.get(half.name)))


def _judge(
    measure: Measure, spec: SignalDetectors, policy: Policy, change: Change | None, *, may: bool = True
) -> LevelAnswer:
    last = measure.series[-1].month if measure.series else 0  # without a month, no limit was passed in one
    floor = float(getattr(policy, spec.floor)) if spec.floor else None
    return level_of(measure, policy, last_month=last, floor=floor, change=change, may_be_over=may)


def _with_half(first: LevelAnswer, second: LevelAnswer) -> LevelAnswer:
    """Join two halves: the worse one counts, but calm needs the first to be known."""
    worse = max(first.level, second.level, key=_ORDER.index)
    if first.level is Level.UNKNOWN and worse is Level.CALM:
        return LevelAnswer(Level.UNKNOWN, (*first.why, Reason("half_calm")))
    if Level.UNKNOWN in (first.level, second.level) and worse is not Level.UNKNOWN:
        return LevelAnswer(worse, first.why + second.why)
    if first.level is second.level:
        return LevelAnswer(worse, first.why if first.why == second.why else first.why + second.why)
    return first if first.level is worse else second
