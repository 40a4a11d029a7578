"""Sparse fields: of an answer only what was asked for, by paths such as `companies.verdict`, lists seen through."""

from collections.abc import Mapping
from typing import Any

from app.errors import BadInput

MOST, LONGEST = 100, 200  # paths, and characters of one

Tree = dict[str, "Tree"]


def read_fields(text: str) -> Tree:
    """Read `verdict,coverage.signals_known` as a tree of names. Raises BadInput for an empty name or too many."""
    paths = [path.strip() for path in text.split(",")]
    if len(paths) > MOST or any(not path or len(path) > LONGEST or ".." in f".{path}." for path in paths):
        raise BadInput("bad_fields", {"most": MOST})
    tree: Tree = {}
    for path in paths:
        at = tree
        for name in path.split("."):
            at = at.setdefault(name, {})
    return tree


def narrow(body: Any, wanted: Tree) -> Any:
    """Give the wanted fields of a body. Raises BadInput for one that is nowhere in it, where something is."""
    return _narrow([body], wanted, "")[0]


def _narrow(bodies: list[Any], wanted: Tree, place: str) -> list[Any]:
    """Narrow bodies that stand in one place; a field has to be in one of them, for not all have all."""
    if not wanted:
        return bodies
    found: list[Mapping[str, Any]] = [one for body in bodies for one in _objects(body)]
    kept: list[dict[str, Any]] = [{} for _ in found]
    for name, inner in wanted.items():
        having = [i for i, one in enumerate(found) if name in one]
        if found and not having:
            known = ", ".join(sorted({key for one in found for key in one})[:MOST])
            raise BadInput("no_such_field", {"field": f"{place}{name}"[:LONGEST], "fields": known})
        for i, value in zip(having, _narrow([found[i][name] for i in having], inner, f"{place}{name}."), strict=True):
            kept[i][name] = value
    rest = iter(kept)
    return [_shaped(body, rest) for body in bodies]


def _objects(body: Any) -> list[Mapping[str, Any]]:
    if isinstance(body, list):
        return [one for each in body for one in _objects(each)]
    return [body] if isinstance(body, dict) else []


def _shaped(body: Any, kept: Any) -> Any:
    """Put narrowed objects back where they stood; what is no object is left as it is."""
    if isinstance(body, list):
        return [_shaped(each, kept) for each in body]
    return next(kept) if isinstance(body, dict) else body
