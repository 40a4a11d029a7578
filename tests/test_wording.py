"""Every code that can reach a reader has a sentence, in both languages, with the same placeholders."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

from app.language import LANGUAGES, catalog, translator
from app.wording import LABELS, MEASURES, SENTENCES, health, label, say
from connectors.records import Process, StaffRole, Stream
from signals.base import Level, SignalName, Tier, Unit
from signals.gates import GateName
from signals.registry import EXPLAINS, SIGNALS
from signals.verdict import Verdict

ROOT = Path(__file__).parent.parent
# Calls whose first argument is a code that somebody will read.
SAYING = {"Reason", "Fault", "BadPayload", "NotThisFormat", "Refused", "NotFound", "BadInput", "NotSignedIn", "_bad"}


def codes() -> Iterator[tuple[str, str]]:
    """Find the codes written out in the source, with where each stands."""
    for room in ("app", "connectors", "signals"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
                    first = node.args[0] if node.args else None
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        yield first.value, f"{path.relative_to(ROOT)}:{node.lineno}"


FOUND = dict(codes())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_codes_are_found_at_all() -> None:
    assert len(FOUND) > 150
    assert "no_service_date" in FOUND


@pytest.mark.parametrize("code", sorted(FOUND))
def test_a_code_has_a_sentence(code: str) -> None:
    assert code in SENTENCES, f"{FOUND[code]}: no sentence in app/wording/sentences.py"


@pytest.mark.parametrize("text", sorted({*SENTENCES.values(), *(t for pair in MEASURES.values() for t in pair)}))
def test_a_text_is_translated_with_the_same_placeholders(text: str) -> None:
    french = translator("fr")(text)

    assert french
    assert placeholders(french) == placeholders(text)


def test_every_text_in_code_and_templates_has_its_french() -> None:
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    found = extract_from_dir(ROOT / "app", methods, keywords={**DEFAULT_KEYWORDS, "N_": None})
    texts = catalog("fr")
    wanted = {message for _, _, message, _, _ in found if isinstance(message, str) and message}

    assert len(wanted) > 700
    assert not sorted(text for text in wanted if text not in texts._catalog)  # noqa: SLF001 - no other way to tell


def test_the_french_catalogue_has_no_empty_text() -> None:
    texts = catalog("fr")

    assert not [label_ for label_ in LABELS.values() if label_ and not texts.gettext(label_)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_has_a_name_has_a_label(language: str) -> None:
    named = {
        "signal": SignalName,
        "gate": GateName,
        "level": Level,
        "verdict": Verdict,
        "say": Verdict,
        "tier": Tier,
        "unit": Unit,
        "process": Process,
        "role": StaffRole,
        "stream": Stream,
    }
    missing = [f"{kind}:{one}" for kind, every in named.items() for one in every if f"{kind}:{one}" not in LABELS]

    assert not missing
    assert label("verdict", "outsource", language) != "outsource"


def test_every_measure_has_a_name_and_a_sentence() -> None:
    detectors = [*EXPLAINS]
    for spec in SIGNALS:
        detectors += [*spec.primary, *([spec.half] if spec.half else []), *spec.explains]

    assert not {detector.name for detector in detectors} - set(MEASURES)


def test_a_figure_is_written_in_the_readers_way_and_in_the_unit_it_is_of() -> None:
    said = {"months": 2, "of": 3, "limit": 0.1}

    assert "10 %" in say("limit_passed", said, "fr", "share").replace("\u202f", " ")
    assert "10%" in say("limit_passed", said, "en", "share")
    assert "0,1" in say("limit_passed", said, "fr", "ratio")


COUNTED = {"n": 1, "total": 1, "minutes": 1, "hours": 1, "days": 1, "rows": 1, "known": 1}
COUNTED |= {"written": 1, "sent": 1, "waiting": 1, "refused": 1}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "code", [*(code for code in health.SENTENCES if code != "said_of"), "few_signals_known", "few_signals_for_no"]
)
def test_a_count_of_one_is_no_plural(code: str, language: str) -> None:
    named = {name: COUNTED.get(name, "x") for name in placeholders(SENTENCES[code])}
    said = say(code, named, language)

    assert not re.search(r"\b1 (?!sent\b)\w+(?:s|x|ent)\b", said), said
    assert "Seuls 1" not in said


def test_a_code_nobody_worded_is_shown_and_not_swallowed() -> None:
    assert "never_worded" in say("never_worded", {"n": 3}, "fr")
