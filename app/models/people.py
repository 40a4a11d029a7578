"""People, kept apart from all else and erasable: names, logins, customers' labels, declarations."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, String, Table, UniqueConstraint, false

from app.models.types import Day, Instant, Key, company_column, connection_column, metadata

person = Table(
    "person",
    metadata,
    Column("id", String(36), primary_key=True),
    company_column(index=True),
    Column("name", String(200), nullable=False),
    Column("erased_at", Instant),
)

# A login seen in a source or a declaration. Records carry its id, never the login.
actor = Table(
    "actor",
    metadata,
    Column("id", String(36), primary_key=True),
    company_column(),
    Column("login", String(200), nullable=False),
    Column("person_id", String(36), ForeignKey("person.id", ondelete="SET NULL")),
    Column("role", String(20)),  # None: nobody has said
    Column("role_is_ours", Boolean, nullable=False, server_default=false()),  # a person set it: sources don't overrule
    UniqueConstraint("company_id", "login"),
)

# Names of customers and suppliers, by the code the source uses.
party = Table(
    "party",
    metadata,
    connection_column(primary_key=True),
    Column("code", String(255), primary_key=True),
    Column("label", String(255), nullable=False),
)

declaration = Table(
    "declaration",
    metadata,
    Column("id", Key, primary_key=True),
    company_column(),
    Column("stated_on", Day, nullable=False),
    Column("since", Day, nullable=False),
    Column("body", JSON, nullable=False),
    Column("known_at", Instant, nullable=False),
    Index("ix_declaration_company_id_stated_on", "company_id", "stated_on"),
)
