"""OAuth 2 against a real authorisation server: consent, renewal, and what is left after a fall."""

import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Barrier, Thread
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.account import Account, Secrets
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.http import Api
from connectors.oauth import OAuth, Registration, consent_address, new_verifier, redeem, refused
from tests.connectors.oauth.oauth_server import CLIENT, REDIRECT, SECRET, OAuthServer, serving

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LOCAL = frozenset({"localhost"})


class Kept(dict[str, str]):
    """The secrets of an account, as the database has them."""

    def keep(self, changed: Secrets) -> None:
        """Keep what changed."""
        self.update(changed)


@pytest.fixture
def server() -> Iterator[OAuthServer]:
    """Run an authorisation server."""
    with serving() as known:
        yield known


def _registration(server: OAuthServer, **other: str | None) -> Registration:
    told: dict[str, str | None] = {
        "client_secret": SECRET,
        "scope": "read",
        "consent_address": f"{server.address}/consent",
        **other,
    }
    return Registration(f"{server.address}/token", CLIENT, **told)  # type: ignore[arg-type]


def _account(
    server: OAuthServer | None,
    kept: Kept,
    *,
    keep: Callable[[Secrets], None] | None = None,
    transport: httpx.BaseTransport | None = None,
    wait: Callable[[float], None] = lambda _: None,
) -> Account:
    return Account(
        settings={},
        secrets=dict(kept),
        zone=ZoneInfo("Europe/Paris"),
        now=NOW,
        keep=keep or kept.keep,
        private_hosts=LOCAL,
        transport=transport or (server.network if server else None),
        wait=wait,
    )


def _code(registration: Registration, verifier: str) -> str:
    """Go and consent, as a person's browser does, and come back with a code."""
    url = consent_address(registration, LOCAL, redirect=REDIRECT, state="the-state", verifier=verifier)
    back = parse_qs(urlsplit(httpx.get(url).headers["location"]).query)
    assert back["state"] == ["the-state"]
    return back["code"][0]


def _consented(server: OAuthServer, registration: Registration | None = None) -> Kept:
    registration = registration or _registration(server)
    verifier = new_verifier()
    code = _code(registration, verifier)
    return Kept(redeem(_account(server, Kept()), registration, code=code, verifier=verifier, redirect=REDIRECT))


def _api(server: OAuthServer, account: Account, **more: object) -> Api:
    registration = more.pop("registration", None) or _registration(server)
    auth = OAuth(account, registration, **more)  # type: ignore[arg-type]
    return Api(account, f"{server.address}/api", auth=auth)


def test_a_consent_opens_the_account(server: OAuthServer) -> None:
    kept = _consented(server)
    assert _api(server, _account(server, kept)).get("/me").json() == {"name": "somebody"}
    assert server.opened == [kept["access_token"]]
    assert server.asked == ["authorization_code"]
    assert kept["renew_at"] == "2026-11-22T09:59:00+00:00"


def test_the_secret_may_travel_in_the_form(server: OAuthServer) -> None:
    kept = _consented(server, _registration(server, how="client_secret_post"))
    assert kept["refresh_token"]


def test_only_the_digest_of_the_verifier_is_in_the_address(server: OAuthServer) -> None:
    verifier = new_verifier()
    url = consent_address(_registration(server), LOCAL, redirect=REDIRECT, state="s", verifier=verifier)
    asked = parse_qs(urlsplit(url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert verifier not in url
    assert SECRET not in url


def test_a_code_without_its_verifier_is_refused(server: OAuthServer) -> None:
    registration = _registration(server)
    code = _code(registration, new_verifier())
    with pytest.raises(AccessDenied) as caught:
        redeem(_account(server, Kept()), registration, code=code, verifier=new_verifier(), redirect=REDIRECT)
    assert (caught.value.code, caught.value.params["error"]) == ("consent_refused", "invalid_grant")
    assert not server.tokens


def test_a_code_is_used_once(server: OAuthServer) -> None:
    registration, verifier = _registration(server), new_verifier()
    code = _code(registration, verifier)
    redeem(_account(server, Kept()), registration, code=code, verifier=verifier, redirect=REDIRECT)
    with pytest.raises(AccessDenied, match="consent_refused"):
        redeem(_account(server, Kept()), registration, code=code, verifier=verifier, redirect=REDIRECT)


def test_a_wrong_secret_is_for_a_person_to_correct(server: OAuthServer) -> None:
    kept = _consented(server)
    server.end_access()
    wrong = _registration(server, client_secret="another")
    with pytest.raises(AccessDenied) as caught:
        _api(server, _account(server, kept), registration=wrong).get("/me")
    assert caught.value.params == {"host": "localhost", "status": "invalid_client"}


def test_a_token_is_renewed_before_its_end(server: OAuthServer) -> None:
    kept = _consented(server)
    first, seconds = kept["refresh_token"], 0.0
    api = _api(server, _account(server, kept), clock=lambda: seconds)
    api.get("/me")
    seconds = 3541.0
    api.get("/me")
    api.get("/me")
    assert server.asked == ["authorization_code", "refresh_token"]
    assert server.opened[1:] == [kept["access_token"]] * 2
    assert kept["refresh_token"] != first
    assert kept["renew_at"] == "2026-11-22T10:58:01+00:00"


def test_a_token_that_is_refused_is_renewed_once(server: OAuthServer) -> None:
    kept = _consented(server)
    server.end_access()
    assert _api(server, _account(server, kept)).get("/me").status == 200
    assert server.asked == ["authorization_code", "refresh_token"]


def test_a_source_that_refuses_every_token_is_not_asked_for_ever(server: OAuthServer) -> None:
    kept = _consented(server)

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401) if request.url.path == "/api/me" else server.network.handle_request(request)

    with pytest.raises(AccessDenied, match="access_refused"):
        _api(server, _account(server, kept, transport=httpx.MockTransport(_whole(refuse)))).get("/me")
    assert server.asked == ["authorization_code", "refresh_token"]


def test_the_new_pair_is_kept_before_it_is_used(server: OAuthServer) -> None:
    kept = _consented(server)
    server.end_access()
    order: list[str] = []

    def keep(changed: Secrets) -> None:
        order.append("kept")
        assert changed["access_token"] not in server.opened
        kept.keep(changed)

    _api(server, _account(server, kept, keep=keep)).get("/me")
    assert order == ["kept"]
    assert server.opened == [kept["access_token"]]


def test_whoever_is_killed_between_keeping_and_using_goes_on(server: OAuthServer) -> None:
    kept = _consented(server)
    server.end_access()
    first = kept["refresh_token"]

    def fall(request: httpx.Request) -> httpx.Response:
        if kept["refresh_token"] != first:
            raise KeyboardInterrupt
        return server.network.handle_request(request)

    with pytest.raises(KeyboardInterrupt):
        _api(server, _account(server, kept, transport=httpx.MockTransport(_whole(fall)))).get("/me")
    assert not server.opened

    assert _api(server, _account(server, kept)).get("/me").status == 200
    assert server.asked == ["authorization_code", "refresh_token"]


def test_a_refresh_token_that_was_replaced_is_refused(server: OAuthServer) -> None:
    kept = _consented(server)
    old = Kept(kept)
    server.end_access()
    _api(server, _account(server, kept)).get("/me")
    server.end_access()
    with pytest.raises(AccessDenied) as caught:
        _api(server, _account(server, old)).get("/me")
    assert (caught.value.code, caught.value.params["host"]) == ("consent_gone", "localhost")


def test_a_server_that_does_not_replace_refresh_tokens_is_read_on(server: OAuthServer) -> None:
    kept = _consented(server)
    server.replaces = False
    first = kept["refresh_token"]
    for _ in range(3):
        server.end_access()
        assert _api(server, _account(server, kept)).get("/me").status == 200
    assert kept["refresh_token"] == first


def test_what_another_process_renewed_is_taken_over(server: OAuthServer) -> None:
    kept = _consented(server)
    ours, theirs = _account(server, kept), _account(server, kept)
    server.end_access()
    _api(server, theirs).get("/me")
    assert _api(server, ours, stored=lambda: kept).get("/me").status == 200
    assert server.asked == ["authorization_code", "refresh_token"]


def test_a_process_that_was_overtaken_looks_again_before_it_gives_up(server: OAuthServer) -> None:
    """The other one renews between our look and our request, and has kept its tokens a moment later."""
    kept = _consented(server)
    late, account, waited = Kept(kept), _account(server, kept, wait=lambda _: kept.update(late)), list[Secrets]()

    def stored() -> Secrets:
        waited.append(dict(kept))
        return waited[-1]

    server.end_access()
    _api(server, _account(server, late)).get("/me")
    server.forget_replaced()
    assert _api(server, account, stored=stored).get("/me").status == 200
    assert server.opened == [late["access_token"]] * 2
    assert len(waited) == 3


def test_two_threads_renew_once(server: OAuthServer) -> None:
    kept = _consented(server)
    server.end_access()
    api, start, statuses = _api(server, _account(server, kept), stored=lambda: kept), Barrier(4), list[int]()

    def ask() -> None:
        start.wait()
        statuses.append(api.get("/me").status)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 4
    assert server.asked == ["authorization_code", "refresh_token"]


def test_a_consent_that_is_gone_is_for_a_person(server: OAuthServer) -> None:
    kept = _consented(server)
    server.withdraw(1)
    waited: list[float] = []
    account = _account(server, kept, wait=waited.append)
    with pytest.raises(AccessDenied, match="consent_gone"):
        _api(server, account, stored=lambda: kept).get("/me")
    assert waited == [1.0, 3.0]


def test_a_server_that_is_down_is_asked_again_later(server: OAuthServer) -> None:
    kept = _consented(server)
    before = dict(kept)
    server.end_access()
    server.down = True
    with pytest.raises(Unavailable):
        _api(server, _account(server, kept)).get("/me")
    assert kept == before
    server.down = False
    assert _api(server, _account(server, kept)).get("/me").status == 200


def test_client_credentials_are_asked_for_once_a_reading_and_not_kept(server: OAuthServer) -> None:
    kept, registration = Kept(), _registration(server, consent_address=None)
    seconds = 0.0
    api = _api(server, _account(server, kept), registration=registration, clock=lambda: seconds)
    api.get("/me")
    api.get("/me")
    assert server.asked == ["client_credentials"]
    seconds = 4000.0
    api.get("/me")
    assert server.asked == ["client_credentials"] * 2
    assert kept == {}


def test_short_lives_are_renewed_halfway(server: OAuthServer) -> None:
    server.life_s = 20
    assert _consented(server)["renew_at"] == "2026-11-22T09:00:10+00:00"


def test_an_end_that_is_not_told_does_not_inherit_the_one_before(server: OAuthServer) -> None:
    kept = _consented(server)
    server.life_s = None
    server.end_access()
    _api(server, _account(server, kept)).get("/me")
    _api(server, _account(server, kept), clock=iter((0.0, 10.0**6, 10.0**6)).__next__).get("/me")
    assert kept["renew_at"] == ""
    assert server.asked == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, text="access_token=tok-SECRET&token_type=bearer"), Unavailable),
        (httpx.Response(200, json=["tok-SECRET"]), Unavailable),
        (httpx.Response(200, json={"access_token": 17, "x": "tok-SECRET"}), Unavailable),
        (httpx.Response(200, json={"access_token": "tok-SECRET", "token_type": "mac"}), Unavailable),
        (httpx.Response(200, json={"access_token": "tok-SECRET", "expires_in": "soon"}), Unavailable),
        (httpx.Response(400, json={"error": "tok-SECRET", "error_description": "tok-SECRET"}), AccessDenied),
        (httpx.Response(400, json={"error": "invalid_grant", "error_description": "tok-SECRET"}), AccessDenied),
        (httpx.Response(400, json={"error": "temporarily_unavailable"}), Unavailable),
        (httpx.Response(400, text="tok-SECRET"), Unavailable),
        (httpx.Response(401, text="tok-SECRET"), AccessDenied),
        (httpx.Response(403, text="tok-SECRET"), AccessDenied),
        (httpx.Response(429, text="tok-SECRET", headers={"Retry-After": "7"}), Unavailable),
        (httpx.Response(302, headers={"Location": "https://elsewhere.example/token"}), AccessDenied),
    ],
)
def test_whatever_is_answered_no_token_gets_into_an_error(answer: httpx.Response, error: type[SourceError]) -> None:
    registration = Registration("https://login.example/token", CLIENT, SECRET, "https://login.example/consent")
    secrets = Kept(access_token="at-SECRET", refresh_token="rt-SECRET", renew_at="2026-01-01T00:00:00+00:00")
    account = _account(None, secrets, transport=httpx.MockTransport(lambda _: answer))
    auth = OAuth(account, registration)
    with pytest.raises(SourceError) as caught:
        Api(account, "https://books.example", auth=auth).get("/me")
    assert isinstance(caught.value, error)
    told = [repr(one) + str(one) + str(getattr(one, "params", "")) for one in _chain(caught.value)]
    told += [
        *traceback.format_exception(caught.value),
        repr(auth),
        repr(account),
        repr(registration),
        caught.value.code,
    ]
    for secret in ("SECRET", SECRET):
        assert all(secret not in one for one in told)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://login.example/token", "address_not_https"),
        ("https://10.0.0.7/token", "address_private"),
        ("https://localhost/token", "address_private"),
        ("https://me:secret@login.example/token", "address_unreadable"),
    ],
)
def test_tokens_are_asked_for_at_addresses_that_may_be_asked(address: str, code: str) -> None:
    account = Account(settings={}, secrets={}, zone=ZoneInfo("UTC"), now=NOW)
    with pytest.raises(AccessDenied) as caught:
        OAuth(account, Registration(address, CLIENT, SECRET))
    assert caught.value.code == code
    assert "secret" not in str(caught.value)


def test_a_person_who_says_no_is_told_so() -> None:
    error = refused(Registration("https://login.example/token", CLIENT), "access_denied")
    assert error.params == {"host": "login.example", "error": "access_denied"}
    assert refused(Registration("https://login.example/token", CLIENT), "<b>").params["error"] == "other"


def _whole(answer: Callable[[httpx.Request], httpx.Response]) -> Callable[[httpx.Request], httpx.Response]:
    """Read answers of the network whole, as a MockTransport gives them."""

    def given(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        response.read()
        return response

    return given
