"""Channels: where a company's alerts are told at once, and the notices that wait for them."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from app.models.types import Instant, Key, company_column, metadata

channel = Table(
    "channel",
    metadata,
    Column("id", String(36), primary_key=True),
    company_column(index=True),
    Column("kind", String(10), nullable=False),  # webhook, apprise
    Column("label", String(100), nullable=False),
    Column("language", String(5), nullable=False),
    Column("sealed_address", Text, nullable=False),  # it may hold a token
    Column("sealed_secret", Text),  # what webhooks are signed with
    Column("told_until", Key, nullable=False),  # the last episode event it was told of, or that came before it
    Column("created_at", Instant, nullable=False),
    Column("off_at", Instant),
    Column("off_because", String(60)),
)

# The outbox of channels, beside that of letters. `content` is what was true when it was due.
notice = Table(
    "notice",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("channel_id", String(36), ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("event_no", Key, nullable=False),
    Column("content", JSON, nullable=False),
    Column("state", String(10), nullable=False),  # waiting, sending, sent, refused
    Column("created_at", Instant, nullable=False),
    Column("next_try_at", Instant, nullable=False),
    Column("leased_until", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("trouble", Text),
    Column("tried_at", Instant),
    Column("sent_at", Instant),
    UniqueConstraint("channel_id", "event_no"),
    Index("ix_notice_state_next_try_at", "state", "next_try_at"),
)
