"""Work seen in traces: when things were done, by the clock of their connection; sessions, cells and approvals."""

from datetime import UTC
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

ROWS_A_STATEMENT = 2000

def upgrade() -> None:
    op.add_column('activity', sa.Column('done_minute', sa.Integer(), nullable=True))
    _fact('session_fact', sa.Column('week_on', sa.Integer()), sa.Column('day_on', sa.Integer()), sa.Column('actor', sa.String(36)), sa.Column('minutes', sa.Integer()), sa.Column('assumed_minutes', sa.Integer()), sa.Column('out_of_hours_minutes', sa.Integer()))
    _fact('habit_fact', sa.Column('actor', sa.String(36)), *(sa.Column(name, sa.Integer()) for name in ('moments', 'bursts', 'nights', 'days', 'long_days', 'gaps', 'steady_gaps')))
    _fact('cell_fact', sa.Column('portfolio', sa.String(300)), sa.Column('actor', sa.String(36)))
    _fact('approval_fact', sa.Column('direction', sa.String(8)), sa.Column('author', sa.String(36)), sa.Column('validator', sa.String(36)))
    _fill(op.get_bind())

def downgrade() -> None:
    for name in ('approval_fact', 'cell_fact', 'habit_fact', 'session_fact'):
        op.drop_table(name)
    op.drop_column('activity', 'done_minute')

def _fact(name: str, *columns: sa.Column) -> None:
    op.create_table(
        name,
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('company_id', sa.String(36), nullable=False),
        sa.Column('connection_id', sa.String(36), nullable=False),
        sa.Column('month', sa.Integer(), nullable=False),
        sa.Column('process', sa.String(20), server_default='all', nullable=False),
        *columns,
        sa.Column('n', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f(f'fk_{name}_company_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['connection_id'], ['connection.id'], name=op.f(f'fk_{name}_connection_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{name}')),
    )
    op.create_index(f'ix_{name}_company_id_month', name, ['company_id', 'month'], unique=False)

def _fill(conn: sa.Connection) -> None:
    """Reckon the minute of what was done before there was one, source by source, and have its months made anew."""
    a = sa.table('activity', sa.column('connection_id'), sa.column('external_id'), sa.column('done_minute'), sa.column('done_at', sa.DateTime(timezone=True)))
    for connection_id, zone in conn.execute(sa.text('SELECT id, zone FROM connection')).fetchall():
        clock, mine = ZoneInfo(zone), a.c.connection_id == connection_id
        filled = sa.update(a).where(mine, a.c.external_id == sa.bindparam('key')).values(done_minute=sa.bindparam('minute'))
        last = ''
        while rows := conn.execute(
            sa.select(a.c.external_id, a.c.done_at).where(mine, a.c.external_id > last).order_by(a.c.external_id).limit(ROWS_A_STATEMENT)
        ).fetchall():
            conn.execute(filled, [{'key': key, 'minute': _minute(at, clock)} for key, at in rows])
            last = rows[-1][0]
    for table, month in (('activity', 'done_month'), ('reminder', 'sent_month'), ('document', 'issue_month')):
        conn.execute(sa.text(
            f'INSERT INTO touched_month (company_id, month) SELECT DISTINCT r.company_id, r.{month} FROM {table} r '
            f'WHERE r.{month} IS NOT NULL AND NOT EXISTS '
            f'(SELECT 1 FROM touched_month t WHERE t.company_id = r.company_id AND t.month = r.{month})'
        ))

def _minute(at, zone):
    local = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)
    return (local.toordinal() - 719163) * 1440 + local.hour * 60 + local.minute
