"""What a row of each table becomes."""

from datetime import date
from decimal import Decimal

import pytest

from connectors.base import Fault
from connectors.files.csv import read_csv
from connectors.records import (
    Absence,
    Cost,
    CostKind,
    CreditReason,
    Direction,
    DocumentKind,
    DocumentStatus,
    Employee,
    Invoice,
    Process,
    Record,
    Reminder,
    StaffRole,
    Stream,
    TimeEntry,
)


def read(stream: Stream, text: str) -> tuple[list[Record], list[Fault]]:
    found = list(read_csv(stream, lambda: text.encode().splitlines(keepends=True)))
    return [record for page in found for record in page.records], [fault for page in found for fault in page.faults]


def one(stream: Stream, text: str) -> Record:
    (record,), faults = read(stream, text)
    assert not faults
    return record


def test_an_invoice_takes_everything_the_template_asks() -> None:
    header = (
        "direction;kind;status;number;customer;customer_name;service_on;periodic;issued_on;sent_on;due_on;paid_on;"
        "cancelled_on;corrected_on;net;tax;total;currency;author;validator;corrects;credit_reason;disputed;"
        "direct_debit;attachment"
    )
    row = (
        "achat;avoir;annulée;A-1;F9;Négoce;2026-02-01;oui;2026-02-02;2026-02-03;2026-02-04;2026-02-05;2026-02-06;"
        "2026-02-07;1000.10;200,02;1200,12;chf;lea;paul;F-0;erreur;x;non;1"
    )
    assert one(Stream.INVOICES, f"{header}\n{row}\n") == Invoice(
        external_id="purchase/F9/A-1",
        direction=Direction.PURCHASE,
        kind=DocumentKind.CREDIT_NOTE,
        status=DocumentStatus.CANCELLED,
        number="A-1",
        party="F9",
        party_label="Négoce",
        service_on=date(2026, 2, 1),
        periodic=True,
        issued_on=date(2026, 2, 2),
        sent_on=date(2026, 2, 3),
        due_on=date(2026, 2, 4),
        paid_on=date(2026, 2, 5),
        cancelled_on=date(2026, 2, 6),
        corrected_on=date(2026, 2, 7),
        net=Decimal("1000.10"),
        tax=Decimal("200.02"),
        total=Decimal("1200.12"),
        currency="CHF",
        author="lea",
        validator="paul",
        corrects="purchase/F9/F-0",
        credit_reason=CreditReason.ERROR,
        disputed=True,
        direct_debit=False,
        has_attachment=True,
    )


def test_what_an_invoice_does_not_say_is_not_known() -> None:
    assert one(Stream.INVOICES, "number;customer;issued_on\nF-1;C1;20260302\n") == Invoice(
        external_id="sale/F-1",
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number="F-1",
        party="C1",
        issued_on=date(2026, 3, 2),
    )


@pytest.mark.parametrize(
    ("cells", "kind", "total", "codes"),
    [
        (";-12", DocumentKind.CREDIT_NOTE, 12, []),
        ("credit_note;-12", DocumentKind.CREDIT_NOTE, 12, []),
        ("credit_note;12", DocumentKind.CREDIT_NOTE, 12, []),
        ("invoice;-12", DocumentKind.CREDIT_NOTE, 12, ["csv_negative_invoice"]),
        ("acompte;12", DocumentKind.DEPOSIT, 12, []),
    ],
)
def test_a_negative_invoice_is_a_credit_note(cells: str, kind: DocumentKind, total: int, codes: list[str]) -> None:
    (record,), faults = read(Stream.INVOICES, f"number;customer;issued_on;kind;total\nF-1;C1;2026-03-02;{cells}\n")
    assert isinstance(record, Invoice)
    assert (record.kind, record.total) == (kind, Decimal(total))
    assert [fault.code for fault in faults] == codes


def test_a_draft_need_not_be_issued_and_a_cancelled_day_says_cancelled() -> None:
    text = "number;customer;issued_on;status;cancelled_on\nD-1;C1;;brouillon;\nF-1;C1;2026-03-02;;2026-03-09\n"
    records, faults = read(Stream.INVOICES, text)
    assert not faults
    assert [record.status for record in records if isinstance(record, Invoice)] == ["draft", "cancelled"]


def test_a_reminder_points_at_its_invoice() -> None:
    assert one(Stream.REMINDERS, "facture;date_relance;niveau;canal;auteur\nF-1;08/04/2026;2;mail;lea\n") == Reminder(
        external_id="F-1/2026-04-08/2",
        invoice_id="sale/F-1",
        sent_on=date(2026, 4, 8),
        level=2,
        channel="mail",
        actor="lea",
    )


def test_a_member_of_staff_goes_by_number() -> None:
    text = (
        "matricule;identifiant;nom;fonction;heures_semaine;date_entree;date_sortie\nS1;lea;L;Gérante;35,5;2024-09-02;\n"
    )
    assert one(Stream.STAFF, text) == Employee(
        external_id="S1",
        actor="lea",
        name="L",
        role=StaffRole.DIRECTOR,
        hours_per_week=Decimal("35.5"),
        entered_on=date(2024, 9, 2),
    )


def test_an_absence_goes_by_employee_and_first_day() -> None:
    assert one(Stream.ABSENCES, "salarie;du;au\nS1;13/07/2026;31/07/2026\n") == Absence(
        external_id="S1/2026-07-13", employee_id="S1", start_on=date(2026, 7, 13), end_on=date(2026, 7, 31)
    )


@pytest.mark.parametrize("duration", ["90;", ";1,5", ";1.5", ";1:30", ";1h30", "90;1,5"])
def test_time_is_kept_in_minutes(duration: str) -> None:
    entry = one(Stream.TIME, f"personne;jour;minutes;heures;processus\nlea;2026-03-02;{duration};relances\n")
    assert isinstance(entry, TimeEntry)
    assert (entry.actor, entry.worked_on, entry.minutes, entry.process) == (
        "lea",
        date(2026, 3, 2),
        90,
        Process.DUNNING,
    )


def test_the_same_time_twice_is_two_pieces_of_work_and_names_nobody_in_its_identity() -> None:
    records, faults = read(Stream.TIME, "person;date;minutes;process\n" + "lea;2026-03-02;30;bank\n" * 2)
    assert not faults
    assert len({record.external_id for record in records}) == 2
    assert not any("lea" in record.external_id for record in records)


def test_a_bad_row_does_not_move_the_identities_of_the_others() -> None:
    header, good, bad = "person;date;minutes;process\n", "lea;2026-03-02;30;bank\n", "lea;2026-03-02;x;bank\n"
    alone, _ = read(Stream.TIME, header + good)
    beside, _ = read(Stream.TIME, header + bad + good)
    assert alone == beside


def test_a_cost_goes_by_day_kind_and_label() -> None:
    header = "date;nature;montant;devise;processus;libelle\n"
    first, again = (
        one(Stream.COSTS, f"{header}31/03/2026;Logiciels;{amount};;facturation;Outil de Léa\n")
        for amount in ("49,00", "59,00")
    )
    assert isinstance(first, Cost)
    assert (first.incurred_on, first.kind, first.amount) == (date(2026, 3, 31), CostKind.SOFTWARE, Decimal("49.00"))
    assert (first.currency, first.process) == ("EUR", Process.INVOICING)
    assert first.external_id == again.external_id
    assert "Léa" not in first.external_id
