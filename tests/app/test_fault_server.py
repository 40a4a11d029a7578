"""After any sequence of faults and restarts, what is kept is what a server of ours has; read over real HTTP."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import Engine, func, select

from app import intake
from app.companies import add_company, connection_for
from app.db import read, write
from app.faultpoints import on_reaching
from app.models.core import bookmark
from app.models.records import document, quarantined, record_version
from app.sources import find_connection, sync_connection
from connectors.account import Account
from connectors.base import Cursor, Fault, Page, Pages
from connectors.errors import Unavailable
from connectors.http import Api
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream
from tests.conftest import NOW
from tests.fault_server import FAULTS, FaultSource, served

EVERY = timedelta(hours=6)
POINTS = ("sync.rows_saved", "sync.bookmark_turned", "sync.page_committed", "sync.connection_read")
ATTEMPTS = 200


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Plug:
    """Pulled now and then, by the random numbers it is given."""

    chance: Random | None = None

    def __call__(self, point: str) -> None:
        if self.chance is not None and point in POINTS and self.chance.random() < 0.1:
            raise Killed


PLUG = Plug()
on_reaching(PLUG)


@dataclass(frozen=True)
class Tiny:
    """A connector to that server; `names` are what it knows amounts to be called."""

    api: Api = field(repr=False)
    names: tuple[str, ...] = ("amount",)
    name: ClassVar[str] = "demo"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        return {Stream.INVOICES: self._invoices}

    def _invoices(self, cursor: Cursor | None) -> Iterator[Page]:
        at = dict(cursor or {"since": "0", "newest": "0"})
        while True:
            said = self.api.get("/invoices", {name: at[name] for name in ("since", "after") if name in at}).json()
            if not isinstance(said, dict) or "items" not in said:
                raise Unavailable(code="not_json", params={"start": str(said)[:60]})
            newest = max([int(at["newest"]), *(row["stamp"] for row in said["items"])])
            more = {"since": at["since"], "after": said["next"]} if said["next"] else {"since": str(newest - 1)}
            at = more | {"newest": str(newest)}
            yield self._page(said["items"], at)
            if not said["next"]:
                return

    def _page(self, rows: list[dict[str, Any]], cursor: Cursor) -> Page:
        found = [(row, next((row[name] for name in self.names if name in row), None)) for row in rows]
        faults = tuple(Fault("csv_value_missing", row["id"], "", {"column": "amount"}) for row, a in found if a is None)
        return Page(tuple(_invoice(row, amount) for row, amount in found if amount is not None), cursor, faults)


def _invoice(row: dict[str, Any], amount: str) -> Invoice:
    return Invoice(
        external_id=row["id"],
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=row["id"],
        party=row["customer"],
        issued_on=date.fromisoformat(row["issued"]),
        total=Decimal(amount),
        source_version=str(row["stamp"]),
    )


@dataclass
class Reader:
    """A connection to the server, read again and again as the schedule does."""

    engine: Engine
    connection_id: str
    address: str
    now: datetime = NOW
    names: tuple[str, ...] = ("amount",)
    troubles: list[str | None] = field(default_factory=list)

    def _connect(self, _: object, now: datetime) -> Tiny:
        account = Account(
            settings={},
            secrets={},
            zone=ZoneInfo("Europe/Paris"),
            now=now,
            private_hosts=frozenset({"127.0.0.1"}),
            transport=httpx.HTTPTransport(verify=False),  # no TLS here, and its set-up takes its time
        )
        return Tiny(Api(account, self.address), self.names)

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def read(self) -> bool:
        """Read once; False where it came to no end."""
        try:
            saved = sync_connection(self.engine, self.connection_id, self.clock, every=EVERY, connect=self._connect)
        except Killed:
            return False
        self.troubles.append(self.row["trouble"])
        return saved is not None

    def read_to_the_end(self) -> int:
        """Try until it comes to its end, and say how often that was."""
        return next(n for n in range(1, ATTEMPTS) if self.read())

    @property
    def row(self) -> Any:
        with read(self.engine) as conn:
            return find_connection(conn, self.connection_id)

    def kept(self) -> dict[str, int]:
        d = document.c
        with read(self.engine) as conn:
            rows = conn.execute(select(d.external_id, d.total_minor).where(d.gone_at.is_(None))).all()
        return {str(key): int(total) for key, total in rows}

    def count(self, table: Any) -> int:
        with read(self.engine) as conn:
            return conn.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture
def source() -> FaultSource:
    return FaultSource()


@pytest.fixture
def reader(source: FaultSource, sqlite_engine: Engine) -> Iterator[Reader]:
    with write(sqlite_engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, siren=None, zone="Europe/Paris")
        key = connection_for(conn, company, "demo", NOW)
    with served(source) as address:
        yield Reader(sqlite_engine, key, address)
    PLUG.chance = None


@pytest.mark.parametrize("seed", range(6))
def test_after_any_sequence_of_faults_and_restarts_what_is_kept_is_what_is_there(
    reader: Reader, source: FaultSource, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - the same faults in every run
    for number in range(150):
        source.put(number, chance.randrange(1, 10**6))
    PLUG.chance = chance
    for _ in range(3):
        source.faults = deque(chance.choices(["", *FAULTS], k=25))
        reader.read_to_the_end()
        for number in chance.choices(range(170), k=30):
            source.put(number, chance.randrange(1, 10**6))
    PLUG.chance, source.faults = None, deque()
    reader.read_to_the_end()

    assert reader.kept() == source.totals()
    assert reader.row["trouble"] is None
    assert reader.count(record_version) >= 20


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        ("429", "asked_to_wait"),
        ("500", "answered_badly"),
        ("503", "answered_badly"),
        ("cut", "unreachable"),
        ("close", "unreachable"),
        ("html", "not_json"),
        ("nothing", "not_json"),
        ("drift", "not_json"),
    ],
)
def test_each_fault_is_named_and_the_reading_goes_on_from_its_page(
    reader: Reader, source: FaultSource, fault: str, trouble: str
) -> None:
    for number in range(60):
        source.put(number, 100)
    source.faults = deque(["", fault])

    assert not reader.read()
    assert reader.troubles == [trouble]
    assert len(reader.kept()) == 20  # the page before is safe
    source.asked = 0
    assert reader.read()
    assert source.asked == 2
    assert reader.kept() == source.totals()


def test_the_time_a_server_asks_for_is_given(reader: Reader, source: FaultSource) -> None:
    source.put(1, 100)
    source.faults = deque(["429"])
    reader.read()

    assert reader.row["due_at"] - reader.now == timedelta(seconds=3)


def test_a_server_that_repeats_one_page_for_ever_is_left(reader: Reader, source: FaultSource) -> None:
    for number in range(60):
        source.put(number, 100)
    source.faults = deque(["", *["repeat"] * 500])

    assert not reader.read()
    assert source.asked < 10
    source.faults.clear()
    reader.read_to_the_end()
    assert reader.kept() == source.totals()


def test_a_schema_that_drifts_sets_rows_aside_until_a_newer_seuil_reads_it(
    reader: Reader, source: FaultSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        source.put(number, 100)
    reader.read_to_the_end()
    source.field_name = "total_amount"
    for number in range(25, 45):
        source.put(number, 200)
    reader.read_to_the_end()
    aside, kept = reader.count(quarantined), reader.kept()

    assert aside == 20
    assert kept == {f"F{n}": 100 for n in range(30)}  # nothing guessed, nothing lost
    monkeypatch.setattr(intake, "VERSION", "9.9.9")
    reader.names = ("amount", "total_amount")
    reader.read_to_the_end()
    assert reader.kept() == source.totals()
    assert reader.count(quarantined) == 0


def test_two_hundred_thousand_invoices_come_through_with_faults_on_the_way(reader: Reader, source: FaultSource) -> None:
    source.rows = {number: (number % 9973 + 1, number + 1) for number in range(200_000)}
    source.stamp, source.page = 200_000, 2000
    source.faults = deque(([""] * 15 + ["cut", "429", "500", "repeat", "close"]) * 5)
    reader.read_to_the_end()

    assert reader.count(document) == 200_000
    assert reader.kept() == source.totals()
    with read(reader.engine) as conn:
        assert conn.execute(select(bookmark.c.rows)).scalar_one() >= 200_000
