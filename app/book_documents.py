"""Documents for the books: those listed by a source, and those read off ledger entries."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Integer, and_, case, func, or_, select, type_coerce

from app.authority import Authority, choose, keep
from app.corrected import corrected_on
from app.frames import day_column, fetched, query_frame, typed
from app.models import facts
from app.models.core import connection
from app.models.people import party
from app.models.records import document, payment, reminder
from app.rates import Money
from signals.calendar import months_of
from signals.numbering import number_column

LEDGER_DIRECTION = {"sale": "sale", "sale_credit": "sale", "purchase": "purchase", "purchase_credit": "purchase"}
LEDGER_KIND = {"sale": "invoice", "sale_credit": "credit_note", "purchase": "invoice", "purchase_credit": "credit_note"}


def documents(
    conn: Connection, company_id: str, recent_from: date, authority: Authority, entries: pd.DataFrame, money: Money
) -> pd.DataFrame:
    """Read the documents of the recent months, from the source that counts each month."""
    d = document.c
    query = (
        select(
            d.connection_id,
            d.external_id,
            d.direction,
            d.kind,
            d.number,
            d.party,
            party.c.label.label("party_label"),
            day_column(d.service_on, "service_day"),
            d.periodic,
            day_column(d.issued_on, "issued_day"),
            day_column(d.sent_on, "sent_day"),
            day_column(d.due_on, "due_day"),
            _paid_day(),
            day_column(d.cancelled_on, "cancelled_day"),
            type_coerce(corrected_on(), Integer).label("corrected_day"),
            d.total_minor,
            d.currency,
            d.corrects,
            d.credit_reason,
            day_column(d.refused_on, "refused_day"),
            d.refusal,
            type_coerce(d.has_attachment, Integer).label("attached"),
            d.entered_minute,
            d.issue_month,
        )
        .select_from(document.outerjoin(party, and_(party.c.connection_id == d.connection_id, party.c.code == d.party)))
        .where(d.company_id == company_id, d.gone_at.is_(None), d.status != "draft", d.issued_on >= recent_from)
    )
    found = fetched(conn, query)
    found["direct"] = True
    found["value_minor"] = money.converted(found, "total_minor", "issued_day")["total_minor"]
    found["foreign"] = ~found["currency"].fillna("").isin((money.currency, ""))
    booked = booked_documents(conn, company_id, entries)
    both = pd.concat([f for f in (found, booked) if len(f)], ignore_index=True) if len(found) or len(booked) else found
    return typed("documents", keep(both, authority, "issue_month", "direction"))


def _paid_day() -> ColumnElement[Any]:
    """Give the day a document was paid: the source's own word, or that of the payment that made it whole.

    A source that lists payments and says no paid date is read so; a payment that is still to come counts on its day.
    """
    d, p = document.c, payment.c
    theirs = (p.connection_id == d.connection_id, p.invoice_id == d.external_id, p.gone_at.is_(None))
    last = select(func.max(type_coerce(p.paid_on, Integer))).where(*theirs).having(
        func.sum(case((p.currency == d.currency, p.amount_minor), else_=0)) >= d.total_minor, func.count() > 0
    )  # fmt: skip
    whole = last.correlate(document).scalar_subquery()
    return func.coalesce(type_coerce(d.paid_on, Integer), whole).label("paid_day")


def _settled_day() -> ColumnElement[Any]:
    """Give the day from which nothing was owed without a payment: cancelled, or credited in full."""
    d, note = document.c, document.alias("note").c
    theirs = (
        note.connection_id == d.connection_id,
        note.corrects == d.external_id,
        note.kind == "credit_note",
        note.status == "final",
        note.gone_at.is_(None),
    )
    last = select(func.max(type_coerce(note.issued_on, Integer))).where(*theirs).having(
        func.sum(note.total_minor) >= d.total_minor, func.count() > 0
    )  # fmt: skip
    whole = last.correlate(document).scalar_subquery()
    return func.coalesce(type_coerce(d.cancelled_on, Integer), whole).label("cancelled_day")


def booked_documents(conn: Connection, company_id: str, entries: pd.DataFrame) -> pd.DataFrame:
    """Read documents off sale and purchase entries; the number is whichever column counts in their journal."""
    booked = entries[entries["kind"].isin(list(LEDGER_DIRECTION))]
    if booked.empty:
        return pd.DataFrame()
    columns = number_column(entries)
    chosen = [columns.get((c, j)) for c, j in zip(booked["connection_id"], booked["journal"], strict=True)]
    numbers = [
        number if which == "number" else ref if which == "piece_ref" else ""
        for which, number, ref in zip(chosen, booked["number"], booked["piece_ref"], strict=True)
    ]
    labels = party_labels(conn, company_id)
    return pd.DataFrame(
        {
            "connection_id": booked["connection_id"].to_numpy(),
            "external_id": booked["external_id"].to_numpy(),
            "direct": False,
            "direction": booked["kind"].map(LEDGER_DIRECTION).to_numpy(),
            "kind": booked["kind"].map(LEDGER_KIND).to_numpy(),
            "number": numbers,
            "party": booked["party"].to_numpy(),
            "party_label": [
                labels.get(pair, "") for pair in zip(booked["connection_id"], booked["party"], strict=True)
            ],
            "issued_day": booked["entry_day"].to_numpy(),
            "total_minor": booked["total_minor"].to_numpy(),
            "issue_month": months_of(booked["entry_day"].to_numpy()),
        }
    )


def party_labels(conn: Connection, company_id: str) -> dict[tuple[str, str], str]:
    """Give the names of customers and suppliers, by connection and code."""
    rows = conn.execute(
        select(party.c.connection_id, party.c.code, party.c.label)
        .join(connection, connection.c.id == party.c.connection_id)
        .where(connection.c.company_id == company_id)
    )
    return {(str(r[0]), str(r[1])): str(r[2]) for r in rows}


def issue_days(conn: Connection, company_id: str, authority: Authority) -> pd.DataFrame:
    """Read how many sale invoices were issued on which day for which service day."""
    f = facts.issue_fact.c
    query = select(
        f.connection_id,
        f.month,
        day_column(f.service_on, "service_day"),
        day_column(f.issued_on, "issued_day"),
        f.periodic,
        f.n,
    ).where(f.company_id == company_id)
    found = fetched(conn, query)
    return typed("issue_days", keep(found, authority, "month", "sale"))


def deliveries(conn: Connection, company_id: str, providers: Mapping[str, str]) -> pd.DataFrame:
    """Read how much was delivered on which day and billed on which; of several sources one counts in a month."""
    f = facts.delivery_fact.c
    days = [day_column(f[f"{name}_on"], f"{name}_day") for name in ("delivered", "invoiced", "cancelled")]
    query = select(f.connection_id, f.month, *days, f.periodic, f.amount_minor, f.n).where(f.company_id == company_id)
    found = fetched(conn, query).assign(direction="sale")
    return typed("deliveries", keep(found, choose(found, providers), "month", "direction"))


def corrections(conn: Connection, company_id: str, authority: Authority) -> pd.DataFrame:
    """Read when an error showed on sale invoices, by issue day."""
    f = facts.correction_fact.c
    days = [day_column(f[name], name) for name in ("corrected_on", "cancelled_on", "credited_on")]
    query = select(f.connection_id, f.month, day_column(f.issued_on, "issued_day"), *days, f.n).where(
        f.company_id == company_id
    )
    found = fetched(conn, query)
    shown = found[["corrected_on", "cancelled_on", "credited_on"]].astype("float64")
    found["corrected_day"] = shown.min(axis=1)
    return typed("corrections", keep(found, authority, "month", "sale"))


def overdue(conn: Connection, company_id: str, as_of: date, authority: Authority, money: Money) -> pd.DataFrame:
    """Read the sale invoices that were ever unpaid after their due day."""
    d = document.c
    query = select(
        d.connection_id,
        d.external_id,
        day_column(d.due_on, "due_day"),
        _paid_day(),
        _settled_day(),
        or_(d.disputed.is_(True), d.direct_debit.is_(True)).label("excluded"),
        day_column(d.promised_on, "promised_day"),
        d.total_minor,
        d.currency,
        day_column(d.issued_on, "issued_day"),
        d.issue_month,
    ).where(
        d.company_id == company_id,
        d.gone_at.is_(None),
        d.direction == "sale",
        d.kind != "credit_note",
        d.status != "draft",
        d.issue_month.is_not(None),
        d.due_on < as_of,
        or_(d.paid_on.is_(None), d.paid_on > d.due_on),
    )
    found = money.converted(fetched(conn, query), "total_minor", "issued_day")
    in_time = found["paid_day"].astype("float64") <= found["due_day"].astype("float64")  # as their payments say
    return typed("overdue", keep(found[~in_time], authority, "issue_month", "sale"))


def reminders(conn: Connection, company_id: str) -> pd.DataFrame:
    """Read when customers were reminded of which invoice."""
    r = reminder.c
    return query_frame(
        conn,
        "reminders",
        select(r.connection_id, r.invoice_id, day_column(r.sent_on, "sent_day")).where(
            r.company_id == company_id, r.gone_at.is_(None)
        ),
    )


def payments(conn: Connection, company_id: str, recent_from: date) -> pd.DataFrame:
    """Read what was paid under a bank reference, in the recent months, with the party and total of its invoice."""
    p, d = payment.c, document.c
    of_invoice = and_(d.connection_id == p.connection_id, d.external_id == p.invoice_id, d.gone_at.is_(None))
    query = (
        select(
            p.connection_id,
            p.external_id,
            case((d.direction == "sale", "in"), (d.direction == "purchase", "out"), else_="").label("direction"),
            d.party,
            p.bank_reference.label("reference"),
            day_column(p.paid_on, "paid_day"),
            p.amount_minor,
            d.total_minor.label("owed_minor"),
        )
        .select_from(payment.outerjoin(document, of_invoice))
        .where(
            p.company_id == company_id,
            p.gone_at.is_(None),
            p.paid_on >= recent_from,
            p.bank_reference.is_not(None),
        )
    )
    return query_frame(conn, "payments", query)
