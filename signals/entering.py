"""When documents were entered: days after the date they bear, or at hours nobody should be working.

`entered_minute` is the source's own moment of creation, in minutes of its local clock since 1970-01-01. A day on which
documents of many months were entered is a migration, and says nothing of how work is usually done.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, months_of
from signals.policy import Policy
from signals.rates import Rate, in_window, record_keys, sources_of

YEAR_DAYS = 365
DAY_MINUTES = 24 * 60
FEWEST = 20
"""Documents: below, neither a migration nor a clock is told apart from chance."""
MIGRATED_MONTHS = 3
ONE_MINUTE_SHARE = 0.5
"""A source half of whose moments are the same minute of the day keeps days, or enters by a machine."""


@dataclass(frozen=True, slots=True)
class BackDated:
    """K39: the share of customer documents that bear a date `days` or more before they were entered, over a year.

    Those dated ahead are noted. Supplier documents bear the supplier's date: for them see `late_booking`.
    """

    name: ClassVar[str] = "back_dated_share"
    kpi: ClassVar[str] = "K39"

    days: int = 5

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Compare the day entered with the day issued, of documents entered in the window."""
        blank, entered = _entered(self.name, self.kpi, books)
        sold = entered[entered["direction"] == "sale"]
        if sold.empty:
            return replace(blank, reason=Reason("no_entering_moment"))
        usual, migrated = _without_migrations(sold)
        lag = usual["entered_day"] - usual["issued_day"]
        if usual.empty or (len(usual) >= FEWEST and (lag == 0).all()):
            return replace(blank, reason=Reason("entered_as_issued", {"n": len(sold)}))
        late = usual[lag >= self.days]
        notes = (
            Reason("dated_ahead", {"n": int((lag <= -self.days).sum()), "days": self.days}),
            Reason("entered_in_migration", {"n": migrated}),
        )
        return _answered(blank, late, usual, tuple(note for note in notes if note.params["n"]))


@dataclass(frozen=True, slots=True)
class OutOfHoursEntries:
    """K25, over all who enter documents: the share entered outside working hours, over a year.

    Working hours are the policy's `opens_minute` to `closes_minute` of the local clock, Monday to Friday, public
    holidays and closures apart.
    """

    name: ClassVar[str] = "out_of_hours_entries"
    kpi: ClassVar[str] = "K25"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Count documents by the minute they were entered, where the source has a clock."""
        blank, entered = _entered(self.name, self.kpi, books)
        if entered.empty:
            return replace(blank, reason=Reason("no_entering_moment"))
        timed = _with_a_clock(_without_migrations(entered)[0])
        if timed.empty:
            return replace(blank, reason=Reason("no_entering_clock", {"n": len(entered)}))
        minute = (timed["entered_minute"] % DAY_MINUTES).to_numpy()
        outside = (minute < policy.opens_minute) | (minute >= policy.closes_minute) | ~_open(timed, policy)
        hours = {"opens": _clock(policy.opens_minute), "closes": _clock(policy.closes_minute)}
        return _answered(blank, timed[outside], timed, (Reason("working_hours", hours),))


def _entered(name: str, kpi: str, books: Books) -> tuple[Measure, pd.DataFrame]:
    """Begin an answer, and give the documents entered in its window with the day they were."""
    window = (books.as_of - timedelta(days=YEAR_DAYS - 1), books.as_of)
    blank = Measure(name=name, kpi=kpi, signal=SignalName.QUALITY, unit=Unit.SHARE, window=window)
    documents = books["documents"]
    rows = documents[documents["direct"] & documents["entered_minute"].notna()]
    rows = rows.assign(entered_day=np.floor(rows["entered_minute"] / DAY_MINUTES))
    return blank, rows[in_window(rows["entered_day"].to_numpy(), window) & _by(rows, books.as_of)]


def _clock(minute: int) -> str:
    hour, rest = divmod(minute, 60)
    return f"{hour} h {rest:02}" if rest else f"{hour} h"


def _by(rows: pd.DataFrame, day: date) -> npt.NDArray[np.bool_]:
    issued: npt.NDArray[np.bool_] = (rows["issued_day"] <= day_number(day)).to_numpy()
    return issued


def _without_migrations(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Leave out what was entered on one day of one source for many months; say how many documents that was."""
    months = pd.Series(months_of(rows["issued_day"].to_numpy(dtype="float64")), index=rows.index)
    day = [rows["connection_id"], rows["entered_day"]]
    many = months.groupby(day).transform("nunique") >= MIGRATED_MONTHS
    migrated = many & (months.groupby(day).transform("size") >= FEWEST)
    return rows[~migrated], int(migrated.sum())


def _with_a_clock(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the sources whose moments are spread over the day."""
    minute = rows["entered_minute"] % DAY_MINUTES
    most = minute.groupby(rows["connection_id"]).agg(lambda each: each.value_counts(normalize=True).iloc[0])
    return rows[rows["connection_id"].isin(most.index[most < ONE_MINUTE_SHARE])]


def _open(rows: pd.DataFrame, policy: Policy) -> npt.NDArray[np.bool_]:
    days = rows["entered_day"].to_numpy().astype("int64").astype("datetime64[D]")
    working: npt.NDArray[np.bool_] = np.is_busday(days, holidays=sorted(policy.closed_days))
    return working


def _answered(blank: Measure, found: pd.DataFrame, counted: pd.DataFrame, notes: tuple[Reason, ...]) -> Measure:
    rate = Rate(len(found), len(counted))
    low, high = rate.bounds
    return replace(
        blank,
        value=rate.value,
        low=low,
        high=high,
        n=rate.n,
        tier=Tier.DIRECT,
        sources=sources_of(counted),
        notes=notes,
        records=record_keys(found, "entered_day"),
        records_total=len(found),
    )
