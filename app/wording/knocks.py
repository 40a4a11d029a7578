"""Sentences and names for what became of webhooks."""

from app.wording.marker import N_

SENTENCES: dict[str, str] = {
    "knock_nothing_new": N_("The source was read, and nothing had changed."),
    "knock_older": N_("What the source gave is older than what is kept."),
    "knock_object_unknown": N_("The source has no such record, and neither have we."),
    "knock_object_unreadable": N_("The record was set aside: {why}"),
    "knock_not_read_here": N_("This kind of record is not read from this source."),
    "knock_not_pulled": N_("Seuil does not read this source by itself."),
    "knock_account_forgotten": N_("The account was disconnected before the source was read."),
    "knock_before_outcomes": N_("It came before Seuil kept what became of webhooks."),
    "no_such_knock": N_("There is no webhook number {number} at this connection."),
    "knocks_again": N_("Webhooks to be tried again at the next tick: {n}."),
    "no_knocks": N_("No such webhooks."),
    "no_such_knock_state": N_("“{value}” is no state of a webhook: {known}."),
    "which_knocks": N_("Say which: a number, --from or --to, or --all."),
    "knock_content_type": N_("A webhook’s content is JSON, plain text or a form, not {type}."),
    "knocks_too_many": N_("Too many webhooks of this connection wait to be kept; send it again later."),
    "doctor_doors": N_("none has failed, none is silent"),
    "doctor_knocks_failed": N_("{company}, {provider}: {n} failed; `seuil knock list --state failed` says why"),
    "doctor_door_silent": N_(
        "{company}, {provider}: no data from its webhook since {day}, past its longest silence; "
        "see whether it is still set up"
    ),
}

LABELS: dict[str, str] = {
    "knock_state:waiting": N_("waiting"),
    "knock_state:applied": N_("applied"),
    "knock_state:skipped": N_("skipped"),
    "knock_state:failed": N_("failed"),
    "knock_about:all": N_("the whole source"),
    "task:silence": N_("reading a source whose webhook is silent"),
    "check:doors": N_("Webhooks"),
    "knock_column:number": N_("Number"),
    "knock_column:received": N_("Received"),
    "knock_column:about": N_("About"),
    "knock_column:state": N_("State"),
    "knock_column:outcome": N_("What became of it"),
}
