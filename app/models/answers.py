"""Answers: assessments with the body they are served from, and readings."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from app.models.types import Day, Instant, Key, company_column, metadata

assessment = Table(
    "assessment",
    metadata,
    Column("id", Key, primary_key=True),
    company_column(),
    Column("process", String(20), nullable=False, server_default="all"),
    Column("as_of", Day, nullable=False),
    Column("known_at", Instant, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reconstructed", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("etag", String(40), nullable=False),
    UniqueConstraint("company_id", "process", "as_of"),
)

reading = Table(
    "reading",
    metadata,
    Column("id", Key, primary_key=True),
    Column("assessment_id", Key, ForeignKey("assessment.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("process", String(20), nullable=False, server_default="all"),
    Column("measure", String(40), nullable=False),
    Column("signal", String(20)),
    Column("level", String(8)),
    Column("tier", String(8), nullable=False),
    Column("value", Float),
    Column("low", Float),
    Column("high", Float),
    Column("n", Integer, nullable=False),
    Column("reason", String(60)),
)
