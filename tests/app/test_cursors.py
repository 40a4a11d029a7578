"""A cursor says where a list goes on, and nothing else is taken for one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cursors import read_cursor, write_cursor
from app.errors import BadInput

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@given(TEXTS, st.integers(-(2**61), 2**61))
def test_what_was_written_is_read(text: str, number: int) -> None:
    assert read_cursor("alerts", write_cursor("alerts", [text, number]), [str, int]) == (text, number)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_cursor("alerts", text, [str, int])


@pytest.mark.parametrize(
    "parts", [["companies", "a", 1], ["alerts", "a"], ["alerts", 1, "a"], ["alerts", "a", True], ["alerts", "a\0", 1]]
)
def test_a_cursor_of_another_list_or_shape_is_refused(parts: list[object]) -> None:
    cursor = write_cursor(str(parts[0]), parts[1:])  # type: ignore[arg-type] # what the test is about

    with pytest.raises(BadInput):
        read_cursor("alerts", cursor, [str, int])


def test_a_number_no_database_holds_is_refused() -> None:
    with pytest.raises(BadInput):
        read_cursor("alerts", write_cursor("alerts", [2**70]), [int])


def test_brackets_without_end_are_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 300).decode()

    with pytest.raises(BadInput):
        read_cursor("alerts", deep, [str])
