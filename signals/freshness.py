"""How far what we read reaches; beyond that a signal freezes on its last day and says so.

Overdue falls when data stop: silence must never look like calm.
"""

from dataclasses import dataclass, replace
from datetime import date

from signals.books import Books
from signals.calendar import day_number, day_of
from signals.policy import Policy


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last day a set of streams reaches, and whether that is too long ago."""

    reaches: date | None
    stale: bool


def freshness(books: Books, policy: Policy, streams: tuple[str, ...]) -> Freshness:
    """Look at the newest feed of some streams.

    An API reaches the day it was read and is fresh for `api_fresh_days`; a file reaches its last record and is fresh
    for `file_fresh_days`.
    """
    feeds = books["feeds"]
    feeds = feeds[feeds["stream"].isin(streams)]
    if feeds.empty:
        return Freshness(None, stale=False)
    today = day_number(books.as_of)
    best: tuple[float, bool] | None = None
    for kind, read_day, last_day in zip(feeds["kind"], feeds["read_day"], feeds["last_day"], strict=True):
        is_api = kind == "api"
        reach = read_day if is_api or last_day != last_day else last_day  # noqa: PLR0124 - NaN: nothing dated in it
        stale = today - reach > (policy.api_fresh_days if is_api else policy.file_fresh_days)
        if best is None or (not stale, reach) > (not best[1], best[0]):
            best = (reach, stale)
    if best is None:
        return Freshness(None, stale=False)
    return Freshness(day_of(min(best[0], today)), best[1])


def frozen(books: Books, policy: Policy, streams: tuple[str, ...]) -> tuple[Books, date | None]:
    """Give the books to judge by: as they are, or cut at the last day reached, and that day."""
    found = freshness(books, policy, streams)
    if not found.stale or found.reaches is None:
        return books, None
    # A declaration has its own expiry: a source that went silent takes nothing from it.
    cut = replace(books.at(found.reaches), declarations=books.declarations, said_by=books.said_by or books.as_of)
    return cut, found.reaches
