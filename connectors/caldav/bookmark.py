"""What a calendar's bookmark remembers: halves of years, each with how it was read."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from connectors.caldav.days import A_DAY, midnight
from connectors.records import Process

MONTHS = 36  # what is older is not looked at any more
SETTLED_AFTER = 2 * A_DAY  # an event of a half may end in the next one
MOST_SET_ASIDE = 50  # so many faults are remembered of a half


@dataclass(frozen=True, slots=True)
class HalfYear:
    """Six months, from one local day up to another that is not part of them."""

    first: date
    after: date

    @property
    def name(self) -> str:
        """What the bookmark calls it."""
        return self.first.isoformat()

    @property
    def ids(self) -> frozenset[str]:
        """Every id that a record of it may have."""
        return _ids(self)

    def range(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Give the instants at which it begins and ends."""
        return midnight(self.first, zone), midnight(self.after, zone)


@lru_cache(maxsize=MONTHS)
def _ids(half: HalfYear) -> frozenset[str]:
    days = (half.after - half.first).days
    return frozenset(external_id(half.first + n * A_DAY, process) for n in range(days) for process in Process)


@dataclass(frozen=True, slots=True)
class Told:
    """How a half was read: when, with the calendars in which state, of which events, and what was set aside.

    State and digest are empty where the source says nothing to know them by: then nothing equals them.
    """

    read_at: datetime
    state: str
    digest: str
    set_aside: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Write it for the bookmark."""
        return "|".join((self.read_at.isoformat(), self.state, self.digest, ",".join(self.set_aside[:MOST_SET_ASIDE])))

    def is_settled(self, half: HalfYear, zone: ZoneInfo) -> bool:
        """Say whether all events of the half were over when it was read."""
        return self.read_at >= half.range(zone)[1] + SETTLED_AFTER


def read_told(text: str | None) -> Told | None:
    """Read from a bookmark how a half was read; None where it was not."""
    if not text:
        return None
    read_at, state, digest, set_aside = text.split("|")
    return Told(datetime.fromisoformat(read_at), state, digest, tuple(filter(None, set_aside.split(","))))


def external_id(day: date, process: Process) -> str:
    """Name a record by its day and process: nothing of an event is in it."""
    return f"{day.isoformat()}:{process}"


def halves_until(today: date) -> list[HalfYear]:
    """List the halves of the window, up to the present one."""
    last = today.year * 2 + (today.month - 1) // 6
    return [HalfYear(_first_day(n), _first_day(n + 1)) for n in range(last - MONTHS // 6, last + 1)]


def _first_day(half: int) -> date:
    return date(half // 2, half % 2 * 6 + 1, 1)
