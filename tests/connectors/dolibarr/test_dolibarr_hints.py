"""A call of Dolibarr's module Webhook names a document, which is then asked for by itself."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Fetching, Hint
from connectors.dolibarr import PROVIDER
from connectors.dolibarr.hints import read_hint
from connectors.errors import AccessDenied
from connectors.records import Payment, Stream
from tests.connectors.dolibarr.fake_dolibarr import (
    INVOICES,
    PURCHASES,
    FakeDolibarr,
    mail,
    payment,
    purchase,
    sale,
    speaking,
)

VERSIONS = ["16.0.3", "20.0.2", "22.0.4"]


def call(trigger: Any, number: Any = "42") -> bytes:
    whole = {"id": number, "ref": "FA2601-0001", "socid": "7", "note_private": "not ours to keep"}
    return json.dumps({"triggercode": trigger, "object": whole}).encode()


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (call("BILL_VALIDATE"), "sale:42"),
        (call("BILL_DELETE", 42), "sale:42"),
        (call("BILL_SUPPLIER_PAYED"), "purchase:42"),
        (call("BILL_SENTBYMAIL"), None),  # told by the agenda
        (call("PAYMENT_CUSTOMER_CREATE"), None),
        (call("LINEBILL_MODIFY"), None),  # the number is the line's
        (call("BILL_VALIDATE", "0"), None),
        (call("BILL_VALIDATE", "42/../../setup"), None),
        (call("BILL_VALIDATE", "٤٢"), None),
        (call("BILL_VALIDATE", 2**31), None),
        (call("BILL_VALIDATE", None), None),
        (call(["BILL_VALIDATE"]), None),
        (b'{"triggercode":"BILL_VALIDATE","object":[1]}', None),
        (b"[" * 100_000, None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
def test_a_call_names_a_document_or_just_rings(body: bytes, hint: str | None) -> None:
    assert read_hint(body) == (Hint(Stream.INVOICES, hint) if hint else None)


def fetched(fake: FakeDolibarr, hint: str, **settings: str) -> dict[Stream, Any]:
    connector = fake.connect(**settings)
    assert isinstance(connector, Fetching)
    fake.asked.clear()
    return dict(connector.fetch(Hint(Stream.INVOICES, hint)))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_document_by_itself_reads_the_same_as_in_its_list(version: str) -> None:
    rows = {INVOICES: [sale(1, paye="1", sumpayed="1200"), sale(2)], PURCHASES: [purchase(1)]}
    fake = speaking(version, rows | {"/agendaevents": [mail(1, 1, "2026-02-01 09:00")]})
    fake.pay(INVOICES, 1, payment("2026-03-01", "1200", "P1"))
    listed = {one.external_id: one for page in fake.connect().streams[Stream.INVOICES](None) for one in page.records}

    for hint in ("sale:1", "sale:2", "purchase:1"):
        assert fetched(fake, hint)[Stream.INVOICES].records == (listed[hint],)
    (paid,) = fetched(fake, "sale:1")[Stream.PAYMENTS].records
    assert isinstance(paid, Payment)
    assert (paid.external_id, paid.paid_on, paid.amount) == ("sale:1:1", date(2026, 3, 1), Decimal(1200))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_document_that_was_deleted_is_gone_with_what_was_paid_on_it(version: str) -> None:
    told = fetched(speaking(version, {INVOICES: [sale(1)]}), "sale:9")

    assert told[Stream.INVOICES].gone == ("sale:9",)
    assert "sale:9:1" in told[Stream.PAYMENTS].gone


def test_a_document_of_a_kind_that_is_not_kept_there_is_not_asked_for() -> None:
    fake = speaking("22.0.4", {PURCHASES: [purchase(1)]})

    assert fetched(fake, "purchase:1", documents="sale") == {}
    assert not any(request.url.path.endswith("/supplierinvoices/1") for request in fake.asked)


def test_without_the_agenda_a_sale_is_left_to_the_lists_lest_it_lose_its_sending() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1)]})
    fake.refused.add("agenda")

    with pytest.raises(AccessDenied):
        fetched(fake, "sale:1")


def test_a_document_that_makes_no_sense_is_set_aside() -> None:
    told = fetched(speaking("22.0.4", {INVOICES: [sale(1, type="9")]}), "sale:1")

    (fault,) = told[Stream.INVOICES].faults
    assert fault.place == "sale:1"


def test_the_provider_reads_hints() -> None:
    assert PROVIDER.hint is read_hint
    assert isinstance(speaking("22.0.4", {}).connect(), Fetching)
