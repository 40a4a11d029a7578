"""Mails at once: who is told what and when, gathered, never twice, and not while it is quiet."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from app.alert_actions import acknowledge, assign, dismiss, snooze
from app.alerts import episodes
from app.at_once import mails_due, write_mail
from app.companies import add_company
from app.db import read, write
from app.due import Quiet
from app.escalation import escalate, escalations_due
from app.faultpoints import _hooks, on_reaching
from app.letters import html_of, text_of
from app.maintenance import add_maintenance
from app.models.watch import letter, subscription
from app.policies import Signed, change_settings
from app.preferences import Hours, Wanted, nothing_at_once, set_hours, set_wanted
from app.recipients import add_recipient, recipients
from tests.letter_causes import PARIS, fail, letters, look

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
TUESDAY = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)  # ten o'clock in Paris
ALL = Wanted("weekly", "all")


def wants(engine: Engine, reader: str, *company_ids: str, **said: Any) -> None:
    with write(engine) as conn:
        set_wanted(conn, reader, company_ids, Wanted(**{"letters": "weekly", "at_once": "all"} | said))


def reads(engine: Engine, *company_ids: str, email: str = "lea@aubrac.fr", **said: Any) -> str:
    with write(engine) as conn:
        (reader,) = {add_recipient(conn, one, email, "fr", PARIS, TUESDAY - 30 * DAY) for one in company_ids}
    wants(engine, reader, *company_ids, **said)
    return reader


def cross(engine: Engine, company: str, at: datetime = TUESDAY, **levels: Any) -> None:
    """Have signals cross, seen twice a week apart: confirmed at an instant."""
    levels = levels or {"late_invoicing": "over"}
    look(engine, company, at - WEEK, **levels)
    look(engine, company, at, **levels)


def turn(engine: Engine, now: datetime) -> list[dict[str, Any]]:
    """Do what is due, and give the mails written by it, of each what it tells: reader, subject, kind."""
    with read(engine) as conn:
        due = mails_due(conn, now)
    before = len(letters(engine))
    for key in due:
        write_mail(engine, key, lambda: now)
    return [dict(one) for one in letters(engine)[before:]]


def told(mails: list[dict[str, Any]]) -> list[list[tuple[str, str]]]:
    return [
        [(entry["subject"], entry["kind"]) for company in mail["content"]["companies"] for entry in company["entries"]]
        for mail in mails
    ]


def the_episode(engine: Engine, company: str) -> str:
    with read(engine) as conn:
        return str(episodes(conn, company)[0]["id"])


# When.


def test_what_fires_is_told_ten_minutes_later_and_once(engine: Engine, company: str) -> None:
    reads(engine, company)
    cross(engine, company)

    assert turn(engine, TUESDAY + 9 * MINUTE) == []
    assert told(turn(engine, TUESDAY + 10 * MINUTE)) == [[("late_invoicing", "fired")]]
    assert turn(engine, TUESDAY + DAY) == []


def test_what_comes_meanwhile_is_in_one_mail_and_the_next_comes_hours_later(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Zinguerie Causse", TUESDAY - 60 * DAY, zone=PARIS)
    reads(engine, company, other)
    cross(engine, company)
    fail(engine, other, TUESDAY + 5 * MINUTE)
    (first,) = turn(engine, TUESDAY + 11 * MINUTE)
    fail(engine, company, TUESDAY + 30 * MINUTE)

    assert [one["name"] for one in first["content"]["companies"]] == ["Menuiserie Aubrac", "Zinguerie Causse"]
    assert turn(engine, TUESDAY + 4 * HOUR) == []
    assert told(turn(engine, TUESDAY + 4 * HOUR + 11 * MINUTE)) == [[("assessment", "failed")]]


@pytest.mark.parametrize(
    ("at", "is_quiet"),
    [
        ("2026-11-17T09:00", False),
        ("2026-11-17T18:30", True),  # half past seven in the evening
        ("2026-11-17T06:59", True),
        ("2026-11-17T07:00", False),
        ("2026-11-21T09:00", True),  # a Saturday
        ("2026-11-11T09:00", True),  # armistice day
    ],
)
def test_at_night_and_on_days_nobody_works_mails_wait(engine: Engine, company: str, at: str, is_quiet: bool) -> None:
    now = datetime.fromisoformat(f"{at}+00:00")
    reads(engine, company)
    cross(engine, company, now - HOUR)

    assert (turn(engine, now) == []) is is_quiet


def test_quiet_hours_are_the_readers_own_and_may_be_none_at_all(engine: Engine, company: str) -> None:
    saturday_night = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    reader = reads(engine, company)
    with write(engine) as conn:
        set_hours(conn, reader, Hours("00:00", "00:00", quiet_days=False, place="none"))
    cross(engine, company, saturday_night - HOUR)

    assert len(turn(engine, saturday_night)) == 1


@pytest.mark.parametrize(
    ("starts", "ends", "at", "holds"),
    [
        ("19:00", "08:00", 19, True),
        ("19:00", "08:00", 8, False),
        ("12:00", "14:00", 13, True),
        ("9:00", "9:00", 9, False),
    ],
)
def test_quiet_may_span_midnight_or_a_lunch(starts: str, ends: str, at: int, holds: bool) -> None:
    times = [datetime.strptime(text, "%H:%M").time() for text in (starts, ends)]  # noqa: DTZ007 - a time of day
    quiet = Quiet("UTC", times[0], times[1], days=False)

    assert quiet.holds(datetime(2026, 11, 21, at, tzinfo=UTC)) is holds


def test_under_maintenance_and_on_closed_days_nobody_is_told_and_afterwards_everybody_is(
    engine: Engine, company: str
) -> None:
    reads(engine, company)
    with write(engine) as conn:
        add_maintenance(conn, company, TUESDAY - HOUR, TUESDAY + 6 * HOUR, "migration", "lea", TUESDAY - HOUR)
        signed = Signed("lea", TUESDAY)
        wednesday = (TUESDAY + DAY).date()
        change_settings(conn, company, {f"closure={wednesday}": 1}, signed, today=TUESDAY.date())
    cross(engine, company)

    assert turn(engine, TUESDAY + 5 * HOUR) == []
    assert turn(engine, TUESDAY + DAY) == []
    assert told(turn(engine, TUESDAY + 2 * DAY)) == [[("late_invoicing", "fired")]]


# What.


def test_who_wants_only_what_calls_for_action_hears_of_no_signal(engine: Engine, company: str) -> None:
    reads(engine, company, at_once="action")
    for day in (TUESDAY - WEEK, TUESDAY, TUESDAY + WEEK):
        look(engine, company, day, verdict="outsource" if day >= TUESDAY else "not_needed", late_invoicing="over")
    fail(engine, company, TUESDAY)

    (listed,) = told(turn(engine, TUESDAY + WEEK + 2 * HOUR))
    assert sorted(listed) == [("assessment", "failed"), ("verdict:outsource", "fired")]


def test_only_the_signals_asked_for_are_told(engine: Engine, company: str) -> None:
    reads(engine, company, signals=("quality",))
    cross(engine, company, late_invoicing="over", quality="over")

    assert told(turn(engine, TUESDAY + HOUR)) == [[("quality", "fired")]]


def test_who_wants_nothing_at_once_hears_nothing_and_later_only_what_is_new(engine: Engine, company: str) -> None:
    reader = reads(engine, company, at_once="none")
    cross(engine, company)
    assert turn(engine, TUESDAY + HOUR) == []

    wants(engine, reader, company)
    assert turn(engine, TUESDAY + 2 * HOUR) == []
    fail(engine, company, TUESDAY + 3 * HOUR)
    assert told(turn(engine, TUESDAY + 4 * HOUR)) == [[("assessment", "failed")]]


def test_a_new_reader_is_told_of_what_somebody_has_to_act_on_and_nothing_older(engine: Engine, company: str) -> None:
    fail(engine, company, TUESDAY)
    with write(engine) as conn:
        add_recipient(conn, company, "lea@aubrac.fr", "fr", PARIS, TUESDAY)
    assert turn(engine, TUESDAY + HOUR) == []
    fail(engine, company, TUESDAY + 2 * HOUR, failed=False)

    assert told(turn(engine, TUESDAY + 3 * HOUR)) == [[("assessment", "mended")]]


@pytest.mark.parametrize("how", ["put off", "dismissed"])
def test_of_what_is_set_aside_only_its_end_is_told(engine: Engine, company: str, how: str) -> None:
    reads(engine, company)
    cross(engine, company)
    turn(engine, TUESDAY + HOUR)
    with write(engine) as conn:
        one = episodes(conn, company)[0]["id"]
        if how == "dismissed":
            dismiss(conn, company, one, "lea", "accepted", "", TUESDAY + HOUR)
        else:
            snooze(conn, company, one, "lea", TUESDAY + 200 * DAY, "", TUESDAY + HOUR)
    for n in range(1, 6):
        look(engine, company, TUESDAY + n * WEEK)

    later = TUESDAY + 5 * WEEK + HOUR
    assert told(turn(engine, later)) == [[("late_invoicing", "resolved")]]


def test_what_was_dismissed_comes_back_when_it_is_worse(engine: Engine, company: str) -> None:
    reads(engine, company)
    cross(engine, company)
    turn(engine, TUESDAY + HOUR)
    with write(engine) as conn:
        dismiss(conn, company, the_episode(engine, company), "lea", "accepted", "", TUESDAY + HOUR)
    look(engine, company, TUESDAY + DAY, value=0.9, late_invoicing="over")

    assert told(turn(engine, TUESDAY + DAY + HOUR)) == [[("late_invoicing", "woken")]]
    with read(engine) as conn:
        assert episodes(conn, company)[0]["dismissed_at"] is None


def test_who_gets_it_in_hand_is_told_whatever_they_asked_for(engine: Engine, company: str) -> None:
    reads(engine, company, at_once="none")
    reads(engine, company, email="bob@aubrac.fr", at_once="none")
    cross(engine, company)
    turn(engine, TUESDAY + HOUR)
    with write(engine) as conn:
        assign(conn, company, the_episode(engine, company), "bob", "Lea@aubrac.fr", TUESDAY + 2 * HOUR)

    (mail,) = turn(engine, TUESDAY + 3 * HOUR)
    assert told([mail]) == [[("late_invoicing", "assigned")]]
    with read(engine) as conn:
        assert {one.id: one.email for one in recipients(conn, company)}[mail["recipient_id"]] == "lea@aubrac.fr"


# Escalation.


def escalated(engine: Engine, now: datetime) -> int:
    with read(engine) as conn:
        due = escalations_due(conn, now)
    for key in due:
        escalate(engine, key, lambda: now)
    return len(due)


def test_what_nobody_acknowledges_in_five_working_days_is_said_once_more_to_who_asked(
    engine: Engine, company: str
) -> None:
    boss = reads(engine, company, email="boss@aubrac.fr", at_once="none", escalations=True)
    reads(engine, company)
    cross(engine, company)
    turn(engine, TUESDAY + HOUR)

    assert escalated(engine, TUESDAY + 6 * DAY) == 0  # Monday: the fourth working day after
    assert escalated(engine, TUESDAY + 7 * DAY) == 1
    assert escalated(engine, TUESDAY + 8 * DAY) == 0
    (mail,) = turn(engine, TUESDAY + 7 * DAY + HOUR)
    assert (mail["recipient_id"], told([mail])) == (boss, [[("late_invoicing", "escalated")]])


@pytest.mark.parametrize("done", ["acknowledged", "put off", "dismissed"])
def test_what_somebody_has_dealt_with_is_not_escalated(engine: Engine, company: str, done: str) -> None:
    cross(engine, company)
    acts: dict[str, Callable[[Any, str], None]] = {
        "acknowledged": lambda conn, one: acknowledge(conn, company, one, "lea", "", TUESDAY),
        "put off": lambda conn, one: snooze(conn, company, one, "lea", TUESDAY + 90 * DAY, "", TUESDAY),
        "dismissed": lambda conn, one: dismiss(conn, company, one, "lea", "wrong", "", TUESDAY),
    }
    with write(engine) as conn:
        acts[done](conn, the_episode(engine, company))

    assert escalated(engine, TUESDAY + 14 * DAY) == 0


def test_where_nobody_was_named_all_who_are_told_at_once_hear_what_nobody_acknowledged(
    engine: Engine, company: str
) -> None:
    reads(engine, company, at_once="action")
    reads(engine, company, email="bob@aubrac.fr", at_once="none")
    cross(engine, company)
    turn(engine, TUESDAY + HOUR)
    escalated(engine, TUESDAY + 7 * DAY)

    assert told(turn(engine, TUESDAY + 7 * DAY + HOUR)) == [[("late_invoicing", "escalated")]]


# Never twice, nothing lost.


@pytest.mark.parametrize("point", ["at_once.written", "at_once.committed"])
def test_killed_anywhere_what_happened_is_told_once(engine: Engine, company: str, point: str) -> None:
    reader = reads(engine, company)
    cross(engine, company)
    now = TUESDAY + HOUR

    def pull(reached: str) -> None:
        if reached == point:
            raise InterruptedError

    on_reaching(pull)
    try:
        with pytest.raises(InterruptedError):
            write_mail(engine, f"{reader}@1", lambda: now)
    finally:
        _hooks.remove(pull)
    turn(engine, now)

    assert len(letters(engine)) == 1
    with read(engine) as conn:
        events = conn.execute(select(subscription.c.told_until)).scalar_one()
        assert conn.execute(select(func.count()).select_from(letter)).scalar_one() == 1
    assert events == 2


def test_of_two_that_write_the_same_mail_the_second_finds_nothing_to_tell(engine: Engine, company: str) -> None:
    reader = reads(engine, company)
    cross(engine, company)

    done = [write_mail(engine, f"{reader}@2", lambda: TUESDAY + HOUR) for _ in range(2)]

    assert done == [True, False]


def test_a_mail_at_once_says_what_since_when_how_sure_what_it_costs_and_what_to_do(
    engine: Engine, company: str
) -> None:
    reads(engine, company)
    cross(engine, company)
    (mail,) = turn(engine, TUESDAY + HOUR)
    content = mail["content"]
    content["companies"][0]["entries"][0]["facts"]["cost"] = {"low": 400.0, "high": 900.0}
    addresses = {
        "to": "lea@aubrac.fr",
        "base_url": "https://s.fr",
        "unsubscribe_url": "https://s.fr/unsubscribe/t/at-once",
    }

    text = " ".join(text_of(content | {"language": "en"}, **addresses).split())

    for said in ("MENUISERIE AUBRAC", "confirmed", "10 November 2026", "€400", "€900", "Bill what the work list shows"):
        assert said in text.replace("\u202f", " ").replace("\xa0", " "), said
    assert "/unsubscribe/t/at-once" in text
    page = html_of(content, **addresses)
    assert "Facturation" in page or "facturation" in page


def test_the_way_out_of_mails_at_once_leaves_the_letters(engine: Engine, company: str) -> None:
    reader = reads(engine, company)
    with write(engine) as conn:
        nothing_at_once(conn, reader)
    cross(engine, company)

    assert turn(engine, TUESDAY + HOUR) == []
    with read(engine) as conn:
        assert conn.execute(select(subscription.c.letters)).scalar_one() == "weekly"
