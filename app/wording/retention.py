"""Words for how long what is kept."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "retention_out_of_range": N_(
        "A term is a whole number of months from {least} to {most}, or none: {value} is neither."
    ),
    "retention_none": N_("as long as the company is kept here"),
    "retention_for": N_("{months} months"),
    "retention_traces": N_(
        "Activities, hours, absences, staff who left, and who made or approved a document. Suggested: {months} months; "
        "that is twelve to compare with and twelve to look at, which is what these measures are made of."
    ),
    "retention_records": N_(
        "Invoices, payments, reminders, deliveries, costs, and ledger entries by whole fiscal years, with their "
        "earlier versions; traces go with them. Duplicates and series are sought over 26 months. Accounting records "
        "have to be kept for ten years (Code de commerce, L123-22): by the company, in its own archive. Seuil is none."
    ),
    "retention_answers": N_(
        "Answers of past days, and alerts that are closed. The newest answer, the first one, and what was announced "
        "of verdicts stay. Suggested: {months} months."
    ),
    "retention_letters": N_("Letters and notices that were sent or refused. Suggested: {months} months."),
    "retention_loses": N_("{of}: would have no value any more"),
    "retention_moves": N_("{signal}: would be “{after}” instead of “{before}”"),
    "retention_usual": N_("{of}: would be held against another usual period"),
    "privacy_kept_terms": N_(
        "Names until they are erased; the log of who did what {days} days; lines that could not be read 30 days."
    ),
}

LABELS: dict[str, str] = {
    "retention:traces": N_("Traces of the staff’s work"),
    "retention:records": N_("Records"),
    "retention:answers": N_("Answers and closed alerts"),
    "retention:letters": N_("Letters and notices"),
    "audit:privacy": N_("chose how long what is kept"),
    "audit:companies/remove": N_("removed a company"),
    "audit:purge": N_("removed what was past its term"),
}
