"""The API over HTTP, with a real server: keys, bodies, tags, days, records, errors."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import Engine

from app.api_keys import make_key
from app.assessment import assess_company
from app.companies import connection_for
from app.db import write
from app.intake import find_source, save_page
from app.main import create_app
from app.settings import Settings
from connectors.base import Page
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream
from tests.conftest import NOW
from tests.serving import served

START = date(2026, 1, 5)


def invoice(n: int) -> Invoice:
    served = START + timedelta(days=n)
    issued = served + timedelta(days=30 if n % 4 == 0 else 1)
    return Invoice(
        external_id=f"sale/F{n:04d}",
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=f"F{n:04d}",
        party="C1",
        party_label="Client Un",
        service_on=served,
        issued_on=issued,
        due_on=issued + timedelta(days=30),
        total=Decimal("120.00"),
    )


@pytest.fixture
def client(engine: Engine, company: str) -> Iterator[httpx.Client]:
    """A client with a key, on a company with 280 invoices."""
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        page = Page(tuple(invoice(n) for n in range(280)), {"line": "281"})
        save_page(conn, source, Stream.INVOICES, page, NOW)
        key = make_key(conn, "test", NOW)
    headers = {"Authorization": f"Bearer {key}"}
    with served(engine, NOW) as address, httpx.Client(base_url=address, headers=headers) as asking:
        yield asking


def path(company: str, what: str) -> str:
    return f"/v1/companies/{company}/{what}"


def test_health_needs_no_key_and_everything_else_does(client: httpx.Client, company: str) -> None:
    with httpx.Client(base_url=client.base_url) as bare:
        assert bare.get("/livez").json() == {"status": "alive"}
        assert bare.get("/readyz").json() == {"status": "ready"}
        for what in ("readiness", "signals", "alerts", "records"):
            answer = bare.get(path(company, what))
            assert answer.status_code == 401
            assert answer.json()["title"] == "not_signed_in"
        assert bare.get("/v1/companies", headers={"Authorization": "Bearer seuil_wrong"}).status_code == 401


def test_a_company_not_yet_assessed_says_so(client: httpx.Client, company: str) -> None:
    answer = client.get(path(company, "readiness"))

    assert answer.status_code == 404
    assert answer.json()["title"] == "nothing_assessed"


def test_readiness_is_served_with_a_tag_and_not_sent_twice(client: httpx.Client, engine: Engine, company: str) -> None:
    assess_company(engine, company, NOW)

    first = client.get(path(company, "readiness"))
    again = client.get(path(company, "readiness"), headers={"If-None-Match": first.headers["ETag"]})

    assert first.status_code == 200
    body = first.json()
    assert {signal["name"] for signal in body["signals"]} == {
        "late_invoicing", "director_time", "quality", "key_person", "hidden_cost",
    }  # fmt: skip
    assert body["coverage"] == {"signals_known": 1, "signals": 5, "gates_known": 1, "gates": 4}
    assert again.status_code == 304
    assert again.content == b""


def test_a_past_day_is_answered_as_of_that_day(client: httpx.Client, company: str) -> None:
    past = client.get(path(company, "readiness"), params={"as_of": "2026-06-30"}).json()

    late = next(s for s in past["signals"] if s["name"] == "late_invoicing")["primary"]
    assert past["as_of"] == "2026-06-30"
    assert past["reconstructed"] is True
    assert late["window"][1] == "2026-06-30"


def test_an_earlier_state_of_knowledge_can_be_asked_for(client: httpx.Client, engine: Engine, company: str) -> None:
    assess_company(engine, company, NOW)
    before = (NOW - timedelta(seconds=1)).isoformat()

    then = client.get(path(company, "readiness"), params={"as_of": "2026-11-22", "known_at": before}).json()
    now = client.get(path(company, "readiness"), params={"as_of": "2026-11-22"}).json()

    assert then["coverage"]["signals_known"] == 0
    assert now["coverage"]["signals_known"] == 1


def test_a_day_in_the_future_and_a_day_that_is_none_are_refused_with_the_reason(
    client: httpx.Client, company: str
) -> None:
    future = client.get(path(company, "readiness"), params={"as_of": "2027-01-01"})
    nonsense = client.get(path(company, "readiness"), params={"as_of": "yesterday"})

    assert (future.status_code, future.json()["title"]) == (422, "day_in_the_future")
    assert (nonsense.status_code, nonsense.json()["title"]) == (422, "bad_request")
    assert "as_of" in nonsense.json()["detail"]


def test_an_error_speaks_the_readers_language(client: httpx.Client) -> None:
    wrong = path("nowhere", "readiness")

    assert "Aucune entreprise" in client.get(wrong, headers={"Accept-Language": "fr"}).json()["detail"]
    assert "There is no company" in client.get(wrong, headers={"Accept-Language": "en"}).json()["detail"]


def test_the_records_behind_a_measure_can_be_drilled_into(client: httpx.Client, engine: Engine, company: str) -> None:
    assess_company(engine, company, NOW)
    late = client.get(path(company, "measures/late_issued_rate/evidence"), params={"limit": 3}).json()

    assert late["total"] == late["counted"] > 3
    assert len(late["records"]) == 3
    for record in late["records"]:
        lag = date.fromisoformat(record["issued_on"]) - date.fromisoformat(record["service_on"])
        assert lag.days == 30
        assert record["party_label"] == "Client Un"


def test_a_stream_is_paged_newest_first(client: httpx.Client, company: str) -> None:
    first = client.get(path(company, "records"), params={"stream": "invoices", "limit": 2}).json()
    listed, page = list(first["records"]), first
    while page["next"]:
        asked = {"stream": "invoices", "limit": 90, "cursor": page["next"]}
        page = client.get(path(company, "records"), params=asked).json()
        listed += page["records"]

    days = [record["issued_on"] for record in listed]
    assert first["total"] == len({record["external_id"] for record in listed}) == len(listed) == 280
    assert days == sorted(days, reverse=True)


def test_an_unknown_stream_or_measure_is_named(client: httpx.Client, engine: Engine, company: str) -> None:
    assess_company(engine, company, NOW)

    assert client.get(path(company, "records"), params={"stream": "wine"}).json()["title"] == "no_such_stream"
    assert client.get(path(company, "measures/joy/evidence")).json()["title"] == "no_such_measure"
    assert client.get(path(company, "measures/joy")).json()["title"] == "no_such_measure"


def test_there_are_no_alerts_before_there_are_episodes(client: httpx.Client, company: str) -> None:
    assert client.get(path(company, "alerts")).json() == {"alerts": [], "next": None}


def test_pages_carry_headers_that_keep_scripts_of_others_out(client: httpx.Client) -> None:
    headers = client.get("/livez").headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_a_fault_of_ours_is_a_sentence_with_a_number_and_not_a_trace(engine: Engine, company: str) -> None:
    def broken() -> datetime:
        raise RuntimeError("secret")

    app = create_app(engine, Settings(database_url="sqlite://"), now=broken)
    with write(engine) as conn:
        key = make_key(conn, "test", NOW)
    transport = httpx.ASGITransport(app=app)
    import asyncio  # noqa: PLC0415 - this one test speaks to the application without a server

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://seuil") as asking:
            params = {"as_of": "2026-06-30"}
            return await asking.get(
                path(company, "readiness"), params=params, headers={"Authorization": f"Bearer {key}"}
            )

    answer = asyncio.run(ask())

    assert answer.status_code == 500
    assert answer.json()["title"] == "unexpected"
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["detail"]
