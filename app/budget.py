"""How much a program may ask in a minute, key by key; counted in this process, and forgotten with it.

Told as draft-ietf-httpapi-ratelimit-headers has it: `RateLimit-Policy` and `RateLimit` with each answer, `Retry-After`
with a refusal.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
NAME = "minute"


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a budget: requests, and the seconds until it is whole again."""

    budget: int
    requests: int
    seconds: int
    spent: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell it."""
        told = {
            "RateLimit-Policy": f'"{NAME}";q={self.budget};w={int(WINDOW.total_seconds())}',
            "RateLimit": f'"{NAME}";r={self.requests};t={self.seconds}',
        }
        return told | ({"Retry-After": str(self.seconds)} if self.spent else {})


class Budgets:
    """The requests of the minute that is running, by who asks."""

    def __init__(self, budget: int) -> None:
        """Take how many requests a minute each may make."""
        self._budget = budget
        self._lock = threading.Lock()
        self._begun: dict[str, tuple[datetime, int]] = {}

    def take(self, who: str, now: datetime) -> Left:
        """Count a request, and say what is left; a spent budget counts no further."""
        with self._lock:
            begun, n = self._begun.get(who, (now, 0))
            if now - begun >= WINDOW:
                begun, n = now, 0
                self._forget(now)
            seconds = max(1, round((begun + WINDOW - now).total_seconds()))
            if n >= self._budget:
                return Left(self._budget, 0, seconds, spent=True)
            self._begun[who] = begun, n + 1
            return Left(self._budget, self._budget - n - 1, seconds)

    def _forget(self, now: datetime) -> None:
        """Drop whose minute is over: keys come and go."""
        self._begun = {who: one for who, one in self._begun.items() if now - one[0] < WINDOW}
