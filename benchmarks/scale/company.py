"""A made-up company of any size, written straight into the tables: what is measured is reading it, not bringing it in.

Documents come at an even rate over `years`, three sales to a purchase; each invoice is paid, some after a reminder, and
has four traces or so (entered, checked, sent, booked, paid) by twelve people; time is kept by the day. Everything is
drawn from one seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Engine, insert

from app.companies import add_company, connection_for
from app.db import write
from app.facts import refresh_all
from app.ids import new_id
from app.models.core import bookmark
from app.models.people import actor
from app.models.records import activity, document, payment, reminder, time_entry
from signals.calendar import month_number

UNTIL = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PAGE = 20_000
PEOPLE = 12
STEPS = (
    ("create", "invoicing"),
    ("check", "invoicing"),
    ("send", "invoicing"),
    ("book", "bookkeeping"),
    ("pay", "bank"),
)
EPOCH = date(1970, 1, 1)
REMINDED_AFTER = 38
ERRORS, UNREMINDED = 0.02, 0.1


@dataclass(frozen=True, slots=True)
class Size:
    """How much of what: documents, traces and time rows, over how many years."""

    documents: int
    traces: int
    times: int
    years: int = 5
    seed: int = 1


def build(engine: Engine, size: Size, name: str = "Grande maison") -> str:
    """Write a company into an empty database and make its facts; give its id."""
    with write(engine) as conn:
        company_id = add_company(conn, name, NOW, zone="Europe/Paris")
        source = connection_for(conn, company_id, "demo", NOW)
        people = [new_id(NOW) for _ in range(PEOPLE)]
        rows = [
            {"id": one, "company_id": company_id, "login": f"p{n}", "role": "director" if n == 0 else "admin"}
            for n, one in enumerate(people)
        ]
        conn.execute(insert(actor), rows)
        streams = ("invoices", "payments", "reminders", "activities", "time")
        conn.execute(
            insert(bookmark),
            [{"connection_id": source, "stream": one, "cursor": {}, "rows": 1, "read_at": NOW} for one in streams],
        )
    base = {"company_id": company_id, "connection_id": source, "row_hash": "", "first_known_at": NOW, "known_at": NOW}
    for table, page in pages(size, people):
        if not page:
            continue
        with write(engine) as conn:
            conn.execute(insert(table), [base | row for row in page])
    return company_id


def make_facts(engine: Engine, company_id: str) -> None:
    """Make every fact of a company."""
    with write(engine) as conn:
        refresh_all(conn, company_id)


def pages(size: Size, people: list[str]) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """Give the rows of all tables, some thousands at a time."""
    rng = np.random.default_rng(size.seed)
    last = (UNTIL - EPOCH).days
    days = 365 * size.years
    for start in range(0, size.documents, PAGE):
        numbers = range(start, min(size.documents, start + PAGE))
        drawn = _Drawn(rng, len(numbers))
        issued = [last - days + (n * days) // size.documents for n in numbers]
        listed = list(zip(numbers, issued, range(len(numbers)), strict=True))
        yield document, [_document(n, day, drawn, at, people) for n, day, at in listed]
        yield payment, [row for n, day, at in listed if (row := _payment(n, day, drawn, at, last))]
        yield reminder, [row for n, day, at in listed if (row := _reminder(n, day, drawn, at, people, last))]
    for start in range(0, size.traces, PAGE):
        numbers = range(start, min(size.traces, start + PAGE))
        draws = rng.integers(0, 1 << 30, len(numbers))
        yield (
            activity,
            [_trace(n, int(draw), size, last - days, days, people) for n, draw in zip(numbers, draws, strict=True)],
        )
    for start in range(0, size.times, PAGE):
        numbers = range(start, min(size.times, start + PAGE))
        draws = rng.integers(0, 1 << 30, len(numbers))
        yield (
            time_entry,
            [_time(n, int(draw), size, last - days, days, people) for n, draw in zip(numbers, draws, strict=True)],
        )


class _Drawn:
    def __init__(self, rng: np.random.Generator, n: int) -> None:
        self.lag = rng.geometric(0.25, n)
        self.cents = np.rint(np.exp(rng.normal(10.3, 1.2, n))).astype("int64") + 500
        self.who = rng.integers(1, PEOPLE, n)
        self.party = np.minimum(rng.zipf(1.3, n), 8_000)
        self.pays = rng.geometric(0.05, n)
        self.fault = rng.random(n)


def _document(n: int, issued: int, drawn: _Drawn, at: int, people: list[str]) -> dict[str, Any]:
    sale = n % 4 > 0
    return {
        "external_id": f"d{n}", "direction": "sale" if sale else "purchase", "kind": "invoice", "status": "final",
        "number": f"F{n - n // 4:08d}" if sale else f"{drawn.party[at]}-{n}",
        "party": f"{'c' if sale else 's'}{drawn.party[at]}",
        "service_on": issued - int(drawn.lag[at]), "issued_on": issued, "sent_on": issued, "due_on": issued + 30,
        "issue_month": _month(issued), "total_minor": int(drawn.cents[at]), "currency": "EUR",
        "author": people[drawn.who[at]], "corrected_on": issued + 9 if drawn.fault[at] < ERRORS else None,
        "entered_minute": issued * 1440 + 600,
    }  # fmt: skip


def _payment(n: int, issued: int, drawn: _Drawn, at: int, last: int) -> dict[str, Any] | None:
    paid = issued + 15 + int(drawn.pays[at])
    if paid > last:
        return None
    return {
        "external_id": f"p{n}", "invoice_id": f"d{n}", "paid_on": paid, "amount_minor": int(drawn.cents[at]),
        "currency": "EUR",
    }  # fmt: skip


def _reminder(n: int, issued: int, drawn: _Drawn, at: int, people: list[str], last: int) -> dict[str, Any] | None:
    sent = issued + REMINDED_AFTER
    if n % 4 == 0 or 15 + int(drawn.pays[at]) <= REMINDED_AFTER or drawn.fault[at] < UNREMINDED or sent > last:
        return None
    return {
        "external_id": f"r{n}", "invoice_id": f"d{n}", "sent_on": sent, "sent_month": _month(sent), "level": 1,
        "channel": "mail", "actor": people[drawn.who[at]],
    }  # fmt: skip


def _trace(n: int, draw: int, size: Size, first: int, days: int, people: list[str]) -> dict[str, Any]:
    step = n % len(STEPS)
    document_number = (n * size.documents) // size.traces
    day = first + (document_number * days) // size.documents
    minute = 480 + draw % 600
    done = datetime.combine(EPOCH + timedelta(days=day), datetime.min.time(), UTC) + timedelta(minutes=minute - 60)
    action, process = STEPS[step]
    return {
        "external_id": f"a{n}", "process": process, "actor": people[(draw >> 12) % PEOPLE if step else draw % 3],
        "action": action, "object_id": f"d{document_number}", "done_at": done, "done_on": day,
        "done_month": _month(day), "done_minute": day * 1440 + minute,
    }  # fmt: skip


def _time(n: int, draw: int, size: Size, first: int, days: int, people: list[str]) -> dict[str, Any]:
    day = first + (n * days) // size.times
    return {
        "external_id": f"t{n}", "process": STEPS[draw % 5][1], "actor": people[(draw >> 8) % PEOPLE], "worked_on": day,
        "week_on": day - (day + 3) % 7, "worked_month": _month(day), "minutes": 5 + draw % 20,
    }  # fmt: skip


def _month(day: int) -> int:
    return month_number(EPOCH + timedelta(days=day))
