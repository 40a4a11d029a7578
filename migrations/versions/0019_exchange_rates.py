"""Exchange rates, by day, as the European Central Bank publishes them."""

import sqlalchemy as sa
from alembic import op

from app.models.types import Day

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange_rate",
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("day", Day, nullable=False),
        sa.Column("per_euro_micro", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "day", name=op.f("pk_exchange_rate")),
    )


def downgrade() -> None:
    op.drop_table("exchange_rate")
