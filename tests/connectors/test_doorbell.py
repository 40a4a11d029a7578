"""Signatures of webhooks: the published example, the project's own library as the other side, and every way to fail."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from connectors.doorbell import SCHEMES, BadSignature, Knock, StandardWebhooks, key_of, new_secret

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


# The first key pair of RFC 8032 (7.1), over the published example; the signature is openssl's:
# printf 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}' > m; openssl pkeyutl -sign -rawin -inkey k -in m
PUBLIC = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
BY_OPENSSL = "v1a,fldxM4gAKugP6nnt1hdz3sgGfZ6d99nzrMFnZOELIxbzEHoVmAb2ADpkJK7zgPePmPsle0zV9jSeGlHFG2NVAw=="


def test_what_a_sender_signs_with_its_own_key_is_genuine_by_its_public_one() -> None:
    BELL.check(PUBLIC)
    headers = HEADERS | {"webhook-signature": BY_OPENSSL}

    assert BELL.verify(headers, BODY, PUBLIC, SENT_AT).event_id == HEADERS["webhook-id"]
    assert BELL.verify(headers, BODY, [SECRET, PUBLIC], SENT_AT)  # while the sender changes over
    assert BELL.verify(HEADERS, BODY, [PUBLIC, SECRET], SENT_AT)
    both = HEADERS | {"webhook-signature": f"{HEADERS['webhook-signature']} {BY_OPENSSL}"}
    assert BELL.verify(both, BODY, PUBLIC, SENT_AT)


def test_a_public_keys_signature_is_refused_wherever_anything_differs() -> None:
    headers = HEADERS | {"webhook-signature": BY_OPENSSL}
    another = "whpk_" + base64.b64encode(bytes(31) + b"\x01").decode()

    assert code_of(headers, BODY + b" ", PUBLIC) == "knock_signature_wrong"
    assert code_of(headers | {"webhook-id": "msg_other"}, secret=PUBLIC) == "knock_signature_wrong"
    assert code_of(headers | {"webhook-timestamp": "1614265331"}, secret=PUBLIC) == "knock_signature_wrong"
    assert code_of(headers, secret=another) == "knock_signature_wrong"
    assert code_of(HEADERS | {"webhook-signature": "v1a,not-base64!"}, secret=PUBLIC) == "knock_signature_wrong"
    assert code_of(HEADERS | {"webhook-signature": "v1a,AAAA"}, secret=PUBLIC) == "knock_signature_wrong"
    assert code_of(HEADERS, secret=PUBLIC) == "knock_not_signed"
    assert code_of(headers) == "knock_not_signed"


def test_a_public_key_is_no_shared_secret_nor_the_other_way_round() -> None:
    text = PUBLIC.removeprefix("whpk_")
    forged = hmac.new(
        base64.b64decode(text), b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + BODY, hashlib.sha256
    ).digest()

    signature = base64.b64encode(forged).decode()  # anybody knows a public key
    assert code_of(HEADERS | {"webhook-signature": f"v1,{signature}"}, secret=PUBLIC) == "knock_not_signed"
    with pytest.raises(ValueError, match="24 bytes"):
        BELL.check(SECRET.replace("whsec_", "whpk_"))


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


PENNYLANE_SECRET = "a-secret-shown-once-0123456789"
DELIVERY = b'{"id": 4711, "event": "customer_invoice.e_invoicing_status_updated", "retry_count": 0}'


def pennylane(body: bytes = DELIVERY, secret: str = PENNYLANE_SECRET, at: datetime = SENT_AT) -> dict[str, str]:
    """Sign as Pennylane's guide says."""
    seconds = str(int(at.timestamp()))
    signature = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Pennylane-Signature": f"t={seconds},v1={signature}"}


def refused(
    scheme: str, headers: dict[str, str], body: bytes = DELIVERY, secret: str | list[str] = PENNYLANE_SECRET
) -> str:
    with pytest.raises(BadSignature) as told:
        SCHEMES[scheme].verify(headers, body, secret, SENT_AT)
    return told.value.code


def test_a_signature_worked_out_by_hand_is_pennylanes() -> None:
    # printf '1614265330.{"id":1}' | openssl dgst -sha256 -hmac a-secret-shown-once-0123456789
    header = {
        "x-pennylane-signature": "t=1614265330,v1=47d6de798bca4f611207f0346882d3f59845becd1064d0e8729d66f94604260f"
    }

    assert SCHEMES["pennylane"].verify(header, b'{"id":1}', PENNYLANE_SECRET, SENT_AT) == Knock("1", SENT_AT)


def test_pennylanes_id_is_that_in_the_body() -> None:
    assert SCHEMES["pennylane"].verify(pennylane(), DELIVERY, PENNYLANE_SECRET, SENT_AT) == Knock("4711", SENT_AT)


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"{", b'{"id": null}', b'{"id": true}', b'{"id": ""}', b'{"id": {}}', b"\xff", b"[" * 100_000]
)
def test_a_genuine_delivery_without_an_id_is_known_by_its_bytes(body: bytes) -> None:
    bell = SCHEMES["pennylane"]
    first, again = (bell.verify(pennylane(body), body, PENNYLANE_SECRET, SENT_AT) for _ in range(2))

    assert first == again
    assert first.event_id == f"sha256:{hashlib.sha256(body).hexdigest()}"


@given(st.binary(min_size=1), st.data())
def test_a_delivery_of_pennylanes_with_any_byte_changed_is_refused(body: bytes, data: st.DataObject) -> None:
    changed = bytearray(body)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))

    assert refused("pennylane", pennylane(body), bytes(changed)) == "knock_signature_wrong"


def test_pennylanes_time_is_signed_and_borne_for_five_minutes() -> None:
    limit, second, bell = timedelta(minutes=5), timedelta(seconds=1), SCHEMES["pennylane"]
    assert bell.verify(pennylane(at=SENT_AT - limit), DELIVERY, PENNYLANE_SECRET, SENT_AT)
    assert bell.verify(pennylane(at=SENT_AT + limit), DELIVERY, PENNYLANE_SECRET, SENT_AT)

    assert refused("pennylane", pennylane(at=SENT_AT - limit - second)) == "knock_too_old"
    assert refused("pennylane", pennylane(at=SENT_AT + limit + second)) == "knock_too_early"
    moved = pennylane()["X-Pennylane-Signature"].replace("t=1614265330", "t=1614265331")
    assert refused("pennylane", {"X-Pennylane-Signature": moved}) == "knock_signature_wrong"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "knock_header_missing"),
        ("t=soon,v1=00", "knock_time_unusable"),
        ("v1=00", "knock_time_unusable"),
        ("t=1614265330", "knock_not_signed"),
        ("t=1614265330,v2=00", "knock_not_signed"),
        ("t=1614265330,v1=", "knock_signature_wrong"),
        ("t=1614265330,v1=é", "knock_signature_wrong"),
    ],
)
def test_a_header_that_is_none_of_pennylanes_is_refused(header: str, code: str) -> None:
    assert refused("pennylane", {"X-Pennylane-Signature": header}) == code


def test_pennylanes_secret_may_be_one_of_several_and_never_an_empty_one() -> None:
    bell = SCHEMES["pennylane"]

    assert bell.verify(pennylane(), DELIVERY, ["another-secret-of-theirs", PENNYLANE_SECRET], SENT_AT)
    assert refused("pennylane", pennylane(secret="")) == "knock_signature_wrong"
    assert refused("pennylane", pennylane(secret=""), secret=[""]) == "knock_signature_wrong"
    assert refused("pennylane", pennylane(), secret=[]) == "knock_signature_wrong"


STRIPE_SECRET = "whsec_5hFv0Lk2dJ8aQxTz"
# printf '1614265330.{"id":"evt_1","object":"event"}' | openssl dgst -sha256 -hmac whsec_5hFv0Lk2dJ8aQxTz
STRIPE_SIGNATURE = "68b2bd3e137029de62346ba448721f22fd959d6991211500294e22556b35ceec"
STRIPE_EVENT = b'{"id":"evt_1","object":"event"}'


def test_a_signature_worked_out_by_hand_is_stripes() -> None:
    rotating = f"t=1614265330,v1={'0' * 64},v1={STRIPE_SIGNATURE},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba8"

    for header in (f"t=1614265330,v1={STRIPE_SIGNATURE}", rotating):
        knock = SCHEMES["stripe"].verify({"Stripe-Signature": header}, STRIPE_EVENT, STRIPE_SECRET, SENT_AT)
        assert knock == Knock("evt_1", SENT_AT)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (f"t=1614265331,v1={STRIPE_SIGNATURE}", "knock_signature_wrong"),
        (f"t=1614265330,v0={STRIPE_SIGNATURE}", "knock_not_signed"),
        (f"t=1614265330,v1={STRIPE_SIGNATURE[:-1]}0", "knock_signature_wrong"),
        (f"t=1614260000,v1={STRIPE_SIGNATURE}", "knock_too_old"),
        (f"v1={STRIPE_SIGNATURE}", "knock_time_unusable"),
        ("", "knock_header_missing"),
    ],
)
def test_a_header_that_is_none_of_stripes_is_refused(header: str, code: str) -> None:
    assert refused("stripe", {"Stripe-Signature": header}, STRIPE_EVENT, STRIPE_SECRET) == code
    assert (
        refused("stripe", pennylane(STRIPE_EVENT, STRIPE_SECRET), STRIPE_EVENT, STRIPE_SECRET) == "knock_header_missing"
    )


def test_whoever_knows_an_unguessable_address_is_let_in() -> None:
    bell = SCHEMES["unsigned"]
    token = bell.new_secret()
    assert token is not None
    bell.check(token)

    knock = bell.verify({"X-Seuil-Door": token}, b"{}", token, SENT_AT)
    assert knock.sent_at == SENT_AT
    assert bell.verify({"X-Seuil-Door": token}, b"{}", ["another", token], SENT_AT) == knock
    assert bell.verify({"X-Seuil-Door": token}, b"{ }", token, SENT_AT).event_id == knock.event_id
    later = bell.verify({"X-Seuil-Door": token}, b"{}", token, SENT_AT + timedelta(seconds=10))
    assert later.event_id != knock.event_id
    assert len(knock.event_id) <= 255


@pytest.mark.parametrize("headers", [{}, {"X-Seuil-Door": ""}, {"X-Seuil-Door": "wrong"}, {"X-Seuil-Door": "é"}])
def test_a_wrong_address_is_told_no_more_than_that_there_is_none(headers: dict[str, str]) -> None:
    assert refused("unsigned", headers) == "no_such_door"
    assert refused("unsigned", headers, secret=[""]) == "no_such_door"
    assert refused("unsigned", headers, secret=[]) == "no_such_door"


@pytest.mark.parametrize("scheme", list(SCHEMES))
@pytest.mark.parametrize("secret", ["", "short", "é" * 40, "x" * 400, "two words of some length", "a\nb" * 20])
def test_what_cannot_be_a_secret_is_told_apart_beforehand(scheme: str, secret: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        SCHEMES[scheme].check(secret)


def test_a_scheme_makes_secrets_it_takes_or_leaves_them_to_the_other_side() -> None:
    for scheme in ("standard", "unsigned"):
        secret = SCHEMES[scheme].new_secret()
        assert secret is not None
        SCHEMES[scheme].check(secret)
    assert SCHEMES["pennylane"].new_secret() is None
    SCHEMES["pennylane"].check(PENNYLANE_SECRET)
    with pytest.raises(ValueError, match="address"):
        SCHEMES["unsigned"].check("whsec_with/a/slash/in/it+and=more")


@given(
    st.sampled_from(list(SCHEMES)),
    st.dictionaries(st.sampled_from(["x-pennylane-signature", "stripe-signature", "x-seuil-door"]), st.text()),
)
def test_whatever_comes_to_any_scheme_is_refused_with_a_code(scheme: str, headers: dict[str, str]) -> None:
    assert refused(scheme, headers)
