"""Sentences and names of Tryton."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "tryton_not_there": N_(
        "No Tryton answers at this address: give that of the server itself, such as https://tryton.example.com, "
        "without the database."
    ),
    "tryton_login": N_(
        "Tryton wants more than a password of {user}, or knows another way to log in: let this user log in by "
        "password alone."
    ),
    "tryton_no_company": N_(
        "The user {user} works for no company, and Tryton would show nothing: choose one as its current company, in "
        "its preferences."
    ),
    "tryton_error": N_("Tryton answered with an error of its own ({message}); Seuil tries again."),
    "tryton_no_model": N_("Tryton no longer knows “{model}”: activate its module again, or leave this stream out."),
    "tryton_field_missing": N_("{field} is missing."),
    "tryton_value_unreadable": N_("{field}: “{value}” cannot be read."),
    "tryton_value_unknown": N_("{field}: “{value}” is a word Seuil does not know."),
    "tryton_no_invoice": N_("The reminder is about the entry line {entry}, which belongs to no invoice."),
}

LABELS: dict[str, str] = {
    "ask:address": N_("Address"),
    "ask:database": N_("Database"),
    "ask:user": N_("User"),
    "ask:password": N_("Password"),
    "ask:admin_words": N_("Words of back-office work"),
    "ask_help:tryton:address": N_("The server’s own, such as https://tryton.example.com, without the database."),
    "ask_help:tryton:database": N_("Its name, as it is chosen when logging in."),
    "ask_help:tryton:user": N_(
        "A user of its own, with a current company, in a group that may only read what the documentation lists."
    ),
    "ask_help:tryton:password": N_("The password of this user."),
    "ask_help:tryton:admin_words": N_(
        "A timesheet line counts where the name of its work has one of these words. Separated by commas; * stands for "
        "the rest of a word; word=process says what it is for."
    ),
}
