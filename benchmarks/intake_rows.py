"""Time intake against its floor, in one run: `python benchmarks/intake_rows.py [--rows N] [--rounds N]`.

A local source, a file of pages of JSON behind a connector, is read three times into a fresh database: all rows new,
all rows changed, all rows unchanged. Ours goes the whole way: pseudonyms, digests, comparison, versions, bookmark,
touched months. The floor reads the same source and writes the same columns of the same two tables (record, and version
of what was there), a commit a page, and does nothing else: executemany on SQLite, COPY on PostgreSQL.

`--postgres URL` names an empty database to use as well; `--dlt PYTHON` an interpreter that has dlt, which does the same
job on `--dlt-rows` rows (`scd2`, which keeps earlier versions, and `delete-insert`, which does not). `--parts` says
what ours spends its time on. Ratios (of the best of the rounds) are the finding; rows a second are this machine's.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

sys.path.insert(0, str(Path(__file__).parent.parent))

from app import intake
from app.companies import add_company, connection_for
from app.db import open_database, write
from app.migrate import migrate
from app.models.records import document
from connectors.base import Cursor, Page, Pages
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream

PAGE = 1000
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
AT = str(NOW)
DAY_ZERO = date(1970, 1, 1).toordinal()
ROUNDS = ("new", "changed", "unchanged")
BARS = {"sqlite": 0.5, "postgresql": 0.7}
UNCHANGED_BAR = 1.5


def write_pages(path: Path, rows: int, *, changed: bool) -> None:
    """Write the source: invoices as an API tells them, a page a line; changed ones are paid, and cost a cent more."""
    first = date(2024, 1, 1)
    with path.open("w", encoding="utf-8") as file:
        for start in range(0, rows, PAGE):
            page = [_object(n, first, changed=changed) for n in range(start, min(start + PAGE, rows))]
            file.write(json.dumps(page, ensure_ascii=False) + "\n")


def _object(n: int, first: date, *, changed: bool) -> dict[str, Any]:
    issued, cents = first + timedelta(days=n % 900), 10_000 + n * 37 % 500_000 + changed
    return {
        "id": f"sale:{n}",
        "number": f"FA{issued:%y%m}-{n:06d}",
        "customer": f"C{n % 3000:05d}",
        "done": (issued - timedelta(days=5)).isoformat(),
        "issued": issued.isoformat(),
        "sent": (issued + timedelta(days=1)).isoformat(),
        "due": (issued + timedelta(days=30)).isoformat(),
        "paid": (issued + timedelta(days=40)).isoformat() if changed else None,
        "net": f"{cents // 100}.{cents % 100:02d}",
        "tax": f"{cents // 500}.{cents % 100:02d}",
        "total": f"{cents // 100 + cents // 500}.{cents % 100:02d}",
        "author": f"login{n % 7}",
        "attached": n % 2 == 0,
        "created": f"{issued.isoformat()}T08:{n % 60:02d}:00+00:00",
        "changed": "2026-02-01T00:00:00+00:00" if changed else "2026-01-01T00:00:00+00:00",
    }


Files = Mapping[str, Path]


def write_source(folder: Path, rows: int) -> Files:
    """Write what the source says in each round."""
    folder.mkdir()
    first, second = folder / "first.jsonl", folder / "second.jsonl"
    write_pages(first, rows, changed=False)
    write_pages(second, rows, changed=True)
    return {"new": first, "changed": second, "unchanged": second}


def read_pages(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Read the source page by page."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


@dataclass(frozen=True)
class Local:
    """A connector to the file."""

    path: Path
    name: ClassVar[str] = "csv"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """Give the one it has."""
        from connectors.records import Stream  # noqa: PLC0415

        return {Stream.INVOICES: self._invoices}

    def _invoices(self, _: Cursor | None) -> Iterator[Page]:
        from connectors.base import Page  # noqa: PLC0415

        for number, objects in enumerate(read_pages(self.path)):
            yield Page(tuple(map(_invoice, objects)), {"page": str(number)})


def _invoice(said: dict[str, Any]) -> Invoice:
    day = date.fromisoformat
    return Invoice(
        external_id=said["id"],
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=said["number"],
        party=said["customer"],
        service_on=day(said["done"]),
        issued_on=day(said["issued"]),
        sent_on=day(said["sent"]),
        due_on=day(said["due"]),
        paid_on=day(said["paid"]) if said["paid"] else None,
        net=Decimal(said["net"]),
        tax=Decimal(said["tax"]),
        total=Decimal(said["total"]),
        author=said["author"],
        has_attachment=said["attached"],
        created_at=datetime.fromisoformat(said["created"]),
        source_version=said["changed"],
    )


@dataclass(frozen=True)
class Place:
    """A fresh database with a connection in it."""

    engine: Any
    company_id: str
    connection_id: str


def fresh(url: str) -> Place:
    """Make an empty database, with a company and a connection."""
    engine = open_database(url)
    if engine.dialect.name == "postgresql":
        with engine.begin() as conn:
            conn.exec_driver_sql("DROP SCHEMA public CASCADE")
            conn.exec_driver_sql("CREATE SCHEMA public")
    migrate(engine)
    with write(engine) as conn:
        company_id = add_company(conn, "Menuiserie Aubrac", NOW, siren=None, zone="Europe/Paris")
        return Place(engine, company_id, connection_for(conn, company_id, "csv", NOW))


def by_us(place: Place, path: Path) -> None:
    """Read the source the way the service does."""
    with write(place.engine) as conn:
        source = intake.find_source(conn, place.connection_id)
    for page in Local(path).streams[Stream.INVOICES](None):
        with write(place.engine) as conn:
            intake.save_page(conn, source, Stream.INVOICES, page, NOW)


KEYS = ("connection_id", "external_id")
COLUMNS = (*KEYS, *(column.name for column in document.columns if column.name not in KEYS))
Rows = list[tuple[Any, ...]]
VERSION = ("company_id", "connection_id", "stream", "external_id", "known_at", "superseded_at", "gone", "row")


def by_the_floor(place: Place, path: Path) -> None:
    """Write record and version of every row, and nothing else; the version only of what is there already."""
    is_first = _is_empty(place)
    for page in Local(path).streams[Stream.INVOICES](None):
        with write(place.engine) as conn:
            raw, write_rows = conn.connection.driver_connection, _WRITE[conn.dialect.name]
            rows = [_record(place, record) for record in page.records]
            write_rows(raw, "document", COLUMNS, rows, is_new=is_first)
            if not is_first:
                write_rows(raw, "record_version", VERSION, [_version(row) for row in rows], is_new=True)


def _number(day: date | None) -> int | None:
    return day.toordinal() - DAY_ZERO if day else None


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)


def _record(place: Place, it: Any) -> tuple[Any, ...]:
    issued = it.issued_on
    return (
        place.connection_id, it.external_id, place.company_id, it.source_version, "0" * 32, AT, AT, None, "all",
        "sale", "invoice", "final", it.number, it.party, _number(it.service_on), None, _number(issued),
        issued.year * 12 + issued.month - 1, _number(it.sent_on), _number(it.due_on), _number(it.paid_on),
        None, None, _cents(it.net), _cents(it.tax), _cents(it.total), "EUR", it.author, None, None,
        None, None, None, it.has_attachment, AT, None, None, None,
    )  # fmt: skip


def _version(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[2], row[0], "invoices", row[1], AT, AT, False, json.dumps(dict(zip(COLUMNS, row, strict=True)))


def _into_sqlite(raw: Any, table: str, columns: Sequence[str], rows: Rows, *, is_new: bool) -> None:
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    raw.executemany(statement + ("" if is_new else _on_conflict(columns)), rows)


def _into_postgres(raw: Any, table: str, columns: Sequence[str], rows: Rows, *, is_new: bool) -> None:
    names, to = ", ".join(columns), table if is_new else "brought"
    with raw.cursor() as cursor:
        if not is_new:
            cursor.execute(f"CREATE TEMP TABLE brought (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DROP")
        with cursor.copy(f"COPY {to} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        if not is_new:
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM brought{_on_conflict(columns)}")


_WRITE: dict[str, Callable[..., None]] = {"sqlite": _into_sqlite, "postgresql": _into_postgres}


def _on_conflict(columns: Sequence[str]) -> str:
    told = ", ".join(f"{name} = excluded.{name}" for name in columns[2:])
    return f" ON CONFLICT (connection_id, external_id) DO UPDATE SET {told}"


def _is_empty(place: Place) -> bool:
    with place.engine.connect() as conn:
        return conn.exec_driver_sql("SELECT 1 FROM document LIMIT 1").first() is None


Seconds = dict[str, float]


def timed(work: Callable[[Place, Path], None], url: str, files: Files) -> Seconds:
    """Give the seconds of each round in a fresh database."""
    place, seconds = fresh(url), {}
    for name in ROUNDS:
        began = time.perf_counter()
        work(place, files[name])
        seconds[name] = time.perf_counter() - began
    place.engine.dispose()
    return seconds


def compare(title: str, url: Callable[[], str], files: Files, rows: int, rounds: int) -> bool:
    """Time both in turn, print the best of each, and say whether the bars are met."""
    seen: dict[str, list[Seconds]] = {"floor": [], "ours": []}
    for _ in range(rounds):
        seen["floor"].append(timed(by_the_floor, url(), files))
        seen["ours"].append(timed(by_us, url(), files))
    best = {who: {name: min(each[name] for each in all_) for name in ROUNDS} for who, all_ in seen.items()}
    for who, seconds in best.items():
        told = ROUNDS if who == "ours" else ROUNDS[:2]
        print(f"{title:11} {who:6}" + "".join(f"{name:>11} {rows / seconds[name]:8,.0f}/s" for name in told))
    floor, ours = best["floor"], best["ours"]
    ratio = (floor["new"] + floor["changed"]) / (ours["new"] + ours["changed"])
    parts = ", ".join(f"{name} {floor[name] / ours[name]:.2f}" for name in ROUNDS[:2])
    less = ours["changed"] / ours["unchanged"]
    print(f"{title:11} ratio {ratio:.2f} of the floor ({parts}; bar {BARS[title]})")
    print(f"{title:11} unchanged {less:.1f}x changed (bar {UNCHANGED_BAR})")
    return ratio >= BARS[title] and less >= UNCHANGED_BAR


def by_dlt(python: str, url: str, folder: Path, rows: int) -> None:
    """Have dlt do the job, in its own environment, and print its figures beside ours on as many rows."""
    folder.mkdir()
    files = write_source(folder / "few", rows)
    ours = timed(by_us, f"sqlite:///{folder}/few.db" if url.startswith("sqlite") else url, files)
    print(
        f"{'':11} ours  " + "".join(f"{name:>11} {rows / ours[name]:8,.0f}/s" for name in ROUNDS) + f" of {rows} rows"
    )
    script = Path(__file__).with_name("dlt_rows.py")
    for strategy in ("scd2", "delete-insert"):
        command = [python, str(script), strategy, url, *(str(files[name]) for name in ROUNDS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)  # noqa: S603
        told = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
        figures = "".join(f"{name:>11} {rows / told[name]:8,.0f}/s" for name in ROUNDS if name in told)
        print(f"{'':11} dlt {strategy:13}{figures or done.stderr.strip()[-300:]}")


def parts(url: str, files: Files, rows: int) -> None:
    """Print what a row costs, in microseconds, in each step of ours."""
    spent: dict[str, float] = {}
    inner = [0.0]  # what the steps within the one under way took

    def watched(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timing(*given: Any, **named: Any) -> Any:
            inner.append(0.0)
            began = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                took = time.perf_counter() - began
                spent[name] = spent.get(name, 0.0) + took - inner.pop()
                inner[-1] += took

        return timing

    kept = {name: getattr(intake, name) for name in STEPS}
    for name, work in kept.items():
        setattr(intake, name, watched(name, work))
    place = fresh(url)
    for name in ROUNDS:
        spent.clear()
        began = time.perf_counter()
        by_us(place, files[name])
        whole = time.perf_counter() - began
        told = [f"{STEPS[step]} {seconds / rows * 1e6:.1f}" for step, seconds in spent.items() if seconds]
        told.append(f"source, commit and the rest {(whole - sum(spent.values())) / rows * 1e6:.1f}")
        print(f"{'':11} {name}: {whole / rows * 1e6:.1f} us a row: {', '.join(told)}")
    for name, work in kept.items():
        setattr(intake, name, work)
    place.engine.dispose()


STEPS = {
    "_know_people": "pseudonyms",
    "to_rows": "row and digest",
    "_known": "what is known",
    "_keep_versions": "what rows were",
    "insert_rows": "inserts",
    "update_rows": "updates",
    "_differing": "columns that differ",
    "_touch": "months",
    "_quarantine": "quarantine",
    "_turn_bookmark": "bookmark",
}


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description="Time intake against its floor.")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", help="an empty database to use; what is in it goes")
    parser.add_argument("--dlt", help="an interpreter that has dlt")
    parser.add_argument("--dlt-rows", type=int, default=5_000)
    parser.add_argument("--parts", action="store_true", help="say what a row costs in each step")
    asked = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files, numbers = write_source(folder / "source", asked.rows), count()
        places: dict[str, Callable[[], str]] = {"sqlite": lambda: f"sqlite:///{folder}/{next(numbers)}.db"}
        if asked.postgres:
            places["postgresql"] = lambda: str(asked.postgres)
        for title, url in places.items():
            good &= compare(title, url, files, asked.rows, asked.rounds)
            if asked.parts:
                parts(url(), files, asked.rows)
            if asked.dlt:
                by_dlt(asked.dlt, url(), folder / title, asked.dlt_rows)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
