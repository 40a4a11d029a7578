"""The detectors compared; each gives a statistic that alarms at a threshold, looked at as often as it says.

CUSUM: Page (1954), optimal for a known change (Moustakides 1986). Shiryaev-Roberts: Pollak (1985). EWMA: Roberts
(1959). GLR: Reynolds & Lou (2012), as the largest of CUSUMs for a grid of changes. p-chart: Shewhart (1931).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from benchmarks.detection.streams import DAYS_A_MONTH, WEEK, Floats, Stream, Whole, odds_ratio
from signals.change_evidence import CAP, ODDS, evidence, threshold, worse

Statistic = Callable[[Stream, Floats, Floats], Floats]
"""Of streams, usual rates (paths,) and overdispersions (paths,): the statistic after each look, (paths, looks)."""

BUDGET_YEARS = 5.0
PLAIN_FACTOR = 1.5
GLR_ODDS = (1.2, 1.5, 1.9, 2.4, 3.2, 4.5, 7.0, 12.0, 30.0)
EWMA_BLOCK = 256
ITEM, DAY, SEVEN, MONTH = "item", "day", "week", "month"


@dataclass(frozen=True, slots=True)
class Rival:
    """A detector: how often it `looks`, its statistic, its threshold if it comes with one (else it is calibrated)."""

    name: str
    looks: str
    statistic: Statistic
    threshold: float | None = None

    def peak(self, stream: Stream, p0: Floats, phi: Floats) -> Floats:
        """Give the largest statistic so far at each day's end, (paths, days); -inf before the first look."""
        statistic = self.statistic(stream, p0, phi)
        return _at_day_ends(np.maximum.accumulate(statistic, axis=1, out=statistic), stream, self.looks)


def cusum(odds: float, looks: str) -> Statistic:
    """Build max(0, S + log likelihood ratio) for rates of so many times the odds."""

    def run(stream: Stream, p0: Floats, phi: Floats) -> Floats:  # noqa: ARG001 - it knows no overdispersion
        walk = _walk(stream, p0, odds, looks)
        lowest = np.minimum.accumulate(walk, axis=1)
        return np.subtract(walk, np.minimum(lowest, 0.0, out=lowest), out=walk)

    return run


def shiryaev_roberts(odds: float) -> Statistic:
    """Build ln R with R = (R + 1) times the likelihood ratio, item by item."""

    def run(stream: Stream, p0: Floats, phi: Floats) -> Floats:  # noqa: ARG001
        walk = _walk(stream, p0, odds, ITEM)
        before = np.concatenate([np.zeros((len(walk), 1)), walk[:, :-1]], axis=1)
        starts = np.logaddexp.accumulate(np.negative(before, out=before), axis=1)
        return np.add(walk, starts, out=walk)

    return run


def glr(stream: Stream, p0: Floats, phi: Floats) -> Floats:
    """Give the generalised likelihood ratio, item by item: the change is not known."""
    found = cusum(GLR_ODDS[0], ITEM)(stream, p0, phi)
    for odds in GLR_ODDS[1:]:
        np.maximum(found, cusum(odds, ITEM)(stream, p0, phi), out=found)
    return found


def ewma(weight: float) -> Statistic:
    """Build z = (1 - weight) z + weight late, item by item, over the usual rate."""

    def run(stream: Stream, p0: Floats, phi: Floats) -> Floats:  # noqa: ARG001
        power = np.arange(EWMA_BLOCK)
        out, last = np.empty(stream.late.shape), p0[:, np.newaxis]
        for first in range(0, stream.late.shape[1], EWMA_BLOCK):
            block = stream.late[:, first : first + EWMA_BLOCK]
            kept = (1 - weight) ** power[: block.shape[1]]
            out[:, first : first + EWMA_BLOCK] = kept * ((1 - weight) * last + weight * np.cumsum(block / kept, axis=1))
            last = out[:, first + block.shape[1] - 1 : first + block.shape[1]]
        return np.divide(out, p0[:, np.newaxis], out=out)

    return run


def p_chart(stream: Stream, p0: Floats, phi: Floats) -> Floats:  # noqa: ARG001
    """Give the standardised share of late items of each month."""
    late, n = _looks(stream, MONTH)
    p0 = p0[:, np.newaxis]
    return np.where(n > 0, (late - n * p0) / np.sqrt(np.maximum(n, 1.0) * p0 * (1 - p0)), -np.inf)


def window_rate(days: int) -> Statistic:
    """Build the share of late items of the last so many days, every day, over the usual rate."""

    def run(stream: Stream, p0: Floats, phi: Floats) -> Floats:  # noqa: ARG001
        late, n = (_last(total, days) for total in (stream.wrong_by_day, stream.ends.astype("float64")))
        share = np.where(n > 0, late / np.maximum(n, 1.0), -np.inf) / p0[:, np.newaxis]
        share[:, : days - 1] = -np.inf  # the window isn't full yet
        return share

    return run


def ours(
    stream: Stream, p0: Floats, phi: Floats, *, looks: str = SEVEN, cap: float = np.inf, discount: bool = True
) -> Floats:
    """Give the product's own evidence."""
    late, n = _looks(stream, looks)
    seen = stream.seen if looks == SEVEN else None
    return evidence(late, n, p0, phi if discount else np.ones_like(phi), seen=seen, odds=ODDS, cap=cap)


def ours_so_far(stream: Stream, p0: Floats, phi: Floats, *, cap: float = np.inf) -> Floats:
    """Give the product's evidence of whole weeks times that of the running week so far, every day.

    Still M = (M + 1) e with weeks as its steps, so its threshold is in weeks and so is what it promises.
    """
    shape = (len(p0), stream.days // WEEK, WEEK)
    late, n = (np.cumsum(daily.reshape(shape), axis=2) for daily in _looks(stream, DAY))
    rate, discount = p0[:, np.newaxis, np.newaxis], phi[:, np.newaxis, np.newaxis]
    said = (n > 0) & stream.seen[:, :, np.newaxis]
    mixed = np.full(shape, -np.inf)
    for odds in ODDS:
        whole = evidence(late[:, :, -1], n[:, :, -1], p0, phi, seen=stream.seen, odds=(odds,), cap=cap)
        before = np.pad(np.logaddexp(whole, 0.0)[:, :-1], ((0, 0), (1, 0)))  # ln(M + 1), M being 0 at first
        worse_rate = worse(rate, odds)
        gain = late * np.log(worse_rate / rate) + (n - late) * np.log((1 - worse_rate) / (1 - rate))
        np.logaddexp(mixed, before[:, :, np.newaxis] + np.minimum(gain / discount, cap), out=mixed)
    found: Floats = np.where(said, mixed - np.log(len(ODDS)), -np.inf).reshape(len(p0), -1)
    return found


CAPPED = "ours, cap 2, calibrated"
PRODUCT = "ours, cap 2, product's threshold"
OURS = "ours, no cap, calibrated"
OPTIMUM = "CUSUM, change known (optimum)"
OPTIMUM_WEEKLY = "CUSUM, change known, weekly"
OURS_SO_FAR = "ours, week so far, no cap, calibrated"
OURS_DAILY = "ours fed by the day, no cap, calibrated"
COMMON = (
    Rival(OURS, SEVEN, ours),
    Rival(CAPPED, SEVEN, partial(ours, cap=CAP)),
    Rival(PRODUCT, SEVEN, partial(ours, cap=CAP), threshold(BUDGET_YEARS)),
    Rival(OURS_SO_FAR, DAY, ours_so_far),
    Rival("ours, week so far, cap 2, calibrated", DAY, partial(ours_so_far, cap=CAP)),
    Rival(OURS_DAILY, DAY, partial(ours, looks=DAY)),
    Rival("EWMA .01", ITEM, ewma(0.01)),
    Rival("EWMA .02", ITEM, ewma(0.02)),
    Rival("GLR-CUSUM, change unknown", ITEM, glr),
    Rival("p-chart", MONTH, p_chart),
    Rival("30-day rate", DAY, window_rate(30)),
    Rival("90-day rate", DAY, window_rate(90)),
    Rival("90-day rate above 1.5 x usual, not calibrated", DAY, window_rate(90), PLAIN_FACTOR),
)
NO_DISCOUNT = Rival("ours, cap 2, no discount", SEVEN, partial(ours, cap=CAP, discount=False), threshold(BUDGET_YEARS))
NO_CAP = Rival("ours, no cap, product's threshold", SEVEN, ours, threshold(BUDGET_YEARS))


@cache
def knowing(rate: float) -> tuple[Rival, ...]:
    """Give the rivals that are told the rate after the change."""
    odds = odds_ratio(rate)
    return (
        Rival(OPTIMUM, ITEM, cusum(odds, ITEM)),
        Rival("Shiryaev-Roberts, change known", ITEM, shiryaev_roberts(odds)),
        Rival(OPTIMUM_WEEKLY, SEVEN, cusum(odds, SEVEN)),
    )


def _walk(stream: Stream, p0: Floats, odds: float, looks: str) -> Floats:
    """Give the log likelihood ratio of all items so far, after each look."""
    p0 = p0[:, np.newaxis]
    p1 = worse(p0, odds)
    right = np.log((1 - p1) / (1 - p0))
    wrong = np.log(p1 / p0) - right
    if looks == ITEM:
        walk: Floats = stream.wrong * wrong
        walk += right * np.arange(1, walk.shape[1] + 1)
        return walk
    late, n = _looks(stream, looks)
    walk_by_look: Floats = np.cumsum(late * wrong + n * right, axis=1)
    return walk_by_look


def _looks(stream: Stream, looks: str) -> tuple[Floats, Floats]:
    """Give late items and items from each look to the next, (paths, looks)."""
    last = _last_days(stream.days, looks)
    late, n = (
        np.diff(total[:, last], axis=1, prepend=0.0) for total in (stream.wrong_by_day, stream.ends.astype("float64"))
    )
    return late, n


def _last_days(days: int, looks: str) -> Whole:
    length = {DAY: 1.0, SEVEN: float(WEEK), MONTH: DAYS_A_MONTH}[looks]
    last: Whole = np.floor(np.arange(1, int(days / length) + 1) * length).astype("int64") - 1
    return last


def _at_day_ends(highest: Floats, stream: Stream, looks: str) -> Floats:
    padded = np.concatenate([np.full((len(highest), 1), -np.inf), highest], axis=1)
    if looks == ITEM:
        return np.take_along_axis(padded, stream.ends, axis=1)
    made: Floats = padded[:, np.searchsorted(_last_days(stream.days, looks), np.arange(stream.days), side="right")]
    return made


def _last(total: Floats, days: int) -> Floats:
    kept = total.copy()
    kept[:, days:] -= total[:, :-days]
    return kept
