"""Named points between two effects, at which a test may pull the plug; in service they do nothing."""

from collections.abc import Callable

FaultPoint = Callable[[str], None]
_hooks: list[FaultPoint] = []


def on_reaching(hook: FaultPoint) -> None:
    """Have a function called with each point's name as it is reached."""
    _hooks.append(hook)


def reached(point: str) -> None:
    """Say that a point is reached."""
    for hook in _hooks:
        hook(point)
