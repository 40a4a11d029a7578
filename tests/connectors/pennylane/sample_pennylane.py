"""A small Pennylane for the conformance suite: five documents in pages of two, some of them paid."""

from connectors.account import Account
from connectors.records import Direction
from tests.connectors.pennylane.fake_pennylane import FakePennylane, payment, purchase, sale


def account() -> Account:
    """An account there; each call gives a server of its own."""
    fake = FakePennylane(page=2)
    for n in range(1, 6):
        fake.put(Direction.SALE, sale(n, paid=True, status="paid", remaining_amount_with_tax="0.0"))
        fake.payments[Direction.SALE, n] = [payment(n, "2026-11-03", "120.0")]
    for n in range(11, 14):
        fake.put(Direction.PURCHASE, purchase(n))
    return fake.account()
