"""Sentences and names of the demonstration, stepped a week at a time."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "demo_happened": N_("{subject}: {what}"),
    "demo_quiet": N_("nothing new"),
    "demo_letter": N_("letter kept: {subject}"),
    "demo_read_letter": N_("The letter as its reader would get it: {address}"),
    "demo_read_letters": N_("Its letters, which nobody is sent: {address}"),
    "demo_read_on": N_("Its page, while `seuil serve` runs: {address}"),
}

LABELS: dict[str, str] = {}
