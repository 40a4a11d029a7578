"""Whole companies as books: what they do each week is drawn from a few figures, the same draws for every figure.

So a company in which more invoices are late has the late ones of the other, and some more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from signals.books import Books, Declaration, Range, Sheet, frame
from signals.calendar import day_number, month_number

DAY = date(2026, 11, 22)
MONTHS = 22
PROCESSES = ("invoicing", "dunning", "purchases", "bank")
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Story:
    """A company's habits; `then`: what they became, from a day on."""

    documents: int = 40  # sale invoices a month, and as many purchases
    late: float = 0.03
    unreminded: float = 0.15
    wrong: float = 0.01
    director: float = 3.0  # hours a week
    alone: bool = False  # one person does everything
    admin: float = 30.0
    then: Mapping[str, float] | None = None
    since: date = date(2026, 8, 1)
    said: Declaration | None = None
    as_of: date = DAY

    def at(self, name: str, day: date) -> float:
        """Give a habit as it was on a day."""
        now = self.then if self.then is not None and day >= self.since else {}
        return float(now.get(name, getattr(self, name)))


def declaration(**said: Any) -> Declaration:
    """Give a declaration of everything, all of it in good order."""
    sheet = Sheet(
        operators=("a", "b"), tasks=True, frequency=True, validation_rules=True, tools=True, owner=True,
        approval_rule=True, reviewed_on=date(2026, 10, 1),
    )  # fmt: skip
    given: dict[str, Any] = {
        "stated_on": date(2026, 10, 1),
        "since": date(2025, 10, 1),
        "signed_by": "p",
        "admin_rate": Range(25, 25),
        "director_rate": Range(80, 80),
        "provider_price": Range(900, 1100),
        "governance_hours": Range(3, 3),
        "transition": Range(2000, 2000),
        "restructuring": False,
        "sheets": dict.fromkeys(PROCESSES, sheet),
        "training": Range(0, 0),
    }
    return Declaration(**(given | said))


def books_of(story: Story) -> Books:
    """Draw a company's books."""
    rng = np.random.default_rng(11)
    tables: dict[str, list[Row]] = {
        name: [] for name in ("issue_days", "corrections", "overdue", "reminders", "hours", "events", "volume")
    }
    first = story.as_of - timedelta(days=30 * MONTHS)
    for offset in range((story.as_of - first).days):
        day = first + timedelta(days=offset)
        if day.weekday() < 5:
            _invoices(tables, story, day, rng)
            _activity(tables, story, day)
        if day.weekday() == 0:
            _week(tables, story, day, rng)
    first_month = month_number(first) + 1
    tables["volume"] = [
        {"connection_id": "k", "direct": True, "month": month, "direction": direction, "kind": "invoice", "n": n}
        for month in range(first_month, month_number(story.as_of))
        for direction, n in (("sale", story.documents), ("purchase", story.documents))
    ]
    tables["feeds"] = [
        {
            "connection_id": "k",
            "provider": "dolibarr",
            "kind": "api",
            "stream": stream,
            "read_day": day_number(story.as_of),
        }
        for stream in ("invoices", "payments", "reminders", "time", "activities")
    ]
    return Books(
        company_id="c",
        as_of=story.as_of,
        tables={name: frame(name, rows) for name, rows in tables.items()},
        declarations=(story.said,) if story.said is not None else (),
        imported_on=story.as_of,
    )


def _invoices(tables: dict[str, list[Row]], story: Story, day: date, rng: np.random.Generator) -> None:
    n, number = round(story.documents / 21), day_number(day)
    for i in range(n):
        late, unreminded, wrong, slow = rng.random(4)
        is_late = late < story.at("late", day)
        lag = 14 + int(late * 50) % 9 if is_late else 1 + i % 3
        tables["issue_days"].append(
            {"connection_id": "k", "service_day": number - lag, "issued_day": number, "periodic": False, "n": 1}
        )
        shown = number + 20 if wrong < story.at("wrong", day) else None
        tables["corrections"].append({"connection_id": "k", "issued_day": number, "corrected_day": shown, "n": 1})
        if slow < 0.5:
            name, due = f"{number}-{i}", number + 30
            tables["overdue"].append(
                {"connection_id": "k", "external_id": name, "due_day": due, "paid_day": due + 45, "excluded": False}
            )
            due_on = day + timedelta(days=38)
            if unreminded >= story.at("unreminded", due_on):
                tables["reminders"].append({"connection_id": "k", "invoice_id": name, "sent_day": due + 8})
                tables["reminders"].append({"connection_id": "k", "invoice_id": name, "sent_day": due + 30})


def _activity(tables: dict[str, list[Row]], story: Story, day: date) -> None:
    for i, process in enumerate(PROCESSES):
        actor = "a" if story.alone else ("a", "b")[(day.toordinal() + i) % 2]
        tables["events"].append({"day": day_number(day), "actor": actor, "role": "admin", "process": process, "n": 3})


def _week(tables: dict[str, list[Row]], story: Story, day: date, rng: np.random.Generator) -> None:
    spread = rng.normal(1, 0.12)
    for actor, role, hours in (("d", "director", story.at("director", day)), ("a", "admin", story.at("admin", day))):
        minutes = max(0, round(hours * spread * 60))
        tables["hours"].append(
            {"week_day": day_number(day), "actor": actor, "role": role, "process": "all", "minutes": minutes}
        )
