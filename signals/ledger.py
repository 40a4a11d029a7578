"""What a general ledger can say of quality and volume: faults of form, open lines, late booking, documents booked.

A ledger names no user and no reminder: it explains, and carries no level.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import numpy as np
import pandas as pd

from signals.base import Measure, Point, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number, day_of, last_complete_month, month_end, month_start, months_of
from signals.counters import shape_of
from signals.informative import LEDGER, informative, profile_of
from signals.open_lines import Suspense, Unlettered
from signals.policy import Policy
from signals.rates import Rate, in_window, record_keys, sources_of
from signals.series import series_of

__all__ = ["BookingLag", "LedgerVolume", "StructuralFaults", "Suspense", "Unlettered"]

YEAR_DAYS = 365
DOCUMENT_KINDS = ("sale", "sale_credit", "purchase", "purchase_credit")
PIECE, VALID = "piece_on", "valid_on"
MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class StructuralFaults:
    """K37: faults of form: entries out of balance, two-sided lines, dates out of the year, lines refused.

    What was read in spite of an odd spelling is noted by its code, not counted; so are breaks in the entry numbers,
    which may have good reasons.
    """

    name: ClassVar[str] = "structural_faults"
    kpi: ClassVar[str] = "K37"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Count faults over the recent entries and the files read."""
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.COUNT)
        entries = books["entries"]
        entries = entries[entries["entry_day"] <= day_number(books.as_of)]
        faults = books["faults"]
        if entries.empty and faults.empty:
            return replace(answer, reason=Reason("no_ledger"))
        kinds = {
            "entries_unbalanced": entries["debit_minor"] != entries["credit_minor"],
            "entries_two_sided": entries["both_sides"] > 0,
            "entries_outside_year": _outside_year(entries),
        }
        counts = {code: int(flags.sum()) for code, flags in kinds.items()}
        refused = _by_code(faults[~faults["kept"]], "fault_refused")
        notes = [Reason(code, {"n": n}) for code, n in counts.items()]
        wrong = entries[np.logical_or.reduce([flags.to_numpy() for flags in kinds.values()])]
        return replace(
            answer,
            value=float(sum(counts.values()) + int(faults.loc[~faults["kept"], "n"].sum())),
            n=len(entries),
            window=(day_of(entries["entry_day"].min()), books.as_of) if len(entries) else None,
            tier=Tier.DIRECT,
            sources=sources_of(entries, faults),
            notes=(*notes, *refused, *_by_code(faults[faults["kept"]], "fault_kept"), *_number_breaks(entries)),
            records=record_keys(wrong, "entry_day", LEDGER),
            records_total=len(wrong),
        )


@dataclass(frozen=True, slots=True)
class BookingLag:
    """K35: the share of sales and purchases booked more than `Policy.late_booking_days` after their date.

    The lag is entry date less piece date; where pieces bear no date of their own, validation date less entry date.
    Bank entries are left out: from invoice to payment is the customer's time, not ours.
    """

    name: ClassVar[str] = "late_booking"
    kpi: ClassVar[str] = "K35"

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Measure the last twelve months; an entry not validated when the time is up is late."""
        window = (books.as_of - timedelta(days=YEAR_DAYS - 1), books.as_of)
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.SHARE, window=window)
        entries = books["entries"]
        if entries.empty:
            return replace(answer, reason=Reason("no_ledger"))
        entries = entries[entries["kind"].isin(DOCUMENT_KINDS) & (entries["entry_day"] <= day_number(books.as_of))]
        notes: list[Reason] = []
        parts = []
        for connection, rows in entries.groupby("connection_id"):
            lags, said = _lags(books, str(connection), rows)
            notes += said
            if lags is not None:
                parts.append(rows.assign(lag=lags, by_validation=said[-1].code == "booking_lag_by_validation"))
        if not parts:
            code = "piece_date_not_informative" if len(entries) else "no_documents_booked"
            return replace(answer, reason=Reason(code), notes=tuple(notes))
        measured = pd.concat(parts)
        measured = measured[in_window(measured["entry_day"].to_numpy(), window)]
        waiting = measured["lag"].isna() & measured["by_validation"]
        up = day_number(books.as_of) - measured["entry_day"] > policy.late_booking_days
        judged = measured[measured["lag"].notna() | (waiting & up)]
        if judged.empty:
            return replace(answer, reason=Reason("no_documents_booked"), notes=tuple(notes))
        late = judged[~(judged["lag"] <= policy.late_booking_days)]
        known = judged["lag"].dropna()
        if len(known):
            middle, long = np.quantile(known, [0.5, 0.9])
            notes.insert(0, Reason("booking_lag_days", {"p50": float(middle), "p90": float(long), "n": len(known)}))
        rate = Rate(len(late), len(judged))
        low, high = rate.bounds
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            tier=Tier.DIRECT,
            sources=sources_of(judged),
            notes=tuple(notes),
            records=record_keys(late, "entry_day", LEDGER),
            records_total=len(late),
        )


@dataclass(frozen=True, slots=True)
class LedgerVolume:
    """Documents booked a month over the last twelve complete months, and the customers they are for."""

    name: ClassVar[str] = "ledger_documents"
    kpi: ClassVar[str] = ""

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Count sale and purchase entries of the months that the ledger covers whole."""
        answer = Measure(name=self.name, kpi=self.kpi, signal=None, unit=Unit.PER_MONTH)
        entries = books["entries"]
        if entries.empty:
            return replace(answer, reason=Reason("no_ledger"))
        month = months_of(entries["entry_day"].to_numpy(dtype="float64"))
        last = min(last_complete_month(books.as_of), int(np.nanmax(month)))
        first = max(last - 11, int(np.nanmin(month)))
        if first > last:
            return replace(answer, reason=Reason("no_complete_month"))
        booked = entries[entries["kind"].isin(DOCUMENT_KINDS) & (month >= first) & (month <= last)]
        counts = pd.Series(months_of(booked["entry_day"].to_numpy(dtype="float64"))).value_counts()
        series = tuple(Point(m, float(counts.get(m, 0)), n=int(counts.get(m, 0))) for m in range(first, last + 1))
        sold = booked[booked["kind"].isin(DOCUMENT_KINDS[:2])]
        named = sold[sold["party"] != ""]
        notes = [Reason("ledger_customers", {"n": len(named[["connection_id", "party"]].drop_duplicates())})]
        if len(named) < len(sold):
            notes.append(Reason("ledger_parties_unknown", {"n": len(sold) - len(named), "of": len(sold)}))
        return replace(
            answer,
            value=len(booked) / len(series),
            n=len(booked),
            window=(month_start(first), month_end(last)),
            tier=Tier.PROXY,
            sources=sources_of(entries),
            notes=tuple(notes),
            series=series,
        )


def _outside_year(entries: pd.DataFrame) -> "pd.Series[bool]":
    """Say which entries are dated outside their fiscal year, as far as it can be known.

    A year that opens with balances brought forward starts that day and lasts twelve months. Of others only the
    closing year is known: their entries are of that calendar year or the one before.
    """
    keys = ["connection_id", "fiscal_year"]
    opened = entries[entries["kind"] == "opening"].groupby(keys, as_index=False)["entry_day"].min()
    start = entries[keys].merge(opened, on=keys, how="left")["entry_day"].to_numpy(dtype="float64")
    day = entries["entry_day"].to_numpy(dtype="float64")
    behind = entries["fiscal_year"].to_numpy() - months_of(day) // 12
    by_opening = (day < start) | (months_of(day) > months_of(start) + 11)
    by_year = (behind < 0) | (behind > 1)
    return pd.Series(np.where(np.isnan(start), by_year, by_opening), index=entries.index, dtype=bool)


def _by_code(faults: pd.DataFrame, code: str) -> tuple[Reason, ...]:
    totals = faults.groupby("code")["n"].sum()
    return tuple(Reason(code, {"code": str(name), "n": int(n)}) for name, n in totals.items())


def _number_breaks(entries: pd.DataFrame) -> Iterable[Reason]:
    """Note where entry numbers don't go on: inside a journal, or over all journals where these share one counter.

    Entries are numbered as they are typed, not as they are dated: dates are left out of it. A fiscal year counts for
    itself only where numbers come back from one to the next.
    """
    for connection, all_years in entries.groupby("connection_id"):
        for rows in _counting_on(all_years):
            bare = rows["number"].map(shape_of) == "#"
            shared = not rows.loc[bare, "number"].duplicated().any()
            numbered = pd.DataFrame(
                {
                    "connection_id": rows["journal"].mask(bare, "*") if shared else rows["journal"],
                    "external_id": rows["external_id"],
                    "direct": False,
                    "direction": "sale",
                    "kind": "invoice",
                    "number": rows["number"],
                    "issued_day": np.nan,
                }
            )
            for one in series_of(numbered):
                if one.missing_total:
                    year = int(rows["fiscal_year"].max())
                    where = {"connection": str(connection), "journal": one.connection_id, "series": one.label}
                    yield Reason("entry_number_breaks", {**where, "year": year, "n": one.missing_total})


def _counting_on(entries: pd.DataFrame) -> list[pd.DataFrame]:
    if not entries.duplicated(["journal", "number"]).any():
        return [entries]
    return [rows for _, rows in entries.groupby("fiscal_year")]


def _lags(books: Books, connection: str, rows: pd.DataFrame) -> tuple["pd.Series[float] | None", list[Reason]]:
    """Give the lags of one source in days, and why those dates; the last note says which, where there are lags."""
    dates = {PIECE: rows["piece_day"], VALID: rows["valid_day"], "entry_on": rows["entry_day"]}
    notes: list[Reason] = []
    for name, code in ((PIECE, "booking_lag_by_piece"), (VALID, "booking_lag_by_validation")):
        usable, reason = _usable(books, connection, name, dates)
        if usable:
            lags = dates["entry_on"] - dates[PIECE] if name == PIECE else dates[VALID] - dates["entry_on"]
            return lags, [*notes, Reason(code, {"connection": connection, "n": int(lags.notna().sum())})]
        notes.append(Reason(reason.code, {**reason.params, "connection": connection}))
    return None, notes


def _usable(books: Books, connection: str, name: str, dates: "dict[str, pd.Series[float]]") -> tuple[bool, Reason]:
    """Judge a date field by the source's profile, then on the very entries measured.

    A payment's piece date is the invoice's: a field that says something over the whole file may say nothing of
    sales and purchases. A piece dated after its entry isn't a document's date but the day somebody typed it.
    """
    profiled = informative(books, connection, LEDGER, name)
    if not profiled.informative and profiled.reason.code != "field_unknown":
        return False, profiled.reason
    profile = profile_of(dates[name], {"entry_on": dates["entry_on"]})
    usable, reason = profile.judge(name)
    if usable and profile.equal["entry_on"] == profile.filled:  # however few: a lag of nothing but zeros is no lag
        usable, reason = False, Reason("field_equals", {"field": name, "other": "entry_on", "n": profile.n})
    if not usable:
        return False, reason
    after = float((dates[name] > dates["entry_on"]).sum()) / max(1, int(dates[name].notna().sum()))
    if name == PIECE and after > MOSTLY:
        return False, Reason("piece_after_entry", {"share": after})
    return True, reason
