"""Sentences for programs that use the API."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "bad_cursor": N_("This is no cursor of this list: take the one that the page before gave as “next”."),
}

LABELS: dict[str, str] = {}
