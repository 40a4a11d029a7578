"""What is marked on a chart: the onset with its interval, alarms of the change test, and alerts."""

from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

from app.chart_marks import Marks, Onset, Span, as_kept, from_kept, marks_by_measure, marks_of, room_for
from app.charts import CARD, trend
from app.pictures import MAIL, chart_png, told

SVG = "{http://www.w3.org/2000/svg}"
MARKS = Marks(
    onset=Onset(date(2026, 3, 9), date(2026, 2, 16), date(2026, 4, 6)),
    alarms=(Span(date(2026, 4, 20)),),
    alerts=(Span(date(2025, 6, 1), date(2025, 7, 15)), Span(date(2026, 5, 4))),
)


def measure(**rest: Any) -> dict[str, Any]:
    series = [
        {"month": f"{2025 + m // 12}-{m % 12 + 1:02}", "value": 0.1, "low": 0.08, "high": 0.13, "n": 9}
        for m in range(18)
    ]
    given = {"name": "late_issued_rate", "unit": "share", "limit": 0.1, "baseline": 0.04, "series": series}
    return given | {"baseline_low": 0.03, "baseline_high": 0.06} | rest


def drawn(marks: Marks = MARKS, **rest: Any) -> ET.Element:
    return ET.fromstring(str(trend(measure(**rest), "en", marks=marks)))  # noqa: S314 - our own output


def of_class(svg: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in svg.iter() if one.attrib.get("class") == name]


def test_the_onset_is_an_upright_with_its_interval_and_its_month_in_words() -> None:
    upright, bracket = (one.attrib["d"] for one in of_class(drawn(), "c-onset"))
    x, early, late = (
        float(text) for text in (upright[1:].split()[0], bracket[1:].split()[0], bracket.split("H")[1].split("M")[0])
    )
    assert early < x < late
    assert [one.text for one in of_class(drawn(), "c-onset-text")] == ["since Mar 2026"]


def test_alarms_are_hollow_bars_and_alerts_full_ones_in_lanes_with_a_name() -> None:
    svg = drawn()
    alarms, alerts = of_class(svg, "c-alarm"), of_class(svg, "c-alert")
    assert [one.attrib["fill"] for one in alarms] == ["none"]
    assert all(one.attrib["fill"] != "none" for one in alerts)
    assert {one.attrib["y"] for one in alarms}.isdisjoint(one.attrib["y"] for one in alerts)
    assert [one.text for one in of_class(svg, "c-alert-text")] == ["test alarm", "alert"]


def test_an_alert_spans_its_days_and_one_of_a_day_is_still_seen() -> None:
    past, now = of_class(drawn(), "c-alert")
    assert float(past.attrib["x"]) + float(past.attrib["width"]) < float(now.attrib["x"])
    short = of_class(drawn(Marks(alerts=(Span(date(2026, 6, 30)),))), "c-alert")[0]
    assert float(short.attrib["width"]) >= 3
    assert float(short.attrib["x"]) + float(short.attrib["width"]) <= CARD.width - CARD.right + 0.1


def test_days_before_and_after_the_months_lie_on_the_ends_of_the_axis() -> None:
    around = Marks(onset=Onset(date(2024, 3, 4), date(2023, 1, 2), date(2027, 1, 4)), alarms=(Span(date(2020, 1, 6)),))
    svg = drawn(around)
    upright, bracket = (one.attrib["d"] for one in of_class(svg, "c-onset"))
    assert float(upright[1:].split()[0]) == CARD.left
    assert float(bracket.split("H")[1].split("M")[0]) == CARD.width - CARD.right
    assert float(of_class(svg, "c-alarm")[0].attrib["x"]) == CARD.left


def test_what_is_usual_is_a_band_over_all_months() -> None:
    band = of_class(drawn(), "c-usual-band")[0]
    assert float(band.attrib["width"]) == CARD.width - CARD.left - CARD.right
    assert not of_class(drawn(baseline_low=None, baseline_high=None), "c-usual-band")


def test_the_description_says_all_that_is_marked() -> None:
    said = drawn().findtext(f"{SVG}desc") or ""
    assert "Worse since about 09/03/2026 (between 16/02/2026 and 06/04/2026)." in said
    assert "Alarms of the change test: since 20/04/2026." in said
    assert "Alerts: 01/06/2025 – 15/07/2025 ; since 04/05/2026." in said
    assert "The usual value lies between 3% and 6%." in said


def test_months_keep_their_height_whatever_is_marked() -> None:
    grid = [
        sorted(
            float(one.attrib["d"].split()[1].split("H")[0]) for one in of_class(svg, "c-grid") if "H" in one.attrib["d"]
        )
        for svg in (drawn(), drawn(Marks()))
    ]
    heights = [rows[-1] - rows[0] for rows in grid]
    assert heights[0] == heights[1]
    assert room_for(CARD, Marks()) == CARD


def test_a_mail_has_the_same_chart_as_a_picture() -> None:
    svg = str(trend(measure(), "en", size=MAIL, marks=from_kept(as_kept(MARKS))))
    assert "Alerts:" in told(svg)
    assert chart_png(svg)[16:24] == b"".join(
        (2 * side).to_bytes(4, "big") for side in (MAIL.width, room_for(MAIL, MARKS).height)
    )


def test_marks_survive_being_kept_and_older_letters_have_none() -> None:
    assert from_kept(as_kept(MARKS)) == MARKS
    assert from_kept(None) == Marks()
    assert marks_of(None) == Marks()


def test_a_past_day_shows_alerts_as_they_stood_then() -> None:
    row = {
        "subject": "quality",
        "opened_on": date(2026, 1, 5),
        "fired_on": date(2026, 1, 12),
        "closed_on": date(2026, 3, 2),
    }
    dropped = row | {"opened_on": date(2025, 1, 6), "fired_on": None, "closed_on": date(2025, 1, 13)}
    signal = {"name": "quality", "primary": {"name": "error_rate"}, "half": None, "changes": {}}

    def on(day: str) -> tuple[Span, ...]:
        return marks_by_measure({"as_of": day, "signals": [signal]}, [row, dropped])["error_rate"].alerts

    assert on("2026-04-01") == (Span(date(2026, 1, 5), date(2026, 3, 2)),)
    assert on("2026-02-01") == (Span(date(2026, 1, 5)),)
    assert on("2026-01-06") == ()
