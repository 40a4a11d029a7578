"""The Tryton that the tests of this folder read: one server for all of them, where one can be had."""

import os
from collections.abc import Iterator

import pytest

from tests.connectors.tryton.tryton_server import HERE, Server, environment, prepared, running, unpack


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of tests that start a Tryton."""
    config.addinivalue_line("markers", "live_tryton: starts a Tryton server, installed on first use")


@pytest.fixture(scope="session")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Tryton with the database `seuil`, which no test changes, and `altered`, which some do.

    It is an 8.2, on a database made beforehand, or by `SEUIL_TEST_TRYTON_VERSION=7.0` the other one, on a database
    that `tests/live/tryton/prepare.py` makes with it: that takes minutes.
    """
    version = os.environ.get("SEUIL_TEST_TRYTON_VERSION", "8.2")
    place, folder = environment(version), tmp_path_factory.mktemp("tryton")
    packed = HERE / f"lissac-{version}.sqlite.xz"
    unpack(packed if packed.exists() else prepared(version, place), folder / "seuil.sqlite", folder / "altered.sqlite")
    with running(place, folder, ("seuil", "altered"), is_old=version == "7.0") as server:
        yield server
