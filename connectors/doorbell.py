"""Webhooks only ring: is a request genuine, and which event is it? Of the payload, at most an id is read.

The standard scheme is Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`. A
provider that signs differently has a class of its own with the same `verify`; `SCHEMES` has them all by name.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets as randomness
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from connectors.errors import SourceError

PREFIX = "whsec_"
VERSION = "v1"
ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"
PENNYLANE_HEADER = "x-pennylane-signature"
DOOR_HEADER = "x-seuil-door"  # no sender's: whoever serves the door puts the last part of the address there

NEW_SECRET_BYTES = 32
SECRET_BYTES = range(24, 65)
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
    """Standard Webhooks, symmetric signatures (`v1`); those of other versions are passed over."""

    tolerance: timedelta = TOLERANCE  # both ways: of a late delivery, and of a clock that is ahead

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str | Sequence[str], now: datetime) -> Knock:
        """Check who and when on the bytes as they came, before anybody parses them."""
        lowered = {name.lower(): value.strip() for name, value in headers.items()}
        event_id, sent, signed = (_header(lowered, name) for name in (ID_HEADER, TIME_HEADER, SIGNATURE_HEADER))
        if len(event_id) > LONGEST_ID or not (event_id.isascii() and event_id.isprintable()):
            raise BadSignature("knock_id_unusable")
        sent_at = _instant(sent, now, self.tolerance)
        given = [text for version, _, text in (part.partition(",") for part in signed.split()) if version == VERSION]
        if not given:
            raise BadSignature("knock_not_signed", {"version": VERSION})
        content = f"{event_id}.{sent}.".encode() + body
        if not any(_same(given, expected) for expected in _signatures(content, secret)):
            raise BadSignature("knock_signature_wrong")
        return Knock(event_id, sent_at)

    def check(self, secret: str) -> None:
        """Raise ValueError for what is not `whsec_` and 24 to 64 bytes in base64."""
        key_of(secret)

    def new_secret(self) -> str:
        """Make up a secret."""
        return new_secret()


@dataclass(frozen=True, slots=True)
class PennylaneWebhooks:
    """Pennylane's own scheme: `t=<seconds>,v1=<hex>`, HMAC-SHA256 over `t.body`, the secret's text being the key.

    A delivery's id is in the body, whose bytes are proven by then; one without an id is known by its bytes.
    """

    tolerance: timedelta = TOLERANCE

    def verify(self, headers: Mapping[str, str], body: bytes, secret: str | Sequence[str], now: datetime) -> Knock:
        """Check who and when on the bytes as they came, and only then look for the id."""
        lowered = {name.lower(): value.strip() for name, value in headers.items()}
        parts = [part.strip().partition("=") for part in _header(lowered, PENNYLANE_HEADER).split(",")]
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
        """Make up nothing: Pennylane shows the secret when the webhook is subscribed to."""
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
    "pennylane": PennylaneWebhooks(),
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


def _signatures(content: bytes, secret: str | Sequence[str]) -> Iterator[bytes]:
    for one in [secret] if isinstance(secret, str) else secret:
        yield base64.b64encode(hmac.digest(key_of(one), content, hashlib.sha256))


def _same(given: Sequence[str], expected: bytes) -> bool:
    """Compare in a time that tells nothing of where they differ."""
    return any(hmac.compare_digest(one.encode(), expected) for one in given)


def key_of(secret: str) -> bytes:
    """Give a secret's key, or raise ValueError; padding that got lost in copying is forgiven."""
    text = secret.strip().removeprefix(PREFIX).rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(key) not in SECRET_BYTES:
        raise ValueError(f"{len(key)} bytes")
    return key


def new_secret() -> str:
    """Make up a secret, as it is shown to a person once."""
    return PREFIX + base64.b64encode(randomness.token_bytes(NEW_SECRET_BYTES)).decode()
