"""What a term would cost: the newest books cut as a purge would leave them, assessed beside what they are now.

Weeks that lie in two months are kept whole here; a purge keeps the days of the later one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
from sqlalchemy import Engine

from app.assessment import as_text
from app.body import Body, every_measure, readiness_body
from app.books import read_books
from app.companies import find_company
from app.db import hold, read, write
from app.facts import refresh_touched
from app.policies import read_policy
from app.retention import Horizons, Kind, horizons, terms
from signals.books import Books
from signals.calendar import day_number, month_start
from signals.readiness import assess

WEEK = 7

_TRACES: Mapping[str, str] = {
    "events": "day",
    "sessions": "day",
    "habits": "month",
    "cells": "month",
    "approvals": "month",
    "absences": "end_day",
    "departures": "left_day",
    "staff": "left_day",
    "traces": "last_day",
}
_RECORDS: Mapping[str, str] = {
    "documents": "issued_day",
    "issue_days": "issued_day",
    "deliveries": "delivered_day",
    "corrections": "issued_day",
    "overdue": "due_day",
    "reminders": "sent_day",
    "payments": "paid_day",
    "costs": "month",
    "volume": "month",
}
_LEDGER: tuple[str, ...] = ("ledger_months", "entries", "open_lines")


@dataclass(frozen=True, slots=True)
class Trial:
    """What would be missing: measures that would have no value any more, signals that would have another level."""

    lost: tuple[str, ...] = ()
    moved: tuple[tuple[str, str, str], ...] = ()
    """Signals, each with its level now and then."""
    usual: tuple[str, ...] = ()
    """Measures that would be held against another usual period, or none."""

    @property
    def costs(self) -> bool:
        """Whether anything would be missing or another."""
        return bool(self.lost or self.moved or self.usual)


def try_terms(engine: Engine, company_id: str, wanted: Mapping[Kind, int | None], today: date) -> Trial:
    """Say what some terms would take away of today's answer."""
    with write(engine) as conn:
        hold(conn, company_id)
        refresh_touched(conn, company_id)
    with read(engine) as conn:
        row = find_company(conn, company_id)
        kept = horizons(terms(conn, company_id) | dict(wanted), today)
        if kept.traces is None and kept.records is None:
            return Trial()
        policy = read_policy(conn, company_id, today)
        books = read_books(conn, company_id, today)
    now, then = (readiness_body(assess(one, policy), row) for one in (books, cut(books, kept)))
    return compare(now, then)


def compare(now: Body, then: Body) -> Trial:
    """Compare two answers' measures and levels."""
    if as_text(now)[1] == as_text(then)[1]:
        return Trial()
    left = every_measure(then)
    known = {name: one for name, one in every_measure(now).items() if one["value"] is not None}
    lost = sorted(name for name in known if name not in left or left[name]["value"] is None)
    beside = {name: (one["baseline"], left[name]["baseline"]) for name, one in known.items() if name not in lost}
    usual = sorted(name for name, (was, would_be) in beside.items() if was is not None and was != would_be)
    levels = {one["name"]: one["level"] for one in then["signals"]}
    moved = [(one["name"], one["level"], levels[one["name"]]) for one in now["signals"]]
    return Trial(tuple(lost), tuple(one for one in moved if one[1] != one[2]), tuple(usual))


def cut(books: Books, kept: Horizons) -> Books:
    """Cut books as a purge would leave them."""
    tables = dict(books.tables)
    if kept.traces is not None:
        first = day_number(month_start(kept.traces))
        tables["hours"] = _since(tables["hours"], "week_day", first - WEEK + 1)
        tables |= {name: _since(tables[name], by, _first(by, kept.traces)) for name, by in _TRACES.items()}
    if kept.records is not None:
        tables |= {name: _since(tables[name], by, _first(by, kept.records)) for name, by in _RECORDS.items()}
        over = _years_over(tables["ledger_months"], kept.records)
        tables |= {name: tables[name][~tables[name]["fiscal_year"].isin(over)] for name in _LEDGER}
    return replace(books, tables=tables)


def _first(column: str, month: int) -> int:
    return month if column == "month" else day_number(month_start(month))


def _since(table: pd.DataFrame, column: str, first: int) -> pd.DataFrame:
    """Leave out what is before; what has no day stays."""
    return table[~(table[column].astype("float64") < first)]


def _years_over(ledger: pd.DataFrame, month: int) -> list[int]:
    last = ledger.groupby("fiscal_year")["month"].max()
    return [int(year) for year in last.index[last < month]]
