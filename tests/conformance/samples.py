"""Every registered provider with a source of its own to be tested on, and sources that go wrong in every way.

A provider's sample is `tests/connectors/<name>/sample_<name>.py` with a function `account() -> Account`: an account at
a fake source (its `transport`) that has two pages or more of every stream; each call gives a fresh one, that says the
same.
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import httpx

from connectors.account import Account
from connectors.base import Connector, Provider
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.providers import OURS

# Being written: to be emptied, and to stay empty.
STILL_WITHOUT: frozenset[str] = frozenset()

REQUESTS = 2000  # more than any sample needs: who asks so often does not end


class Endless(AssertionError):
    """A connector goes on asking."""


@dataclass(frozen=True)
class Sample:
    """A provider and an account at its fake source."""

    provider: Provider
    account: Callable[[], Account]

    def connector(self, account: Account | None = None) -> Connector:
        """Connect afresh."""
        return self.provider.connect(account or self.account())

    @property
    def is_on_the_network(self) -> bool:
        """Tell it from one that computes its records."""
        return self.account().transport is not None


def module_of(name: str) -> str:
    """Say where a provider's sample is."""
    return f"tests.connectors.{name}.sample_{name}"


def has_sample(name: str) -> bool:
    """Say whether a provider has a sample."""
    try:
        return importlib.util.find_spec(module_of(name)) is not None
    except ModuleNotFoundError:
        return False


def samples() -> dict[str, Sample]:
    """Give the sample of every provider that has one."""
    return {
        each.name: Sample(each, importlib.import_module(module_of(each.name)).account)
        for each in OURS
        if has_sample(each.name)
    }


class Heard(httpx.BaseTransport):
    """Counts requests on their way to a source; no reading may ask for ever."""

    def __init__(self, source: httpx.BaseTransport) -> None:
        self.source, self.requests = source, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.requests > REQUESTS:
            raise Endless
        return self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        return self.source.handle_request(request)


class Failing(Heard):
    """A source that fails at every request from the `first` on (counted from 0)."""

    def __init__(self, source: httpx.BaseTransport, first: int, failure: "Failure") -> None:
        super().__init__(source)
        self.first, self.failure = first, failure

    def answer(self, request: httpx.Request) -> httpx.Response:
        return super().answer(request) if self.requests <= self.first else self.failure.answer(request)


class Stuck(Heard):
    """A source that says what it said at the `first` request to every later one, whatever is asked."""

    def __init__(self, source: httpx.BaseTransport, first: int) -> None:
        super().__init__(source)
        self.first = first
        self.said: tuple[int, Mapping[str, str], bytes] | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.requests <= self.first:
            return super().answer(request)
        if self.said is None:
            answer = super().answer(request)
            answer.read()
            self.said = answer.status_code, dict(answer.headers), answer.content
        status, headers, body = self.said
        kept = {name: value for name, value in headers.items() if name.lower() != "content-encoding"}
        return httpx.Response(status, headers=kept, content=body)


def through(account: Account, wrap: Callable[[httpx.BaseTransport], Heard]) -> tuple[Account, Heard]:
    """Put something between an account and its source."""
    assert account.transport is not None
    wrapped = wrap(account.transport)
    return replace(account, transport=wrapped, wait=lambda _: None), wrapped


@dataclass(frozen=True)
class Failure:
    """How a source fails, and what that has to be called; None where a connector may also take it for an answer."""

    answer: Callable[[httpx.Request], httpx.Response]
    named: type[SourceError] | None
    retry_after_s: float | None = None


def transport_answering(
    status: int, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> httpx.MockTransport:
    """Make a source that always answers the same."""
    return httpx.MockTransport(_saying(status, headers, body))


def _saying(
    status: int, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, headers=headers, content=body)


def _raising(error: type[httpx.TransportError]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error("made up")

    return answer


JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}

FAILURES: Mapping[str, Failure] = {
    "401": Failure(_saying(401, JSON, b'{"error":"no"}'), AccessDenied),
    "403": Failure(_saying(403, JSON, b'{"error":"no"}'), AccessDenied),
    "429": Failure(_saying(429, {"retry-after": "7"}), Unavailable, 7.0),
    "500": Failure(_saying(500, HTML, b"<h1>Oops</h1>"), Unavailable),
    "503": Failure(_saying(503, {"retry-after": "120"}), Unavailable, 120.0),
    "time-out": Failure(_raising(httpx.ReadTimeout), Unavailable),
    "no route": Failure(_raising(httpx.ConnectError), Unavailable),
    "cut off": Failure(_raising(httpx.RemoteProtocolError), Unavailable),
    "half an answer": Failure(_saying(200, JSON, b'{"items": [{"id": 1, "na'), Unavailable),
    "a page for people": Failure(_saying(200, HTML, b"<!doctype html><title>Log in</title>"), Unavailable),
    "nothing": Failure(_saying(200, JSON, b""), Unavailable),
    "null": Failure(_saying(200, JSON, b"null"), None),
    "a number": Failure(_saying(200, JSON, b"42"), None),
    "a list of texts": Failure(_saying(200, JSON, b'["a", "b"]'), None),
    "another object": Failure(_saying(200, JSON, b'{"unexpected": [true, {"id": null}]}'), None),
    "moved elsewhere": Failure(_saying(302, {"location": "https://elsewhere.example/"}), AccessDenied),
}
