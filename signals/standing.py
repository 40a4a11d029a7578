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

LONGEST_RUN = 12
"""Digits in a row that are compared as a number; beyond, as text."""

_FOLD = str.maketrans("OI", "01")
_CREDIT = "credit_note"

REFERENCED = re.compile(r"^\s*(\S+)\s*\[([^\]]+)\]\s*$")
"""Our number, then the other side's reference in brackets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Standing documents in order of issue, and by position: codes of what they are compared on."""

    frame: pd.DataFrame
    credited: int  # documents left out as credited in full
    gone_day: npt.NDArray[np.float64]  # cancelled or credited in full; NaN where it stands
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
    shape: Codes  # base, and the number with every run of digits as one mark
    in_place: Flags  # the number lies between those before and after it on its party's counter
    subscription: Codes  # base, party and amount
    period: npt.NDArray[np.float64]  # days between turns of a subscription, else 0
    tariff: Flags  # the same amount every few days


def standing(documents: pd.DataFrame, *, days: int, recurrences: int, slack: int, gone_too: bool = False) -> Standing:
    """Make documents ready; those without an issue day can't be put in order and are left out.

    With `gone_too`, cancelled and credited documents are among them, and `gone_day` says when they went.
    """
    rows = documents[documents["issued_day"].notna() & (gone_too | documents["cancelled_day"].isna())]
    rows = rows.sort_values(["issued_day", "connection_id", "external_id"], ignore_index=True)
    gone_day = rows["cancelled_day"].to_numpy(dtype="float64", copy=True)
    stands = np.flatnonzero(np.isnan(gone_day))  # a cancelled document needs no credit note
    gone_day[stands] = credited_on(rows.iloc[stands].reset_index(drop=True))
    gone = ~np.isnan(gone_day)
    credited = int(gone[stands].sum())
    if not gone_too:
        rows, gone_day = rows[~gone].reset_index(drop=True), gone_day[~gone]
    day = rows["issued_day"].to_numpy(dtype="float64")
    base = _codes(rows["connection_id"], rows["direction"], rows["kind"])
    party = np.where(rows["party"].to_numpy() == "", -1, _codes(rows["party"]))
    amount = rows["total_minor"].abs().fillna(0).to_numpy(dtype="int64")
    written, distinct = pd.factorize(own_number(rows))
    numbers: list[str] = distinct.tolist()
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
    shapes, order = _shapes_and_order(numbers)
    shape, order = codes_of(base, shapes[written]), order[written]
    subscription = codes_of(base, party, amount)
    period, tariff = _rhythm(subscription, day, days=days, recurrences=recurrences, slack=slack)
    known = (party >= 0) & (amount > 0)
    return Standing(
        frame=rows,
        credited=credited,
        gone_day=gone_day,
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
        shape=shape,
        in_place=_in_place(codes_of(party, shape), day, order) & said & (party >= 0),
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
    plain = "".join(filter(str.isalnum, number.upper()))
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain.translate(_FOLD) if fold else plain)


def _parts(number: str) -> str:
    """Write a number as letters and digit runs, each run without leading zeros: "INV/2026/001" is "INV2026|1"."""
    written = ""
    for run in re.findall(r"\d+|[^\W\d_]+", number.upper()):
        plain = (run.lstrip("0") or "0") if run[0].isdigit() else run
        written += "|" + plain if plain[0].isdigit() and written[-1:].isdigit() else plain
    return written


def credited_on(rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Give the day on which each document, in order of issue, was taken back by a credit note; NaN where it stands.

    A credit note of the same party and amount takes back one document: the one it names, else the newest not yet
    taken back.
    """
    gone = np.full(len(rows), np.nan)
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
            gone[meant] = day[i]
    return gone


def _shapes_and_order(numbers: list[str]) -> tuple[Codes, Codes]:
    """Give each number the code of its shape ("F/#/#") and its rank by its runs of digits, 2026-9 before 2026-10."""
    capitals = [number.upper() for number in numbers]
    shapes = [re.sub(r"\d+", "#", number) for number in capitals]
    runs = ["".join(run.lstrip("0").zfill(LONGEST_RUN) for run in re.findall(r"\d+", number)) for number in capitals]
    code = pd.factorize(np.array(shapes, dtype=object))[0].astype("int64")
    rank = pd.factorize(np.array(runs, dtype=object), sort=True)[0].astype("int64")
    return code, rank


def _in_place(series: Codes, day: npt.NDArray[np.float64], rank: Codes) -> Flags:
    """Say which numbers lie between the one before and the one after in their series, by date.

    A number typed again later, or mistyped, stands out: its counter has moved on, or isn't there yet. A counter that
    falls and goes on from below, for the next two numbers at least, has started again, and its parts are series of
    their own; alone in one, a number has no place to be in.
    """
    if not len(series):
        return np.zeros(0, dtype=bool)
    order = np.lexsort((rank, day, series))
    series, value = series[order], rank[order]
    n = len(series)
    at = np.arange(n)
    last, next_but_one = np.maximum(at - 1, 0), np.minimum(at + 2, n - 1)
    following = np.minimum(at + 1, n - 1)
    fell = (at > 0) & (series[last] == series) & (value < value[last])
    for ahead in (following, next_but_one):  # both still below where it fell from, and going up
        fell &= (ahead > at) & (series[ahead] == series) & (value[ahead] < value[last]) & (value[ahead] > value)
    earlier = np.maximum(at - 2, 0)  # one number too high isn't fallen from: what follows it is above those before it
    fell &= (at < 2) | (series[earlier] != series) | (value < value[earlier])  # noqa: PLR2004 - there are two before
    part = np.cumsum(fell | (series != series[last]))
    after, before = part[last] == part, part[following] == part
    after &= at > 0
    before &= at < n - 1
    fits = (after | before) & (~after | (value > value[last])) & (~before | (value < value[following]))
    out = np.zeros(n, dtype=bool)
    out[order] = fits
    return out


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
    return codes_of(*(pd.factorize(column)[0].astype("int64") for column in columns))


def codes_of(*columns: Codes) -> Codes:
    """Give each distinct combination of some columns a number, from 0."""
    codes = np.zeros(len(columns[0]), dtype="int64")
    for column in columns:
        dense = np.unique(column, return_inverse=True)[1].astype("int64")
        width = int(dense.max()) + 1 if len(dense) else 1
        codes = np.unique(codes * width + dense, return_inverse=True)[1].astype("int64")
    return codes
