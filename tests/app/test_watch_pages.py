"""The pages of the watch as they are served: alerts and what people do to them, connections and their doors, mail."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, select, update

from app.access import holder_with, let_in, make_owner
from app.alerts import episodes, find_episode, history
from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import open_database, read, write
from app.digest import digests_due, write_digest
from app.intake import find_source, save_page
from app.jobs import beat
from app.main import create_app
from app.migrate import migrate
from app.models.core import connection
from app.models.watch import letter, subscription
from app.outbox import find_letter, letters_of
from app.recipients import recipients
from app.room import COOKIE
from app.settings import Settings
from connectors.base import Fault, Page
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=7, hours=3)
OURS = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
OWNER = "owner@example.com"


def invoice(n: int) -> Invoice:
    """One a day; since the spring every third one is a month late."""
    issued = date(2025, 1, 6) + timedelta(days=n)
    return Invoice(
        external_id=f"sale/F{n:04d}",
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=f"F{n:04d}",
        party=f"C{n % 40}",
        party_label=f"Client {n % 40}",
        service_on=issued - timedelta(days=30 if n % 3 == 0 and n > 400 else 1),
        issued_on=issued,
        due_on=issued + timedelta(days=30),
        corrected_on=None,
        total=Decimal("120.00"),
    )


@dataclass
class Site:
    engine: Engine
    client: TestClient
    company_id: str
    other_id: str

    @property
    def home(self) -> str:
        return f"/companies/{self.company_id}"

    def get(self, where: str) -> Any:
        return self.client.get(f"{self.home}{where}", follow_redirects=True)

    def post(self, where: str, **fields: str) -> Any:
        return self.client.post(f"{self.home}{where}", data=fields, follow_redirects=True)

    def episode(self, subject: str = "late_invoicing") -> str:
        with read(self.engine) as conn:
            return next(str(one["id"]) for one in episodes(conn, self.company_id) if one["subject"] == subject)

    def events(self, episode_id: str) -> list[Mapping[str, Any]]:
        with read(self.engine) as conn:
            return history(conn, episode_id)


def company_told(conn: Any, name: str) -> str:
    company_id = add_company(conn, name, NOW, zone="Europe/Paris")
    source = find_source(conn, connection_for(conn, company_id, "csv", NOW))
    fault = Fault("amount_missing", "7", "7;;", {}, kept=False)
    page = Page(tuple(invoice(n) for n in range(680)), {"line": "681"}, (fault,))
    save_page(conn, source, Stream.INVOICES, page, NOW)
    return company_id


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str, str]:
    """A company whose invoicing was seen over in two weeks, and one nobody knows anything of."""
    path = tmp_path_factory.mktemp("prepared") / "seuil.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    with write(engine) as conn:
        make_owner(conn, OWNER, "right", NOW)
        company_id = company_told(conn, "Atelier <Brun>")
        connection_for(conn, company_id, "demo", NOW)
        other_id = add_company(conn, "Cordonnerie Vidal", NOW, zone="Europe/Paris")
        token = let_in(conn, holder_with(conn, OWNER, "right"), NOW)
    for when in (NOW, NOW + timedelta(days=7)):
        assess_company(engine, company_id, when)
    engine.dispose()
    return path, token, company_id, other_id


@pytest.fixture
def site(prepared: tuple[Path, str, str, str], tmp_path: Path) -> Iterator[Site]:
    path, token, company_id, other_id = prepared
    shutil.copy(path, tmp_path / "seuil.db")
    url = f"sqlite:///{tmp_path / 'seuil.db'}"
    engine = open_database(url)
    key = SecretStr(Fernet.generate_key().decode())
    settings = Settings(database_url=url, secret_key=key, public_url="https://seuil.example", tick_seconds=45)
    app = create_app(engine, settings, now=lambda: LATER)
    client = TestClient(app, headers=OURS, follow_redirects=False)
    client.cookies.set(COOKIE, token)
    yield Site(engine, client, company_id, other_id)
    engine.dispose()


def test_the_list_says_what_is_open_since_when_and_what_carries_it(site: Site) -> None:
    page = site.get("/alerts").text

    assert "Late invoicing and dunning" in page
    assert "since 22 November 2026" in page
    assert re.search(r"Invoices issued late: 3\d(\.\d)?% \([\d.]+% to [\d.]+%\), against a limit of 10%", page)
    assert "not acknowledged yet" in page
    assert f"{site.home}/alerts/{site.episode()}" in page


def test_an_empty_list_does_not_look_calm_where_nothing_is_known(site: Site) -> None:
    before = site.client.get(f"/companies/{site.other_id}/alerts").text
    assert "Nobody has looked yet" in before

    assess_company(site.engine, site.other_id, LATER)
    after = site.client.get(f"/companies/{site.other_id}/alerts").text
    assert "Nothing can cross: no signal is known" in after
    assert "0/5" in after
    assert "29 November 2026" in after
    assert "Nothing open" not in after


def test_a_company_page_leads_to_its_open_alerts(site: Site) -> None:
    page = site.get("").text

    assert "Open alerts" in page
    assert f"{site.home}/alerts/{site.episode()}" in page
    assert "Open alerts" not in site.get("?as_of=2026-11-22").text


def test_an_episode_shows_its_figures_its_months_and_the_records_behind_it(site: Site) -> None:
    page = site.get(f"/alerts/{site.episode()}").text

    assert "On 22/11/2026 it was seen to have crossed." in page
    assert '<svg class="chart"' in page
    assert page.count('<td class="num">Client ') == 20
    assert f"{site.home}/signals/late_invoicing" in page


def test_a_verdict_that_calls_for_action_has_a_page_of_its_own(site: Site) -> None:
    page = site.get(f"/alerts/{site.episode('verdict:prepare')}").text

    assert "Verdict: Prepare first" in page
    assert "Late invoicing and dunning: over the threshold." in page


def test_the_episode_of_another_company_is_not_there(site: Site) -> None:
    mine = site.episode()
    foreign = f"/companies/{site.other_id}/alerts/{mine}"

    assert site.client.get(foreign).status_code == 404
    for what, fields in (("acknowledge", {}), ("comment", {"comment": "x"}), ("wake", {})):
        assert site.client.post(f"{foreign}/{what}", data=fields).status_code == 404
    assert site.client.post(f"{foreign}/snooze", data={"until": "2026-12-24"}).status_code == 404
    assert {event["who"] for event in site.events(mine)} == {None}


def test_a_form_sent_from_another_site_moves_no_episode(site: Site) -> None:
    address = f"{site.home}/alerts/{site.episode()}/acknowledge"

    assert site.client.post(address, headers={"sec-fetch-site": "cross-site"}).status_code == 409
    assert {event["who"] for event in site.events(site.episode())} == {None}


def test_what_people_do_stands_in_the_history_with_who_and_why(site: Site) -> None:
    mine = site.episode()
    seen = site.post(f"/alerts/{mine}/acknowledge", comment="<b>I ask Léa</b>")
    assert seen.status_code == 200
    assert "&lt;b&gt;I ask Léa&lt;/b&gt;" in seen.text
    site.post(f"/alerts/{mine}/comment", comment="She is on it.")
    page = site.post(f"/alerts/{mine}/snooze", until="2026-12-24", reason="holidays").text

    done = [(event["kind"], event["who"], event["note"]) for event in site.events(mine)][-3:]
    assert done == [
        ("acknowledged", OWNER, "<b>I ask Léa</b>"),
        ("comment", OWNER, "She is on it."),
        ("snoozed", OWNER, "holidays"),
    ]
    assert f"acknowledged by {OWNER}" in site.get("/alerts").text
    assert "Put off until 24/12/2026\u00a008:00" in page


def test_a_snooze_ends_at_eight_in_the_morning_where_the_company_is(site: Site) -> None:
    mine = site.episode()
    site.post(f"/alerts/{mine}/snooze", until="2026-12-24")
    with read(site.engine) as conn:
        row = find_episode(conn, site.company_id, mine)
    assert row["snoozed_until"] == datetime(2026, 12, 24, 7, 0, tzinfo=UTC)

    page = site.post(f"/alerts/{mine}/wake").text
    with read(site.engine) as conn:
        assert find_episode(conn, site.company_id, mine)["snoozed_until"] is None
    assert "Put off until" not in page
    assert site.events(mine)[-1]["kind"] == "woken_by_hand"


@pytest.mark.parametrize("until", ["", "soon", "2026-11-28", "2030-01-01", "9999-12-31"])
def test_a_snooze_until_no_day_to_come_is_refused_in_words(site: Site, until: str) -> None:
    answer = site.post(f"/alerts/{site.episode()}/snooze", until=until)

    assert answer.status_code == 422
    assert site.events(site.episode())[-1]["kind"] == "fired"


def source(site: Site, provider: str) -> Mapping[str, Any]:
    c = connection.c
    with read(site.engine) as conn:
        query = select(connection).where(c.company_id == site.company_id, c.provider == provider)
        return dict(conn.execute(query).mappings().one())


def test_a_connection_says_what_it_brought_what_was_set_aside_and_what_is_wrong(site: Site) -> None:
    mine = source(site, "demo")["id"]
    with write(site.engine) as conn:
        told = {
            "trouble": "source_failed",
            "trouble_params": {"error": "KeyError"},
            "troubled_since": NOW,
            "failures": 3,
        }
        conn.execute(update(connection).where(connection.c.id == mine).values(due_at=None, **told))
    page = site.get("/connections").text

    assert re.search(r'data-label="Rows read" class="num right">680<', page)
    assert re.search(r'data-label="Set aside" class="num right"><strong class="stale">1<', page)
    assert "by hand" in page
    assert "KeyError" in page
    assert "So since 22/11/2026\u00a010:00; failed in a row: 3." in page
    assert "not by itself" in page


def test_read_now_makes_a_connection_due_and_says_when_it_will_be_read(site: Site) -> None:
    mine = source(site, "demo")["id"]
    with write(site.engine) as conn:
        conn.execute(update(connection).where(connection.c.id == mine).values(due_at=LATER + timedelta(hours=5)))
    page = site.post(f"/connections/{mine}/read").text

    assert source(site, "demo")["due_at"] == LATER
    assert "within 45 s" in page


def test_the_secret_of_a_webhook_is_shown_once_and_kept_sealed(site: Site) -> None:
    mine = source(site, "demo")["id"]
    made = site.post(f"/connections/{mine}/secret")
    secrets = re.findall(r"whsec_[A-Za-z0-9+/=_-]+", made.text)

    assert len(secrets) == 1
    assert made.headers["cache-control"] == "no-store"
    assert f"https://seuil.example/v1/webhooks/{mine}" in made.text
    assert secrets[0] not in site.get("/connections").text
    assert secrets[0] not in str(source(site, "demo"))


def test_a_webhook_can_be_closed_and_opened_again(site: Site) -> None:
    mine = source(site, "demo")["id"]
    assert site.post(f"/connections/{mine}/open").status_code == 409  # there is no secret yet
    site.post(f"/connections/{mine}/secret")
    assert "The webhook is closed" in site.post(f"/connections/{mine}/close").text
    assert source(site, "demo")["door_closed_at"] == LATER
    assert "The webhook is open again." in site.post(f"/connections/{mine}/open").text
    assert source(site, "demo")["door_closed_at"] is None


@pytest.mark.parametrize("what", ["read", "secret", "close", "open"])
def test_the_connection_of_another_company_is_not_there(site: Site, what: str) -> None:
    before = source(site, "demo")
    answer = site.client.post(f"/companies/{site.other_id}/connections/{before['id']}/{what}")

    assert answer.status_code == 404
    assert source(site, "demo") == before


def test_every_page_says_loudly_that_the_watch_has_stopped(site: Site) -> None:
    with write(site.engine) as conn:
        beat(conn, LATER - timedelta(minutes=2))
    assert "The watch has stopped" not in site.client.get("/").text

    with write(site.engine) as conn:
        beat(conn, LATER - timedelta(hours=3))
    for where in ("/", "/keys", f"{site.home}/work"):
        assert "since 29/11/2026\u00a010:00" in site.client.get(where).text
    site.client.cookies.clear()
    assert "The watch has stopped" not in site.client.get("/sign-in").text


def test_a_reader_of_the_letters_is_added_once_and_removed(site: Site) -> None:
    given = {"email": "lea@example.com", "language": "fr", "zone": "Indian/Reunion"}
    page = site.post("/mail/recipients", **given).text
    assert "lea@example.com" in page
    assert '<td data-label="Time zone">Indian/Reunion</td>' in page

    with read(site.engine) as conn:
        (one,) = recipients(conn, site.company_id)
    assert "lea@example.com" not in site.client.get(f"/companies/{site.other_id}/mail").text
    assert "lea@example.com" not in site.post(f"/mail/recipients/{one.id}/remove").text
    with read(site.engine) as conn:
        assert recipients(conn, site.company_id) == []


@pytest.mark.parametrize("wrong", [{"email": "lea"}, {"language": "xx"}, {"zone": "Mars/Olympus"}])
def test_an_address_that_can_get_no_letter_is_said_beside_the_form(site: Site, wrong: dict[str, str]) -> None:
    given = {"email": "lea@example.com", "language": "fr", "zone": "Europe/Paris"} | wrong
    answer = site.post("/mail/recipients", **given)

    assert answer.status_code == 422
    assert 'class="notice bad"' in answer.text
    assert given["email"] in answer.text
    with read(site.engine) as conn:
        assert recipients(conn, site.company_id) == []


def test_without_a_mail_server_the_page_says_that_letters_wait(site: Site) -> None:
    page = site.get("/mail").text

    assert "No mail server is set" in page
    assert "SEUIL_SMTP_HOST" in page


def test_the_letter_of_now_opens_as_a_page_without_rights_or_scripts(site: Site) -> None:
    answer = site.get("/mail/preview")

    assert answer.status_code == 200
    assert "Atelier &lt;Brun&gt;" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "<script" not in answer.text


def test_a_next_letter_is_due_on_monday_at_eight_where_its_reader_is(site: Site) -> None:
    site.post("/mail/recipients", email="lea@example.com", language="fr", zone="Indian/Reunion")
    assert 'data-label="Next letter" class="num">30/11/2026\u00a008:00<' in site.get("/mail").text

    with write(site.engine) as conn:
        conn.execute(update(subscription).values(created_at=NOW - timedelta(days=30)))
    assert 'data-label="Next letter" class="num">at the next tick<' in site.get("/mail").text


def written(site: Site, email: str = "lea@example.com") -> str:
    """Have somebody's letter of the week written, and give its id."""
    site.post("/mail/recipients", email=email, language="en", zone="Europe/Paris")
    with write(site.engine) as conn:
        conn.execute(update(subscription).values(created_at=NOW - timedelta(days=30)))
    with read(site.engine) as conn:
        (key,) = digests_due(conn, LATER)
    write_digest(site.engine, key, lambda: LATER)
    with read(site.engine) as conn:
        return str(letters_of(conn, site.company_id, 1)[0]["id"])


def test_a_letter_is_listed_with_its_state_and_can_be_read(site: Site) -> None:
    mine = written(site)
    page = site.get("/mail").text
    assert "waiting" in page
    assert f"{site.home}/mail/{mine}" in page

    answer = site.get(f"/mail/{mine}")
    assert "Late invoicing and dunning" in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]
    with read(site.engine) as conn:
        (reader,) = recipients(conn, site.company_id)
    assert reader.token not in answer.text  # looking at somebody's letter is no way to end theirs
    assert site.client.get(f"/companies/{site.other_id}/mail/{mine}").status_code == 404


def test_a_letter_that_was_refused_says_why_and_can_be_tried_again(site: Site) -> None:
    mine = written(site)
    refused = {"state": "refused", "trouble": "mail_refused: 550 no such user", "attempts": 1}
    with write(site.engine) as conn:
        conn.execute(update(letter).where(letter.c.id == mine).values(**refused))
    assert "550 no such user" in site.get("/mail").text

    assert site.client.post(f"/companies/{site.other_id}/mail/{mine}/again").status_code == 404
    assert "within 45 s" in site.post(f"/mail/{mine}/again").text
    with read(site.engine) as conn:
        row = find_letter(conn, mine)
    assert (row["state"], row["next_try_at"]) == ("waiting", LATER)
    assert site.post("/mail/no-such-letter/again").status_code == 404


def test_a_letter_about_a_company_nobody_looked_at_says_that_nothing_is_known(site: Site) -> None:
    answer = site.client.get(f"/companies/{site.other_id}/mail/preview")

    assert answer.status_code == 200
    assert "Cordonnerie Vidal" in answer.text
    assert "Nothing is known" in answer.text


def test_a_setting_is_tried_on_the_past_then_kept_and_taken_back_on_its_page(site: Site) -> None:
    tried = site.post("/policy", name="late_issued_limit", value="90 %", act="try").text
    assert "What it would have changed" in tried
    assert "Late invoicing and dunning: over" in tried.lower() or "late invoicing and dunning: " in tried.lower()
    assert "Nothing has been set" in tried

    kept = site.post("/policy", name="late_issued_limit", value="90 %", because="agreed <with> the board").text
    assert "Saved, and the company has been assessed anew." in kept
    assert "agreed &lt;with&gt; the board" in kept
    assert OWNER in kept

    back = site.post("/policy", reset="late_issued_limit").text
    assert "90% → default" in back


def test_a_setting_that_will_not_do_is_refused_beside_what_was_typed(site: Site) -> None:
    page = site.post("/policy", name="late_issued_limit", value="lots")

    assert page.status_code == 422
    assert "“lots” is no number" in page.text
    assert 'value="lots"' in page.text


def test_a_channel_is_added_with_its_secret_shown_once_and_removed(site: Site) -> None:
    refused = site.post("/channels", kind="webhook", address="http://erp.example.com/<x>", label="ERP")
    assert refused.status_code == 422
    assert "https" in refused.text
    assert "&lt;x&gt;" in refused.text

    added = site.post("/channels", kind="webhook", address="https://erp.example.com/alerts", label="ERP").text
    assert "whsec_" in added
    page = site.get("/channels").text
    assert "whsec_" not in page
    assert "erp.example.com" not in page

    (channel_id,) = re.findall(r"/channels/([0-9a-f-]{36})/remove", page)
    assert "No channel yet." in site.post(f"/channels/{channel_id}/remove").text
    assert site.post(f"/channels/{channel_id}/test").status_code == 404
