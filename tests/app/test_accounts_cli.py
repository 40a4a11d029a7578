"""Accounts and keys at the command line."""

import re

import pytest
from sqlalchemy import Engine, select

from app.access import holder_called, make_holder, make_owner, note_failure
from app.accounts_cli import at_the_machine, end_lock, invite_one, print_accounts, print_key, set_role
from app.api_keys import reader_of_key
from app.db import read, write
from app.errors import BadInput, NotFound, Refused
from app.members import find_invitation
from app.models.access import audit_entry
from app.roles import Ability
from app.settings import Settings
from tests.conftest import NOW

OWNER = "owner@aubrac.test"
SETTINGS = Settings(database_url="sqlite://", public_url="https://seuil.test")


@pytest.fixture
def owned(sqlite_engine: Engine) -> Engine:
    with write(sqlite_engine) as conn:
        make_owner(conn, OWNER, "quatre petits chats", NOW)
    return sqlite_engine


def test_an_invitation_prints_a_link_that_is_good_and_says_that_no_mail_went(
    owned: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    invite_one(owned, SETTINGS, "lea@aubrac.test", "auditor", None, now=NOW, spoken="en")
    told = capsys.readouterr()

    link = re.search(r"https://seuil\.test/invitations/([\w-]+)", told.out)
    assert link is not None
    assert "lea@aubrac.test is invited as auditor: every company" in told.out
    assert told.err.strip()
    with read(owned) as conn:
        assert find_invitation(conn, link.group(1), NOW)["role"] == "auditor"
        assert conn.execute(select(audit_entry.c.who, audit_entry.c.what)).all() == [(at_the_machine(), "accounts")]


def test_roles_are_listed_given_and_taken(owned: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    with write(owned) as conn:
        make_holder(conn, "lea@aubrac.test", None, NOW)
    set_role(owned, "lea@aubrac.test", "viewer", None, now=NOW, spoken="fr")
    print_accounts(owned, "fr")
    said = capsys.readouterr().out
    assert "lea@aubrac.test est maintenant lecteur\u202f: toutes les entreprises." in said
    assert "owner@aubrac.test\u202f: propriétaire, toutes les entreprises" in said

    set_role(owned, "lea@aubrac.test", None, None, now=NOW, spoken="fr")
    with read(owned) as conn:
        assert holder_called(conn, "lea@aubrac.test") is None
    with pytest.raises(Refused):
        set_role(owned, OWNER, None, None, now=NOW, spoken="fr")
    with pytest.raises(NotFound):
        set_role(owned, "nobody@aubrac.test", "viewer", None, now=NOW, spoken="fr")
    with pytest.raises(BadInput):
        set_role(owned, OWNER, "king", None, now=NOW, spoken="fr")


def test_a_lock_is_ended(owned: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    with write(owned) as conn:
        note_failure(conn, OWNER, NOW)
    end_lock(owned, OWNER, "en")
    end_lock(owned, OWNER, "en")

    assert capsys.readouterr().out.splitlines() == [f"{OWNER} may try again.", f"{OWNER} is not locked."]


def test_a_key_is_made_for_one_purpose(owned: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    print_key(owned, "tableur", None, "read", days=30, now=NOW)
    with read(owned) as conn:
        found = reader_of_key(conn, capsys.readouterr().out.strip(), NOW)

    assert found is not None
    assert found.held.everywhere == {Ability.READ}
    with pytest.raises(BadInput):
        print_key(owned, "tableur", None, "everything", days=0, now=NOW)
