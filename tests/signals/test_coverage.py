"""The coverage ledger: how each signal is known, how fresh, and the cheapest way to what is missing."""

from dataclasses import replace
from datetime import date

import pytest

from app.body import readiness_body
from app.covered import covered
from app.nearest import told
from app.wording import SENTENCES
from signals.base import SignalName, Tier
from signals.books import Books, Range, frame
from signals.calendar import day_number
from signals.coverage import Cover
from signals.policy import Policy
from signals.readiness import assess
from tests.signals.story_books import DAY, Story, books_of, declaration

LATE, DIRECTOR, QUALITY, PERSON, COST = SignalName
POLICY = Policy()
NORMAL = Policy(baseline_period=(date(2025, 3, 1), date(2026, 2, 28)))
NOTHING = Books(company_id="c", as_of=DAY, tables={}, declarations=(), imported_on=None)


def ledger(books: Books, policy: Policy = POLICY) -> dict[SignalName, Cover]:
    return {cover.signal: cover for cover in assess(books, policy, look_around=False).covers}


def ways(cover: Cover) -> list[str]:
    return [gap.way for gap in cover.gaps]


def test_of_nothing_every_signal_has_a_gap_and_what_takes_minutes_comes_first() -> None:
    covers = ledger(NOTHING)

    assert set(covers) == set(SignalName)
    assert all(cover.tier is Tier.NONE and cover.n == 0 and not cover.sources for cover in covers.values())
    first = {name: (cover.gaps[0].way, cover.gaps[0].where) for name, cover in covers.items()}
    assert first == {
        LATE: ("way_invoices", "import"),
        DIRECTOR: ("way_director_hours", "declare"),
        QUALITY: ("way_corrections", "import"),
        PERSON: ("way_operators", "declare"),
        COST: ("way_costs_declared", "declare"),
    }
    assert all(gap.what.code in SENTENCES and gap.way in SENTENCES for c in covers.values() for gap in c.gaps)


def test_what_is_declared_is_dated_and_says_how_it_could_be_measured() -> None:
    said = declaration(director_hours=Range(9, 11), admin_hours=Range(20, 20))
    covers = ledger(replace(NOTHING, declarations=(said,)))

    for name in (DIRECTOR, PERSON, COST):
        assert (covers[name].tier, covers[name].declared_on) == (Tier.DECLARED, said.stated_on), name
    assert ways(covers[DIRECTOR]) == ["way_calendar"]
    assert "way_activities" in ways(covers[PERSON])
    assert ways(covers[COST]) == ["way_costs", "way_time"]  # what an hour costs was declared


def test_default_rates_are_a_gap_and_their_share_is_said() -> None:
    said = declaration(director_hours=Range(9, 11), admin_hours=Range(20, 20), admin_rate=None, director_rate=None)
    gap = ledger(replace(NOTHING, declarations=(said,)))[COST].gaps[0]

    assert (gap.what.code, gap.way) == ("gap_defaults", "way_rates")
    assert gap.what.params["share"] == 1


def test_what_is_measured_names_its_sources_and_their_last_day_and_the_normal_period_to_confirm() -> None:
    books = books_of(Story(said=declaration()))
    before, after = ledger(books), ledger(books, NORMAL)

    assert before[LATE].tier is Tier.DIRECT
    assert before[LATE].n > 100
    assert [(one.stream, one.reaches, one.stale) for one in before[LATE].sources] == [
        ("invoices", DAY, False), ("reminders", DAY, False),
    ]  # fmt: skip
    assert ways(before[LATE]) == ["way_baseline", "way_deliveries"]
    assert ways(after[LATE]) == ["way_deliveries"]
    assert ways(after[DIRECTOR]) == []


def test_a_source_that_went_silent_comes_first_of_all() -> None:
    books = books_of(Story(said=declaration()))
    feeds = books["feeds"].assign(read_day=float(day_number(date(2026, 10, 1))))
    cover = ledger(replace(books, tables={**books.tables, "feeds": feeds}))[DIRECTOR]

    assert [(one.reaches, one.stale) for one in cover.sources] == [(date(2026, 10, 1), True)]
    assert (cover.gaps[0].what.code, cover.gaps[0].way) == ("gap_stale", "way_newer_data")


def test_reminders_nobody_recorded_are_a_gap_of_late_invoicing() -> None:
    books = books_of(Story(said=declaration()))
    feeds = books["feeds"]
    tables = {**books.tables, "feeds": feeds[feeds["stream"] != "reminders"], "reminders": frame("reminders", [])}

    assert "way_reminders" in ways(ledger(replace(books, tables=tables))[LATE])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_ledger_and_the_nearest_changes_are_said_in_words_and_no_code_is_left(language: str) -> None:
    company = {"id": "c", "name": "C", "siren": None, "currency": "EUR", "is_demo": False}
    body = readiness_body(assess(books_of(Story(director=11, said=declaration())), POLICY), company)

    texts = [text for line in covered(body, language) for text in (line.name, line.measures, *line.sources)]
    texts += [text for line in covered(body, language) for what, way, _ in line.missing for text in (what, way)]
    texts += [text for one in told(body, language) for text in (one.what, one.how, one.since, one.kind)]

    assert len(covered(body, language)) == 5
    assert any("→" in text for text in texts)
    assert not [text for text in texts if "_" in text or "{" in text]


def test_an_answer_stored_before_all_this_is_still_shown() -> None:
    company = {"id": "c", "name": "C", "siren": None, "currency": "EUR", "is_demo": False}
    body = readiness_body(assess(NOTHING, POLICY), company)
    del body["nearest_changes"], body["coverage_ledger"], body["joint"]

    assert (told(body, "en"), covered(body, "en")) == ([], [])
