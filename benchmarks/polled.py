"""Time what is polled against a constant: `python benchmarks/polled.py [--rounds N] [--seconds S]`.

One server: the whole application under uvicorn, and in it an endpoint, behind the same middleware, that answers a
constant JSON object and asks nobody who they are (the floor), and one that answers constant bytes, which FastAPI need
not turn into JSON. A client in another process drives them in turn, round by round: the two; the readiness of the
demonstration company by API key, by sign-in, and with the tag at hand (304).
Ratios of requests a second are the finding. `--beside` has a second process read the company's page all the while.
"""

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

CLIENTS = (1, 16, 64)
FLOOR = "constant"


def serve(url: str, port: str) -> None:
    """Serve the application with the floor in it until killed."""
    import uvicorn  # noqa: PLC0415
    from fastapi import Response  # noqa: PLC0415

    from app.db import open_database  # noqa: PLC0415
    from app.logs import set_up_logs  # noqa: PLC0415
    from app.main import create_app  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    set_up_logs("info", as_json=False)
    app = create_app(open_database(url), Settings(database_url=url, api_requests_a_minute=10**9))

    @app.get("/constant")
    async def constant() -> dict[str, str]:
        return {"verdict": "outsource"}

    @app.get("/bytes")
    async def constant_bytes() -> Response:
        return Response(b'{"verdict":"outsource"}', media_type="application/json")

    for _ in range(2):  # found first: an address is sought among all of them in turn
        app.router.routes.insert(0, app.router.routes.pop())
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


class Client(asyncio.Protocol):
    """One connection that asks, waits for the whole answer, and asks again."""

    def __init__(self, request: bytes, status: bytes, until: float) -> None:
        """Take what to ask, the status that is right, and until when."""
        self._request, self._status, self._until = request, status, until
        self._answer, self._wanted = b"", 0
        self.seconds: list[float] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask first."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's own
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._answer, self._wanted = b"", 0
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note how long a whole answer took."""
        self._answer += data
        if not self._wanted:
            head, end, _ = self._answer.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 " + self._status):
                self.ended.set_exception(RuntimeError(self._answer[:400].decode()))
                return
            length = next((row[15:] for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:")), b"0")
            self._wanted = len(head) + 4 + int(length)
        if len(self._answer) < self._wanted:
            return
        now = time.perf_counter()
        self.seconds.append(now - self._sent_at)
        if now < self._until:
            self._ask()
        else:
            self._transport.close()
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail if the server hangs up."""
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionResetError("the server hung up"))


async def drive(port: int, request: bytes, status: bytes, clients: int, seconds: float) -> dict[str, float]:
    """Ask with some clients for some seconds, and give the figures."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        (await loop.create_connection(lambda: Client(request, status, began + seconds), "127.0.0.1", port))[1]
        for _ in range(clients)
    ]
    await asyncio.gather(*(client.ended for client in made))
    took = time.perf_counter() - began
    found = sorted(one for client in made for one in client.seconds)
    p95, p99 = (1000 * found[int(len(found) * part)] for part in (0.95, 0.99))
    return {"per_s": len(found) / took, "p50_ms": 1000 * statistics.median(found), "p95_ms": p95, "p99_ms": p99}


@contextmanager
def served(url: str) -> Iterator[int]:
    """Serve in a process of its own, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, __file__, "--serve", url, str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - ourselves
        try:
            while process.poll() is None:
                with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()


def driven(port: int, asked: tuple[str, dict[str, str], int], clients: int, seconds: float) -> dict[str, float]:
    """Drive in a process of its own."""
    path, headers, status = asked
    head = "".join(f"{name}: {value}\r\n" for name, value in {"host": "polled", **headers}.items())
    request = f"GET {path} HTTP/1.1\r\n{head}\r\n"
    command = [sys.executable, __file__, "--drive", str(port), request, str(status), str(clients), str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextmanager
def read_beside(port: int, asked: tuple[str, dict[str, str], int] | None) -> Iterator[None]:
    """Have a process of its own read an address over and over meanwhile, with one client."""
    if asked is None:
        yield
        return
    path, headers, status = asked
    head = "".join(f"{name}: {value}\r\n" for name, value in {"host": "polled", **headers}.items())
    request = f"GET {path} HTTP/1.1\r\n{head}\r\n"
    command = [sys.executable, __file__, "--drive", str(port), request, str(status), "1", "3600"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - ourselves
        try:
            yield
        finally:
            process.kill()


def prepared(url: str) -> tuple[str, str, str]:
    """Fill a database with the demonstration company, assessed; give its id, an API key and a sign-in."""
    from app.access import holder_called, let_in, make_owner  # noqa: PLC0415
    from app.api_keys import make_key  # noqa: PLC0415
    from app.assessment import assess_company  # noqa: PLC0415
    from app.clock import utc_now  # noqa: PLC0415
    from app.companies import connection_for  # noqa: PLC0415
    from app.db import open_database, write  # noqa: PLC0415
    from app.demo import EVERY, add_demo  # noqa: PLC0415
    from app.migrate import migrate  # noqa: PLC0415
    from app.sources import sync_connection  # noqa: PLC0415

    engine, now = open_database(url), utc_now()
    migrate(engine)
    with write(engine) as conn:
        company = add_demo(conn, now, "Europe/Paris")
        source = connection_for(conn, company, "demo", now)
        make_owner(conn, "owner@benchmark.example", "a very long password", now)
        key = make_key(conn, "benchmark", now)
        holder = holder_called(conn, "owner@benchmark.example")
        assert holder is not None  # noqa: S101 - made just now
        token = let_in(conn, holder, now)
    sync_connection(engine, source, lambda: now, every=EVERY)
    assess_company(engine, company, now)
    engine.dispose()
    return company, key, token


def measure(rounds: int, seconds: float, postgres: str | None, *, beside: bool) -> None:
    """Drive the floor and what is polled in turn, and print the figures."""
    import httpx  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        url = postgres or f"sqlite:///{folder}/seuil.db"
        company, key, token = prepared(url)
        path, by_key = f"/v1/companies/{company}/readiness", {"authorization": f"Bearer {key}"}
        by_cookie = {"cookie": f"seuil_sign_in={token}"}
        with served(url) as port:
            first = httpx.get(f"http://127.0.0.1:{port}{path}", headers=by_key)
            asked = {
                FLOOR: ("/constant", {}, 200),
                "bytes": ("/bytes", {}, 200),
                "key": (path, by_key, 200),
                "sign-in": (path, by_cookie, 200),
                "packed": (path, by_key | {"accept-encoding": "gzip"}, 200),
                "304": (path, by_key | {"accept-encoding": "gzip", "if-none-match": first.headers["etag"]}, 304),
            }
            page = (f"/companies/{company}", by_cookie, 200) if beside else None
            told = f"{url.partition(':')[0]}, a body of {len(first.content):,} bytes, {rounds} rounds of {seconds:g} s"
            print(told + (", a page read beside" if beside else "") + ": median (min to max)")
            with read_beside(port, page):
                _rounds(port, asked, rounds, seconds)


def _rounds(port: int, asked: dict[str, tuple[str, dict[str, str], int]], rounds: int, seconds: float) -> None:
    for clients in CLIENTS:
        found: dict[str, list[dict[str, float]]] = {kind: [] for kind in asked}
        for turn in range(rounds + 1):  # the first one warms up
            for kind in asked if turn % 2 else reversed(asked):
                one = driven(port, asked[kind], clients, seconds if turn else min(seconds, 0.5))
                if turn:
                    found[kind].append(one)
        for kind in asked:
            print(line(clients, kind, found[kind], found[FLOOR]), flush=True)


def line(clients: int, kind: str, found: list[dict[str, float]], floor: list[dict[str, float]]) -> str:
    """Say an address's figures; the ratio is the median of the rounds' own, each against the floor beside it."""
    rates = sorted(one["per_s"] for one in found)
    ratio = statistics.median(a["per_s"] / b["per_s"] for a, b in zip(found, floor, strict=True))
    p50, p99 = (statistics.median(one[name] for one in found) for name in ("p50_ms", "p99_ms"))
    return (
        f"{clients:3} clients  {kind:8} {statistics.median(rates):6,.0f} a second "
        f"({rates[0]:,.0f} to {rates[-1]:,.0f}), {ratio:4.0%} of the floor, p50 {p50:5.1f} ms, p99 {p99:5.1f} ms"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(*sys.argv[2:4])
    elif sys.argv[1:2] == ["--drive"]:
        _port, _request, _status, _clients, _seconds = sys.argv[2:7]
        _done = drive(int(_port), _request.encode(), _status.encode(), int(_clients), float(_seconds))
        print(json.dumps(asyncio.run(_done)))
    else:
        given = argparse.ArgumentParser(description="What is polled against a constant.")
        given.add_argument("--rounds", type=int, default=5)
        given.add_argument("--seconds", type=float, default=2.0)
        given.add_argument("--postgres", help="postgresql://… of an empty database")
        given.add_argument("--beside", action="store_true", help="while a second process reads the company's page")
        _given = given.parse_args()
        measure(_given.rounds, _given.seconds, _given.postgres, beside=_given.beside)
