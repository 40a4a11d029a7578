"""Refusals: invoices the other side, or its platform, sent back, by family of reason.

A refused invoice is usually undone in the books by an internal credit note. That is one error, not two: the credit
note is left to this measure, and `signals.credit_reasons` leaves it out.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import pandas as pd

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number
from signals.policy import Policy
from signals.rates import Rate, in_window, record_keys, sources_of

YEAR_DAYS = 365
OURS = ("entry_error", "omission", "duplicate", "lost_document")
"""Families of reasons that are the issuer's own administrative fault."""


@dataclass(frozen=True, slots=True)
class RefusalRate:
    """K29: the share of the last twelve months' customer invoices that were refused for a fault of ours.

    Families follow the reason codes of French e-invoicing (statuses 210 and 213); what is not the invoice's fault (a
    delivery in dispute) or not said is noted and not counted.
    """

    name: ClassVar[str] = "refusal_rate"
    kpi: ClassVar[str] = "K29"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Count over the sources that ever told of a refusal: of the others silence says nothing."""
        window = (books.as_of - timedelta(days=YEAR_DAYS - 1), books.as_of)
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.SHARE, window=window)
        told = _telling(books)
        if told.empty:
            return replace(answer, reason=Reason("no_refusal_seen"))
        issued = told[in_window(told["issued_day"].to_numpy(), window)]
        if issued.empty:
            return replace(answer, reason=Reason("no_documents", {"months": 12}))
        refused = issued[issued["refused_day"].notna()]
        ours = refused[refused["refusal"].isin(OURS)]
        rate = Rate(len(ours), len(issued))
        low, high = rate.bounds
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            tier=Tier.DIRECT,
            sources=sources_of(issued),
            notes=_notes(refused, ours, books),
            records=record_keys(ours, "refused_day"),
            records_total=len(ours),
        )


def _telling(books: Books) -> pd.DataFrame:
    """Give the customer invoices of the sources on which a refusal ever showed, as known on the books' day."""
    documents, today = books["documents"], day_number(books.as_of)
    mine = documents[
        documents["direct"]
        & (documents["direction"] == "sale")
        & (documents["kind"] != "credit_note")
        & (documents["issued_day"] <= today)
    ]
    mine = mine.assign(refused_day=mine["refused_day"].where(mine["refused_day"] <= today))
    return mine[mine["connection_id"].isin(mine.loc[mine["refused_day"].notna(), "connection_id"])]


def _notes(refused: pd.DataFrame, ours: pd.DataFrame, books: Books) -> tuple[Reason, ...]:
    families = [Reason(f"refused_{family}", {"n": int((refused["refusal"] == family).sum())}) for family in OURS]
    other = [
        Reason("refused_not_ours", {"n": int((refused["refusal"] == "not_ours").sum())}),
        Reason("refused_undetermined", {"n": int((~refused["refusal"].isin([*OURS, "not_ours"])).sum())}),
        Reason("refused_credited", {"n": int(_credited(ours, books).sum())}),
    ]
    return tuple(note for note in (*families, *other) if note.params["n"])


def _credited(refused: pd.DataFrame, books: Books) -> "pd.Series[bool]":
    notes = books["documents"]
    notes = notes[(notes["kind"] == "credit_note") & (notes["issued_day"] <= day_number(books.as_of))]
    undone = set(zip(notes["connection_id"], notes["corrects"], strict=True))
    keys = zip(refused["connection_id"], refused["external_id"], strict=True)
    return pd.Series([key in undone for key in keys], index=refused.index, dtype="bool")
