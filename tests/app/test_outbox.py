"""The outbox, against real mail servers: taken by one, sent, tried again, given up, refused."""

import ssl
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from app.db import read, write
from app.errors import NotFound, Refused
from app.faultpoints import _hooks, on_reaching
from app.letters import compose
from app.mail import Mailer, PermanentMailError, TemporaryMailError, mailer_of
from app.models.watch import letter, recipient, subscription
from app.outbox import (
    deliver,
    find_letter,
    letter_counts,
    letters_due,
    letters_of,
    trouble_text,
    try_again,
)
from app.settings import Settings
from tests.conftest import NOW
from tests.letter_contents import content, quiet
from tests.mail_server import HANG_UP, HOST, PASSWORD, USER, Desk, free_port, mail_server, make_certificate

MINUTE = timedelta(minutes=1)
SENDER = "Seuil <seuil@durand.example>"
BASE = "https://seuil.example.com"


class PulledPlug(BaseException):
    """The process is gone."""


def add_letter(engine: Engine, no: int = 1, **more: Any) -> str:
    """Keep a recipient and a letter to them, without any step that would write one."""
    who = {
        "id": f"r{no}",
        "email": f"claire{no}@durand.example",
        "language": "fr",
        "zone": "Europe/Paris",
        "token": f"token-{no}",
        "is_demo": more.pop("is_demo", False),
        "created_at": NOW,
        "unsubscribed_at": more.pop("unsubscribed_at", None),
    }
    kept = {
        "id": f"l{no}",
        "recipient_id": f"r{no}",
        "kind": "weekly",
        "period": "2026-W47",
        "message_id": f"<{no}.2026-W47@seuil.example.com>",
        "content": content(quiet()),
        "told_until": 7,
        "state": "waiting",
        "created_at": NOW,
        "next_try_at": NOW,
    }
    with write(engine) as conn:
        conn.execute(insert(recipient).values(**who))
        conn.execute(insert(letter).values(**(kept | more)))
    return str(kept["id"])


def due(engine: Engine, now: datetime = NOW) -> list[str]:
    with read(engine) as conn:
        return letters_due(conn, now)


def row(engine: Engine, letter_id: str = "l1") -> dict[str, Any]:
    with read(engine) as conn:
        return dict(find_letter(conn, letter_id))


def mailer(desk: Desk, **more: Any) -> Mailer:
    known: dict[str, Any] = {"host": HOST, "port": desk.port, "security": "none", "sender": SENDER, "timeout_s": 5.0}
    return Mailer(**(known | more))


def post(engine: Engine, send: Any, now: datetime = NOW) -> None:
    for key in due(engine, now):
        deliver(engine, key, lambda: now, send, sender=SENDER, base_url=BASE)


def test_a_letter_that_is_due_is_sent_once_and_marked(engine: Engine) -> None:
    add_letter(engine)
    with mail_server() as desk:
        post(engine, mailer(desk).send)
        post(engine, mailer(desk).send, NOW + timedelta(days=1))
    sent = row(engine)

    assert len(desk.letters) == 1
    assert desk.letters[0]["To"] == "claire1@durand.example"
    assert desk.letters[0]["Message-ID"] == "<1.2026-W47@seuil.example.com>"
    assert desk.letters[0]["List-Unsubscribe"] == f"<{BASE}/unsubscribe/token-1>"
    assert "Menuiserie Aubrac" in str(desk.letters[0]["Subject"])
    assert (sent["state"], sent["sent_at"], sent["trouble"], sent["attempts"]) == ("sent", NOW, None, 1)


def test_the_oldest_letter_goes_first(engine: Engine) -> None:
    add_letter(engine, 1)
    add_letter(engine, 2, created_at=NOW - MINUTE)
    add_letter(engine, 3, next_try_at=NOW + MINUTE)

    assert due(engine) == ["l2@0", "l1@0"]


def test_a_busy_server_is_asked_again_later_and_later(engine: Engine) -> None:
    add_letter(engine)
    desk = Desk(answers=["451 4.3.0 try later"] * 2)
    with mail_server(desk):
        post(engine, mailer(desk).send)
        first = row(engine)
        post(engine, mailer(desk).send, NOW + 4 * MINUTE)  # not due yet
        post(engine, mailer(desk).send, NOW + 5 * MINUTE)
        second = row(engine)
        post(engine, mailer(desk).send, NOW + 15 * MINUTE)

    assert (first["state"], first["trouble"]) == ("waiting", "mail_answered: 451 4.3.0 try later")
    assert first["next_try_at"] == NOW + 5 * MINUTE
    assert (second["attempts"], second["next_try_at"]) == (2, NOW + 15 * MINUTE)
    assert row(engine)["state"] == "sent"
    assert row(engine)["trouble"] is None


def test_an_address_the_server_does_not_know_is_not_asked_for_again(engine: Engine) -> None:
    add_letter(engine)
    with mail_server(Desk(to_recipient="550 5.1.1 no such user")) as desk:
        post(engine, mailer(desk).send)
        post(engine, mailer(desk).send, NOW + timedelta(days=1))

    assert row(engine)["state"] == "refused"
    assert row(engine)["attempts"] == 1
    assert "550 5.1.1 no such user" in trouble_text(row(engine)["trouble"], "en")


def test_after_three_days_of_trying_a_letter_is_given_up(engine: Engine) -> None:
    add_letter(engine)
    nobody = Mailer(HOST, free_port(), "none", SENDER)
    now = NOW
    while row(engine)["state"] == "waiting":
        now = row(engine)["next_try_at"]
        post(engine, nobody.send, now)

    assert timedelta(days=3) <= now - NOW < timedelta(days=3, hours=6)
    assert row(engine)["state"] == "refused"
    assert row(engine)["trouble"].startswith("mail_gave_up: mail_unreachable: ")
    assert "Given up after three days" in trouble_text(row(engine)["trouble"], "en")
    assert "can’t be reached" in trouble_text(row(engine)["trouble"], "en")


def test_a_letter_that_waited_for_a_mail_server_for_a_week_gets_a_second_try(engine: Engine) -> None:
    add_letter(engine, created_at=NOW - timedelta(days=7))
    post(engine, Mailer(HOST, free_port(), "none", SENDER).send)

    assert row(engine)["state"] == "waiting"


def test_without_a_mail_server_letters_wait_and_can_be_seen(engine: Engine) -> None:
    add_letter(engine)
    post(engine, None)

    assert row(engine)["state"] == "waiting"
    assert row(engine)["attempts"] == 0
    with read(engine) as conn:
        assert letter_counts(conn)["waiting"] == 1


def test_who_unsubscribed_meanwhile_gets_nothing(engine: Engine) -> None:
    add_letter(engine, unsubscribed_at=NOW - MINUTE)
    with mail_server() as desk:
        post(engine, mailer(desk).send)

    assert desk.raw == []
    assert row(engine)["state"] == "dropped"
    assert due(engine, NOW + timedelta(days=1)) == []


def test_letters_of_a_demonstration_never_leave(engine: Engine) -> None:
    add_letter(engine, 1, is_demo=True, state="kept")
    add_letter(engine, 2, is_demo=True)  # even if somebody had put it there to be sent
    with mail_server() as desk:
        post(engine, mailer(desk).send)

    assert desk.raw == []
    assert (row(engine, "l1")["state"], row(engine, "l2")["state"]) == ("kept", "kept")
    assert row(engine, "l1")["attempts"] == 0


def test_of_two_that_deliver_the_same_letter_one_gets_it(engine: Engine) -> None:
    add_letter(engine)
    (key,) = due(engine)
    started, sent = threading.Barrier(2), list[EmailMessage]()

    def one() -> None:
        started.wait()
        deliver(engine, key, lambda: NOW, sent.append, sender=SENDER, base_url=BASE)

    both = [threading.Thread(target=one) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert len(sent) == 1
    assert row(engine)["attempts"] == 1


@pytest.mark.parametrize(
    ("point", "mails"), [("send.claimed", 1), ("send.composed", 1), ("send.accepted", 2), ("send.marked", 1)]
)
def test_killed_anywhere_a_letter_is_never_lost_and_keeps_its_name(engine: Engine, point: str, mails: int) -> None:
    add_letter(engine)

    def pull(reached: str) -> None:
        if reached == point:
            raise PulledPlug

    on_reaching(pull)
    with mail_server() as desk:
        try:
            with pytest.raises(PulledPlug):
                post(engine, mailer(desk).send)
        finally:
            _hooks.remove(pull)
        post(engine, mailer(desk).send, NOW + 9 * MINUTE)  # still leased
        post(engine, mailer(desk).send, NOW + 10 * MINUTE)

    assert row(engine)["state"] == "sent"
    assert len(desk.letters) == mails
    assert {str(one["Message-ID"]) for one in desk.letters} == {"<1.2026-W47@seuil.example.com>"}


def test_who_lost_the_lease_does_not_mark_the_letter(engine: Engine) -> None:
    add_letter(engine)

    def slow(_: EmailMessage) -> None:
        later = NOW + 11 * MINUTE
        (key,) = due(engine, later)
        deliver(engine, key, lambda: later, lambda _: None, sender=SENDER, base_url=BASE)
        raise TemporaryMailError("mail_hung_up")

    post(engine, slow)

    assert row(engine)["state"] == "sent"
    assert row(engine)["sent_at"] == NOW + 11 * MINUTE


def test_a_fault_of_ours_is_kept_raised_and_tried_again(engine: Engine) -> None:
    add_letter(engine, content={"language": "fr"})

    with pytest.raises(KeyError):
        post(engine, lambda _: None)

    assert row(engine)["trouble"] == "mail_fault: KeyError"
    assert row(engine)["next_try_at"] == NOW + 5 * MINUTE


def test_a_refused_letter_can_be_tried_again_by_hand(engine: Engine) -> None:
    add_letter(engine)
    with mail_server(Desk(answers=["554 no"])) as desk:
        post(engine, mailer(desk).send)
        with write(engine) as conn:
            try_again(conn, "l1", NOW + MINUTE)
        post(engine, mailer(desk).send, NOW + MINUTE)

    assert row(engine)["state"] == "sent"
    with write(engine) as conn, pytest.raises(Refused):
        try_again(conn, "l1", NOW)
    with write(engine) as conn, pytest.raises(NotFound):
        try_again(conn, "nobody", NOW)


def test_letters_are_listed_newest_first_for_a_company_or_for_all(engine: Engine, company: str) -> None:
    add_letter(engine, 1)
    add_letter(engine, 2, created_at=NOW + MINUTE)
    with write(engine) as conn:
        conn.execute(insert(subscription).values(recipient_id="r1", company_id=company, created_at=NOW))
    with read(engine) as conn:
        every, of_company = letters_of(conn, None, 10), letters_of(conn, company, 10)

    assert [one["email"] for one in every] == ["claire2@durand.example", "claire1@durand.example"]
    assert [one["id"] for one in of_company] == ["l1"]
    assert "content" not in every[0]
    with read(engine) as conn:
        assert len(letters_of(conn, None, 1)) == 1


# The mail server


def a_letter(**more: Any) -> EmailMessage:
    known: dict[str, Any] = {"to": "claire@durand.example", "sender": SENDER, "message_id": "1@x", "sent_on": NOW}
    known |= {"base_url": BASE, "unsubscribe_url": f"{BASE}/unsubscribe/t"}
    return compose(content(quiet()), **(known | more))


@pytest.mark.parametrize(
    ("desk", "kind", "said"),
    [
        (Desk(answers=["451 busy"]), TemporaryMailError, "mail_answered: 451 busy"),
        (Desk(answers=["552 too large"]), PermanentMailError, "mail_answered: 552 too large"),
        (Desk(to_recipient="450 greylisted"), TemporaryMailError, "mail_answered: 450 greylisted"),
        (Desk(to_recipient="550 unknown"), PermanentMailError, "mail_answered: 550 unknown"),
        (Desk(to_sender="553 not you"), PermanentMailError, "mail_answered: 553 not you"),
        (Desk(to_sender="530 sign in first"), TemporaryMailError, "mail_login_failed: 530 sign in first"),
        (Desk(answers=[HANG_UP]), TemporaryMailError, "mail_hung_up"),
    ],
)
def test_what_a_server_answers_says_whether_another_try_may_help(desk: Desk, kind: type, said: str) -> None:
    with mail_server(desk), pytest.raises(kind) as caught:
        mailer(desk).send(a_letter())

    assert str(caught.value).startswith(said)


def test_a_server_that_ends_badly_after_taking_a_letter_on_has_taken_it_on() -> None:
    with mail_server(Desk(to_quit=HANG_UP)) as desk:
        mailer(desk).send(a_letter())

    assert len(desk.raw) == 1


def test_nobody_there_is_for_later() -> None:
    with pytest.raises(TemporaryMailError, match="mail_unreachable"):
        Mailer(HOST, free_port(), "none", SENDER).send(a_letter())


def test_an_address_that_a_server_has_no_letters_for_is_refused_for_good() -> None:
    with mail_server(ascii_only=True) as desk, pytest.raises(PermanentMailError, match="mail_not_sendable"):
        mailer(desk).send(a_letter(to="cläire@durand.example"))


def test_never_in_clear_where_encryption_is_asked_for() -> None:
    with mail_server() as desk, pytest.raises(TemporaryMailError, match="mail_no_starttls"):
        mailer(desk, security="starttls", user=USER, password=PASSWORD).send(a_letter())

    assert desk.raw == []


def test_a_certificate_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    with mail_server(certificate=make_certificate(tmp_path)) as desk:
        with pytest.raises(TemporaryMailError, match="mail_tls_failed"):
            mailer(desk, security="starttls", user=USER, password=PASSWORD).send(a_letter())
        assert desk.raw == []


def test_a_trusted_server_lets_our_account_in_over_tls(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with mail_server(certificate=certificate) as desk:
        mine = mailer(desk, security="starttls", user=USER, password=PASSWORD, ssl_context=trusting)
        mine.send(a_letter())
        with pytest.raises(TemporaryMailError, match="mail_login_failed") as caught:
            replace(mine, password="a-wrong-one").send(a_letter())

    assert len(desk.letters) == 1
    assert "a-wrong-one" not in str(caught.value)


def test_a_password_is_in_no_error_and_no_printout() -> None:
    settings = Settings(smtp_host=HOST, smtp_user=USER, smtp_password=PASSWORD)
    mine = mailer_of(settings)
    assert mine is not None
    with mail_server(Desk(to_sender=f"535 {PASSWORD} is wrong")) as desk, pytest.raises(TemporaryMailError) as caught:
        replace(mine, port=desk.port, security="none", user=None).send(a_letter())

    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(mine)


def test_without_a_mail_server_in_the_settings_there_is_no_mailer() -> None:
    assert mailer_of(Settings()) is None


def test_a_letter_is_sent_to_one_and_says_from_whom(engine: Engine) -> None:
    add_letter(engine)
    with write(engine) as conn:
        conn.execute(update(letter).values(content=content(quiet(), language="en")))
    with mail_server() as desk:
        post(engine, mailer(desk).send)
    (arrived,) = desk.letters

    assert str(arrived["From"]) == SENDER
    assert str(arrived["Subject"]) == "Menuiserie Aubrac: not needed – nothing new"
    text = arrived.get_body(("plain",))
    assert text is not None
    assert "Nothing has changed since the last letter." in text.get_content()
    with read(engine) as conn:
        assert conn.execute(select(letter.c.leased_until)).scalar() is None
