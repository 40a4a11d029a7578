"""What an assessment costs at size: `python -m benchmarks.scale [DOCUMENTS] [FOLDER]`.

Measures, in one run, on one SQLite file: making all facts; the first assessment; DuckDB computing the aggregates behind
it from the rows of the same file; an assessment after `CHANGED` rows of the last weeks came again changed, with five
years of history and with one; and companies of 10,000 documents each, one after the other. Seconds are of the clock and
of the processor; memory is the peak of the process, children apart. `DUCKDB_PYTHON` names a Python that has DuckDB.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, select, update

from app.assessment import assess_company
from app.db import open_database, read, write
from app.intake import touch
from app.migrate import migrate
from app.models.records import document
from benchmarks.scale.company import NOW, Size, build, make_facts

CHANGED = 5_000
SMALL, SMALL_COMPANIES = 10_000, 10


def timed(what: str, work: Callable[[], object]) -> float:
    """Run something and print what it took; give the seconds of the clock."""
    begun, used = time.perf_counter(), time.process_time()
    work()
    took, cpu = time.perf_counter() - begun, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:55} {took:8.2f} s {cpu:8.2f} s of processor {peak:7.0f} MB peak", flush=True)
    return took


def change(engine: Engine, company_id: str, n: int) -> None:
    """Change the newest documents, as a source that tells them again would."""
    d = document.c
    with write(engine) as conn:
        newest = select(d.external_id, d.issue_month).where(d.company_id == company_id)
        rows = conn.execute(newest.order_by(d.issue_month.desc(), d.external_id.desc()).limit(n)).fetchall()
        for start in range(0, len(rows), 500):
            keys = [row[0] for row in rows[start : start + 500]]
            conn.execute(
                update(document).where(d.external_id.in_(keys), d.company_id == company_id).values(disputed=True)
            )
        touch(conn, company_id, {int(row[1]) for row in rows})


def made(folder: Path, size: Size) -> tuple[Engine, str]:
    """Make a company in a file of its own, or take the one made before."""
    path = folder / f"seuil-{size.documents}-{size.years}.db"
    if not path.exists():
        engine = open_database(f"sqlite:///{path}")
        migrate(engine)
        timed(
            f"writing {size.documents:,} documents and {size.traces + size.times:,} traces", lambda: build(engine, size)
        )
        engine.dispose()
    engine = open_database(f"sqlite:///{path}")
    with read(engine) as conn:
        company_id = str(conn.execute(select(document.c.company_id).limit(1)).scalar_one())
    return engine, company_id


def main() -> None:
    """Print every figure."""
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "build")  # noqa: PLR2004 - the second argument
    whole, year = (Size(documents * n // 5, 4 * documents * n // 5, documents * n // 5, n) for n in (5, 1))
    again = {}
    for size in (whole, year):
        engine, company_id = made(folder, size)
        facts = timed(f"facts of {size.years} years", partial(make_facts, engine, company_id))
        first = timed(f"first assessment, {size.years} years", partial(assess_company, engine, company_id, NOW))
        if size is whole:
            _duckdb(folder / f"seuil-{size.documents}-5.db", facts, first)
        change(engine, company_id, CHANGED)
        again[size.years] = timed(
            f"assessment after {CHANGED:,} changed rows, {size.years} years",
            partial(assess_company, engine, company_id, NOW),
        )
        engine.dispose()
    print(f"five years of history over one: {again[5] / again[1]:.2f}")
    _many(folder)


def _duckdb(path: Path, facts: float, first: float) -> None:
    """Set our facts and first assessment beside DuckDB reading and aggregating the same rows, in another process."""
    python = os.environ.get("DUCKDB_PYTHON", sys.executable)
    code = Path(__file__).with_name("aggregates.py")
    done = subprocess.run([python, str(code), str(path)], check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        print(f"DuckDB: not measured ({done.stderr.strip().splitlines()[-1]})")
        return
    loaded, told = (float(line) for line in done.stdout.split()[-2:])
    print(f"DuckDB: reading the rows {loaded:.2f} s, the same aggregates {told:.2f} s")
    theirs = loaded + told
    print(f"ours over DuckDB: facts {facts / theirs:.1f}, with the assessment {(facts + first) / theirs:.1f}")


def _many(folder: Path) -> None:
    path = folder / f"seuil-many-{SMALL}.db"
    path.unlink(missing_ok=True)
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    sizes = [Size(SMALL, 4 * SMALL, SMALL, 5, seed) for seed in range(SMALL_COMPANIES)]
    companies = [build(engine, size, f"Maison {size.seed}") for size in sizes]
    for company_id in companies:
        make_facts(engine, company_id)

    def each() -> None:
        for company_id in companies:
            assess_company(engine, company_id, NOW)

    took = timed(f"{SMALL_COMPANIES} companies of {SMALL:,} documents", each)
    print(f"companies a second on one core: {SMALL_COMPANIES / took:.2f}")


if __name__ == "__main__":
    main()
