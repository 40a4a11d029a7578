"""The tables a person can fill in by hand or from another tool: their columns, and a template of each.

Columns go by their English name or by one of their French ones; accents, case and punctuation don't matter.
"""

import csv
import io
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from connectors.records import Stream


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    DAY = "day"
    INSTANT = "instant"
    AMOUNT = "amount"
    NUMBER = "number"
    HOURS = "hours"
    FLAG = "flag"
    CHOICE = "choice"
    CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a template: `required` ones must be there, and filled on every row."""

    name: str
    kind: ColumnKind
    examples: tuple[str, str]
    synonyms: tuple[str, ...] = ()
    required: bool = False

    @property
    def explanation_code(self) -> str:
        """The code of the sentence that says what goes into the column."""
        return f"csv_column_{self.name}"


@dataclass(frozen=True, slots=True)
class Template:
    """The columns of one stream; `one_of` names columns of which at least one must be there."""

    stream: Stream
    columns: tuple[Column, ...]
    one_of: tuple[str, ...] = ()

    @property
    def names(self) -> Mapping[str, str]:
        """Every accepted spelling, in plain letters, and the column it stands for."""
        return {plain_name(word): c.name for c in self.columns for word in (c.name, *c.synonyms)}


def plain_name(name: str) -> str:
    """Write a column's name or a choice in plain letters and digits."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(c for c in decomposed.casefold() if c.isascii() and c.isalnum())


def _text(name: str, synonyms: str, *examples: str, required: bool = False) -> Column:
    return _column(name, ColumnKind.TEXT, synonyms, examples, required=required)


def _day(name: str, synonyms: str, *examples: str, required: bool = False) -> Column:
    return _column(name, ColumnKind.DAY, synonyms, examples, required=required)


def _instant(name: str, synonyms: str, *examples: str, required: bool = False) -> Column:
    return _column(name, ColumnKind.INSTANT, synonyms, examples, required=required)


def _amount(name: str, synonyms: str, *examples: str, required: bool = False) -> Column:
    return _column(name, ColumnKind.AMOUNT, synonyms, examples, required=required)


def _flag(name: str, synonyms: str, *examples: str) -> Column:
    return _column(name, ColumnKind.FLAG, synonyms, examples)


def _choice(name: str, synonyms: str, *examples: str, required: bool = False) -> Column:
    return _column(name, ColumnKind.CHOICE, synonyms, examples, required=required)


def _column(name: str, kind: ColumnKind, synonyms: str, examples: tuple[str, ...], *, required: bool = False) -> Column:
    first, second = (*examples, "", "")[:2]
    return Column(name, kind, (first, second), tuple(synonyms.split()), required)


_CURRENCY = _column("currency", ColumnKind.CURRENCY, "devise monnaie", ("EUR", "EUR"))

TEMPLATES: Mapping[Stream, Template] = {
    template.stream: template
    for template in (
        Template(
            Stream.INVOICES,
            (
                _choice("direction", "sens", "sale", "sale"),
                _choice("kind", "type nature", "invoice", "credit_note"),
                _choice("status", "statut etat", "final", "final"),
                _text("number", "numero numero_facture facture", "F-2026-0001", "A-2026-0001", required=True),
                _text("customer", "client party tiers code_client fournisseur supplier", "C001", "C001", required=True),
                _text(
                    "customer_name", "nom_client raison_sociale party_name nom_tiers", "Atelier Brun", "Atelier Brun"
                ),
                _day("service_on", "date_prestation date_livraison date_service", "2026-02-27"),
                _flag("periodic", "periodique recurrent abonnement", "no", "no"),
                _day("issued_on", "date_emission date_facture date", "2026-03-02", "2026-03-09", required=True),
                _day("sent_on", "date_envoi envoyee_le", "2026-03-03", "2026-03-09"),
                _day("due_on", "date_echeance echeance", "2026-04-01"),
                _day("paid_on", "date_paiement date_reglement payee_le", "2026-04-15"),
                _day("cancelled_on", "date_annulation annulee_le"),
                _day("corrected_on", "date_correction date_rectification", "2026-03-09"),
                _amount("net", "montant_ht ht total_ht", "1000,00", "1000,00"),
                _amount("tax", "tva montant_tva", "200,00", "200,00"),
                _amount("total", "montant_ttc ttc total_ttc montant", "1200,00", "1200,00"),
                _CURRENCY,
                _text("author", "auteur saisi_par cree_par", "lea", "lea"),
                _text("validator", "valideur valide_par validee_par", "paul"),
                _text("corrects", "corrige facture_corrigee facture_origine", "", "F-2026-0001"),
                _choice("credit_reason", "motif_avoir motif", "", "error"),
                _flag("disputed", "litige conteste", "no", "no"),
                _flag("direct_debit", "prelevement", "no", "no"),
                _day("promised_on", "promesse_de_paiement date_promesse promis_pour"),
                _flag("attachment", "piece_jointe justificatif", "yes", "yes"),
                _instant("created_at", "cree_le date_creation date_saisie", "2026-02-27 16:40", "2026-03-09 09:15"),
                _text("series", "serie", "F", "A"),
                _day("refused_on", "date_refus refusee_le"),
                _choice("refusal", "motif_refus"),
            ),
        ),
        Template(
            Stream.PAYMENTS,
            (
                _text("reference", "reference_paiement numero_paiement", "P-118", "P-119"),
                _choice("direction", "sens", "sale", "purchase"),
                _text("invoice", "facture numero_facture", "F-2026-0001", "4471"),
                _text("supplier", "fournisseur code_fournisseur", "", "S-PAP"),
                _day("paid_on", "date_paiement date_reglement paye_le date", "2026-04-15", "2026-04-20", required=True),
                _amount("amount", "montant montant_regle", "1200,00", "86,40", required=True),
                _CURRENCY,
                _text("bank_reference", "reference_bancaire reference_virement", "", "VIR-2291"),
            ),
        ),
        Template(
            Stream.REMINDERS,
            (
                _text("invoice", "facture numero_facture numero number", "F-2026-0001", "F-2026-0001", required=True),
                _day("sent_on", "date_relance date_envoi date", "2026-04-08", "2026-04-22", required=True),
                _column("level", ColumnKind.NUMBER, "niveau rang", ("1", "2")),
                _text("channel", "canal moyen", "mail", "letter"),
                _text("actor", "auteur envoyee_par relance_par", "lea", "lea"),
            ),
        ),
        Template(
            Stream.ACTIVITIES,
            (
                _text("login", "identifiant utilisateur auteur", "lea", "paul", required=True),
                _instant("done_at", "fait_le date_heure date", "2026-03-02 09:12", "2026-03-02 17:45", required=True),
                _choice("process", "processus activite", "invoicing", "dunning", required=True),
                _text("action", "operation evenement", "created", "reminded", required=True),
                _text("invoice", "facture numero_facture", "F-2026-0001", "F-2026-0001"),
                _text("reference", "numero_evenement id", "", ""),
            ),
        ),
        Template(
            Stream.DELIVERIES,
            (
                _text("number", "numero numero_bl bon_livraison", "BL-201", "BL-202"),
                _day("delivered_on", "date_livraison livre_le date", "2026-02-26", "2026-03-05", required=True),
                _text("customer", "client code_client tiers", "C001", "C002"),
                _text("customer_name", "nom_client raison_sociale nom_tiers", "Atelier Brun", "Tastevin"),
                _text("invoice", "facture numero_facture", "F-2026-0001"),
                _day("invoiced_on", "date_facture facture_le", "2026-03-02"),
                _day("cancelled_on", "date_annulation annule_le"),
                _amount("amount", "montant_ht montant", "1000,00", "340,00"),
                _flag("billed_monthly", "facturation_mensuelle facturation_groupee", "no", "yes"),
                _CURRENCY,
                _text("actor", "auteur saisi_par", "lea", "lea"),
            ),
        ),
        Template(
            Stream.STAFF,
            (
                _text("number", "matricule numero", "S01", "S02", required=True),
                _text("login", "identifiant utilisateur", "lea", "paul"),
                _text("name", "nom nom_prenom", "Léa Martin", "Paul Roche"),
                _choice("role", "fonction poste", "admin", "director"),
                _amount("hours_per_week", "heures_semaine heures_hebdo", "35", "39"),
                _day("entered_on", "date_entree embauche_le", "2024-09-02", "2018-01-15"),
                _day("left_on", "date_sortie parti_le"),
                _text("team", "equipe service", "office", "office"),
            ),
        ),
        Template(
            Stream.ABSENCES,
            (
                _text("employee", "salarie matricule number numero", "S01", "S01", required=True),
                _day("start_on", "date_debut debut du", "2026-07-13", "2026-12-24", required=True),
                _day("end_on", "date_fin fin au", "2026-07-31", "2026-12-31", required=True),
            ),
        ),
        Template(
            Stream.TIME,
            (
                _text("person", "personne salarie matricule identifiant login", "lea", "S02", required=True),
                _day("date", "jour worked_on", "2026-03-02", "2026-03-02", required=True),
                _column("minutes", ColumnKind.NUMBER, "duree_minutes", ("90", "")),
                _column("hours", ColumnKind.HOURS, "heures duree duree_heures", ("", "1,5")),
                _choice("process", "processus activite tache", "invoicing", "dunning", required=True),
            ),
            one_of=("minutes", "hours"),
        ),
        Template(
            Stream.COSTS,
            (
                _day("date", "date_depense incurred_on jour", "2026-03-31", "2026-03-31", required=True),
                _choice("kind", "nature type categorie", "software", "fees", required=True),
                _amount("amount", "montant cout montant_ht", "49,00", "380,00", required=True),
                _CURRENCY,
                _choice("process", "processus activite", "invoicing"),
                _text("label", "libelle intitule description", "Invoicing tool", "Accountant"),
            ),
        ),
    )
}
"""The template of each stream that can be read from a table."""


def template_text(stream: Stream) -> str:
    """Write a template with two example rows; semicolons and a byte order mark, so that Excel opens it as a table."""
    template = TEMPLATES[stream]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([column.name for column in template.columns])
    for row in range(2):
        writer.writerow([column.examples[row] for column in template.columns])
    return "\ufeff" + out.getvalue()
