"""The watch: what is done once a period, episodes with their history, letters, webhooks."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('heartbeat',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_heartbeat'))
    )
    op.create_table('job_run',
    sa.Column('task', sa.String(length=20), nullable=False),
    sa.Column('period_key', sa.String(length=120), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='1', nullable=False),
    sa.Column('trouble', sa.String(length=60), nullable=True),
    sa.PrimaryKeyConstraint('task', 'period_key', name=op.f('pk_job_run'))
    )
    with op.batch_alter_table('job_run', schema=None) as batch_op:
        batch_op.create_index('ix_job_run_begun_at', ["begun_at"], unique=False)

    op.create_table('recipient',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('is_demo', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('unsubscribed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recipient')),
    sa.UniqueConstraint('email', name=op.f('uq_recipient_email')),
    sa.UniqueConstraint('token', name=op.f('uq_recipient_token'))
    )
    op.create_table('letter',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('recipient_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('period', sa.String(length=20), nullable=False),
    sa.Column('message_id', sa.String(length=255), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('told_until', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('trouble', sa.Text(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['recipient_id'], ['recipient.id'], name=op.f('fk_letter_recipient_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter')),
    sa.UniqueConstraint('message_id', name=op.f('uq_letter_message_id')),
    sa.UniqueConstraint('recipient_id', 'kind', 'period', name=op.f('uq_letter_recipient_id_kind_period'))
    )
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.create_index('ix_letter_state_next_try_at', ['state', 'next_try_at'], unique=False)

    op.create_table('subscription',
    sa.Column('recipient_id', sa.String(length=36), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_subscription_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['recipient_id'], ['recipient.id'], name=op.f('fk_subscription_recipient_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('recipient_id', 'company_id', name=op.f('pk_subscription'))
    )
    op.drop_table('episode')  # nothing was ever kept in it
    op.create_table('episode',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('process', sa.String(length=20), server_default='all', nullable=False),
    sa.Column('subject', sa.String(length=60), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('resumes_as', sa.String(length=12), nullable=True),
    sa.Column('opened_on', sa.Integer(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fired_on', sa.Integer(), nullable=True),
    sa.Column('calm_since', sa.Integer(), nullable=True),
    sa.Column('closed_on', sa.Integer(), nullable=True),
    sa.Column('seen_on', sa.Integer(), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_by', sa.String(length=200), nullable=True),
    sa.Column('snoozed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('snoozed_value', sa.Float(), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_episode_company_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_episode'))
    )
    op.create_index('ix_episode_company_id_opened_on', 'episode', ['company_id', 'opened_on'], unique=False)
    op.create_index('uq_episode_open', 'episode', ['company_id', 'process', 'subject'], unique=True, sqlite_where=sa.text('closed_on IS NULL'), postgresql_where=sa.text('closed_on IS NULL'))

    op.create_table('episode_event',
    sa.Column('no', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('episode_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('happened_on', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('who', sa.String(length=200), nullable=True),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_episode_event_company_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['episode_id'], ['episode.id'], name=op.f('fk_episode_event_episode_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('no', name=op.f('pk_episode_event')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('episode_event', schema=None) as batch_op:
        batch_op.create_index('ix_episode_event_company_id_no', ['company_id', 'no'], unique=False)
        batch_op.create_index(batch_op.f('ix_episode_event_episode_id'), ['episode_id'], unique=False)

    op.create_table('knock',
    sa.Column('no', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('connection_id', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.String(length=255), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['connection_id'], ['connection.id'], name=op.f('fk_knock_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('no', name=op.f('pk_knock')),
    sa.UniqueConstraint('connection_id', 'event_id', name=op.f('uq_knock_connection_id_event_id')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('connection', schema=None) as batch_op:
        batch_op.add_column(sa.Column('due_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('read_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('trouble', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('trouble_params', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('troubled_since', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('failures', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('sealed_secret', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('door_closed_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE connection SET due_at = created_at WHERE kind = 'api'")
    _refuse_updates()


def downgrade() -> None:
    _allow_updates()
    # Not as a batch: on SQLite that makes the table anew, and every record of a connection goes with the old one.
    for column in (
        "door_closed_at",
        "sealed_secret",
        "failures",
        "troubled_since",
        "trouble_params",
        "trouble",
        "changed_at",
        "read_at",
        "due_at",
    ):
        op.execute(f'ALTER TABLE connection DROP COLUMN {column}')

    op.drop_table('knock')
    with op.batch_alter_table('episode_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_episode_event_episode_id'))
        batch_op.drop_index('ix_episode_event_company_id_no')

    op.drop_table('episode_event')
    op.drop_table('episode')
    op.create_table('episode',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('company_id', sa.String(length=36), nullable=False),
    sa.Column('process', sa.String(length=20), server_default='all', nullable=False),
    sa.Column('signal', sa.String(length=20), nullable=False),
    sa.Column('opened_on', sa.Integer(), nullable=False),
    sa.Column('closed_on', sa.Integer(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_episode_company_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_episode'))
    )
    op.create_index('ix_episode_company_id_opened_on', 'episode', ['company_id', 'opened_on'], unique=False)
    op.drop_table('subscription')
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.drop_index('ix_letter_state_next_try_at')

    op.drop_table('letter')
    op.drop_table('recipient')
    with op.batch_alter_table('job_run', schema=None) as batch_op:
        batch_op.drop_index('ix_job_run_begun_at')

    op.drop_table('job_run')
    op.drop_table('heartbeat')


def _refuse_updates() -> None:
    """What happened to an episode is added to and never rewritten, whatever a later version of the code does."""
    if op.get_bind().dialect.name == 'sqlite':
        op.execute("""
            CREATE TRIGGER episode_event_is_history BEFORE UPDATE ON episode_event
            BEGIN SELECT RAISE(ABORT, 'the history of an episode is never rewritten'); END
        """)
        return
    op.execute("""
        CREATE FUNCTION refuse_rewriting_history() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the history of an episode is never rewritten'; END $$
    """)
    op.execute("""
        CREATE TRIGGER episode_event_is_history BEFORE UPDATE ON episode_event
        FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history()
    """)


def _allow_updates() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        op.execute('DROP TRIGGER episode_event_is_history')
        return
    op.execute('DROP TRIGGER episode_event_is_history ON episode_event')
    op.execute('DROP FUNCTION refuse_rewriting_history()')
