"""Companies, their connections, bookmarks and settings."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint, false

from app.models.types import Day, Instant, Key, Minor, company_column, connection_column, metadata

company = Table(
    "company",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", String(400), nullable=False, server_default=""),  # as it is sought and sorted (`app.folded`)
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
    Column("hinted_at", Instant),  # when the objects that webhooks named are fetched; None: none waits
    Column("fetches", Integer, nullable=False, server_default="0"),  # how often that was done
    Column("silent_from", Instant),  # if its webhook has not rung by then, it is silent
    Column("settings", JSON, nullable=False, server_default="{}"),  # how the account is reached; nothing secret
    Column("sealed_credentials", Text),
    Column("begun_at", Instant),  # since when a reading is under way; None: none is
    Column("parts", Integer, nullable=False, server_default="0"),  # of the reading under way that are done
    Column("streams", JSON),  # those it may read; None: all its provider has
    Column("connected_by", String(254)),  # who gets a letter when a person must act
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
    Column("started_over_at", Instant),  # when its source had forgotten what came after the bookmark
    Column("ended_at", Instant),  # when it was last read to its end
    Column("swept_at", Instant),  # when the ids it has were last compared with ours
)

# What a source says of itself, beside what we keep of it; the newest comparison only.
reconciliation = Table(
    "reconciliation",
    metadata,
    connection_column(primary_key=True),
    Column("stream", String(20), primary_key=True),
    Column("measure", String(20), primary_key=True),  # rows, or total_minor
    Column("month", String(7), primary_key=True, server_default=""),  # "2026-03"; empty: all there is
    Column("direction", String(8), primary_key=True, server_default=""),
    Column("currency", String(3), primary_key=True, server_default=""),
    Column("theirs", Minor, nullable=False),
    Column("ours", Minor, nullable=False),
    Column("checked_at", Instant, nullable=False),
)

# Which connection counts from a month on, where a person chose; None: Seuil chooses. The newest word counts.
authority_choice = Table(
    "authority_choice",
    metadata,
    company_column(primary_key=True),
    Column("direction", String(8), primary_key=True),
    Column("from_month", Integer, primary_key=True),
    Column("connection_id", String(36), ForeignKey("connection.id", ondelete="CASCADE")),
    Column("chosen_at", Instant, primary_key=True),
    Column("chosen_by", String(254), nullable=False, server_default=""),
)

# How a company's own files are read: one mapping a stream (`connectors.files`).
file_mapping = Table(
    "file_mapping",
    metadata,
    company_column(primary_key=True),
    Column("stream", String(20), primary_key=True),
    Column("mapping", JSON, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

# An authorisation that a person was sent away for and has not come back from, or an account that was tried and not
# saved yet; the state is kept as a digest.
oauth_flow = Table(
    "oauth_flow",
    metadata,
    Column("state_digest", String(64), primary_key=True),
    company_column(index=True),
    Column("provider", String(40), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
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
    Column("set_by", String(36)),  # a pseudonym
)
