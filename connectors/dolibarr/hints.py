"""Which document a call of Dolibarr's module Webhook is about.

It sends `{"triggercode": "BILL_VALIDATE", "object": {"id": "42", …}}`, the whole object with it; its number is all that
is looked at, and the rest is asked for again. What other triggers move is told by lists only: those just ring.
"""

import json
from contextlib import suppress

from connectors.base import Hint
from connectors.dolibarr.invoices import id_of
from connectors.records import Direction, Stream

_HAPPENED = ("CREATE", "MODIFY", "VALIDATE", "UNVALIDATE", "CANCEL", "PAYED", "UNPAYED", "DELETE")
_TRIGGERS = {f"BILL_{what}": Direction.SALE for what in _HAPPENED} | {
    f"BILL_SUPPLIER_{what}": Direction.PURCHASE for what in _HAPPENED
}
_LARGEST = 2**31 - 1  # of an id over there


def read_hint(body: bytes) -> Hint | None:
    """Give the document, or None where the call names none."""
    with suppress(ValueError, RecursionError):
        said = json.loads(body)
        direction = _TRIGGERS.get(said["triggercode"]) if _is_call(said) else None
        number = str(said["object"].get("id")) if direction else ""
        if direction and number.isascii() and number.isdigit() and 0 < int(number) <= _LARGEST:
            return Hint(Stream.INVOICES, id_of(direction, int(number)))
    return None


def _is_call(said: object) -> bool:
    return isinstance(said, dict) and isinstance(said.get("triggercode"), str) and isinstance(said.get("object"), dict)
