"""What a letter expects by the next one, and what the next one says came of it; also where nobody can say."""

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Engine, delete, update

from app.companies import add_company
from app.db import write
from app.digest_expected import expected_of
from app.letters import html_of, text_of
from app.models.answers import assessment
from app.models.watch import letter, subscription
from tests import letter_contents
from tests.letter_causes import DAY, LONG_AGO, PARIS, Body, letters, look, monday, now_told, post, read_about

MINE = "late_invoicing"


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    """One database: `test_digest_company` writes letters one after the other on both."""
    return sqlite_engine


def weekly(engine: Engine, company: str, weeks: dict[int, dict[str, Any]]) -> dict[int, Body]:
    """Look on each week's Monday, post its letter at eight, and give what each says of the company."""
    read_about(engine, company)
    told = {}
    for week, seen in weeks.items():
        look(engine, company, monday(week, 5), **seen)
        (told[week],) = post(engine, monday(week))["companies"]
    return told


def alerts(part: Body, what: str) -> list[tuple[str, str, str]]:
    return [(one["subject"], one["what"], one["on"]) for one in part[what] if one["what"] != "range"]


def outcomes(part: Body, subject: str = MINE) -> list[tuple[str, bool | None]]:
    return [(one["came"], one["hit"]) for one in part["came"] if one.get("subject") == subject]


def numbers(part: Body) -> list[tuple[str, bool | None]]:
    return [(one["came"], one["hit"]) for one in part["came"] if one["what"] == "range"]


OVER: dict[str, Any] = {MINE: "over"}
CALM: dict[str, Any] = {}
FROZEN: dict[str, Any] = {MINE: "frozen"}


# Alerts.


def test_what_is_seen_once_is_expected_to_be_confirmed_a_week_later_and_it_is(engine: Engine, company: str) -> None:
    told = weekly(engine, company, {44: OVER, 45: OVER})

    assert alerts(told[44], "expected") == [(MINE, "confirmed", "2026-11-02")]
    assert outcomes(told[45]) == [("confirmed", True)]


def test_a_crossing_that_did_not_hold_came_otherwise(engine: Engine, company: str) -> None:
    told = weekly(engine, company, {44: OVER, 45: CALM})

    assert outcomes(told[45]) == [("dropped", False)]


def test_what_is_not_yet_due_counts_neither_way(engine: Engine, company: str) -> None:
    read_about(engine, company)
    look(engine, company, monday(44, 5) + 2 * DAY, **OVER)
    look(engine, company, monday(45, 5), **OVER)
    (first,) = post(engine, monday(45))["companies"]
    look(engine, company, monday(46, 5) - 6 * DAY, **OVER)
    look(engine, company, monday(46, 5), **OVER)
    (second,) = post(engine, monday(46))["companies"]

    assert alerts(first, "expected") == [(MINE, "confirmed", "2026-11-04")]
    assert outcomes(second) == [("confirmed", True)]


def test_an_alert_that_fires_can_close_no_sooner_than_four_calm_weeks_from_the_next_look(
    engine: Engine, company: str
) -> None:
    told = weekly(engine, company, {44: OVER, 45: OVER, 46: OVER})

    assert alerts(told[45], "expected") == [(MINE, "stays", "2026-12-01")]
    assert outcomes(told[46]) == [("still_open", None)]


def test_a_recovery_is_expected_to_close_and_closes(engine: Engine, company: str) -> None:
    told = weekly(engine, company, {41: OVER, 42: OVER} | dict.fromkeys(range(43, 49), CALM))

    assert {alerts(told[week], "expected")[0] for week in range(43, 47)} == {(MINE, "closed", "2026-11-16")}
    assert [outcomes(told[week]) for week in (44, 45, 46)] == [[("still_open", None)]] * 3
    assert outcomes(told[47]) == [("closed", True)]
    assert outcomes(told[48]) == []


def test_what_is_over_again_came_otherwise(engine: Engine, company: str) -> None:
    told = weekly(engine, company, {41: OVER, 42: OVER, 43: CALM, 44: OVER})

    assert outcomes(told[44]) == [("back_over", False)]


def test_a_recovery_that_halts_is_not_closed_when_its_day_has_come(engine: Engine, company: str) -> None:
    weeks = {41: OVER, 42: OVER, 43: CALM, 44: CALM, 45: CALM, 46: CALM, 47: {MINE: "watch"}}
    told = weekly(engine, company, weeks)

    assert outcomes(told[47]) == [("still_open", False)]
    assert alerts(told[47], "expected") == [(MINE, "stays", "2026-12-15")]


@pytest.mark.parametrize("weeks", [{44: OVER}, {43: OVER, 44: OVER}, {42: OVER, 43: OVER, 44: CALM}])
def test_of_an_alert_whose_data_stopped_nobody_can_say_what_came(
    engine: Engine, company: str, weeks: dict[int, dict[str, Any]]
) -> None:
    told = weekly(engine, company, weeks | {45: {MINE: "frozen"}})

    assert outcomes(told[45]) == [("cannot_say", None)]
    assert alerts(told[45], "expected") == []


def test_an_alert_confirmed_just_before_its_data_stopped_was_confirmed(engine: Engine, company: str) -> None:
    read_about(engine, company)
    look(engine, company, monday(44, 5), **OVER)
    post(engine, monday(44))
    look(engine, company, monday(45, 5), **OVER)
    look(engine, company, monday(45, 5) + DAY, **FROZEN)
    (late,) = post(engine, monday(45) + 2 * DAY)["companies"]

    assert outcomes(late) == [("confirmed", True)]


def test_verdicts_go_by_rules_of_their_own(engine: Engine, company: str) -> None:
    weeks = {week: {"verdict": "outsource"} for week in (42, 43, 44)}
    told = weekly(engine, company, weeks | {45: {}, 46: {}})
    mine = "verdict:outsource"

    assert alerts(told[42], "expected") == [(mine, "confirmed", "2026-10-19")]
    assert alerts(told[43], "expected") == [(mine, "stays", "2026-10-27")]
    assert (mine, "closed", "2026-11-09") in alerts(told[45], "expected")
    assert outcomes(told[46], mine) == [("closed", True)]
    assert outcomes(told[46], "verdict:not_needed") == [("confirmed", True)]


# Numbers.


@pytest.mark.parametrize(
    ("value", "came"), [(0.2, ("inside", True)), (0.205, ("inside", True)), (0.22, ("above", False)),
                        (0.18, ("below", False))]
)  # fmt: skip
def test_a_charted_number_is_held_against_the_range_of_the_last_letter(
    engine: Engine, company: str, value: float, came: tuple[str, bool]
) -> None:
    told = weekly(engine, company, {44: {MINE: "watch"}, 45: {MINE: "watch", "value": value}})

    (one,) = told[44]["expected"]
    assert (one["signal"], one["measure"], one["now"]) == (MINE, "late_invoicing_rate", 0.2)
    assert (one["low"], one["high"], one["on"]) == (0.194, 0.206, "2026-11-02")
    assert numbers(told[45]) == [came]
    assert told[45]["came"][0]["value"] == value


def test_a_number_is_told_though_it_is_charted_no_more(engine: Engine, company: str) -> None:
    told = weekly(engine, company, {44: {MINE: "watch"}, 45: {"value": 0.1}})

    assert numbers(told[45]) == [("below", False)]
    assert told[45]["expected"] == []


def test_only_what_is_charted_has_a_range_and_that_is_three_signals_at_most(engine: Engine, company: str) -> None:
    watched: dict[str, Any] = dict.fromkeys(("late_invoicing", "director_time", "quality", "key_person"), "watch")
    look(engine, company, monday(44, 5), **watched)

    expected = now_told(engine, company, monday(44))["expected"]
    assert [one["signal"] for one in expected] == ["late_invoicing", "director_time", "quality"]


@pytest.mark.parametrize("seen", [{MINE: "frozen"}, {MINE: "unknown"}])
def test_of_a_number_that_nobody_knows_today_nobody_can_say_what_came(
    engine: Engine, company: str, seen: dict[str, Any]
) -> None:
    told = weekly(engine, company, {44: {MINE: "watch"}, 45: seen})

    assert numbers(told[45]) == [("cannot_say", None)]
    assert [one for one in told[45]["expected"] if one["what"] == "range"] == []


def test_a_signal_now_known_by_another_measure_says_nothing_of_the_one_before(engine: Engine, company: str) -> None:
    weekly(engine, company, {44: {MINE: "watch"}})
    with write(engine) as conn:
        conn.execute(delete(assessment))
    look(engine, company, monday(45, 5), value=0.2)
    with write(engine) as conn:
        body = conn.execute(assessment.select()).one().body
        conn.execute(update(assessment).values(body=body.replace("late_invoicing_rate", "accrued_sales_months")))
    (part,) = post(engine, monday(45))["companies"]

    assert numbers(part) == [("cannot_say", None)]


def test_a_range_holds_for_the_days_to_the_next_letter() -> None:
    monday_part = letter_contents.company(open=[], pending=[])
    sunday_part = letter_contents.company(open=[], pending=[], as_of="2026-11-22")
    old_part = letter_contents.company(open=[], pending=[], as_of="2026-10-01")
    (late, *_), (later, *_) = expected_of(monday_part, "2026-W48"), expected_of(sunday_part, "2026-W48")

    # 0.231 ± 0.035 √(2 · 7 / 91), outwards to a tenth of a percent.
    assert (late["measure"], late["low"], late["high"]) == ("late_issued_rate", 0.217, 0.245)
    assert later["high"] > late["high"]
    assert expected_of(old_part, "2026-W48") == []  # two months are too far
    assert expected_of(letter_contents.nothing(), "2026-W48") == []


# Letters that are missing.


def test_the_first_letter_expects_and_has_nothing_to_answer_for(engine: Engine, company: str) -> None:
    told = weekly(engine, company, {44: OVER})

    assert told[44]["came"] == []
    assert told[44]["expected"]


def test_after_skipped_weeks_a_number_is_that_of_its_day_and_an_alert_that_of_today(
    engine: Engine, company: str
) -> None:
    read_about(engine, company)
    look(engine, company, monday(44, 5), **OVER)
    post(engine, monday(44))
    for week, value in {45: 0.2, 46: 0.3, 47: 0.3}.items():
        look(engine, company, monday(week, 5), value=value, **OVER)
    (part,) = post(engine, monday(47))["companies"]

    assert (outcomes(part), numbers(part)) == ([("confirmed", True)], [("inside", True)])


def test_a_number_without_an_answer_on_its_day_or_shortly_before_is_nobodys_to_say(
    engine: Engine, company: str
) -> None:
    read_about(engine, company)
    look(engine, company, monday(44, 5), **OVER)
    post(engine, monday(44))
    look(engine, company, monday(45, 5) - 3 * DAY, **OVER)
    look(engine, company, monday(46, 5), **OVER)
    (part,) = post(engine, monday(46))["companies"]

    assert numbers(part) == [("cannot_say", None)]


def test_a_letter_on_the_same_answer_as_the_last_one_can_say_nothing_of_its_numbers(
    engine: Engine, company: str
) -> None:
    read_about(engine, company)
    look(engine, company, monday(44, 5) + 6 * DAY, **OVER)
    post(engine, monday(44) + 6 * DAY)
    (part,) = post(engine, monday(45))["companies"]

    assert numbers(part) == [("cannot_say", None)]
    assert outcomes(part) == [("still_open", None)]


def test_what_a_letter_expected_that_never_went_out_is_not_answered_for(engine: Engine, company: str) -> None:
    weekly(engine, company, {44: CALM, 45: OVER})
    with write(engine) as conn:
        conn.execute(update(letter).where(letter.c.period == "2026-W45").values(state="refused"))
    look(engine, company, monday(46, 5), **OVER)

    assert post(engine, monday(46))["companies"][0]["came"] == []


def test_a_letter_from_before_expectations_is_followed_by_one_that_answers_for_nothing(
    engine: Engine, company: str
) -> None:
    weekly(engine, company, {44: OVER})
    (row,) = letters(engine)
    old = row["content"]
    del old["companies"][0]["expected"], old["companies"][0]["came"]
    with write(engine) as conn:
        conn.execute(update(letter).values(content=old))
    look(engine, company, monday(45, 5), **OVER)

    assert post(engine, monday(45))["companies"][0]["came"] == []
    assert "Menuiserie Aubrac" in text_of(old, to="lea@aubrac.fr", base_url="https://x.fr", unsubscribe_url="https://x")


def test_each_company_is_held_against_its_own_and_one_left_for_a_while_starts_anew(
    engine: Engine, company: str
) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Garage Roux", LONG_AGO, zone=PARIS)
    read_about(engine, company, other)
    told: dict[int, dict[str, Body]] = {}
    for week in (44, 45, 46):
        look(engine, company, monday(week, 5), **OVER)
        look(engine, other, monday(week, 5), **(OVER if week == 44 else CALM))
        if week == 45:
            with write(engine) as conn:
                conn.execute(delete(subscription).where(subscription.c.company_id == company))
        if week == 46:
            read_about(engine, company)
        told[week] = {one["id"]: one for one in post(engine, monday(week))["companies"]}

    assert outcomes(told[45][other]) == [("dropped", False)]
    assert company not in told[45]
    assert told[46][company]["came"] == []


# Words.


def came(**more: Any) -> Body:
    known: Body = {"what": "range", "signal": "quality", "measure": "error_rate", "unit": "share", "now": 0.02}
    known |= {"low": 0.015, "high": 0.024, "on": "2026-11-23", "value": 0.031, "came": "above", "hit": False}
    return known | more


def alert(what: str, outcome: str, *, hit: bool | None) -> Body:
    return {"what": what, "id": "e", "subject": "late_invoicing", "on": "2026-11-23", "came": outcome, "hit": hit}


OUTLOOK: Body = {
    "came": [
        came(),
        came(measure="late_issued_rate", value=0.02, came="inside", hit=True),
        came(measure="director_hours_per_week", unit="hours_per_week", value=None, came="cannot_say", hit=None),
        alert("confirmed", "confirmed", hit=True),
        alert("closed", "still_open", hit=None),
        alert("stays", "still_open", hit=None),
    ],
    "expected": [
        {name: value for name, value in came().items() if name not in {"value", "came", "hit"}},
        {"what": "confirmed", "id": "e", "subject": "late_invoicing", "on": "2026-11-30"},
        {"what": "closed", "id": "f", "subject": "verdict:outsource", "on": "2026-12-07"},
        {"what": "stays", "id": "g", "subject": "director_time", "on": "2026-12-22"},
        {"what": "stays", "id": "h", "subject": "key_person", "on": "2026-12-22"},
    ],
}
TO = {"to": "lea@aubrac.fr", "base_url": "https://x.fr", "unsubscribe_url": "https://x.fr/u"}


def flat(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.mark.parametrize("write_out", [text_of, html_of])
def test_the_letter_says_what_was_expected_what_came_and_how_often_it_came_so(write_out: Any) -> None:
    said = flat(write_out(letter_contents.content(letter_contents.company(**OUTLOOK), language="en"), **TO))

    for sentence in (
        "2 of 3 came as expected. Of 1 nobody can say: no data.",
        "Invoices with an error: expected 1.5% to 2.4%, came 3.1%: above",
        "Invoices issued late: expected 1.5% to 2.4%, came 2%: inside",
        "came nobody can say: no data",
        "Late invoicing and dunning: to be confirmed on 23 November 2026 or after, if it held; came: it was confirmed",
        "to be closed on 23 November 2026 or after, if it stayed calm or away; came: it is still open",
        "Still open, as expected: Late invoicing and dunning",
        "Invoices with an error: 1.5% to 2.4% (now 2%)",
        "Confirmed on 30 November 2026 or after, if it still holds: Late invoicing and dunning",
        "Closed on 7 December 2026 or after, if it stays calm or away: Verdict: Outsource now",
        "Still open, until 22 December 2026 at least: Director time, Key person",
        "nine letters of ten",
    ):
        assert sentence in said, sentence


@pytest.mark.parametrize("write_out", [text_of, html_of])
def test_a_company_told_in_few_words_is_held_to_what_it_expected_as_well(write_out: Any) -> None:
    quiet = letter_contents.quiet(id="q", name="Garage Roux", came=[came()], expected=OUTLOOK["expected"][:1])
    letter_of_two = letter_contents.content(letter_contents.company(), quiet, language="en")
    said = flat(write_out(letter_of_two, **TO))

    assert "What the last letter expected: Invoices with an error: expected 1.5% to 2.4%, came 3.1%: above." in said
    assert "Expected by the next letter: Invoices with an error: 1.5% to 2.4% (now 2%)." in said


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_state_that_should_stay_is_said_with_one_figure(language: str) -> None:
    one = came(low=0.5, high=0.5, now=0.5, value=0.5, came="inside", hit=True)
    said = text_of(letter_contents.content(letter_contents.company(came=[one], expected=[]), language=language), **TO)

    assert said.count("50") == 2 + 1  # the limit of another signal is 50 %, too


def test_a_letter_without_an_outlook_has_no_heading_for_it() -> None:
    said = text_of(letter_contents.content(language="en"), **TO)

    assert "EXPECT" not in said.upper()


def test_a_week_is_counted_from_the_monday_of_the_letter() -> None:
    part = letter_contents.company(open=[], pending=[], as_of="2026-11-25")

    assert {one["on"] for one in expected_of(part, "2026-W48")} == {(date(2026, 11, 23) + timedelta(7)).isoformat()}
