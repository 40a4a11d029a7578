"""What a person could change, one thing at a time: figures and sheets declared, and limits set.

A knob turns step by step, each step farther from what is: a figure or limit by a factor of 1.05 up or down, to a
quarter or four times at the most; process sheets one by one. What it touches says which parts of an answer it may
change, so that what can't matter need not be computed. Knobs of measured work are in `signals.measured_knobs`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from signals.again import WORTH, Part, Touched
from signals.base import SignalName, Unit
from signals.books import Books, Declaration, Range, Sheet
from signals.gates import REVIEW_DAYS, GateName
from signals.levers import ANYBODY
from signals.policy import Policy

STEP = 1.05
STEPS = 28  # 1.05 to the 28th is 3.9
Turned = tuple[Books, Policy]

MONEY = Touched(frozenset({WORTH}))
COST = Touched(MONEY.parts | {SignalName.HIDDEN_COST.value}, frozenset({"hidden_ratio"}))
DIRECTOR = Touched(COST.parts | {SignalName.DIRECTOR_TIME.value}, COST.measures | {"director_hours_per_week"})
PEOPLE = Touched(
    frozenset({SignalName.KEY_PERSON.value}), frozenset({"sole_operator_share", "holiday_drop", "backup_presence"})
)
SHEETS = Touched(frozenset({GateName.FORMALISED.value, GateName.STRUCTURE.value}))

DECLARED: Mapping[str, tuple[Touched, Unit]] = {
    "director_hours": (DIRECTOR, Unit.HOURS_PER_WEEK),
    "director_rate": (COST, Unit.EUR),
    "admin_hours": (COST, Unit.HOURS_PER_WEEK),
    "admin_rate": (COST, Unit.EUR),
    "provider_price": (MONEY, Unit.EUR_PER_MONTH),
    "governance_hours": (MONEY, Unit.RATIO),
    "transition": (MONEY, Unit.EUR),
}
"""Figures of a declaration that are turned, what each touches, and its unit."""

LIMITS: Mapping[str, tuple[Part, Unit]] = {
    "late_issued_limit": (SignalName.LATE_INVOICING.value, Unit.SHARE),
    "unreminded_limit": (SignalName.LATE_INVOICING.value, Unit.SHARE),
    "accrued_sales_limit": (SignalName.LATE_INVOICING.value, Unit.RATIO),
    "director_hours_limit": (SignalName.DIRECTOR_TIME.value, Unit.HOURS_PER_WEEK),
    "error_limit": (SignalName.QUALITY.value, Unit.SHARE),
    "sole_operator_limit": (SignalName.KEY_PERSON.value, Unit.SHARE),
    "hidden_ratio_limit": (SignalName.HIDDEN_COST.value, Unit.RATIO),
    "volume_documents": (GateName.VOLUME.value, Unit.PER_MONTH),
    "volume_fte": (GateName.VOLUME.value, Unit.FTE),
    "instability_limit": (GateName.STABILITY.value, Unit.RATIO),
    "documented_limit": (GateName.FORMALISED.value, Unit.SHARE),
}
"""Settings that are turned, what each touches, and its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """Something that can be changed by 1 to `most` steps.

    `kind`: measured, declared or policy. `turn` gives books and policy after some steps, `value` the figure after
    some, of 0 what it is now; None: the figure is the measure of the knob's name, taken again. `what` names the
    processes concerned after some steps. `toward` is what a turn can only do to a signal: better, worse, or "" for
    either. `since` is the day from which measured work is taken to have gone otherwise.
    """

    kind: str
    name: str
    touches: Touched
    most: int
    turn: Callable[[int], Turned]
    value: Callable[[int], float] | None
    unit: Unit = Unit.COUNT
    what: Callable[[int], tuple[str, ...]] = lambda _: ()
    toward: str = ""
    since: date | None = None


def said_knobs(books: Books, policy: Policy) -> tuple[Knob, ...]:
    """Give the knobs of the declaration in force, then of the settings."""
    said = books.declaration(policy.declared_valid_days)
    declared = () if said is None else (*_figures(books, policy, said), *_sheets(books, policy, said))
    return (*declared, *_limits(books, policy))


def declaring(books: Books, said: Declaration, instead: Declaration) -> Books:
    """Put a declaration in the place of another; where that one was joined with a register, after all others."""
    if not any(d is said for d in books.declarations):
        return replace(books, declarations=(*books.declarations, instead))
    return replace(books, declarations=tuple(instead if d is said else d for d in books.declarations))


def _figures(books: Books, policy: Policy, said: Declaration) -> list[Knob]:
    told = {name: getattr(said, name) for name in DECLARED}
    return [
        _figure(name, now, factor, (books, policy, said))
        for name, now in told.items()
        if now is not None and now.high > 0
        for factor in (1 / STEP, STEP)
    ]


def _figure(name: str, now: Range, factor: float, before: tuple[Books, Policy, Declaration]) -> Knob:
    books, policy, said = before

    def turn(steps: int) -> Turned:
        changed: dict[str, Any] = {name: Range(now.low * factor**steps, now.high * factor**steps)}
        return declaring(books, said, replace(said, **changed)), policy

    return Knob(
        kind="declared",
        name=name,
        touches=DECLARED[name][0],
        unit=DECLARED[name][1],
        most=STEPS,
        turn=turn,
        value=lambda steps: now.middle * factor**steps,
    )


def _limits(books: Books, policy: Policy) -> list[Knob]:
    found = [_limit(name, factor, books, policy) for name in LIMITS for factor in (1 / STEP, STEP)]
    return [knob for knob in found if knob.most]


def _limit(name: str, factor: float, books: Books, policy: Policy) -> Knob:
    now = float(getattr(policy, name))
    share = LIMITS[name][1] is Unit.SHARE
    most = next(steps for steps in range(STEPS, -1, -1) if not (share and now * factor**steps > 1 and steps))

    def turn(steps: int) -> Turned:
        changed: dict[str, Any] = {name: now * factor**steps}
        return books, replace(policy, **changed)

    return Knob(
        kind="policy",
        name=name,
        touches=Touched(frozenset({LIMITS[name][0]})),
        unit=LIMITS[name][1],
        most=most,
        turn=turn,
        value=lambda steps: now * factor**steps,
    )


def _sheets(books: Books, policy: Policy, said: Declaration) -> list[Knob]:
    """Give the knobs of process sheets and of the structure: what is missing, given process by process."""
    sheets = dict(said.sheets or {})
    told = {name: sheet for name, sheet in sheets.items() if not _current(sheet, said, books)}
    unowned = {name: s for name, s in sheets.items() if not (s.owner and s.approval_rule and s.tools)}
    alone = {name: sheet for name, sheet in sheets.items() if len(sheet.operators) == 1}
    both = {name: sheet for name, sheet in sheets.items() if name in told or name in unowned}
    given = (
        ("documented", told, partial(_documented, books=books), SHEETS),
        ("structured", unowned, _structured, SHEETS),
        ("completed", both, lambda s: _structured(_documented(s, books)), SHEETS),
        ("stand_in", alone, _with_stand_in, PEOPLE),
    )
    found = [
        _by_sheet(name, some, better, touches, (books, policy, said)) for name, some, better, touches in given if some
    ]
    return [*found, *_restructuring(books, policy, said)]


def _by_sheet(
    name: str,
    some: Mapping[str, Sheet],
    better: Callable[[Sheet], Sheet],
    touches: Touched,
    now: tuple[Books, Policy, Declaration],
) -> Knob:
    books, policy, said = now
    order = tuple(sorted(some))

    def turn(k: int) -> Turned:
        changed = {process: better(some[process]) for process in order[:k]}
        return declaring(books, said, replace(said, sheets={**(said.sheets or {}), **changed})), policy

    return Knob(
        kind="declared",
        name=name,
        touches=touches,
        most=len(order),
        turn=turn,
        value=float,
        what=lambda k: order[:k],
    )


def _restructuring(books: Books, policy: Policy, said: Declaration) -> list[Knob]:
    """Give the knob that says the opposite of what was said; nothing said is turned to "over"."""
    other = said.restructuring is False
    turned = declaring(books, said, replace(said, restructuring=other)), policy
    return [
        Knob(
            kind="declared",
            name="restructuring_begun" if other else "restructuring_over",
            touches=SHEETS,
            most=1,
            turn=lambda _: turned,
            value=float,
        )
    ]


def _current(sheet: Sheet, said: Declaration, books: Books) -> bool:
    return sheet.documented and (books.as_of - (sheet.reviewed_on or said.stated_on)).days < REVIEW_DAYS


def _documented(sheet: Sheet, books: Books) -> Sheet:
    return replace(sheet, tasks=True, frequency=True, validation_rules=True, tools=True, reviewed_on=books.as_of)


def _structured(sheet: Sheet) -> Sheet:
    return replace(sheet, owner=True, approval_rule=True, tools=True)


def _with_stand_in(sheet: Sheet) -> Sheet:
    return replace(sheet, operators=(*sheet.operators, ANYBODY))
