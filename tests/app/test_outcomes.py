"""What became of a webhook: applied, skipped and why, failed and why; and having it tried again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, update

from app.access import holder_with, let_in, make_owner
from app.api_keys import make_key
from app.companies import connection_for
from app.connecting import disconnect
from app.db import read, write
from app.doctor import check_doors
from app.doors import close_door, new_door_secret
from app.jobs import Beat, Clock, Step, run_step
from app.knocks import Knocked, save_knocks
from app.main import create_app
from app.metrics import write_metrics
from app.models.core import bookmark, connection
from app.models.records import document
from app.models.watch import knock
from app.outcomes import MOST_TRIES, Asked, State, knocks_of, outcome_counts, replay
from app.room import COOKIE
from app.schedule import steps
from app.settings import Settings
from app.silence import is_silent, silences, silent_from
from app.sources import SYNC, find_connection, sync_connection, sync_period, syncs_due
from app.vault import open_vault
from connectors.base import Fault, Hint, Page
from connectors.errors import AccessDenied, Unavailable
from connectors.records import Stream
from tests.app.test_knock_convergence import Fetched
from tests.changing_source import ChangingSource
from tests.conftest import NOW

EVERY, SECOND, MINUTE, HOUR, DAY = (
    timedelta(hours=6), timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
)  # fmt: skip
SETTINGS = Settings(database_url="sqlite://", secret_key=Fernet.generate_key().decode())
# What only asks and shows is the same on both databases.
SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
AWAY = Unavailable(code="timed_out", params={"host": "books.example"})


class Torn(Fetched):
    """A source one of whose rows makes no sense."""

    def fetch(self, hint: Hint) -> Iterator[tuple[Stream, Page]]:
        """Set it aside."""
        yield Stream.INVOICES, Page((), {}, (Fault("amount_missing", hint.external_id),))


@dataclass
class Us:
    """A connection, its source, a clock set by hand."""

    engine: Engine
    company_id: str
    connection_id: str
    source: ChangingSource = field(default_factory=ChangingSource)
    now: datetime = NOW
    error: Exception | None = None
    made: type[Fetched] = Fetched
    asked: int = 0
    rung: int = 0

    def before(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error

    def connect(self, *_: Any) -> Fetched:
        return self.made(self.source, self.before)

    def ring(self, key: str | None = None, *, times: int = 1) -> None:
        """Let a webhook come that names an invoice, or none."""
        for _ in range(times):
            self.rung += 1
            hint = (Stream.INVOICES.value, key) if key else (None, None)
            one = Knocked(self.connection_id, f"evt_{self.rung}", self.now, self.now, 2, "0" * 64, *hint)
            with write(self.engine) as conn:
                save_knocks(conn, [one])

    def read(self) -> None:
        sync_connection(self.engine, self.connection_id, lambda: self.now, every=EVERY, connect=self.connect)

    def tick(self, after: timedelta = MINUTE) -> int:
        """Do what is due a minute later, as the metronome does; say how many pieces that was."""
        self.now += after

        def sync(engine: Engine, key: str, clock: Clock, beat: Beat) -> None:
            sync_period(engine, key, clock, beat, every=EVERY, connect=self.connect)

        return run_step(self.engine, Step(SYNC, syncs_due, sync), lambda: self.now)

    def again(self, asked: Asked) -> int:
        with write(self.engine) as conn:
            return replay(conn, self.connection_id, asked, self.now)

    @property
    def row(self) -> Mapping[str, Any]:
        with read(self.engine) as conn:
            return find_connection(conn, self.connection_id)

    @property
    def told(self) -> list[tuple[str, str | None]]:
        """Each webhook's state and reason, oldest first."""
        with read(self.engine) as conn:
            return [(row["state"], row["reason"]) for row in knocks_of(conn, self.connection_id, Asked(state=None))][
                ::-1
            ]

    @property
    def mark(self) -> Any:
        """Where the next reading goes on."""
        with read(self.engine) as conn:
            return conn.execute(select(bookmark.c.cursor)).scalar_one()

    @property
    def kept(self) -> dict[str, int]:
        d = document.c
        with read(self.engine) as conn:
            rows = conn.execute(select(d.external_id, d.total_minor).where(d.gone_at.is_(None)))
            return {str(key): int(total) for key, total in rows}


@pytest.fixture
def us(engine: Engine, company: str) -> Us:
    """A source that was read to its end."""
    with write(engine) as conn:
        found = Us(engine, company, connection_for(conn, company, "demo", NOW))
    found.source.put("F1", 10)
    found.source.put("F2", 20)
    found.read()
    found.now += HOUR
    return found


# Outcomes of readings


def test_a_webhook_is_applied_where_the_reading_it_caused_brought_something(us: Us) -> None:
    us.source.put("F3", 30)
    us.ring()
    before = us.told
    us.tick()

    assert before == [("waiting", None)]
    assert us.told == [("applied", None)]
    assert us.row["due_at"] == us.now + EVERY


def test_a_webhook_is_skipped_with_the_reason_where_nothing_had_changed(us: Us) -> None:
    us.ring()
    us.tick()

    assert us.told == [("skipped", "knock_nothing_new")]


def test_many_webhooks_make_one_reading(us: Us) -> None:
    us.source.put("F3", 30)
    us.ring(times=20)

    assert us.tick() == 1
    assert us.told == [("applied", None)] * 20
    assert us.tick() == 0


def test_a_webhook_waits_while_its_source_is_away_and_fails_after_many_tries(us: Us) -> None:
    us.error = AWAY
    us.ring()
    seen = []
    for _ in range(MOST_TRIES):
        us.read()
        seen.append(us.told[0])
        us.now += EVERY

    assert seen == [("waiting", "timed_out")] * (MOST_TRIES - 1) + [("failed", "timed_out")]


def test_a_webhook_fails_at_once_where_a_person_has_to_act(us: Us) -> None:
    us.error = AccessDenied(code="access_refused", params={"host": "books.example", "status": "401"})
    us.ring()
    us.tick()

    assert us.told == [("failed", "access_refused")]


def test_a_later_reading_covers_what_failed(us: Us) -> None:
    us.error = AccessDenied(code="access_refused", params={"host": "books.example", "status": "401"})
    us.ring()
    us.tick()
    us.error = None
    us.source.put("F3", 30)
    us.read()

    assert us.told == [("applied", None)]


def test_a_webhook_that_comes_while_the_source_is_read_is_left_to_the_next_reading(us: Us) -> None:
    us.ring()

    class Ringing(Fetched):
        def _keys(self) -> Iterator[tuple[str, ...]]:
            us.ring()
            return super()._keys()

    us.made = Ringing
    us.now += 8 * DAY  # the ids are compared at the end of a reading, once a week
    us.read()
    between = us.told
    us.made = Fetched

    assert between == [("skipped", "knock_nothing_new"), ("waiting", None)]
    assert us.tick() == 1
    assert [state for state, _ in us.told] == ["skipped", "skipped"]


def test_a_webhook_between_two_parts_of_a_reading_has_it_all_read_once_more(us: Us) -> None:
    begun = us.now
    with write(us.engine) as conn:  # a first part was read and the next goes on
        conn.execute(update(connection).values(begun_at=begun, due_at=begun))
    us.now += MINUTE
    us.ring()
    us.read()
    between = us.told

    assert between == [("waiting", None)]
    assert us.tick() == 1
    assert us.told == [("skipped", "knock_nothing_new")]


def test_what_rings_at_a_source_nobody_reads_is_skipped_and_says_so(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        pushed = connection_for(conn, company, "csv", NOW)
        save_knocks(conn, [Knocked(pushed, "evt_1", NOW, NOW, 2, "0" * 64)])
        (row,) = knocks_of(conn, pushed, Asked(state=None))

    assert (row["state"], row["reason"], row["done_at"]) == ("skipped", "knock_not_pulled", NOW)


def test_what_waits_is_skipped_when_the_account_is_disconnected(us: Us) -> None:
    us.ring()
    with write(us.engine) as conn:
        disconnect(conn, us.row, us.now, keep_records=True)

    assert us.told == [("skipped", "knock_account_forgotten")]


# Objects


def test_a_webhook_that_names_an_object_has_only_that_one_fetched(us: Us) -> None:
    us.source.put("F1", 99)
    us.source.put("F2", 77)
    us.asked, mark = 0, us.mark
    us.ring("F1")
    us.tick()

    assert us.mark == mark
    assert us.kept == {"F1": 9900, "F2": 2000}  # the other is for the next reading
    assert us.asked == 1
    assert us.told == [("applied", None)]
    us.now += EVERY
    us.tick()
    assert us.kept == us.source.totals()


def test_an_object_is_not_asked_for_before_its_sender_may_have_committed(us: Us) -> None:
    us.ring("F1")
    with read(us.engine) as conn:
        assert syncs_due(conn, us.now + SECOND) == []
        assert len(syncs_due(conn, us.now + 6 * SECOND)) == 1


def test_objects_named_one_after_the_other_are_fetched_each_in_its_time(us: Us) -> None:
    us.source.put("F1", 99)
    us.ring("F1")
    us.now += 4 * SECOND
    us.source.put("F2", 77)
    us.ring("F2")
    us.tick(2 * SECOND)
    between = us.kept
    us.tick(5 * SECOND)

    assert between == {"F1": 9900, "F2": 2000}  # the second one's sender may not have committed
    assert us.kept == us.source.totals()
    assert us.told == [("applied", None)] * 2


def test_an_object_that_is_gone_is_buried(us: Us) -> None:
    us.source.delete("F1")
    us.ring("F1")
    us.tick()

    assert us.kept == {"F2": 2000}
    assert us.told == [("applied", None)]


@pytest.mark.parametrize(("key", "reason"), [("F1", "knock_nothing_new"), ("nobody's", "knock_object_unknown")])
def test_an_object_that_brings_nothing_is_skipped_and_says_why(us: Us, key: str, reason: str) -> None:
    us.ring(key)
    us.tick()

    assert us.told == [("skipped", reason)]


def test_an_object_older_than_ours_changes_nothing(us: Us) -> None:
    us.source.rows["F1"] = (99, 0)  # a stale copy over there answers
    us.ring("F1")
    us.tick()

    assert us.kept["F1"] == 1000
    assert us.told == [("skipped", "knock_older")]


def test_an_object_of_a_kind_that_is_not_read_here_is_skipped(us: Us) -> None:
    with write(us.engine) as conn:
        conn.execute(update(connection).values(streams=["payments"]))
    us.source.put("F1", 99)
    us.ring("F1")
    us.tick()

    assert us.kept["F1"] == 1000
    assert us.told == [("skipped", "knock_not_read_here")]


def test_an_object_that_cannot_be_read_fails_until_it_is_tried_again(us: Us) -> None:
    us.made = Torn
    us.source.put("F1", 99)
    us.ring("F1")
    us.tick()
    failed = us.told
    us.made = Fetched
    us.read()  # a reading that passes over the row says nothing of it
    still = us.told
    us.source.put("F1", 98)
    us.again(Asked(number=1))
    us.tick()

    assert failed == still == [("failed", "knock_object_unreadable")]
    assert us.told == [("applied", None)]
    assert us.kept["F1"] == 9800


def test_an_object_that_cannot_be_had_just_now_leaves_it_to_a_reading(us: Us) -> None:
    us.source.put("F1", 99)
    us.ring("F1")
    us.error = AWAY
    us.tick()
    us.error = None

    assert us.told == [("waiting", None)]
    assert us.row["due_at"] == us.now  # the reading has patience, words and letters for it
    assert us.tick() == 1
    assert us.kept == us.source.totals()
    assert us.told == [("applied", None)]


def test_so_many_objects_are_read_rather_than_asked_for(us: Us) -> None:
    for n in range(60):
        us.source.put(f"G{n}", 5)
        us.ring(f"G{n}")
    us.asked = 0
    us.tick()
    us.tick()

    assert us.kept == us.source.totals()
    assert us.asked < 60
    assert us.told == [("applied", None)] * 60


def test_two_objects_of_one_unsigned_moment_have_the_source_read(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        doli = connection_for(conn, company, "dolibarr", NOW)
        conn.execute(update(connection).values(due_at=None))
        one, other = (Knocked(doli, "same", NOW, NOW, 2, "0" * 64, "invoices", f"sale:{n}") for n in (1, 2))
        save_knocks(conn, [one])
        alone = conn.execute(select(connection.c.due_at, connection.c.hinted_at)).one()
        save_knocks(conn, [other])
        both = conn.execute(select(connection.c.due_at)).scalar_one()

    assert alone.due_at is None
    assert alone.hinted_at is not None
    assert both == NOW


# Trying again


def failed(us: Us, days: int = 1) -> None:
    """Let a webhook a day fail."""
    us.error = AccessDenied(code="access_refused", params={"host": "books.example", "status": "401"})
    for _ in range(days):
        us.ring()
        us.read()
        us.now += DAY
    us.error = None
    with write(us.engine) as conn:
        conn.execute(update(connection).values(due_at=None))


def test_what_failed_is_tried_again_by_number_by_time_or_all_of_it(us: Us) -> None:
    failed(us, days=4)
    begin = NOW + HOUR
    ways = [Asked(number=2), Asked(first=begin + DAY, last=begin + 3 * DAY), Asked(), Asked()]

    assert [us.again(way) for way in ways] == [1, 1, 2, 0]
    assert us.row["due_at"] == us.now
    us.tick()
    assert us.told == [("skipped", "knock_nothing_new")] * 4


def test_what_was_skipped_may_be_tried_again_by_its_number(us: Us) -> None:
    us.ring("F1")
    us.tick()
    us.source.put("F1", 99)
    us.again(Asked(number=1))
    us.tick()

    assert us.told == [("applied", None)]


def test_what_is_tried_again_has_all_its_tries_anew(us: Us) -> None:
    us.error = AWAY
    us.ring()
    for _ in range(MOST_TRIES):
        us.read()
    us.again(Asked())
    us.read()

    assert us.told == [("waiting", "timed_out")]


# Silence


HOURS = [24 * day + hour for day in range(40) if day % 7 < 5 for hour in (9, 14)]  # from a Thursday on


def test_silence_counts_from_twice_the_longest_gap_on() -> None:
    longest = max(b - a for a, b in pairwise(HOURS))
    expected = datetime(1970, 1, 1, tzinfo=NOW.tzinfo) + (HOURS[-1] + 1 + 2 * longest) * HOUR

    assert longest == 67
    assert silent_from(HOURS) == expected


@pytest.mark.parametrize("hours", [[], [1], HOURS[:20], list(range(200))])
def test_of_a_door_little_known_no_silence_is_said(hours: list[int]) -> None:
    assert silent_from(hours) is None


def rung_daily(us: Us, days: int = 40) -> None:
    with write(us.engine) as conn:
        new_door_secret(conn, open_vault(SETTINGS), us.connection_id, us.now)
    for _ in range(days):
        us.ring()
        us.now += DAY
    us.read()


@SQLITE
def test_a_door_that_falls_silent_is_no_data_and_its_source_is_read_once(us: Us) -> None:
    rung_daily(us)
    with read(us.engine) as conn:
        early = silences(conn, us.now)
        late = silences(conn, us.now + 2 * DAY)
        (key,) = silences(conn, us.now + 9 * DAY)
        assert is_silent(conn, us.row, us.now + 2 * DAY)
    with write(us.engine) as conn:  # what failed waits for a person, not for the door
        conn.execute(update(knock).where(knock.c.no == 1).values(state="failed", reason="source_failed", done_at=None))
        assert is_silent(conn, us.row, us.now + 2 * DAY)

    assert (early, late) == ([], [key])  # one silence is one piece of work, however long it lasts
    us.now += 2 * DAY
    us.ring()
    us.tick()
    with read(us.engine) as conn:
        assert silences(conn, us.now) == []


@SQLITE
def test_the_schedule_reads_a_silent_source_once_and_the_checks_say_so(us: Us) -> None:
    rung_daily(us)
    us.now += 3 * DAY
    with write(us.engine) as conn:
        conn.execute(update(connection).values(due_at=us.now + HOUR))
    step = next(one for one in steps(SETTINGS) if one.name == "silence")
    done = [run_step(us.engine, step, lambda: us.now) for _ in range(2)]
    with read(us.engine) as conn:
        checked = [check.code for check in check_doors(conn, us.now)]
        figures = write_metrics(conn, us.now, "1", "text/plain")[0].decode()

    assert done == [1, 0]
    assert us.row["due_at"] == us.now
    assert checked == ["doctor_door_silent"]
    assert "seuil_doors_silent 1.0" in figures
    assert "seuil_knocks_failed 0.0" in figures


@SQLITE
def test_the_checks_count_what_failed(us: Us) -> None:
    failed(us, days=3)
    with read(us.engine) as conn:
        checks = [(check.code, check.params["n"]) for check in check_doors(conn, us.now)]
        figures = write_metrics(conn, us.now, "1", "text/plain")[0].decode()

    assert checks == [("doctor_knocks_failed", 3)]
    assert "seuil_knocks_failed 3.0" in figures


@SQLITE
def test_a_door_that_was_closed_or_whose_calls_wait_is_not_silent(us: Us) -> None:
    rung_daily(us)
    us.now += 9 * DAY
    us.ring()
    with read(us.engine) as conn:
        waiting = silences(conn, us.now)
    us.tick()
    with write(us.engine) as conn:
        close_door(conn, us.connection_id, us.now)
        assert silences(conn, us.now + 99 * DAY) == []
    assert waiting == []


# Over HTTP


@pytest.fixture
def client(us: Us) -> TestClient:
    with write(us.engine) as conn:
        make_owner(conn, "owner@example.com", "right", NOW)
        token = let_in(conn, holder_with(conn, "owner@example.com", "right"), us.now)
    found = TestClient(create_app(us.engine, SETTINGS, now=lambda: us.now), cookies={COOKIE: token})
    found.headers.update({"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"})
    return found


@pytest.fixture
def api(us: Us) -> TestClient:
    with write(us.engine) as conn:
        key = make_key(conn, "test", NOW)
    return TestClient(create_app(us.engine, SETTINGS, now=lambda: us.now), headers={"authorization": f"Bearer {key}"})


@SQLITE
def test_the_api_lists_webhooks_with_what_became_of_them_and_tries_them_again(us: Us, api: TestClient) -> None:
    failed(us, days=2)
    path = f"/v1/companies/{us.company_id}/connections/{us.connection_id}/knocks"
    found = api.get(path, params={"state": "failed"}).json()
    ranged = api.get(path, params={"from": (NOW + DAY).isoformat()}).json()
    one = api.post(f"{path}/replay", json={"number": found["knocks"][0]["no"]}).json()
    rest = api.post(f"{path}/replay", json={"all": True}).json()

    assert [row["state"] for row in found["knocks"]] == ["failed", "failed"]
    assert found["counts"] == {"waiting": 0, "applied": 0, "skipped": 0, "failed": 2}
    assert found["knocks"][0]["reason"] == "access_refused"
    assert len(ranged["knocks"]) == 1
    assert (one, rest) == ({"again": 1}, {"again": 1})


@SQLITE
def test_the_api_refuses_what_does_not_say_which(us: Us, api: TestClient) -> None:
    path = f"/v1/companies/{us.company_id}/connections/{us.connection_id}/knocks"
    asked: list[dict[str, Any]] = [
        {}, {"all": True, "number": 1}, {"all": False}, {"from": "2026-01-01"}, {"number": 0}, {"what": 1}
    ]  # fmt: skip

    for body in asked:
        assert api.post(f"{path}/replay", json=body).status_code == 422, body


@SQLITE
def test_another_companys_webhooks_are_not_to_be_had(us: Us, api: TestClient) -> None:
    with write(us.engine) as conn:
        other = connection_for(conn, us.company_id, "csv", NOW)
    path = f"/v1/companies/somebody/connections/{other}/knocks"

    assert api.get(path).status_code == 404
    assert api.post(f"{path}/replay", json={"all": True}).status_code == 404


@SQLITE
def test_the_page_shows_what_failed_and_why_and_tries_it_again(us: Us, client: TestClient) -> None:
    failed(us, days=2)
    page = f"/companies/{us.company_id}/connections/{us.connection_id}/webhooks"
    shown = client.get(page, params={"state": "failed"}).text
    done = client.post(f"{page}/again", data={"first": "2026-11-23", "last": "2026-11-23"}).text

    assert "books.example" in shown
    assert "again at the next tick, within 60 s: 1" in done
    with read(us.engine) as conn:
        assert outcome_counts(conn, us.connection_id) == {"waiting": 1, "applied": 0, "skipped": 0, "failed": 1}


@SQLITE
def test_the_page_says_that_a_silent_webhook_is_no_data(us: Us, client: TestClient) -> None:
    us.now -= 40 * DAY  # nobody stays signed in for so long
    rung_daily(us)
    page = f"/companies/{us.company_id}/connections"
    before = client.get(page).text
    us.now += 3 * DAY
    after = client.get(page).text

    assert "no data: silent" not in before
    assert "no data: silent" in after
    assert "No data" in client.get(f"{page}/{us.connection_id}/webhooks").text


@SQLITE
def test_nonsense_in_the_address_is_passed_over(us: Us, client: TestClient) -> None:
    us.ring()
    page = f"/companies/{us.company_id}/connections/{us.connection_id}/webhooks"

    for words in ("before=x", "state=what", "before=99999999999999999999999", "again=-1"):
        assert client.get(f"{page}?{words}").status_code == 200


def test_states_are_those_the_database_begins_with() -> None:
    assert knock.c.state.server_default.arg == State.WAITING  # type: ignore[union-attr]
