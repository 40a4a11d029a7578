"""The register's pages, as they are served: read, written, refused, given back."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from app.access import holder_with, let_in, make_owner
from app.db import read, write
from app.main import create_app
from app.models.access import audit_entry
from app.register import versions_of
from app.room import COOKIE
from app.settings import Settings

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OURS = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
FILLED = {
    "task_1_what": "Match <lines>",
    "task_1_frequency": "daily",
    "task_3_what": "Ask for missing papers",
    "task_3_by": "admin",
    "rule_1_rule": "Two pairs of eyes",
    "rule_1_above_eur": "1 000",
    "tools": "Pennylane\nBank portal",
    "owner_role": "director",
    "backup_login": "claire",
    "reviewed": "on",
}


@pytest.fixture
def pages(sqlite_engine: Engine, company: str) -> Iterator[TestClient]:
    with write(sqlite_engine) as conn:
        make_owner(conn, "owner@example.com", "right", NOW)
        token = let_in(conn, holder_with(conn, "owner@example.com", "right"), NOW)
    app = create_app(sqlite_engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    client = TestClient(app, headers=OURS, follow_redirects=False, cookies={COOKIE: token})
    client.base_url = client.base_url.join(f"/companies/{company}/")
    yield client
    client.close()


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    return sqlite_engine


def test_a_sheet_filled_in_is_kept_and_shown(pages: TestClient, engine: Engine, company: str) -> None:
    assert "Nothing is written down" in pages.get("processes/bank").text

    saved = pages.post("processes/bank/edit", data=FILLED)

    assert (saved.status_code, saved.headers["location"]) == (303, f"/companies/{company}/processes/bank")
    shown = pages.get("processes/bank").text
    for text in ("Match &lt;lines&gt;", "daily", "Two pairs of eyes", "Bank portal", "director", "22/11/2026"):
        assert text in shown
    assert "claire" not in shown
    with read(engine) as conn:
        (version,) = versions_of(conn, company)
    assert version.body["tasks"][1] == {"what": "Ask for missing papers", "by": "admin"}


def test_logins_are_shown_to_who_asks_and_that_is_written_down(pages: TestClient, engine: Engine, company: str) -> None:
    pages.post("processes/bank/edit", data=FILLED)

    assert "claire" in pages.get("processes/bank?names=1").text
    with read(engine) as conn:
        seen = conn.execute(
            select(audit_entry.c.what, audit_entry.c.note).where(audit_entry.c.company_id == company)
        ).all()
    assert ("seen register", "bank") in seen


def test_what_is_wrong_keeps_nothing_and_leads_to_its_field(pages: TestClient, engine: Engine, company: str) -> None:
    refused = pages.post("processes/bank/edit", data=FILLED | {"rule_1_above_eur": "much"})

    assert refused.status_code == 422
    assert 'href="#rule_1_above_eur"' in refused.text
    assert "Match &lt;lines&gt;" in refused.text
    with read(engine) as conn:
        assert versions_of(conn, company) == []


def test_a_look_in_the_future_is_refused(pages: TestClient) -> None:
    refused = pages.post("processes/bank/edit", data={"task_1_what": "a", "reviewed_on": "2026-11-23"})

    assert refused.status_code == 422
    assert 'href="#reviewed_on"' in refused.text


def test_the_list_says_what_is_written_and_what_is_missing(pages: TestClient) -> None:
    pages.post("processes/bank/edit", data=FILLED)

    listed = pages.get("processes").text
    row = listed[listed.index("/processes/bank") :].partition("</tr>")[0]
    assert "tasks, validation rules, tools, an owner" in row
    assert "frequency, an approval rule" in row


def test_the_register_downloaded_can_be_given_back(pages: TestClient, engine: Engine, company: str) -> None:
    assert pages.get("processes.yaml").status_code == 404
    pages.post("processes/bank/edit", data=FILLED)

    text = pages.get("processes.yaml").text
    assert yaml.safe_load(text)["processes"]["bank"]["backup"] == "claire"
    assert pages.post("declarations", data={"yaml": text}).status_code == 303
    with read(engine) as conn:
        assert len(versions_of(conn, company)) == 1


def test_the_declarations_form_leaves_what_is_written_alone(pages: TestClient, engine: Engine, company: str) -> None:
    pages.post("processes/bank/edit", data=FILLED)
    pages.post("declarations", data={"signed_by": "M. Roux", "bank_operators": "claire", "bank_frequency": "on"})

    form = pages.get("declarations").text
    assert 'name="bank_tasks"' not in form
    assert 'name="bank_frequency" checked' in form
    with read(engine) as conn:
        assert len(versions_of(conn, company)) == 1


@pytest.mark.parametrize("path", ["processes/cooking", "processes/cooking/edit"])
def test_what_is_no_process_is_not_found(pages: TestClient, path: str) -> None:
    assert pages.get(path).status_code == 404


def test_a_past_day_shows_the_sheet_as_it_stood(pages: TestClient) -> None:
    pages.post("processes/bank/edit", data=FILLED)

    assert "Match &lt;lines&gt;" in pages.get("processes/bank?as_of=2026-11-22").text
    assert "Match &lt;lines&gt;" not in pages.get("processes/bank?as_of=2026-11-21").text
