"""The migrations make exactly the tables the code knows."""

from alembic import command
from sqlalchemy import Engine, inspect

from app.migrate import configuration, is_current, migrate
from app.models import metadata


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

    assert not set(inspect(engine).get_table_names()) & set(metadata.tables)
