"""The register of processes: what is written down of each, every version kept."""

from sqlalchemy import JSON, Column, Index, String, Table

from app.models.types import Day, Instant, Key, company_column, metadata

# One version of a process's sheet: never rewritten, the newest by its day counts. People are pseudonyms here.
process_sheet = Table(
    "process_sheet",
    metadata,
    Column("id", Key, primary_key=True),
    company_column(),
    Column("process", String(20), nullable=False),
    Column("stated_on", Day, nullable=False),
    Column("author", String(36), nullable=False),
    Column("body", JSON, nullable=False),
    Column("known_at", Instant, nullable=False),
    Index("ix_process_sheet_company_id_process_stated_on", "company_id", "process", "stated_on"),
)
