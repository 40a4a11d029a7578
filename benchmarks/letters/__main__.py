"""Runs the years, and prints their tables; see the package's own words for what they are."""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import benchmarks.letters as words
from benchmarks.letters.cast import KEPT, WORSE, onset
from benchmarks.letters.count import DAYS_A_YEAR, VERDICT, Happened, kinds, mails_at_once, mondays, spread, told
from benchmarks.letters.watch import Watched, kept, worsened

Row = dict[str, Any]
COUNTED = ("noticed", "fired", "dropped", "worse", "relapsed", "resolved")


def main() -> None:
    """Watch the companies and write each down, or print the tables of those written down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.letters", description=words.__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="a file that each company is added to when it is done")
    parser.add_argument("--report", type=Path, help="print the tables of such a file, and watch nobody")
    asked = parser.parse_args()
    if asked.report:
        print(report(read(asked.report)))
        return
    rows = []
    for row in watched(asked.seeds):
        rows.append(row)
        print(row["name"], row["seed"], f"{row['seconds']:.0f} s", flush=True)
        if asked.out:
            with asked.out.open("a") as stream:
                stream.write(json.dumps(row) + "\n")
    print(report(rows))


def watched(seeds: int) -> Iterator[Row]:
    """Watch each company; seed by seed, so that what is cut off early has something of each."""
    for seed in range(1, seeds + 1):
        for name in WORSE:
            begun = time.perf_counter()
            yield _row("worse", name, seed, worsened(name, seed), begun)
        for name, company in KEPT.items():
            begun = time.perf_counter()
            yield _row("kept", name, seed, kept(company(seed)), begun)


def _row(of: str, name: str, seed: int, found: Watched, begun: float) -> Row:
    events = [asdict(event) | {"on": event.on.isoformat()} for event in found.events]
    return {
        "of": of,
        "name": name,
        "seed": seed,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "looks": found.looks,
        "events": events,
        "inside": found.inside,
        "seconds": round(time.perf_counter() - begun, 1),
    }


def read(path: Path) -> list[Row]:
    """Read what was written down."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def _events(row: Row) -> list[Happened]:
    return [Happened(date.fromisoformat(e["on"]), e["subject"], e["kind"]) for e in row["events"]]


def report(rows: list[Row]) -> str:
    """Write the tables in Markdown."""
    well = [row for row in rows if row["of"] == "kept"]
    worse = [row for row in rows if row["of"] == "worse"]
    return "\n".join([*_kept_table(well), "", *_subjects(well), "", *_inside(well), "", *_worse_table(worse)])


def _years(row: Row) -> float:
    return ((date.fromisoformat(row["last"]) - date.fromisoformat(row["first"])).days + 7) / DAYS_A_YEAR


def _kept_table(rows: list[Row]) -> Iterator[str]:
    yield (
        "| Well kept | companies | years | letters a year | "
        + " | ".join(f"{k} a year" for k in COUNTED)
        + (" | verdicts announced a year | mails at once a year |")
    )
    yield "| --- " * (len(COUNTED) + 6) + "|"
    for name in [*KEPT, "all"]:
        mine = [row for row in rows if name in (row["name"], "all")]
        years = sum(_years(row) for row in mine)
        if not mine:
            continue
        letters = sum(mondays(date.fromisoformat(r["first"]), date.fromisoformat(r["last"])) for r in mine)
        events = [_events(row) for row in mine]
        signals = [kinds(each, verdicts=False) for each in events]
        verdicts = sum(kinds(each, verdicts=True)["fired"] for each in events)
        cells = [f"{sum(each[kind] for each in signals) / years:.2f}" for kind in COUNTED]
        cells += [f"{verdicts / years:.2f}", f"{sum(mails_at_once(each) for each in events) / years:.2f}"]
        yield f"| {name} | {len(mine)} | {years:.0f} | {letters / years:.1f} | {' | '.join(cells)} |"


def _subjects(rows: list[Row]) -> Iterator[str]:
    yield "| Of the well kept, all years | noticed | confirmed | dropped |"
    yield "| --- | --- | --- | --- |"
    events = [event for row in rows for event in _events(row)]
    for subject in sorted({event.subject for event in events}, key=lambda name: (name.startswith(VERDICT), name)):
        mine = kinds([e for e in events if e.subject == subject], verdicts=subject.startswith(VERDICT))
        yield f"| {subject} | {mine['noticed']} | {mine['fired']} | {mine['dropped']} |"


def _inside(rows: list[Row]) -> Iterator[str]:
    yield "| Range a week ahead, nothing changed | inside | of |"
    yield "| --- | --- | --- |"
    for name in sorted({name for row in rows for name in row["inside"]}):
        inside, of = (sum(row["inside"].get(name, [0, 0])[i] for row in rows) for i in (0, 1))
        yield f"| {name} | {inside / of:.1%} | {of} |"


def _worse_table(rows: list[Row]) -> Iterator[str]:
    yield (
        "| What gets worse | companies | listed as seen once by a letter | mail at once | letter that says confirmed |"
        " other alerts confirmed |"
    )
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, (signal, _) in WORSE.items():
        mine = [row for row in rows if row["name"] == name]
        if not mine:
            continue
        found = [told(_events(row), signal.value, onset(row["seed"])) for row in mine]
        others = sum(
            e.kind == "fired" and e.subject != signal.value and not e.subject.startswith(VERDICT)
            for row in mine
            for e in _events(row)
        )
        days = [spread(getattr(one, each) for one in found) for each in ("listed", "at_once", "letter")]
        yield f"| {name} | {len(mine)} | {' | '.join(days)} | {others} |"


if __name__ == "__main__":
    main()
