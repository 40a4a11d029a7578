"""What mail servers say of addresses afterwards, and when each delivery was last tried."""

import sqlalchemy as sa
from alembic import op

from app.models.types import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recipient", sa.Column("bounced_at", Instant, nullable=True))
    op.add_column("recipient", sa.Column("bounced_because", sa.Text(), nullable=True))
    op.add_column("recipient", sa.Column("vouched_at", Instant, nullable=True))
    op.add_column("letter", sa.Column("tried_at", Instant, nullable=True))
    op.add_column("notice", sa.Column("tried_at", Instant, nullable=True))
    op.create_table(
        "delivery_report",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("letter_id", sa.String(36), nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("came_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_delivery_report_letter_id_letter"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_report")),
    )
    op.create_index("ix_delivery_report_letter_id", "delivery_report", ["letter_id"])


def downgrade() -> None:
    op.drop_table("delivery_report")
    op.drop_column("notice", "tried_at")
    op.drop_column("letter", "tried_at")
    for column in ("vouched_at", "bounced_because", "bounced_at"):
        op.drop_column("recipient", column)
