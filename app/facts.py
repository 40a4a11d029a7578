"""Facts: for each touched month, one GROUP BY a fact table makes the counts that assessments read.

`refresh_touched` costs what changed; `refresh_all` is the same code over every month, and a test holds them equal.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Integer,
    Select,
    Table,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    true,
    type_coerce,
    union,
    union_all,
)

from app.corrected import corrected_on
from app.models import facts
from app.models.core import company, touched_month
from app.models.ledger import ledger_entry, ledger_line
from app.models.records import activity, cost, delivery, document, reminder, time_entry
from app.trace_facts import issued, process_of_document, refresh_traces

MONTHS_A_STATEMENT = 200

Counts = Select[tuple[object, ...]] | CompoundSelect[tuple[object, ...]]
MakeFact = Callable[[str, list[int]], Counts]


def _issue(company_id: str, months: list[int]) -> Counts:
    d = document.c
    keys = (d.connection_id, d.issue_month, d.service_on, d.issued_on, func.coalesce(d.periodic, false()))
    return (
        select(d.company_id, *keys, func.count())
        .where(*issued(company_id, months), d.direction == "sale", d.kind == "invoice")
        .group_by(d.company_id, *keys)
    )


def _correction(company_id: str, months: list[int]) -> Counts:
    d, note = document.c, document.alias("note")
    credited = (
        select(func.min(note.c.issued_on))
        .where(
            note.c.connection_id == d.connection_id,
            note.c.corrects == d.external_id,
            note.c.kind == "credit_note",
            note.c.credit_reason == "error",
            note.c.status != "draft",
            note.c.gone_at.is_(None),
        )
        .scalar_subquery()
    )
    each = (
        select(
            d.company_id,
            d.connection_id,
            d.issue_month,
            d.issued_on,
            corrected_on().label("corrected_on"),
            d.cancelled_on,
            credited.label("credited_on"),
        )
        .where(*issued(company_id, months), d.direction == "sale", d.kind == "invoice")
        .subquery()
    )
    keys = tuple(each.c)
    return select(*keys, func.count()).group_by(*keys)


def _volume(company_id: str, months: list[int]) -> Counts:
    d, e = document.c, ledger_entry.c
    keys = (d.connection_id, d.issue_month, d.direction, d.kind)
    direct = (
        select(d.company_id, d.connection_id, d.issue_month, true(), d.direction, d.kind, func.count())
        .where(*issued(company_id, months))
        .group_by(d.company_id, *keys)
    )
    direction = case((e.kind.in_(("sale", "sale_credit")), "sale"), else_="purchase")
    kind = case((e.kind.in_(("sale", "purchase")), "invoice"), else_="credit_note")
    booked = (
        select(e.company_id, e.connection_id, e.entry_month, false(), direction, kind, func.count())
        .where(
            e.company_id == company_id,
            e.entry_month.in_(months),
            e.gone_at.is_(None),
            e.kind.in_(("sale", "sale_credit", "purchase", "purchase_credit")),
        )
        .group_by(e.company_id, e.connection_id, e.entry_month, direction, kind)
    )
    return union_all(direct, booked)


def _deliveries(company_id: str, months: list[int]) -> Counts:
    """Count deliveries by their days; one that was billed on a day nobody says tells nothing of billing late."""
    d = delivery.c
    keys = (d.company_id, d.connection_id, d.delivery_month, d.process, d.delivered_on, d.invoiced_on, d.cancelled_on)
    periodic = func.coalesce(d.billed_monthly, false())
    ours = select(company.c.currency).where(company.c.id == company_id).scalar_subquery()
    amount = case((d.currency == ours, func.coalesce(d.amount_minor, 0)), else_=0)  # in another currency: not said
    told = (d.invoice_id.is_(None) | d.invoiced_on.is_not(None), d.gone_at.is_(None))
    return (
        select(*keys, periodic, func.sum(amount), func.count())
        .where(d.company_id == company_id, d.delivery_month.in_(months), *told)
        .group_by(*keys, periodic)
    )


def _hours(company_id: str, months: list[int]) -> Counts:
    t = time_entry.c
    keys = (t.company_id, t.connection_id, t.worked_month, t.process, t.week_on, t.actor)
    return (
        select(*keys, func.sum(t.minutes), func.count())
        .where(t.company_id == company_id, t.worked_month.in_(months), t.gone_at.is_(None))
        .group_by(*keys)
    )


def _events(company_id: str, months: list[int]) -> Counts:
    a, r, t, d = activity.c, reminder.c, time_entry.c, document.c
    done = select(
        a.company_id, a.connection_id, a.done_month, a.process, a.done_on, a.actor, literal("activity"), func.count()
    ).where(a.company_id == company_id, a.done_month.in_(months), a.gone_at.is_(None))
    reminded = select(
        r.company_id, r.connection_id, r.sent_month, r.process, r.sent_on, r.actor, literal("reminder"), func.count()
    ).where(r.company_id == company_id, r.sent_month.in_(months), r.gone_at.is_(None), r.actor.is_not(None))
    process = process_of_document()
    wrote = select(
        d.company_id, d.connection_id, d.issue_month, process, d.issued_on, d.author, literal("document"), func.count()
    ).where(*issued(company_id, months), d.author.is_not(None))
    timed = select(
        t.company_id, t.connection_id, t.worked_month, t.process, t.worked_on, t.actor, literal("time"), func.count()
    ).where(t.company_id == company_id, t.worked_month.in_(months), t.gone_at.is_(None))
    return union_all(
        done.group_by(a.company_id, a.connection_id, a.done_month, a.process, a.done_on, a.actor),
        reminded.group_by(r.company_id, r.connection_id, r.sent_month, r.process, r.sent_on, r.actor),
        wrote.group_by(d.company_id, d.connection_id, d.issue_month, process, d.issued_on, d.author),
        timed.group_by(t.company_id, t.connection_id, t.worked_month, t.process, t.worked_on, t.actor),
    )


def _ledger(company_id: str, months: list[int]) -> Counts:
    e, line = ledger_entry.c, ledger_line.c
    opening = case((e.kind == "opening", true()), else_=false())
    keys = (e.company_id, e.connection_id, e.entry_month, e.fiscal_year, line.account, opening)
    return (
        select(*keys, func.sum(line.debit_minor), func.sum(line.credit_minor), func.count())
        .select_from(ledger_entry.join(ledger_line, line.entry_id == e.id))
        .where(e.company_id == company_id, e.entry_month.in_(months), e.gone_at.is_(None))
        .group_by(*keys)
    )


# Each fact: its table, the columns its SELECT fills, the SELECT.
FACTS: tuple[tuple[Table, tuple[str, ...], MakeFact], ...] = (
    (facts.issue_fact, ("company_id", "connection_id", "month", "service_on", "issued_on", "periodic", "n"), _issue),
    (
        facts.correction_fact,
        ("company_id", "connection_id", "month", "issued_on", "corrected_on", "cancelled_on", "credited_on", "n"),
        _correction,
    ),
    (
        facts.volume_fact,
        ("company_id", "connection_id", "month", "direct", "direction", "kind", "n"),
        _volume,
    ),
    (
        facts.delivery_fact,
        (
            "company_id",
            "connection_id",
            "month",
            "process",
            "delivered_on",
            "invoiced_on",
            "cancelled_on",
            "periodic",
            "amount_minor",
            "n",
        ),
        _deliveries,
    ),
    (
        facts.hours_fact,
        ("company_id", "connection_id", "month", "process", "week_on", "actor", "minutes", "n"),
        _hours,
    ),
    (
        facts.event_fact,
        ("company_id", "connection_id", "month", "process", "day_on", "actor", "origin", "n"),
        _events,
    ),
    (
        facts.ledger_fact,
        (
            "company_id",
            "connection_id",
            "month",
            "fiscal_year",
            "account",
            "opening",
            "debit_minor",
            "credit_minor",
            "n",
        ),
        _ledger,
    ),
)

FACT_TABLES: tuple[Table, ...] = (
    *(table for table, _, _ in FACTS),
    facts.cell_fact,
    facts.approval_fact,
    facts.session_fact,
    facts.habit_fact,
)
"""Every table that holds facts."""


def refresh(conn: Connection, company_id: str, months: Iterable[int]) -> None:
    """Make the facts of some months anew."""
    wanted = sorted(set(months))
    for start in range(0, len(wanted), MONTHS_A_STATEMENT):
        some = wanted[start : start + MONTHS_A_STATEMENT]
        for table, columns, make in FACTS:
            conn.execute(delete(table).where(table.c.company_id == company_id, table.c.month.in_(some)))
            conn.execute(insert(table).from_select(list(columns), make(company_id, some)))
    refresh_traces(conn, company_id, wanted)


def refresh_touched(conn: Connection, company_id: str) -> int:
    """Make the facts of the touched months anew, and say how many months that was."""
    # Taking the marks first makes a second refresh of the same company wait, and find nothing left to do.
    taken = delete(touched_month).where(touched_month.c.company_id == company_id).returning(touched_month.c.month)
    months = [int(row[0]) for row in conn.execute(taken)]
    refresh(conn, company_id, months)
    return len(months)


def refresh_all(conn: Connection, company_id: str) -> int:
    """Make every fact anew from all records."""
    month_columns = (
        (document, document.c.issue_month),
        (activity, activity.c.done_month),
        (reminder, reminder.c.sent_month),
        (time_entry, time_entry.c.worked_month),
        (cost, cost.c.cost_month),
        (delivery, delivery.c.delivery_month),
        (ledger_entry, ledger_entry.c.entry_month),
    )
    every = union(
        *(
            select(type_coerce(column, Integer)).where(table.c.company_id == company_id, column.is_not(None))
            for table, column in month_columns
        )
    )
    months = [int(month) for month in conn.execute(every).scalars()]
    for table in FACT_TABLES:
        conn.execute(delete(table).where(table.c.company_id == company_id))
    refresh(conn, company_id, months)
    conn.execute(delete(touched_month).where(touched_month.c.company_id == company_id))
    return len(months)
