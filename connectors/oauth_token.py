"""Asking an authorisation server for tokens: authlib writes and reads the protocol, an `Api` does the asking.

So the server's address is checked like any other and never followed elsewhere, and what goes wrong has the names that
it has everywhere. Nothing the server writes gets into an error but the protocol's own words.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.base import OAuth2Error  # type: ignore[import-untyped]
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]

from connectors.account import Account, Secrets
from connectors.errors import AccessDenied, Unavailable
from connectors.http import Answer, Api, failure, safe_address

ACCESS, REFRESH, RENEW_AT = "access_token", "refresh_token", "renew_at"
"""The names under which tokens are among an account's secrets."""

EARLY_S = 60  # a token is renewed so long before its end, or halfway where it lives shorter
LONGEST_LIFE_S = 10 * 365 * 24 * 3600

_ERRORS = frozenset({
    "access_denied", "invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "login_required",
    "server_error", "temporarily_unavailable", "unauthorized_client", "unsupported_grant_type",
    "unsupported_response_type",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Registration:
    """What Seuil is to a provider's authorisation server, and where that is.

    Without an address to ask a person's consent at, tokens are given for the client's own credentials. `how` is the
    way the client says who it is: `client_secret_basic`, `client_secret_post`, or `none` for one without a secret.
    """

    token_address: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    consent_address: str | None = None
    scope: str | None = None
    how: str = "client_secret_basic"
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Who gives the tokens, as errors name it."""
        return urlsplit(self.token_address).hostname or ""


class _Post:
    """The network as authlib sees it: one address, asked by way of an `Api`."""

    def __init__(self, account: Account, address: str) -> None:
        safe_address(address, account.private_hosts, resolve=False)  # as a whole; the Api sees its beginning only
        parts = urlsplit(address.strip())
        self._api, self._path = Api(account, f"{parts.scheme}://{parts.netloc}"), parts.path or "/"
        self._host, self._now = parts.hostname or "", account.now

    def post(self, _: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> "_Reply":
        """Send a form; 400 and 401 are answers, for the protocol's own errors come with them."""
        _, headers, body = auth.prepare("POST", "", dict(headers), urlencode(data))
        answer = self._api.ask("POST", self._path, content=body.encode(), headers=headers, accept=(400, 401))
        return _Reply(answer, self._host, self._now)


class _Reply:
    """An answer as authlib reads it."""

    def __init__(self, answer: Answer, host: str, now: datetime) -> None:
        self._answer, self._host, self._now, self.status_code = answer, host, now, answer.status

    def json(self) -> Any:
        """Read JSON; the ValueError of anything else quotes it, and stays in `ask_token`."""
        return json.loads(self._answer.body)

    def raise_for_status(self) -> None:
        """Raise where the answer is an error that says nothing of the protocol."""
        if self.status_code >= 400:  # noqa: PLR2004 - HTTP's own numbers
            raise failure(self._answer, self._host, None, self._now)


def client_of(registration: Registration, post: _Post | None) -> OAuth2Client:
    """Make authlib's client, which asks by way of `post`."""
    return OAuth2Client(
        post,
        client_id=registration.client_id,
        client_secret=registration.client_secret,
        token_endpoint_auth_method=registration.how,
        scope=registration.scope,
        code_challenge_method="S256",
    )


def ask_token(
    account: Account, registration: Registration, ask: Callable[[OAuth2Client], Any], *, refused: str
) -> Mapping[str, Any]:
    """Ask for tokens. What went wrong is named outside the `except`: the library's own errors quote the answer."""
    client = client_of(registration, _Post(account, registration.token_address))
    wrong = "unreadable"
    try:
        token = ask(client)
    except OAuth2Error as error:
        wrong = word(str(error.error))
    except UnicodeError:  # what the client says it is cannot be sent
        wrong = "invalid_client"
    except (ValueError, TypeError):
        pass
    else:
        kind = str(token.get("token_type") or "bearer").lower()
        if isinstance(token.get("access_token"), str) and token["access_token"] and kind == "bearer":
            return dict(token)
    raise _trouble(registration.host, wrong, refused)


def _trouble(host: str, wrong: str, refused: str) -> AccessDenied | Unavailable:
    if wrong == "invalid_grant":
        return AccessDenied(code=refused, params={"host": host, "error": wrong})
    if wrong == "unreadable":
        return Unavailable(code="token_unreadable", params={"host": host})
    if wrong in ("server_error", "temporarily_unavailable"):
        return Unavailable(code="answered_badly", params={"host": host, "status": wrong})
    return AccessDenied(code="access_refused", params={"host": host, "status": wrong})


def secrets_of(token: Mapping[str, Any], now: datetime, registration: Registration) -> Secrets:
    """Give what is to be kept of an answer; an unknown end is kept as such, over the one before."""
    kept = {ACCESS: str(token["access_token"]), RENEW_AT: ""}
    if isinstance(token.get("refresh_token"), str) and registration.consent_address is not None:
        kept[REFRESH] = token["refresh_token"]
    life = str(token.get("expires_in", ""))
    if life.isascii() and life.isdigit():
        seconds = min(int(life), LONGEST_LIFE_S)
        kept[RENEW_AT] = (now + timedelta(seconds=seconds - min(EARLY_S, seconds / 2))).isoformat()
    return kept


def tokens_of(secrets: Secrets) -> dict[str, str]:
    """Give the tokens among an account's secrets."""
    return {name: secrets[name] for name in (ACCESS, REFRESH, RENEW_AT) if secrets.get(name)}


def word(error: str) -> str:
    """Let only the protocol's own words through: a server may write anything."""
    return error if error in _ERRORS else "other"
