"""Time a ledger import against its floor, in one run: `python benchmarks/read_fec.py [LINES] [ROUNDS]`.

The floor is reading the same file with the csv module alone. Each step runs in a process of its own, so that its peak
memory is its own. Ratios are the finding; seconds are this machine's.
"""

import csv
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.make_fec import write_fec

NAME = "123456782FEC20251231.txt"


def by_csv_alone(path: Path) -> int:
    """Read every row with the csv module, and do nothing with it."""
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.reader(stream, delimiter="\t")) - 1


def by_our_reader(path: Path) -> int:
    """Read whole entries, keeping none."""
    from connectors.files import fec  # noqa: PLC0415
    from connectors.files.text import HEAD_BYTES, lines_in  # noqa: PLC0415

    with path.open("rb") as stream:
        dialect = fec.sniff(stream.read(HEAD_BYTES), path.name)
    reading = fec.Reading()
    for _ in fec.read_entries(lambda: lines_in(path, dialect.newline), dialect, reading=reading):
        pass
    return reading.lines


def by_import(path: Path) -> int:
    """Import into an empty database: read, stage, apply, facts."""
    return _import(path, rounds=1)


def by_import_again(path: Path) -> int:
    """Import the same file a second time: nothing changes."""
    return _import(path, rounds=2)


def _import(path: Path, rounds: int) -> int:
    from app.companies import add_company  # noqa: PLC0415
    from app.db import open_database, write  # noqa: PLC0415
    from app.ledger_files import apply_file, stage_file  # noqa: PLC0415
    from app.migrate import migrate  # noqa: PLC0415
    from app.staging import LedgerFile  # noqa: PLC0415

    engine = open_database(f"sqlite:///{path.parent / 'seuil.db'}")
    migrate(engine)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    with write(engine) as conn:
        company_id = add_company(conn, "Benchmark", now, zone="Europe/Paris")
    lines = 0
    for _ in range(rounds):
        _START[0] = time.perf_counter()
        staged, _would = stage_file(engine, company_id, LedgerFile(path, NAME), now)
        apply_file(engine, staged, now)
        lines = int(staged.summary["lines"])
    return lines


_START = [0.0]
STEPS = {f.__name__: f for f in (by_csv_alone, by_our_reader, by_import, by_import_again)}


def one_step(name: str, path: Path) -> None:
    """Run one step and print its figures as JSON."""
    _START[0] = time.perf_counter()
    lines = STEPS[name](path)
    seconds = time.perf_counter() - _START[0]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"lines": lines, "seconds": seconds, "peak_mb": peak_mb}))


def measure(lines: int, rounds: int) -> None:
    """Run each step some rounds, and print seconds, memory and the ratio to the floor."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        written = write_fec(lines, path)
        print(f"{written:,} lines, {path.stat().st_size / 1e6:.0f} MB, {rounds} rounds, median (min to max)")
        floor = 0.0
        for name in STEPS:
            found = []
            for _ in range(rounds):
                for old in Path(folder).glob("seuil.db*"):
                    old.unlink()
                done = subprocess.run(  # noqa: S603 - ourselves
                    [sys.executable, __file__, "--step", name, str(path)], check=True, capture_output=True, text=True
                )
                found.append(json.loads(done.stdout))
            seconds = sorted(f["seconds"] for f in found)
            middle = statistics.median(seconds)
            floor = floor or middle
            peak = max(f["peak_mb"] for f in found)
            print(
                f"{name:16} {middle:7.2f} s ({seconds[0]:.2f} to {seconds[-1]:.2f}), "
                f"{found[0]['lines'] / middle:9,.0f} lines/s, {middle / floor:5.1f} × the floor, peak {peak:4.0f} MB"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        one_step(sys.argv[2], Path(sys.argv[3]))
    else:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 3)  # noqa: PLR2004
