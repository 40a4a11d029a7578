"""Who has an alert in hand or dismissed it, who is told at once and when not, and times of maintenance."""

import sqlalchemy as sa
from alembic import op

from app.models.types import Instant, Key

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _columns() -> dict[str, tuple[sa.Column, ...]]:
    return {
        "episode": (
            sa.Column("owner", sa.String(254), nullable=True),
            sa.Column("dismissed_at", Instant, nullable=True),
            sa.Column("dismissed_by", sa.String(200), nullable=True),
            sa.Column("dismissed_because", sa.String(10), nullable=True),
        ),
        "recipient": (
            sa.Column("quiet_from", sa.String(5), server_default="19:00", nullable=False),
            sa.Column("quiet_until", sa.String(5), server_default="08:00", nullable=False),
            sa.Column("quiet_days", sa.Boolean(), server_default=sa.true(), nullable=False),
            sa.Column("place", sa.String(10), server_default="FR", nullable=False),
        ),
        "subscription": (
            sa.Column("letters", sa.String(8), server_default="weekly", nullable=False),
            sa.Column("at_once", sa.String(6), server_default="none", nullable=False),
            sa.Column("signals", sa.JSON(), nullable=True),
            sa.Column("escalations", sa.Boolean(), server_default=sa.false(), nullable=False),
            sa.Column("told_until", Key, server_default="0", nullable=False),
        ),
    }


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    # Who reads already is told at once of nothing they did not ask for, and of nothing that is over.
    op.execute(
        "UPDATE subscription SET told_until = COALESCE("
        "(SELECT MAX(no) FROM episode_event WHERE episode_event.company_id = subscription.company_id), 0)"
    )
    # Before, everybody's week began on a Monday, holiday or not: only in France are we sure of the place.
    op.execute("UPDATE recipient SET place = 'none' WHERE zone <> 'Europe/Paris'")
    op.create_table(
        "maintenance",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("company_id", sa.String(36), nullable=False),
        sa.Column("from_at", Instant, nullable=False),
        sa.Column("until_at", Instant, nullable=False),
        sa.Column("reason", sa.String(500), server_default="", nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_maintenance_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance")),
    )
    op.create_index(op.f("ix_maintenance_company_id"), "maintenance", ["company_id"])


def downgrade() -> None:
    op.drop_table("maintenance")
    for table, columns in reversed(_columns().items()):
        for column in reversed(columns):
            op.drop_column(table, column.name)
