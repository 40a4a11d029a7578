"""Words of mails at once, of what a reader wants to be told, and of the mail that Seuil stood still."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "at_once_ended": N_("{email} gets no more mails at once. The letters go on."),
    "bad_choice": N_("“{value}” is none of the choices: {known}."),
    "bad_time": N_("“{value}” is no time of the day: write 19:00."),
    "letter_at_once_companies": N_("{n} alerts of {companies} companies"),
    "letter_at_once_many": N_("{company}: {n} alerts"),
    "letter_at_once_one": N_("{company}: {subject}, {happened}"),
    "letter_costs": N_("It costs {least} to {most} a month."),
    "letter_costs_one": N_("It costs {value} a month."),
    "letter_owned_by": N_("in the hands of {who}"),
    "letter_ran_again": N_(
        "Seuil stood still from {since} to {until}, and runs again. Nothing was looked at meanwhile; what came in at "
        "the sources is read now."
    ),
    "letter_ran_again_subject": N_("Seuil runs again: it stood still since {since}"),
    "letter_stop_at_once": N_("Stop mails at once"),
    "letter_stopped": N_(
        "Seuil has stood still since {since}: no source is read and nothing is looked at. Whoever runs it should start "
        "it again; its log says what happened."
    ),
    "letter_stopped_means": N_("As long as it stands still, that no alert comes means nothing."),
    "letter_stopped_subject": N_("Seuil has stood still since {since}"),
    "letter_why_at_once": N_("You get this mail because {email} is told at once what happens to alerts."),
    "letter_why_stopped": N_("You get this mail because {email} relies on being told at once."),
    "preferences_kept": N_("Kept."),
    "recipient_wants": N_("{email}: {letters}; {at_once}; quiet from {quiet_from} to {quiet_until}."),
}

LABELS: dict[str, str] = {
    "at_once_wanted:none": N_("no mail at once"),
    "at_once_wanted:action": N_("at once: what somebody has to act on (verdicts, sources, the assessment)"),
    "at_once_wanted:all": N_("at once: every alert"),
    "letter_kind:at_once": N_("at once"),
    "letter_kind:digest": N_("weekly letter"),
    "letter_kind:source": N_("access to a source"),
    "letter_kind:stopped": N_("Seuil stood still"),
    "letter_section:unseen": N_("Nobody has acknowledged it"),
    "letter_section:yours": N_("In your hands now"),
    "letters_wanted:monthly": N_("a letter a month, in the week of its first Monday"),
    "letters_wanted:none": N_("no letter"),
    "letters_wanted:weekly": N_("a letter a week"),
}
