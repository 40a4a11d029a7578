"""One truth a month: two sources tell of the same documents, one counts, and a person may say which."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.access import holder_with, let_in, make_owner
from app.authority import choices, choose_source
from app.books import read_books
from app.companies import connection_for
from app.db import read, write
from app.errors import BadInput
from app.facts import refresh_touched
from app.intake import find_source, save_page
from app.known import as_known
from app.main import create_app
from app.reconciliation import gaps, months_told_twice, reconcile
from app.room import COOKIE
from app.settings import Settings
from connectors.base import Page, Total
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OCTOBER = 2026 * 12 + 9


def invoice(key: str, day: date, total: str = "120", kind: DocumentKind = DocumentKind.INVOICE) -> Invoice:
    return Invoice(
        external_id=key, direction=Direction.SALE, kind=kind, status=DocumentStatus.FINAL, number=key, party="C1",
        issued_on=day, total=Decimal(total),
    )  # fmt: skip


@pytest.fixture
def two(engine: Engine, company: str) -> Mapping[str, str]:
    """The company's October as an API tells it (2 documents) and as a list does (3)."""
    told = {
        "push": (invoice("a1", date(2026, 10, 5)), invoice("a2", date(2026, 10, 9), "60", DocumentKind.CREDIT_NOTE)),
        "csv": (
            invoice("c1", date(2026, 10, 5)), invoice("c2", date(2026, 10, 9)), invoice("c3", date(2026, 10, 30)),
            invoice("c4", date(2026, 9, 30)),
        ),
    }  # fmt: skip
    keys = {}
    for provider, records in told.items():
        with write(engine) as conn:
            keys[provider] = connection_for(conn, company, provider, NOW)
            save_page(conn, find_source(conn, keys[provider]), Stream.INVOICES, Page(records, {"n": "1"}), NOW)
    return keys


def counted(engine: Engine, company: str) -> list[str]:
    with write(engine) as conn:
        refresh_touched(conn, company)
        books = read_books(conn, company, date(2026, 11, 22))
    return sorted(books.tables["documents"]["external_id"])


def test_an_api_counts_before_a_list_month_by_month(engine: Engine, company: str, two: Mapping[str, str]) -> None:
    assert two
    assert counted(engine, company) == ["a1", "a2", "c4"]  # the API says nothing of September


def test_a_person_chooses_otherwise_from_a_month_on_and_takes_it_back(
    engine: Engine, company: str, two: Mapping[str, str]
) -> None:
    with write(engine) as conn:
        choose_source(conn, company, "sale", OCTOBER, two["csv"], NOW, "Anne")
    assert counted(engine, company) == ["c1", "c2", "c3", "c4"]

    with write(engine) as conn:
        choose_source(conn, company, "sale", OCTOBER, None, LATER, "Anne")
    assert counted(engine, company) == ["a1", "a2", "c4"]


def test_a_choice_of_purchases_or_of_a_later_month_leaves_this_one_alone(
    engine: Engine, company: str, two: Mapping[str, str]
) -> None:
    with write(engine) as conn:
        choose_source(conn, company, "purchase", OCTOBER, two["csv"], NOW, "Anne")
        choose_source(conn, company, "sale", OCTOBER + 1, two["csv"], NOW, "Anne")

    assert counted(engine, company) == ["a1", "a2", "c4"]


def test_what_was_chosen_later_was_not_known_before(engine: Engine, company: str, two: Mapping[str, str]) -> None:
    with write(engine) as conn:
        choose_source(conn, company, "sale", OCTOBER, two["csv"], LATER, "Anne")
    then = as_known(engine, company, NOW)
    try:
        with read(then) as conn:
            assert choices(conn, company) == []
    finally:
        then.dispose()


def test_another_companys_source_cannot_be_chosen(engine: Engine, company: str) -> None:
    with write(engine) as conn, pytest.raises(BadInput):
        choose_source(conn, company, "sale", OCTOBER, "nobody", NOW, "Anne")


def test_what_two_sources_say_of_a_month_stands_side_by_side(
    engine: Engine, company: str, two: Mapping[str, str]
) -> None:
    with read(engine) as conn:
        sides = months_told_twice(conn, company, since=OCTOBER - 12)

    assert [(side.month, side.connection_id, side.n, side.total_minor, side.counts) for side in sides] == [
        (OCTOBER, two["push"], 2, 6000, True),
        (OCTOBER, two["csv"], 3, 36000, False),
    ]


class Telling:
    """A source that says figures of its own."""

    def totals(self) -> Any:
        yield Total(Stream.INVOICES, "rows", 5)
        yield Total(Stream.INVOICES, "total_minor", 6000, month="2026-10", direction="sale", currency="EUR")


def test_a_sources_own_figures_are_kept_beside_ours(engine: Engine, company: str, two: Mapping[str, str]) -> None:
    assert company
    assert reconcile(engine, two["push"], Telling(), NOW) == 1
    assert reconcile(engine, two["push"], Telling(), LATER) == 1
    assert reconcile(engine, two["csv"], object(), NOW) == 0
    with read(engine) as conn:
        kept = [(row["measure"], row["month"], row["theirs"], row["ours"]) for row in gaps(conn, two["push"])]
    assert kept == [("rows", "", 5, 2), ("total_minor", "2026-10", 6000, 6000)]


def test_the_page_shows_both_and_takes_a_choice(sqlite_engine: Engine) -> None:
    from app.companies import add_company  # noqa: PLC0415

    with write(sqlite_engine) as conn:
        company_id = add_company(conn, "Aubrac", NOW, zone="Europe/Paris")
        make_owner(conn, "owner@aubrac.example", "un mot de passe", NOW)
        token = let_in(conn, holder_with(conn, "owner@aubrac.example", "un mot de passe"), NOW)
    keys = two.__wrapped__(sqlite_engine, company_id)  # type: ignore[attr-defined]
    reconcile(sqlite_engine, keys["push"], Telling(), NOW)
    app = create_app(sqlite_engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    client = TestClient(app, headers={"accept": "text/html", "accept-language": "fr"}, follow_redirects=True)
    client.cookies.set(COOKIE, token)
    here = f"/companies/{company_id}/sources"

    shown = client.get(here).text
    asked = {"direction": "sale", "from_month": "2026-10", "connection_id": keys["csv"]}
    chosen = client.post(here, data=asked, headers={"origin": "http://testserver"})
    wrong = client.post(here, data=asked | {"from_month": "soon"}, headers={"origin": "http://testserver"})

    assert "oct. 2026" in shown
    assert "360,00" in shown
    assert chosen.status_code == 200
    assert "owner@aubrac.example" in chosen.text
    assert (wrong.status_code, "soon" in wrong.text) == (422, True)
    with read(sqlite_engine) as conn:
        assert [one.connection_id for one in choices(conn, company_id)] == [keys["csv"]]
