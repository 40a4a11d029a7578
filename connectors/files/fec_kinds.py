"""What an accounting entry is about, told from its accounts: its kind, its party and its amount."""

import re
import unicodedata
from functools import lru_cache

from connectors.records import LedgerEntry

_OPENING_CODES = frozenset({"AN", "ANO", "ANX", "RAN", "OUV", "ANOUV", "ANOUVEAU", "ANOUVEAUX", "OPEN"})
_OPENING_LABEL = re.compile(r"\ba nouveaux?\b|\bouvertures?\b|\binitiale?s?\b|\bopening\b")
_CUSTOMERS = ("411",)
_SUPPLIERS = ("401", "404")
_PARTIES = _CUSTOMERS + _SUPPLIERS
_BANK = ("512", "53")
_COLLECTIVE_LENGTH = 6


def classify(entry: LedgerEntry) -> str:
    """Tell an entry's kind: sale, sale_credit, purchase, purchase_credit, bank, opening or other.

    A bank line makes it bank, unless the bank moves the way an invoice paid on the spot moves it.
    """
    if _is_opening(entry):
        return "opening"
    customers, suppliers = _net(entry, _CUSTOMERS), _net(entry, _SUPPLIERS)
    revenue, costs = _net(entry, ("70",)), _net(entry, ("6", "2"))
    has_bank = any(line.account.startswith(_BANK) for line in entry.lines)
    bank = _net(entry, _BANK)
    kinds = (
        ("sale", customers > 0 > revenue and bank >= 0),
        ("purchase", suppliers < 0 < costs and bank <= 0),
        ("bank", has_bank),
        ("sale_credit", customers < 0 < revenue),
        ("purchase_credit", suppliers > 0 > costs),
    )
    return next((kind for kind, met in kinds if met), "other")


def party(entry: LedgerEntry) -> str:
    """Name the customer or supplier of an entry; "" where there is none, or more than one."""
    names = {_party(line.account, line.party, line.party_label) for line in entry.lines if is_party(line.account)}
    return names.pop() if len(names) == 1 else ""


def total_minor(entry: LedgerEntry) -> int:
    """Give what the entry makes a customer or supplier owe, or be paid, without sign."""
    return abs(_net(entry, _PARTIES))


def is_party(account: str) -> bool:
    """Say whether an account is a customer's or supplier's."""
    return account.startswith(_PARTIES)


@lru_cache(maxsize=1024)
def plain_text(text: str) -> str:
    """Write a label without accents, case, punctuation or double spaces, to compare it by."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(kept.split())


def _net(entry: LedgerEntry, accounts: tuple[str, ...]) -> int:
    return sum(line.debit_minor - line.credit_minor for line in entry.lines if line.account.startswith(accounts))


def _is_opening(entry: LedgerEntry) -> bool:
    code = plain_text(entry.journal).replace(" ", "").upper()
    if code in _OPENING_CODES or _OPENING_LABEL.search(plain_text(entry.journal_label)):
        return True
    # Some software numbers the balance brought forward 0; it has balance-sheet accounts only.
    zero = bool(entry.number) and not entry.number.strip("0")
    return zero and all("1" <= line.account[:1] <= "5" for line in entry.lines)


def _party(account: str, number: str, label: str) -> str:
    if number and number != account and number.rstrip("0") not in {a.rstrip("0") for a in _PARTIES}:
        return number
    if plain := plain_text(label):
        return plain
    rest = account[len(_PARTIES[0]) :]
    own = len(account) > _COLLECTIVE_LENGTH and len(account.rstrip("0")) >= _COLLECTIVE_LENGTH
    return account if own or not (rest.isdigit() or not rest) else ""
