"""A small Dolibarr for the conformance suite: documents in pages of two, mailed, dunned and paid; staff and hours."""

from connectors.account import Account
from tests.connectors.dolibarr.fake_dolibarr import (
    AGENDA,
    INVOICES,
    PROJECTS,
    PURCHASES,
    TASKS,
    USERS,
    FakeDolibarr,
    mail,
    payment,
    purchase,
    sale,
    speaking,
    spent,
    task,
    user,
)


def fake(version: str = "22.0.4") -> FakeDolibarr:
    """Make the server, the same each time."""
    sales = [sale(n, statut="2", status="2", paye="1", totalpaid="120") for n in range(1, 6)]
    mails = [mail(n, n, "2026-10-06 09:00") for n in range(1, 6)]
    dunned = [mail(10 + n, n, "2026-11-10 09:00") for n in range(1, 6)]
    found = speaking(
        version,
        {
            INVOICES: sales,
            PURCHASES: [purchase(n) for n in range(1, 4)],
            AGENDA: [*mails, *dunned],
            USERS: [user(n) for n in range(1, 5)],
            PROJECTS: [{"id": "1", "title": "Administratif"}],
            TASKS: [task(n, "Relances", 1, spent(n, "2026-10-07", 1800)) for n in range(1, 4)],
        },
        a_page=2,
    )
    for n in range(1, 6):
        found.pay(INVOICES, n, payment("2026-11-12", "120.0", f"PAY-{n}"))
    return found


def account() -> Account:
    """An account there; each call gives a server of its own."""
    return fake().account()
