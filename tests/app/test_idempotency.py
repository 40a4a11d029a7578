"""Answers kept for requests that may be sent again."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from app.db import read, write
from app.errors import BadInput, Refused
from app.idempotency import CUT_SHORT_AFTER, KEPT_FOR, Kept, begin, finish, forget_kept, give_up
from app.models.kept_answers import kept_answer
from tests.conftest import NOW


def test_a_key_under_way_is_refused_until_it_was_cut_short(engine: Engine) -> None:
    with write(engine) as conn:
        assert begin(conn, "k", "a", "print", NOW) is None
    with write(engine) as conn, pytest.raises(Refused):
        begin(conn, "k", "a", "print", NOW + CUT_SHORT_AFTER)
    with write(engine) as conn:
        assert begin(conn, "k", "a", "print", NOW + CUT_SHORT_AFTER + timedelta(seconds=1)) is None


def test_answers_are_kept_for_a_day(engine: Engine) -> None:
    with write(engine) as conn:
        begin(conn, "k", "a", "print", NOW)
        finish(conn, "k", "a", Kept(201, "application/json", "{}"))
        begin(conn, "k", "b", "print", NOW)
        give_up(conn, "k", "b")
    with write(engine) as conn:
        assert begin(conn, "k", "a", "print", NOW + KEPT_FOR) == Kept(201, "application/json", "{}")
        with pytest.raises(BadInput):
            begin(conn, "k", "a", "another", NOW)
        assert forget_kept(conn, NOW + KEPT_FOR + timedelta(seconds=1)) == 1
    with read(engine) as conn:
        assert conn.execute(select(kept_answer)).all() == []
