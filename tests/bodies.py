"""Bodies of answers, made up: as `app.body` writes them, with the signals and the verdict a test asks for."""

from collections.abc import Mapping
from datetime import date
from typing import Any

Body = dict[str, Any]

UNITS = {
    "late_invoicing": ("late_issued_rate", "share"),
    "director_time": ("director_hours_per_week", "hours_per_week"),
    "quality": ("error_rate", "share"),
    "key_person": ("sole_operator_share", "share"),
    "hidden_cost": ("hidden_ratio", "ratio"),
}
VALUES = {"unknown": None, "calm": 0.02, "watch": 0.09, "over": 0.2}
SIGNALS = 5


def measure(name: str, unit: str, value: float | None, **more: Any) -> Body:
    """A measure of a body; without an interval its value is certain."""
    known: Body = {
        "name": name,
        "kpi": name,
        "signal": None,
        "process": "all",
        "unit": unit,
        "value": value,
        "low": None,
        "high": None,
        "n": 0 if value is None else 214,
        "window": None,
        "tier": "none" if value is None else "direct",
        "sources": ["csv"],
        "no_value_because": {"code": "no_service_date", "params": {}} if value is None else None,
        "notes": [],
        "baseline": None,
        "baseline_n": None,
        "recent": value,
        "limit": 0.1,
        "series": [],
        "records": [],
        "records_total": 0,
    }
    return known | more


def signal(name: str, level: str = "calm", *, frozen_on: date | None = None, **more: Any) -> Body:
    """A signal at a level; what else is given goes to its measure."""
    called, unit = UNITS[name]
    return {
        "name": name,
        "level": level,
        "why": [],
        "frozen_on": frozen_on.isoformat() if frozen_on else None,
        "primary": measure(called, unit, more.pop("value", VALUES[level]), **more),
        "half": None,
        "measures": [],
    }


def answer(
    as_of: date,
    verdict: str = "not_needed",
    signals: Mapping[str, Body] | None = None,
    *,
    reconstructed: bool = False,
    **levels: str,
) -> Body:
    """A body of a day: signals by name at a level (calm where nothing is said), or whole ones in `signals`."""
    listed = [(signals or {}).get(name) or signal(name, levels.get(name, "calm")) for name in UNITS]
    known = sum(one["level"] != "unknown" for one in listed)
    return {
        "company": {"id": "", "name": "", "siren": None, "currency": "EUR", "is_demo": False},
        "as_of": as_of.isoformat(),
        "reconstructed": reconstructed,
        "process": "all",
        "verdict": verdict,
        "row": "c",
        "why": [],
        "coverage": {"signals_known": known, "signals": SIGNALS, "gates_known": 4, "gates": 4},
        "freshness": {"reaches": as_of.isoformat(), "stale": False},
        "signals": listed,
        "gates": [],
        "worth": None,
        "measures": [],
        "missing": [],
        "what_would_change_it": [],
        "rests_on": [],
        "speaks_against": [],
    }
