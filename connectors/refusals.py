"""Why an e-invoice was refused: the reason codes of the French life-cycle messages as families of `Refusal`.

The codes are those that a buyer or a platform gives with the statuses 206, 207, 208, 210 and 213 (AFNOR XP Z12-012,
message CDAR). Which family a code belongs to is our reading of it. What no code tells stays undetermined.
"""

import re
from collections.abc import Mapping

from connectors.records import Refusal

_FAMILIES: Mapping[Refusal, str] = {
    Refusal.ENTRY_ERROR: (
        "TX_TVA_ERR MONTANTTOTAL_ERR CALCUL_ERR PU_ERR REM_ERR QTE_ERR ART_ERR MODPAI_ERR COORD_BANC_ERR ADR_ERR "
        "SIRET_ERR CODE_ROUTAGE_ERR ROUTAGE_ERR DEST_ERR DEST_INC CMD_ERR REF_ERR NON_CONFORME REJ_SEMAN REJ_COH "
        "REJ_ADR REJ_CONT_B2G"
    ),
    Refusal.OMISSION: "REF_CT_ABSENT NON_TRANSMISE",
    Refusal.DUPLICATE: "DOUBLON DOUBLE_FACT REJ_UNI",
    Refusal.LOST_DOCUMENT: "JUSTIF_ABS REJ_REF_PJ REJ_ASS_PJ IRR_VID_PJ",
    Refusal.NOT_OURS: "LIVR_INCOMP QUALITE_ERR CONTRAT_TERM TRANSAC_INC EMMET_INC",
    Refusal.UNDETERMINED: "AUTRE",
}

CODES: Mapping[str, Refusal] = {code: family for family, codes in _FAMILIES.items() for code in codes.split()}
"""The family of each reason code."""

_TECHNICAL = "IRR_"  # a file that a platform could not take in: its software's fault, not the back office's
_CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*", re.ASCII)


def refusal_of(reason: str | None) -> Refusal:
    """Give the family of a reason: a code, or a text that holds one; undetermined where it holds none, or several."""
    families = {family for word in _CODE.findall((reason or "").upper()) if (family := _family(word)) is not None}
    told = families - {Refusal.UNDETERMINED}
    return told.pop() if len(told) == 1 else Refusal.UNDETERMINED


def _family(code: str) -> Refusal | None:
    return CODES.get(code) or (Refusal.NOT_OURS if code.startswith(_TECHNICAL) else None)
