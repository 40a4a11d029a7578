"""Asking a source: only its own address, within its budget, and every failure named without a secret."""

import gzip
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors import http
from connectors.account import Account
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.http import LONGEST_PAUSE_S, Answer, Api, Budget, Pace, retry_after, safe_address

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ADDRESS = "https://books.example/api"
SECRET = "very-secret-token"
Say = Callable[[httpx.Request], httpx.Response]


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now, self.waits = 1000.0, list[float]()

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.now += seconds


def account(say: Say | None = None, clock: Clock | None = None) -> Account:
    return Account(
        settings={"address": ADDRESS},
        secrets={"token": SECRET},
        zone=ZoneInfo("Europe/Paris"),
        now=NOW,
        transport=httpx.MockTransport(say) if say else None,
        wait=(clock or Clock()).wait,
    )


def api(say: Say, clock: Clock | None = None, budget: Budget | None = None) -> Api:
    clock = clock or Clock()
    headers = {"Authorization": f"Bearer {SECRET}"}
    return Api(account(say, clock), ADDRESS, headers=headers, budget=budget, clock=clock)


def saying(status: int = 200, body: bytes = b"{}", **headers: str) -> Say:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, headers=told, content=body)


def error_of(say: Say, **asked: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        api(say).get("/invoices", **asked).json()  # type: ignore[arg-type]
    return caught.value


# Where it may ask


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://books.example", "address_not_https"),
        ("ftp://books.example", "address_unreadable"),
        ("books.example", "address_unreadable"),
        ("https://", "address_unreadable"),
        ("https://books.example?x=1", "address_unreadable"),
        ("https://books.example#x", "address_unreadable"),
        ("https://ada:open@books.example", "address_unreadable"),
        ("https://:open@books.example", "address_unreadable"),
        ("https://books.example:port", "address_unreadable"),
        ("https://ada:open@[half", "address_unreadable"),
        ("https://localhost", "address_private"),
        ("https://erp.localhost", "address_private"),
        ("https://erp.local", "address_private"),
        ("https://db.internal", "address_private"),
        ("https://127.0.0.1", "address_private"),
        ("https://10.1.2.3:8443/api", "address_private"),
        ("https://192.168.1.10", "address_private"),
        ("https://172.16.0.1", "address_private"),
        ("https://169.254.169.254", "address_private"),
        ("https://100.64.0.1", "address_private"),
        ("https://0.0.0.0", "address_private"),
        ("https://[::1]", "address_private"),
        ("https://[fd00::1]", "address_private"),
        ("https://[fe80::1]", "address_private"),
        ("https://[::ffff:127.0.0.1]", "address_private"),
    ],
)
def test_an_address_that_may_not_be_asked_is_refused(address: str, code: str) -> None:
    with pytest.raises(AccessDenied) as caught:
        safe_address(address, (), resolve=False)

    assert caught.value.code == code
    assert "open" not in str(caught.value)


@pytest.mark.parametrize("name", ["127.1", "2130706433", "localhost.", "ip6-localhost"])
def test_a_name_that_leads_into_a_private_network_is_refused(name: str) -> None:
    with pytest.raises(SourceError) as caught:
        safe_address(f"https://{name}", (), resolve=True)

    assert caught.value.code in {"address_private", "unreachable"}


def test_a_name_that_nobody_has_is_out_of_reach() -> None:
    with pytest.raises(Unavailable, match="unreachable"):
        safe_address("https://nobody.invalid", (), resolve=True)


def test_a_host_the_operator_allows_may_be_private_and_without_https() -> None:
    for address in ("http://erp.local:8080/dolibarr/", "https://10.0.0.5/"):
        host = httpx.URL(address).host
        assert safe_address(address, {host}, resolve=True) == address.rstrip("/")


def test_a_public_address_is_taken_without_its_last_slash() -> None:
    assert safe_address(" https://93.184.215.14/api/ ", (), resolve=True) == "https://93.184.215.14/api"


@pytest.mark.parametrize("path", ["invoices", "//elsewhere.example/x", "/../admin", "/a/../../b", "/..", "https://x/y"])
def test_only_paths_below_the_address_are_asked_for(path: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        api(saying()).get(path)


def test_what_is_asked_goes_below_the_address_with_what_opens_it() -> None:
    asked: list[httpx.Request] = []

    def say(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=[1, 0.1])

    assert api(say).get("/invoices", {"limit": 5}).json() == [1, "0.1"]
    assert api(say).post("/rpc", {"method": "read"}).status == 200
    assert str(asked[0].url) == "https://books.example/api/invoices?limit=5"
    assert asked[0].headers["authorization"] == f"Bearer {SECRET}"
    assert (asked[1].method, asked[1].content) == ("POST", b'{"method":"read"}')


# Redirects


@pytest.mark.parametrize(
    "to",
    [
        "https://elsewhere.example/api",
        "http://books.example/api",
        "https://books.example:444/api",
        "//elsewhere.example/",
        "https://books.example@elsewhere.example/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "https://[half",
        "https://books.example:99999999/",
    ],
)
def test_a_redirect_to_another_host_is_refused_and_the_secret_stays_home(to: str) -> None:
    asked: list[str] = []

    def say(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": to})

    with pytest.raises(AccessDenied, match="moved_elsewhere"):
        api(say).get("/invoices")

    assert asked == ["books.example"]


def test_a_redirect_on_the_same_host_is_followed() -> None:
    def say(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/invoices":
            return httpx.Response(307, headers={"location": "/api/v2/invoices?limit=5"})
        return httpx.Response(200, json=str(request.url))

    assert api(say).get("/invoices", {"limit": 5}).json() == "https://books.example/api/v2/invoices?limit=5"


def test_going_round_in_circles_ends() -> None:
    assert error_of(saying(302, location="/api/invoices")).code == "too_many_redirects"


# Failures


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, AccessDenied, "access_refused"),
        (403, AccessDenied, "access_refused"),
        (400, Unavailable, "answered_badly"),
        (404, Unavailable, "answered_badly"),
        (429, Unavailable, "asked_to_wait"),
        (500, Unavailable, "answered_badly"),
        (503, Unavailable, "answered_badly"),
        (304, Unavailable, "answered_badly"),
    ],
)
def test_an_answer_that_is_none_is_named_after_its_remedy(status: int, kind: type[SourceError], code: str) -> None:
    error = error_of(saying(status))

    assert type(error) is kind
    assert error.code == code
    assert error.params["host"] == "books.example"


def test_the_right_that_is_missing_is_named_where_it_is_known() -> None:
    error = error_of(saying(403), right="read invoices")

    assert isinstance(error, AccessDenied)
    assert (error.code, error.params) == ("right_missing", {"right": "read invoices"})


def test_a_status_that_is_an_answer_is_given() -> None:
    assert api(saying(404)).get("/invoices", accept={404}).status == 404
    assert api(saying(302, location="https://x.example/")).get("/invoices", accept={302}).status == 302


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (httpx.ReadTimeout, "timed_out"),
        (httpx.ConnectTimeout, "timed_out"),
        (httpx.PoolTimeout, "timed_out"),
        (httpx.ConnectError, "unreachable"),
        (httpx.RemoteProtocolError, "unreachable"),
        (httpx.ReadError, "unreachable"),
        (httpx.DecodingError, "unreachable"),
    ],
)
def test_a_broken_connection_is_named(raised: type[httpx.TransportError], code: str) -> None:
    def say(_: httpx.Request) -> httpx.Response:
        raise raised(SECRET)

    error = error_of(say)

    assert isinstance(error, Unavailable)
    assert error.code == code
    assert SECRET not in f"{error} {error.params}"


@pytest.mark.parametrize(
    "body",
    [b"", b"<!doctype html>", b'{"half": ', b"\xff\xfe", b"[NaN]", b"[Infinity]", b"[" * 100_000, b"9" * 5000],
    ids=["nothing", "html", "half", "binary", "nan", "infinity", "deep", "endless number"],
)
def test_nonsense_is_no_data(body: bytes) -> None:
    error = error_of(saying(200, body))

    assert isinstance(error, Unavailable)
    assert error.code == "not_json"
    assert len(error.params["start"]) <= 60


def test_an_answer_too_large_is_left_even_where_it_was_small_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1000)

    assert error_of(saying(200, gzip.compress(b" " * 10_000), content_encoding="gzip")).code == "answer_too_large"
    assert api(saying(200, b" " * 998 + b"{}")).get("/x").json() == {}


def test_an_answer_that_comes_a_byte_now_and_then_is_left() -> None:
    clock = Clock()

    class Dripping(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                clock.now += 50
                yield b" "

    with pytest.raises(Unavailable, match="timed_out"):
        api(lambda _: httpx.Response(200, stream=Dripping()), clock).get("/invoices")


def test_no_secret_is_in_what_an_error_or_an_account_shows() -> None:
    failing = [saying(status) for status in (401, 403, 404, 429, 500)]
    failing += [saying(302, location="https://x.example/"), saying(200, b"nonsense")]
    shown = [repr(account(saying())), str(account(saying())), repr(api(saying()))]
    for say in failing:
        error = error_of(say)
        shown += [repr(error), str(error), repr(error.params), "".join(traceback.format_exception(error))]

    assert not [text for text in shown if SECRET in text]


# How long to wait


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("²", None),
        ("Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", None),
        (format_datetime(NOW + timedelta(minutes=2), usegmt=True), 120.0),
        (format_datetime(NOW - timedelta(minutes=2), usegmt=True), 0.0),
        ("Sun, 22 Nov 2026 10:02:00 +0100", 120.0),
        ("Sun, 22 Nov 2026 09:01:00", 60.0),
    ],
)
def test_the_time_to_wait_is_read_in_both_its_forms(said: str | None, seconds: float | None) -> None:
    assert retry_after(said, NOW) == seconds


def test_being_asked_to_wait_says_for_how_long_and_a_minute_where_nobody_said() -> None:
    told, silent, later = error_of(saying(429, retry_after="7")), error_of(saying(429)), error_of(saying(503))

    assert isinstance(told, Unavailable)
    assert isinstance(silent, Unavailable)
    assert isinstance(later, Unavailable)
    assert (told.retry_after_s, silent.retry_after_s, later.retry_after_s) == (7.0, 60.0, None)


# The budget


def test_a_budget_is_never_exceeded_in_any_span_of_its_length() -> None:
    clock = Clock()
    pace = Pace(Budget(5, 10.0), clock.wait, clock)
    asked = []
    for n in range(40):
        clock.now += 0.7 * (n % 3)
        pace.step()
        asked.append(clock.now)

    assert all(later - first >= 10.0 - 1e-9 for first, later in zip(asked, asked[5:], strict=False))
    assert clock.waits


def test_within_the_budget_nobody_waits() -> None:
    clock = Clock()
    asking = api(saying(), clock, Budget(3, 1.0))
    for _ in range(3):
        asking.get("/invoices")

    assert clock.waits == []
    asking.get("/invoices")
    assert clock.waits == [1.0]


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"ratelimit_remaining": "0", "ratelimit_reset": "4"}, [4.0]),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": "4"}, [4.0]),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(NOW.timestamp()) + 4)}, [4.0]),
        ({"ratelimit_remaining": "0", "ratelimit_reset": "86400"}, [LONGEST_PAUSE_S]),
        ({"ratelimit_remaining": "1", "ratelimit_reset": "4"}, []),
        ({"ratelimit_remaining": "0", "ratelimit_reset": "soon"}, []),
        ({"ratelimit_remaining": "0", "ratelimit_reset": "-4"}, []),
        ({"ratelimit_remaining": "0"}, []),
        ({}, []),
    ],
)
def test_the_providers_own_word_on_what_is_left_comes_first(headers: dict[str, str], waits: list[float]) -> None:
    clock = Clock()
    asking = api(saying(200, b"{}", **headers), clock, Budget(100, 1.0))
    asking.get("/invoices")
    asking.get("/invoices")

    assert clock.waits == waits


# Over a real network


class Rude(BaseHTTPRequestHandler):
    """Promises more than it gives."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(b'{"items": [')

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_answer_cut_off_on_the_way_is_no_answer() -> None:
    with served(Rude) as address:
        reachable = replace(account(), private_hosts=frozenset({"127.0.0.1"}))
        with pytest.raises(Unavailable, match="unreachable"):
            Api(reachable, address).get("/invoices")


def test_a_private_address_is_not_even_knocked_at() -> None:
    with served(Rude) as address, pytest.raises(AccessDenied, match="address_not_https"):
        Api(account(), address)


def test_an_answer_reads_as_text_whatever_its_bytes() -> None:
    assert Answer(200, {}, b"caf\xe9").text == "caf\ufffd"
