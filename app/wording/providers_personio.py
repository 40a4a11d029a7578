"""Sentences and names of Personio, and of authorisations by OAuth."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "consent_gone": N_("{host} no longer accepts the consent given to Seuil: give it again where it was connected."),
    "consent_refused": N_("{host} did not give its consent ({error}): begin again."),
    "token_unreadable": N_("{host} answered something else than a token; Seuil tries again."),
    "no_such_authorisation": N_("This authorisation was used, is older than ten minutes or is not yours: begin again."),
    "personio_field_missing": N_("{field} is missing."),
    "personio_value_unreadable": N_("{field}: “{value}” cannot be read."),
    "personio_value_unknown": N_("{field}: “{value}” is a word Seuil does not know."),
    "personio_dates_reversed": N_("It ends on {end}, before it begins on {start}."),
    "personio_times_reversed": N_("From {start} to {end}, less the break, no time is left."),
    "personio_left_without_date": N_("Somebody left, and no day says when: enter it in Personio."),
}

LABELS: dict[str, str] = {
    "ask:client_id": N_("Client ID"),
    "ask:client_secret": N_("Client secret"),
    "ask:admin_words": N_("Words of back-office work"),
    "ask_help:personio:client_id": N_("Made in Personio, under Settings, API credentials."),
    "ask_help:personio:client_secret": N_(
        "It need only read employees, absences and attendances; of employees the names, status, hire and termination "
        "date, weekly hours, department and team."
    ),
    "ask_help:personio:admin_words": N_(
        "An attendance counts as back-office work where its project or comment says one of these words. After “=” "
        "stands the process; “*” stands for the rest of a word."
    ),
}
