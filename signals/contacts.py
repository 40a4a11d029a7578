"""Contact hygiene: customers and suppliers that are kept twice.

A contact kept twice hides duplicates, splits what is owed, and reminds the wrong one. Names are compared without
accents, punctuation and legal form; two that then are equal, or one slip of the keyboard apart, are twins.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations, pairwise
from typing import ClassVar

import pandas as pd
from rapidfuzz.distance import DamerauLevenshtein

from signals.base import Measure, Reason, SignalName, Tier, Unit
from signals.books import Books
from signals.policy import Policy
from signals.rates import Rate, in_window, record_keys, sources_of

YEAR_DAYS = 365
LONG_ENOUGH = 6
"""Letters a name needs for a slip of the keyboard to be one: "abc" and "abd" are two firms."""
BLOCK = 3
LARGEST_BLOCK = 200
LEGAL_FORMS = frozenset(
    (
        "sa",
        "sas",
        "sasu",
        "sarl",
        "eurl",
        "ei",
        "eirl",
        "sci",
        "scop",
        "snc",
        "selarl",
        "sel",
        "scp",
        "gmbh",
        "ag",
        "ltd",
        "limited",
        "llc",
        "inc",
        "bv",
        "nv",
        "srl",
        "spa",
        "ste",
        "societe",
    )
)

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ContactTwins:
    """K40: the share of the contacts of the last twelve months that seem to be kept twice."""

    name: ClassVar[str] = "contact_twin_share"
    kpi: ClassVar[str] = "K40"

    def detect(self, books: Books, policy: Policy) -> Measure:  # noqa: ARG002 - a detector's shape
        """Compare contacts inside one source and direction; those without a name but their code say nothing."""
        window = (books.as_of - timedelta(days=YEAR_DAYS - 1), books.as_of)
        answer = Measure(name=self.name, kpi=self.kpi, signal=SignalName.QUALITY, unit=Unit.SHARE, window=window)
        documents = books["documents"]
        documents = documents[documents["direct"] & in_window(documents["issued_day"].to_numpy(), window)]
        named = documents[
            (documents["party"] != "")
            & (documents["party_label"] != "")
            & (documents["party_label"] != documents["party"])
        ]
        side = ["connection_id", "direction", "party", "party_label"]
        contacts = named[side].drop_duplicates(side[:3]).sort_values(side, ignore_index=True)
        if contacts.empty:
            return replace(answer, reason=Reason("no_contact_names"))
        pairs = [pair for _, rows in contacts.groupby(side[:2]) for pair in twins(rows)]
        doubled = contacts.loc[sorted({index for pair in pairs for index in pair})]
        rate = Rate(len(doubled), len(contacts))
        low, high = rate.bounds
        behind = named.merge(doubled[side[:3]], on=side[:3])
        return replace(
            answer,
            value=rate.value,
            low=low,
            high=high,
            n=rate.n,
            tier=Tier.DIRECT,
            sources=sources_of(contacts),
            notes=_notes(pairs),
            records=record_keys(behind, "issued_day"),
            records_total=len(behind),
        )


def plain_name(name: str) -> str:
    """Write a name without accents, capitals, punctuation and legal forms, its words in order of the alphabet."""
    letters = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    words = _WORD.findall(letters.replace(".", "").replace("'", ""))
    return " ".join(sorted(word for word in words if word not in LEGAL_FORMS) or sorted(words))


def twins(contacts: pd.DataFrame) -> list[tuple[int, int]]:
    """Pair the contacts (rows with a `party_label`) that seem to be one, by their index.

    Names are compared where their first or last letters agree; more than `LARGEST_BLOCK` that do are compared for
    equality only, so that cost stays near linear.
    """
    labels = zip(contacts.index.tolist(), contacts["party_label"].tolist(), strict=True)
    plain: dict[int, str] = {index: plain_name(label) for index, label in labels}
    found: set[tuple[int, int]] = set()
    for part in (slice(0, BLOCK), slice(-BLOCK, None)):
        blocks: dict[str, list[int]] = {}
        for index, name in plain.items():
            blocks.setdefault(name[part], []).append(index)
        for block in blocks.values():
            found.update(_alike(block, plain))
    return sorted(found)


def _alike(block: Sequence[int], plain: dict[int, str]) -> Iterator[tuple[int, int]]:
    if len(block) > LARGEST_BLOCK:
        ordered = sorted(block, key=lambda index: (plain[index], index))
        pairs = [(a, b) for a, b in pairwise(ordered) if plain[a] == plain[b]]
        yield from ((min(pair), max(pair)) for pair in pairs)
        return
    for a, b in combinations(sorted(block), 2):
        if _same(plain[a], plain[b]):
            yield a, b


def _same(one: str, other: str) -> bool:
    """Say whether two plain names are one; a differing digit is another branch, not a slip."""
    if one == other:
        return bool(one)
    if min(len(one), len(other)) < LONG_ENOUGH or _digits(one) != _digits(other):
        return False
    return DamerauLevenshtein.distance(one, other, score_cutoff=1) <= 1


def _digits(name: str) -> str:
    return "".join(letter for letter in name if letter.isdigit())


def _notes(pairs: Sequence[tuple[int, int]]) -> tuple[Reason, ...]:
    """Count the pairs; who they are is read off the records, for a customer may be a person."""
    return (Reason("contact_twins", {"n": len(pairs)}),) if pairs else ()
