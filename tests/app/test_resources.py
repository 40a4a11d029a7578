"""What the API gives of a company beyond its answer: its past, measures, connections, files, people, processes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from app.access import holder_called, let_in, make_owner
from app.api_keys import make_key
from app.assessment import assess_company
from app.companies import connection_for
from app.db import write
from app.intake import find_source, save_page
from app.main import create_app
from app.models.core import connection
from app.people import name_actor
from app.room import COOKIE
from app.settings import Settings
from connectors.base import Page
from connectors.records import Stream
from tests.app.test_alerts_api import invoice
from tests.app.test_pages import fec
from tests.conftest import NOW

FEC_NAME = "123456782FEC20251231.txt"


@dataclass
class House:
    """A company with invoices, two answers, a source and a person, and a program that asks."""

    client: TestClient
    company: str
    source: str
    person: str

    def get(self, what: str, **params: str | int) -> Any:
        """Ask, expecting an answer."""
        answer = self.client.get(self.path(what), params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def path(self, what: str) -> str:
        """Give an address of the company."""
        return f"/v1/companies/{self.company}/{what}" if what else f"/v1/companies/{self.company}"

    def title(self, method: str, what: str, **asked: Any) -> tuple[int, str]:
        """Ask, expecting a refusal."""
        answer = self.client.request(method, self.path(what), **asked)
        return answer.status_code, answer.json()["title"]


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    """One database will do: what asks the database of its own is tried on both beside it."""
    return sqlite_engine


@pytest.fixture
def house(engine: Engine, company: str) -> House:
    """The house."""
    with write(engine) as conn:
        csv = find_source(conn, connection_for(conn, company, "csv", NOW))
        save_page(conn, csv, Stream.INVOICES, Page(tuple(map(invoice, range(280))), {}), NOW)
        source = connection_for(conn, company, "dolibarr", NOW + timedelta(seconds=1))
        person = name_actor(conn, company, "mdurand", NOW, name="Marie Durand", role="director", ours=True)
        key = make_key(conn, "program", NOW)
    for weeks in (2, 1, 0):
        assess_company(engine, company, NOW - timedelta(weeks=weeks))
    app = create_app(engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    return House(TestClient(app, headers={"authorization": f"Bearer {key}"}), company, source, person)


def all_pages(house: House, what: str, name: str, limit: int, **params: str | int) -> list[Any]:
    """Turn page after page, and see that each is as long as it may be."""
    found: list[Any] = []
    page = house.get(what, limit=limit, **params)
    while page["next"]:
        assert len(page[name]) == limit
        found += page[name]
        page = house.get(what, limit=limit, cursor=page["next"], **params)
    return found + list(page[name])


def test_a_company_is_given_and_added(house: House) -> None:
    known = house.get("")
    new = house.client.post("/v1/companies", json={"name": "Atelier Neuf", "siren": "732829320"})
    again = house.client.post("/v1/companies", json={"name": "Le même", "siren": "732829320"})
    listed = house.client.get("/v1/companies", params={"limit": 1}).json()

    assert (known["id"], known["currency"], known["is_demo"]) == (house.company, "EUR", False)
    assert (new.status_code, new.json()["siren"]) == (201, "732829320")
    assert house.client.get(f"/v1/companies/{new.json()['id']}/readiness").json()["verdict"] == "cannot_say"
    assert (again.status_code, again.json()["title"]) == (409, "siren_known")
    assert [one["name"] for one in listed["companies"]] == ["Atelier Neuf"]
    assert listed["next"]
    francs = house.client.post("/v1/companies", json={"name": "Horlogerie Jura", "currency": "CHF"})
    assert (francs.status_code, francs.json()["currency"]) == (201, "CHF")
    for bad in (
        {"name": "x", "currency": "ZZZ"},
        {"name": "x", "currency": "chf"},
        {},
        {"name": ""},
        {"name": "x", "siren": "12"},
        {"name": "x", "zone": "Mars"},
        {"name": "x", "vat": 1},
    ):
        assert house.client.post("/v1/companies", json=bad).status_code == 422, bad


def test_past_verdicts_are_listed_newest_first_page_by_page(house: House) -> None:
    listed = all_pages(house, "readiness/history", "history", 2)

    assert [one["as_of"] for one in listed] == ["2026-11-22", "2026-11-15", "2026-11-08"]
    assert {one["verdict"] for one in listed} == {house.get("readiness")["verdict"]}


def test_a_measure_is_given_now_and_over_time(house: House) -> None:
    now = {one["name"]: one for one in house.get("measures")["measures"]}["late_issued_rate"]
    then = all_pages(house, "measures/late_issued_rate", "readings", 2)

    assert [one["as_of"] for one in then] == ["2026-11-22", "2026-11-15", "2026-11-08"]
    assert (then[0]["value"], then[0]["low"], then[0]["n"]) == (now["value"], now["low"], now["n"])
    assert then[0]["signal"] == "late_invoicing"


def test_the_records_behind_a_measure_come_page_by_page_and_all_of_them(house: House) -> None:
    what = "measures/late_issued_rate/evidence"
    whole = house.get(what, limit=500)
    paged = all_pages(house, what, "records", 10)

    assert whole["total"] == whole["counted"] == len(paged) > 30
    assert paged == whole["records"]


def test_pages_of_evidence_end_with_the_answer_they_began_with(house: House, engine: Engine) -> None:
    what = "measures/late_issued_rate/evidence"
    cursor = house.get(what, limit=1)["next"]
    with write(engine) as conn:
        csv = find_source(conn, connection_for(conn, house.company, "csv", NOW))
        save_page(conn, csv, Stream.INVOICES, Page((invoice(290),), {}), NOW)
    assess_company(engine, house.company, NOW)

    assert house.title("GET", what, params={"cursor": cursor}) == (409, "answer_changed")


def test_a_cursor_of_one_list_is_none_of_another(house: House) -> None:
    cursor = house.get("readiness/history", limit=1)["next"]

    assert house.title("GET", "records", params={"cursor": cursor}) == (422, "bad_cursor")
    assert house.title("GET", "measures/late_issued_rate", params={"cursor": "x"}) == (422, "bad_cursor")


def test_a_parameter_that_is_none_is_refused_and_not_passed_over(house: House) -> None:
    assert house.title("GET", "records", params={"offset": "50"}) == (422, "unknown_parameter")


def test_connections_tell_what_is_wrong_and_how_far_they_were_read(house: House, engine: Engine) -> None:
    with write(engine) as conn:
        trouble = {"trouble": "source_denied", "trouble_params": {}, "troubled_since": NOW, "failures": 2}
        conn.execute(update(connection).where(connection.c.id == house.source).values(trouble))
    listed = all_pages(house, "connections", "connections", 1)
    csv = next(one for one in listed if one["provider"] == "csv")

    assert [one["provider"] for one in listed] == ["dolibarr", "csv"]
    assert listed[0]["trouble"]["code"] == "source_denied"
    assert house.get(f"connections/{csv['id']}")["streams"][0]["stream"] == "invoices"
    assert "secret" not in str(listed)


def test_a_sync_is_asked_for_and_followed(house: House) -> None:
    before = house.get(f"connections/{house.source}/syncs")
    asked = house.client.post(house.path(f"connections/{house.source}/syncs"))
    csv = next(one for one in house.get("connections")["connections"] if one["provider"] == "csv")

    assert before["failures"] == 0
    assert (asked.status_code, asked.json()["state"]) == (202, "due")
    assert house.title("POST", f"connections/{csv['id']}/syncs") == (409, "source_is_handed_over")
    assert house.title("GET", "connections/019a/syncs") == (404, "no_such_connection")


def test_a_ledger_is_handed_over_and_its_lines_accounted_for(house: House) -> None:
    first = house.client.post(house.path("imports"), params={"name": FEC_NAME}, content=fec(48))
    again = house.client.post(house.path("imports"), params={"name": FEC_NAME}, content=fec(48))
    told = house.get(f"imports/{first.json()['id']}")

    assert (first.status_code, first.json()["state"]) == (201, "applied")
    assert told["summary"]["entries"] == again.json()["summary"]["entries"] > 0
    assert told["refused"] == []
    assert [one["state"] for one in all_pages(house, "imports", "imports", 1)] == ["applied", "applied"]


def test_a_ledger_that_takes_entries_away_waits_for_a_word(house: House) -> None:
    house.client.post(house.path("imports"), params={"name": FEC_NAME}, content=fec(48))
    rows = fec(48).split(b"\n")
    fewer = b"\n".join(rows[:20] + rows[40:])
    waits = house.client.post(house.path("imports"), params={"name": FEC_NAME}, content=fewer).json()
    gone = waits["would"]["gone"]
    cancelled = house.client.delete(house.path(f"imports/{waits['id']}"))
    waits = house.client.post(house.path("imports"), params={"name": FEC_NAME}, content=fewer).json()
    applied = house.client.post(house.path(f"imports/{waits['id']}/apply")).json()

    assert (waits["state"], cancelled.status_code, applied["state"]) == ("staged", 204, "applied")
    assert gone > 0
    assert house.title("POST", f"imports/{waits['id']}/apply") == (404, "no_such_import")


def test_a_list_is_handed_over_and_what_is_wrong_with_it_is_named(house: House) -> None:
    text = b"date;kind;amount\n2026-01-31;software;12,00\n2026-02-30;software;12,00\n"
    done = house.client.post(house.path("imports"), params={"name": "costs.csv", "stream": "costs"}, content=text)

    told = done.json()
    assert (done.status_code, told["new"], told["refused_total"]) == (201, 1, 1), done.text
    assert told["refused"][0]["place"].endswith("3")
    assert house.title("POST", "imports", params={"name": "x.csv", "stream": "wine"}, content=b"a") == (
        422,
        "no_such_stream",
    )
    assert house.title("POST", "imports", params={"name": "x.txt"}, content=b"") == (422, "no_file_chosen")
    assert house.title("POST", "imports", params={"name": "x.txt"}, content=b"hello") == (422, "not_a_fec")


def test_people_are_pseudonyms_with_roles(house: House) -> None:
    listed = house.get("people")["people"]
    set_ = house.client.put(house.path(f"people/{house.person}/role"), json={"role": "admin"})

    assert [(one["id"], one["role"]) for one in listed] == [(house.person, "director")]
    assert set_.json()["role"] == "admin"
    assert "urand" not in str(listed) + set_.text
    assert house.title("PUT", f"people/{house.source}/role", json={"role": "admin"}) == (404, "no_such_person")
    assert house.title("PUT", f"people/{house.person}/role", json={"role": "king"}) == (422, "bad_request")


def test_a_process_sheet_is_written_down_version_by_version(house: House) -> None:
    sheet = {"tasks": [{"what": "send invoices", "frequency": "weekly"}], "owner": "mdurand"}
    kept = house.client.put(house.path("processes/invoicing"), json=sheet)
    house.client.put(house.path("processes/invoicing"), json=sheet | {"backup": "admin"})
    versions = house.get("processes/invoicing")["versions"]
    stands = {one["process"]: one["sheet"] for one in house.get("processes")["processes"]}

    assert kept.status_code == 200, kept.text
    assert [one["backup"] for one in versions] == ["admin", None]
    assert stands["invoicing"]["tasks"] == sheet["tasks"]
    assert stands["payroll"] is None
    assert "mdurand" not in str(versions)
    assert house.title("PUT", "processes/wine", json=sheet) == (404, "no_such_process")
    assert house.title("PUT", "processes/invoicing", json={"tasks": [{"frequency": "weekly"}]}) == (
        422,
        "declaration_missing",
    )


def test_auditors_read_who_did_what_and_keys_do_not(house: House, engine: Engine) -> None:
    house.client.put(house.path(f"people/{house.person}/role"), json={"role": "admin"})
    with write(engine) as conn:
        make_owner(conn, "owner@firm.test", "a very long password", NOW)
        holder = holder_called(conn, "owner@firm.test")
        assert holder
        token = let_in(conn, holder, NOW)
    by_key = house.client.get("/v1/audit")
    ask: Callable[..., Any] = TestClient(house.client.app, cookies={COOKIE: token}).get
    first = ask("/v1/audit", params={"limit": 1}).json()
    second = ask("/v1/audit", params={"limit": 1, "cursor": first["next"]}).json()

    assert (by_key.status_code, by_key.json()["title"]) == (403, "role_forbids")
    assert [first["audit"][0]["what"], second["audit"][0]["what"]] == ["seen audit", "people/role"]
