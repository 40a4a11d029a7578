"""Real Tryton servers for the tests: an environment of their own, databases made beforehand, a free port.

`SEUIL_TEST_TRYTON` names an environment with Tryton 8.2 to use instead of the one made under build/.
"""

import base64
import lzma
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from filelock import FileLock

from connectors.account import Account
from connectors.tryton import Tryton
from connectors.tryton.rpc import Rpc
from connectors.words import DEFAULT_WORDS, read_words
from tests.one_authority import of_the_world

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
HOST = "127.0.0.1"
_WORDS = read_words(DEFAULT_WORDS)


@dataclass(frozen=True)
class Server:
    """A running server: its address, whether it is one of 7.0, and the sessions opened there."""

    address: str
    is_old: bool = False
    sessions: dict[tuple[str, str], Rpc] = field(default_factory=dict)
    people: dict[tuple[str, str], "Acting"] = field(default_factory=dict)

    def connector(self, database: str = "seuil", user: str = "seuil", password: str | None = None) -> Tryton:
        """Connect to a database, as the reader who may only read; sessions are kept, logging in is slow."""
        account = self.account(database, user, password)
        if password is not None:
            return Tryton(account, Rpc(account), _WORDS)
        return Tryton(account, self.sessions.setdefault((database, user), Rpc(account)), _WORDS)

    def account(self, database: str = "seuil", user: str = "seuil", password: str | None = None) -> Account:
        """Say what opens a database."""
        return Account(
            settings={"address": self.address, "database": database, "user": user},
            secrets={"password": f"{user}-pass-1" if password is None else password},
            zone=ZoneInfo("Europe/Paris"),
            now=datetime.now(UTC),
            private_hosts=frozenset({HOST}),
        )

    def acting(self, user: str, database: str = "seuil") -> "Acting":
        """Act as somebody who works there."""
        if (database, user) not in self.people:
            self.people[database, user] = Acting(self, user, database)
        return self.people[database, user]


class Acting:
    """Calls whatever a user may, as Tryton's own clients do: the connector itself never writes."""

    def __init__(self, server: Server, user: str, database: str) -> None:
        self._url = f"{server.address}/{database}/" + ("" if server.is_old else "rpc/")
        self._headers: dict[str, str] = {}
        number, token, *_ = self._asked("common.db.login", user, {"password": f"{user}-pass-1"})["result"]
        opened = base64.b64encode(f"{user}:{number}:{token}".encode()).decode()
        self._headers = {"Authorization": f"Session {opened}"}
        self._context: dict[str, Any] = {}
        self._context = self.call("res.user", "get_preferences", True)  # noqa: FBT003 - of the context only

    def call(self, model: str, method: str, *params: Any, kind: str = "model") -> Any:
        """Call a method of a model or, by its kind, of a wizard; say yes to what it warns of."""
        while True:
            said = self._asked(f"{kind}.{model}.{method}", *params, self._context)
            error = said.get("error")
            if not error:
                return said["result"]
            assert error[0] == "UserWarning", error
            self._asked("model.res.user.warning.skip", error[1][0], False, self._context)  # noqa: FBT003 - this once

    def _asked(self, method: str, *params: Any) -> dict[str, Any]:
        body = {"id": 1, "method": method, "params": params}
        said = httpx.post(self._url, json=body, headers=self._headers, timeout=60).raise_for_status().json()
        assert isinstance(said, dict)
        return said

    def wizard(self, name: str, state: str, form: dict[str, Any], records: Iterable[int] = (), model: str = "") -> None:
        """Run a wizard of one form to its end."""
        session, start, _ = self.call(name, "create", kind="wizard")
        listed = list(records)
        self._context |= {"active_model": model, "active_ids": listed, "active_id": listed[0] if listed else None}
        try:
            self.call(name, "execute", session, {start: form}, state, kind="wizard")
        finally:
            self.call(name, "delete", session, kind="wizard")
            self._context = {key: value for key, value in self._context.items() if not key.startswith("active_")}


def environment(version: str) -> Path:
    """Give an environment with a version of Tryton, made on first use; the test is skipped where that can't be."""
    given = os.environ.get("SEUIL_TEST_TRYTON")
    if given and version == "8.2":
        return Path(given)
    wanted, place = HERE / f"requirements-{version}.txt", ROOT / "build" / f"tryton-{version}"
    made = place / "made-from.txt"
    place.parent.mkdir(exist_ok=True)
    with FileLock(f"{place}.lock"):
        if made.exists() and made.read_text() == wanted.read_text():
            return place
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)  # noqa: S603 - our own words
        install = [str(place / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "-r", str(wanted)]
        done = subprocess.run(install, check=False, capture_output=True, text=True, env=of_the_world())  # noqa: S603 - likewise
        if done.returncode:
            pytest.skip(f"Tryton {version} could not be installed: {done.stderr.strip()[-200:]}")
        made.write_text(wanted.read_text())
    return place


def prepared(version: str, place: Path) -> Path:
    """Give a packed database of a version, made by that version on first use."""
    packed, scripts = ROOT / "build" / f"lissac-{version}.sqlite.xz", ROOT / "tests" / "live" / "tryton"
    with FileLock(f"{packed}.lock"):
        newest = max(script.stat().st_mtime for script in scripts.glob("*.py"))
        if not packed.exists() or packed.stat().st_mtime < newest:
            with tempfile.TemporaryDirectory() as folder:
                making = [str(place / "bin" / "python"), "-W", "ignore", "-m", "tests.live.tryton.prepare"]
                subprocess.run([*making, folder, str(packed)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
    return packed


def unpack(packed: Path, *databases: Path) -> None:
    """Lay a packed database down under some names."""
    content = lzma.decompress(packed.read_bytes())
    for database in databases:
        database.write_bytes(content)


@contextmanager
def of_lissac(folder: Path, databases: Sequence[str]) -> Iterator[Server]:
    """Run a Tryton with the books of a made-up company under some names; the test is skipped where none can be had.

    It is an 8.2, on a database made beforehand, or by `SEUIL_TEST_TRYTON_VERSION=7.0` the other one, on a database
    that `tests/live/tryton/prepare.py` makes with it: that takes minutes.
    """
    version = os.environ.get("SEUIL_TEST_TRYTON_VERSION", "8.2")
    place = environment(version)
    packed = HERE / f"lissac-{version}.sqlite.xz"
    kept = packed if packed.exists() else prepared(version, place)
    unpack(kept, *(folder / f"{name}.sqlite" for name in databases))
    with running(place, folder, databases, is_old=version == "7.0") as server:
        yield server


@contextmanager
def running(place: Path, folder: Path, databases: Iterable[str], *, is_old: bool = False) -> Iterator[Server]:
    """Run a server on the databases of a folder until the tests are through."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    config = folder / "trytond.conf"
    config.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = {HOST}:{port}\n")
    command = [str(place / "bin" / "trytond"), "-c", str(config), "-d", *databases]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - likewise
        try:
            _wait(process, port, folder / "server.log")
            yield Server(f"http://{HOST}:{port}", is_old)
        finally:
            process.terminate()
            process.wait(20)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until it listens: it does so once its databases are loaded."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()[-2000:]
        with socket.socket() as trying:
            if trying.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text()[-2000:])
