"""Legal rules as dated data: what holds on a day, where it is written, when it was last checked, and what disputes it.

A rule is data, not code: it changes by adding a row. Its words are the app's (`rule:<code>`); figures and dates are
here. Nothing here is legal advice, and each rule says when somebody last read its source.
"""

from dataclasses import dataclass
from datetime import date

from signals.rules.france import FRANCE, Rule

__all__ = ["FRANCE", "Rule", "rule_on", "rules_on"]


@dataclass(frozen=True, slots=True)
class NoRule(Exception):
    """No rule of that name holds on that day."""

    code: str
    day: date


def rules_on(day: date) -> tuple[Rule, ...]:
    """Give the rules that hold on a day, in the order in which they are kept."""
    return tuple(rule for rule in FRANCE if rule.holds_on(day))


def rule_on(code: str, day: date) -> Rule:
    """Give the rule of a name that holds on a day; raises NoRule where none does."""
    for rule in FRANCE:
        if rule.code == code and rule.holds_on(day):
            return rule
    raise NoRule(code, day)
