"""The register of processes: what is written down of each."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.create_table('process_sheet',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('process', sa.String(length=20), nullable=False),
    sa.Column('stated_on', sa.Integer(), nullable=False),
    sa.Column('author', sa.String(length=36), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('known_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_process_sheet_company_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_process_sheet'))
    )
    op.create_index('ix_process_sheet_company_id_process_stated_on', 'process_sheet', ['company_id', 'process', 'stated_on'], unique=False)

def downgrade() -> None:
    op.drop_table('process_sheet')
