"""The watch: work done once per period, the last tick, episodes with their history, people to write to, letters."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from app.models.types import Day, Instant, Key, company_column, connection_column, metadata

# One row a piece of work: what has one is done, under way, or waits for another try; it is never begun twice.
job_run = Table(
    "job_run",
    metadata,
    Column("task", String(20), primary_key=True),
    Column("period_key", String(120), primary_key=True),
    Column("begun_at", Instant, nullable=False),
    Column("leased_until", Instant, nullable=False),  # until then it is somebody's; after it, anybody's
    Column("finished_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("trouble", String(60)),
    Index("ix_job_run_begun_at", "begun_at"),
)

# The dead-man's switch: when something was last seen alive.
heartbeat = Table(
    "heartbeat",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("beat_at", Instant, nullable=False),
)

# One thread from crossing to return. `subject` is a signal, `verdict`, `assessment`, or `source:<provider>`.
episode = Table(
    "episode",
    metadata,
    Column("id", String(36), primary_key=True),
    company_column(),
    Column("process", String(20), nullable=False, server_default="all"),
    Column("subject", String(60), nullable=False),
    Column("state", String(12), nullable=False),
    Column("resumes_as", String(12)),  # the state it goes on from when data or assessments are back
    Column("opened_on", Day, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("fired_on", Day),
    Column("calm_since", Day),
    Column("closed_on", Day),
    Column("seen_on", Day, nullable=False),  # the last day it was looked at
    Column("facts", JSON, nullable=False),  # level, measure, value, interval, limit; verdicts before and after
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", String(200)),
    Column("snoozed_until", Instant),
    Column("snoozed_value", Float),  # what it was on the day it was put off or dismissed
    Column("owner", String(254)),  # who has it in hand
    Column("dismissed_at", Instant),
    Column("dismissed_by", String(200)),
    Column("dismissed_because", String(10)),
    Index("ix_episode_company_id_opened_on", "company_id", "opened_on"),
    Index(
        "uq_episode_open",
        "company_id",
        "process",
        "subject",
        unique=True,
        sqlite_where=text("closed_on IS NULL"),
        postgresql_where=text("closed_on IS NULL"),
    ),
)

# What happened to an episode, in order; rows are added and never changed: the database itself refuses an update.
episode_event = Table(
    "episode_event",
    metadata,
    Column("no", Key, primary_key=True),
    company_column(),
    Column("episode_id", String(36), ForeignKey("episode.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("happened_on", Day, nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", String(200)),  # a person's action; None where the watch itself saw it
    Column("note", Text, nullable=False, server_default=""),
    Column("facts", JSON, nullable=False),
    Index("ix_episode_event_company_id_no", "company_id", "no"),
    sqlite_autoincrement=True,  # a letter remembers the last number it told of: none may come twice
)

# Somebody who gets the weekly letter.
recipient = Table(
    "recipient",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("language", String(5), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("token", String(64), nullable=False, unique=True),  # opens nothing but the way out of the letters
    Column("is_demo", Boolean, nullable=False, server_default=false()),  # their letters are kept, never sent
    Column("created_at", Instant, nullable=False),
    Column("unsubscribed_at", Instant),
    # When mails at once wait: between two times of their day, and on days that nobody works at their place.
    Column("quiet_from", String(5), nullable=False, server_default="19:00"),
    Column("quiet_until", String(5), nullable=False, server_default="08:00"),
    Column("quiet_days", Boolean, nullable=False, server_default=true()),
    Column("place", String(10), nullable=False, server_default="FR"),  # whose public holidays count
    Column("bounced_at", Instant),  # no letter is sent from then on, until somebody says that the address is good
    Column("bounced_because", Text),
    Column("vouched_at", Instant),  # when somebody last said so: what bounced of letters before counts no more
)

# Which companies somebody reads about.
subscription = Table(
    "subscription",
    metadata,
    Column(
        "recipient_id", String(36), ForeignKey("recipient.id", ondelete="CASCADE"), primary_key=True, nullable=False
    ),
    company_column(primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("letters", String(8), nullable=False, server_default="weekly"),  # weekly, monthly or none
    Column("at_once", String(6), nullable=False, server_default="none"),  # none, action or all
    Column("signals", JSON),  # the signals they want to be told of; None: all
    Column("escalations", Boolean, nullable=False, server_default=false()),  # what nobody has acknowledged
    Column("told_until", Key, nullable=False, server_default="0"),  # the last event weighed for a mail at once
)

# Times in which nobody is told anything of a company: a migration, a closing, an office that moves.
maintenance = Table(
    "maintenance",
    metadata,
    Column("id", String(36), primary_key=True),
    company_column(index=True),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("reason", String(500), nullable=False, server_default=""),
    Column("who", String(200), nullable=False),
    Column("made_at", Instant, nullable=False),
)

# The outbox. `content` is the snapshot a letter is written from, so that it says what was true when it was due.
letter = Table(
    "letter",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("recipient_id", String(36), ForeignKey("recipient.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("period", String(20), nullable=False),  # 2026-W48
    Column("message_id", String(255), nullable=False, unique=True),
    Column("content", JSON, nullable=False),
    Column("told_until", Key, nullable=False),  # the last episode event it speaks of
    # waiting, sending, sent, refused, bounced, held, kept, dropped, replaced
    Column("state", String(10), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_try_at", Instant, nullable=False),
    Column("leased_until", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("trouble", Text),
    Column("tried_at", Instant),
    Column("sent_at", Instant),
    UniqueConstraint("recipient_id", "kind", "period"),
    Index("ix_letter_state_next_try_at", "state", "next_try_at"),
)

# Genuine webhooks, kept before they are answered, and what became of each. Of the payload its size and digest are kept,
# and, where its provider tells it, which object it is about.
knock = Table(
    "knock",
    metadata,
    Column("no", Key, primary_key=True),
    connection_column(),
    Column("event_id", String(255), nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("hint_stream", String(20)),  # of the object that changed; None: anything may have
    Column("hint_id", String(255)),
    Column("state", String(8), nullable=False, server_default="waiting"),  # waiting, applied, skipped or failed
    Column("reason", String(60)),  # why it was skipped, why it failed, or what the last try met with
    Column("reason_params", JSON),
    Column("attempts", Integer, nullable=False, server_default="0"),  # readings that failed while it waited
    Column("done_at", Instant),  # when it was applied or skipped
    UniqueConstraint("connection_id", "event_id"),
    Index(
        "ix_knock_not_done",
        "connection_id",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

# Hours since 1970 in which a connection's webhook rang: its usual gaps.
knock_hour = Table(
    "knock_hour",
    metadata,
    connection_column(primary_key=True),
    Column("hour", Integer, primary_key=True),
)
