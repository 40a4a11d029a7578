"""Accounts that change under way: connected again, let go while being read, with a right less, told of twice."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select

from app.book_staff import costs, hours, staff
from app.companies import connection_for
from app.connecting import Answers, disconnect, save_account
from app.db import read, write
from app.facts import refresh_touched
from app.intake import find_source, save_page
from app.jobs import claim, finish
from app.models.core import bookmark
from app.rates import money_of
from app.sources import SYNC, find_connection, sync_connection, syncs_due
from app.vault import Vault
from connectors.base import Connector, Cursor, Page, Pages
from connectors.dolibarr import PROVIDER
from connectors.errors import AccessDenied
from connectors.records import Cost, CostKind, Employee, Process, Record, Stream, TimeEntry
from tests.conftest import NOW
from tests.connectors.dolibarr.fake_dolibarr import FakeDolibarr, sale
from tests.small_source import invoice

EVERY, DAY = timedelta(hours=6), timedelta(days=1)
ADDRESS, OTHER = "https://erp.example.com", "https://other.example.com"


def save(engine: Engine, company: str, address: str = ADDRESS, streams: tuple[Stream, ...] | None = None) -> str:
    answers = Answers({"address": address}, {"key": "k" * 30})
    with write(engine) as conn:
        vault = Vault(Fernet.generate_key().decode())
        return save_account(
            conn, vault, company, PROVIDER, answers, streams=streams, owner="daf@x.fr", now=NOW, zone="Europe/Paris"
        )


def row_of(engine: Engine, key: str) -> Mapping[str, Any]:
    with read(engine) as conn:
        return find_connection(conn, key)


def sync(engine: Engine, key: str, source: Connector, days: int = 0, **said: Any) -> None:
    now = NOW + days * DAY
    sync_connection(engine, key, lambda: now, every=EVERY, connect=lambda *_: source, **said)


@dataclass
class Slow:
    """Three invoices, a page each; after each page something happens elsewhere."""

    then: Callable[[int], None]
    name: ClassVar[str] = "demo"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        return {Stream.INVOICES: self._pages}

    def _pages(self, cursor: Cursor | None) -> Iterator[Page]:
        for n in range(int((cursor or {}).get("at", 0)) + 1, 4):
            yield Page((invoice(n),), {"at": str(n)})
            self.then(n)


def test_an_account_connected_again_after_each_failure_is_read_each_time(engine: Engine, company: str) -> None:
    key = save(engine, company)
    fake = FakeDolibarr("22.0.4")
    fake.now, fake.refused = NOW, {"user"}
    tries = []
    for _ in range(3):
        with read(engine) as conn:
            (period,) = syncs_due(conn, NOW)
        with write(engine) as conn:
            claimed = claim(conn, SYNC, period, NOW)
        assert claimed is not None, period
        tries.append(period)
        sync(engine, key, fake.connect())
        with write(engine) as conn:
            finish(conn, claimed, NOW)
        save(engine, company)

    assert len(set(tries)) == 3


def test_settings_saved_while_the_old_account_is_read_leave_no_bookmark_of_it(engine: Engine, company: str) -> None:
    key = save(engine, company)

    def save_another(n: int) -> None:
        if n == 2:
            save(engine, company, OTHER)

    sync(engine, key, Slow(save_another))

    with read(engine) as conn:
        assert conn.execute(select(bookmark.c.cursor).where(bookmark.c.connection_id == key)).all() == []
    assert row_of(engine, key)["settings"] == {"address": OTHER}


def test_an_account_let_go_while_it_is_read_is_not_read_again(engine: Engine, company: str) -> None:
    key = save(engine, company)

    def let_go(n: int) -> None:
        if n == 1:
            row = row_of(engine, key)
            with write(engine) as conn:
                disconnect(conn, row, NOW, keep_records=True)

    sync(engine, key, Slow(let_go), enough=lambda: False)

    assert row_of(engine, key)["due_at"] is None


def test_a_stream_left_out_for_want_of_a_right_is_not_swept_either(engine: Engine, company: str) -> None:
    fake = FakeDolibarr("22.0.4")
    fake.now = NOW
    fake.put("/invoices", sale(1))
    key = save(engine, company)
    sync(engine, key, fake.connect())
    fake.refused = {"user"}
    save(engine, company, streams=tuple(one for one in PROVIDER.feeds if one is not Stream.STAFF))
    for days in (1, 8, 9):
        fake.now = NOW + days * DAY
        sync(engine, key, fake.connect(), days)

        assert row_of(engine, key)["trouble"] is None, days


def test_an_account_without_the_right_to_invoices_is_not_asked_for_their_totals(engine: Engine, company: str) -> None:
    fake = FakeDolibarr("22.0.4")
    fake.now, fake.refused = NOW, {"facture", "fournisseur"}
    key = save(engine, company, streams=(Stream.STAFF,))
    sync(engine, key, fake.connect())

    assert row_of(engine, key)["trouble"] is None


def test_what_two_sources_tell_of_a_login_is_told_once(engine: Engine, company: str) -> None:
    worked: dict[Stream, Record] = {
        Stream.TIME: TimeEntry(
            external_id="t", actor="lea", worked_on=date(2026, 9, 7), minutes=60, process=Process.INVOICING
        ),
        Stream.STAFF: Employee(external_id="7", actor="lea", name="Léa"),
        Stream.COSTS: Cost(external_id="c", incurred_on=date(2026, 9, 7), kind=CostKind.FEES, amount=Decimal(100)),
    }
    with write(engine) as conn:
        for provider in ("csv", "caldav", "tryton"):
            source = find_source(conn, connection_for(conn, company, provider, NOW))
            for stream, record in worked.items():
                save_page(conn, source, stream, Page((record,), {}), NOW)
        refresh_touched(conn, company)
    with read(engine) as conn:
        assert list(hours(conn, company, {})["minutes"]) == [60]
        assert len(staff(conn, company, {"x": "y"}, {})) == 1
        assert list(costs(conn, company, money_of(conn, "EUR"))["amount_minor"]) == [10_000]


def test_a_right_missing_for_a_later_part_of_a_stream_shows_on_the_first_page() -> None:
    fake = FakeDolibarr("22.0.4")
    fake.now, fake.refused = NOW, {"fournisseur"}
    fake.put("/invoices", sale(1))
    with_purchases = fake.connect().streams[Stream.INVOICES](None)

    with pytest.raises(AccessDenied) as caught:
        next(iter(with_purchases))

    assert caught.value.code == "right_missing"
