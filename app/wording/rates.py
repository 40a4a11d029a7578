"""Sentences about exchange rates."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "ecb_bad_day": N_("“{value}” is not a day (2026-03-31)."),
    "ecb_bad_rate": N_("{currency}: “{value}” is not a rate."),
    "ecb_too_large": N_("More than {limit} MB are no table of rates."),
    "missing_rates": N_(
        "Some amounts are in other currencies, and their day has no exchange rate: they count in no sum."
    ),
    "not_ecb_rates": N_(
        "This is not the European Central Bank’s table of rates: its first column is Date, then USD, JPY…"
    ),
    "rates_no_file": N_("There is no file {path}."),
    "rates_imported": N_("{new} new rates, {changed} changed, {unchanged} as before."),
    "rates_line": N_("line {line}:"),
    "remedy_rates": N_("Import the European Central Bank’s reference rates."),
}

LABELS: dict[str, str] = {}
