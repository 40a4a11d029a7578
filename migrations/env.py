"""How alembic meets our tables: on the connection it is given, or on SEUIL_DATABASE_URL from the command line."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlalchemy import Connection

from app.db import open_database
from app.models import metadata
from app.models.types import Day, Instant
from app.settings import read_settings


def render_item(kind: str, thing: Any, _: Any) -> str | Literal[False]:
    """Write our column types as what they are in the database, so that old revisions never import our code."""
    if kind == "type" and isinstance(thing, Day):
        return "sa.Integer()"
    if kind == "type" and isinstance(thing, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, sa.BigInteger) and thing._variant_mapping:  # noqa: SLF001 - no public way
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False


def run(connection: Connection) -> None:
    """Run what alembic was asked to."""
    if connection.dialect.name == "sqlite":  # a table made anew must not stumble over the views that read it
        connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA legacy_alter_table = OFF")


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with open_database(read_settings().database_url).connect() as own, own.begin():
        run(own)
