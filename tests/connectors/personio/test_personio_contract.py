"""What the connector asks for is in the contract Personio published, where that lies beside the project."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.records import Stream
from tests.connectors.personio.fake_personio import FakePersonio, attendance, employee, hourly, later, time_off

CONTRACT = Path(__file__).resolve().parents[3] / ".." / "shared" / "contracts" / "personio-personnel-data.yaml"
AUTH = "/v1/auth"  # not in the contract, which begins behind it


@pytest.fixture(scope="module")
def contract() -> Any:
    """Load the contract."""
    if not CONTRACT.exists():
        pytest.skip("the contract of Personio does not lie beside the project")
    found = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    return json.loads(json.dumps(found, default=str))  # YAML takes some of its examples for days


@pytest.fixture(scope="module")
def asked() -> list[tuple[str, str, set[str]]]:
    """Read everything twice and list the ids; give each request's method, path and parameters."""
    fake = FakePersonio(
        employees=[employee(n) for n in range(300)],
        time_offs=[time_off(n, "2026-02-02", "2026-02-06") for n in range(300)],
        hours=[hourly(f"{n}", {"2026-03-02": 480}) for n in range(300)],
        attendances=[attendance(n, "2026-05-04") for n in range(300)],
    )
    connector = fake.connector()
    for stream in connector.streams:
        *_, last = connector.streams[stream](None)
        list(fake.connector(now=later(1)).streams[stream](last.cursor))
        list(connector.keys[stream]())
    return [(one.method, one.url.path, set(one.url.params)) for one in fake.asked]


@pytest.mark.shared
def test_every_path_and_parameter_is_in_the_contract(contract: Any, asked: list[tuple[str, str, set[str]]]) -> None:
    (server,) = (one["url"] for one in contract["servers"])
    assert server == "https://api.personio.de/v1"
    seen = {(method, path) for method, path, _ in asked}
    assert ("POST", AUTH) in seen
    assert {method for method, path in seen if path != AUTH} == {"GET"}
    for method, path, params in asked:
        if path != AUTH:
            known = contract["paths"][path.removeprefix("/v1")][method.lower()]["parameters"]
            assert params <= {one["name"] for one in known}
            assert {one["name"] for one in known if one["required"]} <= params


@pytest.mark.shared
def test_the_contracts_own_examples_are_read(contract: Any) -> None:
    def example(path: str) -> list[Any]:
        answer = contract["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        rows: list[Any] = answer["examples"]["response"]["value"]["data"]
        return rows

    fake = FakePersonio(
        employees=example("/company/employees"),
        time_offs=example("/company/time-offs"),
        hours=example("/company/absence-periods"),
        attendances=example("/company/attendances"),
    )
    connector = fake.connector(admin_words="project name=reporting")
    read = {stream: list(pages(None)) for stream, pages in connector.streams.items()}
    assert not [fault for pages in read.values() for page in pages for fault in page.faults]
    ids = {stream: [one.external_id for page in pages for one in page.records] for stream, pages in read.items()}
    hours = "hours:9bba303f-0fbc-4514-9958-0befa21923fb"
    assert ids == {Stream.STAFF: ["1"], Stream.ABSENCES: [hours], Stream.TIME: ["1234"]}
