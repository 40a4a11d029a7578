"""Missing documents: purchases booked without the paper that proves them."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import pandas as pd

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.policy import Policy
from signals.rates import Rate, in_window, record_keys, sources_of

YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class MissingDocuments:
    """K32: the share of purchase documents that have no file attached, over twelve months.

    Documents younger than `grace_days` don't count: their paper may be under way. A source that never says whether
    there is a file, or says the same of every document, can't be measured on. Attachments have no date: a look back
    shows today's.
    """

    name: ClassVar[str] = "missing_document_rate"
    kpi: ClassVar[str] = "K32"

    grace_days: int = 30

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Count over the sources whose answer differs from document to document."""
        end = books.as_of - timedelta(days=self.grace_days)
        window = (books.as_of - timedelta(days=YEAR_DAYS - 1), end)
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.SHARE, window=window)
        documents = books["documents"]
        bought = documents[documents["direct"] & (documents["direction"] == "purchase")]
        bought = bought[in_window(bought["issued_day"].to_numpy(), window) & bought["cancelled_day"].isna()]
        if bought.empty:
            return replace(answer, reason=Reason("no_purchases", {"age": self.grace_days}))
        told = bought[bought["attached"].notna()]
        if told.empty:
            return replace(answer, n=0, reason=Reason("attachments_unsaid", {"n": len(bought)}))
        told = _differing(told)
        if told.empty:
            return replace(answer, reason=Reason("attachments_alike", {"n": len(bought)}))
        missing = told[told["attached"] == 0]
        rate = Rate(len(missing), len(told))
        low, high = rate.bounds
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            tier=Tier.DIRECT,
            sources=sources_of(told),
            notes=(Reason("attachments_undated"),),
            records=record_keys(missing, "issued_day"),
            records_total=len(missing),
        )


def _differing(told: pd.DataFrame) -> pd.DataFrame:
    """Keep the sources that say yes of some documents and no of others."""
    answers = told.groupby("connection_id")["attached"].nunique()
    return told[told["connection_id"].isin(answers.index[answers > 1])]
