"""What stands around every request: addresses that lead nowhere, and what the log may have."""

import httpx
import pytest
from sqlalchemy import Engine

from tests.conftest import NOW
from tests.serving import served


def test_an_address_with_a_nul_leads_nowhere(engine: Engine) -> None:
    with served(engine, NOW) as address:
        for path in ("/unsubscribe/%00", "/v1/companies/%00/readiness", "/sign-in?next=%00"):
            answer = httpx.get(f"{address}{path}")
            assert (path, answer.status_code) == (path, 404)
            assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_link_out_of_the_letters_is_in_no_log(sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    with served(sqlite_engine, NOW) as address:
        httpx.post(f"{address}/unsubscribe/the-secret-of-lea")

    said = capsys.readouterr()
    assert "/unsubscribe/…" in said.out + said.err
    assert "the-secret-of-lea" not in said.out + said.err
