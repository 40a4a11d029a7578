"""Events, words and days by themselves: what counts, what is set aside, and that no minute counts twice."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.caldav.days import Span, minutes_by_day
from connectors.caldav.events import Rules, spans, times_of
from connectors.errors import AccessDenied, BadPayload
from connectors.records import Process
from connectors.words import DEFAULT_WORDS, read_words
from tests.connectors.caldav.radicale_server import at, calendar, event

PARIS = ZoneInfo("Europe/Paris")
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
RULES = Rules(read_words(DEFAULT_WORDS), frozenset(), PARIS, YEAR[1])
WHEN = at("20260302", "0900", "1000")


def read(*events: str) -> list[Span]:
    return spans(calendar(*events), RULES, *YEAR)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("DTSTART:soon", "DTEND:20260302T100000Z"), "caldav_event_unreadable"),
        (("DTEND:20260302T100000Z",), "caldav_event_unreadable"),
        ((*WHEN, "RRULE:FREQ=SOMETIMES"), "caldav_event_unreadable"),
        ((*WHEN, "RRULE:FREQ=DAILY;INTERVAL=0"), "caldav_event_unreadable"),
        ((*WHEN, "RRULE:COUNT=3"), "caldav_event_unreadable"),
        ((*WHEN, "EXDATE:never"), "caldav_event_unreadable"),
        ((*WHEN, "RRULE:FREQ=SECONDLY"), "caldav_too_often"),
        ((*WHEN, "RRULE:FREQ=DAILY;BYHOUR=8,9,10,11;BYMINUTE=0,5,10,15,20,25,30"), "caldav_too_often"),
        (("DTSTART:20260302T100000Z", "DTEND:20260302T095959Z"), "caldav_ends_before_start"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused_by_its_reason(lines: tuple[str, ...], code: str) -> None:
    with pytest.raises(BadPayload, match=code):
        read(event("1", "Facturation", *lines))
    assert read(event("1", "Promenade", *lines)) == []  # and one without a word is not even looked at


@pytest.mark.parametrize("text", ["BEGIN:VCALENDAR\nSUMMARY:TVA", "SUMMARY:TVA"])
def test_what_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(BadPayload, match="caldav_event_unreadable"):
        spans(text, RULES, *YEAR)


def test_what_is_shown_of_an_event_is_when_it_is() -> None:
    shown = times_of(calendar(event("uid-dupont", "Paie de Mme Dupont", *WHEN, "LOCATION:chez Dupont")))
    assert shown == "\n".join(WHEN)


def test_a_title_is_read_though_it_is_folded_and_escaped() -> None:
    for title in ("Point\\nTVA\\, etc.", "Point du lundi\\, pour la factu\r\n ration", "Déclaration de\r\n  TVA"):
        assert len(read(event("1", title, *WHEN))) == 1


def test_a_moved_occurrence_counts_by_its_own_title() -> None:
    weekly = event("w", "Paie", *WHEN, "RRULE:FREQ=WEEKLY;COUNT=3")
    other = event("w", "Dentiste", "RECURRENCE-ID;TZID=Europe/Paris:20260309T090000", *at("20260309", "0900", "1000"))
    assert [span.start.day for span in read(weekly, other)] == [2, 16]


def test_an_open_end_and_a_duration_are_expanded() -> None:
    daily = event("d", "Paie", "DTSTART:20260302T080000Z", "DURATION:PT20M", "RRULE:FREQ=DAILY;BYDAY=MO,TU")
    found = read(daily)
    assert {span.end - span.start for span in found} == {timedelta(minutes=20)}
    assert len(found) == 88  # 44 Mondays and 44 Tuesdays from 2 March on


@pytest.mark.parametrize(
    ("title", "process"),
    [
        ("FACTURATION", Process.INVOICING),
        ("Factures fournisseurs", Process.PURCHASES),
        ("note de frais", Process.PURCHASES),
        ("Impayés : relances", Process.DUNNING),
        ("Rapprochement bancaire", Process.BANK),
        ("Paie de mars", Process.PAYROLL),
        ("URSSAF", Process.TAX),
        ("Comptabilité", Process.DOCUMENTS),
        ("Invoicing", Process.INVOICING),
        ("Paiement du parking", None),
        ("Manufacture", None),
        ("Réunion client", None),
        ("", None),
    ],
)
def test_usual_words_stand_for_a_process(title: str, process: Process | None) -> None:
    assert read_words(DEFAULT_WORDS).process_of([title]) is process


def test_a_word_without_a_process_takes_its_usual_one_or_the_keeping_of_documents() -> None:
    words = read_words("relance, chose\nmachin = tax; ")
    assert [words.process_of([word]) for word in ("relance", "Chose!", "un machin", "facture")] == [
        Process.DUNNING,
        Process.DOCUMENTS,
        Process.TAX,
        None,
    ]


@pytest.mark.parametrize("said", ["paie=pay", "=tax", "*=tax", "a=b=c"])
def test_a_word_that_is_none_is_for_a_person_to_mend(said: str) -> None:
    with pytest.raises(AccessDenied, match="word_unreadable"):
        read_words(f"banque, {said}")


@pytest.mark.parametrize("seed", range(8))
def test_minutes_add_up_to_the_time_that_passed_and_portions_to_the_whole(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a story
    begin = datetime(2026, 10, 23, tzinfo=UTC)
    work = []
    for _ in range(30):
        start = begin + timedelta(minutes=chance.randrange(5 * 24 * 60))
        work.append(Span(start, start + timedelta(minutes=chance.randrange(1, 600)), chance.choice(list(Process))))
    passed = {s.start + timedelta(minutes=n) for s in work for n in range((s.end - s.start) // timedelta(minutes=1))}
    told = minutes_by_day(work, PARIS)
    by_day: dict[date, int] = {}
    for moment in passed:
        by_day[moment.astimezone(PARIS).date()] = by_day.get(moment.astimezone(PARIS).date(), 0) + 1
    assert {day: sum(n for (on, _), n in told.items() if on == day) for day in by_day} == by_day
    for day in by_day:  # what covers a day is enough to know it
        here = [s for s in work if s.start.astimezone(PARIS).date() <= day <= s.end.astimezone(PARIS).date()]
        near = minutes_by_day(here, PARIS)
        assert {k: n for k, n in near.items() if k[0] == day} == {k: n for k, n in told.items() if k[0] == day}
