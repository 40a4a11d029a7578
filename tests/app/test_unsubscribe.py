"""The way out of the letters: by link, without signing in, and by mail programs themselves."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

from app.db import read, write
from app.main import create_app
from app.models.watch import recipient
from app.recipients import recipient_of_token
from app.settings import Settings
from tests.conftest import NOW

PAGE = {"accept": "text/html", "accept-language": "en"}
WAY_OUT = "/unsubscribe/token-1"


@pytest.fixture
def browser(engine: Engine) -> Iterator[TestClient]:
    """Somebody with a link, and nobody signed in."""
    who = {"id": "r1", "email": "claire@durand.fr", "language": "fr", "zone": "Europe/Paris", "token": "token-1"}
    with write(engine) as conn:
        conn.execute(insert(recipient).values(**who, created_at=NOW))
    app = create_app(engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    with TestClient(app) as client:
        yield client


def is_out(engine: Engine) -> bool:
    with read(engine) as conn:
        return recipient_of_token(conn, "token-1").unsubscribed_at is not None


def test_opening_the_link_changes_nothing(engine: Engine, browser: TestClient) -> None:
    page = browser.get(WAY_OUT, headers=PAGE)

    assert page.status_code == 200
    assert "claire@durand.fr gets a letter from Seuil every week." in page.text
    assert f'action="{WAY_OUT}"' in page.text
    assert not is_out(engine)


def test_a_mail_program_unsubscribes_in_one_click_from_wherever_it_is(engine: Engine, browser: TestClient) -> None:
    answer = browser.post(
        WAY_OUT, data={"List-Unsubscribe": "One-Click"}, headers={"origin": "https://mail.example", "accept": "*/*"}
    )

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert is_out(engine)


def test_the_button_unsubscribes_and_twice_is_once(engine: Engine, browser: TestClient) -> None:
    first, second = browser.post(WAY_OUT, headers=PAGE), browser.post(WAY_OUT, headers=PAGE)

    assert first.status_code == second.status_code == 200
    assert "claire@durand.fr gets no more letters from Seuil." in first.text
    assert is_out(engine)


def test_who_is_out_is_told_so_and_can_come_back(engine: Engine, browser: TestClient) -> None:
    browser.post(WAY_OUT, headers=PAGE)
    told = browser.get(WAY_OUT, headers=PAGE)
    back = browser.post(f"{WAY_OUT}/again", headers=PAGE)

    assert "claire@durand.fr gets no letters from Seuil." in told.text
    assert f'action="{WAY_OUT}/again"' in told.text
    assert "claire@durand.fr gets the weekly letters again." in back.text
    assert not is_out(engine)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_made_up_link_leads_nowhere(browser: TestClient, method: str) -> None:
    assert browser.request(method, "/unsubscribe/made-up", headers=PAGE).status_code == 404
