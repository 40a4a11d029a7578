"""Signing in through a sign-in service: somebody else's server (oidc-provider-mock), over HTTP."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, select

from app.access import make_owner
from app.clock import utc_now
from app.db import read, write
from app.errors import NotSignedIn, Refused
from app.main import create_app
from app.models.access import audit_entry
from app.oidc import Begun, Service, begin, finish, service_of
from app.room import COOKIE
from app.settings import Settings
from tests.mail_server import free_port

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it uses what authlib will take away
    from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the server thread's

LEA = "lea@aubrac.test"
PEOPLE = (
    User(sub="lea", claims={"email": "Lea@Aubrac.test", "email_verified": True}),
    User(sub="stranger", claims={"email": "stranger@aubrac.test", "email_verified": True}),
    User(sub="unchecked", claims={"email": LEA}),
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread(user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


def settings_for(issuer: str) -> Settings:
    return Settings(
        database_url="sqlite://",
        public_url="http://seuil.test",
        oidc_issuer=issuer,
        oidc_client_id="seuil",
        oidc_client_secret=SecretStr("secret"),
        secret_key=SecretStr("b2lkYy10ZXN0cy1vaWRjLXRlc3RzLW9pZGMtdGVzdHM="),
    )


@pytest.fixture
def door(sqlite_engine: Engine, issuer: str) -> TestClient:
    with write(sqlite_engine) as conn:
        make_owner(conn, LEA, "quatre petits chats", utc_now())
    app = create_app(sqlite_engine, settings_for(issuer))
    return TestClient(app, base_url="http://seuil.test", headers={"accept-language": "en"}, follow_redirects=False)


def consent(address: str, who: str) -> str:
    """Say at the service who one is; give where it sends back to, from the path on."""
    back = httpx.post(address, data={"sub": who}, trust_env=False).headers["location"]
    return str(back).removeprefix("http://seuil.test")


def test_somebody_the_service_knows_comes_in_to_the_page_they_asked_for(
    door: TestClient, sqlite_engine: Engine
) -> None:
    assert re.search(r'href="/sign-in/with\?next=/me"', door.get("/sign-in?next=/me").text)
    there = door.get("/sign-in/with?next=/me")
    assert "code_challenge_method=S256" in there.headers["location"]
    entered = door.get(consent(there.headers["location"], "lea"))

    assert (entered.status_code, entered.headers["location"]) == (303, "/me")
    assert LEA in door.get("/me").text
    with read(sqlite_engine) as conn:
        row = conn.execute(select(audit_entry.c.who, audit_entry.c.what, audit_entry.c.note)).one()
    assert row == ("Lea@Aubrac.test", "signed in", "sign-in service")


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("stranger", "stranger@aubrac.test has no account here"),
        ("unchecked", "has not checked your e-mail address"),
    ],
)
def test_who_has_no_account_or_no_checked_address_stays_outside(door: TestClient, who: str, why: str) -> None:
    refused = door.get(consent(door.get("/sign-in/with").headers["location"], who))

    assert refused.status_code == 401
    assert why in refused.text
    assert COOKIE not in door.cookies


def test_an_answer_that_was_not_asked_for_here_lets_nobody_in(door: TestClient) -> None:
    back = consent(door.get("/sign-in/with").headers["location"], "lea")
    other = TestClient(door.app, base_url="http://seuil.test", follow_redirects=False)
    assert other.get(back).status_code == 401  # another browser
    assert door.get(re.sub(r"state=[\w-]+", "state=x", back)).status_code == 401
    assert door.get("/sign-in/back").status_code == 401
    assert door.get(back).status_code == 303
    assert door.get(back).status_code == 401  # a second time


def test_it_leads_nowhere_else_afterwards(door: TestClient) -> None:
    there = door.get("/sign-in/with?next=//evil.example")

    assert door.get(consent(there.headers["location"], "lea")).headers["location"] == "/"


def answered(issuer: str, change: dict[str, str]) -> str:
    service = service_of(settings_for(issuer))
    assert service is not None
    address, begun = begin(service, "/")
    code = re.search(r"code=([^&]+)", consent(address, "lea"))
    assert code is not None
    return finish(service, replace(begun, **change), code.group(1), begun.state, utc_now())


def test_a_token_for_another_sign_in_is_none(issuer: str) -> None:
    assert answered(issuer, {}) == "Lea@Aubrac.test"
    with pytest.raises(NotSignedIn) as refused:
        answered(issuer, {"nonce": "another"})
    assert refused.value.code == "oidc_failed"


@pytest.mark.parametrize("later", [timedelta(days=-2), timedelta(days=2)])
def test_a_token_of_another_time_is_none(issuer: str, later: timedelta) -> None:
    service = service_of(settings_for(issuer))
    assert service is not None
    address, begun = begin(service, "/")
    code = re.search(r"code=([^&]+)", consent(address, "lea"))
    assert code is not None
    with pytest.raises(NotSignedIn):
        finish(service, begun, code.group(1), begun.state, utc_now() + later)


@contextmanager
def another_service() -> Iterator[str]:
    """Serve the description of a service elsewhere."""

    class Description(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"issuer": "https://elsewhere.test"}')

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Description) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_service_that_is_away_or_another_is_said(sqlite_engine: Engine) -> None:
    nobody = Service(f"http://localhost:{free_port()}", "seuil", "secret", "http://seuil.test/sign-in/back")
    with pytest.raises(Refused) as away:
        begin(nobody, "/")
    assert away.value.code == "oidc_away"
    with another_service() as address, pytest.raises(Refused) as other:
        begin(replace(nobody, issuer=address), "/")
    assert other.value.code == "oidc_other_issuer"
    app = create_app(sqlite_engine, settings_for(nobody.issuer))
    page = TestClient(app, headers={"accept-language": "en"}, follow_redirects=False).get("/sign-in/with")
    assert page.status_code == 409
    assert "does not answer" in page.text


def test_without_a_service_there_is_no_such_door(sqlite_engine: Engine) -> None:
    client = TestClient(create_app(sqlite_engine, Settings(database_url="sqlite://")), follow_redirects=False)

    assert client.get("/sign-in/with").status_code == 404
    assert client.get("/sign-in/back").status_code == 404
    assert "/sign-in/with" not in client.get("/sign-in").text
    assert service_of(Settings(oidc_issuer="http://x", database_url="sqlite://")) is None


def test_the_state_is_compared_before_anything_is_asked(issuer: str) -> None:
    service = service_of(settings_for(issuer))
    assert service is not None
    with pytest.raises(NotSignedIn):
        finish(service, Begun("state", "nonce", "verifier", "/"), "code", "another", utc_now())
