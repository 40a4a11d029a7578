"""The tables, by room; `metadata` has them all."""

from app.models import access, answers, bounces, channels, core, facts, ledger, people, records, register, watch
from app.models.types import metadata

__all__ = [
    "access",
    "answers",
    "bounces",
    "channels",
    "core",
    "facts",
    "ledger",
    "metadata",
    "people",
    "records",
    "register",
    "watch",
]
