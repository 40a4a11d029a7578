"""What people are to which company, invitations, sign-ins whose token changes, scoped keys, and who did what.

Everybody who has an account owns every company, as it was before; whoever is signed in has to do so again.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from app.ids import new_id
from app.models.types import Instant, Key

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _company(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_company_id")
    return (
        sa.Column("company_id", sa.String(36), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=name, ondelete="CASCADE"),
    )


def _holder(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_holder_id")
    return (
        sa.Column("holder_id", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["account_holder.id"], name=name, ondelete="CASCADE"),
    )


def upgrade() -> None:
    op.create_table(
        "membership",
        sa.Column("id", sa.String(36), nullable=False),
        *_holder("membership"),
        *_company("membership"),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("granted_at", Instant, nullable=False),
        sa.Column("granted_by", sa.String(254), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("holder_id", "company_id", name=op.f("uq_membership_holder_id_company_id")),
    )
    op.create_index(op.f("ix_membership_holder_id"), "membership", ["holder_id"])
    op.create_index(op.f("ix_membership_company_id"), "membership", ["company_id"])
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        *_company("invitation"),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("made_by", sa.String(254), nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("taken_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(op.f("ix_invitation_company_id"), "invitation", ["company_id"])
    op.create_table(
        "sign_in_trial",
        sa.Column("name_hash", sa.String(64), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("first_at", Instant, nullable=False),
        sa.Column("locked_until", Instant, nullable=True),
        sa.PrimaryKeyConstraint("name_hash", name=op.f("pk_sign_in_trial")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("no", Key, nullable=False),
        sa.Column("company_id", sa.String(36), nullable=True),
        sa.Column("who", sa.String(254), nullable=False),
        sa.Column("what", sa.String(100), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("request", sa.String(20), nullable=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_audit_entry")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entry_company_id_no", "audit_entry", ["company_id", "no"])
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])
    op.drop_table("sign_in")
    _make_sign_in()
    _widen_keys()
    _carry_over()
    op.drop_table("access_log")


def _make_sign_in() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=True),
        *_holder("sign_in"),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("browser", sa.String(200), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_token_hash")),
    )
    op.create_index(op.f("ix_sign_in_previous_hash"), "sign_in", ["previous_hash"])
    op.create_index(op.f("ix_sign_in_holder_id"), "sign_in", ["holder_id"])


def _widen_keys() -> None:
    column, bound = _company("api_key")
    with op.batch_alter_table("api_key") as batch:
        batch.add_column(column)
        batch.add_column(sa.Column("scope", sa.String(10), nullable=False, server_default="write"))
        batch.add_column(sa.Column("made_by", sa.String(254), nullable=False, server_default=""))
        batch.add_column(sa.Column("expires_at", Instant, nullable=True))
        batch.add_column(sa.Column("used_at", Instant, nullable=True))
        batch.create_foreign_key(str(bound.name), "company", ["company_id"], ["id"], ondelete="CASCADE")
        batch.create_index(op.f("ix_api_key_company_id"), ["company_id"])


def _carry_over() -> None:
    conn, now = op.get_bind(), datetime.now(UTC)
    holders = conn.execute(sa.text("SELECT id FROM account_holder")).scalars().all()
    held = sa.table(
        "membership",
        *(sa.column(name) for name in ("id", "holder_id", "role", "granted_by")),
        sa.column("granted_at", Instant),
    )
    for holder_id in holders:
        row = {"id": new_id(now), "holder_id": holder_id, "role": "owner", "granted_by": "seuil", "granted_at": now}
        conn.execute(sa.insert(held).values(row))
    conn.execute(
        sa.text(
            "INSERT INTO audit_entry (company_id, who, what, about, at, note)"
            " SELECT company_id, who, 'people', '{}', seen_at, what FROM access_log ORDER BY id"
        )
    )


def downgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", Key, nullable=False),
        sa.Column("company_id", sa.String(36), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_access_log_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index(op.f("ix_access_log_company_id"), "access_log", ["company_id"])
    with op.batch_alter_table("api_key") as batch:
        batch.drop_index(op.f("ix_api_key_company_id"))
        batch.drop_constraint(op.f("fk_api_key_company_id"), type_="foreignkey")
        for name in ("used_at", "expires_at", "made_by", "scope", "company_id"):
            batch.drop_column(name)
    op.drop_table("sign_in")
    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(64), nullable=False),
        *_holder("sign_in"),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in")),
    )
    for name in ("audit_entry", "sign_in_trial", "invitation", "membership"):
        op.drop_table(name)
