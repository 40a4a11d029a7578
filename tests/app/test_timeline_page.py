"""Past verdicts as a strip of months, and a day as known then beside the same day as known today."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.assessment import assess_company
from app.pages.company import turns_of
from tests.app.test_evidence import LATE, Site, begun, invoice, save
from tests.conftest import NOW

LATER = NOW + timedelta(days=9)


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A company whose late invoices were answered on a day, and turned out nine days later to have been prompt."""
    with begun(
        Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("timeline") / "seuil.db")), lambda: LATER
    ) as found:
        assess_company(found.engine, found.company, NOW, NOW.date() - timedelta(days=40))
        save(found.engine, found.company, *(invoice(n, days=1) for n in range(LATE)), at=LATER)
        yield found


def read(site: Site, path: str, status: int = 200) -> str:
    answer = site.client.get(f"/companies/{site.company}{path}")
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_day_shows_what_was_known_then_beside_today_and_what_was_learnt_since(site: Site) -> None:
    page = read(site, f"/timeline?day={NOW.date()}")
    rows = page.split('class="compared ')[1].split("</table>")[0].split("<tr")
    late = next(row for row in rows if "Late invoicing" in row)
    assert "m-over" in late
    assert "m-calm" in late
    assert "differs" in late
    assert f"invoices: {LATE} changed since" in page
    assert "the answer kept from that day" in page


def test_of_a_day_before_anything_was_read_there_is_only_todays_view(site: Site) -> None:
    page = read(site, f"/timeline?day={NOW.date() - timedelta(days=40)}")
    assert "there is no view of then" in page
    assert "differs" not in page.split("<tbody>")[1].split("</tbody>")[0]


def test_every_month_looked_at_is_a_link_named_by_its_day_and_verdict(site: Site) -> None:
    for path, parameter in (("", "as_of"), ("/timeline", "day")):
        page = read(site, path)
        strip = page.split('class="strips"')[1].split('class="legend"')[0]
        assert f"?{parameter}={NOW.date()}" in strip
        assert strip.count("<a ") == strip.count("aria-label=") - strip.count('role="group"')
        assert "reconstructed" in strip


def test_the_answer_of_a_past_day_leads_to_what_was_known_then(site: Site) -> None:
    assert f"/timeline?day={NOW.date() - timedelta(days=40)}" in read(site, f"?as_of={NOW.date() - timedelta(days=40)}")


def test_days_that_are_none_or_to_come_are_refused(site: Site) -> None:
    read(site, "/timeline?day=yesterday", status=422)
    read(site, f"/timeline?day={LATER.date() + timedelta(days=3)}", status=422)


def test_turns_are_the_days_on_which_the_verdict_became_another() -> None:
    days = [(date(2026, 1, n), verdict, False) for n, verdict in enumerate(("calm", "calm", "over", "calm"), start=1)]
    assert turns_of(days) == [(date(2026, 1, 3), "calm", "over"), (date(2026, 1, 4), "over", "calm")]
    assert turns_of(days[:1]) == []
