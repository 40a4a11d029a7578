"""Exchange rates, by day: what one euro was worth, for the whole house."""

from sqlalchemy import BigInteger, Column, String, Table

from app.models.types import Day, metadata

exchange_rate = Table(
    "exchange_rate",
    metadata,
    Column("currency", String(3), primary_key=True),
    Column("day", Day, primary_key=True),
    Column("per_euro_micro", BigInteger, nullable=False),  # millionths of its unit for one euro
)
