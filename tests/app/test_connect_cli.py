"""Accounts at a terminal: the matrix, connecting with nothing secret in sight, watching a reading, a new key."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, func, select, update

from app.companies import connection_for
from app.connect_cli import Given, check_account, connect_account, matrix, print_providers, provider_named
from app.connecting import answers_of
from app.db import read, write
from app.errors import BadInput, NotFound, Refused
from app.follow_cli import LOOKED_EVERY_S, Follower, follow_others
from app.intake import Saved, find_source, save_page
from app.jobs import claim, finish
from app.models.core import connection, oauth_flow
from app.models.records import document
from app.settings import Settings
from app.sources import SYNC, make_due, sync_connection, syncs_due
from app.trials import Trials
from app.watch_cli import sync_sources
from connectors.base import Cursor, Keys, Page, Pages
from connectors.errors import AccessDenied
from connectors.providers import providers
from connectors.records import Stream
from tests.app.test_connecting import GIVEN, INVOICES, SECRET, SETTINGS, FakeSource, provider
from tests.conftest import NOW
from tests.seuil_process import plain_environment, run_seuil
from tests.small_source import SmallSource, invoice

ROOT = Path(__file__).parent.parent.parent
RIGHT = AccessDenied(code="right_missing", params={"right": "salaries/lire"})
TOLD: Mapping[Stream, Any] = {Stream.INVOICES: [INVOICES], Stream.STAFF: [RIGHT]}
SETS = tuple(f"{name}={value}" for name, value in GIVEN.items() if name != "password")
GOOD = Given(SETS, environment={"SEUIL_CONNECT_PASSWORD": SECRET})
Said = pytest.CaptureFixture[str]


@dataclass
class Terminal:
    """A company's account at the made-up provider, connected from a terminal."""

    trials: Trials
    source: FakeSource

    def connect(self, given: Given = GOOD, *, yes: bool = True) -> bool:
        return connect_account(self.trials, given, None, NOW, "en", yes=yes)

    def check(self) -> bool:
        return check_account(self.trials, NOW, "en")


@pytest.fixture
def terminal(engine: Engine, company: str) -> Terminal:
    fake, source = provider(TOLD)
    return Terminal(Trials(engine, SETTINGS, company, fake), source)


# What can be read from where


def test_the_matrix_has_a_row_a_stream_and_a_column_a_provider(capsys: Said) -> None:
    fake, _ = provider({})
    known = {"demo": providers()["demo"], "erp": fake}
    print_providers(known, "en", markdown=True)
    lines = capsys.readouterr().out.splitlines()

    assert lines[:2] == ["| Stream | `demo` | `erp` |", "| --- | --- | --- |"]
    assert "| `activities` | direct | proxy |" in lines
    assert "| `payments` | direct | – |" in lines
    assert not [line for line in lines if "ledger" in line]  # nobody tells it


def test_the_matrix_can_be_read_by_a_person(capsys: Said) -> None:
    fake, _ = provider({})
    print_providers({"erp": fake}, "en", markdown=False)
    said = capsys.readouterr().out

    assert "activity log" in said
    assert "stand-in: something that stands for it" in said


def test_the_documentation_has_the_matrix_that_the_command_prints() -> None:
    page = (ROOT / "docs/connectors.md").read_text()
    shown = re.search(r"<!-- providers -->\n(.*?)\n<!-- /providers -->", page, re.DOTALL)

    assert shown is not None
    assert shown[1].strip() == matrix(providers())


# Connecting


def test_an_account_is_tried_said_and_saved(terminal: Terminal, capsys: Said) -> None:
    assert terminal.connect()
    said = capsys.readouterr().out
    row = terminal.trials.stored()

    assert "salaries/lire" in said
    assert "Seuil will read: invoices." in said
    assert row is not None
    assert (row["due_at"], row["streams"], row["connected_by"]) == (NOW, ["invoices"], SETTINGS.owner_email)
    assert answers_of(row, terminal.trials.vault).secrets == {"password": SECRET}
    assert SECRET not in said


def test_what_was_not_given_is_asked_for_and_a_secret_is_not_echoed(
    terminal: Terminal, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, bool]] = []

    def answer(text: str, *, default: Any = None, hide_input: bool = False, show_default: bool = True) -> str:
        asked.append((text.lower(), hide_input))
        assert show_default is bool(default)
        return SECRET if hide_input else str(default or GIVEN[text.lower()])

    monkeypatch.setattr("typer.prompt", answer)
    monkeypatch.setattr("typer.confirm", lambda _: False)
    assert terminal.connect(Given(), yes=False)
    refused = (terminal.trials.stored(), capsys.readouterr().out)
    monkeypatch.setattr("typer.confirm", lambda _: True)
    terminal.connect(Given(), yes=False)

    assert asked[:4] == [("address", False), ("login", False), ("words", False), ("password", True)]
    assert (refused[0], "Nothing was saved." in refused[1]) == (None, True)
    assert terminal.trials.stored() is not None
    with read(terminal.trials.engine) as conn:
        assert conn.execute(select(func.count()).select_from(oauth_flow)).scalar_one() == 0


def test_a_secret_comes_from_a_file_or_the_environment_and_never_from_the_command_line(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    fake = terminal.trials.provider

    assert Given(SETS, (f"password={file}",)).answers(fake) == GIVEN
    assert GOOD.answers(fake) == GIVEN
    assert SECRET not in repr(GOOD)
    for wrong, error in (
        (Given((f"password={SECRET}",)), Refused),
        (Given(("address",)), BadInput),
        (Given((), (f"password={tmp_path / 'none'}",)), BadInput),
    ):
        with pytest.raises(error) as refused:
            wrong.answers(fake)
        assert SECRET not in str(refused.value)


def test_with_yes_nothing_is_asked_and_what_lacks_is_said(terminal: Terminal) -> None:
    with pytest.raises(BadInput) as missing:
        terminal.connect(Given(SETS))
    assert terminal.connect()
    assert terminal.connect(Given(("login=other",)))  # the rest is as before
    row = terminal.trials.stored()

    assert missing.value.params == {"answer": "password"}
    assert row is not None
    assert row["settings"] == {"address": GIVEN["address"], "login": "other", "words": "facture, relance"}
    assert answers_of(row, terminal.trials.vault).secrets == {"password": SECRET}


def test_an_account_that_can_read_nothing_is_not_saved(terminal: Terminal, capsys: Said) -> None:
    terminal.source.told = {Stream.INVOICES: [RIGHT], Stream.STAFF: [RIGHT]}

    assert not terminal.connect()
    assert terminal.trials.stored() is None
    assert "Nothing was saved." in capsys.readouterr().err


def test_an_account_that_shows_nothing_is_said_so(terminal: Terminal, capsys: Said) -> None:
    terminal.source.told = {Stream.INVOICES: []}

    assert terminal.connect()
    assert "compare with a number you know" in capsys.readouterr().out.replace("\n", " ")


def test_a_check_saves_nothing_and_says_what_more_could_be_read(terminal: Terminal, capsys: Said) -> None:
    terminal.connect()
    with write(terminal.trials.engine) as conn:
        conn.execute(update(connection).values(due_at=None))
    before, fine = terminal.trials.stored(), terminal.check()
    terminal.source.told = {Stream.INVOICES: [INVOICES], Stream.STAFF: [Page((), {})]}
    capsys.readouterr()
    still_fine, said = terminal.check(), capsys.readouterr().out
    terminal.source.told = {Stream.INVOICES: [RIGHT]}

    assert (fine, still_fine, terminal.check()) == (True, True, False)
    assert "These can be read now and are not: staff." in said
    assert terminal.trials.stored() == before


def test_only_a_provider_that_asks_for_an_account_can_be_connected() -> None:
    with pytest.raises(NotFound):
        provider_named(providers(), "nobody")
    with pytest.raises(Refused):
        provider_named(providers(), "demo")


# Watching


def follower(engine: Engine, mine: str, ticks: Iterator[float]) -> Follower:
    with read(engine) as conn:
        row = dict(conn.execute(select(connection).where(connection.c.id == mine)).mappings().one())
    return Follower(engine, row, "Aubrac – ERP", "en", seconds=lambda: next(ticks))


def page(engine: Engine, mine: str, first: int) -> None:
    records = tuple(invoice(n) for n in range(first, first + 5))
    with write(engine) as conn:
        save_page(conn, find_source(conn, mine), Stream.INVOICES, Page(records, {"next": str(first + 5)}), NOW)


@pytest.fixture
def mine(engine: Engine, company: str) -> str:
    with write(engine) as conn:
        return connection_for(conn, company, "demo", NOW)


def test_without_a_terminal_a_line_comes_at_once_and_then_now_and_then(engine: Engine, mine: str, capsys: Said) -> None:
    follow = follower(engine, mine, iter([0.0, 3.0, 12.0]))
    for first in (0, 5, 10):
        page(engine, mine, first)
        follow(Stream.INVOICES, Saved(new=5))

    assert capsys.readouterr().out.splitlines() == [
        "Aubrac – ERP – invoices – rows: 5 – read up to: no. 5",
        "Aubrac – ERP – invoices – rows: 15 – read up to: no. 15",
    ]


def test_a_reading_by_another_process_is_watched_until_it_ends(engine: Engine, mine: str, capsys: Said) -> None:
    follow = follower(engine, mine, iter(range(0, 1000, 20)))
    with read(engine) as conn:
        (key,) = syncs_due(conn, NOW)
    with write(engine) as conn:
        claimed = claim(conn, SYNC, key, NOW)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) < 3:
            page(engine, mine, 5 * len(waited))
        else:
            with write(engine) as conn:
                assert claimed is not None
                finish(conn, claimed, NOW)

    follow_others(follow, key, lambda: NOW, wait=wait)

    assert waited == [LOOKED_EVERY_S] * 3
    assert [line[-6:] for line in capsys.readouterr().out.splitlines()] == ["no. 10", "no. 15"]


def test_a_reading_that_nobody_does_is_not_waited_for(engine: Engine, mine: str) -> None:
    with read(engine) as conn:
        (key,) = syncs_due(conn, NOW)
    with write(engine) as conn:
        claim(conn, SYNC, key, NOW - timedelta(days=1))  # by a process that is gone

    follow_others(follower(engine, mine, iter([])), key, lambda: NOW, wait=lambda _: pytest.fail("waits"))


def sync(engine: Engine, now: datetime = NOW, **how: bool) -> bool:
    asked = {"everything": False} | how
    return sync_sources(engine, Settings(), lambda: now, None, language="en", **asked)


def test_following_prints_where_each_stream_stands_and_when_it_is_read_next(
    engine: Engine, mine: str, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.watch_cli.connecting", lambda _, __: lambda ___, ____: SmallSource(40))
    assert sync(engine, follow=True)
    said = capsys.readouterr().out

    assert mine
    assert "– invoices – rows: 20 – read up to: no. 20" in said
    assert re.search(r"invoices\W+40\W+no. 40\W", said)
    assert re.search(r"Next reading: 22/11/2026\W16:00", said)


# Believing


@dataclass
class Forgetful:
    """A source that had fifty invoices and has none any more."""

    name: ClassVar[str] = "demo"
    left: int = 50
    asked: list[str] = field(default_factory=list)

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        return {Stream.INVOICES: self._pages}

    @property
    def keys(self) -> Mapping[Stream, Keys]:
        return {Stream.INVOICES: lambda: iter([tuple(f"F{n}" for n in range(self.left))])}

    def _pages(self, cursor: Cursor | None) -> Iterator[Page]:
        first = int(cursor["next"]) if cursor else 0
        yield Page(tuple(invoice(n) for n in range(first, 50)), {"next": "50"})


def test_that_much_is_gone_is_believed_only_where_a_person_says_so(
    engine: Engine, mine: str, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Forgetful()

    def read_it(now: datetime, *, believe: bool = False) -> Saved | None:
        every = timedelta(hours=6)
        return sync_connection(engine, mine, lambda: now, every=every, connect=lambda _, __: source, believe=believe)

    assert read_it(NOW) is not None
    source.left = 0
    doubted = read_it(NOW + timedelta(days=8))
    monkeypatch.setattr("app.watch_cli.connecting", lambda _, __: lambda ___, ____: source)
    later = NOW + timedelta(days=8, minutes=1)  # before the schedule's own next try
    unasked = sync(engine, later)
    believed = sync(engine, later, believe=True)
    with read(engine) as conn:
        gone = conn.execute(select(func.count()).where(document.c.gone_at.is_not(None))).scalar_one()
    capsys.readouterr()
    with write(engine) as conn:
        make_due(conn, mine, later)
    sync(engine, later, believe=True)

    assert (doubted, unasked, believed, gone) == (None, False, True, 50)
    assert "there is nothing to believe" in capsys.readouterr().out


# As typed


def seuil(folder: Path, *words: str, **environment: str) -> CompletedProcess[str]:
    told = {"SEUIL_DATABASE_URL": f"sqlite:///{folder / 'seuil.db'}", "LANG": "en_GB.UTF-8"}
    return run_seuil(words, plain_environment() | told | environment)


def test_the_commands_answer_as_they_are_typed(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "seuil.db")
    shown = seuil(tmp_path, "providers", "--markdown")
    rotated = seuil(tmp_path, "key", "rotate")

    assert shown.stdout.strip() == matrix(providers())
    assert rotated.returncode == 0
    assert (tmp_path / "seuil.key").read_text().count(",") == 0
