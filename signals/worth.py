"""Worth: what handing the back office over would save a month, as a range whose every line says how it is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from signals.books import Books
from signals.calendar import last_complete_month
from signals.costs import YEAR, Group, Known, Tag, declared, declared_hours, hourly_rate, hours_by_month, weakest
from signals.policy import Policy


@dataclass(frozen=True, slots=True)
class WorthLine:
    """One line in EUR a month: what is saved is positive, what has to be paid negative."""

    name: str
    low: float
    high: float
    tag: Tag


@dataclass(frozen=True, slots=True)
class Worth:
    """The sum of the lines; `share_from_defaults` is the part of their amounts, signs aside, that nobody stated."""

    low: float
    high: float
    lines: tuple[WorthLine, ...]
    share_from_defaults: float


Hours = Mapping[Group, Known | None]
"""Measured hours a month by group, None where there are none."""


def worth(books: Books, policy: Policy, measured: Hours | None = None) -> Worth | None:
    """Compare the hours that would be handed over with a provider's price; None while the hours are unknown.

    K59. Only time is handed over: tools, fees and the rest stay, and so appear on neither side. Both admin and
    director hours must be known, for the one part could outweigh the other. Each bound takes every line at its worst
    together, which is wider than it need be and adds up line by line. `measured`: what `mean_hours` gives for these
    books, if it is known already.
    """
    said = books.declaration(policy.declared_valid_days)
    own = mean_hours(books) if measured is None else measured
    admin, director = (own[group] or declared_hours(said, group) for group in (Group.ADMIN, Group.DIRECTOR))
    if admin is None or director is None:
        return None
    director_rate = hourly_rate(said, policy, Group.DIRECTOR)
    hours = Known(admin.low + director.low, admin.high + director.high, weakest(admin.tag, director.tag))
    price = declared(said.provider_price if said else None) or hours.times(
        Known(policy.provider_rate_low, policy.provider_rate_high, "default")
    )
    steering = declared(said.governance_hours if said else None) or Known(
        policy.governance_hours_low, policy.governance_hours_high, "default"
    )
    transition = declared(said.transition if said else None) or Known(
        policy.transition_low, policy.transition_high, "default"
    )
    months = policy.transition_months
    lines = (
        _saved("admin_time", admin.times(hourly_rate(said, policy, Group.ADMIN))),
        _saved("director_time", director.times(director_rate)),
        _paid("provider_price", price),
        _paid("governance", steering.times(director_rate)),
        _paid("transition", Known(transition.low / months, transition.high / months, transition.tag)),
    )
    return Worth(
        low=sum(line.low for line in lines),
        high=sum(line.high for line in lines),
        lines=lines,
        share_from_defaults=_share_from_defaults(lines),
    )


def usual_hours(books: Books, policy: Policy, group: Group) -> Known | None:
    """Give a group's hours a month: the mean of the measured ones of the last twelve, else the declared ones.

    A provider is paid for a year, not for August.
    """
    return mean_hours(books)[group] or declared_hours(books.declaration(policy.declared_valid_days), group)


def mean_hours(books: Books) -> Hours:
    """Give each group's mean measured hours of the last twelve months."""
    last = last_complete_month(books.as_of)
    return {group: _mean(hours_by_month(books, group, range(last - YEAR + 1, last + 1)).values()) for group in Group}


def _mean(months: Iterable[Known | None]) -> Known | None:
    measured = [hours.low for hours in months if hours is not None]
    if not measured:
        return None
    mean = sum(measured) / len(measured)
    return Known(mean, mean, "measured")


def _saved(name: str, amount: Known) -> WorthLine:
    return WorthLine(name, amount.low, amount.high, amount.tag)


def _paid(name: str, amount: Known) -> WorthLine:
    return WorthLine(name, -amount.high, -amount.low, amount.tag)


def _share_from_defaults(lines: tuple[WorthLine, ...]) -> float:
    total = sum(abs(line.low + line.high) for line in lines)
    assumed = sum(abs(line.low + line.high) for line in lines if line.tag == "default")
    return assumed / total if total else 0.0
