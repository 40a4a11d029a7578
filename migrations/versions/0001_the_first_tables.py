"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_holder",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_holder")),
        sa.UniqueConstraint("email", name=op.f("uq_account_holder_email")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    op.create_table(
        "company",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("siren", sa.String(length=9), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), server_default="EUR", nullable=False),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("fiscal_year_end_month", sa.Integer(), server_default="12", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("siren", name=op.f("uq_company_siren")),
    )
    op.create_table(
        "staged_line",
        sa.Column("import_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("party", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=500), nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.Column("lettering", sa.String(length=40), nullable=False),
        sa.Column("lettered_on", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("import_no", "seq", "position", name=op.f("pk_staged_line")),
    )
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_access_log_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_log_company_id"), ["company_id"], unique=False)

    op.create_table(
        "assessment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reconstructed", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("etag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_assessment_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("company_id", "process", "as_of", name=op.f("uq_assessment_company_id_process_as_of")),
    )
    op.create_table(
        "connection",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_connection_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("company_id", "provider", name=op.f("uq_connection_company_id_provider")),
    )
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_connection_company_id"), ["company_id"], unique=False)

    op.create_table(
        "declaration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("stated_on", sa.Integer(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_declaration_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration")),
    )
    with op.batch_alter_table("declaration", schema=None) as batch_op:
        batch_op.create_index("ix_declaration_company_id_stated_on", ["company_id", "stated_on"], unique=False)

    op.create_table(
        "episode",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("signal", sa.String(length=20), nullable=False),
        sa.Column("opened_on", sa.Integer(), nullable=False),
        sa.Column("closed_on", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_episode_company_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode")),
    )
    with op.batch_alter_table("episode", schema=None) as batch_op:
        batch_op.create_index("ix_episode_company_id_opened_on", ["company_id", "opened_on"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_person_company_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_company_id"), ["company_id"], unique=False)

    op.create_table(
        "policy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_policy_company_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
    )
    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_company_id"), ["company_id"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["account_holder.id"], name=op.f("fk_sign_in_holder_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in")),
    )
    op.create_table(
        "touched_month",
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_touched_month_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("company_id", "month", name=op.f("pk_touched_month")),
    )
    op.create_table(
        "absence",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("source_version", sa.String(length=64), nullable=True),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("employee_id", sa.String(length=255), nullable=False),
        sa.Column("start_on", sa.Integer(), nullable=False),
        sa.Column("end_on", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_absence_company_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_absence_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_absence_company_id"), ["company_id"], unique=False)

    op.create_table(
        "account",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_account_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "number", name=op.f("pk_account")),
    )
    op.create_table(
        "activity",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("source_version", sa.String(length=64), nullable=True),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("process", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_on", sa.Integer(), nullable=False),
        sa.Column("done_month", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_activity_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_activity_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_activity")),
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activity_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_activity_company_id_done_month", ["company_id", "done_month"], unique=False)

    op.create_table(
        "actor",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("role_is_ours", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_actor_company_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_actor_person_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actor")),
        sa.UniqueConstraint("company_id", "login", name=op.f("uq_actor_company_id_login")),
    )
    op.create_table(
        "bookmark",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("stream", sa.String(length=20), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_bookmark_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "stream", name=op.f("pk_bookmark")),
    )
    op.create_table(
        "correction_fact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("issued_on", sa.Integer(), nullable=True),
        sa.Column("corrected_on", sa.Integer(), nullable=True),
        sa.Column("cancelled_on", sa.Integer(), nullable=True),
        sa.Column("credited_on", sa.Integer(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_correction_fact_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_correction_fact_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_fact")),
    )
    with op.batch_alter_table("correction_fact", schema=None) as batch_op:
        batch_op.create_index("ix_correction_fact_company_id_month", ["company_id", "month"], unique=False)

    op.create_table(
        "cost",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("source_version", sa.String(length=64), nullable=True),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("incurred_on", sa.Integer(), nullable=False),
        sa.Column("cost_month", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_cost_company_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_cost_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_cost")),
    )
    with op.batch_alter_table("cost", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cost_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_cost_company_id_cost_month", ["company_id", "cost_month"], unique=False)

    op.create_table(
        "document",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("source_version", sa.String(length=64), nullable=True),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=True),
        sa.Column("party", sa.String(length=255), nullable=True),
        sa.Column("service_on", sa.Integer(), nullable=True),
        sa.Column("periodic", sa.Boolean(), nullable=True),
        sa.Column("issued_on", sa.Integer(), nullable=True),
        sa.Column("issue_month", sa.Integer(), nullable=True),
        sa.Column("sent_on", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Integer(), nullable=True),
        sa.Column("paid_on", sa.Integer(), nullable=True),
        sa.Column("cancelled_on", sa.Integer(), nullable=True),
        sa.Column("corrected_on", sa.Integer(), nullable=True),
        sa.Column("net_minor", sa.BigInteger(), nullable=True),
        sa.Column("tax_minor", sa.BigInteger(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=True),
        sa.Column("validator", sa.String(length=36), nullable=True),
        sa.Column("corrects", sa.String(length=255), nullable=True),
        sa.Column("credit_reason", sa.String(length=12), nullable=True),
        sa.Column("disputed", sa.Boolean(), nullable=True),
        sa.Column("direct_debit", sa.Boolean(), nullable=True),
        sa.Column("has_attachment", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_document_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_document_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_document")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_document_company_id_issue_month", ["company_id", "issue_month"], unique=False)
        batch_op.create_index("ix_document_connection_id_corrects", ["connection_id", "corrects"], unique=False)

    op.create_table(
        "event_fact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("day_on", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=36), nullable=True),
        sa.Column("origin", sa.String(length=12), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_event_fact_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_event_fact_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_fact")),
    )
    with op.batch_alter_table("event_fact", schema=None) as batch_op:
        batch_op.create_index("ix_event_fact_company_id_month", ["company_id", "month"], unique=False)

    op.create_table(
        "hours_fact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("week_on", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=36), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_hours_fact_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_hours_fact_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_fact")),
    )
    with op.batch_alter_table("hours_fact", schema=None) as batch_op:
        batch_op.create_index("ix_hours_fact_company_id_month", ["company_id", "month"], unique=False)

    op.create_table(
        "issue_fact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("service_on", sa.Integer(), nullable=True),
        sa.Column("issued_on", sa.Integer(), nullable=True),
        sa.Column("periodic", sa.Boolean(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_issue_fact_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_issue_fact_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_fact")),
    )
    with op.batch_alter_table("issue_fact", schema=None) as batch_op:
        batch_op.create_index("ix_issue_fact_company_id_month", ["company_id", "month"], unique=False)

    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("journal", sa.String(length=50), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("entry_on", sa.Integer(), nullable=False),
        sa.Column("entry_month", sa.Integer(), nullable=False),
        sa.Column("piece_ref", sa.String(length=255), nullable=False),
        sa.Column("piece_on", sa.Integer(), nullable=True),
        sa.Column("valid_on", sa.Integer(), nullable=True),
        sa.Column("party", sa.String(length=255), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.Column("both_sides", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("import_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_ledger_entry_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_ledger_entry_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint(
            "connection_id",
            "fiscal_year",
            "journal",
            "number",
            name=op.f("uq_ledger_entry_connection_id_fiscal_year_journal_number"),
        ),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entry_company_id_entry_month", ["company_id", "entry_month"], unique=False)

    op.create_table(
        "ledger_fact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=True),
        sa.Column("account", sa.String(length=40), nullable=True),
        sa.Column("opening", sa.Boolean(), nullable=True),
        sa.Column("debit_minor", sa.BigInteger(), nullable=True),
        sa.Column("credit_minor", sa.BigInteger(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_ledger_fact_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_ledger_fact_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_fact")),
    )
    with op.batch_alter_table("ledger_fact", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_fact_company_id_month", ["company_id", "month"], unique=False)

    op.create_table(
        "ledger_import",
        sa.Column("no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_ledger_import_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_ledger_import_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_ledger_import")),
        sa.UniqueConstraint("id", name=op.f("uq_ledger_import_id")),
    )
    with op.batch_alter_table("ledger_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_import_company_id"), ["company_id"], unique=False)

    op.create_table(
        "party",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_party_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "code", name=op.f("pk_party")),
    )
    op.create_table(
        "payment",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("source_version", sa.String(length=64), nullable=True),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("process", sa.String(length=20), server_default="bank", nullable=False),
        sa.Column("invoice_id", sa.String(length=255), nullable=True),
        sa.Column("paid_on", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_payment_company_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_payment_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_payment")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_payment_connection_id_invoice_id", ["connection_id", "invoice_id"], unique=False)

    op.create_table(
        "quarantined",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("stream", sa.String(length=20), nullable=False),
        sa.Column("import_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entry_key", sa.String(length=255), nullable=True),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("raw", sa.String(length=2000), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_quarantined_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_quarantined_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined")),
    )
    with op.batch_alter_table("quarantined", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quarantined_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quarantined_found_at"), ["found_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_quarantined_import_no"), ["import_no"], unique=False)

    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("assessment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("signal", sa.String(length=20), nullable=True),
        sa.Column("level", sa.String(length=8), nullable=True),
        sa.Column("tier", sa.String(length=8), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_reading_assessment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reading_assessment_id"), ["assessment_id"], unique=False)

    op.create_table(
        "record_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("stream", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_record_version_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_record_version_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_version")),
    )
    with op.batch_alter_table("record_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_version_company_id"), ["company_id"], unique=False)
        batch_op.create_index(
            "ix_record_version_connection_id_stream_external_id",
            ["connection_id", "stream", "external_id"],
            unique=False,
        )

    op.create_table(
        "reminder",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("source_version", sa.String(length=64), nullable=True),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("process", sa.String(length=20), server_default="dunning", nullable=False),
        sa.Column("invoice_id", sa.String(length=255), nullable=False),
        sa.Column("sent_on", sa.Integer(), nullable=False),
        sa.Column("sent_month", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("actor", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_reminder_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_reminder_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_reminder")),
    )
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_reminder_company_id_sent_month", ["company_id", "sent_month"], unique=False)

    op.create_table(
        "staff",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("source_version", sa.String(length=64), nullable=True),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("hours_per_week", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("entered_on", sa.Integer(), nullable=True),
        sa.Column("left_on", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_staff_company_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_staff_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_staff")),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_company_id"), ["company_id"], unique=False)

    op.create_table(
        "time_entry",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("source_version", sa.String(length=64), nullable=True),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("process", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("worked_on", sa.Integer(), nullable=False),
        sa.Column("week_on", sa.Integer(), nullable=False),
        sa.Column("worked_month", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_time_entry_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_time_entry_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_time_entry")),
    )
    with op.batch_alter_table("time_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_entry_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_time_entry_company_id_worked_month", ["company_id", "worked_month"], unique=False)

    op.create_table(
        "volume_fact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=20), server_default="all", nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=True),
        sa.Column("direction", sa.String(length=8), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_volume_fact_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_volume_fact_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_fact")),
    )
    with op.batch_alter_table("volume_fact", schema=None) as batch_op:
        batch_op.create_index("ix_volume_fact_company_id_month", ["company_id", "month"], unique=False)

    op.create_table(
        "fault_count",
        sa.Column("import_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_no"], ["ledger_import.no"], name=op.f("fk_fault_count_import_no"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_no", "code", "field", name=op.f("pk_fault_count")),
    )
    op.create_table(
        "field_profile",
        sa.Column("import_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("equal_to", sa.String(length=40), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False),
        sa.Column("distinct", sa.Integer(), nullable=False),
        sa.Column("equal", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_no"], ["ledger_import.no"], name=op.f("fk_field_profile_import_no"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_no", "field", "equal_to", name=op.f("pk_field_profile")),
    )
    op.create_table(
        "ledger_line",
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("party", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=500), nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.Column("lettering", sa.String(length=40), nullable=False),
        sa.Column("lettered_on", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_ledger_line_entry_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_ledger_line")),
    )
    op.create_table(
        "staged_entry",
        sa.Column("import_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("journal", sa.String(length=50), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("entry_on", sa.Integer(), nullable=False),
        sa.Column("entry_month", sa.Integer(), nullable=False),
        sa.Column("piece_ref", sa.String(length=255), nullable=False),
        sa.Column("piece_on", sa.Integer(), nullable=True),
        sa.Column("valid_on", sa.Integer(), nullable=True),
        sa.Column("party", sa.String(length=255), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.Column("both_sides", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_no"], ["ledger_import.no"], name=op.f("fk_staged_entry_import_no"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_no", "seq", name=op.f("pk_staged_entry")),
        sa.UniqueConstraint(
            "import_no",
            "fiscal_year",
            "journal",
            "number",
            name=op.f("uq_staged_entry_import_no_fiscal_year_journal_number"),
        ),
    )


def downgrade() -> None:
    op.drop_table("staged_entry")
    op.drop_table("ledger_line")
    op.drop_table("field_profile")
    op.drop_table("fault_count")
    with op.batch_alter_table("volume_fact", schema=None) as batch_op:
        batch_op.drop_index("ix_volume_fact_company_id_month")

    op.drop_table("volume_fact")
    with op.batch_alter_table("time_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_time_entry_company_id_worked_month")
        batch_op.drop_index(batch_op.f("ix_time_entry_company_id"))

    op.drop_table("time_entry")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_company_id"))

    op.drop_table("staff")
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.drop_index("ix_reminder_company_id_sent_month")
        batch_op.drop_index(batch_op.f("ix_reminder_company_id"))

    op.drop_table("reminder")
    with op.batch_alter_table("record_version", schema=None) as batch_op:
        batch_op.drop_index("ix_record_version_connection_id_stream_external_id")
        batch_op.drop_index(batch_op.f("ix_record_version_company_id"))

    op.drop_table("record_version")
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reading_assessment_id"))

    op.drop_table("reading")
    with op.batch_alter_table("quarantined", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quarantined_import_no"))
        batch_op.drop_index(batch_op.f("ix_quarantined_found_at"))
        batch_op.drop_index(batch_op.f("ix_quarantined_company_id"))

    op.drop_table("quarantined")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_connection_id_invoice_id")
        batch_op.drop_index(batch_op.f("ix_payment_company_id"))

    op.drop_table("payment")
    op.drop_table("party")
    with op.batch_alter_table("ledger_import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_import_company_id"))

    op.drop_table("ledger_import")
    with op.batch_alter_table("ledger_fact", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_fact_company_id_month")

    op.drop_table("ledger_fact")
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entry_company_id_entry_month")

    op.drop_table("ledger_entry")
    with op.batch_alter_table("issue_fact", schema=None) as batch_op:
        batch_op.drop_index("ix_issue_fact_company_id_month")

    op.drop_table("issue_fact")
    with op.batch_alter_table("hours_fact", schema=None) as batch_op:
        batch_op.drop_index("ix_hours_fact_company_id_month")

    op.drop_table("hours_fact")
    with op.batch_alter_table("event_fact", schema=None) as batch_op:
        batch_op.drop_index("ix_event_fact_company_id_month")

    op.drop_table("event_fact")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index("ix_document_connection_id_corrects")
        batch_op.drop_index("ix_document_company_id_issue_month")
        batch_op.drop_index(batch_op.f("ix_document_company_id"))

    op.drop_table("document")
    with op.batch_alter_table("cost", schema=None) as batch_op:
        batch_op.drop_index("ix_cost_company_id_cost_month")
        batch_op.drop_index(batch_op.f("ix_cost_company_id"))

    op.drop_table("cost")
    with op.batch_alter_table("correction_fact", schema=None) as batch_op:
        batch_op.drop_index("ix_correction_fact_company_id_month")

    op.drop_table("correction_fact")
    op.drop_table("bookmark")
    op.drop_table("actor")
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.drop_index("ix_activity_company_id_done_month")
        batch_op.drop_index(batch_op.f("ix_activity_company_id"))

    op.drop_table("activity")
    op.drop_table("account")
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_absence_company_id"))

    op.drop_table("absence")
    op.drop_table("touched_month")
    op.drop_table("sign_in")
    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policy_company_id"))

    op.drop_table("policy")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_company_id"))

    op.drop_table("person")
    with op.batch_alter_table("episode", schema=None) as batch_op:
        batch_op.drop_index("ix_episode_company_id_opened_on")

    op.drop_table("episode")
    with op.batch_alter_table("declaration", schema=None) as batch_op:
        batch_op.drop_index("ix_declaration_company_id_stated_on")

    op.drop_table("declaration")
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_connection_company_id"))

    op.drop_table("connection")
    op.drop_table("assessment")
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_log_company_id"))

    op.drop_table("access_log")
    op.drop_table("staged_line")
    op.drop_table("company")
    op.drop_table("api_key")
    op.drop_table("account_holder")
