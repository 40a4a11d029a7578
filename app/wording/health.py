"""Sentences and names of the health checks and of steps run by hand."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    # The watch by hand
    "nothing_due_to_read": N_("No source is due to be read; `--all` reads them all the same."),
    "no_source_to_read": N_("There is no source that Seuil reads by itself."),
    "read_elsewhere": N_("another process is reading it, or it waits for another try."),
    "said_of": N_("{what}: {said}"),
    "stream_rows": N_("{stream} – rows: {rows}"),
    "nothing_due_to_assess": N_("Every company has its answer of today."),
    "assess_failed": N_("Assessing {company} failed by a fault of ours ({error}); it is tried again."),
    "due_has_no_day": N_("What is due is due today: give either `--due` or a day, not both."),
    "letters_done": N_("Letters: {written} written, {sent} sent, {waiting} waiting, {refused} refused."),
    "letters_need_server": N_("They wait because no mail server is set: set SEUIL_SMTP_HOST."),
    "letter_tried_again": N_("{email}: {why} It is tried again at {at}."),
    "preview_written": N_("What a letter about {company} would say now is in {path}."),
    "recipient_added": N_("{email} will read about {company} every Monday."),
    "recipient_removed": N_("{email} no longer reads about {company}."),
    "not_a_recipient": N_("“{email}” gets no letters here."),
    "no_recipients": N_("Nobody gets letters yet: `seuil recipient add EMAIL` has somebody written to."),
    "recipient_left": N_("left by the link in a letter"),
    # The doctor
    "doctor_no_database": N_("there is none at {path}: start `seuil serve`, or set SEUIL_DATABASE_URL."),
    "doctor_database_silent": N_("it does not answer ({detail}): check SEUIL_DATABASE_URL and that it runs."),
    "doctor_schema_old": N_("its schema is not the newest: stop the server and run `seuil migrate`."),
    "doctor_database_answers": N_("{kind} answers, and its schema is the newest."),
    "doctor_not_writable": N_("nothing can be written ({detail}): check rights and room on the disk."),
    "doctor_writable": N_("the database takes what is written."),
    "doctor_served": N_("one process serves this database."),
    "doctor_not_served": N_("no process serves this database just now: `seuil serve` starts one."),
    "doctor_never_ticked": N_("the watch was never seen: it runs inside `seuil serve`."),
    "doctor_ticks_stopped": N_(
        "nothing has been seen of the watch for {minutes} min: start `seuil serve` again and read its log."
    ),
    "doctor_ticks": N_("the watch was seen {minutes} min ago."),
    "doctor_source_trouble": N_("{company} – {provider}: {why}"),
    "doctor_source_late": N_("{company} – {provider}: nothing came for {days} d; read it again or bring a file."),
    "doctor_no_sources": N_("no company has any: import a file or load the demonstration."),
    "doctor_sources_read": N_("all are fresh ({n})."),
    "doctor_never_assessed": N_("{company} was never assessed: `seuil assess` does it now."),
    "doctor_answer_old": N_("the newest of {company} is {days} d old: `seuil assess --due` makes one and says why."),
    "doctor_no_company": N_("there is no company yet: `seuil company add NAME`."),
    "doctor_answers": N_("every company has one of today ({n})."),
    "doctor_work_fails": N_("{task} failed and is tried again ({n}× {error}): the log has the whole story."),
    "doctor_work": N_("nothing that was begun keeps failing."),
    "doctor_key_missing": N_("{path} is gone, and sealed secrets need it ({n}): bring it back from a backup."),
    "doctor_no_key_yet": N_("none yet; {path} is made when the first secret is sealed."),
    "doctor_key_unreadable": N_("{path} can’t be read as a key: bring it back from a backup."),
    "doctor_secrets_lost": N_(
        "secrets sealed under another key: {n} of {total}; add that key after a comma, or make new secrets."
    ),
    "doctor_key_open": N_("others on this machine can read {path}: `chmod 600` keeps them out."),
    "doctor_key": N_("it opens every sealed secret ({n})."),
    "doctor_letters_refused": N_(
        "refused in the last two weeks: {n}; the page of letters says why; put the address right."
    ),
    "doctor_letters_wait": N_(
        "waiting: {n} (the longest wait: {hours} h); check the mail server, then run `seuil send`."
    ),
    "doctor_letters": N_("none is stuck (waiting for the next tick: {n})."),
    "doctor_no_mail_server": N_("none is set, so letters wait: set SEUIL_SMTP_HOST."),
    "doctor_mail_fails": N_("{host}:{port} does not let us in ({detail}): check the SEUIL_SMTP_… settings."),
    "doctor_mail": N_("{host}:{port} lets us in."),
    "doctor_no_public_url": N_("links in letters would lead to {address}: set SEUIL_PUBLIC_URL."),
    "doctor_not_https": N_("{address} is not https, so links in letters and passwords travel in clear."),
    "doctor_public_url": N_("links in letters lead to {address}."),
    "doctor_little_room": N_("only {mb} MB are left at {path}: make room before writes fail."),
    "doctor_room": N_("{mb} MB are left at {path}."),
}

LABELS: dict[str, str] = {
    "check:database": N_("Database"),
    "check:writing": N_("Writing"),
    "check:server": N_("Server"),
    "check:ticks": N_("Watch"),
    "check:sources": N_("Sources"),
    "check:answers": N_("Answers"),
    "check:work": N_("Work under way"),
    "check:key": N_("Secret key"),
    "check:letters": N_("Letters"),
    "check:mail": N_("Mail server"),
    "check:address": N_("Address"),
    "check:room": N_("Disk"),
    "task:sync": N_("reading a source"),
    "task:assess": N_("assessing a company"),
    "task:digest": N_("writing the letters"),
    "task:send": N_("sending a letter"),
    "task:tidy": N_("the daily tidying"),
}
