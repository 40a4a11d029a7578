"""Lay down a connector: its file, a fake server with golden pages, its tests, its heading and its registry line.

Run from a checkout: `make connector NAME=acme`. What is laid down reads invoices from a made-up API, passes its own
tests and the conformance suite, and is then changed step by step into a connector for the real one.
"""

import keyword
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).parent / "templates"
ROOT = Path(__file__).parents[2]
NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")

LAID_DOWN: Mapping[str, str] = {
    "connector.txt": "connectors/{name}.py",
    "fake.txt": "tests/connectors/{name}/fake_{name}.py",
    "sample.txt": "tests/connectors/{name}/sample_{name}.py",
    "test.txt": "tests/connectors/{name}/test_{name}.py",
    "page_1.txt": "tests/connectors/{name}/golden/page_1.json",
    "page_2.txt": "tests/connectors/{name}/golden/page_2.json",
}


class NotLaidDown(Exception):
    """Nothing was written, and this is why."""


def lay_down(root: Path, name: str) -> list[Path]:
    """Write a connector of that name below a checkout, and say which files are new or changed."""
    _check(root, name)
    words = {"name": name, "title": name.replace("_", " ").title()}
    words["class_name"] = words["title"].replace(" ", "")
    registry, pages = root / "connectors/providers.py", root / "docs/connectors.md"
    changed = {
        registry: _registered(registry.read_text("utf-8"), name),
        pages: _headed(pages.read_text("utf-8"), words),
    }
    new = {root / to.format(name=name): _filled(template, words) for template, to in LAID_DOWN.items()}
    for path, text in (new | changed).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return [*new, *changed]


def _check(root: Path, name: str) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        message = f"“{name}” is no name: small letters, digits and underscores, beginning with a letter, two at least."
        raise NotLaidDown(message)
    taken = [root / f"connectors/{name}.py", root / f"connectors/{name}", root / f"tests/connectors/{name}"]
    headed = re.search(rf"^## {name}$", (root / "docs/connectors.md").read_text("utf-8"), re.MULTILINE)
    if headed or any(path.exists() for path in taken):
        message = f"There is a “{name}” already."
        raise NotLaidDown(message)


def _filled(template: str, words: Mapping[str, str]) -> str:
    return Template((TEMPLATES / template).read_text("utf-8")).substitute(words)


def _registered(text: str, name: str) -> str:
    """Add a provider to the registry: one import, one line."""
    imported = re.search(r"^from connectors import ([\w, ]+)$", text, re.MULTILINE)
    start = re.search(r"^OURS[^\n]*= \($", text, re.MULTILINE)
    end = text.find("\n)", start.end()) if start else -1
    if imported is None or start is None or end < 0:
        message = "connectors/providers.py is not as it was: register the connector by hand."
        raise NotLaidDown(message)
    modules = sorted({*imported[1].split(", "), name})
    text = f"{text[:end]}\n    {name}.PROVIDER,{text[end:]}"
    return text.replace(imported[0], f"from connectors import {', '.join(modules)}")


def _headed(text: str, words: Mapping[str, str]) -> str:
    """Add a heading at the end of the page on connectors."""
    return f"{text.rstrip()}\n\n{_filled('heading.txt', words)}"


def main() -> None:
    """Lay a connector down, and say what to do next."""
    asked = sys.argv[1:]
    try:
        paths = lay_down(ROOT, asked[0] if len(asked) == 1 else "")
    except NotLaidDown as why:
        raise SystemExit(f"Nothing was written. {why}") from why
    for path in paths:
        print(path.relative_to(ROOT))  # noqa: T201 - said to who asked
    print(  # noqa: T201
        "\nNext: make its pages what the real source says (golden/), and the connector read them;\n"
        "word what it asks for in app/wording; then `make test`, which asks it every promise of connectors/base.py."
    )


if __name__ == "__main__":
    main()
