"""Answers to requests that carry an idempotency key: asked twice, done once."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from app.models.types import Instant, metadata

kept_answer = Table(
    "kept_answer",
    metadata,
    Column("who", String(36), primary_key=True),  # the API key's id, or the account's
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),  # of method, address and body
    Column("begun_at", Instant, nullable=False),
    Column("status", Integer),  # None: under way, or cut short
    Column("content_type", String(100), nullable=False, server_default=""),
    Column("body", Text, nullable=False, server_default=""),
    Index("ix_kept_answer_begun_at", "begun_at"),
)
