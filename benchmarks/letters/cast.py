"""The companies: well-kept ones, and ones of which one thing gets worse from a known day on."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from signals.base import SignalName
from tests.signals.stories.company import Company
from tests.signals.stories.courses import ramp, step, swinging
from tests.signals.stories.years import perfect

START, UNTIL = date(2020, 1, 6), date(2026, 1, 4)
A_YEAR = timedelta(days=365)
PHASES = 11  # days between the onsets of two seeds: no multiple of a week, so that they fall on all its days


def _kept(seed: int) -> Company:
    return perfect(seed, UNTIL)


KEPT: Mapping[str, Callable[[int], Company]] = {
    "120 invoices a month": _kept,
    "30 invoices a month": lambda seed: replace(_kept(seed), sales=30.0, purchases=20.0),
    "400 invoices a month": lambda seed: replace(_kept(seed), sales=400.0, purchases=150.0),
    "120, thrice as many in June, uneven": lambda seed: replace(_kept(seed), sales=swinging(6, 3.0, 120.0), bursts=0.3),
}

Worse = Callable[[Company, date], Company]
_L, _D, _Q = SignalName.LATE_INVOICING, SignalName.DIRECTOR_TIME, SignalName.QUALITY

WORSE: Mapping[str, tuple[SignalName, Worse]] = {
    "billed late: 2 % to 20 %": (_L, lambda kept, on: replace(kept, late=step(on, 0.02, 0.20))),
    "billed late: 2 % to 7 %, under the limit": (_L, lambda kept, on: replace(kept, late=step(on, 0.02, 0.07))),
    "not reminded of: 3 % to 50 %": (_L, lambda kept, on: replace(kept, unreminded=step(on, 0.03, 0.50))),
    "wrong invoices: 1.5 % to 8 %": (_Q, lambda kept, on: replace(kept, errors=step(on, 0.015, 0.08))),
    "directors: 4 h to 10 h a week": (_D, lambda kept, on: replace(kept, director_hours=step(on, 4.0, 10.0))),
    "directors: 4 h to 12 h over a year": (
        _D,
        lambda kept, on: replace(kept, director_hours=ramp(on, on + A_YEAR, 4.0, 12.0)),
    ),
}


def onset(seed: int) -> date:
    """Give the day on which things get worse."""
    return date(2023, 1, 2) + timedelta(days=PHASES * seed)


def worsening(name: str, seed: int) -> Company:
    """Give a company that gets worse on its onset; its books go a year beyond."""
    _, worse = WORSE[name]
    on = onset(seed)
    return worse(perfect(seed, on + A_YEAR + timedelta(days=7)), on)
