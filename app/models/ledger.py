"""The general ledger: entries and their lines, and the staging room in which a file waits to be applied whole."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from app.models.types import Day, Instant, Key, Minor, company_column, connection_column, metadata

# One file handed over: staged, then applied in one commit; or refused, or left behind by a crash.
ledger_import = Table(
    "ledger_import",
    metadata,
    Column("no", Key, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    company_column(index=True),
    connection_column(),
    Column("file_name", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(12), nullable=False),  # staging, staged, applied, cancelled
    Column("started_at", Instant, nullable=False),
    Column("applied_at", Instant),
    Column("summary", JSON, nullable=False),
)


def _entry_columns() -> list[Column[object]]:
    return [
        Column("fiscal_year", Integer, nullable=False),
        Column("journal", String(50), nullable=False),
        Column("number", String(255), nullable=False),
        Column("row_hash", String(32), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("entry_on", Day, nullable=False),
        Column("entry_month", Integer, nullable=False),
        Column("piece_ref", String(255), nullable=False),
        Column("piece_on", Day),
        Column("valid_on", Day),
        Column("party", String(255), nullable=False),
        Column("total_minor", Minor, nullable=False),
        Column("debit_minor", Minor, nullable=False),
        Column("credit_minor", Minor, nullable=False),
        Column("both_sides", Integer, nullable=False),  # lines with a debit and a credit
    ]


def _line_columns() -> list[Column[object]]:
    return [
        Column("position", Integer, nullable=False),
        Column("account", String(40), nullable=False),
        Column("party", String(255), nullable=False),
        Column("label", String(500), nullable=False),
        Column("debit_minor", Minor, nullable=False),
        Column("credit_minor", Minor, nullable=False),
        Column("lettering", String(40), nullable=False),
        Column("lettered_on", Day),
        Column("due_on", Day),
    ]


ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("id", Key, primary_key=True),
    company_column(),
    connection_column(),
    *_entry_columns(),
    Column("process", String(20), nullable=False, server_default="all"),
    Column("import_no", Key, nullable=False),
    Column("first_known_at", Instant, nullable=False),
    Column("known_at", Instant, nullable=False),
    Column("gone_at", Instant),
    UniqueConstraint("connection_id", "fiscal_year", "journal", "number"),
    Index("ix_ledger_entry_company_id_entry_month", "company_id", "entry_month"),
)

ledger_line = Table(
    "ledger_line",
    metadata,
    Column("entry_id", Key, ForeignKey("ledger_entry.id", ondelete="CASCADE"), primary_key=True),
    *[c if c.name != "position" else Column("position", Integer, primary_key=True) for c in _line_columns()],
)

staged_entry = Table(
    "staged_entry",
    metadata,
    Column("import_no", Key, ForeignKey("ledger_import.no", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    *_entry_columns(),
    UniqueConstraint("import_no", "fiscal_year", "journal", "number"),
)

staged_line = Table(
    "staged_line",
    metadata,
    Column("import_no", Key, primary_key=True),
    Column("seq", Integer, primary_key=True),
    *[c if c.name != "position" else Column("position", Integer, primary_key=True) for c in _line_columns()],
)

account = Table(
    "account",
    metadata,
    connection_column(primary_key=True),
    Column("number", String(40), primary_key=True),
    Column("label", String(255), nullable=False),
)

# How a file fills a field (DESIGN rule 14), by import; the newest applied import of a fiscal year counts.
field_profile = Table(
    "field_profile",
    metadata,
    Column("import_no", Key, ForeignKey("ledger_import.no", ondelete="CASCADE"), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("equal_to", String(40), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("filled", Integer, nullable=False),
    Column("distinct", Integer, nullable=False),
    Column("equal", Integer, nullable=False),
)

# Format faults and refusals of an import, counted by code.
fault_count = Table(
    "fault_count",
    metadata,
    Column("import_no", Key, ForeignKey("ledger_import.no", ondelete="CASCADE"), primary_key=True),
    Column("code", String(60), primary_key=True),
    Column("field", String(40), primary_key=True),  # "": the whole line or entry
    Column("kept", Boolean, nullable=False),  # true: read all the same
    Column("n", Integer, nullable=False),
    Column("examples", JSON, nullable=False),
)
