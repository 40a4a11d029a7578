"""Break-even: the price, the hours and the date from which handing the back office over pays.

The price a provider may ask follows from the hours it takes over, less steering and transition (K59). Against three
ways of asking it: so much a month as declared, so much an hour, so much a document. And when: the workload's trend
(`signals.loglinear`: log-linear, with season and jumps, joint draws) carries in-house cost on; a price by the month
stays, others grow with it; steering and transition stay. Each draw takes a slope and a point within every range, and
crosses at some month, has crossed already, or doesn't within `HORIZON`. Quantiles over all draws are the date and its
interval, so that "not within three years" is an answer like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf
from typing import Literal

import numpy as np
import numpy.typing as npt

from signals.base import Reason
from signals.books import Books
from signals.costs import Group, Known, Tag, weakest
from signals.growth import monthly_volume
from signals.loglinear import DRAWS, SEED, posterior
from signals.policy import Policy
from signals.worth import Worth, usual_hours

Array = npt.NDArray[np.float64]
Model = Literal["fixed", "per_hour", "per_document"]
State = Literal["pays_already", "crosses", "stops", "none", "cannot_say"]

YEAR = 12  # months
HORIZON = 36  # months: a trend told farther is a guess
LEAST_MONTHS = 24  # in fewer a season passes for growth
LONGEST = 36  # months of the trend
DAYS_A_MONTH = 365.25 / 12
LOW, MIDDLE, HIGH = 0.05, 0.50, 0.95
_LINES = ("admin_time", "director_time", "provider_price", "governance", "transition")


@dataclass(frozen=True, slots=True)
class Span:
    """Two bounds; `high` None: nothing bounds it, or never."""

    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """When the trend crosses from costing to saving, or back (stops).

    `on` with `earliest` and `latest` (90 %; None: not within three years) where it does. `share` of the draws saves
    today already; where the state is none, within three years.
    """

    state: State
    on: date | None = None
    earliest: date | None = None
    latest: date | None = None
    share: float | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One way of asking a price: EUR `each` (month, hour or document), what that is a month, and what it would save.

    `in_force`: the one that worth rests on.
    """

    model: Model
    each: Span
    month: Span
    saves: Span
    tag: Tag
    in_force: bool
    crossing: Crossing


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """The highest price that pays, a month and an hour; hours a month from which the price in force pays; pay-back.

    `hours` is None where no number of hours pays: an hour in-house is cheaper. `payback_months` is how long savings
    take to make up for the transition, None where they never do.
    """

    price: Span
    per_hour: Span
    hours: Span | None
    payback_months: Span | None
    prices: tuple[Price, ...]


def break_even(books: Books, policy: Policy, value: Worth | None) -> BreakEven | None:
    """Work out where handing over begins to pay; None where worth isn't known."""
    admin, director = (usual_hours(books, policy, group) for group in (Group.ADMIN, Group.DIRECTOR))
    if value is None or admin is None or director is None:
        return None
    hours = Known(admin.low + director.low, admin.high + director.high, weakest(admin.tag, director.tag))
    if hours.high <= 0:
        return None
    lines = {line.name: (line.low, line.high) for line in value.lines}
    saved = tuple(lines["admin_time"][i] + lines["director_time"][i] for i in (0, 1))
    fixed = tuple(lines["governance"][i] + lines["transition"][i] for i in (0, 1))  # negative: at worst, at best
    price = Span(max(0.0, saved[0] + fixed[0]), max(0.0, saved[1] + fixed[1]))
    trend = _trend(books)
    prices = tuple(_price(known, lines, trend, books.as_of) for known in _asked(books, policy, value, hours))
    return BreakEven(
        price=price,
        per_hour=Span(price.low / hours.high, (price.high or 0.0) / hours.low if hours.low else None),
        hours=_hours(saved, fixed, hours, prices),
        payback_months=_payback(lines, policy),
        prices=prices,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    model: Model
    each: Span
    month: Known
    in_force: bool


def _asked(books: Books, policy: Policy, value: Worth, hours: Known) -> list[_Asked]:
    """List the prices there are: that declared first, then those by default."""
    said = books.declaration(policy.declared_valid_days)
    listed: list[_Asked] = []
    if said is not None and said.provider_price is not None:
        own = said.provider_price
        listed.append(_Asked("fixed", Span(own.low, own.high), Known(own.low, own.high, "declared"), in_force=True))
    by_hour = Known(policy.provider_rate_low, policy.provider_rate_high, "default")
    listed.append(_Asked("per_hour", _span(by_hour), hours.times(by_hour), in_force=not listed))
    volume = monthly_volume(books)
    if volume is not None:
        documents = float(np.mean(volume.total[-YEAR:]))
        by_document = Known(policy.provider_document_low, policy.provider_document_high, "default")
        month = by_document.times(Known(documents, documents, "measured"))
        listed.append(_Asked("per_document", _span(by_document), month, in_force=False))
    return listed if value.lines else []


def _span(known: Known) -> Span:
    return Span(known.low, known.high)


def _price(asked: _Asked, lines: Mapping[str, tuple[float, float]], trend: Array | Reason, as_of: date) -> Price:
    others = [lines[name] for name in _LINES if name != "provider_price"]
    low, high = (sum(line[i] for line in others) for i in (0, 1))
    return Price(
        model=asked.model,
        each=asked.each,
        month=_span(asked.month),
        saves=Span(low - asked.month.high, high - asked.month.low),
        tag=asked.month.tag,
        in_force=asked.in_force,
        crossing=_crossing(asked, lines, trend, as_of),
    )


def _trend(books: Books) -> Array | Reason:
    """Draw the workload's slope, in logs a year, from the documents of the last three years."""
    volume = monthly_volume(books)
    if volume is None:
        return Reason("no_documents_source")
    counts = volume.total[-LONGEST:]
    if len(counts) < LEAST_MONTHS:
        return Reason("few_months", {"n": len(counts), "needed": LEAST_MONTHS})
    return posterior(counts).slope


def _crossing(asked: _Asked, lines: Mapping[str, tuple[float, float]], trend: Array | Reason, as_of: date) -> Crossing:
    if isinstance(trend, Reason):
        return Crossing("cannot_say", reason=trend)
    rng = np.random.default_rng(SEED)
    at = rng.random((4, DRAWS))  # one point in each range, of in-house time as a whole: who is dear is dear in both
    time = sum(_within(lines[name], at[0]) for name in ("admin_time", "director_time"))
    price = _within((asked.month.low, asked.month.high), at[1])
    steady = -_within(lines["governance"], at[2]) - _within(lines["transition"], at[3])
    grows = time if asked.model == "fixed" else time - price
    stays = steady + price if asked.model == "fixed" else steady
    return _told(np.asarray(grows), np.asarray(stays), trend, as_of)


def _within(bounds: tuple[float, float], at: Array) -> Array:
    return bounds[0] + (bounds[1] - bounds[0]) * at


def _months(grows: Array, stays: Array, slope: Array) -> Array:
    """Give the months until what grows with the workload meets what stays; inf: not ahead, or not in the horizon."""
    with np.errstate(divide="ignore", invalid="ignore"):
        months: Array = np.log(stays / grows) / slope * YEAR
    return np.where((grows > 0) & (stays > 0) & (months > 0) & (months <= HORIZON), months, inf)


def _told(grows: Array, stays: Array, slope: Array, as_of: date) -> Crossing:
    """Tell the crossing of most draws; those on its far side already have it behind them."""
    saves = grows >= stays
    share = float(saves.mean())
    to_saving = share < MIDDLE
    there = saves if to_saving else ~saves
    months = np.where(there, 0.0, _months(grows, stays, slope))
    early, middle, late = (float(np.quantile(months, q, method="higher")) for q in (LOW, MIDDLE, HIGH))
    if middle == inf:
        state: State = "none" if to_saving else "pays_already"
        return Crossing(state, share=float(np.isfinite(months).mean()) if to_saving else share)

    def day(value: float) -> date | None:
        return None if value == inf else as_of + timedelta(days=round(value * DAYS_A_MONTH))

    return Crossing("crosses" if to_saving else "stops", day(middle), day(early), day(late), share)


def _hours(saved: tuple[float, ...], fixed: tuple[float, ...], hours: Known, prices: tuple[Price, ...]) -> Span | None:
    """Give the hours a month from which the price in force pays.

    An hour is worth what it costs in-house, less what it costs at a provider who asks by the hour; a price by the
    month has to be made up for like steering and transition.
    """
    price = next(one for one in prices if one.in_force)
    worth = [saved[0] / hours.low if hours.low else 0.0, saved[1] / hours.high]
    stays = [-fixed[1], -fixed[0]]
    if price.model == "fixed":
        stays = [stays[0] + price.month.low, stays[1] + (price.month.high or 0.0)]
        margin = [min(worth), max(worth)]
    else:
        margin = [min(worth) - (price.each.high or 0.0), max(worth) - price.each.low]
    if margin[1] <= 0:
        return None
    return Span(stays[0] / margin[1], stays[1] / margin[0] if margin[0] > 0 else None)


def _payback(lines: Mapping[str, tuple[float, float]], policy: Policy) -> Span | None:
    """Give the months that savings take to make up for the transition."""
    cost = [-lines["transition"][1] * policy.transition_months, -lines["transition"][0] * policy.transition_months]
    running = [sum(lines[name][i] for name in _LINES if name != "transition") for i in (0, 1)]
    if running[1] <= 0:
        return None
    return Span(cost[0] / running[1], cost[1] / running[0] if running[0] > 0 else None)
