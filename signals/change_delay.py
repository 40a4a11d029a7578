"""What a change test can't see: how long a change takes to show at a volume, and the smallest that shows in time.

Items to detect ~ (ln(A D) - c) / D, with D the evidence an item brings and A the budget in items: the first-order
delay of Shiryaev-Roberts (Pollak 1985) with a constant fitted by simulation. D is E[llr] / phi of the likeliest of the
alternatives mixed, which is the Kullback-Leibler divergence / phi where the change is among them. Against the delays
simulated (2 to 115 trials a week, .10 to .15, .20 and .30, phi 1, 2 and 4, budgets of 5 and 20 years) it errs by up to
a fifth either way where it says less than a year.
"""

from collections.abc import Callable
from math import ceil, exp, hypot, log

from signals.change_baseline import Baseline, ChangeRule, LevelBaseline
from signals.change_evidence import WEEKS_A_YEAR
from signals.change_threshold import LEVEL_OFFSET, offset, threshold

MONTHS_A_YEAR = 12
MONTHS_IN_TIME = 3.0
CONSTANT, LEVEL_CONSTANT = 1.0, 1.6  # c, of rates looked at daily and of hours looked at weekly
HEAD_START = 1.75  # of evidence under way when a change comes: what the cap does not hold back; fitted likewise
HALVINGS = 60


def doubling_delay(baseline: Baseline, per_month: float, rule: ChangeRule) -> float | None:
    """Give the months a doubled rate takes to alarm, at so many trials a month; None: longer than can be said."""
    fastest = _fastest(baseline, per_month, rule)
    return _months(_rate_gain(min(2 * baseline.rate, 1.0), baseline, rule), per_month, CONSTANT, fastest, rule)


def smallest_rate(baseline: Baseline, per_month: float, rule: ChangeRule) -> float | None:
    """Give the smallest rate that alarms within three months on average; None when not even 100 % does."""
    fastest = _fastest(baseline, per_month, rule)
    return _smallest(
        lambda rate: _months(_rate_gain(rate, baseline, rule), per_month, CONSTANT, fastest, rule), baseline.p0, 1.0
    )


def doubling_delay_of_level(baseline: LevelBaseline, per_month: float, rule: ChangeRule) -> float | None:
    """Give the months a doubled level takes to alarm, at so many weeks seen a month."""
    return _months(
        _level_gain(2 * baseline.mean, baseline, rule), per_month, LEVEL_CONSTANT, _fastest_of_level(rule), rule
    )


def smallest_level(baseline: LevelBaseline, per_month: float, rule: ChangeRule) -> float | None:
    """Give the smallest level that alarms within three months on average; None when none does."""
    highest = baseline.ceiling + 2 * max(rule.shifts) * baseline.sd
    return _smallest(
        lambda level: _months(
            _level_gain(level, baseline, rule), per_month, LEVEL_CONSTANT, _fastest_of_level(rule), rule
        ),
        baseline.ceiling,
        highest,
    )


def _fastest(baseline: Baseline, per_month: float, rule: ChangeRule) -> float:
    """Give the weeks that the cap wants, however bad they are."""
    taken_off = offset(per_month * MONTHS_A_YEAR / WEEKS_A_YEAR, baseline.p0, baseline.phi)
    return max(float(threshold(rule.budget_years, taken_off)) - HEAD_START, 0.0) / rule.cap


def _fastest_of_level(rule: ChangeRule) -> float:
    return ceil(float(threshold(rule.budget_years, LEVEL_OFFSET)) / rule.cap)


def _months(gain: float, per_month: float, constant: float, fastest: float, rule: ChangeRule) -> float | None:
    budget = rule.budget_years * MONTHS_A_YEAR * per_month
    if budget * gain < exp(1 + constant):  # below, the formula falls as the gain does, and says nothing
        return None
    items = (log(budget * gain) - constant) / gain
    return hypot(items / per_month, fastest * MONTHS_A_YEAR / WEEKS_A_YEAR)  # near the longer of the two, never below


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
