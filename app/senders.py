"""Hand a notice over: a signed webhook over HTTP, or a message through Apprise; failures say whether to try again.

A webhook is signed as Standard Webhooks has it: its id stays the same however often it is tried.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from connectors.doorbell import key_of
from connectors.errors import SourceError
from connectors.http import safe_address

TIMEOUT = httpx.Timeout(20.0, connect=10.0)
PING_TIMEOUT = httpx.Timeout(5.0)  # a round of work waits for it
GONE = 410
TROUBLE_KEPT = 300


class NotTold(Exception):
    """A notice was not taken; `is_over` where nobody will ever take one here again."""

    def __init__(self, code: str, detail: str = "", *, is_over: bool = False) -> None:
        """Take why, in a code and what the other side said."""
        self.code, self.is_over = code, is_over
        self.detail = " ".join(detail.split())[:TROUBLE_KEPT]
        super().__init__(f"{code}: {self.detail}" if self.detail else code)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A program's address, and the secret it knows us by."""

    address: str
    secret: str
    private_hosts: Collection[str] = ()

    def send(self, notice_id: str, body: Mapping[str, Any], now: datetime) -> None:
        """Post a body, signed; any 2xx is taken. No redirect is followed: it could lead anywhere."""
        try:
            safe_address(self.address.partition("?")[0], self.private_hosts, resolve=True)
        except SourceError as error:
            raise NotTold("channel_address", error.code) from error
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed(self.secret, notice_id, int(now.timestamp()), content) | {"content-type": "application/json"}
        try:
            answer = httpx.post(self.address, content=content, headers=headers, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise NotTold("channel_unreachable", type(error).__name__) from error
        if not answer.is_success:
            raise NotTold("channel_answered", str(answer.status_code), is_over=answer.status_code == GONE)


def ping(address: str) -> str | None:
    """Tell a watcher elsewhere that a round of work is done; give what was in the way, if anything was."""
    try:
        answer = httpx.get(address, timeout=PING_TIMEOUT)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if answer.is_success else str(answer.status_code)


def signed(secret: str, message_id: str, at: int, content: bytes) -> dict[str, str]:
    """Give the three headers of Standard Webhooks, symmetric (v1)."""
    told = f"{message_id}.{at}.".encode() + content
    mark = base64.b64encode(hmac.new(key_of(secret), told, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(at), "webhook-signature": f"v1,{mark}"}


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat or another service, by its Apprise address: Slack, Teams, Discord, ntfy and many more."""

    address: str

    def send(self, title: str, text: str) -> None:
        """Hand a message over."""
        from apprise import Apprise, NotifyFormat  # noqa: PLC0415 - loads a hundred services, and is seldom needed

        service = Apprise()
        service.add(self.address)
        if not service.notify(body=text, title=title, body_format=NotifyFormat.TEXT):
            raise NotTold("channel_not_taken")
