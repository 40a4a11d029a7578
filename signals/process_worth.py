"""What a process takes and what handing it over would save: hours, cost and worth as its share of the company's.

Time and a provider's price go with the hours handed over. Steering and transition don't shrink with them: at best they
do, at worst they are paid whole, and so a range has its low end there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from signals.books import Books, Declaration
from signals.calendar import day_number
from signals.costs import WEEKS_PER_MONTH, YEAR, Group, Known, Tag
from signals.growth import Volume
from signals.policy import Policy
from signals.process_evidence import PROCESSES
from signals.worth import Worth, WorthLine

WEEKS = 52
SUNDAY = 6
LEAST_NAMED = 0.5  # of the hours, that name a process, for any process's to be known
WHOLE_AT_WORST = frozenset({"governance", "transition"})
_ROLES: Mapping[Group, tuple[str, ...]] = {Group.ADMIN: ("admin", "other"), Group.DIRECTOR: ("director",)}


@dataclass(frozen=True, slots=True)
class Shares:
    """A process's part of a group's hours, each 0 to 1; `all` is its part of everybody's."""

    admin: float
    director: float
    all: float

    def __add__(self, other: "Shares") -> "Shares":
        """Add the parts of two processes."""
        return Shares(self.admin + other.admin, self.director + other.director, self.all + other.all)


@dataclass(frozen=True, slots=True)
class Take:
    """What a process takes: hours a month, None if unknown, and its shares where hours are measured by process."""

    hours: Known | None
    shares: Shares | None = None
    cost: Known | None = None


@dataclass(frozen=True, slots=True)
class Saving:
    """What handing some processes over would save, EUR a month."""

    low: float
    high: float


def takes(books: Books, policy: Policy, volume: Volume | None, value: Worth | None) -> Mapping[str, Take]:
    """Give what each process takes: as time entries say, else as documents at standard minutes.

    Time entries are those of the last 52 whole weeks there are.
    """
    shares, hours = _measured(books)
    found = {}
    said = books.declaration(policy.declared_valid_days)
    for process in PROCESSES:
        known = hours.get(process) or _by_documents(process, volume, policy)
        share = shares.get(process)
        found[process] = Take(known, share, _cost(process, share, value, said))
    return found


def _measured(books: Books) -> tuple[Mapping[str, Shares], Mapping[str, Known]]:
    rows = books["hours"]
    over = rows[rows["week_day"] + SUNDAY <= day_number(books.as_of)]
    if over.empty:
        return {}, {}
    last = int(over["week_day"].max())
    over = over[over["week_day"] > last - 7 * WEEKS]
    weeks = (last - int(over["week_day"].min())) // 7 + 1
    named = over[over["process"].isin(PROCESSES)]
    total = float(over["minutes"].sum())
    if not total or float(named["minutes"].sum()) < LEAST_NAMED * total:
        return {}, {}
    shares, hours = {}, {}
    sums = {group: over[over["role"].isin(roles)] for group, roles in _ROLES.items()}
    both = sum(float(rows["minutes"].sum()) for rows in sums.values())
    for process in PROCESSES:
        minutes = {g: float(r.loc[r["process"] == process, "minutes"].sum()) for g, r in sums.items()}
        own = sum(minutes.values())
        if not own:
            continue
        parts = {g: _part(minutes[g], float(sums[g]["minutes"].sum())) for g in sums}
        shares[process] = Shares(parts[Group.ADMIN], parts[Group.DIRECTOR], _part(own, both))
        a_month = own / 60 / weeks * WEEKS_PER_MONTH
        hours[process] = Known(a_month, a_month, "measured")
    return shares, hours


def _part(own: float, whole: float) -> float:
    return own / whole if whole else 0.0


def _by_documents(process: str, volume: Volume | None, policy: Policy) -> Known | None:
    """Give documents of the last twelve months at standard minutes, for the two processes that make documents."""
    if volume is None or not volume.total or process not in {"invoicing", "purchases"}:
        return None
    counts = (volume.sales if process == "invoicing" else volume.purchases)[-YEAR:]
    minutes = policy.minutes_per_sale if process == "invoicing" else policy.minutes_per_purchase
    if not sum(counts):
        return None
    hours = sum(counts) / len(counts) * minutes / 60
    return Known(hours, hours, "default")


def _cost(process: str, share: Shares | None, value: Worth | None, said: Declaration | None) -> Known | None:
    """Give what the process costs in-house: its time, and the tools declared for it."""
    if share is None or value is None:
        return None
    lines = {line.name: line for line in value.lines}
    admin, director = lines["admin_time"], lines["director_time"]
    tools = sum(tool.eur_per_month for tool in (said.tools or () if said else ()) if tool.process == process)
    tag: Tag = "default" if "default" in {admin.tag, director.tag} else admin.tag
    return Known(
        admin.low * share.admin + director.low * share.director + tools,
        admin.high * share.admin + director.high * share.director + tools,
        tag,
    )


def saving(parts: Collection[Shares | None], value: Worth | None) -> Saving | None:
    """Give what handing these processes over together would save; None where one's share is not known."""
    known = [part for part in parts if part is not None]
    if value is None or not known or len(known) < len(parts):
        return None
    together = sum(known[1:], start=known[0])
    ranges = [_scaled(line, together) for line in value.lines]
    return Saving(sum(low for low, _ in ranges), sum(high for _, high in ranges))


def _scaled(line: WorthLine, part: Shares) -> tuple[float, float]:
    if line.name in WHOLE_AT_WORST:
        return line.low, line.high * part.all
    share = {"admin_time": part.admin, "director_time": part.director}.get(line.name, part.all)
    return line.low * share, line.high * share
