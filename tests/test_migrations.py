"""The migrations make exactly the tables the code knows."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from alembic import command
from sqlalchemy import Engine, inspect, text

from app.assessment import assess_company
from app.companies import connection_for
from app.db import write
from app.intake import find_source, save_page
from app.migrate import configuration, is_current, migrate
from app.models import metadata
from app.retention import terms
from connectors.base import Page
from connectors.records import Cost, CostKind, Direction, DocumentKind, DocumentStatus, Invoice, Stream
from signals.calendar import day_number
from tests.conftest import NOW


def test_the_migrations_make_the_tables_the_code_knows(engine: Engine) -> None:
    config = configuration()
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.check(config)  # raises if a revision is missing


def test_migrating_a_current_database_does_nothing(engine: Engine) -> None:
    assert is_current(engine)
    assert migrate(engine) is False


def test_the_first_revision_can_be_undone(engine: Engine) -> None:
    config = configuration()
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.downgrade(config, "base")
        left = set(inspect(conn).get_table_names())
        command.upgrade(config, "head")  # the next test takes the database over

    assert not left & set(metadata.tables)
    assert is_current(engine)


def test_undoing_the_watch_keeps_every_record(engine: Engine, company: str) -> None:
    config = configuration()
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        page = Page(
            (Cost(external_id="c1", incurred_on=date(2026, 1, 31), kind=CostKind.SOFTWARE, amount=Decimal("12.00")),),
            {"line": "2"},
        )
        save_page(conn, source, Stream.COSTS, page, NOW)
    with write(engine) as conn:
        config.attributes["connection"] = conn
        command.downgrade(config, "0001")
        kept = conn.execute(text("SELECT count(*) FROM cost")).scalar_one()
        read_to = conn.execute(text("SELECT count(*) FROM bookmark")).scalar_one()
        command.upgrade(config, "head")

    assert (kept, read_to) == (1, 1)
    assert is_current(engine)


def test_documents_that_were_there_before_learn_when_they_were_entered_and_are_not_taken_for_changed(
    engine: Engine, company: str
) -> None:
    invoice = Invoice(
        external_id="F1", direction=Direction.SALE, kind=DocumentKind.INVOICE, status=DocumentStatus.FINAL, number="F1",
        party="C1", issued_on=date(2026, 7, 1), created_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC),
    )  # fmt: skip
    config = configuration()
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        save_page(conn, source, Stream.INVOICES, Page((invoice,), {"line": "2"}), NOW)
    with write(engine) as conn:
        config.attributes["connection"] = conn
        command.downgrade(config, "0004")
        command.upgrade(config, "head")
    with write(engine) as conn:
        again = save_page(conn, source, Stream.INVOICES, Page((invoice,), {"line": "2"}), NOW)
        minute = conn.execute(text("SELECT entered_minute FROM document")).scalar_one()

    assert minute == day_number(date(2026, 7, 2)) * 24 * 60 + 30  # by Paris's clock
    assert (again.changed, again.unchanged) == (0, 1)


def test_companies_that_were_there_stand_where_their_newest_answer_says(engine: Engine, company: str) -> None:
    config = configuration()
    assess_company(engine, company, NOW - timedelta(weeks=1))
    assess_company(engine, company, NOW)
    kept = text("SELECT * FROM standing")
    names = text("SELECT name_key FROM company")
    with write(engine) as conn:
        before, keys = conn.execute(kept).all(), conn.execute(names).all()
        config.attributes["connection"] = conn
        command.downgrade(config, "0015")
        command.upgrade(config, "head")
        after, keys_after = conn.execute(kept).all(), conn.execute(names).all()

    assert len(before) == 1
    assert after == before
    assert keys_after == keys != [("",)]


def test_a_company_that_was_there_before_terms_keeps_everything(engine: Engine, company: str) -> None:
    config = configuration()
    with write(engine) as conn:
        config.attributes["connection"] = conn
        command.downgrade(config, "0017")
        gone = "retention" not in inspect(conn).get_table_names()
        command.upgrade(config, "head")
        held = terms(conn, company)

    assert gone
    assert set(held.values()) == {None}
