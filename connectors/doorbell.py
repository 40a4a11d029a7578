"""Webhooks only ring: is a request genuine, and which event is it? Of the payload, at most an id is read.

The standard scheme is Standard Webhooks 1.0 (https://www.standardwebhooks.com): over `id.timestamp.body`, HMAC-SHA256
with a shared secret (`v1`) or Ed25519 with the sender's public key (`v1a`). A provider that signs differently has a
class of its own with the same `verify`; `SCHEMES` has them all by name.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets as randomness
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connectors.errors import SourceError

PREFIX = "whsec_"
PUBLIC_PREFIX = "whpk_"
VERSION, PUBLIC_VERSION = "v1", "v1a"
ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"
PENNYLANE_HEADER = "x-pennylane-signature"
STRIPE_HEADER = "stripe-signature"
DOOR_HEADER = "x-seuil-door"  # no sender's: whoever serves the door puts the last part of the address there

NEW_SECRET_BYTES = 32
SECRET_BYTES = range(24, 65)
PUBLIC_KEY_BYTES = 32
TEXT_SECRET_LENGTHS = range(16, 256)
LONGEST_ID = 255
LONGEST_TIME = 11  # digits of a Unix time; twelve would be the year 5138 and later
TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Knock:
    """A genuine webhook: the event's id, the same at every try, and when this try was sent."""

    event_id: str
    sent_at: datetime


class BadSignature(SourceError):
    """The request is not what the source signed, or not signed by it, or not now."""

    def __init__(self, code: str, params: Mapping[str, str] | None = None) -> None:
        """Take the reason's code and what fills its sentence."""
        super().__init__(f"{code}: {dict(params or {})}")
        self.code = code
        self.params = dict(params or {})


class Doorbell(Protocol):
    """A way of signing webhooks."""

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str | Sequence[str], now: datetime) -> Knock:
        """Give the knock, or raise BadSignature. While a secret is being changed there are several: any will do."""
        ...

    def check(self, secret: str) -> None:
        """Raise ValueError where a text can't be a secret of this scheme."""
        ...

    def new_secret(self) -> str | None:
        """Make up a secret to be entered over there; None where the other side makes it up."""
        ...


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """Standard Webhooks: `v1` for a shared secret (`whsec_…`), `v1a` for a sender's public key (`whpk_…`).

    Signatures of a version for which we hold no secret are passed over.
    """

    tolerance: timedelta = TOLERANCE  # both ways: of a late delivery, and of a clock that is ahead

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str | Sequence[str], now: datetime) -> Knock:
        """Check who and when on the bytes as they came, before anybody parses them."""
        lowered = {name.lower(): value.strip() for name, value in headers.items()}
        event_id, sent, signed = (_header(lowered, name) for name in (ID_HEADER, TIME_HEADER, SIGNATURE_HEADER))
        if len(event_id) > LONGEST_ID or not (event_id.isascii() and event_id.isprintable()):
            raise BadSignature("knock_id_unusable")
        sent_at = _instant(sent, now, self.tolerance)
        secrets = [secret] if isinstance(secret, str) else secret
        given = _by_version(signed)
        wanted = sorted({_version_of(one) for one in secrets}) or [VERSION]
        if not any(version in given for version in wanted):
            raise BadSignature("knock_not_signed", {"version": ", ".join(wanted)})
        content = f"{event_id}.{sent}.".encode() + body
        if not any(_signed(given.get(_version_of(one), ()), content, one) for one in secrets):
            raise BadSignature("knock_signature_wrong")
        return Knock(event_id, sent_at)

    def check(self, secret: str) -> None:
        """Raise ValueError for what is neither `whsec_` and 24 to 64 bytes nor `whpk_` and 32 bytes, in base64."""
        if _version_of(secret) == PUBLIC_VERSION:
            public_key_of(secret)
        else:
            key_of(secret)

    def new_secret(self) -> str:
        """Make up a secret."""
        return new_secret()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedHex:
    """One header `t=<seconds>,v1=<hex>`: HMAC-SHA256 over `t.body`, the secret's text being the key.

    Stripe's form, which Pennylane and others took up; several `v1` stand for several secrets while one is changed. A
    delivery's id is in the body, whose bytes are proven by then; one without an id is known by its bytes.
    """

    header: str
    tolerance: timedelta = TOLERANCE

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str | Sequence[str], now: datetime) -> Knock:
        """Check who and when on the bytes as they came, and only then look for the id."""
        lowered = {name.lower(): value.strip() for name, value in headers.items()}
        parts = [part.strip().partition("=") for part in _header(lowered, self.header).split(",")]
        sent = next((value for name, _, value in parts if name == "t"), "")
        sent_at = _instant(sent, now, self.tolerance)
        given = [value for name, _, value in parts if name == VERSION]
        if not given:
            raise BadSignature("knock_not_signed", {"version": VERSION})
        content = f"{sent}.".encode() + body
        keys = [one.strip().encode() for one in ([secret] if isinstance(secret, str) else secret)]
        if not any(_same(given, hmac.digest(key, content, hashlib.sha256).hex().encode()) for key in keys if key):
            raise BadSignature("knock_signature_wrong")
        return Knock(_id_in(body) or _id_of(body), sent_at)

    def check(self, secret: str) -> None:
        """Raise ValueError for a text that is too short, too long, or not in one line of ASCII."""
        _check_text(secret)

    def new_secret(self) -> None:
        """Make up nothing: the sender shows the secret when the webhook is subscribed to."""
        return


@dataclass(frozen=True, slots=True)
class UnguessableAddress:
    """For senders that sign nothing: who knows the address is let in.

    The secret is the address's last part, which the app hands over as the header `x-seuil-door`. Nothing tells when it
    was sent, or which event it is, and whoever learnt the address could call without end: all that comes within ten
    seconds is one knock.
    """

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str | Sequence[str], now: datetime) -> Knock:  # noqa: ARG002 - any body rings
        """Compare the address; a wrong one is told no more than that there is no such door."""
        lowered = {name.lower(): value.strip() for name, value in headers.items()}
        given = lowered.get(DOOR_HEADER, "")
        known = [one.strip().encode() for one in ([secret] if isinstance(secret, str) else secret)]
        if not any(_same([given], one) for one in known if one):
            raise BadSignature("no_such_door")
        return Knock(f"{now.astimezone(UTC):%Y%m%dT%H%M%S}"[:-1], now)

    def check(self, secret: str) -> None:
        """Raise ValueError for what could be guessed, or can't stand in an address."""
        _check_text(secret)
        if not all(sign.isalnum() or sign in "-_" for sign in secret.strip()):
            raise ValueError("not fit for an address")

    def new_secret(self) -> str:
        """Make up the last part of an address."""
        return randomness.token_urlsafe(NEW_SECRET_BYTES)


SCHEMES: Mapping[str, Doorbell] = {
    "standard": StandardWebhooks(),
    "pennylane": TimedHex(header=PENNYLANE_HEADER),
    "stripe": TimedHex(header=STRIPE_HEADER),
    "unsigned": UnguessableAddress(),
}
"""Ways of signing, by the name a provider gives as its `scheme`."""


def _instant(text: str, now: datetime, tolerance: timedelta) -> datetime:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_TIME):
        raise BadSignature("knock_time_unusable")
    sent_at = datetime.fromtimestamp(int(text), UTC)
    minutes = {"minutes": f"{tolerance.total_seconds() / 60:g}"}
    if sent_at < now - tolerance:
        raise BadSignature("knock_too_old", minutes)
    if sent_at > now + tolerance:
        raise BadSignature("knock_too_early", minutes)
    return sent_at


def _id_in(body: bytes) -> str | None:
    """Give the id that a JSON body has at its top."""
    with suppress(ValueError, RecursionError):
        value = json.loads(body)
        found = value.get("id") if isinstance(value, dict) else None
        if isinstance(found, int | str) and not isinstance(found, bool):
            text = str(found)
            return text if text.isascii() and text.isprintable() and 0 < len(text) <= LONGEST_ID else None
    return None


def _id_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _check_text(secret: str) -> None:
    text = secret.strip()
    if len(text) not in TEXT_SECRET_LENGTHS or not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("not a secret")


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise BadSignature("knock_header_missing", {"header": name})
    return value


def _by_version(signed: str) -> dict[str, list[str]]:
    """Sort space-separated `version,signature` by version."""
    found: dict[str, list[str]] = {}
    for version, _, text in (part.partition(",") for part in signed.split()):
        found.setdefault(version, []).append(text)
    return found


def _version_of(secret: str) -> str:
    return PUBLIC_VERSION if secret.strip().startswith(PUBLIC_PREFIX) else VERSION


def _signed(given: Sequence[str], content: bytes, secret: str) -> bool:
    """Say whether one of the signatures is by a secret; by a text that is none nothing is signed."""
    with suppress(ValueError):
        if _version_of(secret) == VERSION:
            return _same(given, base64.b64encode(hmac.digest(key_of(secret), content, hashlib.sha256)))
        key = Ed25519PublicKey.from_public_bytes(public_key_of(secret))
        return any(_is_by(key, text, content) for text in given)
    return False


def _is_by(key: Ed25519PublicKey, signature: str, content: bytes) -> bool:
    with suppress(ValueError, InvalidSignature):  # what isn't base64 is no signature
        key.verify(base64.b64decode(signature, validate=True), content)
        return True
    return False


def _same(given: Sequence[str], expected: bytes) -> bool:
    """Compare in a time that tells nothing of where they differ."""
    return any(hmac.compare_digest(one.encode(), expected) for one in given)


def key_of(secret: str) -> bytes:
    """Give a secret's key, or raise ValueError; padding that got lost in copying is forgiven."""
    key = _decoded(secret.strip().removeprefix(PREFIX))
    if len(key) not in SECRET_BYTES:
        raise ValueError(f"{len(key)} bytes")
    return key


def public_key_of(secret: str) -> bytes:
    """Give the 32 bytes of an Ed25519 public key (`whpk_…`), or raise ValueError."""
    key = _decoded(secret.strip().removeprefix(PUBLIC_PREFIX))
    if len(key) != PUBLIC_KEY_BYTES:
        raise ValueError(f"{len(key)} bytes")
    return key


def _decoded(text: str) -> bytes:
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def new_secret() -> str:
    """Make up a secret, as it is shown to a person once."""
    return PREFIX + base64.b64encode(randomness.token_bytes(NEW_SECRET_BYTES)).decode()
