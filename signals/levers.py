"""Books in which the measured work went better or worse from a day on, as they would have been read.

A lever changes the rows that a detector reads: bills issued on their deadline, reminders sent, errors that never
showed, hours not worked. Nothing else about the company changes, and what was before that day stays. Which rows are
changed is settled by their order, evenly spread, so that every month and customer has its part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.books import Books, frame
from signals.calendar import Days, day_number
from signals.key_person import NOT_PEOPLE
from signals.late_invoicing import issue_deadlines, owed_invoices
from signals.policy import Policy
from signals.quality import wrong_in_time

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ANYBODY = "-"
"""Stands for a second person who would learn a process; no login is called so."""
EDGE = 1e-9  # against a product of floats that falls just short of a whole number


@dataclass(frozen=True, slots=True)
class Turn:
    """How far a lever goes: `right` and `wrong` are shares, 0 to 1, put right and made to go wrong from `since` on.

    `since` is a day number.
    """

    since: int
    right: float = 0.0
    wrong: float = 0.0

    @property
    def factor(self) -> float:
        """What an amount becomes a multiple of: hours that are put right are not worked."""
        return 1 - self.right + self.wrong


Lever = Callable[[Books, Policy, Turn], Books]


def billing(books: Books, policy: Policy, turn: Turn) -> Books:
    """Bill on the deadline what was billed later, or a day after it what was billed in time."""
    tables = dict(books.tables)
    for table, started, done in (("issue_days", "service_day", "issued_day"), ("deliveries", *_DELIVERED)):
        rows = books[table]
        start, end = (rows[name].to_numpy(dtype="float64") for name in (started, done))
        periodic = rows["periodic"].to_numpy(dtype=bool) if "periodic" in rows else np.zeros(len(rows), dtype=bool)
        deadline = issue_deadlines(start, periodic, policy)
        told = ~np.isnan(deadline) & (np.fmax(end, deadline) >= turn.since) & (deadline <= day_number(books.as_of))
        if table == "deliveries":
            told &= ~(rows["cancelled_day"].to_numpy(dtype="float64") <= deadline)
        late = ~(end <= deadline)
        tables[table] = _moved(
            rows, done, (told & late, deadline, turn.right), (told & ~late, deadline + 1, turn.wrong)
        )
    return replace(books, tables=tables)


_DELIVERED = ("delivered_day", "invoiced_day")


def reminding(books: Books, policy: Policy, turn: Turn) -> Books:
    """Remind customers as soon as the grace is over and every `reminder_window_days` on, or no longer."""
    owed = owed_invoices(books, policy)
    owed = owed[owed["end"] > turn.since].sort_values(["due_day", "external_id"])
    one = np.ones(len(owed), dtype="int64")
    sent = books["reminders"]
    lost = owed.loc[_spread(one, turn.wrong) > 0, "external_id"]
    sent = sent[~(sent["invoice_id"].isin(lost) & (sent["sent_day"] >= turn.since))]
    chosen = owed[_spread(one, turn.right) > 0]
    rows = [
        {"connection_id": source, "invoice_id": invoice, "sent_day": float(day)}
        for source, invoice, begin, end in zip(
            *(chosen[name] for name in ("connection_id", "external_id", "begin", "end")), strict=True
        )
        for day in np.arange(max(begin, turn.since), _until(end, books), policy.reminder_window_days)
    ]
    return _with(books, "reminders", pd.concat([sent, frame("reminders", rows)], ignore_index=True))


def _until(end: float, books: Books) -> float:
    return min(end, day_number(books.as_of) + 1.0)


def errors(books: Books, policy: Policy, turn: Turn) -> Books:
    """Let errors never show, or show half way through the time they have."""
    rows = books["corrections"]
    issued = rows["issued_day"].to_numpy(dtype="float64")
    told = issued >= turn.since
    wrong = wrong_in_time(rows["issued_day"], rows["corrected_day"], policy)
    shown = issued + policy.correction_days // 2
    spared = told & ~wrong & (shown <= day_number(books.as_of))
    never = np.full(len(rows), np.nan)
    moved = _moved(rows, "corrected_day", (told & wrong, never, turn.right), (spared, shown, turn.wrong))
    return _with(books, "corrections", moved)


def director_hours(books: Books, policy: Policy, turn: Turn) -> Books:  # noqa: ARG001 - a lever
    """Have directors log another part of their minutes."""
    rows = books["hours"]
    theirs = (rows["role"] == "director") & (rows["week_day"] >= turn.since)
    minutes = np.where(theirs, np.floor(rows["minutes"] * turn.factor + 0.5), rows["minutes"]).astype("int64")
    return _with(books, "hours", rows.assign(minutes=minutes))


def documents(books: Books, policy: Policy, turn: Turn) -> Books:  # noqa: ARG001 - a lever
    """Have another number of documents in every month, `turn.since` or not: it is the level that counts."""
    rows = books["volume"]
    n = np.floor(rows["n"] * turn.factor + 0.5).astype("int64")
    return _with(books, "volume", rows.assign(n=n))


def sharing(books: Books, since: int, processes: tuple[str, ...]) -> Books:
    """Have a second person do half of what people did in some processes."""
    rows = books["events"]
    shared = (
        rows["process"].isin(processes)
        & (rows["day"] >= since)
        & ~rows["role"].isin(NOT_PEOPLE)
        & (rows["actor"] != "")
    ).to_numpy()
    half = np.zeros(len(rows), dtype="int64")
    half[shared] = _spread(rows.loc[shared, "n"].to_numpy(), 0.5)
    second = rows.assign(n=half, actor=ANYBODY, role="admin")[half > 0]
    return _with(books, "events", pd.concat([rows.assign(n=rows["n"] - half), second], ignore_index=True))


LEVERS: Mapping[str, Lever] = {
    "late_issued_rate": billing,
    "unreminded_rate": reminding,
    "error_rate": errors,
    "director_hours_per_week": director_hours,
    "documents_per_month": documents,
}
"""By the measure a lever moves."""


def _with(books: Books, table: str, rows: pd.DataFrame) -> Books:
    return replace(books, tables={**books.tables, table: rows})


def _spread(n: Counts, share: float) -> Counts:
    """Take a share of each of some counts, whole ones, so that the running total is never off by one or more."""
    total = np.cumsum(n)
    taken: Counts = (np.floor(total * share + EDGE) - np.floor((total - n) * share + EDGE)).astype("int64")
    return taken


def _moved(rows: pd.DataFrame, column: str, *moves: tuple[Flags, Days, float]) -> pd.DataFrame:
    """Move a share of the trials in some rows, which stand for `n` each, to another day in a column."""
    left = rows["n"].to_numpy(dtype="int64", copy=True)
    parts = []
    for which, day, share in moves:
        taken = np.zeros(len(rows), dtype="int64")
        taken[which] = _spread(left[which], share)
        left -= taken
        parts.append(rows.assign(**{column: day, "n": taken})[taken > 0])
    return pd.concat([rows.assign(n=left)[left > 0], *parts], ignore_index=True)
