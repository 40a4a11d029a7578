"""Who may come in: accounts and what they are to which company, sign-ins, invitations, API keys; and who did what."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from app.models.types import Instant, Key, metadata


def _holder(name: str = "holder_id") -> Column[str]:
    return Column(name, String(36), ForeignKey("account_holder.id", ondelete="CASCADE"), nullable=False, index=True)


def _company_or_all() -> Column[str]:
    """Make the column that names a company; None stands for every company there is and will be."""
    return Column("company_id", String(36), ForeignKey("company.id", ondelete="CASCADE"), index=True)


account_holder = Table(
    "account_holder",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", String(200), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),  # empty: they come in through the sign-in service only
    Column("language", String(5)),
    Column("created_at", Instant, nullable=False),
)

# What somebody is to a company, or to all of them.
membership = Table(
    "membership",
    metadata,
    Column("id", String(36), primary_key=True),
    _holder(),
    _company_or_all(),
    Column("role", String(20), nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("granted_by", String(254), nullable=False),
    UniqueConstraint("holder_id", "company_id"),
)

# An offer of a role to an address; its token is known to whoever got the link.
invitation = Table(
    "invitation",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("email", String(254), nullable=False),
    _company_or_all(),
    Column("role", String(20), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(254), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("taken_at", Instant),
)

# The token of a sign-in changes as it is used; the one before counts a moment longer, for what was already on its way.
sign_in = Table(
    "sign_in",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("previous_hash", String(64), index=True),
    _holder(),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),  # when the token last changed
    Column("expires_at", Instant, nullable=False),
    Column("browser", String(200), nullable=False, server_default=""),
)

# Failed tries at an account, by a hash of its name, whether there is such an account or not.
sign_in_trial = Table(
    "sign_in_trial",
    metadata,
    Column("name_hash", String(64), primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("locked_until", Instant),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    _company_or_all(),
    Column("scope", String(10), nullable=False, server_default="write"),
    Column("made_by", String(254), nullable=False, server_default=""),
    Column("expires_at", Instant),
    Column("used_at", Instant),  # to the hour
)

# Every change somebody asked for, and every look at personal data. Rows are added, their outcome filled in once.
audit_entry = Table(
    "audit_entry",
    metadata,
    Column("no", Key, primary_key=True),
    Column("company_id", String(36)),  # bound to nothing: it outlives what it tells of
    Column("who", String(254), nullable=False),
    Column("what", String(100), nullable=False),
    Column("about", JSON, nullable=False),
    Column("status", Integer),  # of the answer; None: none was given
    Column("request", String(20)),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Index("ix_audit_entry_company_id_no", "company_id", "no"),
    Index("ix_audit_entry_at", "at"),
    sqlite_autoincrement=True,
)
