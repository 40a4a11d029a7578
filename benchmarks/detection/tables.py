"""The tables: delays at equal false alarms, false alarms on unkind streams, delays on bursty ones; and the bars."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp, log

from benchmarks.detection.calibrate import Alarms, Delay, delays, false_alarms, thresholds
from benchmarks.detection.rivals import (
    BUDGET_YEARS,
    CAPPED_SO_FAR,
    COMMON,
    NO_CAP,
    NO_DISCOUNT,
    OPTIMUM,
    OPTIMUM_CAPPED,
    OURS_DAILY,
    OURS_SO_FAR,
    PRODUCT,
    Rival,
    knowing,
)
from benchmarks.detection.streams import DAYS_A_MONTH, P0, WEEK, WEEKS_A_YEAR, Change, Plan
from signals.change_threshold import offset

VOLUMES = (20, 60, 200, 500)
YEARS_AFTER = {20: 6, 60: 4, 200: 2, 500: 2}
CHANGES = (
    Change(name="step .10 to .15", rate=0.15),
    Change(name="step .10 to .20", rate=0.20),
    Change(name="step .10 to .30", rate=0.30),
    Change(name="ramp .10 to .25 in 12 months", rate=0.25, months=12),
)
BURSTY = (2.0, 4.0)
BURSTY_CHANGE = CHANGES[1]
TOLD_OF_RAMP = 0.20
CLOSE = 1.05
MORE_ESTIMATED = 4
IN_CONTROL, CHANGED, UNKIND = 1, 2, 3  # purposes, which keep draws apart


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is drawn: paths and years to calibrate by, paths with a change, paths and years of false alarms."""

    paths: int
    years: int
    changed: int
    unkind: int
    unkind_years: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """A stream without a change that is hard on a detector; `estimated`: it has to learn what is usual first."""

    name: str
    phi: float = 1.0
    estimated: bool = False
    outage: str = ""
    holidays: bool = False
    one_off: bool = False


SCENARIOS = (
    Scenario("as calibrated"),
    Scenario("bursty, phi 2", phi=2),
    Scenario("bursty, phi 4", phi=4),
    Scenario("usual rate estimated", estimated=True),
    Scenario("bursty, phi 2, both estimated", phi=2, estimated=True),
    Scenario("bursty, phi 4, both estimated", phi=4, estimated=True),
    Scenario("outages, nothing read", outage="silent"),
    Scenario("outages, done items not read", outage="late"),
    Scenario("few items in August and at Christmas", holidays=True),
    Scenario("the same, and .30 late in the week of coming back", holidays=True, one_off=True),
    Scenario("the same, both estimated", holidays=True, one_off=True, estimated=True),
)

Cells = dict[tuple[str, int], Delay]
Rates = dict[tuple[str, int], Alarms]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bar:
    """Something to reach, and whether it was."""

    passed: bool
    text: str

    def __str__(self) -> str:
        """Give the line to print."""
        return f"{'PASS' if self.passed else 'FAIL'}: {self.text}"


def told(change: Change) -> tuple[Rival, ...]:
    """Give all rivals for a change, those that know it first."""
    return knowing(TOLD_OF_RAMP if change.months else change.rate) + COMMON


def calibrated(
    volume: int, sizes: Sizes, seed: int, phi: float = 1.0, changes: Iterable[Change] = CHANGES
) -> dict[Rival, float]:
    """Calibrate every rival at a volume."""
    rivals = dict.fromkeys(rival for change in changes for rival in told(change))
    plan = Plan(volume=volume, weeks=sizes.years * WEEKS_A_YEAR, phi=phi)
    return thresholds(tuple(rivals), plan, sizes.paths, (seed, IN_CONTROL, int(phi)))


def delays_of(
    change: Change, volume: int, levels: dict[Rival, float], sizes: Sizes, seed: int, phi: float = 1.0
) -> Cells:
    """Measure every rival's delay after one change."""
    plan = Plan(volume=volume, weeks=(1 + YEARS_AFTER[volume]) * WEEKS_A_YEAR, change=change, phi=phi)
    chosen = {rival: levels[rival] for rival in told(change)}
    key = (seed, CHANGED, int(phi), int(change.rate * 100))
    return {(rival.name, volume): delay for rival, delay in delays(chosen, plan, sizes.changed, key).items()}


def alarms_of(scenario: Scenario, volume: int, levels: dict[Rival, float], sizes: Sizes, seed: int) -> Rates:
    """Count the false alarms of ours and of rivals calibrated on plain streams."""
    weeks = (sizes.unkind_years + scenario.estimated) * WEEKS_A_YEAR
    plan = Plan(
        volume=volume,
        weeks=weeks,
        phi=scenario.phi,
        outage=scenario.outage,
        holidays=scenario.holidays,
        one_off=scenario.one_off,
    )
    knower = knowing(TOLD_OF_RAMP)[0]
    chosen = {rival: levels[rival] for rival in (*COMMON, knower) if rival.name != OURS_DAILY}
    chosen |= {rival: rival.threshold for rival in (NO_DISCOUNT, NO_CAP) if rival.threshold is not None}
    key = (seed, UNKIND, SCENARIOS.index(scenario))
    found = false_alarms(chosen, plan, sizes.unkind, key, estimated=scenario.estimated)
    if scenario.estimated:  # companies are unlike each other then: the bar wants more of them
        ours = next(rival for rival in COMMON if rival.name == PRODUCT)
        paths = MORE_ESTIMATED * sizes.unkind
        found |= false_alarms({ours: levels[ours]}, plan, paths, key, estimated=True)
    return {(rival.name, volume): alarms for rival, alarms in found.items()}


def ratio(tables: Sequence[Cells], ours: str, optimum: str) -> float:
    """Give the geometric mean over all cells of a detector's mean delay over another's."""
    logs = [
        log(cell.mean / cells[optimum, volume].mean)
        for cells in tables
        for (name, volume), cell in cells.items()
        if name == ours
    ]
    return exp(sum(logs) / len(logs))


def delay_table(title: str, cells: Cells, optimum: str = OPTIMUM) -> str:
    """Write delays: mean (median) and ratio to the optimum."""
    looks = {rival.name: rival.looks for rival in (*knowing(TOLD_OF_RAMP), *COMMON)}

    def cell(name: str, volume: int) -> str:
        delay = cells[name, volume]
        return f"{delay.mean:.2f} ({delay.median:.2f}) x{delay.mean / cells[optimum, volume].mean:.2f}"

    return _table(title, looks, _volumes(cells), cell)


def alarm_table(title: str, rates: Rates) -> str:
    """Write false alarms a year, and their standard error."""
    looks = {rival.name: rival.looks for rival in (NO_DISCOUNT, NO_CAP, *knowing(TOLD_OF_RAMP), *COMMON)}
    present = {name for name, _ in rates}

    def cell(name: str, volume: int) -> str:
        alarms = rates[name, volume]
        return f"{alarms.rate:.2f} ±{alarms.error:.2f}"

    chosen = {name: looks[name] for name in (PRODUCT, *looks) if name in present}
    return _table(title, chosen, _volumes(rates), cell)


def offset_table(levels: dict[tuple[float, int], dict[Rival, float]]) -> str:
    """Write how far below ln(weeks in the budget) thresholds of ours lie, by phi: as calibrated, and the product's."""
    volumes = sorted({volume for _, volume in levels})
    names = {f"{name}, phi {phi:.0f}": "day" for phi, _ in levels for name in ("found", "formula")}

    def cell(name: str, volume: int) -> str:
        phi = float(name.rsplit(" ", 1)[1])
        if name.startswith("formula"):
            return f"{float(offset(volume * WEEK / DAYS_A_MONTH, P0, phi)):.2f}"
        level = next(level for rival, level in levels[phi, volume].items() if rival.name == CAPPED_SO_FAR)
        return f"{log(WEEKS_A_YEAR * BUDGET_YEARS) - level:.2f}"

    return _table(f"ln({WEEKS_A_YEAR * BUDGET_YEARS:.0f}) less the threshold, cap 2", names, volumes, cell)


def summary(tables: Sequence[Cells], unkind: dict[str, Rates]) -> str:
    """Write everything in one table: delays of a doubling, delays over the optimum's, and false alarms at worst."""
    volumes = _volumes(tables[0])
    heads = [f"doubling at {volume}" for volume in volumes] + ["over the optimum"] + list(unkind)
    looks = {rival.name: rival.looks for rival in (*knowing(BURSTY_CHANGE.rate), *COMMON)}
    rows = [
        [name, every]
        + [f"{tables[CHANGES.index(BURSTY_CHANGE)][name, volume].mean:.2f}" for volume in volumes]
        + [f"{ratio(tables, name, OPTIMUM):.2f}"]
        + [_worst(rates, name) for rates in unkind.values()]
        for name, every in looks.items()
    ]
    lines = [["detector", "looks every", *heads], ["---"] * (len(heads) + 2), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _worst(rates: Rates, name: str) -> str:
    found = [alarms.rate for (rival, _), alarms in rates.items() if rival == name]
    return f"{max(found):.2f}" if found else ""


def bars(tables: Sequence[Cells], unkind: dict[str, Rates]) -> list[Bar]:
    """Say what was reached: close to the optimum, and within the budget of false alarms on bursty streams."""
    pairs = (
        (OURS_SO_FAR, OPTIMUM, "ours, before the cap, over the optimum"),
        (OURS_DAILY, OPTIMUM, "ours fed by the day, before the cap, over the optimum"),
        (CAPPED_SO_FAR, OPTIMUM_CAPPED, "ours, cap 2, over the optimum under the same cap"),
        (PRODUCT, OPTIMUM_CAPPED, "ours as in the product, over the optimum under the same cap"),
        (PRODUCT, OPTIMUM, "ours as in the product, over the optimum that one bad week may set off"),
    )
    found = []
    for ours, optimum, text in pairs:
        mean = ratio(tables, ours, optimum)
        found.append(Bar(mean <= CLOSE, f"{text}: geometric mean {mean:.3f}, at most {CLOSE}"))
    budget = 1 / BUDGET_YEARS
    for scenario, rates in unkind.items():
        if not scenario.startswith(("as calibrated", "bursty")):
            continue
        volume = max(_volumes(rates), key=lambda volume: rates[PRODUCT, volume].rate)
        worst = rates[PRODUCT, volume]
        figure = f"{worst.rate:.2f} ±{worst.error:.2f}"
        text = f"{scenario}: worst {figure} false alarms a year, at {volume} a month; under {budget:.2f}"
        found.append(Bar(worst.rate < budget, text))
    return found


def _volumes(cells: Iterable[tuple[str, int]]) -> list[int]:
    return sorted({volume for _, volume in cells})


def _table(title: str, looks: dict[str, str], volumes: list[int], cell: Callable[[str, int], str]) -> str:
    head = [f"### {title}", "", "| detector | looks every | " + " | ".join(f"{v} a month" for v in volumes) + " |"]
    rule = "| --- | --- |" + " --- |" * len(volumes)
    rows = [
        f"| {name} | {every} | " + " | ".join(cell(name, v) for v in volumes) + " |" for name, every in looks.items()
    ]
    return "\n".join([*head, rule, *rows, ""])
