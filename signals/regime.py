"""The growth regime: how a company's volume moves, and so why handing work over would help, or not.

Four axes of the monthly documents, each with an interval: growth, the season's peak over its trough, the spread that
trend, season and chance leave, the level of the last twelve months (`signals.loglinear`). Cuts on the axes make eight
regimes, first match wins; the share of the posterior's draws that falls into a regime is its probability.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import expm1
from typing import Literal

import numpy as np

from signals.base import Measure, Reason, Tier, Unit
from signals.calendar import month_end, month_start
from signals.growth import Volume
from signals.loglinear import YEAR, Draws, Floats, posterior
from signals.policy import Policy

WINDOW = 36
"""Months looked at, the newest; as many as the stability gate looks at."""
TOLD_APART = 18
"""Months from which growth, a decline, a season and instability can be told apart (simulated: `benchmarks/regime`)."""
INTERVAL = (0.05, 0.95)  # two-sided 90 %
EVEN = 0.5


class RegimeName(StrEnum):
    """The regimes, in the order in which the cuts are tried; undetermined when none is probable enough."""

    TOO_SMALL = "too_small"
    UNSTABLE = "unstable"
    SEASONAL = "seasonal"
    RAPID_GROWTH = "rapid_growth"
    DECLINING = "declining"
    HIGH_STEADY = "high_steady"
    STEADY = "steady"
    UNDETERMINED = "undetermined"


NAMED = tuple(name for name in RegimeName if name != RegimeName.UNDETERMINED)
MOVING = frozenset({RegimeName.UNSTABLE, RegimeName.SEASONAL, RegimeName.RAPID_GROWTH, RegimeName.DECLINING})
"""Regimes that one year of counts can't tell apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Where one regime ends and the next begins: the defaults are those of `Policy`."""

    growth: float = 0.40  # share a year, above
    decline: float = -0.20  # share a year, below
    swing: float = 1.8  # peak over trough, above
    extra: float = 0.40  # log standard deviation beyond chance, above
    small: float = 15.0  # documents a month, below
    high: float = 150.0  # documents a month, from
    probability: float = 0.80  # of a regime, to be named

    @classmethod
    def of(cls, policy: Policy) -> "Cuts":
        """Take the cuts from a company's settings."""
        return cls(
            growth=policy.growth_limit,
            decline=policy.decline_limit,
            swing=policy.seasonal_limit,
            extra=policy.instability_limit,
            small=policy.volume_documents,
            high=policy.volume_high,
            probability=policy.regime_probability,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A regime with its evidence.

    `label` is UNDETERMINED where no regime reaches the probability asked for; `probability` is then that of the
    likeliest, which `probabilities` shows. Under eighteen months, what moves can't be told apart, and its probability
    is under UNDETERMINED. `unstable` is the probability that the spread is above its cut, whatever the label: the
    stability gate rests on it, so that gate and regime can't contradict each other.
    """

    label: RegimeName
    probability: float = 0.0
    probabilities: Mapping[RegimeName, float] = field(default_factory=lambda: {RegimeName.UNDETERMINED: 1.0})
    months: int = 0
    unstable: float | None = None
    asked: float = 0.80  # the probability a label takes
    axes: tuple[Measure, ...] = ()  # growth, swing, spread, level
    beside: tuple[Measure, ...] = ()
    why: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()

    @property
    def stability(self) -> Literal["passed", "failed", "unknown"]:
        """Answer the stability gate: a veto takes the probability of a label, passing takes better than even."""
        if self.unstable is None:
            return "unknown"
        if self.unstable < EVEN:
            return "passed"
        return "failed" if self.unstable >= self.asked and self.months >= TOLD_APART else "unknown"


def regime(volume: Volume | None, cuts: Cuts | None = None, beside: tuple[Measure, ...] = ()) -> Regime:
    """Name the regime of a company's monthly documents; `beside` are measures to show with it (customers, staff).

    Under twelve months, and without documents, it is undetermined, with the reason.
    """
    cuts = cuts or Cuts()
    none = Regime(label=RegimeName.UNDETERMINED, beside=beside, asked=cuts.probability)
    if volume is None:
        return replace(none, why=(Reason("no_documents_source"),))
    counts = volume.total[-WINDOW:]
    n = len(counts)
    if n < YEAR:
        return replace(none, months=n, why=(Reason("few_months", {"n": n, "needed": YEAR}),))
    draws = posterior(counts)
    probabilities = _probabilities(draws, n, cuts)
    axes = _axes(draws, volume, n, cuts)
    label, why = _label(probabilities, axes, sum(counts[-YEAR:]) / YEAR, cuts)
    return replace(
        none,
        label=label,
        probability=max(probabilities[name] for name in NAMED),
        probabilities=probabilities,
        months=n,
        unstable=float(np.mean(draws.extra > cuts.extra)),
        axes=axes,
        beside=(*_directions(volume), *beside),
        why=(why,),
        notes=(*_hidden(label, draws, axes, cuts), *_jump(draws, volume.last_month - n + 1, cuts), *_odd(draws)),
    )


def _probabilities(draws: Draws, months: int, cuts: Cuts) -> Mapping[RegimeName, float]:
    """Give the share of draws in each regime, and under eighteen months what moves as undetermined."""
    growth = np.expm1(draws.slope)
    tests = {
        RegimeName.TOO_SMALL: draws.level < cuts.small,
        RegimeName.UNSTABLE: draws.extra > cuts.extra,
        RegimeName.SEASONAL: draws.swing > cuts.swing,
        RegimeName.RAPID_GROWTH: growth > cuts.growth,
        RegimeName.DECLINING: growth < cuts.decline,
        RegimeName.HIGH_STEADY: draws.level >= cuts.high,
        RegimeName.STEADY: np.ones(len(growth), dtype=bool),
    }
    first = np.argmax(np.stack(list(tests.values())), axis=0)  # first match wins
    counted = np.bincount(first, minlength=len(tests)) / len(growth)
    shares = dict(zip(tests, counted.tolist(), strict=True))
    unknown = sum(shares[name] for name in MOVING) if months < TOLD_APART else 0.0
    known = {name: 0.0 if unknown and name in MOVING else share for name, share in shares.items()}
    return {**known, RegimeName.UNDETERMINED: unknown}


def _label(
    probabilities: Mapping[RegimeName, float], axes: tuple[Measure, ...], counted: float, cuts: Cuts
) -> tuple[RegimeName, Reason]:
    """Give the label and why; `counted` is the plain mean of the last twelve months, on which the volume gate rests."""
    likeliest = max(NAMED, key=lambda name: probabilities[name])
    if probabilities[likeliest] < cuts.probability:
        return RegimeName.UNDETERMINED, _unclear(probabilities, cuts)
    if (likeliest == RegimeName.TOO_SMALL) != (counted < cuts.small):  # a few odd months make the mean
        figures = {"documents": counted, "typical": axes[3].value or 0.0, "limit": cuts.small}
        return RegimeName.UNDETERMINED, Reason("regime_level_disputed", figures)
    growth, swing, spread, level = (axis.value or 0.0 for axis in axes)
    said: Mapping[RegimeName, Mapping[str, float]] = {
        RegimeName.TOO_SMALL: {"level": level, "limit": cuts.small},
        RegimeName.UNSTABLE: {"spread": spread, "limit": cuts.extra},
        RegimeName.SEASONAL: {"swing": swing, "limit": cuts.swing},
        RegimeName.RAPID_GROWTH: {"growth_share": growth, "limit_share": cuts.growth},
        RegimeName.DECLINING: {"growth_share": growth, "limit_share": cuts.decline},
        RegimeName.HIGH_STEADY: {"level": level, "limit": cuts.high},
        RegimeName.STEADY: {"level": level},
    }
    return likeliest, Reason(f"regime_{likeliest}", {**said[likeliest], "chance_share": probabilities[likeliest]})


def _unclear(probabilities: Mapping[RegimeName, float], cuts: Cuts) -> Reason:
    moving = probabilities[RegimeName.UNDETERMINED]
    if moving > 1 - cuts.probability:
        return Reason("regime_one_year", {"chance_share": moving, "needed": TOLD_APART})
    first, second = sorted(NAMED, key=lambda name: -probabilities[name])[:2]
    return Reason(
        "regime_unclear",
        {
            "regime": first.value,
            "first_share": probabilities[first],
            "other_regime": second.value,
            "second_share": probabilities[second],
            "limit_share": cuts.probability,
        },
    )


def _axes(draws: Draws, volume: Volume, months: int, cuts: Cuts) -> tuple[Measure, ...]:
    """Give growth, swing, spread and level; the first two have no value under eighteen months."""
    blank = replace(_blank(volume, WINDOW), n=months)
    growth = replace(blank, name="trend_growth", kpi="K61", unit=Unit.SHARE_PER_YEAR, limit=cuts.growth)
    swing = replace(blank, name="peak_to_trough", kpi="K62", unit=Unit.RATIO, limit=cuts.swing)
    spread = replace(blank, name="instability", kpi="K63", unit=Unit.RATIO, limit=cuts.extra)
    level = replace(_blank(volume, YEAR), name="typical_documents", limit=cuts.small)
    spread, level = _drawn(spread, draws.extra), _drawn(level, draws.level)
    if months < TOLD_APART:
        why = Reason("few_months", {"n": months, "needed": TOLD_APART})
        growth, swing = (replace(axis, tier=Tier.NONE, reason=why) for axis in (growth, swing))
        return growth, swing, replace(spread, notes=(Reason("spread_or_season", {"months": months}),)), level
    return _drawn(growth, np.expm1(draws.slope)), _drawn(swing, draws.swing), spread, level


def _blank(volume: Volume, months: int) -> Measure:
    """Make a measure of documents a month over the newest months, without name and value."""
    first, last = volume.window(months)
    return Measure(
        name="",
        kpi="K60",
        signal=None,
        unit=Unit.PER_MONTH,
        n=last - first + 1,
        window=(month_start(first), month_end(last)),
        tier=Tier.DIRECT if volume.direct else Tier.PROXY,
        sources=volume.sources,
    )


def _drawn(measure: Measure, draws: Floats) -> Measure:
    low, value, high = (float(q) for q in np.quantile(draws, (INTERVAL[0], EVEN, INTERVAL[1])))
    return replace(measure, value=value, low=low, high=high)


def _directions(volume: Volume) -> tuple[Measure, ...]:
    """Give sales and purchases a month, over the last twelve."""
    blank = _blank(volume, YEAR)
    named = (("sales_per_month", volume.sales), ("purchases_per_month", volume.purchases))
    return tuple(replace(blank, name=name, value=sum(counts[-YEAR:]) / YEAR) for name, counts in named)


def _hidden(label: RegimeName, draws: Draws, axes: tuple[Measure, ...], cuts: Cuts) -> list[Reason]:
    """Say what the label hides by being tried first: growth or a decline, and a season."""
    growth, swing = axes[0], axes[1]
    if growth.value is None or label not in {RegimeName.TOO_SMALL, RegimeName.UNSTABLE, RegimeName.SEASONAL}:
        return []
    shares = {"growth_share": growth.value, "low_share": growth.low or 0.0, "high_share": growth.high or 0.0}
    found = [
        (Reason("growth_beside", shares), np.expm1(draws.slope) > cuts.growth),
        (Reason("decline_beside", shares), np.expm1(draws.slope) < cuts.decline),
    ]
    if label != RegimeName.SEASONAL:
        found.append((Reason("season_beside", {"swing": swing.value or 0.0}), draws.swing > cuts.swing))
    return [reason for reason, drawn in found if drawn.mean() >= cuts.probability]


def _odd(draws: Draws) -> tuple[Reason, ...]:
    return (Reason("odd_months", {"n": len(draws.odd)}),) if len(draws.odd) else ()


def _jump(draws: Draws, first_month: int, cuts: Cuts) -> list[Reason]:
    some = draws.jump_at >= 0
    if some.mean() < cuts.probability:
        return []
    month = int(np.bincount(draws.jump_at[some]).argmax())
    change = expm1(float(np.median(draws.jump[some])))
    low, high = (expm1(float(q)) for q in np.quantile(draws.jump[some], INTERVAL))
    day = month_start(first_month + month).isoformat()
    return [Reason("level_jump", {"day": day, "change_share": change, "low_share": low, "high_share": high})]
