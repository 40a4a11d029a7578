"""The staff of the demonstration, when they are away, and who does a task on a day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random

from connectors.demo_company import (
    DIRECTOR,
    FIRST,
    HANDED_OVER,
    PROVIDER,
    SECOND,
    SECOND_ENTERS,
    SECOND_LEAVES,
    Story,
    after_weekdays,
    open_from,
)
from connectors.demo_names import person_name
from connectors.records import Absence, Employee, Process, StaffRole

STAFF_AT_START = 20
HIRED_PER_MONTH = 25 / 36
LEAVERS = {5: 9, 12: 17, 24: 30}
"""Others who leave: staff number and month. Each is replaced, so that the head count follows the plan."""

# Weeks away: (month of the story, which open day of it, open days away). Early ones are covered by the colleague.
_FIRST_AWAY = ((9, 7, 5), (20, 7, 5), (28, 10, 5), (32, 10, 5), (35, 5, 5))
_SECOND_AWAY = ((10, 8, 5), (16, 8, 10), (23, 8, 5))
_LATER_AWAY_EVERY = 3  # months, once the story goes on beyond its plan

# Who takes a task, by how the office is staffed. Reporting is partly the director's own all along.
_BEFORE: Mapping[str, float] = {FIRST: 0.7, DIRECTOR: 0.3}
_TOGETHER: Mapping[str, float] = {FIRST: 0.55, SECOND: 0.42, DIRECTOR: 0.03}
_TOGETHER_REPORTING: Mapping[str, float] = {FIRST: 0.4, SECOND: 0.3, DIRECTOR: 0.3}
_ALONE: Mapping[str, float] = {FIRST: 0.98, DIRECTOR: 0.02}
_ALONE_REPORTING: Mapping[str, float] = {FIRST: 0.65, DIRECTOR: 0.35}
_SHARED: Mapping[str, float] = {FIRST: 0.53, PROVIDER: 0.45, DIRECTOR: 0.02}
_SHARED_REPORTING: Mapping[str, float] = {FIRST: 0.4, PROVIDER: 0.35, DIRECTOR: 0.25}

_COVERED_BY_COLLEAGUE = 0.85
_COVERED_BY_DIRECTOR = 0.06

Span = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Office:
    """Who is there: the second assistant's first and last day, the provider's first, and who is away when."""

    entered_on: date
    left_on: date
    handed_over_on: date
    away: Mapping[str, tuple[Span, ...]]

    def absence(self, login: str, day: date) -> Span | None:
        """Give the absence a day falls into."""
        return next((span for span in self.away.get(login, ()) if span[0] <= day <= span[1]), None)

    def shares(self, day: date, process: Process) -> Mapping[str, float]:
        """Say who usually does a process on a day, and how much of it."""
        if day < self.entered_on:
            return _BEFORE
        reporting = process is Process.REPORTING
        if day <= self.left_on:
            return _TOGETHER_REPORTING if reporting else _TOGETHER
        if day < self.handed_over_on:
            return _ALONE_REPORTING if reporting else _ALONE
        return _SHARED_REPORTING if reporting else _SHARED

    def doer(self, day: date, process: Process, dice: Random) -> tuple[date, str]:
        """Say who does a task due on a day, and on which: what nobody covers waits for the absent to come back."""
        shares = self.shares(day, process)
        login = dice.choices(list(shares), list(shares.values()))[0]
        away = self.absence(login, day)
        if away is None:
            return day, login
        colleague = next((other for other in (FIRST, SECOND, PROVIDER) if other != login and other in shares), None)
        stand_in, covered = (
            (DIRECTOR, _COVERED_BY_DIRECTOR) if colleague is None else (colleague, _COVERED_BY_COLLEAGUE)
        )
        if dice.random() < covered:
            return day, stand_in
        return after_weekdays(away[1] + timedelta(days=1), dice.randrange(3)), login


@lru_cache(maxsize=8)
def office(story: Story) -> Office:
    """Staff the back office."""
    after = range(_FIRST_AWAY[-1][0] + _LATER_AWAY_EVERY, story.last + 1, _LATER_AWAY_EVERY)
    later = tuple((index, 7, 5) for index in after)
    return Office(
        entered_on=open_from(story.start(SECOND_ENTERS)),
        left_on=story.open_days(SECOND_LEAVES)[8],
        handed_over_on=open_from(story.start(HANDED_OVER)),
        away={
            FIRST: tuple(_span(story, *away) for away in _FIRST_AWAY + later),
            SECOND: tuple(_span(story, *away) for away in _SECOND_AWAY),
        },
    )


def _span(story: Story, index: int, nth: int, length: int) -> Span:
    days = story.open_days(index)
    return days[nth], days[nth + length - 1]


def staff(story: Story) -> Iterator[Employee]:
    """List everybody who ever worked there, with the day they left even if that is yet to come."""
    here = office(story)
    long_ago = story.start(-30)
    yield _employee(0, StaffRole.DIRECTOR, long_ago, login=DIRECTOR)
    yield _employee(1, StaffRole.ADMIN, story.start(-14), login=FIRST)
    yield _employee(2, StaffRole.ADMIN, here.entered_on, login=SECOND, left_on=here.left_on)
    leavers = {number: story.end(index) for number, index in LEAVERS.items()}
    hired, number = STAFF_AT_START - 2, 3
    for _ in range(hired):
        yield _employee(number, StaffRole.OTHER, story.start(-2 - number), left_on=leavers.get(number))
        number += 1
    for index in range(story.last + 1):
        replaced = sum(1 for month in LEAVERS.values() if month == index - 1)
        wanted = round(HIRED_PER_MONTH * index) - round(HIRED_PER_MONTH * max(index - 1, 0)) + replaced
        for _ in range(wanted):
            yield _employee(number, StaffRole.OTHER, open_from(story.start(index)), left_on=leavers.get(number))
            number += 1


def _employee(
    number: int, role: StaffRole, entered_on: date, *, login: str | None = None, left_on: date | None = None
) -> Employee:
    return Employee(
        external_id=f"emp-{number:03}",
        actor=login,
        name=person_name(number),
        role=role,
        hours_per_week=Decimal(39 if role is StaffRole.DIRECTOR else 35),
        entered_on=entered_on,
        left_on=left_on,
    )


def absences(story: Story) -> Iterator[Absence]:
    """List when people are away: the assistants as planned, the others two weeks or so at a time."""
    here = office(story)
    for login, employee_id in ((FIRST, "emp-001"), (SECOND, "emp-002")):
        for start_on, end_on in here.away[login]:
            yield _absence(employee_id, start_on, end_on)
    for person in staff(story):
        if person.role is StaffRole.OTHER:
            yield from _holidays(story, person)


def _holidays(story: Story, person: Employee) -> Iterator[Absence]:
    number = int(person.external_id.removeprefix("emp-"))
    for index in range(number % 6, story.last + 1, 6):
        dice = story.dice(person.external_id, index)
        start_on = dice.choice(story.open_days(index))
        end_on = after_weekdays(start_on, dice.choice((4, 4, 9)))
        if person.entered_on and person.entered_on <= start_on and (not person.left_on or end_on <= person.left_on):
            yield _absence(person.external_id, start_on, end_on)


def _absence(employee_id: str, start_on: date, end_on: date) -> Absence:
    return Absence(
        external_id=f"abs-{employee_id}-{start_on:%Y%m%d}", employee_id=employee_id, start_on=start_on, end_on=end_on
    )
