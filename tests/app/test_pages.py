"""Pages: what a person can see and do, through the application as it is served."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select, update

from app.access import holder_with, let_in, make_owner
from app.api_keys import make_key
from app.assessment import assess_company, latest
from app.body import halves
from app.companies import add_company
from app.db import open_database, read, write
from app.main import create_app
from app.migrate import migrate
from app.models.access import api_key, audit_entry
from app.models.answers import assessment
from app.models.core import company
from app.models.people import actor
from app.pages.company import useful_flips
from app.pages.door import Tries
from app.pages.frame import local_address
from app.people import actors, name_actor
from app.room import COOKIE
from app.settings import Settings

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
OURS = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
FEC_HEAD = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"
)


@dataclass
class Site:
    engine: Engine
    settings: Settings
    app: FastAPI
    client: TestClient
    company_id: str

    @property
    def home(self) -> str:
        return f"/companies/{self.company_id}"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("prepared") / "seuil.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    with write(engine) as conn:
        make_owner(conn, "owner@example.com", "right", NOW)
        add_company(conn, "Atelier <Brun>", NOW, siren="123456789", zone="Europe/Paris")
        token = let_in(conn, holder_with(conn, "owner@example.com", "right"), NOW)
    engine.dispose()
    return path, token


@pytest.fixture
def stranger(prepared: tuple[Path, str], tmp_path: Path) -> Iterator[Site]:
    path = tmp_path / "seuil.db"
    shutil.copy(prepared[0], path)
    engine = open_database(f"sqlite:///{path}")
    settings = Settings(database_url=f"sqlite:///{path}", upload_limit_mb=1)
    with read(engine) as conn:
        company_id = str(conn.execute(select(company.c.id)).scalar_one())
    app = create_app(engine, settings, now=lambda: NOW)
    yield Site(engine, settings, app, TestClient(app, headers=OURS, follow_redirects=False), company_id)
    engine.dispose()


@pytest.fixture
def site(stranger: Site, prepared: tuple[Path, str]) -> Site:
    stranger.client.cookies.set(COOKIE, prepared[1])
    return stranger


def fec(entries: int, *, bad: int = 0) -> bytes:
    lines = [FEC_HEAD]
    for n in range(1, entries + 1):
        day = f"2025{(n - 1) % 12 + 1:02}15"
        amount = "12a" if n <= bad else "100,00"
        tail = f"F{n}\t{day}\tVente\t"
        lines.append(f"VT\tVentes\t{n}\t{day}\t411000\tClients\tC1\tDurand\t{tail}{amount}\t0,00\t\t\t{day}\t\t")
        lines.append(f"VT\tVentes\t{n}\t{day}\t706000\tVentes\t\t\t{tail}0,00\t100,00\t\t\t{day}\t\t")
    return "\n".join(lines).encode()


def upload(site: Site, content: bytes, name: str = "123456789FEC20251231.txt", stream: str = "ledger") -> str:
    answer = site.client.post(
        f"{site.home}/import", data={"stream": stream}, files={"file": (name, content)}, follow_redirects=True
    )
    return answer.text


def test_a_stranger_is_sent_to_the_door_and_back_to_the_page_asked_for(stranger: Site) -> None:
    answer = stranger.client.get(f"{stranger.home}?as_of=2026-01-31")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={stranger.home}%3Fas_of%3D2026-01-31"
    entered = stranger.client.post(
        "/sign-in", data={"email": "owner@example.com", "password": "right", "next": stranger.home}
    )
    assert entered.headers["location"] == stranger.home
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere", "x"])
def test_the_door_leads_nowhere_else_than_here(address: str) -> None:
    assert local_address(address) == "/"


def test_a_wrong_password_is_said_and_lets_nobody_in(stranger: Site) -> None:
    answer = stranger.client.post("/sign-in", data={"email": "owner@example.com", "password": "wrong"})
    assert answer.status_code == 401
    assert "E-mail or password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


def test_after_ten_failures_in_a_minute_even_the_right_password_has_to_wait(stranger: Site) -> None:
    tries = Tries()
    stranger.app.state.tries = tries
    right = {"email": "owner@example.com", "password": "right"}
    for _ in range(9):
        tries.failed("testclient", NOW)
    assert stranger.client.post("/sign-in", data=right | {"password": "wrong"}).status_code == 401
    answer = stranger.client.post("/sign-in", data=right)
    assert answer.status_code == 429
    assert "set-cookie" not in answer.headers


def test_failures_older_than_a_minute_and_those_of_others_do_not_count() -> None:
    tries = Tries()
    for _ in range(10):
        tries.failed("here", NOW)
    assert tries.too_many("here", NOW)
    assert not tries.too_many("there", NOW)
    assert not tries.too_many("here", NOW + timedelta(minutes=1))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "", "origin": "https://elsewhere.example"},
        {"sec-fetch-site": "", "origin": "null"},
        {"sec-fetch-site": ""},
    ],
)
def test_a_form_from_another_site_does_nothing(site: Site, headers: dict[str, str]) -> None:
    answer = site.client.post("/companies/new", data={"name": "Intruder"}, headers=headers)
    assert answer.status_code == 409
    assert "another site" in answer.text
    assert "Intruder" not in site.client.get("/").text


def test_an_origin_of_ours_is_enough_for_a_browser_that_says_no_more(site: Site) -> None:
    headers = {"sec-fetch-site": "", "origin": "http://testserver"}
    assert site.client.post("/companies/new", data={"name": "Ours"}, headers=headers).status_code == 303


def test_an_api_key_opens_no_page(stranger: Site) -> None:
    with write(stranger.engine) as conn:
        key = make_key(conn, "sheet", NOW)
    answer = stranger.client.get("/", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 303


def test_after_signing_out_the_cookie_is_worth_nothing(site: Site) -> None:
    token = site.client.cookies["seuil_sign_in"]
    site.client.post("/sign-out")
    site.client.cookies.set("seuil_sign_in", token)
    assert site.client.get("/").status_code == 303


def test_the_language_chosen_is_kept_with_the_account(site: Site) -> None:
    assert "<h1>Companies</h1>" in site.client.get("/").text
    site.client.post("/language", data={"language": "fr", "next": "/"})
    del site.client.cookies["seuil_language"]
    page = site.client.get("/").text
    assert "<h1>Entreprises</h1>" in page
    assert 'lang="fr"' in page


def test_the_demonstration_is_listed_apart(site: Site) -> None:
    with write(site.engine) as conn:
        add_company(conn, "Demo Ltd", NOW, zone="Europe/Paris", is_demo=True)
    portfolio, _, apart = site.client.get("/").text.partition("out of the portfolio")
    assert "Brun" in portfolio
    assert "Demo Ltd" not in portfolio
    assert "Demo Ltd" in apart


def test_names_are_escaped_wherever_they_appear(site: Site) -> None:
    assess_company(site.engine, site.company_id, NOW)
    for path in ("/", site.home, f"{site.home}/work", f"{site.home}/people"):
        page = site.client.get(path).text
        assert "<Brun>" not in page
        assert "Atelier &lt;Brun&gt;" in page


def test_a_company_without_any_data_is_unknown_and_never_calm(site: Site) -> None:
    answer = site.client.post("/companies/new", data={"name": "New", "siren": "552 100 554"})
    page = site.client.get(answer.headers["location"].removesuffix("/first-steps")).text
    assert "Nothing is known of this company yet" in page
    assert "m-unknown" in page
    assert "m-calm" not in page


def test_a_company_with_a_bad_siren_is_sent_back_with_what_was_typed(site: Site) -> None:
    answer = site.client.post("/companies/new", data={"name": "Typed", "siren": "12"})
    assert answer.status_code == 409
    assert 'value="Typed"' in answer.text
    assert "nine digits" in answer.text


def test_looking_at_a_company_computes_nothing(site: Site) -> None:
    assert "Assess now" in site.client.get(site.home).text
    answer = site.client.get(f"{site.home}?as_of=2026-01-31")
    assert answer.status_code == 404
    assert "No answer is stored for 31/01/2026" in answer.text
    with read(site.engine) as conn:
        assert conn.execute(select(func.count()).select_from(assessment)).scalar_one() == 0


def test_a_past_day_is_shown_as_past_and_reconstructed(site: Site) -> None:
    site.client.post(f"{site.home}/declarations", data={"signed_by": "J. Brun", "director_hours_low": "9"})
    assess_company(site.engine, site.company_id, NOW, date(2026, 1, 31))
    page = site.client.get(f"{site.home}?as_of=2026-01-31").text
    assert "You are looking at 31 January 2026." in page
    assert 'href="/companies/' + site.company_id + '?as_of=2026-01-31"' in page
    assert "You are looking at" not in site.client.get(site.home).text


def test_a_day_that_is_none_is_refused(site: Site) -> None:
    assert site.client.get(f"{site.home}?as_of=yesterday").status_code == 422


def test_stale_data_are_said_loudly_and_frozen_signals_named(site: Site) -> None:
    upload(site, fec(24))
    page = site.client.get(site.home).text
    assert 'role="alert"' in page
    assert "The data stop on 15 December 2025." in page
    assert "Frozen on" in page


def test_no_page_carries_inline_script_or_style(site: Site) -> None:
    upload(site, fec(24))
    paths = ["", "/signals/quality", "/declarations", "/people", "/import", "/work"]
    for path in ["/", "/keys", "/deliveries", "/companies/new", *(site.home + path for path in paths)]:
        answer = site.client.get(path)
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_declaration_by_form_is_kept_assessed_and_fills_the_form_again(site: Site) -> None:
    fields = {
        "signed_by": "J. Brun",
        "director_hours_low": "9",
        "director_hours_high": "12,5",
        "tool_1_name": "Facturo",
        "tool_1_eur": "49",
        "invoicing_operators": "lea, paul",
        "invoicing_owner": "on",
        "restructuring": "no",
        "baseline_from": "2025-01-01",
        "baseline_to": "2025-12-31",
    }
    assert site.client.post(f"{site.home}/declarations", data=fields).status_code == 303
    page = site.client.get(f"{site.home}/declarations").text
    for shown in ('value="J. Brun"', 'value="12.5"', 'value="Facturo"', 'value="lea, paul"', 'value="2025-12-31"'):
        assert shown in page
    with read(site.engine) as conn:
        served = latest(conn, site.company_id)
    assert served is not None
    assert served.content["signals"][1]["primary"]["tier"] == "declared"


def test_a_declaration_downloaded_as_yaml_can_be_given_back(site: Site) -> None:
    fields = {"signed_by": "J. Brun", "admin_hours_low": "20", "dunning_operators": "lea", "dunning_tasks": "on"}
    site.client.post(f"{site.home}/declarations", data=fields)
    text = site.client.get(f"{site.home}/declarations.yaml").text
    assert "- lea" in text
    again = site.client.post(f"{site.home}/declarations", files={"yaml_file": ("d.yaml", text.encode())})
    assert again.status_code == 303
    assert site.client.get(f"{site.home}/declarations.yaml").text == text


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"director_hours_low": "ten"}, "director_hours_low", "Directors’ back-office hours: “ten” is not a number"),
        ({"signed_by": ""}, "signed_by", "Who states this?"),
        ({"tool_2_eur": "-3", "tool_2_name": "x"}, "tool_2_eur", "is not a number"),
        ({"bank_reviewed_on": "soon"}, "bank_reviewed_on", "bank reconciliation, Reviewed on: “soon”"),
        ({"stated_on": "2027-01-01"}, "stated_on", "in the future"),
    ],
)
def test_a_bad_field_is_named_marked_and_kept(site: Site, fields: dict[str, str], field: str, sentence: str) -> None:
    given = {"signed_by": "J. Brun", "training_low": "77"} | fields
    answer = site.client.post(f"{site.home}/declarations", data=given)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'href="#{field}"' in answer.text
    assert 'value="77"' in answer.text


def test_looking_at_people_is_written_down(site: Site) -> None:
    with write(site.engine) as conn:
        name_actor(conn, site.company_id, "lea", NOW, name="Léa Martin", role=None, ours=True)
    assert "Léa Martin" not in site.client.get(f"{site.home}/people").text
    assert "Léa Martin" in site.client.get(f"{site.home}/people/names").text
    with read(site.engine) as conn:
        seen = conn.execute(select(audit_entry.c.who, audit_entry.c.what, audit_entry.c.status)).all()
    assert seen[-1] == ("owner@example.com", "seen people/names", 200)


def test_roles_and_names_are_kept_and_a_person_erased_only_after_asking(site: Site) -> None:
    with write(site.engine) as conn:
        actor_id = name_actor(conn, site.company_id, "lea", NOW, name=None, role=None, ours=True)
    site.client.post(f"{site.home}/people", data={f"name-{actor_id}": "Léa", f"role-{actor_id}": "director"})
    asked = site.client.post(f"{site.home}/people/erase", data={"erase": actor_id})
    assert "Erase for good" in asked.text
    with read(site.engine) as conn:
        assert [(one.name, one.role) for one in actors(conn, site.company_id)] == [("Léa", "director")]
    site.client.post(f"{site.home}/people/erase", data={"erase": actor_id, "sure": "yes"})
    assert "Léa" not in site.client.get(f"{site.home}/people/names").text
    with read(site.engine) as conn:
        assert conn.execute(select(actor.c.login)).scalar_one().startswith("erased-")


def test_a_ledger_is_imported_assessed_and_tied_out(site: Site) -> None:
    page = upload(site, fec(24))
    assert "Applied, and the company has been assessed anew." in page
    assert "2,400.00" in page
    assert "123456789FEC20251231.txt" in page
    with read(site.engine) as conn:
        assert latest(conn, site.company_id) is not None


def test_refused_entries_are_shown_with_their_lines(site: Site) -> None:
    page = upload(site, fec(24, bad=1))
    assert "entry refused" in page
    assert "<code>12a</code>" in page
    assert ">2</th>" in page


def test_a_file_that_would_remove_entries_waits_for_a_person(site: Site) -> None:
    upload(site, fec(24))
    page = upload(site, fec(24).replace(b"\t13\t20250115", b"\t99\t20250115"))
    assert "Apply all the same" in page
    import_id = page.split("/imports/")[1].split("/")[0]
    applied = site.client.post(f"{site.home}/imports/{import_id}/apply", follow_redirects=True)
    assert "Applied" in applied.text
    assert site.client.post(f"{site.home}/imports/{import_id}/apply").status_code == 404


def test_a_file_put_aside_changes_nothing(site: Site) -> None:
    upload(site, fec(24))
    page = upload(site, fec(12))
    import_id = page.split("/imports/")[1].split("/")[0]
    site.client.post(f"{site.home}/imports/{import_id}/cancel")
    assert "2,400.00" in site.client.get(f"{site.home}/import").text


def test_another_company_s_ledger_is_refused(site: Site) -> None:
    page = upload(site, fec(24), "552100554FEC20251231.txt")
    assert "This file is of SIREN 552100554" in page
    assert "Nothing was imported" in page


def test_a_file_that_is_no_ledger_is_refused_in_words(site: Site) -> None:
    page = upload(site, b"hello\nworld\n", "notes.txt")
    assert 'class="notice bad"' in page


def test_a_file_that_is_too_large_is_refused_before_it_is_read(site: Site) -> None:
    answer = site.client.post(f"{site.home}/import", files={"file": ("big.txt", b"x" * 1_100_000)})
    assert answer.status_code == 422
    assert "larger than 1 MB" in answer.text


def test_nothing_of_an_upload_stays_in_the_data_folder(site: Site) -> None:
    upload(site, fec(24))
    folder = site.settings.sqlite_path
    assert folder is not None
    assert [p.name for p in folder.parent.iterdir() if p.name.startswith("upload-")] == []


def test_a_list_keeps_its_good_rows_and_reports_the_bad_ones_by_line(site: Site) -> None:
    rows = b"number;customer;issued_on\nF1;C1;02/03/2026\nF2;C1;32/03/2026\n"
    page = upload(site, rows, "invoices.csv", "invoices")
    assert "New: 1" in page
    assert "refused: 1" in page
    assert "32/03/2026" in page


def test_every_list_has_a_template_that_can_be_handed_over_as_it_is(site: Site) -> None:
    page = site.client.get(f"{site.home}/import").text
    for stream in ("invoices", "reminders", "time"):
        assert f"/templates/{stream}.csv" in page
        template = site.client.get(f"/templates/{stream}.csv")
        assert "refused: 0" in upload(site, template.content, f"{stream}.csv", stream)
    assert site.client.get("/templates/nothing.csv").status_code == 404


def test_a_signal_shows_its_records_and_gives_them_as_a_table(site: Site) -> None:
    rows = "number;customer;customer_name;issued_on;service_on;total\n" + "".join(
        f"F{n};C1;=Durand;{n % 27 + 1:02}/02/2026;{n % 9 + 1:02}/01/2026;100,50\n" for n in range(30)
    )
    upload(site, rows.encode(), "invoices.csv", "invoices")
    page = site.client.get(f"{site.home}/signals/late_invoicing").text
    assert "The records behind it" in page
    assert "=Durand" in page
    table = site.client.get(f"{site.home}/measures/late_issued_rate.csv")
    assert table.content.startswith(b"\xef\xbb\xbf")
    assert ";'=Durand;0" in table.text
    assert ";100.5" in table.text
    site.client.post("/language", data={"language": "fr"})
    assert ";100,5" in site.client.get(f"{site.home}/measures/late_issued_rate.csv").text


def test_unknown_signals_and_measures_are_not_there(site: Site) -> None:
    assess_company(site.engine, site.company_id, NOW)
    assert site.client.get(f"{site.home}/signals/weather").status_code == 404
    assert site.client.get(f"{site.home}/measures/weather.csv").status_code == 404
    assert site.client.get("/companies/none").status_code == 404


def test_the_work_list_is_shown_and_can_be_downloaded(site: Site) -> None:
    upload(site, fec(24))
    page = site.client.get(f"{site.home}/work").text
    assert "Open customer lines (411)" in page
    assert "Durand" in page
    assert site.client.get(f"{site.home}/work.csv").content.startswith(b"\xef\xbb\xbf")


def test_a_key_is_shown_once_and_can_be_revoked(site: Site) -> None:
    made = site.client.post("/keys", data={"name": "sheet"})
    key = made.text.split('tabindex="0">seuil_')[1].split("<")[0]
    assert made.headers["cache-control"] == "no-store"
    page = site.client.get("/keys").text
    assert key not in page
    with read(site.engine) as conn:
        key_id = conn.execute(select(api_key.c.id)).scalar_one()
    site.client.post(f"/keys/{key_id}/revoke")
    assert "revoked on 10/03/2026" in site.client.get("/keys").text


def test_a_verdict_that_acts_shows_worth_gates_and_flips(site: Site) -> None:
    assess_company(site.engine, site.company_id, NOW)
    with read(site.engine) as conn:
        served = latest(conn, site.company_id)
    assert served is not None
    body = served.content
    lines = [{"name": "provider_price", "low": -900.4, "high": -800.0, "tag": "default"}]
    body |= {
        "verdict": "prepare",
        "worth": {"low": -900.4, "high": 1200.0, "unit": "eur_per_month", "share_from_defaults": 0.5, "lines": lines},
        "freshness": {"reaches": "2026-03-10", "stale": False},
    }
    with write(site.engine) as conn:
        conn.execute(update(assessment).values(body=json.dumps(body), verdict="prepare"))
    page = site.client.get(site.home).text
    assert "-€900 to €1,200 a month" in page
    assert '<span class="tier t-default">default</span>' in page
    assert "50%" in page


def test_changes_one_can_act_on_come_first_and_equal_outcomes_are_told_together() -> None:
    flips = [
        {"kind": "gate", "name": "volume", "before": "passed", "after": "failed", "verdict": "too_early"},
        {"kind": "signal", "name": "quality", "before": "unknown", "after": "calm", "verdict": "not_needed"},
        {"kind": "signal", "name": "quality", "before": "unknown", "after": "over", "verdict": "not_needed"},
        {"kind": "gate", "name": "formalised", "before": "failed", "after": "passed", "verdict": "outsource"},
        {"kind": "signal", "name": "key_person", "before": "watch", "after": "calm", "verdict": "not_needed"},
    ]
    shown = [(flip["name"], flip["after"]) for flip in useful_flips(flips)]
    assert shown == [("formalised", ["passed"]), ("quality", ["calm", "over"]), ("volume", ["failed"])]


def test_a_reason_stands_beside_the_half_it_speaks_of() -> None:
    def reason(**params: float) -> dict[str, object]:
        return {"code": "limit_passed", "params": params}

    no_value = {"code": "no_reminder_source", "params": {}}
    first = {"limit": 0.1, "baseline": 0.02, "no_value_because": None}
    second = {"limit": 0.5, "baseline": None, "no_value_because": no_value}
    signal = {"primary": first, "half": second, "why": [reason(limit=0.1), reason(limit=0.5), no_value, reason()]}
    (_, of_first), (_, of_second) = halves(signal)
    assert of_first == [reason(limit=0.1), reason()]
    assert of_second == [reason(limit=0.5), no_value]
