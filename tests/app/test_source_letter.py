"""A source that refuses us: the letter that asks a person to act, once, to the right one, sent and readable."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, select, update

from app.companies import add_company, connection_for, remove_company
from app.db import read, write
from app.letter_words import letter_view, subject_of
from app.letters import compose
from app.models.core import connection
from app.models.watch import letter, recipient
from app.outbox import letters_due
from app.recipients import add_recipient
from app.sources import sync_connection
from connectors.base import Pages
from connectors.errors import AccessDenied
from connectors.records import Stream

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EVERY = timedelta(hours=6)
BASE = "https://seuil.example"


class Refusing:
    """A source that lacks a right, or refuses the key."""

    name: ClassVar[str] = "demo"

    def __init__(self, error: AccessDenied) -> None:
        self.error = error

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        def pages(_: object) -> Any:
            raise self.error

        return {Stream.INVOICES: pages}


MISSING = AccessDenied(code="right_missing", params={"right": "facture/lire"})
REFUSED = AccessDenied(code="access_refused", params={"host": "erp.example.com", "status": "401"})


@pytest.fixture
def source(engine: Engine, company: str) -> str:
    with write(engine) as conn:
        for email in ("lea@aubrac.fr", "daf@aubrac.fr"):
            add_recipient(conn, company, email, "fr", "Europe/Paris", NOW)
        return connection_for(conn, company, "demo", NOW)


@pytest.fixture
def refuse(engine: Engine, source: str) -> Callable[[AccessDenied], None]:
    def once(error: AccessDenied) -> None:
        assert sync_connection(engine, source, lambda: NOW, every=EVERY, connect=lambda *_: Refusing(error)) is None

    return once


def letters(engine: Engine) -> list[tuple[str, dict[str, Any]]]:
    with read(engine) as conn:
        rows = conn.execute(
            select(recipient.c.email, letter.c.content)
            .join(recipient, recipient.c.id == letter.c.recipient_id)
            .order_by(letter.c.id)
        )
        return [(str(row.email), row.content) for row in rows]


def test_all_readers_are_asked_where_nobody_is_known_to_have_connected_it(
    engine: Engine, refuse: Callable[[AccessDenied], None]
) -> None:
    refuse(MISSING)

    assert sorted(email for email, _ in letters(engine)) == ["daf@aubrac.fr", "lea@aubrac.fr"]
    with read(engine) as conn:
        assert len(letters_due(conn, NOW)) == 2


def test_whoever_connected_it_is_asked_alone(
    engine: Engine, source: str, refuse: Callable[[AccessDenied], None]
) -> None:
    with write(engine) as conn:
        conn.execute(update(connection).where(connection.c.id == source).values(connected_by="DAF@aubrac.fr"))
    refuse(MISSING)

    assert [email for email, _ in letters(engine)] == ["daf@aubrac.fr"]


def test_the_same_refusal_is_told_once_and_another_anew(engine: Engine, refuse: Callable[[AccessDenied], None]) -> None:
    for error in (MISSING, MISSING, REFUSED):
        refuse(error)

    assert Counter(content["source"]["code"] for _, content in letters(engine)) == {
        "right_missing": 2,
        "access_refused": 2,
    }


def test_the_letter_names_the_missing_right_and_leads_to_the_connection(
    engine: Engine, company: str, refuse: Callable[[AccessDenied], None]
) -> None:
    refuse(MISSING)
    _, content = letters(engine)[0]
    links = {"base_url": BASE, "unsubscribe_url": f"{BASE}/unsubscribe/x"}
    mail = compose(content, to="lea@aubrac.fr", sender="Seuil <s@x.fr>", message_id="1@x", sent_on=NOW, **links)
    view = letter_view(content, email="lea@aubrac.fr", **links)
    body = mail.get_body(("plain",))

    assert "Menuiserie Aubrac" in subject_of(content)
    assert "refuse l’accès" in subject_of(content)
    assert "facture/lire" in view.headline
    assert body is not None
    text = " ".join(body.get_content().split())
    assert "facture/lire" in text
    assert f"{BASE}/companies/{company}/connections" in text


def test_of_a_company_that_was_removed_nobody_is_asked_and_of_another_they_still_are(
    engine: Engine, company: str, refuse: Callable[[AccessDenied], None]
) -> None:
    refuse(MISSING)
    with write(engine) as conn:
        other = add_company(conn, "Brocéliande", NOW, zone="Europe/Paris")
        for email in ("lea@aubrac.fr", "daf@aubrac.fr"):
            add_recipient(conn, other, email, "fr", "Europe/Paris", NOW)
        remove_company(conn, other)
        assert len(letters_due(conn, NOW)) == 2
        for email in ("lea@aubrac.fr", "daf@aubrac.fr"):
            add_recipient(conn, add_company(conn, email, NOW, zone="Europe/Paris"), email, "fr", "Europe/Paris", NOW)
        remove_company(conn, company)
        assert letters_due(conn, NOW) == []
