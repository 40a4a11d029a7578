"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from app.db import write

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def configuration() -> Config:
    """Give alembic's configuration: the only setting is where the revisions are."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def is_current(engine: Engine) -> bool:
    """Say whether a database is of the newest schema."""
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    with engine.connect() as conn:
        return MigrationContext.configure(conn).get_current_revision() == newest


def migrate(engine: Engine) -> bool:
    """Upgrade to the newest revision in one transaction; say whether there was anything to do."""
    if is_current(engine):
        return False
    config = configuration()
    with write(engine) as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
    return True
