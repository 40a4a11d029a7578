"""Cursors: where the next page of a list begins, as a text that only its list understands.

A cursor holds the sort key of the last row that was given, so that rows which come or go meanwhile make no other row
be given twice or passed over. It names no company and opens nothing: whoever sends it is asked who they are as before.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from app.errors import BadInput

Part = str | int
LONGEST = 4000  # characters; a name may have 400, of several bytes each


def write_cursor(name: str, parts: Sequence[Part]) -> str:
    """Write where a list goes on: the list's name, and the sort key of the last row given."""
    text = json.dumps([name, *parts], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(name: str, cursor: str, kinds: Sequence[type]) -> tuple[Any, ...]:
    """Give the sort key in a cursor, each part of its kind.

    Raises BadInput for what this list did not write.
    """
    try:
        padded = cursor[:LONGEST] + "=" * (-len(cursor[:LONGEST]) % 4)
        found = json.loads(base64.urlsafe_b64decode(padded.encode("ascii", "strict")).decode())
    except (ValueError, binascii.Error, RecursionError) as error:
        raise BadInput("bad_cursor") from error
    if not isinstance(found, list) or found[:1] != [name] or len(found) != len(kinds) + 1:
        raise BadInput("bad_cursor")
    parts = tuple(found[1:])
    if not all(_is(part, kind) for part, kind in zip(parts, kinds, strict=True)):
        raise BadInput("bad_cursor")
    return parts


def _is(part: object, kind: type) -> bool:
    if isinstance(part, str) and "\0" in part:  # no database holds such a text
        return False
    return type(part) is kind and not (kind is int and abs(int(str(part))) >= 2**62)
