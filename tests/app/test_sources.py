"""Sources that are read by themselves: when, again when, and what is kept of their trouble."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from app.alerts import episodes, history
from app.companies import add_company, connection_for
from app.db import read, write
from app.errors import NotFound
from app.intake import Saved
from app.jobs import TakenOver
from app.models.core import bookmark, connection
from app.models.core import company as company_table
from app.models.records import document
from app.sources import (
    FIRST_RETRY,
    LONGEST_ASKED,
    LONGEST_RETRY,
    connections,
    find_connection,
    make_due,
    sync_connection,
    sync_period,
    syncs_due,
)
from connectors.errors import AccessDenied, BadPayload, SourceError, Unavailable
from tests.conftest import NOW
from tests.small_source import PAGE, SmallSource, nothing

EVERY = timedelta(hours=6)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
ALL = Saved(new=110)  # a hundred invoices and ten reminders


@dataclass
class Reader:
    """A connection, a clock that is set by hand, and a source that fails on request."""

    engine: Engine
    company_id: str
    connection_id: str
    now: datetime = NOW
    error: Exception | None = None
    at_page: int = 1
    while_reading: Any = nothing
    invoices: int = 100
    asked: int = 0

    def clock(self) -> datetime:
        return self.now

    def connect(self, _: Any, __: datetime) -> SmallSource:
        self.asked += 1
        return SmallSource(self.invoices, self._before_page)

    def _before_page(self, number: int) -> None:
        self.while_reading(number)
        if self.error is not None and number == self.at_page:
            raise self.error

    def read(self) -> Saved | None:
        return sync_connection(self.engine, self.connection_id, self.clock, every=EVERY, connect=self.connect)

    def fails(self, error: Exception) -> None:
        """Read once, and meet with an error of the source."""
        self.error = error
        assert self.read() is None
        self.error = None

    @property
    def row(self) -> Any:
        with read(self.engine) as conn:
            return find_connection(conn, self.connection_id)

    @property
    def due(self) -> list[str]:
        with read(self.engine) as conn:
            return syncs_due(conn, self.now)

    @property
    def told(self) -> list[list[str]]:
        """Give what happened to each episode of the source, the oldest first."""
        with read(self.engine) as conn:
            rows = sorted(episodes(conn, self.company_id), key=lambda row: str(row["id"]))
            return [[e["kind"] for e in history(conn, r["id"])] for r in rows if r["subject"] == "source:demo"]

    def count(self, table: Any) -> int:
        with read(self.engine) as conn:
            return conn.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture
def reader(engine: Engine, company: str) -> Reader:
    with write(engine) as conn:
        return Reader(engine, company, connection_for(conn, company, "demo", NOW))


# When


def test_a_new_connection_is_due_at_once_and_then_every_so_often(reader: Reader) -> None:
    first = reader.due
    saved = reader.read()
    at_once = reader.due
    reader.now += EVERY

    assert first == [f"{reader.connection_id}@#0.0"]
    assert (saved, at_once) == (ALL, [])
    assert (reader.row["read_at"], reader.row["due_at"], reader.row["changed_at"]) == (NOW, NOW + EVERY, NOW)
    assert reader.due == [f"{reader.connection_id}@{NOW.isoformat()}#0.0"]


def test_a_knock_while_it_is_being_read_gives_no_second_reader_the_same_connection(reader: Reader) -> None:
    (first,) = reader.due
    with write(reader.engine) as conn:
        make_due(conn, reader.connection_id, NOW - MINUTE)

    assert reader.due == [first]  # the same piece of work: whoever has it, has it


def test_a_time_far_ahead_is_a_slip_of_a_clock_and_due(reader: Reader) -> None:
    with write(reader.engine) as conn:
        make_due(conn, reader.connection_id, NOW + 400 * DAY)
    (key,) = reader.due
    with write(reader.engine) as conn:
        conn.execute(update(company_table).values(is_demo=True))

    assert key.startswith(reader.connection_id)
    assert reader.due == []  # its weeks are stepped through


def test_what_has_waited_longest_comes_first(reader: Reader) -> None:
    with write(reader.engine) as conn:
        other = add_company(conn, "Garage Roux", NOW, zone="Europe/Paris")
        second = connection_for(conn, other, "demo", NOW - MINUTE)
        connection_for(conn, other, "csv", NOW - DAY)

    assert [key.partition("@")[0] for key in reader.due] == [second, reader.connection_id]


def test_what_is_handed_over_by_a_person_is_never_due(reader: Reader) -> None:
    with write(reader.engine) as conn:
        file = connection_for(conn, reader.company_id, "fec", NOW)
        make_due(conn, file, NOW)
    with read(reader.engine) as conn:
        assert [row["due_at"] for row in connections(conn, reader.company_id) if row["id"] == file] == [None]


def test_a_period_that_was_read_meanwhile_is_not_read_again(reader: Reader) -> None:
    (key,) = reader.due
    beats = list[datetime]()
    for _ in range(2):
        sync_period(
            reader.engine,
            key,
            reader.clock,
            lambda: beats.append(reader.now),
            every=EVERY,
            connect=reader.connect,
        )

    assert reader.asked == 1
    assert len(beats) == 100 / PAGE + 1  # one a page


def test_after_a_downtime_it_is_read_once_and_not_as_often_as_was_missed(reader: Reader) -> None:
    reader.read()
    reader.now += 30 * EVERY
    reader.read()

    assert reader.due == []
    assert reader.row["due_at"] == reader.now + EVERY


def test_a_second_reading_brings_nothing_and_changes_nothing(reader: Reader) -> None:
    reader.read()
    reader.now += EVERY

    assert reader.read() == Saved()
    assert (reader.row["read_at"], reader.row["changed_at"]) == (NOW + EVERY, NOW)


def test_each_page_is_known_from_when_it_came_so_that_an_answer_before_it_is_older(reader: Reader) -> None:
    def wait(_: int) -> None:
        reader.now += MINUTE

    reader.while_reading = wait
    reader.read()
    with read(reader.engine) as conn:
        known = select(document.c.known_at).distinct().order_by(document.c.known_at)
        assert list(conn.execute(known).scalars()) == [NOW + n * MINUTE for n in range(1, 6)]

    assert reader.row["changed_at"] == NOW + 5 * MINUTE
    assert reader.row["read_at"] == NOW


def test_a_connection_that_is_gone_is_not_found(reader: Reader) -> None:
    reader.connection_id = "nobody"
    with pytest.raises(NotFound):
        reader.read()


# Trouble


def test_a_source_that_says_when_to_come_back_is_asked_then(reader: Reader) -> None:
    reader.fails(Unavailable("busy", retry_after_s=90))

    assert reader.row["due_at"] == NOW + 90 * SECOND
    assert reader.row["trouble"] == "source_unavailable"
    assert reader.row["trouble_params"] == {"why": "busy"}


@pytest.mark.parametrize(("asked", "waits"), [(1e12, LONGEST_ASKED), (float("inf"), LONGEST_ASKED), (-5, 0 * DAY)])
def test_it_cannot_send_us_away_for_good(reader: Reader, asked: float, waits: timedelta) -> None:
    reader.fails(Unavailable(retry_after_s=asked))

    assert reader.row["due_at"] == NOW + waits


def test_repeated_failures_are_further_and_further_apart(reader: Reader) -> None:
    waits = []
    for _ in range(9):
        reader.fails(Unavailable())
        waits.append(reader.row["due_at"] - reader.now)
        reader.now = reader.row["due_at"]

    assert waits[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert waits[-1] == LONGEST_RETRY
    assert reader.row["failures"] == 9
    assert reader.row["troubled_since"] == NOW


def test_what_came_before_the_failure_is_kept_and_the_next_try_goes_on_from_there(reader: Reader) -> None:
    reader.at_page = 3
    reader.fails(Unavailable())
    kept, read_at = reader.count(document), reader.row["read_at"]
    reader.now = reader.row["due_at"]

    assert (kept, read_at) == (2 * PAGE, None)
    assert reader.read() == Saved(new=110 - 2 * PAGE)
    assert reader.count(document) == 100


def test_mended_nothing_is_left_of_the_trouble(reader: Reader) -> None:
    reader.fails(Unavailable())
    reader.now = reader.row["due_at"]
    reader.read()
    row = reader.row

    assert (row["trouble"], row["trouble_params"], row["troubled_since"], row["failures"]) == (None, None, None, 0)
    assert row["due_at"] == reader.now + EVERY
    assert reader.told == []


def test_trouble_of_less_than_a_day_is_nobodys_business_and_of_more_opens_an_episode(reader: Reader) -> None:
    reader.fails(Unavailable())
    reader.now = NOW + DAY - SECOND
    reader.fails(Unavailable())
    quiet = reader.told
    reader.now = NOW + DAY
    reader.fails(Unavailable())
    reader.fails(Unavailable())
    opened = reader.told
    reader.read()

    assert quiet == []
    assert opened == [["failed"]]
    assert reader.told == [["failed", "mended"]]


def test_who_is_refused_access_waits_for_a_person_and_says_so_at_once(reader: Reader) -> None:
    reader.fails(AccessDenied("401"))
    reader.now += 30 * DAY

    assert (reader.row["due_at"], reader.due) == (None, [])
    assert (reader.row["trouble"], reader.row["trouble_params"]) == ("source_denied", {"why": "401"})
    assert reader.told == [["failed"]]
    with write(reader.engine) as conn:
        make_due(conn, reader.connection_id, reader.now)
    assert len(reader.due) == 1
    assert reader.read() == ALL
    assert reader.told == [["failed", "mended"]]
    assert reader.row["due_at"] == reader.now + EVERY


@pytest.mark.parametrize("error", [None, Unavailable(), AccessDenied()])
def test_a_knock_while_it_is_being_read_is_not_lost(reader: Reader, error: SourceError | None) -> None:
    knocked_at = NOW + MINUTE

    def knock(number: int) -> None:
        if number == 1:
            with write(reader.engine) as conn:
                make_due(conn, reader.connection_id, knocked_at)

    reader.while_reading, reader.error = knock, error
    reader.read()
    reader.now = knocked_at

    assert reader.row["due_at"] == knocked_at
    assert len(reader.due) == 1


SECRET = "jean.dupont@aubrac.example:pa55word"


def test_a_fault_of_ours_is_kept_raised_and_tried_again_without_what_it_was_about(reader: Reader) -> None:
    reader.error = ValueError(f"cannot read {SECRET}")
    with pytest.raises(ValueError, match="cannot read"):
        reader.read()
    first = reader.row
    reader.now += DAY
    with pytest.raises(ValueError, match="cannot read"):
        reader.read()
    with read(reader.engine) as conn:
        (row,) = episodes(conn, reader.company_id)
        told = history(conn, row["id"])

    assert (first["trouble"], first["trouble_params"]) == ("source_failed", {"error": "ValueError"})
    assert first["due_at"] == NOW + FIRST_RETRY
    assert row["facts"] == {"provider": "demo", "code": "source_failed", "params": {"error": "ValueError"}}
    assert SECRET not in str(reader.row) + str(row) + str(told)


def test_of_a_source_that_answers_with_nonsense_its_own_words_are_kept(reader: Reader) -> None:
    reader.fails(BadPayload("not_a_date", {"value": SECRET}))

    assert reader.row["trouble_params"] == {"why": "not_a_date"}


def test_a_provider_nobody_can_read_is_a_fault_of_ours(reader: Reader) -> None:
    with write(reader.engine) as conn:
        conn.execute(update(connection).values(provider="abacus"))
    with pytest.raises(NotFound):
        sync_connection(reader.engine, reader.connection_id, reader.clock, every=EVERY)

    assert reader.row["trouble_params"] == {"error": "NotFound"}


def test_without_another_word_the_registrys_connector_reads(reader: Reader) -> None:
    saved = sync_connection(reader.engine, reader.connection_id, reader.clock, every=EVERY)

    assert saved is not None
    assert saved.new > 1000
    assert reader.count(bookmark) > 3


def test_who_was_too_slow_stops_and_leaves_the_connection_to_whoever_took_it_over(reader: Reader) -> None:
    (key,) = reader.due
    before = reader.row

    def taken_over() -> None:
        raise TakenOver

    with pytest.raises(TakenOver):
        sync_period(reader.engine, key, reader.clock, taken_over, every=EVERY, connect=reader.connect)

    kept = {name: value for name, value in reader.row.items() if name not in {"changed_at", "begun_at"}}
    assert kept == {name: value for name, value in before.items() if name not in {"changed_at", "begun_at"}}
    assert reader.count(document) == PAGE  # the page it was told of is whole
    assert reader.due == [key]


def test_a_long_reading_goes_on_at_the_next_tick_and_reads_no_stream_twice_before_its_end(reader: Reader) -> None:
    told: list[str] = []
    pages = iter([False, True] * 50)

    def part() -> Saved | None:
        return sync_connection(
            reader.engine, reader.connection_id, reader.clock, every=EVERY, connect=reader.connect,
            told=lambda stream, _: told.append(stream.value), enough=lambda: next(pages),
        )  # fmt: skip

    parts = []
    for n in range(20):
        reader.now = NOW + timedelta(minutes=n)
        saved = part()
        assert saved is not None
        parts.append(saved.finished)
        keys = reader.due
        if saved.finished:
            break
        assert keys == [f"{reader.connection_id}@#0.{n + 1}"]
        assert reader.row["read_at"] is None

    assert parts.count(True) == 1
    assert len(parts) > 2
    first_reminder = told.index("reminders")
    assert "invoices" not in told[first_reminder:]
    assert (reader.row["parts"], reader.row["begun_at"], reader.row["trouble"]) == (0, None, None)
    assert reader.row["read_at"] == reader.now


def test_a_knock_during_a_long_reading_has_every_stream_read_again(reader: Reader) -> None:
    def knock(*_: object) -> None:
        reader.now += timedelta(seconds=1)
        with write(reader.engine) as conn:
            make_due(conn, reader.connection_id, reader.now)

    sync_connection(
        reader.engine, reader.connection_id, reader.clock, every=EVERY, connect=reader.connect,
        told=knock, enough=lambda: True,
    )  # fmt: skip

    assert reader.row["begun_at"] is None
    assert reader.row["parts"] == 1
