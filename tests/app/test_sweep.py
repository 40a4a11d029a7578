"""Rows a source forgot without a word: compared now and then, marked as gone, not believed where much."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from sqlalchemy import Engine, func, select

from app.companies import connection_for
from app.db import read, write
from app.intake import find_source, save_page
from app.models.core import bookmark
from app.models.records import document, record_version
from app.sources import find_connection, sync_connection
from app.sweep import FEW, SWEEP_EVERY, sweep_due
from connectors.base import Cursor, Keys, Page, Pages
from connectors.errors import AccessDenied, Unavailable
from connectors.records import Stream
from tests.conftest import NOW
from tests.small_source import invoice


@dataclass
class Listed:
    """A source whose ids are listed; it counts how often it was asked, and may fail after its first portion."""

    there: set[str]
    asked: list[datetime] = field(default_factory=list)
    error: Exception | None = None
    name: ClassVar[str] = "demo"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        return {Stream.INVOICES: self._nothing}

    @property
    def keys(self) -> Mapping[Stream, Keys]:
        return {Stream.INVOICES: self._keys, Stream.PAYMENTS: self._never_read}

    def _nothing(self, _: Cursor | None) -> Iterator[Page]:
        yield Page((), {"at": "1"})

    def _keys(self) -> Iterator[tuple[str, ...]]:
        self.asked.append(NOW)
        ordered = sorted(self.there)
        yield tuple(ordered[:3])
        if self.error is not None:
            raise self.error
        yield tuple(ordered[3:])

    def _never_read(self) -> Iterator[tuple[str, ...]]:
        raise AssertionError


@dataclass
class Keeper:
    """A connection that keeps some invoices."""

    engine: Engine
    connection_id: str

    def keep(self, numbers: Iterable[int], now: datetime = NOW) -> None:
        with write(self.engine) as conn:
            source = find_source(conn, self.connection_id)
            save_page(conn, source, Stream.INVOICES, Page(tuple(map(invoice, numbers)), {"at": "1"}), now)

    def sweep(self, there: Iterable[int], now: datetime = NOW, *, believe: bool = False) -> int:
        source = Listed({f"F{n}" for n in there})
        return sweep_due(self.engine, self.connection_id, source, now, believe=believe)

    @property
    def gone(self) -> dict[str, datetime]:
        with read(self.engine) as conn:
            rows = conn.execute(
                select(document.c.external_id, document.c.gone_at).where(document.c.gone_at.is_not(None))
            )
            return {str(key): at for key, at in rows}

    @property
    def swept_at(self) -> datetime | None:
        with read(self.engine) as conn:
            at: datetime | None = conn.execute(select(bookmark.c.swept_at)).scalar()
            return at


@pytest.fixture
def keeper(engine: Engine, company: str) -> Keeper:
    with write(engine) as conn:
        return Keeper(engine, connection_for(conn, company, "demo", NOW))


def test_what_the_source_lacks_is_marked_as_gone_and_keeps_what_it_was(keeper: Keeper) -> None:
    keeper.keep(range(10))

    assert keeper.sweep(range(8), NOW) == 2
    assert keeper.gone == {"F8": NOW, "F9": NOW}
    with read(keeper.engine) as conn:
        past = conn.execute(select(record_version.c.external_id, record_version.c.row)).all()
    assert {key: row["number"] for key, row in past} == {"F8": "F8", "F9": "F9"}


def test_it_is_compared_once_a_week(keeper: Keeper) -> None:
    keeper.keep(range(10))
    source, almost = Listed({f"F{n}" for n in range(10)}), SWEEP_EVERY - timedelta(seconds=1)

    for at in (NOW, NOW, NOW + almost, NOW + SWEEP_EVERY):
        sweep_due(keeper.engine, keeper.connection_id, source, at)

    assert len(source.asked) == 2
    assert keeper.swept_at == NOW + SWEEP_EVERY


def test_what_went_once_is_not_counted_again_and_comes_back_when_it_is_read(keeper: Keeper) -> None:
    keeper.keep(range(10))
    keeper.sweep(range(8))

    assert keeper.sweep(range(8), NOW + SWEEP_EVERY) == 0
    keeper.keep([9], NOW + SWEEP_EVERY)
    assert set(keeper.gone) == {"F8"}


@pytest.mark.parametrize(
    ("kept", "there", "believed"),
    [
        (FEW + 1, 1, True),  # few, whatever their share
        (FEW + 2, 1, False),
        (1, 0, True),
        (2, 0, False),  # nothing at all: it may be a right that was withdrawn
        (4 * FEW, 2 * FEW, True),  # half
        (4 * FEW, 2 * FEW - 1, False),
    ],
)
def test_that_much_is_gone_is_not_believed(keeper: Keeper, kept: int, there: int, *, believed: bool) -> None:
    keeper.keep(range(kept))
    if believed:
        assert keeper.sweep(range(there)) == kept - there
        return

    with pytest.raises(Unavailable) as caught:
        keeper.sweep(range(there))

    assert caught.value.code == "much_is_gone"
    assert caught.value.params == {"stream": "invoices", "gone": str(kept - there), "of": str(kept)}
    assert keeper.gone == {}
    assert keeper.swept_at is None


def test_a_person_may_say_that_it_is_true(keeper: Keeper) -> None:
    keeper.keep(range(100))

    assert keeper.sweep([], believe=True) == 100
    assert len(keeper.gone) == 100


@pytest.mark.parametrize("error", [Unavailable(code="timed_out"), AccessDenied(code="access_refused")])
def test_a_list_that_broke_off_takes_nothing_away(keeper: Keeper, error: Exception) -> None:
    keeper.keep(range(10))

    with pytest.raises(type(error)):
        sweep_due(keeper.engine, keeper.connection_id, Listed({f"F{n}" for n in range(10)}, error=error), NOW)

    assert keeper.gone == {}
    assert keeper.swept_at is None


def test_a_source_that_cannot_list_its_ids_is_left_alone(keeper: Keeper) -> None:
    keeper.keep(range(10))

    assert sweep_due(keeper.engine, keeper.connection_id, object(), NOW) == 0


def test_a_stream_that_was_never_read_is_not_compared(keeper: Keeper) -> None:
    source = Listed(set())

    assert sweep_due(keeper.engine, keeper.connection_id, source, NOW) == 0
    assert source.asked == []


def test_ids_too_long_to_be_kept_whole_are_still_the_same(keeper: Keeper) -> None:
    long = "9" * 300
    with write(keeper.engine) as conn:
        two = tuple(replace(invoice(n), external_id=f"{long}{n}") for n in (1, 2))
        save_page(conn, find_source(conn, keeper.connection_id), Stream.INVOICES, Page(two, {"at": "1"}), NOW)

    gone = sweep_due(keeper.engine, keeper.connection_id, Listed({f"{long}1", f"{long}2"}), NOW)

    assert gone == 0


def test_a_comparison_that_is_not_believed_is_the_trouble_of_its_source(keeper: Keeper) -> None:
    keeper.keep(range(100))
    sync_connection(
        keeper.engine, keeper.connection_id, lambda: NOW, every=timedelta(hours=6), connect=lambda *_: Listed(set())
    )

    with read(keeper.engine) as conn:
        row = find_connection(conn, keeper.connection_id)
        standing = conn.execute(select(func.count()).where(document.c.gone_at.is_(None))).scalar_one()
    assert (row["trouble"], row["trouble_params"]["gone"], standing) == ("much_is_gone", "100", 100)
