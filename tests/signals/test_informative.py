from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from signals.books import Books, frame
from signals.informative import FieldAnswer, field_answers, informative, profile_of


def books(profile: list[dict[str, Any]] | None = None, lines: list[dict[str, Any]] | None = None) -> Books:
    tables = {
        "fields": frame("fields", [{"connection_id": "fec", "stream": "ledger"} | row for row in profile or []]),
        "open_lines": frame("open_lines", [{"connection_id": "fec", "account": "411000"} | row for row in lines or []]),
    }
    return Books("company", date(2026, 11, 22), tables)


def answer(**profile: Any) -> FieldAnswer:
    row = {"field": "valid_on", "n": 100, "filled": 100, "distinct": 40, "equal_to": "entry_on", "equal": 10} | profile
    return informative(books([row]), "fec", "ledger", "valid_on")


def test_a_field_that_varies_for_itself_is_informative() -> None:
    assert answer().informative
    assert answer().reason.code == "field_informative"


def test_a_field_filled_by_every_fiftieth_row_is_informative_and_says_so() -> None:
    rare = answer(filled=2, distinct=2, equal=0)
    assert rare.informative
    assert rare.reason.params["share"] == 0.02


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"filled": 0, "distinct": 0, "equal": 0}, "field_empty"),
        ({"distinct": 1}, "field_constant"),
        ({"equal": 100}, "field_equals"),
        ({"filled": 30, "equal": 30}, "field_equals"),
    ],
)
def test_a_field_that_says_nothing_gives_its_reason(profile: dict[str, int], code: str) -> None:
    assert not answer(**profile).informative
    assert answer(**profile).reason.code == code


def test_a_copied_field_names_the_original() -> None:
    assert answer(equal=100).reason.params["other"] == "entry_on"


def test_four_rows_alike_may_be_chance_and_five_are_not() -> None:
    assert answer(n=4, filled=4, distinct=1, equal=0).informative
    assert not answer(n=5, filled=5, distinct=1, equal=0).informative


def test_a_field_nobody_profiled_is_unknown() -> None:
    assert informative(books(), "fec", "ledger", "valid_on").reason.code == "field_unknown"
    row = {"field": "valid_on", "n": 100, "filled": 100, "distinct": 40}
    assert informative(books([row]), "other", "ledger", "valid_on").reason.code == "field_unknown"


def test_a_field_constant_in_each_of_two_files_is_constant() -> None:
    rows = [{"field": "piece_on", "n": 50, "filled": 50, "distinct": 1}] * 2
    assert informative(books(rows), "fec", "ledger", "piece_on").reason.code == "field_constant"


def test_a_field_must_equal_the_other_in_every_file_to_be_its_copy() -> None:
    copied = {"field": "valid_on", "n": 50, "filled": 50, "distinct": 30, "equal_to": "entry_on", "equal": 50}
    assert not informative(books([copied, copied]), "fec", "ledger", "valid_on").informative
    assert informative(books([copied, copied | {"equal": 49}]), "fec", "ledger", "valid_on").informative


def test_a_field_compared_with_several_is_a_copy_of_the_one_it_equals() -> None:
    row = {"field": "valid_on", "n": 50, "filled": 50, "distinct": 30}
    rows = [row | {"equal_to": "entry_on", "equal": 3}, row | {"equal_to": "piece_on", "equal": 50}]
    assert informative(books(rows), "fec", "ledger", "valid_on").reason.params["other"] == "piece_on"


def test_every_field_is_answered_in_order() -> None:
    rows = [{"field": name, "n": 9, "filled": 9, "distinct": 9} for name in ("valid_on", "piece_on")]
    assert [one.field for one in field_answers(books(rows)["fields"])] == ["piece_on", "valid_on"]
    assert field_answers(books()["fields"]) == ()


def test_one_lettered_customer_line_makes_lettering_informative() -> None:
    lines = [{"lettering": ""}] * 9 + [{"lettering": "AA"}]
    assert informative(books(lines=lines), "fec", "ledger", "lettering").informative


def test_lettering_on_a_suspense_account_alone_is_not_lettering() -> None:
    lines = [{"lettering": ""}] * 9 + [{"account": "471000", "lettering": "AA"}]
    assert informative(books(lines=lines), "fec", "ledger", "lettering").reason.code == "field_empty"


def test_without_party_lines_the_profile_says_whether_a_source_letters() -> None:
    row = {"field": "lettering", "n": 50, "filled": 30, "distinct": 15}
    assert informative(books([row]), "fec", "ledger", "lettering").informative


def test_lettering_after_the_day_of_the_books_is_not_yet_there() -> None:
    lines = [{"day": 20000.0, "lettering": "AA", "lettered_day": 20000.0 + 400}]
    before = books(lines=lines).at(date(2024, 12, 31))
    assert not informative(before, "fec", "ledger", "lettering").informative


def test_a_column_is_profiled_against_others() -> None:
    days = pd.Series([1.0, 2.0, np.nan, 2.0])
    profile = profile_of(days, {"entry_on": pd.Series([1.0, 3.0, np.nan, 2.0])})
    assert (profile.n, profile.filled, profile.distinct, profile.equal) == (4, 3, 2, {"entry_on": 2})
