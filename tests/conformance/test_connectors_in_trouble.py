"""Sources that refuse, fail, talk nonsense or go in circles: a connector names it, ends, and keeps secrets."""

import base64
import json
import logging
import traceback
from collections.abc import Iterator

import pytest

from connectors.account import Account
from connectors.base import Page
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.paging import ending
from connectors.records import Stream
from tests.conformance.samples import FAILURES, Failing, Heard, Sample, Stuck, samples, through

ASKED = {name: sample for name, sample in samples().items() if sample.is_on_the_network}

every_provider = pytest.mark.parametrize("sample", ASKED.values(), ids=ASKED)
every_stream = pytest.mark.parametrize(
    ("sample", "stream"),
    [
        pytest.param(sample, stream, id=f"{name}-{stream}")
        for name, sample in ASKED.items()
        for stream in sample.provider.feeds
    ],
)
every_failure = pytest.mark.parametrize("how", FAILURES)
SHORTEST = 4  # letters of a secret that could stand anywhere by chance


def reading(sample: Sample, account: Account, stream: Stream) -> Iterator[Page]:
    """Connect and read, as the service does."""
    return ending(sample.connector(account).streams[stream](None))


def requests(sample: Sample, stream: Stream) -> int:
    """Say how many requests a whole reading takes."""
    account, heard = through(sample.account(), Heard)
    list(reading(sample, account, stream))
    return heard.requests


def trouble(sample: Sample, stream: Stream, how: str, first: int) -> SourceError | None:
    """Read from a source that fails from a request on; None where the reading ended all the same."""
    account, _ = through(sample.account(), lambda source: Failing(source, first, FAILURES[how]))
    try:
        list(reading(sample, account, stream))
    except SourceError as error:
        return error
    return None


@every_failure
@every_stream
def test_a_failure_is_named_after_its_remedy_wherever_it_comes(sample: Sample, stream: Stream, how: str) -> None:
    expected, last = FAILURES[how], requests(sample, stream) - 1
    for first in sorted({0, 1, last // 2, last}):
        error = trouble(sample, stream, how, first)
        if expected.named is None or (error is None and first > 0 and how == "403"):
            continue  # it may be an answer; and a right that is missing for a detail stops nobody
        assert isinstance(error, expected.named), f"at request {first}: {error!r}"
        if isinstance(error, Unavailable) and expected.retry_after_s is not None:
            assert error.retry_after_s == expected.retry_after_s


@every_stream
def test_a_missing_right_and_a_refused_account_are_told_apart_by_their_code(sample: Sample, stream: Stream) -> None:
    refused, lacking = (trouble(sample, stream, how, 0) for how in ("401", "403"))

    assert isinstance(refused, AccessDenied)
    assert refused.code
    assert isinstance(lacking, AccessDenied)
    assert lacking.code


@every_stream
def test_a_source_that_says_the_same_for_ever_is_not_asked_for_ever(sample: Sample, stream: Stream) -> None:
    for first in range(requests(sample, stream)):
        account, _ = through(sample.account(), lambda source, first=first: Stuck(source, first))  # type: ignore[misc]
        try:
            list(reading(sample, account, stream))
        except SourceError:
            continue


def shown_by(sample: Sample, stream: Stream) -> Iterator[str]:
    """Everything that a reading and its failures show of themselves."""
    account = sample.account()
    connector = sample.connector(account)
    yield from (repr(account), repr(connector), repr(vars(connector) if hasattr(connector, "__dict__") else ""))
    for page in connector.streams[stream](None):
        yield repr(page)
        yield json.dumps(dict(page.cursor))
    for how in FAILURES:
        for first in (0, requests(sample, stream) - 1):
            error = trouble(sample, stream, how, first)
            if error is not None:
                yield "".join(traceback.format_exception(error))
                yield repr((error, error.args, error.params))


@every_stream
def test_no_secret_shows_anywhere(sample: Sample, stream: Stream, caplog: pytest.LogCaptureFixture) -> None:
    secrets = [one for one in sample.account().secrets.values() if len(one) >= SHORTEST]
    with caplog.at_level(logging.DEBUG):
        shown = "\n".join(shown_by(sample, stream)) + caplog.text

    assert secrets, "a sample has a secret, or this shows nothing"
    for secret in secrets:
        assert secret not in shown
        assert base64.b64encode(secret.encode()).decode().rstrip("=") not in shown


@every_provider
def test_the_account_is_asked_only_at_its_own_address(sample: Sample) -> None:
    hosts = set()

    class Noting(Heard):
        def answer(self, request):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            hosts.add(request.url.host)
            assert request.method in {"GET", "POST", "PROPFIND", "REPORT", "OPTIONS"}
            return super().answer(request)

    account, _ = through(sample.account(), Noting)
    for stream in sample.provider.feeds:
        list(reading(sample, account, stream))

    assert len(hosts) == 1
