"""Secrets at rest: sealed under a key that is not in the database; keys can be changed, and are made once."""

import stat
import subprocess
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.errors import Refused
from app.settings import Settings
from app.vault import Vault, open_vault

ROOT = Path(__file__).parents[2]
OLD, NEW = (b64encode(bytes([n]) * 32).decode() for n in (1, 2))  # the same in every run: tests are named by them
SECRET = "whsec_é…"


def test_what_is_sealed_can_be_opened_and_does_not_show() -> None:
    vault = Vault(OLD)
    sealed = vault.seal(SECRET)

    assert vault.open(sealed) == SECRET
    assert "whsec" not in sealed
    assert vault.seal(SECRET) != sealed


def test_after_a_change_of_keys_both_open_and_the_first_one_seals() -> None:
    before = Vault(OLD).seal(SECRET)
    both = Vault(f" {NEW} , {OLD}\n")
    after = both.seal(SECRET)

    assert both.open(before) == SECRET
    assert Vault(NEW).open(after) == SECRET
    with pytest.raises(Refused, match="secret_cannot_be_opened"):
        Vault(OLD).open(after)
    with pytest.raises(Refused, match="secret_cannot_be_opened"):
        Vault(NEW).open(before)


@pytest.mark.parametrize("tampered", ["", "nonsense", "é"])
def test_what_was_not_sealed_by_us_is_refused(tampered: str) -> None:
    with pytest.raises(Refused, match="secret_cannot_be_opened"):
        Vault(OLD).open(tampered)


def test_one_changed_character_is_noticed() -> None:
    sealed = Vault(OLD).seal(SECRET)
    place = len(sealed) // 2
    changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]

    with pytest.raises(Refused, match="secret_cannot_be_opened"):
        Vault(OLD).open(changed)


@pytest.mark.parametrize("keys", ["", " , ", "short", "clé", OLD[:-2], f"{OLD},short"])
def test_a_key_that_is_none_is_refused_without_repeating_it(keys: str) -> None:
    with pytest.raises(Refused, match="bad_secret_key") as caught:
        Vault(keys)

    assert str(caught.value) == "bad_secret_key {}"


def settings(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{folder}/data/seuil.db")


def test_a_key_file_is_made_at_first_need_for_us_alone_and_read_from_then_on(tmp_path: Path) -> None:
    sealed = open_vault(settings(tmp_path)).seal(SECRET)
    path = tmp_path / "data" / "seuil.key"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_vault(settings(tmp_path)).open(sealed) == SECRET
    assert [file.name for file in path.parent.iterdir()] == ["seuil.key"]


def test_a_key_in_the_settings_comes_before_any_file(tmp_path: Path) -> None:
    given = settings(tmp_path).model_copy(update={"secret_key": Settings(secret_key=OLD).secret_key})

    assert Vault(OLD).open(open_vault(given).seal(SECRET)) == SECRET
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_of_ones_own_is_read_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "own.key"
    path.write_text(f"{OLD}\n")
    given = Settings(secret_key_file=path)

    assert Vault(OLD).open(open_vault(given).seal(SECRET)) == SECRET


def test_threads_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        vaults = list(pool.map(lambda _: open_vault(settings(tmp_path)), range(8)))

    assert {vault.open(vaults[0].seal(SECRET)) for vault in vaults} == {SECRET}


SEAL = """
import sys
from app.settings import Settings
from app.vault import open_vault
sys.stdin.readline()
print(open_vault(Settings(database_url=sys.argv[1])).seal("whsec"))
"""


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SEAL, f"sqlite:///{tmp_path}/data/seuil.db"]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    sealed = [process.communicate()[0].strip() for process in started]

    assert [process.returncode for process in started] == [0] * 4
    assert {open_vault(settings(tmp_path)).open(one) for one in sealed} == {"whsec"}
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["seuil.key"]


def test_a_process_that_was_killed_while_making_the_key_is_in_nobodys_way(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(1, 100):  # whatever number the next process has: in a container it is the same again
        (folder / f"seuil.key.{number}").touch()

    assert open_vault(settings(tmp_path)).seal(SECRET)
