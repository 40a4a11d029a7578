"""Documents of a Dolibarr of our own, in three versions: nothing made up, days and money right."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import AccessDenied
from connectors.records import (
    Direction,
    DocumentKind,
    DocumentStatus,
    Invoice,
    Payment,
    Stream,
)
from tests.connectors.dolibarr.fake_dolibarr import (
    AGENDA,
    INVOICES,
    PARTIES,
    PURCHASES,
    event,
    payment,
    purchase,
    sale,
    speaking,
)
from tests.connectors.dolibarr.reading_dolibarr import (
    every_version,
    faults,
    gone,
    invoices,
    only,
    payments,
    read,
    records,
)

# Documents


@every_version
def test_an_invoice_reads_the_same_in_every_version(version: str) -> None:
    fake = speaking(version, {INVOICES: [sale(7)], PARTIES: [{"id": "71", "name": "Cabinet Durand"}]})

    assert only(fake) == Invoice(
        external_id="sale:7",
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number="FA2610-0007",
        party="71",
        party_label="Cabinet Durand",
        service_on=date(2026, 9, 30),
        issued_on=date(2026, 10, 5),
        due_on=date(2026, 11, 4),
        net=Decimal("100.00"),
        tax=Decimal("20.00"),
        total=Decimal("120.00"),
        author="dolibarr:3",
        validator="dolibarr:2",
        direct_debit=False,
        created_at=datetime(2026, 10, 5, 8, 30, tzinfo=UTC),
    )


@every_version
def test_a_supplier_invoice_has_an_identity_of_its_own(version: str) -> None:
    fake = speaking(version, {INVOICES: [sale(7)], PURCHASES: [purchase(7)]})

    found = invoices(fake)["purchase:7"]

    assert (found.direction, found.total, found.author) == (Direction.PURCHASE, Decimal("60.00"), "dolibarr:3")
    assert (found.issued_on, found.due_on) == (date(2026, 10, 5), date(2026, 11, 4))
    assert found.created_at == datetime(2026, 10, 5, 8, 30, tzinfo=UTC)
    assert len(invoices(fake)) == 2


def test_a_credit_note_is_positive_and_says_what_it_corrects() -> None:
    totals = {"total_ht": "-100.0", "total_tva": "-20.0", "total_ttc": "-120.0"}
    fake = speaking("20.0.2", {INVOICES: [sale(8, type="2", fk_facture_source="7", **totals)]})

    found = only(fake)

    assert (found.kind, found.corrects) == (DocumentKind.CREDIT_NOTE, "sale:7")
    assert (found.net, found.tax, found.total) == (Decimal("100.00"), Decimal("20.00"), Decimal("120.00"))


def test_a_deposit_is_one_and_a_draft_has_no_number() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1, type="3"), sale(2, status="0", statut="0", ref="(PROV2)", date="")]})

    found = invoices(fake)

    assert found["sale:1"].kind is DocumentKind.DEPOSIT
    assert (found["sale:2"].status, found["sale:2"].number, found["sale:2"].issued_on) == ("draft", None, None)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"type": "9"}, "dolibarr_value_unknown"),
        ({"type": None}, "dolibarr_field_missing"),
        ({"status": "7"}, "dolibarr_value_unknown"),
        ({"date": "soon"}, "dolibarr_value_unreadable"),
        ({"date": ""}, "dolibarr_field_missing"),
        ({"total_ttc": "-120.0"}, "dolibarr_value_unknown"),
    ],
)
def test_a_document_that_makes_no_sense_is_set_aside_beside_the_others(said: dict[str, object], code: str) -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1), sale(2), sale(3)]})
    row, changed_at = fake.tables[INVOICES][2]
    fake.put_raw(INVOICES, row | said, changed_at)

    pages = read(fake, Stream.INVOICES)

    assert set(records(pages)) == {"sale:1", "sale:3"}
    assert [(fault.code, fault.place) for fault in faults(pages)] == [(code, "sale:2")]
    assert "secret" not in faults(pages)[0].raw


def test_a_field_that_is_not_needed_may_be_nonsense() -> None:
    said = {"total_ht": "many", "date_lim_reglement": "late", "fk_user_valid": [], "lines": "none", "date_creation": -1}
    fake = speaking("16.0.3", {INVOICES: [sale(1)]})
    row, changed_at = fake.tables[INVOICES][1]
    fake.put_raw(INVOICES, row | said, changed_at)

    found = only(fake)

    assert (found.net, found.due_on, found.validator, found.service_on, found.created_at) == (None,) * 5
    assert found.total == Decimal("120.00")


def test_an_abandoned_invoice_is_cancelled_on_the_day_the_agenda_says() -> None:
    abandoned = sale(1, status="3", statut="3", close_code="badcustomer")
    fake = speaking("22.0.4", {INVOICES: [abandoned], AGENDA: [event(5, "AC_BILL_CANCEL", 1, "2026-11-14 23:30")]})

    assert (only(fake).status, only(fake).cancelled_on) == (DocumentStatus.CANCELLED, date(2026, 11, 15))


def test_an_amount_in_another_currency_is_the_documents_own() -> None:
    foreign = {f"multicurrency_total_{name}": value for name, value in (("ht", "110"), ("tva", "22"), ("ttc", "132"))}
    row = sale(1, multicurrency_code="USD", multicurrency_tx="1.10000000", totalpaid="120.0", **foreign)
    fake = speaking("22.0.4", {INVOICES: [row]})
    fake.pay(INVOICES, 1, payment("2026-11-03", "120.00", "PAY-1"))

    assert (only(fake).total, only(fake).currency) == (Decimal("132.00"), "USD")
    assert [(one.amount, one.currency) for one in payments(fake)] == [(Decimal("132.00"), "USD")]


def test_sales_alone_are_read_where_purchases_are_not_kept_there() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1)], PURCHASES: [purchase(1)]}, refused={"fournisseur"})

    assert set(invoices(fake, documents="Sale")) == {"sale:1"}
    with pytest.raises(AccessDenied, match="fournisseur/facture/lire"):
        read(fake, Stream.INVOICES)
    with pytest.raises(AccessDenied, match="dolibarr_documents_unknown"):
        fake.connect(documents="orders")


# Days


@every_version
@pytest.mark.parametrize("zone", ["Europe/Paris", "UTC", "America/Martinique", "Indian/Reunion"])
@pytest.mark.parametrize("told", [True, False])
def test_days_are_the_servers_own_wherever_it_is(version: str, zone: str, *, told: bool) -> None:
    said = {"date": "2026-10-25", "date_lim_reglement": "2027-01-01"}
    fake = speaking(version, {INVOICES: [sale(1, **said)]}, zone=ZoneInfo(zone), tells_zone=told)

    found = only(fake)

    assert (found.issued_on, found.due_on) == (date(2026, 10, 25), date(2027, 1, 1))
    assert found.service_on == date(2026, 9, 30)


@every_version
def test_days_on_both_sides_of_a_change_of_clocks_are_right_where_nobody_says_the_zone(version: str) -> None:
    said = {"date": "2026-03-01", "date_lim_reglement": "2026-03-31"}
    fake = speaking(version, {INVOICES: [sale(1, **said)]}, zone=ZoneInfo("America/New_York"), tells_zone=False)

    assert (only(fake).issued_on, only(fake).due_on) == (date(2026, 3, 1), date(2026, 3, 31))


def test_a_zone_far_from_utc_can_be_said() -> None:
    fake = speaking("16.0.3", {INVOICES: [sale(1)]}, zone=ZoneInfo("Pacific/Auckland"))

    (found,) = invoices(fake, zone="Pacific/Auckland").values()

    assert (found.issued_on, found.service_on) == (date(2026, 10, 5), date(2026, 9, 30))
    with pytest.raises(AccessDenied, match="dolibarr_zone_unknown"):
        fake.connect(zone="Europe/Lutece")


def test_a_period_that_ends_with_a_second_to_midnight_ends_that_day() -> None:
    last = int(datetime(2026, 9, 30, 23, 59, 59, tzinfo=ZoneInfo("Europe/Paris")).timestamp())
    fake = speaking("16.0.3", {INVOICES: [sale(1, lines=[])]})
    row, changed_at = fake.tables[INVOICES][1]
    fake.put_raw(INVOICES, row | {"lines": [{"date_start": last - 86399, "date_end": last}]}, changed_at)

    assert only(fake).service_on == date(2026, 9, 30)


def test_without_periods_the_day_of_the_tax_stands_for_the_service() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1, lines=[], date_pointoftax="2026-09-28")]})

    assert only(fake).service_on == date(2026, 9, 28)


# Payments


@every_version
def test_payments_are_money_and_in_the_order_of_days(version: str) -> None:
    fake = speaking(version, {INVOICES: [sale(1, totalpaid="120.0"), sale(2)], PURCHASES: [purchase(1)]})
    fake.pay(
        INVOICES, 1,
        payment("2026-11-20", "20.00", "PAY-3"),
        payment("2026-11-03", "60.005", "PAY-1"),
        payment("2026-11-05", "40.00", "AV2611-0001", "(CREDIT_NOTE)"),
    )  # fmt: skip
    fake.pay(PURCHASES, 1, payment("2026-11-10", "60.00", "SPAY-1"))

    assert payments(fake) == [
        Payment(external_id="sale:1:1", invoice_id="sale:1", paid_on=date(2026, 11, 3), amount=Decimal("60.01")),
        Payment(external_id="sale:1:2", invoice_id="sale:1", paid_on=date(2026, 11, 20), amount=Decimal("20.00")),
        Payment(external_id="purchase:1:1", invoice_id="purchase:1", paid_on=date(2026, 11, 10), amount=Decimal(60)),
    ]
    assert not any(request.url.path.endswith("/invoices/2/payments") for request in fake.asked)  # nothing was paid


def test_a_payment_that_was_taken_back_is_gone() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1, totalpaid="120.0")]})
    fake.pay(INVOICES, 1, payment("2026-11-03", "60", "PAY-1"), payment("2026-11-04", "60", "PAY-2"))
    first = read(fake, Stream.PAYMENTS)
    assert set(records(first)) == {"sale:1:1", "sale:1:2"}

    fake.later(timedelta(days=5))
    fake.put(INVOICES, sale(1, totalpaid="60.0"))
    fake.pay(INVOICES, 1, payment("2026-11-04", "60", "PAY-2"))
    second = read(fake, Stream.PAYMENTS, first[-1].cursor)
    assert set(records(second)) == {"sale:1:1"}
    assert "sale:1:2" in gone(second)

    fake.put(INVOICES, sale(1, totalpaid=0))
    assert gone(read(fake, Stream.PAYMENTS, second[-1].cursor)) >= {"sale:1:1", "sale:1:2"}


def test_many_payments_add_up() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1, totalpaid="30")]})
    fake.pay(INVOICES, 1, *(payment(f"2026-10-{n:02}", "1", f"PAY-{n}") for n in range(1, 31)))

    found = payments(fake)

    assert (len(found), sum(one.amount for one in found)) == (24, Decimal(30))


def test_a_payment_without_a_day_is_set_aside() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1, totalpaid="30")]})
    fake.pay(INVOICES, 1, payment("2026-10-01", "10", "PAY-1"), payment("", "20", "PAY-2"))

    pages = read(fake, Stream.PAYMENTS)

    assert set(records(pages)) == {"sale:1:1"}
    assert [(one.code, one.place) for one in faults(pages)] == [("dolibarr_value_unreadable", "sale:1:?2")]
