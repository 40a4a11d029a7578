"""Documents made ready for comparison: those that stand, in order of issue, their keys as integers.

A document *stands* unless it is cancelled or credited in full. Integer codes (-1 for "not said") make a comparison
of a million documents a matter of sorting.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

PERIODS = (7.0, 365.25 / 12, 365.25 / 4)
"""Days between two turns of a subscription: a week, a month, a quarter."""

_FOLD = str.maketrans("OI", "01")
_CREDIT = "credit_note"

REFERENCED = re.compile(r"^\s*(\S+)\s*\[([^\]]+)\]\s*$")
"""Our number, then the other side's reference in brackets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Standing documents in order of issue, and by position: codes of what they are compared on."""

    frame: pd.DataFrame
    credited: int  # documents left out as credited in full
    day: npt.NDArray[np.float64]
    base: Codes  # connection, direction and kind
    sale: Flags
    party: Codes
    amount: Codes  # minor units; 0 where not said
    text: npt.NDArray[np.object_]  # the number: letters and digits, capitals, no leading zeros
    length: Codes
    number: Codes  # of `text`
    parts: Codes  # of the number by digit runs: "2026-1-12" isn't "2026-11-2"
    folded: Codes  # of `text` with O as 0 and I as 1
    digits: Codes  # of the digits of the folded text
    subscription: Codes  # base, party and amount
    period: npt.NDArray[np.float64]  # days between turns of a subscription, else 0
    tariff: Flags  # the same amount every few days


def standing(documents: pd.DataFrame, *, days: int, recurrences: int, slack: int) -> Standing:
    """Make documents ready; those without an issue day can't be put in order and are left out."""
    rows = documents[documents["cancelled_day"].isna() & documents["issued_day"].notna()]
    rows = rows.sort_values(["issued_day", "connection_id", "external_id"], ignore_index=True)
    gone = credited_in_full(rows)
    rows = rows[~gone].reset_index(drop=True)
    day = rows["issued_day"].to_numpy(dtype="float64")
    base = _codes(rows["connection_id"], rows["direction"], rows["kind"])
    party = np.where(rows["party"].to_numpy() == "", -1, _codes(rows["party"]))
    amount = rows["total_minor"].abs().fillna(0).to_numpy(dtype="int64")
    written, numbers = pd.factorize(own_number(rows))
    texts = [plain_number(number) for number in numbers]
    folded = [plain_number(number, fold=True) for number in numbers]
    forms = {
        "text": texts,
        "parts": [_parts(number) for number in numbers],
        "folded": folded,
        "digits": [re.sub(r"\D", "", text) for text in folded],
    }
    said = np.array([bool(text) for text in texts], dtype=bool)[written]
    codes = {name: pd.factorize(np.array(form, dtype=object))[0][written] for name, form in forms.items()}
    subscription = _codes_of(base, party, amount)
    period, tariff = _rhythm(subscription, day, days=days, recurrences=recurrences, slack=slack)
    known = (party >= 0) & (amount > 0)
    return Standing(
        frame=rows,
        credited=int(gone.sum()),
        day=day,
        base=base,
        sale=(rows["direction"] == "sale").to_numpy(),
        party=party,
        amount=amount,
        text=np.array(texts, dtype=object)[written],
        length=np.array([len(text) for text in texts], dtype="int64")[written],
        number=np.where(said, codes["text"], -1),
        parts=np.where(said, codes["parts"], -1),
        folded=codes["folded"],
        digits=codes["digits"],
        subscription=subscription,
        period=np.where(known, period, 0.0),
        tariff=tariff & known,
    )


def own_number(rows: pd.DataFrame) -> "pd.Series[str]":
    """Give the number its issuer gave: of "20 [BC-2022]" the first part on a sale, the part in brackets else.

    Some ledgers write our own number and the other side's reference in one piece reference.
    """
    parts = rows["number"].str.extract(REFERENCED)
    ours = rows["direction"] == "sale"
    return rows["number"].mask(parts[0].notna(), parts[0].where(ours, parts[1]))


def plain_number(number: str, *, fold: bool = False) -> str:
    """Write a number in capitals, without separators or leading zeros: "fa-0012" is "FA12".

    Folded, O is 0 and I is 1 before zeros are dropped: hands and scanners take one for the other.
    """
    plain = "".join(c for c in number.upper() if c.isalnum())
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain.translate(_FOLD) if fold else plain)


def _parts(number: str) -> str:
    """Write a number as letters and digit runs, each run without leading zeros: "INV/2026/001" is "INV2026|1"."""
    written = ""
    for run in re.findall(r"\d+|[^\W\d_]+", number.upper()):
        plain = (run.lstrip("0") or "0") if run[0].isdigit() else run
        written += "|" + plain if plain[0].isdigit() and written[-1:].isdigit() else plain
    return written


def credited_in_full(rows: pd.DataFrame) -> Flags:
    """Say which documents, in order of issue, a credit note of the same party and amount takes back.

    Each credit note takes back one document: the one it names, else the newest not yet taken back.
    """
    gone = np.zeros(len(rows), dtype=bool)
    is_credit = (rows["kind"] == _CREDIT).to_numpy()
    amount = rows["total_minor"].abs()
    usable = (rows["party"] != "").to_numpy() & (amount > 0).to_numpy()
    if not (is_credit & usable).any():
        return gone
    group = _codes(rows["connection_id"], rows["direction"], rows["party"], amount.fillna(0))
    concerned = np.flatnonzero(usable & np.isin(group, group[is_credit & usable]))
    # On one day the invoice comes before its credit note.
    day = rows["issued_day"].to_numpy()
    concerned = concerned[np.lexsort((is_credit[concerned], day[concerned]))]
    names, named = rows["external_id"].to_numpy(), rows["corrects"].to_numpy()
    open_documents: dict[int, list[int]] = {}
    for i in concerned.tolist():
        waiting = open_documents.setdefault(int(group[i]), [])
        if not is_credit[i]:
            waiting.append(i)
        elif waiting:
            meant = next((j for j in waiting if named[i] and names[j] == named[i]), waiting[-1])
            waiting.remove(meant)
            gone[meant] = True
    return gone


def _rhythm(
    group: Codes, day: npt.NDArray[np.float64], *, days: int, recurrences: int, slack: int
) -> tuple[npt.NDArray[np.float64], Flags]:
    """Give each document its group's interval (0: none), and whether the group comes every few days.

    A rhythm is kept on `recurrences` intervals at least, and on half of all. Rows are in order of issue.
    """
    groups = int(group.max()) + 1 if len(group) else 0
    order = np.argsort(group, kind="stable")
    apart = np.diff(day[order])
    inside = (np.diff(group[order]) == 0) & (apart > 0)
    owner, apart = group[order][1:][inside], apart[inside]
    needed = np.maximum(recurrences, np.bincount(owner, minlength=groups) / 2)
    period, best = np.zeros(groups), np.zeros(groups)
    for length in PERIODS:
        kept = np.bincount(owner[np.abs(apart - length) <= slack], minlength=groups)
        better = (kept >= needed) & (kept > best)
        period[better], best[better] = length, kept[better]
    often = np.bincount(owner[apart <= days], minlength=groups) >= needed
    return period[group], (often & (period == 0))[group]


def _codes(*columns: pd.Series) -> Codes:
    return _codes_of(*(pd.factorize(column)[0].astype("int64") for column in columns))


def _codes_of(*columns: Codes) -> Codes:
    """Give each distinct combination of some columns a number, from 0."""
    codes = np.zeros(len(columns[0]), dtype="int64")
    for column in columns:
        dense = np.unique(column, return_inverse=True)[1].astype("int64")
        width = int(dense.max()) + 1 if len(dense) else 1
        codes = np.unique(codes * width + dense, return_inverse=True)[1].astype("int64")
    return codes
