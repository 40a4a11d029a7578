"""OAuth 2 against somebody else's server: oidc-provider-mock.

It knows no PKCE and no client credentials, and replaces no refresh token: `oauth_server.py` does.
"""

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.account import Account
from connectors.errors import AccessDenied
from connectors.http import Api
from connectors.oauth import OAuth, Registration, consent_address, new_verifier, redeem

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it uses what authlib will take away
    from oidc_provider_mock import run_server_in_thread  # type: ignore[import-untyped]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the server thread's

REDIRECT = "https://seuil.example/oauth/return"


@pytest.fixture
def address() -> Iterator[str]:
    """Run the server."""
    with run_server_in_thread(access_token_max_age=timedelta(seconds=600)) as server:
        yield f"http://localhost:{server.server_port}"


def test_a_consent_opens_the_account_until_it_is_taken_back(address: str) -> None:
    registration = Registration(
        f"{address}/oauth2/token", "seuil", "secret", f"{address}/oauth2/authorize", scope="openid email"
    )
    kept: dict[str, str] = {}
    hosts, now, seconds = frozenset({"localhost"}), datetime(2026, 11, 22, 9, tzinfo=UTC), 0.0
    account = Account({}, {}, ZoneInfo("UTC"), now, keep=kept.update, private_hosts=hosts)

    verifier = new_verifier()
    url = consent_address(registration, hosts, redirect=REDIRECT, state="s", verifier=verifier)
    with httpx.Client(trust_env=False) as browser:
        back = parse_qs(urlsplit(browser.post(url, data={"sub": "somebody"}).headers["location"]).query)
        kept.update(redeem(account, registration, code=back["code"][0], verifier=verifier, redirect=REDIRECT))
        first = dict(kept)
        account = Account({}, dict(kept), ZoneInfo("UTC"), now, keep=kept.update, private_hosts=hosts)
        api = Api(account, address, auth=OAuth(account, registration, clock=lambda: seconds))

        assert api.get("/userinfo").json()["sub"] == "somebody"
        seconds = 541.0
        assert api.get("/userinfo").json()["sub"] == "somebody"
        assert kept["access_token"] != first["access_token"]
        assert kept["refresh_token"] == first["refresh_token"]

        browser.post(f"{address}/users/somebody/revoke-tokens")
    seconds = 10.0**6
    with pytest.raises(AccessDenied, match="consent_gone"):
        api.get("/userinfo")
