"""The heartbeat that a watcher elsewhere hears: after each round that was done, and after no other."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine
from structlog.testing import capture_logs

from app.jobs import Step
from app.schedule import tick
from app.senders import ping
from tests.conftest import NOW
from tests.listener import Ear, listening


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as one:
        yield one


def test_each_round_that_was_done_is_heard_elsewhere(engine: Engine, ear: Ear) -> None:
    for minutes in range(3):
        tick(engine, lambda at=NOW + timedelta(minutes=minutes): at, (), lambda: ping(ear.address))  # type: ignore[misc]
    assert len(ear.heard) == 3


def test_a_round_in_which_a_step_stood_still_is_not(engine: Engine, ear: Ear) -> None:
    def broken(_: Connection, __: datetime) -> Sequence[str]:
        raise RuntimeError("nobody knows what is due")

    with capture_logs():
        tick(engine, lambda: NOW, [Step("broken", broken, lambda *_: None)], lambda: ping(ear.address))
    assert ear.heard == []


def test_a_watcher_that_is_away_stops_no_work_and_is_written_down(engine: Engine, ear: Ear) -> None:
    ear.answers = [503]
    with capture_logs() as logged:
        assert tick(engine, lambda: NOW, (), lambda: ping(ear.address)) == {}
        assert tick(engine, lambda: NOW, (), lambda: ping("http://127.0.0.1:9/nobody")) == {}
    assert [line["trouble"] for line in logged if line["event"] == "heartbeat_not_taken"] == ["503", "ConnectError"]
