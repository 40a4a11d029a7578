"""The demonstration tells the story it is meant to tell; counted here by plain code, not by the detectors."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import fmean

import pytest

from connectors.demo import Demo, actors, declaration, declarations
from connectors.records import (
    Absence,
    Activity,
    CreditReason,
    Direction,
    DocumentKind,
    Employee,
    Invoice,
    Payment,
    Process,
    Record,
    Reminder,
    StaffRole,
    Stream,
    TimeEntry,
)

UNTIL = date(2026, 6, 17)
SINCE = date(2023, 6, 1)
LEFT = 27  # the month in which the second assistant leaves
CURRENT = 36  # the month under way

Told = Mapping[Stream, Sequence[Record]]


def tell(demo: Demo) -> Told:
    return {stream: [r for page in pages(None) for r in page.records] for stream, pages in demo.streams.items()}


@pytest.fixture(scope="module")
def told() -> Told:
    return tell(Demo(until=UNTIL))


def of[R](told: Told, stream: Stream, kind: type[R]) -> list[R]:
    return [r for r in told[stream] if isinstance(r, kind)]
