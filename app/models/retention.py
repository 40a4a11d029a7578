"""Retention: how long a company has chosen to keep what."""

from sqlalchemy import Column, Integer, String, Table

from app.models.types import Instant, Key, company_column, metadata

# What was chosen, choice by choice: of a kind, the newest counts.
retention = Table(
    "retention",
    metadata,
    Column("id", Key, primary_key=True),
    company_column(index=True),
    Column("kind", String(10), nullable=False),  # traces, records, answers or letters
    Column("months", Integer),  # None: as long as the company is kept
    Column("set_at", Instant, nullable=False),
    Column("set_by", String(254), nullable=False),
)
