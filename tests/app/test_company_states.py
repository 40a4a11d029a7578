"""The states of a company's page, each designed: empty, under way, stale, failed, and behind its data."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from app.access import make_owner
from app.alerts import ASSESSMENT, update_failure
from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.condition import Condition, condition
from app.db import open_database, write
from app.intake import find_source, save_page
from app.jobs import LEASE, claim, finish, put_off
from app.main import create_app
from app.models.core import connection
from app.models.watch import episode
from app.settings import Settings
from connectors.base import Page
from connectors.records import Stream
from tests.app.test_evidence import HERE, invoice
from tests.conftest import NOW


class Clock:
    """A clock that a test sets."""

    now = NOW


@pytest.fixture(scope="module")
def engine(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of these tests' own, in which each has a company of its own."""
    found = open_database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path_factory.mktemp('states') / 'seuil.db')}")
    with write(found) as conn:
        make_owner(conn, "daf@menuiserie.fr", "trois petits chats", NOW)
    yield found
    found.dispose()


@pytest.fixture
def company(engine: Engine) -> str:
    """A company without anything."""
    with write(engine) as conn:
        return add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")


@pytest.fixture(scope="module")
def signed_in(engine: Engine) -> Iterator[TestClient]:
    """A reader of the pages, signed in, in English."""
    with TestClient(create_app(engine, Settings(database_url="sqlite://"), now=lambda: Clock.now)) as client:
        client.headers["accept-language"] = "en"
        client.post("/sign-in", data={"email": "daf@menuiserie.fr", "password": "trois petits chats"}, headers=HERE)
        yield client


@pytest.fixture
def client(signed_in: TestClient) -> Iterator[TestClient]:
    """The reader, at a clock that is set right after each test."""
    yield signed_in
    Clock.now = NOW


def filled(engine: Engine, company: str, days_ago: int = 0) -> None:
    back = timedelta(days=days_ago)
    records = tuple(
        replace(one, service_on=one.service_on - back, issued_on=one.issued_on - back, due_on=one.due_on - back)
        for one in map(invoice, range(30))
        if one.service_on and one.issued_on and one.due_on
    )
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        save_page(conn, source, Stream.INVOICES, Page(records, {"line": "31"}), NOW)


def page(client: TestClient, company: str) -> str:
    answer = client.get(f"/companies/{company}")
    assert answer.status_code == 200
    return answer.text


def test_an_empty_company_says_that_nothing_is_known_and_how_to_begin(client: TestClient, company: str) -> None:
    text = page(client, company)
    assert "Nothing is known of this company yet" in text
    assert "Assess now" in text
    assert 'role="alert"' not in text


def test_a_first_assessment_under_way_is_said_and_nothing_is_called_empty(
    client: TestClient, company: str, engine: Engine
) -> None:
    with write(engine) as conn:
        assert claim(conn, "assess", f"{company}@{NOW.date()}", NOW)
    text = page(client, company)
    assert "An assessment has been under way since" in text
    assert "It is the first" in text
    assert "Nothing is known of this company yet" not in text
    assert "Assess now" not in text


def test_beside_an_answer_one_under_way_is_told_until_it_is_done_or_its_lease_is_over(
    client: TestClient, company: str, engine: Engine
) -> None:
    filled(engine, company)
    assess_company(engine, company, NOW)
    with write(engine) as conn:
        mine = claim(conn, "assess", f"{company}@later", NOW)
    assert "What you see is the answer before it." in page(client, company)
    assert mine is not None
    Clock.now = NOW + LEASE + timedelta(seconds=1)
    assert "assessment has been under way" not in page(client, company)
    Clock.now = NOW
    with write(engine) as conn:
        finish(conn, mine, NOW)
    assert "assessment has been under way" not in page(client, company)


def test_another_companys_assessment_is_none_of_ours(client: TestClient, company: str, engine: Engine) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Autre", NOW, zone="Europe/Paris")
        claim(conn, "assess", f"{other}@{NOW.date()}", NOW)
    assert "assessment has been under way" not in page(client, company)


def test_a_failed_assessment_is_loud_and_says_which_answer_is_still_shown_and_when_it_is_tried_again(
    client: TestClient, company: str, engine: Engine
) -> None:
    filled(engine, company)
    assess_company(engine, company, NOW)
    with write(engine) as conn:
        update_failure(conn, company, ASSESSMENT, NOW.date(), NOW, failed=True, facts={"error": "ZeroDivisionError"})
        mine = claim(conn, "assess", f"{company}@{NOW.date()}", NOW)
        assert mine
        put_off(conn, mine, NOW, "ZeroDivisionError")
    text = page(client, company)
    box = text.split('class="notice loud" role="alert"')[1].split("</div>")[0]
    assert "The assessment has failed since" in box
    assert "it says nothing about today" in box
    assert "ZeroDivisionError" in box
    assert "It is tried again at" in box
    assert "Try now" in box
    assert "assessment has been under way" not in text


def test_data_that_came_after_the_answer_are_said_to_be_waiting(
    client: TestClient, company: str, engine: Engine
) -> None:
    filled(engine, company)
    assess_company(engine, company, NOW)
    assert "Newer data came" not in page(client, company)
    came(engine, company, NOW + timedelta(hours=2))
    assert "Newer data came on" in page(client, company)


def came(engine: Engine, company: str, at: datetime) -> None:
    with write(engine) as conn:
        conn.execute(update(connection).where(connection.c.company_id == company).values(changed_at=at))


def test_data_that_stopped_are_loud_and_say_what_is_frozen(client: TestClient, company: str, engine: Engine) -> None:
    filled(engine, company, days_ago=120)
    assess_company(engine, company, NOW)
    text = page(client, company)
    assert "The data stop on" in text
    assert "is frozen on that day: it says nothing about today" in text


def test_a_try_that_failed_is_not_under_way(company: str, engine: Engine) -> None:
    with write(engine) as conn:
        mine = claim(conn, "assess", f"{company}@{NOW.date()}", NOW)
        assert mine
        put_off(conn, mine, NOW, "ZeroDivisionError")
        assert condition(conn, company, [], NOW) == Condition()


def test_an_open_alert_is_acknowledged_from_the_page_and_a_dismissed_one_is_not_listed(
    client: TestClient, company: str, engine: Engine
) -> None:
    filled(engine, company)
    assess_company(engine, company, NOW)
    with write(engine) as conn:
        update_failure(conn, company, ASSESSMENT, NOW.date(), NOW, failed=True, facts={})
    action = re.search(rf'/companies/{company}/alerts/[^"/]+/acknowledge', page(client, company))
    assert action is not None
    client.post(action[0], headers=HERE)
    assert action[0] not in page(client, company)
    with write(engine) as conn:
        conn.execute(update(episode).where(episode.c.company_id == company).values(dismissed_at=NOW))
    assert "Open alerts" not in page(client, company)
