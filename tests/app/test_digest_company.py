"""What a letter says of a company: how far its data reach, where it stands, the verdict, and no more than is needed."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from app.companies import add_company, connection_for
from app.db import read, write
from app.digest import preview_content
from app.intake import find_source, save_page
from app.letters import text_of
from app.models.answers import assessment
from app.models.core import connection
from connectors.base import Page
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream
from tests.letter_causes import (
    DAY,
    LONG_AGO,
    PARIS,
    Body,
    body,
    fail,
    look,
    monday,
    now_told,
    post,
    read_about,
    subjects,
)

MONDAY = monday(48)


def connect(engine: Engine, company_id: str, provider: str, **kept: Any) -> str:
    """Make a connection in the state given; it was made long ago."""
    with write(engine) as conn:
        made = connection_for(conn, company_id, provider, LONG_AGO)
        if kept:
            conn.execute(update(connection).where(connection.c.id == made).values(**kept))
    return made


def source(part: Body, provider: str) -> Body:
    (found,) = (one for one in part["freshness"]["sources"] if one["provider"] == provider)
    return dict(found)


def trouble(code: str, since: timedelta, **more: Any) -> dict[str, Any]:
    told = {"trouble": code, "trouble_params": {"why": "401"}, "troubled_since": MONDAY - since}
    return told | {"read_at": MONDAY - since, "due_at": MONDAY} | more


def invoice(no: str, issued_on: date) -> Invoice:
    return Invoice(
        external_id=no,
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=no,
        party="C1",
        issued_on=issued_on,
        total=Decimal(120),
    )


# Where it stands.


def test_a_company_nobody_looked_at_is_one_of_which_nothing_is_known(engine: Engine, company: str) -> None:
    part = now_told(engine, company, MONDAY)

    assert (part["status"], part["as_of"]) == ("nothing", None)
    assert part["verdict"] == {"now": None, "before": None, "since": None}
    assert part["freshness"] == {"reaches": None, "stale": False, "sources": []}
    assert (part["signals"], part["worth"], part["missing"], part["why"]) == ([], None, [], [])


def test_an_answer_that_knows_nothing_is_nothing_as_well(engine: Engine, company: str) -> None:
    said = body(MONDAY.date(), "cannot_say", dict.fromkeys(("late_invoicing", "quality"), "unknown"), 0.2)
    said["coverage"] |= {"signals_known": 0, "gates_known": 0}
    said["freshness"] = {"reaches": None, "stale": False}
    with write(engine) as conn:
        kept = {"company_id": company, "as_of": MONDAY.date(), "known_at": MONDAY, "verdict": "cannot_say"}
        conn.execute(insert(assessment).values(**kept, reconstructed=False, body=json.dumps(said), etag="e"))

    assert now_told(engine, company, MONDAY)["status"] == "nothing"


def test_all_is_well_while_a_source_is_away_for_less_than_a_day(engine: Engine, company: str) -> None:
    look(engine, company, MONDAY)
    connect(engine, company, "demo", **trouble("source_unavailable", DAY - timedelta(minutes=1)))

    part = now_told(engine, company, MONDAY)

    assert part["status"] == "normal"
    assert source(part, "demo")["trouble"] is None


@pytest.mark.parametrize(
    "told",
    [trouble("source_unavailable", DAY), trouble("source_denied", timedelta(minutes=1), due_at=None)],
    ids=["away for a day", "access denied"],
)
def test_a_source_in_trouble_is_named_and_makes_the_letter_stale(
    engine: Engine, company: str, told: Mapping[str, Any]
) -> None:
    look(engine, company, MONDAY)
    connect(engine, company, "demo", **told)

    part = now_told(engine, company, MONDAY)

    assert part["status"] == "stale"
    found = source(part, "demo")
    assert (found["trouble"], found["params"]) == (told["trouble"], {"why": "401"})
    assert found["since"] == told["troubled_since"].isoformat()


@pytest.mark.parametrize(
    ("provider", "days", "status"), [("push", 2, "normal"), ("push", 3, "stale"), ("csv", 90, "normal")]
)
def test_a_source_that_should_bring_something_every_day_is_missed_though_another_is_fresh(
    engine: Engine, company: str, provider: str, days: int, status: str
) -> None:
    look(engine, company, MONDAY)
    connect(engine, company, "demo", read_at=MONDAY)
    connect(engine, company, provider, read_at=MONDAY - days * DAY)

    part = now_told(engine, company, MONDAY)

    assert part["freshness"]["stale"] is False
    assert part["status"] == status


def test_a_frozen_signal_makes_the_letter_stale(engine: Engine, company: str) -> None:
    look(engine, company, MONDAY, quality="frozen")
    assert now_told(engine, company, MONDAY)["status"] == "stale"


def test_an_answer_of_some_days_ago_is_stale(engine: Engine, company: str) -> None:
    look(engine, company, MONDAY)

    assert now_told(engine, company, MONDAY + 2 * DAY)["status"] == "normal"
    assert now_told(engine, company, MONDAY + 3 * DAY)["status"] == "stale"


def test_a_stale_answer_is_stale(engine: Engine, company: str) -> None:
    look(engine, company, MONDAY, stale=True)
    assert now_told(engine, company, MONDAY)["status"] == "stale"


def test_a_failed_assessment_comes_before_all_else_until_it_works_again(engine: Engine, company: str) -> None:
    look(engine, company, MONDAY, quality="frozen")
    fail(engine, company, MONDAY)
    assert now_told(engine, company, MONDAY)["status"] == "error"

    fail(engine, company, MONDAY, failed=False)
    assert now_told(engine, company, MONDAY)["status"] == "stale"


# How far its data reach.


def test_an_api_reaches_the_day_it_was_read_where_it_is_and_is_fresh_for_two_days(engine: Engine, company: str) -> None:
    connect(engine, company, "demo", read_at=MONDAY.replace(day=21, hour=23))  # the 22nd in Paris

    assert source(now_told(engine, company, MONDAY + DAY), "demo") | {"since": None} == {
        "provider": "demo",
        "kind": "api",
        "reaches": "2026-11-22",
        "stale": False,
        "trouble": None,
        "params": {},
        "since": None,
    }
    assert source(now_told(engine, company, MONDAY + 2 * DAY), "demo")["stale"] is True


def test_a_file_reaches_its_last_record_and_is_fresh_for_45_days(engine: Engine, company: str) -> None:
    made = connect(engine, company, "csv")
    records = (invoice("F1", date(2026, 10, 1)), invoice("F2", date(2026, 10, 15)), invoice("F3", date(2030, 1, 1)))
    with write(engine) as conn:
        save_page(conn, find_source(conn, made), Stream.INVOICES, Page(records, {}), MONDAY)

    found = source(now_told(engine, company, MONDAY), "csv")
    assert (found["kind"], found["reaches"], found["stale"]) == ("file", "2026-10-15", False)
    assert source(now_told(engine, company, monday(49)), "csv")["stale"] is True


@pytest.mark.parametrize("provider", ["demo", "push", "csv", "fec"])
def test_a_source_that_gave_nothing_yet_is_never_called_fresh(engine: Engine, company: str, provider: str) -> None:
    connect(engine, company, provider)

    found = source(now_told(engine, company, MONDAY), provider)

    assert (found["reaches"], found["stale"]) == (None, True)


# What it says.


def test_the_verdict_is_told_with_the_last_one_told_and_since_when_it_stands(engine: Engine, company: str) -> None:
    read_about(engine, company)
    verdicts = {44: "too_early", 45: "not_needed", 46: "too_early", 47: "not_needed", 48: "not_needed"}
    told = {}
    for week, verdict in verdicts.items():
        look(engine, company, monday(week, 5), verdict=verdict)
        told[week] = post(engine, monday(week))["companies"][0]["verdict"]

    assert told[44] == {"now": "too_early", "before": None, "since": "2026-10-26"}
    assert told[47] == {"now": "not_needed", "before": "too_early", "since": "2026-11-16"}
    assert told[48] == {"now": "not_needed", "before": "not_needed", "since": "2026-11-16"}


def test_a_verdict_that_calls_for_action_is_news_once_and_its_end_is_the_verdict_lines_to_tell(
    engine: Engine, company: str
) -> None:
    read_about(engine, company)
    verdicts = {41: "not_needed", 42: "outsource", 43: "outsource", 44: "not_needed", 45: "outsource", 46: "outsource"}
    verdicts |= {47: "not_needed", 48: "not_needed", 49: "not_needed"}
    told = {}
    for week, verdict in verdicts.items():
        look(engine, company, monday(week, 5), verdict=verdict)
        told[week] = subjects(post(engine, monday(week, 8))["companies"][0])

    mine = "verdict:outsource"
    assert told[42] == {"pending": [mine]}
    assert told[43] == {"new": [mine], "open": [mine]}
    assert {section for week in range(44, 50) for section in told[week]} == {"open", "pending", "better"}
    assert told[48]["better"] == ["verdict:not_needed"]  # good news is no alarm
    assert [week for week, one in told.items() if mine in one.get("new", [])] == [43]
    assert mine not in told[48].get("open", [])


@pytest.mark.parametrize(
    ("verdict", "section"),
    [("not_needed", "better"), ("too_early", "worse"), ("cannot_say", "worse")],
)
def test_only_a_verdict_that_nothing_is_needed_is_good_news(
    engine: Engine, company: str, verdict: str, section: str
) -> None:
    read_about(engine, company)
    told = {}
    for week in range(43, 49):
        look(engine, company, monday(week, 5), verdict="outsource" if week < 46 else verdict)
        told[week] = subjects(post(engine, monday(week, 8))["companies"][0])

    mine = f"verdict:{verdict}"
    assert [one[section] for one in told.values() if mine in one.get(section, [])] == [[mine]]
    assert not [
        name for one in told.values() for name in {"new", "better", "worse"} - {section} if mine in one.get(name, [])
    ]


def test_a_verdict_decided_just_before_the_data_stopped_is_told(engine: Engine, company: str) -> None:
    read_about(engine, company)
    look(engine, company, monday(46, 5), verdict="outsource")
    post(engine, monday(46))
    look(engine, company, monday(47, 9), verdict="outsource")
    look(engine, company, monday(47, 9) + DAY, verdict="cannot_say")

    assert subjects(post(engine, MONDAY)["companies"][0])["new"] == ["verdict:outsource"]


def test_a_signal_that_falls_silent_is_news_and_so_is_its_return(engine: Engine, company: str) -> None:
    read_about(engine, company)
    look(engine, company, monday(46, 5))
    look(engine, company, monday(47, 5), quality="frozen")
    first = post(engine, monday(47))["companies"][0]
    look(engine, company, monday(48, 5))
    second = post(engine, monday(48))["companies"][0]

    assert subjects(first) == {"new": ["quality"], "open": ["quality"]}
    assert (first["news"]["new"][0]["kind"], first["news"]["new"][0]["state"]) == ("frozen", "no_data")
    assert {one["name"]: one["frozen_on"] for one in first["signals"]}["quality"] == "2026-11-16"
    assert subjects(second) == {"better": ["quality"]}


def test_levels_are_told_beside_those_of_the_last_letter(engine: Engine, company: str) -> None:
    read_about(engine, company)
    look(engine, company, monday(47, 5), quality="watch")
    first = post(engine, monday(47))["companies"][0]["signals"]
    look(engine, company, monday(48, 5), quality="over")
    second = post(engine, monday(48))["companies"][0]["signals"]

    assert {one["level_before"] for one in first} == {None}
    quality = next(one for one in second if one["name"] == "quality")
    assert (quality["level_before"], quality["level"]) == ("watch", "over")


def test_a_letter_keeps_two_years_of_a_measure_and_no_records_and_no_lines(engine: Engine, company: str) -> None:
    look(engine, company, MONDAY)
    part = now_told(engine, company, MONDAY)

    carried = [one["measure"] for one in part["signals"]]
    assert {len(one["series"]) for one in carried} == {24}
    assert carried[0]["series"][-1]["month"] == "2026-10"
    assert not any("records" in one for one in carried)
    assert part["worth"] == {"low": -100.0, "high": 900.0, "unit": "eur_per_month", "share_from_defaults": 0.2}
    assert part["missing"] == [{"what": "no_time", "remedy": "declare"}]
    assert json.loads(json.dumps(part)) == part


def test_the_worst_company_comes_first(engine: Engine) -> None:
    found = {}
    with write(engine) as conn:
        for name in (
            "H nothing",
            "G calm",
            "F early",
            "E asks",
            "D prepare",
            "C one over",
            "B two over",
            "A stale",
            "Z",
        ):
            found[name] = add_company(conn, name, LONG_AGO, zone=PARIS)
    read_about(engine, *found.values())
    look(engine, found["G calm"], MONDAY)
    look(engine, found["F early"], MONDAY, verdict="too_early")
    look(engine, found["E asks"], MONDAY, verdict="cannot_say")
    look(engine, found["D prepare"], MONDAY, verdict="prepare", quality="over", director_time="over")
    look(engine, found["C one over"], MONDAY, verdict="outsource", quality="over")
    look(engine, found["B two over"], MONDAY, verdict="outsource", quality="over", director_time="over")
    look(engine, found["A stale"], MONDAY, quality="frozen")
    fail(engine, found["Z"], MONDAY)

    names = [one["name"] for one in post(engine, MONDAY)["companies"]]

    assert names == [
        "Z", "A stale", "B two over", "C one over", "D prepare", "E asks", "F early", "G calm", "H nothing"
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_kept_can_be_composed(engine: Engine, company: str, language: str) -> None:
    connect(engine, company, "demo", **trouble("source_denied", DAY, due_at=None))
    for week in (47, 48):
        look(engine, company, monday(week, 5), verdict="outsource", late_invoicing="over", quality="unknown")
    fail(engine, company, MONDAY, "source:demo")
    with read(engine) as conn:
        content = preview_content(conn, company, language, PARIS, MONDAY)

    text = text_of(content, to="lea@aubrac.fr", base_url="https://seuil.aubrac.fr", unsubscribe_url="https://x.fr/u")

    assert "Menuiserie Aubrac" in text
    assert (content["period"], content["language"], content["zone"]) == ("2026-W48", language, PARIS)
