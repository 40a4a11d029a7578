"""Reason codes of refused e-invoices, sorted into families."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.records import Refusal
from connectors.refusals import CODES, refusal_of


@pytest.mark.parametrize(
    ("reason", "family"),
    [
        ("TX_TVA_ERR", Refusal.ENTRY_ERROR),
        ("SIRET_ERR", Refusal.ENTRY_ERROR),
        ("REJ_CONT_B2G", Refusal.ENTRY_ERROR),
        ("REF_CT_ABSENT", Refusal.OMISSION),
        ("NON_TRANSMISE", Refusal.OMISSION),
        ("DOUBLE_FACT", Refusal.DUPLICATE),
        ("REJ_UNI", Refusal.DUPLICATE),
        ("JUSTIF_ABS", Refusal.LOST_DOCUMENT),
        ("IRR_VID_PJ", Refusal.LOST_DOCUMENT),
        ("IRR_TAILLE_F", Refusal.NOT_OURS),  # a platform's trouble with the file
        ("LIVR_INCOMP", Refusal.NOT_OURS),
        ("AUTRE", Refusal.UNDETERMINED),
        ("NEW_CODE", Refusal.UNDETERMINED),
        ("", Refusal.UNDETERMINED),
        (None, Refusal.UNDETERMINED),
    ],
)
def test_a_code_has_a_family_and_an_unknown_one_is_undetermined(reason: str | None, family: Refusal) -> None:
    assert refusal_of(reason) is family


@pytest.mark.parametrize(
    ("reason", "family"),
    [
        ("doublon", Refusal.DUPLICATE),
        ("DOUBLON: facture F-12", Refusal.DUPLICATE),
        ("QTE_ERR, PU_ERR", Refusal.ENTRY_ERROR),
        ("AUTRE (QTE_ERR)", Refusal.ENTRY_ERROR),
        ("QTE_ERR / DOUBLON", Refusal.UNDETERMINED),
        ("NOT_A_QTE_ERR", Refusal.UNDETERMINED),
        ("the customer is unhappy", Refusal.UNDETERMINED),
    ],
)
def test_a_text_is_sought_for_codes_that_agree(reason: str, family: Refusal) -> None:
    assert refusal_of(reason) is family


def test_every_family_has_a_code() -> None:
    assert set(CODES.values()) == set(Refusal)
    assert len(CODES) == 37


@given(st.text())
def test_whatever_is_said_has_a_family(reason: str) -> None:
    assert refusal_of(reason) in Refusal
