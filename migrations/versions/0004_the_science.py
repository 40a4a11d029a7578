"""The science: what was delivered and not billed."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.create_table('delivery_fact',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('connection_id', sa.String(length=36), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('process', sa.String(length=20), server_default='all', nullable=False),
    sa.Column('delivered_on', sa.Integer(), nullable=True),
    sa.Column('invoiced_on', sa.Integer(), nullable=True),
    sa.Column('cancelled_on', sa.Integer(), nullable=True),
    sa.Column('amount_minor', sa.BigInteger(), nullable=True),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_delivery_fact_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['connection_id'], ['connection.id'], name=op.f('fk_delivery_fact_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_fact'))
    )
    op.create_index('ix_delivery_fact_company_id_month', 'delivery_fact', ['company_id', 'month'], unique=False)
    # Deliveries came before their fact: each of their months is made anew at the next assessment.
    op.execute(
        'INSERT INTO touched_month (company_id, month) SELECT DISTINCT d.company_id, d.delivery_month FROM delivery d '
        'WHERE NOT EXISTS (SELECT 1 FROM touched_month t WHERE t.company_id = d.company_id AND t.month = d.delivery_month)'
    )

def downgrade() -> None:
    op.drop_index('ix_delivery_fact_company_id_month', table_name='delivery_fact')
    op.drop_table('delivery_fact')
