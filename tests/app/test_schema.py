"""The whole API against its own description: nothing falls over, and nothing is answered that is not described."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from structlog.testing import capture_logs

from app.api_keys import make_key
from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import open_database, write
from app.main import create_app
from app.settings import Settings
from tests.conftest import NOW


@schemathesis.serializer("message/rfc822")
def mail(_: object, value: object) -> bytes:
    """Send a mail as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 4
APP = create_app(open_database("sqlite://"), Settings(database_url="sqlite://"), now=lambda: NOW)
schema = schemathesis.openapi.from_asgi("/openapi.json", APP)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[str, str, str]]:
    """A company with a connection, assessed once, behind the application that the description is of."""
    path = tmp_path_factory.mktemp("schema") / "seuil.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        made = add_company(conn, "Menuiserie Aubrac", NOW, siren="123456782", zone="Europe/Paris")
        source = connection_for(conn, made, "dolibarr", NOW)
        key = make_key(conn, "schema", NOW)
    assess_company(engine, made, NOW)
    fresh = create_app(engine, Settings(database_url=f"sqlite:///{path}", api_requests_a_minute=10**6), now=lambda: NOW)
    APP.state.room = fresh.state.room
    yield made, source, key
    engine.dispose()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_an_operation_answers_as_it_is_described(case: "schemathesis.Case[Any]", company: tuple[str, str, str]) -> None:
    made, source, key = company
    if "company_id" in case.path_parameters:
        case.path_parameters["company_id"] = made
    if "connection_id" in case.path_parameters:
        case.path_parameters["connection_id"] = source
    with capture_logs():  # drawing a fault for a terminal takes minutes where a variable is large
        case.call_and_validate(headers={"authorization": f"Bearer {key}"}, checks=list(CHECKS))


def test_every_operation_says_what_it_is_for_and_how_it_refuses() -> None:
    operations = [
        (f"{method} {path}", one)
        for path, methods in APP.openapi()["paths"].items()
        for method, one in methods.items()
        if path.startswith("/v1") and not path.startswith("/v1/webhooks")
    ]

    assert len(operations) > 20
    for name, one in operations:
        assert one["summary"], name
        assert one["description"], name
        assert one["tags"], name
        assert one["security"] == [{"key": []}], name
        refusals = [answer for status, answer in one["responses"].items() if int(status) >= 400]
        assert len(refusals) >= 7, name
        assert all("application/problem+json" in answer["content"] for answer in refusals), name


def test_a_body_that_is_no_text_is_a_problem_like_any_other(company: tuple[str, str, str]) -> None:
    made, _, key = company
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    answer = TestClient(APP).post(f"/v1/companies/{made}/policy", content=b"@\xff\xfe", headers=headers)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["params"]["place"] == "body"
