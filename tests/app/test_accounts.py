"""What opens an account is sealed, handed to its connector only, and a rotated one is kept before it is used."""

import json
import traceback
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select, update

from app.accounts import connect_bare, connecting, reseal_all, seal_credentials
from app.companies import connection_for
from app.db import read, write
from app.errors import NotFound, Refused
from app.models.core import connection
from app.settings import Settings
from app.sources import find_connection
from app.vault import Vault
from connectors.account import Account
from connectors.base import Connector, Evidence, Provider
from connectors.demo import Demo
from connectors.errors import AccessDenied
from connectors.providers import providers
from connectors.records import Stream
from tests.conftest import NOW

OLD, NEW = (b64encode(bytes([n]) * 32).decode() for n in (1, 2))
SECRET, ROTATED = "first-token-é", "second-token"
MADE: list[Account] = []


def _connect(account: Account) -> Connector:
    MADE.append(account)
    return Demo(until=account.now.date())


@pytest.fixture(autouse=True)
def _probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a provider that gives away the account it is handed."""
    known = dict(providers()) | {"probe": Provider("probe", "Probe", {Stream.INVOICES: Evidence.DIRECT}, _connect)}
    monkeypatch.setattr("app.accounts.provider_of", known.get)
    MADE.clear()


def settings(keys: str = OLD, private_hosts: str = "") -> Settings:
    return Settings(secret_key=SecretStr(keys), private_hosts=private_hosts)


@pytest.fixture
def probe(engine: Engine, company: str) -> str:
    """A connection whose account is sealed under the old key."""
    with write(engine) as conn:
        key = connection_for(conn, company, "demo", NOW)
        conn.execute(
            update(connection).where(connection.c.id == key).values(provider="probe", settings={"login": "ada"})
        )
        seal_credentials(conn, Vault(OLD), key, {"token": SECRET})
    return key


def row_of(engine: Engine, key: str) -> Any:
    with read(engine) as conn:
        return find_connection(conn, key)


def account_of(engine: Engine, key: str, made_with: Settings | None = None) -> Account:
    connecting(engine, made_with or settings())(row_of(engine, key), NOW)
    return MADE[-1]


def test_a_connector_is_handed_its_account_opened(engine: Engine, probe: str) -> None:
    account = account_of(engine, probe, settings(private_hosts="erp.local, 10.0.0.5"))

    assert (account.settings, account.secrets) == ({"login": "ada"}, {"token": SECRET})
    assert (account.zone.key, account.now) == ("Europe/Paris", NOW)
    assert account.private_hosts == {"erp.local", "10.0.0.5"}


def test_what_is_stored_shows_no_secret(engine: Engine, probe: str) -> None:
    row = row_of(engine, probe)

    assert row["sealed_credentials"]
    assert SECRET not in str(dict(row))
    assert "token" not in str(row["sealed_credentials"])


def test_an_account_shows_no_secret(engine: Engine, probe: str) -> None:
    account = account_of(engine, probe)

    assert SECRET not in f"{account!r} {account}"


def test_a_secret_that_the_provider_changed_is_stored_before_it_is_used(engine: Engine, probe: str) -> None:
    account = account_of(engine, probe)
    account.keep({"token": ROTATED, "refresh": "next"})

    assert account_of(engine, probe).secrets == {"token": ROTATED, "refresh": "next"}
    account.keep({"token": "third"})
    assert account_of(engine, probe).secrets == {"token": "third", "refresh": "next"}


def test_the_wrong_key_opens_nothing_and_says_nothing(engine: Engine, probe: str) -> None:
    with pytest.raises(AccessDenied) as caught:
        account_of(engine, probe, settings(NEW))

    assert caught.value.code == "secret_cannot_be_opened"
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_an_account_that_nothing_opens_needs_no_vault(engine: Engine, company: str, tmp_path: Path) -> None:
    with write(engine) as conn:
        key = connection_for(conn, company, "demo", NOW)
    bare = Settings(database_url=f"sqlite:///{tmp_path}/data/seuil.db")

    assert connecting(engine, bare)(row_of(engine, key), NOW).name == "demo"
    assert connect_bare(row_of(engine, key), NOW).name == "demo"
    assert not list(tmp_path.rglob("*.key"))


def test_a_provider_that_is_gone_is_named(engine: Engine, probe: str) -> None:
    with write(engine) as conn:
        conn.execute(update(connection).values(provider="nobody"))

    with pytest.raises(NotFound, match="nobody"):
        connecting(engine, settings())(row_of(engine, probe), NOW)


def test_no_secrets_leave_nothing_sealed(engine: Engine, probe: str) -> None:
    with write(engine) as conn:
        seal_credentials(conn, Vault(OLD), probe, {})

    assert row_of(engine, probe)["sealed_credentials"] is None


@pytest.mark.usefixtures("probe")
def test_a_key_is_rotated_by_sealing_everything_anew(engine: Engine) -> None:
    with write(engine) as conn:
        conn.execute(update(connection).values(sealed_secret=Vault(OLD).seal("whsec")))
    with write(engine) as conn:
        done = reseal_all(conn, Vault(f"{NEW},{OLD}"))

    with read(engine) as conn:
        sealed = conn.execute(select(connection.c.sealed_credentials, connection.c.sealed_secret)).one()
    new = Vault(NEW)
    assert done == 2
    assert (json.loads(new.open(sealed[0])), new.open(sealed[1])) == ({"token": SECRET}, "whsec")


def test_a_rotation_that_cannot_open_one_secret_changes_none(engine: Engine, probe: str) -> None:
    before = row_of(engine, probe)["sealed_credentials"]

    with pytest.raises(Refused), write(engine) as conn:
        reseal_all(conn, Vault(NEW))

    assert row_of(engine, probe)["sealed_credentials"] == before
