"""The weekly letter: whose Monday it is, written once, and what it tells: each thing once, worst first."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, delete, update

from app.alert_actions import add_comment, snooze
from app.alerts import episodes
from app.companies import add_company
from app.db import write
from app.digest import Overtaken, write_digest
from app.faultpoints import _hooks, on_reaching
from app.models.watch import letter, subscription
from app.recipients import find_recipient, remove_recipient, unsubscribe
from tests.letter_causes import (
    DAY,
    LONG_AGO,
    PARIS,
    due,
    fail,
    letters,
    look,
    monday,
    now_told,
    post,
    read_about,
    subjects,
)


@contextmanager
def when_reaching(point: str, act: Callable[[], None]) -> Iterator[None]:
    def hook(reached: str) -> None:
        if reached == point:
            act()

    on_reaching(hook)
    try:
        yield
    finally:
        _hooks.remove(hook)


# Whose Monday it is.


@pytest.mark.parametrize(
    ("zone", "week", "opens"),
    [
        (PARIS, "2026-W43", "2026-10-19T06:00"),
        (PARIS, "2026-W44", "2026-10-26T07:00"),  # summer time ended on Sunday
        ("America/New_York", "2026-W44", "2026-10-26T12:00"),
        ("America/New_York", "2026-W45", "2026-11-02T13:00"),
        ("Pacific/Auckland", "2026-W39", "2026-09-20T20:00"),
        ("Pacific/Auckland", "2026-W40", "2026-09-27T19:00"),  # there it began
    ],
)
def test_a_letter_is_due_from_its_readers_own_monday_at_eight(
    engine: Engine, company: str, zone: str, week: str, opens: str
) -> None:
    lea = read_about(engine, company, zone=zone)
    at = datetime.fromisoformat(f"{opens}+00:00")
    before = f"2026-W{int(week[-2:]) - 1}"

    assert due(engine, at - timedelta(seconds=1)) == [f"{lea}@{before}"]
    assert due(engine, at) == [f"{lea}@{week}"]
    assert due(engine, at + timedelta(days=6, hours=22)) == [f"{lea}@{week}"]


def test_ticking_through_autumn_brings_one_letter_a_week_each_at_its_place(engine: Engine, company: str) -> None:
    zones = {PARIS: "lea", "America/New_York": "bob", "Pacific/Auckland": "kiri"}
    who = {read_about(engine, company, email=f"{name}@aubrac.fr", zone=zone): zone for zone, name in zones.items()}
    now = datetime(2026, 9, 12, tzinfo=UTC)
    for key in due(engine, now):
        write_digest(engine, key, lambda: now)
    begun = len(letters(engine))

    while now < datetime(2026, 11, 11, tzinfo=UTC):
        now += timedelta(hours=1)
        for key in due(engine, now):
            write_digest(engine, key, lambda at=now: at)  # type: ignore[misc]

    written = letters(engine)[begun:]
    local = {row["created_at"].astimezone(ZoneInfo(who[row["recipient_id"]])).strftime("%a %H:%M") for row in written}
    assert local == {"Mon 08:00"}
    weeks = [f"2026-W{week}" for week in range(38, 47)]
    for lea in who:
        assert [row["period"] for row in written if row["recipient_id"] == lea] == weeks


def test_somebody_added_on_wednesday_gets_the_first_letter_next_monday(engine: Engine, company: str) -> None:
    lea = read_about(engine, company, since=monday(47) + 2 * DAY)

    assert due(engine, monday(47) + 3 * DAY) == []
    assert due(engine, monday(48) - timedelta(seconds=1)) == []
    assert due(engine, monday(48)) == [f"{lea}@2026-W48"]


def test_a_machine_that_slept_for_weeks_writes_the_last_letter_only(engine: Engine, company: str) -> None:
    read_about(engine, company)
    post(engine, monday(45))
    post(engine, monday(48) + 2 * DAY)

    assert [row["period"] for row in letters(engine)] == ["2026-W45", "2026-W48"]
    assert due(engine, monday(48) + 2 * DAY) == []


def test_who_moves_west_on_a_monday_gets_no_second_letter(engine: Engine, company: str) -> None:
    read_about(engine, company, zone="Pacific/Auckland")
    post(engine, monday(48, -4))
    read_about(engine, company, zone="America/New_York")

    assert due(engine, monday(48, -3)) == []
    assert due(engine, monday(48, 14)) == []


def test_who_unsubscribed_or_reads_about_nobody_is_due_none(engine: Engine, company: str) -> None:
    lea, bob = read_about(engine, company), read_about(engine, company, email="bob@aubrac.fr")
    with write(engine) as conn:
        unsubscribe(conn, find_recipient(conn, lea).token, monday(47))
        conn.execute(delete(subscription).where(subscription.c.recipient_id == bob))

    assert due(engine, monday(48)) == []


# Written once.


def test_a_letter_waits_under_a_name_of_its_own_and_is_written_once(engine: Engine, company: str) -> None:
    lea = read_about(engine, company)
    fail(engine, company, monday(48, 5))
    key = f"{lea}@2026-W48"

    assert write_digest(engine, key, lambda: monday(48), domain="seuil.aubrac.fr")
    assert not write_digest(engine, key, lambda: monday(48, 9))

    (row,) = letters(engine)
    assert (row["recipient_id"], row["kind"], row["period"]) == (lea, "digest", "2026-W48")
    assert (row["state"], row["created_at"], row["next_try_at"]) == ("waiting", monday(48), monday(48))
    assert row["message_id"] == f"<digest.2026-W48.{lea}@seuil.aubrac.fr>"
    assert row["told_until"] == 1
    assert row["content"]["period"] == "2026-W48"
    assert row["content"]["written_at"] == "2026-11-23T07:00:00+00:00"
    assert (row["content"]["language"], row["content"]["zone"]) == ("fr", PARIS)


def test_of_many_that_write_the_same_letter_at_once_one_does(engine: Engine, company: str) -> None:
    lea = read_about(engine, company)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: write_digest(engine, f"{lea}@2026-W48", lambda: monday(48)), range(4)))

    assert sorted(done) == [False, False, False, True]
    assert len(letters(engine)) == 1


def test_a_demonstrations_letters_are_kept_and_never_wait(engine: Engine) -> None:
    with write(engine) as conn:
        demo = add_company(conn, "Démonstration", LONG_AGO, zone=PARIS, is_demo=True)
    read_about(engine, demo, email="lea@atelier.example")
    content = post(engine, monday(48))

    assert [row["state"] for row in letters(engine)] == ["kept"]
    assert content["companies"][0]["is_demo"] is True


@pytest.mark.parametrize("gone", ["unsubscribed", "removed"])
def test_who_leaves_while_their_letter_is_written_gets_none(engine: Engine, company: str, gone: str) -> None:
    lea = read_about(engine, company)

    def leave() -> None:
        with write(engine) as conn:
            if gone == "removed":
                remove_recipient(conn, company, lea)
            else:
                unsubscribe(conn, find_recipient(conn, lea).token, monday(48))

    with when_reaching("digest.content_read", leave):
        assert not write_digest(engine, f"{lea}@2026-W48", lambda: monday(48))
    assert not write_digest(engine, "nobody@2026-W48", lambda: monday(48))

    assert letters(engine) == []


@pytest.mark.parametrize(
    ("point", "kept"), [("digest.content_read", 0), ("digest.letter_inserted", 0), ("digest.committed", 1)]
)
def test_killed_anywhere_a_letter_is_there_once_in_the_end(engine: Engine, company: str, point: str, kept: int) -> None:
    lea = read_about(engine, company)

    def pull() -> None:
        raise InterruptedError

    with when_reaching(point, pull), pytest.raises(InterruptedError):
        write_digest(engine, f"{lea}@2026-W48", lambda: monday(48))
    assert len(letters(engine)) == kept

    write_digest(engine, f"{lea}@2026-W48", lambda: monday(48))
    assert len(letters(engine)) == 1


# What it tells.


def test_a_crossing_is_told_from_its_first_sight_to_its_end_and_each_thing_once(engine: Engine, company: str) -> None:
    read_about(engine, company)
    look(engine, company, monday(35, 4))
    told = {}
    weeks: dict[int, tuple[str, float]] = dict.fromkeys(range(36, 41), ("over", 0.2))
    weeks |= {39: ("over", 0.4), 41: ("calm", 0.05), 42: ("over", 0.2)}
    weeks |= dict.fromkeys(range(43, 49), ("calm", 0.05))
    for week, (level, value) in weeks.items():
        look(engine, company, monday(week, 4), value=value, late_invoicing=level)
        told[week] = subjects(post(engine, monday(week, 8))["companies"][0])

    mine = ["late_invoicing"]
    assert told[36] == {"pending": mine}
    assert told[37] == {"new": mine, "open": mine}
    assert told[38] == told[40] == {"open": mine}
    assert told[39] == {"worse": mine, "open": mine}
    assert told[41] == {"better": mine, "open": mine}
    assert told[42] == {"worse": mine, "open": mine}
    assert told[43] == {"better": mine, "open": mine}
    assert told[44] == told[45] == told[46] == {"open": mine}
    assert told[47] == {"solved": mine}
    assert told[48] == {}


def test_an_entry_carries_its_days_its_figures_and_what_people_said_since(engine: Engine, company: str) -> None:
    read_about(engine, company)
    look(engine, company, monday(46, 4), late_invoicing="over")
    with write(engine) as conn:
        (row,) = episodes(conn, company)
        add_comment(conn, company, row["id"], "Claire", "Vu.", monday(46, 5))
    post(engine, monday(46))
    look(engine, company, monday(47, 4), late_invoicing="over")
    with write(engine) as conn:
        add_comment(conn, company, row["id"], "Claire", "Plus long que prévu.", monday(47, 5))

    (entry,) = post(engine, monday(47))["companies"][0]["news"]["new"]

    assert (entry["id"], entry["kind"], entry["state"]) == (row["id"], "fired", "firing")
    assert (entry["opened_on"], entry["fired_on"], entry["closed_on"]) == ("2026-11-09", "2026-11-16", None)
    assert (entry["facts"]["value"], entry["facts"]["limit"]) == (0.2, 0.1)
    assert [(note["who"], note["note"]) for note in entry["notes"]] == [("Claire", "Plus long que prévu.")]


def test_of_several_things_that_happened_to_one_alert_the_last_is_told(engine: Engine, company: str) -> None:
    read_about(engine, company)
    post(engine, monday(45))
    for week, level in ((45, "over"), (46, "over"), (47, "calm")):
        look(engine, company, monday(week, 9), late_invoicing=level)

    assert subjects(post(engine, monday(48))["companies"][0]) == {
        "better": ["late_invoicing"],
        "open": ["late_invoicing"],
    }


def test_what_is_put_off_is_no_news_until_it_is_solved_or_wakes(engine: Engine, company: str) -> None:
    read_about(engine, company)
    for week in (36, 37):
        look(engine, company, monday(week, 3), late_invoicing="over", quality="over")
    fail(engine, company, monday(37, 3), "source:fec")

    def put_off(at: datetime) -> None:
        with write(engine) as conn:
            for row in episodes(conn, company, only_open=True):
                snooze(conn, company, row["id"], "Claire", monday(52), "Nouveau logiciel", at)

    put_off(monday(37, 4))
    first = post(engine, monday(37))["companies"][0]
    assert subjects(first) == {"open": ["late_invoicing", "quality", "source:fec"]}
    assert {entry["snoozed_until"] for entry in first["open"]} == {monday(52).isoformat()}

    look(engine, company, monday(38, 3), value=0.9, late_invoicing="calm", quality="over")
    fail(engine, company, monday(38, 3), "source:fec", failed=False)
    put_off(monday(38, 4))
    assert subjects(post(engine, monday(38))["companies"][0]) == {
        "worse": ["quality"],
        "solved": ["source:fec"],
        "open": ["late_invoicing", "quality"],
    }

    for week in range(39, 43):
        look(engine, company, monday(week, 3), late_invoicing="calm", quality="over")
    assert subjects(post(engine, monday(42))["companies"][0]) == {"solved": ["late_invoicing"], "open": ["quality"]}


def test_what_happens_right_after_a_first_letter_without_news_is_told_in_the_next(engine: Engine, company: str) -> None:
    read_about(engine, company)
    post(engine, datetime(2026, 10, 19, 6, tzinfo=UTC))
    fail(engine, company, datetime(2026, 10, 19, 6, 30, tzinfo=UTC))

    content = post(engine, datetime(2026, 10, 26, 7, tzinfo=UTC))  # an hour longer than a week: the clocks went back

    assert subjects(content["companies"][0]) == {"new": ["assessment"], "open": ["assessment"]}


def test_a_first_letter_tells_the_last_week_as_news_and_all_that_is_open(engine: Engine, company: str) -> None:
    fail(engine, company, monday(46), "source:fec")
    fail(engine, company, monday(47) + DAY)
    read_about(engine, company, since=monday(47) + 2 * DAY)

    told = subjects(post(engine, monday(48))["companies"][0])
    shown = subjects(now_told(engine, company, monday(48)))

    assert told == shown
    assert told["new"] == ["assessment"]
    assert sorted(told["open"]) == ["assessment", "source:fec"]


@pytest.mark.parametrize("state", ["refused", "dropped", "waiting"])
def test_what_a_letter_that_never_arrived_told_is_told_again(engine: Engine, company: str, state: str) -> None:
    read_about(engine, company)
    look(engine, company, monday(46, 4))
    post(engine, monday(46))
    fail(engine, company, monday(47, 5), "source:demo")
    look(engine, company, monday(47, 6), verdict="too_early", quality="watch")
    post(engine, monday(47))
    with write(engine) as conn:
        conn.execute(update(letter).where(letter.c.period == "2026-W47").values(state=state))

    again = post(engine, monday(48))["companies"][0]

    assert again["news"]["new"][0]["subject"] == "source:demo"
    assert again["verdict"]["before"] == "not_needed"
    assert {one["name"]: one["level_before"] for one in again["signals"]}["quality"] == "calm"


def test_who_sets_a_mail_server_after_weeks_sends_one_letter_with_all_of_it(engine: Engine, company: str) -> None:
    lea = read_about(engine, company)
    post(engine, monday(45))
    for week in (46, 47, 48):
        at = monday(week)
        fail(engine, company, monday(week, 5), f"source:{week}")
        assert write_digest(engine, f"{lea}@2026-W{week}", lambda at=at: at)  # type: ignore[misc]

    assert [row["state"] for row in letters(engine)] == ["sent", "replaced", "replaced", "waiting"]
    told = letters(engine)[-1]["content"]["companies"][0]["news"]["new"]
    assert {entry["subject"] for entry in told} == {"source:46", "source:47", "source:48"}


def test_so_does_who_never_got_a_letter_since_they_began_to_read(engine: Engine, company: str) -> None:
    lea = read_about(engine, company, since=monday(44))
    for week in (45, 46, 47, 48):
        at = monday(week)
        fail(engine, company, monday(week, 5), f"source:{week}")
        assert write_digest(engine, f"{lea}@2026-W{week}", lambda at=at: at)  # type: ignore[misc]

    told = letters(engine)[-1]["content"]["companies"][0]["news"]["new"]
    assert {entry["subject"] for entry in told} == {"source:45", "source:46", "source:47", "source:48"}


def test_a_letter_cut_off_while_it_was_sent_gives_way_and_one_under_way_is_waited_for(
    engine: Engine, company: str
) -> None:
    lea = read_about(engine, company)
    post(engine, monday(46))
    fail(engine, company, monday(47, 5))
    assert write_digest(engine, f"{lea}@2026-W47", lambda: monday(47))
    with write(engine) as conn:
        under_way = {"state": "sending", "leased_until": monday(48) + timedelta(minutes=5)}
        conn.execute(update(letter).where(letter.c.period == "2026-W47").values(**under_way))

    with pytest.raises(Overtaken):
        write_digest(engine, f"{lea}@2026-W48", lambda: monday(48))
    assert write_digest(engine, f"{lea}@2026-W48", lambda: monday(48, 8))

    assert [row["state"] for row in letters(engine)] == ["sent", "replaced", "waiting"]
    assert subjects(letters(engine)[-1]["content"]["companies"][0])["new"] == ["assessment"]


def test_a_letter_of_a_week_to_come_is_a_slip_of_a_clock_and_stops_nothing(engine: Engine, company: str) -> None:
    lea = read_about(engine, company)
    assert write_digest(engine, f"{lea}@2027-W52", lambda: monday(48))

    assert due(engine, monday(48)) == [f"{lea}@2026-W48"]


def test_what_a_snooze_hid_is_told_when_it_ends(engine: Engine, company: str) -> None:
    read_about(engine, company)
    post(engine, monday(45))
    look(engine, company, monday(46, 5), quality="over")
    with write(engine) as conn:
        (row,) = episodes(conn, company)
        snooze(conn, company, row["id"], "Claire", monday(48), "congés", monday(46, 6))
    look(engine, company, monday(47, 5), quality="over")
    hidden = post(engine, monday(47))["companies"][0]
    look(engine, company, monday(48), quality="over")

    assert hidden["news"]["new"] == []
    assert subjects(post(engine, monday(48, 8))["companies"][0])["worse"] == ["quality"]


def test_a_letter_that_goes_out_while_the_next_is_written_is_not_told_again(engine: Engine, company: str) -> None:
    lea = read_about(engine, company)
    assert write_digest(engine, f"{lea}@2026-W47", lambda: monday(47))

    def send() -> None:
        with write(engine) as conn:
            conn.execute(update(letter).values(state="sent"))

    with when_reaching("digest.content_read", send), pytest.raises(Overtaken):
        write_digest(engine, f"{lea}@2026-W48", lambda: monday(48))

    assert [row["state"] for row in letters(engine)] == ["sent"]
    assert write_digest(engine, f"{lea}@2026-W48", lambda: monday(48))


def test_each_company_is_told_from_where_its_own_news_ended(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Cordonnerie Vidal", LONG_AGO, zone=PARIS)
    read_about(engine, company)
    fail(engine, other, monday(46), "source:fec")
    fail(engine, company, monday(47, 5))
    fail(engine, other, monday(47, 9))
    fail(engine, company, monday(47, 10), "source:fec")
    post(engine, monday(47, 12))
    read_about(engine, other, since=monday(47) + DAY)  # to somebody who reads about another already

    content = post(engine, monday(48))

    assert {one["id"]: subjects(one).get("new") for one in content["companies"]} == {
        company: None,
        other: ["assessment"],
    }
    assert content["told"] == {company: 4, other: 3}
    assert letters(engine)[-1]["told_until"] == 4

    fail(engine, company, monday(48, 9), failed=False)
    fail(engine, other, monday(48, 9), failed=False)
    assert [subjects(one)["solved"] for one in post(engine, monday(49))["companies"]] == [["assessment"]] * 2
