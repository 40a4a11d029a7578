"""Weekly looks over simulated years: how often a perfect back office is suspected, and how soon a worse one is found.

Run as a module (`make stories`) for the long form, twenty companies over five years; the tests take fewer looks.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from signals.base import Level, SignalName
from signals.books import Books
from signals.policy import Policy
from signals.readiness import Readiness, assess
from signals.verdict import Verdict
from tests.signals.stories.company import Company
from tests.signals.stories.courses import step, summers
from tests.signals.stories.mill import books_of

FIRST_LOOK = timedelta(days=371)  # a year and its last week: the baseline
WORSE_ON = date(2023, 1, 2)


def perfect(seed: int, until: date = date(2026, 1, 4)) -> Company:
    """Give a back office that does everything right, with the holidays everybody takes."""
    return Company(seed=seed, start=date(2020, 1, 6), until=until, closures=summers(2019, 2026))


def worsening(seed: int) -> Company:
    """Give one in which a fifth of the invoices begins to be billed late, and directors work more."""
    year = date(2024, 1, 7)
    return replace(
        perfect(seed, year), late=step(WORSE_ON, 0.02, 0.20), director_hours=step(WORSE_ON, 4.0, 9.0)
    )  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What one look says: the verdict and the levels."""

    on: date
    verdict: Verdict
    levels: dict[SignalName, Level]


def look(books: Books, policy: Policy, on: date) -> Look:
    """Look on a day."""
    answer: Readiness = assess(books.at(on), policy)
    return Look(on, answer.verdict, {signal.name: signal.level for signal in answer.signals})


def looks(company: Company, every: int = 7, first: date | None = None) -> Iterator[Look]:
    """Look every so many days, once the first year is over, with a confirmed baseline: then the test may say over.

    The documents themselves, which only explain, are left at home.
    """
    books = books_of(company)
    bare = replace(books, tables={name: table for name, table in books.tables.items() if name != "documents"})
    day, policy = first or company.start + FIRST_LOOK, company.confirmed
    while day <= company.until:
        yield look(bare, policy, day)
        day += timedelta(days=every)


def suspicions(seen: list[Look]) -> Counter[str]:
    """Count the looks with each signal at each level but calm, and with each verdict."""
    found: Counter[str] = Counter()
    for one in seen:
        found[one.verdict.value] += 1
        found.update(f"{name.value} {level.value}" for name, level in one.levels.items() if level is not Level.CALM)
    return found


def days_to_over(company: Company, signal: SignalName) -> int | None:
    """Count the days from the true onset to the first weekly look that says over; None if none does."""
    return next(((s.on - WORSE_ON).days for s in looks(company, 7, WORSE_ON) if s.levels[signal] is Level.OVER), None)


def main() -> None:
    """Print what the years bring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--every", type=int, default=7)
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    for seed in range(1, asked.seeds + 1):
        seen = suspicions(list(looks(perfect(seed), asked.every)))
        total += seen
        print(seed, dict(seen), flush=True)  # noqa: T201 - the long form is for a person to read
    print("perfect, all looks:", dict(total), flush=True)  # noqa: T201
    for signal in (SignalName.LATE_INVOICING, SignalName.DIRECTOR_TIME):
        found = [days_to_over(worsening(seed), signal) for seed in range(1, asked.seeds + 1)]
        print(f"{signal.value}: days from onset to over:", found, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
