"""The decision memo: all that a board needs, in either language, for today or for a past day."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.assessment import assess_company, latest
from app.companies import add_company
from app.db import read, write
from app.memo import next_steps, not_known, proofs
from tests.app.test_evidence import Site, begun
from tests.conftest import NOW

Body = dict[str, Any]
PAST = NOW.date() - timedelta(days=30)


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A company with late invoices, assessed on two days."""
    with begun(Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("memo") / "seuil.db"))) as found:
        assess_company(found.engine, found.company, NOW, PAST)
        yield found


@pytest.fixture
def body(site: Site) -> Body:
    """The newest answer."""
    with read(site.engine) as conn:
        served = latest(conn, site.company)
    assert served is not None
    return served.content


def memo(site: Site, query: str = "", language: str = "en") -> str:
    answer = site.client.get(f"/companies/{site.company}/memo{query}", headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_it_has_every_part_of_the_answer(site: Site) -> None:
    page = memo(site)
    for part in (
        "Why",
        "What speaks against it",
        "The evidence, signal by signal",
        "Four gates",
        "What it would be worth",
        "What to hand over",
        "Next steps",
        "What would change the verdict",
        "What is not known",
    ):
        assert f">{part}</h2>" in page
    assert "Date and signature" in page


def test_each_number_stands_with_its_interval_n_and_how_it_is_known(site: Site, body: Body) -> None:
    proof = proofs(body, "en")[0]
    assert proof.measure["name"] == "late_issued_rate"
    before, after = memo(site).split("Invoices issued late</td>")
    row = before.rsplit("<tr>", 1)[1] + after
    cells = row.split("</tr>")[0]
    assert f">{proof.measure['n']}</td>" in cells
    assert " to " in cells
    assert "measured" in cells


def test_a_past_day_has_a_memo_of_its_own_and_one_without_an_answer_has_none(site: Site) -> None:
    assert f"from the answer of {PAST:%d/%m/%Y}" in memo(site, f"?as_of={PAST}")
    nowhere = site.client.get(f"/companies/{site.company}/memo?as_of=2001-01-01")
    assert nowhere.status_code == 404


def test_a_company_without_an_answer_has_no_memo(site: Site) -> None:
    with write(site.engine) as conn:
        company = add_company(conn, "Nouvelle", NOW, zone="Europe/Paris")
    assert site.client.get(f"/companies/{company}/memo").status_code == 404


def test_the_company_page_leads_to_the_memo_of_the_day_it_shows(site: Site) -> None:
    page = site.client.get(f"/companies/{site.company}?as_of={PAST}").text
    assert f"/companies/{site.company}/memo?as_of={PAST}" in page


def test_to_hand_over_is_to_ask_for_prices_of_the_perimeter_and_to_know_what_to_accept(body: Body) -> None:
    steps = next_steps(
        body
        | {
            "verdict": "outsource",
            "perimeter": {"processes": ["dunning", "invoicing"]},
            "break_even": {"price_per_month": [1200.4, 3000.0]},
        },
        "en",
    )
    assert steps[0].endswith("for the same perimeter: dunning, invoicing.")
    assert "up to €1,200 a month" in steps[1]


def test_what_stands_in_the_way_is_a_step_whatever_the_verdict(body: Body) -> None:
    gates = [gate | {"state": "failed"} for gate in body["gates"]]
    for verdict in ("prepare", "not_needed", "too_early", "outsource"):
        steps = " ".join(next_steps(body | {"verdict": verdict, "gates": gates}, "en"))
        assert "Describe each process named" in steps


def test_where_nobody_can_say_the_steps_are_the_cheapest_ways_to_know(body: Body) -> None:
    missing = [{"what": "missing_quality", "remedy": "remedy_quality"}]
    steps = next_steps(body | {"verdict": "cannot_say", "missing": missing, "gates": []}, "en")
    assert "Import the invoice list with corrections" in steps[0]


def test_what_is_not_known_is_said_once_for_all_signals_that_lack_it(body: Body) -> None:
    said = not_known(body, "en")
    assert len(said) == len(set(said))
    stale = not_known(body | {"freshness": {"reaches": "2026-01-05", "stale": True}}, "en")
    assert "Nothing after 05/01/2026: the data stop there." in stale
