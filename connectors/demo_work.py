"""The work of the demonstration's back office: what was done by whom, how long it took, and what else it cost."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random

from connectors.demo_company import (
    ACCOUNTANT,
    BOT,
    DIRECTOR,
    DIRECTOR_HOURS,
    HANDED_OVER,
    PROVIDER,
    SECOND,
    SECOND_ENTERS,
    SECOND_LEAVES,
    Curve,
    Story,
    after_weekdays,
    along,
    money,
    open_from,
)
from connectors.demo_people import office
from connectors.demo_purchases import purchase_documents
from connectors.records import Activity, Cost, CostKind, Process, TimeEntry

# Tasks a month by process: (what is done, how many at the start, at the end).
# Sales and reminders name their author themselves; supplier invoices are entered one by one.
TASKS: Mapping[Process, tuple[str, Curve]] = {
    Process.SETUP: ("create", ((0, 8), (36, 17))),
    Process.BANK: ("reconcile", ((0, 30), (36, 55))),
    Process.PAYROLL: ("prepare", ((0, 10), (36, 18))),
    Process.DOCUMENTS: ("file", ((0, 18), (36, 36))),
    Process.REPORTING: ("report", ((0, 7), (36, 9))),
}

# What the director's back-office hours go to: checking, at first; then whatever waits.
_DIRECTOR_WORK = (Process.REPORTING, Process.INVOICING, Process.PURCHASES, Process.BANK, Process.DUNNING)
_ADMIN_WORK = (
    Process.INVOICING,
    Process.PURCHASES,
    Process.BANK,
    Process.DUNNING,
    Process.DOCUMENTS,
    Process.PAYROLL,
    Process.SETUP,
)
_ENTRY_MINUTES = 150
_OFFICE_OPENS = time(8, 0, tzinfo=UTC)
_OFFICE_MINUTES = 8 * 60


@lru_cache(maxsize=2)
def activities(story: Story) -> tuple[Activity, ...]:
    """Tell everything that was done, by people, by the bot, and by the outside accountant."""
    return tuple(_activities(story))


def _activities(story: Story) -> Iterator[Activity]:
    purchases: dict[int, list[tuple[date, str]]] = {}
    for document in purchase_documents(story):
        if document.issued_on is not None:
            index = story.index_of(document.issued_on)
            purchases.setdefault(index, []).append((document.issued_on, document.external_id))
    for index in range(story.last + 1):
        dice = story.dice("activities", index)
        yield from _tasks(story, index, dice)
        for issued_on, purchase_id in purchases.get(index, []):
            ready_on = after_weekdays(issued_on, dice.randint(1, 4))
            done_on, actor = office(story).doer(ready_on, Process.PURCHASES, dice)
            yield _activity(f"enter-{purchase_id}", done_on, actor, Process.PURCHASES, "enter", dice, purchase_id)
        yield from _by_outsiders(story, index, dice)


def _tasks(story: Story, index: int, dice: Random) -> Iterator[Activity]:
    days = story.open_days(index)
    for process, (action, curve) in TASKS.items():
        for n in range(round(along(curve, index))):
            done_on, actor = office(story).doer(dice.choice(days), process, dice)
            key = f"{process}-{story.start(index):%Y%m}-{n:03}"
            yield _activity(key, done_on, actor, process, action, dice)


def _by_outsiders(story: Story, index: int, dice: Random) -> Iterator[Activity]:
    for day in story.open_days(index):
        yield _activity(f"sync-{day:%Y%m%d}", day, BOT, Process.BANK, "import", dice)
    for nth, process, action in (
        (8, Process.TAX, "vat_return"),
        (9, Process.TAX, "pay"),
        (12, Process.REPORTING, "review"),
    ):
        day = story.open_days(index)[nth]
        yield _activity(f"cabinet-{day:%Y%m%d}", day, ACCOUNTANT, process, action, dice)


def _activity(
    key: str, done_on: date, actor: str, process: Process, action: str, dice: Random, object_id: str | None = None
) -> Activity:
    opens = datetime.combine(done_on, _OFFICE_OPENS)
    return Activity(
        external_id=f"act-{key}",
        actor=actor,
        process=process,
        action=action,
        done_at=opens + timedelta(minutes=dice.randrange(_OFFICE_MINUTES)),
        object_id=object_id,
    )


@lru_cache(maxsize=2)
def time_entries(story: Story) -> tuple[TimeEntry, ...]:
    """Tell the hours: the assistants' by the day, the director's by the week; the provider keeps its own."""
    return tuple(_time_entries(story))


def _time_entries(story: Story) -> Iterator[TimeEntry]:
    here = office(story)
    for index in range(story.last + 1):
        dice = story.dice("time", index)
        for day in story.open_days(index):
            there = here.shares(day, Process.DOCUMENTS)
            for login in there:
                if login not in (DIRECTOR, PROVIDER) and here.absence(login, day) is None:
                    alone = SECOND not in there and PROVIDER not in there
                    yield from _day(login, day, 208 if alone else 195, dice)
    yield from _director_time(story)


def _day(login: str, day: date, minutes: int, dice: Random) -> Iterator[TimeEntry]:
    for n, process in enumerate(dice.sample(_ADMIN_WORK, 2)):
        spent = round(dice.gauss(minutes, 12))
        yield TimeEntry(
            external_id=f"time-{login}-{day:%Y%m%d}-{n}", actor=login, worked_on=day, minutes=spent, process=process
        )


def _director_time(story: Story) -> Iterator[TimeEntry]:
    first, last = story.start(0), story.end(story.last)
    monday = first + timedelta(days=-first.weekday() % 7)
    while monday <= last:
        thursday = monday + timedelta(days=3)  # a week is of the month its Thursday is in
        index = story.index_of(thursday)
        dice = story.dice(f"director-{monday:%Y%m%d}", index)
        minutes = 60 * along(DIRECTOR_HOURS, index) * min(max(dice.gauss(1, 0.06), 0.85), 1.15)
        entries = max(2, round(minutes / _ENTRY_MINUTES))
        for n in range(entries):
            day = open_from(monday + timedelta(days=n % 5))
            yield TimeEntry(
                external_id=f"time-{DIRECTOR}-{monday:%Y%m%d}-{n}",
                actor=DIRECTOR,
                worked_on=day,
                minutes=round(minutes / entries),
                process=_DIRECTOR_WORK[n % len(_DIRECTOR_WORK)],
            )
        monday += timedelta(days=7)


def costs(story: Story) -> Iterator[Cost]:
    """Tell what the back office cost besides pay: tools and the accountant monthly, the rest when it came."""
    for index in range(story.last + 1):
        for kind, amount, process in _costs_of(story, index):
            paid_on = open_from(story.start(index) + timedelta(days=4))
            yield Cost(
                external_id=f"cost-{story.start(index):%Y%m}-{kind}-{process or 'all'}",
                incurred_on=paid_on,
                kind=kind,
                amount=money(amount),
                process=process,
            )


_Line = tuple[CostKind, float, Process | None]

_ONCE: Mapping[int, tuple[_Line, ...]] = {
    SECOND_ENTERS: ((CostKind.RECRUITING, 1850, None),),
    6: ((CostKind.TRAINING, 620, Process.INVOICING),),
    13: ((CostKind.TRAINING, 480, Process.PAYROLL),),
    SECOND_LEAVES: ((CostKind.RECRUITING, 1900, None),),
    SECOND_LEAVES + 1: ((CostKind.RECRUITING, 1250, None), (CostKind.TRAINING, 980, Process.INVOICING)),
    SECOND_LEAVES + 4: ((CostKind.RECRUITING, 950, None), (CostKind.TEMPORARY_STAFF, 1640, None)),
}
_PENALTIES_FROM = 30
PROVIDER_PRICE = 3400
"""What the provider bills a month, in EUR: within the range that was declared as its offer."""


def _costs_of(story: Story, index: int) -> Iterator[_Line]:
    dice: Callable[[float, float], float] = story.dice("costs", index).uniform
    yield CostKind.SOFTWARE, 59 + index // 6 * 10, Process.INVOICING
    yield CostKind.SOFTWARE, 35 + index // 12 * 8, Process.BANK
    yield CostKind.SOFTWARE, 4.5 * (20 + index * 25 / 36), Process.PAYROLL
    yield CostKind.FEES, 450 + 7 * index + dice(0, 40), None
    if _PENALTIES_FROM <= index < HANDED_OVER:
        yield CostKind.PENALTIES, dice(90, 260), Process.TAX
    if index >= HANDED_OVER:
        yield CostKind.FEES, PROVIDER_PRICE, Process.INVOICING
    yield from _ONCE.get(index, ())
