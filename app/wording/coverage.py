"""The coverage ledger: what is missing for a signal, and the cheapest way to it."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "cover_declared": N_("declared on {day}"),
    "cover_nothing": N_("nothing"),
    "cover_reaches": N_("{streams} to {day}"),
    "cover_stale": N_("{streams} to {day}, out of date"),
    "cover_measures": N_("{known} of {of}"),
    "cover_way": N_("{what} → {way}"),
    "gap_absences": N_("Whether the work went on while the one who does most was away."),
    "gap_baseline": N_("Nobody has confirmed which period was normal: a change is only watched."),
    "gap_declared": N_("It rests on somebody’s word, and can’t be seen to change."),
    "gap_defaults": N_("{share} of the cost rests on default figures."),
    "gap_no_ledger": N_("What only a ledger shows: suspense accounts, late booking, structural faults."),
    "gap_proxy": N_("It is read off the ledger’s closing, once a year."),
    "gap_stale": N_("The stream “{stream}” stops on {day}."),
    "gap_unbilled": N_("Work that was done and never billed is not seen."),
    "gap_unknown": N_("Nothing is known of it."),
    "way_absences": N_("Import the list of absences (CSV template)."),
    "way_activities": N_("Connect a tool that logs who did what, or import its log."),
    "way_baseline": N_("Confirm a normal period on the page of declarations: two dates."),
    "way_calendar": N_("Connect the director’s calendar, or import time entries."),
    "way_corrections": N_("Import the invoice list with corrections and the reasons of credit notes."),
    "way_costs": N_("Import the list of costs, or a ledger export."),
    "way_costs_declared": N_("Declare back-office hours and what they are worth: two lines."),
    "way_deliveries": N_("Import deliveries or work to bill (CSV template), or connect the tool that has them."),
    "way_director_hours": N_("Declare the directors’ hours: one line, two minutes."),
    "way_invoices": N_("Import the invoice list with service dates (CSV template)."),
    "way_ledger": N_("Import a ledger export (FEC): every French accounting tool makes one."),
    "way_newer_data": N_("Look after its connection, or import newer data."),
    "way_operators": N_("Declare who does each process, and who can stand in."),
    "way_rates": N_("Declare what an hour costs: two lines."),
    "way_reminders": N_("Import the list of reminders (CSV template), or connect the tool that sends them."),
    "way_time": N_("Import time entries."),
}

LABELS: dict[str, str] = {}
