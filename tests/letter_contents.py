"""Contents of letters, made up: as `app.digest` keeps them."""

from copy import deepcopy
from typing import Any

Body = dict[str, Any]

EPISODE = "0193f000-0000-7000-8000-00000000000"


def measure(name: str, unit: str, *, value: float | None, limit: float | None = None, **more: Any) -> Body:
    """A measure of a body, with 24 months that lead up to its value."""
    series = []
    if value is not None:
        for month in range(24):
            at = round(value * (0.4 + 0.6 * month / 23), 4)
            year, of_year = divmod(2024 * 12 + 10 + month, 12)
            series.append(
                {"month": f"{year}-{of_year + 1:02}", "value": at, "low": at * 0.8, "high": at * 1.2, "n": 60 + month}
            )
    known: Body = {
        "name": name,
        "kpi": name,
        "signal": None,
        "process": "all",
        "unit": unit,
        "value": value,
        "low": None if value is None else round(value * 0.85, 4),
        "high": None if value is None else round(value * 1.15, 4),
        "n": 0 if value is None else 214,
        "window": None if value is None else ["2026-08-23", "2026-11-21"],
        "tier": "none" if value is None else "direct",
        "sources": ["demo"],
        "no_value_because": {"code": "no_service_date", "params": {}} if value is None else None,
        "notes": [],
        "baseline": None if value is None else round(value / 2, 4),
        "baseline_n": 400,
        "recent": value,
        "limit": limit,
        "series": series,
        "records_total": 12,
    }
    return known | more


def signal(name: str, level: str, before: str | None, carried: Body, **more: Any) -> Body:
    """A signal as a letter keeps it."""
    known: Body = {
        "name": name,
        "level": level,
        "level_before": before,
        "frozen_on": None,
        "why": [],
        "measure": carried,
    }
    return known | more


def entry(no: int, subject: str, state: str, kind: str, **more: Any) -> Body:
    """An alert as a letter keeps it."""
    known: Body = {
        "id": f"{EPISODE}{no}",
        "subject": subject,
        "state": state,
        "kind": kind,
        "opened_on": "2026-11-16",
        "fired_on": "2026-11-23",
        "calm_since": None,
        "closed_on": None,
        "facts": {},
        "acknowledged_by": None,
        "snoozed_until": None,
        "notes": [],
    }
    return known | more


LATE = {
    "level": "over",
    "measure": "late_issued_rate",
    "unit": "share",
    "value": 0.231,
    "low": 0.19,
    "high": 0.272,
    "n": 214,
    "limit": 0.1,
    "baseline": 0.09,
    "recent": 0.24,
    "tier": "direct",
    "frozen_on": None,
    "why": [{"code": "limit_passed", "params": {"months": 2, "of": 3, "limit": 0.1}}],
}
HOURS = LATE | {"measure": "director_hours_per_week", "unit": "hours_per_week", "value": 11.5, "low": 9.8, "high": 13.1}
HOURS |= {"limit": 8.0, "baseline": 5.0}

SIGNALS = [
    signal("late_invoicing", "over", "watch", measure("late_issued_rate", "share", value=0.231, limit=0.1)),
    signal(
        "director_time", "over", "over", measure("director_hours_per_week", "hours_per_week", value=11.5, limit=8.0)
    ),
    signal("quality", "watch", "calm", measure("error_rate", "share", value=0.031, limit=0.03)),
    signal("key_person", "calm", "calm", measure("sole_operator_share", "share", value=0.22, limit=0.5)),
    signal("hidden_cost", "unknown", "unknown", measure("hidden_ratio", "ratio", value=None, limit=None)),
]


def company(**more: Any) -> Body:
    """A company all is well with: fresh data, a verdict, news of each kind."""
    known: Body = {
        "id": "0193f111-0000-7000-8000-000000000001",
        "name": "Menuiserie Aubrac",
        "is_demo": False,
        "currency": "EUR",
        "status": "normal",
        "as_of": "2026-11-23",
        "verdict": {"now": "outsource", "before": "prepare", "since": "2026-11-16"},
        "why": [
            {"code": "signal_over", "params": {"signal": "late_invoicing"}},
            {"code": "signal_over", "params": {"signal": "director_time"}},
            {"code": "worth_straddles_zero", "params": {}},
        ],
        "coverage": {"signals_known": 4, "signals": 5, "gates_known": 3, "gates": 4},
        "freshness": {
            "reaches": "2026-11-22",
            "stale": False,
            "sources": [
                source("demo", "api", "2026-11-22"),
                source("fec", "file", "2026-10-31"),
            ],
        },
        "news": {
            "new": [entry(1, "late_invoicing", "firing", "fired", facts=LATE)],
            "worse": [
                entry(
                    2,
                    "director_time",
                    "firing",
                    "worse",
                    facts=HOURS,
                    opened_on="2026-09-07",
                    fired_on="2026-09-14",
                    acknowledged_by="Claire Fabre",
                    notes=[
                        {
                            "who": "Claire Fabre",
                            "note": "Le dirigeant fait encore la paie seul.",
                            "kind": "comment",
                            "at": "2026-11-18T09:00:00+00:00",
                        }
                    ],
                )
            ],
            "better": [
                entry(
                    3,
                    "quality",
                    "recovering",
                    "recovering",
                    facts=LATE,
                    opened_on="2026-08-03",
                    calm_since="2026-11-16",
                )
            ],
            "solved": [
                entry(4, "source:fec", "resolved", "mended", facts={}, opened_on="2026-11-10", closed_on="2026-11-19")
            ],
        },
        "open": [],
        "pending": [
            entry(
                6,
                "hidden_cost",
                "pending",
                "noticed",
                facts=LATE | {"measure": "hidden_ratio", "unit": "ratio"},
                fired_on=None,
            )
        ],
        "signals": deepcopy(SIGNALS),
        "worth": {"low": -220.4, "high": 1480.2, "unit": "eur_per_month", "share_from_defaults": 0.35},
        "missing": [{"what": "missing_hidden_cost", "remedy": "remedy_hidden_cost"}],
    }
    known["open"] = [
        *known["news"]["new"],
        *known["news"]["worse"],
        *known["news"]["better"],
        entry(
            5,
            "key_person",
            "firing",
            "fired",
            facts=LATE | {"measure": "sole_operator_share"},
            opened_on="2026-06-01",
            fired_on="2026-06-08",
            snoozed_until="2026-12-21T07:00:00+00:00",
        ),
    ]
    return known | more


def source(provider: str, kind: str, reaches: str | None, **more: Any) -> Body:
    """A source's freshness."""
    known = {"provider": provider, "kind": kind, "reaches": reaches, "stale": False}
    return known | {"trouble": None, "params": {}, "since": None} | more


NO_NEWS: Body = {"new": [], "worse": [], "better": [], "solved": []}


def quiet(**more: Any) -> Body:
    """A company of which there is nothing new."""
    signals = [one | {"level_before": one["level"]} for one in deepcopy(SIGNALS)]
    verdict = {"now": "not_needed", "before": "not_needed", "since": "2026-01-05"}
    return company(news=deepcopy(NO_NEWS), open=[], pending=[], signals=signals, verdict=verdict, missing=[]) | more


def stale(**more: Any) -> Body:
    """A company whose two sources have both stopped."""
    signals = [
        one | {"frozen_on": "2026-10-02" if one["level"] != "unknown" else None, "level_before": one["level"]}
        for one in deepcopy(SIGNALS)
    ]
    sources = [
        source(
            "demo",
            "api",
            "2026-10-02",
            stale=True,
            trouble="source_denied",
            params={"why": "401 Unauthorized."},
            since="2026-10-03T06:00:00+00:00",
        ),
        source("fec", "file", "2026-09-30", stale=True),
    ]
    frozen = entry(7, "late_invoicing", "no_data", "frozen", facts=LATE | {"frozen_on": "2026-10-02"})
    failed = entry(8, "source:demo", "error", "failed", opened_on="2026-10-04", fired_on="2026-10-04")
    failed["facts"] = {"provider": "demo", "code": "source_denied", "params": {"why": "401 Unauthorized."}}
    return (
        company(
            status="stale",
            freshness={"reaches": "2026-10-02", "stale": True, "sources": sources},
            signals=signals,
            verdict={"now": "outsource", "before": "outsource", "since": "2026-09-14"},
            news=deepcopy(NO_NEWS) | {"new": [frozen, failed]},
            open=[frozen, failed],
            pending=[],
        )
        | more
    )


def nothing(**more: Any) -> Body:
    """A company of which nothing is known."""
    unknown = [
        signal(one["name"], "unknown", None, measure(one["measure"]["name"], one["measure"]["unit"], value=None))
        for one in SIGNALS
    ]
    return (
        company(
            status="nothing",
            as_of=None,
            verdict={"now": None, "before": None, "since": None},
            why=[],
            coverage={"signals_known": 0, "signals": 5, "gates_known": 0, "gates": 4},
            freshness={"reaches": None, "stale": False, "sources": []},
            news=deepcopy(NO_NEWS),
            open=[],
            pending=[],
            signals=unknown,
            worth=None,
            missing=[{"what": "missing_volume", "remedy": "remedy_volume"}],
        )
        | more
    )


def failed(**more: Any) -> Body:
    """A company whose assessment fails."""
    told = entry(9, "assessment", "error", "failed", facts={"error": "ZeroDivisionError"})
    return quiet(status="error", as_of="2026-11-20", news=deepcopy(NO_NEWS) | {"new": [told]}, open=[told]) | more


def content(*companies: Body, language: str = "fr") -> Body:
    """A letter's content."""
    return {
        "period": "2026-W48",
        "written_at": "2026-11-23T07:00:12+00:00",
        "zone": "Europe/Paris",
        "language": language,
        "companies": list(companies or [company()]),
    }


def portfolio(n: int = 12) -> list[Body]:
    """Several companies, worst first."""
    first = [
        company(),
        company(id="b", name="Garage Roux"),
        stale(id="c", name="Clinique du Lac"),
        failed(id="d", name="Transports Vidal"),
    ]
    rest = [quiet(id=f"q{no}", name=f"Entreprise {no}") for no in range(n - 5)]
    return [*first, *rest, nothing(id="z", name="Nouvelle Étude")]
