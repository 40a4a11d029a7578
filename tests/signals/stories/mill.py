"""Turns a company's courses into the tables of its books."""

from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.books import COLUMNS, DAY, FLAG, INT, TEXT, Books
from signals.calendar import Days, day_number, month_end, month_number, months_of
from signals.closures import DAYS_A_WEEK, open_days
from tests.signals.stories.company import Company, Login
from tests.signals.stories.courses import Course, at

TERMS = 30  # days in which customers are asked to pay
GRACE = 7
REMINDED_EVERY = 21
DAYS_A_MONTH = 21  # working days
DOCUMENTED_DAYS = 730  # how far back the documents themselves are kept: facts go back to the first day

_BLANK = {DAY: np.nan, TEXT: "", FLAG: False, INT: 0}


def books_of(company: Company) -> Books:
    """Give the books of a company's last day."""
    made = {name: table for name, table in _Mill(company).tables().items() if len(table)}
    return Books("story", company.until, made, declarations=tuple(company.declarations()), imported_on=company.start)


class _Mill:
    """Turns a company's courses into tables."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.first, self.today = day_number(company.start), day_number(company.until)
        # One stream of numbers for each part: a change in one leaves the others as they were.
        self._seeds = count()
        open_ = np.is_busday(
            np.arange(self.first, self.today + 1).astype("datetime64[D]"), holidays=sorted(company.closed)
        )
        self.open: Days = self.first + np.flatnonzero(open_).astype("float64")

    def tables(self) -> dict[str, pd.DataFrame]:
        told, company = set(self.company.streams), self.company
        made = {"feeds": self._feeds()}
        invoices = self._invoices()
        if "invoices" in told:
            made |= self._of_invoices(invoices) | {"volume": self._volume(invoices)}
            made["overdue"] = self._overdue(invoices)
        reminders = self._reminders(invoices)
        if "reminders" in told:
            made["reminders"] = reminders
        if not company.documents:
            made.pop("documents", None)
        events, hours = self._events(), self._hours()
        made |= {"events": events} if "activities" in told else {}
        made |= {"hours": hours} if "time" in told else {}
        made |= {"absences": self._absences()} if "absences" in told else {}
        made |= {"staff": self._staff()} if "staff" in told else {}
        made |= {"costs": self._costs()} if "costs" in told and company.wages is not None else {}
        return made

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng([self.company.seed, next(self._seeds)])

    def _feeds(self) -> pd.DataFrame:
        streams = self.company.streams
        read = [day_number(self.company.read_until.get(stream, self.company.until)) for stream in streams]
        return _table(
            "feeds", len(streams), connection_id="erp", provider="erp", kind="api", stream=list(streams), rows=9,
            read_day=read, first_day=self.first, last_day=read,
        )  # fmt: skip

    def _a_day(self, rng: np.random.Generator, a_month: Course) -> Days:
        """Draw how many documents each open day brings."""
        months = months_of(self.open).astype("int64") - month_number(self.company.start)
        sway: Days = rng.normal(0, self.company.bursts, months.max() + 1)[months]
        drawn: Days = rng.poisson(at(a_month, self.open) / DAYS_A_MONTH * np.exp(sway)).astype("float64")
        return drawn

    def _later(self, days: Days, working_days: npt.NDArray[np.int64]) -> Days:
        closed = np.array(sorted(self.company.closed), dtype="datetime64[D]")
        stamps = days.astype("int64").astype("datetime64[D]")
        moved = np.busday_offset(stamps, working_days, roll="forward", holidays=closed)
        later: Days = moved.astype("int64").astype("float64")
        return later

    def _invoices(self) -> pd.DataFrame:
        """Draw every invoice with all its days, those after today included."""
        rng, company = self._rng(), self.company
        service = np.repeat(self.open, self._a_day(rng, company.sales).astype("int64"))
        n = len(service)
        is_late = rng.random(n) < at(company.late, service)
        lag = np.where(is_late, 5 + rng.geometric(0.15, n), rng.integers(0, 4, n))
        issued = self._later(service, lag)
        rng = self._rng()
        wrong = rng.random(n) < at(company.errors, issued)
        corrected = np.where(wrong, issued + rng.integers(3, 45, n), np.nan)
        rng = self._rng()
        due = issued + TERMS
        slow = rng.random(n) < at(company.pays_late, due)
        after = 1 + np.floor(rng.exponential(1.0, n) * at(company.days_late, due))
        paid = np.where(slow, due + after, due - rng.integers(0, 10, n))
        return pd.DataFrame(
            {
                "external_id": [f"F{i:06}" for i in range(n)],
                "service_day": service,
                "issued_day": issued,
                "corrected_day": corrected,
                "due_day": due,
                "paid_day": paid,
                "party": rng.integers(0, 40, n),
                "total_minor": np.round(rng.lognormal(11, 0.8, n)),
            }
        )

    def _of_invoices(self, invoices: pd.DataFrame) -> dict[str, pd.DataFrame]:
        known = self._known(invoices[invoices["issued_day"] <= self.today])
        days = known.groupby(["service_day", "issued_day"], as_index=False).size()
        fixes = known.groupby(["issued_day", "corrected_day"], as_index=False, dropna=False).size()
        recent = known[known["issued_day"] > self.today - DOCUMENTED_DAYS]
        return {
            "issue_days": _table(
                "issue_days", len(days), connection_id="erp", service_day=days["service_day"],
                issued_day=days["issued_day"], n=days["size"],
            ),
            "corrections": _table(
                "corrections", len(fixes), connection_id="erp", issued_day=fixes["issued_day"],
                corrected_day=fixes["corrected_day"], n=fixes["size"],
            ),
            "documents": _table(
                "documents", len(recent), connection_id="erp", direct=True, direction="sale", kind="invoice",
                external_id=recent["external_id"], number=recent["external_id"],
                party="C" + recent["party"].astype(str), service_day=recent["service_day"],
                issued_day=recent["issued_day"], sent_day=recent["issued_day"], due_day=recent["due_day"],
                paid_day=recent["paid_day"], corrected_day=recent["corrected_day"], total_minor=recent["total_minor"],
            ),
        }  # fmt: skip

    def _known(self, invoices: pd.DataFrame) -> pd.DataFrame:
        """Leave out what is still to come."""
        later = ("corrected_day", "paid_day")
        return invoices.assign(**{name: invoices[name].where(invoices[name] <= self.today) for name in later})

    def _volume(self, invoices: pd.DataFrame) -> pd.DataFrame:
        sold = invoices.loc[invoices["issued_day"] <= self.today, "issued_day"].to_numpy()
        bought = np.repeat(self.open, self._a_day(self._rng(), self.company.purchases).astype("int64"))
        parts = []
        for direction, days in (("sale", sold), ("purchase", bought)):
            months, n = np.unique(months_of(days).astype("int64"), return_counts=True)
            parts.append(
                _table(
                    "volume", len(months), connection_id="erp", direct=True, month=months, direction=direction,
                    kind="invoice", n=n,
                )
            )  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def _overdue(self, invoices: pd.DataFrame) -> pd.DataFrame:
        owed = self._known(invoices[(invoices["paid_day"] > invoices["due_day"]) & (invoices["due_day"] < self.today)])
        return _table(
            "overdue", len(owed), connection_id="erp", external_id=owed["external_id"], due_day=owed["due_day"],
            paid_day=owed["paid_day"], total_minor=owed["total_minor"],
        )  # fmt: skip

    def _reminders(self, invoices: pd.DataFrame) -> pd.DataFrame:
        """Send a reminder within some working days after the grace, and again every three weeks, until it is paid."""
        rng = self._rng()
        asked = rng.random(len(invoices)) >= at(self.company.unreminded, invoices["due_day"].to_numpy())
        wait = rng.integers(1, self.company.reminded_within + 1, len(invoices))
        owed, wait = invoices[asked], wait[asked]
        first = self._later(owed["due_day"].to_numpy() + GRACE, wait)
        sent, ids = [], []
        for turn in range(12):
            day = self._later(first + REMINDED_EVERY * turn, np.zeros(len(first), dtype="int64"))
            goes = (day < owed["paid_day"].to_numpy()) & (day <= self.today)
            sent.append(day[goes])
            ids.append(owed["external_id"].to_numpy()[goes])
        days, names = np.concatenate(sent), np.concatenate(ids)
        return _table("reminders", len(days), connection_id="erp", invoice_id=names, sent_day=days)

    def _events(self) -> pd.DataFrame:
        parts = []
        for login in self.company.staff:
            rng = self._rng()
            for process in login.processes:
                n = rng.poisson(login.events_a_day, len(self.open))
                visits = (np.arange(len(self.open)) % login.batch_every) == 0
                n = np.where(visits & ~self._away(login), n * login.batch_every, 0)
                parts.append(
                    _table(
                        "events", len(n), day=self.open, actor=login.actor, role=login.role, process=process, n=n
                    )[n > 0]
                )  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def _away(self, login: Login) -> npt.NDArray[np.bool_]:
        away = np.zeros(len(self.open), dtype=bool)
        for first, last in login.away:
            away |= (self.open >= day_number(first)) & (self.open <= day_number(last))
        return away

    def _hours(self) -> pd.DataFrame:
        monday = self.first - (self.first + 3) % DAYS_A_WEEK
        weeks = np.arange(monday, self.today - 5, DAYS_A_WEEK, dtype="float64")
        manned = open_days(weeks, self.company.closed) / 5
        director = Login("dora", "director", hours_per_week=self.company.director_hours)
        parts = []
        for login in (director, *self.company.staff):
            rng = self._rng()
            hours = at(login.hours_per_week, weeks) * manned * np.clip(rng.normal(1, 0.25, len(weeks)), 0, None)
            parts.append(
                _table(
                    "hours", len(weeks), week_day=weeks, actor=login.actor, role=login.role, process="invoicing",
                    minutes=np.round(hours * 60),
                )
            )  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def _absences(self) -> pd.DataFrame:
        spans = [(w.actor, a, b) for w in self.company.staff for a, b in w.away if a <= self.company.until]
        return _table(
            "absences", len(spans), actor=[s[0] for s in spans], start_day=[day_number(s[1]) for s in spans],
            end_day=[day_number(s[2]) for s in spans],
        )  # fmt: skip

    def _staff(self) -> pd.DataFrame:
        people = (Login("dora", "director"), *self.company.staff)
        return _table(
            "staff", len(people), actor=[p.actor for p in people], role=[p.role for p in people],
            hours_per_week=35.0, entered_day=self.first,
        )  # fmt: skip

    def _costs(self) -> pd.DataFrame:
        months = np.arange(month_number(self.company.start), month_number(self.company.until) + 1)
        months = months[[month_end(int(m)) <= self.company.until for m in months]]
        spent = (("wages", self.company.wages or 0.0), ("software", 150.0))
        return pd.concat(
            [
                _table("costs", len(months), month=months, kind=kind, amount_minor=round(100 * eur))
                for kind, eur in spent
            ],
            ignore_index=True,
        )


def _table(table: str, length: int, /, **columns: Any) -> pd.DataFrame:
    """Make a table of so many rows; columns not given are left blank."""
    filled = {
        name: np.broadcast_to(np.asarray(columns.get(name, _BLANK[dtype])), length)
        for name, dtype in COLUMNS[table].items()
    }
    return pd.DataFrame(filled).astype(dict(COLUMNS[table]))
