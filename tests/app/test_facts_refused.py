"""An invoice that was refused for a reason of ours shows an error, once, on the day of its refusal."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select

from app.companies import connection_for
from app.db import read, write
from app.facts import refresh_all, refresh_touched
from app.intake import find_source, save_page
from app.models.facts import correction_fact
from connectors.base import Page
from connectors.records import CreditReason, Direction, DocumentKind, DocumentStatus, Invoice, Refusal, Stream

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ISSUED, REFUSED, CREDITED = date(2026, 1, 5), date(2026, 1, 8), date(2026, 1, 12)
OURS = [Refusal.ENTRY_ERROR, Refusal.OMISSION, Refusal.DUPLICATE, Refusal.LOST_DOCUMENT]


def document(n: str, **said: object) -> Invoice:
    fields = {"direction": Direction.SALE, "kind": DocumentKind.INVOICE, "status": DocumentStatus.FINAL, "party": "C"}
    return Invoice(**{"external_id": n, "number": n, "issued_on": ISSUED} | fields | said)  # type: ignore[arg-type]


def note(corrects: str) -> Invoice:
    kind = {"kind": DocumentKind.CREDIT_NOTE, "credit_reason": CreditReason.ERROR, "issued_on": CREDITED}
    return document("A1", corrects=corrects, **kind)


def corrections(engine: Engine, company: str, *records: Invoice) -> list[tuple[date | None, date | None, int]]:
    """Bring records, and give the facts: corrected on, credited on, how many; page by page and all at once alike."""
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        save_page(conn, source, Stream.INVOICES, Page(records, {}), NOW)
        refresh_touched(conn, company)
    found = told(engine)
    with write(engine) as conn:
        refresh_all(conn, company)
    assert told(engine) == found
    return found


def told(engine: Engine) -> list[tuple[date | None, date | None, int]]:
    c = correction_fact.c
    with read(engine) as conn:
        rows = conn.execute(select(c.corrected_on, c.credited_on, c.n).order_by(c.n, c.corrected_on))
        return [(row[0], row[1], row[2]) for row in rows]


@pytest.mark.parametrize("refusal", OURS)
def test_a_refusal_for_a_reason_of_ours_is_an_error_on_that_day(engine: Engine, company: str, refusal: Refusal) -> None:
    found = corrections(engine, company, document("F1", refused_on=REFUSED, refusal=refusal))

    assert found == [(REFUSED, None, 1)]


@pytest.mark.parametrize("refusal", [Refusal.NOT_OURS, Refusal.UNDETERMINED, None])
def test_a_refusal_for_other_reasons_is_none(engine: Engine, company: str, refusal: Refusal | None) -> None:
    found = corrections(engine, company, document("F1", refused_on=REFUSED, refusal=refusal))

    assert found == [(None, None, 1)]


def test_a_reason_without_a_day_is_none(engine: Engine, company: str) -> None:
    assert corrections(engine, company, document("F1", refusal=Refusal.DUPLICATE)) == [(None, None, 1)]


@pytest.mark.parametrize("corrected_on", [date(2026, 1, 6), REFUSED, date(2026, 1, 20)])
def test_the_first_of_correction_and_refusal_counts(engine: Engine, company: str, corrected_on: date) -> None:
    said = {"refused_on": REFUSED, "refusal": Refusal.OMISSION, "corrected_on": corrected_on}

    assert corrections(engine, company, document("F1", **said)) == [(min(corrected_on, REFUSED), None, 1)]


def test_a_refused_invoice_and_the_credit_note_that_undoes_it_are_one_error(engine: Engine, company: str) -> None:
    refused = document("F1", refused_on=REFUSED, refusal=Refusal.ENTRY_ERROR)
    found = corrections(engine, company, refused, note("F1"), document("F2"))

    assert sorted(found, key=str) == [(None, None, 1), (REFUSED, CREDITED, 1)]
    assert sum(n for corrected, credited, n in found if corrected or credited) == 1
