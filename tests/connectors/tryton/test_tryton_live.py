"""Tryton 8.2 as it is: a server started here, read as an account that may only read."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from connectors.base import Cursor, Fault
from connectors.errors import AccessDenied
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Process, Record, Stream
from connectors.tryton import Tryton
from connectors.tryton.rpc import Rpc
from connectors.words import DEFAULT_WORDS, read_words
from tests.connectors.tryton.tryton_server import Server

pytestmark = pytest.mark.live_tryton

FINAL, DRAFT = DocumentStatus.FINAL, DocumentStatus.DRAFT
JAN, FEB, MAR, APR, MAY = (partial(date, 2026, month) for month in range(1, 6))


def read(connector: Tryton, stream: Stream, cursor: Cursor | None = None) -> dict[str, Any]:
    """Read a stream to its end: the records by their ids."""
    pages = list(connector.streams[stream](cursor))
    faults: list[Fault] = [fault for page in pages for fault in page.faults]
    assert faults == []
    return {record.external_id: record for page in pages for record in page.records}


def end_of(connector: Tryton, stream: Stream) -> Cursor:
    return list(connector.streams[stream](None))[-1].cursor


def told(records: Iterable[Record], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(record, name) for name in names) for record in records]


# What a first reading gives


def test_every_invoice_comes_with_its_days_and_amounts(tryton: Server) -> None:
    invoices = read(tryton.connector(), Stream.INVOICES)
    names = ("external_id", "kind", "status", "number", "issued_on", "due_on", "paid_on", "net", "author", "validator")
    invoice, credit, b, a = DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE, "basile", "agathe"

    assert told(invoices.values(), *names) == [
        ("1", invoice, FINAL, "1", JAN(9), FEB(8), FEB(6), Decimal(1200), b, b),
        ("2", invoice, FINAL, "2", JAN(16), FEB(15), FEB(27), Decimal(860), b, b),
        ("3", invoice, FINAL, "3", JAN(30), MAR(1), None, Decimal(2450), b, b),
        ("4", invoice, FINAL, "4 [QM-5512]", FEB(3), MAR(5), None, Decimal(310), b, b),
        ("5", invoice, FINAL, "5", FEB(6), MAR(8), MAR(9), Decimal(1100), b, b),
        ("6", invoice, FINAL, "6", FEB(13), MAR(15), None, Decimal(640), b, b),  # a credit note undid it
        ("7", invoice, FINAL, "7", FEB(27), MAR(29), None, Decimal(930), b, b),  # paid in part
        ("8", invoice, FINAL, "8 [AV-2026-11]", MAR(4), APR(3), None, Decimal(1480), b, b),
        ("9", invoice, FINAL, "9", MAR(6), APR(5), None, Decimal(1750), b, b),
        ("10", invoice, FINAL, "10", MAR(13), APR(12), APR(10), Decimal(1300), b, b),
        ("11", invoice, FINAL, "11", MAR(27), APR(26), None, Decimal(720), b, b),
        ("12", invoice, FINAL, "12", APR(10), MAY(10), None, Decimal(990), b, b),
        ("13", credit, FINAL, "13", APR(17), MAY(17), APR(17), Decimal(640), a, a),
        ("14", credit, FINAL, "14", APR(17), MAY(17), None, Decimal(250), a, a),
        ("15", invoice, DRAFT, None, None, None, None, Decimal(555), a, None),
    ]
    assert [(one.external_id, one.corrects) for one in invoices.values() if one.corrects] == [("13", "6"), ("14", "9")]
    assert [one.external_id for one in invoices.values() if one.direction is Direction.PURCHASE] == ["4", "8"]
    assert {one.party_label for one in invoices.values() if one.party == invoices["3"].party} == {"Garage Thouvenin"}
    assert invoices["3"].total == invoices["3"].net == Decimal(2450)
    assert {one.currency for one in invoices.values()} == {"EUR"}


def test_money_that_came_in_is_told_and_a_credit_note_is_no_money(tryton: Server) -> None:
    payments = read(tryton.connector(), Stream.PAYMENTS)

    assert told(payments.values(), "invoice_id", "paid_on", "amount", "currency") == [
        ("1", FEB(6), Decimal(1200), "EUR"),
        ("2", FEB(27), Decimal(860), "EUR"),
        ("5", MAR(9), Decimal(1100), "EUR"),
        ("7", MAR(30), Decimal(400), "EUR"),
        ("10", APR(10), Decimal(1300), "EUR"),
    ]


def test_a_reminder_raised_in_place_is_two_reminders(tryton: Server) -> None:
    reminders = read(tryton.connector(), Stream.REMINDERS)

    assert told(reminders.values(), "external_id", "invoice_id", "sent_on", "level", "actor") == [
        ("1:1", "3", MAR(20), 1, "basile"),
        ("1:2", "3", APR(24), 2, "basile"),
        ("2:1", "9", APR(24), 1, "basile"),
        ("3:1", "7", APR(24), 1, "basile"),
    ]


def test_staff_comes_with_logins_and_with_those_who_left(tryton: Server) -> None:
    staff = read(tryton.connector(), Stream.STAFF)

    assert told(staff.values(), "name", "actor", "entered_on", "left_on") == [
        ("Agathe Rolland", "agathe", date(2018, 4, 3), None),
        ("Basile Marty", "basile", date(2022, 9, 1), None),
        ("Colin Esteve", "employee:3", date(2020, 1, 6), date(2025, 6, 30)),
    ]


def test_only_time_on_back_office_work_is_told(tryton: Server) -> None:
    time = read(tryton.connector(), Stream.TIME)

    assert told(time.values(), "actor", "worked_on", "minutes", "process") == [
        ("agathe", APR(1), 90, Process.INVOICING),
        ("agathe", APR(2), 45, Process.DUNNING),
        ("basile", APR(2), 180, Process.INVOICING),
    ]


def test_who_did_what_when_is_read_off_the_servers_own_log(tryton: Server) -> None:
    done = read(tryton.connector(), Stream.ACTIVITIES)
    of_invoice = [one for one in done.values() if one.object_id == "invoice:1"]
    of_dunning = [one for one in done.values() if one.object_id == "dunning:1"]

    assert told(of_invoice, "actor", "action", "process") == [
        ("basile", "created", Process.INVOICING),
        ("basile", "posted", Process.INVOICING),
        ("basile", "paid", Process.BANK),
    ]
    assert [one.done_at.isoformat() for one in of_invoice] == [
        "2026-01-09T08:30:00+00:00",
        "2026-01-09T09:00:00+00:00",
        "2026-02-06T16:00:00+00:00",
    ]
    assert told(of_dunning, "action", "process") == [
        (action, Process.DUNNING) for action in ("created", "reminded", "reminded")
    ]
    assert {one.actor for one in done.values()} == {"agathe", "basile"}
    assert {one.process for one in done.values() if one.object_id == "invoice:4"} == {Process.PURCHASES}


def test_the_server_counts_what_we_read(tryton: Server) -> None:
    connector = tryton.connector()
    invoices = read(connector, Stream.INVOICES)
    totals = {total.direction: total.value for total in connector.totals()}

    assert totals == {way.value: sum(one.direction is way for one in invoices.values()) for way in Direction}
    assert totals == {"sale": 13, "purchase": 2}


# Resuming


@pytest.fixture
def in_sixes(tryton: Server) -> Tryton:
    """A connector that reads six rows at a time."""
    account = tryton.account()
    return Tryton(account, Rpc(account, page=6), read_words(DEFAULT_WORDS))


def test_resuming_from_any_page_skips_nothing_and_comes_to_the_same_end(in_sixes: Tryton) -> None:
    for stream in (Stream.INVOICES, Stream.REMINDERS, Stream.ACTIVITIES):
        pages = in_sixes.streams[stream]
        whole = list(pages(None))
        for n, page in enumerate(whole):
            rest = list(pages(page.cursor))
            ids = {record.external_id for one in rest for record in one.records}
            assert {record.external_id for one in whole[n + 1 :] for record in one.records} <= ids, stream
            assert rest[-1].cursor == whole[-1].cursor, stream
    assert len(list(in_sixes.streams[Stream.INVOICES](None))) == 3


def test_reading_again_gives_only_what_changed_last(tryton: Server) -> None:
    connector = tryton.connector()
    cursor = end_of(connector, Stream.INVOICES)

    assert list(read(connector, Stream.INVOICES, cursor)) == ["15"]  # within the overlap


# What changes there


def test_an_invoice_posted_there_is_read_the_next_time(tryton: Server) -> None:
    before = tryton.connector("altered")
    cursor, events = end_of(before, Stream.INVOICES), end_of(before, Stream.ACTIVITIES)
    agathe = tryton.acting("agathe", "altered")
    (draft,) = agathe.call("account.invoice", "copy", [12], {"invoice_date": _sent(APR(30))})
    agathe.call("account.invoice", "post", [draft])
    after = tryton.connector("altered")
    invoice: Invoice = read(after, Stream.INVOICES, cursor)[str(draft)]
    done = [one for one in read(after, Stream.ACTIVITIES, events).values() if one.object_id == f"invoice:{draft}"]

    assert (invoice.status, invoice.issued_on, invoice.author) == (FINAL, APR(30), "agathe")
    assert invoice.number is not None
    assert [one.action for one in done] == ["created", "posted"]
    assert "1" not in read(after, Stream.INVOICES, cursor)


def test_a_payment_booked_there_pays_the_invoice_and_hides_no_reminder(tryton: Server) -> None:
    before = tryton.connector("altered")
    cursors = {stream: end_of(before, stream) for stream in (Stream.INVOICES, Stream.PAYMENTS)}
    (method,) = tryton.acting("admin", "altered").call("account.invoice.payment.method", "search", [])
    basile = tryton.acting("basile", "altered")
    (row,) = basile.call("account.invoice", "read", [9], ["party", "currency", "company", "account"])
    form = {"payee": row["party"], "payees": [], "currency": row["currency"], "company": row["company"]}
    form |= {"invoice_account": row["account"], "payment_method": method, "description": None}
    form |= {"amount": {"__class__": "Decimal", "decimal": "1750.00"}, "date": _sent(MAY(4))}
    basile.wizard("account.invoice.pay", "choice", form, [9], "account.invoice")
    after = tryton.connector("altered")

    assert read(after, Stream.INVOICES, cursors[Stream.INVOICES])["9"].paid_on == MAY(4)
    payments = read(after, Stream.PAYMENTS, cursors[Stream.PAYMENTS]).values()
    assert ("9", MAY(4), Decimal(1750)) in told(payments, "invoice_id", "paid_on", "amount")
    assert "2:1" in read(after, Stream.REMINDERS)  # Tryton archives it


def test_a_reminder_raised_there_is_one_more(tryton: Server) -> None:
    before = tryton.connector("altered")
    had, cursor = read(before, Stream.REMINDERS), end_of(before, Stream.REMINDERS)
    basile = tryton.acting("basile", "altered")
    basile.wizard("account.dunning.create", "create_", {"date": _sent(date(2026, 6, 30))})
    drafts = basile.call("account.dunning", "search", [["state", "=", "draft"]])
    basile.wizard("account.dunning.process", "process", {}, drafts, "account.dunning")
    after = tryton.connector("altered")
    new = read(after, Stream.REMINDERS, cursor)

    for key in ("1:1", "1:2"):  # as they were
        assert replace(new[key], source_version=None) == replace(had[key], source_version=None)
    assert (new["1:3"].invoice_id, new["1:3"].level, new["1:3"].actor) == ("3", 3, "basile")
    assert {key for page in after.keys[Stream.REMINDERS]() for key in page} >= set(new) | set(had)


def test_a_deleted_invoice_is_among_the_ids_no_longer(tryton: Server) -> None:
    agathe = tryton.acting("agathe", "altered")
    (draft,) = agathe.call("account.invoice", "copy", [12], {})
    there = _ids(tryton.connector("altered"), Stream.INVOICES)
    agathe.call("account.invoice", "delete", [draft])

    assert there - _ids(tryton.connector("altered"), Stream.INVOICES) == {str(draft)}


def test_a_line_moved_to_other_work_is_gone(tryton: Server) -> None:
    before = tryton.connector("altered")
    cursor = end_of(before, Stream.TIME)
    admin = tryton.acting("admin", "altered")
    (site,) = admin.call("timesheet.work", "search", [["name", "=", "Chantier Plessac"]])
    admin.call("timesheet.line", "write", [4], {"work": site})
    pages = list(tryton.connector("altered").streams[Stream.TIME](cursor))

    assert "4" in {key for page in pages for key in page.gone}
    assert "4" not in {record.external_id for page in pages for record in page.records}


# What is refused


def test_a_wrong_password_is_refused(tryton: Server) -> None:
    with pytest.raises(AccessDenied) as caught:
        list(tryton.connector(password="wrong").streams[Stream.INVOICES](None))
    assert (caught.value.code, caught.value.params["status"]) == ("access_refused", "401")


def test_a_missing_right_is_named(tryton: Server) -> None:
    _user(tryton, "norights", company=True)
    with pytest.raises(AccessDenied) as caught:
        list(tryton.connector("altered", "norights").streams[Stream.INVOICES](None))
    named = "Invoice" if tryton.is_old else "Account Invoice"  # the server's own word
    assert (caught.value.code, caught.value.params) == ("right_missing", {"right": f"{named} (account.invoice)"})


def test_a_user_of_no_company_would_see_nothing_and_is_told_so(tryton: Server) -> None:
    _user(tryton, "nowhere", company=False)
    with pytest.raises(AccessDenied) as caught:
        list(tryton.connector("altered", "nowhere").streams[Stream.INVOICES](None))
    assert caught.value.code == "tryton_no_company"


def _user(tryton: Server, login: str, *, company: bool) -> None:
    admin = tryton.acting("admin", "altered")
    (number,) = admin.call("company.company", "search", [])
    user: dict[str, Any] = {"name": login, "login": login, "password": f"{login}-pass-1", "company_filter": "one"}
    user |= {"companies": [["add", [number]]], "company": number} if company else {"companies": [], "company": None}
    admin.call("res.user", "create", [user])


def _ids(connector: Tryton, stream: Stream) -> set[str]:
    return {key for page in connector.keys[stream]() for key in page}


def _sent(day: date) -> dict[str, Any]:
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}
