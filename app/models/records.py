"""Records as intake keeps them: one table a stream, and every earlier version of a row that changed.

Names are not here: a person is a pseudonymous actor id, a customer a code; both have their labels in `people`.
"""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Numeric, String, Table, false

from app.models.types import (
    Day,
    Instant,
    Key,
    Minor,
    company_column,
    connection_column,
    metadata,
    record_columns,
)

document = Table(
    "document",
    metadata,
    *record_columns(),
    Column("process", String(20), nullable=False, server_default="all"),
    Column("direction", String(8), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("status", String(10), nullable=False),
    Column("number", String(100)),
    Column("party", String(255)),
    Column("service_on", Day),
    Column("periodic", Boolean),
    Column("issued_on", Day),
    Column("issue_month", Integer),  # derived: months since year 0
    Column("sent_on", Day),
    Column("due_on", Day),
    Column("paid_on", Day),
    Column("cancelled_on", Day),
    Column("corrected_on", Day),
    Column("net_minor", Minor),
    Column("tax_minor", Minor),
    Column("total_minor", Minor),
    Column("currency", String(3), nullable=False),
    Column("author", String(36)),
    Column("validator", String(36)),
    Column("corrects", String(255)),
    Column("credit_reason", String(12)),
    Column("disputed", Boolean),
    Column("direct_debit", Boolean),
    Column("promised_on", Day),
    Column("has_attachment", Boolean),
    Column("created_at", Instant),  # at the source
    Column("entered_minute", Integer),  # derived from it: minutes of the connection's clock since 1970-01-01
    Column("series", String(60)),
    Column("refused_on", Day),
    Column("refusal", String(16)),
    Index("ix_document_company_id_issue_month", "company_id", "issue_month"),
    Index("ix_document_connection_id_corrects", "connection_id", "corrects"),
)

payment = Table(
    "payment",
    metadata,
    *record_columns(),
    Column("process", String(20), nullable=False, server_default="bank"),
    Column("invoice_id", String(255)),
    Column("paid_on", Day, nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("bank_reference", String(100)),
    Index("ix_payment_connection_id_invoice_id", "connection_id", "invoice_id"),
    Index("ix_payment_connection_id_paid_on", "connection_id", "paid_on"),
)

reminder = Table(
    "reminder",
    metadata,
    *record_columns(),
    Column("process", String(20), nullable=False, server_default="dunning"),
    Column("invoice_id", String(255), nullable=False),
    Column("sent_on", Day, nullable=False),
    Column("sent_month", Integer, nullable=False),
    Column("level", Integer),
    Column("channel", String(20)),
    Column("actor", String(36)),
    Index("ix_reminder_company_id_sent_month", "company_id", "sent_month"),
)

activity = Table(
    "activity",
    metadata,
    *record_columns(),
    Column("process", String(20), nullable=False),
    Column("actor", String(36), nullable=False),
    Column("action", String(40), nullable=False),
    Column("object_id", String(255)),
    Column("done_at", Instant, nullable=False),
    Column("done_on", Day, nullable=False),
    Column("done_month", Integer, nullable=False),
    Column("done_minute", Integer),  # derived: minutes of the connection's clock since 1970-01-01
    Index("ix_activity_company_id_done_month", "company_id", "done_month"),
)

staff = Table(
    "staff",
    metadata,
    *record_columns(),
    Column("process", String(20), nullable=False, server_default="all"),
    Column("actor", String(36)),
    Column("role", String(20)),
    Column("hours_per_week", Numeric(6, 2)),
    Column("entered_on", Day),
    Column("left_on", Day),
    Column("team", String(100)),
)

absence = Table(
    "absence",
    metadata,
    *record_columns(),
    Column("process", String(20), nullable=False, server_default="all"),
    Column("employee_id", String(255), nullable=False),
    Column("start_on", Day, nullable=False),
    Column("end_on", Day, nullable=False),
)

time_entry = Table(
    "time_entry",
    metadata,
    *record_columns(),
    Column("process", String(20), nullable=False),
    Column("actor", String(36), nullable=False),
    Column("worked_on", Day, nullable=False),
    Column("week_on", Day, nullable=False),
    Column("worked_month", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    Index("ix_time_entry_company_id_worked_month", "company_id", "worked_month"),
)

cost = Table(
    "cost",
    metadata,
    *record_columns(),
    Column("process", String(20), nullable=False, server_default="all"),
    Column("incurred_on", Day, nullable=False),
    Column("cost_month", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("currency", String(3), nullable=False),
    Index("ix_cost_company_id_cost_month", "company_id", "cost_month"),
)

delivery = Table(
    "delivery",
    metadata,
    *record_columns(),
    Column("process", String(20), nullable=False, server_default="invoicing"),
    Column("delivered_on", Day, nullable=False),
    Column("delivery_month", Integer, nullable=False),
    Column("party", String(255)),
    Column("invoice_id", String(255)),
    Column("invoiced_on", Day),
    Column("cancelled_on", Day),
    Column("amount_minor", Minor),
    Column("billed_monthly", Boolean),
    Column("currency", String(3), nullable=False),
    Column("actor", String(36)),
    Index("ix_delivery_company_id_delivery_month", "company_id", "delivery_month"),
)

# What a row was before it changed or went: true from `known_at` until `superseded_at`.
record_version = Table(
    "record_version",
    metadata,
    Column("id", Key, primary_key=True),
    company_column(index=True),
    connection_column(),
    Column("stream", String(20), nullable=False),
    Column("external_id", String(255), nullable=False),
    Column("known_at", Instant, nullable=False),
    Column("superseded_at", Instant, nullable=False),
    Column("gone", Boolean, nullable=False, server_default=false()),
    Column("row", JSON, nullable=False),
    Index("ix_record_version_connection_id_stream_external_id", "connection_id", "stream", "external_id"),
)

# A row that could not be read, with its reason; it expires, for it may hold anything.
quarantined = Table(
    "quarantined",
    metadata,
    Column("id", Key, primary_key=True),
    company_column(index=True),
    connection_column(),
    Column("stream", String(20), nullable=False),
    Column("import_no", Key, index=True),
    Column("entry_key", String(255)),
    Column("place", String(255), nullable=False),
    Column("code", String(60), nullable=False),
    Column("params", JSON, nullable=False),
    Column("raw", String(2000), nullable=False),
    Column("found_at", Instant, nullable=False, index=True),
    Column("version", String(20)),  # of Seuil: a newer one tries the row again
    Index("ix_quarantined_connection_id_stream_place", "connection_id", "stream", "place"),
)
