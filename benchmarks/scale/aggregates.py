"""The aggregates behind an assessment, by DuckDB from the rows of a SQLite file: `python aggregates.py FILE`.

Needs the packages `duckdb` and `pandas`, in an environment of its own; prints, as its last lines, the seconds of
reading the rows and those of aggregating them. The rows are read by Python's own driver, and of each table only the
columns that are asked for: DuckDB's reader of SQLite files is an extension that has to be fetched.
"""

import sqlite3
import sys
import time

import duckdb
import pandas as pd

QUERIES = (
    "SELECT issue_month, service_on, issued_on, periodic, count(*) FROM document WHERE direction = 'sale' GROUP BY ALL",
    "SELECT issue_month, issued_on, corrected_on, cancelled_on, count(*) FROM document GROUP BY ALL",
    "SELECT issue_month, direction, kind, count(*), sum(total_minor) FROM document GROUP BY ALL",
    """SELECT d.issue_month, d.due_on, p.paid_on, min(r.sent_on), count(*)
       FROM document d LEFT JOIN payment p ON p.invoice_id = d.external_id
       LEFT JOIN reminder r ON r.invoice_id = d.external_id
       WHERE d.direction = 'sale' GROUP BY ALL""",
    "SELECT done_month, process, done_on, actor, count(*) FROM activity GROUP BY ALL",
    "SELECT worked_month, process, week_on, actor, sum(minutes), count(*) FROM time_entry GROUP BY ALL",
    """SELECT done_month, a.process, coalesce(d.party, a.action), actor, count(*)
       FROM activity a LEFT JOIN document d ON d.external_id = a.object_id GROUP BY ALL""",
    """SELECT actor, process, day, sum(least(gap, 30)) FROM (
         SELECT actor, process, done_on AS day,
           done_minute - lag(done_minute) OVER (PARTITION BY actor ORDER BY done_minute) AS gap
         FROM activity) WHERE gap <= 30 GROUP BY ALL""",
    "SELECT party, total_minor, list(issued_on ORDER BY issued_on) FROM document GROUP BY ALL HAVING count(*) > 1",
)


COLUMNS = {
    "document": "external_id direction kind party service_on issued_on periodic issue_month corrected_on cancelled_on "
    "due_on total_minor",
    "payment": "invoice_id paid_on",
    "reminder": "invoice_id sent_on",
    "activity": "object_id process action actor done_on done_month done_minute",
    "time_entry": "process actor week_on worked_month minutes",
}
ROWS = 200_000


def load(engine: duckdb.DuckDBPyConnection, rows: sqlite3.Connection, table: str) -> None:
    """Copy the columns asked for."""
    names = COLUMNS[table].split()
    cursor = rows.execute(f"SELECT {', '.join(names)} FROM {table}")
    begun = False
    while page := cursor.fetchmany(ROWS):
        part = pd.DataFrame(page, columns=names)
        engine.register("part", part)
        engine.execute(
            f"INSERT INTO {table} SELECT * FROM part" if begun else f"CREATE TABLE {table} AS SELECT * FROM part"
        )
        begun = True


def main() -> None:
    """Read the rows, run each query once, and print what both took."""
    engine = duckdb.connect()
    engine.execute("SET threads = 1")
    rows = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    begun = time.perf_counter()
    for table in COLUMNS:
        load(engine, rows, table)
    read = time.perf_counter()
    for query in QUERIES:
        engine.execute(query).fetchall()
    print(read - begun)
    print(time.perf_counter() - read)


if __name__ == "__main__":
    main()
