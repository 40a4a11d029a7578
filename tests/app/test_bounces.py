"""Letters that come back, at once or later: who gets no more, who does, and until when."""

import io
import mailbox
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import OperationalError
from typer import Exit

from app.access import holder_with, let_in, make_owner
from app.api_keys import make_key
from app.bounces import Outcome, Taken, bounced_named, take_mail, vouch
from app.companies import add_company
from app.db import read, write
from app.deliveries_cli import take_files, take_piped, vouch_for
from app.delivery_reports import NoReport, read_report
from app.digest import write_digest
from app.errors import BadInput, NotFound, Refused
from app.letters_cli import print_readers, send_letters
from app.mail import AddressRefused, PermanentMailError
from app.main import create_app
from app.models.watch import letter, recipient, subscription
from app.outbox import trouble_text, try_again
from app.reply_codes import is_about_address, read_reply
from app.room import COOKIE
from app.settings import Settings
from tests.app.test_outbox import SENDER, add_letter, due, mailer, post, row
from tests.bounced_mails import AUTO_REPLY, LETTER_OF_SOMEBODY, RECEIPT, SERVERS, postfix, report, sent_on
from tests.conftest import NOW
from tests.mail_server import HOST, Desk, mail_server

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEEP = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2000))
CLAIRE, ID = "claire1@durand.example", "1.2026-W47@seuil.example.com"


def sent(engine: Engine, no: int = 1, **more: Any) -> None:
    add_letter(engine, no, **({"state": "sent", "sent_at": NOW, "tried_at": NOW, "attempts": 1} | more))


def come(engine: Engine, mail: bytes, now: Any = NOW + HOUR) -> Taken:
    with write(engine) as conn:
        return take_mail(conn, mail, now)


def reader(engine: Engine, no: int = 1) -> Any:
    with read(engine) as conn:
        return conn.execute(select(recipient).where(recipient.c.id == f"r{no}")).one()


# At once


@pytest.mark.parametrize(
    ("answer", "bounced"),
    [
        ("550 5.1.1 no such user", True),
        ("550 no such user here", True),
        ("551 user not local", True),
        ("553 mailbox name not allowed", True),
        ("550 sorry, no mailbox here by that name (#5.1.1)", True),
        ("550 #5.1.0 Address rejected.", True),
        ("550 5.2.1 mailbox disabled", True),
        ("550 5.4.1 Recipient address rejected: Access denied", True),
        ("550 5.7.1 blocked", False),
        ("550 relay not permitted", False),
        ("550 Blocked, see https://blocklist.example/192.0.2.4", False),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", False),
        ("552 5.2.2 mailbox full", False),
        ("554 5.4.1 no answer from host", False),
        ("554 transaction failed", False),
    ],
)
def test_an_address_refused_for_good_is_noted_and_a_letter_refused_is_not(
    sqlite_engine: Engine, answer: str, bounced: bool
) -> None:
    add_letter(sqlite_engine)
    with mail_server(Desk(to_recipient=answer)) as desk:
        post(sqlite_engine, mailer(desk).send)

    assert row(sqlite_engine)["state"] == "refused"
    assert row(sqlite_engine)["tried_at"] == NOW
    assert (reader(sqlite_engine).bounced_at == NOW) is bounced
    if bounced:
        assert answer[:9] in trouble_text(reader(sqlite_engine).bounced_because, "en")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.1.1 no such user", AddressRefused),  # some say so after the letter only
        ("550 this is spam", PermanentMailError),
        ("550 5.0.0 rejected", PermanentMailError),
        ("554 5.6.0 bad content", PermanentMailError),
    ],
)
def test_after_the_letter_only_what_names_the_address_counts(
    sqlite_engine: Engine, answer: str, kind: type[PermanentMailError]
) -> None:
    add_letter(sqlite_engine)
    with mail_server(Desk(answers=[answer])) as desk:
        post(sqlite_engine, mailer(desk).send)

    assert (reader(sqlite_engine).bounced_at is not None) is (kind is AddressRefused)


@pytest.mark.parametrize("answer", ["550 5.1.8 bad sender", "550 5.1.1 no such user", "550 user unknown"])
def test_a_sender_that_is_refused_is_no_fault_of_the_reader(sqlite_engine: Engine, answer: str) -> None:
    add_letter(sqlite_engine)
    with mail_server(Desk(to_sender=answer)) as desk:
        post(sqlite_engine, mailer(desk).send)

    assert (row(sqlite_engine)["state"], reader(sqlite_engine).bounced_at) == ("refused", None)


# Later


@pytest.mark.parametrize("server", SERVERS)
def test_a_report_of_a_mail_server_marks_the_letter_and_the_address(engine: Engine, server: str) -> None:
    sent(engine)
    taken = come(engine, SERVERS[server](CLAIRE, ID))

    assert (taken.outcome, taken.letter_id, taken.params["email"]) == (Outcome.BOUNCED, "l1", CLAIRE)
    assert row(engine)["state"] == "bounced"
    assert (reader(engine).bounced_at, reader(engine).bounced_because) == (NOW + HOUR, row(engine)["trouble"])
    assert "It came back: 550" in trouble_text(row(engine)["trouble"], "en")
    assert come(engine, SERVERS[server](CLAIRE, ID)).code == "bounce_seen_before"


def test_an_answer_in_several_lines_is_told_as_one(sqlite_engine: Engine) -> None:
    sent(sqlite_engine)
    told = come(sqlite_engine, SERVERS["gmail"](CLAIRE, ID)).params["detail"]

    assert str(told).startswith(
        "550-5.1.1 The email account that you tried to reach does not exist. Please try double-"
    )
    assert str(told).endswith("or unnecessary spaces. - gsmtp")


def test_a_letter_sent_for_real_comes_back_by_its_own_message_id(engine: Engine) -> None:
    add_letter(engine)
    with mail_server() as desk:
        post(engine, mailer(desk).send)
    message_id = str(desk.letters[0]["Message-ID"]).strip("<>")

    assert come(engine, postfix(CLAIRE, message_id)).outcome is Outcome.BOUNCED


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ({"status": "5.7.1", "said": "554 5.7.1 taken for spam"}, Outcome.RETURNED),
        ({"status": "5.2.2", "said": "552 5.2.2 mailbox full"}, Outcome.RETURNED),
        ({"status": "4.4.1", "said": "connect to mx.example[192.0.2.9]:25: timed out"}, Outcome.RETURNED),
        ({"status": "5.4.4", "said": "Host or domain name not found"}, Outcome.BOUNCED),
        ({"status": "5.0.0", "said": "550 no such user"}, Outcome.BOUNCED),
        ({"status": "5.0.0", "said": ""}, Outcome.BOUNCED),
        ({"action": "delayed", "status": "4.4.1", "said": "connection timed out"}, Outcome.NOTED),
        ({"action": "delivered", "status": "2.0.0", "said": "250 ok"}, Outcome.IGNORED),
        ({"action": "nonsense"}, Outcome.IGNORED),
    ],
)
def test_what_a_report_says_decides_what_it_does(sqlite_engine: Engine, says: dict[str, str], outcome: Outcome) -> None:
    sent(sqlite_engine)
    taken = come(sqlite_engine, report(CLAIRE, ID, **says))

    assert taken.outcome is outcome
    assert (row(sqlite_engine)["state"] == "bounced") is (outcome in {Outcome.BOUNCED, Outcome.RETURNED})
    assert (reader(sqlite_engine).bounced_at is not None) is (outcome is Outcome.BOUNCED)
    assert (row(sqlite_engine)["trouble"] is None) is (outcome is Outcome.IGNORED)


@pytest.mark.parametrize("message_id", [None, "somebody-elses@letter.example", "digest.2026-W47.r1@seuil.invalid"])
def test_a_report_that_knows_no_letter_of_ours_stops_nobodys_letters(
    sqlite_engine: Engine, message_id: str | None
) -> None:
    sent(sqlite_engine)
    taken = come(sqlite_engine, report(CLAIRE, message_id))

    assert (taken.outcome, taken.code, taken.params["email"]) == (Outcome.IGNORED, "bounce_unknown_letter", CLAIRE)
    assert (row(sqlite_engine)["state"], reader(sqlite_engine).bounced_at) == ("sent", None)


@pytest.mark.parametrize(
    ("mail", "code"),
    [
        (AUTO_REPLY, "bounce_auto_reply"),
        (RECEIPT, "bounce_receipt"),
        (LETTER_OF_SOMEBODY, "bounce_other_mail"),
        (sent_on(postfix(CLAIRE, ID)), "bounce_other_mail"),
        (b"", "bounce_other_mail"),
        (b"\xff\x00" * 100, "bounce_other_mail"),
        (report(CLAIRE, ID).replace(b"Final-Recipient", b"X").replace(b"Action", b"Y"), "bounce_unreadable"),
        (b"x" * (5 * 2**20 + 1), "bounce_too_large"),
        (DEEP, "bounce_unreadable"),
    ],
    ids=["auto-reply", "receipt", "answer", "sent on", "nothing", "bytes", "empty report", "large", "deep"],
)  # fmt: skip
def test_any_other_mail_changes_nothing_and_is_said(sqlite_engine: Engine, mail: bytes, code: str) -> None:
    sent(sqlite_engine)
    taken = come(sqlite_engine, mail)

    assert (taken.outcome, taken.code) == (Outcome.IGNORED, code)
    assert (row(sqlite_engine)["state"], reader(sqlite_engine).bounced_at) == ("sent", None)


@given(st.sampled_from([*SERVERS]), st.integers(0, 3000), st.binary(max_size=40))
def test_a_report_with_anything_in_it_is_read_or_is_none(server: str, place: int, put: bytes) -> None:
    mail = SERVERS[server](CLAIRE, ID)
    try:
        found = read_report(mail[:place] + put + mail[place + len(put) :])
    except NoReport:
        return
    assert all("\n" not in one.text and len(one.text) <= 400 for one in found.said)


def test_an_address_that_letters_are_sent_on_to_is_not_the_readers(sqlite_engine: Engine) -> None:
    sent(sqlite_engine)
    taken = come(sqlite_engine, report(CLAIRE, ID, of="claire@elsewhere.example"))

    assert (taken.outcome, taken.params["other"]) == (Outcome.NOTED, "claire@elsewhere.example")
    assert (row(sqlite_engine)["state"], reader(sqlite_engine).bounced_at) == ("sent", None)
    assert "claire@elsewhere.example" in trouble_text(row(sqlite_engine)["trouble"], "fr")
    named = report(CLAIRE, ID, of="claire@elsewhere.example", original=CLAIRE.upper(), own_id="another@mx.example")
    assert come(sqlite_engine, named).outcome is Outcome.BOUNCED


def test_a_demonstrations_letter_never_left_and_does_not_come_back(sqlite_engine: Engine) -> None:
    add_letter(sqlite_engine, is_demo=True, state="kept")

    assert come(sqlite_engine, postfix(CLAIRE, ID)).code == "bounce_unknown_letter"


# Held, until somebody vouches


def test_letters_to_an_address_that_bounced_are_held_and_those_to_others_go_out(engine: Engine) -> None:
    sent(engine)
    come(engine, postfix(CLAIRE, ID))
    with write(engine) as conn:
        conn.execute(insert(letter).values(**again("l9", "2026-W48")))
    add_letter(engine, 2)
    with mail_server() as desk:
        post(engine, mailer(desk).send, NOW + DAY)
        held, letters = row(engine, "l9"), [str(one["To"]) for one in desk.letters]
        with write(engine) as conn:
            assert vouch(conn, bounced_named(conn, CLAIRE.upper()), NOW + DAY) == 1
        post(engine, mailer(desk).send, NOW + DAY)
        after = [str(one["To"]) for one in desk.letters]

    assert (held["state"], held["tried_at"], letters) == ("held", None, ["claire2@durand.example"])
    assert after == ["claire2@durand.example", CLAIRE]
    assert (reader(engine).bounced_at, reader(engine).bounced_because) == (None, None)


def again(letter_id: str, period: str) -> dict[str, Any]:
    from tests.letter_contents import content, quiet  # noqa: PLC0415 - for this alone

    return {
        "id": letter_id, "recipient_id": "r1", "kind": "weekly", "period": period, "content": content(quiet()),
        "message_id": f"<1.{period}@seuil.example.com>", "told_until": 7, "state": "waiting", "created_at": NOW,
        "next_try_at": NOW,
    }  # fmt: skip


def test_what_came_back_is_tried_again_only_once_the_address_is_good(engine: Engine) -> None:
    sent(engine)
    come(engine, postfix(CLAIRE, ID))
    with write(engine) as conn, pytest.raises(Refused, match="recipient_bounced"):
        try_again(conn, "l1", NOW + DAY)
    with write(engine) as conn:
        vouch(conn, "r1", NOW + DAY)
        try_again(conn, "l1", NOW + DAY)
    with mail_server() as desk:
        post(engine, mailer(desk).send, NOW + DAY)

    assert (row(engine)["state"], len(desk.letters)) == ("sent", 1)
    assert come(engine, postfix(CLAIRE, ID)).code == "bounce_seen_before"  # the mailbox is read from its beginning
    assert row(engine)["state"] == "sent"
    anew = come(engine, report(CLAIRE, ID, own_id="a-second@mx.example"), NOW + 2 * DAY)
    assert anew.outcome is Outcome.BOUNCED


def test_a_report_of_a_letter_from_before_somebody_vouched_stops_nothing(engine: Engine) -> None:
    sent(engine)
    with write(engine) as conn:
        vouch(conn, "r1", NOW + HOUR)

    assert come(engine, postfix(CLAIRE, ID)).code == "bounce_before_vouched"
    assert (row(engine)["state"], reader(engine).bounced_at) == ("bounced", None)


def test_of_the_weeks_that_were_held_only_the_last_letter_goes_out(engine: Engine) -> None:
    add_letter(engine, state="held", kind="digest", period="2026-W46")
    with write(engine) as conn:
        company = add_company(conn, "Menuiserie", NOW, zone="Europe/Paris")
        conn.execute(insert(subscription).values(recipient_id="r1", company_id=company, created_at=NOW))
        conn.execute(update(recipient).values(bounced_at=NOW, bounced_because="mail_came_back: 550"))
    write_digest(engine, "r1@2026-W47", lambda: NOW)
    post(engine, lambda _: None)
    with read(engine) as conn:
        states = {one.period: one.state for one in conn.execute(select(letter.c.period, letter.c.state))}

    assert states == {"2026-W46": "replaced", "2026-W47": "held"}
    assert due(engine, NOW + DAY) == []


def test_nobody_vouches_for_what_did_not_bounce(sqlite_engine: Engine) -> None:
    sent(sqlite_engine)
    with write(sqlite_engine) as conn:
        with pytest.raises(NotFound, match="not_bounced"):
            bounced_named(conn, CLAIRE)
        with pytest.raises(NotFound, match="no_such_recipient"):
            vouch(conn, "nobody", NOW)


# At a terminal


def test_a_whole_mailbox_is_read_and_stays_as_it_was(
    sqlite_engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent(sqlite_engine)
    box, folder = mailbox.mbox(tmp_path / "seuil.mbox"), mailbox.Maildir(tmp_path / "Maildir")
    for mail in (AUTO_REPLY, postfix(CLAIRE, ID)):
        box.add(mail)
        folder.add(mail)
    box.close()
    before = (tmp_path / "seuil.mbox").read_bytes()

    take_files(sqlite_engine, tmp_path / "seuil.mbox", NOW, "en")
    first = capsys.readouterr().out
    take_files(sqlite_engine, tmp_path / "Maildir", NOW, "en")
    second = capsys.readouterr().out

    assert "An automatic reply" in first
    assert "Mails read: 2. Addresses that bounced: 1, letters that came back otherwise: 0" in first
    assert "was read before" in second
    assert (tmp_path / "seuil.mbox").read_bytes() == before
    assert len(list((tmp_path / "Maildir" / "new").iterdir())) == 2


def test_a_file_is_one_mail_and_what_is_not_there_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    sent(sqlite_engine)
    (tmp_path / "one.eml").write_bytes(postfix(CLAIRE, ID))
    take_files(sqlite_engine, tmp_path / "one.eml", NOW, "en")

    assert row(sqlite_engine)["state"] == "bounced"
    for path in ("nothing.eml", ""):
        with pytest.raises(BadInput):
            take_files(sqlite_engine, tmp_path / path, NOW, "en")


def test_a_mail_server_pipes_a_mail_in(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(sqlite_engine)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(postfix(CLAIRE, ID))))
    take_piped(lambda: sqlite_engine, NOW, "en")

    assert row(sqlite_engine)["state"] == "bounced"


def test_a_mail_server_keeps_the_mail_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Engine:
        raise OperationalError("", None, Exception("away"))

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(AUTO_REPLY)))
    with pytest.raises(Exit) as left:
        take_piped(away, NOW, "en")
    assert left.value.exit_code == 75


def test_sending_by_hand_says_what_was_held(sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    add_letter(sqlite_engine)
    with write(sqlite_engine) as conn:
        conn.execute(update(recipient).values(bounced_at=NOW, bounced_because="mail_came_back: 550"))
    with mail_server() as desk:
        settings = Settings(
            database_url="sqlite://", smtp_host=HOST, smtp_port=desk.port, smtp_security="none", mail_from=SENDER
        )
        assert send_letters(sqlite_engine, settings, lambda: NOW, "en")

    assert f"{CLAIRE}: held" in capsys.readouterr().out
    assert desk.raw == []


# On a page, and over the API


@pytest.fixture
def site(sqlite_engine: Engine) -> Iterator[TestClient]:
    """The application, with its owner signed in and a reader of one company."""
    with write(sqlite_engine) as conn:
        make_owner(conn, "owner@example.com", "right", NOW)
        token = let_in(conn, holder_with(conn, "owner@example.com", "right"), NOW)
        company = add_company(conn, "Menuiserie", NOW, zone="Europe/Paris")
        key = make_key(conn, "post", NOW)
    sent(sqlite_engine)
    with write(sqlite_engine) as conn:
        conn.execute(insert(subscription).values(recipient_id="r1", company_id=company, created_at=NOW))
    app = create_app(sqlite_engine, Settings(database_url="sqlite://"), now=lambda: NOW + HOUR)
    ours = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
    with TestClient(app, cookies={COOKIE: token}, headers=ours) as client:
        client.headers["x-key"], client.headers["x-company"] = key, company
        yield client


def told(site: TestClient, mail: bytes, kind: str = "message/rfc822") -> Any:
    headers = {"authorization": f"Bearer {site.headers['x-key']}", "content-type": kind}
    return site.post("/v1/bounces", content=mail, headers=headers)


def test_a_provider_hands_a_report_over_and_is_told_what_it_did(sqlite_engine: Engine, site: TestClient) -> None:
    answer = told(site, postfix(CLAIRE, ID)).json()

    assert (answer["outcome"], answer["letter"], answer["code"]) == ("bounced", "l1", "bounce_of_address")
    assert answer["params"]["email"] == CLAIRE
    assert reader(sqlite_engine).bounced_at == NOW + HOUR
    assert told(site, AUTO_REPLY, "").json()["outcome"] == "ignored"


def test_the_door_wants_a_key_a_mail_and_no_more_than_a_report_has(sqlite_engine: Engine, site: TestClient) -> None:
    site.cookies.clear()
    assert site.post("/v1/bounces", content=postfix(CLAIRE, ID)).status_code == 401
    assert told(site, b"{}", "application/json").json()["title"] == "bounce_content_type"
    assert told(site, b"x" * (5 * 2**20 + 1)).status_code == 413
    assert reader(sqlite_engine).bounced_at is None


def test_a_companys_page_says_loudly_who_gets_no_letters_until_somebody_vouches(
    sqlite_engine: Engine, site: TestClient
) -> None:
    home = f"/companies/{site.headers['x-company']}/mail"
    assert "bounced" not in site.get(home).text
    told(site, postfix(CLAIRE, ID))
    page = site.get(home).text
    assert f"{CLAIRE} gets no letters: the address bounced on" in page
    assert "It came back: 550 5.1.1" in page
    assert "none: the address bounced" in page
    assert f'action="{home}/l1/again"' not in page

    with write(sqlite_engine) as conn:
        other = add_company(conn, "Another", NOW, zone="Europe/Paris")
    assert site.post(f"/companies/{other}/mail/recipients/r1/good").status_code == 404
    after = site.post(f"{home}/recipients/r1/good").text
    assert "Letters go there again" in after
    assert "gets no letters" not in after
    assert f'action="{home}/l1/again"' in after


def test_the_list_of_readers_at_a_terminal_says_so_and_somebody_vouches(
    sqlite_engine: Engine, site: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    told(site, postfix(CLAIRE, ID))
    print_readers(sqlite_engine, None, "en")
    assert f"Once it is good again: seuil recipient resume {CLAIRE}" in capsys.readouterr().out
    vouch_for(sqlite_engine, CLAIRE, NOW + DAY, "en")
    assert reader(sqlite_engine).vouched_at == NOW + DAY


# Replies


@given(st.text(max_size=80))
def test_any_reply_is_read(text: str) -> None:
    code, status = read_reply(text)

    assert code is None or 200 <= code < 600
    assert isinstance(is_about_address(code, status, text), bool)


def test_an_address_of_the_internet_is_no_status() -> None:
    assert read_reply("550 5.1.1.9 is on a list") == (550, None)
    assert read_reply("550-5.1.1 The account") == (550, "5.1.1")
    assert read_reply("5.1.1 unknown") == (None, "5.1.1")
