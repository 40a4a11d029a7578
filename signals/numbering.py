"""Numbering: whether sale documents count on without a gap, and which column of a ledger holds their number.

French law wants invoice numbers unique, chronological and continuous; distinct series are allowed
(CGI, annexe II, art. 242 nonies A, 7°).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from signals.base import Measure, Reason, RecordKey, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number
from signals.counters import shape_of
from signals.policy import Policy
from signals.rates import sources_of
from signals.series import Series, missing_since, plain_reference, series_of
from signals.standing import REFERENCED

__all__ = ["ColumnChoice", "NumberingGaps", "Series", "column_choices", "number_column", "series_of"]

WINDOW_DAYS = 730
SHOWN = 20
"""Missing numbers written out in a note."""
SALE_KINDS = ("sale", "sale_credit")
PURCHASE_KINDS = ("purchase", "purchase_credit")
MOSTLY_EMPTY = 0.5
UNIQUE = 0.98
COVERED = 0.8
"""Share of a column's values that must lie in series for it to hold the document's number."""
ALONE_DENSE = 0.8
"""How gapless an entry counter must be, inside the journal alone, to pass for the document's number."""

Column = Literal["number", "piece_ref"]


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Which column of a journal holds the sale document's number, and why; None: neither does."""

    connection_id: str
    journal: str
    column: Column | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class NumberingGaps:
    """K31: numbers missing in the series of sale documents over the last 24 months."""

    name: ClassVar[str] = "numbering_gaps"
    kpi: ClassVar[str] = "K31"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Count numbers missing between the first and the last one seen of each series."""
        window = (books.as_of - timedelta(days=WINDOW_DAYS - 1), books.as_of)
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.COUNT, window=window)
        today, documents, entries = day_number(books.as_of), books["documents"], books["entries"]
        documents = documents[~(documents["issued_day"] > today)]
        sales = documents[documents["direction"] == "sale"]
        choices = tuple(choice.reason for choice in column_choices(entries[~(entries["entry_day"] > today)]))
        if not (sales["number"] != "").any():
            return replace(answer, reason=Reason("no_numbers", {"documents": len(sales)}), notes=choices)
        series = series_of(pd.concat([sales, documents[documents["direction"] != "sale"]]))
        if not series:
            return replace(answer, reason=Reason("no_series", {"documents": len(sales)}), notes=choices)
        since = day_number(window[0])
        found = sorted(
            ((gap.day, gap.external_id, gap.direct, one) for one in series for gap in one.gaps if gap.day >= since),
            key=lambda each: (-each[0], each[1]),
        )
        return replace(
            answer,
            value=float(missing_since(series, since)),
            n=sum(one.n for one in series),
            tier=Tier.DIRECT if bool(sales["direct"].all()) else Tier.PROXY,
            sources=sources_of(sales),
            notes=(*(note for one in series for note in _notes(one)), *choices),
            records=tuple(
                RecordKey("invoices" if direct else "ledger", external, one.connection_id)
                for _, external, direct, one in found
            ),
            records_total=len(found),
        )


def number_column(entries: pd.DataFrame) -> Mapping[tuple[str, str], Column | None]:
    """Say, for each (connection, journal) with sales or purchases, which column holds the document's number.

    None: neither does. Where a journal has both, sales decide.
    """
    bought = entries[entries["kind"].isin(PURCHASE_KINDS)]
    columns: dict[tuple[str, str], Column | None] = {
        (str(connection), str(journal)): _suppliers_column(rows)
        for (connection, journal), rows in bought.groupby(["connection_id", "journal"])
    }
    return columns | {(choice.connection_id, choice.journal): choice.column for choice in column_choices(entries)}


def column_choices(entries: pd.DataFrame) -> tuple[ColumnChoice, ...]:
    """Choose between entry number and piece reference, for each journal with sales.

    The document's number is unique and counts on. Where both columns do: an entry counter (digits only, in several
    journals) gives way; then the column whose values other journals' pieces cite wins; then the entry number.
    """
    sales = entries[entries["kind"].isin(SALE_KINDS)]
    choices = []
    for connection, booked in sales.groupby("connection_id"):
        mine = entries[entries["connection_id"] == connection]
        bare = mine[mine["number"].map(shape_of) == "#"]
        counting_journals = _shared(bare["journal"])
        cited = _cited(mine[~mine["kind"].isin(SALE_KINDS)]["piece_ref"])
        for journal, rows in booked.groupby("journal"):
            column, code = _choose(rows, mine, cited, entry_counter=journal in counting_journals)
            said = Reason(code, {"connection": str(connection), "journal": str(journal), "n": len(rows)})
            choices.append(ColumnChoice(str(connection), str(journal), column, said))
    return tuple(choices)


def _suppliers_column(rows: pd.DataFrame) -> Column | None:
    """Look for the supplier's number: the piece reference, unless it is empty or counts on, being then ours."""
    pieces = rows["piece_ref"]
    if pieces.isin(["", "-"]).mean() > MOSTLY_EMPTY:
        return None
    if pieces.str.fullmatch(REFERENCED).mean() > MOSTLY_EMPTY:
        return "piece_ref"
    return None if _counts_on(rows, rows, "piece_ref") else "piece_ref"


def _shared(journals: pd.Series) -> frozenset[str]:
    """Give the journals if there are several."""
    names = frozenset(journals.unique())
    return names if len(names) > 1 else frozenset()


def _choose(
    rows: pd.DataFrame, mine: pd.DataFrame, cited: frozenset[str], *, entry_counter: bool
) -> tuple[Column | None, str]:
    if (rows["number"] == rows["piece_ref"]).all():
        return "number", "number_both_equal"
    by_piece = _counts_on(rows, mine, "piece_ref")
    if entry_counter:
        if by_piece:
            return "piece_ref", "number_in_piece_ref"
        if _counts_on(rows, rows, "number", ALONE_DENSE):
            return "number", "number_in_entry_number"
        return None, "number_is_entry_counter"
    by_number = _counts_on(rows, mine, "number")
    if by_number and by_piece:
        citations = {column: int(rows[column].isin(cited).sum()) for column in ("number", "piece_ref")}
        by_number = citations["number"] >= citations["piece_ref"]
    if by_number:
        return "number", "number_in_entry_number"
    return ("piece_ref", "number_in_piece_ref") if by_piece else (None, "number_in_neither")


def _counts_on(rows: pd.DataFrame, mine: pd.DataFrame, column: str, dense: float = 0.0) -> bool:
    """Say whether a column is unique a sale and lies in series; other entries' values fill its gaps."""
    written = rows[column].map(plain_reference)
    if pd.DataFrame({"year": rows["fiscal_year"], "text": written}).duplicated().mean() > 1 - UNIQUE:
        return False
    others = mine[~mine["external_id"].isin(rows["external_id"])]
    documents = pd.concat([_as_documents(rows, column, "sale"), _as_documents(others, column, "purchase")])
    series = series_of(documents)
    held = sum(one.n for one in series)
    missing = sum(one.missing_total for one in series)
    return bool(series) and held >= COVERED * len(rows) and held >= dense * (held + missing)


def _as_documents(entries: pd.DataFrame, column: str, direction: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "connection_id": entries["connection_id"],
            "external_id": entries["external_id"],
            "direct": np.zeros(len(entries), dtype=bool),
            "direction": direction,
            "kind": np.where(entries["kind"].str.endswith("_credit"), "credit_note", "invoice"),
            "number": entries[column],
            "issued_day": entries["entry_day"],
        }
    )


def _cited(pieces: pd.Series) -> frozenset[str]:
    """Give what other journals' pieces name: whole, and word by word where a word is more than digits."""
    whole = set(pieces.unique()) - {"", "-"}
    words = {word for piece in whole for word in str(piece).split() if not word.isdigit()}
    return frozenset(whole | words)


def _notes(one: Series) -> tuple[Reason, ...]:
    said: dict[str, str | int | float] = {"series": one.label, "connection": one.connection_id}
    notes = [
        Reason(
            f"numbering_series_{one.reset}",
            {**said, "n": one.n, "first": one.first, "last": one.last, "missing": one.missing_total},
        )
    ]
    if one.missing:
        shown = ", ".join(one.missing[:SHOWN])
        more = one.missing_total - SHOWN
        all_shown = Reason("numbering_missing_all", {**said, "numbers": shown})
        notes.append(all_shown if more <= 0 else Reason("numbering_missing", {**said, "numbers": shown, "more": more}))
    if one.disorder:
        notes.append(Reason("numbering_disorder", {**said, "pairs": len(one.disorder)}))
    if one.jumps:
        notes.append(Reason("numbering_jumps", {**said, "n": one.jumps}))
    return tuple(notes)
