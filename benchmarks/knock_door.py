"""Time the webhook door against its floor, in one run: `python benchmarks/knock_door.py [--rounds N] [--seconds S]`.

Both are the whole application, served by uvicorn in a process of its own on a fresh database: one keeps each knock with
full durability before it answers; the floor verifies the signature, keeps nothing and answers. A client in a third
process drives them in turn, round by round. Ratios are the finding; knocks a second are this machine's.
`--postgres URL` names an empty database to use; `--bare` adds the door without the application's middleware.
"""

import argparse
import asyncio
import base64
import hmac
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parent.parent))

CLIENTS = (1, 16, 64)
BODY = json.dumps({"type": "invoice.updated", "data": {"id": "42", "note": "x" * 400}}).encode()
KEPT, FLOOR, BARE = "kept", "floor", "bare"


def serve(kind: str, url: str, key: str, port: str) -> None:
    """Serve the door until killed."""
    import uvicorn  # noqa: PLC0415
    from fastapi import FastAPI  # noqa: PLC0415

    from app.api.webhooks import Door, router  # noqa: PLC0415
    from app.budget import Budgets  # noqa: PLC0415
    from app.clock import utc_now  # noqa: PLC0415
    from app.db import open_database  # noqa: PLC0415
    from app.knocks import Knocked  # noqa: PLC0415
    from app.logs import set_up_logs  # noqa: PLC0415
    from app.main import create_app  # noqa: PLC0415
    from app.room import Room  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    class KeepsNothing:
        """Answers at once."""

        async def keep(self, knocked: Knocked) -> bool:
            return bool(knocked.size)

        def close(self) -> None:
            pass

    set_up_logs("info", as_json=False)
    engine, settings = open_database(url), Settings(database_url=url, secret_key=key)
    app = create_app(engine, settings)
    if kind == BARE:
        app = FastAPI()
        app.state.room = Room(engine, settings, utc_now, Budgets(settings.api_requests_a_minute))
        app.include_router(router)
    if kind == FLOOR:
        app.state.door = Door(app.state.room, KeepsNothing())
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


class Client(asyncio.Protocol):
    """One connection that knocks, waits for the answer, and knocks again: no HTTP library, so that it costs little."""

    def __init__(self, path: str, secret: str, until: float) -> None:
        """Take where to knock and until when."""
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._path, self._until = path, until
        self._answer = b""
        self.seconds: list[float] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Knock first."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's own
        self._transport = transport
        self._knock()

    def _knock(self) -> None:
        event_id, at = uuid4().hex, str(int(time.time()))
        signature = base64.b64encode(hmac.digest(self._key, f"{event_id}.{at}.".encode() + BODY, "sha256")).decode()
        head = (
            f"POST {self._path} HTTP/1.1\r\nhost: door\r\ncontent-type: application/json\r\n"
            f"content-length: {len(BODY)}\r\nwebhook-id: {event_id}\r\nwebhook-timestamp: {at}\r\n"
            f"webhook-signature: v1,{signature}\r\n\r\n"
        )
        self._sent_at = time.perf_counter()
        self._transport.write(head.encode() + BODY)

    def data_received(self, data: bytes) -> None:
        """Note how long a whole answer took."""
        self._answer += data
        if not self._answer.endswith(b"}"):
            return
        if not self._answer.startswith(b"HTTP/1.1 200"):
            self.ended.set_exception(RuntimeError(self._answer.decode()))
            return
        now = time.perf_counter()
        self.seconds.append(now - self._sent_at)
        self._answer = b""
        if now < self._until:
            self._knock()
        else:
            self._transport.close()
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail if the door hangs up."""
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionResetError("the door hung up"))


async def drive(port: int, path: str, secret: str, clients: int, seconds: float) -> dict[str, float]:
    """Knock with some clients for some seconds, and give the figures."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        (await loop.create_connection(lambda: Client(path, secret, began + seconds), "127.0.0.1", port))[1]
        for _ in range(clients)
    ]
    await asyncio.gather(*(client.ended for client in made))
    took = time.perf_counter() - began
    found = sorted(one for client in made for one in client.seconds)
    return {
        "knocks": len(found),
        "per_s": len(found) / took,
        "p50_ms": 1000 * statistics.median(found),
        "p99_ms": 1000 * found[int(len(found) * 0.99)],
    }


@contextmanager
def served(kind: str, url: str, key: str) -> Iterator[int]:
    """Serve in a process of its own, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, __file__, "--serve", kind, url, key, str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - ourselves
        try:
            while process.poll() is None:
                with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()


def driven(port: int, path: str, secret: str, clients: int, seconds: float) -> dict[str, float]:
    """Drive in a process of its own."""
    command = [sys.executable, __file__, "--drive", *map(str, (port, path, secret, clients, seconds))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(rounds: int, seconds: float, postgres: str | None, *, bare: bool) -> None:
    """Drive the door and its floor in turn, print the figures, and compare what was acknowledged with what is kept."""
    from cryptography.fernet import Fernet  # noqa: PLC0415
    from sqlalchemy import func, select  # noqa: PLC0415

    from app.clock import utc_now  # noqa: PLC0415
    from app.companies import add_company, connection_for  # noqa: PLC0415
    from app.db import open_database, read, write  # noqa: PLC0415
    from app.doors import new_door_secret  # noqa: PLC0415
    from app.migrate import migrate  # noqa: PLC0415
    from app.models.watch import knock  # noqa: PLC0415
    from app.vault import Vault  # noqa: PLC0415

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url, key, now = postgres or f"sqlite:///{folder}/seuil.db", Fernet.generate_key().decode(), utc_now()
        engine = open_database(url)
        stack.callback(engine.dispose)
        migrate(engine)
        with write(engine) as conn:
            connection_id = connection_for(conn, add_company(conn, "Benchmark", now, zone="Europe/Paris"), "demo", now)
            secret = new_door_secret(conn, Vault(key), connection_id, now)
        path = f"/v1/webhooks/{connection_id}"
        kinds = (FLOOR, KEPT, BARE) if bare else (FLOOR, KEPT)
        ports = {kind: stack.enter_context(served(kind, url, key)) for kind in kinds}
        acknowledged = 0
        print(f"{engine.dialect.name}, {len(BODY)} bytes, {rounds} rounds of {seconds:g} s: median (min to max)")
        for clients in CLIENTS:
            found: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
            for turn in range(rounds + 1):  # the first one warms up
                for kind in kinds if turn % 2 else kinds[::-1]:
                    one = driven(ports[kind], path, secret, clients, seconds if turn else min(seconds, 0.5))
                    acknowledged += 0 if kind == FLOOR else int(one["knocks"])
                    if turn:
                        found[kind].append(one)
            for kind in kinds:
                print(line(clients, kind, found[kind], found[FLOOR]))
        with read(engine) as conn:
            kept = conn.execute(select(func.count()).select_from(knock)).scalar_one()
    print(f"{acknowledged:,} acknowledged, {kept:,} kept")
    if kept != acknowledged:
        sys.exit("what was acknowledged is not what was kept")


def line(clients: int, kind: str, found: list[dict[str, float]], floor: list[dict[str, float]]) -> str:
    """Say a server's figures; the ratio is the median of the rounds' own, each against the floor beside it."""
    rates = sorted(one["per_s"] for one in found)
    ratio = statistics.median(a["per_s"] / b["per_s"] for a, b in zip(found, floor, strict=True))
    p50, p99 = (statistics.median(one[name] for one in found) for name in ("p50_ms", "p99_ms"))
    return (
        f"{clients:3} clients  {kind:6} {statistics.median(rates):6,.0f} knocks/s "
        f"({rates[0]:,.0f} to {rates[-1]:,.0f}), {ratio:4.0%} of the floor, p50 {p50:5.1f} ms, p99 {p99:5.1f} ms"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(*sys.argv[2:6])
    elif sys.argv[1:2] == ["--drive"]:
        _port, _path, _secret, _clients, _seconds = sys.argv[2:7]
        print(json.dumps(asyncio.run(drive(int(_port), _path, _secret, int(_clients), float(_seconds)))))
    else:
        asked = argparse.ArgumentParser(description="The webhook door against its floor.")
        asked.add_argument("--rounds", type=int, default=5)
        asked.add_argument("--seconds", type=float, default=2.0)
        asked.add_argument("--postgres", help="postgresql://… of an empty database")
        asked.add_argument("--bare", action="store_true", help="also without the application's middleware")
        given = asked.parse_args()
        measure(given.rounds, given.seconds, given.postgres, bare=given.bare)
