"""Episodes kept: moved by answers, in their transaction; spoken to by people; their history never rewritten."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.alert_actions import acknowledge, add_comment, snooze, wake
from app.alerts import announced_verdict, episodes, find_episode, history, update_alerts
from app.assessment import as_text, assess_company, assess_period, assessments_due, latest
from app.companies import add_company, connection_for
from app.db import read, write
from app.declarations import parse_yaml, save_declaration
from app.errors import BadInput, NotFound, Refused
from app.example import EXAMPLE
from app.faultpoints import _hooks, on_reaching
from app.intake import find_source, save_page
from app.models.answers import assessment
from app.models.core import company as company_table
from app.models.core import policy
from app.models.watch import episode, episode_event
from connectors.base import Page
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream
from tests.bodies import Body, answer, measure, signal
from tests.conftest import NOW

SUNDAY = NOW.date()
MONDAY = SUNDAY + timedelta(days=8)  # of the week after next: a week has gone by
DAY, WEEK = timedelta(days=1), timedelta(days=7)
LATE = "late_invoicing"


class PulledPlug(BaseException):
    """The process is gone."""


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


@dataclass
class Watched:
    """A company and its answers, one after the other, each kept in the transaction that moves the episodes."""

    engine: Engine
    company_id: str
    before: Body | None = field(default=None)

    def answers(self, body: Body, now: datetime | None = None) -> None:
        day = date.fromisoformat(body["as_of"])
        text, etag = as_text(body)
        row = {"company_id": self.company_id, "process": "all", "as_of": day, "known_at": now or noon(day)}
        row |= {"verdict": body["verdict"], "reconstructed": body["reconstructed"], "body": text, "etag": etag}
        a = assessment.c
        with write(self.engine) as conn:
            conn.execute(delete(assessment).where(a.company_id == self.company_id, a.as_of == day))
            conn.execute(insert(assessment).values(**row))
            update_alerts(conn, self.company_id, body, self.before, now or noon(day))
        self.before = body

    def late(self, day: date, level: str = "over", **more: Any) -> None:
        """Answer that invoices go out late."""
        self.answers(answer(day, signals={LATE: signal(LATE, level, **more)}))

    def says(self, verdict: str, *days: date) -> None:
        for day in days:
            self.answers(answer(day, verdict))

    @property
    def rows(self) -> list[Any]:
        with read(self.engine) as conn:
            return sorted(episodes(conn, self.company_id), key=lambda row: str(row["id"]))

    def only(self, subject: str = LATE) -> Any:
        (row,) = [row for row in self.rows if row["subject"] == subject]
        return row

    def told(self, subject: str = LATE) -> list[str]:
        """Give what happened to the one episode of a subject."""
        with read(self.engine) as conn:
            return [str(event["kind"]) for event in history(conn, self.only(subject)["id"])]

    def is_firing(self) -> str:
        """Have late invoices seen in two weeks, and give the episode."""
        self.late(SUNDAY, value=0.2, low=0.18)
        self.late(MONDAY, value=0.2, low=0.18)
        assert self.only()["state"] == "firing"
        return str(self.only()["id"])


@pytest.fixture
def watched(engine: Engine, company: str) -> Watched:
    return Watched(engine, company)


# What an answer moves


def test_a_crossing_seen_in_two_weeks_fires_with_its_figures(watched: Watched) -> None:
    watched.late(SUNDAY, value=0.2, low=0.15, high=0.25)
    watched.late(MONDAY, value=0.21, low=0.16, high=0.26)
    row = watched.only()

    assert (row["state"], row["opened_on"], row["fired_on"]) == ("firing", SUNDAY, MONDAY)
    assert row["opened_at"] == noon(SUNDAY)
    assert row["facts"] == {
        "value": 0.21,
        "low": 0.16,
        "high": 0.26,
        "n": 214,
        "limit": 0.1,
        "baseline": None,
        "recent": 0.21,
        "unit": "share",
        "level": "over",
        "measure": "late_issued_rate",
        "why": [],
        "frozen_on": None,
        "tier": "direct",
        "cost": None,
        "worst": 0.21,
    }
    assert watched.told() == ["noticed", "fired"]
    assert len(watched.rows) == 1


def test_a_hundred_answers_are_one_thread(watched: Watched) -> None:
    for n in range(100):
        watched.late(SUNDAY + n * DAY)

    assert watched.told() == ["noticed", "fired"]


def test_the_same_answer_twice_adds_nothing(watched: Watched) -> None:
    for day in (SUNDAY, MONDAY, MONDAY + DAY):
        watched.late(day)
        once = watched.rows, watched.told()
        watched.late(day)
        assert (watched.rows, watched.told()) == once


def test_every_signal_has_a_thread_of_its_own(watched: Watched) -> None:
    for day in (SUNDAY, MONDAY):
        watched.answers(answer(day, late_invoicing="over", quality="over", key_person="watch"))

    assert {row["subject"]: row["state"] for row in watched.rows} == {LATE: "firing", "quality": "firing"}


def test_it_resolves_after_four_calm_weeks_and_may_open_again(watched: Watched) -> None:
    watched.is_firing()
    for n in range(1, 6):
        watched.late(MONDAY + n * WEEK, "calm")
    watched.late(MONDAY + 6 * WEEK)
    first, second = (row for row in watched.rows if row["subject"] == LATE)

    assert (first["state"], first["closed_on"]) == ("resolved", MONDAY + 5 * WEEK)
    assert (second["state"], second["opened_on"]) == ("pending", MONDAY + 6 * WEEK)
    with read(watched.engine) as conn:
        assert [e["kind"] for e in history(conn, first["id"])] == ["noticed", "fired", "recovering", "resolved"]


def test_a_stale_feed_freezes_and_never_resolves(watched: Watched) -> None:
    watched.is_firing()
    for n in range(1, 20):
        watched.late(MONDAY + n * WEEK, "calm", frozen_on=MONDAY)

    row = watched.only()
    assert (row["state"], row["resumes_as"], row["facts"]["value"]) == ("no_data", "firing", 0.2)
    watched.late(MONDAY + 20 * WEEK)
    assert watched.only()["state"] == "firing"
    assert watched.told() == ["noticed", "fired", "frozen", "back"]


def test_a_known_signal_that_falls_silent_is_told_though_it_was_calm(watched: Watched) -> None:
    watched.late(SUNDAY, "calm")
    watched.late(MONDAY, "unknown")
    watched.late(MONDAY + DAY, "unknown")
    watched.late(MONDAY + 2 * DAY, "calm")

    assert (watched.only()["state"], watched.only()["closed_on"]) == ("resolved", MONDAY + 2 * DAY)
    assert watched.told() == ["frozen", "back"]


def test_a_signal_that_never_was_known_opens_nothing(watched: Watched) -> None:
    watched.answers(answer(SUNDAY, late_invoicing="calm", reconstructed=True))
    watched.late(MONDAY, "unknown")
    watched.late(MONDAY + DAY, "unknown")

    assert watched.rows == []


def test_reconstructed_answers_open_and_move_nothing(watched: Watched) -> None:
    for n in range(8):
        watched.answers(answer(SUNDAY + n * WEEK, "outsource", late_invoicing="over", reconstructed=True))

    assert watched.rows == []
    with read(watched.engine) as conn:
        assert announced_verdict(conn, watched.company_id) is None


def test_another_company_has_threads_of_its_own(watched: Watched, engine: Engine) -> None:
    with write(engine) as conn:
        other = Watched(engine, add_company(conn, "Garage Roux", NOW, zone="Europe/Paris"))
    watched.is_firing()
    other.late(MONDAY)

    assert watched.only()["state"] == "firing"
    assert other.only()["state"] == "pending"


# Verdicts


def test_a_first_verdict_that_calls_for_action_is_news_after_two_weekly_looks(watched: Watched) -> None:
    watched.says("outsource", SUNDAY)
    once = watched.only("verdict:outsource")
    watched.says("outsource", MONDAY, MONDAY + WEEK, MONDAY + 9 * WEEK)

    assert once["state"] == "pending"
    assert watched.only("verdict:outsource")["state"] == "firing"
    assert watched.told("verdict:outsource") == ["noticed", "fired"]
    assert watched.only("verdict:outsource")["facts"]["before"] is None  # still what it was announced against


@pytest.mark.parametrize("verdict", ["not_needed", "too_early", "cannot_say"])
def test_a_first_verdict_without_anything_to_do_is_none(watched: Watched, verdict: str) -> None:
    watched.says(verdict, *(SUNDAY + n * WEEK for n in range(5)))

    assert watched.rows == []


def test_a_change_of_verdict_is_announced_once_and_only_after_two_weekly_looks(watched: Watched) -> None:
    watched.says("not_needed", SUNDAY)
    watched.says("prepare", MONDAY, MONDAY + 3 * DAY, MONDAY + 6 * DAY)
    waiting = watched.only("verdict:prepare")
    watched.says("prepare", MONDAY + WEEK, MONDAY + 2 * WEEK)
    row = watched.only("verdict:prepare")

    assert (waiting["state"], waiting["fired_on"]) == ("pending", None)
    assert (row["state"], row["fired_on"]) == ("firing", MONDAY + WEEK)
    assert watched.told("verdict:prepare") == ["noticed", "fired"]


def test_the_announcement_tells_what_was_said_before(watched: Watched) -> None:
    watched.says("not_needed", SUNDAY)
    watched.says("prepare", MONDAY, MONDAY + WEEK)
    with read(watched.engine) as conn:
        fired = history(conn, watched.only("verdict:prepare")["id"])[-1]
        announced = announced_verdict(conn, watched.company_id)

    assert (fired["kind"], fired["facts"]["before"], fired["facts"]["verdict"]) == ("fired", "not_needed", "prepare")
    assert announced == "prepare"


def test_a_verdict_back_and_forth_within_a_week_announces_nothing(watched: Watched) -> None:
    watched.says("not_needed", SUNDAY)
    for n in range(3):
        watched.says("prepare", MONDAY + 2 * n * DAY)
        watched.says("not_needed", MONDAY + (2 * n + 1) * DAY)

    assert {row["state"] for row in watched.rows} == {"dropped"}
    with read(watched.engine) as conn:
        assert announced_verdict(conn, watched.company_id) == "not_needed"


def test_back_to_nothing_to_do_is_news_and_ends_what_called_for_action(watched: Watched) -> None:
    watched.says("outsource", SUNDAY, MONDAY)
    watched.says("not_needed", MONDAY + WEEK, MONDAY + 2 * WEEK, MONDAY + 3 * WEEK)

    assert watched.told("verdict:outsource") == ["noticed", "fired", "recovering", "resolved"]
    assert watched.told("verdict:not_needed") == ["noticed", "fired"]
    assert watched.only("verdict:not_needed")["state"] == "resolved"


def test_what_cannot_be_said_freezes_the_verdict_and_is_news_itself(watched: Watched) -> None:
    watched.says("outsource", SUNDAY, MONDAY)
    watched.says("cannot_say", *(MONDAY + n * WEEK for n in range(1, 9)))
    frozen = watched.only("verdict:outsource")
    watched.says("outsource", MONDAY + 9 * WEEK)

    assert (frozen["state"], frozen["resumes_as"]) == ("no_data", "firing")
    assert watched.told("verdict:cannot_say") == ["noticed", "fired"]
    assert watched.only("verdict:outsource")["state"] == "firing"
    assert watched.told("verdict:outsource") == ["noticed", "fired", "frozen", "back"]


def test_a_verdict_taken_back_within_a_week_is_no_news_and_the_next_change_is(watched: Watched) -> None:
    watched.says("outsource", SUNDAY, MONDAY)
    sunday = MONDAY + 6 * DAY
    watched.says("not_needed", sunday, sunday + DAY)  # over the turn of the week, but not for one
    watched.says("outsource", sunday + 2 * DAY, sunday + 3 * DAY)  # and taken back
    with read(watched.engine) as conn:
        said = announced_verdict(conn, watched.company_id)
    watched.says("not_needed", sunday + 2 * WEEK, sunday + 4 * WEEK)
    news = [row for row in watched.rows if row["subject"] == "verdict:not_needed"]

    assert said == "outsource"
    assert [row["fired_on"] for row in news] == [None, sunday + 4 * WEEK]
    assert watched.told("verdict:outsource") == ["noticed", "fired", "recovering", "relapsed", "recovering", "resolved"]


def test_who_can_say_again_and_then_not_any_more_is_told_so_each_time(watched: Watched) -> None:
    watched.says("prepare", SUNDAY, MONDAY)
    watched.says("cannot_say", *(MONDAY + n * WEEK for n in (1, 2)))
    watched.says("prepare", MONDAY + 3 * WEEK)
    watched.says("cannot_say", *(MONDAY + n * WEEK for n in (4, 5, 6)))

    silences = [row["fired_on"] for row in watched.rows if row["subject"] == "verdict:cannot_say"]
    assert silences == [MONDAY + 2 * WEEK, MONDAY + 5 * WEEK]


# What people do


def test_who_acknowledges_is_kept_once_and_a_second_time_adds_the_comment(watched: Watched) -> None:
    one = watched.is_firing()
    with write(watched.engine) as conn:
        acknowledge(conn, watched.company_id, one, "Claire", " On embauche. ", noon(MONDAY))
        acknowledge(conn, watched.company_id, one, "Paul", "Vu aussi.", noon(MONDAY + DAY))
        acknowledge(conn, watched.company_id, one, "Paul", "  ", noon(MONDAY + DAY))
    row = watched.only()
    with read(watched.engine) as conn:
        told = [(e["kind"], e["who"], e["note"], e["at"]) for e in history(conn, one)][2:]

    assert (row["acknowledged_by"], row["acknowledged_at"], row["state"]) == ("Claire", noon(MONDAY), "firing")
    assert told == [
        ("acknowledged", "Claire", "On embauche.", noon(MONDAY)),
        ("comment", "Paul", "Vu aussi.", noon(MONDAY + DAY)),
    ]


def put_off(watched: Watched, one: str, until: datetime, now: datetime | None = None) -> None:
    with write(watched.engine) as conn:
        snooze(conn, watched.company_id, one, "Claire", until, "après la paie", now or noon(MONDAY))


def test_a_snooze_ends_with_its_time(watched: Watched) -> None:
    one = watched.is_firing()
    put_off(watched, one, noon(MONDAY + WEEK))
    watched.late(MONDAY + 3 * DAY, value=0.2, low=0.18)
    still = watched.only()
    watched.late(MONDAY + WEEK, value=0.2, low=0.18)

    assert (still["snoozed_until"], still["snoozed_value"]) == (noon(MONDAY + WEEK), 0.2)
    assert (watched.only()["snoozed_until"], watched.only()["snoozed_value"]) == (None, None)
    assert watched.told() == ["noticed", "fired", "snoozed", "snooze_over"]


def test_it_wakes_when_it_is_worse_than_on_the_day_it_was_put_off(watched: Watched) -> None:
    one = watched.is_firing()
    put_off(watched, one, noon(MONDAY + 10 * WEEK))
    watched.late(MONDAY + DAY, value=0.3, low=0.19)
    not_surely = watched.only()
    watched.late(MONDAY + 2 * DAY, value=0.31, low=0.21)

    assert not_surely["snoozed_until"] is not None
    assert watched.only()["snoozed_until"] is None
    assert watched.told()[-2:] == ["worse", "woken"]


def test_another_measure_does_not_wake_it(watched: Watched) -> None:
    one = watched.is_firing()
    put_off(watched, one, noon(MONDAY + 10 * WEEK))
    other = measure("unreminded_rate", "share", 0.9, low=0.8)
    watched.answers(answer(MONDAY + DAY, signals={LATE: signal(LATE, "over") | {"primary": other}}))

    assert watched.only()["snoozed_until"] is not None
    assert watched.told()[-1] == "snoozed"


def test_what_resolves_while_it_is_put_off_is_noted_and_needs_no_snooze(watched: Watched) -> None:
    one = watched.is_firing()
    put_off(watched, one, noon(MONDAY + 50 * WEEK))
    for n in range(1, 6):
        watched.late(MONDAY + n * WEEK, "calm")

    assert (watched.only()["state"], watched.only()["snoozed_until"]) == ("resolved", None)
    assert watched.told() == ["noticed", "fired", "snoozed", "recovering", "resolved"]


def test_a_snooze_is_ended_by_hand_once(watched: Watched) -> None:
    one = watched.is_firing()
    put_off(watched, one, noon(MONDAY + WEEK))
    for _ in range(2):
        with write(watched.engine) as conn:
            wake(conn, watched.company_id, one, "Paul", noon(MONDAY + DAY))

    assert watched.only()["snoozed_until"] is None
    assert watched.told()[-2:] == ["snoozed", "woken_by_hand"]


@pytest.mark.parametrize("until", [noon(MONDAY), noon(MONDAY - DAY), noon(MONDAY + 367 * DAY)])
def test_a_snooze_ends_in_the_future_and_within_a_year(watched: Watched, until: datetime) -> None:
    one = watched.is_firing()
    with pytest.raises(BadInput) as caught:
        put_off(watched, one, until)

    assert caught.value.code == "bad_snooze"
    assert watched.only()["snoozed_until"] is None


def test_what_is_over_takes_comments_and_nothing_else(watched: Watched) -> None:
    watched.late(SUNDAY)
    watched.late(SUNDAY, "calm")
    one, company_id = watched.only()["id"], watched.company_id
    with write(watched.engine) as conn:
        with pytest.raises(Refused, match="episode_closed"):
            acknowledge(conn, company_id, one, "Claire", "", NOW)
        with pytest.raises(Refused, match="episode_closed"):
            snooze(conn, company_id, one, "Claire", NOW + DAY, "", NOW)
        with pytest.raises(Refused, match="episode_closed"):
            wake(conn, company_id, one, "Claire", NOW)
        add_comment(conn, company_id, one, "Claire", "Une fausse alerte.", NOW)
        with pytest.raises(BadInput):
            add_comment(conn, company_id, one, "Claire", " \n", NOW)

    assert watched.told() == ["noticed", "dropped", "comment"]


def test_an_episode_is_found_through_its_own_company_only(watched: Watched, engine: Engine) -> None:
    one = watched.is_firing()
    with write(engine) as conn:
        other = add_company(conn, "Garage Roux", NOW, zone="Europe/Paris")
        with pytest.raises(NotFound):
            find_episode(conn, other, one)
        with pytest.raises(NotFound):
            acknowledge(conn, other, one, "Claire", "", NOW)


# What the database holds


def test_the_database_refuses_to_rewrite_what_happened(watched: Watched) -> None:
    watched.is_firing()
    before = watched.told()

    with pytest.raises(DBAPIError, match="never rewritten"), write(watched.engine) as conn:
        conn.execute(update(episode_event).values(note="rien vu"))

    assert watched.told() == before


def test_history_goes_with_its_company_only(watched: Watched) -> None:
    watched.is_firing()
    with write(watched.engine) as conn:
        conn.execute(delete(company_table).where(company_table.c.id == watched.company_id))
    with read(watched.engine) as conn:
        assert conn.execute(select(func.count()).select_from(episode_event)).scalar() == 0


def test_the_database_refuses_a_second_open_thread_of_a_subject(watched: Watched) -> None:
    watched.is_firing()
    again = {name: value for name, value in watched.only().items() if name != "id"} | {"id": "another"}

    with pytest.raises(IntegrityError), write(watched.engine) as conn:
        conn.execute(insert(episode).values(**again))
    with write(watched.engine) as conn:  # one that is over is none
        conn.execute(insert(episode).values(**again | {"closed_on": MONDAY, "state": "resolved"}))


def test_numbers_of_events_never_come_twice(watched: Watched) -> None:
    watched.is_firing()
    with write(watched.engine) as conn:
        last = conn.execute(select(func.max(episode_event.c.no))).scalar_one()
        conn.execute(delete(episode))
        assert conn.execute(select(func.count()).select_from(episode_event)).scalar() == 0
    watched.late(MONDAY + DAY)

    with read(watched.engine) as conn:
        assert conn.execute(select(func.min(episode_event.c.no))).scalar_one() > last


# With the answer, or not at all


def bring_late_invoices(engine: Engine, company_id: str, now: datetime) -> None:
    start = date(2026, 1, 5)
    records = [
        Invoice(
            external_id=f"F{n}",
            direction=Direction.SALE,
            kind=DocumentKind.INVOICE,
            status=DocumentStatus.FINAL,
            number=f"F{n}",
            party="C1",
            service_on=start + n * DAY,
            issued_on=start + (n + (30 if n % 2 else 1)) * DAY,
            total=Decimal(120),
        )
        for n in range(280)
    ]
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company_id, "csv", now))
        save_page(conn, source, Stream.INVOICES, Page(tuple(records), {}), now)


def answers_kept(engine: Engine) -> int:
    with read(engine) as conn:
        return conn.execute(select(func.count()).select_from(assessment)).scalar_one()


def test_an_assessment_moves_the_episodes_and_a_look_back_does_not(watched: Watched) -> None:
    bring_late_invoices(watched.engine, watched.company_id, NOW - 30 * DAY)
    for day in (SUNDAY - 2 * WEEK, SUNDAY - WEEK):
        assess_company(watched.engine, watched.company_id, NOW, day)
    looked_back = watched.rows
    assess_company(watched.engine, watched.company_id, NOW)
    assess_company(watched.engine, watched.company_id, NOW + WEEK)

    assert looked_back == []
    assert (watched.only()["state"], watched.only()["opened_on"]) == ("firing", SUNDAY)


@pytest.mark.parametrize("point", ["assess.answer_kept", "assess.alerts_moved"])
def test_cut_off_before_the_commit_neither_the_answer_nor_the_episode_is_kept(watched: Watched, point: str) -> None:
    bring_late_invoices(watched.engine, watched.company_id, NOW - 30 * DAY)

    def pull(reached: str) -> None:
        if reached == point:
            raise PulledPlug

    on_reaching(pull)
    try:
        with pytest.raises(PulledPlug):
            assess_company(watched.engine, watched.company_id, NOW)
    finally:
        _hooks.remove(pull)
    kept = answers_kept(watched.engine), len(watched.rows)
    assess_company(watched.engine, watched.company_id, NOW)

    assert kept == (0, 0)
    assert answers_kept(watched.engine) == 1
    assert watched.told() == ["noticed"]


def test_a_failed_assessment_shows_and_the_next_good_one_mends_it(watched: Watched) -> None:
    period = f"{watched.company_id}@{SUNDAY}"
    with write(watched.engine) as conn:  # as from a version of Seuil that knew more
        setting = {"valid_from": SUNDAY - WEEK, "settings": {"error_limit": "lots"}, "set_at": NOW}
        conn.execute(insert(policy).values(company_id=watched.company_id, **setting))
    for hours in (0, 1):
        with pytest.raises(ValueError, match="lots"):
            assess_period(watched.engine, period, NOW + timedelta(hours=hours))
    failing = watched.only("assessment")
    with write(watched.engine) as conn:
        conn.execute(delete(policy))
    assess_period(watched.engine, period, NOW + timedelta(hours=2))

    assert (failing["state"], failing["facts"]) == ("error", {"error": "ValueError"})
    assert watched.told("assessment") == ["failed", "mended"]


def test_of_two_assessments_at_once_one_thread_comes(watched: Watched) -> None:
    bring_late_invoices(watched.engine, watched.company_id, NOW - 30 * DAY)
    for now in (NOW, NOW + WEEK):
        with ThreadPoolExecutor(4) as pool:
            both = [pool.submit(assess_company, watched.engine, watched.company_id, now) for _ in range(4)]
            for one in both:
                one.result()

    assert watched.told() == ["noticed", "fired"]
    assert answers_kept(watched.engine) == 2


def test_a_company_that_only_declares_is_watched_from_its_first_declaration_on(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        save_declaration(conn, company, parse_yaml(EXAMPLE, SUNDAY), NOW)
    assess_company(engine, company, NOW)
    assess_company(engine, company, NOW + WEEK)

    with read(engine) as conn:
        firing = {row["subject"] for row in episodes(conn, company) if row["state"] == "firing"}
    assert "director_time" in firing


def test_a_look_at_today_by_name_is_a_look_like_any_other(engine: Engine, company: str) -> None:
    bring_late_invoices(engine, company, NOW - 30 * DAY)
    assess_company(engine, company, NOW, SUNDAY)

    with read(engine) as conn:
        assert {row["state"] for row in episodes(conn, company)} == {"pending"}


def test_a_clock_that_was_ahead_once_keeps_no_company_from_being_assessed(engine: Engine, company: str) -> None:
    bring_late_invoices(engine, company, NOW - 30 * DAY)
    assess_company(engine, company, NOW + 400 * DAY)
    with read(engine) as conn:
        due = assessments_due(conn, NOW)
    assess_company(engine, company, NOW)

    assert due == [f"{company}@{SUNDAY}"]
    with read(engine) as conn:
        newest = latest(conn, company)
    assert newest is not None
    assert newest.as_of == SUNDAY


def test_a_slower_answer_does_not_replace_one_that_was_begun_later(engine: Engine, company: str) -> None:
    newer = assess_company(engine, company, NOW + timedelta(minutes=5))
    bring_late_invoices(engine, company, NOW - 30 * DAY)

    assert assess_company(engine, company, NOW).etag == newer.etag
    assert assess_company(engine, company, NOW + timedelta(minutes=6)).etag != newer.etag
