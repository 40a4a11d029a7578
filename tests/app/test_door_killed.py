"""Killed while webhooks pour in (`kill -9`): whatever was acknowledged is in the database."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, func, select
from standardwebhooks.webhooks import Webhook

from app.companies import add_company, connection_for
from app.db import read, write
from app.doors import new_door_secret
from app.models.core import connection
from app.models.watch import knock
from app.vault import Vault

ROOT = Path(__file__).parents[2]
CLIENTS = 16
BODY = '{"type":"invoice.updated"}'

SERVE = """
import sys
import uvicorn
from app.clock import utc_now
from app.db import open_database
from app.main import create_app
from app.settings import Settings

url, key, port = sys.argv[1:]
app = create_app(open_database(url), Settings(database_url=url, secret_key=key), now=utc_now)
uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False)
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(engine: Engine, key: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the application in a process of its own."""
    command = [sys.executable, "-c", SERVE, engine.url.render_as_string(hide_password=False), key, str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - ourselves
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    httpx.get(f"http://127.0.0.1:{port}/livez")
                    break
                except httpx.ConnectError:
                    time.sleep(0.05)
            yield process
        finally:
            process.kill()


def pour(address: str, secret: str, name: int, answered: dict[str, str]) -> None:
    """Send one event after the other, noting each answer as it comes, until nobody answers."""
    with httpx.Client(timeout=10) as client:
        for n in range(100_000):
            event_id, at = f"evt_{name}_{n}", datetime.now(UTC)
            signature = Webhook(secret).sign(event_id, at, BODY)
            headers = {
                "webhook-id": event_id,
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": signature,
            }
            try:
                answer = client.post(address, headers=headers, content=BODY)
            except httpx.TransportError:
                return
            answered[event_id] = answer.json().get("status", str(answer.status_code))


@pytest.mark.parametrize("after", [200, 450])
def test_what_was_acknowledged_before_the_kill_is_there_after_it(sqlite_engine: Engine, after: int) -> None:
    key = Fernet.generate_key().decode()
    with write(sqlite_engine) as conn:
        company_id = add_company(conn, "Menuiserie Aubrac", datetime.now(UTC), zone="Europe/Paris")
        connection_id = connection_for(conn, company_id, "demo", datetime.now(UTC))
        secret = new_door_secret(conn, Vault(key), connection_id, datetime.now(UTC))
        was_due_at = conn.execute(select(connection.c.due_at)).scalar_one()
    port = free_port()
    address = f"http://127.0.0.1:{port}/v1/webhooks/{connection_id}"
    answered: dict[str, str] = {}

    with serving(sqlite_engine, key, port) as process:
        clients = [threading.Thread(target=pour, args=(address, secret, n, answered)) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        while len(answered) < after and any(client.is_alive() for client in clients):
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)  # while the others are on their way
        for client in clients:
            client.join()

    with read(sqlite_engine) as conn:
        kept = set(conn.execute(select(knock.c.event_id)).scalars())
        rows = conn.execute(select(func.count()).select_from(knock)).scalar_one()
        due_at = conn.execute(select(connection.c.due_at)).scalar_one()
    assert process.returncode == -signal.SIGKILL
    assert set(answered.values()) == {"kept"}
    assert len(answered) >= after
    assert set(answered) <= kept
    assert rows == len(kept) <= len(answered) + CLIENTS  # one each was on its way
    assert due_at > was_due_at
