"""The demonstration, for the conformance suite: it needs no source."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.account import Account


def account() -> Account:
    """Its account on a day in June."""
    return Account(settings={}, secrets={}, zone=ZoneInfo("Europe/Paris"), now=datetime(2026, 6, 17, 9, tzinfo=UTC))
