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

# What the list of companies shows of each one's newest answer (`app.standings`).
standing = Table(
    "standing",
    metadata,
    company_column(primary_key=True),
    Column("as_of", Day, nullable=False),
    Column("known_at", Instant, nullable=False),
    Column("since", Day, nullable=False),  # the verdict
    Column("verdict", String(16), nullable=False),
    Column("rank", Integer, nullable=False),  # the worst is the lowest
    Column("over", String(120), nullable=False),  # names of the signals over, each between spaces
    Column("signals_over", Integer, nullable=False),
    Column("signals_watch", Integer, nullable=False),
    Column("signals_known", Integer, nullable=False),
    Column("signals", Integer, nullable=False),
    Column("gates_known", Integer, nullable=False),
    Column("gates", Integer, nullable=False),
    Column("reaches", Day),  # the last day there are data of
    Column("stale", Boolean, nullable=False),
)
