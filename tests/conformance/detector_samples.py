"""Books that give every registered detector something to say, and ways to make each signal's matter worse.

A new detector that stays silent on these books fails the checks of conformance: lay a row here that makes it speak. One
that carries a level wants a way to be made worse, too: `WORSE`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from app.books import read_books
from app.companies import add_company, connection_for
from app.facts import refresh_all
from app.intake import sync
from app.models import metadata
from connectors.demo import Demo
from signals.base import Detector
from signals.books import Books, frame
from signals.calendar import day_number, month_number, month_start
from signals.registry import EXPLAINS, SIGNALS
from tests.conftest import NOW

UNTIL = date(2026, 11, 22)
EARLIER = date(2026, 5, 17)
LEDGER = "books-of-account"
BOOKED_FROM = month_number(date(2025, 1, 1))
MONTHS = month_number(UNTIL) - BOOKED_FROM

DETECTORS: tuple[Detector, ...] = tuple(
    {
        detector.name: detector
        for spec in SIGNALS
        for detector in (*spec.primary, *([spec.half] if spec.half else []), *spec.explains, *spec.beside)
    }.values()
) + tuple(EXPLAINS)

STILL_SILENT: frozenset[str] = frozenset()
"""Detectors that no sample makes speak yet: to stay empty."""


def demo_books() -> Books:
    """Read the demonstration company, brought in through the intake."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.begin() as conn:
        company_id = add_company(conn, "Démonstration", NOW, zone="Europe/Paris", is_demo=True)
        connection_id = connection_for(conn, company_id, "demo", NOW)
    sync(engine, connection_id, Demo(until=UNTIL), NOW)
    with engine.begin() as conn:
        refresh_all(conn, company_id)
        found = read_books(conn, company_id, UNTIL)
    engine.dispose()
    return found


def full_books() -> Books:
    """Add to the demonstration what it lacks: a ledger, refusals by customers' platforms, and approvals."""
    books = demo_books()
    tables = dict(books.tables) | {"documents": _with_refusals(books["documents"]), "approvals": _approvals()}
    tables["payments"] = _payments()
    for name, table in _ledger().items():
        tables[name] = pd.concat([tables[name], table], ignore_index=True) if name in tables else table
    return replace(books, tables=tables)


def _with_refusals(documents: pd.DataFrame) -> pd.DataFrame:
    sales = documents.index[documents["direct"] & (documents["direction"] == "sale") & (documents["kind"] == "invoice")]
    refused = sales[::37]
    changed = documents.copy()
    changed.loc[refused, "refused_day"] = changed.loc[refused, "issued_day"] + 2
    changed.loc[refused, "refusal"] = "content"
    return changed


def _approvals() -> pd.DataFrame:
    people = {"connection_id": "approved", "author": "anne", "author_role": "admin", "validator_role": "director"}
    rows = [
        people | {"month": BOOKED_FROM + turn, "validator": who, "n": n}
        for turn in range(MONTHS)
        for who, n in (("anne", 2), ("carl", 9))
    ]
    return frame("approvals", rows)


def _payments() -> pd.DataFrame:
    last = day_number(UNTIL)
    rows = [
        {
            "connection_id": "bank", "external_id": f"p{n}", "direction": "out", "party": f"s{n % 3}",
            "reference": f"VIR-{n - n % 40 // 39:04}", "paid_day": last - n, "amount_minor": 5_000 + n - n % 40 // 39,
        }
        for n in range(400)
    ]  # fmt: skip
    return frame("payments", [row | {"party": "s"} for row in rows])


def _ledger() -> dict[str, pd.DataFrame]:
    month_rows, entries, lines = [], [], []
    for turn in range(MONTHS):
        month, first = BOOKED_FROM + turn, day_number(month_start(BOOKED_FROM + turn))
        year = {"connection_id": LEDGER, "fiscal_year": month // 12}
        month_rows += [
            {**year, "month": month, "account": account, "debit_minor": debit, "credit_minor": credit, "n": 4}
            for account, debit, credit in _BOOKED
        ]
        for number in range(1, 7):
            day, name = first + 2 * number, f"{month}-{number}"
            entries.append(
                {
                    **year, "external_id": name, "journal": "VT" if number % 2 else "HA",
                    "number": str(6 * turn + number),
                    "kind": "sale" if number % 2 else "purchase", "entry_day": day,
                    "piece_day": day - 5 * number - 7 * (turn % 2), "party": f"p{number}", "total_minor": 12_000,
                    "debit_minor": 12_000, "credit_minor": 12_000 - (number == 5 and turn % 6 == 0),
                }
            )  # fmt: skip
            paid = (6 * turn + number) % 7 > 0
            lines.append(
                {
                    **year, "external_id": name, "line_number": 1, "account": "411000" if number % 2 else "401000",
                    "party": f"p{number}", "day": day, "debit_minor": 12_000,
                    "lettering": "AA" if paid else "", "lettered_day": day + 20 if paid else None,
                }
            )  # fmt: skip
        lines.append(
            {
                **year, "external_id": f"{month}-1", "line_number": 2, "account": "471000", "day": first,
                "debit_minor": 900,
            }
        )  # fmt: skip
    opening = {"connection_id": LEDGER, "fiscal_year": BOOKED_FROM // 12, "month": BOOKED_FROM, "opening": True, "n": 1}
    month_rows.append({**opening, "account": "411000", "debit_minor": 900_000, "credit_minor": 0})
    feed = {
        "connection_id": LEDGER, "provider": "fec", "kind": "file", "stream": "ledger", "rows": len(entries),
        "read_day": day_number(UNTIL), "first_day": day_number(month_start(BOOKED_FROM)),
        "last_day": day_number(month_start(BOOKED_FROM + MONTHS)) - 1,
    }  # fmt: skip
    fault = {"connection_id": LEDGER, "fiscal_year": 2026, "code": "bad_amount", "kept": False, "n": 2}
    rows = {"ledger_months": month_rows, "entries": entries, "open_lines": lines, "faults": [fault], "feeds": [feed]}
    return {name: frame(name, table) for name, table in rows.items()}


_BOOKED = (
    ("706000", 0, 1_000_000), ("411000", 1_200_000, 1_150_000), ("418000", 60_000, 0), ("601000", 400_000, 0),
    ("401000", 470_000, 480_000), ("408000", 0, 20_000), ("622600", 30_000, 0), ("651000", 9_000, 0),
    ("641000", 300_000, 0),
)  # fmt: skip


Worsening = Callable[[Books, np.random.Generator], Books]


def _put(books: Books, name: str, table: pd.DataFrame) -> Books:
    return replace(books, tables={**books.tables, name: table})


def _later_work(books: Books, rng: np.random.Generator) -> Books:
    """Let the same invoices be for older work."""
    table = books["issue_days"]
    older = rng.random(len(table)) < rng.random()
    return _put(books, "issue_days", table.assign(service_day=table["service_day"] - 30 * older))


def _more_accrued(books: Books, rng: np.random.Generator) -> Books:
    table = books["ledger_months"]
    more = rng.integers(0, 500_000, len(table)) * table["account"].str.startswith("418")
    return _put(books, "ledger_months", table.assign(debit_minor=table["debit_minor"] + more))


def _fewer_reminders(books: Books, rng: np.random.Generator) -> Books:
    table = books["reminders"]
    return _put(books, "reminders", table[rng.random(len(table)) < rng.random()])


def _longer_weeks(books: Books, rng: np.random.Generator) -> Books:
    table = books["hours"]
    factor = np.where(table["role"] == "director", 1 + 2 * rng.random(), 1.0)
    return _put(books, "hours", table.assign(minutes=(table["minutes"] * factor).astype("int64")))


def _more_errors(books: Books, rng: np.random.Generator) -> Books:
    table = books["corrections"]
    wrong = (rng.random(len(table)) < rng.random()) & table["corrected_day"].isna()
    return _put(
        books, "corrections", table.assign(corrected_day=table["corrected_day"].mask(wrong, table["issued_day"]))
    )


def _fewer_hands(books: Books, rng: np.random.Generator) -> Books:
    """Let the busiest do all of some processes, but for what robots and others who know nothing do."""
    table = books["events"]
    human = table["role"].isin(["admin", "director", "other"])
    busiest = str(table[human].groupby("actor")["n"].sum().idxmax())
    taken = rng.choice(sorted(set(table["process"])), size=2, replace=False)
    mine = human & table["process"].isin(taken)
    return _put(books, "events", table.assign(actor=table["actor"].mask(mine, busiest)))


WORSE: Mapping[str, Worsening] = {
    "late_issued_rate": _later_work,
    "accrued_sales_months": _more_accrued,
    "unreminded_rate": _fewer_reminders,
    "director_hours_per_week": _longer_weeks,
    "error_rate": _more_errors,
    "sole_operator_share": _fewer_hands,
    "hidden_ratio": _longer_weeks,
}
"""By the name of a measure that carries a level: the same company with more of what it counts, and nothing else."""
