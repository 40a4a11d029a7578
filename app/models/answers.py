"""Answers: assessments with the body they are served from, readings, and episodes."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

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

episode = Table(
    "episode",
    metadata,
    Column("id", String(36), primary_key=True),
    company_column(),
    Column("process", String(20), nullable=False, server_default="all"),
    Column("signal", String(20), nullable=False),
    Column("opened_on", Day, nullable=False),
    Column("closed_on", Day),
    Column("opened_at", Instant, nullable=False),
    Index("ix_episode_company_id_opened_on", "company_id", "opened_on"),
)
