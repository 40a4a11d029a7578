"""What a detector may see: one company's tables, as known on a day.

Tables are pandas frames with the columns of `COLUMNS`, in this vocabulary:

- `*_day` is a day number (`signals.calendar`), a float with NaN for "none"; `month` and `week_day` are integers
  (a week is the day number of its Monday); `*_minor` are integer minor units.
- `connection_id` says which source a row is from. Duplicates and series are sought inside one source.
- `actor` is a pseudonymous login; `role` what the actor map says it is.

Facts (named so below) cover all history and carry counts `n`; records (`documents`, `entries`, `open_lines`,
`payments`) cover `recent_from` to `as_of`.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from signals.calendar import day_number, last_complete_month, month_number

T = TypeVar("T")
TEXT, DAY, INT, FLAG = "str", "float64", "int64", "bool"

COLUMNS: Mapping[str, Mapping[str, str]] = {
    # Customer and supplier documents of the recent months, drafts left out.
    # `foreign`: `total_minor` is in another currency; `value_minor` is it in the company's, NaN without a rate.
    # `direct` is false where the document is read off a ledger entry. `attached` is 1 or 0, NaN where not said;
    # `entered_minute` is when the source made it, in minutes of the local clock since 1970-01-01.
    "documents": {
        "connection_id": TEXT,
        "external_id": TEXT,
        "direct": FLAG,
        "direction": TEXT,
        "kind": TEXT,
        "number": TEXT,
        "party": TEXT,
        "party_label": TEXT,
        "service_day": DAY,
        "periodic": FLAG,
        "issued_day": DAY,
        "sent_day": DAY,
        "due_day": DAY,
        "paid_day": DAY,
        "cancelled_day": DAY,
        "corrected_day": DAY,
        "total_minor": DAY,
        "foreign": FLAG,
        "value_minor": DAY,
        "corrects": TEXT,
        "credit_reason": TEXT,
        "refused_day": DAY,
        "refusal": TEXT,
        "attached": DAY,
        "entered_minute": DAY,
    },
    # Fact: sale invoices by service day, issue day. `service_day` NaN: not said.
    "issue_days": {"connection_id": TEXT, "service_day": DAY, "issued_day": DAY, "periodic": FLAG, "n": INT},
    # Fact: deliveries and billable work by day, and by the day they were billed. `invoiced_day` NaN: nobody did.
    "deliveries": {
        "connection_id": TEXT,
        "delivered_day": DAY,
        "invoiced_day": DAY,
        "cancelled_day": DAY,
        "periodic": FLAG,
        "amount_minor": INT,
        "n": INT,
    },
    # Fact: sale invoices by issue day and the day an error on them showed (corrected, credited for error, cancelled).
    "corrections": {"connection_id": TEXT, "issued_day": DAY, "corrected_day": DAY, "n": INT},
    # Sale invoices that were ever unpaid after their due day. `excluded`: disputed or paid by direct debit;
    # `promised_day`: by when the customer promised to pay; `total_minor` NaN: not said.
    "overdue": {
        "connection_id": TEXT,
        "external_id": TEXT,
        "due_day": DAY,
        "paid_day": DAY,
        "cancelled_day": DAY,
        "excluded": FLAG,
        "promised_day": DAY,
        "total_minor": DAY,
    },
    "reminders": {"connection_id": TEXT, "invoice_id": TEXT, "sent_day": DAY},
    # Fact: minutes of back-office work.
    "hours": {"week_day": INT, "actor": TEXT, "role": TEXT, "process": TEXT, "minutes": INT},
    # Fact: work seen in traces, by day, actor and process (`signals.sessions`); no minute is counted twice.
    "sessions": {
        "week_day": INT,
        "day": INT,
        "actor": TEXT,
        "role": TEXT,
        "process": TEXT,
        "minutes": INT,
        "assumed_minutes": INT,
        "out_of_hours_minutes": INT,
        "n": INT,
    },
    # Fact: by month, what tells a person's traces from a machine's.
    "habits": {
        "month": INT,
        "actor": TEXT,
        "n": INT,
        "moments": INT,
        "bursts": INT,
        "nights": INT,
        "days": INT,
        "long_days": INT,
        "gaps": INT,
        "steady_gaps": INT,
    },
    # Fact: things done a month, by process, actor and `portfolio`: for which customer or supplier, or which task.
    "cells": {"month": INT, "process": TEXT, "portfolio": TEXT, "actor": TEXT, "role": TEXT, "n": INT},
    # Fact: documents a month by who made and who approved them.
    "approvals": {
        "connection_id": TEXT,
        "month": INT,
        "author": TEXT,
        "author_role": TEXT,
        "validator": TEXT,
        "validator_role": TEXT,
        "n": INT,
    },
    # Known ends of contract, and the day on which each was known.
    "departures": {"actor": TEXT, "left_day": DAY, "told_day": DAY},
    # Payments of the recent months that bear the bank's reference. `direction`: in or out; `owed_minor`: what the
    # invoice paid comes to.
    "payments": {
        "connection_id": TEXT,
        "external_id": TEXT,
        "direction": TEXT,
        "party": TEXT,
        "reference": TEXT,
        "paid_day": DAY,
        "amount_minor": DAY,
        "owed_minor": DAY,
    },
    # Fact: things done, by day, actor and process.
    "events": {"day": INT, "actor": TEXT, "role": TEXT, "process": TEXT, "n": INT},
    # Cases of a process by their course, as of the books' day: actions in order, and the day of the last.
    "traces": {"connection_id": TEXT, "process": TEXT, "sequence": TEXT, "n": INT, "last_day": DAY},
    "absences": {"actor": TEXT, "start_day": INT, "end_day": INT},
    "staff": {"actor": TEXT, "role": TEXT, "hours_per_week": DAY, "entered_day": DAY, "left_day": DAY},
    "costs": {"month": INT, "kind": TEXT, "amount_minor": INT},
    # Fact: documents a month. `direct` as above.
    "volume": {"connection_id": TEXT, "direct": FLAG, "month": INT, "direction": TEXT, "kind": TEXT, "n": INT},
    # Fact: ledger movements a month by account; `opening` marks balances brought forward.
    "ledger_months": {
        "connection_id": TEXT,
        "fiscal_year": INT,
        "month": INT,
        "account": TEXT,
        "opening": FLAG,
        "debit_minor": INT,
        "credit_minor": INT,
        "n": INT,
    },
    # Ledger entries of the recent months. `kind`: sale, sale_credit, purchase, purchase_credit, bank, opening, other.
    "entries": {
        "connection_id": TEXT,
        "external_id": TEXT,
        "fiscal_year": INT,
        "journal": TEXT,
        "number": TEXT,
        "piece_ref": TEXT,
        "kind": TEXT,
        "entry_day": DAY,
        "piece_day": DAY,
        "valid_day": DAY,
        "party": TEXT,
        "total_minor": INT,
        "debit_minor": INT,
        "credit_minor": INT,
        "both_sides": INT,
    },
    # Ledger lines on 401, 411 and 471: those of the recent months, and older ones on 471 never lettered.
    "open_lines": {
        "connection_id": TEXT,
        "external_id": TEXT,
        "line_number": INT,
        "fiscal_year": INT,
        "account": TEXT,
        "party": TEXT,
        "opening": FLAG,
        "day": DAY,
        "debit_minor": INT,
        "credit_minor": INT,
        "lettering": TEXT,
        "lettered_day": DAY,
    },
    # Faults met while reading ledger files, by code.
    "faults": {"connection_id": TEXT, "fiscal_year": INT, "code": TEXT, "kept": FLAG, "n": INT},
    # How a source fills a field; see `signals.informative`.
    "fields": {
        "connection_id": TEXT,
        "stream": TEXT,
        "field": TEXT,
        "n": INT,
        "filled": INT,
        "distinct": INT,
        "equal_to": TEXT,
        "equal": INT,
    },
    # What was read, and when. `kind`: api or file.
    "feeds": {
        "connection_id": TEXT,
        "provider": TEXT,
        "kind": TEXT,
        "stream": TEXT,
        "rows": INT,
        "read_day": DAY,
        "first_day": DAY,
        "last_day": DAY,
    },
}


@dataclass(frozen=True, slots=True)
class Range:
    """A number known within bounds; a point when both are equal."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """Half way between the bounds."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is declared of one process: who does it, and how well it is described."""

    operators: tuple[str, ...] = ()  # pseudonymous persons able to do it; the first does it
    tasks: bool = False
    frequency: bool = False
    validation_rules: bool = False
    tools: bool = False
    owner: bool = False
    approval_rule: bool = False
    reviewed_on: date | None = None
    written: frozenset[str] = frozenset()  # which of these are written down; the others are somebody's word
    steps: tuple[str, ...] = ()  # what its tasks are, in the words of who wrote them
    named_tools: tuple[str, ...] = ()

    @property
    def documented(self) -> bool:
        """Whether tasks, frequency, validation rules and tools are all described."""
        return self.tasks and self.frequency and self.validation_rules and self.tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool the back office pays for."""

    name: str
    eur_per_month: float
    process: str = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A dated statement by a named person; true from `since`, said on `stated_on`. None: nothing was said."""

    stated_on: date
    since: date
    signed_by: str
    director_hours: Range | None = None  # back-office hours a week of all directors
    director_rate: Range | None = None  # EUR an hour
    admin_hours: Range | None = None  # back-office hours a week of everybody else
    admin_rate: Range | None = None  # EUR an hour, loaded
    tools: tuple[Tool, ...] | None = None
    training: Range | None = None  # EUR a month
    turnover: Range | None = None  # EUR a month
    sheets: Mapping[str, Sheet] | None = None  # by process
    restructuring: bool | None = None
    provider_price: Range | None = None  # EUR a month
    governance_hours: Range | None = None  # hours a month to steer a provider
    transition: Range | None = None  # EUR, once
    register: Mapping[str, Sheet] | None = None  # all that was written down of processes by then, and nothing else


@dataclass(frozen=True, slots=True)
class Books:
    """One company's tables, as known on `as_of` (the end of that company-local day).

    `imported_on` is the day of the first import: a timeline before it is *reconstructed*.
    """

    company_id: str
    as_of: date
    tables: Mapping[str, pd.DataFrame]
    declarations: tuple[Declaration, ...] = ()
    imported_on: date | None = None
    recent_from: date = date(1, 1, 1)
    currency: str = "EUR"
    unconverted: Mapping[str, int] = field(default_factory=dict)  # amounts without a rate of their day, by currency
    cut: bool = field(default=False)
    said_by: date | None = None  # until when declarations count, where that is later than `as_of`: frozen books
    derived: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Give what several detectors derive from these books alone, made by the first that asks.

        Nobody may change what it gives. Other books, made from these by `replace` or `at`, begin without any.
        """
        if key not in self.derived:
            self.derived[key] = make()
        found: T = self.derived[key]
        return found

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Give a table; an empty one with the right columns if there is none."""
        frame = self.tables.get(table)
        return empty(table) if frame is None else frame

    def declaration(self, valid_days: int) -> Declaration | None:
        """Give the newest declaration said by `as_of` and not older than `valid_days`, with what is written down.

        A register of processes does not expire: its sheets carry the day they were last looked through.
        """
        day = self.said_by or self.as_of
        said = [d for d in reversed(self.declarations) if d.stated_on <= day]  # of one day, the last said counts
        newest = max((d for d in said if d.register is None), key=lambda d: d.stated_on, default=None)
        written = max((d for d in said if d.register is not None), key=lambda d: d.stated_on, default=None)
        if newest is not None and (day - newest.stated_on).days > valid_days:
            newest = None
        return newest if written is None or not written.register else _with_register(newest, written, day)

    def at(self, day: date) -> "Books":
        """Cut the books at the end of a day: later rows go, later dates on earlier rows become "not yet"."""
        cut = {name: _cut(name, frame, day) for name, frame in self.tables.items()}
        said = tuple(d for d in self.declarations if d.stated_on <= day)
        return replace(self, as_of=day, tables=cut, declarations=said, cut=True, said_by=None)


ITEMS = ("tasks", "frequency", "validation_rules", "tools", "owner", "approval_rule")
"""The yes-and-no parts of a sheet."""


def _with_register(said: Declaration | None, written: Declaration, day: date) -> Declaration:
    """Join what is declared with what is written down: a part is a yes if either says so.

    Without a declaration in force the sheets alone speak, as on the day asked: what is written down still stands.
    """
    register = written.register or {}
    if said is None:
        return replace(written, stated_on=day, sheets=register, register=None)
    sheets = dict(said.sheets or {})
    for process, sheet in register.items():
        declared = sheets.get(process)
        sheets[process] = sheet if declared is None else _both(declared, sheet)
    return replace(said, sheets=sheets)


def _both(declared: Sheet, written: Sheet) -> Sheet:
    """Take a part for given if it is declared or written; it was looked through on the later day either names."""
    days = [day for day in (declared.reviewed_on, written.reviewed_on) if day is not None]
    yes = {item: getattr(declared, item) or getattr(written, item) for item in ITEMS}
    return replace(written, operators=declared.operators, reviewed_on=max(days, default=None), **yes)


def empty(table: str) -> pd.DataFrame:
    """Make a table without rows."""
    return _empty(table).copy()


@cache
def _empty(table: str) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in COLUMNS[table].items()})


def frame(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Make a table from rows that may leave columns out: NaN, "" and False stand for what is not said."""
    blank = {DAY: np.nan, TEXT: "", FLAG: False, INT: 0}
    columns = COLUMNS[table]
    unknown = {key for row in rows for key in row} - set(columns)
    if unknown:
        message = f"no such columns in {table}: {sorted(unknown)}"
        raise ValueError(message)
    filled = {
        name: pd.Series([blank[dtype] if (v := row.get(name)) is None else v for row in rows], dtype=dtype)
        for name, dtype in columns.items()
    }
    return pd.DataFrame(filled)


# A row exists from the day in its first column here on; a later day in one of the others is "not yet".
_EXISTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "documents": ("issued_day", ("sent_day", "paid_day", "cancelled_day", "corrected_day", "refused_day")),
    "issue_days": ("issued_day", ()),
    "deliveries": ("delivered_day", ("invoiced_day", "cancelled_day")),
    "corrections": ("issued_day", ("corrected_day",)),
    "overdue": ("due_day", ("paid_day", "cancelled_day")),
    "reminders": ("sent_day", ()),
    "events": ("day", ()),
    "sessions": ("day", ()),
    "departures": ("told_day", ()),
    "payments": ("paid_day", ()),
    "traces": ("last_day", ()),  # a case that went on later is left out: of its course by then nothing is kept
    "absences": ("start_day", ()),
    "staff": ("entered_day", ("left_day",)),
    "entries": ("entry_day", ("valid_day",)),
    "open_lines": ("day", ("lettered_day",)),
}
_MONTHLY = ("costs", "volume", "ledger_months", "habits", "cells", "approvals")


def _cut(name: str, table: pd.DataFrame, day: date) -> pd.DataFrame:
    if name in _MONTHLY:
        return table[table["month"] <= last_complete_month(day)]
    if name == "hours":  # a week counts once it is over
        return table[table["week_day"] + 6 <= day_number(day)]
    if name not in _EXISTS:
        return table
    first, later = _EXISTS[name]
    number = day_number(day)
    cut = table[~(table[first] > number)].copy()
    if name == "open_lines":
        cut.loc[cut["lettered_day"] > number, "lettering"] = ""
    for column in later:
        cut.loc[cut[column] > number, column] = np.nan
    if name == "absences":
        cut["end_day"] = cut["end_day"].clip(upper=number)
    return cut


def months_between(first: date, last: date) -> range:
    """Give the month numbers from one day's month to another's, both included."""
    return range(month_number(first), month_number(last) + 1)
