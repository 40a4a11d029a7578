"""Webhooks only ring: is a request genuine, and which event is it? The payload is never looked into.

The scheme is Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`. A provider
that signs differently gets a class of its own with the same `verify`.
"""

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from connectors.errors import SourceError

PREFIX = "whsec_"
VERSION = "v1"
ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"

NEW_SECRET_BYTES = 32
SECRET_BYTES = range(24, 65)
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
        sent_at = self._instant(sent, now)
        given = [text for version, _, text in (part.partition(",") for part in signed.split()) if version == VERSION]
        if not given:
            raise BadSignature("knock_not_signed", {"version": VERSION})
        content = f"{event_id}.{sent}.".encode() + body
        if not any(_same(given, expected) for expected in _signatures(content, secret)):
            raise BadSignature("knock_signature_wrong")
        return Knock(event_id, sent_at)

    def _instant(self, text: str, now: datetime) -> datetime:
        if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_TIME):
            raise BadSignature("knock_time_unusable")
        sent_at = datetime.fromtimestamp(int(text), UTC)
        minutes = {"minutes": f"{self.tolerance.total_seconds() / 60:g}"}
        if sent_at < now - self.tolerance:
            raise BadSignature("knock_too_old", minutes)
        if sent_at > now + self.tolerance:
            raise BadSignature("knock_too_early", minutes)
        return sent_at


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
