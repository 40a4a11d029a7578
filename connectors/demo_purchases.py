"""The purchases of the demonstration: supplier invoices, a few of them entered twice late in the story."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from connectors.demo_company import VAT, Curve, Story, along, money, open_from
from connectors.demo_names import supplier_name
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Payment

PURCHASES_AT_START = 60
GROWTH_PER_YEAR = 1.26
SUPPLIERS = 36
SUBSCRIPTIONS = 8
"""The first suppliers bill the same amount every month: not duplicates."""
DUPLICATED_IN = (28, 30, 31, 32, 33, 34, 35)
ATTACHED_SHARE: Curve = ((26, 0.97), (31, 0.82), (37, 0.82), (39, 0.97))


@lru_cache(maxsize=2)
def purchase_documents(story: Story) -> tuple[Invoice, ...]:
    """Make all supplier invoices, as they come in."""
    return tuple(document for index in range(story.last + 1) for document in _month(story, index))


def _month(story: Story, index: int) -> Iterator[Invoice]:
    dice = story.dice("purchases", index)
    days = story.open_days(index)
    for n in range(story.volume(index, PURCHASES_AT_START, GROWTH_PER_YEAR)):
        supplier = n if n < SUBSCRIPTIONS else dice.randrange(SUBSCRIPTIONS, SUPPLIERS)
        amount = 40.0 + 23.5 * n if n < SUBSCRIPTIONS else dice.lognormvariate(5.6, 0.9)
        issued_on = days[2] if n < SUBSCRIPTIONS else dice.choice(days)
        purchase = _purchase(story, index, n, (supplier, amount, issued_on), dice)
        yield purchase
        if n == SUBSCRIPTIONS + 1 and index in DUPLICATED_IN:
            yield _again(purchase, misread=index % 2 == 0)


def _purchase(story: Story, index: int, n: int, what: tuple[int, float, date], dice: Random) -> Invoice:
    supplier, amount, issued_on = what
    net = money(amount)
    tax = money(net * VAT)
    due_on = issued_on + timedelta(days=30)
    return Invoice(
        external_id=f"purchase-{story.start(index):%Y%m}-{n:03}",
        direction=Direction.PURCHASE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=f"{_prefix(supplier)}-{issued_on:%y%m}-{n * 37 % 1000:04}",
        party=f"F{supplier:04}",
        party_label=supplier_name(supplier),
        issued_on=issued_on,
        due_on=due_on,
        paid_on=open_from(due_on - timedelta(days=dice.randint(0, 5))),
        net=net,
        tax=tax,
        total=net + tax,
        has_attachment=dice.random() < along(ATTACHED_SHARE, index),
    )


def _prefix(supplier: int) -> str:
    return chr(ord("A") + supplier % 26) + chr(ord("A") + supplier * 5 % 26)


def _again(purchase: Invoice, *, misread: bool) -> Invoice:
    """Enter a purchase a second time: off a copy, its number misread (O for 0), or retyped under another number."""
    number, issued_on = purchase.number or "", purchase.issued_on or date.min
    return replace(
        purchase,
        external_id=f"{purchase.external_id}-bis",
        number=number.replace("0", "O", 1) if misread else f"{number}-DUPLICATA",
        issued_on=issued_on + timedelta(days=9 if misread else 2),
    )


@lru_cache(maxsize=2)
def purchase_payments(story: Story) -> tuple[Payment, ...]:
    """Pay every supplier invoice, the duplicates too."""
    return tuple(_payments(story))


def _payments(story: Story) -> Iterator[Payment]:
    for purchase in purchase_documents(story):
        if purchase.paid_on is not None and purchase.total is not None:
            yield Payment(
                external_id=f"pay-{purchase.external_id}",
                invoice_id=purchase.external_id,
                paid_on=purchase.paid_on,
                amount=purchase.total,
            )
