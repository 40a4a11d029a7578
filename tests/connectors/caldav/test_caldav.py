"""Calendars read live from a Radicale that the tests start: minutes a day by process, and never more than passed."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from app.companies import add_company, connection_for
from app.db import read, write
from app.models.records import quarantined, time_entry
from app.sources import sync_connection
from connectors.caldav.bookmark import MONTHS
from connectors.errors import AccessDenied
from connectors.records import Process, Stream, TimeEntry
from tests.connectors.caldav.radicale_server import NOW, Director, Kept, at, event, minutes, radicale

_users = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with radicale(Path(tmp_path_factory.mktemp("radicale"))) as address:
        yield address


@pytest.fixture
def director(server: str) -> Director:
    """A director with an empty calendar "Desk"."""
    someone = Director(server, f"user{next(_users)}")
    someone.add_calendar("desk")
    return someone


def test_minutes_of_a_day_are_told_by_process(director: Director) -> None:
    director.put("desk/1", event("1", "Facturation clients", *at("20260302", "0900", "1030")))
    director.put("desk/2", event("2", "Relances impayés", *at("20260302", "1400", "1445")))
    director.put("desk/3", event("3", "Facturation (suite)", *at("20260302", "1700", "1715")))
    director.put("desk/4", event("4", "Déjeuner", *at("20260302", "1200", "1330")))
    assert minutes(director) == {"2026-03-02:dunning": 45, "2026-03-02:invoicing": 105}


def test_a_record_says_who_and_when_and_nothing_of_the_event(director: Director) -> None:
    director.put("desk/1", event("uid-dupont", "Paie de Mme Dupont", *at("20260302", "0900", "1000")))
    (record,) = (record for page in director.pages() for record in page.records)
    assert record == TimeEntry(
        external_id="2026-03-02:payroll",
        actor="mdurand",
        worked_on=datetime(2026, 3, 2, tzinfo=UTC).date(),
        minutes=60,
        process=Process.PAYROLL,
    )
    assert "dupont" not in repr(director.pages()).casefold()


def test_overlapping_events_count_once_and_the_earlier_has_the_time(director: Director) -> None:
    director.add_calendar("second")
    director.put("desk/1", event("1", "Facturation", *at("20260302", "0900", "1100")))
    director.put("second/2", event("2", "Paie", *at("20260302", "1000", "1200")))
    director.put("second/3", event("3", "Banque", *at("20260302", "0930", "1130")))
    told = minutes(director)
    assert told == {"2026-03-02:bank": 30, "2026-03-02:invoicing": 120, "2026-03-02:payroll": 30}
    assert sum(told.values()) == 180


def test_one_event_in_two_calendars_counts_once(director: Director) -> None:
    director.add_calendar("second")
    for name in ("desk", "second"):
        director.put(f"{name}/1", event("1", "Compta", *at("20260302", "0900", "1000")))
    assert minutes(director) == {"2026-03-02:documents": 60}


def test_a_weekly_event_keeps_its_hour_across_the_clock_change_and_its_exceptions_count(director: Director) -> None:
    """Clocks go back on 25 October 2026; one week is left out, one is moved and longer, one is cancelled."""
    moved = event(
        "w", "Facturation", "RECURRENCE-ID;TZID=Europe/Paris:20261026T090000", *at("20261027", "2330", "2359")
    )
    off = event(
        "w", "Facturation", "RECURRENCE-ID;TZID=Europe/Paris:20261109T090000", *at("20261109", "0900", "1000"),
        "STATUS:CANCELLED",
    )  # fmt: skip
    weekly = event(
        "w", "Facturation", *at("20261005", "0900", "1000"), "RRULE:FREQ=WEEKLY;COUNT=7",
        "EXDATE;TZID=Europe/Paris:20261012T090000",
    )  # fmt: skip
    director.put("desk/w", weekly, moved, off)
    director.put("desk/x", event("x", "Paie", *at("20261102", "0830", "0900")))
    assert minutes(director) == {
        "2026-10-05:invoicing": 60,
        "2026-10-19:invoicing": 60,
        "2026-10-27:invoicing": 29,
        "2026-11-02:invoicing": 60,
        "2026-11-02:payroll": 30,  # before the invoicing, and not within it: 9 o'clock stays 9 o'clock
        "2026-11-16:invoicing": 60,
    }


def test_the_night_the_clocks_go_back_is_an_hour_longer(director: Director) -> None:
    director.put("desk/1", event("1", "Bilan comptable", "DTSTART;TZID=Europe/Paris:20261024T230000",
                                 "DTEND;TZID=Europe/Paris:20261025T040000"))  # fmt: skip
    assert minutes(director) == {"2026-10-24:reporting": 60, "2026-10-25:reporting": 300}


def test_days_are_the_accounts_whatever_zone_an_event_is_written_in(director: Director) -> None:
    director.put(
        "desk/1",
        event(
            "1",
            "TVA",
            *at("20260302", "2330", "2359", zone=""),
        ),
    )
    director.put("desk/2", event("2", "Banque", "DTSTART:20260710T213000Z", "DTEND:20260710T223000Z"))
    director.put("desk/3", event("3", "Paie", *at("20260710", "1900", "2000", zone=";TZID=America/New_York")))
    assert minutes(director) == {
        "2026-03-02:tax": 29,  # without a zone: the account's
        "2026-07-10:bank": 30,
        "2026-07-11:bank": 30,
        "2026-07-11:payroll": 60,
    }


ZONE = """BEGIN:VTIMEZONE\r
TZID:Our Office\r
BEGIN:STANDARD\r
DTSTART:19700101T000000\r
TZOFFSETFROM:{offset}\r
TZOFFSETTO:{offset}\r
END:STANDARD\r
END:VTIMEZONE"""


def test_a_zone_is_the_one_its_event_defines_though_another_has_the_same_name(director: Director) -> None:
    for n, offset in enumerate(("+0400", "-0500")):
        when = at("20260302", "1000", "1100", zone=";TZID=Our Office")
        director.put(f"desk/{n}", ZONE.format(offset=offset), event(str(n), "Paie" if n else "Banque", *when))
    director.put("desk/x", event("x", "TVA", "DTSTART:20260302T060000Z", "DTEND:20260302T070000Z"))
    director.put("desk/y", event("y", "Relances", "DTSTART:20260302T143000Z", "DTEND:20260302T150000Z"))
    assert minutes(director) == {
        "2026-03-02:bank": 60,
        "2026-03-02:dunning": 30,
        "2026-03-02:payroll": 60,
    }  # 10 o'clock is 6 in one (as the tax), and 15 in the other


DO_NOT_COUNT = {
    "all day": ("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260303"),
    "over days": ("DTSTART:20260303T080000Z", "DTEND:20260305T100000Z"),
    "without an end": ("DTSTART:20260306T080000Z",),
    "cancelled": (*at("20260307", "0900", "1000"), "STATUS:CANCELLED"),
    "not busy": (*at("20260308", "0900", "1000"), "TRANSP:TRANSPARENT"),
    "declined": (*at("20260309", "0900", "1000"), "ATTENDEE;PARTSTAT=DECLINED:mailto:md@example.org"),
    "next year": at("20271102", "0900", "1000"),
    "under way": at("20261122", "0930", "1030"),
    "long ago": at("20221102", "0900", "1000"),
}


def test_what_takes_no_time_or_did_not_take_place_does_not_count(server: str) -> None:
    someone = Director(server, "md@example.org")
    someone.add_calendar("desk")
    for name, lines in DO_NOT_COUNT.items():
        someone.put(f"desk/{name.replace(' ', '-')}", event(name, "Facturation", *lines))
    declined_by_others = "ATTENDEE;PARTSTAT=DECLINED:mailto:someone@example.org"
    accepted = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:md@example.org"
    someone.put("desk/1", event("1", "Paie", *at("20260310", "0900", "1000"), declined_by_others, accepted))
    assert minutes(someone) == {"2026-03-10:payroll": 60}


def test_a_category_counts_as_a_word_of_the_title_does(director: Director) -> None:
    director.put("desk/1", event("1", "Point du lundi", *at("20260302", "0900", "1000"), "CATEGORIES:Travail,Compta"))
    assert minutes(director) == {"2026-03-02:documents": 60}


def test_words_are_the_persons(director: Director) -> None:
    director.put("desk/1", event("1", "Truc", *at("20260302", "0900", "1000")))
    director.put("desk/2", event("2", "Facturation", *at("20260302", "1000", "1100")))
    director.put("desk/3", event("3", "Papiers du bureau", *at("20260302", "1100", "1200")))
    asked = director.asked(admin_words="truc=tax; papier*")
    assert minutes(asked) == {"2026-03-02:documents": 60, "2026-03-02:tax": 60}


def test_only_the_calendars_named_are_read(director: Director) -> None:
    director.add_calendar("private")
    director.put("private/1", event("1", "Banque", *at("20260302", "0900", "1000")))
    director.put("desk/2", event("2", "Banque", *at("20260303", "0900", "1000")))
    assert minutes(director.asked(calendars="DESK")) == {"2026-03-03:bank": 60}
    with pytest.raises(AccessDenied, match="caldav_calendar_missing") as refused:
        director.asked(calendars="desk, holidays").pages()
    assert refused.value.params == {"calendar": "holidays"}


@pytest.mark.parametrize("path", ["", "/", "/{user}/", "/{user}/desk/"])
def test_the_address_may_be_the_servers_the_accounts_or_the_calendars(director: Director, path: str) -> None:
    director.put("desk/1", event("1", "Banque", *at("20260302", "0900", "1000")))
    address = director.server + path.format(user=director.user)
    assert minutes(director.asked(address=address)) == {"2026-03-02:bank": 60}


def test_a_wrong_password_is_for_a_person_to_mend(director: Director) -> None:
    director.password = "not this one"
    with pytest.raises(AccessDenied, match="access_refused"):
        director.pages()


def test_another_readers_calendar_gives_nothing(director: Director) -> None:
    address = f"{director.server}/{director.user}/desk/"
    stranger = Director(director.server, f"user{next(_users)}").asked(address=address)
    with pytest.raises(AccessDenied):
        stranger.pages()


# Reading on


def test_without_a_change_only_the_present_half_year_is_read(director: Director) -> None:
    director.put("desk/1", event("1", "Banque", *at("20260302", "0900", "1000")))
    kept = Kept()
    assert kept.read(director) == MONTHS // 6 + 1
    assert kept.read(director.on(NOW + timedelta(hours=6))) == 1
    assert kept.minutes == {"2026-03-02:bank": 60}


def test_an_edit_of_the_past_is_read_with_the_half_years_it_touches(director: Director) -> None:
    director.put("desk/1", event("1", "Banque", *at("20250302", "0900", "1000")))
    director.put("desk/2", event("2", "Banque", *at("20250902", "0900", "1000")))
    kept = Kept()
    kept.read(director)
    director.put("desk/1", event("1", "Banque", *at("20260303", "0900", "1130")))
    assert kept.read(director) == 3  # where it was, where it is, and the present
    assert kept.minutes == {"2025-09-02:bank": 60, "2026-03-03:bank": 150}
    assert kept.read(director) == 1


def test_a_deleted_event_is_gone_and_what_it_covered_comes_back(director: Director) -> None:
    director.put("desk/1", event("1", "Banque", *at("20260302", "0900", "1000")))
    director.put("desk/2", event("2", "Paie", *at("20260302", "0930", "1030")))
    kept = Kept()
    kept.read(director)
    assert kept.minutes == {"2026-03-02:bank": 60, "2026-03-02:payroll": 30}
    director.send("DELETE", "desk/1.ics")
    kept.read(director)
    assert kept.minutes == {"2026-03-02:payroll": 60}


def test_a_calendar_taken_away_takes_its_hours_along(director: Director) -> None:
    director.add_calendar("second")
    director.put("second/1", event("1", "Banque", *at("20250602", "0900", "1000")))
    director.put("desk/2", event("2", "Paie", *at("20260302", "0930", "1030")))
    kept = Kept()
    kept.read(director)
    director.send("DELETE", "second/")
    kept.read(director)
    assert kept.minutes == {"2026-03-02:payroll": 60}


def test_a_recurring_event_goes_on_though_nothing_changes_at_the_server(director: Director) -> None:
    director.put("desk/1", event("1", "Paie", *at("20260901", "0900", "1000"), "RRULE:FREQ=MONTHLY"))
    kept, told = Kept(), []
    for month in (9, 10, 12):
        kept.read(director.on(datetime(2026, month, 28, 12, tzinfo=UTC)))
        told.append(len(kept.entries))
    kept.read(director.on(datetime(2027, 4, 28, 12, tzinfo=UTC)))  # in the next half
    assert [*told, len(kept.entries)] == [1, 2, 4, 8]


def test_the_last_day_of_a_half_year_is_told_though_it_was_not_over_when_the_half_year_was_read(
    director: Director,
) -> None:
    director.put("desk/1", event("1", "Paie", "DTSTART;TZID=Europe/Paris:20260630T220000",
                                 "DTEND;TZID=Europe/Paris:20260701T060000"))  # fmt: skip
    kept = Kept()
    kept.read(director.on(datetime(2026, 6, 30, 21, tzinfo=UTC)))
    assert kept.minutes == {}
    kept.read(director.on(datetime(2026, 7, 1, 12, tzinfo=UTC)))
    assert kept.minutes == {"2026-06-30:payroll": 120, "2026-07-01:payroll": 360}


def test_a_token_that_the_server_forgot_has_everything_compared_and_nothing_lost(director: Director) -> None:
    director.put("desk/1", event("1", "Banque", *at("20260302", "0900", "1000")))
    kept = Kept()
    kept.read(director)
    assert kept.cursor is not None
    director.send("DELETE", "desk/1.ics")
    known = dict(kept.cursor)
    read_at, _, *rest = known["2026-01-01"].split("|")
    kept.cursor = {**known, "2026-01-01": "|".join((read_at, "0" * 16, *rest))}
    assert kept.read(director) == 2
    assert kept.minutes == {}


def test_a_reader_resumes_from_any_page(director: Director) -> None:
    days = ("20240302", "20240902", "20250302", "20250630", "20250701", "20261102")
    for day in days:
        director.put(f"desk/{day}", event(day, "Banque", *at(day, "0900", "1000")))
    pages = director.pages()
    assert len([record for page in pages for record in page.records]) == len(days)  # each told by one page
    assert {page.cursor["until"] for page in pages} == {NOW.isoformat()}
    for stopped in (0, 3, len(pages) - 1):
        kept = Kept()
        for page in pages[: stopped + 1]:
            kept.save(page)
        kept.cursor = json.loads(json.dumps(dict(pages[stopped].cursor)))
        kept.read(director)
        assert len(kept.minutes) == len(days)
        assert kept.cursor == pages[-1].cursor


def test_a_reader_who_stops_after_each_page_comes_round(director: Director) -> None:
    days = ("20240302", "20240902", "20250302", "20250630", "20250701", "20261102")
    for day in days:
        director.put(f"desk/{day}", event(day, "Banque", *at(day, "0900", "1000")))
    kept = Kept()
    for n in range(MONTHS // 6 + 1):
        later = director.on(NOW + timedelta(minutes=n)).connect()
        kept.save(next(later.streams[Stream.TIME](kept.cursor)))
    assert len(kept.minutes) == len(days)


def test_an_edit_between_two_pages_of_a_broken_reading_is_seen(director: Director) -> None:
    director.put("desk/1", event("1", "Banque", *at("20260302", "0900", "1000")))
    kept = Kept()
    for page in director.pages()[:4]:
        kept.save(page)
    director.put("desk/1", event("1", "Banque", *at("20260302", "0900", "0915")))
    kept.read(director)
    assert kept.minutes == {"2026-03-02:bank": 15}


def test_other_words_have_everything_read_again(director: Director) -> None:
    director.put("desk/1", event("1", "Banque", *at("20250302", "0900", "1000")))
    director.put("desk/2", event("2", "Yoga", *at("20250303", "0900", "1000")))
    kept = Kept()
    kept.read(director)
    assert kept.read(director.asked(admin_words="yoga=tax")) == MONTHS // 6 + 1
    assert kept.minutes == {"2025-03-03:tax": 60}


# Events that make no sense


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("DTSTART:20260302T100000Z", "DTEND:20260302T090000Z"), "caldav_ends_before_start"),
        (("DTSTART:20260302T100000Z", "DTEND:20260302T103000Z", "RRULE:FREQ=MINUTELY;COUNT=3"), "caldav_too_often"),
    ],
)
def test_an_event_that_makes_no_sense_is_set_aside_until_it_does(
    director: Director, lines: tuple[str, ...], code: str
) -> None:
    director.put("desk/1", event("1", "Banque Dupont", *lines))
    director.put("desk/2", event("2", "Paie", *at("20260302", "0930", "1030")))
    kept, first = Kept(), director.pages()
    (fault,) = (fault for page in first for fault in page.faults)
    assert (fault.code, fault.kept) == (code, False)
    assert "20260302T100000Z" in fault.raw
    assert "Dupont" not in repr(fault)
    for page in first:
        kept.save(page)
    assert kept.minutes == {"2026-03-02:payroll": 60}
    director.put("desk/1", event("1", "Banque Dupont", "DTSTART:20260302T140000Z", "DTEND:20260302T143000Z"))
    again = [fault for page in director.pages(kept.cursor) for fault in page.faults]
    assert [(one.place, one.kept) for one in again] == [(fault.place, True)]


# And kept


def test_what_is_kept_follows_the_calendar(director: Director, sqlite_engine: Engine) -> None:
    with write(sqlite_engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
        connection = connection_for(conn, company, "caldav", NOW)

    def kept() -> tuple[list[tuple[str, int]], list[str]]:
        every = timedelta(hours=6)
        sync_connection(sqlite_engine, connection, lambda: NOW, every=every, connect=lambda *_: director.connect())
        t = time_entry.c
        with read(sqlite_engine) as conn:
            rows = conn.execute(select(t.external_id, t.minutes).where(t.gone_at.is_(None)).order_by(t.external_id))
            return [(row.external_id, row.minutes) for row in rows], list(
                conn.execute(select(quarantined.c.code)).scalars()
            )

    director.put("desk/1", event("1", "Banque", *at("20250302", "0900", "1000")))
    director.put("desk/2", event("2", "Paie", *at("20250302", "0930", "1030"), "RRULE:FREQ=HOURLY;COUNT=2"))
    assert kept() == ([("2025-03-02:bank", 60)], ["caldav_too_often"])
    director.put("desk/2", event("2", "Paie", *at("20250302", "0930", "1030")))
    assert kept() == ([("2025-03-02:bank", 60), ("2025-03-02:payroll", 30)], [])
    director.send("DELETE", "desk/1.ics")
    assert kept() == ([("2025-03-02:payroll", 60)], [])
    director.put("desk/1", event("1", "Banque", *at("20250302", "0900", "1000")))
    assert kept() == ([("2025-03-02:bank", 60), ("2025-03-02:payroll", 30)], [])
