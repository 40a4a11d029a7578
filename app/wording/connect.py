"""Sentences and names of connecting an account, watching it being read, and the key that seals what opens it."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "no_such_answer": N_("“{name}” is not asked for; what is: {names}."),
    "answer_missing": N_("An answer is missing: “{answer}”."),
    "secret_for_another_address": N_(
        "The secret was given for {host}. Seuil does not send it to another address: give it again."
    ),
    "secret_file_unreadable": N_("The file “{path}” cannot be read as text (UTF-8)."),
    "trial_is_over": N_("That trial is too old, or was saved already. Try the account again."),
    "not_connected": N_("No account of {provider} is connected yet."),
    "nothing_to_connect": N_("{provider} has no accounts to connect."),
    "sight_empty": N_("the first page is empty"),
    "sight_rows": N_("rows on the first page: {rows}"),
    "sight_some_refused": N_("rows on the first page: {rows}, not understood: {refused}"),
    "will_be_read": N_("Seuil will read: {names}. It writes nothing over there."),
    "account_shows_nothing": N_(
        "The account shows nothing at all. Some systems answer so where a right is missing: compare with a number you "
        "know, such as the invoices of a month."
    ),
    "connect_it": N_("Connect this account of {provider} to {company}?"),
    "account_connected": N_("{provider} is connected to {company}, and read at the next tick; “seuil sync” reads now."),
    "nothing_saved": N_("Nothing was saved."),
    "more_can_be_read": N_("These can be read now and are not: {names}. “seuil connect {provider}” takes them in."),
    "ask_kept": N_("{ask} (blank: as before)"),
    "not_name_and_value": N_("“{text}” is not NAME=VALUE."),
    "secret_on_command_line": N_(
        "“{name}” is a secret, and others can see command lines: set {variable}, or give a file with --secret-file."
    ),
    "nothing_to_believe": N_("No source says that much is gone: there is nothing to believe."),
    "stream_reached": N_("{what} – rows: {rows} – read up to: {place}"),
    "place_number": N_("no. {number}"),
    "next_reading": N_("Next reading: {when}"),
    "door_secret_is_theirs": N_("This source makes up the secret itself: enter the one it shows."),
    "door_secret_unfit": N_("This is not a webhook secret: one line of 16 to 255 characters without spaces."),
    "key_rotated": N_("Sealed under a new key: {n} secrets. The earlier key is no longer in the key file."),
    "key_to_be_set": N_(
        "The key is in SEUIL_SECRET_KEY, which Seuil cannot change. 1. Put this new key and a comma before the one "
        "there is, restart Seuil, and run this command again. 2. When it says so, take the earlier key out and "
        "restart. New key: {key}"
    ),
    "key_sealed_under_first": N_(
        "Sealed under the first key of SEUIL_SECRET_KEY: {n} secrets. The other keys can be taken out; restart then."
    ),
    "key_file_not_writable": N_("The key file {path} cannot be written ({error}). What is sealed is as it was."),
}

LABELS: dict[str, str] = {
    "column:rows": N_("Rows read"),
    "column:read_up_to": N_("Read up to"),
    "column:last_page": N_("Last page"),
    "column:set_aside": N_("Set aside"),
    "column:evidence": N_("How we know it"),
    "column:standing": N_("Can it be read?"),
    "column:first_look": N_("First look"),
    "when:never": N_("not by itself"),
    "standing:granted": N_("can be read"),
    "standing:denied": N_("a right is missing"),
    "standing:unavailable": N_("away just now"),
    "standing:absent": N_("none there"),
}
