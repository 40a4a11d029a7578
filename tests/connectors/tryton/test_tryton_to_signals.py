"""From a running Tryton to the five signals: read into a database as any source is, swept, reconciled, assessed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import read, write
from app.intake import Saved
from app.models.core import bookmark, connection
from app.models.records import document
from app.reconciliation import gaps
from app.rows import TABLES
from app.sources import sync_connection
from connectors.tryton import Tryton
from tests.connectors.tryton.tryton_server import Server

pytestmark = pytest.mark.live_tryton

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
EVERY = timedelta(hours=6)


class Company:
    """A company whose books are in a Tryton."""

    def __init__(self, engine: Engine, server: Server, database: str = "seuil") -> None:
        self.engine, self.server, self.database = engine, server, database
        with write(engine) as conn:
            self.id = add_company(conn, "Menuiserie Lissac", NOW, zone="Europe/Paris")
            self.connection_id = connection_for(conn, self.id, "tryton", NOW)

    def connect(self, _: Any, __: datetime) -> Tryton:
        return self.server.connector(self.database)

    def sync(self, now: datetime = NOW) -> Saved | None:
        return sync_connection(self.engine, self.connection_id, lambda: now, every=EVERY, connect=self.connect)

    def rows(self) -> dict[str, int]:
        with read(self.engine) as conn:
            counted = {
                stream.value: conn.execute(select(func.count()).select_from(table)).scalar_one()
                for stream, table in TABLES.items()
            }
        return {stream: n for stream, n in counted.items() if n}

    def measures(self) -> Mapping[str, Mapping[str, Any]]:
        body = assess_company(self.engine, self.id, NOW).content
        signals = {signal["name"]: signal for signal in body["signals"]}
        found: dict[str, Mapping[str, Any]] = {}
        for signal in signals.values():
            for measure in (signal["primary"], signal.get("half"), *signal["measures"]):
                if measure is not None:
                    found[measure["name"]] = measure
        return found


@pytest.fixture
def lissac(sqlite_engine: Engine, tryton: Server) -> Company:
    return Company(sqlite_engine, tryton)


def test_everything_is_kept_once_and_nothing_is_refused(lissac: Company) -> None:
    first, again = lissac.sync(), lissac.sync(NOW + EVERY)

    assert first is not None and again is not None  # noqa: PT018 - one question
    assert (first.refused, again.new, again.changed, again.refused) == (0, 0, 0, 0)
    assert lissac.rows() == {
        "invoices": 15, "payments": 5, "reminders": 4, "activities": 43, "staff": 3, "time": 3,
    }  # fmt: skip
    with read(lissac.engine) as conn:
        compared = [(row["direction"], row["ours"], row["theirs"]) for row in gaps(conn, lissac.connection_id)]
    assert compared == [("purchase", 2, 2), ("sale", 13, 13)]


def test_the_signals_that_it_can_feed_are_fed(lissac: Company) -> None:
    lissac.sync()
    measures = lissac.measures()
    known = {
        name: (each["value"], each["n"], each["tier"]) for name, each in measures.items() if each["value"] is not None
    }

    assert known == {
        "unreminded_rate": (1.0, 5, "direct"),
        "out_of_hours_share": (0.0, 7, "proxy"),
        "departures_ahead": (0.0, 2, "direct"),
        "credit_note_rate": (0.5, 4, "direct"),
        "duplicate_rate": (0.0, 14, "direct"),
        "numbering_gaps": (0.0, 12, "direct"),
        "sole_operator_share": (0.75, 4, "direct"),
        "effective_actors": (1.336086, 61, "direct"),
        "confirmed_duplicate_rate": (0.0, 12, "direct"),
        "contact_twin_share": (0.0, 6, "direct"),
        "back_dated_share": (0.0, 12, "direct"),
        "first_reminder_delay": (18.0, 8, "direct"),
        "reminder_gap_longest": (24.0, 2, "direct"),
        "paid_on_time": (0.222222, 9, "direct"),
        "days_versus_due": (2.25, 4, "direct"),
        "overdue_ratio": (1.0, 6, "direct"),
        "at_risk_share": (0.543237, 3, "direct"),
        "dso_best_possible": (0.0, 10, "direct"),
        "days_delinquent": (85.878733, 10, "direct"),
    }


def test_what_was_deleted_there_is_gone_here_after_a_sweep(sqlite_engine: Engine, tryton: Server) -> None:
    agathe = tryton.acting("agathe", "altered")
    (draft,) = agathe.call("account.invoice", "copy", [12], {})
    lissac = Company(sqlite_engine, tryton, "altered")
    lissac.sync()
    agathe.call("account.invoice", "delete", [draft])
    with write(sqlite_engine) as conn:  # it is a week later
        conn.execute(update(bookmark).values(swept_at=NOW - timedelta(days=8)))
    lissac.sync(NOW + EVERY)

    with read(sqlite_engine) as conn:
        gone = conn.execute(select(document.c.external_id).where(document.c.gone_at.is_not(None))).scalars()
        assert list(gone) == [str(draft)]
        assert conn.execute(select(connection.c.trouble)).scalar_one() is None
