"""A company's settings: kept change by change, dated and signed, checked on the way in, tried before they are kept."""

from collections.abc import Iterator
from datetime import date, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from app.api_keys import make_key
from app.db import read, write
from app.errors import BadInput
from app.holidays import Closure, public_holidays, read_closure
from app.models.answers import assessment
from app.models.core import policy, touched_month
from app.models.records import activity
from app.policies import Signed, change_settings, history, read_policy, settings_on
from app.policy_checks import check_number, check_setting, check_together, names, parse_settings, range_of, reset_key
from app.policy_cli import set_policy, show_history, show_policy, try_policy
from app.policy_table import policy_lines
from app.wording import LABELS
from app.wording.policy import SOURCES, UNITS
from signals.policy import Policy, describe
from tests.conftest import NOW
from tests.serving import served

TODAY = NOW.date()
DAY = timedelta(days=1)
SIGNED = Signed("paul", NOW, "as agreed")


def put(engine: Engine, company: str, *texts: str, day: date | None = None, signed: Signed = SIGNED) -> None:
    with write(engine) as conn:
        change_settings(conn, company, parse_settings(texts), signed, today=TODAY, valid_from=day)


def held(engine: Engine, company: str, day: date = TODAY) -> Policy:
    with read(engine) as conn:
        return read_policy(conn, company, day)


def test_a_setting_holds_from_its_day_on_and_an_earlier_day_keeps_what_held_then(engine: Engine, company: str) -> None:
    put(engine, company, "late_issued_limit=12 %", day=TODAY - 30 * DAY)
    put(engine, company, "late_issued_limit=0,2")

    limits = [held(engine, company, TODAY - n * DAY).late_issued_limit for n in (31, 30, 1, 0)]
    assert limits == [Policy().late_issued_limit, 0.12, 0.12, 0.2]


def test_what_was_set_is_told_with_who_when_why_and_what_held_before(engine: Engine, company: str) -> None:
    put(engine, company, "alarm_years=10", "error_limit=0.04")
    put(engine, company, "alarm_years=10")  # set so already: nothing is kept

    with read(engine) as conn:
        (entry,) = history(conn, company)
        rows = conn.execute(select(func.count()).select_from(policy)).scalar()
    assert (entry.valid_from, entry.set_at, entry.note, rows) == (TODAY, NOW, "as agreed", 1)
    assert entry.changes == {"alarm_years": (None, 10.0), "error_limit": (None, 0.04)}
    assert entry.set_by is not None
    assert "paul" not in entry.set_by


def test_a_setting_put_back_is_at_its_default_and_both_are_kept(engine: Engine, company: str) -> None:
    put(engine, company, "error_limit=0.04")
    with write(engine) as conn:
        wanted = dict.fromkeys(reset_key("error_limit", {}))
        change_settings(conn, company, wanted, SIGNED, today=TODAY)

    assert held(engine, company).error_limit == Policy().error_limit
    with read(engine) as conn:
        assert len(history(conn, company)) == 2
        assert settings_on(conn, company, TODAY) == {}


def test_what_was_known_by_an_instant_leaves_out_what_was_set_since(engine: Engine, company: str) -> None:
    put(engine, company, "error_limit=0.04", day=TODAY - 90 * DAY)  # said today, of the past

    with read(engine) as conn:
        assert settings_on(conn, company, TODAY, NOW - DAY) == {}
        assert settings_on(conn, company, TODAY, NOW) == {"error_limit": 0.04}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("late_issued_limit=lots", "setting_not_a_number"),
        ("late_issued_limit=nan", "setting_not_a_number"),
        ("late_issued_limit=12", "setting_out_of_range"),
        ("change_days=2.5", "setting_not_whole"),
        ("late_isued_limit=0.1", "setting_unknown_near"),
        ("xyzzy=1", "setting_unknown"),
        ("late_issued_limit", "setting_without_value"),
        ("holidays=Atlantis", "holidays_unknown"),
        ("closure=2026-02-30", "closure_unreadable"),
        ("closure=2026-08-21..2026-08-03", "closure_backwards"),
        ("closure=2026-01-01..2026-12-31", "closure_too_long"),
        ("baseline_period=2026", "baseline_unreadable"),
    ],
)
def test_what_will_not_do_is_refused_by_its_own_reason(text: str, code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_settings([text])
    assert refusal.value.code == code


def test_settings_that_contradict_each_other_are_refused_and_nothing_is_kept(engine: Engine, company: str) -> None:
    for text in ("watch_years=6", "provider_rate_low=90", "opens_minute=1200"):
        with pytest.raises(BadInput, match="settings_out_of_order"):
            put(engine, company, "error_limit=0.04", text)
    with read(engine) as conn:
        assert history(conn, company) == []


@given(st.sampled_from(sorted(describe())), st.floats(0, 1))
def test_every_setting_takes_both_ends_of_its_range_and_what_lies_between(name: str, share: float) -> None:
    low, high = range_of(name)
    assert low <= getattr(Policy(), name) <= high
    number = low + share * (high - low)
    whole = isinstance(getattr(Policy(), name), int)
    value = check_number(
        name, f"{round(number) if whole else number:.12f}" if low <= round(number) <= high or not whole else high
    )
    assert low <= value <= high
    for beyond in (low - 1, high * 1.01 + 1):
        with pytest.raises(BadInput):
            check_number(name, beyond)


def test_the_defaults_do_not_contradict_each_other() -> None:
    check_together({})


def test_every_setting_has_its_name_its_unit_and_its_source_in_words() -> None:
    assert [name for name in names() if name != "baseline_period" and f"setting:{name}" not in LABELS] == []
    assert {said["unit"] for said in describe().values()} == set(UNITS)
    assert {said["source"] for said in describe().values()} == set(SOURCES)
    assert [line.name for line in policy_lines([], TODAY)] == [*_in_order()]


def _in_order() -> Iterator[str]:
    for name in describe():
        yield name
        if name == "baseline_weeks":
            yield "baseline_period"
    yield "holidays"


def test_closures_and_holidays_of_a_place_close_the_calendar(engine: Engine, company: str) -> None:
    put(engine, company, "holidays=FR-57", "closure=2026-08-03..2026-08-05")
    put(engine, company, "closure=12-24..01-02")
    closed = held(engine, company).closed_days

    assert {date(2026, 8, 3), date(2026, 8, 5), date(2025, 12, 30), date(2026, 1, 2), date(2026, 12, 26)} <= closed
    assert date(2026, 8, 6) not in closed
    with write(engine) as conn:
        known = settings_on(conn, company, TODAY)
        change_settings(conn, company, dict.fromkeys(reset_key("closure", known)), SIGNED, today=TODAY)
    assert held(engine, company).closed_days == public_holidays("FR-57", TODAY.year - 12, TODAY.year + 1)


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.integers(0, 90), st.booleans())
def test_a_closure_is_read_as_it_is_written(first: date, days: int, yearly: bool) -> None:
    last = first + timedelta(days=days)
    cut = 5 if yearly else 0
    text = f"{first.isoformat()[cut:]}..{last.isoformat()[cut:]}"
    closure = read_closure(text)
    if closure is None:
        assert yearly
        assert "02-29" in text
        return
    assert read_closure(closure.text) == closure
    assert isinstance(closure, Closure)
    if not yearly:
        assert closure.days(()) == {first + n * DAY for n in range(days + 1)}


def test_settings_that_sessions_are_made_with_have_the_traces_read_anew(engine: Engine, company: str) -> None:
    put(engine, company, "error_limit=0.04")
    with read(engine) as conn:
        assert conn.execute(select(func.count()).select_from(touched_month)).scalar() == 0
        assert conn.execute(select(func.count()).select_from(activity)).scalar() == 0
    put(engine, company, "session_gap_minutes=45")  # nothing to read anew: no error either


def test_the_terminal_shows_sets_tries_and_tells_what_was_set(
    engine: Engine, company: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_policy(engine, company, ["alarm_years=10"], None, SIGNED, "en")
    show_policy(engine, company, None, SIGNED, "en", markdown=True)
    show_history(engine, company, SIGNED, "en")
    said = capsys.readouterr().out
    assert "alarm_years: default → 10" in said
    assert "| `alarm_years` | 10 |" in said
    assert "as agreed" in said
    with pytest.raises(BadInput, match="dry_run_of_numbers"):
        try_policy(engine, company, ["holidays=none"], SIGNED, "en")
    try_policy(engine, company, ["late_issued_limit=0.5"], SIGNED, "en")
    assert "late_issued_limit = 0.5" in capsys.readouterr().out
    assert held(engine, company).late_issued_limit == Policy().late_issued_limit


@pytest.fixture
def client(engine: Engine, company: str) -> Iterator[httpx.Client]:
    with write(engine) as conn:
        key = make_key(conn, "erp", NOW)
    headers = {"Authorization": f"Bearer {key}"}
    with (
        served(engine, NOW) as address,
        httpx.Client(base_url=f"{address}/v1/companies/{company}", headers=headers, timeout=30) as asking,
    ):
        yield asking


def test_the_api_shows_changes_tries_and_puts_back(engine: Engine, client: httpx.Client) -> None:
    by_name = {line["name"]: line for line in client.get("/policy").json()["settings"]}
    assert set(describe()) < set(by_name)
    assert by_name["error_limit"]["value"] == by_name["error_limit"]["default"] == Policy().error_limit

    tried = client.post("/policy/dry-run", json={"settings": {"error_limit": 0.2}}).json()
    assert tried["settings"] == {"error_limit": 0.2}
    assert tried["before"] == tried["after"] == {"fired": 0, "alerts": [], "verdicts": []}

    asked = {"settings": {"error_limit": "4 %", "closure": "2026-08-03..2026-08-05"}, "because": "our own"}
    changed = client.post("/policy", json=asked).json()["changed"]
    assert [(one["name"], one["after"]) for one in changed] == [
        ("closure=2026-08-03..2026-08-05", True),
        ("error_limit", 0.04),
    ]
    body = client.get("/policy").json()
    (line,) = (one for one in body["settings"] if one["name"] == "error_limit")
    assert (line["value"], line["changed"]["because"], body["closures"]) == (
        0.04,
        "our own",
        ["2026-08-03..2026-08-05"],
    )
    with read(engine) as conn:
        assert conn.execute(select(func.count()).select_from(assessment)).scalar()

    client.post("/policy/reset", json={"names": ["error_limit", "closure"]})
    assert client.get("/policy").json()["closures"] == []
    assert [len(one["changes"]) for one in client.get("/policy/history").json()["history"]] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("path", "asked", "code"),
    [
        ("/policy", {"settings": {"error_limit": 7}}, "setting_out_of_range"),
        ("/policy", {"settings": {"nonsense_": 7}}, "setting_unknown"),
        ("/policy/dry-run", {"settings": {"holidays": "none"}}, "dry_run_of_numbers"),
        ("/policy/reset", {"names": ["nonsense_"]}, "setting_unknown"),
    ],
)
def test_the_api_refuses_in_words_and_keeps_nothing(
    engine: Engine, company: str, client: httpx.Client, path: str, asked: dict[str, object], code: str
) -> None:
    answer = client.post(path, json=asked)
    assert (answer.status_code, answer.json()["title"]) == (422, code)
    with read(engine) as conn:
        assert history(conn, company) == []


def test_a_setting_of_another_kind_is_read_too() -> None:
    assert check_setting("closure", "12-24..01-02") == ("closure=12-24..01-02", True)
    assert check_setting("holidays", "fr-57") == ("holidays", "FR-57")
    assert check_setting("baseline_period", "2025-01-01..2025-12-31")[1] == ["2025-01-01", "2025-12-31"]
