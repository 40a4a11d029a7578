"""The page on privacy, as it is served: terms shown, chosen, weighed first; and by whom."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.access import let_in, make_holder, make_owner
from app.companies import connection_for
from app.db import read, write
from app.intake import find_source, save_page
from app.main import create_app
from app.members import give_role
from app.retention import Kind, terms
from app.roles import Role
from app.room import COOKIE
from app.settings import Settings
from connectors.base import Page
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream
from tests.conftest import NOW

OURS = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
Ask = Callable[[Role], TestClient]


@pytest.fixture
def ask(sqlite_engine: Engine, company: str) -> Iterator[Ask]:
    """Give somebody who comes in with a role."""
    app = create_app(sqlite_engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    made: list[TestClient] = []

    def come_in(role: Role) -> TestClient:
        email = f"{role.value}@example.com"
        with write(sqlite_engine) as conn:
            make_owner(conn, "first@example.com", "a password of hers", NOW)
            holder = make_holder(conn, email, None, NOW)
            give_role(conn, holder, company, role, by="test", now=NOW)
            token = let_in(conn, holder, NOW)
        client = TestClient(app, headers=OURS, follow_redirects=False, cookies={COOKIE: token})
        client.base_url = client.base_url.join(f"/companies/{company}/")
        made.append(client)
        return client

    yield come_in
    for client in made:
        client.close()


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    return sqlite_engine


def held(engine: Engine, company: str) -> dict[Kind, int | None]:
    with read(engine) as conn:
        return terms(conn, company)


def test_a_term_that_costs_nothing_is_asked_once_more_and_then_kept(ask: Ask, engine: Engine, company: str) -> None:
    owner = ask(Role.OWNER)
    asked = owner.post("privacy", data={"letters": "12"})

    assert "Today’s answer would stay as it is" in asked.text
    assert 'name="sure" value="letters=12"' in asked.text
    assert held(engine, company)[Kind.LETTERS] is None
    saved = owner.post("privacy", data={"letters": "12", "sure": "letters=12"})
    assert saved.headers["location"] == f"/companies/{company}/privacy?done=set"
    assert held(engine, company)[Kind.LETTERS] == 12
    shown = owner.get("privacy").text
    assert "Letters and notices: 12 months." in shown  # in the entry for the register of processing
    assert "Records: as long as the company is kept here." in shown


def test_a_term_that_costs_a_measure_names_it_before_anything_is_kept(ask: Ask, engine: Engine, company: str) -> None:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        some = [
            Invoice(
                external_id=f"{n}-{k}", direction=Direction.SALE, kind=DocumentKind.INVOICE, number=f"{n}-{k}",
                status=DocumentStatus.FINAL, party="C1", issued_on=date(2024 + n // 12, n % 12 + 1, k + 1),
                total=Decimal(10),
            )
            for n in range(34) for k in range(12)
        ]  # fmt: skip
        save_page(conn, source, Stream.INVOICES, Page(tuple(some), {}), NOW)
    asked = ask(Role.OWNER).post("privacy", data={"records": "3"})

    assert "would have no value any more" in asked.text
    assert 'value="3" selected' in asked.text  # what was asked stays chosen
    assert held(engine, company)[Kind.RECORDS] is None


def test_a_longer_term_or_none_is_kept_at_once_and_the_same_changes_nothing(
    ask: Ask, engine: Engine, company: str
) -> None:
    owner = ask(Role.OWNER)
    owner.post("privacy", data={"traces": "24", "sure": "traces=24"})

    assert owner.post("privacy", data={"traces": "24"}).headers["location"].endswith("done=same")
    assert owner.post("privacy", data={"traces": ""}).headers["location"].endswith("done=set")
    assert held(engine, company)[Kind.TRACES] is None


def test_a_term_that_is_none_is_refused_on_the_page(ask: Ask, engine: Engine, company: str) -> None:
    refused = ask(Role.OWNER).post("privacy", data={"traces": "1", "sure": "traces=1"})

    assert refused.status_code == 422
    assert "from 3 to 120" in refused.text
    assert held(engine, company)[Kind.TRACES] is None


@pytest.mark.parametrize("role", [Role.FINANCE_LEAD, Role.VIEWER, Role.AUDITOR])
def test_nobody_but_an_owner_chooses_and_everybody_sees(ask: Ask, engine: Engine, company: str, role: Role) -> None:
    reader = ask(role)
    refused = reader.post("privacy", data={"traces": "24", "sure": "traces=24"})

    assert refused.status_code == 403
    assert held(engine, company)[Kind.TRACES] is None
    shown = reader.get("privacy").text
    assert "How long it is kept" in shown
    assert "<select" not in shown.partition('id="kept"')[2].partition("</section>")[0]


def test_a_yes_is_to_the_terms_that_were_weighed_and_to_no_others(ask: Ask, engine: Engine, company: str) -> None:
    other = ask(Role.OWNER).post("privacy", data={"letters": "6", "sure": "letters=12"})

    assert 'name="sure" value="letters=6"' in other.text
    assert held(engine, company)[Kind.LETTERS] is None
