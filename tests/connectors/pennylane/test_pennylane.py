"""Pennylane, as a server of our own plays it: nothing is skipped, nothing crashes, nothing is made up."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from connectors.account import Account
from connectors.base import Cursor, Page, Pages, Swept
from connectors.errors import AccessDenied, SourceError, StartOver, Unavailable
from connectors.pennylane import PROVIDER
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Payment, Refusal, Stream
from tests.connectors.pennylane.fake_pennylane import (
    NOW,
    TOKEN,
    FakePennylane,
    at,
    payment,
    purchase,
    sale,
    transaction,
)

SALE, PURCHASE = Direction.SALE, Direction.PURCHASE
INVOICES, PAYMENTS = Stream.INVOICES, Stream.PAYMENTS


def holding(*sales: dict[str, object], purchases: Iterable[dict[str, object]] = ()) -> FakePennylane:
    fake = FakePennylane()
    for row in sales:
        fake.put(SALE, row)
    for row in purchases:
        fake.put(PURCHASE, row)
    return fake


def read(fake: FakePennylane, cursor: Cursor | None = None, stream: Stream = INVOICES) -> list[Page]:
    return list(fake.connect().streams[stream](cursor))


def invoices(pages: Iterable[Page]) -> dict[str, Invoice]:
    return {r.external_id: r for page in pages for r in page.records if isinstance(r, Invoice)}


def payments(pages: Iterable[Page]) -> dict[str, Payment]:
    return {r.external_id: r for page in pages for r in page.records if isinstance(r, Payment)}


def only(fake: FakePennylane) -> Invoice:
    (found,) = invoices(read(fake)).values()
    return found


def keep(kept: dict[str, object], pages: Iterable[Page]) -> None:
    """Do what intake does."""
    for page in pages:
        kept.update({r.external_id: r for r in page.records})
        for one in page.gone:
            kept.pop(one, None)


def days(n: float) -> timedelta:
    return timedelta(days=n)


def test_a_customer_invoice_is_read_field_by_field() -> None:
    fake = holding(sale(12, billing_subscription={"id": 5}))
    fake.lines[12] = {
        "items": [
            {"imputation_dates": {"start_date": "2026-09-01", "end_date": "2026-09-30"}},
            {"imputation_dates": None},
        ],
        "has_more": False,
    }

    assert only(fake) == Invoice(
        external_id="sale:12",
        direction=SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number="F-0012",
        party="70",
        party_label="Client 70",
        service_on=date(2026, 9, 30),
        periodic=True,
        issued_on=date(2026, 10, 5),
        due_on=date(2026, 11, 4),
        net=Decimal("100.00"),
        tax=Decimal("20.00"),
        total=Decimal("120.00"),
        has_attachment=True,
        created_at=datetime(2026, 10, 5, 8, 30, 15, 123456, UTC),
        source_version="2026-10-06T08:30:15.123456+00:00",
    )


def test_customer_and_supplier_invoices_of_one_number_are_two_documents() -> None:
    found = invoices(read(holding(sale(1), purchases=[purchase(1)])))

    assert {key: one.direction for key, one in found.items()} == {"sale:1": SALE, "purchase:1": PURCHASE}
    assert found["purchase:1"].party == "90"
    assert found["purchase:1"].periodic is None


def test_a_credit_note_is_positive_and_says_what_it_corrects() -> None:
    credit = {"status": "credit_note", "currency_amount": "-120.0", "currency_tax": "-20.0"}
    note = only(holding(sale(2, credited_invoice={"id": 1}, **credit)))

    assert (note.kind, note.corrects) == (DocumentKind.CREDIT_NOTE, "sale:1")
    assert (note.total, note.tax) == (Decimal(120), Decimal(20))


def test_a_negative_supplier_invoice_is_a_credit_note() -> None:
    assert only(holding(purchases=[purchase(3, currency_amount="-60.0")])).kind is DocumentKind.CREDIT_NOTE


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"status": "draft", "draft": True, "date": None}, DocumentStatus.DRAFT),
        ({"status": "incomplete", "date": None}, DocumentStatus.DRAFT),
        ({"status": "incomplete"}, DocumentStatus.FINAL),
        ({"status": None}, DocumentStatus.FINAL),
        ({"status": "upcoming"}, DocumentStatus.FINAL),
        ({"status": "cancelled"}, DocumentStatus.CANCELLED),
        ({"status": "archived", "archived_at": at("2026-11-01")}, DocumentStatus.CANCELLED),
    ],
)
def test_a_status_is_what_it_says(said: Mapping[str, object], status: DocumentStatus) -> None:
    assert only(holding(sale(1, **said))).status is status


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"accounting_status": "draft"}, DocumentStatus.DRAFT),
        ({"accounting_status": "entry", "date": None}, DocumentStatus.DRAFT),
        ({"accounting_status": "validation_needed"}, DocumentStatus.FINAL),
        ({"accounting_status": "archived"}, DocumentStatus.CANCELLED),
    ],
)
def test_a_supplier_invoices_status_is_that_of_its_booking(said: Mapping[str, object], status: DocumentStatus) -> None:
    assert only(holding(purchases=[purchase(1, **said)])).status is status


def test_a_cancelled_document_is_cancelled_on_the_day_it_was_archived_or_last_changed() -> None:
    found = invoices(read(holding(sale(1, archived_at="2026-11-01T23:30:00Z"), sale(2, status="cancelled"))))

    assert found["sale:1"].cancelled_on == date(2026, 11, 2)  # in Paris
    assert found["sale:2"].cancelled_on == date(2026, 10, 6)


def test_estimates_and_orders_are_no_invoices() -> None:
    pages = read(holding(sale(1, status="estimate_pending"), sale(2, status="proforma"), sale(3)))

    assert list(invoices(pages)) == ["sale:3"]
    assert not any(page.faults for page in pages)


def test_a_refused_invoice_says_when_at_the_latest_and_why() -> None:
    refused = {"status": "refused", "reason": "duplicate_invoice", "flow": None}
    found = only(holding(sale(1, e_invoicing=refused, updated_at="2026-10-08T22:30:00Z")))

    assert (found.refused_on, found.refusal) == (date(2026, 10, 9), Refusal.DUPLICATE)
    assert found.status is DocumentStatus.FINAL


@pytest.mark.parametrize(
    ("reason", "family"),
    [
        ("incorrect_vat_rate", Refusal.ENTRY_ERROR),
        ("missing_contractual_reference", Refusal.OMISSION),
        ("delivery_issue", Refusal.NOT_OURS),
        ("DOUBLON", Refusal.DUPLICATE),
        ("because", Refusal.UNDETERMINED),
        (None, Refusal.UNDETERMINED),
    ],
)
def test_a_reason_is_the_vendors_word_or_an_official_code(reason: str | None, family: Refusal) -> None:
    assert only(holding(sale(1, e_invoicing={"status": "rejected", "reason": reason}))).refusal is family


def test_an_invoice_in_dispute_is_disputed_and_not_refused() -> None:
    found = invoices(read(holding(sale(1, e_invoicing={"status": "in_dispute", "reason": None}), sale(2))))

    assert (found["sale:1"].disputed, found["sale:1"].refused_on) == (True, None)
    assert found["sale:2"].disputed is None


def test_a_paid_invoice_is_paid_on_the_day_of_its_last_bank_transaction() -> None:
    fake = holding(sale(1, paid=True, status="paid"), sale(2))
    fake.transactions[1] = [transaction(9, "2026-11-02", "70.0"), transaction(8, "2026-10-20", "50.0")]
    found = invoices(read(fake))

    assert found["sale:1"].paid_on == date(2026, 11, 2)
    assert found["sale:2"].paid_on is None


def test_without_bank_transactions_the_vendors_own_payments_count_if_they_went_through() -> None:
    fake = holding(sale(1, paid=True), purchases=[purchase(1, paid=True)])
    fake.payments[SALE, 1] = [payment(5, "2026-10-30", "120.0"), payment(6, "2026-11-10", "120.0", status="failed")]
    fake.payments[PURCHASE, 1] = [payment(7, "2026-10-29", "60.0")]
    found = invoices(read(fake))

    assert found["sale:1"].paid_on == date(2026, 10, 30)
    assert found["purchase:1"].paid_on == date(2026, 10, 29)


def test_an_invoice_that_a_person_marked_as_paid_was_so_by_its_last_change_at_the_latest() -> None:
    assert only(holding(sale(1, paid=True))).paid_on == date(2026, 10, 6)


def test_payments_are_asked_for_where_something_was_paid_and_nowhere_else() -> None:
    credit = sale(3, status="credit_note", paid=True, currency_amount="-5.0")
    fake = holding(sale(1), sale(2, remaining_amount_with_tax="20.0"), credit, sale(4, status="draft", draft=True))
    fake.transactions[2] = [transaction(9, "2026-11-02", "100.0")]
    found = payments(read(fake, stream=PAYMENTS))

    assert [path for path in fake.paths() if path.count("/") == 3] == ["/customer_invoices/2/matched_transactions"]
    assert found == {
        "sale:2:1": Payment(
            external_id="sale:2:1", invoice_id="sale:2", paid_on=date(2026, 11, 2), amount=Decimal("100.00")
        )
    }


def test_what_was_paid_is_asked_for_once_a_reading() -> None:
    fake = holding(sale(1, paid=True))
    connector = fake.connect()
    for stream in (INVOICES, PAYMENTS):
        list(connector.streams[stream](None))

    assert fake.paths().count("/customer_invoices/1/matched_transactions") == 1


def test_a_transaction_that_pays_several_invoices_counts_up_to_this_one() -> None:
    fake = holding(sale(1, paid=True))
    fake.transactions[1] = [
        transaction(1, "2026-10-10", "100.0"),
        transaction(2, "2026-10-11", "500.0"),
        transaction(3, "2026-10-12", "-40.0"),
        transaction(4, "2026-10-13", "9.0", archived_at=at("2026-10-14")),
    ]

    assert [one.amount for one in payments(read(fake, stream=PAYMENTS)).values()] == [100, 20]


def test_a_payment_that_is_taken_back_goes() -> None:
    kept: dict[str, object] = {}
    fake = holding(sale(1, paid=True))
    fake.transactions[1] = [transaction(1, "2026-10-10", "100.0"), transaction(2, "2026-10-11", "20.0")]
    pages = read(fake, stream=PAYMENTS)
    keep(kept, pages)
    assert list(kept) == ["sale:1:1", "sale:1:2"]
    del fake.transactions[1][1]
    fake.put(SALE, sale(1, status="partially_paid", updated_at=at("2026-11-22")), NOW + days(1))
    fake.now = NOW + days(2)
    keep(kept, read(fake, pages[-1].cursor, PAYMENTS))

    assert list(kept) == ["sale:1:1"]


def test_the_first_reading_lists_all_and_the_next_only_what_changed() -> None:
    fake = holding(*(sale(n) for n in range(1, 251)), purchases=[purchase(1)])
    pages = read(fake)
    assert len(invoices(pages)) == 251
    fake.asked.clear()
    fake.put(SALE, sale(7, currency_amount="99.0", updated_at=at("2026-11-23")), NOW + days(1))
    fake.put(SALE, sale(300), NOW + days(1))
    fake.now = NOW + days(1.5)
    found = invoices(read(fake, pages[-1].cursor))

    assert list(found) == ["sale:7", "sale:300"]
    assert found["sale:7"].total == 99
    assert fake.paths() == [
        "/changelogs/customer_invoices",
        "/customer_invoices",
        "/customers",
        "/changelogs/supplier_invoices",
    ]


def test_what_changes_while_the_first_listing_lasts_is_not_skipped() -> None:
    fake = holding(*(sale(n) for n in range(1, 201)))
    kept: dict[str, object] = {}
    pages = fake.connect().streams[INVOICES](None)
    keep(kept, [next(pages)])
    fake.put(SALE, sale(5, currency_amount="1.0"), NOW + timedelta(seconds=40))
    fake.put(SALE, sale(201), NOW + timedelta(seconds=41))
    fake.delete(SALE, 6, NOW + timedelta(seconds=42))
    keep(kept, pages)

    changed = kept["sale:5"]
    assert isinstance(changed, Invoice)
    assert changed.total == 1
    assert "sale:201" in kept
    assert "sale:6" not in kept


def test_a_clock_of_ours_that_is_ahead_skips_nothing() -> None:
    fake = holding(sale(1))
    ahead = list(fake.connect(NOW + days(2)).streams[INVOICES](None))[-1].cursor
    fake.put(SALE, sale(2), NOW + days(1))
    fake.now = NOW + days(3)

    assert list(invoices(read(fake, ahead))) == ["sale:2"]


def test_changes_that_are_listed_late_are_read_within_the_overlap() -> None:
    fake = holding(sale(1))
    cursor = read(fake)[-1].cursor
    fake.put(SALE, sale(2), NOW - timedelta(minutes=50))

    assert list(invoices(read(fake, cursor))) == ["sale:2"]


def test_documents_that_were_deleted_are_gone_however_it_comes_out() -> None:
    fake = holding(sale(1), sale(2), sale(3), purchases=[purchase(1)])
    cursor = read(fake)[-1].cursor
    fake.delete(SALE, 1, NOW + timedelta(minutes=1))
    fake.put(SALE, sale(2), NOW + timedelta(minutes=2))
    del fake.documents[SALE][2]  # before its deletion is listed
    fake.tell(SALE, 3, "delete", NOW + timedelta(minutes=3))  # and it is there all the same
    fake.delete(PURCHASE, 1, NOW + timedelta(minutes=4))
    fake.now = NOW + days(1)
    pages = read(fake, cursor)

    assert [one for page in pages for one in page.gone] == ["sale:1", "sale:2", "purchase:1"]
    assert list(invoices(pages)) == ["sale:3"]
    assert [path for path in fake.paths() if path.count("/") == 2 and path[-1].isdigit()] == ["/customer_invoices/2"]


def test_a_document_that_does_not_come_with_the_others_is_asked_for_by_itself() -> None:
    fake = holding(sale(1), sale(2))
    cursor = read(fake)[-1].cursor
    fake.put(SALE, sale(2, currency_amount="7.0"), NOW)
    nothing = {"items": [], "has_more": False, "next_cursor": None}
    fake.before = lambda path, _: httpx.Response(200, json=nothing) if path == "/customer_invoices" else None
    found = invoices(read(fake, cursor))

    assert list(found) == ["sale:2"]
    assert found["sale:2"].total == 7


def test_a_listing_that_was_broken_off_goes_on_where_it_was() -> None:
    fake = holding(*(sale(n) for n in range(1, 251)))
    first = next(fake.connect().streams[INVOICES](None))
    fake.asked.clear()
    found = invoices(read(fake, first.cursor))

    assert list(found) == [f"sale:{n}" for n in range(101, 251)]
    assert "cursor" not in fake.asked[0][1]  # those of the vendor do not last


def test_the_payments_of_a_deleted_invoice_go_with_it() -> None:
    fake = holding(sale(1))
    cursor = read(fake, stream=PAYMENTS)[-1].cursor
    fake.delete(SALE, 1, NOW)

    assert "sale:1:1" in [one for page in read(fake, cursor, PAYMENTS) for one in page.gone]


def test_a_quiet_company_is_not_read_anew_and_a_forgotten_one_is() -> None:
    fake = holding(sale(1))
    cursor = read(fake)[-1].cursor
    for week in range(1, 12):  # no change in three months, but read each week
        fake.now = NOW + days(7 * week)
        cursor = read(fake, cursor)[-1].cursor
    fake.now += days(27.5)
    fake.asked.clear()

    with pytest.raises(StartOver, match="changelog_too_old") as told:
        read(fake, cursor)
    assert told.value.params == {"weeks": "4"}
    assert not fake.asked


def test_a_vendor_that_forgets_sooner_than_it_says_has_us_start_over() -> None:
    fake = holding(sale(1))
    cursor = read(fake)[-1].cursor
    fake.before = lambda path, _: httpx.Response(422, json={"error": "x"}) if "changelogs" in path else None

    with pytest.raises(StartOver):
        read(fake, cursor)


@pytest.mark.parametrize("stream", [INVOICES, PAYMENTS])
def test_resuming_from_any_page_may_repeat_and_never_skips(stream: Stream) -> None:
    fake = holding(
        *(sale(n, paid=n % 2 == 0) for n in range(1, 31)), purchases=[purchase(n, paid=True) for n in range(1, 18)]
    )
    fake.page = 5
    for n in range(1, 31):
        fake.transactions[n] = [transaction(n, "2026-10-20", "120.0")]
    for n in range(1, 18):
        fake.payments[PURCHASE, n] = [payment(n, "2026-10-20", "60.0")]
    for n in range(31, 43):
        fake.put(SALE, sale(n), NOW - timedelta(minutes=45 - n))
    pages = read(fake, stream=stream)
    assert len(pages) > 10
    for n, page in enumerate(pages):
        resumed = read(fake, json.loads(json.dumps(dict(page.cursor))), stream)
        again = {record.external_id: record for page in resumed for record in page.records}
        assert {r.external_id: r for page in pages[n + 1 :] for r in page.records}.items() <= again.items()
        assert resumed[-1].cursor == pages[-1].cursor


def test_a_bulk_change_is_read_in_portions_and_resumed_from_its_beginning() -> None:
    fake = holding(sale(1))
    cursor = read(fake)[-1].cursor
    for n in range(2, 352):
        fake.put(SALE, sale(n), NOW + days(1))
    fake.now, fake.page = NOW + days(2), 1000
    pages = read(fake, cursor)
    broken_off = next(page for page in pages if page.records).cursor

    assert len(invoices(pages)) == 350
    assert fake.paths().count("/customer_invoices") == 2 + 4  # the right, then the documents
    assert invoices(read(fake, broken_off)) == invoices(pages)


def test_the_keys_are_the_documents_there_are() -> None:
    connector = holding(*(sale(n) for n in range(1, 151)), purchases=[purchase(4)]).connect()
    assert isinstance(connector, Swept)
    portions = list(connector.keys[INVOICES]())

    assert [len(one) for one in portions] == [100, 50, 1]
    assert {key for one in portions for key in one} == {f"sale:{n}" for n in range(1, 151)} | {"purchase:4"}


def test_the_keys_of_payments_are_those_that_paid_documents_may_have() -> None:
    fake = holding(sale(1, paid=True), sale(2))
    fake.transactions[1] = [transaction(n, "2026-10-10", "5.0") for n in range(22)]
    connector = fake.connect()
    found = payments(list(connector.streams[PAYMENTS](None)))
    (keys, _) = connector.keys[PAYMENTS]()

    assert set(found) == set(keys) == {f"sale:1:{n}" for n in range(1, 21)}
    assert sum(one.amount for one in found.values()) == 110


NEWER = ("filename", "billing_subscription", "remaining_amount_with_tax", "e_invoicing", "archived_at", "paid")


def test_answers_that_lack_newer_fields_or_have_others_are_read() -> None:
    row = {name: value for name, value in sale(1).items() if name not in NEWER} | {"quantum_status": {"x": [1]}}
    found = only(holding(row))

    assert found.total == 120
    assert (found.has_attachment, found.periodic, found.paid_on) == (None, None, None)


@pytest.mark.parametrize(
    "said",
    [
        {"deadline": "soon"},
        {"customer": "Durand"},
        {"customer": None},
        {"e_invoicing": {"status": None, "reason": None}},
        {"e_invoicing": {"status": "teleported"}},
        {"e_invoicing": []},
        {"currency_tax": None, "currency_amount_before_tax": "NaN"},
        {"created_at": "2026-10-05"},
        {"updated_at": None},
        {"credited_invoice": {"id": None}},
        {"paid": "yes"},
        {"invoice_number": None},
        {"draft": None},
        {"amount": 12, "remaining_amount_with_tax": {}},
    ],
)
def test_what_is_not_needed_may_be_nonsense(said: Mapping[str, object]) -> None:
    assert only(holding(sale(1, **said))).total == 120


@pytest.mark.parametrize(
    ("said", "code", "params"),
    [
        ({"date": None}, "pennylane_field_missing", {"field": "date"}),
        ({"date": "12/13/2026"}, "pennylane_value_unreadable", {"field": "date", "value": "12/13/2026"}),
        ({"status": "sideways"}, "pennylane_value_unknown", {"field": "status", "value": "sideways"}),
        ({"status": None, "draft": None}, "pennylane_field_missing", {"field": "status"}),
        ({"currency_amount": "much"}, "pennylane_value_unreadable", {"field": "currency_amount", "value": "much"}),
        ({"currency": None}, "pennylane_field_missing", {"field": "currency"}),
    ],
)
def test_a_document_without_sense_is_set_aside_beside_the_good_ones(
    said: Mapping[str, object], code: str, params: Mapping[str, str]
) -> None:
    pages = read(holding(sale(1, **said), sale(2)))

    (fault,) = (fault for page in pages for fault in page.faults)
    assert (fault.code, fault.place, fault.params) == (code, "sale:1", params)
    assert "Durand" not in fault.raw
    assert list(invoices(pages)) == ["sale:2"]


def test_rows_without_an_id_or_that_are_no_objects_are_set_aside() -> None:
    fake = holding(sale(1))
    strange: list[object] = [None, "x", {"date": "2026-01-01"}]
    value = {"items": [*strange, sale(1)], "has_more": False, "next_cursor": None}
    fake.before = lambda path, _: httpx.Response(200, json=value) if path == "/customer_invoices" else None
    pages = read(fake)

    assert [fault.place for page in pages for fault in page.faults] == ["sale:?1", "sale:?2", "sale:?3"]
    assert list(invoices(pages)) == ["sale:1"]


def test_a_payment_without_sense_is_set_aside_beside_the_good_ones() -> None:
    fake = holding(sale(1, paid=True), sale(2, paid=True))
    fake.transactions[1] = [transaction(1, "2026-10-10", "20.0"), transaction(2, "", "100.0")]
    fake.payments[SALE, 2] = [payment(1, "2026-10-10", "120.0", status="floating")]
    pages = read(fake, stream=PAYMENTS)

    assert [(fault.code, fault.place) for page in pages for fault in page.faults] == [
        ("pennylane_field_missing", "sale:1:2"),
        ("pennylane_value_unknown", "sale:2:1"),
    ]
    assert list(payments(pages)) == ["sale:1:1"]


def test_without_the_experimental_lines_documents_are_read_all_the_same() -> None:
    fake = holding(*(sale(n) for n in range(1, 151)))
    fake.knows_lines = False

    assert len(invoices(read(fake))) == 150
    assert len([params for _, params in fake.asked if "include" in params]) == 1


def test_lines_that_were_not_all_told_date_no_service() -> None:
    fake = holding(sale(1))
    fake.lines[1] = {"items": [{"imputation_dates": {"end_date": "2026-09-30"}}], "has_more": True}

    assert only(fake).service_on is None


def test_without_the_right_to_customers_there_are_no_names_and_nothing_else_is_missing() -> None:
    fake = holding(*(sale(n) for n in range(1, 151)))
    fake.before = lambda path, _: httpx.Response(403, json={}) if path == "/customers" else None
    found = invoices(read(fake))

    assert len(found) == 150
    assert {one.party_label for one in found.values()} == {None}
    assert fake.paths().count("/customers") == 1


@pytest.mark.parametrize(
    ("path", "status", "code", "params"),
    [
        ("/supplier_invoices", 403, "right_missing", {"right": "supplier_invoices:readonly"}),
        ("/changelogs/customer_invoices", 403, "right_missing", {"right": "customer_invoices:readonly"}),
        ("/customer_invoices", 401, "access_refused", {"host": "app.pennylane.com", "status": "401"}),
    ],
)
def test_a_missing_right_is_named(path: str, status: int, code: str, params: Mapping[str, str]) -> None:
    fake = holding(sale(1))
    fake.before = lambda asked, _: httpx.Response(status, json={}) if asked == path else None

    with pytest.raises(AccessDenied) as told:
        read(fake)
    assert (told.value.code, told.value.params) == (code, params)


def test_too_many_requests_wait_for_as_long_as_the_vendor_says() -> None:
    fake = holding(sale(1))
    headers = {"retry-after": "2", "ratelimit-limit": "25", "ratelimit-remaining": "0"}
    fake.before = lambda _, __: httpx.Response(429, text="Rate limit exceeded.", headers=headers)

    with pytest.raises(Unavailable) as told:
        read(fake)
    assert (told.value.code, told.value.retry_after_s) == ("asked_to_wait", 2)


def test_no_more_than_25_requests_are_made_in_5_seconds() -> None:
    fake = holding(*(sale(n, paid=True) for n in range(1, 31)))
    read(fake, stream=PAYMENTS)

    assert len(fake.asked) > 50
    assert sum(fake.waits) > 5


def test_when_nothing_is_left_of_the_rate_the_vendors_reset_is_waited_for() -> None:
    fake = holding(sale(1))
    told = {"ratelimit-remaining": "0", "ratelimit-reset": str(int(NOW.timestamp()) + 4)}
    value = {"items": [], "has_more": False, "next_cursor": None}
    fake.before = lambda _, __: httpx.Response(200, json=value, headers=told)
    read(fake)

    assert fake.waits
    assert all(3 < one <= 4 for one in fake.waits)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"items": None}),
        httpx.Response(200, json={"items": [], "has_more": True, "next_cursor": None}),
        httpx.Response(200, json={"items": [], "has_more": True, "next_cursor": "p1"}),
        httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
    ],
)
def test_nonsense_and_circles_are_trouble_of_the_source(answer: httpx.Response) -> None:
    fake = holding(sale(1))
    fake.before = lambda _, __: httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    with pytest.raises(SourceError) as told:
        read(fake)
    assert told.value.code


@pytest.mark.parametrize("token", ["", "a\nb", "é"])
def test_a_token_that_cannot_be_one_is_refused_before_anything_is_asked(token: str) -> None:
    fake = holding()
    given = fake.account()
    account = Account({}, {"token": token}, given.zone, given.now, transport=given.transport)

    with pytest.raises(AccessDenied, match="access_refused"):
        PROVIDER.connect(account)
    assert not fake.asked


def test_the_token_is_nowhere_to_be_seen() -> None:
    connector = holding(sale(1, status="sideways")).connect()
    pages: Pages = connector.streams[INVOICES]

    assert TOKEN not in repr(connector)
    assert TOKEN not in repr(list(pages(None)))
