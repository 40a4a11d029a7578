"""Of an answer, only the fields asked for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from app.fields import narrow, read_fields

BODY: dict[str, Any] = {
    "companies": [
        {"id": "a", "verdict": "outsource", "coverage": {"known": 3, "of": 5}},
        {"id": "b", "verdict": None, "coverage": None},
    ],
    "next": None,
}


def test_fields_are_taken_through_lists() -> None:
    wanted = read_fields("companies.id,companies.coverage.known,next")

    assert narrow(BODY, wanted) == {
        "companies": [{"id": "a", "coverage": {"known": 3}}, {"id": "b", "coverage": None}],
        "next": None,
    }


def test_a_list_as_the_body_is_seen_through() -> None:
    assert narrow(BODY["companies"], read_fields("id")) == [{"id": "a"}, {"id": "b"}]


def test_a_field_that_is_nowhere_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput) as refused:
        narrow(BODY, read_fields("companies.verdikt"))

    assert refused.value.params == {"field": "companies.verdikt", "fields": "coverage, id, verdict"}


def test_nothing_can_be_missing_from_an_empty_list() -> None:
    assert narrow({"companies": []}, read_fields("companies.verdikt")) == {"companies": []}


@pytest.mark.parametrize("text", ["", ",", "a,,b", "a..b", ".a", "a.", ",".join("a" * 101), "a" * 201])
def test_what_names_no_fields_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_fields(text)


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1))
def test_asking_for_all_fields_gives_all(body: dict[str, Any]) -> None:
    assert narrow(body, read_fields(",".join(body))) == body
