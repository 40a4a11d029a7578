"""What the door takes and how much of it, and what it keeps of a call that names an object."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select
from standardwebhooks.webhooks import Webhook

from app.companies import add_company, connection_for
from app.db import read, write
from app.doors import close_door, new_door_secret
from app.errors import NotFound
from app.knocks import MOST_OF_ONE, Knocked, KnockKeeper, TooMany
from app.models.core import connection
from app.models.watch import knock
from app.settings import Settings
from app.vault import open_vault
from tests.conftest import NOW
from tests.serving import served

SETTINGS = Settings(database_url="sqlite://", secret_key=Fernet.generate_key().decode())
VAULT = open_vault(SETTINGS)


@pytest.fixture
def client(sqlite_engine: Engine) -> Iterator[httpx.Client]:
    with served(sqlite_engine, NOW, settings=SETTINGS) as address, httpx.Client(base_url=address) as found:
        yield found


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/cloudevents+json", 200),
        ("application/x-www-form-urlencoded", 200),  # what curl says where nobody tells it otherwise
        (None, 200),
        ("multipart/form-data; boundary=x", 415),
        ("application/xml", 415),
        ("image/png", 415),
    ],
)
def test_a_webhook_is_json_text_or_a_form(
    sqlite_engine: Engine, client: httpx.Client, company_here: str, said: str | None, status: int
) -> None:
    with write(sqlite_engine) as conn:
        to = connection_for(conn, company_here, "demo", NOW)
        secret = new_door_secret(conn, VAULT, to, NOW)
    signature = Webhook(secret).sign("evt_1", NOW, "{}")
    seconds = str(int(NOW.timestamp()))
    headers = {"webhook-id": "evt_1", "webhook-timestamp": seconds, "webhook-signature": signature}

    answer = client.post(
        f"/v1/webhooks/{to}", content=b"{}", headers=headers | ({"content-type": said} if said else {})
    )

    assert answer.status_code == status


@pytest.fixture
def company_here(sqlite_engine: Engine) -> str:
    with write(sqlite_engine) as conn:
        return add_company(conn, "Menuiserie Aubrac", NOW, siren=None, zone="Europe/Paris")


def test_of_a_call_that_names_a_document_its_number_is_kept_and_nothing_else(
    sqlite_engine: Engine, client: httpx.Client, company_here: str
) -> None:
    with write(sqlite_engine) as conn:
        to = connection_for(conn, company_here, "dolibarr", NOW)
        secret = new_door_secret(conn, VAULT, to, NOW)
        conn.execute(connection.update().values(due_at=None))
    said = {"triggercode": "BILL_VALIDATE", "object": {"id": 42, "ref": "FA2601-0001", "name": "Jeanne Durand"}}
    body = json.dumps(said).encode()

    stranger = client.post(f"/v1/webhooks/{to}/guessed", content=body)
    unheard = rows(sqlite_engine)
    first = client.post(f"/v1/webhooks/{to}/{secret}", content=body)
    with write(sqlite_engine) as conn:
        close_door(conn, to, NOW)

    assert (stranger.status_code, unheard, first.json()) == (404, [], {"status": "kept"})
    ((stream, named, everything),) = rows(sqlite_engine)
    assert (stream, named) == ("invoices", "sale:42")
    assert "Durand" not in everything
    with read(sqlite_engine) as conn:
        assert conn.execute(select(connection.c.due_at)).scalar_one() is None
        assert conn.execute(select(connection.c.hinted_at)).scalar_one() > NOW


def rows(engine: Engine) -> list[tuple[str, str, str]]:
    with read(engine) as conn:
        return [(row.hint_stream, row.hint_id, str(row)) for row in conn.execute(select(knock))]


def test_one_connection_that_floods_is_put_off_and_keeps_no_other_from_being_heard(sqlite_engine: Engine) -> None:
    keeper = KnockKeeper(sqlite_engine)

    async def story() -> tuple[int, bool]:
        with write(sqlite_engine):  # the disk does not keep up
            flood = [asyncio.create_task(keeper.keep(one("a", n))) for n in range(MOST_OF_ONE + 50)]
            other = asyncio.create_task(keeper.keep(one("b", 1)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            put_off = sum(task.done() and isinstance(task.exception(), TooMany) for task in flood)
            waits = not other.done()
        await asyncio.gather(*flood, other, return_exceptions=True)
        with pytest.raises(NotFound):  # it is heard again, once there is room; of a connection that is none
            await keeper.keep(one("a", 1))
        return put_off, waits

    put_off, waits = asyncio.run(story())
    keeper.close()

    assert put_off == 50
    assert waits


def one(to: str, n: int) -> Knocked:
    return Knocked(to, f"evt_{n}", NOW, NOW, 2, "0" * 64)
