"""Sentences and names of what a letter says, and of its way out."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "no_such_letter": N_("There is no such letter."),
    "letter_not_waiting": N_("Only a letter that waits or was not delivered can be tried again."),
    "unsubscribed": N_("{email} gets no more letters from Seuil."),
    "subscribed_again": N_("{email} gets the weekly letters again."),
    "bad_preview_suffix": N_("{name}: a preview is written as .eml, .html or .txt."),
    # The line it is found by
    "letter_subject": N_("{company}: {verdict} – {news}"),
    "letter_subject_moved": N_("{company}: {before} → {verdict} – {news}"),
    "letter_subject_stale": N_("Data stopped – {company}: {stopped}"),
    "letter_subject_nothing": N_("{company}: nothing is known yet"),
    "letter_subject_error": N_("Assessment failed – {company}"),
    "letter_subject_many": N_("{n} companies: {parts}"),
    "letter_source": N_("{company}: a source is read no more, until somebody acts. {why}"),
    "letter_source_subject": N_("{company}: {provider} refuses access"),
    "letter_subject_none": N_("No company is left to tell of"),
    "letter_subject_demo": N_("[Demonstration] {line}"),
    "letter_nothing_after": N_("nothing after {on}"),
    "letter_source_after": N_("{source}, nothing after {on}"),
    "letter_source_since": N_("{source}, unreadable since {on}"),
    "letter_sources_stopped": N_("{n} of {total} sources"),
    "letter_signals_stopped": N_("{n} of {total} signals frozen"),
    "letter_not_read": N_("nothing could be read"),
    "letter_new_1": N_("1 new alert"),
    "letter_new_n": N_("{n} new alerts"),
    "letter_worse_1": N_("1 worse"),
    "letter_worse_n": N_("{n} worse"),
    "letter_better_1": N_("1 recovering"),
    "letter_better_n": N_("{n} recovering"),
    "letter_solved_1": N_("1 solved"),
    "letter_solved_n": N_("{n} solved"),
    "letter_no_news": N_("nothing new"),
    "letter_many_outsource": N_("{n} to outsource"),
    "letter_many_prepare": N_("{n} to prepare"),
    "letter_many_stale": N_("{n} with stopped data"),
    "letter_many_error": N_("{n} with a failed assessment"),
    "letter_many_nothing": N_("{n} still unknown"),
    # A company
    "letter_reaches": N_("Data up to {on}."),
    "letter_source_reaches": N_("{source}: up to {on}"),
    "letter_source_empty": N_("{source}: nothing yet"),
    "letter_stale_head": N_("The data have stopped: this is not today’s state."),
    "letter_stale_source": N_("{source}: nothing newer than {on}."),
    "letter_stale_source_empty": N_("{source}: nothing has come yet."),
    "letter_trouble_since": N_("In trouble since {on}."),
    "letter_frozen_on": N_("Frozen on {on}: {signals}."),
    "letter_as_of_then": N_("All that follows is as of {on}. It says nothing about today, and silence is not calm."),
    "letter_as_of_partly": N_(
        "What rests on that is as of {on}. It says nothing about today, and silence is not calm."
    ),
    "letter_stale_verdict": N_("What the data said on {on}, which nothing confirms today: {verdict}"),
    "letter_stale_verdict_none": N_("No verdict had been reached before the data stopped."),
    "letter_error_head": N_("The assessment failed: this letter has no new answer."),
    "letter_error_text": N_(
        "The fault is on our side. It is tried again by itself, at longer and longer intervals; the log names it. "
        "The answer of {on} is the last one there is."
    ),
    "letter_error_text_none": N_(
        "The fault is on our side. It is tried again by itself, at longer and longer intervals; the log names it."
    ),
    "letter_nothing_head": N_("Nothing is known of {company} yet."),
    "letter_nothing_text": N_("No signal can be judged. That is not calm: it is unknown."),
    "letter_begin": N_(
        "The cheapest way to begin: declare what you know (hours, who does what, what is written down). "
        "It takes ten minutes and answers five of the nine questions."
    ),
    "letter_verdict_since": N_("The verdict has held since {on}."),
    "letter_coverage": N_("Rests on {signals} of {signals_of} signals and {gates} of {gates_of} gates."),
    "letter_verdict_moved": N_("Verdict: {before} → {verdict}"),
    "letter_level_moved": N_("{name}: {before} → {level}"),
    "letter_unchanged": N_("Nothing has changed since the last letter."),
    "letter_first": N_("This is the first letter about this company. From the next one on, it says what changed."),
    # An alert
    "letter_seen_confirmed": N_("First seen on {opened}, confirmed on {fired}."),
    "letter_open_since": N_("Open since {opened}."),
    "letter_seen_once": N_("Seen on {opened}."),
    "letter_silent": N_("Its data have stopped: nobody can say where it stands today."),
    "letter_silent_since": N_("Its data stop on {on}: nobody can say where it stands today."),
    "letter_calm_since": N_("Calm since {calm}. It is over after four weeks of calm."),
    "letter_verdict_fell": N_("No longer stands since {on}; the alert ends after a week."),
    "letter_solved_after": N_("Opened on {opened}, closed on {closed}."),
    "letter_works_again": N_("Works again."),
    "letter_data_back": N_("The data are back."),
    "letter_seen_by": N_("seen by {who}"),
    "letter_asleep": N_("put off until {on}"),
    "letter_note": N_("{who}: “{note}”"),
    # What it is worth, and what to do
    "letter_worth": N_("{low} to {high} a month"),
    "letter_worth_saves": N_("What outsourcing would save or cost: {range}."),
    "letter_of": N_("Weekly letter, {week}, written on {on}"),
    "letter_why_you": N_("You get this letter because {email} is on the list of its readers."),
    # Delivery
    "mail_unreachable": N_("The mail server can’t be reached ({detail})."),
    "mail_tls_failed": N_("The mail server’s encryption can’t be trusted ({detail})."),
    "mail_no_starttls": N_("The mail server offers no encryption (STARTTLS), which SEUIL_SMTP_SECURITY asks for."),
    "mail_login_failed": N_(
        "The mail server doesn’t accept our account: check SEUIL_SMTP_USER and SEUIL_SMTP_PASSWORD ({detail})."
    ),
    "mail_hung_up": N_("The mail server broke off ({detail})."),
    "mail_not_sendable": N_("The letter can’t be sent to this address ({detail})."),
    "mail_fault": N_("Writing the letter failed by a fault of ours ({detail})."),
    "mail_gave_up": N_("Given up after three days of trying. The last answer: {detail}"),
    "mail_answered": N_("The mail server answered: {detail}"),
}

LABELS: dict[str, str] = {
    "letter_section:new": N_("New"),
    "letter_section:worse": N_("Worse"),
    "letter_section:better": N_("Better"),
    "letter_section:solved": N_("Solved"),
    "letter_section:open": N_("Still open"),
    "letter_section:pending": N_("Seen once, to be confirmed"),
    "letter_status:stale": N_("Data stopped"),
    "letter_status:nothing": N_("Nothing known yet"),
    "letter_status:error": N_("Assessment failed"),
    "letter_state:waiting": N_("waiting"),
    "letter_state:sending": N_("being sent"),
    "letter_state:sent": N_("sent"),
    "letter_state:refused": N_("not delivered"),
    "letter_state:kept": N_("kept, not sent"),
    "letter_state:dropped": N_("not sent: unsubscribed"),
    "letter_state:replaced": N_("replaced by the next one"),
}
