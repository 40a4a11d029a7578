"""Episodes over HTTP: listed, opened, acknowledged, commented, put off, brought back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import Engine

from app.alert_actions import LONGEST_SNOOZE_DAYS
from app.alerts import episodes, update_failure
from app.api_keys import make_key
from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import read, write
from app.intake import find_source, save_page
from app.language import LANGUAGES
from app.wording import LABELS, SENTENCES
from app.wording.subjects import subject_label
from connectors.base import Page
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream
from signals.episodes import Kind, State
from tests.conftest import NOW
from tests.serving import served

WEEK = timedelta(days=7)
START = date(2026, 1, 5)
BY_PEOPLE = ("acknowledged", "comment", "snoozed", "woken", "woken_by_hand", "snooze_over")


def invoice(n: int) -> Invoice:
    """Every second one is a month late."""
    issued = START + timedelta(days=n + (30 if n % 2 else 1))
    return Invoice(
        external_id=f"F{n}",
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=f"F{n}",
        party="C1",
        service_on=START + timedelta(days=n),
        issued_on=issued,
        total=Decimal(120),
    )


def open_failure(engine: Engine, company_id: str, subject: str = "source:demo") -> str:
    """Open an episode of something that fails, and give its id."""
    facts = {"code": "source_denied"}
    with write(engine) as conn:
        update_failure(conn, company_id, subject, NOW.date(), NOW, failed=True, facts=facts)
        return str(next(row["id"] for row in episodes(conn, company_id) if row["subject"] == subject))


def mend(engine: Engine, company_id: str, subject: str = "source:demo") -> None:
    with write(engine) as conn:
        update_failure(conn, company_id, subject, NOW.date(), NOW, failed=False, facts={})


@pytest.fixture
def client(engine: Engine, company: str) -> Iterator[httpx.Client]:
    """A client with a key named "erp", below the company."""
    with write(engine) as conn:
        key = make_key(conn, "erp", NOW)
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
    with (
        served(engine, NOW) as address,
        httpx.Client(base_url=f"{address}/v1/companies/{company}", headers=headers) as asking,
    ):
        yield asking


def title(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["title"]


def test_a_crossing_is_listed_and_leads_to_the_records_behind_it(
    client: httpx.Client, engine: Engine, company: str
) -> None:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW - 2 * WEEK))
        save_page(conn, source, Stream.INVOICES, Page(tuple(map(invoice, range(280))), {}), NOW - WEEK)
    assess_company(engine, company, NOW - WEEK)
    assess_company(engine, company, NOW)

    listed = client.get("alerts", params={"subject": "late_invoicing"}).json()["alerts"]
    whole = client.get(f"alerts/{listed[0]['id']}").json()
    behind = client.get(str(client.base_url.join(whole["records"]))).json()

    assert [one["state"] for one in listed] == ["firing"]
    assert (listed[0]["opened_on"], listed[0]["fired_on"]) == ("2026-11-15", "2026-11-22")
    assert whole["measure"] == "late_issued_rate"
    assert whole["records"].endswith("/measures/late_issued_rate/evidence?as_of=2026-11-22")
    assert [event["kind"] for event in whole["history"]] == ["noticed", "fired"]
    assert whole["history"][1]["facts"]["value"] == whole["facts"]["value"]
    assert behind["total"] > 30


def test_episodes_are_listed_by_state_and_by_subject(client: httpx.Client, engine: Engine, company: str) -> None:
    over, still = open_failure(engine, company), open_failure(engine, company, "assessment")
    mend(engine, company)

    def ids(**params: str) -> list[str]:
        return [one["id"] for one in client.get("alerts", params=params).json()["alerts"]]

    assert ids() == [still, over]
    assert ids(state="open") == [still]
    assert ids(state="closed") == [over]
    assert ids(state="all", subject="source:demo") == [over]
    assert ids(state="open", subject="source:demo") == []
    assert title(client.get("alerts", params={"state": "asleep"})) == (422, "bad_request")


def test_an_episode_has_no_more_than_is_promised(client: httpx.Client, engine: Engine, company: str) -> None:
    listed = client.get(f"alerts/{open_failure(engine, company)}").json()

    assert set(listed) == {
        "id", "subject", "process", "state", "opened_on", "opened_at", "fired_on", "calm_since", "closed_on",
        "seen_on", "resumes_as", "facts", "acknowledged_at", "acknowledged_by", "snoozed_until",
        "owner", "dismissed_at", "dismissed_by", "dismissed_because", "ending", "measure", "records", "history",
    }  # fmt: skip
    assert (listed["state"], listed["measure"], listed["records"]) == ("error", None, None)


def test_it_is_acknowledged_once_and_by_whom_is_kept(client: httpx.Client, engine: Engine, company: str) -> None:
    episode = open_failure(engine, company)

    first = client.post(f"alerts/{episode}/acknowledge", json={"comment": "The password ran out."}).json()
    again = client.post(f"alerts/{episode}/acknowledge").json()

    assert (first["acknowledged_by"], first["acknowledged_at"]) == ("key erp", NOW.isoformat())
    told = first["history"][-1]
    assert (told["kind"], told["who"], told["note"]) == ("acknowledged", "key erp", "The password ran out.")
    assert again["history"] == first["history"]


def test_two_who_acknowledge_at_once_leave_one_mark(client: httpx.Client, engine: Engine, company: str) -> None:
    episode = open_failure(engine, company)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post(f"alerts/{episode}/acknowledge"), range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert [event["kind"] for event in client.get(f"alerts/{episode}").json()["history"]] == ["failed", "acknowledged"]


def test_a_comment_may_come_after_the_end_but_may_not_be_empty(
    client: httpx.Client, engine: Engine, company: str
) -> None:
    episode = open_failure(engine, company)
    mend(engine, company)

    said = client.post(f"alerts/{episode}/comment", json={"comment": "A new password was set."}).json()

    assert [event["kind"] for event in said["history"]] == ["failed", "mended", "comment"]
    assert title(client.post(f"alerts/{episode}/comment", json={"comment": " "})) == (422, "comment_empty")
    assert title(client.post(f"alerts/{episode}/acknowledge")) == (409, "episode_closed")
    assert title(client.post(f"alerts/{episode}/snooze", json={"until": "2026-12-01"})) == (409, "episode_closed")
    assert title(client.post(f"alerts/{episode}/wake")) == (409, "episode_closed")


def test_it_is_put_off_until_an_instant_or_a_day_of_the_company_and_brought_back(
    client: httpx.Client, engine: Engine, company: str
) -> None:
    episode = open_failure(engine, company)

    by_day = client.post(f"alerts/{episode}/snooze", json={"until": "2026-12-01", "reason": "holidays"}).json()
    by_instant = client.post(f"alerts/{episode}/snooze", json={"until": "2026-12-02T10:00:00+01:00"}).json()
    woken = client.post(f"alerts/{episode}/wake").json()

    midnight_in_paris = datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert datetime.fromisoformat(by_day["snoozed_until"]) == midnight_in_paris
    assert by_day["history"][-1]["note"] == "holidays"
    assert datetime.fromisoformat(by_instant["snoozed_until"]) == datetime(2026, 12, 2, 9, tzinfo=UTC)
    assert woken["snoozed_until"] is None
    assert [event["kind"] for event in woken["history"]] == ["failed", "snoozed", "snoozed", "woken_by_hand"]


@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2026-11-22", "bad_snooze"),  # began this morning
        ((NOW + timedelta(days=LONGEST_SNOOZE_DAYS, seconds=1)).isoformat(), "bad_snooze"),
        ("2026-12-01T10:00:00", "bad_request"),  # whose ten o'clock?
        ("next week", "bad_request"),
        (1_800_000_000, "bad_request"),
        (None, "bad_request"),
    ],
)
def test_a_time_that_is_past_too_far_or_unclear_is_refused(
    client: httpx.Client, engine: Engine, company: str, until: object, code: str
) -> None:
    episode = open_failure(engine, company)

    answer = client.post(f"alerts/{episode}/snooze", json={"until": until})

    assert title(answer) == (422, code)
    assert client.get(f"alerts/{episode}").json()["snoozed_until"] is None


@pytest.mark.parametrize(
    "given", [{"comment": "x", "by": "me"}, {"comment": 3}, {"comment": "x\0"}, {"comment": "x" * 2001}, ["x"]]
)
def test_what_is_not_asked_for_or_does_not_fit_is_refused(
    client: httpx.Client, engine: Engine, company: str, given: object
) -> None:
    episode = open_failure(engine, company)

    for what in ("comment", "acknowledge"):
        assert title(client.post(f"alerts/{episode}/{what}", json=given)) == (422, "bad_request")
    assert len(client.get(f"alerts/{episode}").json()["history"]) == 1


def test_an_episode_of_another_company_is_not_there(client: httpx.Client, engine: Engine) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Autre SARL", NOW, zone="Europe/Paris")
    episode = open_failure(engine, other)

    assert title(client.get(f"alerts/{episode}")) == (404, "no_such_episode")
    for what, given in (("acknowledge", {}), ("comment", {"comment": "x"}), ("snooze", {"until": "2026-12-01"})):
        assert title(client.post(f"alerts/{episode}/{what}", json=given)) == (404, "no_such_episode")
    assert title(client.post(f"alerts/{episode}/wake")) == (404, "no_such_episode")
    with read(engine) as conn:
        (row,) = episodes(conn, other)
    assert (row["acknowledged_at"], row["snoozed_until"]) == (None, None)


def test_without_a_key_nothing_is_told_or_done(client: httpx.Client, engine: Engine, company: str) -> None:
    episode = open_failure(engine, company)

    with httpx.Client(base_url=client.base_url) as nobody:
        assert nobody.get("alerts").status_code == 401
        assert nobody.get(f"alerts/{episode}").status_code == 401
        assert nobody.post(f"alerts/{episode}/acknowledge").status_code == 401
        assert nobody.post(f"alerts/{episode}/wake").status_code == 401
    assert client.get(f"alerts/{episode}").json()["acknowledged_at"] is None


def test_every_state_and_everything_that_happens_has_a_name_and_every_state_a_sentence() -> None:
    happens = [*(kind.value for kind in Kind), *BY_PEOPLE]

    assert not [state for state in State if f"episode_state:{state}" not in LABELS or f"state_{state}" not in SENTENCES]
    assert not [kind for kind in happens if f"episode_kind:{kind}" not in LABELS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_subject_has_a_name(language: str) -> None:
    for subject in ("late_invoicing", "verdict:outsource", "source:demo", "source:push", "assessment"):
        assert subject_label(subject, language) != subject
        assert "{" not in subject_label(subject, language)
    assert subject_label("verdict:outsource", "en") == "Verdict: Outsource now"
    assert subject_label("source:demo", "en") == "Source: demonstration"
