"""A company made up day by day, whose books can be read on any day: the stage of the stories.

What may change over the years is a course: a number, or a function of day numbers. One seed, one company: the same
books to the last row. Everything is drawn in whole arrays, five years of a busy office in a tenth of a second.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

from app.holidays import french_holidays
from signals.books import Declaration, Range, Sheet
from signals.closures import closure_days
from signals.policy import Policy
from tests.signals.stories.courses import Course, Spans, holidays_of

PROCESSES = ("invoicing", "dunning", "purchases", "bank")
STREAMS = ("invoices", "payments", "reminders", "time", "activities", "absences", "staff", "costs")
PRICE = Range(2000, 2500)  # EUR a month


@dataclass(frozen=True)
class Login:
    """Who works in the back office: on what, how often a working day, and when away."""

    actor: str
    role: str = "admin"
    processes: tuple[str, ...] = PROCESSES
    events_a_day: float = 3.0
    hours_per_week: Course = 30.0
    away: Spans = ()
    batch_every: int = 1  # days between two visits; a visit does all at once


ANN = Login("ann", away=holidays_of(2019, 2027, (2, 7), (7, 10)))
BOB = Login("bob", away=holidays_of(2019, 2027, (4, 10), (8, 14)))


@dataclass(frozen=True)
class Company:
    """A well-kept company, unless told otherwise; shares are of 1, days calendar days, lags as `Policy` counts them."""

    seed: int = 2
    start: date = date(2021, 1, 4)
    until: date = date(2025, 12, 28)
    sales: Course = 120.0  # a month
    purchases: Course = 60.0  # a month
    bursts: float = 0.0  # log standard deviation of a month's volume beside chance
    late: Course = 0.02  # share issued after the deadline
    errors: Course = 0.015  # share on which an error shows
    unreminded: Course = 0.03  # share of overdue invoices nobody ever reminds of
    reminded_within: int = 2  # working days after the grace
    pays_late: Course = 0.35  # share of invoices paid after the due day
    days_late: Course = 20.0  # mean days after the due day, of those
    director_hours: Course = 4.0  # a week
    staff: tuple[Login, ...] = (ANN, BOB)
    wages: float | None = 7000.0  # EUR a month of the back office; None: no cost source
    closures: Spans = ()
    streams: tuple[str, ...] = STREAMS
    read_until: Mapping[str, date] = field(default_factory=dict)  # when the last reading of a stream was
    declared: bool = True
    operators: tuple[str, ...] | None = None  # declared of every process; None: the staff who do it
    documented: bool = True
    owned: bool = True
    restructuring: bool | None = False
    price: Range | None = PRICE
    documents: bool = False  # whether the books hold the documents themselves, which only explain

    @property
    def policy(self) -> Policy:
        """Give the default policy with the company's calendar."""
        return Policy(closed_days=self.closed)

    @property
    def confirmed(self) -> Policy:
        """Give the policy after somebody confirmed the first year as normal."""
        return replace(self.policy, baseline_period=(self.start, self.start + timedelta(days=370)))

    @cached_property
    def closed(self) -> frozenset[date]:
        """Give public holidays and closures."""
        return french_holidays(self.start.year - 1, self.until.year + 2) | closure_days(self.closures)

    def declarations(self) -> Iterator[Declaration]:
        """Give what is declared on the first day, and again every 300 days."""
        day = self.start
        while self.declared and day <= self.until:
            told = self.documented
            blank = Sheet(
                reviewed_on=day, tasks=told, frequency=told, validation_rules=told, tools=True, approval_rule=True,
                owner=self.owned,
            )  # fmt: skip
            sheets = {name: replace(blank, operators=self._operators(name)) for name in PROCESSES}
            yield Declaration(
                stated_on=day, since=day, signed_by="p1", sheets=sheets, restructuring=self.restructuring,
                provider_price=self.price,
            )  # fmt: skip
            day += timedelta(days=300)

    def _operators(self, process: str) -> tuple[str, ...]:
        if self.operators is not None:
            return self.operators
        return tuple(login.actor for login in self.staff if process in login.processes)
