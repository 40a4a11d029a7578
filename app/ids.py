"""Public ids: UUIDv7, so that they sort by when they were made."""

import os
from datetime import datetime
from uuid import UUID


def new_id(now: datetime) -> str:
    """Make a UUIDv7 (RFC 9562) from an instant and 74 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    random = int.from_bytes(os.urandom(10), "big")
    rand_a, rand_b = random >> 68, random & ((1 << 62) - 1)
    return str(UUID(int=(milliseconds << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b))
