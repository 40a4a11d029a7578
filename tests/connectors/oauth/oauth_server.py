"""A real authorisation server on this machine: authlib's own server, with consent given by whoever asks.

It wants PKCE (S256), replaces refresh tokens, and takes a refresh token that comes twice for a theft: all that was
given with that consent is then worth nothing.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from threading import Thread
from typing import Any

import httpx
from authlib.integrations.flask_oauth2 import (  # type: ignore[import-untyped]
    AuthorizationServer,
    ResourceProtector,
)
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants  # type: ignore[import-untyped]
from authlib.oauth2.rfc6750 import BearerTokenValidator  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import CodeChallenge  # type: ignore[import-untyped]
from flask import Flask, Response, request
from werkzeug.serving import make_server

CLIENT, SECRET, REDIRECT = "seuil", "s3cret+of/the=client", "https://seuil.example/oauth/return"


@dataclass
class Client(ClientMixin):  # type: ignore[misc]
    """The one that is registered."""

    def get_client_id(self) -> str:
        """Say its id."""
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        """Say where a person is sent back to."""
        return REDIRECT

    def get_allowed_scope(self, scope: str) -> str:
        """Allow any."""
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Allow one address."""
        return redirect_uri == REDIRECT

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare."""
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Allow a secret in the header or the form."""
        return endpoint == "token" and method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        """Allow codes."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Allow all three."""
        return grant_type in ("authorization_code", "refresh_token", "client_credentials")


@dataclass
class Code:
    """A code on its way back."""

    code: str
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str
    consent: int

    def get_redirect_uri(self) -> str:
        """Say where it was sent."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Say what for."""
        return self.scope


@dataclass
class Token(TokenMixin):  # type: ignore[misc]
    """An access token, and its refresh token if it has one."""

    access_token: str
    refresh_token: str | None
    consent: int
    ended: bool = False
    replaced: bool = False

    def check_client(self, client: Client) -> bool:
        """Belong to the only one."""
        return isinstance(client, Client)

    def get_scope(self) -> str:
        """Say what for."""
        return ""

    def get_expires_in(self) -> int:
        """Say for how long."""
        return 0

    def is_expired(self) -> bool:
        """Tell whether a test ended it."""
        return self.ended

    def is_revoked(self) -> bool:
        """Tell whether its consent is gone."""
        return self.consent < 0


@cache
def _certificates() -> ssl.SSLContext:
    """Load the certificates of the machine once: that takes longer than a test."""
    return ssl.create_default_context()


@dataclass
class OAuthServer:
    """What the server knows, and what it was asked."""

    address: str = ""
    life_s: int | None = 3600
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    down: bool = False
    replaces: bool = True
    network: httpx.HTTPTransport = field(default_factory=lambda: httpx.HTTPTransport(verify=_certificates()))

    def end_access(self) -> None:
        """Let every access token's time be over, as the server sees it."""
        for token in self.tokens:
            token.ended = True

    def forget_replaced(self) -> None:
        """Take a replaced refresh token that comes again for a mistake, as lenient servers do."""
        self.tokens = [token for token in self.tokens if not token.replaced]

    def withdraw(self, consent: int) -> None:
        """Take a consent back, with all that was given for it."""
        self.tokens = [token for token in self.tokens if token.consent != consent]

    def refreshed(self, refresh_token: str) -> Token | None:
        """Find a refresh token; one that comes again withdraws the consent."""
        found = next((token for token in self.tokens if token.refresh_token == refresh_token), None)
        if found is not None and found.replaced:
            self.withdraw(found.consent)
            return None
        return found


@contextmanager
def serving() -> Iterator[OAuthServer]:
    """Run the server for a test."""
    known = OAuthServer()
    server = make_server("localhost", 0, _app(known), threaded=True)
    known.address = f"http://localhost:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield known
    finally:
        known.network.close()
        server.shutdown()
        thread.join()
        server.server_close()


def _app(known: OAuthServer) -> Flask:
    app = Flask("oauth_server")
    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
    oauth = AuthorizationServer(
        app, query_client=lambda key: Client() if key == CLIENT else None, save_token=_saver(known)
    )
    code_grant, refresh_grant = _grants(known)
    oauth.register_grant(code_grant, [CodeChallenge(required=True)])
    oauth.register_grant(refresh_grant)
    oauth.register_grant(grants.ClientCredentialsGrant)
    guarded = ResourceProtector()
    guarded.register_token_validator(_validator(known))

    @app.get("/consent")
    def consent() -> Any:
        grant = oauth.get_consent_grant(end_user="somebody")
        return oauth.create_authorization_response(grant_user="somebody", grant=grant)

    @app.post("/token")
    def token() -> Any:
        known.asked.append(request.form["grant_type"])
        return Response("<h1>Back soon</h1>", status=503) if known.down else oauth.create_token_response()

    def me() -> Mapping[str, str]:
        known.opened.append(request.headers["Authorization"].removeprefix("Bearer "))
        return {"name": "somebody"}

    app.get("/api/me")(guarded()(me))

    @app.before_request
    def read_whole() -> None:
        request.get_data()  # what is left unread when the connection closes resets it, and the answer is lost

    return app


def _saver(known: OAuthServer) -> Any:
    def save(token: dict[str, Any], asked: Any) -> None:
        token["expires_in"] = known.life_s
        before = asked.refresh_token or asked.authorization_code
        consent = before.consent if before is not None else 0
        refresh = token.get("refresh_token")
        known.tokens.append(Token(token["access_token"], refresh, consent))

    return save


def _grants(known: OAuthServer) -> tuple[type, type]:
    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        def save_authorization_code(self, code: str, asked: Any) -> None:
            form = asked.payload
            known.codes[code] = Code(
                code, form.redirect_uri, form.scope or "", form.data["code_challenge"],
                form.data["code_challenge_method"], len(known.codes) + 1,
            )  # fmt: skip

        def query_authorization_code(self, code: str, _: Client) -> Code | None:
            return known.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del known.codes[authorization_code.code]

        def authenticate_user(self, _: Code) -> str:
            return "somebody"

    class RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
        @property
        def INCLUDE_NEW_REFRESH_TOKEN(self) -> bool:  # noqa: N802 - the library's name
            return known.replaces

        def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
            return known.refreshed(refresh_token)

        def authenticate_user(self, _: Token) -> str:
            return "somebody"

        def revoke_old_credential(self, refresh_token: Token) -> None:
            refresh_token.replaced = known.replaces
            refresh_token.ended = True

    return CodeGrant, RefreshGrant


def _validator(known: OAuthServer) -> Any:
    class Validator(BearerTokenValidator):  # type: ignore[misc]
        def authenticate_token(self, token_string: str) -> Token | None:
            return next((token for token in known.tokens if token.access_token == token_string), None)

    return Validator()
