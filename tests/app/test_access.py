"""Who may come in, and for how long."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from app.access import (
    IDLE_FOR,
    LOCKED_FOR,
    OLD_TOKEN_FOR,
    SIGNED_IN_FOR,
    TOKEN_CHANGES_AFTER,
    TRIES,
    TRIES_WITHIN,
    Reader,
    change_token,
    end_if_stolen,
    holder_with,
    is_locked,
    let_in,
    make_owner,
    note_failure,
    reader_of_token,
    set_language,
    set_password,
    sign_out,
    unlock,
)
from app.api_keys import KEY_PREFIX, keys, make_key, reader_of_key, revoke_key
from app.db import read, write
from app.errors import NotSignedIn
from app.models.access import account_holder, api_key, sign_in

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
    with write(owned) as conn:
        later = change_token(conn, token, now + IDLE_FOR - SECOND)
    assert later is not None

    assert reader(owned, later, now + SIGNED_IN_FOR - SECOND) is not None
    assert reader(owned, later, now + SIGNED_IN_FOR) is None
    assert reader(owned, token + "x", now) is None


def test_a_sign_in_that_nobody_uses_ends_sooner(owned: Engine, now: datetime) -> None:
    token = come_in(owned, now)

    assert reader(owned, token, now + IDLE_FOR - SECOND) is not None
    assert reader(owned, token, now + IDLE_FOR) is None


def test_a_token_changes_with_use_and_the_one_before_counts_a_moment_longer(owned: Engine, now: datetime) -> None:
    token, used = come_in(owned, now), now + TOKEN_CHANGES_AFTER
    with write(owned) as conn:
        assert change_token(conn, token, used - SECOND) is None
        new = change_token(conn, token, used)
        assert change_token(conn, token, used) is None  # another request of the same browser
    assert new is not None

    assert reader(owned, new, used) is not None
    assert reader(owned, token, used + OLD_TOKEN_FOR - SECOND) is not None
    assert reader(owned, token, used + OLD_TOKEN_FOR) is None


def test_a_token_shown_long_after_it_changed_ends_the_sign_in(owned: Engine, now: datetime) -> None:
    token, used = come_in(owned, now), now + TOKEN_CHANGES_AFTER
    with write(owned) as conn:
        new = change_token(conn, token, used)
        assert new is not None
        assert end_if_stolen(conn, token, used + OLD_TOKEN_FOR - SECOND) is False
        assert end_if_stolen(conn, token, used + OLD_TOKEN_FOR) is True

    assert reader(owned, new, used + OLD_TOKEN_FOR) is None


@pytest.mark.parametrize("email", [EMAIL, "nobody@aubrac.example"])
def test_ten_failures_lock_a_name_for_a_while_whether_there_is_such_an_account_or_not(
    owned: Engine, now: datetime, email: str
) -> None:
    with write(owned) as conn:
        for n in range(TRIES):
            assert is_locked(conn, email, now) is False
            note_failure(conn, email, now + n * SECOND)
        assert is_locked(conn, email.upper(), now + TRIES * SECOND) is True
        assert is_locked(conn, "another@aubrac.example", now + TRIES * SECOND) is False
        assert is_locked(conn, email, now + (TRIES - 1) * SECOND + LOCKED_FOR) is False
        note_failure(conn, email, now + TRIES * SECOND)
        assert unlock(conn, email) is True
        assert is_locked(conn, email, now + TRIES * SECOND) is False


def test_failures_far_apart_lock_nobody_out(owned: Engine, now: datetime) -> None:
    with write(owned) as conn:
        for n in range(3 * TRIES):
            note_failure(conn, EMAIL, now + n * TRIES_WITHIN / (TRIES - 2))
            assert is_locked(conn, EMAIL, now + n * TRIES_WITHIN / (TRIES - 2)) is False


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
        found = reader_of_key(conn, key, now)
        assert found is not None
        assert (found.name, found.holder_id) == ("key export", None)
        assert reader_of_key(conn, key.removeprefix(KEY_PREFIX), now) is None
        (listed,) = [one for one in keys(conn) if one["name"] == "export"]
        assert "key_hash" not in listed

        revoke_key(conn, str(listed["id"]), now)
        revoke_key(conn, str(listed["id"]), now + SECOND)  # a second time changes nothing

        assert reader_of_key(conn, key, now) is None
        assert reader_of_key(conn, other, now) is not None
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
