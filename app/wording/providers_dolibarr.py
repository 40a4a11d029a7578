"""Sentences and names of Dolibarr."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "dolibarr_not_there": N_("{host} does not answer as a Dolibarr does: check the address, and that its API is on."),
    "dolibarr_module_off": N_("The server has no API for {path}: turn its module on, or do not read it."),
    "dolibarr_guard": N_("The injection guard of {host} refused a request of Seuil; Seuil tries again."),
    "dolibarr_filter_ignored": N_("The server gave other rows of {path} than it was asked for; Seuil tries again."),
    "dolibarr_agenda_granted": N_("The agenda can be read now: invoices are read anew, with the days of their mails."),
    "dolibarr_zone_unknown": N_("“{zone}” is not a time zone such as Europe/Paris."),
    "dolibarr_documents_unknown": N_("“{word}” is none of the documents Seuil reads: {known}."),
    "dolibarr_field_missing": N_("{field} is missing."),
    "dolibarr_value_unreadable": N_("{field}: “{value}” cannot be read."),
    "dolibarr_value_unknown": N_("{field}: “{value}” is a value Seuil does not know."),
    "dolibarr_reminder_unlinked": N_(
        "A reminder went to customer {customer}, and this version of Dolibarr does not say for which invoice."
    ),
}

LABELS: dict[str, str] = {
    "ask:address": N_("Address"),
    "ask:key": N_("API key"),
    "ask:documents": N_("Documents kept there"),
    "ask:admin_words": N_("Words of back-office work"),
    "ask:zone": N_("The server’s time zone"),
    "ask_help:dolibarr:address": N_("The address of the Dolibarr, such as https://erp.example.com."),
    "ask_help:dolibarr:key": N_(
        "That of a user of its own with these rights only: facture/lire, fournisseur/facture/lire, societe/lire, "
        "societe/client/voir, agenda/myactions/read, agenda/allactions/read, user/user/lire, projet/lire and "
        "projet/all/lire."
    ),
    "ask_help:dolibarr:documents": N_("“sale” alone where suppliers’ invoices are not kept there."),
    "ask_help:dolibarr:admin_words": N_(
        "Time noted on a task counts where its label or its project’s has one of these words. Separated by commas; "
        "* stands for the rest of a word; word=process says what it is for."
    ),
    "ask_help:dolibarr:zone": N_(
        "Only where it is more than ten hours from UTC and not the company’s: elsewhere Seuil finds it out."
    ),
}
