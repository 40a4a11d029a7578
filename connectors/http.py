"""Asking a source over HTTP: one address, a declared budget, and every failure named after its remedy.

Only paths below the account's own address are asked for, never an address found in an answer. A redirect is followed
on the same scheme, host and port only. A host without https, or with an address that is not public, is refused unless
the operator allows it. Answers are read whole, up to a limit. But for a
connection that was reset, nothing is retried here: the schedule is the retry.
"""

import ipaddress
import json
import socket
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from connectors.account import Account
from connectors.errors import AccessDenied, Unavailable

TIMEOUT = httpx.Timeout(60.0, connect=15.0)
LARGEST_ANSWER = 64 * 2**20
LONGEST_ANSWER_S = 300.0  # a source that gives a byte now and then has nothing to say
REDIRECTS = 3
LONGEST_PAUSE_S = 60.0
_READING = frozenset({"GET", "HEAD", "PROPFIND", "REPORT"})

Params = Mapping[str, str | int] | list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many requests in so many seconds, as the provider declares."""

    requests: int
    seconds: float


class Pace:
    """Keeps a budget: waits before a request that would exceed it."""

    def __init__(self, budget: Budget, wait: Callable[[float], None], clock: Callable[[], float]) -> None:
        """Take the budget, how to wait (seconds), and a clock that never goes back (seconds)."""
        self._budget, self._wait, self._clock = budget, wait, clock
        self._asked: deque[float] = deque(maxlen=budget.requests)
        self._not_before = 0.0

    def step(self) -> None:
        """Wait until another request is within the budget, and count it."""
        now = self._clock()
        free = self._not_before
        if len(self._asked) == self._budget.requests:
            free = max(free, self._asked[0] + self._budget.seconds)
        if free > now:
            self._wait(free - now)
        self._asked.append(max(free, now))

    def hold(self, seconds: float) -> None:
        """Ask nothing for so many seconds: the provider said so."""
        self._not_before = self._clock() + min(max(seconds, 0.0), LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source answered, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Read the body as JSON, numbers with a fraction kept as text; Unavailable where it is something else."""
        try:
            return json.loads(self.body, parse_float=str, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise Unavailable(code="not_json", params={"start": self.text[:60]}) from error


def _refuse(constant: str) -> Any:
    raise ValueError(constant)  # NaN and the like are no JSON


class Api:
    """One account's address, asked within its budget."""

    def __init__(
        self,
        account: Account,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: httpx.Auth | tuple[str, str] | None = None,
        budget: Budget | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the account, its address, and what opens it; AccessDenied where the address may not be asked."""
        self._base = safe_address(address, account.private_hosts, resolve=account.transport is None)
        self._pace = Pace(budget, account.wait, clock) if budget else None
        self._now, self._clock, self._begun = account.now, clock, clock()
        self._client = httpx.Client(
            headers={"User-Agent": "Seuil", "Accept": "application/json", **(headers or {})},
            auth=auth,
            timeout=TIMEOUT,
            transport=account.transport,
            follow_redirects=False,
            trust_env=account.transport is None,
        )

    def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        right: str | None = None,
        accept: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask for a path below the address; `right` is what 403 lacks, `accept` lists statuses that are answers."""
        return self.ask("GET", path, params=params, right=right, accept=accept, headers=headers)

    def post(
        self,
        path: str,
        value: Any,
        *,
        right: str | None = None,
        accept: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask with a JSON body, for sources that are read so."""
        return self.ask("POST", path, body=value, right=right, accept=accept, headers=headers)

    def ask(  # noqa: PLR0913 - what an HTTP request is made of
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        content: bytes | None = None,
        right: str | None = None,
        accept: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask, and name what goes wrong: AccessDenied (401, 403, another host) or Unavailable (all the rest)."""
        url = self._below(path)
        for _ in range(REDIRECTS + 1):
            answer = self._once(method, url, params=params, json=body, content=content, headers=headers)
            if answer.status not in (301, 302, 303, 307, 308) or answer.status in accept:
                break
            url, params = self._followed(url, answer), None
        else:
            raise Unavailable(code="too_many_redirects", params={"host": _host(self._base)})
        self._heed(answer)
        if answer.status < 300 or answer.status in accept:  # noqa: PLR2004 - HTTP's own numbers
            return answer
        raise failure(answer, _host(self._base), right, self._now)

    def _below(self, path: str) -> str:
        if not path.startswith("/") or path.startswith("//") or "/../" in f"{path}/":
            raise ValueError(path)  # a fault of ours: connectors write paths, answers do not
        return self._base + path

    def _once(self, method: str, url: str, **sent: Any) -> Answer:
        """Ask once; what only reads is asked once more where the connection was reset (some servers do, half-read)."""
        given = {name: value for name, value in sent.items() if value is not None}
        for is_last in (False, True) if method in _READING else (True,):
            if self._pace is not None:
                self._pace.step()
            try:
                return self._whole(method, url, given)
            except httpx.TimeoutException as error:
                raise Unavailable(code="timed_out", params={"host": _host(self._base)}) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if isinstance(error, httpx.ReadError) and not is_last:
                    continue
                params = {"host": _host(self._base), "error": type(error).__name__}
                raise Unavailable(code="unreachable", params=params) from error
        raise AssertionError  # the last time round answers or raises

    def _whole(self, method: str, url: str, given: Mapping[str, Any]) -> Answer:
        with self._client.stream(method, url, **given) as response:
            body, latest = bytearray(), self._clock() + LONGEST_ANSWER_S
            for part in response.iter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise Unavailable(code="answer_too_large", params={"host": _host(self._base)})
                if self._clock() > latest:
                    raise Unavailable(code="timed_out", params={"host": _host(self._base)})
            return Answer(response.status_code, response.headers, bytes(body))

    def _followed(self, url: str, answer: Answer) -> str:
        try:
            to = urljoin(url, answer.headers.get("location", ""))
            is_here, host = _origin(to) == _origin(self._base), urlsplit(to).hostname or ""
        except ValueError:  # an address that is none
            is_here, host = False, ""
        if not is_here:
            raise AccessDenied(code="moved_elsewhere", params={"host": _host(self._base), "to": host})
        return to

    def _heed(self, answer: Answer) -> None:
        """Follow the provider's own word on how much is left."""
        left = answer.headers.get("ratelimit-remaining", answer.headers.get("x-ratelimit-remaining"))
        if self._pace is None or left is None or left.strip() != "0":
            return
        reset = answer.headers.get("ratelimit-reset", answer.headers.get("x-ratelimit-reset", ""))
        with suppress(ValueError):
            seconds = float(reset)
            now = self._now.timestamp() + self._clock() - self._begun
            self._pace.hold(seconds - now if seconds > 10**8 else seconds)  # some tell the instant


def failure(answer: Answer, host: str, right: str | None, now: datetime) -> AccessDenied | Unavailable:
    """Name the remedy of an answer that is none."""
    if answer.status == httpx.codes.FORBIDDEN and right:
        return AccessDenied(code="right_missing", params={"right": right})
    if answer.status in (401, 403):
        return AccessDenied(code="access_refused", params={"host": host, "status": str(answer.status)})
    wait = retry_after(answer.headers.get("retry-after"), now)
    if answer.status == httpx.codes.TOO_MANY_REQUESTS:
        return Unavailable(code="asked_to_wait", params={"host": host}, retry_after_s=60.0 if wait is None else wait)
    return Unavailable(code="answered_badly", params={"host": host, "status": str(answer.status)}, retry_after_s=wait)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds, or the instant from which one may ask again."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return max(0.0, ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds())


def safe_address(address: str, private_hosts: Collection[str], *, resolve: bool) -> str:
    """Give an address without its last slash, or raise AccessDenied where it may not be asked.

    It must be https and lead to public addresses only, unless its host is one the operator allows.
    """
    try:
        parts = urlsplit(address.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise AccessDenied(code="address_unreadable", params={"address": _bare(address)}) from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise AccessDenied(code="address_unreadable", params={"address": _bare(address)})
    if host in private_hosts:
        return address.strip().rstrip("/")
    if parts.scheme != "https":
        raise AccessDenied(code="address_not_https", params={"host": host})
    if _is_private(host, resolve=resolve):
        raise AccessDenied(code="address_private", params={"host": host})
    return address.strip().rstrip("/")


def _bare(address: str) -> str:
    """Give an address as it may be shown: a password written into it is cut off."""
    return address.strip().rpartition("@")[2].partition("?")[0].partition("#")[0][:100]


def _is_private(host: str, *, resolve: bool) -> bool:
    with suppress(ValueError):
        return not _is_public(host)
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    if not resolve:
        return False
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise Unavailable(code="unreachable", params={"host": host, "error": "no such name"}) from error
    return any(not _is_public(str(each[4][0]).partition("%")[0]) for each in found)


def _is_public(address: str) -> bool:
    """Say whether an address is one of the internet's; one of IPv6 that stands for one of IPv4 is as that one."""
    found = ipaddress.ip_address(address)
    if found.version == 6:  # noqa: PLR2004 - IP's own number
        within = found.sixtofour or (ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in _TRANSLATED else None)
        if within is not None:
            found = within
        elif found in _COMPATIBLE:
            return False
    return found.is_global and not found.is_multicast


_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64 (RFC 6052)
_COMPATIBLE = ipaddress.ip_network("::/96")  # given up long ago (RFC 4291, 2.5.5.1)


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
