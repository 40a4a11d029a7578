"""The migrations make exactly the tables the code knows."""

from datetime import date
from decimal import Decimal

from alembic import command
from sqlalchemy import Engine, inspect, text

from app.companies import connection_for
from app.db import write
from app.intake import find_source, save_page
from app.migrate import configuration, is_current, migrate
from app.models import metadata
from connectors.base import Page
from connectors.records import Cost, CostKind, Stream
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
