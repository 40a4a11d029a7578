"""What a change test can't see: how long a change takes to show at a volume, and the smallest that shows in time.

Items to detect ~ (ln(A D) - 1.6) / D, with D the evidence an item brings and A the budget in items: the first-order
delay of Shiryaev-Roberts (Pollak 1985) with a constant fitted by simulation. D is E[llr] / phi of the likeliest of the
alternatives mixed, which is the Kullback-Leibler divergence / phi where the change is among them.
"""

from collections.abc import Callable
from math import ceil, exp, log

from signals.change_baseline import Baseline, ChangeRule, LevelBaseline
from signals.change_evidence import WEEKS_A_YEAR, threshold

MONTHS_A_YEAR = 12
MONTHS_IN_TIME = 3.0
CONSTANT = 1.6
LEAST = exp(1 + CONSTANT)  # of A D: below, the formula falls as D does, and says nothing
HALVINGS = 60


def doubling_delay(baseline: Baseline, per_month: float, rule: ChangeRule) -> float | None:
    """Give the months a doubled rate takes to alarm, at so many trials a month; None: longer than can be said."""
    return _months(_rate_gain(min(2 * baseline.rate, 1.0), baseline, rule), per_month, rule)


def smallest_rate(baseline: Baseline, per_month: float, rule: ChangeRule) -> float | None:
    """Give the smallest rate that alarms within three months on average; None when not even 100 % does."""
    return _smallest(lambda rate: _months(_rate_gain(rate, baseline, rule), per_month, rule), baseline.p0, 1.0)


def doubling_delay_of_level(baseline: LevelBaseline, per_month: float, rule: ChangeRule) -> float | None:
    """Give the months a doubled level takes to alarm, at so many weeks seen a month."""
    return _months(_level_gain(2 * baseline.mean, baseline, rule), per_month, rule)


def smallest_level(baseline: LevelBaseline, per_month: float, rule: ChangeRule) -> float | None:
    """Give the smallest level that alarms within three months on average; None when none does."""
    highest = baseline.ceiling + 2 * max(rule.shifts) * baseline.sd
    return _smallest(
        lambda level: _months(_level_gain(level, baseline, rule), per_month, rule), baseline.ceiling, highest
    )


def _months(gain: float, per_month: float, rule: ChangeRule) -> float | None:
    budget = rule.budget_years * MONTHS_A_YEAR * per_month
    if budget * gain < LEAST:
        return None
    fastest = ceil(threshold(rule.budget_years) / rule.cap) * MONTHS_A_YEAR / WEEKS_A_YEAR  # the cap wants its weeks
    return max((log(budget * gain) - CONSTANT) / gain / per_month, fastest)


def _rate_gain(rate: float, baseline: Baseline, rule: ChangeRule) -> float:
    p0 = baseline.p0
    gains = (
        rate * log(ratio) - log(1 + (ratio - 1) * p0)  # E[llr], its two logarithms written as one odds ratio
        for ratio in rule.odds
    )
    return max(gains) / baseline.phi


def _level_gain(level: float, baseline: LevelBaseline, rule: ChangeRule) -> float:
    away = (level - baseline.ceiling) / baseline.sd
    return max(shift * away - shift**2 / 2 for shift in rule.shifts) / baseline.phi


def _smallest(months: Callable[[float], float | None], low: float, high: float) -> float | None:
    def in_time(value: float) -> bool:
        took = months(value)
        return took is not None and took <= MONTHS_IN_TIME

    if not in_time(high):
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if in_time(middle) else (middle, high)
    return high
