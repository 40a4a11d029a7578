"""Signatures of webhooks: the published example, the project's own library as the other side, and every way to fail."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from connectors.doorbell import BadSignature, Knock, StandardWebhooks, key_of, new_secret

BELL = StandardWebhooks()
# The example of the standard's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
SENT_AT = datetime.fromtimestamp(1614265330, UTC)
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}

secrets = st.binary(min_size=24, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode())
ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=255)
instants = st.integers(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def signed(secret: str, event_id: str, at: datetime, body: str) -> dict[str, str]:
    """Sign as the standard's own library does."""
    signature = Webhook(secret).sign(event_id, at, body)
    seconds = str(int(at.timestamp()))
    return {"Webhook-Id": event_id, "Webhook-Timestamp": seconds, "Webhook-Signature": signature}


def code_of(headers: dict[str, str], body: bytes = BODY, secret: str = SECRET, now: datetime = SENT_AT) -> str:
    with pytest.raises(BadSignature) as refused:
        BELL.verify(headers, body, secret, now)
    return refused.value.code


def test_the_published_example_is_genuine() -> None:
    assert BELL.verify(HEADERS, BODY, SECRET, SENT_AT) == Knock("msg_p5jXN8AQM9LWM0D4loKWxJek", SENT_AT)


def test_the_names_of_headers_are_read_in_any_case() -> None:
    shouted = {name.upper(): value for name, value in HEADERS.items()}

    assert BELL.verify(shouted, BODY, SECRET, SENT_AT).sent_at == SENT_AT


@given(secrets, ids, instants, st.text(st.characters(exclude_categories=["Cs"])))
def test_what_the_standards_library_signs_is_genuine(secret: str, event_id: str, at: datetime, body: str) -> None:
    headers = signed(secret, event_id, at, body)

    assert BELL.verify(headers, body.encode(), secret, at) == Knock(event_id, at)


@given(secrets, ids, instants, st.binary(min_size=1), st.data())
def test_a_body_with_any_byte_changed_is_refused(
    secret: str, event_id: str, at: datetime, raw: bytes, data: st.DataObject
) -> None:
    body = raw.hex()
    headers = signed(secret, event_id, at, body)
    changed = bytearray(body.encode())
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))

    assert code_of(headers, bytes(changed), secret, at) == "knock_signature_wrong"


@given(secrets, secrets, ids, instants)
def test_another_secret_is_refused(secret: str, other: str, event_id: str, at: datetime) -> None:
    if secret != other:
        assert code_of(signed(other, event_id, at, "{}"), b"{}", secret, at) == "knock_signature_wrong"


@given(st.dictionaries(st.sampled_from([*HEADERS, "x"]), st.text()), st.binary(), instants)
def test_whatever_comes_is_genuine_or_refused_and_nothing_else(
    headers: dict[str, str], body: bytes, now: datetime
) -> None:
    assert code_of({**headers}, body, SECRET, now).startswith("knock_")


def test_one_good_signature_among_several_is_enough() -> None:
    good = HEADERS["webhook-signature"]
    several = f"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw v1,bm90IGl0 nonsense {good}"

    assert BELL.verify(HEADERS | {"webhook-signature": several}, BODY, SECRET, SENT_AT)


def test_one_good_secret_among_several_is_enough() -> None:
    assert BELL.verify(HEADERS, BODY, [new_secret(), SECRET], SENT_AT)
    with pytest.raises(BadSignature, match="knock_signature_wrong"):
        BELL.verify(HEADERS, BODY, [new_secret(), new_secret()], SENT_AT)
    with pytest.raises(BadSignature, match="knock_signature_wrong"):
        BELL.verify(HEADERS, BODY, [], SENT_AT)


@pytest.mark.parametrize("version", ["v1a", "v2", "V1", ""])
def test_a_right_signature_under_another_version_does_not_count(version: str) -> None:
    text = HEADERS["webhook-signature"].removeprefix("v1")

    assert code_of(HEADERS | {"webhook-signature": version + text}) == "knock_not_signed"


@pytest.mark.parametrize("name", list(HEADERS))
def test_a_missing_or_empty_header_is_refused(name: str) -> None:
    without = {key: value for key, value in HEADERS.items() if key != name}

    assert code_of(without) == "knock_header_missing"
    assert code_of(HEADERS | {name: " "}) == "knock_header_missing"


@pytest.mark.parametrize("text", ["soon", "1614265330.0", "-1614265330", "1e9", "١٦١٤٢٦٥٣٣٠", "9" * 12, "9" * 5000])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(text: str) -> None:
    assert code_of(HEADERS | {"webhook-timestamp": text}) == "knock_time_unusable"


@pytest.mark.parametrize("event_id", ["x" * 256, "a\x00b", "a\nb", "é"])
def test_an_id_that_cannot_be_kept_is_refused(event_id: str) -> None:
    assert code_of(HEADERS | {"webhook-id": event_id}) == "knock_id_unusable"


def test_an_id_or_a_time_that_was_not_signed_is_refused() -> None:
    assert code_of(HEADERS | {"webhook-id": "msg_other"}) == "knock_signature_wrong"
    assert code_of(HEADERS | {"webhook-timestamp": "1614265331"}) == "knock_signature_wrong"


def test_five_minutes_either_way_are_borne_and_no_more() -> None:
    limit, second = timedelta(minutes=5), timedelta(seconds=1)

    assert BELL.verify(HEADERS, BODY, SECRET, SENT_AT + limit)
    assert BELL.verify(HEADERS, BODY, SECRET, SENT_AT - limit)
    assert code_of(HEADERS, now=SENT_AT + limit + second) == "knock_too_old"
    assert code_of(HEADERS, now=SENT_AT - limit - second) == "knock_too_early"


def test_the_tolerance_can_be_set() -> None:
    patient = StandardWebhooks(tolerance=timedelta(hours=1))

    assert patient.verify(HEADERS, BODY, SECRET, SENT_AT + timedelta(minutes=59))


def test_a_new_secret_has_32_bytes_and_is_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}

    assert len(made) == 100
    assert {len(key_of(secret)) for secret in made} == {32}


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_****", "whsec_" + base64.b64encode(b"x" * 23).decode(), "é"])
def test_a_text_that_is_no_secret_is_no_key(secret: str) -> None:
    with pytest.raises(ValueError, match=r"bytes|base64|ASCII"):
        key_of(secret)


def test_a_secret_copied_without_its_padding_is_read() -> None:
    secret = new_secret()

    assert key_of(secret.rstrip("=") + " ") == key_of(secret)
