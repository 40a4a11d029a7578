"""When an error showed on a document: one expression for the facts and for the records behind them."""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_

from app.models.records import document

OUR_REFUSALS = ("entry_error", "omission", "duplicate", "lost_document")


def corrected_on() -> ColumnElement[Any]:
    """Give the day a document was corrected or, if that was earlier, refused for a reason of ours.

    The credit note that then undoes it in the books is the same error: the first of these days counts, once.
    """
    d = document.c
    is_first = or_(d.corrected_on.is_(None), d.refused_on < d.corrected_on)
    is_refused = and_(d.refusal.in_(OUR_REFUSALS), is_first)
    return case((is_refused, d.refused_on), else_=d.corrected_on)
