"""When documents were entered, by the clock of their connection; when payment was promised."""

from datetime import UTC
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

ROWS_A_STATEMENT = 2000

def upgrade() -> None:
    op.add_column('document', sa.Column('entered_minute', sa.Integer(), nullable=True))
    op.add_column('document', sa.Column('promised_on', sa.Integer(), nullable=True))
    op.add_column('delivery', sa.Column('billed_monthly', sa.Boolean(), nullable=True))
    op.add_column('delivery_fact', sa.Column('periodic', sa.Boolean(), nullable=True))
    op.execute(sa.text('UPDATE delivery_fact SET periodic = false'))
    _fill(op.get_bind())

def downgrade() -> None:
    op.drop_column('delivery_fact', 'periodic')
    op.drop_column('delivery', 'billed_monthly')
    op.drop_column('document', 'promised_on')
    op.drop_column('document', 'entered_minute')

def _fill(conn: sa.Connection) -> None:
    """Reckon the minute of the documents that came before it, source by source and page by page."""
    d = sa.table('document', sa.column('connection_id'), sa.column('external_id'), sa.column('entered_minute'), sa.column('created_at', sa.DateTime(timezone=True)))
    for connection_id, zone in conn.execute(sa.text('SELECT id, zone FROM connection')).fetchall():
        clock, mine = ZoneInfo(zone), d.c.connection_id == connection_id
        filled = sa.update(d).where(mine, d.c.external_id == sa.bindparam('key')).values(entered_minute=sa.bindparam('minute'))
        last = ''
        while rows := conn.execute(
            sa.select(d.c.external_id, d.c.created_at).where(mine, d.c.external_id > last, d.c.created_at.is_not(None)).order_by(d.c.external_id).limit(ROWS_A_STATEMENT)
        ).fetchall():
            conn.execute(filled, [{'key': key, 'minute': _minute(at, clock)} for key, at in rows])
            last = rows[-1][0]

def _minute(at, zone):
    local = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)
    return (local.toordinal() - 719163) * 1440 + local.hour * 60 + local.minute
