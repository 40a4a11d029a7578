"""What pages are opened against, beside the application itself."""

from collections.abc import Iterator

import pytest

from tests.connectors.tryton.tryton_server import Server, of_lissac


@pytest.fixture(scope="session")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Tryton with the database `seuil`, which no test changes."""
    with of_lissac(tmp_path_factory.mktemp("tryton"), ("seuil",)) as server:
        yield server
