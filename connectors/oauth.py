"""OAuth 2: a person's consent (authorization code with PKCE), client credentials, and refresh tokens that rotate.

A renewed pair of tokens is kept before either is used: whoever is killed in between goes on with it. No token is in an
error or a repr. Requests for tokens are few, and not counted in the budget of the account's address.
"""

import time
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import httpx
from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]

from connectors.account import Account, Secrets
from connectors.errors import AccessDenied
from connectors.http import safe_address
from connectors.oauth_token import (
    ACCESS,
    REFRESH,
    RENEW_AT,
    Registration,
    ask_token,
    client_of,
    secrets_of,
    tokens_of,
    word,
)

__all__ = ["OAuth", "Registration", "consent_address", "new_verifier", "redeem", "refused"]

PAUSES_S = (0.0, 1.0, 3.0)  # how long another process may take from its renewed tokens to having kept them


def new_verifier() -> str:
    """Make the secret of one authorisation (RFC 7636)."""
    return str(generate_token(64))


def consent_address(
    registration: Registration, private_hosts: frozenset[str], *, redirect: str, state: str, verifier: str
) -> str:
    """Give the address at which a person consents; only the verifier's digest (S256) is in it."""
    if registration.consent_address is None:
        raise ValueError(registration.host)  # a fault of ours: nobody consents to client credentials
    address = safe_address(registration.consent_address, private_hosts, resolve=False)
    client = client_of(registration, None)
    more = dict(registration.more)
    url, _ = client.create_authorization_url(address, state, verifier, redirect_uri=redirect, **more)
    return str(url)


def redeem(account: Account, registration: Registration, *, code: str, verifier: str, redirect: str) -> Secrets:
    """Change the code that a person came back with for tokens, to be kept among the account's secrets."""
    asked = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect}
    token = ask_token(account, registration, lambda client: client.fetch_token("", **asked), refused="consent_refused")
    return secrets_of(token, account.now, registration)


def refused(registration: Registration, error: str) -> AccessDenied:
    """Name what a person came back with instead of a code."""
    return AccessDenied(code="consent_refused", params={"host": registration.host, "error": word(error)})


class OAuth(httpx.Auth):
    """Opens requests with a token, and renews it when its time comes or when a request is refused for it.

    `stored` reads the account's secrets as they are kept now: another process may have renewed them meanwhile.
    `clock` is one that never goes back (seconds), to know how long ago `account.now` was.
    """

    def __init__(
        self,
        account: Account,
        registration: Registration,
        *,
        stored: Callable[[], Secrets] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the account, and where its tokens come from; AccessDenied where that may not be asked."""
        safe_address(registration.token_address, account.private_hosts, resolve=False)
        self._account, self._registration, self._stored = account, registration, stored
        self._clock, self._began, self._renewing = clock, clock(), Lock()
        self._secrets = tokens_of(account.secrets)

    def __repr__(self) -> str:
        """Say who gives the tokens, and nothing of them."""
        return f"OAuth({self._registration.host!r})"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put a token on a request; where it is refused (401), once more with a renewed one."""
        used = self._secrets.get(ACCESS)
        if used is None or self._is_due():
            used = self._renewed(used)
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {self._renewed(used)}"
            yield request

    def _now(self) -> datetime:
        return self._account.now + timedelta(seconds=self._clock() - self._began)

    def _is_due(self) -> bool:
        renew_at = self._secrets.get(RENEW_AT)
        return renew_at is not None and datetime.fromisoformat(renew_at) <= self._now()

    def _renewed(self, used: str | None) -> str:
        """Give an access token other than the one that was used; whoever comes second takes the first one's."""
        with self._renewing:
            self._look()
            if self._secrets.get(ACCESS) in (None, used) or self._is_due():
                if self._registration.consent_address is None:
                    self._secrets = tokens_of(self._asked(grant_type="client_credentials"))  # costs nothing: not kept
                else:
                    self._refresh()
            return self._secrets[ACCESS]

    def _look(self) -> bool:
        """Read what is kept now; true where it is not what we had."""
        kept = tokens_of(self._stored()) if self._stored is not None else {}
        changed = REFRESH in kept and kept != self._secrets
        if changed:
            self._secrets = kept
        return changed

    def _refresh(self) -> None:
        """Renew the pair and keep it; a pair that was changed meanwhile is another process's, and taken over."""
        refresh = self._secrets.get(REFRESH)
        if refresh is None:
            raise AccessDenied(code="consent_gone", params={"host": self._registration.host})
        try:
            renewed = self._asked(grant_type="refresh_token", refresh_token=refresh, scope="")  # all that was granted
        except AccessDenied as error:
            if error.code != "consent_gone" or self._stored is None:
                raise
            for pause in PAUSES_S:
                if pause:
                    self._account.wait(pause)
                if self._look():
                    return
            raise
        renewed = {REFRESH: refresh, **renewed}  # one that is not replaced goes on
        self._account.keep(renewed)
        self._secrets = tokens_of(renewed)

    def _asked(self, **body: str) -> Secrets:
        def ask(client: OAuth2Client) -> Mapping[str, Any]:
            found: Mapping[str, Any] = client.fetch_token("", **body)
            return found

        token = ask_token(self._account, self._registration, ask, refused="consent_gone")
        return secrets_of(token, self._now(), self._registration)
