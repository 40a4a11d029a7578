"""What `signals.duplicates.suspects` finds, and at what cost: `python benchmarks/duplicates.py [DOCUMENTS] [SEED]`.

A made-up set of sales and purchases over two years in which pairs are planted, a fifth of a percent of the documents
for each rule (0.8 % in all, the share of duplicate or erroneous payments that APQC gives for the best quarter of
firms), among *decoys*, which look alike and are none:

- subscriptions by the week, month, quarter and year, under a running or a constant number; tariffs every few days;
- re-orders: the same basket from the same party at odd intervals, its numbers neighbours on the supplier's counter;
- counters that restart each year; small suppliers who all number `2026-001` on and ask round prices.

*Recall* is the share of a rule's planted pairs that were found, by whatever rule. *Precision* is the share of the pairs
found by a rule that were planted, by whatever rule. A found pair that wasn't planted is counted by the decoy it is of.
"""

import resource
import sys
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from signals.books import frame
from signals.duplicates import RULES, suspects

DAYS, FIRST_DAY = 730, 20_089  # from 2025-01-01 on
YEAR = 365
PLANTED = 0.002
SHARES = {
    "sale": 0.40,
    "purchase": 0.30,
    "subscription": 0.11,
    "tariff": 0.07,
    "reorder": 0.05,
    "restart": 0.05,
    "small": 0.02,
}
PRICES = 200
PERIODS = (7.0, 365.25 / 12, 365.25 / 4, 365.25)
EARLIEST, LATEST = 1, 200
"""A number typed again comes up to so many days later."""

Rows = pd.DataFrame
Ints = npt.NDArray[np.int64]


def amounts(rng: np.random.Generator, n: int) -> Ints:
    """Give amounts in cents, lognormal about 300 euros."""
    return np.rint(np.exp(rng.normal(10.3, 1.2, n))).astype("int64") + 500


def block(label: str, direction: str, party: Sequence[str], day: Ints, amount: Ints, number: Sequence[str]) -> Rows:
    """Make documents of one kind."""
    return pd.DataFrame(
        {"label": label, "direction": direction, "party": party, "day": day, "amount": amount, "number": number}
    )


def sales(rng: np.random.Generator, n: int) -> Rows:
    """Sales on our own counter; three in ten at a list price. Numbers are given once all sales are known."""
    prices = amounts(rng, PRICES)
    party = [f"C{i}" for i in rng.integers(0, max(1, n // 20), n)]
    listed = rng.random(n) < 0.3  # noqa: PLR2004
    amount = np.where(listed, rng.choice(prices, n), amounts(rng, n))
    return block("sale", "sale", party, rng.integers(0, DAYS, n), amount, [""] * n)


def counted(rng: np.random.Generator, party: Ints, day: Ints, pace: Ints) -> list[str]:
    """Give purchases numbers of each supplier's counter, which other customers move on too, by 1 to `pace`."""
    order = np.lexsort((day, party))
    step = rng.integers(1, pace[party] + 1)[order]
    total = np.cumsum(step)
    first = np.r_[True, party[order][1:] != party[order][:-1]]
    base = np.maximum.accumulate(np.where(first, total - step, 0))
    value = np.empty(len(party), dtype="int64")
    value[order] = total - base + (party[order] * 7919) % 5000
    styles = ("F{y}-{v:05d}", "FA{v:06d}", "{v}", "INV/{y}/{v:04d}", "{v}/{m:02d}", "FC{yy}{m:02d}-{v}")
    years, months = 2025 + day // YEAR, day % YEAR // 31 + 1
    return [
        styles[p % len(styles)].format(y=y, yy=y % 100, m=m, v=v)
        for p, y, m, v in zip(party.tolist(), years.tolist(), months.tolist(), value.tolist(), strict=True)
    ]


def purchases(rng: np.random.Generator, n: int) -> Rows:
    """Purchases of odd amounts, each supplier on its own counter."""
    suppliers = max(1, n // 40)
    party, day = rng.integers(0, suppliers, n), rng.integers(0, DAYS, n)
    number = counted(rng, party, day, rng.integers(1, 300, suppliers))
    return block("purchase", "purchase", [f"S{i}" for i in party], day, amounts(rng, n), number)


def in_turns(rng: np.random.Generator, label: str, n: int, lengths: Sequence[float], jitter: float) -> Rows:
    """Make the same amount from the same party time and again, under a running or (one in five) a constant number."""
    made, left, who = [], n, 0
    while left > 0:
        length = lengths[who % len(lengths)]
        turns = min(max(2, int(DAYS / length)), left, 26 if label != "tariff" else 60)
        start = rng.uniform(0, max(1.0, DAYS - turns * length))
        gaps = rng.uniform(1 - jitter, 1 + jitter, turns) if label == "reorder" else np.ones(turns)
        when = start + np.cumsum(gaps) * length + (0 if label == "reorder" else rng.uniform(-1, 1, turns) * jitter)
        turn = np.sort(when).astype("int64")
        made.append((who, turn[(turn >= 0) & (turn < DAYS)]))
        left, who = left - turns, who + 1
    party: Ints = np.concatenate([np.full(len(days), w, dtype="int64") for w, days in made])
    day: Ints = np.concatenate([days for _, days in made])
    pace = rng.choice([1, 2, 5, 60], who)
    number = counted(rng, party, day, pace)
    if label == "subscription":
        number = [n if p % 5 else f"CTR-{p}" for n, p in zip(number, party.tolist(), strict=True)]
    sold = party % 3 == 0
    price = amounts(rng, who)[party]
    found = block(label, "purchase", [f"{label[:2].upper()}{p}" for p in party], day, price, number)
    found.loc[sold, "direction"], found.loc[sold, "number"] = "sale", ""
    return found


def restarted(rng: np.random.Generator, n: int) -> Rows:
    """Suppliers who count from 1 each year, without a year in the number."""
    suppliers = max(1, n // 60)
    party, day = rng.integers(0, suppliers, n), rng.integers(0, DAYS, n)
    rank = pd.DataFrame({"p": party, "y": day // YEAR, "d": day}).groupby(["p", "y"])["d"].rank(method="first")
    number = [f"F{int(r)}" for r in rank]
    return block("restart", "purchase", [f"R{i}" for i in party], day, amounts(rng, n), number)


def small(rng: np.random.Generator, n: int) -> Rows:
    """Make small suppliers who all number `2026-001` on and ask round prices."""
    suppliers = max(1, n // 24)
    party, day = rng.integers(0, suppliers, n), rng.integers(0, DAYS, n)
    rank = pd.DataFrame({"p": party, "y": day // YEAR, "d": day}).groupby(["p", "y"])["d"].rank(method="first")
    number = [f"{2025 + d // YEAR}-{int(r):03d}" for r, d in zip(rank, day, strict=True)]
    return block("small", "purchase", [f"T{i}" for i in party], day, rng.integers(2, 60, n) * 5_000, number)


def respelled(number: str, which: int) -> str:
    """Spell a number in another way: case, separators, leading zeros, blanks."""
    ways = (
        number.lower(),
        number.replace("-", " ").replace("/", "-"),
        number.replace("-", "").replace("/", ""),
        number.replace("-0", "-").replace("/0", "/"),
        number,
    )
    return ways[which % len(ways)]


def mistyped(number: str, which: int, at: int, sale: bool) -> str:  # noqa: FBT001 - a column of flags
    """Make one slip: a letter added, two looks taken for each other, and on purchases a digit changed or dropped."""
    swapped = number.translate(str.maketrans("01OI", "OI01"))
    if sale or which % 4 == 0:
        return number + "A" if which % 2 or swapped == number else swapped
    if which % 4 == 1:
        return number + "A"
    digits = [i for i, c in enumerate(number) if c.isdigit()]
    place = digits[at % len(digits)]
    other = str((int(number[place]) + 1 + at % 9) % 10) if which % 4 == 2 else ""  # noqa: PLR2004
    return number[:place] + other + number[place + 1 :]


def planted(rng: np.random.Generator, rows: Rows, rule: str, n: int) -> Rows:
    """Repeat some plain sales and purchases in the way of one rule."""
    plain = np.flatnonzero(rows["label"].isin(["sale", "purchase"]) & (rows["twin"] < 0))
    chosen = rng.choice(plain, n, replace=False)
    rows.loc[chosen, "twin"] = chosen
    again = rows.loc[chosen].copy()
    later = rng.integers(EARLIEST, LATEST, n) if rule != "R2" else rng.integers(0, 6, n)
    later = np.where(rng.random(n) < 0.3, 0, later) if rule == "R3" else later  # noqa: PLR2004 - as often on its own date
    again["day"] = np.minimum(again["day"] + later, DAYS - 1)
    which, at = rng.integers(0, 1000, n), rng.integers(0, 1000, n)
    sale: list[bool] = (again["direction"] == "sale").tolist()
    if rule == "R1":
        again["number"] = [respelled(x, w) for x, w in zip(again["number"], which, strict=True)]
        again["amount"] = np.where(which % 10 == 0, again["amount"] + 1, again["amount"])  # one in ten: a cent more
    elif rule == "R2":
        again["number"] = [f"DUP{w}{a}" if a % 3 else "" for w, a in zip(which, at, strict=True)]
    elif rule == "R3":
        again["number"] = [mistyped(*x) for x in zip(again["number"], which.tolist(), at.tolist(), sale, strict=True)]
    else:
        again["party"] = again["party"] + "bis"
    return again.assign(label=rule)


def made_up(n: int, seed: int) -> Rows:
    """Make about `n` documents; `twin` is the same for a planted document and the one it repeats, else -1."""
    rng = np.random.default_rng(seed)
    size = {label: int(n * (1 - len(RULES) * PLANTED) * share) for label, share in SHARES.items()}
    blocks = [
        sales(rng, size["sale"]),
        purchases(rng, size["purchase"]),
        in_turns(rng, "subscription", size["subscription"], PERIODS, 1.5),
        in_turns(rng, "tariff", size["tariff"], (2.0, 3.0), 0.9),
        in_turns(rng, "reorder", size["reorder"], (25.0, 45.0), 0.7),
        restarted(rng, size["restart"]),
        small(rng, size["small"]),
    ]
    rows = pd.concat(blocks, ignore_index=True)
    ours = rows["direction"] == "sale"
    order = rows[ours].sort_values("day", kind="stable").index
    rows.loc[order, "number"] = [f"FA{25 + d // YEAR}-{i:06d}" for i, d in enumerate(rows.loc[order, "day"].tolist())]
    rows["twin"] = -1
    for rule in RULES:
        rows = pd.concat([rows, planted(rng, rows, rule, int(n * PLANTED))], ignore_index=True)
    return rows


def documents(rows: Rows) -> pd.DataFrame:
    """Give made-up documents as the books' table; the external id is the place."""
    blank = frame("documents", [])
    table = pd.DataFrame({name: pd.Series(blank[name], index=rows.index) for name in blank})
    text = {name: "" for name in blank if blank[name].dtype == "str"}
    table = table.fillna(text).assign(
        connection_id="books",
        external_id=rows.index.astype("str"),
        direct=True,
        direction=rows["direction"],
        kind="invoice",
        number=rows["number"],
        party=rows["party"],
        issued_day=rows["day"].astype("float64") + FIRST_DAY,
        total_minor=rows["amount"].astype("float64"),
        periodic=False,
    )
    return table.astype(blank.dtypes.to_dict()).sample(frac=1, random_state=1)


def score(rows: Rows, found: pd.DataFrame) -> str:
    """Write precision and recall by rule, and the decoys taken for duplicates."""
    first, second = found["first"].astype(int).to_numpy(), found["second"].astype(int).to_numpy()
    twin, label = rows["twin"].to_numpy(), rows["label"].to_numpy()
    right = (twin[first] >= 0) & (twin[first] == twin[second])
    pairs = {int(t) for t in twin[first][right]}
    lines = [
        f"{'rule':5} {'planted':>8} {'recall':>7} {'found':>8} {'right':>7} {'precision':>9}  taken for duplicates"
    ]
    for rule in RULES:
        wanted = rows.loc[rows["label"] == rule, "twin"]
        mine = (found["rule"] == rule).to_numpy()
        wrong = pd.Series(label[second][mine & ~right]).value_counts().to_dict()
        recall = wanted.isin(pairs).mean()
        precision = right[mine].mean() if mine.any() else float("nan")
        lines.append(
            f"{rule:5} {len(wanted):8} {recall:7.3f} {mine.sum():8} {right[mine].sum():7} {precision:9.3f}  {wrong}"
        )
    total = rows.loc[rows["label"].isin(RULES), "twin"].isin(pairs).mean()
    lines.append(f"{'all':5} {'':8} {total:7.3f} {len(found):8} {right.sum():7} {right.mean():9.3f}")
    return "\n".join(lines)


def main(n: int, seed: int) -> None:
    """Make, find, score, time."""
    rows = made_up(n, seed)
    table = documents(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, spent = time.perf_counter(), time.process_time()
    found = suspects(table)
    wall, spent = time.perf_counter() - wall, time.process_time() - spent
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(rows)} documents, seed {seed}: {wall:.1f} s ({spent:.1f} s of processor), ", end="")
    print(f"peak memory {after:.0f} MB ({before:.0f} MB before)")
    print(score(rows, found))


if __name__ == "__main__":
    main(*(int(a) for a in (*sys.argv[1:], *("100000", "1")[len(sys.argv) - 1 :])))
