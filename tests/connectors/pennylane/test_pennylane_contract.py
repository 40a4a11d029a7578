"""Every path and parameter the connector uses is in Pennylane's own contract, and its words are those we know."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from connectors.pennylane import invoices, payments
from connectors.records import Direction, Stream
from tests.connectors.pennylane.fake_pennylane import BASE, NOW, FakePennylane, payment, purchase, sale

CONTRACT = Path(__file__).resolve().parents[3] / ".." / "shared" / "contracts" / "pennylane-company-v2.cut.json"

pytestmark = pytest.mark.shared


@lru_cache
def paths() -> Mapping[str, Any]:
    if not CONTRACT.exists():
        pytest.skip("Pennylane's contract is not beside the repository")
    found: Mapping[str, Any] = json.loads(CONTRACT.read_text())["paths"]
    return found


def everything_asked() -> FakePennylane:
    """Read in every way there is: listings, changes, documents by themselves, payments, names, keys."""
    fake = FakePennylane()
    for n in range(1, 131):
        fake.put(Direction.SALE, sale(n, paid=True))
        fake.put(Direction.PURCHASE, purchase(n, paid=True))
    fake.page = 40
    fake.payments[Direction.SALE, 1] = [payment(1, "2026-10-10", "120.0")]
    for direction in Direction:
        fake.tell(direction, 999, "update", NOW)
        for n in range(1, 60):
            fake.tell(direction, n, "update", NOW)
    connector = fake.connect()
    for stream in (Stream.INVOICES, Stream.PAYMENTS):
        read = list(connector.streams[stream](None))
        list(connector.streams[stream](read[1].cursor))
    list(connector.keys[Stream.INVOICES]())
    return fake


def described(path: str) -> tuple[str, Mapping[str, Any]]:
    """The contract's own path for one that was asked for."""
    for known, methods in paths().items():
        if re.fullmatch(re.sub(r"\{\w+\}", r"\\d+", known), BASE + path):
            return known, methods["get"]
    pytest.fail(f"not in the contract: {path}")


def test_every_path_and_parameter_asked_for_is_in_the_contract() -> None:
    used = set()
    for path, params in everything_asked().asked:
        known, operation = described(path)
        used.add(known.removeprefix(BASE))
        allowed = {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}
        assert params.keys() <= allowed.keys(), path
        assert not {"cursor", "start_date"} <= params.keys(), path
        assert int(params.get("limit", 1)) <= allowed.get("limit", {}).get("schema", {}).get("maximum", 1), path
        for one in json.loads(params.get("filter", "[]")):
            told = allowed["filter"]["description"]
            assert re.search(rf"`{one['field']}`[^\n]*`{one['operator']}`", told), path
        if "sort" in params:
            text = allowed["sort"].get("description", "")
            assert f"`{params['sort']}`" in text, path
    assert used == {
        "/customer_invoices",
        "/customer_invoices/{id}",
        "/customer_invoices/{customer_invoice_id}/payments",
        "/customer_invoices/{customer_invoice_id}/matched_transactions",
        "/supplier_invoices",
        "/supplier_invoices/{id}",
        "/supplier_invoices/{supplier_invoice_id}/payments",
        "/changelogs/customer_invoices",
        "/changelogs/supplier_invoices",
        "/customers",
    }


def properties(path: str) -> Mapping[str, Any]:
    schema = paths()[f"{BASE}{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = schema.get("allOf", [schema])[0]
    found: Mapping[str, Any] = schema["properties"]["items"]["items"]["properties"]
    return found


def words(schema: Mapping[str, Any]) -> Iterator[str]:
    yield from (one for one in schema.get("enum", ()) if one is not None)
    for one in schema.get("anyOf", ()):
        yield from words(one)


def test_every_word_of_the_contract_is_known() -> None:
    sales, purchases = properties("/customer_invoices"), properties("/supplier_invoices")
    paid = properties("/customer_invoices/{customer_invoice_id}/payments")

    assert set(words(sales["status"])) == invoices._SALE.keys() | invoices._NO_INVOICE  # noqa: SLF001 - the words themselves
    assert set(words(purchases["accounting_status"])) == set(invoices._PURCHASE)  # noqa: SLF001
    assert set(words(purchases["e_invoicing"]["properties"]["reason"])) == set(invoices._REASONS)  # noqa: SLF001
    assert set(words(paid["status"])) == payments._SETTLED | payments._UNSETTLED  # noqa: SLF001
    said = [set(words(one["e_invoicing"]["properties"]["status"])) for one in (sales, purchases)]
    assert said[0] & said[1] >= invoices._REFUSED  # noqa: SLF001
    assert said[0] | said[1] >= invoices._DISPUTED  # noqa: SLF001


def test_our_own_pennylane_tells_no_field_the_contract_does_not_know() -> None:
    assert sale(1).keys() <= properties("/customer_invoices").keys()
    assert purchase(1).keys() <= properties("/supplier_invoices").keys()
