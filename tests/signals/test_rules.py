"""Legal rules as dated data."""

from datetime import date
from itertools import combinations

import pytest

from app.wording import LABELS
from signals.rules import FRANCE, NoRule, rule_on, rules_on


def test_a_rule_is_the_one_of_its_day() -> None:
    before, after = (rule_on("issue_at_once", day) for day in (date(2026, 8, 31), date(2026, 9, 1)))

    assert (before.citation, before.conflict) == ("CGI 289, I-3", None)
    assert (after.citation, after.conflict) == ("CGI 289, I-3 / CIBS L216-33 s.", "code_moves_on_two_dates")


def test_what_is_to_come_does_not_hold_yet() -> None:
    assert "einvoice_emit_small" not in {rule.code for rule in rules_on(date(2027, 8, 31))}
    assert "einvoice_emit_small" in {rule.code for rule in rules_on(date(2027, 9, 1))}
    with pytest.raises(NoRule):
        rule_on("einvoice_fine", date(2026, 8, 31))


def test_on_no_day_do_two_wordings_of_a_rule_hold() -> None:
    for one, other in combinations(FRANCE, 2):
        if one.code == other.code:
            assert (one.until or date.max) < other.since or (other.until or date.max) < one.since


def test_every_rule_has_its_words_its_source_and_a_day_on_which_it_was_checked() -> None:
    for rule in FRANCE:
        assert f"rule:{rule.code}" in LABELS
        assert rule.source.startswith("https://")
        assert rule.checked_on >= date(2026, 1, 1)
        assert (rule.value is None) is (rule.unit == "")
        assert rule.conflict is None or f"rule_conflict:{rule.conflict}" in LABELS
