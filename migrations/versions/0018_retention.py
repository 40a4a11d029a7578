"""How long a company has chosen to keep what: nothing is set, so everything is kept as before."""

import sqlalchemy as sa
from alembic import op

from app.models.types import Instant, Key

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention",
        sa.Column("id", Key, nullable=False),
        sa.Column("company_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("set_at", Instant, nullable=False),
        sa.Column("set_by", sa.String(254), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_retention_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention")),
    )
    op.create_index(op.f("ix_retention_company_id"), "retention", ["company_id"])


def downgrade() -> None:
    op.drop_table("retention")
