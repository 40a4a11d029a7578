"""Confirmed duplicates: those somebody took back or refused. Suspected ones are `signals.duplicates`'s.

A document is a *confirmed* duplicate where the other side refused it as one, or where it has a twin by the rules R1 to
R4 and one of the two, while both stood, was cancelled or credited in full. An invoice taken back before (or on the day)
its twin was issued was corrected and not issued twice: that is an error of another kind.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number
from signals.duplicates import YEAR_DAYS, pairs, stream_keys
from signals.policy import Policy
from signals.rates import Rate, in_window, sources_of
from signals.standing import Standing, standing

REFUSED_AS = "duplicate"
CREDIT = "credit_note"

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ConfirmedDuplicates:
    """K30, the confirmed part: the share of the last twelve months' documents shown to repeat another one."""

    name: ClassVar[str] = "confirmed_duplicate_rate"
    kpi: ClassVar[str] = "K30"

    days: int = 5
    block_cap: int = 50
    recurrences: int = 3
    slack: int = 3

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Count each document confirmed once, in the window its issue day is in, among all issued, gone ones too.

        A source that shows no cancellation, credit note or refusal at all can't confirm anything: no value.
        """
        window = (books.as_of - timedelta(days=YEAR_DAYS - 1), books.as_of)
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.SHARE, window=window)
        today = day_number(books.as_of)
        documents = books["documents"]
        documents = documents[documents["issued_day"] <= today]
        counted = documents[in_window(documents["issued_day"].to_numpy(), window) & (documents["kind"] != CREDIT)]
        if counted.empty:
            return replace(answer, reason=Reason("no_documents", {"months": 12}))
        if not _shows_any(documents, today):
            return replace(answer, n=len(counted), reason=Reason("nothing_taken_back"))
        rows = standing(documents, days=self.days, recurrences=self.recurrences, slack=self.slack, gone_too=True)
        first, second, _ = pairs(rows, self.days, self.block_cap, self.slack)
        counts = in_window(rows.day, window) & (rows.frame["kind"] != CREDIT).to_numpy()
        refused = _refused(rows.frame, today) & counts
        confirmed = refused | (_taken_back(rows, first, second) & counts)
        rate = Rate(int(confirmed.sum()), len(counted))
        low, high = rate.bounds
        found = rows.frame[confirmed].sort_values(["issued_day", "external_id"], ascending=[False, True])
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            tier=Tier.DIRECT if bool(counted["direct"].all()) else Tier.PROXY,
            sources=sources_of(counted),
            notes=_notes(int(refused.sum()), int((confirmed & ~refused).sum())),
            records=stream_keys(found),
            records_total=len(found),
        )


def _taken_back(rows: Standing, first: Positions, second: Positions) -> Flags:
    """Say which documents were taken back while a twin stood; of two taken back, the later issued."""
    both_from = rows.day[second]
    second_went = rows.gone_day[second] >= both_from  # its own day of issue will do; NaN is above nothing
    first_went = (rows.gone_day[first] > both_from) & ~second_went
    second_went &= ~(rows.gone_day[first] <= both_from)  # its twin was gone by then
    out = np.zeros(len(rows.frame), dtype=bool)
    out[second[second_went]] = True
    out[first[first_went]] = True
    return out


def _refused(documents: pd.DataFrame, today: int) -> Flags:
    """Say which documents the other side had refused as a duplicate by `today`; none where the table doesn't tell."""
    if "refusal" not in documents:
        return np.zeros(len(documents), dtype=bool)
    told: Flags = ((documents["refusal"] == REFUSED_AS) & (documents["refused_day"] <= today)).to_numpy(dtype=bool)
    return told


def _shows_any(documents: pd.DataFrame, today: int) -> bool:
    gone = documents["cancelled_day"].notna() | (documents["kind"] == CREDIT)
    return bool(gone.any() or _refused(documents, today).any())


def _notes(refused: int, taken_back: int) -> tuple[Reason, ...]:
    notes = (
        Reason("duplicates_refused", {"n": refused}),
        Reason("duplicates_taken_back", {"n": taken_back}),
    )
    return tuple(note for note in notes if note.params["n"])
