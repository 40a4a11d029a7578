"""The tables, by room; `metadata` has them all."""

from app.models import (
    access,
    answers,
    bounces,
    channels,
    core,
    facts,
    kept_answers,
    ledger,
    people,
    rates,
    records,
    register,
    retention,
    watch,
)
from app.models.types import metadata

__all__ = [
    "access",
    "answers",
    "bounces",
    "channels",
    "core",
    "facts",
    "kept_answers",
    "ledger",
    "metadata",
    "people",
    "rates",
    "records",
    "register",
    "retention",
    "watch",
]
