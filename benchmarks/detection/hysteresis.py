"""How alarms end, and a portfolio in good order: `python -m benchmarks.detection.hysteresis` (two minutes).

The product's own path (baseline and phi estimated on 52 weeks, looked at daily, its threshold, its rule for clearing)
over made-up companies: .10 for half a year, .20 for 40 weeks and .10 again; .20 for good; and .10 throughout. Budget of
five years a series; the last table has the four series of a company share theirs, as in the product.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from benchmarks.detection.streams import DAYS_A_MONTH, P0, WEEK, WEEKS_A_YEAR
from signals.calendar import day_number
from signals.change import Alarm
from signals.change_baseline import Baseline, ChangeRule, baseline_of
from signals.change_many import Answer, ManyWeeks, detect_many

Floats = npt.NDArray[np.float64]

MONDAY = date(2022, 1, 3)
BEGUN, WORSE, BACK = 52, 78, 118  # weeks: the baseline's end, the change, the return
RATE = 0.20
VOLUMES, PHIS = (20, 60, 200, 500), (1.0, 2.0)
YEARS = 5
COMPANY = {"late invoices": 60, "reminders": 25, "errors, three looks": 180, "a second list": 60}


@dataclass(frozen=True, slots=True)
class Run:
    """Companies of one kind over so many weeks, and the alarms each had, as week numbers raised and cleared."""

    weeks: int
    alarms: tuple[tuple[tuple[int, int | None], ...], ...]


def run(rate: Floats, volume: float, phi: float, companies: int, seed: tuple[int, ...], years: float = 5.0) -> Run:
    """Draw so many companies with these rates by week, and test them."""
    rng = np.random.default_rng([*seed, int(volume), int(phi)])
    mean = volume * WEEK / DAYS_A_MONTH
    shape = (companies, len(rate), WEEK)
    weekly = np.broadcast_to(rate, shape[:2])
    if phi > 1:
        size = mean / (phi - 1) - 1
        weekly = rng.beta(weekly * size, (1 - weekly) * size)
    n = rng.poisson(mean / WEEK, shape)
    count = rng.binomial(n, np.repeat(weekly[:, :, np.newaxis], WEEK, axis=2))
    mondays = (day_number(MONDAY) + float(WEEK) * np.arange(len(rate))).astype("float64")
    told = np.ones(shape, dtype=bool)
    many = ManyWeeks(mondays, count.astype("float64"), n.astype("float64"), told, told[:, :, 0])
    rule = ChangeRule(budget_years=years)
    answers = detect_many(many, baselines(many, rule), rule)
    return Run(len(rate), tuple(tuple(_weeks(alarm) for alarm in answer.alarms) for answer in answers))


def baselines(many: ManyWeeks, rule: ChangeRule) -> list[Baseline]:
    """Take each company's from its first year."""
    last = MONDAY + timedelta(days=BEGUN * WEEK - 1)
    found = [baseline_of(many.of(i), MONDAY, last, rule, confirmed=True) for i in range(len(many.count))]
    return [base for base in found if base is not None]


def clearing(companies: int, seed: int) -> list[tuple[str, Callable[[int, float], str]]]:
    """Give what is measured, by volume and phi."""
    back = np.concatenate([np.full(WORSE, P0), np.full(BACK - WORSE, RATE), np.full(3 * WEEKS_A_YEAR, P0)])
    worse = np.concatenate([np.full(WORSE, P0), np.full(3 * WEEKS_A_YEAR, RATE)])
    usual = np.full(BEGUN + 10 * WEEKS_A_YEAR, P0)
    cache: dict[tuple[int, int, float], Run] = {}

    def of(kind: int, volume: int, phi: float) -> Run:
        rates = (back, worse, usual)
        if (kind, volume, phi) not in cache:
            cache[kind, volume, phi] = run(rates[kind], volume, phi, companies, (seed, kind))
        return cache[kind, volume, phi]

    return [
        ("weeks from the return to the all-clear", lambda v, phi: spread(_ended(of(0, v, phi)))),
        ("alarms a year after that", lambda v, phi: f"{again(of(0, v, phi)):.2f}"),
        ("cleared within a year, .20 going on", lambda v, phi: f"{let_go(of(1, v, phi)):.2f}"),
        ("false alarms a year", lambda v, phi: f"{false_alarms(of(2, v, phi)):.2f}"),
        ("weeks a false alarm stays", lambda v, phi: spread(_stayed(of(2, v, phi)))),
        ("another within a year of clearing", lambda v, phi: f"{soon_again(of(2, v, phi)):.2f}"),
    ]


def spread(weeks: list[int]) -> str:
    """Write the median, and the tenth and ninetieth in a hundred."""
    if not weeks:
        return "-"
    low, middle, high = np.percentile(weeks, [10, 50, 90])
    return f"{middle:.0f} ({low:.0f}-{high:.0f})"


def _ended(found: Run) -> list[int]:
    """Weeks from the return to the end of an alarm then open; never counts as the end of the run."""
    return [
        (found.weeks if down is None else down) - BACK + 1
        for alarms in found.alarms
        for up, down in alarms
        if WORSE <= up < BACK and (down is None or down >= BACK)
    ]


def again(found: Run) -> float:
    """Alarms a year from the first all-clear after the return on."""
    count, weeks = 0, 0
    for alarms in found.alarms:
        ends = [down for up, down in alarms if up < BACK and down is not None and down >= BACK]
        if ends:
            count += sum(up > ends[0] for up, _ in alarms)
            weeks += found.weeks - ends[0]
    return count / weeks * WEEKS_A_YEAR if weeks else 0.0


def let_go(found: Run) -> float:
    """Share of true alarms that cleared within a year, though nothing is better."""
    first = [next((pair for pair in alarms if pair[0] >= WORSE), None) for alarms in found.alarms]
    true = [pair for pair in first if pair is not None and pair[0] + WEEKS_A_YEAR <= found.weeks]
    return sum(down is not None and down - up <= WEEKS_A_YEAR for up, down in true) / max(len(true), 1)


def false_alarms(found: Run) -> float:
    """Alarms over the years in which none was open."""
    count = sum(len(alarms) for alarms in found.alarms)
    weeks = sum(
        found.weeks - BEGUN - sum((found.weeks if down is None else down) - up for up, down in alarms)
        for alarms in found.alarms
    )
    return count / weeks * WEEKS_A_YEAR


def _stayed(found: Run) -> list[int]:
    return [(found.weeks if down is None else down) - up for alarms in found.alarms for up, down in alarms]


def soon_again(found: Run) -> float:
    """Share of false alarms followed by another within a year of clearing."""
    pairs = [
        (down, alarms[i + 1][0] if i + 1 < len(alarms) else found.weeks + WEEKS_A_YEAR)
        for alarms in found.alarms
        for i, (_, down) in enumerate(alarms)
        if down is not None and down + WEEKS_A_YEAR <= found.weeks
    ]
    return sum(up - down <= WEEKS_A_YEAR for down, up in pairs) / max(len(pairs), 1)


def healthy(companies: int, seed: int, phi: float) -> str:
    """Count companies in good order by their alarms in five years, three series each at their part of the budget."""
    rate = np.full(BEGUN + YEARS * WEEKS_A_YEAR, P0)
    each = [
        [len(alarms) for alarms in run(rate, volume, phi, companies, (seed, 9, i), 5.0 * len(COMPANY)).alarms]
        for i, volume in enumerate(COMPANY.values())
    ]
    total = np.sum(each, axis=0)
    shares = ", ".join(f"{(total == k).mean():.2f} had {k}" for k in range(3))
    return f"phi {phi:.0f}: {total.sum()} alarms of {companies} companies in {YEARS} years; {shares}"


def report(companies: int, seed: int) -> str:
    """Work everything off, and write it up."""
    lines = ["## How alarms end", ""]
    lines += ["| median (tenth-ninetieth in a hundred) | " + " | ".join(_heads()) + " |", "| --- |" + " --- |" * 8]
    for name, cell in clearing(companies, seed):
        lines.append(f"| {name} | " + " | ".join(cell(v, phi) for phi in PHIS for v in VOLUMES) + " |")
    lines += ["", "## Companies in good order", ""]
    lines += [f"- {healthy(companies, seed, phi)}" for phi in PHIS]
    return "\n".join([*lines, "", *speed(seed)])


def speed(seed: int, companies: int = 1000) -> list[str]:
    """Say how many companies a second are tested, three years each."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(2.0, (companies, 3 * WEEKS_A_YEAR, WEEK))
    count = rng.binomial(n, P0)
    mondays = (day_number(MONDAY) + float(WEEK) * np.arange(n.shape[1])).astype("float64")
    told = np.ones(n.shape, dtype=bool)
    many = ManyWeeks(mondays, count.astype("float64"), n.astype("float64"), told, told[:, :, 0])
    rule = ChangeRule(budget_years=20)
    begun = time.process_time()
    bases = baselines(many, rule)
    based = time.process_time()
    answers: tuple[Answer, ...] = detect_many(many, bases, rule)
    took = time.process_time() - based
    alarmed = sum(bool(answer.alarms) for answer in answers)
    return [
        "## Many companies at once",
        "",
        (
            f"- {companies} companies of three years, {alarmed} with an alarm: {companies / took:.0f} a second; "
            f"baselines, once: {companies / (based - begun):.0f} a second"
        ),
    ]


def _heads() -> list[str]:
    return [f"{volume} a month, phi {phi:.0f}" for phi in PHIS for volume in VOLUMES]


def _weeks(alarm: Alarm) -> tuple[int, int | None]:
    up = (alarm.raised - MONDAY).days // WEEK
    return up, None if alarm.cleared is None else (alarm.cleared - MONDAY).days // WEEK


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection.hysteresis")
    parser.add_argument("--companies", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.process_time()
    print(report(asked.companies, asked.seed))
    print(f"\nSeed {asked.seed}; {time.process_time() - begun:.0f} s of processor time.")


if __name__ == "__main__":
    main()
