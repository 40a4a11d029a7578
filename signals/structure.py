"""Structuring under way, as the books show it: new tools, another chart of accounts, nobody said who anybody is.

What a company declares of itself counts first (`gates`); this is what it may have forgotten to say. K67: a structuring
under way, a migration of tools less than three months old or an empty map of roles speak against handing work over
now. The dates rest on what sources contain, not on when they were connected to us: a source with a long past is no new
tool. Whoever declares that no reorganisation is under way overrules what was detected by then.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from signals.base import Reason
from signals.books import Books, Declaration
from signals.calendar import day_number, day_of, last_complete_month, month_number, month_start
from signals.key_person import NOT_PEOPLE
from signals.rates import in_window

TOOL_STREAMS = frozenset({"invoices", "payments", "reminders", "activities", "deliveries", "ledger", "costs"})
"""Streams whose source is a tool of the back office. Calendars, time sheets and staff lists come and go with people."""
YEAR = 12  # months
FEWEST_MONTHS_BEFORE = 6
"""Months of the year before that must have movements, for an account not to be new just because little is known."""
FEWEST_MOVEMENTS = 30
"""In the recent months. Our choice: under it one supplier of a new kind is a tenth."""
ACCOUNT_DIGITS = 3
"""Of an account: what is common to all who follow a national chart. More would see a new customer as a change."""
ACCOUNTS_NAMED = 5
ROLES_DAYS = 180
"""Days whose activity has to have somebody with a role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureRule:
    """What counts as structuring; the three months are those of K67, the other defaults our own choice."""

    months: int = 3  # how long a change of tools or accounts is "under way"
    chart_limit: float = 0.10  # of the movements of these months, above
    stopped_days: int = 30  # without a record, for a source to have stopped
    handover_days: int = 60  # at most, between the end of one source and the beginning of the next, either way


@dataclass(frozen=True, slots=True)
class Finding:
    """Something detected, and the day it began: a declaration of that day or later overrules it.

    What does not veto leaves the gate unknown: the map of roles is ours, and its being empty no reorganisation.
    """

    reason: Reason
    since: date
    vetoes: bool = True


def structuring(books: Books, said: Declaration | None, rule: StructureRule | None = None) -> tuple[Finding, ...]:
    """Give what shows that a structuring is under way and nobody has declared over, in the order above.

    `said` is the declaration in force, None without any. A tool that takes another's place is one finding, not two.
    """
    rule = rule or StructureRule()
    tools = _tools(books)
    moves = _migrations(tools, books.as_of, rule)
    taken = {finding.reason.params["new_tool"] for finding in moves}
    found = [
        *moves,
        *(f for f in _new_tools(tools, books.as_of, rule) if f.reason.params["new_tool"] not in taken),
        *_chart(books, rule),
        *_roles(books, said),
    ]
    return tuple(finding for finding in found if not _declared_over(finding, said))


def _declared_over(finding: Finding, said: Declaration | None) -> bool:
    return said is not None and said.restructuring is False and said.stated_on >= finding.since


def _tools(books: Books) -> pd.DataFrame:
    """Give one row a source and stream, with the first and last day of its content by the end of `as_of`."""
    feeds, today = books["feeds"], day_number(books.as_of)
    feeds = feeds[feeds["stream"].isin(TOOL_STREAMS) & (feeds["first_day"] <= today)]
    keys = ["connection_id", "provider", "kind", "stream"]
    spans = feeds.groupby(keys, as_index=False).agg(first=("first_day", "min"), last=("last_day", "max"))
    spans["last"] = spans["last"].clip(upper=today)
    return spans.sort_values(["first", "connection_id", "stream"], ignore_index=True)


def _since(as_of: date, rule: StructureRule) -> int:
    """Give the day number of the first of the days on which what began is under way."""
    month = month_number(as_of) - rule.months
    start = month_start(month)
    return day_number(start) + min(as_of.day, (month_start(month + 1) - start).days) - 1


def _migrations(tools: pd.DataFrame, as_of: date, rule: StructureRule) -> list[Finding]:
    """Find sources that stopped giving a stream, and the one of another make that gives it since.

    A file is read once a month or a year, so that one that ends is no tool given up unless another goes on from there.
    """
    today, since = day_number(as_of), _since(as_of, rule)
    pairs = tools.merge(tools, on="stream", suffixes=("_old", "_new"))
    pairs = pairs[
        (pairs["provider_old"] != pairs["provider_new"])
        & (pairs["first_new"] > since)
        & (pairs["first_old"] < pairs["first_new"])
        & (pairs["last_old"] <= today - rule.stopped_days)
        & (pairs["last_old"] < pairs["last_new"])
        & ((pairs["first_new"] - pairs["last_old"]).abs() <= rule.handover_days)
    ]
    pairs = pairs.sort_values(["first_new", "provider_new", "last_old"], ascending=[True, True, False])
    pairs = pairs.drop_duplicates("provider_new")
    columns = ("provider_old", "provider_new", "stream", "last_old", "first_new")
    return [
        _moved(str(old), str(new), str(stream), day_of(last), day_of(first))
        for old, new, stream, last, first in zip(*(pairs[column] for column in columns), strict=True)
    ]


def _moved(old: str, new: str, stream: str, last: date, first: date) -> Finding:
    said = {"old_tool": old, "new_tool": new, "stream": stream, "last": last.isoformat(), "first": first.isoformat()}
    return Finding(Reason("detected_tool_change", said), first)


def _new_tools(tools: pd.DataFrame, as_of: date, rule: StructureRule) -> list[Finding]:
    """Find connected tools whose content begins these days, in a company whose other sources go further back.

    A file that begins these days is as likely a part of a list, cut where somebody cut it.
    """
    since = _since(as_of, rule)
    first = tools.groupby(["connection_id", "provider", "kind"], as_index=False)["first"].min()
    if not (first["first"] <= since).any():
        return []
    new = first[(first["kind"] == "api") & (first["first"] > since)].sort_values(["first", "provider"])
    return [
        Finding(Reason("detected_new_tool", {"new_tool": str(provider), "first": day_of(day).isoformat()}), day_of(day))
        for provider, day in zip(new["provider"], new["first"], strict=True)
    ]


def _chart(books: Books, rule: StructureRule) -> list[Finding]:
    """Find a change of the chart of accounts: movements on accounts that the year before never had."""
    last = last_complete_month(books.as_of)
    first = last - rule.months + 1
    moved = books["ledger_months"]
    moved = moved[~moved["opening"] & (moved["month"] <= last) & (moved["month"] >= first - YEAR) & (moved["n"] > 0)]
    root = moved["account"].str.slice(0, ACCOUNT_DIGITS)
    before, recent = moved["month"] < first, moved["month"] >= first
    total = int(moved.loc[recent, "n"].sum())
    if moved.loc[before, "month"].nunique() < FEWEST_MONTHS_BEFORE or total < FEWEST_MOVEMENTS:
        return []
    fresh = moved[recent & ~root.isin(set(root[before]))]
    unseen = int(fresh["n"].sum())
    if unseen <= rule.chart_limit * total:
        return []
    accounts = fresh.groupby(root)["n"].sum().sort_index().sort_values(ascending=False, kind="stable")
    why = Reason(
        "detected_chart_change",
        {
            "share": unseen / total,
            "n": total,
            "limit": rule.chart_limit,
            "months": rule.months,
            "accounts": ", ".join(str(account) for account in accounts.index[:ACCOUNTS_NAMED]),
        },
    )
    return [Finding(why, month_start(int(fresh["month"].min())))]


def _roles(books: Books, said: Declaration | None) -> list[Finding]:
    """Find that people are at work and nobody said who is who: no login has a role, no process an operator."""
    sheets = (said.sheets if said else None) or {}
    if any(sheet.operators for sheet in sheets.values()) or (books["staff"]["role"] != "").any():
        return []
    today = day_number(books.as_of)
    events = books["events"]
    window = (books.as_of - timedelta(days=ROLES_DAYS - 1), books.as_of)
    done = events[in_window(events["day"].to_numpy(dtype="float64"), window) & (events["day"] <= today)]
    done = done[~done["role"].isin(NOT_PEOPLE)]
    if done.empty or (done["role"] != "").any():
        return []
    why = Reason("detected_no_roles", {"actors": int(done["actor"].nunique()), "days": ROLES_DAYS})
    return [Finding(why, day_of(float(done["day"].min())), vetoes=False)]
