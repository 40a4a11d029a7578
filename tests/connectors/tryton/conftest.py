"""The Tryton that the tests of this folder read: one server for all of them, where one can be had."""

from collections.abc import Iterator

import pytest

from tests.connectors.tryton.tryton_server import Server, of_lissac


@pytest.fixture(scope="session")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Tryton with the database `seuil`, which no test changes, and `altered`, which some do."""
    with of_lissac(tmp_path_factory.mktemp("tryton"), ("seuil", "altered")) as server:
        yield server
