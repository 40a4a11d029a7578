"""The detectors compared; each gives a statistic that alarms at a threshold, looked at as often as it says.

CUSUM: Page (1954), optimal for a known change (Moustakides 1986). Shiryaev-Roberts: Pollak (1985). EWMA: Roberts
(1959). GLR: Reynolds & Lou (2012), as the largest of CUSUMs for a grid of changes. p-chart: Shewhart (1931).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from benchmarks.detection.streams import DAYS_A_MONTH, WEEK, Floats, Stream, Whole, odds_ratio
from signals.change_evidence import CAP, ODDS, evidence, evidence_by_day, worse
from signals.change_threshold import offset, threshold, volume_before

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


def ours(stream: Stream, p0: Floats, phi: Floats, *, looks: str = SEVEN, cap: float = np.inf) -> Floats:
    """Give the product's evidence of so long looks as its steps."""
    late, n = _looks(stream, looks)
    seen = stream.seen if looks == SEVEN else None
    return evidence(late, n, p0, phi, seen=seen, odds=ODDS, cap=cap)


def ours_so_far(
    stream: Stream, p0: Floats, phi: Floats, *, cap: float = np.inf, so_far: Floats | None = None
) -> Floats:
    """Give the product's evidence as it looks: of whole weeks and of the week under way so far, every day."""
    shape = (len(p0), stream.days // WEEK, WEEK)
    seen = stream.seen[:, :, np.newaxis]
    late, n = (np.where(seen, daily.reshape(shape), 0.0) for daily in _looks(stream, DAY))
    return evidence_by_day(late, n, p0, phi, so_far=so_far, cap=cap).reshape(len(p0), -1)


def product(stream: Stream, p0: Floats, phi: Floats, *, cap: float = CAP, discount: bool = True) -> Floats:
    """Give the product's own evidence, every day, with what its threshold lies below ln(weeks)."""
    phi = phi if discount else np.ones_like(phi)
    _, n = _looks(stream, SEVEN)
    each = zip(n, stream.seen, p0, phi, strict=True)
    taken_off = [offset(volume_before(row, seen, stream.weekly), rate, spread) for row, seen, rate, spread in each]
    return ours_so_far(stream, p0, phi, cap=cap) + np.repeat(np.array(taken_off), WEEK, axis=1)


def capped_cusum(odds: float) -> Statistic:
    """Build the CUSUM that knows the change under the product's rules: daily, no more than `CAP` from a week."""

    def run(stream: Stream, p0: Floats, phi: Floats) -> Floats:  # noqa: ARG001
        shape = (len(p0), stream.days // WEEK, WEEK)
        late, n = (np.cumsum(daily.reshape(shape), axis=2) for daily in _looks(stream, DAY))
        usual = p0[:, np.newaxis, np.newaxis]
        p1 = worse(usual, odds)
        gain = np.minimum(late * np.log(p1 / usual) + (n - late) * np.log((1 - p1) / (1 - usual)), CAP)
        walk = np.cumsum(gain[:, :, -1], axis=1)
        level = walk - np.minimum(np.minimum.accumulate(walk, axis=1), 0.0)
        before = np.concatenate([np.zeros((len(p0), 1)), level[:, :-1]], axis=1)
        found: Floats = np.maximum(before[:, :, np.newaxis] + gain, 0.0).reshape(len(p0), -1)
        return found

    return run


CAPPED = "ours, weekly, cap 2, calibrated"
CAPPED_SO_FAR = "ours, cap 2, calibrated"
PRODUCT = "ours as in the product: cap 2, its threshold"
OURS = "ours, weekly, no cap, calibrated"
OPTIMUM = "CUSUM, change known (optimum)"
OPTIMUM_WEEKLY = "CUSUM, change known, weekly"
OPTIMUM_CAPPED = "CUSUM, change known, cap 2"
OURS_SO_FAR = "ours, no cap, calibrated"
OURS_DAILY = "ours fed by the day, no cap, calibrated"
EARNED = float(threshold(BUDGET_YEARS, 0.0))
COMMON = (
    Rival(PRODUCT, DAY, product, EARNED),
    Rival(OURS_SO_FAR, DAY, ours_so_far),
    Rival(CAPPED_SO_FAR, DAY, partial(ours_so_far, cap=CAP)),
    Rival(OURS, SEVEN, ours),
    Rival(CAPPED, SEVEN, partial(ours, cap=CAP)),
    Rival(OURS_DAILY, DAY, partial(ours, looks=DAY)),
    Rival("EWMA .01", ITEM, ewma(0.01)),
    Rival("EWMA .02", ITEM, ewma(0.02)),
    Rival("GLR-CUSUM, change unknown", ITEM, glr),
    Rival("p-chart", MONTH, p_chart),
    Rival("30-day rate", DAY, window_rate(30)),
    Rival("90-day rate", DAY, window_rate(90)),
    Rival("90-day rate above 1.5 x usual, not calibrated", DAY, window_rate(90), PLAIN_FACTOR),
)
NO_DISCOUNT = Rival("ours as in the product, no discount", DAY, partial(product, discount=False), EARNED)
NO_CAP = Rival("ours as in the product, no cap", DAY, partial(product, cap=np.inf), EARNED)


@cache
def knowing(rate: float) -> tuple[Rival, ...]:
    """Give the rivals that are told the rate after the change."""
    odds = odds_ratio(rate)
    return (
        Rival(OPTIMUM, ITEM, cusum(odds, ITEM)),
        Rival("Shiryaev-Roberts, change known", ITEM, shiryaev_roberts(odds)),
        Rival(OPTIMUM_WEEKLY, SEVEN, cusum(odds, SEVEN)),
        Rival(OPTIMUM_CAPPED, DAY, capped_cusum(odds)),
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
