"""What a sheet says of a process, held against what sources show: steps it doesn't name, tools nobody connected.

A sheet is prose in French or English, a source's steps are codes. A step is taken as named when a word of the sheet
begins as one of the step's usual words does; steps of a source that are not known here are looked for by their own
name. So it errs towards "named": what is reported is worth a look, what isn't is no proof.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

STEMS: Mapping[str, tuple[str, ...]] = {
    "created": (
        "creat",
        "creer",
        "cree",
        "writ",
        "draft",
        "draw",
        "enter",
        "prepar",
        "etabl",
        "saisi",
        "redig",
        "emet",
    ),
    "validated": ("valid", "approv", "check", "verif", "control", "post", "comptabilis", "relec", "relire", "review"),
    "sent": ("send", "sent", "mail", "envo", "transm", "depos"),
    "paid": ("paid", "pay", "settl", "pai", "regl", "encaiss", "match", "rapproch", "lettr", "reconcil", "point"),
    "edited": ("edit", "chang", "correct", "amend", "modif", "corrig", "rectif", "reopen", "rouvr", "repri"),
    "cancelled": ("cancel", "annul", "credit", "avoir"),
    "reminded": ("remind", "chas", "dun", "relanc"),
    "imported": ("import", "fetch", "recuper", "telecharg"),
}
"""Beginnings of words that tell of a step, without accents; our own choice, from how the sheets of small firms read."""
SAME: Mapping[str, str] = {
    "create": "created", "enter": "created", "entered": "created", "validate": "validated", "posted": "validated",
    "post": "validated", "approved": "validated", "approve": "validated", "send": "sent", "pay": "paid",
    "edit": "edited", "modified": "edited", "modify": "edited", "write": "edited", "updated": "edited",
    "cancel": "cancelled", "remind": "reminded", "import": "imported", "match": "paid",
    "changed": "edited", "reopened": "edited", "reconcile": "paid", "prepare": "created", "review": "validated",
}  # fmt: skip
"""Codes by which sources call the same step."""
SHORTEST = 4
"""Letters of a name, for it to be found inside a longer one."""


def plain(text: str) -> str:
    """Write a text in small letters without accents."""
    split = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def unnamed(steps: Iterable[str], texts: Iterable[str]) -> tuple[str, ...]:
    """Give the steps that no text names, in their order."""
    words = [word for text in texts for word in re.findall(r"[a-z0-9]+", plain(text))]
    return tuple(step for step in steps if not any(word.startswith(_stems(step)) for word in words))


def _stems(step: str) -> tuple[str, ...]:
    own = plain(step)
    return STEMS.get(SAME.get(own, own), (re.split(r"[^a-z0-9]", own)[0] or own,))


def unconnected(tools: Iterable[str], providers: Collection[str]) -> tuple[str, ...]:
    """Give the tools that go by the name of no connected provider, in their order."""
    known = [re.sub(r"[^a-z0-9]", "", plain(provider)) for provider in providers]
    return tuple(tool for tool in tools if not any(_alike(re.sub(r"[^a-z0-9]", "", plain(tool)), p) for p in known))


def _alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= SHORTEST and (one in other or other in one))
