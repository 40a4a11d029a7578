"""The webhook door over HTTP: what is genuine is kept once and has its source read; all else leaves no trace."""

import asyncio
import base64
import hashlib
import socket
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from sqlalchemy import Engine, event, func, select, text, update
from standardwebhooks.webhooks import Webhook
from structlog.testing import capture_logs

from app.api.webhooks import Door, close_doors, forget_door
from app.companies import connection_for, remove_company
from app.db import read, write
from app.doors import close_door, keep_door_secret, knock_figures, new_door_secret, open_door
from app.errors import BadInput, NotFound, Refused
from app.knocks import Knocked, KnockKeeper, save_knocks
from app.main import create_app
from app.models.core import connection
from app.models.watch import knock
from app.settings import Settings
from app.vault import Vault, open_vault
from connectors.doorbell import new_secret
from tests.conftest import NOW
from tests.serving import served

SETTINGS = Settings(database_url="sqlite://", secret_key=Fernet.generate_key().decode())
VAULT = open_vault(SETTINGS)
BODY = b'{"type":"invoice.updated","data":{"id":"42"}}'
SEEN = NOW - timedelta(hours=1)


@dataclass
class At:
    """A clock that a test puts forward, and the sender's own."""

    now: datetime = NOW
    sends_at: datetime | None = None


@dataclass
class Sender:
    """A source over there, and the door it knocks at."""

    client: httpx.Client
    engine: Engine
    at: At
    company: str
    connection: str
    secret: str

    def signed(self, event_id: str, body: bytes = BODY, *, secret: str | None = None) -> dict[str, str]:
        at = self.at.sends_at or self.at.now
        signature = Webhook(secret or self.secret).sign(event_id, at, body.decode())
        seconds = str(int(at.timestamp()))
        return {"webhook-id": event_id, "webhook-timestamp": seconds, "webhook-signature": signature}

    def post(self, headers: dict[str, str], content: Any = BODY, to: str | None = None) -> httpx.Response:
        return self.client.post(f"/v1/webhooks/{to or self.connection}", headers=headers, content=content)

    def send(self, event_id: str, *, secret: str | None = None) -> httpx.Response:
        return self.post(self.signed(event_id, secret=secret))

    def kept(self) -> list[str]:
        with read(self.engine) as conn:
            return list(conn.execute(select(knock.c.event_id).order_by(knock.c.no)).scalars())

    def due_at(self) -> datetime | None:
        with read(self.engine) as conn:
            due: datetime | None = conn.execute(
                select(connection.c.due_at).where(connection.c.id == self.connection)
            ).scalar_one()
            return due


@pytest.fixture
def sender(engine: Engine, company: str) -> Iterator[Sender]:
    """A sender with a good secret, at a connection that was read an hour ago."""
    at = At()
    with write(engine) as conn:
        connection_id = connection_for(conn, company, "demo", SEEN)
        secret = new_door_secret(conn, VAULT, connection_id, SEEN)
        conn.execute(update(connection).values(due_at=None))
    with (
        served(engine, NOW, settings=SETTINGS, clock=lambda: at.now) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield Sender(client, engine, at, company, connection_id, secret)


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["detail"] != said["title"], "a code without a sentence"
    return answer.status_code, said["title"]


def test_a_genuine_webhook_is_kept_and_has_its_source_read(sender: Sender) -> None:
    answer = sender.send("evt_1")

    assert (answer.status_code, answer.json()) == (200, {"status": "kept"})
    with read(sender.engine) as conn:
        row = conn.execute(select(knock)).mappings().one()
    assert row["connection_id"] == sender.connection
    assert row["event_id"] == "evt_1"
    assert row["sent_at"] == row["received_at"] == NOW
    assert row["size"] == len(BODY)
    assert row["digest"] == hashlib.sha256(BODY).hexdigest()
    assert sender.due_at() == NOW


def test_an_event_seen_before_is_answered_well_and_has_no_effect(sender: Sender) -> None:
    sender.send("evt_1")
    later = NOW + timedelta(hours=2)
    with write(sender.engine) as conn:
        conn.execute(update(connection).values(due_at=later))
    sender.at.now += timedelta(minutes=30)  # a retry: the same event, another attempt

    answer = sender.send("evt_1")

    assert (answer.status_code, answer.json()) == (200, {"status": "seen_before"})
    assert sender.kept() == ["evt_1"]
    assert sender.due_at() == later


def test_the_same_event_id_at_another_connection_is_another_event(sender: Sender) -> None:
    with write(sender.engine) as conn:
        other = connection_for(conn, sender.company, "csv", NOW)
        secret = new_door_secret(conn, VAULT, other, NOW)

    assert sender.send("evt_1").json() == {"status": "kept"}
    assert sender.post(sender.signed("evt_1", secret=secret), to=other).json() == {"status": "kept"}
    assert sender.post(sender.signed("evt_2"), to=other).status_code == 401  # a neighbour's secret opens nothing
    with read(sender.engine) as conn:
        due = conn.execute(select(connection.c.due_at).where(connection.c.id == other)).scalar_one()
    assert due is None, "a file is handed over; nobody can go and read it"


def test_what_is_not_genuine_is_refused_and_leaves_no_row(sender: Sender) -> None:
    good = sender.signed("evt_1")
    without_id = {name: value for name, value in good.items() if name != "webhook-id"}
    assert problem(sender.post(good, BODY + b" ")) == (401, "knock_signature_wrong")
    assert problem(sender.send("evt_1", secret=new_secret())) == (401, "knock_signature_wrong")
    assert problem(sender.post(without_id)) == (401, "knock_header_missing")
    assert problem(sender.post({})) == (401, "knock_header_missing")
    sender.at.sends_at = NOW - timedelta(minutes=6)
    assert problem(sender.send("evt_1")) == (401, "knock_too_old")
    sender.at.sends_at = NOW + timedelta(minutes=6)
    assert problem(sender.send("evt_1")) == (401, "knock_too_early")

    assert sender.kept() == []
    assert sender.due_at() is None


def test_an_unknown_door_and_one_without_a_secret_are_answered_alike(sender: Sender) -> None:
    with write(sender.engine) as conn:
        bare = connection_for(conn, sender.company, "fec", NOW)

    places = [bare, "019ab000-0000-7000-8000-000000000000", "x", "%C3%A9", "x" * 2000]
    answers = [sender.post(sender.signed("evt_1"), to=to) for to in places]

    assert {problem(answer) for answer in answers} == {(404, "no_such_door")}
    assert len({answer.content for answer in answers}) == 1


def test_a_closed_door_tells_genuine_senders_to_stop_and_others_nothing(sender: Sender) -> None:
    with write(sender.engine) as conn:
        close_door(conn, sender.connection, NOW)

    assert problem(sender.send("evt_1")) == (410, "door_closed")
    assert problem(sender.send("evt_1", secret=new_secret())) == (401, "knock_signature_wrong")
    assert sender.kept() == []

    with write(sender.engine) as conn:
        open_door(conn, sender.connection)
    sender.at.now += timedelta(seconds=11)
    assert sender.send("evt_1").json() == {"status": "kept"}


def test_closing_a_door_counts_after_ten_seconds_wherever_it_was_done(sender: Sender) -> None:
    sender.send("evt_1")
    with write(sender.engine) as conn:
        close_door(conn, sender.connection, NOW)

    sender.at.now += timedelta(seconds=10)

    assert problem(sender.send("evt_2")) == (410, "door_closed")


def test_a_new_secret_counts_within_a_second_and_the_earlier_one_for_a_day(sender: Sender) -> None:
    sender.send("evt_1")
    with write(sender.engine) as conn:
        fresh = new_door_secret(conn, VAULT, sender.connection, NOW)

    sender.at.now += timedelta(seconds=1)
    assert sender.send("evt_2", secret=fresh).json() == {"status": "kept"}
    assert sender.send("evt_3").json() == {"status": "kept"}
    sender.at.now = NOW + timedelta(hours=24, seconds=-1)
    assert sender.send("evt_4").json() == {"status": "kept"}
    sender.at.now = NOW + timedelta(hours=24)
    assert problem(sender.send("evt_5")) == (401, "knock_signature_wrong")
    assert sender.send("evt_6", secret=fresh).json() == {"status": "kept"}


def test_a_secret_that_leaked_is_changed_without_grace(sender: Sender) -> None:
    with write(sender.engine) as conn:
        new_door_secret(conn, VAULT, sender.connection, NOW, grace=timedelta(0))

    assert problem(sender.send("evt_1")) == (401, "knock_signature_wrong")


def test_a_secret_made_behind_a_closed_door_is_the_only_one(sender: Sender) -> None:
    with write(sender.engine) as conn:
        close_door(conn, sender.connection, NOW)
        fresh = new_door_secret(conn, VAULT, sender.connection, NOW)

    assert problem(sender.send("evt_1")) == (401, "knock_signature_wrong")
    assert sender.send("evt_1", secret=fresh).json() == {"status": "kept"}


@pytest.mark.parametrize("size", [256 * 1024 + 1, 900_000, 3_000_000])
def test_a_body_that_is_too_large_is_refused_whatever_its_headers_say(sender: Sender, size: int) -> None:
    body = b"x" * size

    def in_chunks() -> Iterator[bytes]:
        for start in range(0, size, 50_000):
            yield body[start : start + 50_000]

    headers = sender.signed("evt_1", body)
    for content in (body, in_chunks()):  # with its length said, and without
        assert problem(sender.post(headers, content)) == (413, "knock_too_large")
    assert sender.kept() == []


def test_a_sender_that_listens_only_after_speaking_still_hears_that_it_was_too_much(sender: Sender) -> None:
    size = 900_000
    head = f"POST /v1/webhooks/{sender.connection} HTTP/1.1\r\nhost: door\r\ncontent-length: {size}\r\n\r\n"
    with socket.create_connection((sender.client.base_url.host, sender.client.base_url.port or 80)) as line:
        line.sendall(head.encode())
        for _ in range(9):
            time.sleep(0.02)
            line.sendall(b"x" * (size // 9))
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_the_largest_body_is_kept(sender: Sender) -> None:
    body = b"x" * 256 * 1024

    assert sender.post(sender.signed("evt_1", body), body).json() == {"status": "kept"}


def test_many_at_once_are_each_kept_exactly_once(sender: Sender) -> None:
    sent = [f"evt_{n % 200}" for n in range(240)]  # forty of them twice, some in one commit

    with ThreadPoolExecutor(32) as clients:
        answers = list(clients.map(sender.send, sent))

    assert {answer.status_code for answer in answers} == {200}
    assert Counter(answer.json()["status"] for answer in answers) == {"kept": 200, "seen_before": 40}
    assert sorted(sender.kept()) == sorted(set(sent))


def test_many_at_once_at_several_doors_make_each_due(sender: Sender) -> None:
    doors = [(sender.connection, sender.secret)]
    with write(sender.engine) as conn:
        for provider in ("csv", "fec", "push"):
            found = connection_for(conn, sender.company, provider, NOW)
            doors.append((found, new_door_secret(conn, VAULT, found, NOW)))

    def knock_at(n: int) -> httpx.Response:
        to, secret = doors[n % len(doors)]
        return sender.post(sender.signed(f"evt_{n}", secret=secret), to=to)

    with ThreadPoolExecutor(16) as clients:
        assert {answer.status_code for answer in clients.map(knock_at, range(160))} == {200}

    with read(sender.engine) as conn:
        counted = {to: knock_figures(conn, to, NOW)["total"] for to, _ in doors}
    assert set(counted.values()) == {40}
    assert sender.due_at() == NOW


def test_what_cannot_be_kept_is_not_acknowledged(sender: Sender) -> None:
    sender.send("evt_1")
    with write(sender.engine) as conn:
        conn.execute(text("ALTER TABLE knock RENAME TO elsewhere"))
    with capture_logs() as logged, ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(sender.send, [f"evt_{n}" for n in range(2, 10)]))
    with write(sender.engine) as conn:
        conn.execute(text("ALTER TABLE elsewhere RENAME TO knock"))

    assert "knocks_not_kept" in {line["event"] for line in logged}
    assert {problem(answer) for answer in answers} == {(503, "knock_not_kept")}
    assert {answer.headers["retry-after"] for answer in answers} == {"30"}
    assert sender.kept() == ["evt_1"]
    assert sender.send("evt_2").json() == {"status": "kept"}, "the thread that keeps knocks outlives it"


def test_a_door_that_cannot_be_looked_up_asks_to_come_back(sender: Sender) -> None:
    with write(sender.engine) as conn:
        other = Vault(Fernet.generate_key().decode()).seal("{}")  # sealed under a key that is lost
        conn.execute(update(connection).values(sealed_secret=other))

    with capture_logs() as logged:
        assert problem(sender.send("evt_1")) == (503, "knock_not_kept")
    assert "door_not_opened" in {line["event"] for line in logged}

    with write(sender.engine) as conn:
        secret = new_door_secret(conn, VAULT, sender.connection, NOW)
    assert sender.send("evt_1", secret=secret).json() == {"status": "kept"}


def test_a_connection_removed_a_moment_ago_takes_nobody_elses_knock_with_it(sender: Sender) -> None:
    sender.send("evt_1")  # its secret is now known to the door
    with write(sender.engine) as conn:
        remove_company(conn, sender.company)

    assert problem(sender.send("evt_2")) == (404, "no_such_door")


def test_a_commit_is_on_the_disk_before_it_is_acknowledged(sender: Sender) -> None:
    if sender.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's commits are")
    levels = []

    @event.listens_for(sender.engine, "commit")
    def _(conn: Any) -> None:
        raw = conn.connection.driver_connection
        if raw.execute("SELECT count(*) FROM knock").fetchone()[0]:
            levels.append(raw.execute("PRAGMA synchronous").fetchone()[0])

    sender.send("evt_1")

    assert levels[0] == 2, "FULL"


def test_knocks_are_counted(sender: Sender) -> None:
    with read(sender.engine) as conn:
        assert knock_figures(conn, sender.connection, NOW) == {"total": 0, "last_day": 0, "last_received_at": None}
    sender.send("evt_1")
    sender.at.now += timedelta(hours=24)
    sender.send("evt_2")

    with read(sender.engine) as conn:
        figures = knock_figures(conn, sender.connection, sender.at.now)
    assert figures == {"total": 2, "last_day": 1, "last_received_at": NOW + timedelta(hours=24)}


def test_secrets_are_sealed_in_the_database(sender: Sender) -> None:
    with read(sender.engine) as conn:
        sealed = conn.execute(select(connection.c.sealed_secret)).scalar_one()

    assert sender.secret not in sealed
    assert sender.secret in VAULT.open(sealed)


def test_a_secret_made_up_by_the_sender_is_taken(sender: Sender) -> None:
    theirs = new_secret()
    with write(sender.engine) as conn:
        keep_door_secret(conn, VAULT, sender.connection, f" {theirs}\n", NOW)

    assert sender.send("evt_1", secret=theirs).json() == {"status": "kept"}
    with write(sender.engine) as conn, pytest.raises(BadInput, match="door_secret_unusable"):
        keep_door_secret(conn, VAULT, sender.connection, "whsec_short", NOW)


def test_a_sender_goes_over_to_keys_of_its_own_and_changes_them_with_a_day_of_overlap(sender: Sender) -> None:
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    for key in (first, second):
        public = "whpk_" + base64.b64encode(key.public_key().public_bytes_raw()).decode()
        with write(sender.engine) as conn:
            keep_door_secret(conn, VAULT, sender.connection, public, sender.at.now)
        sender.at.now += timedelta(seconds=1)
        assert sender.post(by_key(sender, key)).json() == {"status": "kept"}
    assert sender.post(by_key(sender, first)).json() == {"status": "kept"}
    assert sender.send("shared").json() == {"status": "kept"}

    sender.at.now += timedelta(hours=24)
    assert problem(sender.post(by_key(sender, first))) == (401, "knock_signature_wrong")
    assert problem(sender.send("shared again")) == (401, "knock_not_signed")
    assert sender.post(by_key(sender, first, second)).json() == {"status": "kept"}
    assert sender.post(by_key(sender, second)).json() == {"status": "kept"}


def by_key(sender: Sender, *keys: Ed25519PrivateKey) -> dict[str, str]:
    """Sign a new event with one key, or with several."""
    event_id, seconds = f"evt_{len(sender.kept())}", str(int(sender.at.now.timestamp()))
    signatures = [base64.b64encode(key.sign(f"{event_id}.{seconds}.".encode() + BODY)).decode() for key in keys]
    signed = " ".join(f"v1a,{one}" for one in signatures)
    return {"webhook-id": event_id, "webhook-timestamp": seconds, "webhook-signature": signed}


def test_a_door_needs_a_connection_and_a_secret(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        bare = connection_for(conn, company, "csv", NOW)
    with write(engine) as conn, pytest.raises(Refused, match="door_has_no_secret"):
        open_door(conn, bare)
    with write(engine) as conn:
        for does in (
            lambda: open_door(conn, "nobody"),
            lambda: close_door(conn, "nobody", NOW),
            lambda: new_door_secret(conn, VAULT, "nobody", NOW),
        ):
            with pytest.raises(NotFound, match="no_such_connection"):
                does()


def test_a_sender_that_hangs_up_takes_nothing_with_it(sender: Sender) -> None:
    gone = threading.Event()

    def half() -> Iterator[bytes]:
        yield BODY[:10]
        gone.set()
        message = "hung up"
        raise ConnectionError(message)

    with capture_logs() as logged:
        with pytest.raises(ConnectionError, match="hung up"):
            sender.post(sender.signed("evt_1"), half())
        assert gone.is_set()
        assert sender.send("evt_2").json() == {"status": "kept"}

    assert "request_failed" not in {line["event"] for line in logged}, "no fault of ours"
    with read(sender.engine) as conn:
        assert conn.execute(select(func.count()).select_from(knock)).scalar_one() == 1


def test_in_one_commit_a_repeated_event_is_new_once_and_a_strangers_harms_nobody(sender: Sender) -> None:
    first, other = (Knocked(sender.connection, name, NOW, NOW, 2, "0" * 64) for name in ("evt_1", "evt_2"))
    stranger = Knocked("removed", "evt_1", NOW, NOW, 2, "0" * 64)

    with write(sender.engine) as conn:
        outcomes = save_knocks(conn, [first, stranger, other, first])

    assert [one if isinstance(one, bool) else one.code for one in outcomes] == [True, "no_such_door", True, False]
    assert sender.kept() == ["evt_1", "evt_2"]


@dataclass
class Inside:
    """The door without a network between, for what a process does to itself."""

    app: FastAPI
    sender: Sender

    async def send(self, event_id: str, content: Any = BODY) -> httpx.Response:
        through = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=through, base_url="http://door") as client:
            path = f"/v1/webhooks/{self.sender.connection}"
            return await client.post(path, headers=self.sender.signed(event_id), content=content)


@pytest.fixture
def inside(sender: Sender) -> Inside:
    """A second application on the same database."""
    return Inside(create_app(sender.engine, SETTINGS, now=lambda: sender.at.now), sender)


def test_a_door_closed_in_this_process_is_closed_at_once(inside: Inside) -> None:
    async def story() -> None:
        assert (await inside.send("evt_1")).status_code == 200
        with write(inside.sender.engine) as conn:
            close_door(conn, inside.sender.connection, NOW)
        forget_door(inside.app, inside.sender.connection)
        assert problem(await inside.send("evt_2")) == (410, "door_closed")

    asyncio.run(story())
    close_doors(inside.app)


def test_a_body_that_does_not_arrive_is_not_waited_for(inside: Inside) -> None:
    async def drips() -> AsyncIterator[bytes]:
        yield BODY[:10]
        await asyncio.sleep(60)

    async def story() -> httpx.Response:
        return await inside.send("evt_1", drips())

    inside.app.state.door = Door(inside.app.state.room, KnockKeeper(inside.sender.engine), body_within_s=0.1)
    answer = asyncio.run(story())

    assert problem(answer) == (408, "knock_cut_off")
    assert answer.headers["connection"] == "close"
    assert inside.sender.kept() == []


def test_at_shutdown_what_waits_is_kept_and_what_comes_later_is_refused(inside: Inside) -> None:
    async def story() -> None:
        await inside.send("evt_0")
        waiting = [asyncio.create_task(inside.send(f"evt_{n}")) for n in range(1, 40)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        close_doors(inside.app)
        answers = [(await one).status_code for one in waiting]
        assert set(answers) <= {200, 503}
        assert len(inside.sender.kept()) == 1 + answers.count(200)
        assert problem(await inside.send("evt_99")) == (503, "knock_not_kept")

    asyncio.run(story())


def test_two_processes_keep_the_same_events_once_and_never_wait_for_each_other(inside: Inside) -> None:
    if inside.sender.engine.dialect.name == "sqlite":
        pytest.skip("an embedded database has one process")
    events = [f"evt_{n}" for n in range(150)]
    asyncio.run(inside.send("evt_0"))  # the routes are put together at the first request, and two loops would race

    async def all_of_them() -> list[str]:
        answers = await asyncio.gather(*(inside.send(event_id) for event_id in reversed(events)))
        return [str(answer.json().get("status")) for answer in answers]

    with ThreadPoolExecutor(17) as threads:
        here = threads.submit(asyncio.run, all_of_them())
        there = [answer.json()["status"] for answer in threads.map(inside.sender.send, events)]
        said = Counter([*there, *here.result()])
    close_doors(inside.app)

    assert said == {"kept": 149, "seen_before": 151}
    assert sorted(inside.sender.kept()) == sorted(events)
