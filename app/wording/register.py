"""The register of processes: its pages, what was wrong with a sheet, and how the work is really done."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "no_such_process": N_("There is no process “{name}”."),
    "register_empty": N_("Nothing has been written down of any process yet."),
    "register_too_long": N_("{key}: at most {most} lines."),
    "register_not_a_text": N_("{key}: “{value}” is not a text."),
    "register_text_too_long": N_("{key}: at most {most} characters."),
    "register_unknown_frequency": N_("{key}: there is no frequency “{value}”; there are {known}."),
    "register_review_in_the_future": N_("{key}: a sheet can’t have been looked through on {day}, a day to come."),
    "register_volume": N_("{value} a month ({low} to {high}, {n} months)"),
    "register_interval": N_("{value} ({low} to {high})"),
}

LABELS: dict[str, str] = {
    "volume:documents": N_("Documents"),
    "volume:reminders": N_("Reminders"),
    "volume:hours": N_("Hours a month"),
    "frequency:as_needed": N_("when needed"),
    "frequency:daily": N_("daily"),
    "frequency:weekly": N_("weekly"),
    "frequency:fortnightly": N_("every two weeks"),
    "frequency:monthly": N_("monthly"),
    "frequency:quarterly": N_("quarterly"),
    "frequency:yearly": N_("yearly"),
    "part_state:written": N_("written down"),
    "part_state:declared": N_("declared, not written down"),
    "part_state:missing": N_("missing"),
}
