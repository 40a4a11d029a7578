"""Who gets letters: added once, removed with all that is theirs, gone by their own link only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select

from app.companies import add_company, remove_company
from app.db import read, write
from app.digest import write_digest
from app.errors import BadInput, NotFound, Refused, SeuilError
from app.models.watch import letter, recipient, subscription
from app.recipients import (
    Recipient,
    add_recipient,
    find_recipient,
    recipient_of_token,
    recipients,
    remove_recipient,
    subscribe_again,
    unsubscribe,
)
from app.wording import SENTENCES
from tests.conftest import NOW

PARIS = "Europe/Paris"
LATER = NOW + timedelta(days=3)


@pytest.fixture
def demo(engine: Engine) -> str:
    """A demonstration."""
    with write(engine) as conn:
        return add_company(conn, "Démonstration", NOW, zone=PARIS, is_demo=True)


@pytest.fixture
def other(engine: Engine) -> str:
    """A second real company."""
    with write(engine) as conn:
        return add_company(conn, "Cordonnerie Vidal", NOW, zone=PARIS)


def add(engine: Engine, company_id: str, email: str = "lea@aubrac.fr", language: str = "fr", zone: str = PARIS) -> str:
    with write(engine) as conn:
        return add_recipient(conn, company_id, email, language, zone, NOW)


def listed(engine: Engine, company_id: str) -> list[Recipient]:
    with read(engine) as conn:
        return recipients(conn, company_id)


def refusal(engine: Engine, company_id: str, email: str = "lea@aubrac.fr", **more: str) -> SeuilError:
    """Give the error with which somebody isn't added, having seen that it has a sentence."""
    with pytest.raises(SeuilError) as caught:
        add(engine, company_id, email, **more)
    assert SENTENCES[caught.value.code].format(**caught.value.params)
    return caught.value


def add_letter(engine: Engine, recipient_id: str, state: str, content: dict[str, Any]) -> None:
    kept = {"id": state, "recipient_id": recipient_id, "kind": "digest", "period": state, "message_id": state}
    with write(engine) as conn:
        conn.execute(
            insert(letter).values(
                **kept, content=content, told_until=0, state=state, created_at=NOW, next_try_at=NOW + timedelta(days=1)
            )
        )


def count(engine: Engine, table: Any) -> int:
    with read(engine) as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def test_somebody_is_added_once_however_their_address_is_written(engine: Engine, company: str, other: str) -> None:
    first = add(engine, company, "  Lea@Aubrac.FR ")
    again = add(engine, company, "lea@aubrac.fr", "en", "Indian/Reunion")
    elsewhere = add(engine, other, "LEA@aubrac.fr", "en", "Indian/Reunion")

    assert first == again == elsewhere
    (one,) = listed(engine, company)
    assert (one.email, one.language, one.zone) == ("Lea@aubrac.fr", "en", "Indian/Reunion")
    assert (one.is_demo, one.created_at, one.unsubscribed_at) == (False, NOW, None)
    assert listed(engine, other) == [one]
    assert count(engine, subscription) == 2


def test_a_domain_beyond_ascii_is_one_domain_in_both_its_writings(engine: Engine, company: str) -> None:
    assert add(engine, company, "lea@École.fr") == add(engine, company, "lea@xn--cole-9oa.fr")
    assert [one.email for one in listed(engine, company)] == ["lea@école.fr"]


def test_of_many_who_add_the_same_address_at_once_one_makes_it(engine: Engine, company: str, other: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        written = [("lea@aubrac.fr", "Lea@aubrac.fr", "LEA@AUBRAC.FR")[n % 3] for n in range(6)]
        ids = list(pool.map(add, [engine] * 6, [company, other] * 3, written))

    assert len(set(ids)) == 1
    assert count(engine, recipient) == 1
    assert count(engine, subscription) == 2


@pytest.mark.parametrize(
    "email",
    [
        "",
        "lea",
        "@aubrac.fr",
        "lea@",
        "lea@aubrac..fr",
        "lea@aubrac.fr.",
        "lea@-aubrac.fr",
        ".lea@aubrac.fr",
        "lea durand@aubrac.fr",
        "Léa <lea@aubrac.fr>",
        "léa@aubrac.fr",
        "lea@aubrac.fr, bob@aubrac.fr",
        "lea@aubrac.fr;bob@aubrac.fr",
        "lea@bob@aubrac.fr",
        "lea@aubrac.fr\r\nBcc: bob@aubrac.fr",
        "lea@aubrac.fr\nX-Spam: no",
        "lea\x00@aubrac.fr",
        "lea@aub\x0brac.fr",
        "lea\u202e@aubrac.fr",
        "=?utf-8?q?bob=40evil.fr=2C?=@aubrac.fr",
        "lea@aubrac\uff20evil.fr",
        "lea@[127.0.0.1]",
        f"{'x' * 65}@aubrac.fr",
        f"lea@{'x' * 64}.fr",
        f"lea@{'.'.join(['x' * 60] * 5)}",
    ],
)
def test_what_is_not_one_plain_address_is_refused(sqlite_engine: Engine, email: str) -> None:
    with write(sqlite_engine) as conn:
        company_id = add_company(conn, "Aubrac", NOW, zone=PARIS)

    error = refusal(sqlite_engine, company_id, email)

    assert (type(error), error.code) == (BadInput, "bad_email")
    assert count(sqlite_engine, recipient) == 0


def test_a_language_or_a_zone_nobody_knows_is_refused(engine: Engine, company: str) -> None:
    assert refusal(engine, company, language="de").code == "bad_language"
    assert refusal(engine, company, zone="Europe/Aubrac").code == "bad_zone"
    assert refusal(engine, company, zone="../etc/passwd").code == "bad_zone"
    assert refusal(engine, company, zone="").code == "bad_zone"


def test_a_company_that_is_not_there_has_no_readers(engine: Engine) -> None:
    assert refusal(engine, "nobody").code == "no_such_company"


def test_a_demonstration_writes_to_nobody_real_and_nobody_made_up_reads_real_books(
    engine: Engine, company: str, demo: str
) -> None:
    assert refusal(engine, demo, "lea@aubrac.fr").code == "demo_recipient"
    assert refusal(engine, demo, "lea@example.com").code == "demo_recipient"
    assert refusal(engine, demo, "lea@notanexample").code == "demo_recipient"
    assert refusal(engine, company, "lea@atelier.example").code == "example_recipient"
    assert refusal(engine, company, "lea@atelier\u3002EXAMPLE").code == "example_recipient"

    add(engine, demo, "lea@atelier.EXAMPLE")
    assert [(one.email, one.is_demo) for one in listed(engine, demo)] == [("lea@atelier.example", True)]


def test_who_is_removed_from_one_company_still_reads_about_the_other(engine: Engine, company: str, other: str) -> None:
    lea = add(engine, company)
    add(engine, other)
    content = {"companies": [{"id": company}, {"id": other}], "told": {company: 7, other: 9}}
    for state in ("waiting", "refused", "sent"):
        add_letter(engine, lea, state, content)

    with write(engine) as conn:
        remove_recipient(conn, company, lea)

    assert listed(engine, company) == []
    assert [one.id for one in listed(engine, other)] == [lea]
    with read(engine) as conn:
        contents = {row.state: row.content for row in conn.execute(select(letter.c.state, letter.c.content))}
    assert contents["waiting"] == contents["refused"] == {"companies": [{"id": other}], "told": {other: 9}}
    assert contents["sent"] == content  # what somebody has got, they have got


def test_who_reads_about_no_company_is_forgotten_with_their_letters(engine: Engine, company: str) -> None:
    lea = add(engine, company)
    add_letter(engine, lea, "sent", {})

    with write(engine) as conn:
        remove_recipient(conn, company, lea)

    assert count(engine, recipient) == count(engine, subscription) == count(engine, letter) == 0
    with read(engine) as conn, pytest.raises(NotFound, match="no_such_recipient"):
        find_recipient(conn, lea)
    with write(engine) as conn, pytest.raises(NotFound, match="no_such_recipient"):
        remove_recipient(conn, company, lea)


def test_nobody_is_removed_by_way_of_another_company(engine: Engine, company: str, other: str) -> None:
    lea = add(engine, company)

    with write(engine) as conn, pytest.raises(NotFound, match="no_such_recipient"):
        remove_recipient(conn, other, lea)

    assert [one.id for one in listed(engine, company)] == [lea]


def test_who_left_by_their_link_comes_back_by_it_alone(engine: Engine, company: str, other: str) -> None:
    add(engine, company)
    (lea,) = listed(engine, company)

    with write(engine) as conn:
        first = unsubscribe(conn, lea.token, NOW)
        again = unsubscribe(conn, lea.token, LATER)
    assert first.unsubscribed_at == again.unsubscribed_at == NOW

    for company_id in (company, other):
        error = refusal(engine, company_id, "LEA@aubrac.fr")
        assert (type(error), error.code) == (Refused, "recipient_unsubscribed")
    assert listed(engine, other) == []

    with write(engine) as conn:
        assert subscribe_again(conn, lea.token) == lea
    assert listed(engine, company) == [lea]


def test_a_link_is_long_and_of_one_person_only(engine: Engine, company: str) -> None:
    add(engine, company)
    add(engine, company, "bob@aubrac.fr")
    bob, lea = listed(engine, company)

    assert bob.token != lea.token
    assert min(len(bob.token), len(lea.token)) >= 43
    with write(engine) as conn:
        unsubscribe(conn, bob.token, NOW)
        assert recipient_of_token(conn, lea.token) == lea
    for act in (recipient_of_token, subscribe_again, lambda conn, token: unsubscribe(conn, token, NOW)):
        with write(engine) as conn, pytest.raises(NotFound, match="no_such_link"):
            act(conn, lea.token[:-1])


def test_who_asked_for_no_more_letters_gets_none_though_taken_off_and_added_again(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        lea = add_recipient(conn, company, "lea@aubrac.fr", "fr", "Europe/Paris", NOW)
        token = find_recipient(conn, lea).token
        unsubscribe(conn, token, NOW)
        remove_recipient(conn, company, lea)
        assert recipients(conn, company) == []
        with pytest.raises(Refused, match="recipient_unsubscribed"):
            add_recipient(conn, company, "Lea@aubrac.fr", "fr", "Europe/Paris", NOW)
        subscribe_again(conn, token)  # by the link in any letter they got
        assert add_recipient(conn, company, "lea@aubrac.fr", "fr", "Europe/Paris", NOW) == lea


def test_a_letter_left_without_any_company_is_not_sent(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Garage Roux", NOW, zone="Europe/Paris")
        lea = add_recipient(conn, company, "lea@aubrac.fr", "fr", "Europe/Paris", NOW - timedelta(days=30))
    assert write_digest(engine, f"{lea}@2026-W48", lambda: NOW)
    with write(engine) as conn:
        add_recipient(conn, other, "lea@aubrac.fr", "fr", "Europe/Paris", NOW)
        remove_company(conn, company)
        assert conn.execute(select(letter.c.state)).scalars().all() == ["dropped"]


def test_a_zone_nobody_knows_makes_no_company(engine: Engine) -> None:
    with write(engine) as conn, pytest.raises(BadInput, match="bad_zone"):
        add_company(conn, "Garage Roux", NOW, zone="Europe/Pari")
