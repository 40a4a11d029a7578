"""Sentences and names of Pennylane."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "changelog_too_old": N_(
        "The source tells changes of the last {weeks} weeks only, and it was not read for longer: it is read anew."
    ),
    "pages_repeat": N_("The source goes round in circles at {path} and does not come to an end; Seuil tries again."),
    "pennylane_field_missing": N_("{field} is missing."),
    "pennylane_value_unreadable": N_("{field}: “{value}” cannot be read."),
    "pennylane_value_unknown": N_("{field}: “{value}” is a word Seuil does not know."),
}

LABELS: dict[str, str] = {
    "ask:token": N_("API token"),
    "ask_help:pennylane:token": N_(
        "Made in Pennylane, in the settings for developers. It need only read: customer_invoices:readonly, "
        "supplier_invoices:readonly and, for customers’ names, customers:readonly."
    ),
}
