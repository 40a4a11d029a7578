"""Credit notes by reason: those for an error of ours, apart from rebates and from what a refusal already counts."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import pandas as pd

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number
from signals.intervals import wilson
from signals.policy import Policy
from signals.rates import in_window, record_keys, sources_of

YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class ErrorCreditNotes:
    """K28: customer credit notes made for an error, for each customer invoice, over twelve months.

    A credit note that undoes a refused invoice is that refusal's (`signals.refusals`), and not counted again.
    """

    name: ClassVar[str] = "error_credit_note_rate"
    kpi: ClassVar[str] = "K28"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Count over the sources that say of some credit note why it was made."""
        window = (books.as_of - timedelta(days=YEAR_DAYS - 1), books.as_of)
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.RATIO, window=window)
        told = _telling(books)
        if told.empty:
            return replace(answer, reason=Reason("no_credit_reason"))
        recent = told[in_window(told["issued_day"].to_numpy(), window)]
        is_note = recent["kind"] == "credit_note"
        invoices, notes = recent[~is_note], recent[is_note]
        if invoices.empty:
            return replace(answer, reason=Reason("no_documents", {"months": 12}))
        for_error = notes[notes["credit_reason"] == "error"]
        refused = _of_refused(for_error, told)
        counted = for_error[~refused]
        # Credit notes are no trials of their month's invoices: the bounds are those of their share of all documents,
        # turned into a ratio (the conditional interval for a ratio of two Poisson rates).
        low, high = wilson(len(counted), len(counted) + len(invoices))
        return replace(
            answer,
            value=len(counted) / len(invoices),
            low=low / (1 - low),
            high=high / (1 - high),
            n=len(invoices),
            tier=Tier.DIRECT,
            sources=sources_of(recent),
            notes=_notes(notes, int(refused.sum())),
            records=record_keys(counted, "issued_day"),
            records_total=len(counted),
        )


def _telling(books: Books) -> pd.DataFrame:
    documents = books["documents"]
    mine = documents[
        documents["direct"] & (documents["direction"] == "sale") & (documents["issued_day"] <= day_number(books.as_of))
    ]
    told = mine[(mine["kind"] == "credit_note") & (mine["credit_reason"] != "")]
    return mine[mine["connection_id"].isin(told["connection_id"])]


def _of_refused(notes: pd.DataFrame, documents: pd.DataFrame) -> "pd.Series[bool]":
    refused = documents[documents["refused_day"].notna()]
    undone = set(zip(refused["connection_id"], refused["external_id"], strict=True))
    keys = zip(notes["connection_id"], notes["corrects"], strict=True)
    return pd.Series([key in undone for key in keys], index=notes.index, dtype="bool")


def _notes(notes: pd.DataFrame, refused: int) -> tuple[Reason, ...]:
    counts = (
        Reason("credits_commercial", {"n": int((notes["credit_reason"] == "commercial").sum())}),
        Reason("credits_unsaid", {"n": int((notes["credit_reason"] == "").sum())}),
        Reason("credits_of_refused", {"n": refused}),
    )
    return tuple(note for note in counts if note.params["n"])
