"""What would change the verdict: whoever turns that knob gets the verdict that was promised."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from signals.again import again
from signals.base import Level
from signals.books import Books, Range, Sheet, frame
from signals.calendar import day_number
from signals.knobs import Knob, said_knobs
from signals.levers import LEVERS, Turn
from signals.measured_knobs import measured_knobs
from signals.policy import Policy
from signals.readiness import Readiness, assess
from signals.replay import glance
from signals.verdict import Verdict
from signals.whatif import WhatIf
from tests.signals.story_books import Story, books_of, declaration

POLICY = Policy()
THIN = Sheet(operators=("a",), owner=True)
STORIES = {
    "in good order": Story(said=declaration()),
    "bills late": Story(late=0.3, said=declaration()),
    "bills late, nothing described": Story(late=0.3, said=declaration(sheets={"invoicing": THIN, "bank": THIN})),
    "director in the office": Story(director=11, said=declaration()),
    "dear provider": Story(late=0.3, said=declaration(provider_price=Range(4900, 5100))),
    "known by word": Story(documents=0, director=0, admin=0, said=declaration(director_hours=Range(3, 4))),
    "one person, and errors": Story(wrong=0.14, alone=True, said=declaration(admin_hours=Range(20, 20))),
}


@pytest.fixture(scope="module")
def known() -> dict[str, tuple[Books, Readiness]]:
    return {name: (books := books_of(story), assess(books, POLICY)) for name, story in STORIES.items()}


def knobs(books: Books, now: Readiness) -> Iterator[Knob]:
    yield from measured_knobs(books, POLICY, now)
    yield from said_knobs(books, POLICY)


def verdict(books: Books, policy: Policy = POLICY) -> Verdict:
    """Decide by all detectors that decide; that this is what a whole assessment says is `test_replaying`'s."""
    return glance(books, policy).verdict


def change(now: Readiness, name: str) -> WhatIf:
    return next(one for one in now.nearest if one.name == name)


def test_the_stories_are_different_ones(known: dict[str, tuple[Books, Readiness]]) -> None:
    assert {answer.verdict for _, answer in known.values()} >= {
        Verdict.OUTSOURCE, Verdict.PREPARE, Verdict.NOT_NEEDED, Verdict.CANNOT_SAY,
    }  # fmt: skip
    assert {one.kind for _, answer in known.values() for one in answer.nearest} == {"measured", "declared", "policy"}


@pytest.mark.parametrize("name", ["bills late", "director in the office", "dear provider", "known by word"])
def test_each_change_gives_its_verdict_in_a_whole_assessment_and_a_step_less_does_not(
    name: str, known: dict[str, tuple[Books, Readiness]]
) -> None:
    books, now = known[name]
    by_change = {(one.kind, one.name, one.verdict): one for one in now.nearest}
    promised = 0
    for knob in knobs(books, now):
        for one in [c for (kind, of, _), c in by_change.items() if (kind, of) == (knob.kind, knob.name)]:
            if knob.value is not None and knob.value(one.steps) != one.after:
                continue  # the other way round
            if knob.value is None and (one.after > one.before) is not (knob.toward == "worse"):
                continue
            if name != "bills late" and (one.kind == "policy" or one.name == "documents_per_month"):
                continue  # they are tried in one story
            promised += 1
            assert verdict(*knob.turn(one.steps)) is one.verdict, one
            if one.steps > 1 and one.kind != "policy":
                assert verdict(*knob.turn(one.steps - 1)) is now.verdict, one
    assert promised >= sum(one.kind == "measured" and one.name != "documents_per_month" for one in now.nearest)


def test_assessing_the_touched_parts_again_is_as_good_as_assessing_all(
    known: dict[str, tuple[Books, Readiness]],
) -> None:
    books, now = known["one person, and errors"]
    for knob in {knob.touches: knob for knob in knobs(books, now)}.values():
        turned = knob.turn(max(1, knob.most * 2 // 3))
        assert again(*turned, now, knob.touches).verdict is verdict(*turned), knob.name


def test_what_is_not_offered_would_not_have_changed_the_verdict(known: dict[str, tuple[Books, Readiness]]) -> None:
    books, now = known["in good order"]
    offered = {(one.kind, one.name) for one in now.nearest}
    left = [knob for knob in knobs(books, now) if (knob.kind, knob.name) not in offered and knob.kind != "policy"]
    assert len(left) > 10
    for knob in left[::4]:
        if knob.name != "completed":
            assert verdict(*knob.turn(knob.most)) is now.verdict, knob.name


def test_billing_less_late_in_reality_gives_the_verdict_that_was_promised(
    known: dict[str, tuple[Books, Readiness]],
) -> None:
    _, now = known["bills late"]
    promised = change(now, "late_issued_rate")
    assert promised.since is not None
    story = replace(STORIES["bills late"], since=promised.since, then={"late": promised.after * 0.8})

    became = books_of(story)

    assert (now.verdict, promised.verdict) == (Verdict.OUTSOURCE, Verdict.NOT_NEEDED)
    assert verdict(became) is promised.verdict


def test_a_director_who_lets_go_of_the_promised_hours_gives_the_promised_verdict(
    known: dict[str, tuple[Books, Readiness]],
) -> None:
    _, now = known["director in the office"]
    promised = change(now, "director_hours_per_week")
    assert promised.since is not None
    less = {"director": promised.after / promised.before * 11 * 0.95}

    assert verdict(books_of(replace(STORIES["director in the office"], since=promised.since, then=less))) is (
        promised.verdict
    )


def test_declaring_the_promised_price_gives_the_promised_verdict(known: dict[str, tuple[Books, Readiness]]) -> None:
    books, now = known["dear provider"]
    promised = change(now, "provider_price")
    said = declaration(provider_price=Range(promised.after * 0.97, promised.after * 0.97))

    assert promised.after < promised.before
    assert verdict(replace(books, declarations=(said,))) is promised.verdict is not now.verdict


def test_setting_the_promised_limit_gives_the_promised_verdict(known: dict[str, tuple[Books, Readiness]]) -> None:
    books, now = known["bills late"]
    promised = change(now, "late_issued_limit")

    assert verdict(books, Policy(late_issued_limit=promised.after)) is promised.verdict
    assert verdict(books, Policy(late_issued_limit=promised.after / 1.06)) is now.verdict


def test_processes_to_describe_are_named(known: dict[str, tuple[Books, Readiness]]) -> None:
    _, now = known["bills late, nothing described"]

    assert now.verdict is Verdict.PREPARE
    assert change(now, "completed").processes == ("bank", "invoicing")
    assert change(now, "completed").verdict is Verdict.OUTSOURCE


def test_where_two_signals_each_suffice_no_single_measured_change_is_promised() -> None:
    both = books_of(Story(late=0.4, director=14, said=declaration()))

    now = assess(both, POLICY)

    assert now.verdict is Verdict.OUTSOURCE
    assert {one.name for one in now.nearest if one.kind == "measured"} <= {"documents_per_month"}


@pytest.mark.parametrize("measure", sorted(LEVERS))
def test_a_lever_not_moved_changes_no_answer_and_one_moved_leaves_the_past(
    measure: str, known: dict[str, tuple[Books, Readiness]]
) -> None:
    books, now = known["bills late"]
    still = assess(LEVERS[measure](books, POLICY, Turn(0)), POLICY, look_around=False)
    moved = LEVERS[measure](books, POLICY, Turn(20_000_000, right=1.0))

    assert [s.primary.value for s in still.signals] == [s.primary.value for s in now.signals]
    assert [s.level for s in still.signals] == [s.level for s in now.signals]
    if measure != "documents_per_month":
        assert [s.level for s in assess(moved, POLICY, look_around=False).signals] == [s.level for s in now.signals]


def test_billing_on_the_deadline_moves_the_late_ones_there_and_no_other() -> None:
    """Mondays: work of 7 September 2026 is to be billed by the 14th, five working days on."""
    monday = day_number(date(2026, 9, 7))
    row = {"connection_id": "k", "service_day": monday, "periodic": False}
    issued = [row | {"issued_day": monday + 7, "n": 3}, row | {"issued_day": monday + 9, "n": 4}]
    books = Books("c", date(2026, 11, 22), {"issue_days": frame("issue_days", issued)})

    def days(turn: Turn) -> dict[int, int]:
        rows = LEVERS["late_issued_rate"](books, POLICY, turn)["issue_days"]
        moved = rows.groupby("issued_day", as_index=False)["n"].sum()
        return {int(day) - monday: int(n) for day, n in zip(moved["issued_day"], moved["n"], strict=True)}

    assert days(Turn(monday, right=1.0)) == {7: 7}
    assert days(Turn(monday, right=0.5)) == {7: 5, 9: 2}
    assert days(Turn(monday, wrong=1.0)) == {8: 3, 9: 4}
    assert days(Turn(monday, wrong=0.4)) == {7: 2, 8: 1, 9: 4}
    assert days(Turn(monday + 30, right=1.0)) == {7: 3, 9: 4}


def test_put_right_altogether_nothing_is_late_wrong_or_forgotten(known: dict[str, tuple[Books, Readiness]]) -> None:
    books, _ = known["one person, and errors"]
    since = 20_500  # within the last months of the story: its past tells that errors are recorded at all
    for measure in ("late_issued_rate", "unreminded_rate", "error_rate"):
        turned = LEVERS[measure](books, POLICY, Turn(since, right=1.0))
        answer = assess(turned, POLICY, look_around=False)
        values = {m.name: m.value for s in answer.signals for m in (s.primary, s.half) if m is not None}
        assert values[measure] == 0, measure


def test_nothing_known_has_nothing_to_turn_but_limits() -> None:
    books = Books(company_id="c", as_of=date(2026, 11, 22), tables={}, declarations=(), imported_on=None)
    now = assess(books, POLICY)

    assert {signal.level for signal in now.signals} == {Level.UNKNOWN}
    assert now.nearest == ()
