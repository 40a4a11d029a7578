"""The views for whoever reads with SQL: as the page says, on both databases, with nothing of persons."""

import json
import re
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, insert, inspect, select, text, update
from sqlalchemy.exc import ProgrammingError

from app.companies import add_company, connection_for
from app.db import read, write
from app.ids import new_id
from app.migrate import MIGRATIONS, configuration
from app.models.answers import assessment, reading
from app.models.channels import channel, notice
from app.models.core import bookmark, connection
from app.models.watch import episode, letter, recipient

PAGE = (Path(__file__).parents[2] / "docs/sql.md").read_text()
BLOCK = re.compile(r"^```(sql|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "of-a-person"
NOW = datetime.now(UTC)  # the views count days until the database's own today
TODAY = NOW.date()


def under(title: str) -> str:
    """The text under a heading of the second level."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(title: str) -> list[str]:
    return [block for _, block in BLOCK.findall(under(title))]


def told() -> dict[str, list[str]]:
    """Each view of the page, with its columns in order."""
    parts = re.split(r"^### (\w+)$", under("Views"), flags=re.MULTILINE)
    return {
        name: re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


VERDICTS, LATE_ISSUED, OLD_ALERTS, STALE, PORTFOLIO = blocks("Queries")


def rows(engine: Engine, query: str) -> list[dict[str, Any]]:
    with read(engine) as conn:
        return [dict(row) for row in conn.execute(text(query)).mappings()]


def as_day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


@pytest.fixture
def filled(engine: Engine, company: str) -> Engine:
    """Two answers with an alert, sources and mails; whatever may name a person is marked."""
    body = {
        "coverage": {"signals_known": 3, "gates_known": 2}, "worth": {"low": -12.5, "high": 340.0},
        "signals": [{"name": "late_invoicing", "frozen_on": (TODAY - timedelta(days=1)).isoformat()}],
    }  # fmt: skip
    with write(engine) as conn:
        for ago, rate in ((30, 0.05), (2, 0.25)):
            _answer(conn, company, ago, rate, body)
        _watch(conn, company)
        demo = add_company(conn, "Atelier Démonstration", NOW, zone="Europe/Paris", is_demo=True)
        _answer(conn, demo, 1, 0.5, body)
    return engine


def _answer(conn: Connection, company_id: str, ago: int, rate: float, body: dict[str, Any]) -> None:
    day = TODAY - timedelta(days=ago)
    row = {"company_id": company_id, "as_of": day, "known_at": NOW, "verdict": "prepare", "reconstructed": False}
    no = conn.execute(
        insert(assessment).values(row | {"body": json.dumps(body), "etag": "e"}).returning(assessment.c.id)
    )
    base = {"assessment_id": no.scalar_one(), "tier": "direct", "n": 40}
    late = base | {"measure": "late_issued_rate", "signal": "late_invoicing", "value": rate, "low": 0.01, "high": 0.6}
    conn.execute(insert(reading), [late | {"level": "over", "process": one} for one in ("all", "invoicing")])
    unknown = {"measure": "error_rate", "signal": "quality", "level": "unknown", "n": 0, "reason": "no_documents"}
    conn.execute(insert(reading).values(base | unknown | {"tier": "none"}))


def _watch(conn: Connection, company_id: str) -> None:
    for ago, closed in ((20, None), (40, 10), (3, None)):
        conn.execute(
            insert(episode).values(
                id=new_id(NOW),
                company_id=company_id,
                subject=f"verdict:{ago}",
                state="firing",
                opened_on=TODAY - timedelta(days=ago),
                opened_at=NOW,
                seen_on=TODAY,
                facts={"said": MARK},
                closed_on=TODAY - timedelta(days=closed) if closed else None,
                acknowledged_at=NOW,
                acknowledged_by=MARK,
                owner=MARK,
                dismissed_by=MARK,
            )
        )
    old = NOW - timedelta(days=5)
    for provider, at in (("dolibarr", old), ("pennylane", NOW)):
        source = connection_for(conn, company_id, provider, NOW)
        sealed = {"sealed_secret": MARK, "sealed_credentials": MARK, "connected_by": MARK, "settings": {"login": MARK}}
        conn.execute(update(connection).where(connection.c.id == source).values(read_at=at, **sealed))
        conn.execute(
            insert(bookmark).values(connection_id=source, stream="invoices", cursor={"a": MARK}, rows=7, read_at=at)
        )
    one = {"id": new_id(NOW), "email": MARK, "language": "fr", "zone": "Europe/Paris", "token": MARK, "created_at": NOW}
    conn.execute(insert(recipient).values(one))
    sent = {
        "state": "sent",
        "created_at": NOW,
        "next_try_at": NOW,
        "attempts": 2,
        "trouble": MARK,
        "content": {"a": MARK},
    }
    for period in ("2026-W47", "2026-W48"):
        named = {"id": new_id(NOW), "recipient_id": one["id"], "kind": "digest", "period": period, "told_until": 0}
        conn.execute(insert(letter).values(sent | named | {"message_id": MARK + period}))
    there = {"id": new_id(NOW), "company_id": company_id, "kind": "webhook", "label": MARK, "language": "fr"}
    conn.execute(insert(channel).values(there | {"sealed_address": MARK, "told_until": 0, "created_at": NOW}))
    conn.execute(insert(notice).values(sent | {"id": new_id(NOW), "channel_id": there["id"], "event_no": 1}))


def test_the_page_lists_every_view_with_its_columns_in_their_order(engine: Engine) -> None:
    found = inspect(engine)
    views = {name: [str(one["name"]) for one in found.get_columns(name)] for name in found.get_view_names()}

    assert {name: columns for name, columns in views.items() if name.startswith("seuil_")} == told()
    assert len(told()) == 8


def test_days_and_instants_come_out_as_what_they_are(filled: Engine) -> None:
    for view, columns in told().items():
        (under_view,) = re.findall(rf"^### {view}$(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
        kinds = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", under_view, re.MULTILINE))
        for row in rows(filled, f"SELECT * FROM {view}"):  # noqa: S608 - our own names
            for name in columns:
                _is_of(filled, row[name], kinds[name])


def _is_of(engine: Engine, value: Any, kind: str) -> None:
    lite = engine.dialect.name == "sqlite"
    if value is None:
        return
    if kind == "day":
        assert date.fromisoformat(value) if lite else type(value) is date
    elif kind == "instant":
        assert datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ") if lite else value.tzinfo is not None  # noqa: DTZ007
    elif kind == "yes or no":
        assert value in (0, 1) if lite else isinstance(value, bool)
    elif kind in {"days", "count", "number"}:
        assert int(value) == value
    elif kind.startswith("money"):
        assert isinstance(value, float)


def test_a_day_is_the_day_that_was_kept_and_an_answers_figures_are_its_own(filled: Engine) -> None:
    first, last = rows(filled, "SELECT * FROM seuil_verdicts WHERE NOT is_demo ORDER BY day")

    assert (as_day(first["day"]), first["days_ago"]) == (TODAY - timedelta(days=30), 30)
    assert (bool(first["is_latest"]), bool(last["is_latest"])) == (False, True)
    assert (last["signals_known"], last["gates_known"]) == (3, 2)
    assert (last["worth_low_per_month"], last["worth_high_per_month"], last["currency"]) == (-12.5, 340.0, "EUR")


def test_a_signal_of_a_silent_source_says_since_when_and_an_unknown_one_has_no_level_number(filled: Engine) -> None:
    found = rows(filled, "SELECT * FROM seuil_signals WHERE days_ago = 2 ORDER BY signal")

    assert [(row["signal"], row["level_no"]) for row in found] == [("late_invoicing", 2), ("quality", None)]
    assert as_day(found[0]["frozen_on"]) == TODAY - timedelta(days=1)
    assert (found[1]["frozen_on"], found[1]["reason"]) == (None, "no_documents")


def test_the_verdicts_of_this_week_leave_older_answers_and_the_demonstration_out(filled: Engine) -> None:
    assert [(row["company"], row["verdict"]) for row in rows(filled, VERDICTS)] == [("Menuiserie Aubrac", "prepare")]


def test_the_late_issued_rate_is_a_line_of_the_company_alone(filled: Engine) -> None:
    assert [row["value"] for row in rows(filled, LATE_ISSUED)] == [0.05, 0.25]


def test_alerts_open_for_more_than_two_weeks_are_those_and_no_others(filled: Engine) -> None:
    assert [(row["subject"], row["days_open"]) for row in rows(filled, OLD_ALERTS)] == [("verdict:20", 20)]


def test_a_closed_alert_was_open_until_it_closed(filled: Engine) -> None:
    (closed,) = rows(filled, "SELECT days_open FROM seuil_alerts WHERE NOT is_open")

    assert closed["days_open"] == 30


def test_the_stale_source_is_listed_and_the_fresh_one_is_not(filled: Engine) -> None:
    assert [(row["provider"], row["days_since_read"]) for row in rows(filled, STALE)] == [("dolibarr", 5)]


def test_companies_are_counted_by_their_newest_verdict(filled: Engine) -> None:
    with write(filled) as conn:
        add_company(conn, "Menuiserie Cantal", NOW, zone="Europe/Paris")

    counted = {row["verdict"]: row["companies"] for row in rows(filled, PORTFOLIO)}
    assert counted == {"prepare": 1, "never assessed": 1}


def test_letters_and_notices_are_counted_by_day_and_state(filled: Engine) -> None:
    query = "SELECT kind, what, company, deliveries, attempts FROM seuil_deliveries ORDER BY kind"

    assert [tuple(row.values()) for row in rows(filled, query)] == [
        ("letter", "digest", None, 2, 4),
        ("notice", "webhook", "Menuiserie Aubrac", 1, 2),
    ]


def test_nothing_of_a_person_and_nothing_sealed_is_in_any_view(filled: Engine) -> None:
    shown = [row for view in told() for row in rows(filled, f"SELECT * FROM {view}")]  # noqa: S608 - our own names

    assert shown
    assert MARK not in repr(shown)


@pytest.mark.postgres
def test_the_reader_of_the_page_reads_the_views_and_no_table(postgres_engine: Engine) -> None:
    name = f"reader_{uuid4().hex}"
    granted = blocks("PostgreSQL: a reader of its own")[0].replace("seuil_reader", name)
    try:
        with postgres_engine.begin() as conn:
            for statement in granted.strip().rstrip(";").split(";"):
                conn.execute(text(statement))
        for view in told():
            assert _as_reader(postgres_engine, name, f"SELECT count(*) FROM {view}") == 0  # noqa: S608 - our own names
        for table in ("company", "person", "connection", "assessment"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                _as_reader(postgres_engine, name, f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
        with pytest.raises(ProgrammingError, match="permission denied"):
            _as_reader(postgres_engine, name, "DELETE FROM company RETURNING 1")
    finally:
        with postgres_engine.begin() as conn:
            conn.execute(text(f"DROP OWNED BY {name}"))
            conn.execute(text(f"DROP ROLE {name}"))


def _as_reader(engine: Engine, name: str, query: str) -> Any:
    with engine.connect() as conn:
        conn.execute(text(f"SET LOCAL ROLE {name}"))
        found = conn.execute(text(query)).scalar()
        conn.rollback()
    return found


def test_the_file_for_a_reader_has_the_views_and_nothing_else(sqlite_engine: Engine, tmp_path: Path) -> None:
    with write(sqlite_engine) as conn:
        add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
    made = blocks("SQLite: a file for the reader")[0].replace("reports.db", str(tmp_path / "reports.db"))
    own = sqlite3.connect(str(sqlite_engine.url.database))
    own.executescript(made)
    own.close()
    copy = sqlite3.connect(tmp_path / "reports.db")

    assert {name for (name,) in copy.execute("SELECT name FROM sqlite_master")} == set(told())
    assert copy.execute("SELECT company FROM seuil_companies").fetchall() == [("Menuiserie Aubrac",)]
    copy.close()


def test_a_reader_of_the_file_itself_reads_while_seuil_runs_and_writes_nothing(sqlite_engine: Engine) -> None:
    with write(sqlite_engine) as conn:
        add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
    reader = sqlite3.connect(f"file:{sqlite_engine.url.database}?mode=ro", uri=True)

    assert reader.execute("SELECT company FROM seuil_companies").fetchall() == [("Menuiserie Aubrac",)]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM company")
    reader.close()


def test_the_panel_for_grafana_is_json_and_asks_for_columns_there_are(filled: Engine) -> None:
    (panel,) = (json.loads(block) for kind, block in BLOCK.findall(under("Grafana")) if kind == "json")
    query = panel["targets"][0]["rawSql"].replace("$__timeFilter(day)", "days_ago < 90")

    assert [row["value"] for row in rows(filled, query)] == [0.05, 0.25]


def test_undoing_the_views_leaves_none_and_no_answer_is_lost(filled: Engine) -> None:
    config = configuration()
    with write(filled) as conn:
        config.attributes["connection"] = conn
        command.downgrade(config, "0014")
        left = [name for name in inspect(conn).get_view_names() if name.startswith("seuil_")]
        command.upgrade(config, "head")
        kept = conn.execute(select(assessment.c.id)).all()

    assert (left, len(kept)) == ([], 3)
    assert len(rows(filled, "SELECT * FROM seuil_verdicts")) == 3


LATER = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "later", "{head}", None, None

def upgrade():
    with op.batch_alter_table("bookmark", recreate="always") as batch:
        batch.alter_column("rows", existing_type=sa.Integer(), type_=sa.BigInteger())
"""


def test_a_later_revision_makes_a_table_anew_beneath_the_views(sqlite_engine: Engine, tmp_path: Path) -> None:
    config = configuration()
    head = ScriptDirectory.from_config(config).get_current_head()
    (tmp_path / "later.py").write_text(LATER.format(head=head))
    config.set_main_option("version_locations", f"{MIGRATIONS / 'versions'};{tmp_path}")
    config.set_main_option("path_separator", ";")
    with write(sqlite_engine) as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "head")

    for view in told():
        assert rows(sqlite_engine, f"SELECT * FROM {view}") == []  # noqa: S608 - our own names
