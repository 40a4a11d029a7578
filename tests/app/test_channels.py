"""Channels: alerts told at once to programs and chats, signed, once each in practice, and switched off when gone."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, func, select, update
from standardwebhooks.webhooks import Webhook as Verifier

from app.alerts import update_failure
from app.channels import Asked, add_channel, channels, find_channel, remove_channel
from app.companies import add_company
from app.db import read, write
from app.errors import BadInput, NotFound, Refused
from app.faultpoints import _hooks, on_reaching
from app.models.channels import channel, notice
from app.models.watch import episode
from app.notices import (
    TRIED_FOR,
    channels_due,
    hand_over,
    message,
    notices_due,
    notices_of,
    sender,
    trouble_text,
    try_channel,
    write_notices,
)
from app.schedule import steps, tick
from app.senders import NotTold, signed
from app.settings import Settings
from app.vault import Vault
from tests.conftest import NOW
from tests.listener import Ear, listening

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
VAULT = Vault(Fernet.generate_key().decode())
HERE = frozenset({"127.0.0.1"})
BASE = "https://seuil.example.com"


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as one:
        yield one


def webhook(engine: Engine, company: str, ear: Ear) -> tuple[str, str]:
    with write(engine) as conn:
        channel_id, secret = add_channel(
            conn, company, Asked("webhook", ear.address, "ERP"), NOW, vault=lambda: VAULT, private_hosts=HERE
        )
    assert secret is not None
    return channel_id, secret


def fail(
    engine: Engine, company: str, now: datetime = NOW, *, failed: bool = True, subject: str = "source:csv"
) -> None:
    with write(engine) as conn:
        update_failure(conn, company, subject, now.date(), now, failed=failed, facts={"code": "source_denied"})


def tell(engine: Engine, now: datetime) -> int:
    """Do both steps once, and say how many notices were handed over or tried."""
    with read(engine) as conn:
        due = channels_due(conn, now)
    for key in due:
        write_notices(engine, key, lambda: now)
    with read(engine) as conn:
        waiting = notices_due(conn, now)
    send = sender(lambda: VAULT, base_url=BASE, private_hosts=HERE)
    for key in waiting:
        hand_over(engine, key, lambda: now, send)
    return len(waiting)


def states(engine: Engine) -> list[str]:
    with read(engine) as conn:
        return [str(state) for state in conn.execute(select(notice.c.state).order_by(notice.c.event_no)).scalars()]


def test_an_alert_is_told_once_signed_and_with_where_to_look(engine: Engine, company: str, ear: Ear) -> None:
    _, secret = webhook(engine, company, ear)
    fail(engine, company)

    assert [tell(engine, NOW), tell(engine, NOW + MINUTE)] == [1, 0]
    ((headers, body),) = ear.heard
    told = json.loads(body)
    at = int(headers["webhook-timestamp"])
    assert at == int(NOW.timestamp())
    assert signed(secret, headers["webhook-id"], at, body)["webhook-signature"] == headers["webhook-signature"]
    assert told["type"] == "alert.failed"
    assert told["data"]["alert"]["subject"] == "source:csv"
    assert told["data"]["url"] == f"{BASE}/companies/{company}/alerts/{told['data']['alert']['id']}"
    assert states(engine) == ["sent"]


def test_the_signature_is_what_the_standards_own_library_verifies() -> None:
    secret, body = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", b'{"type":"alert.fired"}'
    at = int(datetime.now().timestamp())  # noqa: DTZ005 - the library compares with the clock of the machine
    assert Verifier(secret).verify(body, signed(secret, "msg_1", at, body)) == {"type": "alert.fired"}
    with pytest.raises(Exception, match="signature"):
        Verifier(secret).verify(body + b" ", signed(secret, "msg_1", at, body))


def test_what_was_before_the_channel_is_not_told(engine: Engine, company: str, ear: Ear) -> None:
    fail(engine, company)
    webhook(engine, company, ear)
    fail(engine, company, NOW + DAY, failed=False)

    tell(engine, NOW + DAY)
    assert [json.loads(body)["type"] for _, body in ear.heard] == ["alert.mended"]


def test_a_server_in_trouble_is_tried_again_under_the_same_id_then_given_up(
    engine: Engine, company: str, ear: Ear
) -> None:
    webhook(engine, company, ear)
    fail(engine, company)
    ear.answers = [503, 302, 429]

    assert [tell(engine, NOW), tell(engine, NOW), tell(engine, NOW + MINUTE)] == [1, 0, 1]
    assert len({headers["webhook-id"] for headers, _ in ear.heard}) == 1
    tell(engine, NOW + TRIED_FOR + DAY)
    assert states(engine) == ["refused"]
    with read(engine) as conn:
        (one,) = notices_of(conn, company)
    assert trouble_text(one["trouble"], "en") == "It answered 429."


def test_a_program_that_says_it_is_gone_is_told_nothing_more(engine: Engine, company: str, ear: Ear) -> None:
    channel_id, _ = webhook(engine, company, ear)
    fail(engine, company)
    ear.answers = [410]

    tell(engine, NOW)
    fail(engine, company, NOW + DAY, failed=False)
    assert tell(engine, NOW + DAY) == 0
    with read(engine) as conn:
        row = find_channel(conn, company, channel_id)
    assert (row["off_at"], row["off_because"], states(engine)) == (NOW, "channel_gone", ["refused"])


def test_killed_between_taking_and_marking_it_goes_once_more_with_its_id(
    engine: Engine, company: str, ear: Ear
) -> None:
    class PulledPlug(BaseException):
        """The process is gone."""

    def pull(point: str) -> None:
        if point == "notice.taken":
            raise PulledPlug

    webhook(engine, company, ear)
    fail(engine, company)
    on_reaching(pull)
    try:
        with pytest.raises(PulledPlug):
            tell(engine, NOW)
    finally:
        _hooks.remove(pull)
    assert [tell(engine, NOW + MINUTE), tell(engine, NOW + 11 * MINUTE)] == [0, 1]
    assert len(ear.heard) == 2
    assert len({headers["webhook-id"] for headers, _ in ear.heard}) == 1
    assert states(engine) == ["sent"]


def test_two_that_look_at_once_write_one_notice_and_hand_it_over_once(engine: Engine, company: str, ear: Ear) -> None:
    webhook(engine, company, ear)
    fail(engine, company)
    with read(engine) as conn:
        (key,) = channels_due(conn, NOW)
    write_notices(engine, key, lambda: NOW)
    write_notices(engine, key, lambda: NOW)
    with read(engine) as conn:
        (waiting,) = notices_due(conn, NOW)
    send = sender(lambda: VAULT, base_url=BASE, private_hosts=HERE)
    hand_over(engine, waiting, lambda: NOW, send)
    hand_over(engine, waiting, lambda: NOW, send)
    assert len(ear.heard) == 1


def test_a_snoozed_alert_is_quiet_until_it_is_over(engine: Engine, company: str, ear: Ear) -> None:
    webhook(engine, company, ear)
    fail(engine, company)
    with write(engine) as conn:
        conn.execute(update(episode).values(snoozed_until=NOW + 30 * DAY))
    assert tell(engine, NOW) == 0
    fail(engine, company, NOW + DAY, failed=False)
    tell(engine, NOW + DAY)
    assert [json.loads(body)["type"] for _, body in ear.heard] == ["alert.mended"]


def test_one_companys_alerts_are_told_to_its_own_channels_only(engine: Engine, company: str, ear: Ear) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Autre", NOW, zone="Europe/Paris")
    webhook(engine, other, ear)
    fail(engine, company)

    assert tell(engine, NOW) == 0
    with read(engine) as conn, pytest.raises(NotFound):
        find_channel(conn, company, str(channels(conn, other)[0]["id"]))


def test_addresses_and_secrets_are_sealed_and_go_with_the_channel(engine: Engine, company: str, ear: Ear) -> None:
    channel_id, secret = webhook(engine, company, ear)
    fail(engine, company)
    tell(engine, NOW)
    with write(engine) as conn:
        row = conn.execute(select(channel)).one()
        assert not any(part in str(row) for part in (secret, ear.address))
        remove_channel(conn, company, channel_id)
        assert conn.execute(select(func.count()).select_from(notice)).scalar() == 0


@pytest.mark.parametrize(
    ("kind", "address", "code"),
    [
        ("webhook", "http://erp.example.com/x", "address_not_https"),
        ("webhook", "https://10.0.0.8/x", "address_private"),
        ("webhook", "nothing", "address_unreadable"),
        ("apprise", "nothing", "channel_unreadable"),
        ("pigeon", "https://erp.example.com", "unknown_channel"),
    ],
)
def test_an_address_that_will_not_do_is_refused(
    engine: Engine, company: str, kind: str, address: str, code: str
) -> None:
    with write(engine) as conn, pytest.raises(BadInput) as refusal:
        add_channel(conn, company, Asked(kind, address), NOW, vault=lambda: VAULT)
    assert refusal.value.code == code


def test_a_demonstration_tells_nobody(engine: Engine, ear: Ear) -> None:
    with write(engine) as conn:
        demo = add_company(conn, "Démonstration", NOW, zone="Europe/Paris", is_demo=True)
        with pytest.raises(Refused):
            add_channel(conn, demo, Asked("webhook", ear.address), NOW, vault=lambda: VAULT, private_hosts=HERE)


def test_a_chat_gets_words_in_its_language(engine: Engine, company: str, ear: Ear) -> None:
    chat = ear.address.replace("http://", "json://")
    with write(engine) as conn:
        add_channel(conn, company, Asked("apprise", chat, "Équipe", "fr"), NOW, vault=lambda: VAULT)
    fail(engine, company)
    tell(engine, NOW)

    ((_, body),) = ear.heard
    told = json.loads(body)
    assert told["title"].startswith("Menuiserie Aubrac")
    assert f"{BASE}/companies/{company}/alerts/" in told["message"]
    assert states(engine) == ["sent"]


def test_a_channel_is_tried_before_it_is_needed(engine: Engine, company: str, ear: Ear) -> None:
    channel_id, _ = webhook(engine, company, ear)
    send = sender(lambda: VAULT, base_url=BASE, private_hosts=HERE)
    with read(engine) as conn:
        row = find_channel(conn, company, channel_id)
    try_channel(row, send, "claire", NOW)
    assert json.loads(ear.heard[0][1])["type"] == "alert.trial"
    ear.answers = [500]
    with pytest.raises(NotTold):
        try_channel(row, send, "claire", NOW)


def test_the_metronome_tells_channels(engine: Engine, company: str, ear: Ear) -> None:
    key = Fernet.generate_key().decode()
    settings = Settings(database_url="sqlite://", secret_key=key, private_hosts="127.0.0.1")
    with write(engine) as conn:
        add_channel(conn, company, Asked("webhook", ear.address), NOW, vault=lambda: Vault(key), private_hosts=HERE)
    fail(engine, company)
    registry = [step for step in steps(settings) if step.name in {"notices", "tell"}]

    assert tick(engine, lambda: NOW, registry) == {"notices": 1, "tell": 1}
    assert len(ear.heard) == 1


def test_words_for_people_say_what_it_rests_on() -> None:
    alert = {"id": "e", "subject": "late_invoicing", "state": "firing", "facts": {
        "measure": "late_issued_rate", "value": 0.3, "low": 0.25, "high": 0.35, "unit": "share", "limit": 0.1,
    }}  # fmt: skip
    content = {
        "company": {"id": "c", "name": "Aubrac"},
        "alert": alert,
        "event": {"no": 1, "kind": "fired", "at": "", "on": str(date(2026, 11, 22))},
    }
    title, text = message(content, "en", BASE)
    assert title == "Aubrac – Late invoicing and dunning"
    assert "30" in text
    assert text.endswith("/companies/c/alerts/e")
