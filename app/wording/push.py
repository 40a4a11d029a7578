"""Sentences and names of records pushed by a program."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "demo_takes_no_records": N_("The demonstration company takes no records: add your own company first."),
    "push_company_not_a_text": N_("company: “{value}” is not a text; give the company’s id or SIREN."),
    "push_company_unclear": N_("There are {n} companies of yours: say whose records these are by “company”."),
    "push_currency_unknown": N_("{name}: “{value}” is not the code of a currency (EUR)."),
    "push_days_reversed": N_("{name}: {last} comes before {first}."),
    "push_field_missing": N_("{name} is missing."),
    "push_field_unknown": N_("“{name}” is not a field of this record; fields are {known}."),
    "push_key_unknown": N_("“{key}” is not a key of a batch; keys are {keys}."),
    "push_ledger_is_a_file": N_("A ledger is not pushed entry by entry: import its export (FEC)."),
    "push_negative": N_("{name}: {value} is negative; a credit note is positive, and its kind says what it is."),
    "push_no_company": N_("There is no company of yours yet: add one first."),
    "push_not_a_date": N_("{name}: “{value}” is not a date (2026-03-31)."),
    "push_not_a_text": N_("{name}: “{value}” is not a text; put it in quotation marks."),
    "push_not_a_whole_number": N_("{name}: “{value}” is not a whole number."),
    "push_not_an_amount": N_("{name}: “{value}” is not a decimal number (1234.50)."),
    "push_not_an_instant": N_("{name}: “{value}” is not an instant with its offset (2026-03-31T14:05:00+02:00)."),
    "push_not_an_object": N_("The body is not a JSON object with “records”; it is {value}."),
    "push_not_json": N_("The body is not JSON: {why}."),
    "push_not_one_of": N_("{name}: “{value}” is none of {choices}."),
    "push_not_true_or_false": N_("{name}: “{value}” is neither true nor false."),
    "push_out_of_range": N_("{name}: {value} is not between {low} and {high}."),
    "push_records_not_a_list": N_("“records” is missing, or is not a list."),
    "push_row_not_an_object": N_("A record is a JSON object; this is {value}."),
    "push_text_too_long": N_("{name}: {found} characters, at most {limit} are kept."),
    "push_text_unreadable": N_("{name}: “{value}” holds a character that is none."),
    "push_too_large": N_("A batch holds at most {limit} MB: send several."),
    "push_too_many_decimals": N_("{name}: {value} has more than {digits} decimals."),
    "push_too_many_records": N_("{n} records in a batch, at most {limit}: send several batches."),
}

LABELS: dict[str, str] = {
    "provider:push": N_("records pushed by a program"),
}
