"""What the demonstration's director declared, three times and then every year: as answers to a form, to be stored."""

from collections.abc import Mapping
from datetime import date

from connectors.demo_company import (
    ACCOUNTANT,
    DIRECTOR,
    FIRST,
    HANDED_OVER,
    PROVIDER,
    SECOND,
    first_day,
    month_of,
    story_until,
)
from connectors.records import Process

_MONTHS_BEFORE_LAST = 2
_EARLIER = (10, 22)
"""Months of the story of the two earlier declarations, each signed when the one before is about to expire."""
_MONTHS_AFTER_HANDOVER = 3
_EVERY = 11
"""Months from the handover to the first declaration after it, and from one to the next."""

# What was not written down yet; the rest was.
_UNDOCUMENTED_FIRST = frozenset({Process.SETUP, Process.DUNNING, Process.BANK, Process.DOCUMENTS, Process.REPORTING})
_UNDOCUMENTED_SECOND = frozenset({Process.DUNNING, Process.BANK, Process.DOCUMENTS})


def declaration(until: date) -> Mapping[str, object]:
    """Give the newest declaration, two months before `until`: every process is documented, owned and approved."""
    stated_on = first_day(month_of(until) - _MONTHS_BEFORE_LAST).replace(day=min(until.day, 28))
    return {
        "stated_on": stated_on,
        "since": first_day(month_of(stated_on) - 2),
        "signed_by": DIRECTOR,
        "director_hours": [10, 13],
        "director_rate": [60, 90],
        "admin_hours": [33, 37],
        "admin_rate": [23, 27],
        "tools": _tools(109, 51, 197),
        "training": [60, 110],
        "turnover": [250, 420],
        "processes": _processes(stated_on, frozenset(), (FIRST,)),
        "restructuring": False,
        "provider_price": [3100, 4300],
        "governance_hours": [4, 8],
        "transition": [3000, 6000],
    }


def declarations(until: date) -> tuple[Mapping[str, object], ...]:
    """Give all three, oldest first; in the two older ones several processes are not documented."""
    story = story_until(until, seed=0)
    first, second = (story.start(index).replace(day=28) for index in _EARLIER)
    return (
        _earlier(first, [3, 4], [55, 68], _processes(first, _UNDOCUMENTED_FIRST, (FIRST, SECOND)), _tools(69, 35, 121)),
        _earlier(
            second, [3, 5], [60, 68], _processes(second, _UNDOCUMENTED_SECOND, (FIRST, SECOND)), _tools(89, 43, 155)
        ),
        declaration(until),
    )


def later_declarations(begun_on: date, until: date) -> tuple[Mapping[str, object], ...]:
    """Give what the director of a company begun on a day declared after the handover, up to another day."""
    story = story_until(begun_on, seed=0)
    last = month_of(until) - month_of(story.since)
    days = [story.start(n).replace(day=28) for n in range(HANDED_OVER + _MONTHS_AFTER_HANDOVER, last + 1, _EVERY)]
    return tuple(
        _earlier(day, [3, 5], [32, 36], _processes(day, frozenset(), (FIRST, PROVIDER)), _tools(119, 59, 205))
        for day in days
        if day <= until
    )


def _earlier(
    stated_on: date,
    director_hours: list[int],
    admin_hours: list[int],
    processes: Mapping[str, Mapping[str, object]],
    tools: list[Mapping[str, object]],
) -> Mapping[str, object]:
    return {
        "stated_on": stated_on,
        "since": first_day(month_of(stated_on) - 2),
        "signed_by": DIRECTOR,
        "director_hours": director_hours,
        "director_rate": [60, 90],
        "admin_hours": admin_hours,
        "admin_rate": [22, 26],
        "tools": tools,
        "training": [30, 60],
        "turnover": [50, 100],
        "processes": processes,
        "restructuring": False,
        "provider_price": [3000, 4200],
        "governance_hours": [4, 8],
        "transition": [3000, 6000],
    }


def _tools(invoicing: int, bank: int, payroll: int) -> list[Mapping[str, object]]:
    return [
        {"name": "Facturation", "eur_per_month": invoicing, "process": Process.INVOICING.value},
        {"name": "Banque", "eur_per_month": bank, "process": Process.BANK.value},
        {"name": "Paie", "eur_per_month": payroll, "process": Process.PAYROLL.value},
    ]


def _processes(
    stated_on: date, undocumented: frozenset[Process], operators: tuple[str, ...]
) -> Mapping[str, Mapping[str, object]]:
    return {p.value: _process(p, stated_on, operators, documented=p not in undocumented) for p in Process}


def _process(
    process: Process, stated_on: date, operators: tuple[str, ...], *, documented: bool
) -> Mapping[str, object]:
    does = {Process.TAX: (ACCOUNTANT,), Process.REPORTING: (*operators, DIRECTOR)}.get(process, operators)
    return {
        "operators": list(does),
        "tasks": documented,
        "frequency": True,
        "validation_rules": documented,
        "tools": True,
        "owner": True,
        "approval_rule": documented,
        "reviewed_on": stated_on,
    }
