"""The mail that Seuil stood still: once for each standstill, to those who rely on being told."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import Engine

from app.db import write
from app.jobs import beat
from app.letters import text_of
from app.watchdog import look_after
from tests.conftest import NOW
from tests.letter_causes import letters, read_about

HOUR = timedelta(hours=1)
SENDER, BASE = "Seuil <seuil@aubrac.fr>", "https://seuil.aubrac.fr"


def beating(engine: Engine) -> None:
    with write(engine) as conn:
        beat(conn, NOW)


def look(engine: Engine, after: timedelta, sent: list[EmailMessage] | None = None, *, begins: bool = False) -> int:
    post = None if sent is None else sent.append
    return look_after(engine, lambda: NOW + after, post, sender=SENDER, base_url=BASE, begins=begins)


def test_a_standstill_is_told_once_and_by_the_hand_that_found_it(engine: Engine, company: str) -> None:
    read_about(engine, company)
    beating(engine)
    sent: list[EmailMessage] = []

    assert [look(engine, after, sent) for after in (HOUR / 2, HOUR, 2 * HOUR, 30 * HOUR)] == [0, 1, 0, 0]
    (mail,) = sent
    assert "à l’arrêt depuis" in str(mail["Subject"])
    assert [row["state"] for row in letters(engine)] == ["sent"]


def test_at_the_next_start_it_is_told_that_it_runs_again_even_after_the_first_mail(
    engine: Engine, company: str
) -> None:
    read_about(engine, company)
    beating(engine)
    sent: list[EmailMessage] = []
    look(engine, HOUR, sent)

    assert look(engine, 5 * HOUR, sent, begins=True) == 1
    assert "a repris" in str(sent[1]["Subject"])


@pytest.mark.parametrize("begins", [True, False])
def test_a_restart_or_a_database_without_a_metronome_is_no_standstill(
    engine: Engine, company: str, begins: bool
) -> None:
    read_about(engine, company)
    assert look(engine, 100 * HOUR, begins=begins) == 0
    beating(engine)
    assert look(engine, HOUR / 3, begins=begins) == 0


def test_who_wants_nothing_at_once_hears_nothing_of_it(engine: Engine, company: str) -> None:
    from app.preferences import nothing_at_once  # noqa: PLC0415

    reader = read_about(engine, company)
    with write(engine) as conn:
        nothing_at_once(conn, reader)
    beating(engine)

    assert look(engine, 2 * HOUR) == 0


def test_without_a_mail_server_the_letter_waits_and_says_when(engine: Engine, company: str) -> None:
    read_about(engine, company)
    beating(engine)
    look(engine, 2 * HOUR)

    (row,) = letters(engine)
    text = text_of(row["content"] | {"language": "en"}, to="lea@aubrac.fr", base_url=BASE, unsubscribe_url=f"{BASE}/u")
    assert row["state"] == "waiting"
    assert "Seuil has stood still since 22 November 2026, 10:00" in " ".join(text.replace("\xa0", " ").split())
