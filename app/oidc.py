"""Sign-in through a service of one's own: OpenID Connect, authorisation code with PKCE (Core 1.0; RFC 7636, RFC 9700).

The service says which address somebody has; what they may do is said here, by the account of that address. It is not
asked for anything else, and its tokens are forgotten at once.
"""

import secrets
import warnings
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import httpx
import structlog
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.errors import NotSignedIn, Refused
from app.settings import Settings

with warnings.catch_warnings():  # Authlib announces a change of its own, which is no news for who starts Seuil
    warnings.filterwarnings("ignore", "The httpx module is deprecated")
    from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]

SCOPE = "openid email"
TIMEOUT_S = 10.0
LEEWAY_S = 60  # between its clock and ours
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]  # signed by a key of theirs, never of ours

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Service:
    """A sign-in service: its issuer, and how we are known there."""

    issuer: str
    client_id: str
    client_secret: str
    back: str  # where it sends people back to


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: what the browser keeps, sealed, until it comes back."""

    state: str
    nonce: str
    verifier: str
    next: str

    def kept(self) -> dict[str, str]:
        """Give it as values."""
        return asdict(self)


def service_of(settings: Settings) -> Service | None:
    """Give the service of the settings; None where there is none."""
    if not settings.oidc_issuer or not settings.oidc_client_id:
        return None
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else ""
    return Service(settings.oidc_issuer, settings.oidc_client_id, secret, f"{settings.base_url}/sign-in/back")


def begin(service: Service, next_page: str) -> tuple[str, Begun]:
    """Give the address that people are sent to, and what has to be kept until they are back."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    begun = Begun(state, nonce, verifier, next_page)
    client = _client(service)
    try:
        address, _ = client.create_authorization_url(
            str(_found(service)["authorization_endpoint"]),
            state=begun.state,
            nonce=begun.nonce,
            code_verifier=begun.verifier,
        )
    finally:
        client.close()
    return str(address), begun


def finish(service: Service, begun: Begun, code: str, state: str, now: datetime) -> str:
    """Give the address of whoever has come back, as the service has checked it; NotSignedIn where anything is amiss."""
    if not code or not secrets.compare_digest(state, begun.state):
        raise NotSignedIn("oidc_failed")
    found = _found(service)
    claims = _claims(service, found, _token(service, found, begun, code), begun, now)
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise NotSignedIn("oidc_email_unverified")
    return email


def _client(service: Service) -> Any:
    return OAuth2Client(
        service.client_id,
        service.client_secret or None,
        scope=SCOPE,
        redirect_uri=service.back,
        code_challenge_method="S256",
        timeout=TIMEOUT_S,
    )


def _found(service: Service) -> dict[str, Any]:
    """Read what the service says of itself (OpenID Connect Discovery 1.0); it has to name itself as we do."""
    address = f"{service.issuer.rstrip('/')}/.well-known/openid-configuration"
    found = _json(address)
    if str(found.get("issuer", "")).rstrip("/") != service.issuer.rstrip("/"):
        raise Refused("oidc_other_issuer", {"issuer": str(found.get("issuer", ""))[:200]})
    return found


def _json(address: str) -> dict[str, Any]:
    try:
        answer = httpx.get(address, timeout=TIMEOUT_S).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        log.warning("oidc_away", address=address, error=type(error).__name__)
        raise Refused("oidc_away") from error
    return dict(answer)


def _token(service: Service, found: dict[str, Any], begun: Begun, code: str) -> str:
    client = _client(service)
    try:
        token = client.fetch_token(str(found["token_endpoint"]), code=code, code_verifier=begun.verifier)
    except (AuthlibBaseError, httpx.HTTPError, ValueError) as error:
        log.warning("oidc_failed", error=type(error).__name__)
        raise NotSignedIn("oidc_failed") from error
    finally:
        client.close()
    return str(token.get("id_token", ""))


def _claims(service: Service, found: dict[str, Any], token: str, begun: Begun, now: datetime) -> dict[str, Any]:
    """Read an id token, and check what Core 1.0 §3.1.3.7 asks for: signature, issuer, audience, times, nonce."""
    keys = _json(str(found["jwks_uri"]))
    rules = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": str(found["issuer"])},
        aud={"essential": True, "value": service.client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": begun.nonce},
    )
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
        rules.validate(claims)
    except (JoseError, ValueError, KeyError) as error:
        log.warning("oidc_failed", error=type(error).__name__)
        raise NotSignedIn("oidc_failed") from error
    return dict(claims)
