"""What a sheet says of steps and tools, against what sources show."""

import pytest

from signals.steps import unconnected, unnamed


@pytest.mark.parametrize(
    ("step", "text", "named"),
    [
        ("validated", "Vérifier et approuver les brouillons", True),
        ("validate", "The director checks each draft", True),
        ("created", "Établir les factures", True),
        ("enter", "Saisie des factures fournisseurs", True),
        ("sent", "Envoyer aux clients", True),
        ("changed", "Envoyer aux clients", False),
        ("reopened", "Rouvrir en cas d’erreur", True),
        ("cancelled", "Write invoices", False),
        ("vat_return", "The VAT return, by the 20th", True),
        ("vat_return", "Private papers", False),
        ("sent", "Absent customers", False),  # a word begins so, not merely holds it
    ],
)
def test_a_step_is_named_by_a_word_that_begins_as_one_of_its_own(step: str, text: str, *, named: bool) -> None:
    assert unnamed([step], [text]) == (() if named else (step,))


def test_steps_come_in_their_order_and_without_a_text_none_is_named() -> None:
    assert unnamed(["sent", "created"], []) == ("sent", "created")


@pytest.mark.parametrize(
    ("tool", "connected"),
    [("Pennylane", True), ("Dolibarr 21", True), ("PENNY-LANE", True), ("Excel", False), ("csv", True), ("Pen", False)],
)
def test_a_tool_is_connected_if_a_source_goes_by_its_name(tool: str, *, connected: bool) -> None:
    assert unconnected([tool], ["pennylane", "dolibarr", "csv"]) == (() if connected else (tool,))
