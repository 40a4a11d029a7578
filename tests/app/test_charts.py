"""Charts: what a reader sees of a measure's months."""

import re
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from app.charts import CARD, span_of, ticks, trend

SVG = "{http://www.w3.org/2000/svg}"


def point(month: str, value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"month": month, "value": value, "low": low, "high": high, "n": 40}


def measure(*points: dict[str, Any], **rest: Any) -> dict[str, Any]:
    given = {"name": "late_issued_rate", "unit": "share", "limit": 0.1, "baseline": 0.04, "series": list(points)}
    return given | rest


def drawn(one: dict[str, Any], language: str = "fr") -> ET.Element:
    return ET.fromstring(str(trend(one, language)))  # noqa: S314 - our own output


def paths(svg: ET.Element, name: str) -> list[str]:
    return [p.attrib["d"] for p in svg.iter(f"{SVG}path") if p.attrib.get("class") == name]


def test_a_chart_has_a_title_and_says_in_words_what_it_shows() -> None:
    svg = drawn(measure(point("2026-01", 0.05), point("2026-02", 0.2)))
    assert svg.findtext(f"{SVG}title") == "Factures émises en retard"
    told = svg.findtext(f"{SVG}desc") or ""
    assert "20\u202f%" in told
    assert "Limite" in told
    assert svg.attrib["role"] == "img"


def test_a_chart_carries_no_style_and_no_script() -> None:
    text = str(trend(measure(point("2026-01", 0.05), point("2026-02", 0.2)), "en"))
    assert "style" not in text
    assert "script" not in text
    assert " on" not in re.sub(r">[^<]*<", "><", text)


def test_a_month_without_a_value_breaks_the_line() -> None:
    svg = drawn(measure(*(point(f"2026-0{m}", None if m == 3 else 0.1) for m in range(1, 6))))
    assert len(paths(svg, "c-line")) == 2


def test_fewer_than_two_known_months_give_no_chart() -> None:
    assert trend(measure(point("2026-01", 0.05), point("2026-02", None)), "fr") == ""


def test_limit_and_usual_are_labelled_without_touching_each_other() -> None:
    svg = drawn(measure(point("2026-01", 0.9), point("2026-02", 0.8), limit=0.1, baseline=0.099))
    at = {t.attrib["class"]: float(t.attrib["y"]) for t in svg.iter(f"{SVG}text") if "class" in t.attrib}
    assert at["c-usual-text"] - at["c-limit-text"] >= 12


def test_a_measure_without_limit_or_baseline_has_neither_line() -> None:
    svg = drawn(measure(point("2026-01", 0.5), point("2026-02", 0.8), limit=None, baseline=None))
    assert paths(svg, "c-limit") == []
    assert paths(svg, "c-usual") == []


def test_names_are_escaped() -> None:
    text = str(trend(measure(point("2026-01", 0.1), point("2026-02", 0.2), name="<b>"), "en"))
    assert "<b>" not in text


def test_charts_share_an_axis_over_the_months_of_all() -> None:
    one = measure(point("2026-01", 0.1), point("2026-02", 0.1))
    other = measure(point("2025-06", 0.1), point("2026-01", 0.1))
    span = span_of([one, other])
    assert span == (2025 * 12 + 5, 2026 * 12 + 1)
    start = ET.fromstring(str(trend(one, "fr", span=span)))  # noqa: S314 - our own output
    assert float(paths(start, "c-line")[0][1:].split(" ")[0]) > CARD.left + 100


def test_small_ratios_get_ticks_that_differ() -> None:
    svg = drawn(measure(point("2026-01", 0.01), point("2026-02", 0.025), unit="ratio", limit=None, baseline=None))
    marks = [t.text for t in svg.iter(f"{SVG}text") if t.attrib["text-anchor"] == "end"]
    assert len(marks) == len(set(marks))


@given(st.floats(min_value=1e-4, max_value=1e9))
def test_ticks_start_at_zero_stay_inside_and_are_few(top: float) -> None:
    marks = ticks(top)
    assert marks[0] == 0
    assert marks[-1] <= top * (1 + 1e-9)
    assert 2 <= len(marks) <= 6


@given(st.lists(st.floats(min_value=0, max_value=1), min_size=2, max_size=12))
def test_nothing_is_drawn_outside_the_box(values: list[float]) -> None:
    svg = drawn(measure(*(point(f"2026-{i:02}", v, v * 0.9, min(v * 1.1, 1)) for i, v in enumerate(values, start=1))))
    for path in paths(svg, "c-line") + paths(svg, "c-band"):
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path)]
        assert all(CARD.left <= x <= CARD.width - CARD.right + 0.1 for x in numbers[0::2])
        assert all(0 <= y <= CARD.height - CARD.bottom + 0.1 for y in numbers[1::2])
