"""What the series of a company say together, in words, where none of them says it alone."""

from typing import Any

from app.language import Formats
from app.wording import measure_label, say

TENS = 10  # years: from here on no decimals


def said_together(body: dict[str, Any], language: str) -> list[str]:
    """Say a joint alarm, with what drives it; nothing where a series alarms by itself or all is well."""
    joint = body.get("joint")
    if not joint or joint["since"] is None or not joint["alone"]:
        return []
    years = joint["years_by_chance"]
    said = {
        "day": joint["since"],
        "drivers": ", ".join(_driver(one, language) for one in joint["drivers"]),
        "years": Formats(language).number(years, int(years < TENS)),
    }
    held = [say("joint_held", {}, language)] if joint["held_back_because"] else []
    return [say("joint_alarm", said, language), *held, say("joint_unmoved", {}, language)]


def _driver(driver: dict[str, Any], language: str) -> str:
    return say("joint_driver", {"name": measure_label(driver["measure"], language), "share": driver["share"]}, language)
