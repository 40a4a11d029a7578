"""Channels that alerts are told at once, and the notices that wait for them."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

def upgrade() -> None:
    op.create_table(
        'channel',
        sa.Column('id', sa.String(36), nullable=False),
        sa.Column('company_id', sa.String(36), nullable=False),
        sa.Column('kind', sa.String(10), nullable=False),
        sa.Column('label', sa.String(100), nullable=False),
        sa.Column('language', sa.String(5), nullable=False),
        sa.Column('sealed_address', sa.Text(), nullable=False),
        sa.Column('sealed_secret', sa.Text(), nullable=True),
        sa.Column('told_until', KEY, nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('off_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('off_because', sa.String(60), nullable=True),
        sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_channel_company_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_channel')),
    )
    op.create_index('ix_channel_company_id', 'channel', ['company_id'], unique=False)
    op.create_table(
        'notice',
        sa.Column('id', sa.String(36), nullable=False),
        sa.Column('channel_id', sa.String(36), nullable=False),
        sa.Column('event_no', KEY, nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('state', sa.String(10), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
        sa.Column('trouble', sa.Text(), nullable=True),
        sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['channel_id'], ['channel.id'], name=op.f('fk_notice_channel_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
        sa.UniqueConstraint('channel_id', 'event_no', name=op.f('uq_notice_channel_id_event_no')),
    )
    op.create_index('ix_notice_state_next_try_at', 'notice', ['state', 'next_try_at'], unique=False)

def downgrade() -> None:
    op.drop_index('ix_notice_state_next_try_at', table_name='notice')
    op.drop_table('notice')
    op.drop_index('ix_channel_company_id', table_name='channel')
    op.drop_table('channel')
