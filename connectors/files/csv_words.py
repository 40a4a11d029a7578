"""The words a choice may be written in, and which choice each column of a table is."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from connectors.files.csv_templates import plain_name
from connectors.records import (
    CostKind,
    CreditReason,
    Direction,
    DocumentKind,
    DocumentStatus,
    Process,
    Refusal,
    StaffRole,
    Stream,
)
from connectors.refusals import CODES

Choice = TypeVar("Choice", bound=StrEnum)


def choices_of(kind: type[Choice], french: Mapping[str, str]) -> Mapping[str, Choice]:
    """Give each accepted word of a choice, in plain letters: English values and French words for them."""
    words = {plain_name(member.value): member for member in kind}
    return words | {plain_name(word): kind(value) for word, value in french.items()}


DIRECTIONS = choices_of(Direction, {"vente": "sale", "client": "sale", "achat": "purchase", "fournisseur": "purchase"})
KINDS = choices_of(
    DocumentKind,
    {
        "facture": "invoice",
        "avoir": "credit_note",
        "facture d'avoir": "credit_note",
        "note de crédit": "credit_note",
        "acompte": "deposit",
        "facture d'acompte": "deposit",
    },
)
_FINAL = "definitive definitif validee emise envoyee payee reglee soldee impayee comptabilisee sent paid unpaid posted"
STATUSES = choices_of(
    DocumentStatus,
    dict.fromkeys(_FINAL.split(), "final")
    | {"brouillon": "draft", "annulee": "cancelled", "annule": "cancelled", "canceled": "cancelled"},
)
REASONS = choices_of(CreditReason, {"erreur": "error", "geste commercial": "commercial", "remise": "commercial"})
REFUSALS = choices_of(
    Refusal,
    dict(CODES)
    | {
        "erreur de saisie": "entry_error",
        "oubli": "omission",
        "doublon": "duplicate",
        "pièce perdue": "lost_document",
        "pas pour nous": "not_ours",
        "autre": "undetermined",
    },
)
ROLES = choices_of(
    StaffRole,
    {
        "dirigeant": "director",
        "dirigeante": "director",
        "gérant": "director",
        "gérante": "director",
        "administratif": "admin",
        "assistant": "admin",
        "assistante": "admin",
        "autre": "other",
        "expert-comptable": "outside_accountant",
        "compte partagé": "shared_login",
        "robot": "bot",
    },
)
PROCESSES = choices_of(
    Process,
    {
        "dossiers clients": "setup",
        "facturation": "invoicing",
        "relance": "dunning",
        "relances": "dunning",
        "recouvrement": "dunning",
        "achats": "purchases",
        "banque": "bank",
        "rapprochement": "bank",
        "paie": "payroll",
        "fiscal": "tax",
        "déclarations": "tax",
        "classement": "documents",
        "tableaux de bord": "reporting",
    },
)
COSTS = choices_of(
    CostKind,
    {
        "salaires": "wages",
        "intérim": "temporary_staff",
        "honoraires": "fees",
        "formation": "training",
        "recrutement": "recruiting",
        "logiciel": "software",
        "logiciels": "software",
        "pénalités": "penalties",
        "autre": "other",
    },
)

YES, NO = "yes", "no"
_YES = ("oui", "yes", "o", "y", "1", "x", "vrai", "true")
_NO = ("non", "no", "n", "0", "faux", "false")
FLAGS: Mapping[str, str] = dict.fromkeys(_YES, YES) | dict.fromkeys(_NO, NO)

_CHOICES: Mapping[str, Mapping[str, StrEnum]] = {
    "direction": DIRECTIONS,
    "status": STATUSES,
    "credit_reason": REASONS,
    "refusal": REFUSALS,
    "role": ROLES,
    "process": PROCESSES,
}


def words_of(stream: Stream, column: str) -> Mapping[str, StrEnum]:
    """Give the words of a column that is a choice, each with what it stands for."""
    if column == "kind":
        return COSTS if stream is Stream.COSTS else KINDS
    return _CHOICES[column]
