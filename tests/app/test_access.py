"""Who may come in, and for how long."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from app.access import (
    KEY_PREFIX,
    SIGNED_IN_FOR,
    Reader,
    holder_with,
    keys,
    let_in,
    make_key,
    make_owner,
    reader_of_key,
    reader_of_token,
    revoke_key,
    set_language,
    set_password,
    sign_out,
)
from app.db import read, write
from app.errors import NotSignedIn
from app.models.people import account_holder, api_key, sign_in

EMAIL, PASSWORD = "owner@aubrac.example", "un mot de passe"
SECOND = timedelta(seconds=1)


@pytest.fixture
def owned(engine: Engine, now: datetime) -> Engine:
    with write(engine) as conn:
        make_owner(conn, EMAIL, PASSWORD, now)
    return engine


def come_in(engine: Engine, now: datetime, password: str = PASSWORD, email: str = EMAIL) -> str:
    with write(engine) as conn:
        return let_in(conn, holder_with(conn, email, password), now)


def reader(engine: Engine, token: str, now: datetime) -> Reader | None:
    with read(engine) as conn:
        return reader_of_token(conn, token, now)


def test_an_owner_is_made_once(engine: Engine, now: datetime) -> None:
    with write(engine) as conn:
        made = make_owner(conn, EMAIL, None, now)
        again = make_owner(conn, "other@aubrac.example", "another", now)

    assert again is None
    assert made is not None
    token = come_in(engine, now, made)
    found = reader(engine, token, now)
    assert found is not None
    assert found.name == EMAIL
    with pytest.raises(NotSignedIn):
        come_in(engine, now, "another", "other@aubrac.example")


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "un mot de passe "), (EMAIL, ""), ("nobody@x.fr", PASSWORD)])
def test_a_wrong_password_or_name_lets_nobody_in(email: str, password: str, owned: Engine, now: datetime) -> None:
    with pytest.raises(NotSignedIn) as refusal:
        come_in(owned, now, password, email)

    assert refusal.value.code == "wrong_password"
    with read(owned) as conn:
        assert conn.execute(select(sign_in)).all() == []


def test_a_sign_in_ends_after_its_time(owned: Engine, now: datetime) -> None:
    token = come_in(owned, now)

    assert reader(owned, token, now + SIGNED_IN_FOR - SECOND) is not None
    assert reader(owned, token, now + SIGNED_IN_FOR) is None
    assert reader(owned, token + "x", now) is None


def test_signing_in_removes_sign_ins_that_ended(owned: Engine, now: datetime) -> None:
    come_in(owned, now)
    come_in(owned, now + SIGNED_IN_FOR + SECOND)

    with read(owned) as conn:
        assert len(conn.execute(select(sign_in)).all()) == 1


def test_signing_out_ends_one_sign_in(owned: Engine, now: datetime) -> None:
    one, other = come_in(owned, now), come_in(owned, now)

    with write(owned) as conn:
        sign_out(conn, one)

    assert reader(owned, one, now) is None
    assert reader(owned, other, now) is not None


def test_a_new_password_ends_every_sign_in(owned: Engine, now: datetime) -> None:
    token = come_in(owned, now)

    with write(owned) as conn:
        assert set_password(conn, EMAIL, "un autre") is True
        assert set_password(conn, "nobody@x.fr", "un autre") is False

    assert reader(owned, token, now) is None
    with pytest.raises(NotSignedIn):
        come_in(owned, now)
    assert reader(owned, come_in(owned, now, "un autre"), now) is not None


def test_neither_passwords_nor_tokens_are_kept(owned: Engine, now: datetime) -> None:
    token = come_in(owned, now)
    with write(owned) as conn:
        key = make_key(conn, "export", now)

    with read(owned) as conn:
        kept = str([conn.execute(select(table)).all() for table in (account_holder, sign_in, api_key)])
    assert not [secret for secret in (PASSWORD, token, key, key.removeprefix(KEY_PREFIX)) if secret in kept]
    assert "$argon2id$" in kept


def test_a_key_lets_in_until_it_is_revoked(engine: Engine, now: datetime) -> None:
    with write(engine) as conn:
        key, other = make_key(conn, "export", now), make_key(conn, "till", now)
        assert reader_of_key(conn, key) == Reader("key export")
        assert reader_of_key(conn, key.removeprefix(KEY_PREFIX)) is None
        (listed,) = [one for one in keys(conn) if one["name"] == "export"]
        assert "key_hash" not in listed

        revoke_key(conn, str(listed["id"]), now)
        revoke_key(conn, str(listed["id"]), now + SECOND)  # a second time changes nothing

        assert reader_of_key(conn, key) is None
        assert reader_of_key(conn, other) == Reader("key till")
        assert [one["revoked_at"] for one in keys(conn) if one["name"] == "export"] == [now]


def test_a_language_is_remembered(owned: Engine, now: datetime) -> None:
    token = come_in(owned, now)
    found = reader(owned, token, now)
    assert found is not None
    assert (found.language, found.holder_id is None) == (None, False)

    with write(owned) as conn:
        set_language(conn, str(found.holder_id), "fr")

    again = reader(owned, token, now)
    assert again is not None
    assert again.language == "fr"
