"""What became of each webhook, the object it names, and the hours in which webhooks ring."""

import sqlalchemy as sa
from alembic import op

from app.models.types import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NOT_DONE = sa.text("done_at IS NULL")


def upgrade() -> None:
    op.add_column("connection", sa.Column("hinted_at", Instant, nullable=True))
    op.add_column("connection", sa.Column("fetches", sa.Integer(), server_default="0", nullable=False))
    op.add_column("connection", sa.Column("silent_from", Instant, nullable=True))
    op.add_column("knock", sa.Column("hint_stream", sa.String(20), nullable=True))
    op.add_column("knock", sa.Column("hint_id", sa.String(255), nullable=True))
    op.add_column("knock", sa.Column("state", sa.String(8), server_default="waiting", nullable=False))
    op.add_column("knock", sa.Column("reason", sa.String(60), nullable=True))
    op.add_column("knock", sa.Column("reason_params", sa.JSON(), nullable=True))
    op.add_column("knock", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("knock", sa.Column("done_at", Instant, nullable=True))
    # Nobody knows what became of those before.
    op.execute("UPDATE knock SET state = 'skipped', reason = 'knock_before_outcomes', done_at = received_at")
    op.create_index("ix_knock_not_done", "knock", ["connection_id"], sqlite_where=NOT_DONE, postgresql_where=NOT_DONE)
    op.create_table(
        "knock_hour",
        sa.Column("connection_id", sa.String(36), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.id"],
            name=op.f("fk_knock_hour_connection_id_connection"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection_id", "hour", name=op.f("pk_knock_hour")),
    )


def downgrade() -> None:
    op.drop_table("knock_hour")
    op.drop_index("ix_knock_not_done", table_name="knock")
    for column in ("done_at", "attempts", "reason_params", "reason", "state", "hint_id", "hint_stream"):
        op.drop_column("knock", column)
    for column in ("silent_from", "fetches", "hinted_at"):
        op.drop_column("connection", column)
