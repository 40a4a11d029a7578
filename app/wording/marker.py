"""Marks texts for translation where they are written, not where they are said."""


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for translation."""
    return text
