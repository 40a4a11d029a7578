"""The documentation is complete: what the code has, the pages name; what the pages point to, is there."""

import ast
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import app
from app.companies import provider_names
from app.declarations import KEYS, parse_yaml
from app.example import EXAMPLE
from app.rules_cli import as_markdown
from app.settings import Settings
from app.wording import MEASURES, SENTENCES
from connectors.files.csv_templates import TEMPLATES
from signals.base import SignalName
from signals.books import ITEMS
from signals.policy import Policy, describe
from signals.registry import EXPLAINS, SIGNALS, SignalDetectors

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
HEADING = re.compile(r"^(#{1,6}) (.+?)\s*$", re.MULTILINE)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
# Makes a fault, a refusal, or a remark, with a code as its first text.
FAULTING = {"Fault", "BadPayload", "NotThisFormat", "note", "add"}
SIGNAL_HEADINGS = {
    SignalName.LATE_INVOICING: "Late invoicing and dunning",
    SignalName.DIRECTOR_TIME: "Director time",
    SignalName.QUALITY: "Quality",
    SignalName.KEY_PERSON: "Key person",
    SignalName.HIDDEN_COST: "Hidden cost",
}


def read(name: str) -> str:
    return (DOCS / name).read_text()


def pages() -> list[Path]:
    return [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]


def headings(text: str) -> list[tuple[int, str]]:
    """Levels and texts of the headings; what is fenced is no heading."""
    return [(len(marks), title) for marks, title in HEADING.findall(FENCED.sub("", text))]


def section(text: str, level: int, title: str) -> str:
    """The text under a heading, up to the next one as high."""
    _, _, after = text.partition(f"\n{'#' * level} {title}\n")
    return re.split(rf"^#{{1,{level}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def commands() -> Iterator[str]:
    """Every command, as it is typed."""

    def below(command: object, typed: tuple[str, ...]) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield " ".join(typed)
            return
        for name, one in inner.items():
            yield from below(one, (*typed, name))

    yield from below(get_command(app), ("seuil",))


def fault_codes() -> Iterator[str]:
    """Codes of the file readers: first texts of calls that make a fault, and whatever text has a sentence."""
    readers = sorted((ROOT / "connectors/files").glob("*.py"))
    for path, node in nodes([*readers, ROOT / "app/csv_import.py"]):
        if path in readers and isinstance(node, ast.Constant) and node.value in SENTENCES:
            yield str(node.value)
        if isinstance(node, ast.Call) and called(node) in FAULTING and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and "_" in first.value:
                yield first.value


def nodes(paths: Iterable[Path]) -> Iterator[tuple[Path, ast.AST]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            yield path, node


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def no_value_codes() -> Iterator[str]:
    """Codes for which a measure has no value."""
    for _, node in nodes(sorted((ROOT / "signals").glob("*.py"))):
        if isinstance(node, ast.keyword) and node.arg == "reason" and isinstance(node.value, ast.Call):
            first = node.value.args[0] if called(node.value) == "Reason" else None
            if isinstance(first, ast.Constant):
                yield str(first.value)


@pytest.mark.parametrize("spec", SIGNALS, ids=lambda spec: spec.name.value)
def test_a_signal_has_a_heading_and_each_of_its_detectors_one_under_it(spec: SignalDetectors) -> None:
    under = headings(section(read("signals.md"), 2, SIGNAL_HEADINGS[spec.name]))
    detectors = [*spec.primary, *([spec.half] if spec.half else []), *spec.explains]

    assert not {detector.name for detector in detectors} - {title for level, title in under if level == 3}


def test_every_measure_has_a_heading() -> None:
    titles = {title for level, title in headings(read("signals.md")) if level == 3}

    assert {detector.name for detector in EXPLAINS} <= titles
    assert titles == set(MEASURES)


@pytest.mark.parametrize("code", sorted(set(no_value_codes())))
def test_a_reason_for_having_no_value_is_named(code: str) -> None:
    assert f"`{code}`" in read("signals.md")


def test_the_codes_are_found_at_all() -> None:
    assert {"field_count", "amount_dot", "csv_empty", "csv_value_missing"} <= set(fault_codes())
    assert len(set(no_value_codes())) > 30


def test_the_table_of_settings_is_what_the_policy_says() -> None:
    listed = [
        f"| `{name}` | {getattr(Policy(), name)} | {said['unit']} | {said['source']} |"
        for name, said in describe().items()
    ]
    table = [line for line in section(read("signals.md"), 2, "Settings").splitlines() if line.startswith("| `")]

    assert table == listed


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_setting_of_the_environment_is_in_the_guide(name: str) -> None:
    assert f"`SEUIL_{name.upper()}`" in read("operating.md")


@pytest.mark.parametrize("command", sorted(commands()))
def test_a_command_is_in_the_guide(command: str) -> None:
    assert f"`{command}`" in read("operating.md")


@pytest.mark.parametrize("provider", sorted(provider_names()))
def test_a_connector_has_a_heading(provider: str) -> None:
    assert (2, provider) in headings(read("connectors.md"))


@pytest.mark.parametrize("code", sorted(set(fault_codes())))
def test_a_fault_is_listed_with_its_sentence(code: str) -> None:
    assert f"| `{code}` | {SENTENCES[code]} |" in read("connectors.md").splitlines()


@pytest.mark.parametrize("stream", sorted(TEMPLATES))
def test_a_templates_columns_are_listed_in_order(stream: str) -> None:
    (template,) = (one for one in TEMPLATES.values() if one.stream == stream)
    under = section(read("connectors.md"), 3, f"Template: {stream}")
    rows = [line for line in under.splitlines() if line.startswith("| `")]
    expected = [
        f"| `{c.name}` | {'yes' if c.required else 'no'} | {', '.join(f'`{word}`' for word in c.synonyms)} |"
        for c in template.columns
    ]

    assert len(rows) == len(expected)
    assert [row[: len(start)] for row, start in zip(rows, expected, strict=True)] == expected


def test_the_example_of_a_declaration_is_the_one_the_command_prints_and_can_be_read() -> None:
    (example,) = (text for kind, text in FENCED.findall(read("declarations.md")) if kind == "yaml")

    assert example == EXAMPLE
    assert parse_yaml(example, date(2026, 12, 1))["signed_by"] == "M. Lefèvre"


@pytest.mark.parametrize("key", sorted({*KEYS, *ITEMS}))
def test_a_key_of_a_declaration_is_explained(key: str) -> None:
    explained = section(read("declarations.md"), 2, "Keys")

    assert f"`{key}`" in explained


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for groups in LINK.findall(FENCED.sub("", page.read_text())):
        target = groups[0] or groups[1]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, place = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), f"{page.name}: {target}"
        if place:
            assert place in {anchor(title) for _, title in headings(path.read_text())}, f"{page.name}: {target}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_no_page_names_a_place_on_somebodys_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w}/.])/(work|home|root|tmp)\b|\bshared/", page.read_text())


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_the_map_leads_to_every_page(page: Path) -> None:
    assert page.name == "index.md" or f"]({page.name})" in read("index.md")


def test_the_page_of_rules_is_what_the_rules_are() -> None:
    assert as_markdown() in read("rules-fr.md")
