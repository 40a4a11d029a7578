"""A person is sent to a provider and comes back: once, in time, and the same person; against a real server."""

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import Engine, func, select

from app.companies import add_company
from app.db import read, write
from app.errors import Refused
from app.models.core import oauth_flow
from app.oauth_flow import Begun, begin, finish
from app.vault import Vault
from connectors.account import Account, Secrets
from connectors.errors import AccessDenied, Unavailable
from connectors.oauth import Registration
from tests.connectors.oauth.oauth_server import CLIENT, REDIRECT, SECRET, OAuthServer, serving

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
VAULT = Vault(b64encode(bytes(32)).decode())
LOCAL = frozenset({"localhost"})
ME = "anne@example.com"


@pytest.fixture
def server() -> Iterator[OAuthServer]:
    """Run an authorisation server."""
    with serving() as known:
        yield known


def _registration(server: OAuthServer) -> Registration:
    return Registration(f"{server.address}/token", CLIENT, SECRET, f"{server.address}/consent", scope="read")


def _leave(engine: Engine, server: OAuthServer, company: str, now: datetime = NOW) -> str:
    with write(engine) as conn:
        return begin(
            conn,
            VAULT,
            now,
            _registration(server),
            company_id=company,
            provider="books",
            by=ME,
            redirect=REDIRECT,
            answers={"client_id": CLIENT, "client_secret": SECRET},
            private_hosts=LOCAL,
        )


def _consent(server: OAuthServer, address: str) -> dict[str, str]:
    with httpx.Client(transport=server.network) as browser:
        back = parse_qs(urlsplit(browser.get(address).headers["location"]).query)
    return {name: values[0] for name, values in back.items()}


def _come_back(
    engine: Engine,
    server: OAuthServer,
    returned: dict[str, str],
    *,
    by: str = ME,
    provider: str = "books",
    now: datetime = NOW,
) -> tuple[Begun, Secrets]:
    def reach(begun: Begun) -> tuple[Account, Registration]:
        account = Account({}, {}, ZoneInfo("UTC"), now, private_hosts=LOCAL, transport=server.network)
        return account, replace(_registration(server), client_secret=begun.answers["client_secret"])

    return finish(engine, VAULT, now, returned, provider=provider, by=by, reach=reach)


def _left(engine: Engine) -> int:
    with read(engine) as conn:
        return int(conn.execute(select(func.count()).select_from(oauth_flow)).scalar_one())


def test_a_person_comes_back_with_tokens_and_their_answers(engine: Engine, company: str, server: OAuthServer) -> None:
    begun, tokens = _come_back(engine, server, _consent(server, _leave(engine, server, company)))
    assert (begun.company_id, begun.provider, begun.by) == (company, "books", ME)
    assert begun.answers == {"client_id": CLIENT, "client_secret": SECRET}
    assert set(tokens) == {"access_token", "refresh_token", "renew_at"}
    assert _left(engine) == 0


def test_neither_the_state_nor_the_verifier_nor_an_answer_can_be_read_in_the_table(
    engine: Engine, company: str, server: OAuthServer
) -> None:
    address = _leave(engine, server, company)
    state = parse_qs(urlsplit(address).query)["state"][0]
    with read(engine) as conn:
        row = dict(conn.execute(select(oauth_flow)).mappings().one())
    assert state not in str(row)
    assert SECRET not in str(row)
    assert "verifier" not in str(row)
    assert SECRET not in address
    assert row["expires_at"] == NOW + timedelta(minutes=10)


def test_a_state_is_used_once(engine: Engine, company: str, server: OAuthServer) -> None:
    returned = _consent(server, _leave(engine, server, company))
    _come_back(engine, server, returned)
    with pytest.raises(Refused, match="no_such_authorisation"):
        _come_back(engine, server, returned)
    assert server.asked == ["authorization_code"]


def test_of_two_who_come_back_at_once_one_is_let_in(engine: Engine, company: str, server: OAuthServer) -> None:
    returned = _consent(server, _leave(engine, server, company))

    def come(_: int) -> str:
        try:
            _come_back(engine, server, returned)
        except Refused as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(come, range(4))) == ["in", *["no_such_authorisation"] * 3]


@pytest.mark.parametrize(
    "other",
    [{"by": "mallory@example.com"}, {"provider": "another"}, {"now": NOW + timedelta(minutes=10)}],
    ids=["another person", "another provider", "too late"],
)
def test_who_is_not_the_one_that_left_is_refused_and_the_state_is_spent(
    engine: Engine, company: str, server: OAuthServer, other: dict[str, str]
) -> None:
    returned = _consent(server, _leave(engine, server, company))
    with pytest.raises(Refused, match="no_such_authorisation"):
        _come_back(engine, server, returned, **other)  # type: ignore[arg-type]
    assert _left(engine) == 0
    assert server.asked == []


@pytest.mark.parametrize("returned", [{}, {"state": ""}, {"state": "made up", "code": "made up"}])
def test_a_state_of_somebody_elses_making_is_refused(
    engine: Engine, server: OAuthServer, returned: dict[str, str]
) -> None:
    with pytest.raises(Refused, match="no_such_authorisation"):
        _come_back(engine, server, returned)


def test_a_no_is_said_and_spends_the_state(engine: Engine, company: str, server: OAuthServer) -> None:
    state = parse_qs(urlsplit(_leave(engine, server, company)).query)["state"][0]
    with pytest.raises(AccessDenied) as caught:
        _come_back(engine, server, {"state": state, "error": "access_denied"})
    assert caught.value.params == {"host": "localhost", "error": "access_denied"}
    assert _left(engine) == 0


def test_the_code_of_another_authorisation_is_refused(engine: Engine, company: str, server: OAuthServer) -> None:
    """Someone who puts their own code into our way back fails at the verifier."""
    ours = _consent(server, _leave(engine, server, company))
    theirs = _consent(server, _leave(engine, server, company))
    with pytest.raises(AccessDenied, match="consent_refused"):
        _come_back(engine, server, {"state": ours["state"], "code": theirs["code"]})


def test_a_provider_that_is_down_spends_the_state_and_gives_nothing(
    engine: Engine, company: str, server: OAuthServer
) -> None:
    returned = _consent(server, _leave(engine, server, company))
    server.down = True
    with pytest.raises(Unavailable):
        _come_back(engine, server, returned)
    assert _left(engine) == 0


def test_what_has_expired_is_forgotten_when_the_next_one_leaves(
    engine: Engine, company: str, server: OAuthServer
) -> None:
    _leave(engine, server, company)
    _leave(engine, server, company, NOW + timedelta(minutes=5))
    _leave(engine, server, company, NOW + timedelta(minutes=10))
    assert _left(engine) == 2


def test_each_company_has_its_own(engine: Engine, company: str, server: OAuthServer) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Vergers Lou Pastre", NOW, siren="732829320", zone="Europe/Paris")
    first, second = (_consent(server, _leave(engine, server, each)) for each in (company, other))
    assert _come_back(engine, server, second)[0].company_id == other
    assert _come_back(engine, server, first)[0].company_id == company


def test_what_is_under_way_does_not_show_its_secrets() -> None:
    begun = Begun("c", "books", ME, REDIRECT, verifier="the-verifier", answers={"client_secret": SECRET})
    assert "the-verifier" not in repr(begun)
    assert SECRET not in repr(begun)
