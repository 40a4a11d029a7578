"""What mail servers report of letters they had taken on."""

from sqlalchemy import Column, ForeignKey, String, Table, Text

from app.models.types import Instant, metadata

# A row a report that speaks of a letter of ours: read twice, it is taken once.
delivery_report = Table(
    "delivery_report",
    metadata,
    Column("id", String(64), primary_key=True),  # the digest of its Message-ID, or of all of it
    Column("letter_id", String(36), ForeignKey("letter.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("action", String(10), nullable=False),  # failed, delayed, delivered, relayed or expanded
    Column("status", String(20), nullable=False),
    Column("said", Text, nullable=False),
    Column("came_at", Instant, nullable=False),
)
