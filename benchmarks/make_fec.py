"""Write a large, balanced FEC to a file: `python benchmarks/make_fec.py LINES FILE`."""

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"
)
FIRST_DAY = date(2025, 1, 1)
DAYS = 365


def _money(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def entries(lines: int, seed: int = 1) -> Iterator[list[str]]:
    """Give entries of sales, purchases, payments and suspense until there are `lines` lines."""
    rng = random.Random(seed)  # noqa: S311 - figures for a benchmark
    counters = {"VT": 0, "AC": 0, "BQ": 0}
    written = 0
    while written < lines:
        day = FIRST_DAY + timedelta(days=written * DAYS // (lines + 1))
        journal = rng.choices(("VT", "AC", "BQ"), (45, 25, 30))[0]
        counters[journal] += 1
        block = _ENTRY[journal](rng, counters[journal], day)
        yield block
        written += len(block)


def _line(head: str, account: str, party: str, piece: str, amounts: tuple[int, int], letter: str, day: date) -> str:
    label = f"Compte {account}"
    debit, credit = _money(amounts[0]), _money(amounts[1])
    dates = f"{day:%Y%m%d}"
    name = f"Tiers {party}" if party else ""
    lettered = f"{day + timedelta(days=30):%Y%m%d}" if letter else ""
    valid = f"{day + timedelta(days=9):%Y%m%d}"
    return (
        f"{head}\t{account}\t{label}\t{party}\t{name}\t{piece}\t{dates}\tÉcriture {piece}\t{debit}\t{credit}\t"
        f"{letter}\t{lettered}\t{valid}\t\t"
    )


def _sale(rng: random.Random, number: int, day: date) -> list[str]:
    head, piece = f"VT\tVentes\t{number}\t{day:%Y%m%d}", f"FA{day:%y%m}-{number:06d}"
    net, party = rng.randrange(5_000, 900_000), f"C{rng.randrange(3000):05d}"
    tax, letter = net // 5, f"L{number}" if rng.random() < 0.8 else ""  # noqa: PLR2004 - most are paid
    return [
        _line(head, "411000", party, piece, (net + tax, 0), letter, day),
        _line(head, "706000", "", piece, (0, net), "", day),
        _line(head, "445710", "", piece, (0, tax), "", day),
    ]


def _purchase(rng: random.Random, number: int, day: date) -> list[str]:
    head, piece = f"AC\tAchats\t{number}\t{day:%Y%m%d}", f"F{rng.randrange(10**8)}"
    net, party = rng.randrange(2_000, 400_000), f"F{rng.randrange(600):05d}"
    tax = net // 5
    return [
        _line(head, rng.choice(("606400", "613200", "622600")), "", piece, (net, 0), "", day),
        _line(head, "445660", "", piece, (tax, 0), "", day),
        _line(head, "401000", party, piece, (0, net + tax), "", day),
    ]


def _bank(rng: random.Random, number: int, day: date) -> list[str]:
    head, piece = f"BQ\tBanque\t{number}\t{day:%Y%m%d}", f"REL{number}"
    amount = rng.randrange(5_000, 900_000)
    other = "471000" if rng.random() < 0.01 else "411000"  # noqa: PLR2004 - a little suspense
    party = f"C{rng.randrange(3000):05d}" if other == "411000" else ""
    return [
        _line(head, "512000", "", piece, (amount, 0), "", day),
        _line(head, other, party, piece, (0, amount), "", day),
    ]


_ENTRY = {"VT": _sale, "AC": _purchase, "BQ": _bank}


def write_fec(lines: int, path: Path) -> int:
    """Write the file; give the number of lines after the header."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(HEADER + "\r\n")
        for block in entries(lines):
            stream.writelines(line + "\r\n" for line in block)
            written += len(block)
    return written


if __name__ == "__main__":
    print(write_fec(int(sys.argv[1]), Path(sys.argv[2])))
