"""The reference under which the bank shows a payment; payments in order of days."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.add_column('payment', sa.Column('bank_reference', sa.String(100), nullable=True))
    op.create_index('ix_payment_connection_id_paid_on', 'payment', ['connection_id', 'paid_on'])

def downgrade() -> None:
    op.drop_index('ix_payment_connection_id_paid_on', table_name='payment')
    op.drop_column('payment', 'bank_reference')
