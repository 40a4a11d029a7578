"""What Tryton's rows become: documents, money, reminders, work; and those that make no sense."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.records import DocumentKind, DocumentStatus, Process, Stream, TimeEntry
from tests.connectors.tryton.fake_tryton import connector, faults, pages, records
from tests.connectors.tryton.tryton_rows import USD, at, dunning, hours, invoice, line, office, processing

# Documents


@pytest.mark.parametrize(
    ("said", "code", "params"),
    [
        ({"type": "sideways"}, "tryton_value_unknown", {"field": "type", "value": "sideways"}),
        ({"state": "frozen"}, "tryton_value_unknown", {"field": "state", "value": "frozen"}),
        ({"state": None}, "tryton_field_missing", {"field": "state"}),
        ({"invoice_date": None}, "tryton_field_missing", {"field": "invoice_date"}),
        ({"invoice_date": "soon"}, "tryton_value_unreadable", {"field": "invoice_date", "value": "soon"}),
        ({"currency.": None}, "tryton_field_missing", {"field": "code"}),
    ],
)
def test_a_document_that_makes_no_sense_is_set_aside_and_the_others_are_read(
    said: dict[str, Any], code: str, params: dict[str, str]
) -> None:
    fake = office(invoices=[invoice(1, **said), invoice(2)])
    (fault,) = faults(fake, Stream.INVOICES)

    assert (fault.code, fault.place, fault.params) == (code, "1", params)
    assert "Bonnard" not in fault.raw
    assert list(records(fake, Stream.INVOICES)) == ["2"]


@pytest.mark.parametrize("name", ["party.", "party", "tax_amount", "lines_to_pay", "create_uid", "posted_by", "number"])
@pytest.mark.parametrize("value", [None, "odd", {"__class__": "date", "year": 2026, "month": 13, "day": 1}])
def test_an_optional_field_that_is_odd_is_none(name: str, value: Any) -> None:
    assert list(records(office(invoices=[invoice(1, **{name: value})]), Stream.INVOICES)) == ["1"]


def test_a_validated_sale_is_a_draft_and_a_validated_purchase_is_booked() -> None:
    bought = {"type": "in", "reference": "B-77"}
    both = records(
        office(invoices=[invoice(1, state="validated"), invoice(2, state="validated", **bought)]), Stream.INVOICES
    )

    assert [both[key].status for key in "12"] == [DocumentStatus.DRAFT, DocumentStatus.FINAL]
    assert [both[key].issued_on for key in "12"] == [None, date(2026, 3, 10)]
    assert both["2"].number == "F2 [B-77]"


def test_a_cancelled_invoice_says_since_when() -> None:
    move = {"id": 9, "date": date(2026, 5, 4), "origin": "account.move,501"}
    told = records(
        office(
            invoices=[
                invoice(1, state="cancelled", **{"cancel_move.": move}),
                invoice(2, state="cancelled", number=None, write_date=at(31, 23)),
                invoice(3, state="cancelled", **{"cancel_move.": move | {"origin": "account.invoice,4"}}),
            ]
        ),
        Stream.INVOICES,
    )
    cancelled, final = DocumentStatus.CANCELLED, DocumentStatus.FINAL

    assert [(one.status, one.issued_on, one.cancelled_on) for one in told.values()] == [
        (cancelled, date(2026, 3, 10), date(2026, 5, 4)),
        (cancelled, None, date(2026, 4, 1)),  # 31 March, 23:00 in UTC: already April in Paris
        (final, date(2026, 3, 10), None),  # a credit note undid it
    ]


def test_a_credit_note_is_positive_and_corrects_the_one_invoice_it_was_made_from() -> None:
    amounts = {"untaxed_amount": Decimal(-50), "tax_amount": Decimal("-10.00"), "total_amount": Decimal(-60)}
    fake = office(
        invoices=[invoice(1), invoice(2), invoice(8, **amounts), invoice(9, **amounts)],
        invoice_lines=[
            {"id": 1, "invoice": 1, "origin": "sale.line,4"},
            {"id": 2, "invoice": 2, "origin": None},
            {"id": 8, "invoice": 8, "origin": "account.invoice.line,1"},
            {"id": 9, "invoice": 9, "origin": "account.invoice.line,1"},
            {"id": 10, "invoice": 9, "origin": "account.invoice.line,2"},
        ],
    )
    told = records(fake, Stream.INVOICES)

    assert [told[key].kind for key in "189"] == [DocumentKind.INVOICE, *[DocumentKind.CREDIT_NOTE] * 2]
    assert (told["8"].net, told["8"].tax, told["8"].total) == (Decimal(50), Decimal(10), Decimal(60))
    assert [told[key].corrects for key in "1289"] == [None, None, "1", None]


def test_the_last_instalment_is_when_all_is_due() -> None:
    lines = [line(1, maturity_date=date(2026, 4, 1)), line(2, maturity_date=date(2026, 6, 1)), line(3)]
    fake = office(invoices=[invoice(1, lines_to_pay=[1, 2, 3])], lines=lines)

    assert records(fake, Stream.INVOICES)["1"].due_on == date(2026, 6, 1)


# Money


def test_one_transfer_that_pays_three_invoices_pays_each_its_own_total() -> None:
    paid = [invoice(n, state="paid", reconciliation_lines=[50], payment_lines=[50]) for n in (1, 2, 3)]
    fake = office(invoices=paid, lines=[line(50, credit=Decimal(360), date=date(2026, 4, 2))])

    assert {key: one.amount for key, one in records(fake, Stream.PAYMENTS).items()} == dict.fromkeys(
        ["1:50", "2:50", "3:50"], Decimal(120)
    )
    assert {one.paid_on for one in records(fake, Stream.INVOICES).values()} == {date(2026, 4, 2)}


def test_a_credit_note_set_off_is_no_money_but_ends_the_debt() -> None:
    note = line(60, journal="revenue", credit=Decimal(120), date=date(2026, 4, 7))
    fake = office(invoices=[invoice(1, state="paid", reconciliation_lines=[60])], lines=[note])

    assert records(fake, Stream.PAYMENTS) == {}
    assert records(fake, Stream.INVOICES)["1"].paid_on == date(2026, 4, 7)


def test_what_is_given_up_is_no_money() -> None:
    lines = [line(60, journal="write-off", credit=Decimal(2), date=date(2026, 5, 1)), line(61, credit=Decimal(118))]
    fake = office(invoices=[invoice(1, state="paid", reconciliation_lines=[60, 61])], lines=lines)

    assert [one.amount for one in records(fake, Stream.PAYMENTS).values()] == [Decimal(118)]
    assert records(fake, Stream.INVOICES)["1"].paid_on == date(2026, 3, 10)


def test_an_invoice_in_another_currency_is_paid_in_it() -> None:
    dollars = {"currency": USD, "currency.": {"id": USD, "code": "USD"}}
    lines = [
        line(50, credit=Decimal(110), second_currency=USD, amount_second_currency=Decimal(-120)),
        line(51, credit=Decimal(110)),
    ]
    fake = office(
        invoices=[
            invoice(1, state="paid", payment_lines=[50], **dollars),
            invoice(2, state="paid", payment_lines=[51], **dollars),
        ],
        lines=lines,
    )

    told = [(one.amount, one.currency) for one in records(fake, Stream.PAYMENTS).values()]
    assert told == [(Decimal(120), "USD"), (Decimal(110), "EUR")]


# Reminders


def reminded(row: dict[str, Any], *log: dict[str, Any]) -> list[tuple[Any, ...]]:
    found = records(office(invoices=[invoice(1)], dunnings=[row], log=list(log)), Stream.REMINDERS)
    return [(key, one.invoice_id, one.sent_on.isoformat(), one.level, one.actor) for key, one in found.items()]


def test_a_draft_was_not_sent() -> None:
    assert reminded(dunning(5, state="draft", date=None)) == []


def test_a_reminder_without_a_log_has_the_day_of_its_level() -> None:
    assert reminded(dunning(5, level=72)) == [("5:72", "1", "2026-04-20", 2, "c.henry")]


def test_each_level_is_told_where_the_log_has_one_processing_for_each() -> None:
    log = (processing(1, 5, at(20, month=4), user=1), processing(2, 5, at(20, month=5)))

    assert reminded(dunning(5, level=72, date=date(2026, 5, 20)), *log) == [
        ("5:71", "1", "2026-04-20", 1, "admin"),
        ("5:72", "1", "2026-05-20", 2, "c.henry"),
    ]


def test_a_level_raised_and_not_yet_sent_leaves_the_earlier_ones() -> None:
    log = (processing(1, 5, at(20, month=4)),)

    assert reminded(dunning(5, state="draft", level=72, date=None), *log) == [("5:71", "1", "2026-04-20", 1, "c.henry")]


def test_a_level_that_was_skipped_is_not_made_up() -> None:
    log = (processing(1, 5, at(20, month=4)), processing(2, 5, at(20, month=6)))

    ended = dunning(5, level=73, state="final", date=date(2026, 9, 1))
    assert reminded(ended, *log) == [("5:73", "1", "2026-06-20", 3, "c.henry")]


def test_levels_follow_their_sequence_and_not_their_numbers() -> None:
    fake = office(invoices=[invoice(1)], dunnings=[dunning(5, level=71)])
    fake.tables["account.dunning.level"] = [{"id": 71, "procedure": 7, "sequence": 20}, {"id": 72, "procedure": 7}]

    assert [one.level for one in records(fake, Stream.REMINDERS).values()] == [2]


def test_the_day_a_dunning_ended_is_not_the_day_it_was_sent() -> None:
    ended = dunning(5, state="final", date=date(2026, 9, 1))

    assert reminded(ended, processing(1, 5, at(20, month=4))) == [("5:71", "1", "2026-04-20", 1, "c.henry")]
    assert reminded(ended) == [("5:71", "1", "2026-09-01", 1, "c.henry")]  # nothing better is known


def test_a_reminder_of_no_invoice_is_set_aside() -> None:
    fake = office(invoices=[invoice(1)], dunnings=[dunning(5, line=7, **{"line.": {"id": 7, "move": 8}}), dunning(6)])
    (fault,) = faults(fake, Stream.REMINDERS)

    assert (fault.code, fault.place, fault.params) == ("tryton_no_invoice", "5:71", {"entry": "7"})
    assert list(records(fake, Stream.REMINDERS)) == ["6:71"]


def test_a_rescheduled_amount_is_still_its_invoices() -> None:
    fake = office(
        invoices=[invoice(1, additional_moves=[900], lines_to_pay=[1001, 1900])],
        dunnings=[dunning(5, line=1900, **{"line.": {"id": 1900, "move": 900}})],
    )
    fake.tables["account.invoice"][0]["move"] = 900  # the fake knows no lists in domains

    assert [one.invoice_id for one in records(fake, Stream.REMINDERS).values()] == ["1"]


def test_a_reminder_once_told_is_never_swept_away() -> None:
    fake = office(invoices=[invoice(1)], dunnings=[dunning(5, level=73)])
    keys = [key for some in connector(fake).keys[Stream.REMINDERS]() for key in some]

    assert keys == ["5:71", "5:72", "5:73"]


# Work


def test_the_words_say_what_is_back_office_work() -> None:
    fake = office(hours=[hours(1, "Atelier"), hours(2, "Compta fournisseurs"), hours(3, "Facturation")])
    told = pages(fake, Stream.TIME, admin_words="atelier=reporting, compta=purchases")
    entries = [one for page in told for one in page.records if isinstance(one, TimeEntry)]

    assert [(one.external_id, one.process) for one in entries] == [("1", Process.REPORTING), ("2", Process.PURCHASES)]


@pytest.mark.parametrize(
    "said", [{"duration": None}, {"duration": timedelta(hours=25)}, {"employee": None}, {"date": None}]
)
def test_time_that_makes_no_sense_is_set_aside(said: dict[str, Any]) -> None:
    fake = office(hours=[hours(1, **said), hours(2)])

    assert [fault.place for fault in faults(fake, Stream.TIME)] == ["1"]
    assert list(records(fake, Stream.TIME)) == ["2"]


def test_an_employee_without_a_login_goes_by_number() -> None:
    told = records(office(hours=[hours(1, employee=12), hours(2, employee=11)]), Stream.TIME)

    assert [one.actor for one in told.values()] == ["employee:12", "c.henry"]


def test_the_servers_own_doings_are_nobodys_work() -> None:
    events: list[tuple[str, str | None, int]] = [
        ("button", "post", 2),
        ("transition", "state:paid", 2),
        ("write", "x", 0),
    ]
    log = [
        {
            "id": n,
            "resource": "account.invoice,1",
            "event": event,
            "target": target,
            "user": user,
            "create_date": at(11),
        }
        for n, (event, target, user) in enumerate(events, start=1)
    ]
    done = records(office(invoices=[invoice(1, create_uid=0)], log=log), Stream.ACTIVITIES)

    assert [(key, one.actor, one.action) for key, one in done.items()] == [
        ("invoice:1", "root", "created"),
        ("log:1", "c.henry", "posted"),
    ]


def test_somebody_no_longer_listed_goes_by_number() -> None:
    assert records(office(invoices=[invoice(1, create_uid=44)]), Stream.INVOICES)["1"].author == "user:44"
