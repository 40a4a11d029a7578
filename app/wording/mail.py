"""Sentences of recipients: who may get letters, and why somebody can't."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "bad_email": N_("“{email}” is not a mail address."),
    "bad_language": N_("“{language}” is not a language letters are written in: {languages}."),
    "bad_zone": N_("“{zone}” is not a time zone (Europe/Paris)."),
    "demo_recipient": N_("A demonstration writes only to addresses that end in .example: {email} is somebody’s."),
    "example_recipient": N_("{email} leads nowhere: addresses in .example are for demonstrations."),
    "no_such_link": N_("This link is not one of ours, or whom it was for no longer gets letters."),
    "no_such_recipient": N_("There is no such recipient."),
    "recipient_unsubscribed": N_(
        "{email} asked for no more letters. Only they can change that, by the link in any letter they got."
    ),
}

LABELS: dict[str, str] = {}
