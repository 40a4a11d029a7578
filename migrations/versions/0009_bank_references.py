"""The reference under which the bank shows a payment."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.add_column('payment', sa.Column('bank_reference', sa.String(100), nullable=True))

def downgrade() -> None:
    op.drop_column('payment', 'bank_reference')
