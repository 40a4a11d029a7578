"""Health: whether the watch is awake, and the figures a monitoring system reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, insert, update

from app.alive import stopped_since
from app.api.health import is_stopped
from app.api_keys import make_key
from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import read, write
from app.jobs import beat, claim, finish, put_off
from app.models.core import connection
from app.models.records import quarantined
from app.models.watch import episode, knock, letter, recipient
from tests.conftest import NOW
from tests.serving import served

MINUTE = timedelta(minutes=1)


@contextmanager
def client(engine: Engine, now: datetime = NOW) -> Iterator[httpx.Client]:
    with write(engine) as conn:
        key = make_key(conn, "monitor", NOW)
    with served(engine, now) as address:
        headers = {"authorization": f"Bearer {key}"}
        with httpx.Client(base_url=address, headers=headers, timeout=30) as speaking:
            yield speaking


def figures(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Read what a scrape gives: by name and labels."""
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def figure(text: str, name: str, **labels: str) -> float:
    return figures(text)[name, tuple(sorted(labels.items()))]


def scraped(engine: Engine, now: datetime = NOW) -> str:
    with client(engine, now) as speaking:
        answer = speaking.get("/metrics")
        assert answer.status_code == 200
        return answer.text


def test_a_database_that_nobody_ever_watched_is_ready(sqlite_engine: Engine) -> None:
    with client(sqlite_engine) as speaking:
        assert speaking.get("/readyz").json() == {"status": "ready"}


@pytest.mark.parametrize(("minutes", "status"), [(0, 200), (15, 200), (16, 503)])
def test_without_a_tick_for_a_quarter_of_an_hour_it_is_not_ready(engine: Engine, minutes: int, status: int) -> None:
    with write(engine) as conn:
        beat(conn, NOW)

    with client(engine, NOW + minutes * MINUTE) as speaking:
        answer = speaking.get("/readyz")
        alive = speaking.get("/livez")

    assert answer.status_code == status
    assert alive.status_code == 200
    if status == 503:
        assert answer.json() == {"status": "ticks_stopped", "last_tick": NOW.isoformat()}


def test_a_process_that_ticks_has_a_quarter_of_an_hour_for_its_first_tick() -> None:
    long_ago = NOW - timedelta(days=2)

    assert not is_stopped(long_ago, NOW, NOW + 15 * MINUTE)
    assert is_stopped(long_ago, NOW, NOW + 16 * MINUTE)
    assert is_stopped(None, NOW, NOW + 16 * MINUTE)
    assert not is_stopped(NOW + 5 * MINUTE, NOW, NOW + 16 * MINUTE)


def test_what_was_never_seen_has_not_stopped(sqlite_engine: Engine) -> None:
    with write(sqlite_engine) as conn:
        assert stopped_since(conn, NOW) is None
        beat(conn, NOW)
    with read(sqlite_engine) as conn:
        assert stopped_since(conn, NOW + 15 * MINUTE) is None
        assert stopped_since(conn, NOW + 16 * MINUTE) == NOW


def test_the_figures_need_a_key(sqlite_engine: Engine) -> None:
    with served(sqlite_engine, NOW) as address:
        assert httpx.get(f"{address}/metrics").status_code == 401


def test_the_figures_come_in_the_format_that_is_asked_for(sqlite_engine: Engine) -> None:
    with client(sqlite_engine) as speaking:
        plain = speaking.get("/metrics")
        openmetrics = speaking.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})

    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.text.endswith("# EOF\n")


def test_an_empty_house_has_every_figure_and_no_tick(engine: Engine) -> None:
    text = scraped(engine)

    assert figure(text, "seuil_companies", demo="false") == 0
    assert figure(text, "seuil_connections", provider="fec", state="late") == 0
    assert figure(text, "seuil_episodes", state="firing") == 0
    assert figure(text, "seuil_letters", state="waiting") == 0
    assert figure(text, "seuil_assessment_oldest_age_seconds") == 0
    assert figure(text, "seuil_knocks_total") == 0
    assert "seuil_last_tick_age_seconds{" not in text
    assert not [line for line in text.splitlines() if line.startswith("seuil_last_tick_age_seconds ")]


def test_the_age_of_the_last_tick_is_told(sqlite_engine: Engine) -> None:
    with write(sqlite_engine) as conn:
        beat(conn, NOW - 7 * MINUTE)

    assert figure(scraped(sqlite_engine), "seuil_last_tick_age_seconds") == 7 * 60


def test_a_connection_is_fresh_late_troubled_or_stopped(engine: Engine) -> None:
    states: dict[str, dict[str, object]] = {
        "fresh": {"read_at": NOW - timedelta(hours=5)},
        "late": {"read_at": NOW - timedelta(days=3)},
        "troubled": {"read_at": NOW, "trouble": "source_unavailable"},
        "stopped": {"read_at": NOW, "trouble": "source_denied", "due_at": None},
    }
    with write(engine) as conn:
        for name, values in states.items():
            company_id = add_company(conn, name, NOW, zone="Europe/Paris")
            connection_id = connection_for(conn, company_id, "demo", NOW)
            conn.execute(update(connection).where(connection.c.id == connection_id).values(**values))
        file = add_company(conn, "file", NOW, zone="Europe/Paris")
        connection_for(conn, file, "fec", NOW - timedelta(days=44))

    text = scraped(engine)

    for state in states:
        assert figure(text, "seuil_connections", provider="demo", state=state) == 1
    assert figure(text, "seuil_connections", provider="fec", state="fresh") == 1
    assert figure(text, "seuil_connection_oldest_read_age_seconds", provider="demo") == 3 * 86400
    assert figure(text, "seuil_connection_oldest_read_age_seconds", provider="fec") == 44 * 86400


def test_a_company_counts_with_its_newest_verdict_and_one_without_is_not_forgotten(
    engine: Engine, company: str
) -> None:
    assess_company(engine, company, NOW - timedelta(days=3))
    assess_company(engine, company, NOW - timedelta(days=1))
    assess_company(engine, company, NOW, (NOW - timedelta(days=9)).date())  # a look back is not its newest answer

    text = scraped(engine)
    with write(engine) as conn:
        add_company(conn, "Brocéliande", NOW - timedelta(days=6), zone="Europe/Paris")
    with_another = scraped(engine)

    assert figure(text, "seuil_verdicts", verdict="cannot_say") == 1
    assert figure(text, "seuil_assessment_oldest_age_seconds") == 86400
    assert figure(with_another, "seuil_verdicts", verdict="none") == 1
    assert figure(with_another, "seuil_assessment_oldest_age_seconds") == 6 * 86400


def test_work_done_failing_and_under_way_is_counted(engine: Engine) -> None:
    with write(engine) as conn:
        for key, ago in (("a", timedelta(hours=2)), ("b", timedelta(days=2))):
            done = claim(conn, "sync", key, NOW - ago)
            assert done
            finish(conn, done, NOW - ago)
        failed = claim(conn, "sync", "c", NOW)
        assert failed
        put_off(conn, failed, NOW, "ValueError")
        given_up = claim(conn, "sync", "d", NOW - timedelta(days=2))
        assert given_up
        put_off(conn, given_up, NOW - timedelta(days=2), "ValueError")
        claim(conn, "sync", "e", NOW)

    text = scraped(engine)

    assert figure(text, "seuil_jobs", task="sync", state="done_last_day") == 1
    assert figure(text, "seuil_jobs", task="sync", state="failing") == 1
    assert figure(text, "seuil_jobs", task="sync", state="under_way") == 1


def test_episodes_letters_knocks_and_what_was_set_aside_are_counted(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        connection_id = connection_for(conn, company, "demo", NOW)
        day = NOW.date()
        common = {"company_id": company, "opened_on": day, "opened_at": NOW, "seen_on": day, "facts": {}}
        conn.execute(insert(episode).values(id="1", subject="quality", state="firing", **common))
        conn.execute(insert(episode).values(id="2", subject="quality", state="resolved", closed_on=day, **common))
        person = {"id": "r", "email": "a@example.com", "language": "fr", "zone": "Europe/Paris", "token": "t"}
        conn.execute(insert(recipient).values(**person, created_at=NOW))
        for n, (state, hours) in enumerate((("waiting", 3), ("waiting", 5), ("sent", 9))):
            at = NOW - timedelta(hours=hours)
            mail = {"id": f"l{n}", "recipient_id": "r", "kind": "digest", "period": f"2026-W{n:02d}"}
            rest = {"message_id": f"<{n}>", "content": {}, "told_until": 0, "created_at": at, "next_try_at": at}
            conn.execute(insert(letter).values(**mail, **rest, state=state))
        heard = {"connection_id": connection_id, "sent_at": NOW, "received_at": NOW, "size": 1, "digest": "x"}
        conn.execute(insert(knock), [{"event_id": f"e{n}", **heard} for n in range(3)])
        aside = {"company_id": company, "connection_id": connection_id, "stream": "invoices", "place": "1"}
        conn.execute(insert(quarantined).values(**aside, code="x", params={}, raw="", found_at=NOW))

    text = scraped(engine)

    assert figure(text, "seuil_episodes", state="firing") == 1
    assert not [key for key in figures(text) if key[0] == "seuil_episodes" and "resolved" in str(key)]
    assert figure(text, "seuil_letters", state="waiting") == 2
    assert figure(text, "seuil_letters", state="sent") == 1
    assert figure(text, "seuil_letter_oldest_waiting_age_seconds") == 5 * 3600
    assert figure(text, "seuil_knocks_total") == 3
    assert figure(text, "seuil_quarantined_rows") == 1


def test_more_companies_make_no_more_series(sqlite_engine: Engine) -> None:
    def series(companies: int) -> set[object]:
        with write(sqlite_engine) as conn:
            for n in range(companies):
                company_id = add_company(conn, f"{n}", NOW, zone="Europe/Paris")
                for provider in ("demo", "fec", "csv", "push"):
                    connection_for(conn, company_id, provider, NOW)
        return set(figures(scraped(sqlite_engine)))

    assert series(1) == series(40)
