"""The change test for many companies at once, and which of their alarms a portfolio may act on together.

One series a company, weeks in common; the same answers as one by one, to the digit. Companies as usual, nearly all, are
done in one go; those whose evidence has ever sufficed take the path through alarms and all-clears singly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from signals.calendar import Days, day_number
from signals.change import Alarm, ChangeState, detect_change, held_back, state_of
from signals.change_baseline import Baseline, ChangeRule
from signals.change_evidence import evidence_by_day
from signals.change_threshold import offset, threshold, volume_before, years_by_chance
from signals.weeks import ByDay, Weeks

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ManyWeeks:
    """As `Weeks`, for one series of each company: `week_day` is (weeks,), `seen` (companies, weeks).

    `count`, `n` and `told` are (companies, weeks, 7); trials of days that were not told are 0.
    """

    week_day: Days
    count: Array
    n: Array
    told: Flags
    seen: Flags

    def of(self, company: int) -> Weeks:
        """Give one company's weeks."""
        count, n, seen = self.count[company], self.n[company], self.seen[company]
        by_week = [np.where(seen, daily.sum(axis=1), 0.0) for daily in (count, n)]
        return Weeks(self.week_day, by_week[0], by_week[1], seen, ByDay(count, n, self.told[company]))


@dataclass(frozen=True, slots=True)
class Answer:
    """What `Change` says of a company: where it stands, its alarms, and how rarely chance brings its evidence.

    `log_e` is the log of an e-value: the evidence over the weeks it took, at most 1 on average without a change. That
    is a theorem where the usual rate is known; its upper quantile stands in for it, which a baseline that happened to
    come out very low can still belie.
    """

    state: ChangeState
    alarms: tuple[Alarm, ...]
    years_by_chance: float
    log_e: float


def detect_many(many: ManyWeeks, baselines: Sequence[Baseline], rule: ChangeRule) -> tuple[Answer, ...]:
    """Look for a rate above its baseline in each company; row i depends on row i alone."""
    if not baselines:
        return ()
    last_weeks = np.array([day_number(base.last_week) for base in baselines])
    said = (many.week_day > last_weeks[:, np.newaxis]) & (many.n.sum(axis=2) > 0)
    taken_off = _offsets(many, baselines)
    by_look = _evidence(many, baselines, said, rule) + taken_off[:, :, np.newaxis]
    highest = np.where(said, by_look.max(axis=2), -np.inf)
    loud = highest.max(axis=1, initial=-np.inf) >= threshold(rule.budget_years, 0.0)
    newest = said.shape[1] - 1 - said[:, ::-1].argmax(axis=1)
    answers = []
    for i, base in enumerate(baselines):
        if loud[i]:
            answers.append(_singly(many.of(i), base, rule))
            continue
        now = by_look[i, newest[i], -1:] if said[i].any() else np.zeros(0)
        state = state_of(now, None, held_back(base.confirmed, base.n, rule.baseline_trials), rule)
        log_m = float(now[-1]) if len(now) else -np.inf
        log_e = _log_e(log_m - float(taken_off[i, newest[i]]), int(said[i].sum()))
        answers.append(Answer(state, (), years_by_chance(log_m), log_e))
    return tuple(answers)


def discoveries(log_e: Array, false_share: float) -> Flags:
    """Choose the companies to act on, so that on average at most `false_share` of those chosen have not changed.

    The e-BH procedure (Wang & Ramdas 2022): the k largest e-values, for the largest k whose k-th is at least
    companies / (k false_share). It holds however the companies hang together, at a day fixed beforehand.
    """
    order = np.argsort(-log_e, kind="stable")
    needed = log(len(log_e) / false_share) - np.log(np.arange(1, len(log_e) + 1)) if len(log_e) else log_e
    enough = np.flatnonzero(log_e[order] >= needed)
    chosen = np.zeros(len(log_e), dtype=bool)
    if len(enough):
        chosen[order[: enough[-1] + 1]] = True
    return chosen


def _singly(weeks: Weeks, base: Baseline, rule: ChangeRule) -> Answer:
    change = detect_change(weeks, base, rule)
    _, n = weeks.so_far()
    begun = day_number(base.last_week)
    cleared = [alarm.cleared for alarm in change.alarms if alarm.cleared is not None]
    begun = max([begun, *map(day_number, cleared)])  # evidence begins anew
    run = int(((weeks.week_day > begun) & (n > 0)).sum())
    return Answer(change.state, change.alarms, change.years_by_chance, _log_e(change.log_evidence[-1], run))


def _log_e(log_m: float, weeks: int) -> float:
    return log_m - log(weeks) if weeks else -np.inf


def _offsets(many: ManyWeeks, baselines: Sequence[Baseline]) -> Array:
    weekly = np.where(many.seen, many.n.sum(axis=2), 0.0)
    each = zip(weekly, many.seen, baselines, strict=True)
    volumes = [volume_before(n, seen, base.n / max(base.weeks, 1)) for n, seen, base in each]
    p0, phi = (np.array([[getattr(base, name)] for base in baselines]) for name in ("p0", "phi"))
    return offset(np.array(volumes), p0, phi)


def _evidence(many: ManyWeeks, baselines: Sequence[Baseline], said: Flags, rule: ChangeRule) -> Array:
    """Give the evidence at each look, that of the newest day told where a day was not."""
    p0, phi = (np.array([getattr(base, name) for base in baselines]) for name in ("p0", "phi"))
    so_far = np.array([base.so_far or (base.p0,) * many.n.shape[2] for base in baselines])
    count, n = (np.where(said[:, :, np.newaxis], daily, 0.0) for daily in (many.count, many.n))
    found = evidence_by_day(count, n, p0, phi, so_far=so_far, odds=rule.odds, cap=rule.cap)
    newest = np.minimum(np.arange(n.shape[2]), many.told.sum(axis=2, keepdims=True) - 1)
    return np.take_along_axis(found, np.maximum(newest, 0), axis=2)
