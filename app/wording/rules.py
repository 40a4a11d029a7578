"""Words for legal rules."""

from app.wording.marker import N_

LABELS: dict[str, str] = {
    "rule:terms_default": N_("Unless agreed otherwise, an invoice is paid within so long of the delivery."),
    "rule:terms_longest": N_("The longest term that may be agreed, from the date of the invoice."),
    "rule:terms_end_of_month": N_("The other longest term, to the end of a month, if written and not abusive."),
    "rule:terms_periodic": N_("The longest term of a periodic invoice, from its date."),
    "rule:late_fixed_sum": N_("Owed for each invoice paid late, without a reminder."),
    "rule:late_default_rate": N_("Interest on late payment where none is agreed: points above the ECB’s rate."),
    "rule:late_lowest_rate": N_("The lowest interest on late payment that may be agreed."),
    "rule:late_fine_company": N_("The highest fine of a company that pays late."),
    "rule:issue_at_once": N_("An invoice is issued as soon as the delivery or service is done."),
    "rule:issue_periodic": N_(
        "Operations of one month may share an invoice, issued at that month’s end at the latest."
    ),
    "rule:issue_fine_company": N_("The highest fine of a company that issues no proper invoice."),
    "rule:number_continuous": N_("Numbers are unique, chronological and continuous, in one series or several."),
    "rule:missing_mention": N_("Fine for each mention left out or wrong, up to a quarter of the invoice."),
    "rule:einvoice_receive": N_("Every company receives electronic invoices."),
    "rule:einvoice_emit_large": N_("Large and middle-sized companies send electronic invoices."),
    "rule:einvoice_emit_small": N_("Small companies send electronic invoices."),
    "rule:einvoice_fine": N_("Fine for each invoice not sent electronically."),
    "rule:einvoice_fine_cap": N_("Those fines, in one year at most."),
    "rule:keep_tax": N_("Documents for the tax office are kept so long."),
    "rule:keep_books": N_("Accounting documents are kept so long."),
    "rule_unit:days": N_("days"),
    "rule_unit:eur": N_("€"),
    "rule_unit:years": N_("years"),
    "rule_unit:above_ecb_rate": N_("above the ECB’s rate"),
    "rule_unit:times_legal_rate": N_("times the legal rate"),
    "rule_conflict:two_readings_of_end_of_month": N_(
        "45 days and then the end of the month, or the end of the month and then 45 days: both are allowed."
    ),
    "rule_conflict:code_moves_on_two_dates": N_(
        "Sources disagree on the day from which the article of the new code (CIBS) is the one to cite."
    ),
    "rule_conflict:may_be_put_off": N_("A decree may put it off by up to three months; none had been seen."),
    "rule_conflict:older_pages_say_15": N_("Pages from before the finance act of 2026 say €15."),
}

SENTENCES: dict[str, str] = {
    "rules_no_advice": N_("Rules as Seuil knows them, with the day somebody last read the source. No legal advice."),
    "rule_disputed": N_("Disputed: {text}"),
}
