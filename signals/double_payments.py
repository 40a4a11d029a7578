"""Double payments: one bank reference paid twice (K30, rule R5)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import pandas as pd

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.calendar import day_number
from signals.policy import Policy
from signals.rates import Rate, in_window, record_keys, sources_of
from signals.standing import plain_number

YEAR_DAYS = 365
LATEST_DAYS = 200
"""A payment of the same reference and amount after so many days is the next one of a standing order."""
STANDING_ORDER = 3  # so many of a kind
SHORTEST_REFERENCE = 4
KEYS = ["connection_id", "direction", "party", "plain", "amount"]


def paid_twice(payments: pd.DataFrame) -> pd.DataFrame:
    """Give the payments that repeat an earlier one: same source, direction, party, reference and amount.

    `payments`: `connection_id`, `external_id`, `direction` (in, out), `party` ("" allowed), `reference`,
    `paid_day`, `amount_minor` (negative: came back) and `owed_minor` (the total of the invoice it pays, NaN: not
    known). A reference needs four characters and a digit: "LOYER" is a purpose. Left out: what was paid on the same
    day (one transfer that settles several invoices is told once an invoice), what came back (it takes away the
    payment before it), standing orders (three or more of a kind), instalments (the invoice owed them all), and what
    comes more than 200 days later. Same columns, in order of payment.
    """
    plain = payments["reference"].map(plain_number).astype("str")
    told = plain.str.len().ge(SHORTEST_REFERENCE) & plain.str.contains(r"\d") & payments["amount_minor"].ne(0)
    rows = payments[told].assign(plain=plain[told], amount=payments["amount_minor"].abs())
    # On one day money goes before it comes back.
    rows = rows.assign(back=rows["amount_minor"] < 0)
    rows = rows.sort_values(["paid_day", "back", "connection_id", "external_id"], ignore_index=True)
    kept = rows[~rows["back"] & ~rows.index.isin(list(_came_back(rows)))]
    group = kept.groupby(KEYS, sort=False)
    rank, size = group.cumcount(), group["paid_day"].transform("size")
    instalment = kept["owed_minor"] >= kept["amount"] * (rank + 1)
    near = (kept["paid_day"] - group["paid_day"].shift()).between(1, LATEST_DAYS)
    found: pd.DataFrame = kept.loc[near & (size < STANDING_ORDER) & ~instalment, list(payments.columns)]
    return found.reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class DoublePayments:
    """K30, R5: the share of the last twelve months' payments that repeat a bank reference already paid."""

    name: ClassVar[str] = "double_payment_rate"
    kpi: ClassVar[str] = "K30"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Count suspected ones among payments with a reference; what came back, somebody has seen to already."""
        window = (books.as_of - timedelta(days=YEAR_DAYS - 1), books.as_of)
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.SHARE, window=window)
        table = books["payments"]
        if table.empty:
            listed = (books["feeds"]["stream"] == "payments").any()
            return replace(answer, reason=Reason("no_payment_references" if listed else "no_payments"))
        table = table[table["paid_day"] <= day_number(books.as_of)]
        paid = table[in_window(table["paid_day"].to_numpy(), window) & (table["amount_minor"] > 0)]
        referred = paid[paid["reference"] != ""]
        if referred.empty:
            return replace(answer, n=len(paid), reason=Reason("no_payment_references"))
        found = paid_twice(table)
        found = found[in_window(found["paid_day"].to_numpy(), window)]
        rate = Rate(len(found), len(referred))
        low, high = rate.bounds
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            tier=Tier.DIRECT,
            sources=sources_of(referred),
            notes=(Reason("duplicates_suspected"),),
            records=record_keys(found, "paid_day", "payments"),
            records_total=len(found),
        )


def _came_back(rows: pd.DataFrame) -> set[int]:
    """Give the places of payments, in order, that a later one of the same kind took back: the newest still standing."""
    if not rows["back"].any():
        return set()
    group = rows.groupby(KEYS, sort=False)
    kind, concerned = group.ngroup(), group["back"].transform("any")
    gone: set[int] = set()
    waiting: dict[int, list[int]] = {}
    for at in rows.index[concerned].tolist():
        stack = waiting.setdefault(int(kind[at]), [])
        if not rows["back"][at]:
            stack.append(at)
        elif stack:
            gone.add(stack.pop())
    return gone
