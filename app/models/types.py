"""Column types: days as integers, instants in UTC; and the columns every record has."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from signals.calendar import day_number, day_of

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Day(TypeDecorator[date]):
    """A civil date, kept as days since 1970-01-01: a lag is then a subtraction in any database."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: date | int | None, dialect: Dialect) -> int | None:
        """Store a date (or a day number) as its number."""
        del dialect
        return day_number(value) if isinstance(value, date) else value

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:
        """Read a day number as a date."""
        del dialect
        return None if value is None else day_of(value)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept in UTC. Naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; SQLite knows no zones and keeps the UTC clock face."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"an instant needs a time zone: {value!r}"
            raise ValueError(message)
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Minor = BigInteger
"""Money in integer minor units."""

Key = BigInteger().with_variant(Integer, "sqlite")
"""An integer primary key that counts by itself on both databases."""


def company_column(**options: Any) -> Column[str]:
    """Say whose row it is; everything belongs to one company and goes with it."""
    return Column("company_id", String(36), ForeignKey("company.id", ondelete="CASCADE"), nullable=False, **options)


def connection_column(**options: Any) -> Column[str]:
    """Say which source a row came from."""
    return Column(
        "connection_id", String(36), ForeignKey("connection.id", ondelete="CASCADE"), nullable=False, **options
    )


def record_columns() -> list[Column[Any]]:
    """Give the columns every record has: identity, the source's version, and when we learnt it."""
    return [
        connection_column(primary_key=True),
        Column("external_id", String(255), primary_key=True),
        company_column(index=True),
        Column("source_version", String(64)),
        Column("row_hash", String(32), nullable=False),
        Column("first_known_at", Instant, nullable=False),
        Column("known_at", Instant, nullable=False),
        Column("gone_at", Instant),
    ]
