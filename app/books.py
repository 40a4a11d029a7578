"""Rows as books: the one seam between what we keep and what a detector may see."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from app.authority import choices, choose, keep
from app.book_courses import traces
from app.book_documents import corrections, deliveries, documents, issue_days, overdue, payments, reminders
from app.book_feeds import feeds, imported_on
from app.book_ledger import entries as ledger_entries
from app.book_ledger import faults, fields, open_lines
from app.book_persons import as_persons, said_of_persons
from app.book_staff import absences, costs, events, hours, roles, staff, with_roles
from app.book_traces import approvals, cells, departures, habits, sessions
from app.declarations import read_declarations
from app.frames import fact_frame
from app.models import facts
from app.models.core import company, connection
from app.people import one_person
from app.rates import money_of
from app.register import read_register
from signals.books import Books
from signals.calendar import month_number

EVENT_DAYS = 1310  # 36 months of who knew what, each looking back 180 days
SESSION_DAYS = 190  # of who works out of hours; directors' own go back further
CELL_DAYS = 250  # six complete months, and the one under way
RECENT_DAYS = 800  # 26 months: two years of duplicates and series, and the month under way


def read_books(conn: Connection, company_id: str, as_of: date, *, recent_from: date | None = None) -> Books:
    """Read a company's books, cut at the end of `as_of`; the facts have to be fresh (`app.facts`).

    Records go back to `recent_from`, without it as far as an assessment looks.
    """
    recent_from = recent_from or as_of - timedelta(days=RECENT_DAYS)

    def before(days: int) -> date:
        """Give how far back a table of so many days reaches, where records reach to `recent_from`."""
        return recent_from + timedelta(days=RECENT_DAYS - days)

    found = conn.execute(select(company).where(company.c.id == company_id)).mappings().one()
    c = connection.c
    rows = conn.execute(select(c.id, c.provider, c.kind).where(c.company_id == company_id))
    providers = {str(r[0]): (str(r[1]), str(r[2])) for r in rows}
    role_of, same = roles(conn, company_id), one_person(conn, company_id)
    names = ("connection_id", "direct", "month", "direction", "kind", "n")
    volume = fact_frame(conn, facts.volume_fact, company_id, names)
    by_key = {key: provider for key, (provider, _) in providers.items()}
    authority = choose(volume, by_key, choices(conn, company_id))
    entries = ledger_entries(conn, company_id, recent_from)
    money = money_of(conn, str(found["currency"]))
    tables = {
        "documents": documents(conn, company_id, recent_from, authority, entries, money),
        "issue_days": issue_days(conn, company_id, authority),
        "deliveries": deliveries(conn, company_id, by_key),
        "corrections": corrections(conn, company_id, authority),
        "overdue": overdue(conn, company_id, as_of, authority, money),
        "reminders": reminders(conn, company_id),
        "payments": payments(conn, company_id, recent_from),
        "hours": with_roles(hours(conn, company_id, same), role_of),
        "events": with_roles(events(conn, company_id, before(EVENT_DAYS)), role_of),
        "sessions": with_roles(sessions(conn, company_id, before(SESSION_DAYS), role_of), role_of),
        "habits": habits(conn, company_id),
        "cells": with_roles(cells(conn, company_id, month_number(before(CELL_DAYS))), role_of),
        "approvals": approvals(conn, company_id, role_of),
        "departures": departures(conn, company_id, ZoneInfo(found["zone"])),
        "traces": traces(conn, company_id, recent_from, as_of),
        "absences": absences(conn, company_id),
        "staff": staff(conn, company_id, role_of, same),
        "costs": costs(conn, company_id, money),
        "volume": keep(volume, authority, "month", "direction"),
        "ledger_months": fact_frame(
            conn,
            facts.ledger_fact,
            company_id,
            ("connection_id", "fiscal_year", "month", "account", "opening", "debit_minor", "credit_minor", "n"),
        ),
        "entries": entries,
        "open_lines": open_lines(conn, company_id, recent_from),
        "faults": faults(conn, company_id),
        "fields": fields(conn, company_id),
        "feeds": feeds(conn, company_id, providers),
    }
    whole = Books(
        company_id=company_id,
        as_of=as_of,
        tables=as_persons(tables, same),
        declarations=said_of_persons((*read_declarations(conn, company_id), *read_register(conn, company_id)), same),
        imported_on=imported_on(conn, company_id),
        recent_from=recent_from,
        currency=found["currency"],
        unconverted=money.unconverted,
    )
    return whole.at(as_of)
