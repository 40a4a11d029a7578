"""Settings are kept change by change, with who set them."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

policy = sa.table('policy', sa.column('id', sa.BigInteger()), sa.column('company_id', sa.String()), sa.column('valid_from', sa.Date()), sa.column('settings', sa.JSON()))

def upgrade() -> None:
    op.add_column('policy', sa.Column('set_by', sa.String(length=36), nullable=True))
    conn = op.get_bind()
    for rows in _by_company(conn):
        for place, row in enumerate(rows):
            # Rows used to hold all that was set when they were written: what stood in the one before is no change.
            before = max((one for one in rows[:place] if one.valid_from <= row.valid_from), key=_order, default=None)
            held = before.settings if before is not None else {}
            _keep(conn, row, {name: value for name, value in row.settings.items() if held.get(name) != value})

def downgrade() -> None:
    conn = op.get_bind()
    for rows in _by_company(conn):
        for row in rows:
            held = {}
            for one in sorted((one for one in rows if one.id <= row.id and one.valid_from <= row.valid_from), key=_order):
                held |= one.settings
            _keep(conn, row, {name: value for name, value in held.items() if value is not None and '=' not in name and name != 'holidays'})
    op.drop_column('policy', 'set_by')

def _by_company(conn):
    rows = conn.execute(sa.select(policy).order_by(policy.c.id)).fetchall()
    return [[row for row in rows if row.company_id == one] for one in dict.fromkeys(row.company_id for row in rows)]

def _order(row):
    return row.valid_from, row.id

def _keep(conn, row, settings):
    conn.execute(sa.update(policy).where(policy.c.id == row.id).values(settings=settings))
