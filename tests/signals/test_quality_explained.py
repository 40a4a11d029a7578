"""What explains quality: refusals, reasons of credit notes, missing files, contacts kept twice, days of entry."""

from datetime import date
from typing import Any

import pytest

from signals.base import Measure
from signals.books import Books, frame
from signals.calendar import day_number
from signals.contacts import ContactTwins, plain_name
from signals.credit_reasons import ErrorCreditNotes
from signals.entering import BackDated, OutOfHoursEntries
from signals.missing_documents import MissingDocuments
from signals.policy import Policy
from signals.refusals import RefusalRate

AS_OF = date(2026, 11, 20)  # a Friday
POLICY = Policy(closed_days=frozenset({date(2026, 11, 11)}))
DAY = 24 * 60


def document(no: int, **said: Any) -> dict[str, Any]:
    return {
        "connection_id": "c", "external_id": f"d{no}", "direct": True, "direction": "sale", "kind": "invoice",
        "issued_day": day_number(date(2026, 9, 1)), **said,
    }  # fmt: skip


def books(*documents: dict[str, Any]) -> Books:
    return Books(company_id="x", as_of=AS_OF, tables={"documents": frame("documents", list(documents))})


def noted(measure: Measure) -> dict[str, Any]:
    return {note.code: note.params.get("n") for note in measure.notes}


def refused(no: int, why: str, **said: Any) -> dict[str, Any]:
    return document(no, refused_day=day_number(date(2026, 9, 3)), refusal=why, **said)


def credit(no: int, corrects: str, reason: str = "error") -> dict[str, Any]:
    return document(no, kind="credit_note", corrects=corrects, credit_reason=reason)


def test_refusals_count_by_family_and_only_those_that_are_our_fault() -> None:
    found = books(
        refused(1, "entry_error"), refused(2, "entry_error"), refused(3, "duplicate"), refused(4, "not_ours"),
        refused(5, "undetermined"), *(document(n) for n in range(6, 21)),
    )  # fmt: skip

    rate = RefusalRate().detect(found, POLICY)

    assert (rate.value, rate.n, rate.records_total) == (3 / 20, 20, 3)
    assert noted(rate) == {
        "refused_entry_error": 2, "refused_duplicate": 1, "refused_not_ours": 1, "refused_undetermined": 1,
    }  # fmt: skip


def test_a_source_that_never_told_of_a_refusal_tells_nothing_of_them() -> None:
    other = [document(n, connection_id="silent") for n in range(50, 90)]

    rate = RefusalRate().detect(books(refused(1, "omission"), document(2), *other), POLICY)
    silent = RefusalRate().detect(books(*other), POLICY)

    assert (rate.value, rate.sources) == (0.5, ("c",))
    assert silent.reason is not None
    assert silent.reason.code == "no_refusal_seen"


def test_a_refused_invoice_and_its_credit_note_are_one_error() -> None:
    found = books(
        refused(1, "entry_error"), credit(2, "d1"), document(3), credit(4, "d3"), document(5),
        credit(6, "d5", "commercial"),
    )  # fmt: skip

    refusals, credits_ = RefusalRate().detect(found, POLICY), ErrorCreditNotes().detect(found, POLICY)

    assert (refusals.value, noted(refusals)["refused_credited"]) == (1 / 3, 1)
    assert credits_.value == 1 / 3
    assert [key.external_id for key in credits_.records] == ["d4"]
    assert noted(credits_) == {"credits_commercial": 1, "credits_of_refused": 1}


def test_credit_notes_that_never_say_why_give_no_rate_of_errors() -> None:
    measure = ErrorCreditNotes().detect(books(document(1), credit(2, "d1", reason="")), POLICY)

    assert measure.value is None
    assert measure.reason is not None
    assert measure.reason.code == "no_credit_reason"


def purchase(no: int, attached: float | None, **said: Any) -> dict[str, Any]:
    return document(no, direction="purchase", attached=attached, **said)


def test_purchases_without_a_file_count_once_they_are_a_month_old() -> None:
    young = purchase(9, 0, issued_day=day_number(date(2026, 11, 10)))

    measure = MissingDocuments().detect(books(purchase(1, 1), purchase(2, 1), purchase(3, 0), young), POLICY)

    assert (measure.value, measure.n) == (1 / 3, 3)
    assert [key.external_id for key in measure.records] == ["d3"]


@pytest.mark.parametrize(("attached", "code"), [(None, "attachments_unsaid"), (1, "attachments_alike")])
def test_a_source_that_says_the_same_of_every_purchase_is_not_measured_on(attached: float | None, code: str) -> None:
    measure = MissingDocuments().detect(books(*(purchase(n, attached) for n in range(8))), POLICY)

    assert measure.value is None
    assert measure.reason is not None
    assert measure.reason.code == code


def named(no: int, code: str, label: str, **said: Any) -> dict[str, Any]:
    return document(no, party=code, party_label=label, **said)


def test_contacts_are_twins_whatever_their_accents_legal_form_and_one_slip() -> None:
    found = books(
        named(1, "A", "Boulangerie Génin SARL"), named(2, "B", "BOULANGERIE GENIN"),
        named(3, "C", "Menuiserie Lacroix"), named(4, "D", "Menuiserie Larcoix S.A.S."),
        named(5, "E", "Atelier Nord 1"), named(6, "F", "Atelier Nord 2"), named(7, "G", "Abc"), named(8, "H", "Abd"),
    )  # fmt: skip

    measure = ContactTwins().detect(found, POLICY)

    assert (measure.value, measure.n, noted(measure)) == (4 / 8, 8, {"contact_twins": 2})
    assert {key.external_id for key in measure.records} == {"d1", "d2", "d3", "d4"}


def test_a_customer_and_a_supplier_of_one_name_are_no_twins_nor_are_contacts_of_two_sources() -> None:
    found = books(
        named(1, "A", "Lacroix"), named(2, "B", "Lacroix", direction="purchase"),
        named(3, "C", "Lacroix", connection_id="e"),
    )  # fmt: skip

    assert ContactTwins().detect(found, POLICY).value == 0


def test_a_name_of_nothing_but_its_legal_form_keeps_it() -> None:
    assert plain_name("Société S.A.") == "sa societe"


def entered(no: int, day: date, minute: int = 600, issued: date | None = None, **said: Any) -> dict[str, Any]:
    when = day_number(day) * DAY + minute
    return document(no, entered_minute=when, issued_day=day_number(issued or day), **said)


def test_invoices_dated_before_they_were_made_are_back_dated() -> None:
    made = date(2026, 10, 12)
    found = books(
        entered(1, made), entered(2, made, issued=date(2026, 10, 8)), entered(3, made, issued=date(2026, 10, 7)),
        entered(4, made, issued=date(2026, 10, 30)),
    )  # fmt: skip

    measure = BackDated().detect(found, POLICY)

    assert (measure.value, measure.n) == (1 / 4, 4)
    assert [key.external_id for key in measure.records] == ["d3"]
    assert noted(measure) == {"dated_ahead": 1}


def test_a_migration_is_no_back_dating() -> None:
    day = date(2026, 6, 1)
    moved = [entered(n, day, issued=date(2026, 1 + n % 5, 3)) for n in range(40)]

    measure = BackDated().detect(books(*moved, entered(90, date(2026, 9, 1), issued=date(2026, 8, 31))), POLICY)

    assert (measure.value, measure.n, noted(measure)) == (0, 1, {"entered_in_migration": 40})


def test_a_day_of_entry_that_only_repeats_the_day_of_issue_tells_nothing() -> None:
    measure = BackDated().detect(books(*(entered(n, date(2026, 9, 1 + n)) for n in range(25))), POLICY)

    assert measure.value is None
    assert measure.reason is not None
    assert measure.reason.code == "entered_as_issued"


def test_entries_out_of_hours_are_those_at_night_at_week_ends_and_on_closed_days() -> None:
    friday = date(2026, 11, 13)
    found = books(
        entered(1, friday, 8 * 60), entered(2, friday, 19 * 60 - 1), entered(3, friday, 19 * 60),
        entered(4, friday, 7 * 60 + 59), entered(5, date(2026, 11, 14), 601), entered(6, date(2026, 11, 11), 602),
        entered(7, friday, 603), entered(8, friday, 604),
    )  # fmt: skip

    measure = OutOfHoursEntries().detect(found, POLICY)

    assert (measure.value, measure.n) == (4 / 8, 8)
    assert {key.external_id for key in measure.records} == {"d3", "d4", "d5", "d6"}


def test_a_source_that_keeps_days_only_has_no_clock_to_read() -> None:
    measure = OutOfHoursEntries().detect(books(*(entered(n, date(2026, 9, 1 + n), 0) for n in range(9))), POLICY)

    assert measure.value is None
    assert measure.reason is not None
    assert measure.reason.code == "no_entering_clock"


def test_what_is_entered_after_the_day_of_the_answer_is_not_there_yet() -> None:
    found = books(entered(1, date(2026, 11, 25), issued=date(2026, 11, 2)), entered(2, date(2026, 11, 3)))

    assert BackDated().detect(found, POLICY).n == 1
