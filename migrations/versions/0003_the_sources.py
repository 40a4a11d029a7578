"""The sources: credentials, what counts where, what sources say of themselves, files read by a mapping, deliveries."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.create_table('file_mapping',
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('stream', sa.String(length=20), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_file_mapping_company_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('company_id', 'stream', name=op.f('pk_file_mapping'))
    )
    op.create_table('oauth_flow',
    sa.Column('state_digest', sa.String(length=64), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('provider', sa.String(length=40), nullable=False),
    sa.Column('sealed', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_oauth_flow_company_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('state_digest', name=op.f('pk_oauth_flow'))
    )
    op.create_index(op.f('ix_oauth_flow_company_id'), 'oauth_flow', ['company_id'], unique=False)

    op.create_table('authority_choice',
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('direction', sa.String(length=8), nullable=False),
    sa.Column('from_month', sa.Integer(), nullable=False),
    sa.Column('connection_id', sa.String(length=36), nullable=True),
    sa.Column('chosen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('chosen_by', sa.String(length=254), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_authority_choice_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['connection_id'], ['connection.id'], name=op.f('fk_authority_choice_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('company_id', 'direction', 'from_month', 'chosen_at', name=op.f('pk_authority_choice'))
    )
    op.create_table('delivery',
    sa.Column('connection_id', sa.String(length=36), nullable=False),
    sa.Column('external_id', sa.String(length=255), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('source_version', sa.String(length=64), nullable=True),
    sa.Column('row_hash', sa.String(length=32), nullable=False),
    sa.Column('first_known_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('known_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('gone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('process', sa.String(length=20), server_default='invoicing', nullable=False),
    sa.Column('delivered_on', sa.Integer(), nullable=False),
    sa.Column('delivery_month', sa.Integer(), nullable=False),
    sa.Column('party', sa.String(length=255), nullable=True),
    sa.Column('invoice_id', sa.String(length=255), nullable=True),
    sa.Column('invoiced_on', sa.Integer(), nullable=True),
    sa.Column('cancelled_on', sa.Integer(), nullable=True),
    sa.Column('amount_minor', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('actor', sa.String(length=36), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_delivery_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['connection_id'], ['connection.id'], name=op.f('fk_delivery_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('connection_id', 'external_id', name=op.f('pk_delivery'))
    )
    op.create_index(op.f('ix_delivery_company_id'), 'delivery', ['company_id'], unique=False)
    op.create_index('ix_delivery_company_id_delivery_month', 'delivery', ['company_id', 'delivery_month'], unique=False)

    op.create_table('reconciliation',
    sa.Column('connection_id', sa.String(length=36), nullable=False),
    sa.Column('stream', sa.String(length=20), nullable=False),
    sa.Column('measure', sa.String(length=20), nullable=False),
    sa.Column('month', sa.String(length=7), server_default='', nullable=False),
    sa.Column('direction', sa.String(length=8), server_default='', nullable=False),
    sa.Column('currency', sa.String(length=3), server_default='', nullable=False),
    sa.Column('theirs', sa.BigInteger(), nullable=False),
    sa.Column('ours', sa.BigInteger(), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['connection_id'], ['connection.id'], name=op.f('fk_reconciliation_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('connection_id', 'stream', 'measure', 'month', 'direction', 'currency', name=op.f('pk_reconciliation'))
    )
    op.add_column('bookmark', sa.Column('started_over_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('bookmark', sa.Column('swept_at', sa.DateTime(timezone=True), nullable=True))

    op.add_column('connection', sa.Column('settings', sa.JSON(), server_default='{}', nullable=False))
    op.add_column('connection', sa.Column('sealed_credentials', sa.Text(), nullable=True))
    op.add_column('connection', sa.Column('begun_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('connection', sa.Column('parts', sa.Integer(), server_default='0', nullable=False))
    op.add_column('bookmark', sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('connection', sa.Column('streams', sa.JSON(), nullable=True))
    op.add_column('connection', sa.Column('connected_by', sa.String(length=254), nullable=True))

    op.add_column('document', sa.Column('created_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('document', sa.Column('series', sa.String(length=60), nullable=True))
    op.add_column('document', sa.Column('refused_on', sa.Integer(), nullable=True))
    op.add_column('document', sa.Column('refusal', sa.String(length=16), nullable=True))

    op.add_column('quarantined', sa.Column('version', sa.String(length=20), nullable=True))
    op.create_index('ix_quarantined_connection_id_stream_place', 'quarantined', ['connection_id', 'stream', 'place'], unique=False)

    op.add_column('staff', sa.Column('team', sa.String(length=100), nullable=True))

def downgrade() -> None:
    op.execute('ALTER TABLE staff DROP COLUMN team')

    op.drop_index('ix_quarantined_connection_id_stream_place', table_name='quarantined')
    op.execute('ALTER TABLE quarantined DROP COLUMN version')

    op.execute('ALTER TABLE document DROP COLUMN refusal')
    op.execute('ALTER TABLE document DROP COLUMN refused_on')
    op.execute('ALTER TABLE document DROP COLUMN series')
    op.execute('ALTER TABLE document DROP COLUMN created_at')

    op.execute('ALTER TABLE connection DROP COLUMN connected_by')
    op.execute('ALTER TABLE connection DROP COLUMN begun_at')
    op.execute('ALTER TABLE connection DROP COLUMN parts')
    op.execute('ALTER TABLE bookmark DROP COLUMN ended_at')
    op.execute('ALTER TABLE connection DROP COLUMN streams')
    op.execute('ALTER TABLE connection DROP COLUMN sealed_credentials')
    op.execute('ALTER TABLE connection DROP COLUMN settings')

    op.execute('ALTER TABLE bookmark DROP COLUMN swept_at')
    op.execute('ALTER TABLE bookmark DROP COLUMN started_over_at')

    op.drop_table('reconciliation')
    op.drop_index('ix_delivery_company_id_delivery_month', table_name='delivery')
    op.drop_index(op.f('ix_delivery_company_id'), table_name='delivery')

    op.drop_table('delivery')
    op.drop_table('authority_choice')
    op.drop_index(op.f('ix_oauth_flow_company_id'), table_name='oauth_flow')

    op.drop_table('oauth_flow')
    op.drop_table('file_mapping')
