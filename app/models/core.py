"""Companies, their connections, bookmarks and settings."""

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, Text, UniqueConstraint, false

from app.models.types import Day, Instant, Key, company_column, connection_column, metadata

company = Table(
    "company",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("siren", String(9), unique=True),
    Column("zone", String(64), nullable=False),
    Column("currency", String(3), nullable=False, server_default="EUR"),
    Column("is_demo", Boolean, nullable=False, server_default=false()),
    Column("fiscal_year_end_month", Integer, nullable=False, server_default="12"),
    Column("created_at", Instant, nullable=False),
)

connection = Table(
    "connection",
    metadata,
    Column("id", String(36), primary_key=True),
    company_column(index=True),
    Column("provider", String(40), nullable=False),
    Column("kind", String(8), nullable=False),  # api or file
    Column("zone", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant),  # when it is read next; None: nobody reads it by itself
    Column("read_at", Instant),  # when it was last read to its end
    Column("changed_at", Instant),  # when it last brought something new
    Column("trouble", String(60)),
    Column("trouble_params", JSON),
    Column("troubled_since", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("sealed_secret", Text),  # of its webhook
    Column("door_closed_at", Instant),  # its webhook is switched off
    UniqueConstraint("company_id", "provider"),
)

bookmark = Table(
    "bookmark",
    metadata,
    connection_column(primary_key=True),
    Column("stream", String(20), primary_key=True),
    Column("cursor", JSON, nullable=False),
    Column("rows", Integer, nullable=False, server_default="0"),
    Column("read_at", Instant, nullable=False),
)

# The months a page changed: their facts are made anew before the next assessment.
touched_month = Table(
    "touched_month",
    metadata,
    company_column(primary_key=True),
    Column("month", Integer, primary_key=True),
)

# A company's dated settings; the newest version by `valid_from` counts.
policy = Table(
    "policy",
    metadata,
    Column("id", Key, primary_key=True),
    company_column(index=True),
    Column("valid_from", Day, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
)
