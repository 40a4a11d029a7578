"""A small Tryton for the conformance suite: one portion of each stream, and one row more."""

from decimal import Decimal

from connectors.account import Account
from connectors.tryton.rpc import PAGE
from tests.connectors.tryton.fake_tryton import COMPANY, FakeTryton
from tests.connectors.tryton.fake_tryton import account as account_at
from tests.connectors.tryton.tryton_rows import DAY, at, dunning, hours, invoice, line, office, processing

NUMBERS = range(1, PAGE + 2)


def fake() -> FakeTryton:
    """Make the server, the same each time: every invoice is paid, after a reminder."""
    made = office(
        invoices=[invoice(n, state="paid", payment_lines=[2000 + n]) for n in NUMBERS],
        lines=[
            *(line(1000 + n, maturity_date=DAY, debit=Decimal(120), credit=Decimal(0)) for n in NUMBERS),
            *(line(2000 + n) for n in NUMBERS),
        ],
        dunnings=[dunning(n, line=1000 + n, **{"line.": {"id": 1000 + n, "move": 500 + n}}) for n in NUMBERS],
        log=[processing(n, n, at(20, month=4)) for n in NUMBERS],
        hours=[hours(n) for n in NUMBERS],
    )
    made.tables["company.employee"] = [
        {"id": n, "company": COMPANY, "party.": {"name": f"Number {n}"}, "start_date": DAY} for n in NUMBERS
    ]
    return made


def account() -> Account:
    """An account there; each call gives a server of its own."""
    return account_at(fake())
