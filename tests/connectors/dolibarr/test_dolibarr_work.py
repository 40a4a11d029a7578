"""Mails, who did what, staff and hours of a Dolibarr of our own, in three versions."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.errors import AccessDenied, StartOver
from connectors.records import (
    Activity,
    Employee,
    Process,
    Reminder,
    Stream,
    TimeEntry,
)
from tests.connectors.dolibarr.fake_dolibarr import (
    AGENDA,
    INVOICES,
    NOW,
    PROJECTS,
    PURCHASES,
    TASKS,
    USERS,
    event,
    mail,
    purchase,
    rounds,
    sale,
    speaking,
    spent,
    task,
    user,
)
from tests.connectors.dolibarr.reading_dolibarr import (
    every_version,
    faults,
    gone,
    invoices,
    only,
    read,
    records,
    reminders,
)

# Mails


@every_version
def test_the_first_mail_is_the_sending_and_changes_an_invoice_that_is_otherwise_as_it_was(version: str) -> None:
    fake = speaking(version, {INVOICES: [sale(1), sale(2)]}, now=NOW - timedelta(days=30))
    fake.later(timedelta(days=10))
    first = read(fake, Stream.INVOICES)
    assert [one.sent_on for one in invoices(fake).values()] == [None, None]

    fake.later(timedelta(days=10))
    fake.put(AGENDA, mail(31, 2, "2026-11-10 22:30"))
    fake.put(AGENDA, mail(32, 2, "2026-11-11 10:00"))
    later = records(read(fake, Stream.INVOICES, first[-1].cursor))

    assert set(later) == {"sale:2"}
    assert later["sale:2"] == invoices(fake)["sale:2"]
    assert invoices(fake)["sale:2"].sent_on == date(2026, 11, 10)


@pytest.mark.parametrize(("numbers", "requests"), [(range(1, 41), 1), ((1, 500, 9000), 3)])
def test_the_agenda_is_asked_once_for_invoices_that_stand_together(numbers: Iterable[int], requests: int) -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(n) for n in numbers]})

    read(fake, Stream.INVOICES)

    asked = [request.url.params.get("sqlfilters", "") for request in fake.asked]
    assert len([one for one in asked if "t.fk_element" in one]) == requests


@every_version
def test_a_later_mail_after_the_due_date_is_a_reminder(version: str) -> None:
    fake = speaking(
        version,
        {
            INVOICES: [sale(1), sale(2)],
            AGENDA: [
                mail(1, 1, "2026-10-05 09:00"),
                mail(2, 1, "2026-11-04 12:00"),  # the day it was due
                mail(3, 1, "2026-11-04 23:30"),  # the next day, over here
                mail(4, 2, "2026-11-20 09:00"),  # late, but the first
                mail(5, 2, "2026-11-21 09:00"),
            ],
        },
    )

    found = reminders(fake)

    assert set(found) == {"event:3", "event:5"}
    assert found["event:3"] == (
        Reminder(
            external_id="event:3", invoice_id="sale:1", sent_on=date(2026, 11, 5), channel="email", actor="dolibarr:3"
        )
    )


def test_a_mail_of_the_rounds_is_a_reminder_of_nobody_where_it_was_sent_and_due() -> None:
    fake = speaking(
        "22.0.4",
        {
            INVOICES: [sale(1)],
            AGENDA: [
                rounds(1, 1, "2026-10-30 06:00"),
                rounds(2, 1, "2026-11-11 06:00"),
                rounds(3, 1, "2026-11-18 06:00", outcome="KO"),
                event(4, "AC_EMAIL", 1, "2026-11-18 06:00", label="something else was sent"),
            ],
        },
    )

    assert [(one.external_id, one.actor) for one in reminders(fake).values()] == [("event:2", None)]


def test_reminders_of_16s_rounds_are_set_aside_for_they_name_no_invoice() -> None:
    fake = speaking("16.0.3", {INVOICES: [sale(1)], AGENDA: [rounds(2, None, "2026-11-11 06:00", outcome="OK")]})

    pages = read(fake, Stream.REMINDERS)

    assert not records(pages)
    assert [(one.code, one.place) for one in faults(pages)] == [("dolibarr_reminder_unlinked", "event:2")]
    assert "client.invalid" not in faults(pages)[0].raw


def test_a_reminder_that_turns_out_to_be_the_sending_is_gone() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1)], AGENDA: [mail(1, 1, "2026-10-06 09:00")]})
    fake.put(AGENDA, mail(2, 1, "2026-11-20 09:00"))
    first = read(fake, Stream.REMINDERS)
    assert set(records(first)) == {"event:2"}

    del fake.tables[AGENDA][1]
    fake.put(AGENDA, mail(2, 1, "2026-11-20 09:00"))

    assert gone(read(fake, Stream.REMINDERS, first[-1].cursor)) == {"event:2"}


def test_the_mail_of_an_invoice_that_was_deleted_is_no_reminder() -> None:
    fake = speaking("22.0.4", {INVOICES: [], AGENDA: [mail(1, 9, "2026-10-06 09:00"), mail(2, 9, "2026-11-20 09:00")]})

    pages = read(fake, Stream.REMINDERS)

    assert not records(pages)
    assert not faults(pages)


def test_invoices_are_read_without_the_agenda_and_again_when_it_is_granted() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(1)], AGENDA: [mail(1, 1, "2026-10-06 09:00")]}, refused={"agenda"})
    pages = read(fake, Stream.INVOICES)
    assert only(fake).sent_on is None

    fake.refused.clear()
    with pytest.raises(StartOver):
        read(fake, Stream.INVOICES, pages[-1].cursor)
    told = read(fake, Stream.INVOICES)
    assert only(fake).sent_on == date(2026, 10, 6)

    fake.refused.add("agenda")
    with pytest.raises(AccessDenied, match="agenda/allactions/read"):  # what was told is not taken back in silence
        read(fake, Stream.INVOICES, told[-1].cursor)


# Who did what


@every_version
def test_activities_say_who_made_validated_sent_and_closed(version: str) -> None:
    fake = speaking(
        version,
        {
            INVOICES: [sale(1)],
            PURCHASES: [purchase(1)],
            AGENDA: [
                event(1, "AC_BILL_CREATE", 1, "2026-10-05 08:30"),
                event(2, "AC_BILL_VALIDATE", 1, "2026-10-05 19:40", authorid="2"),
                mail(3, 1, "2026-10-06 09:00"),
                mail(4, 1, "2026-11-20 09:00"),
                event(5, "AC_BILL_PAYED", 1, "2026-11-21 09:00"),
                event(6, "AC_BILL_SUPPLIER_VALIDATE", 1, "2026-10-07 09:00", elementtype="invoice_supplier"),
                event(7, "AC_USER_MODIFY", None, "2026-10-07 09:00"),
                rounds(8, 1, "2026-11-21 06:00"),
            ],
        },
    )

    found = [one for one in records(read(fake, Stream.ACTIVITIES)).values() if isinstance(one, Activity)]

    assert [(one.external_id, one.actor, one.process, one.action, one.object_id) for one in found] == [
        ("created:sale:1", "dolibarr:3", Process.INVOICING, "created", "sale:1"),
        ("created:purchase:1", "dolibarr:3", Process.PURCHASES, "created", "purchase:1"),
        ("event:2", "dolibarr:2", Process.INVOICING, "validated", "sale:1"),
        ("event:3", "dolibarr:3", Process.INVOICING, "sent", "sale:1"),
        ("event:5", "dolibarr:3", Process.BANK, "paid", "sale:1"),
        ("event:6", "dolibarr:3", Process.PURCHASES, "validated", "purchase:1"),
    ]
    assert found[2].done_at == datetime(2026, 10, 5, 19, 40, tzinfo=UTC)


def test_what_nobody_did_is_set_aside() -> None:
    fake = speaking("22.0.4", {AGENDA: [event(1, "AC_BILL_VALIDATE", 1, "2026-10-05 19:40", authorid="0")]})

    assert [one.code for one in faults(read(fake, Stream.ACTIVITIES))] == ["dolibarr_value_unreadable"]


# People


@every_version
def test_staff_are_the_users_who_are_employees(version: str) -> None:
    fake = speaking(
        version,
        {USERS: [user(3, dateemploymentend="2026-06-30"), user(4, employee="0"), user(5, dateemployment="")]},
    )

    found = records(read(fake, Stream.STAFF))

    assert found["3"] == Employee(
        external_id="3",
        actor="dolibarr:3",
        name="Ada Nom3",
        hours_per_week=Decimal("35.00"),
        entered_on=date(2020, 2, 3),
        left_on=date(2026, 6, 30),
    )
    assert set(found) == {"3", "5"}


@every_version
def test_hours_count_where_a_task_or_its_project_is_back_office_work(version: str) -> None:
    fake = speaking(
        version,
        {
            PROJECTS: [{"id": "1", "title": "Administratif"}, {"id": "2", "title": "Atelier"}],
            TASKS: [
                task(1, "Facturation", 2, spent(1, "2026-03-06", 9000), spent(2, "2026-03-30", 5430, who="4")),
                task(2, "Devis", 1, spent(3, "2026-03-07", 600)),
                task(3, "Fabrication", 2, spent(4, "2026-03-08", 600)),
            ],
        },
    )

    found = [one for one in records(read(fake, Stream.TIME)).values() if isinstance(one, TimeEntry)]

    assert [(one.external_id, one.actor, one.worked_on, one.minutes, one.process) for one in found] == [
        ("time:1", "dolibarr:3", date(2026, 3, 6), 150, Process.INVOICING),
        ("time:2", "dolibarr:4", date(2026, 3, 30), 91, Process.INVOICING),
        ("time:3", "dolibarr:3", date(2026, 3, 7), 10, Process.DOCUMENTS),
    ]
    assert set(records(read(fake, Stream.TIME, admin_words="fabrication=reporting"))) == {"time:4"}


@pytest.mark.parametrize("said", [{"who": ""}, {"day": "soon"}, {"seconds": "90000"}, {"seconds": "much"}])
def test_hours_that_cannot_be_are_set_aside(said: dict[str, str]) -> None:
    line = spent(1, **({"day": "2026-03-06", "seconds": 600} | said))  # type: ignore[arg-type]
    fake = speaking("16.0.3", {TASKS: [task(1, "Relances", 1)]})
    row, changed_at = fake.tables[TASKS][1]
    fake.put_raw(TASKS, row | {"lines": [line]}, changed_at)

    pages = read(fake, Stream.TIME)

    assert not records(pages)
    assert [one.place for one in faults(pages)] == ["time:1"]
