"""The providers Seuil reads over the network: one line each, and those that other packages bring.

Another package registers one by an entry point of the group `seuil.connectors` that names its `Provider`.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import entry_points

from connectors import caldav, demo, dolibarr, pennylane, personio, tryton
from connectors.base import Provider

GROUP = "seuil.connectors"

OURS: tuple[Provider, ...] = (
    demo.PROVIDER,
    dolibarr.PROVIDER,
    pennylane.PROVIDER,
    tryton.PROVIDER,
    personio.PROVIDER,
    caldav.PROVIDER,
)  # fmt: skip


@lru_cache
def providers() -> Mapping[str, Provider]:
    """Give every provider by its name; one of ours is never replaced by another package's."""
    found = {each.name: each for each in (point.load() for point in entry_points(group=GROUP))}
    return found | {each.name: each for each in OURS}


def provider_of(name: str) -> Provider | None:
    """Find a provider."""
    return providers().get(name)
