"""Views for whoever reads with SQL: columns that stay, days and instants as dates, nothing of persons.

They are a promise (docs/sql.md): a later revision adds columns at a view's end, and takes none away without a word.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

COMPANIES, VERDICTS, SIGNALS = "seuil_companies", "seuil_verdicts", "seuil_signals"
MEASURES, ALERTS, CONNECTIONS = "seuil_measures", "seuil_alerts", "seuil_connections"
SYNCS, DELIVERIES = "seuil_syncs", "seuil_deliveries"
NAMES = (COMPANIES, VERDICTS, SIGNALS, MEASURES, ALERTS, CONNECTIONS, SYNCS, DELIVERIES)

LEVEL = "CASE r.level WHEN 'calm' THEN 0 WHEN 'watch' THEN 1 WHEN 'over' THEN 2 END"
NEWEST = "(SELECT max(x.as_of) FROM assessment x WHERE x.company_id = {company} AND x.process = 'all')"


class Lite:
    """How SQLite is asked; it has no dates: days are `2026-11-22`, instants `2026-11-22T09:00:00Z`."""

    today = "(CAST(strftime('%s', 'now') AS INTEGER) / 86400)"

    def day(self, number: str) -> str:
        return f"date({number} * 86400, 'unixepoch')"

    def at(self, instant: str) -> str:
        return f"strftime('%Y-%m-%dT%H:%M:%SZ', {instant})"

    def on(self, instant: str) -> str:
        return f"date({instant})"

    def latest(self, *instants: str) -> str:
        told = ", ".join(f"coalesce({one}, '')" for one in instants)
        return f"nullif(max({told}), '')"

    def days_since(self, instant: str) -> str:
        return f"CAST(julianday('now') - julianday({instant}) AS INTEGER)"

    def said(self, *path: str) -> str:
        return f"json_extract(a.body, '$.{'.'.join(path)}')"

    def count(self, *path: str) -> str:
        return self.said(*path)

    def frozen_on(self) -> str:
        return (
            "(SELECT json_extract(s.value, '$.frozen_on') FROM json_each(a.body, '$.signals') s"
            " WHERE json_extract(s.value, '$.name') = r.signal)"
        )


class Postgres(Lite):
    """How PostgreSQL is asked."""

    today = "((now() AT TIME ZONE 'UTC')::date - DATE '1970-01-01')"

    def day(self, number: str) -> str:
        return f"(DATE '1970-01-01' + {number})"

    def at(self, instant: str) -> str:
        return instant

    def on(self, instant: str) -> str:
        return f"({instant} AT TIME ZONE 'UTC')::date"

    def latest(self, *instants: str) -> str:
        return f"greatest({', '.join(instants)})"

    def days_since(self, instant: str) -> str:
        return f"floor(extract(epoch FROM now() - {instant}) / 86400)::integer"

    def said(self, *path: str) -> str:
        return f"(a.body::json #>> '{{{','.join(path)}}}')::double precision"

    def count(self, *path: str) -> str:
        return f"(a.body::json #>> '{{{','.join(path)}}}')::integer"

    def frozen_on(self) -> str:
        return (
            "(SELECT (s.one ->> 'frozen_on')::date FROM json_array_elements(a.body::json -> 'signals') AS s(one)"
            " WHERE s.one ->> 'name' = r.signal)"
        )


def of_answers(sql: Lite) -> dict[str, str]:
    """Give the views of companies and of what was answered; an answer's body is opened for some columns alone."""
    answer = f"""
        SELECT a.company_id, c.name AS company, c.is_demo, {sql.day("a.as_of")} AS day,
               {sql.today} - a.as_of AS days_ago, {sql.at("a.known_at")} AS known_at, a.reconstructed"""
    read = "FROM reading r JOIN assessment a ON a.id = r.assessment_id JOIN company c ON c.id = a.company_id"
    return {
        COMPANIES: f"""
            SELECT c.id AS company_id, c.name AS company, c.is_demo, c.siren, c.currency, c.zone,
                   {sql.at("c.created_at")} AS created_at, {sql.day("a.as_of")} AS assessed_on,
                   {sql.today} - a.as_of AS assessed_days_ago, a.verdict
            FROM company c
            LEFT JOIN assessment a
                   ON a.company_id = c.id AND a.process = 'all' AND a.as_of = {NEWEST.format(company="c.id")}""",
        VERDICTS: f"""{answer}, a.verdict,
                   a.as_of = {NEWEST.format(company="a.company_id")} AS is_latest,
                   {sql.count("coverage", "signals_known")} AS signals_known,
                   {sql.count("coverage", "gates_known")} AS gates_known,
                   {sql.said("worth", "low")} AS worth_low_per_month,
                   {sql.said("worth", "high")} AS worth_high_per_month, c.currency
            FROM assessment a JOIN company c ON c.id = a.company_id
            WHERE a.process = 'all'""",
        SIGNALS: f"""{answer}, r.signal, r.level, {LEVEL} AS level_no, r.measure, r.tier,
                   r.value, r.low, r.high, r.n, r.reason, {sql.frozen_on()} AS frozen_on
            {read}
            WHERE a.process = 'all' AND r.process = 'all' AND r.level IS NOT NULL""",
        MEASURES: f"""{answer}, r.process, r.signal, r.measure, r.level, r.tier,
                   r.value, r.low, r.high, r.n, r.reason
            {read}
            WHERE a.process = 'all'""",
    }


def of_the_watch(sql: Lite) -> dict[str, str]:
    """Give the views of alerts, sources and what was sent."""
    read_at = sql.latest("k.read_at", "b.read_at", "i.applied_at")
    made_on = sql.on("x.created_at")
    return {
        ALERTS: f"""
            SELECT e.id AS alert_id, e.company_id, c.name AS company, c.is_demo, e.process, e.subject, e.state,
                   e.closed_on IS NULL AS is_open, {sql.day("e.opened_on")} AS opened_on,
                   {sql.day("e.fired_on")} AS fired_on, {sql.day("e.calm_since")} AS calm_since,
                   {sql.day("e.closed_on")} AS closed_on,
                   coalesce(e.closed_on, {sql.today}) - e.opened_on AS days_open,
                   e.owner IS NOT NULL AS is_assigned, {sql.at("e.acknowledged_at")} AS acknowledged_at,
                   {sql.at("e.snoozed_until")} AS snoozed_until, {sql.at("e.dismissed_at")} AS dismissed_at,
                   e.dismissed_because
            FROM episode e JOIN company c ON c.id = e.company_id""",
        CONNECTIONS: f"""
            SELECT k.id AS connection_id, k.company_id, c.name AS company, c.is_demo, k.provider, k.kind,
                   {sql.at("k.created_at")} AS created_at, {sql.at(read_at)} AS read_at,
                   {sql.days_since(read_at)} AS days_since_read, {sql.at("k.changed_at")} AS changed_at,
                   {sql.at("k.due_at")} AS due_at, k.trouble, {sql.at("k.troubled_since")} AS troubled_since, k.failures
            FROM connection k JOIN company c ON c.id = k.company_id
            LEFT JOIN (SELECT connection_id, max(read_at) AS read_at FROM bookmark GROUP BY connection_id) b
                   ON b.connection_id = k.id
            LEFT JOIN (SELECT connection_id, max(applied_at) AS applied_at FROM ledger_import
                       WHERE state = 'applied' GROUP BY connection_id) i ON i.connection_id = k.id""",
        SYNCS: f"""
            SELECT b.connection_id, k.company_id, c.name AS company, c.is_demo, k.provider, b.stream,
                   b.rows AS rows_read, {sql.at("b.read_at")} AS read_at,
                   {sql.days_since("b.read_at")} AS days_since_read, {sql.at("b.ended_at")} AS ended_at
            FROM bookmark b JOIN connection k ON k.id = b.connection_id JOIN company c ON c.id = k.company_id""",
        DELIVERIES: f"""
            SELECT {made_on} AS day, 'letter' AS kind, x.kind AS what, x.state,
                   CAST(NULL AS VARCHAR(36)) AS company_id, CAST(NULL AS VARCHAR(200)) AS company, r.is_demo,
                   count(*) AS deliveries, sum(x.attempts) AS attempts
            FROM letter x JOIN recipient r ON r.id = x.recipient_id
            GROUP BY {made_on}, x.kind, x.state, r.is_demo
            UNION ALL
            SELECT {made_on}, 'notice', h.kind, x.state, c.id, c.name, c.is_demo, count(*), sum(x.attempts)
            FROM notice x JOIN channel h ON h.id = x.channel_id JOIN company c ON c.id = h.company_id
            GROUP BY {made_on}, h.kind, x.state, c.id, c.name, c.is_demo""",
    }


def upgrade() -> None:
    sql = Postgres() if op.get_bind().dialect.name == "postgresql" else Lite()
    for name, query in (of_answers(sql) | of_the_watch(sql)).items():
        op.get_bind().exec_driver_sql(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    for name in reversed(NAMES):
        op.get_bind().exec_driver_sql(f"DROP VIEW {name}")
