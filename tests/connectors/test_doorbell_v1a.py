"""Ed25519 signatures (`v1a`): two senders' published examples, and wrong in every single way."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from connectors.doorbell import BadSignature, Knock, StandardWebhooks

BELL = StandardWebhooks()
SECOND = timedelta(seconds=1)

# The test vectors of Mobiscroll Connect's libraries: its server's keys, and a body beyond ASCII.
ACTIVE = "whpk_0r0+Z02Sv1SRb1QjsKUnil6t2oqtAyhn5HHfKgbTXFs="
PREVIOUS = "whpk_4bVYVyWUPGQLCcnQQoGU4qTyIeucOFTnkZXlNFAlv6g="
UNRELATED = "whpk_ayphRQPtMA3vgSzLAuQ80QvyDQbO3ha9Xgc6xCwBWXI="
ID, AT = "msg_2a161f33-a287-419f-85f9-fc95dbecccdd", datetime.fromtimestamp(1_790_000_000, UTC)
BODY = (
    '{"eventType":"event.updated","userId":"user_42","provider":"google","calendarId":"primary","events":'
    '[{"id":"evt_1","title":"Café meeting ☕ — Zoë","lastModified":"2026-09-21T10:00:00.000Z"}]}'
).encode()
BY_ACTIVE = "v1a,ClNzh8jskfPsDqArmUq6vxG6/PAQmLXf7sMsXnReG1DAI3lMxKcQEyEqqWe/weLoTo8g72qIJ+H0nA1WhNWEDA=="
BY_PREVIOUS = "v1a,MYPOv3exr1vMvu95bLYcu1k3hDAQeC66XmOy91Y34m2q/mBd3j1dhT+ubQYkMZF7FxvItnlwU9yXKqd2A1SWDQ=="
NO_HMAC = "v1,BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
HEADERS = {"webhook-id": ID, "webhook-timestamp": "1790000000", "webhook-signature": BY_ACTIVE}
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the group (RFC 8032, 5.1)


def code_of(
    headers: Mapping[str, str], body: bytes = BODY, keys: str | Sequence[str] = ACTIVE, now: datetime = AT
) -> str:
    with pytest.raises(BadSignature) as refused:
        BELL.verify(headers, body, keys, now)
    return refused.value.code


def changed(**headers: str) -> dict[str, str]:
    return HEADERS | {f"webhook-{name}": value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("signatures", "keys"),
    [
        (BY_ACTIVE, ACTIVE),
        (BY_ACTIVE, [UNRELATED, ACTIVE]),
        (f"{BY_ACTIVE} {BY_PREVIOUS}", ACTIVE),  # while the sender changes its key, both sign
        (f"{BY_ACTIVE} {BY_PREVIOUS}", PREVIOUS),
        (f"{BY_PREVIOUS} {BY_ACTIVE}", [ACTIVE]),
        (BY_PREVIOUS, [ACTIVE, PREVIOUS]),  # while we do, both count
        (f"{NO_HMAC} {BY_ACTIVE}", ACTIVE),
        (f"{NO_HMAC} {BY_ACTIVE}", ["whsec_" + "A" * 32, ACTIVE]),
        (BY_ACTIVE, ["whpk_not-a-key", ACTIVE]),
    ],
)
def test_the_published_vectors_are_genuine_by_each_key_that_signed(signatures: str, keys: str | list[str]) -> None:
    assert BELL.verify(changed(signature=signatures), BODY, keys, AT) == Knock(ID, AT)


def test_another_senders_published_example_is_genuine() -> None:
    # From a guide to webhooks about the registration of brands; its key stands there as PEM.
    body = (
        b'{"brand_name":"Amazon","brand_registration_id":"01981e54-4117-71b3-8122-076c7eade396",'
        b'"campaign_registration_id":null,"campaign_website":null,"comments":null,"current_status":"Created",'
        b'"event_category":"BRAND","event_time":"2025-07-18T16:18:14.989348439+00:00","event_type":"Created",'
        b'"previous_status":null}'
    )
    key = "whpk_3wjctSTLJgR7u2or7sx0sW60ad+zZLHYHGUdMQc1QC8="
    headers = {
        "Webhook-Id": "01981e54-414d-7223-acd3-b08f82481364",
        "Webhook-Timestamp": "1752855494",
        "Webhook-Signature": (
            "v1a,uU7CWSRwXw0955x8rUwDnmrn8WJLEVafI1J3X4DDsP+4NOLlz16kD4FeshACNuOcxIfGl/voFXcaRcaPrEqRDg=="
        ),
    }

    assert BELL.verify(headers, body, key, datetime.fromtimestamp(1752855494, UTC)).event_id == headers["Webhook-Id"]


@pytest.mark.parametrize(
    ("headers", "keys", "code"),
    [
        (HEADERS, UNRELATED, "knock_signature_wrong"),
        (changed(signature=f"{BY_ACTIVE} {BY_PREVIOUS}"), UNRELATED, "knock_signature_wrong"),
        (changed(signature=BY_PREVIOUS), ACTIVE, "knock_signature_wrong"),
        (changed(id="msg_other"), ACTIVE, "knock_signature_wrong"),
        (changed(timestamp="1790000001"), ACTIVE, "knock_signature_wrong"),
        (changed(timestamp="01790000000"), ACTIVE, "knock_signature_wrong"),  # the same instant, other bytes
        (changed(timestamp="abc"), ACTIVE, "knock_time_unusable"),
        (changed(signature=NO_HMAC), ACTIVE, "knock_not_signed"),
        (changed(signature=BY_ACTIVE.replace("v1a,", "v1,")), ACTIVE, "knock_not_signed"),
        (changed(signature=BY_ACTIVE.removeprefix("v1a,")), ACTIVE, "knock_not_signed"),
        (changed(signature="v1a"), ACTIVE, "knock_signature_wrong"),
        (changed(signature="v1a,"), ACTIVE, "knock_signature_wrong"),
        (changed(signature="v1a,@@not-base64@@"), ACTIVE, "knock_signature_wrong"),
        (changed(signature="v1a,AAAAAAAAAAAAAA=="), ACTIVE, "knock_signature_wrong"),
        (changed(signature=BY_ACTIVE + "AAAA"), ACTIVE, "knock_signature_wrong"),
        (changed(signature="v1a," + base64.b64encode(bytes(64)).decode()), ACTIVE, "knock_signature_wrong"),
        (changed(signature=BY_ACTIVE.replace("/", "_").replace("+", "-")), ACTIVE, "knock_signature_wrong"),
        (HEADERS, [], "knock_not_signed"),
        (HEADERS, "whpk_not-a-key", "knock_signature_wrong"),
        (HEADERS, "whsec_" + "A" * 32, "knock_not_signed"),
        (HEADERS, [PREVIOUS, UNRELATED], "knock_signature_wrong"),
    ],
)
def test_wrong_in_any_single_way_it_is_refused(headers: dict[str, str], keys: str | list[str], code: str) -> None:
    assert code_of(headers, keys=keys) == code


@pytest.mark.parametrize("name", list(HEADERS))
def test_a_missing_header_is_refused(name: str) -> None:
    assert code_of({one: value for one, value in HEADERS.items() if one != name}) == "knock_header_missing"


def test_five_minutes_either_way_are_borne_and_not_a_second_more() -> None:
    for far in (timedelta(minutes=5), timedelta(minutes=-5)):
        assert BELL.verify(HEADERS, BODY, ACTIVE, AT + far)
    assert code_of(HEADERS, now=AT + timedelta(minutes=5) + SECOND) == "knock_too_old"
    assert code_of(HEADERS, now=AT - timedelta(minutes=5) - SECOND) == "knock_too_early"


def test_no_bit_of_a_signature_or_of_a_key_can_be_changed() -> None:
    signature = base64.b64decode(BY_ACTIVE.removeprefix("v1a,"))
    for bit in range(512):
        other = "v1a," + base64.b64encode(flipped(signature, bit)).decode()
        assert code_of(changed(signature=other)) == "knock_signature_wrong"
    key = base64.b64decode(ACTIVE.removeprefix("whpk_"))
    for bit in range(256):
        assert code_of(HEADERS, keys="whpk_" + base64.b64encode(flipped(key, bit)).decode()) == "knock_signature_wrong"


def flipped(raw: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(raw))


def test_a_signature_with_the_groups_order_added_is_another_writing_of_it_and_refused() -> None:
    signature = base64.b64decode(BY_ACTIVE.removeprefix("v1a,"))
    doubled = signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")

    assert code_of(changed(signature="v1a," + base64.b64encode(doubled).decode())) == "knock_signature_wrong"


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=1, max_size=200), st.data())
def test_what_a_key_signs_is_genuine_and_with_any_byte_changed_it_is_not(
    seed: bytes, body: bytes, data: st.DataObject
) -> None:
    signer = Ed25519PrivateKey.from_private_bytes(seed)
    key = "whpk_" + base64.b64encode(signer.public_key().public_bytes_raw()).decode()
    signature = base64.b64encode(signer.sign(f"{ID}.1790000000.".encode() + body)).decode()
    headers = changed(signature=f"v1a,{signature}")
    other = bytearray(body)
    other[data.draw(st.integers(0, len(other) - 1))] ^= data.draw(st.integers(1, 255))

    assert BELL.verify(headers, body, key, AT) == Knock(ID, AT)
    assert code_of(headers, bytes(other), key) == "knock_signature_wrong"
