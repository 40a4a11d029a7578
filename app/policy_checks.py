"""What a company may set, and to what: names, sensible ranges, closed days; errors name the setting and the remedy."""

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from app.errors import BadInput
from app.holidays import places, read_closure
from signals.policy import Policy, describe

HOLIDAYS, CLOSURE, BASELINE = "holidays", "closure", "baseline_period"
LONGEST_CLOSURE = 92
"""Days: longer than a summer, it is no closure but a company at rest."""
FIRST_YEAR, LAST_YEAR = 1990, 2100
_NEAR = 0.6
_MOST = (0.0, 10_000.0)  # of a unit that has no range of its own
RANGES: Mapping[str, tuple[float, float]] = {
    "working days": (0, 60),
    "days": (1, 3660),
    "EUR, tax included": (0, 1_000_000),
    "share": (0.0001, 1),
    "hidden cost over visible cost": (0.01, 10),
    "months of sales not yet invoiced at closing": (0.01, 12),
    "hours per week": (0.1, 168),
    "years": (0.1, 100),
    "times the baseline": (1.01, 10),
    "months": (1, 120),
    "trials": (1, 100_000),
    "weeks": (1, 520),
    "documents per month": (0.1, 1_000_000),
    "full-time equivalents": (0.01, 100),
    "minutes": (0.1, 600),
    "minute of the day": (0, 1440),
    "log standard deviation beyond chance": (0.01, 5),
    "share a year, above": (0.01, 10),
    "share a year, below": (-0.99, -0.01),
    "share a year": (0, 1),
    "peak over trough, above": (1.01, 100),
    "probability": (0.5, 0.999),
    "EUR per hour": (0, 1000),
    "EUR per document": (0, 1000),
    "hours per month": (0, 200),
    "EUR, once": (0, 1_000_000),
    "hours": (100, 3000),
}
"""The least and the most of each unit: beyond, a slip of the hand. The longest unit that a setting's begins with."""
IN_ORDER = (("watch_years", "alarm_years"), ("opens_minute", "closes_minute"))
"""Pairs of which the first may not be above the second, beside each `…_low` and its `…_high`."""


def names() -> tuple[str, ...]:
    """Name every setting there is."""
    return (*describe(), BASELINE, HOLIDAYS, CLOSURE)


def range_of(name: str) -> tuple[float, float]:
    """Give the least and the most a number may be set to."""
    unit = describe()[name]["unit"]
    fits = [known for known in RANGES if unit.startswith(known)]
    return RANGES[max(fits, key=len)] if fits else _MOST


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """Read NAME=VALUE texts into settings as they are kept; a closure becomes a setting of its own."""
    return dict(_parsed(text) for text in texts)


def _parsed(text: str) -> tuple[str, Any]:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not value:
        raise BadInput("setting_without_value", {"value": text})
    return check_setting(name, value)


def check_setting(name: str, value: Any) -> tuple[str, Any]:
    """Check one setting, and give the key and the value under which it is kept; raises BadInput."""
    if name == CLOSURE:
        return closure_key(str(value)), True
    if name == HOLIDAYS:
        return name, _place(str(value))
    if name == BASELINE:
        return name, _period(str(value))
    return name, check_number(name, value)


def reset_key(text: str, known: Mapping[str, Any]) -> list[str]:
    """Give the keys that `reset` of a name puts back: `closure` alone is all of them."""
    name, _, value = (part.strip() for part in text.partition("="))
    if name == CLOSURE:
        return [closure_key(value)] if value else [key for key in known if key.startswith(f"{CLOSURE}=")]
    _known(name)
    return [name]


def check_number(name: str, value: Any) -> int | float:
    """Read a number as its setting takes it: whole where it counts things, within its range; raises BadInput.

    A comma stands for a point, and a share may be written in per cent.
    """
    _known(name)
    number = _number(name, value)
    low, high = range_of(name)
    if not low <= number <= high:
        said = {"value": str(value), "low": f"{low:g}", "high": f"{high:g}", "wanted": describe()[name]["unit"]}
        raise BadInput("setting_out_of_range", {"name": name, **said})
    if isinstance(getattr(Policy(), name), int):
        if number != int(number):
            raise BadInput("setting_not_whole", {"name": name, "value": str(value)})
        return int(number)
    return number


def check_numbers(asked: Mapping[str, Any]) -> dict[str, int | float]:
    """Check numbers by name, as a dry run takes them."""
    return {name: check_number(name, value) for name, value in asked.items()}


def numbers_only(settings: Mapping[str, Any]) -> dict[str, int | float]:
    """Give settings that are numbers, as a dry run takes them; raises BadInput naming one that isn't."""
    other = next((name for name in settings if name.partition("=")[0] not in describe()), None)
    if other is not None:
        raise BadInput("dry_run_of_numbers", {"name": other.partition("=")[0]})
    return dict(settings)


def check_together(settings: Mapping[str, Any]) -> None:
    """Check settings against each other, with the defaults of those not set; raises BadInput."""
    values = {name: getattr(Policy(), name) for name in describe()} | dict(settings)
    lows = ((name, f"{name.removesuffix('_low')}_high") for name in describe() if name.endswith("_low"))
    for low, high in (*lows, *IN_ORDER):
        if high in values and values[low] > values[high]:
            said = {"name": low, "value": f"{values[low]:g}", "other_name": high, "other_value": f"{values[high]:g}"}
            raise BadInput("settings_out_of_order", said)


def closure_key(text: str) -> str:
    """Check a closure and give the key under which it is kept; raises BadInput."""
    closure = read_closure(text)
    if closure is None:
        raise BadInput("closure_unreadable", {"value": text})
    first, last = closure.in_year(closure.year or FIRST_YEAR)
    if not FIRST_YEAR <= first.year <= last.year <= LAST_YEAR:
        raise BadInput("closure_backwards" if last < first else "closure_unreadable", {"value": text})
    days = (last - first).days + 1
    if days < 1:
        raise BadInput("closure_backwards", {"value": text})
    if days > LONGEST_CLOSURE:
        raise BadInput("closure_too_long", {"value": text, "days": days, "most": LONGEST_CLOSURE})
    return f"{CLOSURE}={closure.text}"


def _known(name: str) -> None:
    if name in names():
        return
    near = get_close_matches(name.lower().replace("-", "_"), names(), n=3, cutoff=_NEAR)
    near = near or [one for one in names() if name and name.lower() in one][:3]
    if near:
        raise BadInput("setting_unknown_near", {"name": name, "near": ", ".join(near)})
    raise BadInput("setting_unknown", {"name": name})


def _number(name: str, value: Any) -> float:
    text = str(value).replace("\u202f", "").replace("\xa0", "").replace(" ", "").replace(",", ".")
    per_cent = text.endswith("%") and describe()[name]["unit"].startswith("share")
    try:
        number = float(text.removesuffix("%") if per_cent else text)
    except ValueError:
        number = float("nan")
    if isinstance(value, bool) or not abs(number) < float("inf"):
        raise BadInput("setting_not_a_number", {"name": name, "value": str(value)})
    return round(number / 100, 12) if per_cent else number


def _place(text: str) -> str:
    wanted = text.strip()
    exact = {place.casefold(): place for place in places()}
    if wanted.casefold() in exact:
        return exact[wanted.casefold()]
    raise BadInput("holidays_unknown", {"value": wanted})


def _period(text: str) -> list[str]:
    first, _, last = (part.strip() for part in text.partition(".."))
    try:
        ordered = date.fromisoformat(first) < date.fromisoformat(last)
    except ValueError:
        ordered = False
    if not ordered:
        raise BadInput("baseline_unreadable", {"value": text})
    return [first, last]
