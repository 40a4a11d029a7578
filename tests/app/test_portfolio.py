"""Many companies: each stands where its newest answer says, the worst first, and nobody sees another's."""

import json
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select

from app.access import let_in, make_holder, make_owner
from app.alerts import update_failure
from app.api_keys import make_key
from app.assessment import assess_company, forget_answers
from app.companies import add_company
from app.db import read, write
from app.errors import BadInput
from app.main import create_app
from app.members import give_role
from app.models.answers import assessment, standing
from app.portfolio import VERDICTS, Asked, portfolio, verdict_counts
from app.roles import Role
from app.room import COOKIE
from app.settings import Settings
from app.standings import stand
from signals.base import SignalName
from tests.conftest import NOW

TODAY = NOW.date()
ALL = Asked(None)


def body(verdict: str, over: tuple[str, ...] = (), *, stale: bool = False) -> str:
    """An answer as far as the list reads one."""
    signals = [{"name": name.value, "level": "over" if name.value in over else "calm"} for name in SignalName]
    cover = {"signals_known": 4, "signals": 5, "gates_known": 3, "gates": 4}
    fresh = {"reaches": "2026-11-20", "stale": stale}
    return json.dumps({"verdict": verdict, "signals": signals, "coverage": cover, "freshness": fresh})


def answer(
    conn: Connection, company: str, day: date, verdict: str, *over: str, stale: bool = False, looked_back: bool = False
) -> None:
    text = body(verdict, over, stale=stale)
    named = {"company_id": company, "process": "all", "as_of": day, "known_at": NOW, "etag": "x"}
    conn.execute(delete(assessment).where(assessment.c.company_id == company, assessment.c.as_of == day))
    conn.execute(insert(assessment).values(verdict=verdict, reconstructed=looked_back, body=text, **named))
    stand(conn, company)


def add(
    conn: Connection, name: str, verdict: str = "", *over: str, siren: str | None = None, stale: bool = False
) -> str:
    made = add_company(conn, name, NOW, siren=siren, zone="Europe/Paris")
    if verdict:
        answer(conn, made, TODAY, verdict, *over, stale=stale)
    return made


def names(engine: Engine, asked: Asked = ALL, limit: int = 50) -> list[str]:
    """Turn all pages."""
    found, cursor = [], None
    while True:
        with read(engine) as conn:
            page = portfolio(conn, asked, limit=limit, cursor=cursor)
        assert len(page.rows) <= limit
        found += [row["name"] for row in page.rows]
        cursor = page.next
        if cursor is None:
            return found


@pytest.fixture
def firm(engine: Engine) -> Engine:
    """Eight companies of an accounting firm, and a demonstration."""
    with write(engine) as conn:
        add(conn, "Zénith Services", "outsource", "late_invoicing", "quality", siren="732829320")
        add(conn, "Atelier Brun", "outsource", "director_time", "late_invoicing", "quality")
        add(conn, "Élan Habitat", "prepare", "late_invoicing", stale=True)
        add(conn, "Moulin", "cannot_say")
        add(conn, "Menuiserie Aubrac")
        add(conn, "Jeune Pousse", "too_early")
        add(conn, "Boulangerie Élise", "not_needed", siren="552100554")
        add(conn, "100 % Bois", "not_needed")
        add_company(conn, "Démo", NOW, zone="Europe/Paris", is_demo=True)
    return engine


def test_the_worst_come_first_and_what_is_unknown_before_what_can_wait(firm: Engine) -> None:
    assert names(firm) == [
        "Atelier Brun", "Zénith Services", "Élan Habitat", "Menuiserie Aubrac", "Moulin", "Jeune Pousse", "100 % Bois",
        "Boulangerie Élise",
    ]  # fmt: skip


def test_pages_of_any_length_give_each_company_once(firm: Engine) -> None:
    whole = names(firm)

    for limit in range(1, 9):
        assert names(firm, limit=limit) == whole


def test_names_of_any_length_and_script_are_paged(engine: Engine) -> None:
    with write(engine) as conn:
        for sign in ("漢", "\N{OFFICE BUILDING}", "é", '"'):
            add(conn, sign * 199 + "1", "prepare")
            add(conn, sign * 199 + "2", "prepare")

    assert len(set(names(engine, limit=1))) == 8


def test_pages_are_turned_back_as_they_were_turned(firm: Engine) -> None:
    with read(firm) as conn:
        first = portfolio(conn, ALL, limit=3)
        second = portfolio(conn, ALL, limit=3, cursor=first.next)
        third = portfolio(conn, ALL, limit=3, cursor=second.next)
        again = portfolio(conn, ALL, limit=3, cursor=third.previous, back=True)
        begun = portfolio(conn, ALL, limit=3, cursor=again.previous, back=True)

    assert (again.rows, again.next) == (second.rows, second.next)
    assert begun == first
    assert (first.previous, third.next) == (None, None)


def test_a_page_before_that_is_no_longer_whole_is_the_first_one(firm: Engine) -> None:
    with read(firm) as conn:
        first = portfolio(conn, ALL, limit=3)
        second = portfolio(conn, ALL, limit=3, cursor=first.next)
    with write(firm) as conn:
        answer(conn, first.rows[0]["id"], TODAY, "not_needed")
    with read(firm) as conn:
        back = portfolio(conn, ALL, limit=3, cursor=second.previous, back=True)

    assert [row["name"] for row in back.rows] == ["Zénith Services", "Élan Habitat", "Menuiserie Aubrac"]


def test_what_calls_for_nothing_by_old_data_or_an_old_answer_is_not_at_the_end(firm: Engine) -> None:
    with write(firm) as conn:
        add(conn, "Silence", "not_needed", stale=True)
        old = add(conn, "Vieille Réponse")
        answer(conn, old, TODAY - timedelta(days=8), "too_early")
        recent = add(conn, "Réponse d’hier")
        answer(conn, recent, TODAY - timedelta(days=1), "too_early")
    asked = Asked(None, oldest=TODAY - timedelta(days=7))

    assert names(firm, asked) == [
        "Atelier Brun", "Zénith Services", "Élan Habitat", "Menuiserie Aubrac", "Moulin", "Silence", "Vieille Réponse",
        "Jeune Pousse", "Réponse d’hier", "100 % Bois", "Boulangerie Élise",
    ]  # fmt: skip
    assert names(firm, asked, limit=2) == names(firm, asked)
    assert names(firm, Asked(None, stale=True, oldest=TODAY - timedelta(days=7))) == [
        "Élan Habitat", "Menuiserie Aubrac", "Silence", "Vieille Réponse",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Asked(None, verdict="outsource"), ["Atelier Brun", "Zénith Services"]),
        (Asked(None, verdict="not_assessed"), ["Menuiserie Aubrac"]),
        (Asked(None, signal="director_time"), ["Atelier Brun"]),
        (Asked(None, stale=True), ["Élan Habitat", "Menuiserie Aubrac"]),
        (Asked(None, text="elise"), ["Boulangerie Élise"]),
        (Asked(None, text="ÉLISE boul"), ["Boulangerie Élise"]),
        (Asked(None, text="552 100"), ["Boulangerie Élise"]),
        (Asked(None, text="100 %"), ["100 % Bois"]),
        (Asked(None, text="%"), ["100 % Bois"]),
        (Asked(None, text="_"), []),
        (Asked(None, verdict="not_needed", text="bois"), ["100 % Bois"]),
    ],
)
def test_companies_are_found_by_what_is_asked(firm: Engine, asked: Asked, found: list[str]) -> None:
    assert names(firm, asked) == found


def test_those_with_an_open_alert_are_found_and_counted(firm: Engine) -> None:
    with write(firm) as conn:
        moulin = next(row["id"] for row in portfolio(conn, Asked(None, text="moulin")).rows)
        update_failure(conn, moulin, "source:demo", TODAY, NOW, failed=True, facts={})
    with read(firm) as conn:
        page = portfolio(conn, Asked(None, alerts=True))

    assert [(row["name"], row["alerts_open"]) for row in page.rows] == [("Moulin", 1)]


def test_a_company_that_moves_meanwhile_makes_no_other_be_passed_over(firm: Engine) -> None:
    with read(firm) as conn:
        first = portfolio(conn, ALL, limit=3)
    with write(firm) as conn:  # the first one gets better, a new one comes on top
        answer(conn, first.rows[0]["id"], TODAY, "not_needed")
        add(conn, "Aaa", "outsource", "quality", "late_invoicing", "key_person")
    with read(firm) as conn:
        rest = portfolio(conn, ALL, cursor=first.next)

    assert [row["name"] for row in rest.rows][:4] == ["Menuiserie Aubrac", "Moulin", "Jeune Pousse", "100 % Bois"]


def test_counts_are_of_all_that_somebody_may_see(firm: Engine) -> None:
    with read(firm) as conn:
        everything = verdict_counts(conn, None)
        rows = portfolio(conn, ALL).rows
        two = frozenset(row["id"] for row in rows if row["name"] in {"Moulin", "Atelier Brun"})
        some = verdict_counts(conn, two)

    assert everything == {
        "outsource": 2, "prepare": 1, "cannot_say": 1, "too_early": 1, "not_needed": 2, "not_assessed": 1,
    }  # fmt: skip
    assert {name: n for name, n in some.items() if n} == {"outsource": 1, "cannot_say": 1}


def test_a_verdict_or_a_signal_that_is_none_is_refused(firm: Engine) -> None:
    client = TestClient(create_app(firm, Settings(database_url="sqlite://"), now=lambda: NOW))
    with write(firm) as conn:
        client.headers["authorization"] = f"Bearer {make_key(conn, 'x', NOW)}"

    for asked in ({"verdict": "good"}, {"signal": "joy"}):
        refused = client.get("/v1/portfolio", params=asked)
        assert (refused.status_code, refused.json()["title"]) == (422, "portfolio_unknown")
    assert client.get("/v1/portfolio", params={"cursor": "x"}).json()["title"] == "bad_cursor"
    with read(firm) as conn, pytest.raises(BadInput):
        portfolio(conn, ALL, cursor="bm8")


def test_somebody_of_one_company_sees_and_counts_no_other(firm: Engine) -> None:
    with write(firm) as conn:
        make_owner(conn, "chef@cabinet.test", "a very long password", NOW)
        moulin = next(row["id"] for row in portfolio(conn, Asked(None, text="moulin")).rows)
        holder = make_holder(conn, "paul@moulin.test", None, NOW)
        give_role(conn, holder, moulin, Role.VIEWER, "test", NOW)
        token = let_in(conn, holder, NOW)
        key = make_key(conn, "theirs", NOW, company_id=moulin)
    app = create_app(firm, Settings(database_url="sqlite://"), now=lambda: NOW)
    told = TestClient(app, headers={"authorization": f"Bearer {key}"}).get("/v1/portfolio").json()
    page = TestClient(app, cookies={COOKIE: token}).get("/").text

    assert [one["name"] for one in told["companies"]] == ["Moulin"]
    assert sum(told["counts"].values()) == 1
    assert "Moulin" in page
    assert not any(name in page for name in ("Brun", "Zénith", "lan Habitat", "Aubrac", "Démo"))


def test_an_assessment_writes_where_its_company_stands(engine: Engine, company: str) -> None:
    served = assess_company(engine, company, NOW)
    with read(engine) as conn:
        row = portfolio(conn, ALL).rows[0]

    cover = served.content["coverage"]
    assert (row["verdict"], row["as_of"], row["since"]) == (served.verdict, TODAY, TODAY)
    assert (row["signals_known"], row["gates_known"]) == (cover["signals_known"], cover["gates_known"])
    assert (row["stale"], row["reaches"]) == (True, None)


STEPS = st.lists(
    st.tuples(st.sampled_from(["answer", "forget"]), st.integers(0, 6), st.sampled_from(VERDICTS[:5]), st.booleans()),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_standing_is_that_of_the_newest_answer_and_goes_with_it(
    sqlite_engine: Engine, steps: list[tuple[str, int, str, bool]]
) -> None:
    kept: dict[date, tuple[str, bool]] = {}
    with write(sqlite_engine) as conn:
        made = add_company(conn, "One", NOW, zone="Europe/Paris")
        for kind, days, verdict, looked_back in steps:
            day = TODAY - timedelta(days=days)
            if kind == "answer":
                answer(conn, made, day, verdict, looked_back=looked_back)
                kept[day] = verdict, looked_back
            else:
                forget_answers(conn, made)
                kept = {day: one for day, one in kept.items() if not one[1]}
        row = conn.execute(select(standing).where(standing.c.company_id == made)).first()

    if not kept:
        assert row is None
        return
    newest = max(kept)
    held = sorted(kept, reverse=True)
    same = [day for i, day in enumerate(held) if all(kept[one][0] == kept[newest][0] for one in held[: i + 1])]
    assert row is not None
    assert (row.as_of, row.verdict, row.since) == (newest, kept[newest][0], min(same))


@pytest.fixture
def reader(firm: Engine) -> TestClient:
    """Somebody signed in to everything."""
    with write(firm) as conn:
        holder = make_holder(conn, "chef@cabinet.test", None, NOW)
        give_role(conn, holder, None, Role.OWNER, "test", NOW)
        token = let_in(conn, holder, NOW)
    app = create_app(firm, Settings(database_url="sqlite://"), now=lambda: NOW)
    return TestClient(app, cookies={COOKIE: token}, headers={"accept-language": "en"})


def test_few_companies_are_shown_without_filters(reader: TestClient) -> None:
    page = reader.get("/").text

    assert "Signal over" not in page
    assert "Atelier Brun" in page
    assert "Démo" in page


def test_many_are_filtered_by_addresses_that_can_be_kept(reader: TestClient, firm: Engine) -> None:
    with write(firm) as conn:
        for n in range(60):
            add(conn, f"Filiale {n:02}", "not_needed")
    first = reader.get("/").text
    second = reader.get(first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")).text
    back = reader.get(second.partition('rel="prev" href="')[2].partition('"')[0].replace("&amp;", "&")).text
    some = reader.get("/", params={"verdict": "outsource", "q": "zen"}).text
    none = reader.get("/", params={"q": "nobody"}).text

    assert "Signal over" in first
    assert ("Filiale 05" in first, "Filiale 59" in first, "Filiale 59" in second) == (True, False, True)
    assert ("Filiale 05" in back, "Filiale 59" in back, 'rel="prev"' in back) == (True, False, False)
    assert 'href="/?verdict=not_needed"' in first
    assert ("Zénith" in some, "Atelier Brun" in some) == (True, False)
    assert "No company is like this." in none
    assert "Zénith" not in none


def test_what_is_typed_is_shown_as_text(reader: TestClient) -> None:
    page = reader.get("/", params={"q": '"><script>alert(1)</script>'}).text

    assert "<script>alert" not in page
