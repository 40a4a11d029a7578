"""Words for what explains quality: refusals, reasons of credit notes, missing files, contacts, days of entry."""

from app.wording.marker import N_

LABELS: dict[str, str] = {}

MEASURES: dict[str, tuple[str, str]] = {
    "refusal_rate": (
        N_("Refused invoices"),
        N_("Customer invoices refused for a fault of ours, over those issued in the last 12 months."),
    ),
    "error_credit_note_rate": (
        N_("Credit notes for errors"),
        N_("Customer credit notes made for an error, per invoice over 12 months; those after a refusal apart."),
    ),
    "missing_document_rate": (
        N_("Purchases without a document"),
        N_("Share of the purchases of the last 12 months, 30 days old or more, that have no file attached."),
    ),
    "double_payment_rate": (
        N_("Suspected double payments"),
        N_("Share of the payments of 12 months that repeat a bank reference already paid, with party and amount."),
    ),
    "contact_twin_share": (
        N_("Contacts kept twice"),
        N_("Share of the customers and suppliers of the last 12 months that seem to be kept under two codes."),
    ),
    "back_dated_share": (
        N_("Back-dated invoices"),
        N_("Share of customer documents dated 5 days or more before they were entered, 12 months."),
    ),
    "out_of_hours_entries": (
        N_("Entries out of hours"),
        N_("Share of documents entered outside working hours, at week-ends or on closed days, 12 months."),
    ),
}

SENTENCES: dict[str, str] = {
    "no_payments": N_("No source lists payments."),
    "no_payment_references": N_("No payment bears the bank’s reference."),
    "no_refusal_seen": N_("No refusal ever showed: none was made, or the source does not say."),
    "refused_entry_error": N_("Refused for an entry error: {n}."),
    "refused_omission": N_("Refused for an omission: {n}."),
    "refused_duplicate": N_("Refused as a duplicate: {n}."),
    "refused_lost_document": N_("Refused for a missing document: {n}."),
    "refused_not_ours": N_("Refused for reasons that are not the invoice’s fault, not counted: {n}."),
    "refused_undetermined": N_("Refused without a clear reason, not counted: {n}."),
    "refused_credited": N_("Undone since by a credit note, which is not counted again: {n}."),
    "no_credit_reason": N_("No credit note says why it was made."),
    "credits_commercial": N_("Rebates and other commercial credit notes, not counted: {n}."),
    "credits_unsaid": N_("Credit notes that do not say why, not counted: {n}."),
    "credits_of_refused": N_("Credit notes that undo a refused invoice, counted as its refusal: {n}."),
    "no_purchases": N_("No purchase of the last 12 months is {age} days old or more."),
    "attachments_unsaid": N_("No source says whether a purchase has a file attached ({n} purchases)."),
    "attachments_alike": N_("The source says the same of every purchase ({n}): that tells nothing."),
    "attachments_undated": N_("Attachments have no date: a look back shows those there are today."),
    "no_contact_names": N_("No source names the customers or suppliers."),
    "contact_twins": N_("Pairs of contacts that seem to be one: {n}. Their documents are listed below."),
    "no_entering_moment": N_("No source says when documents were entered."),
    "entered_as_issued": N_("Every document bears the day it was entered ({n} documents): that tells nothing."),
    "dated_ahead": N_("Dated {days} days or more ahead: {n}."),
    "entered_in_migration": N_("Entered together for many months (a migration), not counted: {n}."),
    "no_entering_clock": N_("The moments of entry tell no hour of the day ({n} documents)."),
    "working_hours": N_("Working hours: {opens} to {closes}, Monday to Friday, closed days apart."),
}
