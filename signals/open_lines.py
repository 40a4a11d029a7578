"""Lines left open in the ledger: suspense accounts not cleared, supplier and customer lines not lettered.

Balances brought forward repeat the year before: where that year was read from the same source they are left out,
else they count from the day they were brought forward, and a note says so.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from signals.base import Measure, Reason, RecordKeys, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, day_of
from signals.informative import LEDGER, LETTERED_ACCOUNTS, LETTERING, FieldAnswer, informative
from signals.policy import Policy
from signals.rates import Rate, record_keys, sources_of

SUSPENSE = "471"
MINOR = 100  # minor units in a major one

_OLDEST = ["day", "connection_id", "external_id", "line_number"]


@dataclass(frozen=True, slots=True)
class Suspense:
    """K34: what stands on suspense accounts (471): the sum of open lines, whatever their side.

    Lines, not the balance: a debit and a credit that have nothing to do with each other net to calm. Only where a
    source doesn't letter are lines netted, oldest first, to find those still open.
    """

    name: ClassVar[str] = "suspense_open"
    kpi: ClassVar[str] = "K34"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Sum the open lines, in major units; `n` counts all lines seen on 471, `records` gives the open ones."""
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.EUR)
        if all(books[table].empty for table in ("open_lines", "entries", "ledger_months")):
            return replace(answer, reason=Reason("no_ledger"))
        lines, notes = _own(books, (SUSPENSE,))
        parts = []
        for connection, rows in lines.groupby("connection_id"):
            letters = informative(books, str(connection), LEDGER, LETTERING)
            parts.append(_not_lettered(rows) if letters.informative else _netted(rows))
            if not letters.informative:
                notes.append(Reason("suspense_netted", {"connection": str(connection), "lines": len(rows)}))
            elif (rows["lettering"] == "").all():
                notes.append(Reason("suspense_never_lettered", {"connection": str(connection), "lines": len(rows)}))
        standing = pd.concat(parts).sort_values(_OLDEST) if parts else lines.assign(open_minor=0)
        if len(standing):
            ages = day_number(books.as_of) - standing["day"].to_numpy()
            said = {"lines": len(standing), "p90": float(np.quantile(ages, 0.9)), "oldest": float(ages.max())}
            notes.insert(0, Reason("suspense_age", said))
        return replace(
            answer,
            value=float(standing["open_minor"].sum()) / MINOR,
            n=len(lines),
            window=(day_of(lines["day"].min()), books.as_of) if len(lines) else None,
            tier=Tier.DIRECT,
            sources=sources_of(books["open_lines"], books["entries"], books["ledger_months"]),
            notes=tuple(notes),
            records=RecordKeys(LEDGER, standing["external_id"].tolist(), standing["connection_id"].tolist()),
            records_total=len(standing),
        )


@dataclass(frozen=True, slots=True)
class Unlettered:
    """K36: the share of supplier and customer lines still without lettering after `Policy.unlettered_days`."""

    name: ClassVar[str] = "unlettered_share"
    kpi: ClassVar[str] = "K36"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Count lines of the recent months, old enough to be lettered, of the sources that letter at all.

        Older lines are in the books only if never lettered: among them the share would be one, so a note counts them.
        """
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.SHARE)
        lines, notes = _own(books, LETTERED_ACCOUNTS)
        if lines.empty:
            return replace(answer, reason=Reason("no_party_lines" if _has_ledger(books) else "no_ledger"))
        answers = {
            str(c): informative(books, str(c), LEDGER, LETTERING) for c in sorted(lines["connection_id"].unique())
        }
        silent = tuple(_of_source(one) for one in answers.values() if not one.informative)
        lines = lines[lines["connection_id"].isin([c for c, one in answers.items() if one.informative])]
        if lines.empty:
            return replace(answer, reason=Reason("lettering_not_informative"), notes=silent)
        last = day_number(books.as_of) - policy.unlettered_days - 1
        old = lines[lines["day"] <= last]
        first = day_number(books.recent_from)
        left = _not_lettered(old[old["day"] < first])
        old = old[old["day"] >= first]
        if old.empty:
            return replace(answer, reason=Reason("no_old_lines", {"days": policy.unlettered_days}), notes=silent)
        bare = _not_lettered(old)
        if len(left):
            notes.append(Reason("unlettered_older", {"lines": len(left)}))
        rate = Rate(len(bare), len(old))
        low, high = rate.bounds
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            window=(day_of(old["day"].min()), day_of(last)),
            tier=Tier.DIRECT,
            sources=sources_of(lines),
            notes=(*notes, *silent),
            records=record_keys(bare, "day", LEDGER),
            records_total=len(bare),
        )


def open_items(books: Books, accounts: tuple[str, ...]) -> pd.DataFrame:
    """Give the lines still open on some accounts, oldest first, with what is open of each in `open_minor`.

    Unlettered lines where the source letters; elsewhere what is left after netting, by account and party.
    """
    lines, _ = _own(books, accounts)
    parts = []
    for connection, rows in lines.groupby("connection_id"):
        letters = informative(books, str(connection), LEDGER, LETTERING)
        parts.append(_not_lettered(rows) if letters.informative else _netted(rows, by_party=True))
    return pd.concat(parts).sort_values(_OLDEST) if parts else lines.assign(open_minor=0)


def _own(books: Books, accounts: tuple[str, ...]) -> tuple[pd.DataFrame, list[Reason]]:
    """Give the lines on some accounts, without balances that repeat lines read, and what to say of balances."""
    lines = books["open_lines"]
    lines = lines[lines["account"].str.startswith(accounts) & (lines["day"] <= day_number(books.as_of))]
    booked = books["entries"]
    read = pd.concat(
        [
            booked.loc[booked["kind"] != "opening", ["connection_id", "fiscal_year"]],
            lines.loc[~lines["opening"], ["connection_id", "fiscal_year"]],
        ]
    )
    first_year = lines["connection_id"].map(read.groupby("connection_id")["fiscal_year"].min())
    repeats = lines["opening"] & (first_year < lines["fiscal_year"])
    own = lines[~repeats]
    notes = []
    if own["opening"].any():
        notes.append(Reason("opening_lines_counted", {"lines": int(own["opening"].sum())}))
    if repeats.any():
        notes.append(Reason("opening_lines_repeated", {"lines": int(repeats.sum())}))
    return own, notes


def _has_ledger(books: Books) -> bool:
    return not (books["entries"].empty and books["ledger_months"].empty and books["open_lines"].empty)


def _not_lettered(rows: pd.DataFrame) -> pd.DataFrame:
    bare = rows[rows["lettering"] == ""]
    return bare.assign(open_minor=(bare["debit_minor"] - bare["credit_minor"]).abs())


def _netted(rows: pd.DataFrame, *, by_party: bool = False) -> pd.DataFrame:
    """Clear debits by credits and the reverse, oldest first, account by account; what is left is open."""
    rows = rows.sort_values(_OLDEST)
    left = np.zeros(len(rows), dtype="int64")
    waiting: dict[tuple[str, str], deque[int]] = {}
    signed = (rows["debit_minor"] - rows["credit_minor"]).tolist()
    parties = rows["party"].tolist() if by_party else [""] * len(rows)
    keys = zip(rows["account"].tolist(), parties, strict=True)
    for i, (account, amount) in enumerate(zip(keys, signed, strict=True)):
        queue = waiting.setdefault(account, deque())
        left[i] = amount
        while left[i] and queue and left[queue[0]] * left[i] < 0:
            oldest = queue[0]
            cleared = min(abs(left[oldest]), abs(left[i]))
            left[oldest] -= np.sign(left[oldest]) * cleared
            left[i] -= np.sign(left[i]) * cleared
            if not left[oldest]:
                queue.popleft()
        if left[i]:
            queue.append(i)
    return rows.assign(open_minor=np.abs(left)).query("open_minor > 0")


def _of_source(answer: FieldAnswer) -> Reason:
    return Reason(answer.reason.code, {**answer.reason.params, "connection": answer.connection_id})
