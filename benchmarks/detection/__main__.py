"""Delays and false alarms of ours and its rivals: `python -m benchmarks.detection --quick` (or `--full`).

First table: months from a change to the alarm, mean (median) and ratio to the optimum, every detector calibrated to
one false alarm in five years, the usual rate known. The change falls on a random day after a year in order; paths with
an alarm before it don't count, an alarm that never comes counts as the end of the stream (six to two years on). An
alarm is dated to the end of its day. Second: false alarms a year where streams are less kind than those calibrated on,
each detector starting afresh after one. Third: the first again on bursty streams, calibrated on such.
"""

import argparse
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from benchmarks.detection.joint import joint_table
from benchmarks.detection.tables import (
    BURSTY,
    BURSTY_CHANGE,
    CHANGES,
    SCENARIOS,
    VOLUMES,
    Sizes,
    alarm_table,
    alarms_of,
    bars,
    calibrated,
    delay_table,
    delays_of,
    offset_table,
    summary,
)

Cell = TypeVar("Cell")

QUICK = Sizes(paths=100, years=10, changed=200, unkind=24, unkind_years=5)
JOINT_PATHS = 1000
FULL = Sizes(paths=1000, years=20, changed=2500, unkind=200, unkind_years=10)


SUMMARY = """Months from a doubling of .10 to the alarm (mean), at so many items a month; the geometric mean, over all
changes and volumes, of the delay over the optimum's; then false alarms a year at the worst volume, against a budget of
.20. The product's threshold is its own, the plain 1.5 times is anyone's; all others keep to the budget on plain
streams, by calibration.
"""


def report(sizes: Sizes, seed: int, volumes: Sequence[int] = VOLUMES) -> str:
    """Work everything off, and write it up."""
    levels = {(1.0, volume): calibrated(volume, sizes, seed) for volume in volumes}
    known = [
        _joined(delays_of(change, volume, levels[1.0, volume], sizes, seed) for volume in volumes) for change in CHANGES
    ]
    unkind = {
        scenario.name: _joined(alarms_of(scenario, volume, levels[1.0, volume], sizes, seed) for volume in volumes)
        for scenario in SCENARIOS
    }
    bursty = []
    for phi in BURSTY:
        levels |= {(phi, volume): calibrated(volume, sizes, seed, phi, (BURSTY_CHANGE,)) for volume in volumes}
        bursty.append(
            _joined(delays_of(BURSTY_CHANGE, volume, levels[phi, volume], sizes, seed, phi) for volume in volumes)
        )
    parts = ["## All in one table\n", SUMMARY, summary(known, unkind)]
    parts += ["## Delay in months at one false alarm in five years, usual rate known\n"]
    parts += [delay_table(change.name, cells) for change, cells in zip(CHANGES, known, strict=True)]
    parts += ["## False alarms a year\n"]
    parts += [alarm_table(name, rates) for name, rates in unkind.items()]
    parts += ["## Delay in months on bursty streams, each calibrated on such\n"]
    parts += [
        delay_table(f"{BURSTY_CHANGE.name}, phi {phi:.0f}", cells) for phi, cells in zip(BURSTY, bursty, strict=True)
    ]
    parts += ["## The offset of the threshold\n", offset_table(levels)]
    parts += ["## Bars\n", *(f"- {bar}" for bar in bars(known, unkind))]
    return "\n".join(parts)


def _joined(tables: Iterable[dict[tuple[str, int], Cell]]) -> dict[tuple[str, int], Cell]:
    return {key: cell for table in tables for key, cell in table.items()}


def _sizes(asked: argparse.Namespace) -> Sizes:
    return FULL if asked.full else QUICK


def main() -> None:
    """Print the tables, and write them to a file if one is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=(__doc__ or "").split("\n")[0])
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--quick", action="store_true", help="about a minute; figures to 10 %%")
    size.add_argument("--full", action="store_true", help="about twenty minutes; figures to 2 %%")
    size.add_argument("--joint", action="store_true", help="only four series together against each alone; a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a Markdown file to write to")
    asked = parser.parse_args()
    begun = time.process_time()
    text = joint_table(VOLUMES, JOINT_PATHS, asked.seed) if asked.joint else report(_sizes(asked), asked.seed)
    text += f"\n\nSeed {asked.seed}; {time.process_time() - begun:.0f} s of processor time.\n"
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
