"""Texts as they are sought: without case, accents or doubled spaces, so that “Élan” is found by “elan”."""

import unicodedata


def folded(text: str) -> str:
    """Fold a text."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one for one in spread if not unicodedata.combining(one)).split())
