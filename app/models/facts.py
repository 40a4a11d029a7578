"""Facts: small tables that one GROUP BY a touched month makes from the records; assessments read these."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from app.models.types import Day, Key, Minor, company_column, connection_column, metadata


def _fact(name: str, *columns: Column[object]) -> Table:
    return Table(
        name,
        metadata,
        Column("id", Key, primary_key=True),
        company_column(),
        connection_column(),
        Column("month", Integer, nullable=False),
        Column("process", String(20), nullable=False, server_default="all"),
        *columns,
        Column("n", Integer, nullable=False),
        Index(f"ix_{name}_company_id_month", "company_id", "month"),
    )


issue_fact = _fact("issue_fact", Column("service_on", Day), Column("issued_on", Day), Column("periodic", Boolean))

correction_fact = _fact(
    "correction_fact",
    Column("issued_on", Day),
    Column("corrected_on", Day),
    Column("cancelled_on", Day),
    Column("credited_on", Day),
)

volume_fact = _fact(
    "volume_fact", Column("direct", Boolean), Column("direction", String(8)), Column("kind", String(12))
)

delivery_fact = _fact(
    "delivery_fact",
    Column("delivered_on", Day),
    Column("invoiced_on", Day),
    Column("cancelled_on", Day),
    Column("periodic", Boolean),
    Column("amount_minor", Minor),
)

hours_fact = _fact("hours_fact", Column("week_on", Day), Column("actor", String(36)), Column("minutes", Integer))

event_fact = _fact("event_fact", Column("day_on", Day), Column("actor", String(36)), Column("origin", String(12)))

session_fact = _fact(
    "session_fact",
    Column("week_on", Day),
    Column("day_on", Day),
    Column("actor", String(36)),
    Column("minutes", Integer),
    Column("assumed_minutes", Integer),
    Column("out_of_hours_minutes", Integer),
)

habit_fact = _fact(
    "habit_fact",
    Column("actor", String(36)),
    Column("moments", Integer),
    Column("bursts", Integer),
    Column("nights", Integer),
    Column("days", Integer),
    Column("long_days", Integer),
    Column("gaps", Integer),
    Column("steady_gaps", Integer),
)

cell_fact = _fact("cell_fact", Column("portfolio", String(300)), Column("actor", String(36)))

approval_fact = _fact(
    "approval_fact", Column("direction", String(8)), Column("author", String(36)), Column("validator", String(36))
)

ledger_fact = _fact(
    "ledger_fact",
    Column("fiscal_year", Integer),
    Column("account", String(40)),
    Column("opening", Boolean),
    Column("debit_minor", Minor),
    Column("credit_minor", Minor),
)
