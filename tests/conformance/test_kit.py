"""The kit lays down a connector that works: in a copy of the tree it passes its own tests and the conformance suite."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.kit.__main__ import LAID_DOWN, NotLaidDown, lay_down

ROOT = Path(__file__).parents[2]
COPIED = ("connectors", "signals", "app", "migrations", "docs", "tests", "pyproject.toml")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a connector touches, and of the code around it."""
    root = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "images", "*.xz"))
        else:
            shutil.copy(ROOT / name, root / name)
    return root


@pytest.fixture(scope="module")
def acme(tree: Path) -> Path:
    """The copy, with a connector laid down in it."""
    lay_down(tree, "acme_books")
    return tree


def run(tree: Path, *asked: str) -> str:
    done = subprocess.run([sys.executable, *asked], cwd=tree, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    return f"{done.stdout}{done.stderr}" if done.returncode else f"fine {done.stdout}"


def test_what_is_laid_down_passes_its_tests_and_every_check_of_conformance(acme: Path) -> None:
    said = run(
        acme, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", "-k", "acme_books or docs",
        "tests/connectors/acme_books", "tests/conformance/test_connectors.py",
        "tests/conformance/test_connectors_in_trouble.py",
    )  # fmt: skip

    assert said.startswith("fine"), said
    assert int(re.findall(r"(\d+) passed", said)[0]) > 30


def test_what_is_laid_down_is_formatted_linted_and_typed_like_the_rest(acme: Path) -> None:
    paths = [to.format(name="acme_books") for to in LAID_DOWN.values() if to.endswith(".py")]

    assert run(acme, "-m", "ruff", "check", "--no-cache", *paths).startswith("fine")
    assert run(acme, "-m", "ruff", "format", "--no-cache", "--check", *paths, "connectors/providers.py").startswith(
        "fine"
    )
    assert run(acme, "-m", "mypy", "--cache-dir", "/dev/null", *paths).startswith("fine")


def test_it_is_registered_and_has_its_heading(acme: Path) -> None:
    said = run(acme, "-c", "from connectors.providers import provider_of; print(provider_of('acme_books').title)")

    assert said == "fine Acme Books\n"
    assert "\n## acme_books\n" in (acme / "docs/connectors.md").read_text()


@pytest.mark.parametrize("name", ["", "A", "Acme", "2b", "a-b", "a b", "../x", "class", "été", "x" * 40])
def test_a_name_that_is_none_is_refused_and_nothing_is_written(tree: Path, name: str) -> None:
    before = sorted(tree.rglob("*"))

    with pytest.raises(NotLaidDown, match="is no name"):
        lay_down(tree, name)

    assert sorted(tree.rglob("*")) == before


@pytest.mark.parametrize("name", ["demo", "http", "pennylane", "csv", "files", "push"])
def test_a_name_that_is_taken_is_refused(tree: Path, name: str) -> None:
    with pytest.raises(NotLaidDown, match="already"):
        lay_down(tree, name)


def test_the_command_says_what_it_refuses() -> None:
    said = run(ROOT, "-m", "connectors.kit", "Demo")

    assert said.startswith("Nothing was written. “Demo” is no name")
