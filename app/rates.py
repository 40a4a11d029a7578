"""Exchange rates kept, and amounts converted by the rate of their own day.

An amount in another currency than the company's is worth what it was worth on the day of its document: the rate of that
day, or the newest of the seven days before it, for none is fixed on weekends and holidays. Both ways go through the
euro. An amount without a rate is not said: it counts in no sum, and that is said.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, delete, func, insert, select, type_coerce, union, update
from sqlalchemy import Integer as Int

from app.db import write
from app.models.core import company, connection
from app.models.rates import exchange_rate
from app.models.records import cost, document
from connectors.base import Fault
from connectors.files.ecb_rates import read_rates

EURO = "EUR"
MICRO = 1_000_000
GOOD_FOR_DAYS = 7
AT_ONCE = 1_000

Fixed = Mapping[str, tuple[list[int], list[int]]]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file of rates brought."""

    new: int
    changed: int
    unchanged: int
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class Money:
    """Converts into a company's currency; `unconverted` counts what it had no rate for, by currency."""

    currency: str
    fixed: Fixed
    unconverted: dict[str, int] = field(default_factory=dict)

    def convert(self, minor: float, currency: str, day: float) -> float | None:
        """Give an amount in the company's currency (half to even), or None where a rate is missing for its day."""
        if currency == self.currency or not currency:
            return minor
        theirs, ours = self._per_euro(currency, day), self._per_euro(self.currency, day)
        if theirs is None or ours is None:
            return None
        whole, rest = divmod(abs(int(minor)) * ours, theirs)
        up = 2 * rest > theirs or (2 * rest == theirs and whole % 2 == 1)
        return float((whole + up) * (1 if minor >= 0 else -1))

    def _per_euro(self, currency: str, day: float) -> int | None:
        if currency == EURO:
            return MICRO
        days, rates = self.fixed.get(currency, ([], []))
        at = bisect_right(days, int(day)) - 1 if day == day else -1  # noqa: PLR0124 - NaN: no day
        return rates[at] if at >= 0 and int(day) - days[at] <= GOOD_FOR_DAYS else None

    def converted(self, frame: pd.DataFrame, amount: str, day: str) -> pd.DataFrame:
        """Convert a column of minor units by the days of another; what has no rate becomes NaN, and is counted.

        The frame has a `currency`; most have nothing to convert, and are given back as they are.
        """
        own = frame["currency"].fillna("").isin((self.currency, "")) | frame[amount].isna()
        if bool(own.all()):
            return frame
        out = frame[amount].astype("float64").to_numpy(copy=True)
        for i in (~own).to_numpy().nonzero()[0].tolist():
            currency = str(frame["currency"].iloc[i])
            value = self.convert(float(out[i]), currency, float(frame[day].iloc[i]))
            if value is None:
                self.unconverted[currency] = self.unconverted.get(currency, 0) + 1
            out[i] = float("nan") if value is None else value
        return frame.assign(**{amount: out})


def money_of(conn: Connection, currency: str) -> Money:
    """Give what converts into a currency, with every rate kept."""
    r = exchange_rate.c
    fixed: dict[str, tuple[list[int], list[int]]] = {}
    query = select(r.currency, type_coerce(r.day, Int), r.per_euro_micro).order_by(r.currency, r.day)
    for code, day, rate in conn.execute(query):
        days, rates = fixed.setdefault(str(code), ([], []))
        days.append(int(day))
        rates.append(int(rate))
    return Money(currency, fixed)


def import_rates(engine: Engine, path: Path, now: datetime, told: Callable[[int], None] = lambda _: None) -> Imported:
    """Keep the rates of a file; companies they concern are assessed anew at the next tick. Raises NotThisFormat."""
    faults: list[Fault] = []
    found: dict[tuple[str, date], int] = {}
    for one in read_rates(path):
        if isinstance(one, Fault):
            faults.append(one)
        else:
            found[one.currency, one.day] = max(1, int((one.per_euro * MICRO).to_integral_value()))
    with write(engine) as conn:
        new, changed = _keep(conn, found, told)
        if new or changed:
            conn.execute(update(connection).where(connection.c.company_id.in_(_concerned())).values(changed_at=now))
    return Imported(new, changed, len(found) - new - changed, tuple(faults))


def _concerned() -> Any:
    """Name the companies with an amount in another currency than their own."""
    d, k, c = document.c, cost.c, company.c
    documents = select(d.company_id).join(company, c.id == d.company_id).where(d.currency != c.currency)
    return union(documents, select(k.company_id).join(company, c.id == k.company_id).where(k.currency != c.currency))


def _keep(conn: Connection, found: Mapping[tuple[str, date], int], told: Callable[[int], None]) -> tuple[int, int]:
    r = exchange_rate.c
    known = {(str(c), d): int(v) for c, d, v in conn.execute(select(r.currency, r.day, r.per_euro_micro))}
    other = [key for key, value in found.items() if known.get(key, value) != value]
    for currency, day in other:
        conn.execute(delete(exchange_rate).where(r.currency == currency, r.day == day))
    rows = [
        {"currency": currency, "day": day, "per_euro_micro": value}
        for (currency, day), value in found.items()
        if known.get((currency, day)) != value
    ]
    for start in range(0, len(rows), AT_ONCE):
        conn.execute(insert(exchange_rate), rows[start : start + AT_ONCE])
        told(min(start + AT_ONCE, len(rows)))
    return len(rows) - len(other), len(other)


@dataclass(frozen=True, slots=True)
class Kept:
    """The rates kept of a currency."""

    currency: str
    days: int
    first: date
    last: date


def rates_kept(conn: Connection) -> list[Kept]:
    """List the currencies there are rates of, with how many days and from when to when."""
    r = exchange_rate.c
    query = select(r.currency, func.count(), func.min(r.day), func.max(r.day)).group_by(r.currency).order_by(r.currency)
    return [Kept(*row) for row in conn.execute(query)]
