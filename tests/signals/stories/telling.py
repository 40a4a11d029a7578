"""What a story's answer is asked for, in few words."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache

from signals.base import Level, Reason, SignalName
from signals.readiness import Readiness, Signal, assess
from tests.signals.stories.company import Company
from tests.signals.stories.courses import step
from tests.signals.stories.mill import books_of

START, UNTIL = date(2023, 10, 2), date(2025, 12, 28)
ON = date(2025, 6, 2)  # the day on which what is to change changes


KEPT = Company(start=START, until=UNTIL)
LATE = replace(KEPT, late=step(ON, 0.02, 0.35))


@cache
def well_kept() -> Readiness:
    """Answer for two years of a back office in order."""
    return answer(KEPT)


@cache
def billing_late() -> Readiness:
    """Answer for one that bills a third of its invoices late since a day."""
    return answer(LATE)


def answer(company: Company, on: date | None = None) -> Readiness:
    """Assess a company's last day, or an earlier one as it stood then."""
    books = books_of(company)
    return assess(books if on is None else books.at(on), company.policy, look_around=False)


def said(found: Readiness) -> tuple[str, str]:
    """Give the verdict and its row."""
    return found.verdict.value, found.row


def not_calm(found: Readiness) -> dict[str, str]:
    """Give the level of every signal that is not calm."""
    return {s.name.value: s.level.value for s in found.signals if s.level is not Level.CALM}


def not_passed(found: Readiness) -> dict[str, str]:
    """Give every gate that has not passed, with why."""
    return {gate.name.value: gate.why[0].code for gate in found.gates if gate.state != "passed"}


def codes(why: Iterable[Reason]) -> set[str]:
    """Give the codes of some reasons."""
    return {reason.code for reason in why}


def signal(found: Readiness, name: str) -> Signal:
    """Give one signal."""
    return next(s for s in found.signals if s.name is SignalName(name))


def ways(found: Readiness, kind: str) -> dict[str, str]:
    """Give the single changes of one kind that give another verdict, and which."""
    return {f"{flip.name} {flip.after}": flip.verdict.value for flip in found.flips if flip.kind == kind}
