"""Rows as a Tryton gives them, made up: each takes what a test says, and has the rest."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.connectors.tryton.fake_tryton import COMPANY, FakeTryton, Row

EUR, USD = 1, 2
DAY = date(2026, 3, 10)


def at(day: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def invoice(number: int, /, **said: Any) -> Row:
    made: Row = {
        "id": number, "company": COMPANY, "type": "out", "state": "posted", "number": f"F{number}", "reference": None,
        "invoice_date": DAY, "create_date": at(10), "write_date": at(10, 10), "create_uid": 2, "party": 40,
        "party.": {"id": 40, "name": "Laiterie Bonnard"}, "currency": EUR, "currency.": {"id": EUR, "code": "EUR"},
        "untaxed_amount": Decimal("100.00"), "tax_amount": Decimal("20.00"), "total_amount": Decimal("120.00"),
        "validated_by": None, "posted_by": 11, "cancel_move.": None, "move": 500 + number, "additional_moves": [],
        "lines_to_pay": [1000 + number], "payment_lines": [], "reconciliation_lines": None,
    }  # fmt: skip
    return made | said


def line(number: int, /, **said: Any) -> Row:
    """Make an entry line; a line of money has a journal of money."""
    made: Row = {
        "id": number, "date": DAY, "maturity_date": None, "debit": Decimal(0), "credit": Decimal("120.00"),
        "amount_second_currency": None, "second_currency": None,
        "move.": {"id": number, "journal.": {"id": 4, "type": said.pop("journal", "cash")}},
    }  # fmt: skip
    return made | said


def dunning(number: int, /, **said: Any) -> Row:
    made: Row = {
        "id": number, "company": COMPANY, "state": "waiting", "date": date(2026, 4, 20), "level": 71, "line": 1001,
        "line.": {"id": 1001, "move": 501}, "create_uid": 2, "write_uid": 2, "create_date": at(20, month=4),
        "write_date": at(20, 10, month=4),
    }  # fmt: skip
    return made | said


def processing(number: int, dunning_id: int, when: datetime, user: int = 2) -> Row:
    """Make a line of the log: a dunning was processed."""
    return {
        "id": number, "resource": f"account.dunning,{dunning_id}", "event": "wizard", "user": user,
        "target": "account.dunning.process:process", "create_date": when, "write_date": None,
    }  # fmt: skip


def hours(number: int, work: str = "Facturation", /, **said: Any) -> Row:
    made: Row = {
        "id": number, "company": COMPANY, "date": DAY, "duration": timedelta(hours=2), "employee": 11,
        "work.": {"id": 1, "rec_name": work}, "create_date": at(10), "write_date": None,
    }  # fmt: skip
    return made | said


def office(**tables: list[Row]) -> FakeTryton:
    """Set up a server with two users, one of them an employee, and whatever else a test has."""
    levels = [{"id": 70 + n, "procedure": 7, "sequence": 10 * n} for n in (2, 1, 3)]
    known: dict[str, list[Row]] = {
        "res.user": [
            {"id": 1, "login": "admin", "employee": None, "employees": []},
            {"id": 2, "login": "c.henry", "employee": 11, "employees": [11]},
        ],
        "company.company": [{"id": COMPANY, "currency.": {"id": EUR, "code": "EUR"}}],
        "company.employee": [{"id": 11, "company": COMPANY, "party.": {"name": "Claire Henry"}}],
        "account.invoice": [], "account.invoice.line": [], "account.move.line": [], "account.dunning": [],
        "account.dunning.level": levels, "timesheet.line": [], "ir.model.log": [],
    }  # fmt: skip
    named = {"invoices": "account.invoice", "lines": "account.move.line", "dunnings": "account.dunning"}
    named |= {"invoice_lines": "account.invoice.line", "log": "ir.model.log", "hours": "timesheet.line"}
    return FakeTryton(tables=known | {named[name]: rows for name, rows in tables.items()})
