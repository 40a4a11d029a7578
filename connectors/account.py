"""One company's account at a provider: where it is, what opens it, and the instant it is read at."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx

Secrets = Mapping[str, str]


def _keep_nothing(_: Secrets) -> None:
    """Keep no secret: for accounts whose secrets never change."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a connector is made from.

    `settings` are the answers to the provider's `Ask`s, but for the secret ones, which are `secrets` and never shown.
    `keep` stores secrets that the provider changed (rotated tokens) before they are used; `stored` reads what is stored
    by now, for another process may have changed them. `private_hosts` are the
    hosts without https, or of a private network, that the operator allows. `transport` stands in for the network in
    tests, `wait` for the clock's sleep.
    """

    settings: Mapping[str, str]
    secrets: Secrets = field(repr=False)
    zone: ZoneInfo
    now: datetime
    keep: Callable[[Secrets], None] = field(default=_keep_nothing, repr=False)
    stored: Callable[[], Secrets] | None = field(default=None, repr=False)
    private_hosts: frozenset[str] = frozenset()
    transport: httpx.BaseTransport | None = field(default=None, repr=False)
    wait: Callable[[float], None] = field(default=time.sleep, repr=False)
